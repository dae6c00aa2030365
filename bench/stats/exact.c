// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "exact.h"

/* Sums may differ by rounding only: what is as likely must not be taken for less likely. */
#define AS_LIKELY (1 + 1e-7)

static int by_value_down(const void *pa, const void *pb)
{
	const uint32_t *a = pa, *b = pb;

	return (*a < *b) - (*a > *b);
}

/* The largest sum that m of them can have. */
static uint64_t largest_sum(const uint32_t *values, size_t nr, size_t m)
{
	uint32_t *sorted = malloc(nr * sizeof(*sorted) + 1);
	uint64_t sum = 0;

	if (!sorted)
		return UINT64_MAX;
	for (size_t i = 0; i < nr; i++)
		sorted[i] = values[i];
	qsort(sorted, nr, sizeof(*sorted), by_value_down);
	for (size_t i = 0; i < m; i++)
		sum += sorted[i];
	free(sorted);
	return sum;
}

double exact_permutation_work(const uint32_t *values, size_t nr, size_t m)
{
	return (double)nr * (double)m * ((double)largest_sum(values, nr, m) + 1);
}

/*
 * ways[k][s]: choices of k values that add up to s. Values are let in one by one; going down in k, each is chosen once at most.
 */
static void count_ways(double *ways, const uint32_t *values, size_t nr, size_t m, size_t most)
{
	ways[0] = 1;
	for (size_t i = 0; i < nr; i++) {
		size_t v = values[i];

		for (size_t k = i + 1 < m ? i + 1 : m; k; k--) {
			const double *from = ways + (k - 1) * (most + 1);
			double *to = ways + k * (most + 1) + v;

			for (size_t s = 0; s + v <= most; s++)
				to[s] += from[s];
		}
	}
}

double exact_permutation(const uint32_t *values, size_t nr, size_t m, uint64_t sum)
{
	uint64_t most = largest_sum(values, nr, m), total = 0;
	double *ways = most == UINT64_MAX ? NULL : calloc((m + 1) * (most + 1), sizeof(*ways));
	double all = 0, far = 0;

	if (!ways)
		return NAN;
	for (size_t i = 0; i < nr; i++)
		total += values[i];
	count_ways(ways, values, nr, m, most);
	const double *last = ways + m * (most + 1);

	/* distances from the mean, m * total / nr, in units of 1 / nr: whole numbers */
	double mean = (double)m * (double)total, distance = fabs((double)sum * (double)nr - mean);

	for (uint64_t s = 0; s <= most; s++) {
		all += last[s];
		if (fabs((double)s * (double)nr - mean) >= distance)
			far += last[s];
	}
	free(ways);
	return far / all;
}

/* ln of n over k */
static double ln_choose(uint64_t n, uint64_t k)
{
	return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);
}

double exact_fisher(uint64_t k1, uint64_t n1, uint64_t k2, uint64_t n2)
{
	uint64_t k = k1 + k2, low = k > n2 ? k - n2 : 0, high = k < n1 ? k : n1;
	double all = ln_choose(n1 + n2, k), p = 0;
	double this = exp(ln_choose(n1, k1) + ln_choose(n2, k2) - all);

	for (uint64_t i = low; i <= high; i++) {
		double one = exp(ln_choose(n1, i) + ln_choose(n2, k - i) - all);

		if (one <= this * AS_LIKELY)
			p += one;
	}
	return p < 1 ? p : 1;
}

double exact_mcnemar(uint64_t b, uint64_t c)
{
	uint64_t n = b + c, least = b < c ? b : c;
	double p = 0;

	for (uint64_t i = 0; i <= least; i++)
		p += exp(ln_choose(n, i) - (double)n * M_LN2);
	return 2 * p < 1 ? 2 * p : 1;
}

double normal_p(double z)
{
	return erfc(fabs(z) / M_SQRT2);
}

/* By bisection: it is asked for a few times only. */
double normal_z(double p)
{
	double low = 0, high = 40;

	for (int i = 0; i < 100; i++) {
		double z = (low + high) / 2;

		if (normal_p(z) > p)
			low = z;
		else
			high = z;
	}
	return low;
}
