// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "reshape.h"

#define X86_SECTION_BITS 27 /* SECTION_SIZE_BITS: 128 MiB */

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
	at.workload = replay / plan->nr_occupancies;
	return at;
}

static struct contig_geometry *geometry_of(const struct run_plan *plan, uint32_t workload, uint32_t occupancy)
{
	return &plan->geometries[workload * plan->nr_occupancies + occupancy];
}

const struct contig_geometry *plan_geometry(const struct run_plan *plan, const struct run_place *at)
{
	return geometry_of(plan, at->workload, at->occupancy);
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
	return (uint32_t)(plan->workloads[at->workload].program.peak_pages * 100000 /
	                  plan_pages(plan_geometry(plan, at)));
}

uint32_t plan_request_pages(const struct run_plan *plan, const struct run_place *at)
{
	const struct run_size *s = &plan->options->sizes[at->size];

	if (s->memory_blocks)
		return s->count * caller_block_pages(&plan->options->caller, plan_geometry(plan, at));
	return s->blocks ? s->count << plan_geometry(plan, at)->pageblock_order : s->count;
}

static const struct contig_backend *backend_of(const char *spec)
{
	size_t len = strcspn(spec, "+");
	const struct contig_backend *b;

	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		if (strlen(b->name) == len && !strncmp(b->name, spec, len))
			break;
	}
	return b;
}

bool plan_is_baseline(const char *backend)
{
	const struct contig_backend *b = backend_of(backend);

	return b && b->baseline;
}

struct replay_params plan_params(const struct run_plan *plan, uint32_t replay)
{
	const struct run_place at = plan_place(plan, replay);
	const struct run_options *o = plan->options;

	return (struct replay_params){
		.program = &plan->workloads[at.workload].program,
		.geometry = plan_geometry(plan, &at),
		.cost = plan->cost,
		.backend = o->backends[at.backend],
		.seed = o->seeds[at.seed],
		.caller = o->caller,
		.request_pages = plan_request_pages(plan, &at),
		.age = o->age,
		.hold_ns = o->hold_ns,
		.interval_ns = o->interval_ns,
		.max_requests = o->max_requests,
		.verify_every = o->verify_every,
		.samples = o->samples,
	};
}

static int load_workload(struct run_workload *w, const char *name, const struct run_options *o)
{
	struct contig_diag diag = { "" };
	struct trace t;

	w->path = workload_find(name);
	if (!w->path && name)
		return cli_error(CLI_USAGE,
		                 "unknown workload '%s': `contigbench list workloads` shows them; a file of "
		                 "yours needs a slash or .ctr in its name",
		                 name);
	if (!w->path)
		return cli_error(CLI_USAGE, "no trace was given and none is in workloads/corpus: name a .ctr file, or "
		                            "record one with `contigbench record`");
	const char *base = strrchr(w->path, '/');

	base = base ? base + 1 : w->path;
	size_t len = strlen(base);

	if (len > 4 && !strcmp(base + len - 4, ".ctr"))
		len -= 4;
	snprintf(w->name, sizeof(w->name), "%.*s", (int)len, base);
	int rc = trace_open(w->path, &t, &diag);

	if (rc)
		return cli_error(cli_status_of(rc), "%s", diag.text);
	w->info = t.info;
	memcpy(w->sha256, t.sha256, sizeof(w->sha256));
	rc = o->nodes ? reshape_nodes(&t, o->nodes, &diag) : 0;
	if (!rc)
		rc = program_compile(&t, &w->program, &diag);
	trace_close(&t);
	if (rc)
		return cli_error(cli_status_of(rc), "%s: %s", w->path, diag.text);
	return CLI_OK;
}

/* One ZONE_NORMAL a node, in which that node's peak use is the wanted share; whole blocks of the largest order. */
static int size_zones(struct contig_geometry *g, const struct run_workload *w, uint32_t occupancy)
{
	unsigned int order = g->max_order > g->pageblock_order ? g->max_order : g->pageblock_order;
	uint64_t start = 0;

	for (uint32_t node = 0; node < w->program.nr_nodes; node++) {
		unsigned __int128 scaled = (unsigned __int128)w->program.node_peak[node] * 100000 + occupancy - 1;
		uint64_t pages = (uint64_t)(scaled / occupancy);

		if (!pages)
			continue;
		pages = ((pages - 1) >> order) + 1;
		if (pages > (UINT32_MAX >> order) || start + (pages << order) > UINT32_MAX)
			return cli_error(CLI_USAGE,
			                 "%s at %u.%03u %% needs more pages than a 32-bit pfn can name: "
			                 "raise --occupancy",
			                 w->name, occupancy / 1000, occupancy % 1000);
		g->zones[g->nr_zones++] = (struct contig_zone){ .start = (pfn_t)start,
			                                        .pages = (uint32_t)(pages << order),
			                                        .node = (uint8_t)node,
			                                        .type = ZONE_NORMAL };
		start += pages << order;
	}
	return CLI_OK;
}

static uint8_t choose(int asked, uint8_t recorded, uint8_t otherwise)
{
	if (asked >= 0)
		return (uint8_t)asked;
	return recorded ? recorded : otherwise;
}

static int make_geometry(struct contig_geometry *g, const struct run_options *o, const struct run_workload *w,
                         uint32_t occupancy)
{
	struct contig_diag diag;
	int status = CLI_OK;

	*g = (struct contig_geometry){
		.page_shift = choose(o->page_shift, w->info.page_shift, 12),
		.pageblock_order = choose(o->pageblock_order, w->info.pageblock_order, 9),
		.max_order = choose(o->max_order, w->info.max_order, 10),
		.init = CONTIG_INIT_FREE,
		.big_blocks_ok = o->big_blocks,
		.big_buddies_ok = o->big_buddies,
		.nr_cpus = w->program.nr_cpus,
	};
	if (o->section_order >= 0) {
		g->section_order = (uint8_t)o->section_order;
	} else {
		uint8_t section = (uint8_t)(g->page_shift < X86_SECTION_BITS ? X86_SECTION_BITS - g->page_shift : 1);

		/* the recording kernel obeyed its own section rule, whatever its sections were */
		g->section_order = section > w->info.max_order ? section : w->info.max_order;
	}
	memcpy(g->cpu_node, w->program.cpu_node, sizeof(g->cpu_node));
	/* orders are checked before they are used to size anything */
	g->nr_zones = 1;
	g->zones[0] = (struct contig_zone){ .pages = 1 };
	if (contig_geometry_check(g, &diag))
		return cli_error(CLI_USAGE, "geometry: %s", diag.text);
	g->nr_zones = 0;
	if (o->nr_zones) {
		g->nr_zones = o->nr_zones;
		memcpy(g->zones, o->zones, o->nr_zones * sizeof(o->zones[0]));
	} else {
		status = size_zones(g, w, occupancy);
	}
	if (status == CLI_OK && contig_geometry_check(g, &diag))
		return cli_error(CLI_USAGE, "geometry: %s", diag.text);
	return status;
}

static int check_nodes(const struct contig_geometry *g, const struct run_workload *w)
{
	for (uint32_t node = 0; node < w->program.nr_nodes; node++) {
		bool found = !w->program.node_peak[node];

		for (uint32_t i = 0; i < g->nr_zones; i++)
			found |= g->zones[i].node == node;
		if (!found)
			return cli_error(CLI_USAGE, "%s allocates on node %u, which no --zone is on: add one", w->name,
			                 node);
	}
	return CLI_OK;
}

static void warn_unverified(const struct run_options *o)
{
	for (uint32_t i = 0; o->verify_every && i < o->nr_backends; i++) {
		const struct contig_backend *b = backend_of(o->backends[i]);

		if (b && !(b->lab && b->lab->verify))
			cli_warn("%s can not be verified: its replays are not checked", b->name);
	}
}

/* A geometry that the rules allow, but a generation does not, or in which it can not have the caller: each says so itself. */
static int check_backends(const struct run_plan *plan, const struct contig_geometry *g)
{
	const struct run_options *o = plan->options;
	const struct contig_hooks none = { 0 };
	struct user_drivers drivers = { NULL };
	struct contig_diag diag;
	struct caller caller;

	for (uint32_t i = 0; i < plan->options->nr_backends; i++) {
		struct contig *c = contig_open(plan->options->backends[i], g, &none, &diag);

		if (!c)
			return cli_error(CLI_USAGE, "%s: %s", plan->options->backends[i], diag.text);
		int rc = caller_open(&caller, &o->caller, c, g, &drivers, 0, &diag);

		caller_close(&caller);
		contig_close(c);
		if (rc)
			return cli_error(rc == -ENOMEM ? CLI_MACHINE : CLI_USAGE, "--caller %s on %s: %s",
			                 caller_name(o->caller.who), o->backends[i], diag.text);
	}
	return CLI_OK;
}

/* What a geometry may be by itself, but not for this trace and these requests. */
static int check_fit(const struct run_plan *plan, uint32_t workload, uint32_t occupancy)
{
	const struct run_options *o = plan->options;
	const struct run_workload *w = &plan->workloads[workload];
	const struct contig_geometry *g = geometry_of(plan, workload, occupancy);

	if (w->program.max_order > g->max_order)
		return cli_error(CLI_USAGE,
		                 "%s has allocations of order %u, above MAX_PAGE_ORDER %u: raise --max-order", w->name,
		                 w->program.max_order, g->max_order);
	if (w->program.peak_pages > plan_pages(g))
		return cli_error(CLI_USAGE, "%s needs %llu pages at its peak, the zones have %u: enlarge --zone",
		                 w->name, (unsigned long long)w->program.peak_pages, plan_pages(g));
	if (check_nodes(g, w) != CLI_OK)
		return CLI_USAGE;
	if (w->program.duration_ns < o->interval_ns)
		return cli_error(
			CLI_USAGE,
			"%s lasts %.3f ms, shorter than the interval between requests of %g ms: lower --interval-ms",
			w->name, (double)w->program.duration_ns / 1e6, (double)o->interval_ns / 1e6);
	for (uint32_t s = 0; s < o->nr_sizes; s++) {
		const struct run_place at = { .workload = workload, .occupancy = occupancy, .size = s };
		struct contig_diag diag;
		char label[16];

		run_size_label(&o->sizes[s], label);
		if (o->sizes[s].memory_blocks &&
		    (uint64_t)o->sizes[s].count * caller_block_pages(&o->caller, g) > UINT32_MAX / 2)
			return cli_error(CLI_USAGE, "--sizes %s: more pages than a 32-bit pfn can name", label);
		if (caller_check(&o->caller, g, plan_request_pages(plan, &at), &diag))
			return cli_error(CLI_USAGE, "%s", diag.text);
		if (o->sizes[s].blocks && o->sizes[s].count > UINT32_MAX >> (g->pageblock_order + 1))
			return cli_error(CLI_USAGE, "--sizes %s: more pages than a 32-bit pfn can name", label);
		if (!requests_candidates(g, plan_request_pages(plan, &at)))
			return cli_error(CLI_USAGE,
			                 "--sizes %s: no aligned range of %u pages fits the zones of %s "
			                 "(%u pages): lower --sizes or --occupancy",
			                 label, plan_request_pages(plan, &at), w->name, plan_pages(g));
	}
	return check_backends(plan, g);
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

int plan_make(struct run_plan *plan, const struct run_options *o)
{
	int status = CLI_OK;

	*plan = (struct run_plan){ .options = o, .cost = &cost_linux_6_18 };
	plan->nr_workloads = o->nr_workloads ? o->nr_workloads : 1;
	plan->nr_occupancies = o->nr_zones ? 1 : o->nr_occupancies;
	plan->workloads = calloc(plan->nr_workloads, sizeof(*plan->workloads));
	plan->geometries = calloc((size_t)plan->nr_workloads * plan->nr_occupancies, sizeof(*plan->geometries));
	if (!plan->workloads || !plan->geometries)
		return cli_error(CLI_MACHINE, "no memory");
	for (uint32_t w = 0; w < plan->nr_workloads && status == CLI_OK; w++) {
		status = load_workload(&plan->workloads[w], o->nr_workloads ? o->workloads[w] : NULL, o);
		for (uint32_t k = 0; k < plan->nr_occupancies && status == CLI_OK; k++) {
			status = make_geometry(geometry_of(plan, w, k), o, &plan->workloads[w],
			                       o->nr_zones ? 0 : o->occupancy[k]);
			if (status == CLI_OK)
				status = check_fit(plan, w, k);
		}
	}
	if (status == CLI_OK)
		status = check_names(plan);
	if (status == CLI_OK)
		warn_unverified(o);
	uint64_t rows = (uint64_t)plan->nr_workloads * plan->nr_occupancies * o->nr_sizes * o->nr_backends;

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
		program_free(&plan->workloads[w].program);
		free(plan->workloads[w].path);
	}
	free(plan->workloads);
	free(plan->geometries);
	*plan = (struct run_plan){ 0 };
}
