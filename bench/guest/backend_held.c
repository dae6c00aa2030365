// SPDX-License-Identifier: MIT
/* backend_held.c - which of the host's owners has what in the guest: by number, and by page. */
#include <stdlib.h>

#include "backend_inside.h"

static struct held *slot(struct held *table, uint32_t room, owner_t owner)
{
	uint32_t i = (uint32_t)(owner * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (room - 1);

	while (table[i].owner != OWNER_NONE && table[i].owner != owner)
		i = (i + 1) & (room - 1);
	return &table[i];
}

static int grow(struct guest_contig *gc)
{
	uint32_t room = gc->held_room ? 2 * gc->held_room : 1024;
	struct held *table = calloc(room, sizeof(*table));

	if (!gc->at)
		gc->at = calloc(gc->zone_pages, sizeof(*gc->at));
	if (!table || !gc->at) {
		free(table);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < gc->held_room; i++) {
		if (gc->held[i].owner != OWNER_NONE)
			*slot(table, room, gc->held[i].owner) = gc->held[i];
	}
	free(gc->held);
	gc->held = table;
	gc->held_room = room;
	return 0;
}

static owner_t *by_page(struct guest_contig *gc, pfn_t pfn)
{
	return gc->at && pfn - gc->zone_start < gc->zone_pages ? &gc->at[pfn - gc->zone_start] : NULL;
}

int held_set(struct guest_contig *gc, const struct held *h)
{
	if (2 * (gc->nr_held + 1) > gc->held_room && grow(gc))
		return guest_fails(gc, -ENOMEM, "no memory");
	struct held *mine = slot(gc->held, gc->held_room, h->owner);
	owner_t *was = by_page(gc, mine->pfn);

	if (mine->owner == OWNER_NONE)
		gc->nr_held++;
	else if (was && *was == h->owner)
		*was = OWNER_NONE;
	*mine = *h;
	if (by_page(gc, h->pfn))
		*by_page(gc, h->pfn) = h->owner;
	return 0;
}

struct held *held_of(struct guest_contig *gc, owner_t owner)
{
	struct held *h = gc->held_room ? slot(gc->held, gc->held_room, owner) : NULL;

	return h && h->owner == owner && h->pfn != PFN_NONE ? h : NULL;
}

struct held *held_at(struct guest_contig *gc, pfn_t pfn)
{
	const owner_t *owner = by_page(gc, pfn);

	return owner && *owner != OWNER_NONE ? held_of(gc, *owner) : NULL;
}

void held_forget(struct guest_contig *gc)
{
	free(gc->held);
	free(gc->at);
	gc->held = NULL;
	gc->at = NULL;
	gc->held_room = gc->nr_held = 0;
}
