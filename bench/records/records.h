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
	RECORD_TIME,  /* measured, and never the same twice: times, and what else depends on how threads met */
	RECORD_KIND_NR,
};

enum record_better {
	BETTER_LOWER,
	BETTER_HIGHER,
	BETTER_NEITHER, /* a change is a change: neither good nor bad */
};

struct record_value {
	uint64_t key;  /* the seed, or the number of the repetition; no two are alike */
	double value;  /* of a rate: k / n; finite, of a time not negative */
	uint64_t k, n; /* RECORD_RATE only */
};

struct record_metric {
	char *name; /* "migrated_pages", "success", "real_time" */
	char *unit; /* "pages", "ns", "" */
	enum record_kind kind;
	enum record_better better;
	struct record_value *values; /* in order of key; at least one */
	size_t nr;
	/*
	 * A file of aggregates has no repetitions: there is one value then, their mean, and what the file says of them. Else 0, and
	 * NAN.
	 */
	uint64_t mean_of;
	double stddev;
	/* there is a better metric to judge the same thing by: the slowest in a thousand beside a mean, a share of the machine's */
	bool aside;
};

/* A contiguous request of virtual time. */
struct record_request {
	uint64_t seed;
	uint32_t number; /* in its replay, from 0 */
	uint32_t start;  /* pfn; UINT32_MAX if it asked for no range */
	int32_t rc;
};

struct record_benchmark {
	char *name;                    /* as in benchmark.json: "nginx-build/occupancy:70/size:1b/backend:linux-6.1" */
	struct record_metric *metrics; /* in order of the file */
	size_t nr;
	struct record_request *requests; /* in order of seed and number; none but from a folder of virtual time */
	size_t nr_requests;
};

/* What the file says has failed or was skipped: these repetitions are in no benchmark. */
struct record_left_out {
	char *name;
	char *why; /* of the first of them */
	size_t times;
};

struct record_set {
	char *path;     /* as given */
	char *schema;   /* "contigbench-run/2", "contigbench-wall/1", "google-benchmark" */
	char *revision; /* of the program that was measured; "" if unknown */
	/* what times depend on: cpu model, number of cpus, memory, kernel's major.minor; "virtual" for virtual time, "" if unknown */
	char *machine;
	char *date; /* ISO 8601, UTC; "" if unknown */
	char *parameters; /* canonical JSON of all that was asked for, without the revision: the same text, the same experiment */
	char *inputs;                        /* SHA-256 of what was replayed, joined by commas; "" if unknown */
	bool deterministic;                  /* virtual time: counts may be compared exactly */
	struct record_benchmark *benchmarks; /* in order of name; at least one, of at least one metric */
	size_t nr;
	struct record_left_out *left_out; /* each benchmark of which some failed once, in order of the file */
	size_t nr_left_out;
	size_t nr_aggregates; /* benchmarks of which the file has aggregates only */
};

/*
 * A results folder, its benchmark.json, or a JSON of Google Benchmark. CLI_OK, or a message was printed that names the file:
 * half a file, another schema, several runs mixed, a benchmark twice. Free with records_free() in either case.
 */
int records_load(struct record_set *s, const char *path);
/* The same of two, side by side. If both are wrong, there is a message about the first. */
int records_load_two(struct record_set *a, const char *path_a, struct record_set *b, const char *path_b);
void records_free(struct record_set *s);

/* NULL if there is none. */
const struct record_benchmark *records_find(const struct record_set *s, const char *name);
const struct record_metric *records_metric(const struct record_benchmark *b, const char *name);

#endif
