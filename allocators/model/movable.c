// SPDX-License-Identifier: MIT
/*
 * movable.c - the unmovable check: may everything in this part of a block go away? Advisory: migration and the final
 * test decide (6.3).
 */
#include "model.h"

/* The verdict on one run, looked at from its head; WHY_NONE if it can move or does not matter. */
static enum contig_reason verdict(const struct zone *z, uint32_t state)
{
	enum page_kind kind = state_kind(state);

	if (kind == PAGE_RESERVED)
		return WHY_RESERVED; /* even in ZONE_MOVABLE */
	if (kind == PAGE_FREE || kind == PAGE_PCP || z->type == ZONE_MOVABLE)
		return WHY_NONE;
	if (state & STATE_FROZEN)
		return WHY_NONE; /* refcount 0: not looked at, so that the request fails late */
	switch (kind) {
	case PAGE_LRU:
	case PAGE_LRU_COMPOUND:
		/* only the flag counts, and a page that somebody migrates just now is off the LRU */
		return state & STATE_MIGRATING ? WHY_NOT_LRU : WHY_NONE;
	case PAGE_USER:
		return WHY_NOT_LRU;
	default:
		return WHY_UNMOVABLE;
	}
}

pfn_t find_unmovable(struct model *m, struct zone *z, block_t b, pfn_t start, pfn_t end, enum contig_caller caller,
                     enum contig_reason *why, struct contig_work *work)
{
	if (start < z->start)
		start = z->start;
	if (end > zone_end(z))
		end = zone_end(z);
	if (stored_type(m, b) == MT_CMA) { /* CMA blocks are there for CMA, whatever is in them (v4.15) */
		*why = WHY_WRONG_TYPE;
		return caller == CALLER_CMA ? PFN_NONE : start;
	}
	for (pfn_t pfn = start; pfn < end;) {
		pfn_t head = head_of(m, pfn);
		uint32_t state = m->page[head].state;

		work->scanned++;
		*why = verdict(z, state);
		if (head != pfn && m->policy.unmovable_compound_tail == unmovable_compound_tail_refcount_only &&
		    *why != WHY_RESERVED)
			*why = WHY_NONE;
		if (*why != WHY_NONE)
			return pfn;
		pfn = head + (1u << state_order(state));
	}
	return PFN_NONE;
}
