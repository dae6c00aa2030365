// SPDX-License-Identifier: MIT
/* take.c - allocating: watermark (2.4), per-cpu list or buddy, one's own lists (3.1). */
#include "state.h"

/* The head of the smallest sufficient list; upper halves go back to the heads of the same type's lists. */
pfn_t o_take_smallest(struct oracle *o, unsigned int order, unsigned int type)
{
	pfn_t best = NO_PAGE;

	for (pfn_t at = o->start; at < o->end;) {
		const struct opage *p = &o->page[at], *b = &o->page[best == NO_PAGE ? at : best];

		if (p->kind == PAGE_FREE && p->type == type && p->order >= order &&
		    (best == NO_PAGE || p->order < b->order || (p->order == b->order && p->rank < b->rank)))
			best = at;
		at += p->kind == PAGE_NONE ? 1 : 1u << p->order;
	}
	if (best == NO_PAGE)
		return NO_PAGE;
	unsigned int k = o->page[best].order;

	o_clear_run(o, best);
	o_count_free(o, type, -(1 << order));
	while (k-- > order)
		o_list_add(o, best + (1u << k), k, type, false);
	o->page[best].order = (uint8_t)order;
	o->page[best].type = (uint8_t)type;
	return best;
}

/*
 * One run off the buddy, kind still PAGE_NONE, `type` the list that it came from. The mode is remembered across one
 * locked batch (v6.15 and 6.12.y).
 */
pfn_t o_take(struct oracle *o, unsigned int order, unsigned int type, enum take_mode *mode)
{
	bool cma = type == MT_MOVABLE;
	pfn_t pfn = NO_PAGE;

	if (cma && !o->r->no_balance && counter(o->free_cma) > counter(o->free) / 2) {
		pfn = o_take_smallest(o, order, MT_CMA);
		if (pfn != NO_PAGE)
			return pfn;
	}
	if (o->r->fallback == FALLBACK_CLAIM_STEAL) {
		if (*mode <= TAKE_NORMAL)
			pfn = o_take_smallest(o, order, type);
		if (pfn != NO_PAGE)
			return pfn;
		if (*mode <= TAKE_CMA && cma) {
			pfn = o_take_smallest(o, order, MT_CMA);
			if (pfn != NO_PAGE) {
				*mode = TAKE_CMA;
				return pfn;
			}
		}
		if (*mode <= TAKE_CLAIM) {
			pfn = o_claim(o, order, type);
			if (pfn != NO_PAGE) {
				*mode = TAKE_NORMAL;
				return pfn;
			}
		}
		pfn = o_steal(o, order, type);
		if (pfn != NO_PAGE)
			*mode = TAKE_STEAL;
		return pfn;
	}
	for (bool again = true; again;) {
		pfn = o_take_smallest(o, order, type);
		if (pfn == NO_PAGE && cma && o->r->fallback != FALLBACK_3_6)
			pfn = o_take_smallest(o, order, MT_CMA);
		again = false;
		if (pfn == NO_PAGE)
			pfn = o_fall_back(o, order, type, &again);
	}
	return pfn;
}

/* v3.6: what is free in lower orders is no use, and half the mark will do for each of them. */
static bool above_halved_marks(const struct oracle *o, unsigned int order, int64_t free, int64_t mark)
{
	for (unsigned int k = 0; k < order; k++) {
		for (pfn_t at = align_down(o->start, k); at < o->end; at += 1u << k)
			free -= is_free_head(o, at, k) ? 1 << k : 0;
		mark /= 2;
		if (free <= mark)
			return false;
	}
	return true;
}

bool o_above_mark(const struct oracle *o, unsigned int order, unsigned int type, struct right right, int64_t mark,
                  bool at_min)
{
	bool cma = type == MT_MOVABLE, reserve = right.highatomic || right.last_chance;
	int64_t usable = counter(o->free) - ((1 << order) - 1) - (cma ? 0 : counter(o->free_cma));

	if (!reserve)
		usable -= o->r->reserve >= RESERVE_6_12 ? o_free_highatomic(o) : o->reserved;
	mark += o->raised;
	if (at_min && right.highatomic) { /* __GFP_HIGH, and not blocking */
		mark -= mark / 2;
		mark -= mark / 4;
	}
	if (at_min && right.last_chance)
		mark -= mark / 2;
	if (usable <= mark)
		return false;
	if (o->r->halving)
		return above_halved_marks(o, order, usable, mark);
	if (!order)
		return true;
	for (pfn_t at = o->start; at < o->end;) {
		const struct opage *p = &o->page[at];

		if (p->kind == PAGE_FREE && p->order >= order &&
		    (mergeable(p->type) || (cma && p->type == MT_CMA) || (reserve && p->type == MT_HIGHATOMIC)))
			return true;
		at += p->kind == PAGE_NONE ? 1 : 1u << p->order;
	}
	return false;
}

/* 3.1: the reserve first for who adds to it, last for who has nothing else. */
static pfn_t take_with_right(struct oracle *o, unsigned int order, unsigned int type, struct right right)
{
	enum take_mode mode = TAKE_NORMAL;
	pfn_t pfn = right.highatomic ? o_take_smallest(o, order, MT_HIGHATOMIC) : NO_PAGE;

	if (pfn == NO_PAGE)
		pfn = o_take(o, order, type, &mode);
	if (pfn == NO_PAGE && (right.highatomic || right.last_chance))
		pfn = o_take_smallest(o, order, MT_HIGHATOMIC);
	return pfn;
}

/* At the low watermark, then, where a kernel would have woken kswapd, at min. */
static pfn_t try_marks(struct oracle *o, uint32_t cpu, unsigned int order, unsigned int type, struct right right)
{
	const struct contig_zone *z = &o->g.zones[0];
	const int64_t marks[] = { z->wmark_low, z->wmark_min };

	if (z->type == ZONE_MOVABLE && type != MT_MOVABLE)
		return NO_PAGE;
	for (unsigned int i = 0; i < 2; i++) {
		/* what somebody may do beyond others is not asked for as long as there is plenty */
		const struct right now = i ? right : (struct right){ 0 };
		pfn_t pfn = NO_PAGE;
		bool from_buddy;

		if (!o_above_mark(o, order, type, now, marks[i], i == 1))
			continue;
		if (o_pcp_takes(o, order))
			pfn = o_pcp_take(o, cpu, order, type);
		from_buddy = pfn == NO_PAGE;
		if (from_buddy)
			pfn = take_with_right(o, order, type, now);
		if (pfn == NO_PAGE)
			continue;
		if (now.highatomic && order && (o->r->reserve != RESERVE_7_2 || from_buddy))
			o_reserve(o, pfn, order);
		return pfn;
	}
	return NO_PAGE;
}

/* 9: who would otherwise end in OOM gets the reserve broken up for it, block by block. */
pfn_t o_allocate(struct oracle *o, uint32_t cpu, unsigned int order, unsigned int type, struct right right)
{
	pfn_t pfn = try_marks(o, cpu, order, type, right);

	while (pfn == NO_PAGE && o_unreserve(o, type, true))
		pfn = try_marks(o, cpu, order, type, right);
	return pfn;
}
