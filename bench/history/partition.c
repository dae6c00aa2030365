// SPDX-License-Identifier: MIT
/*
 * partition.c - the cheapest cut of a series into levels: the sum of absolute deviations from the median of each, and a price
 * for every cut.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/resample.h"
#include "changes.h"
#include "changes_inside.h"

/* A median of |N(0, 2)| is 0.954; the mean of |N(0, 1)| is 0.798. */
#define DEVIATION_OF_STEP (0.798 / 0.954)

/* Numbers in order, as they come, and the sum of their absolute deviations from their median. */
struct sorted {
	double *value;
	size_t nr;
	double low, high; /* sums of the lower floor(nr / 2) and of the others */
};

static void add(struct sorted *s, double v)
{
	size_t at = 0, end = s->nr, half = s->nr / 2;

	while (at < end) {
		const size_t middle = (at + end) / 2;

		if (s->value[middle] <= v)
			at = middle + 1;
		else
			end = middle;
	}
	memmove(s->value + at + 1, s->value + at, (s->nr - at) * sizeof(v));
	s->value[at] = v;
	s->nr++;
	*(at < half ? &s->low : &s->high) += v;
	/* the lower half has grown by one that was added below, or must by one that now is its next */
	const size_t now = s->nr / 2, have = half + (at < half);

	if (have == now)
		return;
	const double moved = s->value[have < now ? have : have - 1];

	s->low += have < now ? moved : -moved;
	s->high -= have < now ? moved : -moved;
}

static double cost(const struct sorted *s)
{
	const double median = s->value[s->nr / 2];

	return s->high - median * (double)(s->nr - s->nr / 2) + median * (double)(s->nr / 2) - s->low;
}

/* How far apart neighbours are, as a mean absolute deviation from a common level; 0 of a constant series. */
static double noise(const double *y, size_t n, double *scratch)
{
	double sum = 0;

	for (size_t i = 1; i < n; i++) {
		scratch[i - 1] = fabs(y[i] - y[i - 1]);
		sum += scratch[i - 1];
	}
	const double median = sort_median(scratch, n - 1) * DEVIATION_OF_STEP;

	/* numbers of few digits: most neighbours are equal */
	return median > 0 ? median : sum / (double)(n - 1);
}

/* best[t]: the price of the first t numbers, a cut at t included; last[t]: where the level that ends at t begins. */
static void search(const double *y, size_t n, double price, double *best, size_t *last, struct sorted *s)
{
	for (size_t t = 1; t <= n; t++)
		best[t] = INFINITY;
	best[0] = 0;
	for (size_t from = 0; from + CHANGES_LEVEL <= n; from++) {
		size_t end = n;

		if (isinf(best[from]))
			continue;
		*s = (struct sorted){ .value = s->value };
		for (size_t t = from + 1; t <= end; t++) {
			add(s, y[t - 1]);
			if (t < from + CHANGES_LEVEL)
				continue;
			const double all = best[from] + cost(s);

			if (all + price < best[t]) {
				best[t] = all + price;
				last[t] = from;
			}
			/* a cut at t is cheaper for whatever comes after it (PELT), once a level fits in between */
			if (all >= best[t] && end > t + CHANGES_LEVEL - 1)
				end = t + CHANGES_LEVEL - 1;
		}
	}
}

int partition(const double *y, size_t n, size_t *bounds, size_t *nr)
{
	double *best = calloc(n + 1, sizeof(*best)), *scratch = calloc(n, sizeof(*scratch));
	size_t *last = calloc(n + 1, sizeof(*last));
	int rc = best && scratch && last ? 0 : -ENOMEM;

	*nr = 1;
	bounds[0] = 0;
	bounds[1] = n;
	const double unit = rc ? 0 : noise(y, n, scratch);

	if (unit > 0) {
		search(y, n, unit * (1 + log((double)n)), best, last, &(struct sorted){ .value = scratch });
		*nr = 0;
		for (size_t t = n; t; t = last[t])
			++*nr;
		for (size_t t = n, i = *nr; t; t = last[t])
			bounds[i--] = t;
	}
	free(best);
	free(last);
	free(scratch);
	return rc;
}
