// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan_inside.h"

struct run_place plan_place(const struct run_plan *plan, uint32_t replay)
{
	const struct run_options *o = plan->options;
	struct run_place at;

	at.seed = replay % o->nr_seeds;
	replay /= o->nr_seeds;
	at.backend = replay % o->nr_backends;
	replay /= o->nr_backends;
	at.size = replay % o->nr_sizes;
	replay /= o->nr_sizes;
	at.occupancy = replay % plan->nr_occupancies;
	replay /= plan->nr_occupancies;
	at.geometry = replay % o->nr_geometries;
	at.workload = replay / o->nr_geometries;
	return at;
}

struct contig_geometry *plan_geometry_of(const struct run_plan *plan, const struct run_place *at)
{
	return &plan->geometries[(at->workload * plan->options->nr_geometries + at->geometry) * plan->nr_occupancies +
	                         at->occupancy];
}

const struct contig_geometry *plan_geometry(const struct run_plan *plan, const struct run_place *at)
{
	return plan_geometry_of(plan, at);
}

const struct program *plan_program(const struct run_plan *plan, const struct run_place *at)
{
	const struct run_workload *w = &plan->workloads[at->workload];

	return &w->programs[w->program_of[at->geometry]];
}

bool plan_other_pages(const struct run_plan *plan, const struct run_place *at)
{
	return plan_geometry(plan, at)->page_shift != workload_page_shift(&plan->workloads[at->workload].info);
}

uint32_t plan_pages(const struct contig_geometry *g)
{
	uint32_t pages = 0;

	for (uint32_t i = 0; i < g->nr_zones; i++)
		pages += g->zones[i].pages;
	return pages;
}

uint32_t plan_occupancy(const struct run_plan *plan, const struct run_place *at)
{
	if (!plan->options->nr_zones)
		return plan->options->occupancy[at->occupancy];
	return (uint32_t)(plan_program(plan, at)->peak_pages * 100000 / plan_pages(plan_geometry(plan, at)));
}

uint32_t plan_reached(const struct run_plan *plan, const struct run_place *at)
{
	const struct contig_geometry *g = plan_geometry(plan, at);
	const struct program *p = plan_program(plan, at);
	uint64_t most = 0;

	for (uint32_t node = 0; node < p->nr_nodes; node++) {
		uint64_t pages = 0;

		for (uint32_t i = 0; i < g->nr_zones; i++)
			pages += g->zones[i].node == node ? g->zones[i].pages : 0;
		if (pages && p->node_peak[node] * 100000 / pages > most)
			most = p->node_peak[node] * 100000 / pages;
	}
	return (uint32_t)most;
}

#define NEAR 2000 /* thousandths of a percent: what is no news */

bool plan_misses(const struct run_plan *plan, const struct run_place *at)
{
	return !plan->options->nr_zones && plan_reached(plan, at) + NEAR < plan_occupancy(plan, at);
}

uint32_t plan_request_pages(const struct run_plan *plan, const struct run_place *at)
{
	const struct run_size *s = &plan->options->sizes[at->size];

	if (s->memory_blocks)
		return s->count * caller_block_pages(&plan->options->caller, plan_geometry(plan, at));
	return s->blocks ? s->count << plan_geometry(plan, at)->pageblock_order : s->count;
}

bool plan_is_baseline(const char *backend)
{
	const struct contig_backend *b = contig_backend_of(backend);

	return b && b->baseline;
}

struct replay_params plan_params(const struct run_plan *plan, uint32_t replay)
{
	const struct run_place at = plan_place(plan, replay);
	const struct run_options *o = plan->options;

	return (struct replay_params){
		.program = plan_program(plan, &at),
		.geometry = plan_geometry(plan, &at),
		.cost = plan->costs.table,
		.backend = o->backends[at.backend],
		.seed = o->seeds[at.seed],
		.caller = o->caller,
		.request_pages = plan_request_pages(plan, &at),
		.age = o->age,
		.passes = o->passes,
		.hold_ns = o->hold_ns,
		.interval_ns = o->interval_ns,
		.max_requests = o->max_requests,
		.verify_every = o->verify_every,
		.samples = o->samples,
		.maps = !at.seed,
	};
}

void plan_where(const struct run_plan *plan, const struct run_place *at, char out[192])
{
	char label[64];

	run_geometry_label(plan->options, at->geometry, label);
	snprintf(out, 192, "%s%s", plan->workloads[at->workload].name, label);
}

static int check_nodes(const struct contig_geometry *g, const struct program *p, const char *where)
{
	for (uint32_t node = 0; node < p->nr_nodes; node++) {
		bool found = !p->node_peak[node];

		for (uint32_t i = 0; i < g->nr_zones; i++)
			found |= g->zones[i].node == node;
		if (!found)
			return cli_error(CLI_USAGE, "%s allocates on node %u, which no --zone is on: add one", where,
			                 node);
	}
	return CLI_OK;
}

static void warn_unverified(const struct run_options *o)
{
	for (uint32_t i = 0; o->verify_every && i < o->nr_backends; i++) {
		const struct contig_backend *b = contig_backend_of(o->backends[i]);

		if (b && !(b->lab && b->lab->verify))
			cli_warn("%s can not be verified: its replays are not checked", b->name);
	}
}

/* A geometry that the rules allow, but a generation does not, or in which it can not have the caller: each says so itself. */
static int check_backends(const struct run_plan *plan, const struct run_place *at)
{
	const struct run_options *o = plan->options;
	const struct contig_geometry *g = plan_geometry(plan, at);
	const struct contig_hooks none = { 0 };
	struct user_drivers drivers = { NULL };
	struct contig_diag diag;
	struct caller caller;
	char label[64];

	run_geometry_label(o, at->geometry, label);
	for (uint32_t i = 0; i < o->nr_backends; i++) {
		struct contig *c = contig_open(o->backends[i], g, &none, &diag);

		if (!c)
			return cli_error(CLI_USAGE, "%s%s: %s", o->backends[i], label, diag.text);
		int rc = caller_open(&caller, &o->caller, c, g, &drivers, 0, &diag);

		caller_close(&caller);
		contig_close(c);
		if (rc)
			return cli_error(rc == -ENOMEM ? CLI_MACHINE : CLI_USAGE, "--caller %s on %s%s: %s",
			                 caller_name(o->caller.who), o->backends[i], label, diag.text);
	}
	return CLI_OK;
}

/* Requests of one size: can there be any? */
static int check_size(const struct run_plan *plan, const struct run_place *at, const char *where)
{
	const struct run_options *o = plan->options;
	const struct contig_geometry *g = plan_geometry(plan, at);
	const struct run_size *s = &o->sizes[at->size];
	struct contig_diag diag;
	char label[16];

	run_size_label(s, label);
	if (s->memory_blocks && (uint64_t)s->count * caller_block_pages(&o->caller, g) > UINT32_MAX / 2)
		return cli_error(CLI_USAGE, "--sizes %s: more pages than a 32-bit pfn can name", label);
	if (caller_check(&o->caller, g, plan_request_pages(plan, at), &diag))
		return o->nr_geometries > 1 ? cli_error(CLI_USAGE, "%s: %s", where, diag.text)
		                            : cli_error(CLI_USAGE, "%s", diag.text);
	if (s->blocks && s->count > UINT32_MAX >> (g->pageblock_order + 1))
		return cli_error(CLI_USAGE, "--sizes %s: more pages than a 32-bit pfn can name", label);
	if (!requests_candidates(g, plan_request_pages(plan, at)))
		return cli_error(CLI_USAGE,
		                 "--sizes %s: no aligned range of %u pages fits the zones of %s "
		                 "(%u pages): lower --sizes or --occupancy",
		                 label, plan_request_pages(plan, at), where, plan_pages(g));
	return CLI_OK;
}

/* What a geometry may be by itself, but not for this trace and these requests. */
static int check_fit(const struct run_plan *plan, const struct run_place *at)
{
	const struct run_options *o = plan->options;
	const struct program *p = plan_program(plan, at);
	const struct contig_geometry *g = plan_geometry(plan, at);
	int status = CLI_OK;
	char where[192];

	plan_where(plan, at, where);
	if (p->max_order > g->max_order)
		return cli_error(CLI_USAGE,
		                 "%s has allocations of order %u, above MAX_PAGE_ORDER %u: raise --max-order", where,
		                 p->max_order, g->max_order);
	if (p->peak_pages > plan_pages(g))
		return cli_error(CLI_USAGE, "%s needs %llu pages at its peak, the zones have %u: enlarge --zone", where,
		                 (unsigned long long)p->peak_pages, plan_pages(g));
	if (check_nodes(g, p, where) != CLI_OK)
		return CLI_USAGE;
	if (p->duration_ns * o->passes < o->interval_ns)
		return cli_error(
			CLI_USAGE,
			"%s lasts %.3f ms, shorter than the interval between requests of %g ms: lower --interval-ms",
			where, (double)(p->duration_ns * o->passes) / 1e6, (double)o->interval_ns / 1e6);
	for (uint32_t s = 0; s < o->nr_sizes && status == CLI_OK; s++) {
		const struct run_place one = {
			.workload = at->workload, .geometry = at->geometry, .occupancy = at->occupancy, .size = s
		};

		status = check_size(plan, &one, where);
	}
	return status == CLI_OK ? check_backends(plan, at) : status;
}

static int check_names(const struct run_plan *plan)
{
	for (uint32_t i = 0; i < plan->nr_workloads; i++) {
		for (uint32_t j = 0; j < i; j++) {
			if (!strcmp(plan->workloads[i].name, plan->workloads[j].name))
				return cli_error(CLI_USAGE, "two workloads are called '%s': rename one of the files",
				                 plan->workloads[i].name);
		}
	}
	return CLI_OK;
}

/* Is there an earlier geometry with pages of the same size, and so with the same zones? */
static bool zones_seen(const struct run_plan *plan, const struct run_place *at)
{
	for (struct run_place other = *at; other.geometry-- > 0;) {
		if (plan_geometry(plan, &other)->page_shift == plan_geometry(plan, at)->page_shift)
			return true;
	}
	return false;
}

/* Occupancies that whole blocks make the same memory of give the same results: say so, once for each page size. */
static void warn_alike(const struct run_plan *plan, struct run_place at)
{
	uint32_t alike = 0;
	char reached[16];

	for (; at.occupancy + 1 < plan->nr_occupancies; at.occupancy++) {
		struct run_place next = at;

		next.occupancy++;
		alike += plan_pages(plan_geometry(plan, &at)) == plan_pages(plan_geometry(plan, &next));
	}
	if (!alike || zones_seen(plan, &at))
		return;
	occupancy_label((plan_reached(plan, &at) + 50) / 100 * 100, reached);
	cli_warn(
		"%s in pages of %g KiB: %u of %u occupancies are the same memory as another, since zones are whole runs of "
		"the largest order: the smallest is %s %% full",
		plan->workloads[at.workload].name, (double)(1u << plan_geometry(plan, &at)->page_shift) / 1024, alike,
		plan->nr_occupancies, reached);
}

static int make_workload(struct run_plan *plan, uint32_t w)
{
	const struct run_options *o = plan->options;
	int status = plan_load(&plan->workloads[w], o->nr_workloads ? o->workloads[w] : NULL, o);

	for (uint32_t n = 0; n < o->nr_geometries && status == CLI_OK; n++) {
		for (uint32_t k = 0; k < plan->nr_occupancies && status == CLI_OK; k++) {
			const struct run_place at = { .workload = w, .geometry = n, .occupancy = k };

			status = plan_make_geometry(plan, &at);
			if (status == CLI_OK)
				status = check_fit(plan, &at);
		}
	}
	return status;
}

int plan_make(struct run_plan *plan, const struct run_options *o)
{
	*plan = (struct run_plan){ .options = o };
	int status = costs_open(&plan->costs, o->costs, "--costs");

	if (status != CLI_OK)
		return status;
	plan->nr_workloads = o->nr_workloads ? o->nr_workloads : 1;
	plan->nr_occupancies = o->nr_zones ? 1 : o->nr_occupancies;
	plan->workloads = calloc(plan->nr_workloads, sizeof(*plan->workloads));
	plan->geometries =
		calloc((size_t)plan->nr_workloads * o->nr_geometries * plan->nr_occupancies, sizeof(*plan->geometries));
	if (!plan->workloads || !plan->geometries)
		return cli_error(CLI_MACHINE, "no memory");
	for (uint32_t w = 0; w < plan->nr_workloads && status == CLI_OK; w++)
		status = make_workload(plan, w);
	if (status == CLI_OK)
		status = check_names(plan);
	if (status == CLI_OK) {
		warn_unverified(o);
		for (uint32_t i = 0; i < plan->nr_workloads * o->nr_geometries; i++)
			warn_alike(plan, (struct run_place){ .workload = i / o->nr_geometries,
			                                     .geometry = i % o->nr_geometries });
	}
	uint64_t rows =
		(uint64_t)plan->nr_workloads * o->nr_geometries * plan->nr_occupancies * o->nr_sizes * o->nr_backends;

	if (status == CLI_OK && rows * o->nr_seeds > 10000000)
		return cli_error(CLI_USAGE, "%llu replays: cut the run in pieces",
		                 (unsigned long long)(rows * o->nr_seeds));
	plan->nr_rows = (uint32_t)rows;
	plan->nr_replays = plan->nr_rows * o->nr_seeds;
	return status;
}

void plan_free(struct run_plan *plan)
{
	for (uint32_t w = 0; plan->workloads && w < plan->nr_workloads; w++) {
		for (uint32_t k = 0; k < plan->workloads[w].nr_programs; k++)
			program_free(&plan->workloads[w].programs[k]);
		free(plan->workloads[w].programs);
		free(plan->workloads[w].path);
	}
	free(plan->workloads);
	free(plan->geometries);
	costs_close(&plan->costs);
	*plan = (struct run_plan){ 0 };
}
