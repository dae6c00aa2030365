/* SPDX-License-Identifier: MIT */
/*
 * frame.h - `contigbench run --clock wall`: every measured replay is a repetition of a benchmark of Google Benchmark, so that
 * its filters, repetitions, random interleaving, JSON and compare.py work on it.
 *
 * A row is one benchmark: workload, geometry and occupancy, size, backend, seed and number of threads. A repetition has one
 * iteration, a whole replay; its time is that of the counted pass. What it gave is written at once (wall.jsonl,
 * requests.jsonl) and forgotten, but for its numbers and the row's histograms.
 */
#ifndef WALL_FRAME_H
#define WALL_FRAME_H

#include "../measure/machine.h"
#include "../results/folder.h"
#include "../results/results.h"
#include "metrics.h"

struct frame_row {
	struct frame *frame;
	uint32_t replay; /* of the plan */
	struct run_place at;
	uint32_t copy; /* how many equal backends came before: A/A */
	uint32_t nr_threads;
	const struct placement *placement;
	char name[640];
	/* measured so far */
	double harness_ns; /* by the first repetition; 0: not yet */
	uint32_t nr, room;
	double (*values)[METRIC_NR];
	struct histogram *pools; /* POOL_NR */
};

struct frame {
	const struct run_options *options;
	int argc;
	char **argv;
	atomic_bool *stop;
	struct run_plan plan;
	struct results plan_only; /* for those who name rows and print headings */
	struct wall_clock clock;
	struct machine machine;
	char missing[512]; /* counters, and why */
	uint64_t start_ns;
	uint64_t begin_steal_ns;
	uint64_t begin_throttled_ns, begin_throttles;
	bool throttles; /* known */

	struct placement *placements; /* [workload][geometry][occupancy][threads] */
	uint32_t nr_placements;
	uint32_t nr_threads; /* numbers of them */
	struct frame_row *rows;
	uint32_t nr_rows;

	struct folder folder;
	bool made;              /* the folder */
	FILE *lines, *requests; /* wall.jsonl, requests.jsonl */

	FILE *preface;     /* to be printed there before the first replay; NULL: it was */
	uint32_t measured; /* repetitions */
	uint32_t expected; /* 0: a filter decides */
	int failed;        /* errno of the first that failed, ... */
	char failure[640];
	struct placement_found metadata, backing;
	uint64_t verifications;
	uint64_t preempted; /* involuntary context switches while replaying */
};

/* Does all of it. CLI_OK, or a message was printed. *stop: set by a signal handler. */
int frame_run(const struct run_options *o, int argc, char **argv, atomic_bool *stop);

/* frame_rows.c: placements and rows. CLI_OK, or a message was printed. */
int frame_rows_make(struct frame *f);
void frame_rows_free(struct frame *f);
/* The workload that a placement is for. */
const char *frame_workload(const struct frame *f, uint32_t placement);
/* The row of the first backend at the same place, seed and number of threads; NULL: this is it, or it was not measured. */
const struct frame_row *frame_first(const struct frame_row *row);
/* One of wall_compared[] against that row; not a number without one. */
struct wall_change frame_change(const struct frame_row *row, enum wall_metric m);
struct wall_params frame_params(const struct frame *f, const struct frame_row *row);
/* "4 trace nodes on 1 node", or "": also said in every result. */
const char *frame_sharing(const struct frame_row *row);

/* frame_measure.c: one repetition as Google Benchmark wants it. */
int frame_register(struct frame *f);

/* frame_context.c */
int frame_describe(struct frame *f);                  /* before anything is measured: 0 or -ENOMEM */
int frame_add_context(struct frame *f);               /* what is known before ... */
void frame_add_late_context(void *frame);             /* ... and behind the measuring */
void frame_preface(FILE *to, const struct frame *f);  /* where threads and memory are, and what is missing */
void frame_epilogue(FILE *to, const struct frame *f); /* what the kernel said of it afterwards */
void frame_context_json(FILE *to, const struct frame *f);

/* What befell this machine during a repetition, ageing included. */
struct frame_disturbance {
	uint64_t steal_ns;  /* UINT64_MAX: unknown */
	uint64_t preempted; /* involuntary context switches of this process */
};

/* frame_json.c: a line of wall.jsonl, and those of requests.jsonl */
void frame_result_line(FILE *to, const struct frame_row *row, const struct wall_params *params,
                       const struct wall_result *result, const struct frame_disturbance *disturbance);
void frame_request_lines(FILE *to, const struct frame_row *row, const struct wall_result *result);

/* frame_table.c, frame_csv.c: of rows that were measured */
void frame_table(FILE *to, const struct frame *f);
void frame_summary_csv(FILE *to, const struct frame *f);

#endif
