/* SPDX-License-Identifier: MIT */
/*
 * compare.h - two sets of records, metric by metric: is the new one better, worse, the same, or can not be told?
 *
 * Counts of virtual time are compared exactly, seed by seed. Rates and what was measured are tested, and all tests of one
 * comparison are corrected for being so many (docs/comparing.md).
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <regex.h>

#include "../records/records.h"

#define COMPARE_SCHEMA "contigbench-compare/1"
#define COMPARE_ALPHA  0.05
#define COMPARE_MOST   10000u /* more runs than this nobody makes */

enum verdict {
	VERDICT_WORSE,
	VERDICT_CHANGED, /* neither better nor worse is known to be good */
	VERDICT_BETTER,
	VERDICT_CANNOT_TELL,
	VERDICT_SAME,
	VERDICT_NR,
};
const char *verdict_name(enum verdict v); /* "cannot tell" */

struct compare_options {
	const char *old_path, *new_path;
	const char **aa_paths; /* more runs of what OLD ran */
	size_t nr_aa;
	double threshold;       /* percent, of what was measured */
	double count_threshold; /* percent */
	double rate_threshold;  /* percentage points */
	char **metrics;         /* of these names only; none: all that are not aside */
	size_t nr_metrics;
	bool all_metrics;
	bool strict;           /* a count that changed is a regression, whatever is better */
	const regex_t *filter; /* of names of benchmarks; NULL: all */
};

/* One metric of one benchmark. */
struct comparison {
	const char *benchmark;
	const struct record_metric *old, *new;
	bool successes; /* k of a rate, as a count */
	enum record_kind kind;
	enum verdict verdict;
	bool regression;
	double from, to;  /* of counts the mean over the seeds that both have; of rates k / n; of times the median */
	double change;    /* percent of `from`, of rates points; NAN: from 0 */
	double low, high; /* its 95 % interval; NAN: none */
	double threshold; /* as it was asked for: a change within it is none */
	double noise;     /* by which runs of the same differ (noise.c): a change must be beyond that, too */
	double drift;     /* of what was measured: by which the halves of OLD or of NEW differ; beyond that as well */
	const char *test; /* NULL: none was made */
	double p, corrected; /* NAN: none */
	uint64_t more;       /* cannot tell: so many more runs on either side; above COMPARE_MOST: more than that */
	/* of counts: seeds that both have, and of how many the count differs; of paired rates: requests */
	size_t pairs, differ;
	size_t lost, gained; /* of paired rates: requests that only OLD, only NEW satisfied */
};

/* What was asked for otherwise. */
struct compare_difference {
	char *key;
	char *old, *new;
	bool matters; /* exact comparison is not possible where it holds */
};

/* A benchmark that only one side has, or that failed on one; on both: of NEW some repetitions failed, and of OLD none. */
struct compare_single {
	const char *benchmark;
	bool in_old, in_new;
	const char *failed; /* why it failed on the side where it is not, or in NEW; NULL: it is not there */
};

struct compare {
	const struct compare_options *options;
	struct record_set old, new;
	struct compare_difference *differences;
	size_t nr_differences;
	struct comparison *all; /* in order of kind, verdict, and by how much */
	size_t nr;
	struct compare_single *singles;
	size_t nr_singles;
	size_t nr_lone_metrics; /* metrics that only one side has */
	size_t not_comparable;  /* benchmarks of another input */
	bool nondeterministic;  /* one revision, one experiment, and other counts */
	bool one_experiment;    /* parameters and inputs are the same */
	size_t nr_tests;        /* that were corrected for each other */
	size_t nr_testable;     /* so many there will be when there are enough runs of all */
	size_t verdicts[VERDICT_NR];
	size_t nr_regressions; /* failed benchmarks among them */
	double waiting; /* what the machine made benchmarks wait for a cpu, percent; 0 also if nothing is known of it */
	double median_change; /* of all times, percent; NAN: fewer than eight */
};

/* CLI_OK, or a message was printed. Free with compare_free() in any case. */
int compare_make(struct compare *c, const struct compare_options *options);
void compare_free(struct compare *c);

enum compare_format {
	COMPARE_TEXT,
	COMPARE_JSON,
	COMPARE_MARKDOWN,
	COMPARE_JUNIT,
};
/* `verbose`: also what is the same. */
void compare_print(FILE *f, const struct compare *c, enum compare_format format, bool verbose);

#endif
