// SPDX-License-Identifier: MIT
/* spread.c - repetitions summed up: how far they are apart, is one row faster than another, and how sure is that? */
#include <math.h>
#include <stdlib.h>

#include "../results/stats.h"
#include "../virtual/rng.h"
#include "metrics.h"

#define MOST_DRAWS 20000000u /* of values: so that many repetitions do not take minutes */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts. */
static double median(double *values, uint32_t nr)
{
	qsort(values, nr, sizeof(*values), by_value);
	return (values[(nr - 1) / 2] + values[nr / 2]) / 2;
}

/* Sorts. A quarter is at most as much; between two of them in proportion. */
static double lower_quartile(double *values, uint32_t nr)
{
	uint32_t below = (nr - 1) / 4;
	double part = (double)((nr - 1) % 4) / 4;

	qsort(values, nr, sizeof(*values), by_value);
	return values[below] + (part > 0 ? part * (values[below + 1] - values[below]) : 0);
}

static uint32_t collect(double *to, const double *values, uint32_t nr, uint32_t stride)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < nr; i++) {
		if (!isnan(values[(size_t)i * stride]))
			to[n++] = values[(size_t)i * stride];
	}
	return n;
}

struct wall_spread wall_spread(const double *values, uint32_t nr, uint32_t stride)
{
	struct wall_spread s = { NAN, NAN, NAN };
	double *sorted = calloc((size_t)nr + 1, sizeof(*sorted));
	uint32_t n = sorted ? collect(sorted, values, nr, stride) : 0;

	if (n) {
		s.median = median(sorted, n);
		s.min = sorted[0];
		s.max = sorted[n - 1];
	}
	free(sorted);
	return s;
}

static double drawn_quartile(const double *values, uint32_t nr, double *scratch, struct rng *rng)
{
	for (uint32_t i = 0; i < nr; i++)
		scratch[i] = values[rng_below(rng, nr)];
	return lower_quartile(scratch, nr);
}

struct sides {
	double *a, *b, *scratch, *changes;
	uint32_t na, nb;
};

static void resample(struct wall_change *c, const struct sides *s)
{
	uint32_t nr = MOST_DRAWS / (s->na + s->nb);
	struct rng rng = rng_seed(STATS_BOOTSTRAP_SEED, RNG_BOOTSTRAP);

	nr = nr > STATS_RESAMPLES ? STATS_RESAMPLES : nr;
	for (uint32_t i = 0; i < nr; i++) {
		double from = drawn_quartile(s->a, s->na, s->scratch, &rng);

		s->changes[i] = drawn_quartile(s->b, s->nb, s->scratch, &rng) / from - 1;
	}
	qsort(s->changes, nr, sizeof(*s->changes), by_value);
	c->low = s->changes[nr / 40];
	c->high = s->changes[nr - 1 - nr / 40];
	c->bounded = true;
}

struct wall_change wall_change(const double *from, uint32_t nr_from, const double *to, uint32_t nr_to, uint32_t stride)
{
	uint32_t most = nr_from > nr_to ? nr_from : nr_to;
	struct wall_change c = { NAN, NAN, NAN, false };
	struct sides s = {
		.a = calloc(most + 1, sizeof(double)),
		.b = calloc(most + 1, sizeof(double)),
		.scratch = calloc(most + 1, sizeof(double)),
		.changes = calloc(STATS_RESAMPLES, sizeof(double)),
	};

	if (s.a && s.b && s.scratch && s.changes) {
		s.na = collect(s.a, from, nr_from, stride);
		s.nb = collect(s.b, to, nr_to, stride);
		if (s.na && s.nb)
			c.change = lower_quartile(s.b, s.nb) / lower_quartile(s.a, s.na) - 1;
		if (s.na > 2 && s.nb > 2)
			resample(&c, &s);
	}
	free(s.a);
	free(s.b);
	free(s.scratch);
	free(s.changes);
	return c;
}
