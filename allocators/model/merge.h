/* SPDX-License-Identifier: MIT */
/*
 * merge.h - freeing one run: account, merge with its buddies, list (3.3). Inline for the two places that do it by the
 * million; what concerns several pageblocks is in buddy.c.
 */
#ifndef MERGE_H
#define MERGE_H

#include "freelist.h"

/* A free buddy of at least a pageblock: may it merge? Then its blocks get mt, where the policy says so. */
bool merge_blocks(struct model *m, struct zone *z, pfn_t buddy, unsigned int order, enum migratetype mt);
/* A buddy leaves the list of another type than mt, uncounted (until v6.9). */
void merge_other_list(struct zone *z, uint32_t buddy_state, enum migratetype mt);

static inline bool is_free_buddy(const struct model *m, const struct zone *z, pfn_t buddy, unsigned int order)
{
	return zone_has(z, buddy) && state_is_free(state_at(m, buddy), order);
}

/*
 * Is the pair of the result likely to merge soon? Then it goes to the tail, to be handed out last. Looked at up to order
 * M - 2 only.
 */
static inline bool merge_likely(const struct model *m, const struct zone *z, pfn_t pfn, unsigned int order)
{
	pfn_t up = pfn & ~(1u << order);

	return order + 2 <= m->M && is_free_buddy(m, z, up ^ (2u << order), order + 1);
}

static inline void free_and_merge(struct model *m, struct zone *z, pfn_t pfn, unsigned int order, enum migratetype mt,
                                  bool tail)
{
	struct page *page = m->page;
	uint32_t mate = state_make(PAGE_FREE, order, mt); /* what a buddy on the same list looks like */

	account_free(z, (int64_t)1 << order, mt);
	page_set_state(&page[pfn], STATE_INTERIOR);
	for (; order < m->M; order++, mate += 1u << STATE_ORDER_SHIFT) {
		pfn_t buddy = pfn ^ (1u << order);

		if (!zone_has(z, buddy))
			break;
		uint32_t state = page_state(&page[buddy]);

		if (state != mate && !state_is_free(state, order))
			break;
		if (order >= m->P && !merge_blocks(m, z, buddy, order, mt))
			break;
		if (state != mate)
			merge_other_list(z, state, mt);
		free_list_unlink(m, z, buddy, order);
		pfn &= buddy;
	}
	free_list_add(m, z, pfn, order, mt, tail || merge_likely(m, z, pfn, order));
}

#endif
