// SPDX-License-Identifier: MIT
/* frame_rows.c - what is measured: a benchmark for each row, and a placement for each machine and number of threads. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backing.h"
#include "frame.h"

const char *frame_sharing(const struct frame_row *row)
{
	return row->placement->oversubscribed ? row->placement->sharing : "";
}

/* Replays of one workload, geometry and occupancy: they have one machine to be mapped. */
static uint32_t replays_in_group(const struct run_options *o)
{
	return o->nr_sizes * o->nr_backends * o->nr_seeds;
}

static uint32_t nodes_of(const struct contig_geometry *g)
{
	uint32_t nodes = 1;

	for (uint32_t i = 0; i < g->nr_cpus; i++)
		nodes = g->cpu_node[i] >= nodes ? g->cpu_node[i] + 1u : nodes;
	for (uint32_t i = 0; i < g->nr_zones; i++)
		nodes = g->zones[i].node >= nodes ? g->zones[i].node + 1u : nodes;
	return nodes;
}

static uint32_t threads_asked(const struct frame *f, uint32_t i)
{
	return f->options->wall.nr_threads ? f->options->wall.threads[i] : 0;
}

/* The next placement. */
static int place(struct frame *f, uint32_t group, uint32_t threads)
{
	const struct wall_options *w = &f->options->wall;
	const struct run_place at = plan_place(&f->plan, group * replays_in_group(f->options));
	const struct contig_geometry *g = plan_geometry(&f->plan, &at);
	const char *name = f->plan.workloads[at.workload].name;
	uint32_t asked = threads_asked(f, threads);
	const struct placement_wish wish = {
		.cpu_node = g->cpu_node,
		.nr_cpus = g->nr_cpus,
		.nr_nodes = nodes_of(g),
		.map = w->map,
		.nr_threads = asked,
		.oversubscribe = w->oversubscribe,
		.bind = !w->no_bind,
	};
	struct contig_diag diag = { "" };

	if (asked > g->nr_cpus)
		return cli_error(CLI_USAGE, "--threads %u: %s has %u cpu%s, and a cpu is replayed by one thread", asked,
		                 name, g->nr_cpus, g->nr_cpus == 1 ? "" : "s");
	struct placement *p = &f->placements[f->nr_placements];
	int rc = placement_open(p, &wish, &diag);

	if (rc)
		return cli_error(cli_status_of(rc), "%s: %s", name, diag.text);
	f->nr_placements++;
	rc = w->backing ? backing_check_room(g, p, &diag) : 0;
	return rc ? cli_error(cli_status_of(rc), "%s: %s", name, diag.text) : CLI_OK;
}

static int place_all(struct frame *f)
{
	int status = CLI_OK;

	f->nr_threads = f->options->wall.nr_threads ? f->options->wall.nr_threads : 1;
	uint32_t wanted = f->plan.nr_replays / replays_in_group(f->options) * f->nr_threads;

	f->placements = calloc(wanted, sizeof(*f->placements));
	if (!f->placements)
		return cli_error(CLI_MACHINE, "no memory");
	for (uint32_t i = 0; i < wanted && status == CLI_OK; i++)
		status = place(f, i / f->nr_threads, i % f->nr_threads);
	return status;
}

const char *frame_workload(const struct frame *f, uint32_t placement)
{
	const struct run_place at = plan_place(&f->plan, placement / f->nr_threads * replays_in_group(f->options));

	return f->plan.workloads[at.workload].name;
}

static uint32_t copies_before(const struct run_options *o, uint32_t backend)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < backend; i++)
		nr += !strcmp(o->backends[i], o->backends[backend]);
	return nr;
}

/* "build/occupancy:70/size:1b/backend:linux-6.1/threads:2" */
static void name_row(struct frame_row *row)
{
	const struct run_options *o = row->frame->options;
	const struct result_row of_plan = { .at = row->at };
	char base[512], seed[32] = "", copy[24] = "";

	results_row_name(&row->frame->plan_only, &of_plan, base);
	if (o->nr_seeds > 1)
		snprintf(seed, sizeof(seed), "/seed:%llu", (unsigned long long)o->seeds[row->at.seed]);
	if (row->copy)
		snprintf(copy, sizeof(copy), "/copy:%u", row->copy + 1);
	snprintf(row->name, sizeof(row->name), "%s%s%s/threads:%u", base, copy, seed, row->nr_threads);
}

int frame_rows_make(struct frame *f)
{
	int status = place_all(f);

	if (status != CLI_OK)
		return status;
	f->plan_only = (struct results){ .plan = &f->plan };
	f->nr_rows = f->plan.nr_replays * f->nr_threads;
	f->rows = calloc(f->nr_rows, sizeof(*f->rows));
	if (!f->rows)
		return cli_error(CLI_MACHINE, "no memory for %u benchmarks: cut the run in pieces", f->nr_rows);
	for (uint32_t i = 0; i < f->nr_rows; i++) {
		struct frame_row *row = &f->rows[i];

		row->frame = f;
		row->replay = i / f->nr_threads;
		row->at = plan_place(&f->plan, row->replay);
		row->copy = copies_before(f->options, row->at.backend);
		row->placement =
			&f->placements[row->replay / replays_in_group(f->options) * f->nr_threads + i % f->nr_threads];
		row->nr_threads = row->placement->nr_threads;
		name_row(row);
	}
	return CLI_OK;
}

void frame_rows_free(struct frame *f)
{
	for (uint32_t i = 0; f->rows && i < f->nr_rows; i++) {
		free(f->rows[i].values);
		free(f->rows[i].pools);
	}
	for (uint32_t i = 0; i < f->nr_placements; i++)
		placement_close(&f->placements[i]);
	free(f->rows);
	free(f->placements);
}

const struct frame_row *frame_first(const struct frame_row *row)
{
	const struct frame *f = row->frame;
	const struct frame_row *first = row - (size_t)row->at.backend * f->options->nr_seeds * f->nr_threads;

	return first != row && first->nr ? first : NULL;
}

struct wall_change frame_change(const struct frame_row *row, enum wall_metric m)
{
	const struct frame_row *first = frame_first(row);

	if (!first)
		return (struct wall_change){ .change = NAN };
	return wall_change(&first->values[0][m], first->nr, &row->values[0][m], row->nr, METRIC_NR);
}

struct wall_params frame_params(const struct frame *f, const struct frame_row *row)
{
	const struct wall_options *w = &f->options->wall;
	struct wall_params p = {
		.replay = plan_params(&f->plan, row->replay),
		.placement = row->placement,
		.clock = &f->clock,
		.timing = (enum wall_timing)w->timing,
		.pace = w->pace,
		.window_ns = w->window_ns,
		.backing = w->backing,
		.counters = w->counting != COUNT_NOTHING,
		.phase_counters = w->counting == COUNT_PHASES,
		.harness_ns = row->harness_ns,
	};

	p.replay.stop = f->stop;
	return p;
}
