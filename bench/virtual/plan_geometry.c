// SPDX-License-Identifier: MIT
/* plan_geometry.c - geometries of a run: orders of presets and traces, and zones that the workload fills as it was asked. */
#include <string.h>

#include "plan_inside.h"

#define X86_SECTION_BITS 27 /* SECTION_SIZE_BITS: 128 MiB */

static uint8_t choose(int asked, uint8_t recorded, uint8_t otherwise)
{
	if (asked >= 0)
		return (uint8_t)asked;
	return recorded ? recorded : otherwise;
}

/* "geometry arm64-64k, M 13: ", or "geometry: " of a run that has but one */
static int refuse(const struct run_options *o, uint32_t n, const char *why)
{
	const struct run_geometry *g = &o->geometries[n];
	char which[64] = "";
	int len = 0;

	if (g->preset)
		len = snprintf(which, sizeof(which), " %s", g->preset->name);
	if (o->nr_max_orders > 1)
		snprintf(which + len, sizeof(which) - (size_t)len, "%s M %d", len ? "," : "", g->max_order);
	return cli_error(CLI_USAGE, "geometry%s: %s", which, why);
}

int plan_orders(struct contig_geometry *g, const struct run_options *o, const struct trace_info *info, uint32_t n)
{
	const struct run_geometry *asked = &o->geometries[n];
	struct contig_diag diag;

	*g = (struct contig_geometry){
		.page_shift = choose(asked->page_shift, info->page_shift, 12),
		.pageblock_order = choose(asked->pageblock_order, info->pageblock_order, 9),
		.max_order = choose(asked->max_order, info->max_order, 10),
		.init = CONTIG_INIT_FREE,
		.big_blocks_ok = o->big_blocks,
		.big_buddies_ok = o->big_buddies,
		.nr_cpus = 1,
	};
	if (asked->section_order >= 0) {
		g->section_order = (uint8_t)asked->section_order;
	} else {
		uint8_t section = (uint8_t)(g->page_shift < X86_SECTION_BITS ? X86_SECTION_BITS - g->page_shift : 1);

		/* the recording kernel obeyed its own section rule, whatever its sections were */
		g->section_order = section > info->max_order ? section : info->max_order;
	}
	/* orders are checked before they are used to size anything */
	g->nr_zones = 1;
	g->zones[0] = (struct contig_zone){ .pages = 1 };
	int rc = contig_geometry_check(g, &diag);

	g->nr_zones = 0;
	return rc ? refuse(o, n, diag.text) : CLI_OK;
}

/* ---- zones ----------------------------------------------------------------------------------- */

/*
 * Zones are whole runs of this order: the largest of all geometries with pages of this size, so that a sweep compares
 * values of M and P in the same memory.
 */
static unsigned int zone_order(const struct run_plan *plan, const struct run_place *at)
{
	const struct run_options *o = plan->options;
	const struct trace_info *info = &plan->workloads[at->workload].info;
	uint8_t page_shift = plan_geometry_of(plan, at)->page_shift;
	unsigned int order = 0;

	for (uint32_t n = 0; n < o->nr_geometries; n++) {
		const struct run_geometry *other = &o->geometries[n];
		uint8_t P = choose(other->pageblock_order, info->pageblock_order, 9);
		uint8_t M = choose(other->max_order, info->max_order, 10);

		if (choose(other->page_shift, info->page_shift, 12) != page_shift)
			continue;
		order = P > order ? P : order;
		order = M > order ? M : order;
	}
	return order;
}

static void add_zone(struct contig_geometry *g, uint64_t *start, uint64_t pages, uint32_t node,
                     enum contig_zone_type type)
{
	if (!pages)
		return;
	g->zones[g->nr_zones++] = (struct contig_zone){
		.start = (pfn_t)*start, .pages = (uint32_t)pages, .node = (uint8_t)node, .type = (uint8_t)type
	};
	*start += pages;
}

#define DMA32_BYTES (UINT64_C(4) << 30)
#define DMA32_SHARE 4 /* of a first node that has less than four times as much: a quarter */

/* Cut a node of so many runs into its zones. False: there are too few. */
static bool add_node(struct contig_geometry *g, const struct zone_kinds *kinds, uint64_t *start, uint64_t runs,
                     unsigned int order, uint32_t node)
{
	uint64_t dma32 = 0, movable = 0;

	if (kinds->dma32 && !g->nr_zones) {
		uint64_t most = (DMA32_BYTES >> g->page_shift) >> order;

		dma32 = runs / DMA32_SHARE < most ? runs / DMA32_SHARE : most;
		dma32 = dma32 ? dma32 : 1;
	}
	if (kinds->movable) {
		movable = (runs * kinds->movable + 50) / 100;
		movable = movable ? movable : 1;
	}
	if (runs <= dma32 + movable)
		return false;
	add_zone(g, start, dma32 << order, node, ZONE_DMA32);
	add_zone(g, start, (runs - dma32 - movable) << order, node, ZONE_NORMAL);
	add_zone(g, start, movable << order, node, ZONE_MOVABLE);
	return true;
}

static int too_small(const char *where, uint32_t node, uint64_t runs, unsigned int order)
{
	return cli_error(
		CLI_USAGE,
		"--zones: node %u of %s has room for %llu of the largest runs (order %u), too few to cut: lower --occupancy%s",
		node, where, (unsigned long long)runs, order, order > 9 ? " or --max-order" : "");
}

/* Zones of each node, in all of which its peak use is the wanted share. */
static int size_zones(struct run_plan *plan, const struct run_place *at)
{
	const struct run_options *o = plan->options;
	const struct program *p = plan_program(plan, at);
	struct contig_geometry *g = plan_geometry_of(plan, at);
	uint32_t occupancy = o->occupancy[at->occupancy];
	unsigned int order = zone_order(plan, at);
	uint64_t start = 0;
	char where[192];

	plan_where(plan, at, where);
	for (uint32_t node = 0; node < p->nr_nodes; node++) {
		unsigned __int128 scaled = (unsigned __int128)p->node_peak[node] * 100000 + occupancy - 1;
		uint64_t pages = (uint64_t)(scaled / occupancy);

		if (!pages)
			continue;
		pages = ((pages - 1) >> order) + 1;
		if (pages > (UINT32_MAX >> order) || start + (pages << order) > UINT32_MAX)
			return cli_error(CLI_USAGE,
			                 "%s at %u.%03u %% needs more pages than a 32-bit pfn can name: "
			                 "raise --occupancy",
			                 where, occupancy / 1000, occupancy % 1000);
		if (g->nr_zones + ZONE_TYPE_NR > CONTIG_MAX_ZONES)
			return cli_error(CLI_USAGE, "--zones: more than %u zones: lower --nodes", CONTIG_MAX_ZONES);
		if (!add_node(g, &o->zone_kinds, &start, pages, order, node))
			return too_small(where, node, pages, order);
	}
	return CLI_OK;
}

/* Zones that were given are in pages, so these must be of one size in a sweep. */
static int given_zones(struct run_plan *plan, const struct run_place *at)
{
	const struct run_options *o = plan->options;
	const struct run_place first = { .workload = at->workload };
	struct contig_geometry *g = plan_geometry_of(plan, at);

	if (g->page_shift != plan_geometry_of(plan, &first)->page_shift)
		return cli_error(CLI_USAGE,
		                 "--zone is in pages, which %s and %s have of different sizes: say --occupancy, or run "
		                 "one after the other",
		                 o->geometries[0].preset->name, o->geometries[at->geometry].preset->name);
	g->nr_zones = o->nr_zones;
	memcpy(g->zones, o->zones, o->nr_zones * sizeof(o->zones[0]));
	return CLI_OK;
}

int plan_make_geometry(struct run_plan *plan, const struct run_place *at)
{
	const struct run_options *o = plan->options;
	const struct program *p = plan_program(plan, at);
	struct contig_geometry *g = plan_geometry_of(plan, at);
	struct contig_diag diag;
	int status = plan_orders(g, o, &plan->workloads[at->workload].info, at->geometry);

	if (status != CLI_OK)
		return status;
	g->nr_cpus = p->nr_cpus;
	memcpy(g->cpu_node, p->cpu_node, sizeof(g->cpu_node));
	status = o->nr_zones ? given_zones(plan, at) : size_zones(plan, at);
	if (status == CLI_OK && contig_geometry_check(g, &diag))
		return refuse(o, at->geometry, diag.text);
	return status;
}
