/* SPDX-License-Identifier: MIT */
/* export.h - a history as text: docs/formats.md has the formats. */
#ifndef EXPORT_H
#define EXPORT_H

#include "history.h"

#define EXPORT_FORMAT  "contigbench-history"
#define EXPORT_VERSION 1

/* Which runs: NULL is all of them. */
struct export_filter {
	const char *revision;
	const char *machine;
	int64_t run; /* 0: all */
};

bool export_wants(const struct export_filter *filter, const struct history_index *x, const struct history_run *run);

/* All that a history has, so that `history add` of the file makes the same again. CLI_OK, or a message was printed. */
int export_json(FILE *f, struct history *h, const struct history_index *x, const struct export_filter *filter);
/* A line a value. */
int export_csv(FILE *f, struct history *h, const struct history_index *x, const struct export_filter *filter);
/* One run as Google Benchmark writes it: the newest of those that are wanted, which must be of one experiment. */
int export_google(FILE *f, struct history *h, const struct history_index *x, const struct export_filter *filter);

/* Is it what export_json() has written? False also for what can not be read. */
bool import_is_export(const char *path);
/*
 * Call each(ctx, set, place) for every run of the file. CLI_OK, what each() returns, or a message was printed: half a file,
 * another version.
 */
int import_each(const char *path, int (*each)(void *ctx, struct record_set *s, const struct history_place *place),
                void *ctx);

/* The shortest decimal that is read as exactly this double again; what is not finite in quotes. */
void export_real(FILE *f, double v);

#endif
