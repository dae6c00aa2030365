// SPDX-License-Identifier: MIT
/*
 * movable.c - the unmovable check: may everything in this part of a block go away? Advisory: migration and the final
 * test decide (6).
 */
#include "model.h"

/* ---- since v4.15 (6.3) ----------------------------------------------------------------------- */

/* A page with refcount 0 is looked through (test 5), so that a request over it fails late. */
static bool no_reference(uint32_t state)
{
	if (state_is(state, PAGE_FREE) || state_is(state, PAGE_PCP) || state_is(state, PAGE_ABSENT))
		return true;
	/* a compound is judged by its head's flags before anybody asks for its refcount (test 4) */
	return state & STATE_FROZEN && !(state_order(state) && state_has(state, KIND_COMPOUND));
}

static enum contig_reason lru_verdict(uint32_t state)
{
	/* only the flag counts, and a page that somebody migrates just now is off the LRU */
	return state & STATE_MIGRATING ? WHY_NOT_LRU : WHY_NONE;
}

/* The verdict on one run, looked at from its head; WHY_NONE if it can move or does not matter. */
static enum contig_reason verdict(const struct model *m, const struct zone *z, uint32_t state,
                                  enum contig_caller caller)
{
	enum page_kind kind = state_kind(state);

	if (kind == PAGE_RESERVED)
		return WHY_RESERVED; /* even in ZONE_MOVABLE */
	if (z->type == ZONE_MOVABLE || state_has(state, KIND_HUGETLB) || no_reference(state))
		return WHY_NONE;
	switch (kind) {
	case PAGE_HWPOISON:
		return caller == CALLER_OFFLINE ? WHY_NONE : WHY_HWPOISON;
	case PAGE_OFFLINE: /* its driver may let go of it, once it is told */
		return caller == CALLER_OFFLINE ? WHY_NONE : WHY_OFFLINE;
	case PAGE_LRU:
	case PAGE_LRU_COMPOUND:
		return lru_verdict(state);
	case PAGE_MOVABLE_OPS:
		return m->policy.movable_ops == movable_ops_migrated ? lru_verdict(state) : WHY_UNMOVABLE;
	case PAGE_USER:
		return WHY_NOT_LRU;
	default:
		return WHY_UNMOVABLE;
	}
}

/* Do the run's tails hide its head from a check that begins at one of them? */
static bool tail_hides(const struct model *m, uint32_t state)
{
	if (state_has(state, KIND_SINGLES))
		return false;
	if (!state_has(state, KIND_COMPOUND))
		return true;
	return m->policy.unmovable_compound_tail == unmovable_compound_tail_refcount_only;
}

/* Until v5.5 as many unmovable pages pass as balloon drivers offered, but no reserved one. */
static pfn_t scan_pages(struct model *m, struct zone *z, pfn_t pfn, pfn_t end, enum contig_caller caller,
                        uint32_t given, enum contig_reason *why, struct contig_work *work)
{
	while (pfn < end) {
		pfn_t head = head_of(m, pfn);
		uint32_t state = state_at(m, head), size = 1u << state_order(state);
		uint32_t found = state_has(state, KIND_SINGLES) ? (head + size < end ? head + size : end) - pfn : 1;

		work->scanned++;
		*why = head != pfn && tail_hides(m, state) ? WHY_NONE : verdict(m, z, state, caller);
		if (*why != WHY_NONE) {
			if (*why == WHY_RESERVED || found > given)
				return *why == WHY_RESERVED ? pfn : pfn + given;
			given -= found;
		}
		pfn = head + size;
	}
	*why = WHY_NONE;
	return PFN_NONE;
}

/* ---- until v4.14 (6.2) ----------------------------------------------------------------------- */

/*
 * Pages in use that are not on the LRU are counted, and there may be as many as balloon drivers offered. Tails have no
 * reference and are not counted.
 */
static pfn_t count_pages(struct model *m, pfn_t pfn, pfn_t end, uint32_t given, enum contig_reason *why,
                         struct contig_work *work)
{
	while (pfn < end) {
		pfn_t head = head_of(m, pfn), next = head + run_pages(m, head);
		uint32_t state = state_at(m, head), unmovable = 0;

		work->scanned++;
		if (state_has(state, KIND_SINGLES) && !no_reference(state))
			unmovable = (next < end ? next : end) - pfn;
		else if (head == pfn && !no_reference(state) && !(state & STATE_FROZEN) &&
		         !state_is(state, PAGE_HUGETLB_POOL)) /* free in its pool: no reference */
			unmovable = !state_has(state, KIND_LRU) || state & STATE_MIGRATING;
		if (unmovable > given) {
			*why = state_is(state, PAGE_RESERVED) ? WHY_RESERVED : WHY_UNMOVABLE;
			return pfn + given;
		}
		given -= unmovable;
		pfn = next;
	}
	return PFN_NONE;
}

/* ---- the check ------------------------------------------------------------------------------- */

pfn_t find_unmovable(struct model *m, struct zone *z, block_t b, pfn_t start, pfn_t end, enum contig_caller caller,
                     uint32_t given, enum contig_reason *why, struct contig_work *work)
{
	/* an isolated block, which v4.16 and before may isolate again, is of neither type while it is (6.2) */
	enum migratetype mt = reported_type(m, b);

	if (start < z->start)
		start = z->start;
	if (end > zone_end(z))
		end = zone_end(z);
	if (m->policy.unmovable_scope == unmovable_scope_type_shortcut) {
		if (z->type == ZONE_MOVABLE || mt == MT_MOVABLE || mt == MT_CMA)
			return PFN_NONE;
		return count_pages(m, start, end, given, why, work);
	}
	if (mt == MT_CMA) { /* CMA blocks are there for CMA, whatever is in them (v4.15) */
		*why = WHY_WRONG_TYPE;
		return caller == CALLER_CMA ? PFN_NONE : start;
	}
	return scan_pages(m, z, start, end, caller, given, why, work);
}
