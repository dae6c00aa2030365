// SPDX-License-Identifier: MIT
/* isolate.c - what can not move (6), isolating and un-isolating one pageblock (4). */
#include "state.h"

/* 6.2, until v4.14: movable by type, or no page with a reference that is not on the LRU. Tails have none. */
static bool counts_unmovable(const struct oracle *o, unsigned int type, pfn_t from, pfn_t to)
{
	if (o->g.zones[0].type == ZONE_MOVABLE || type == MT_MOVABLE || type == MT_CMA)
		return false;
	for (pfn_t at = from; at < to; at++) {
		const struct opage *p = &o->page[at];
		bool no_reference = p->kind == PAGE_NONE || p->kind == PAGE_FREE || p->kind == PAGE_PCP ||
		                    p->kind == PAGE_HUGETLB_POOL || p->frozen;

		if (!no_reference && !on_lru(p))
			return true;
	}
	return false;
}

/* 6.3, tests 5 to 9: of a page that is no compound; `tail` of a run without one. */
static bool single_unmovable(const struct oracle *o, unsigned int caller, const struct opage *p, bool tail)
{
	if (p->kind == PAGE_FREE || p->kind == PAGE_PCP || p->frozen || (p->kind == PAGE_NONCOMPOUND && tail))
		return false;
	if (caller == CALLER_OFFLINE && (p->kind == PAGE_HWPOISON || p->kind == PAGE_OFFLINE))
		return false;
	return !on_lru(p) && !has_ops(o, p);
}

/* 6.3, in its order: does a page of [from, to) fail the isolation of its block? */
static bool holds_unmovable(const struct oracle *o, unsigned int caller, unsigned int type, pfn_t from, pfn_t to)
{
	if (o->r->type_shortcut)
		return counts_unmovable(o, type, from, to);
	if (type == MT_CMA)
		return caller != CALLER_CMA;
	for (pfn_t at = from; at < to; at++) {
		pfn_t head = o_head_of(o, at);
		const struct opage *p = &o->page[head];

		if (p->kind == PAGE_RESERVED)
			return true;
		if (o->g.zones[0].type == ZONE_MOVABLE || is_hugetlb(p))
			continue;
		if (is_compound(p) ? !on_lru(p) : single_unmovable(o, caller, p, at != head))
			return true;
	}
	return false;
}

static void mark(struct oracle *o, pfn_t block, bool isolated, unsigned int type)
{
	struct oblock *b = &o->block[block >> o->P];

	o->isolated += (uint32_t)isolated - (uint32_t)b->isolated;
	b->isolated = isolated;
	if (!isolated)
		b->type = (uint8_t)type;
}

/* 4.6: the free run over the block's first page, where it does not end with the block. */
static pfn_t large_run_over(const struct oracle *o, pfn_t block)
{
	pfn_t head = o_head_of(o, block);

	return o->page[head].kind == PAGE_FREE && o->page[head].order > o->P ? head : NO_PAGE;
}

/* 4.6: the mark changes and every free page goes with it; what is larger than a block is freed anew block by block. */
void o_change_block(struct oracle *o, pfn_t block, bool isolated, unsigned int type)
{
	pfn_t large = o->r->hygiene ? large_run_over(o, block) : NO_PAGE;

	if (large == NO_PAGE) {
		o_move_block(o, block, isolated ? MT_ISOLATE : type, true);
		mark(o, block, isolated, type);
		return;
	}
	unsigned int order = o->page[large].order;

	o_count_free(o, o->page[large].type, -(1 << order));
	o_clear_run(o, large);
	mark(o, block, isolated, type);
	o_free_per_block(o, large, order);
}

bool o_isolate_block(struct oracle *o, unsigned int caller, pfn_t block, pfn_t from, pfn_t to)
{
	unsigned int was = type_at(o, block);

	from = most(most(from, block), o->start);
	to = least(least(to, block + npb(o)), o->end);
	if (was == MT_ISOLATE && o->r->double_ebusy)
		return false;
	if (holds_unmovable(o, caller, was, from, to))
		return false;
	if (was == MT_ISOLATE)
		return true;
	if (o->r->straddle == STRADDLE_SPLIT_FIRST) {
		if (!whole_block(o, block))
			return false;
		o_change_block(o, block, true, 0);
		return true;
	}
	mark(o, block, true, 0);
	uint32_t moved = o_move_block(o, block, MT_ISOLATE, false);

	if (!o->r->isolated_is_free)
		o_count_free(o, was, -(int64_t)moved);
	return true;
}

/* 5.4: a run of at least half a block taken off the lists makes its blocks movable, isolated and reserved ones apart. */
void o_grab_retype(struct oracle *o, pfn_t pfn, unsigned int order)
{
	if (order + 1 < o->P)
		return;
	for (pfn_t at = align_down(pfn, o->P); at < pfn + (1u << order); at += npb(o)) {
		if (!mergeable(type_at(o, at)))
			continue;
		if (o->r->hygiene && type_at(o, at) != MT_MOVABLE)
			o_move_block(o, at, MT_MOVABLE, true);
		o_retype(o, at, 0, MT_MOVABLE);
	}
}

/* 4.3, 4.5: should the run at the block's beginning be freed anew, so that it can merge? */
static bool remerges(const struct oracle *o, pfn_t block)
{
	const struct opage *p = &o->page[block];
	pfn_t buddy = block ^ 1u << p->order;

	if (o->r->never_remerges || p->kind != PAGE_FREE || p->order < o->P || !in_zone(o, buddy) ||
	    type_at(o, buddy) == MT_ISOLATE)
		return false;
	if (o->r->remerge_any_buddy)
		return true;
	/* of a run of several blocks the others may be isolated still: such a run is taken apart instead (I8) */
	if (o->r->straddle == STRADDLE_SPLIT_FIRST && p->order > o->P)
		return false;
	return p->order < o->M && is_free_head(o, buddy, p->order);
}

void o_undo_block(struct oracle *o, pfn_t block, unsigned int type)
{
	if (type_at(o, block) != MT_ISOLATE)
		return;
	if (o->r->own_bit)
		type = o->block[block >> o->P].type;
	if (remerges(o, block)) {
		unsigned int order = o->page[block].order;

		/* 4.3: as if it were allocated, with what that does to types (5.4) */
		if (o->r->remerge_any_buddy)
			o_grab_retype(o, block, order);
		o_clear_run(o, block);
		mark(o, block, false, type);
		o_free_run(o, block, order, type, true);
	} else if (o->r->straddle == STRADDLE_SPLIT_FIRST) {
		o_change_block(o, block, false, type);
	} else {
		uint32_t moved = o_move_block(o, block, type, false);

		if (!o->r->isolated_is_free)
			o_count_free(o, type, moved);
		mark(o, block, false, type);
	}
}

/* 4.5: taken off by its first block's type, freed again in the largest chunks that do not cross `at`. */
void o_split_free(struct oracle *o, pfn_t pfn, pfn_t at)
{
	unsigned int order = o->page[pfn].order;
	pfn_t end = pfn + (1u << order);

	if (type_at(o, pfn) != MT_ISOLATE)
		o_count_free(o, type_at(o, pfn), -(1 << order));
	o_clear_run(o, pfn);
	for (pfn_t p = pfn; p < end;) {
		pfn_t to = p < at ? at : end;
		unsigned int k = 0;

		while (k < order && !(p & ((2u << k) - 1)) && p + (2u << k) <= to)
			k++;
		o_free_run(o, p, k, type_at(o, p), false);
		p += 1u << k;
	}
}
