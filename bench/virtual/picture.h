/* SPDX-License-Identifier: MIT */
/* picture.h - memory as layout strings: the pageblocks around a page, with the page marked; whole zones. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdio.h>

#include "../../allocators/contig.h"

struct picture {
	pfn_t mark;
	block_t first; /* pageblocks [first, first + nr): as many as the runs at their borders reach into */
	uint32_t nr;
	char *types;
	char *map;
	size_t column; /* of map, where the item with `mark` begins */
};

/*
 * 0 or -ENOMEM; -EOPNOTSUPP if the backend does not let itself be looked at, or has no such page: *p is empty then.
 * What was in *p before is freed.
 */
int picture_take(struct contig *c, const struct contig_geometry *g, pfn_t mark, struct picture *p);
void picture_free(struct picture *p);

/* "INDENT[types] map", and a line below with ^ under the marked page. */
void picture_print(FILE *f, const char *indent, const struct picture *p);

/* A zone as a layout string, types in front: the pageblocks that it holds whole. */
struct zone_map {
	uint32_t zone;
	pfn_t start;
	uint32_t pages;
	char *text;
};

/* All zones that have a whole pageblock; none of a backend that does not let itself be looked at. 0 or -ENOMEM. */
int zone_maps_take(struct contig *c, const struct contig_geometry *g, struct zone_map **out, uint32_t *nr);
void zone_maps_free(struct zone_map *maps, uint32_t nr);

#endif
