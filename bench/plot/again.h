/* SPDX-License-Identifier: MIT */
/*
 * again.h - making things again from their records, and whether they come out the same: a figure from NAME.json, results
 * from the command in their context.json.
 */
#ifndef PLOT_AGAIN_H
#define PLOT_AGAIN_H

#include <jansson.h>

#include "../cli.h"

struct again {
	const char *from;  /* the results folder is there now; NULL: where the record says */
	char folder[2048]; /* for what is made */
	json_t *record;
	char base[2048]; /* the record's folder */
	char *results;   /* folder of the results */
	json_t *report;  /* what was compared: docs/figures.md */
	bool differs;
};

/* Read the record that belongs to any file of a figure. CLI_OK, or a message was printed. again_close() in either case. */
int again_open(struct again *a, const char *figure, const char *from);
void again_close(struct again *a);

/* Inputs as recorded, data and pictures again: CLI_OK whatever comes of it, or a message was printed. */
int again_figure(struct again *a);
/*
 * The results from their recorded command, with the traces where they were or as given (`nr` files, by their SHA-256), and
 * held against the folder. CLI_OK whatever comes of it, or a message was printed.
 */
int again_results(struct again *a, char **traces, int nr);

/* Do two files differ? The first line that does, from 1 on; 0: none. -1: one can not be read. */
long again_compare(const char *a, const char *b);

#endif
