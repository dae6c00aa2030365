/* SPDX-License-Identifier: MIT */
/*
 * first_fit.h - what the two halves of the first-fit allocator share: one zone's maps and the words for them.
 *
 * Every array is indexed by pfn - zone->base. The base is a multiple of 64, so that bit i of a map is bit i % 64 of its
 * word and natural alignment up to order 6 is a mask; bits outside the zone are never free.
 */
#ifndef FIRST_FIT_H
#define FIRST_FIT_H

#include "../contig.h"

/*
 * The first page of an allocation says what the run is; the other pages of the run say PAGE_NONE (0), and so do free
 * pages: the map knows which is which. An allocation is naturally aligned, so the first page of any used page is found
 * by rounding down.
 */
struct ff_page {
	uint8_t kind; /* enum page_kind */
	uint8_t order;
};

struct ff_zone {
	uint64_t *free_map; /* 1 = free */
	uint64_t *held_map; /* 1 = inside the range of an unfinished request: becomes its own when freed */
	struct ff_page *page;
	owner_t *owner;
	pfn_t base, start, end;
	uint32_t nr_words;
	uint32_t nr_free;
	uint32_t wmark_min;
	uint8_t node;
	uint8_t type;
	uint32_t hint[CONTIG_MAX_ORDER + 1]; /* word of the map below which no free run of that order begins */
	uint64_t failed_allocs, migrated;
	void *maps; /* one mapping that holds all four arrays */
	size_t maps_bytes;
};

struct first_fit {
	struct contig contig; /* must be first */
	struct contig_geometry g;
	struct contig_hooks hooks;
	struct ff_zone *zones;
	uint8_t order_of_zones[CONTIG_MAX_NODES][CONTIG_MAX_ZONES]; /* by preferred node: zones in the order to try */
};

static inline bool ff_bit(const uint64_t *map, uint32_t i)
{
	return map[i / 64] >> (i % 64) & 1;
}

/* The bits of [from, to) that lie in word w. */
static inline uint64_t ff_word_mask(uint32_t w, uint32_t from, uint32_t to)
{
	uint64_t mask = ~UINT64_C(0);

	if (from > w * 64)
		mask &= ~UINT64_C(0) << (from - w * 64);
	if (to < w * 64 + 64)
		mask &= ~(~UINT64_C(0) << (to - w * 64));
	return mask;
}

static inline bool ff_movable(uint8_t kind)
{
	return kind == PAGE_LRU || kind == PAGE_LRU_COMPOUND || kind == PAGE_USER;
}

/* The zone that holds pfn, or NULL. */
struct ff_zone *ff_zone_of(struct first_fit *ff, pfn_t pfn);

/* Index of the first page of the allocation that covers the used page i. */
uint32_t ff_head(const struct ff_zone *z, uint32_t i, unsigned int max_order);

/* First fit over the zones in order; NULL if none has a run, else *index is where it was taken, not yet described. */
struct ff_zone *ff_take(struct first_fit *ff, unsigned int order, unsigned int node, bool this_node, bool movable,
                        uint32_t *index);

/* Set pages free, except for those that an unfinished request holds: these become PAGE_CONTIG and stay used. */
void ff_release(struct first_fit *ff, struct ff_zone *z, uint32_t index, uint32_t nr);

/* Set pages free that are described as something now; describes them as free. */
void ff_set_free(struct first_fit *ff, struct ff_zone *z, uint32_t index, uint32_t nr);

/* first_fit_range.c */
int ff_range_begin(struct contig *c, const struct contig_range_args *args, struct contig_range **out);
int ff_range_step(struct contig_range *range, struct contig_work *work);
void ff_range_end(struct contig_range *range, struct contig_outcome *out);
int ff_range_free(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr);

/* first_fit_stats.c */
void ff_stats(struct contig *c, uint32_t zone, struct contig_stats *out);

#endif
