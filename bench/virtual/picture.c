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

int picture_take(struct contig *c, const struct contig_geometry *g, pfn_t mark, struct picture *p)
{
	const struct contig_lab *lab = c->ops->lab;

	picture_free(p);
	p->mark = mark;
	if (mark == PFN_NONE || !lab || !lab->run || !lab->type || !find_blocks(c, g, p))
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
