// SPDX-License-Identifier: MIT
/* spread.c - repetitions summed up: how far they are apart, is one row faster than another, and how sure is that? */
#include <math.h>
#include <stdlib.h>

#include "../results/stats.h"
#include "../stats/resample.h"
#include "metrics.h"

#define LOWER_QUARTILE 0.25 /* a quarter is at most as much */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
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
		qsort(sorted, n, sizeof(*sorted), by_value);
		s.median = sorted_quantile(sorted, n, 0.5);
		s.min = sorted[0];
		s.max = sorted[n - 1];
	}
	free(sorted);
	return s;
}

struct wall_change wall_change(const double *from, uint32_t nr_from, const double *to, uint32_t nr_to, uint32_t stride)
{
	struct wall_change c = { NAN, NAN, NAN, false };
	double *a = calloc((size_t)nr_from + 1, sizeof(*a)), *b = calloc((size_t)nr_to + 1, sizeof(*b));
	struct resample r;

	resample_open(&r, LOWER_QUARTILE, STATS_RESAMPLES);
	if (a && b) {
		uint32_t na = collect(a, from, nr_from, stride), nb = collect(b, to, nr_to, stride);

		qsort(a, na, sizeof(*a), by_value);
		qsort(b, nb, sizeof(*b), by_value);
		if (na && nb)
			c.change = sorted_quantile(b, nb, LOWER_QUARTILE) / sorted_quantile(a, na, LOWER_QUARTILE) - 1;
		if (na > 2 && nb > 2 && resample_ratio(&r, a, na, b, nb, &c.low, &c.high)) {
			c.low -= 1;
			c.high -= 1;
			c.bounded = true;
		}
	}
	resample_free(&r);
	free(a);
	free(b);
	return c;
}
