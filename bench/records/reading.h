/* SPDX-License-Identifier: MIT */
/* reading.h - inside this room: a set while it is read. Two may be read at a time, so errors are kept and printed later. */
#ifndef RECORDS_READING_H
#define RECORDS_READING_H

#include <jansson.h>
#include <stdio.h>

#include "records.h"

/* Benchmarks by name, in the order in which they came. */
struct build {
	struct record_benchmark *benchmarks;
	size_t nr;
	size_t *table; /* index + 1 by hash; 0: free */
	size_t slots;  /* a power of two */
	size_t last;   /* found last: the next one is often the same */
};

struct reading {
	struct record_set *set;
	struct build runs;       /* of repetitions */
	struct build means;      /* of aggregates, each with one value */
	struct build deviations; /* the same */
	struct build failed;     /* names of what was left out, in the same order */
	json_t *context;         /* of Google Benchmark's file */
	bool replays;            /* its benchmarks are of virtual time: the values have seeds */
	bool shows;              /* progress: one of two does */
	int status;              /* enum cli_status */
	char error[1024];
};

/* Keep the message, unless there is one already, and return `status`. */
int reading_fail(struct reading *r, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int reading_no_memory(struct reading *r);
/* DIR/name for reading; NULL after a message. `path` gets the name. */
FILE *reading_open(struct reading *r, const char *name, char path[4096]);

/* Found or added; NULL: no memory. */
struct record_benchmark *build_benchmark(struct build *b, const char *name);
/* `guess`: where it was the last time. */
struct record_metric *build_metric(struct record_benchmark *b, const char *name, size_t guess);
bool build_value(struct record_metric *m, struct record_value value);
const struct record_benchmark *build_find(const struct build *b, const char *name);
void build_remove_metric(struct record_benchmark *b, const char *name);
void build_free(struct build *b);

/* Google Benchmark's JSON into runs, means, deviations and context. */
int read_benchmark_json(struct reading *r, FILE *f, const char *path);
/* What the context says of the run into the set; other schemas are refused. */
int read_about(struct reading *r, const char *path);
/* A folder's other files. */
int read_replays(struct reading *r);
int read_wall(struct reading *r);
/* Of virtual time: seeds become keys, rates k of n, the time a modelled mean. */
int reading_reshape(struct reading *r, const char *path);
/* NULL if it is none. */
json_t *reading_json(const char *text);
/* Without the revision, keys sorted. Free it. */
char *reading_canonical(const json_t *parameters);

/* Kind, unit and direction of a metric by its name. Its unit stays NULL for want of memory. */
void describe_metric(const struct reading *r, const struct record_benchmark *b, struct record_metric *m);

#endif
