/* SPDX-License-Identifier: MIT */
/* kernels.h - five generations that tests of single rules go over, oldest first, and what they allocate. */
#ifndef TESTS_KERNELS_H
#define TESTS_KERNELS_H

#include "world.h"

static const char *const kernels[] = { "linux-5.10", "rfc-2021", "linux-6.1", "linux-6.12", "linux-7.2" };

#define FOR_EACH_KERNEL(k) for (const char *const *k = kernels; k < kernels + COUNT(kernels); k++)

static const struct contig_what movable = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE };
static const struct contig_what unmovable = { .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE };

static inline struct contig_what of_order(struct contig_what what, unsigned int order)
{
	what.order = (uint8_t)order;
	if (order && what.kind == PAGE_LRU)
		what.kind = PAGE_LRU_COMPOUND;
	return what;
}

/* Allocate for a new owner and expect the page here. */
static inline void expect_alloc(struct world *w, uint32_t cpu, struct contig_what what, int64_t pfn)
{
	static owner_t owner = 2 * WORLD_PAGES;
	int64_t got = contig_alloc(w->c, cpu, what, --owner);

	if (owner < WORLD_PAGES + 2)
		owner = 2 * WORLD_PAGES;
	assert_int_equal(got, pfn);
	if (got >= 0)
		w->at[owner] = (pfn_t)got;
	world_verify(w);
}

#endif
