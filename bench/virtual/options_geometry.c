// SPDX-License-Identifier: MIT
/* options_geometry.c - what memory is like: page size, orders, zones, nodes. */
#include <string.h>

#include "options_geometry.h"
#include "options_inside.h"

int run_options_order(const char *flag, const char *text, int *out)
{
	uint64_t v;
	int status = options_number(flag, text, 0, 63, &v);

	if (status == CLI_OK)
		*out = (int)v;
	return status;
}

int run_options_zone(struct run_options *o, const char *spec)
{
	static const char *const types[ZONE_TYPE_NR] = {
		[ZONE_DMA32] = "dma32",
		[ZONE_NORMAL] = "normal",
		[ZONE_MOVABLE] = "movable",
	};
	char text[96], *pages, *node, *type;
	uint64_t start_v, pages_v, node_v = 0;
	int t = ZONE_NORMAL;

	snprintf(text, sizeof(text), "%s", spec);
	pages = strchr(text, '+');
	node = pages ? strchr(pages, '@') : NULL;
	type = node ? strchr(node, ':') : NULL;
	if (pages)
		*pages++ = '\0';
	if (node)
		*node++ = '\0';
	if (type) {
		*type++ = '\0';
		for (t = 0; t < ZONE_TYPE_NR && strcmp(type, types[t]); t++)
			;
	}
	if (!pages || !cli_u64(text, 0, PFN_NONE, &start_v) || !cli_u64(pages, 0, PFN_NONE, &pages_v) ||
	    (node && !cli_u64(node, 0, UINT8_MAX, &node_v)) || t == ZONE_TYPE_NR)
		return cli_error(CLI_USAGE,
		                 "--zone %s: say START+PAGES[@NODE[:dma32|normal|movable]], "
		                 "for example 0+262144@0:normal",
		                 spec);
	if (o->nr_zones == CONTIG_MAX_ZONES)
		return options_too_many("zones", CONTIG_MAX_ZONES);
	o->zones[o->nr_zones++] = (struct contig_zone){
		.start = (pfn_t)start_v, .pages = (uint32_t)pages_v, .node = (uint8_t)node_v, .type = (uint8_t)t
	};
	return CLI_OK;
}

int run_options_geometry(struct run_options *o, const char *item)
{
	const struct geometry_preset *p = geometry_preset_named(item);

	if (!p)
		return cli_error(CLI_USAGE, "--geometry %s: unknown; `contigbench list geometries` shows them", item);
	for (uint32_t i = 0; i < o->nr_presets; i++) {
		if (o->presets[i] == p)
			return cli_error(CLI_USAGE, "--geometry: %s is given twice", item);
	}
	if (o->nr_presets == RUN_MAX_LIST)
		return options_too_many("geometries", RUN_MAX_LIST);
	o->presets[o->nr_presets++] = p;
	return CLI_OK;
}

int run_options_max_order(struct run_options *o, const char *item)
{
	int order = 0, status = run_options_order("max-order", item, &order);

	for (uint32_t i = 0; i < o->nr_max_orders && status == CLI_OK; i++) {
		if (o->max_orders[i] == order)
			return cli_error(CLI_USAGE, "--max-order: %s is given twice", item);
	}
	if (o->nr_max_orders == RUN_MAX_LIST)
		return options_too_many("orders", RUN_MAX_LIST);
	if (status == CLI_OK)
		o->max_orders[o->nr_max_orders++] = order;
	return status;
}

int run_options_zone_kind(struct run_options *o, const char *item)
{
	static const char movable[] = "movable=";
	uint64_t percent;

	if (!strcmp(item, "dma32")) {
		o->zone_kinds.dma32 = true;
		return CLI_OK;
	}
	if (strncmp(item, movable, strlen(movable)) || !cli_u64(item + strlen(movable), 1, 99, &percent))
		return cli_error(CLI_USAGE,
		                 "--zones %s: say dma32, or movable=PERCENT with 1 to 99 percent of each node", item);
	o->zone_kinds.movable = (uint32_t)percent;
	return CLI_OK;
}

int run_options_orders(struct run_options *o, const char *arg)
{
	o->keep_orders = !strcmp(arg, "keep");
	if (!o->keep_orders && strcmp(arg, "bytes"))
		return cli_error(CLI_USAGE,
		                 "--orders %s: bytes, where allocations keep their size, or keep, where they keep "
		                 "their order, please",
		                 arg);
	return CLI_OK;
}

/* Of a preset, or of none (NULL), with what was said otherwise. */
static struct run_geometry geometry_of(const struct run_options *o, const struct geometry_preset *p, int max_order)
{
	struct run_geometry g = { p, -1, -1, -1, -1 };

	if (p && p->page_shift) {
		g.page_shift = p->page_shift;
		g.pageblock_order = p->pageblock_order;
		g.max_order = p->max_order;
	}
	g.page_shift = o->page_shift >= 0 ? o->page_shift : g.page_shift;
	g.pageblock_order = o->pageblock_order >= 0 ? o->pageblock_order : g.pageblock_order;
	g.max_order = max_order >= 0 ? max_order : g.max_order;
	if (o->section_order >= 0)
		g.section_order = o->section_order;
	else if (p && p->page_shift)
		g.section_order = p->section_shift > g.page_shift ? p->section_shift - g.page_shift : 0;
	return g;
}

static bool same_memory(const struct run_geometry *a, const struct run_geometry *b)
{
	return a->page_shift == b->page_shift && a->pageblock_order == b->pageblock_order &&
	       a->max_order == b->max_order && a->section_order == b->section_order;
}

/* Sweeps: presets in turn, each with all orders. */
static int multiply(struct run_options *o)
{
	uint32_t presets = o->nr_presets ? o->nr_presets : 1, orders = o->nr_max_orders ? o->nr_max_orders : 1;

	if (presets * orders > RUN_MAX_LIST)
		return options_too_many("geometries", RUN_MAX_LIST);
	o->nr_geometries = presets * orders;
	for (uint32_t i = 0; i < o->nr_geometries; i++) {
		const struct geometry_preset *p = o->nr_presets ? o->presets[i / orders] : NULL;

		o->geometries[i] = geometry_of(o, p, o->nr_max_orders ? o->max_orders[i % orders] : -1);
		for (uint32_t j = 0; j < i; j++) {
			if (same_memory(&o->geometries[i], &o->geometries[j]))
				return cli_error(CLI_USAGE,
				                 "--geometry: %s and %s are the same once the other options have "
				                 "had their say: leave one out",
				                 o->geometries[j].preset->name, p->name);
		}
	}
	return CLI_OK;
}

int run_options_check_geometry(struct run_options *o)
{
	int status = multiply(o);

	if (status != CLI_OK || !o->nr_zones)
		return status;
	if (o->zone_kinds.dma32 || o->zone_kinds.movable)
		return cli_error(CLI_USAGE, "--zone and --zones both say which zones there are: leave one out");
	return CLI_OK;
}

void run_geometry_label(const struct run_options *o, uint32_t n, char out[64])
{
	const struct run_geometry *g = &o->geometries[n];
	int len = 0;

	*out = '\0';
	if (o->nr_presets > 1)
		len = snprintf(out, 64, "/geometry:%s", g->preset->name);
	if (o->nr_max_orders > 1)
		snprintf(out + len, 64 - (size_t)len, "/M:%d", g->max_order);
}
