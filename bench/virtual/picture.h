/* SPDX-License-Identifier: MIT */
/* picture.h - the pageblocks around a page as a layout string, with the page marked. */
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

#endif
