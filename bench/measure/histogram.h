/* SPDX-License-Identifier: MIT */
/*
 * histogram.h - how often a value occurred, log-linear: every power of two is cut into HISTOGRAM_STEPS equal steps, so
 * that a value is known to 1/HISTOGRAM_STEPS of itself whatever its size; below 2 * HISTOGRAM_STEPS exactly. The bounds of
 * a step, not its middle, are what is reported: a percentile is an upper bound, at most 1/HISTOGRAM_STEPS too high, and
 * never above the largest value, which is kept exactly.
 *
 * One thread records without locks or allocation; histograms of several threads are added up afterwards.
 */
#ifndef MEASURE_HISTOGRAM_H
#define MEASURE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BITS  7u
#define HISTOGRAM_STEPS (1u << HISTOGRAM_BITS) /* error bound: 1/128, that is 0.78 % */
#define HISTOGRAM_CELLS ((65u - HISTOGRAM_BITS) << HISTOGRAM_BITS)

struct histogram {
	uint64_t max;
	uint64_t sum; /* of the values, for the mean: exact below 2^64, that is 584 years of ns */
	uint64_t cells[HISTOGRAM_CELLS];
};

static inline unsigned int histogram_cell(uint64_t value)
{
	/* values below 2^(BITS + 1) are cells of their own */
	unsigned int shift = (unsigned int)__builtin_clzll(value | HISTOGRAM_STEPS) ^ 63u;

	shift -= HISTOGRAM_BITS;
	return (shift << HISTOGRAM_BITS) + (unsigned int)(value >> shift);
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	h->cells[histogram_cell(value)]++;
	h->sum += value;
	if (__builtin_expect(value > h->max, 0))
		h->max = value;
}

/* The smallest value of a cell. That of the next cell is one more than its largest; behind the last one: 0, as 2^64 wraps. */
uint64_t histogram_low(unsigned int cell);
uint64_t histogram_count(const struct histogram *h);
void histogram_merge(struct histogram *to, const struct histogram *from);
/*
 * The value that a share of all values, in millionths, does not exceed: 500000 for the median, 999000 for p99.9. 0 where
 * nothing was recorded.
 */
uint64_t histogram_percentile(const struct histogram *h, uint32_t millionths);
/*
 * The mean of the smallest values, as many as the share says: 990000 leaves out the largest 1 %, which on a machine that is
 * not quiet are about the machine. Within half a step; -1 where nothing was recorded.
 */
double histogram_trimmed_mean(const struct histogram *h, uint32_t millionths);

#endif
