// SPDX-License-Identifier: MIT
/* backend_place.c - the state that a guest is to be brought into, before anything is done: place(), set_type(), pin() and so on. */
#include <string.h>

#include "backend_inside.h"

static struct spot *spot_of(struct guest_contig *gc, pfn_t pfn)
{
	return in_arena(gc, pfn) ? &gc->wanted[gc->wanted[pfn - gc->start].head] : NULL;
}

void wanted_clear(struct guest_contig *gc)
{
	for (uint32_t i = 0; i < gc->pages; i++)
		gc->wanted[i] = (struct spot){ .head = i, .kind = PAGE_NONE };
	memset(gc->wanted_type, 'M', gc->pages >> gc->g.pageblock_order);
}

/* Below a pageblock a free pair always merges. */
static bool would_merge(const struct guest_contig *gc, uint32_t at, unsigned int order)
{
	uint32_t buddy = at ^ (1u << order);

	return order < gc->g.pageblock_order && order < gc->g.max_order && buddy < gc->pages &&
	       gc->wanted[buddy].kind == PAGE_FREE && gc->wanted[buddy].order == order &&
	       gc->wanted[buddy].head == buddy;
}

int wanted_place(struct contig *c, pfn_t pfn, unsigned int order, enum page_kind kind, owner_t owner)
{
	struct guest_contig *gc = guest_of(c);
	uint32_t at = pfn - gc->start, nr = 1u << order;

	if (!gc->collecting || order > gc->g.max_order || !in_arena(gc, pfn) || nr > gc->pages - at || at & (nr - 1) ||
	    !letter_of_kind(kind))
		return -EINVAL;
	for (uint32_t i = at; i < at + nr; i++) {
		if (gc->wanted[i].kind != PAGE_NONE)
			return -EBUSY;
	}
	if (kind == PAGE_FREE && would_merge(gc, at, order))
		return -EINVAL;
	for (uint32_t i = at; i < at + nr; i++)
		gc->wanted[i] = (struct spot){ .head = at, .kind = (uint8_t)kind, .order = (uint8_t)order };
	gc->wanted[at].owner = owner;
	gc->wanted[at].list = (uint8_t)contig_type_of_letter(gc->wanted_type[at >> gc->g.pageblock_order]);
	return 0;
}

int wanted_relist(struct guest_contig *gc, pfn_t pfn, enum migratetype mt)
{
	struct spot *s = spot_of(gc, pfn);

	if (!s || s->kind != PAGE_FREE || s->head != pfn - gc->start)
		return -EINVAL;
	s->list = (uint8_t)mt;
	s->list_wanted = true;
	return 0;
}

int wanted_pin(struct guest_contig *gc, pfn_t pfn, bool on)
{
	struct spot *s = spot_of(gc, pfn);

	if (!s || s->kind == PAGE_FREE || s->kind == PAGE_NONE)
		return -EBUSY;
	s->pinned = on;
	return 0;
}

int wanted_freeze(struct guest_contig *gc, pfn_t pfn)
{
	struct spot *s = spot_of(gc, pfn);

	if (!s || s->kind == PAGE_FREE || s->kind == PAGE_NONE)
		return -EBUSY;
	s->frozen = true;
	return 0;
}

void wanted_run(const struct guest_contig *gc, pfn_t pfn, struct contig_run *out)
{
	*out = (struct contig_run){ .pfn = pfn, .nr = 1, .kind = PAGE_RESERVED };
	if (!in_arena(gc, pfn))
		return;
	const struct spot *s = &gc->wanted[gc->wanted[pfn - gc->start].head];

	*out = (struct contig_run){ .pfn = gc->start + s->head,
		                    .nr = 1u << s->order,
		                    .order = s->order,
		                    .kind = s->kind == PAGE_NONE ? PAGE_RESERVED : s->kind,
		                    .list = s->kind == PAGE_FREE ? s->list : 0,
		                    .pinned = s->pinned,
		                    .frozen = s->frozen,
		                    .owner = s->owner };
}
