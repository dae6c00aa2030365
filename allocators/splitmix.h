/* SPDX-License-Identifier: MIT */
/*
 * splitmix.h - the agent's random numbers: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), seeded with the number of the
 * command. Integers only, so that a seed means the same memory in every guest. populate and whoever wants to foretell
 * what it does draw in exactly the order that fill.c documents.
 */
#ifndef SPLITMIX_H
#define SPLITMIX_H

#include <stdint.h>

struct splitmix {
	uint64_t state;
};

static inline uint64_t splitmix_next(struct splitmix *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* In [0, n); n > 0: the upper half of a 128-bit product, so that the bias is below n / 2^64. */
static inline uint32_t splitmix_below(struct splitmix *r, uint32_t n)
{
	return (uint32_t)(((unsigned __int128)splitmix_next(r) * n) >> 64);
}

/* Geometric with that mean: 1, and one more as long as a draw below `mean` is not 0. */
static inline uint32_t splitmix_geometric(struct splitmix *r, uint32_t mean)
{
	uint32_t n = 1;

	while (splitmix_below(r, mean))
		n++;
	return n;
}

#endif
