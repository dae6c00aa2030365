/* SPDX-License-Identifier: MIT */
/*
 * perf.h - what the files behind `contigbench perf` share. A figure is a number with a limit, measured for one backend;
 * instruction counts (callgrind) decide, times are medians of repeats, and relative to the reference where one exists.
 */
#ifndef PERF_H
#define PERF_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../stats/resample.h"

#define PERF_ZONE_MIB 8192u

struct perf {
	bool json;
	bool quick;              /* fewer repeats: for tests */
	cpu_set_t allowed;       /* what this process may run on; it keeps to one of them but in threads of its own */
	const char *trace;       /* for the replay figure; NULL: the one that ships */
	unsigned int nr_short;   /* figures beyond their limit */
	unsigned int nr_missing; /* figures that could not be had */
};

struct perf_figure {
	const char *name; /* "aged-time" */
	const char *backend;
	double value;
	const char *unit;
	double limit;
	bool at_least; /* the limit is a floor; else a ceiling */
};

/* Print one line and count it. The note (printf) says what a reader of the number asks next. */
void perf_report(struct perf *p, const struct perf_figure *f, const char *note, ...)
	__attribute__((format(printf, 3, 4)));
/* The figure cannot be had on this machine, and why. */
void perf_missing(struct perf *p, const char *name, const char *backend, const char *why);

/* Figures of one backend, one function a mechanism. 0, or a negative errno after an error message. */
int perf_memory(struct perf *p, const char *backend);
int perf_instructions(struct perf *p, const char *backend);
int perf_aged_time(struct perf *p, const char *backend);
int perf_contig(struct perf *p, const char *backend);
int perf_isolate(struct perf *p, const char *backend);
int perf_migrate(struct perf *p, const char *backend);
int perf_replay(struct perf *p, const char *backend);
int perf_threads(struct perf *p, const char *backend);
int perf_wall(struct perf *p, const char *backend);

struct run_plan;
/* measured() on a plan made of these arguments of `contigbench run`, ended by NULL; the figure is missing without a trace. */
int perf_on_trace(struct perf *p, const char *figure, const char *backend, char **argv,
                  int (*measured)(struct perf *p, const char *backend, const struct run_plan *plan));

/*
 * The program as callgrind runs it: set up, then do `count` units of `what` ("hot": pairs, "aged": batches). Everything
 * but those units is the same for every count, so that the difference of two runs is theirs alone.
 */
int perf_counted(const char *what, const char *backend, uint64_t count);

#endif
