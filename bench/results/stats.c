// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "../virtual/rng.h"
#include "stats.h"

#define MILLION 1000000

int64_t stats_ratio(int64_t a, int64_t b, int64_t scale)
{
	if (!b)
		return 0;
	__int128 n = (__int128)a * scale * 2;

	n = n < 0 ? n - b : n + b;
	return (int64_t)(n / (2 * (__int128)b));
}

static int compare_i64(const void *pa, const void *pb)
{
	const int64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static int compare_u64(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

void stats_sort(uint64_t *values, size_t n)
{
	if (n)
		qsort(values, n, sizeof(*values), compare_u64);
}

uint64_t stats_quantile(const uint64_t *sorted, size_t n, unsigned int q)
{
	if (!n)
		return 0;
	size_t rank = (n * q + 999) / 1000;

	return sorted[rank ? rank - 1 : 0];
}

struct sum {
	int64_t successes;
	int64_t requests;
};

static void add(struct sum *s, const struct stats_count *c)
{
	s->successes += (int64_t)c->successes;
	s->requests += c->requests;
}

static int64_t rate(const struct sum *s)
{
	return stats_ratio(s->successes, s->requests, MILLION);
}

static int64_t statistic(const struct stats_term *terms, const struct sum *sums, size_t nr)
{
	int64_t value = 0;

	for (size_t t = 0; t < nr; t++)
		value += terms[t].weight * rate(&sums[t]);
	return value;
}

/* Percentile bootstrap over seeds: the same draw of seeds for every term. */
struct stats_interval stats_sum(const struct stats_term *terms, size_t nr, size_t seeds)
{
	struct rng rng = rng_seed(STATS_BOOTSTRAP_SEED, RNG_BOOTSTRAP);
	struct stats_interval out = { 0 };
	struct sum *sums = calloc(nr + 1, sizeof(*sums));
	int64_t *values = seeds < 2 ? NULL : calloc(STATS_RESAMPLES, sizeof(*values));

	for (size_t t = 0; sums && t < nr; t++) {
		for (size_t i = 0; i < seeds; i++)
			add(&sums[t], &terms[t].counts[i]);
	}
	if (sums)
		out.value = statistic(terms, sums, nr);
	for (size_t k = 0; sums && values && k < STATS_RESAMPLES; k++) {
		memset(sums, 0, nr * sizeof(*sums));
		for (size_t i = 0; i < seeds; i++) {
			size_t seed = rng_below(&rng, seeds);

			for (size_t t = 0; t < nr; t++)
				add(&sums[t], &terms[t].counts[seed]);
		}
		values[k] = statistic(terms, sums, nr);
	}
	if (sums && values) {
		qsort(values, STATS_RESAMPLES, sizeof(*values), compare_i64);
		out.low = values[STATS_RESAMPLES * 25 / 1000 - 1];
		out.high = values[STATS_RESAMPLES * 975 / 1000 - 1];
		out.bounded = true;
	}
	free(sums);
	free(values);
	return out;
}

struct stats_interval stats_rate(const struct stats_count *a, size_t seeds)
{
	return stats_sum(&(struct stats_term){ a, 1 }, 1, seeds);
}

struct stats_interval stats_difference(const struct stats_count *a, const struct stats_count *b, size_t seeds)
{
	return stats_sum((const struct stats_term[]){ { a, 1 }, { b, -1 } }, 2, seeds);
}
