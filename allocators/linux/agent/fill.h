/* SPDX-License-Identifier: MIT */
/*
 * fill.h - what each page of a node shall be, drawn from a seed. Pure: numbers in, an array out; populate.c makes it true.
 *
 * Positions are those of the pages that may be decided over, ascending by pfn, with nothing between them for the others.
 */
#ifndef FILL_H
#define FILL_H

#include <stdint.h>

#include "../../splitmix.h"

enum fate {
	FATE_USER, /* an anonymous page of order 0 */
	FATE_FREE,
	FATE_KERNEL, /* unmovable */
};

#define FILL_CLUSTER 32u /* mean pages of a cluster */

/* What is drawn: nr_kernel and nr_free of the nr pages, together no more than nr. scratch holds nr numbers. */
struct fill {
	uint32_t nr;
	uint32_t nr_kernel;
	uint32_t nr_free;
	uint32_t *scratch;
};

/*
 * Single pages, all equally likely: the first nr_kernel and the next nr_free of a shuffle that swaps position i, ascending,
 * with i + splitmix_below(nr - i).
 */
void fill_scattered(uint8_t *fate, const struct fill *f, struct splitmix *r);

/*
 * Clusters: first of kernel pages, then of free ones. Each draws its length, splitmix_geometric(FILL_CLUSTER), then where it
 * begins, splitmix_below(nr); it takes the user pages from there on, ascending and around the end, whatever lies between.
 * The last one is cut so that the counts are met exactly.
 */
void fill_clustered(uint8_t *fate, const struct fill *f, struct splitmix *r);

#endif
