/* SPDX-License-Identifier: MIT */
/*
 * rng.h - seeded random numbers: the same on every machine, integers only.
 *
 * SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): one 64-bit word of state, any seed is a good seed, and streams that are
 * drawn for different purposes from one user seed do not run into each other.
 */
#ifndef RNG_H
#define RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

/* What a stream of random numbers is for: one user seed, independent draws. */
enum rng_stream {
	RNG_REQUESTS = 1, /* the ranges that are asked for */
	RNG_SURVIVORS,    /* the order in which an aged pass's survivors are freed; + pass number << 8 */
	RNG_BOOTSTRAP,
	RNG_SAMPLES, /* which operations are timed; + thread << 8 */
};

static inline uint64_t rng_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline struct rng rng_seed(uint64_t seed, uint64_t stream)
{
	return (struct rng){ rng_mix(seed + UINT64_C(0x9e3779b97f4a7c15) * (stream + 1)) };
}

static inline uint64_t rng_next(struct rng *r)
{
	r->state += UINT64_C(0x9e3779b97f4a7c15);
	return rng_mix(r->state);
}

/* In [0, n); n > 0. The bias of the multiply-and-shift is below n / 2^64. */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)rng_next(r) * n) >> 64);
}

#endif
