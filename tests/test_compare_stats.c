// SPDX-License-Identifier: MIT
/*
 * test_compare_stats.c - the tests behind `contigbench compare`, each against what counting all possibilities gives, against
 * values that textbooks have, and against chance: how often equals are called different.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/stats/exact.h"
#include "../bench/stats/rank.h"
#include "../bench/stats/resample.h"
#include "../bench/virtual/rng.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static int by_value(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

static void sort(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
}

/* ---- by hand: all choices of m out of n, one after the other ---------------------------------- */

/* Twice the number of pairs of which b's is larger, ties counted half. */
static unsigned int twice_u(const double *all, unsigned int n, unsigned int chosen)
{
	unsigned int u = 0;

	for (unsigned int i = 0; i < n; i++) {
		for (unsigned int k = 0; k < n; k++) {
			if (chosen >> i & 1 && !(chosen >> k & 1))
				u += all[i] > all[k] ? 2 : all[i] == all[k];
		}
	}
	return u;
}

static double rank_by_hand(const double *a, unsigned int na, const double *b, unsigned int nb)
{
	double all[16];
	unsigned int n = na + nb, far = 0, choices = 0;

	memcpy(all, a, na * sizeof(*a));
	memcpy(all + na, b, nb * sizeof(*b));
	int mean = (int)(na * nb), is = abs((int)twice_u(all, n, ((1u << nb) - 1) << na) - mean);

	for (unsigned int chosen = 0; chosen < 1u << n; chosen++) {
		if (__builtin_popcount(chosen) != (int)nb)
			continue;
		choices++;
		far += abs((int)twice_u(all, n, chosen) - mean) >= is;
	}
	return (double)far / choices;
}

/* Every pair of sizes up to 6 and 6, without ties, with some, with many. */
static void ranks_are_counted_out(void **state)
{
	static const uint64_t values[] = { 1u << 30, 12, 4 };
	struct rank_tables tables = { 0 };
	struct rng rng = rng_seed(1, 0);
	unsigned int exact = 0;

	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		unsigned int na = 1 + (unsigned int)rng_below(&rng, 6), nb = 1 + (unsigned int)rng_below(&rng, 6);
		double a[6], b[6];

		for (unsigned int k = 0; k < na; k++)
			a[k] = (double)rng_below(&rng, values[i % 3]);
		for (unsigned int k = 0; k < nb; k++)
			b[k] = (double)(rng_below(&rng, values[i % 3]) + (i % 5) * values[i % 3] / 8);
		sort(a, na);
		sort(b, nb);
		struct rank_test t = rank_test(a, na, b, nb, &tables);
		double p = rank_by_hand(a, na, b, nb);

		/* with ties only where the approximation is near to deciding something */
		exact += t.exact;
		if (t.exact && fabs(t.p - p) > 1e-9)
			fail_msg("%u and %u values: p is %.9f, by hand %.9f", na, nb, t.p, p);
		if (!t.exact)
			assert_true(t.p >= 0.1 && p > 0.05);
	}
	assert_true(exact > 150);
	rank_tables_free(&tables);
}

/*
 * Known values. Two-sided p of U, from the tables of Mann and Whitney (1947) and every textbook since: the smallest p of 5 and 5
 * is 2 / 252; the critical value at 5 % is U = 23 of 10 and 10 (p 0.0433).
 */
static void known_ranks(void **state)
{
	struct rank_tables tables = { 0 };
	double a[20], b[20];

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		a[i] = i;
		b[i] = 100 + i;
	}
	NEAR(rank_test(a, 5, b, 5, &tables).p, 2.0 / 252);
	NEAR(rank_smallest_p(5, 5), 2.0 / 252);
	assert_true(rank_test(a, 5, b, 5, &tables).larger == 1);
	assert_true(rank_test(b, 5, a, 5, &tables).larger == 0);
	/* so many of a's are above each of b's: 23 pairs */
	static const int above[10] = { 9, 7, 5, 2 };

	for (int i = 0; i < 10; i++) {
		a[i] = 10 * i;
		b[i] = 10 * (9 - above[i]) + 5 + i * 0.1;
	}
	struct rank_test t = rank_test(a, 10, b, 10, &tables);

	assert_true(t.exact && fabs(t.p - 0.0433) < 0.0001);
	assert_false(t.larger < 0.769 || t.larger > 0.771);
	rank_tables_free(&tables);
}

/* At 50 and 50 the exact p and the normal approximation meet; beyond, only that is left. All equal: no difference at all. */
static void large_samples(void **state)
{
	struct rank_tables tables = { 0 };
	struct rng rng = rng_seed(2, 0);
	double a[60], b[60];

	(void)state;
	for (unsigned int i = 0; i < 60; i++) {
		a[i] = (double)rng_below(&rng, 1u << 30);
		b[i] = (double)rng_below(&rng, 1u << 30) + (1u << 28);
	}
	sort(a, 50);
	sort(b, 50);
	struct rank_test t = rank_test(a, 50, b, 50, &tables);

	assert_true(t.exact);
	assert_true(fabs(t.p - normal_p(fabs(t.z))) < 0.1 * t.p + 1e-3);
	sort(a, 60);
	sort(b, 60);
	t = rank_test(a, 60, b, 60, &tables);
	assert_false(t.exact);
	assert_true(t.p > 0 && t.p < 0.01);
	for (unsigned int i = 0; i < 60; i++)
		a[i] = b[i] = 7;
	t = rank_test(a, 60, b, 60, &tables);
	assert_true(t.p == 1 && t.larger == 0.5);
	rank_tables_free(&tables);
}

/* Sums of any whole numbers: successes of repetitions. */
static void permutations(void **state)
{
	struct rng rng = rng_seed(3, 0);

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		unsigned int n = 2 + (unsigned int)rng_below(&rng, 9), m = 1 + (unsigned int)rng_below(&rng, n - 1);
		uint32_t values[10];
		uint64_t total = 0, sum = 0, far = 0, choices = 0;

		for (unsigned int k = 0; k < n; k++)
			total += values[k] = (uint32_t)rng_below(&rng, 1 + i % 40);
		for (unsigned int k = 0; k < m; k++)
			sum += values[k];
		int64_t is = llabs((int64_t)(sum * n) - (int64_t)(total * m));

		for (unsigned int chosen = 0; chosen < 1u << n; chosen++) {
			uint64_t s = 0;

			if (__builtin_popcount(chosen) != (int)m)
				continue;
			for (unsigned int k = 0; k < n; k++)
				s += chosen >> k & 1 ? values[k] : 0;
			choices++;
			far += llabs((int64_t)(s * n) - (int64_t)(total * m)) >= is;
		}
		NEAR(exact_permutation(values, n, m, sum), (double)far / (double)choices);
	}
}

/* ---- rates ----------------------------------------------------------------------------------- */

/*
 * Fisher's tea: 3 of 4 and 1 of 4, p = 34/70; Agresti's and R's examples: Dead or alive 10/12 against 2/15 (convictions of twins,
 * Fisher 1962: two-sided 0.0005367). A table as it is expected: 1.
 */
static void fisher(void **state)
{
	(void)state;
	NEAR(exact_fisher(3, 4, 1, 4), 34.0 / 70);
	assert_true(fabs(exact_fisher(10, 12, 3, 18) - 0.0005367) < 1e-7);
	NEAR(exact_fisher(5, 10, 5, 10), 1);
	NEAR(exact_fisher(0, 10, 0, 10), 1);
	NEAR(exact_fisher(10, 10, 10, 10), 1);
	NEAR(exact_fisher(0, 5, 5, 5), 2.0 / 252);
	assert_true(exact_fisher(500000, 1000000, 510000, 1000000) < 1e-40);
}

/* All tables with these margins, summed up in whole numbers. */
static uint64_t choose(uint64_t n, uint64_t k)
{
	uint64_t c = 1;

	for (uint64_t i = 1; i <= k; i++)
		c = c * (n - k + i) / i;
	return k > n ? 0 : c;
}

static void fisher_by_hand(void **state)
{
	(void)state;
	for (uint64_t n1 = 1; n1 < 9; n1++) {
		for (uint64_t n2 = 1; n2 < 9; n2++) {
			for (uint64_t k1 = 0; k1 <= n1; k1++) {
				for (uint64_t k2 = 0; k2 <= n2; k2++) {
					uint64_t is = choose(n1, k1) * choose(n2, k2), sum = 0;

					for (uint64_t i = 0; i <= k1 + k2 && i <= n1; i++) {
						uint64_t ways =
							k1 + k2 - i > n2 ? 0 : choose(n1, i) * choose(n2, k1 + k2 - i);

						sum += ways <= is ? ways : 0;
					}
					NEAR(exact_fisher(k1, n1, k2, n2),
					     (double)sum / (double)choose(n1 + n2, k1 + k2));
				}
			}
		}
	}
}

static void mcnemar(void **state)
{
	(void)state;
	NEAR(exact_mcnemar(0, 0), 1);
	NEAR(exact_mcnemar(5, 5), 1);
	NEAR(exact_mcnemar(0, 6), 2.0 / 64);
	NEAR(exact_mcnemar(6, 0), 2.0 / 64);
	NEAR(exact_mcnemar(1, 9), 2.0 * 11 / 1024);
	assert_true(exact_mcnemar(100000, 102000) < 1e-5);
}

static void normal(void **state)
{
	(void)state;
	assert_true(fabs(normal_p(1.959963985) - 0.05) < 1e-9);
	assert_true(fabs(normal_z(0.05) - 1.959963985) < 1e-8);
	assert_true(fabs(normal_z(normal_p(5)) - 5) < 1e-8);
}

/* ---- many tests ------------------------------------------------------------------------------ */

/* Holm's own way: the smallest times 4, the next times 3 ..., and none smaller than the one before. */
static void corrected(void **state)
{
	double p[] = { 0.01, 0.04, 0.03, 0.005 };

	(void)state;
	assert_true(holm(p, 4));
	NEAR(p[3], 0.02);
	NEAR(p[0], 0.03);
	NEAR(p[2], 0.06);
	NEAR(p[1], 0.06);
	assert_true(holm(p, 0));
	double large[] = { 0.9, 0.8 };

	assert_true(holm(large, 2));
	NEAR(large[0], 1);
	NEAR(large[1], 1);
}

/* ---- intervals ------------------------------------------------------------------------------- */

static void noisy(double *values, unsigned int n, double median, struct rng *rng)
{
	for (unsigned int i = 0; i < n; i++)
		values[i] = median * (1 + ((double)rng_below(rng, 2001) + (double)rng_below(rng, 2001) - 2000) / 40000);
	sort(values, n);
}

/* 95 % intervals of the ratio of medians hold the true one about as often as they promise. */
static void intervals_hold(void **state)
{
	struct rng rng = rng_seed(4, 0);
	struct resample r;
	unsigned int holds = 0, excludes = 0;

	(void)state;
	resample_open(&r, 0.5, 2000);
	for (unsigned int i = 0; i < 1000; i++) {
		double a[15], b[15], low, high;

		noisy(a, 15, 100, &rng);
		noisy(b, 15, 110, &rng);
		assert_true(resample_ratio(&r, a, 15, b, 15, &low, &high));
		assert_true(low <= high);
		holds += low <= 1.1 && high >= 1.1;
		excludes += low > 1;
	}
	assert_in_range(holds, 930, 985);
	assert_in_range(excludes, 995, 1000);
	resample_free(&r);
}

/* Looking places up is the same as drawing values, sorting them and taking their quantile. */
static void places_are_values(void **state)
{
	double a[] = { 1, 2, 4, 8, 16, 32, 64 }, copy[7], low, high, ratios[2000];
	struct rng rng = rng_seed(9, 0);
	struct resample r;

	(void)state;
	resample_open(&r, 0.25, 2000);
	assert_true(resample_ratio(&r, a, 7, a, 7, &low, &high));
	for (unsigned int i = 0; i < 2000; i++) {
		double q[2];

		for (unsigned int side = 0; side < 2; side++) {
			for (unsigned int k = 0; k < 7; k++)
				copy[k] = a[rng_below(&rng, 7)];
			sort(copy, 7);
			q[side] = sorted_quantile(copy, 7, 0.25);
		}
		ratios[i] = q[1] / q[0];
	}
	sort(ratios, 2000);
	assert_true(fabs(log(low / ratios[50])) < 0.5);
	assert_true(fabs(log(high / ratios[1949])) < 0.5);
	resample_free(&r);
}

static void quantiles(void **state)
{
	const double v[] = { 1, 2, 3, 10 };

	(void)state;
	NEAR(sorted_quantile(v, 4, 0.5), 2.5);
	NEAR(sorted_quantile(v, 3, 0.5), 2);
	NEAR(sorted_quantile(v, 4, 0.25), 1.75);
	NEAR(sorted_quantile(v, 1, 0.5), 1);
}

static void no_interval(void **state)
{
	const double zero[] = { 0, 1, 2 }, equal[] = { 3, 3, 3 };
	double low, high;
	struct resample r;

	(void)state;
	resample_open(&r, 0.5, 1000);
	assert_false(resample_ratio(&r, zero, 3, equal, 3, &low, &high));
	assert_true(resample_ratio(&r, equal, 3, equal, 3, &low, &high));
	assert_true(low == 1 && high == 1);
	resample_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks_are_counted_out),
		cmocka_unit_test(known_ranks),
		cmocka_unit_test(large_samples),
		cmocka_unit_test(permutations),
		cmocka_unit_test(fisher),
		cmocka_unit_test(fisher_by_hand),
		cmocka_unit_test(mcnemar),
		cmocka_unit_test(normal),
		cmocka_unit_test(corrected),
		cmocka_unit_test(intervals_hold),
		cmocka_unit_test(places_are_values),
		cmocka_unit_test(quantiles),
		cmocka_unit_test(no_interval),
	};

	return cmocka_run_group_tests_name("compare_stats", tests, NULL, NULL);
}
