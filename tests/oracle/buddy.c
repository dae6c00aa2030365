// SPDX-License-Identifier: MIT
/* buddy.c - free lists by rank, freeing and merging (3.3), moving the free runs of a block (3.4). */
#include <string.h>

#include "state.h"

pfn_t o_head_of(const struct oracle *o, pfn_t pfn)
{
	for (unsigned int k = 0; k <= o->M; k++) {
		pfn_t head = align_down(pfn, k);

		if (o->page[head].kind != PAGE_NONE && o->page[head].order >= k)
			return head;
	}
	return pfn;
}

void o_count_free(struct oracle *o, unsigned int type, int64_t pages)
{
	if (type != MT_ISOLATE || o->r->isolated_is_free)
		o->free += pages;
	if (type == MT_CMA && !o->r->isolated_is_free) /* v3.7 */
		o->free_cma += pages;
}

void o_list_add(struct oracle *o, pfn_t pfn, unsigned int order, unsigned int type, bool tail)
{
	o->page[pfn] = (struct opage){
		.kind = PAGE_FREE,
		.order = (uint8_t)order,
		.type = (uint8_t)type,
		.rank = tail ? ++o->highest : --o->lowest,
	};
}

void o_clear_run(struct oracle *o, pfn_t pfn)
{
	memset(&o->page[pfn], 0, sizeof(o->page[pfn]));
}

/*
 * All blocks under a run of at least a pageblock, or the one it lies in. This ends isolation (4.7: a normal type clears
 * the bit, too), and nobody tells the count of isolated blocks.
 */
void o_retype(struct oracle *o, pfn_t pfn, unsigned int order, unsigned int type)
{
	for (pfn_t at = align_down(pfn, o->P); at < pfn + (1u << order); at += npb(o))
		o->block[at >> o->P] = (struct oblock){ .type = (uint8_t)type };
}

/* 3.3: may a run freed as `type` join this buddy? Below P both are in one block. */
static bool may_join(const struct oracle *o, pfn_t buddy, unsigned int order, unsigned int type)
{
	unsigned int other = type_at(o, buddy);

	if (order < o->P || type == other)
		return true;
	switch (o->r->merge) {
	case MERGE_NOT_ACROSS:
		return type != MT_ISOLATE && other != MT_ISOLATE;
	case MERGE_MERGEABLE:
	case MERGE_AND_RETYPE:
		return mergeable(type) && mergeable(other);
	default:
		return true;
	}
}

void o_free_run(struct oracle *o, pfn_t pfn, unsigned int order, unsigned int type, bool tail)
{
	unsigned int limit = o->r->merge == MERGE_CAPPED && type == MT_ISOLATE ? least(o->M, o->P) : o->M;

	o_count_free(o, type, 1 << order);
	o_clear_run(o, pfn);
	for (; order < limit; order++) {
		pfn_t buddy = pfn ^ 1u << order;

		if (!is_free_head(o, buddy, order) || !may_join(o, buddy, order, type))
			break;
		if (o->r->merge == MERGE_AND_RETYPE && order >= o->P && type_at(o, buddy) != type)
			o_retype(o, buddy, order, type);
		o_clear_run(o, buddy);
		pfn &= buddy;
	}
	/* the run that this one would become part of next is likely soon: keep it from being handed out */
	if (order + 2 <= o->M && is_free_head(o, align_down(pfn, order + 1) ^ 2u << order, order + 1))
		tail = true;
	o_list_add(o, pfn, order, type, tail);
}

void o_free_per_block(struct oracle *o, pfn_t pfn, unsigned int order)
{
	unsigned int chunk = least(order, o->P);

	for (pfn_t at = pfn; at < pfn + (1u << order); at += 1u << chunk)
		o_free_run(o, at, chunk, type_at(o, at), false);
}

void o_free_to_buddy(struct oracle *o, pfn_t pfn, unsigned int order)
{
	o_clear_run(o, pfn);
	if (o->r->hygiene)
		o_free_per_block(o, pfn, order);
	else
		o_free_run(o, pfn, order, type_at(o, pfn), false);
}

/*
 * 3.4: every run whose first page is in the block of pfn, ascending, to the list's tail. `counted`: each run leaves the
 * counters by its list's type and comes back by the new one; otherwise the caller counts.
 */
uint32_t o_move_block(struct oracle *o, pfn_t pfn, unsigned int type, bool counted)
{
	pfn_t at = align_down(pfn, o->P), end = at + npb(o);
	uint32_t moved = 0;

	if (!in_zone(o, end - 1))
		return 0;
	if (!in_zone(o, at))
		at = pfn;
	while (at < end) {
		struct opage *p = &o->page[at];
		uint32_t nr = p->kind == PAGE_NONE ? 1 : 1u << p->order;

		if (p->kind == PAGE_FREE) {
			if (counted) {
				o_count_free(o, p->type, -(int64_t)nr);
				o_count_free(o, type, nr);
			}
			o_list_add(o, at, p->order, type, true);
			moved += nr;
		}
		at += nr;
	}
	return moved;
}
