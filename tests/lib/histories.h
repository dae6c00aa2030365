/* SPDX-License-Identifier: MIT */
/* histories.h - a history and what is in it, for tests. */
#ifndef TESTS_HISTORIES_H
#define TESTS_HISTORIES_H

#include <stdint.h>

#include "sets.h"

/* Add a set; it must be taken. */
void add_set(const char *db, const struct record_set *s);
/* A JSON file of Google Benchmark with one benchmark of two repetitions: value and value + 1. */
void write_google(const char *path, const char *date, const char *benchmark, double value);
/* Statements, as another program would carry them out; and the number that a query gives. */
void sql(const char *db, const char *statements);
int64_t number(const char *db, const char *query);

#endif
