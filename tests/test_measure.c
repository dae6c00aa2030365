// SPDX-License-Identifier: MIT
/*
 * test_measure.c - instruments of the wall clock: the clock itself, histograms, and counters of the kernel.
 *
 *	value	0 1 2 ... 63 | 64 65 | 66 67 | ... | 128 ... 131 | ...
 *	cell	0 1 2 ... 63 |  64   |  65   | ... |     96      | ...     a power of two has 32 cells
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/measure/clock.h"
#include "../bench/measure/counters.h"
#include "../bench/measure/files.h"
#include "../bench/measure/histogram.h"
#include "../bench/virtual/rng.h"
#include "lib/forbid.h"

/* ---- clock ----------------------------------------------------------------------------------- */

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/*
 * Readings between readings of CLOCK_MONOTONIC, at both ends of a pause:
 *
 *	m w m ......... m w m
 *	  |<--- ns --->|         longer than the inner m to m, shorter than the outer ones, but for 200 parts in a million
 */
static void clock_agrees_with_monotonic(void **state)
{
	struct wall_clock c;

	(void)state;
	wall_clock_calibrate(&c);
	assert_string_equal(c.name, c.tsc ? "tsc" : "CLOCK_MONOTONIC");
	uint64_t outer_begin = monotonic(), begin = wall_clock_now(&c), inner_begin = monotonic();

	pause_ms(60);
	uint64_t inner_end = monotonic(), end = wall_clock_now(&c), outer_end = monotonic();
	uint64_t ns = wall_clock_ns(&c, end - begin), slack = ns / 5000;

	assert_in_range(ns, inner_end - inner_begin - slack, outer_end - outer_begin + slack);
	for (uint64_t n = 1; n < UINT64_C(1) << 50; n *= 3) {
		uint64_t back = wall_clock_ns(&c, wall_clock_ticks(&c, n));

		assert_true(back + 1 + (uint64_t)c.ns_per_tick + n / 1000000 >= n);
		assert_true(back <= n + 1 + (uint64_t)c.ns_per_tick + n / 1000000);
	}
}

/* The stated cost is what a loop of readings takes: of many loops, as others run here, too, the quickest is close. */
static void clock_cost_is_what_a_loop_takes(void **state)
{
	struct wall_clock c;
	double quickest = 1e9;

	(void)state;
	wall_clock_calibrate(&c);
	for (int i = 0; i < 200; i++) {
		uint64_t begin = monotonic();

		for (int j = 0; j < 1000; j++)
			wall_clock_now(&c);
		double each = (double)(monotonic() - begin) / 1000;

		quickest = each < quickest ? each : quickest;
	}
	assert_true(c.cost_ns > quickest / 2);
	assert_true(c.cost_ns < quickest * 5);
}

/* Times come in whole steps, be it of one tick: hardly any lies between two. */
static void clock_advances_in_its_steps(void **state)
{
	struct wall_clock c;
	unsigned int between = 0;

	(void)state;
	wall_clock_calibrate(&c);
	uint64_t step = (uint64_t)(c.step_ns / c.ns_per_tick + 0.5);

	assert_true(step >= 1);
	assert_true(c.step_ns < 1000);
	for (int i = 0; i < 10000; i++) {
		uint64_t begin = wall_clock_now(&c), ticks = wall_clock_now(&c) - begin;

		between += ticks > 1 && ticks % step > step / 10 && ticks % step < step - step / 10;
	}
	assert_true(between < 1000);
}

static void clock_without_a_counter_is_monotonic(void **state)
{
	const struct wall_clock c = { .name = "CLOCK_MONOTONIC", .ns_per_tick = 1 };
	uint64_t before = monotonic(), now = wall_clock_now(&c);

	(void)state;
	assert_in_range(now, before, monotonic());
	assert_int_equal(wall_clock_ns(&c, 12345), 12345);
	assert_int_equal(wall_clock_ticks(&c, 12345), 12345);
}

/* ---- histogram ------------------------------------------------------------------------------- */

static struct histogram h, other, all;

/* Cells follow each other without gap or overlap from 0 to 2^64 - 1, none wider than a 32nd of where it begins. */
static void cells_cover_all_values(void **state)
{
	(void)state;
	assert_int_equal(histogram_cell(0), 0);
	assert_int_equal(histogram_cell(UINT64_MAX), HISTOGRAM_CELLS - 1);
	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++) {
		uint64_t low = histogram_low(i), high = histogram_low(i + 1) - 1;

		assert_true(high >= low);
		assert_int_equal(histogram_cell(low), i);
		assert_int_equal(histogram_cell(high), i);
		assert_true(high - low <= low / HISTOGRAM_STEPS);
		if (i < 2 * HISTOGRAM_STEPS)
			assert_int_equal(high, low);
	}
}

static uint64_t any_magnitude(struct rng *r)
{
	return rng_next(r) >> rng_below(r, 64);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Against a sorted array: never below the right value, never more than a 32nd above. */
static void check_percentiles(uint64_t *values, uint64_t nr)
{
	static const uint32_t shares[] = { 0, 1, 250000, 500000, 900000, 990000, 999000, 999999, 1000000 };

	memset(&h, 0, sizeof(h));
	for (uint64_t i = 0; i < nr; i++)
		histogram_add(&h, values[i]);
	qsort(values, nr, sizeof(*values), by_size);
	assert_int_equal(histogram_count(&h), nr);
	assert_int_equal(h.max, values[nr - 1]);
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		uint64_t rank = (nr * shares[i] + 999999) / 1000000;
		uint64_t right = values[rank ? rank - 1 : 0], got = histogram_percentile(&h, shares[i]);

		assert_true(got >= right);
		assert_true(got - right <= right / HISTOGRAM_STEPS);
		assert_true(got <= h.max);
	}
	assert_int_equal(histogram_percentile(&h, 1000000), h.max);
}

static void percentiles_are_close_upper_bounds(void **state)
{
	static uint64_t values[20000];
	struct rng r;

	(void)state;
	r = rng_seed(4, 1);
	for (int round = 0; round < 60; round++) {
		uint64_t nr = round < 20 ? (uint64_t)round + 1 : 1 + rng_below(&r, 20000);

		for (uint64_t i = 0; i < nr; i++)
			values[i] = round & 1 ? any_magnitude(&r) : 40 + rng_below(&r, 500);
		check_percentiles(values, nr);
	}
}

static void extremes(void **state)
{
	uint64_t values[] = { 0, UINT64_MAX, 0, UINT64_MAX - 1 };

	(void)state;
	memset(&h, 0, sizeof(h));
	assert_int_equal(histogram_percentile(&h, 500000), 0);
	check_percentiles(values, 4);
	assert_int_equal(histogram_percentile(&h, 500000), 0);
	assert_int_equal(histogram_percentile(&h, 750000), UINT64_MAX);
	values[0] = 0;
	check_percentiles(values, 1);
	/* more values than a share in millionths can be multiplied with in 64 bits */
	memset(&h, 0, sizeof(h));
	h.cells[7] = UINT64_C(1) << 62;
	h.cells[9] = UINT64_C(1) << 62;
	h.max = 9;
	assert_int_equal(histogram_percentile(&h, 500000), 7);
	assert_int_equal(histogram_percentile(&h, 500001), 9);
}

static void merged_is_recorded_in_one(void **state)
{
	struct rng r;

	(void)state;
	r = rng_seed(4, 2);
	memset(&h, 0, sizeof(h));
	memset(&other, 0, sizeof(other));
	memset(&all, 0, sizeof(all));
	for (int i = 0; i < 100000; i++) {
		uint64_t value = any_magnitude(&r);

		histogram_add(rng_below(&r, 3) ? &h : &other, value);
		histogram_add(&all, value);
	}
	histogram_merge(&h, &other);
	assert_memory_equal(&h, &all, sizeof(h));
}

/* ---- counters -------------------------------------------------------------------------------- */

/* 600 counted in 3 of 4 ms are 800; never scheduled is absent, not zero. */
static void shared_hardware_is_scaled(void **state)
{
	struct counter_values v = { 0 }, before = { 0 }, sum = { 0 };
	uint64_t value = 1;
	uint32_t share = 1;

	(void)state;
	assert_false(counter_scaled(&v, COUNTER_CYCLES, &value, &share));
	v.has[COUNTER_CYCLES] = true;
	v.value[COUNTER_CYCLES] = 700;
	v.enabled_ns[COUNTER_CYCLES] = 5000000;
	assert_false(counter_scaled(&v, COUNTER_CYCLES, &value, &share));
	v.running_ns[COUNTER_CYCLES] = 4000000;
	before.has[COUNTER_CYCLES] = true;
	before.value[COUNTER_CYCLES] = 100;
	before.enabled_ns[COUNTER_CYCLES] = before.running_ns[COUNTER_CYCLES] = 1000000;
	counters_subtract(&v, &before);
	assert_true(counter_scaled(&v, COUNTER_CYCLES, &value, &share));
	assert_int_equal(value, 800);
	assert_int_equal(share, 750);
	counters_add(&sum, &v);
	counters_add(&sum, &v);
	assert_true(counter_scaled(&sum, COUNTER_CYCLES, &value, &share));
	assert_int_equal(value, 1600);
	assert_int_equal(share, 750);
	assert_false(sum.has[COUNTER_INSTRUCTIONS]);
}

static void touch_fresh_pages(size_t nr)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, nr * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	madvise(memory, nr * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < nr; i++)
		((volatile char *)memory)[i * page] = 1;
	munmap(memory, nr * page);
}

/* 512 fresh pages are 512 faults, 20 naps 20 context switches; what is counted all the time is not scaled. */
static void faults_and_switches_are_counted(void **state)
{
	struct counters *c = counters_open();
	struct counter_values before, after;
	uint64_t value;
	uint32_t share;

	(void)state;
	assert_non_null(c);
	counters_read(c, &before);
	touch_fresh_pages(512);
	for (int i = 0; i < 20; i++)
		pause_ms(1);
	counters_read(c, &after);
	counters_close(c);
	if (!after.has[COUNTER_PAGE_FAULTS])
		skip();
	counters_subtract(&after, &before);
	assert_true(counter_scaled(&after, COUNTER_PAGE_FAULTS, &value, &share));
	assert_in_range(value, 512, 2 * 512);
	assert_int_equal(share, 1000);
	if (counter_scaled(&after, COUNTER_CONTEXT_SWITCHES, &value, &share))
		assert_true(value >= 20);
}

/* Every event either counts or is named with a reason, never both; hardware that is there counts more than nothing. */
static void what_is_missing_is_named(void **state)
{
	struct counters *c = counters_open();
	struct counter_values v;
	char missing[2048];
	uint64_t value;
	uint32_t share;

	(void)state;
	assert_non_null(c);
	counters_read(c, &v);
	counters_close(c);
	counters_missing(missing, sizeof(missing));
	for (int i = 0; i < COUNTER_NR; i++) {
		assert_int_equal(v.has[i], !strstr(missing, counter_name((enum counter)i)));
		if (i <= COUNTER_CYCLES && counter_scaled(&v, (enum counter)i, &value, &share))
			assert_true(value > 0);
	}
	/* no room: cut, not overrun */
	char little[8] = "xxxxxxx";

	counters_missing(little, 4);
	assert_string_equal(little + 4, "xxx");
	assert_true(strlen(little) < 4);
}

/* ---- counters without the right to them ------------------------------------------------------ */

/* From now on perf_event_open() answers with this errno. */
static void forbid(int error)
{
	forbid_call(SYS_perf_event_open, error);
}

static void become_nobody(int unused)
{
	(void)unused;
	if (setgid(65534) || setuid(65534))
		_exit(99);
}

struct answer {
	struct counter_values values;
	char missing[2048];
};

/* What a child process finds after `restrict_to(error)`. */
static struct answer ask_child(void (*restrict_to)(int), int error)
{
	struct answer a = { 0 };
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		restrict_to(error);
		struct counters *c = counters_open();

		if (!c)
			_exit(98);
		counters_read(c, &a.values);
		counters_close(c);
		counters_missing(a.missing, sizeof(a.missing));
		_exit(write(ends[1], &a, sizeof(a)) == (ssize_t)sizeof(a) ? 0 : 97);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &a, sizeof(a)), sizeof(a));
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	return a;
}

/* Nothing is counted, all six are named once, with one cause. */
static void all_missing(const struct answer *a)
{
	for (int i = 0; i < COUNTER_NR; i++) {
		const char *name = counter_name((enum counter)i), *first = strstr(a->missing, name);

		assert_false(a->values.has[i]);
		assert_non_null(first);
		assert_null(strstr(first + 1, name));
	}
	assert_null(strchr(a->missing, ';'));
}

static void no_permission_names_the_next_step(void **state)
{
	struct answer a = ask_child(forbid, EACCES);

	(void)state;
	all_missing(&a);
	assert_non_null(strstr(a.missing, "not permitted"));
	assert_non_null(strstr(a.missing, "kernel.perf_event_paranoid"));
	assert_non_null(strstr(a.missing, "CAP_PERFMON"));
	struct answer b = ask_child(forbid, EPERM);

	assert_string_equal(a.missing, b.missing);
}

static void no_system_call_and_no_hardware_are_told_apart(void **state)
{
	struct answer a = ask_child(forbid, ENOSYS), b = ask_child(forbid, ENOENT), c = ask_child(forbid, EOPNOTSUPP);
	struct answer d = ask_child(forbid, EMFILE), e = ask_child(forbid, EIO);

	(void)state;
	all_missing(&a);
	assert_non_null(strstr(a.missing, "CONFIG_PERF_EVENTS"));
	all_missing(&b);
	assert_non_null(strstr(b.missing, "virtual PMU"));
	assert_string_equal(b.missing, c.missing);
	assert_non_null(strstr(d.missing, "ulimit -n"));
	assert_non_null(strstr(e.missing, strerror(EIO)));
}

/*
 * A user without rights: page faults in user space are his own business up to perf_event_paranoid 2, context switches
 * happen in the kernel and are not from 2 on. One must not take the other along.
 */
static void a_user_gets_what_paranoid_leaves(void **state)
{
	uint64_t paranoid;

	(void)state;
	if (geteuid() || !file_number(&paranoid, "/proc/sys/kernel/perf_event_paranoid") || paranoid != 2)
		skip();
	struct answer root = ask_child(forbid, EIO), user = ask_child(become_nobody, 0);

	assert_false(root.values.has[COUNTER_PAGE_FAULTS]);
	assert_true(user.values.has[COUNTER_PAGE_FAULTS]);
	assert_false(user.values.has[COUNTER_CONTEXT_SWITCHES]);
	assert_non_null(strstr(user.missing,
	                       "context-switches: not permitted, kernel.perf_event_paranoid is 2: run `sysctl "
	                       "kernel.perf_event_paranoid=1` as root"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_agrees_with_monotonic),
		cmocka_unit_test(clock_cost_is_what_a_loop_takes),
		cmocka_unit_test(clock_advances_in_its_steps),
		cmocka_unit_test(clock_without_a_counter_is_monotonic),
		cmocka_unit_test(cells_cover_all_values),
		cmocka_unit_test(percentiles_are_close_upper_bounds),
		cmocka_unit_test(extremes),
		cmocka_unit_test(merged_is_recorded_in_one),
		cmocka_unit_test(shared_hardware_is_scaled),
		cmocka_unit_test(faults_and_switches_are_counted),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(no_permission_names_the_next_step),
		cmocka_unit_test(no_system_call_and_no_hardware_are_told_apart),
		cmocka_unit_test(a_user_gets_what_paranoid_leaves),
	};

	return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
