/* SPDX-License-Identifier: MIT */
/*
 * plan.h - a run laid out: workloads read, geometries checked, replays numbered.
 *
 * Replays are numbered workload by workload, then by geometry, occupancy, size, backend and seed; a row is all the seeds
 * of one backend, a group all the backends of one workload, geometry, occupancy and size. Results are in that order, whoever computed
 * them when.
 */
#ifndef PLAN_H
#define PLAN_H

#include "costs.h"
#include "options.h"
#include "program.h"
#include "replay.h"

struct run_workload {
	char name[128]; /* of the file, without folder and suffix */
	char *path;
	struct trace_info info; /* of the file */
	char sha256[65];
	/* one for each page size of the run's geometries, and which geometry has which */
	struct program *programs;
	uint32_t nr_programs;
	uint8_t program_of[RUN_MAX_LIST];
};

struct run_plan {
	const struct run_options *options;
	struct run_workload *workloads;
	uint32_t nr_workloads;
	uint32_t nr_occupancies;            /* 1 where zones were given */
	struct contig_geometry *geometries; /* [workload][geometry][occupancy] */
	struct costs costs;
	uint32_t nr_rows;
	uint32_t nr_replays;
};

/* Where a row or a replay stands. */
struct run_place {
	uint32_t workload;
	uint32_t geometry; /* index into options->geometries */
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
/* The trace, compiled for the pages of that geometry. */
const struct program *plan_program(const struct run_plan *plan, const struct run_place *at);
/* Has that geometry pages of another size than the trace was recorded with? */
bool plan_other_pages(const struct run_plan *plan, const struct run_place *at);
/*
 * Share of the zones that the trace's peak use takes, in thousandths of a percent: as asked for, and as it is with zones
 * of whole blocks, on the node that is fullest. It misses the mark if that is further away than rounding usually brings.
 */
uint32_t plan_occupancy(const struct run_plan *plan, const struct run_place *at);
uint32_t plan_reached(const struct run_plan *plan, const struct run_place *at);
bool plan_misses(const struct run_plan *plan, const struct run_place *at);
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
