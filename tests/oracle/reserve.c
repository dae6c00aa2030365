// SPDX-License-Identifier: MIT
/* reserve.c - blocks kept for high-order atomic allocations (9). */
#include "state.h"

int64_t o_free_highatomic(const struct oracle *o)
{
	int64_t pages = 0;

	for (pfn_t at = o->start; at < o->end;) {
		const struct opage *p = &o->page[at];

		if (p->kind == PAGE_FREE && p->type == MT_HIGHATOMIC)
			pages += 1 << p->order;
		at += p->kind == PAGE_NONE ? 1 : 1u << p->order;
	}
	return pages;
}

static int64_t cap(const struct oracle *o)
{
	const struct contig_zone *z = &o->g.zones[0];
	uint32_t managed = z->managed ? z->managed : z->pages, percent;

	for (pfn_t at = o->start; at < o->end; at++)
		managed -= o->page[at].kind == PAGE_OFFLINE; /* 7.2 */
	percent = managed / 100;

	if (o->r->reserve == RESERVE_4_4)
		return percent + npb(o);
	return percent < npb(o) ? 0 : align_up(percent, o->P);
}

/* The block of what has just been allocated; until v6.7 the first one of it and counted first. */
void o_reserve(struct oracle *o, pfn_t pfn, unsigned int order)
{
	if (o->r->reserve == RESERVE_NONE || o->reserved >= cap(o) || !mergeable(type_at(o, pfn)))
		return;
	if (o->r->reserve == RESERVE_4_4) {
		o->reserved += npb(o);
		o_retype(o, pfn, 0, MT_HIGHATOMIC);
		o_move_block(o, pfn, MT_HIGHATOMIC, false);
	} else if (order >= o->P) {
		o->reserved += 1 << order;
		o_retype(o, pfn, order, MT_HIGHATOMIC);
	} else if (whole_block(o, align_down(pfn, o->P))) {
		o_change_block(o, align_down(pfn, o->P), false, MT_HIGHATOMIC);
		o->reserved += npb(o);
	}
}

/* What the smallest run there is lies in. 1 if there was one. */
uint32_t o_unreserve(struct oracle *o, unsigned int type, bool force)
{
	if (!force && o->reserved <= npb(o))
		return 0;
	for (unsigned int k = 0; k <= o->M; k++) {
		pfn_t pfn = o_list_head(o, k, MT_HIGHATOMIC);
		int64_t pages = o->r->reserve == RESERVE_4_4 ? npb(o) : most(npb(o), 1u << k);

		if (pfn == NO_PAGE)
			continue;
		if (type_at(o, pfn) == MT_HIGHATOMIC)
			o->reserved -= pages < o->reserved ? pages : o->reserved;
		if (o->r->reserve == RESERVE_4_4 || k < o->P) {
			uint32_t moved = o_move_block(o, pfn, type, false);

			o_retype(o, pfn, 0, type);
			if (!moved) /* the zone's end cuts it: nothing was gained */
				continue;
			return 1;
		}
		o_list_add(o, pfn, k, type, true);
		o_retype(o, pfn, k, type);
		return 1;
	}
	return 0;
}
