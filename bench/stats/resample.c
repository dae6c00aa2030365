// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "../results/stats.h"
#include "../virtual/rng.h"
#include "resample.h"

#define MOST_DRAWS 20000000u /* of values, for one size: so that many repetitions do not take minutes */

static int by_value(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

void sort_values(double *values, size_t nr)
{
	if (nr)
		qsort(values, nr, sizeof(*values), by_value);
}

double sort_median(double *values, size_t nr)
{
	sort_values(values, nr);
	return nr % 2 ? values[nr / 2] : (values[nr / 2 - 1] + values[nr / 2]) / 2;
}

double sorted_quantile(const double *sorted, size_t n, double q)
{
	double place = (double)(n - 1) * q;
	size_t below = (size_t)place;
	double part = place - (double)below;

	return sorted[below] + (part > 0 ? part * (sorted[below + 1] - sorted[below]) : 0);
}

void resample_open(struct resample *r, double quantile, uint32_t nr)
{
	*r = (struct resample){ .quantile = quantile, .nr = nr };
}

void resample_free(struct resample *r)
{
	for (size_t i = 0; i < r->nr_draws; i++)
		free(r->draws[i].places);
	free(r->draws);
	free(r->ratios);
	*r = (struct resample){ 0 };
}

/* The two places in a sorted sample of n that its drawn copy has its quantile between; `count` has room for n. */
static void draw(const struct resample *r, struct rng *rng, uint32_t *count, size_t n, uint32_t out[2])
{
	size_t below = (size_t)((double)(n - 1) * r->quantile), above = below + 1 < n ? below + 1 : below;
	size_t seen = 0, place = 0;

	for (size_t i = 0; i < n; i++)
		count[i] = 0;
	for (size_t i = 0; i < n; i++)
		count[rng_below(rng, n)]++;
	for (; (seen += count[place]) <= below; place++)
		;
	out[0] = (uint32_t)place;
	while (seen <= above)
		seen += count[++place];
	out[1] = (uint32_t)place;
}

/* `side` 0 or 1: two samples of one size are drawn independently. Not NULL but for want of memory. */
static const struct resample_draws *draws_of(struct resample *r, size_t n, uint64_t side)
{
	for (size_t i = side; i < r->nr_draws; i += 2) {
		if (r->draws[i].size == n)
			return &r->draws[i];
	}
	struct resample_draws *more = reallocarray(r->draws, r->nr_draws + 2, sizeof(*more));
	uint32_t *count = malloc(n * sizeof(*count)), nr = r->nr;

	if (n > MOST_DRAWS / nr)
		nr = n < MOST_DRAWS / 100 ? (uint32_t)(MOST_DRAWS / n) : 100;
	if (more)
		r->draws = more;
	for (uint64_t s = 0; more && count && s < 2; s++) {
		struct rng rng = rng_seed(STATS_BOOTSTRAP_SEED + n, RNG_BOOTSTRAP + (s << 8));
		uint32_t *places = malloc((size_t)nr * 2 * sizeof(*places));

		for (uint32_t k = 0; places && k < nr; k++)
			draw(r, &rng, count, n, places + 2 * (size_t)k);
		more[r->nr_draws + s] = (struct resample_draws){ places, nr, n };
	}
	free(count);
	if (!more || !count)
		return NULL;
	r->nr_draws += 2;
	return &r->draws[r->nr_draws - 2 + side];
}

static double between(const double *sorted, const struct resample_draws *d, uint32_t number, double part)
{
	const uint32_t *place = d->places + 2 * (size_t)number;

	return sorted[place[0]] + part * (sorted[place[1]] - sorted[place[0]]);
}

static double part_of(const struct resample *r, size_t n)
{
	double place = (double)(n - 1) * r->quantile;

	return place - floor(place);
}

/* The k-th smallest, from 0; the values lose their order (Hoare's FIND, as Wirth has it). */
static double select_nth(double *values, size_t nr, size_t k)
{
	double *low = values, *high = values + nr - 1, *want = values + k;

	while (low < high) {
		double pivot = *want, *i = low, *j = high;

		do {
			while (*i < pivot)
				i++;
			while (*j > pivot)
				j--;
			if (i <= j) {
				double swap = *i;

				*i++ = *j;
				*j-- = swap;
			}
		} while (i <= j);
		if (j < want)
			low = i;
		if (i > want)
			high = j;
	}
	return *want;
}

bool resample_ratio(struct resample *r, const double *a, size_t na, const double *b, size_t nb, double *low,
                    double *high)
{
	/* the second may move the first */
	bool fine = draws_of(r, na, 0) && draws_of(r, nb, 1);
	const struct resample_draws *da = fine ? draws_of(r, na, 0) : NULL, *db = fine ? draws_of(r, nb, 1) : NULL;
	double part_a = part_of(r, na), part_b = part_of(r, nb);

	if (!r->ratios)
		r->ratios = malloc((size_t)r->nr * sizeof(*r->ratios));
	if (!da || !db || !da->places || !db->places || !r->ratios || a[0] <= 0)
		return false;
	uint32_t nr = da->nr < db->nr ? da->nr : db->nr;

	for (uint32_t i = 0; i < nr; i++)
		r->ratios[i] = between(b, db, i, part_b) / between(a, da, i, part_a);
	*low = select_nth(r->ratios, nr, nr / 40);
	*high = select_nth(r->ratios, nr, nr - 1 - nr / 40);
	return true;
}
