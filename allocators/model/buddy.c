// SPDX-License-Identifier: MIT
/*
 * buddy.c - freeing with merging, splitting and moving free runs.
 */
#include "merge.h"

/* ---- merging at and above pageblock order (3.3) ---------------------------------------------- */

/* May a run of at least a pageblock, freed as mt, merge with its buddy? Below a pageblock both are in one block. */
static bool may_merge(const struct model *m, const struct zone *z, enum migratetype mt, pfn_t buddy)
{
	enum migratetype other = type_at(m, buddy);

	/* v3.18: what is freed into an isolated block stops at a pageblock, whatever lies beside it */
	if (m->policy.merge_rule == merge_rule_iso_cap_p)
		return mt != MT_ISOLATE;
	if (mt == other)
		return true;
	switch ((enum knob_merge_rule)m->policy.merge_rule) {
	case merge_rule_always:
	case merge_rule_iso_cap_p:
		return true;
	case merge_rule_iso_only:
		return !z->isolated || (mt != MT_ISOLATE && other != MT_ISOLATE);
	case merge_rule_mergeable:
	case merge_rule_mergeable_retype:
		return type_mergeable(mt) && type_mergeable(other);
	}
	return false;
}

bool merge_blocks(struct model *m, struct zone *z, pfn_t buddy, unsigned int order, enum migratetype mt)
{
	if (!may_merge(m, z, mt, buddy))
		return false;
	/* v6.10: compatible blocks that merge get one type, that of the page freed last */
	if (m->policy.merge_rule == merge_rule_mergeable_retype && type_at(m, buddy) != mt)
		run_retype(m, z, buddy, order, mt, RETYPE_MERGE);
	return true;
}

void merge_other_list(struct zone *z, uint32_t buddy_state, enum migratetype mt)
{
	int64_t pages = INT64_C(1) << state_order(buddy_state);

	book_drift(z, 0, counted_pages(z, pages, mt) - counted_pages(z, pages, state_type(buddy_state)));
}

/* ---- freeing --------------------------------------------------------------------------------- */

void free_run(struct model *m, struct zone *z, pfn_t pfn, unsigned int order, enum migratetype mt, bool tail)
{
	assert(!(pfn & ((1u << order) - 1)));
	free_and_merge(m, z, pfn, order, mt, tail);
}

void free_by_block(struct model *m, struct zone *z, pfn_t pfn, unsigned int order)
{
	if (order <= m->P || !by_block(m)) {
		free_run(m, z, pfn, order, type_at(m, pfn), false);
		return;
	}
	/* v6.10: each block's piece by its own type, ascending, so that the highest wins where they merge (3.3) */
	set_state(m, pfn, STATE_INTERIOR);
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
	book_drift(z, counted_pages(z, -pages, type_at(m, pfn)),
	           counted_pages(z, -pages, state_type(state_at(m, pfn))));
	free_list_del(m, z, pfn);
	free_span(m, z, pfn, at);
	free_span(m, z, at, end);
}

void split_at(struct model *m, pfn_t pfn)
{
	pfn_t head = head_of(m, pfn);

	while (head != pfn) {
		uint32_t state = state_at(m, head);
		unsigned int order = state_order(state) - 1;
		pfn_t upper = head + (1u << order);

		state = (state & ~STATE_ORDER_MASK) | order << STATE_ORDER_SHIFT;
		set_state(m, head, state);
		page_set(&m->page[upper], state, page_owner(&m->page[head]));
		head = pfn < upper ? head : upper;
	}
}

bool all_of_kind(const struct model *m, pfn_t pfn, pfn_t end, enum page_kind kind)
{
	for (pfn_t head = head_of(m, pfn); head < end; head += run_pages(m, head)) {
		if (!state_is(state_at(m, head), kind))
			return false;
	}
	return true;
}

void cut_out(struct model *m, const struct zone *z, pfn_t pfn, pfn_t end)
{
	split_at(m, pfn);
	if (zone_has(z, end) && head_of(m, end) < end)
		split_at(m, end);
}

void clear_heads(struct model *m, pfn_t pfn, pfn_t end)
{
	for (pfn_t next; pfn < end; pfn = next) {
		next = pfn + run_pages(m, pfn);
		set_state(m, pfn, STATE_INTERIOR);
	}
}

/* ---- move (3.4) ------------------------------------------------------------------------------ */

uint32_t move_block(struct model *m, struct zone *z, pfn_t page, enum migratetype mt, uint32_t *counted)
{
	pfn_t pfn = page >> m->P << m->P, end = pfn + npb(m);
	uint32_t moved = 0, from_counted = 0;

	if (counted)
		*counted = 0;
	if (!zone_has(z, end - 1))
		return 0;
	if (!zone_has(z, pfn))
		pfn = page;
	/* a run that reaches in from a lower block is invisible here */
	pfn_t head = head_of(m, pfn);

	if (head < pfn)
		pfn = head + run_pages(m, head);
	while (pfn < end) {
		uint32_t state = state_at(m, pfn);

		if (state_is(state, PAGE_FREE)) {
			free_list_move_tail(m, z, pfn, mt);
			moved += 1u << state_order(state);
			from_counted += type_counted(z, state_type(state)) ? 1u << state_order(state) : 0;
		}
		pfn += 1u << state_order(state);
	}
	if (counted)
		*counted = from_counted;
	return moved;
}
