// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/layout.h"
#include "picture.h"

/* Runs are never larger than this; a border is looked for no farther. */
#define MAX_BLOCKS 8u

static const struct contig_zone *zone_of(const struct contig_geometry *g, pfn_t pfn)
{
	for (uint32_t i = 0; i < g->nr_zones; i++) {
		if (pfn >= g->zones[i].start && pfn - g->zones[i].start < g->zones[i].pages)
			return &g->zones[i];
	}
	return NULL;
}

/* Blocks that the zone holds whole: the others are no blocks that a layout string can show. */
static bool whole(const struct contig_zone *z, const struct contig_geometry *g, block_t b)
{
	uint64_t start = (uint64_t)b << g->pageblock_order, end = start + (UINT64_C(1) << g->pageblock_order);

	return start >= z->start && end <= (uint64_t)z->start + z->pages;
}

/* From the block of `mark` outwards until no run crosses the border. */
static bool find_blocks(struct contig *c, const struct contig_geometry *g, struct picture *p)
{
	const struct contig_zone *z = zone_of(g, p->mark);
	unsigned int order = g->pageblock_order;
	struct contig_run run;

	p->first = p->mark >> order;
	p->nr = 1;
	if (!z || !whole(z, g, p->first))
		return false;
	while (p->nr < MAX_BLOCKS && p->first && whole(z, g, p->first - 1)) {
		c->ops->lab->run(c, p->first << order, &run);
		if (run.pfn >= p->first << order)
			break;
		p->first--;
		p->nr++;
	}
	while (p->nr < MAX_BLOCKS && whole(z, g, p->first + p->nr)) {
		pfn_t border = (p->first + p->nr) << order;

		c->ops->lab->run(c, border, &run);
		if (run.pfn >= border)
			break;
		p->nr++;
	}
	return true;
}

static bool can_look(const struct contig *c)
{
	const struct contig_lab *lab = c->ops->lab;

	return lab && lab->run && lab->type;
}

int picture_take(struct contig *c, const struct contig_geometry *g, pfn_t mark, struct picture *p)
{
	picture_free(p);
	p->mark = mark;
	if (mark == PFN_NONE || !can_look(c) || !find_blocks(c, g, p))
		return -EOPNOTSUPP;
	p->types = layout_types(c, p->first, p->nr);
	p->map = layout_map_marked(c, g, p->first, p->nr, mark, &p->column);
	if (p->types && p->map)
		return 0;
	picture_free(p);
	return -ENOMEM;
}

void picture_free(struct picture *p)
{
	free(p->types);
	free(p->map);
	*p = (struct picture){ 0 };
}

void picture_print(FILE *f, const char *indent, const struct picture *p)
{
	fprintf(f, "%s[%s] %s\n", indent, p->types, p->map);
	fprintf(f, "%s%*s^ pfn %u\n", indent, (int)(strlen(p->types) + 3 + p->column), "", p->mark);
}

/* ---- whole zones ----------------------------------------------------------------------------- */

static struct zone_map blocks_of(const struct contig_geometry *g, uint32_t zone)
{
	const struct contig_zone *z = &g->zones[zone];
	uint64_t npb = UINT64_C(1) << g->pageblock_order, end = (uint64_t)z->start + z->pages;
	uint64_t first = (z->start + npb - 1) / npb * npb, last = end / npb * npb;

	return (struct zone_map){ .zone = zone,
		                  .start = (pfn_t)first,
		                  .pages = last > first ? (uint32_t)(last - first) : 0 };
}

static char *draw_blocks(struct contig *c, const struct contig_geometry *g, const struct zone_map *z)
{
	block_t first = z->start >> g->pageblock_order;
	uint32_t nr = z->pages >> g->pageblock_order;
	char *types = layout_types(c, first, nr), *map = layout_map(c, g, first, nr, false, NULL, NULL), *text = NULL;

	if (types && map && asprintf(&text, "[%s] %s", types, map) < 0)
		text = NULL;
	free(types);
	free(map);
	return text;
}

int zone_maps_take(struct contig *c, const struct contig_geometry *g, struct zone_map **out, uint32_t *nr)
{
	*nr = 0;
	*out = calloc(g->nr_zones, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (uint32_t i = 0; can_look(c) && i < g->nr_zones; i++) {
		struct zone_map z = blocks_of(g, i);

		if (!z.pages)
			continue;
		z.text = draw_blocks(c, g, &z);
		if (!z.text)
			return -ENOMEM;
		(*out)[(*nr)++] = z;
	}
	return 0;
}

void zone_maps_free(struct zone_map *maps, uint32_t nr)
{
	for (uint32_t i = 0; maps && i < nr; i++)
		free(maps[i].text);
	free(maps);
}
