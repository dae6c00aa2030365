// SPDX-License-Identifier: MIT
/* owners.c - the host's owner numbers: a hash table with open addresses over entries that never move. */
#include <stdlib.h>
#include <string.h>

#include "agent.h"

#define SLOTS (OWNERS * 2)
#define NONE  UINT32_MAX

static struct owned entry[OWNERS];
static uint32_t nr, free_entry[OWNERS], nr_free; /* entries ever used, and those of them that are free again */
static uint32_t slot[SLOTS];                     /* entry + 1, or 0 */

static uint32_t home(uint64_t owner)
{
	return (uint32_t)((owner * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % SLOTS;
}

static uint32_t locate(uint64_t owner)
{
	uint32_t s = home(owner);

	while (slot[s] && entry[slot[s] - 1].owner != owner)
		s = (s + 1) % SLOTS;
	return s;
}

struct owned *owner_find(uint64_t owner)
{
	uint32_t s = locate(owner);

	return slot[s] ? &entry[slot[s] - 1] : NULL;
}

struct owned *owner_add(uint64_t owner)
{
	uint32_t s = locate(owner);

	if (slot[s] || (!nr_free && nr == OWNERS))
		return NULL;

	uint32_t e = nr_free ? free_entry[--nr_free] : nr++;

	slot[s] = e + 1;
	entry[e] = (struct owned){ .owner = owner };
	return &entry[e];
}

void owner_drop(struct owned *o)
{
	uint32_t s = locate(o->owner), e = (uint32_t)(o - entry);

	free_entry[nr_free++] = e;
	o->kind = 0;
	slot[s] = 0;
	/* those behind it that would not be found any more move up */
	for (uint32_t t = (s + 1) % SLOTS; slot[t]; t = (t + 1) % SLOTS) {
		uint32_t h = home(entry[slot[t] - 1].owner);

		if ((t - h) % SLOTS < (t - s) % SLOTS)
			continue;
		slot[s] = slot[t];
		slot[t] = 0;
		s = t;
	}
}

struct owned *owner_next(const struct owned *o)
{
	for (uint32_t e = o ? (uint32_t)(o - entry) + 1 : 0; e < nr; e++) {
		if (entry[e].kind)
			return &entry[e];
	}
	return NULL;
}
