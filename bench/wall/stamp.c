// SPDX-License-Identifier: MIT
#include "stamp.h"

/* rng_mix() backwards: each of its steps can be undone. */
static uint64_t unmix(uint64_t z)
{
	z = (z ^ (z >> 31) ^ (z >> 62)) * UINT64_C(0x319642b2d24d8ec3);
	z = (z ^ (z >> 27) ^ (z >> 54)) * UINT64_C(0x96de1b173f119089);
	return z ^ (z >> 30) ^ (z >> 60);
}

/* The two words of one end. A stamp's second word gives a page number of 32 bits; of other words one in 2^32 does. */
static enum stamp_kind read_end(uint64_t key, uint64_t whose, uint64_t which, owner_t *owner, uint32_t *index)
{
	uint64_t place = unmix(which) - whose - STAMP_PLACE;

	if (place > UINT32_MAX)
		return STAMP_NONE;
	*owner = unmix(whose) ^ key;
	*index = (uint32_t)place;
	return *owner == OWNER_NONE ? STAMP_NOBODY : STAMP_OTHER;
}

void stamp_read(const struct stamp_key *key, owner_t owner, const char *page, size_t bytes, uint32_t index,
                struct stamp_found *found)
{
	const uint64_t *begin = (const uint64_t *)page, *end = (const uint64_t *)(page + bytes - 16);
	owner_t first = OWNER_NONE, last = OWNER_NONE;
	uint32_t at_first = 0, at_last = 0;

	found->begin = (uint8_t)read_end(key->begin, begin[0], begin[1], &first, &at_first);
	found->end = (uint8_t)read_end(key->end, end[1], end[0], &last, &at_last);
	found->same = found->begin == STAMP_OTHER && found->end == STAMP_OTHER && first == last && at_first == at_last;
	if (found->begin == STAMP_OTHER && first == owner && at_first == index)
		found->begin = STAMP_RIGHT;
	if (found->end == STAMP_OTHER && last == owner && at_last == index)
		found->end = STAMP_RIGHT;
	found->owner = found->begin == STAMP_OTHER ? first : last;
	found->index = found->begin == STAMP_OTHER ? at_first : at_last;
}
