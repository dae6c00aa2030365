/* SPDX-License-Identifier: MIT */
/*
 * places.h - where every live allocation is, while threads allocate and free and the backend moves pages about.
 *
 * One word a slot: the event that allocated what is there, and its pfn. A slot that two threads use is used once, so that
 * the second can wait until the first has filled it in; the others are used again, by one thread each, last in, first out.
 *
 * What moves is found by its whole word, event included: a word of anything else, older or younger, does not match. What
 * has been allocated may move before its owner has written down where it was: such a move is noted aside, and made good
 * when the word is there (places_settle). That can only be said of an allocation in the making, so every thread publishes
 * which one that is; notes are as few.
 */
#ifndef PLACES_H
#define PLACES_H

#include <stdatomic.h>

#include "../../allocators/contig.h"
#include "../../allocators/lock.h"
#include "../virtual/executor.h"

#define CACHE_LINE   64u
#define PLACE_EMPTY  UINT64_C(0)    /* nothing there yet, or no more */
#define PLACE_FAILED (PFN_NONE - 1) /* instead of the pfn: nothing was got */
#define MAKING_NONE  UINT64_MAX

static inline uint64_t place_of(uint32_t event, pfn_t pfn)
{
	return ((uint64_t)event + 1) << 32 | pfn;
}

static inline pfn_t place_pfn(uint64_t place)
{
	return (pfn_t)place;
}

static inline uint32_t place_event(uint64_t place)
{
	return (uint32_t)(place >> 32) - 1;
}

/* Which event a thread is allocating for, or was last. */
struct making {
	_Alignas(CACHE_LINE) _Atomic uint64_t event;
};

struct place_note {
	owner_t owner;
	pfn_t from;
	pfn_t to;
};

struct places {
	_Atomic uint64_t *map;
	size_t nr;
	uint32_t first; /* slots before it are of passes before this one */
	const struct program *program;
	const uint16_t *thread_of; /* trace cpu -> thread */
	struct making *making;     /* by thread */
	uint32_t nr_threads;
	struct spinlock lock; /* of the notes */
	struct place_note *notes;
	size_t nr_notes;
	size_t cap_notes;
};

/* `nr` slots, all empty, memory touched. 0 or -ENOMEM. */
int places_init(struct places *p, const struct program *program, const uint16_t *thread_of, uint32_t nr_threads,
                uint32_t first, size_t nr);
void places_free(struct places *p);

/* hooks->moved. */
void places_moved(struct places *p, owner_t owner, pfn_t from, pfn_t to);
/* Make good what was noted. `thread` is the caller's, which is allocating nothing; UINT32_MAX: all threads are at rest. */
void places_settle(struct places *p, uint32_t thread);

#endif
