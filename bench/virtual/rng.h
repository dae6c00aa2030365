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

#include "../../allocators/splitmix.h"

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
	return splitmix_mix(z);
}

static inline struct rng rng_seed(uint64_t seed, uint64_t stream)
{
	return (struct rng){ splitmix_mix(seed + SPLITMIX_STEP * (stream + 1)) };
}

static inline uint64_t rng_next(struct rng *r)
{
	return splitmix_mix(r->state += SPLITMIX_STEP);
}

/* In [0, n); n > 0. */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
	return splitmix_scale(rng_next(r), n);
}

#endif
