/* SPDX-License-Identifier: MIT */
/*
 * churn.h - a zone half full of order-0 LRU pages of random age, and batches of random victims in it.
 *
 * What an allocator costs depends on the state it is in. "Aged" here means: memory was filled, a random half of the
 * pages was freed again, and since then every page has been replaced three times over, in batches of 32768 random
 * victims. Consecutive pages of a free list or a batch have nothing to do with each other in the caches by then, and
 * the lists of the smallest runs, which are long at first, have reached their lasting length: costs at 8 GiB fall for
 * 64 batches and stay where they are from there on.
 *
 * The victims of a batch are drawn and put into an array beforehand, so that a timed batch touches that array and the
 * allocator, nothing else. The same seed draws the same victims for every allocator, the reference included.
 */
#ifndef CHURN_H
#define CHURN_H

#include <stdbool.h>
#include <stdint.h>

#include "../../allocators/contig.h"
#include "reference.h"

#define CHURN_BATCH 32768u

struct churn_page {
	pfn_t pfn;
	uint32_t owner; /* 1 .. pages */
};

struct churn {
	/* one of the two */
	struct contig *c;
	struct reference *ref;

	uint32_t pages;   /* of the zone */
	uint32_t nr_live; /* order-0 pages allocated between batches; CHURN_BLOCKS has none */
	pfn_t *at;        /* where each owner's page is, by owner; kept up to date when pages migrate */
	uint32_t *deck;   /* all owners, shuffled further by every draw */
	struct churn_page *victims;
	uint32_t max_victims;
	uint64_t seed;
};

enum churn_state {
	CHURN_EMPTY,     /* nothing is allocated */
	CHURN_SCATTERED, /* a random half, as the frees left it: every pageblock is about half full */
	CHURN_HALF_FULL, /* the same, and aged */
	CHURN_LOW_HALF,  /* as many pages, allocated in a row: the blocks in use are full */
	CHURN_BLOCKS,    /* every other pageblock is a huge page, those between are free: no free run spans two */
};

/*
 * A zone of that many MiB under a backend (its spec as for contig_open), or the reference. NULL: *diag says why.
 * Geometry is x86-64's: 4 KiB pages, P = 9, M = 10, one node, one cpu.
 */
struct churn *churn_open(const char *spec, uint32_t mib, enum churn_state state, struct contig_diag *diag);
struct churn *churn_open_reference(uint32_t mib, bool pcp, enum churn_state state);
void churn_close(struct churn *ch);

/*
 * Draw `nr` <= nr_live random owners as victims; free victims [first, first + nr), allocate them again. Victims may be
 * drawn for several batches at once, as they are all different. Settle before drawing anew.
 */
bool churn_draw(struct churn *ch, uint32_t nr); /* false: no memory */
void churn_free_batch(struct churn *ch, uint32_t first, uint32_t nr);
bool churn_alloc_batch(struct churn *ch, uint32_t first, uint32_t nr); /* false: out of simulated memory */
void churn_settle(struct churn *ch, uint32_t nr); /* note where the victims are now: not for timed sections */

/* All four. */
bool churn_batch(struct churn *ch, uint32_t nr);

/* Pages in use in each naturally aligned range of 2^order pages; free() it. NULL: no memory. */
uint32_t *churn_occupancy(const struct churn *ch, unsigned int order);

/* Allocate and free one order-0 page `pairs` times over. */
bool churn_hot_pairs(struct churn *ch, uint64_t pairs);

uint64_t churn_random(struct churn *ch);

/* Nanoseconds of the monotonic clock. */
uint64_t churn_now(void);

#endif
