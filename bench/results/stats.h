/* SPDX-License-Identifier: MIT */
/*
 * stats.h - rates, intervals and quantiles, in integers: the same digits whatever compiled them.
 *
 * The unit of resampling is the seed: requests of one replay share their trace and are not independent of each other.
 * Two backends are compared seed by seed, because a seed gives both of them the same requests.
 */
#ifndef STATS_H
#define STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_RESAMPLES      10000u
#define STATS_BOOTSTRAP_SEED UINT64_C(20211119)

/* What happened in one replay: successes, or whatever else is counted by request. */
struct stats_count {
	uint64_t successes;
	uint32_t requests;
};

/* A rate in a sum of rates, and how often it counts. */
struct stats_term {
	const struct stats_count *counts; /* by seed */
	int weight;
};

/* Millionths. */
struct stats_interval {
	int64_t value;
	int64_t low; /* of the 95 % interval; meaningless unless `bounded` */
	int64_t high;
	bool bounded; /* false with fewer than two seeds */
};

/* Successes by requests, all seeds together, with the percentile bootstrap interval. */
struct stats_interval stats_rate(const struct stats_count *a, size_t seeds);
/* Rate of `a` minus rate of `b`, paired: the i-th of both are of the same seed. */
struct stats_interval stats_difference(const struct stats_count *a, const struct stats_count *b, size_t seeds);
/* Weighted sum of rates, all of the same seeds. */
struct stats_interval stats_sum(const struct stats_term *terms, size_t nr, size_t seeds);

/* The smallest value that at least q thousandths of the values do not exceed (nearest rank); 0 of nothing. Sorted
 * input. */
uint64_t stats_quantile(const uint64_t *sorted, size_t n, unsigned int q);
void stats_sort(uint64_t *values, size_t n);

/* a / b in units of 1 / scale, rounded half away from zero; 0 when b is 0. */
int64_t stats_ratio(int64_t a, int64_t b, int64_t scale);

#endif
