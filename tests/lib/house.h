/* SPDX-License-Identifier: MIT */
/*
 * house.h - a folder of traces to run commands in: where a test of a command lives.
 *
 *	small.ctr	20,000 made-up events of two cpus in 20 ms
 *	one.ctr		a kernel page is allocated at 0, and nothing else happens for 60 ms
 */
#ifndef TESTS_HOUSE_H
#define TESTS_HOUSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "capture.h"

/* cmocka's group fixtures: make the folder and go there; leave it and remove it. */
int house_set_up(void **state);
int house_tear_down(void **state);
/* Remove what a test has made. */
int house_tidy(void **state);

typedef int (*house_command)(int argc, char **argv);

/* Run a line; it must end with `status`. What it printed is good until the next one. */
const char *house_run(house_command command, int status, const char *line);
/* It must fail with `status` and say so in one line that holds `says`. */
void house_refused(house_command command, int status, const char *line, const char *says);
/* It must print one JSON object. json_decref() it. */
json_t *house_json(house_command command, int status, const char *line);

/* What a line of the shell prints; it must end with 0. Good until the next one. */
const char *house_shell(const char *line);

/* A file's bytes, with a NUL behind them. Free them. */
char *house_contents(const char *name, size_t *len);
void house_write(const char *name, const char *text, size_t len);
bool house_has(const char *name);
/* Entries of a folder whose names begin so. */
size_t house_count(const char *folder, const char *prefix);
/* What a child process ended with; 128 + signal if it was killed. */
int house_wait(int pid);

#endif
