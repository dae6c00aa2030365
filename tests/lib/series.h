/* SPDX-License-Identifier: MIT */
/* series.h - made-up series of measurements: a level, noise of several kinds, changes where the caller wants them. */
#ifndef TESTS_SERIES_H
#define TESTS_SERIES_H

#include <stddef.h>

#include "../../bench/virtual/rng.h"

enum noise {
	NOISE_NORMAL,
	NOISE_HEAVY,    /* Student's t with 3 degrees of freedom */
	NOISE_SKEWED,   /* exponential: never below a floor */
	NOISE_SPIKES,   /* normal, and one run in 30 is far above */
	NOISE_WANDERS,  /* normal, each run correlated by 0.3 with the one before */
	NOISE_WANDERS2, /* ... by 0.6 */
	NOISE_COARSE,   /* normal, rounded to a multiple of two standard deviations */
	NOISE_COUNTS,   /* whole numbers around 50, as far apart as counted events are (Poisson) */
	NOISE_NR,
};

const char *noise_name(enum noise kind);

/* Of mean 0 and about 1 standard deviation (spikes aside), correlated with what `last` holds (0 before the first). */
double noise_draw(enum noise kind, struct rng *rng, double *last);

/* out[n]: 100 + sigma times noise; what is to change is the caller's. */
void series_draw(double *out, size_t n, enum noise kind, double sigma, struct rng *rng);

/* Uniform in (0, 1). */
double series_uniform(struct rng *rng);

#endif
