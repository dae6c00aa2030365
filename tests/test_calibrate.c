// SPDX-License-Identifier: MIT
/*
 * test_calibrate.c - prices from durations, and durations from a trace of the kernel.
 *
 *	isolate            alloc_contig_range  |-------------------------------------------|
 *	  2 blocks  ----\    start_isolate       |-------|
 *	  ...            >     drain_all           |--|    ^ not the time of isolating, but of draining
 *	  8 blocks  ----/    isolate_migratepages           |---|    |--|
 *	     |               migrate_pages                       |--|
 *	     v
 *	prices, each with its standard error
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/calibrate/fit.h"

/* ---- the fit --------------------------------------------------------------------------------- */

#define ROWS 400u

/* Evenly in (0, 1): the same in every run. */
static double uniform(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state)
{
	return sqrt(-2 * log(uniform(state))) * cos(2 * 3.14159265358979 * uniform(state));
}

static const double truth[FIT_MAX_COLUMNS] = { 250, 1300, 90, 0, 28, 90000, 5300, 0, 0.46 };

/* Requests of 1 to 8 blocks with all kinds of layouts; `noise` is the standard deviation as a share of the duration. */
static void make_up(struct fit_row *rows, size_t nr, double noise, double outliers, uint64_t seed)
{
	for (size_t i = 0; i < nr; i++) {
		struct fit_row *r = &rows[i];

		*r = (struct fit_row){ .y = 0 };
		r->x[0] = 1 + floor(uniform(&seed) * 5);
		r->x[1] = 1 + floor(uniform(&seed) * 8);
		r->x[2] = floor(r->x[1] * 400 * uniform(&seed));
		r->x[3] = floor(r->x[1] * 512 * uniform(&seed));
		r->x[4] = floor(60 * uniform(&seed));
		r->x[5] = floor(2 * uniform(&seed));
		r->x[6] = floor(r->x[2] * uniform(&seed));
		r->x[8] = floor(r->x[1] * 512 * uniform(&seed));
		for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++)
			r->y += r->x[c] * truth[c];
		r->y *= 1 + noise * normal(&seed);
		/* an interrupt: never shorter */
		if (uniform(&seed) < outliers)
			r->y *= 3 + 10 * uniform(&seed);
	}
}

#define ALL ((1u << FIT_MAX_COLUMNS) - 1)

static void exact_data_give_exact_prices(void **state)
{
	struct fit_row rows[ROWS];
	struct fit f;

	(void)state;
	make_up(rows, 40, 0, 0, 1);
	assert_int_equal(fit_prices(&f, rows, 40, ALL), 0);
	for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
		/* column 7 is empty: nothing can be said of it */
		assert_int_equal(f.price[c].fitted, c != 7);
		assert_true(fabs(f.price[c].value - truth[c]) <= 1e-4 * (truth[c] + 0.1));
	}
	assert_true(f.residual < 1e-6);
}

/* Within 4 of its own standard errors, for ten sets of made-up data: the error is believable, and not merely large. */
static void noise_gives_prices_within_their_errors(void **state)
{
	struct fit_row rows[ROWS];
	double far = 0;
	size_t nr = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct fit f;

		make_up(rows, ROWS, 0.03, 0.02, seed);
		assert_int_equal(fit_prices(&f, rows, ROWS, ALL), 0);
		for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
			const struct fit_price *p = &f.price[c];

			if (!p->fitted)
				continue;
			assert_true(p->error > 0);
			assert_true(p->value >= 0);
			assert_true(fabs(p->value - truth[c]) < 4.5 * p->error);
			far += truth[c] > 0 ? fabs(p->value - truth[c]) / p->error : 0;
			nr += truth[c] > 0;
		}
		/* the dear ones are known well */
		assert_true(f.price[6].error < 0.02 * truth[6]);
		assert_true(f.outliers > 0);
	}
	/* of a normal deviate 0.8 on average */
	assert_true(far / (double)nr > 0.4 && far / (double)nr < 1.3);
}

/* One duration in ten is several times too long: least squares alone would be off by half and more. */
static void interrupts_do_not_move_prices(void **state)
{
	struct fit_row rows[ROWS];
	struct fit f;

	(void)state;
	make_up(rows, ROWS, 0.02, 0.1, 7);
	assert_int_equal(fit_prices(&f, rows, ROWS, ALL), 0);
	assert_true(fabs(f.price[6].value - truth[6]) < 0.03 * truth[6]);
	assert_true(fabs(f.price[2].value - truth[2]) < 0.15 * truth[2]);
	assert_true(f.outliers >= ROWS / 20);
}

/* y = 10 a - b: the best price of b is none, and that of a follows. */
static void no_price_is_negative(void **state)
{
	struct fit_row rows[20];
	struct fit f;

	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		rows[i] = (struct fit_row){ .y = 10.0 * (i + 1) - i % 3, .x = { i + 1, i % 3 } };
	assert_int_equal(fit_prices(&f, rows, 20, ALL), 0);
	assert_true(f.price[1].fitted);
	assert_true(f.price[1].value == 0);
	assert_true(f.price[1].error > 0);
	assert_true(fabs(f.price[0].value - 9.9) < 0.2);
}

/* Two columns that go together can not be told apart: one of them has all, and the other one is not fitted. */
static void what_can_not_be_told_apart(void **state)
{
	struct fit_row rows[10];
	struct fit f;

	(void)state;
	for (unsigned int i = 0; i < 10; i++)
		rows[i] = (struct fit_row){ .y = 5.0 * (i + 1), .x = { i + 1, 2 * (i + 1) } };
	assert_int_equal(fit_prices(&f, rows, 10, ALL), 0);
	assert_true(f.price[0].fitted);
	assert_false(f.price[1].fitted);
	assert_true(fabs(f.price[0].value - 5) < 1e-6);
	/* columns that were not asked for are left alone */
	assert_int_equal(fit_prices(&f, rows, 10, 2), 0);
	assert_false(f.price[0].fitted);
	assert_true(fabs(f.price[1].value - 2.5) < 1e-6);
	/* one row is enough for one price */
	rows[0].x[2] = 7;
	assert_int_equal(fit_prices(&f, rows, 1, ALL), 0);
	rows[1].y = 0;
	assert_int_equal(fit_prices(&f, rows, 2, ALL), -EINVAL);
	assert_int_equal(fit_prices(&f, rows, 0, ALL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_data_give_exact_prices),
		cmocka_unit_test(noise_gives_prices_within_their_errors),
		cmocka_unit_test(interrupts_do_not_move_prices),
		cmocka_unit_test(no_price_is_negative),
		cmocka_unit_test(what_can_not_be_told_apart),
	};

	return cmocka_run_group_tests_name("calibrate", tests, NULL, NULL);
}
