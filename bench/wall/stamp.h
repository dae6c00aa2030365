/* SPDX-License-Identifier: MIT */
/*
 * stamp.h - what tells whose a real page is: 16 bytes at its beginning and 16 at its end, made from its owner and its place
 * in the allocation. They hold no address, so that they stay right when the page is copied whole.
 *
 * All is mixed with a secret of each run, so that old contents and plain numbers are no stamps; and it can be undone, so that
 * a wrong stamp says whose it is. The stamp of OWNER_NONE is the mark of a page that is nobody's.
 */
#ifndef STAMP_H
#define STAMP_H

#include "../../allocators/contig.h"
#include "../virtual/rng.h"

struct stamp_key {
	uint64_t begin, end;
};

/* What the words at one end of a page are. */
enum stamp_kind {
	STAMP_RIGHT,
	STAMP_NOBODY, /* the mark of a free page */
	STAMP_OTHER,  /* another owner's, or another page of the same */
	STAMP_NONE,   /* no stamp at all */
};

/* Both ends of one page, read. */
struct stamp_found {
	uint8_t begin, end; /* enum stamp_kind */
	owner_t owner;      /* where an end is STAMP_OTHER: whose it is, ... */
	uint32_t index;     /* ... and which page of that */
	bool same;          /* both ends are the same other's */
};

/* Stamps of one owner: the part that is the same for all its pages. */
struct stamp {
	uint64_t begin, end;
};

static inline struct stamp stamp_of(const struct stamp_key *key, owner_t owner)
{
	return (struct stamp){ rng_mix(owner ^ key->begin), rng_mix(owner ^ key->end) };
}

/* The second word of an end. The constant keeps a page of zeros from being a stamp: rng_mix(0) is 0. */
#define STAMP_PLACE UINT64_C(0x9e3779b97f4a7c15)
static inline uint64_t stamp_place(uint64_t whose, uint32_t index)
{
	return rng_mix(whose + STAMP_PLACE + index);
}

static inline void stamp_put(const struct stamp *s, char *page, size_t bytes, uint32_t index)
{
	uint64_t *begin = (uint64_t *)page, *end = (uint64_t *)(page + bytes - 16);

	begin[0] = s->begin;
	begin[1] = stamp_place(s->begin, index);
	end[0] = stamp_place(s->end, index);
	end[1] = s->end;
}

static inline bool stamp_is(const struct stamp *s, const char *page, size_t bytes, uint32_t index)
{
	const uint64_t *begin = (const uint64_t *)page, *end = (const uint64_t *)(page + bytes - 16);

	return begin[0] == s->begin && begin[1] == stamp_place(s->begin, index) &&
	       end[0] == stamp_place(s->end, index) && end[1] == s->end;
}

/* What a page carries that is not stamped as it should be. */
void stamp_read(const struct stamp_key *key, owner_t owner, const char *page, size_t bytes, uint32_t index,
                struct stamp_found *found);

#endif
