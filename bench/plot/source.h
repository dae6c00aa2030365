/* SPDX-License-Identifier: MIT */
/*
 * source.h - a results folder that figures are made from: which clock it is of, its parameters, its files line by line.
 *
 * Every file is held against SHA256SUMS before a line of it is believed (results of the wall clock have none), and its own
 * sum is kept for the record that a figure has beside it.
 */
#ifndef PLOT_SOURCE_H
#define PLOT_SOURCE_H

#include <jansson.h>

#include "../cli.h"

#define SOURCE_MAX_INPUTS 8

struct source_input {
	char name[32];
	char sha256[65];
};

struct source {
	const char *dir;
	bool wall; /* of the wall clock: measured, and without sums */
	json_t *parameters;
	char digest[65]; /* of SHA256SUMS, as `contigbench run` prints it; empty for the wall clock */
	json_t *sums;    /* name to SHA-256 */
	struct source_input inputs[SOURCE_MAX_INPUTS];
	size_t nr_inputs;
};

/* CLI_OK, or a message was printed: no results folder, interrupted, of another schema. source_close() in either case. */
int source_open(struct source *s, const char *dir);
void source_close(struct source *s);
bool source_has(const struct source *s, const char *name);

/* Forget which files were read. */
void source_forget(struct source *s);

/* What one line is given to; false ends it, after a message if `failed` is to be told. */
typedef bool (*source_json_line)(void *ctx, const json_t *line);

/* Each line behind the first, which has the parameters. CLI_OK, or a message was printed. */
int source_jsonl(struct source *s, const char *name, source_json_line one, void *ctx);

/* A file that is one JSON object: json_decref() it; NULL after a message. */
json_t *source_object(struct source *s, const char *name, int *status);

struct csv_line {
	char **names;
	char **fields;
	size_t nr;
};
/* The field of that name; "" if there is none. */
const char *csv_field(const struct csv_line *l, const char *name);
double csv_number(const struct csv_line *l, const char *name);

typedef bool (*source_csv_line)(void *ctx, const struct csv_line *line);
int source_csv(struct source *s, const char *name, source_csv_line one, void *ctx);

#endif
