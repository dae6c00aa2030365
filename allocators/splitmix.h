/* SPDX-License-Identifier: MIT */
/*
 * splitmix.h - seeded random numbers: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), integers only, so that a seed means the
 * same on every machine and in every guest. The agent's populate, and whoever wants to foretell what it does, draw in exactly
 * the order that linux/agent/fill.c documents; the runners' streams are bench/virtual/rng.h.
 */
#ifndef SPLITMIX_H
#define SPLITMIX_H

#include <stdint.h>

struct splitmix {
	uint64_t state;
};

#define SPLITMIX_STEP UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t splitmix_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t splitmix_next(struct splitmix *r)
{
	return splitmix_mix(r->state += SPLITMIX_STEP);
}

/* The upper half of a 128-bit product: `random` in [0, n); n > 0. The bias is below n / 2^64. */
static inline uint64_t splitmix_scale(uint64_t random, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)random * n) >> 64);
}

/* In [0, n); n > 0. */
static inline uint32_t splitmix_below(struct splitmix *r, uint32_t n)
{
	return (uint32_t)splitmix_scale(splitmix_next(r), n);
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
