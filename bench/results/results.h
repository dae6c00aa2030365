/* SPDX-License-Identifier: MIT */
/*
 * results.h - what came out of a run, as files and on the terminal.
 *
 * Everything but context.json is a function of the inputs, the options and the revision: the same bytes wherever it is
 * made. Numbers are integers or decimals with a fixed number of digits, made from integers.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include "../measure/machine.h"
#include "../virtual/matrix.h"
#include "stats.h"

#define RESULTS_SCHEMA      "contigbench-run/2"
#define RESULTS_WALL_SCHEMA "contigbench-wall/1" /* run --clock wall */

struct latency {
	uint64_t p50, p99, max; /* modelled ns */
};

/* What failed for one reason, and what it had cost when it failed. */
struct failures {
	uint64_t requests;
	uint64_t ns; /* modelled */
	uint64_t scanned;
	uint64_t migrated;
};

/* All seeds of one backend at one workload, geometry, occupancy and size. */
struct result_row {
	struct run_place at;
	uint64_t requests;
	uint64_t successes;
	struct stats_interval rate;       /* of success, millionths */
	struct stats_interval difference; /* to the first backend of the group; not bounded in its own row */
	struct failures failures[PHASE_NR][WHY_NR];
	uint64_t migrated;         /* pages, by all requests, whatever became of them */
	uint64_t migrated_in_vain; /* ... by those that failed */
	struct latency got;        /* of requests that succeeded */
	struct latency failed;     /* ... and that did not */
	/* sums over the seeds */
	uint64_t retyped[RETYPE_NR];
	uint64_t mixed_blocks;
	int64_t unusable;      /* thousandths */
	int64_t fragmentation; /* thousandths */
	uint64_t allocs;
	uint64_t failed_allocs;
	uint64_t skipped_pins;
	/* sums over the requests */
	uint64_t got_pages;
	uint64_t calls;
	uint64_t waits;
	uint64_t waited_ns;
	bool unequal_work; /* more than 0.1 % of the trace's allocations failed */
};

/* From one backend to another, over the same seeds and requests. */
struct change {
	struct stats_interval gain; /* of the success rate, millionths */
	struct stats_interval cost; /* millionths of a page migrated, by request */
};

struct results {
	const struct run_plan *plan;
	const struct replay_result *replays;
	struct result_row *rows; /* plan->nr_rows */
	struct change *changes;  /* of an ablation: results_ablation.c */
};

/* 0 or -ENOMEM; free with results_free(). All replays of the matrix must be done. */
int results_make(struct results *r, const struct matrix *m);
void results_free(struct results *r);

/* name of a row: "build/occupancy:70/size:1b/backend:linux-5.10"; "build/M:13/occupancy:70/..." in a sweep */
void results_row_name(const struct results *r, const struct result_row *row, char out[512]);
const char *results_backend(const struct results *r, const struct result_row *row);

/* Are requests made by a user of contiguous memory, of which there is more to tell? */
static inline bool results_by_user(const struct results *r)
{
	return r->plan->options->caller.who != RUN_PLAIN;
}

/* Are there several geometries? Then files say of each line which one it is about. */
static inline bool results_sweep(const struct run_plan *plan)
{
	return plan->options->nr_geometries > 1;
}

/* The parameters of the run as one JSON object on one line. */
void results_parameters(FILE *f, const struct run_plan *plan);
/* The line with them that a file of JSON lines begins with. */
void results_first_line(FILE *f, const struct run_plan *plan);
/* ,"KEY":{...}: what a request did. */
void results_work_fields(FILE *f, const char *key, const struct contig_work *work);
/* {"workload":...,"seed":1 - what begins every line of a replay. Free it; NULL without memory. */
char *results_replay_prefix(const struct run_plan *plan, uint32_t replay);

void results_table(FILE *f, const struct results *r);
/* Behind the tables of a run over several geometries. */
void results_sweep_table(FILE *f, const struct results *r);
void results_benchmark_json(FILE *f, const struct results *r);
void results_requests_jsonl(FILE *f, const struct results *r);
void results_series_jsonl(FILE *f, const struct results *r);
void results_maps_jsonl(FILE *f, const struct results *r);
void results_summary_csv(FILE *f, const struct results *r);
void results_success_csv(FILE *f, const struct results *r);
void results_replays_csv(FILE *f, const struct results *r);
void results_failures_csv(FILE *f, const struct results *r);
/* Of a run with --ablate: 0 or -ENOMEM; what results_make() calls. */
int results_ablation_make(struct results *r);
/* The table is in the place of the other one. */
void results_ablation_table(FILE *f, const struct results *r);
void results_ablation_csv(FILE *f, const struct results *r);
void results_ablation_json(FILE *f, const struct results *r);

/* Text as a JSON string, quotes included. */
void json_text(FILE *f, const char *text);
/* "geometry":"arm64-64k","max_order":13, - of a sweep, as far as it is one over them; with the last comma */
void json_sweep(FILE *f, const struct run_plan *plan, const struct run_place *at);
/* "machine": its facts, as a member of an object that goes on. */
void json_machine(FILE *f, const struct machine *m);
/* value / 10^digits with exactly that many decimals. */
void print_fixed(FILE *f, int64_t value, unsigned int digits);
/* value / unit, rounded to `digits` decimals, at most 3. */
void text_fixed(char out[24], int64_t value, int64_t unit, int digits);
/* "53.9 [49.5, 59.2]" of millionths, in that unit, with a plus sign if asked for. */
void text_interval(char out[48], const struct stats_interval *i, int64_t unit, bool sign);
/* What tables begin with: the clock, the statistics; and a workload at an occupancy. */
void table_head(FILE *f, const struct results *r, const char *difference_to);
void table_heading(FILE *f, const struct results *r, const struct run_place *at);

/* Parameters and names of columns; a field with text in it; the end of a line about a place. */
void csv_head(FILE *f, const struct run_plan *plan, const char *columns);
void csv_text(FILE *f, const char *text);
/* What tells a row's workload, occupancy, size and backend, under these names. */
#define CSV_PLACE "workload,occupancy_percent,size,request_pages,request_bytes,backend,baseline"
void csv_place(FILE *f, const struct run_plan *plan, const struct run_place *at);
void csv_end(FILE *f, const struct run_plan *plan, const struct run_place *at);
/* ",value,low,high", with four decimals of a hundredth of what millionths are. */
void csv_interval(FILE *f, const struct stats_interval *i, bool value);

/*
 * All files but context.json into an existing folder, and SHA256SUMS over them; *digest names the lot. 0 or -errno, and
 * *diag then names the file.
 */
int results_write(const char *dir, const struct results *r, char digest[65], struct contig_diag *diag);
/* What differs between machines and executions. */
struct results_context {
	int argc;
	char **argv;
	uint32_t jobs;
	uint32_t resumed;
	uint64_t wall_ns;
	const char *digest;
};
int results_write_context(const char *dir, const struct results *r, const struct results_context *context,
                          struct contig_diag *diag);

/* Events per second of CPU time over all replays, and the sums it is made of. */
struct replay_speed {
	uint64_t events;
	uint64_t cpu_ns;
	uint64_t per_second;
};
struct replay_speed results_speed(const struct results *r);

#endif
