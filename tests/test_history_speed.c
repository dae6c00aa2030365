// SPDX-License-Identifier: MIT
/*
 * test_history_speed.c - a large history: adding to it, and looking for changes.
 *
 * As a test it is small. `build/tests/test_history_speed 10000 100 [FILE]` makes one of as many benchmarks and runs, of which
 * one in a hundred benchmarks has a step of 10 %, with 10 repetitions of 2 % noise each, and says how long both took.
 */
#include <getopt.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/history/check.h"
#include "lib/house.h"
#include "lib/series.h"
#include "lib/sets.h"

#define REPETITIONS 10

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool has_step(size_t benchmark, size_t run, size_t runs)
{
	return benchmark % 100 == 50 && run >= runs / 2;
}

static void make_run(struct record_set *s, size_t benchmarks, size_t run, size_t runs)
{
	struct rng rng = rng_seed(run + 1, 9);
	double values[REPETITIONS];
	char text[64];

	snprintf(text, sizeof(text), "2026-%02zu-%02zuT00:00:00Z", 1 + run / 28 % 12, 1 + run % 28);
	set_make(s, "", text);
	free(s->revision);
	assert_true(asprintf(&s->revision, "r%03zu", run) > 0);
	for (size_t b = 0; b < benchmarks; b++) {
		snprintf(text, sizeof(text), "nginx-build/occupancy:70/size:1b/backend:%06zu", b);
		series_draw(values, REPETITIONS, NOISE_NORMAL, 2, &rng);
		for (size_t i = 0; i < REPETITIONS; i++)
			values[i] *= has_step(b, run, runs) ? 1.1 : 1;
		set_add(s, text, "real_time", RECORD_TIME, BETTER_LOWER, values, REPETITIONS);
	}
}

static bool all(const void *ctx, const struct history_series *s)
{
	(void)ctx;
	return s;
}

static double add_all(struct history *h, size_t benchmarks, size_t runs)
{
	const struct history_place place = { .revision = NULL };
	struct history_receipt receipt;
	struct record_set s;
	double begin, sum = 0;

	for (size_t run = 0; run < runs; run++) {
		make_run(&s, benchmarks, run, runs);
		begin = seconds();
		assert_int_equal(history_begin(h), CLI_OK);
		assert_int_equal(history_add(h, &s, &place, &receipt), CLI_OK);
		assert_int_equal(history_commit(h), CLI_OK);
		sum += seconds() - begin;
		records_free(&s);
	}
	return sum;
}

/* How many steps there are, and how many were found where they are. */
static void check_all(const char *path, size_t benchmarks, size_t runs)
{
	const struct check_options o = { .threshold = 0.02, .jobs = 2 };
	struct history_index x = { 0 };
	struct tracks t = { 0 };
	struct check c = { 0 };
	struct history *h;
	double begin = seconds(), loaded;
	size_t right = 0;

	assert_int_equal(history_open(&h, path, HISTORY_READ, 0), CLI_OK);
	assert_int_equal(history_index(h, &x), CLI_OK);
	assert_int_equal(tracks_load(&t, h, &x, all, NULL), CLI_OK);
	loaded = seconds() - begin;
	assert_int_equal(t.nr_samples, benchmarks * runs);
	assert_int_equal(check_make(&c, &x, &t, &o), CLI_OK);
	printf("check: %.2f s, of which reading %.2f s\n", seconds() - begin, loaded);
	for (size_t i = 0; i < c.nr; i++)
		right += c.list[i].change.at == runs / 2 && c.list[i].verdict == FINDING_WORSE;
	printf("%zu of %zu steps found where they are, %zu others\n", right, benchmarks / 100, c.nr - right);
	assert_true(right * 100 >= benchmarks / 100 * 95);
	assert_true(c.nr - right <= benchmarks / 1000);
	check_free(&c);
	tracks_free(&t);
	history_index_free(&x);
	history_close(h);
}

static void large(const char *path, size_t benchmarks, size_t runs)
{
	struct history *h;

	assert_int_equal(history_open(&h, path, HISTORY_WRITE, 0), CLI_OK);
	const double sum = add_all(h, benchmarks, runs);

	history_close(h);
	printf("%zu benchmarks, %zu runs: added in %.3f s each\n", benchmarks, runs, sum / (double)runs);
	check_all(path, benchmarks, runs);
}

static void a_small_one(void **state)
{
	(void)state;
	large("speed.db", 1000, 30);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_small_one) };

	if (argc < 3)
		return cmocka_run_group_tests_name("history speed", tests, house_set_up, house_tear_down);
	large(argc > 3 ? argv[3] : "/tmp/contigbench-history.db", strtoul(argv[1], NULL, 10),
	      strtoul(argv[2], NULL, 10));
	if (argc < 4)
		unlink("/tmp/contigbench-history.db");
	return 0;
}
