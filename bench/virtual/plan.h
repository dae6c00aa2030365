/* SPDX-License-Identifier: MIT */
/*
 * plan.h - a run laid out: workloads read, geometries checked, replays numbered.
 *
 * Replays are numbered workload by workload, then by occupancy, size, backend and seed; a row is all the seeds of one
 * backend, a group all the backends of one workload, occupancy and size. Results are in that order, whoever computed
 * them when.
 */
#ifndef PLAN_H
#define PLAN_H

#include "options.h"
#include "program.h"
#include "replay.h"

struct run_workload {
	char name[128]; /* of the file, without folder and suffix */
	char *path;
	struct trace_info info;
	char sha256[65];
	struct program program;
};

struct run_plan {
	const struct run_options *options;
	struct run_workload *workloads;
	uint32_t nr_workloads;
	uint32_t nr_occupancies;            /* 1 where zones were given */
	struct contig_geometry *geometries; /* [workload][occupancy] */
	const struct cost_table *cost;
	uint32_t nr_rows;
	uint32_t nr_replays;
};

/* Where a row or a replay stands. */
struct run_place {
	uint32_t workload;
	uint32_t occupancy;
	uint32_t size;
	uint32_t backend;
	uint32_t seed; /* index into options->seeds */
};

struct run_place plan_place(const struct run_plan *plan, uint32_t replay);
static inline struct run_place plan_row(const struct run_plan *plan, uint32_t row)
{
	return plan_place(plan, row * plan->options->nr_seeds);
}

const struct contig_geometry *plan_geometry(const struct run_plan *plan, const struct run_place *at);
/* Share of the zones that the trace's peak use takes, in thousandths of a percent. */
uint32_t plan_occupancy(const struct run_plan *plan, const struct run_place *at);
uint32_t plan_request_pages(const struct run_plan *plan, const struct run_place *at);
uint32_t plan_pages(const struct contig_geometry *g); /* of all zones */
bool plan_is_baseline(const char *backend);
struct replay_params plan_params(const struct run_plan *plan, uint32_t replay);

/* CLI_OK, or a message was printed. Free with plan_free() in either case. */
int plan_make(struct run_plan *plan, const struct run_options *o);
void plan_free(struct run_plan *plan);

/*
 * The file of a workload: itself if it has a slash or ends in .ctr, else NAME.ctr in the corpus; NULL name: the first
 * of the corpus. Free the result; NULL if there is none.
 */
char *workload_find(const char *name);
/* Call one(path) for each file of the corpus in order of name, until it says false. */
void workload_each(bool (*one)(void *ctx, const char *path), void *ctx);

#endif
