/* SPDX-License-Identifier: MIT */
/*
 * records.h - what was measured, whoever wrote the file: a results folder of either clock, or any Google Benchmark JSON.
 *
 * A set is the benchmarks of one run; a benchmark has metrics; a metric has a value for each repetition (or seed). Compare
 * and history read nothing else.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../cli.h"

enum record_kind {
	RECORD_COUNT, /* deterministic: the same inputs, options and revision give the same number (virtual time) */
	RECORD_RATE,  /* k of n, each request a trial */
	RECORD_TIME,  /* measured on a clock: never the same twice */
	RECORD_KIND_NR,
};

enum record_better {
	BETTER_LOWER,
	BETTER_HIGHER,
	BETTER_NEITHER, /* a change is a change: neither good nor bad */
};

struct record_value {
	uint64_t key;  /* the seed, or the number of the repetition: pairs old and new where both have it */
	double value;  /* of a rate: k / n */
	uint64_t k, n; /* RECORD_RATE only */
};

struct record_metric {
	char *name; /* "migrated_pages", "success", "real_time" */
	char *unit; /* "pages", "ns", "" */
	enum record_kind kind;
	enum record_better better;
	struct record_value *values; /* in order of key */
	size_t nr;
};

struct record_benchmark {
	char *name; /* as in benchmark.json: "nginx-build/occupancy:70/size:1b/backend:linux-6.1" */
	struct record_metric *metrics;
	size_t nr;
};

struct record_set {
	char *path;     /* as given */
	char *schema;   /* "contigbench-run/2", "contigbench-wall/1", "google-benchmark" */
	char *revision; /* of the program that was measured; "" if unknown */
	char *machine; /* what times depend on: cpu model, number of cpus, memory, kernel's major.minor; "virtual" for virtual time */
	char *date; /* ISO 8601, UTC; "" if unknown */
	char *parameters; /* canonical JSON of all that was asked for, without the revision: the same text, the same experiment */
	char *inputs;                        /* SHA-256 of what was replayed, joined by commas; "" if unknown */
	bool deterministic;                  /* virtual time: counts may be compared exactly */
	struct record_benchmark *benchmarks; /* in order of name */
	size_t nr;
};

/*
 * A results folder, its benchmark.json, or a JSON of Google Benchmark. CLI_OK, or a message was printed that names the file:
 * half a file, another schema, several runs mixed, a benchmark twice. Free with records_free() in either case.
 */
int records_load(struct record_set *s, const char *path);
void records_free(struct record_set *s);

/* NULL if there is none. */
const struct record_benchmark *records_find(const struct record_set *s, const char *name);
const struct record_metric *records_metric(const struct record_benchmark *b, const char *name);

#endif
