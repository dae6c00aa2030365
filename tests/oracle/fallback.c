// SPDX-License-Identifier: MIT
/* fallback.c - taking from another type's lists (1.4, 3.2). */
#include "state.h"

#define ROW 2

static const uint8_t fallbacks[][ROW] = {
	[MT_UNMOVABLE] = { MT_RECLAIMABLE, MT_MOVABLE },
	[MT_MOVABLE] = { MT_RECLAIMABLE, MT_UNMOVABLE },
	[MT_RECLAIMABLE] = { MT_UNMOVABLE, MT_MOVABLE },
};

/* The head of one list. */
pfn_t o_list_head(const struct oracle *o, unsigned int order, unsigned int type)
{
	pfn_t best = NO_PAGE;

	for (pfn_t at = o->start; at < o->end;) {
		const struct opage *p = &o->page[at];

		if (p->kind == PAGE_FREE && p->type == type && p->order == order &&
		    (best == NO_PAGE || p->rank < o->page[best].rank))
			best = at;
		at += p->kind == PAGE_NONE ? 1 : 1u << p->order;
	}
	return best;
}

/* First non-empty list of the row at this order. */
static pfn_t find(const struct oracle *o, unsigned int order, unsigned int type)
{
	for (unsigned int i = 0; i < ROW; i++) {
		pfn_t pfn = o_list_head(o, order, fallbacks[type][i]);

		if (pfn != NO_PAGE)
			return pfn;
	}
	return NO_PAGE;
}

/* Is a run of order k worth its block to a request of this type? */
static bool worth_a_block(const struct oracle *o, unsigned int k, unsigned int type)
{
	return k >= o->P / 2 || type == MT_UNMOVABLE || type == MT_RECLAIMABLE;
}

/* Free pages of the block, and those in use that can move: off the LRU for migration they do not count, with ops they do. */
static void count_block(const struct oracle *o, pfn_t pfn, uint32_t *free, uint32_t *movable)
{
	const pfn_t block = align_down(pfn, o->P);

	*free = *movable = 0;
	/* from the page on, where the zone begins inside the block: as far as o_move_block() looks */
	for (pfn_t at = in_zone(o, block) ? block : pfn; at < block + npb(o); at++) {
		const struct opage *p = &o->page[o_head_of(o, at)];

		*free += p->kind == PAGE_FREE;
		*movable += on_lru(p) || (p->kind == PAGE_MOVABLE_OPS && !o->r->ops_unmovable);
	}
}

/* 3.2.1 f, g: does enough of the block suit the request? */
static bool suits(const struct oracle *o, unsigned int type, unsigned int was, uint32_t free, uint32_t movable)
{
	uint32_t alike = type == MT_MOVABLE ? movable : was == MT_MOVABLE ? npb(o) - free - movable : 0;

	return free + alike >= npb(o) / 2;
}

/* Off its list, the lower part taken, what remains on the lists of `type`. */
static pfn_t cut(struct oracle *o, pfn_t pfn, unsigned int order, unsigned int type)
{
	unsigned int k = o->page[pfn].order;

	o_count_free(o, o->page[pfn].type, -(1 << k));
	o_clear_run(o, pfn);
	while (k-- > order) {
		o_list_add(o, pfn + (1u << k), k, type, false);
		o_count_free(o, type, 1 << k);
	}
	o->page[pfn].order = (uint8_t)order;
	o->page[pfn].type = (uint8_t)type;
	return pfn;
}

/* The largest, or for movable requests that would break a block the smallest. */
static pfn_t search(struct oracle *o, unsigned int order, unsigned int type)
{
	for (unsigned int k = o->M + 1; k-- > order;) {
		pfn_t pfn = find(o, k, type);

		if (pfn == NO_PAGE)
			continue;
		if (worth_a_block(o, k, type) || type != MT_MOVABLE || k == order)
			return pfn;
		for (k = order; k <= o->M; k++) {
			pfn = find(o, k, type);
			if (pfn != NO_PAGE)
				return pfn;
		}
	}
	return NO_PAGE;
}

static pfn_t hygienic(struct oracle *o, pfn_t pfn, unsigned int order, unsigned int type)
{
	unsigned int k = o->page[pfn].order, was = type_at(o, pfn);
	uint32_t free, movable;

	if (was == MT_HIGHATOMIC)
		return cut(o, pfn, order, was);
	if (k >= o->P) {
		o_retype(o, pfn, k, type);
		return cut(o, pfn, order, type);
	}
	if (worth_a_block(o, k, type) && whole_block(o, align_down(pfn, o->P))) {
		count_block(o, pfn, &free, &movable);
		if (suits(o, type, was, free, movable)) {
			o_move_block(o, pfn, type, true);
			o_retype(o, pfn, 0, type);
			return o_take_smallest(o, order, type);
		}
	}
	return cut(o, pfn, order, was);
}

/* 3.2.1: the run, or its block, to the request's lists; the caller looks there again. */
static void make_own(struct oracle *o, pfn_t pfn, unsigned int type)
{
	unsigned int k = o->page[pfn].order, was = type_at(o, pfn);
	uint32_t free, movable, moved = 0;

	if (k >= o->P && was != MT_HIGHATOMIC)
		o_retype(o, pfn, k, type);
	else if (was != MT_HIGHATOMIC && worth_a_block(o, k, type)) {
		count_block(o, pfn, &free, &movable);
		moved = o_move_block(o, pfn, type, false); /* nobody counts what comes off a CMA list here */
		if (moved && suits(o, type, was, moved, movable))
			o_retype(o, pfn, 0, type);
	}
	if (!moved) {
		o_count_free(o, o->page[pfn].type, -(1 << k));
		o_count_free(o, type, 1 << k);
		o_list_add(o, pfn, k, type, true);
	}
}

/*
 * v3.6: largest run first, CMA at the head of MOVABLE's row. CMA keeps type and lists; of others the block is moved, and
 * claimed if half of it was free.
 */
static pfn_t take_3_6(struct oracle *o, unsigned int order, unsigned int type)
{
	for (unsigned int k = o->M + 1; k-- > order;) {
		pfn_t pfn = type == MT_MOVABLE ? o_list_head(o, k, MT_CMA) : NO_PAGE;

		if (pfn != NO_PAGE)
			return cut(o, pfn, order, MT_CMA);
		pfn = find(o, k, type);
		if (pfn == NO_PAGE)
			continue;
		if ((k >= o->P / 2 || type == MT_RECLAIMABLE) && o_move_block(o, pfn, type, false) >= npb(o) / 2)
			o_retype(o, pfn, 0, type);
		if (k >= o->P)
			o_retype(o, pfn, k, type);
		return cut(o, pfn, order, type);
	}
	return NO_PAGE;
}

pfn_t o_fall_back(struct oracle *o, unsigned int order, unsigned int type, bool *again)
{
	pfn_t pfn;

	if (o->r->fallback == FALLBACK_3_6)
		return take_3_6(o, order, type);
	pfn = search(o, order, type);
	if (pfn == NO_PAGE)
		return NO_PAGE;
	if (o->r->fallback == FALLBACK_HYGIENIC)
		return hygienic(o, pfn, order, type);
	make_own(o, pfn, type);
	*again = true;
	return NO_PAGE;
}

/* 3.2.3: a whole block or nothing, from the largest run down. */
pfn_t o_claim(struct oracle *o, unsigned int order, unsigned int type)
{
	uint32_t free, movable;

	for (unsigned int k = o->M + 1; k-- > order && worth_a_block(o, k, type);) {
		pfn_t pfn = find(o, k, type);

		if (pfn == NO_PAGE)
			continue;
		if (k >= o->P) {
			o_retype(o, pfn, k, type);
			return cut(o, pfn, order, type);
		}
		if (!whole_block(o, align_down(pfn, o->P)) || type_at(o, pfn) == MT_HIGHATOMIC)
			continue;
		count_block(o, pfn, &free, &movable);
		if (suits(o, type, o->page[pfn].type, free, movable)) {
			o_move_block(o, pfn, type, true);
			o_retype(o, pfn, 0, type);
			return o_take_smallest(o, order, type);
		}
	}
	return NO_PAGE;
}

/* 3.2.3: the smallest run; the block keeps its type, and the rest of the run. */
pfn_t o_steal(struct oracle *o, unsigned int order, unsigned int type)
{
	for (unsigned int k = order; k <= o->M; k++) {
		pfn_t pfn = find(o, k, type);

		if (pfn != NO_PAGE)
			return cut(o, pfn, order, o->page[pfn].type);
	}
	return NO_PAGE;
}
