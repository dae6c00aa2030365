// SPDX-License-Identifier: MIT
/*
 * buddy.c - freeing with merging, splitting and moving free runs.
 */
#include "freelist.h"

/* ---- free and merge (3.3) ------------------------------------------------------------------------------------------- */

static bool is_free_buddy(const struct model *m, const struct zone *z, pfn_t buddy, unsigned int order)
{
	return zone_has(z, buddy) && state_is_free(m->page[buddy].state, order);
}

/* May a run of at least a pageblock, freed as mt, merge with its buddy? Below a pageblock both are in one block. */
static bool may_merge(const struct model *m, const struct zone *z, enum migratetype mt, pfn_t buddy)
{
	enum migratetype other = type_at(m, buddy);

	if (mt == other)
		return true;
	switch ((enum knob_merge_rule)m->policy.merge_rule) {
	case merge_rule_always:
		return true;
	case merge_rule_iso_only:
		return !z->isolated || (mt != MT_ISOLATE && other != MT_ISOLATE);
	case merge_rule_mergeable:
	case merge_rule_mergeable_retype:
		return type_mergeable(mt) && type_mergeable(other);
	}
	return false;
}

/* v6.10: compatible blocks that merge get one type, that of the page freed last. */
static void retype_buddy(struct model *m, struct zone *z, pfn_t buddy, unsigned int order, enum migratetype mt)
{
	if (m->policy.merge_rule != merge_rule_mergeable_retype || type_at(m, buddy) == mt)
		return;
	for (block_t b = buddy >> m->P; b < (buddy + (1u << order)) >> m->P; b++)
		block_retype(m, z, b, mt, RETYPE_MERGE);
}

/*
 * Is the pair of the result likely to merge soon? Then it goes to the tail, to be handed out last. Looked at up to order
 * M - 2 only (3.3).
 */
static bool merge_likely(const struct model *m, const struct zone *z, pfn_t pfn, unsigned int order)
{
	pfn_t up = pfn & ~(1u << order);

	return order + 2 <= m->M && is_free_buddy(m, z, up ^ (2u << order), order + 1);
}

/* The buddy is on a list of another type than mt's; it goes over uncounted. */
static void book_merge(struct zone *z, uint32_t buddy, enum migratetype mt)
{
	int64_t pages = INT64_C(1) << state_order(buddy);

	if ((state_type(buddy) == MT_ISOLATE) != (mt == MT_ISOLATE))
		book_drift(z, 0, mt == MT_ISOLATE ? -pages : pages);
}

void free_run(struct model *m, struct zone *z, pfn_t pfn, unsigned int order, enum migratetype mt, bool tail)
{
	struct page *page = m->page;
	const unsigned int M = m->M, P = m->P;
	uint32_t mate = state_make(PAGE_FREE, order, mt);

	assert(!(pfn & ((1u << order) - 1)));
	account_free(z, (int64_t)1 << order, mt);
	page[pfn].state = STATE_INTERIOR;
	for (; order < M; order++, mate += 1u << STATE_ORDER_SHIFT) {
		pfn_t buddy = pfn ^ (1u << order);
		uint32_t state;

		if (!zone_has(z, buddy))
			break;
		state = page[buddy].state;
		if (state != mate) { /* not free, not of this order, or on another type's list */
			if (!state_is_free(state, order))
				break;
			if (order < P || may_merge(m, z, mt, buddy))
				book_merge(z, state, mt);
		}
		if (order >= P) {
			if (!may_merge(m, z, mt, buddy))
				break;
			retype_buddy(m, z, buddy, order, mt);
		}
		free_list_unlink(m, z, buddy, order);
		pfn &= buddy;
	}
	free_list_add(m, z, pfn, order, mt, tail || merge_likely(m, z, pfn, order));
}

void free_by_block(struct model *m, struct zone *z, pfn_t pfn, unsigned int order)
{
	if (order <= m->P || m->policy.free_large == free_large_head_type) {
		free_run(m, z, pfn, order, type_at(m, pfn), false);
		return;
	}
	/* v6.10: each block's piece by its own type, ascending, so that the highest wins where they merge (3.3) */
	m->page[pfn].state = STATE_INTERIOR;
	for (pfn_t p = pfn; p < pfn + (1u << order); p += npb(m))
		free_run(m, z, p, m->P, type_at(m, p), false);
}

void free_span(struct model *m, struct zone *z, pfn_t pfn, pfn_t end)
{
	while (pfn < end) {
		unsigned int order = chunk_order(m, pfn, end);

		free_by_block(m, z, pfn, order);
		pfn += 1u << order;
	}
}

void split_free_run(struct model *m, struct zone *z, pfn_t pfn, pfn_t at)
{
	pfn_t end = pfn + run_pages(m, pfn);

	int64_t pages = end - pfn;

	assert(pfn < at && at < end);
	account_free(z, -pages, type_at(m, pfn));
	book_drift(z, type_at(m, pfn) == MT_ISOLATE ? 0 : -pages, state_type(m->page[pfn].state) == MT_ISOLATE ? 0 : -pages);
	free_list_del(m, z, pfn);
	free_span(m, z, pfn, at);
	free_span(m, z, at, end);
}

void split_at(struct model *m, pfn_t pfn)
{
	pfn_t head = head_of(m, pfn);

	while (head != pfn) {
		struct page *low = &m->page[head];
		unsigned int order = state_order(low->state) - 1;
		pfn_t upper = head + (1u << order);

		low->state = (low->state & ~STATE_ORDER_MASK) | order << STATE_ORDER_SHIFT;
		m->page[upper] = *low;
		head = pfn < upper ? head : upper;
	}
}

void clear_heads(struct model *m, pfn_t pfn, pfn_t end)
{
	for (pfn_t next; pfn < end; pfn = next) {
		next = pfn + run_pages(m, pfn);
		m->page[pfn].state = STATE_INTERIOR;
	}
}

/* ---- move (3.4) -------------------------------------------------------------------------------------------------------- */

uint32_t move_block(struct model *m, struct zone *z, block_t b, enum migratetype mt, uint32_t *counted)
{
	pfn_t pfn = b << m->P, end = pfn + npb(m);
	uint32_t moved = 0, from_counted = 0;

	if (counted)
		*counted = 0;
	if (!zone_has(z, end - 1))
		return 0;
	if (!zone_has(z, pfn))
		pfn = z->start;
	while (pfn < end) {
		uint32_t state = m->page[pfn].state;

		if (state_is(state, PAGE_FREE)) {
			free_list_move_tail(m, z, pfn, mt);
			moved += 1u << state_order(state);
			from_counted += state_type(state) == MT_ISOLATE ? 0 : 1u << state_order(state);
		}
		/* a page inside a run that begins in a lower block says nothing and is stepped over */
		pfn += 1u << state_order(state);
	}
	if (counted)
		*counted = from_counted;
	return moved;
}
