// SPDX-License-Identifier: MIT
/* test_wall_metrics.c - repetitions summed up: medians, comparisons that see a few per cent, and what is not a number. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../bench/virtual/rng.h"
#include "../bench/wall/metrics.h"

#define REPETITIONS 20u

/* About `mean`, 4 % up or down, now and then half as long again: the times that a machine that is not quite quiet takes. */
static void noisy(double *values, uint32_t nr, double mean, struct rng *rng)
{
	for (uint32_t i = 0; i < nr; i++) {
		values[i] = mean * (0.96 + (double)rng_below(rng, 80001) / 1e6);
		if (!rng_below(rng, 8))
			values[i] *= 1.5;
	}
}

static void spreads(void **state)
{
	/* every other one, one of which was not measured */
	const double values[] = { 5, -1, 1, -1, NAN, -1, 4, -1, 2, -1 };
	struct wall_spread s = wall_spread(values, 5, 2);

	(void)state;
	assert_true(s.median == 3 && s.min == 1 && s.max == 5);
	s = wall_spread(values, 3, 2);
	assert_true(s.median == 3 && s.min == 1 && s.max == 5);
	assert_true(isnan(wall_spread(&values[4], 1, 1).median));
	assert_true(isnan(wall_spread(values, 0, 1).median));
}

/* How many intervals in 100 hold 0 when the second is so much slower than the first. */
static uint32_t hold_zero(double slower)
{
	double a[REPETITIONS], b[REPETITIONS];
	struct rng rng = rng_seed(5, 0);
	uint32_t nr = 0;

	for (int i = 0; i < 100; i++) {
		noisy(a, REPETITIONS, 100, &rng);
		noisy(b, REPETITIONS, 100 * (1 + slower), &rng);
		struct wall_change c = wall_change(a, REPETITIONS, b, REPETITIONS, 1);

		assert_true(c.bounded && c.low <= c.change && c.change <= c.high);
		nr += c.low <= 0 && c.high >= 0;
	}
	return nr;
}

/* Equals are found equal about as often as a 95 % interval promises; 5 % slower is seen nearly always. */
static void comparisons(void **state)
{
	(void)state;
	assert_in_range(hold_zero(0), 90, 100);
	assert_in_range(hold_zero(0.05), 0, 10);
}

/* Half of the repetitions of one side were disturbed, by far: medians would be apart by half and more. */
static void disturbed(void **state)
{
	double a[REPETITIONS], b[REPETITIONS];
	struct rng rng = rng_seed(6, 0);

	(void)state;
	for (int slower = 0; slower < 2; slower++) {
		noisy(a, REPETITIONS, 100, &rng);
		noisy(b, REPETITIONS, 100 + 5 * slower, &rng);
		for (uint32_t i = 0; i < REPETITIONS / 2; i++)
			b[i] *= 3;
		struct wall_change c = wall_change(a, REPETITIONS, b, REPETITIONS, 1);

		assert_true(c.change > 0.05 * slower - 0.01 && c.change < 0.05 * slower + 0.05);
	}
}

static void too_few_to_compare(void **state)
{
	const double a[] = { 10, 10, NAN }, b[] = { 11, 11, 11 };
	struct wall_change c = wall_change(a, 3, b, 3, 1);

	(void)state;
	assert_true(fabs(c.change - 0.1) < 1e-9);
	assert_false(c.bounded);
	assert_true(isnan(wall_change(a, 0, b, 3, 1).change));
	/* the same every time: the interval is a point */
	c = wall_change(b, 3, b, 3, 1);
	assert_true(c.bounded && c.low == 0 && c.high == 0);
}

/* What a replay did not measure is no number; a counter that counted nothing is one. */
static void absent_is_not_zero(void **state)
{
	const struct wall_clock clock = { .name = "made up", .ns_per_tick = 0.5 };
	const struct wall_params params = { .clock = &clock };
	struct wall_result *r = calloc(1, sizeof(*r));
	double m[METRIC_NR];

	(void)state;
	assert_non_null(r);
	wall_metrics(&params, r, m);
	assert_true(isnan(m[METRIC_EVENTS_PER_SECOND]) && isnan(m[METRIC_SUCCESS_RATE]) &&
	            isnan(m[METRIC_WAITED_SHARE]));
	assert_true(isnan(m[METRIC_ALLOC_P50]) && isnan(m[METRIC_REQUEST_P99]) && isnan(m[METRIC_LAG_P50]));
	for (int c = 0; c < COUNTER_NR; c++)
		assert_true(isnan(m[METRIC_COUNTERS + c]));
	histogram_add(&r->op[WALL_ALLOC], 40);
	r->run.has[COUNTER_PAGE_FAULTS] = true;
	r->run.enabled_ns[COUNTER_PAGE_FAULTS] = r->run.running_ns[COUNTER_PAGE_FAULTS] = 1000;
	r->wall_ns = 500;
	r->events = 1000;
	wall_metrics(&params, r, m);
	assert_true(m[METRIC_ALLOC_P50] == 20);
	assert_true(isnan(m[METRIC_FREE_P50]));
	assert_true(m[METRIC_COUNTERS + COUNTER_PAGE_FAULTS] == 0);
	assert_true(m[METRIC_EVENTS_PER_SECOND] == 2e9);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spreads),
		cmocka_unit_test(comparisons),
		cmocka_unit_test(disturbed),
		cmocka_unit_test(too_few_to_compare),
		cmocka_unit_test(absent_is_not_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
