// SPDX-License-Identifier: MIT
/*
 * test_gbench.c - Google Benchmark from C. A benchmark is registered here, the library runs it, and what it reports is
 * read back from its JSON:
 *
 *	gbench_register -> gbench_initialize(--benchmark_out=F) -> gbench_run -> { "benchmarks": [ { "name": ... } ] }
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "../bench/micro/gbench.h"
#include "lib/capture.h"

static char out_path[64];
static json_t *report;
static size_t matched, nr_failed;

static int set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(out_path, "/tmp/gbench-XXXXXX");
	fd = mkstemp(out_path);
	return fd < 0 || close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	gbench_clear();
	gbench_shutdown();
	json_decref(report);
	report = NULL;
	unlink(out_path);
	return 0;
}

static int initialize(const char *flag)
{
	char out[96], format[] = "--benchmark_out_format=json", time[] = "--benchmark_min_time=0.001", extra[128] = "";
	/* flags of an earlier call stay set in the library */
	char program[] = "test_gbench", console[] = "--benchmark_format=console", all[] = "--benchmark_filter=all";
	char *argv[] = { program, out, format, time, console, all, extra, NULL };
	int argc = *flag ? 7 : 6;

	snprintf(out, sizeof(out), "--benchmark_out=%s", out_path);
	snprintf(extra, sizeof(extra), "%s", flag);
	if (!*flag)
		argv[6] = NULL;
	int rc = gbench_initialize(&argc, argv);
	if (!rc)
		assert_int_equal(argc, 1);
	return rc;
}

/* Run everything that is registered (and matches) and read the report. */
static int run_as(const struct gbench_how *how, const char *flag)
{
	int rc = initialize(flag);

	assert_int_equal(rc, 0);
	capture_mute();
	rc = how ? gbench_run_as(how, &matched, &nr_failed) : gbench_run(&matched, &nr_failed);
	capture_unmute();
	json_decref(report);
	report = json_load_file(out_path, 0, NULL); /* NULL if there was nothing to run */
	return rc;
}

static int run(const char *flag)
{
	return run_as(NULL, flag);
}

static json_t *result(const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(report, "benchmarks"), i, one)
	{
		if (!strcmp(json_string_value(json_object_get(one, "name")), name))
			return one;
	}
	fail_msg("no result is called %s", name);
	return NULL;
}

static double number(const json_t *one, const char *key)
{
	const json_t *v = json_object_get(one, key);

	assert_true(json_is_number(v));
	return json_number_value(v);
}

static bool near(double a, double b)
{
	return a > b * 0.999999 && a < b * 1.000001;
}

/* ---- what a benchmark can report ------------------------------------------------------------- */

static uint64_t sum;

static void count_to(struct gbench_state *s, void *ctx)
{
	int64_t n = gbench_arg_value(s, 0);

	assert_ptr_equal(ctx, &sum);
	while (gbench_keep_running_batch(s, 10)) {
		for (int64_t i = 0; i < 10 * n; i++) {
			sum += (uint64_t)i;
			gbench_do_not_optimize(&sum);
		}
	}
	assert_int_equal(gbench_arg_value(s, 7), 0);
	gbench_items_processed(s, gbench_iterations_done(s) * n);
	gbench_bytes_processed(s, gbench_iterations_done(s) * n * 8);
	gbench_counter(s, "plain", 42, GBENCH_PLAIN);
	gbench_counter(s, "each", (double)gbench_iterations_done(s) * 3, GBENCH_AVG_ITERATIONS);
	gbench_counter(s, "inverted", 4, GBENCH_INVERT);
	gbench_label(s, "a label");
}

static void registered_from_c(void **state)
{
	const char *const names[] = { "n" };
	struct gbench *b;

	(void)state;
	assert_int_equal(gbench_register("count", count_to, &sum, &b), 0);
	assert_int_equal(gbench_arg(b, 4), 0);
	assert_int_equal(gbench_range(b, 8, 64), 0);
	assert_int_equal(gbench_arg_names(b, names, 1), 0);
	assert_int_equal(gbench_iterations(b, 1000), 0);
	assert_int_equal(gbench_add_context("colour", "green"), 0);
	assert_int_equal(gbench_add_context("colour", "red"), -EEXIST);
	assert_int_equal(run(""), 0);
	assert_int_equal(matched, 3);
	assert_int_equal(nr_failed, 0);
	assert_string_equal(json_string_value(json_object_get(json_object_get(report, "context"), "colour")), "green");

	json_t *r = result("count/n:4/iterations:1000");
	assert_true(near(number(r, "iterations"), 1000));
	assert_true(near(number(r, "plain"), 42));
	assert_true(near(number(r, "each"), 3));
	assert_true(near(number(r, "inverted"), 0.25));
	assert_true(number(r, "items_per_second") > 0);
	assert_true(near(number(r, "bytes_per_second"), 8 * number(r, "items_per_second")));
	assert_string_equal(json_string_value(json_object_get(r, "label")), "a label");
	result("count/n:8/iterations:1000");
	result("count/n:64/iterations:1000");
}

/* Two milliseconds an iteration, said and not spent. */
static void manual(struct gbench_state *s, void *ctx)
{
	(void)ctx;
	while (gbench_keep_running(s))
		gbench_set_iteration_time(s, 0.002);
}

static void manual_time_is_what_was_said(void **state)
{
	struct gbench *b;

	(void)state;
	assert_int_equal(gbench_register("manual", manual, NULL, &b), 0);
	assert_int_equal(gbench_use_manual_time(b), 0);
	assert_int_equal(gbench_iterations(b, 50), 0);
	assert_int_equal(gbench_time_unit(b, GBENCH_MS), 0);
	assert_int_equal(run(""), 0);
	json_t *r = result("manual/iterations:50/manual_time");
	assert_true(near(number(r, "real_time"), 2));
	assert_string_equal(json_string_value(json_object_get(r, "time_unit")), "ms");
}

/* Paused at the end of the loop, where the library insists on a running timer. */
static void pausing(struct gbench_state *s, void *ctx)
{
	(void)ctx;
	assert_int_equal(gbench_pause(s), -EINVAL);
	while (gbench_keep_running_batch(s, 5)) {
		assert_int_equal(gbench_resume(s), -EINVAL);
		assert_int_equal(gbench_pause(s), 0);
		assert_int_equal(gbench_pause(s), -EINVAL);
		usleep(2000);
	}
	assert_int_equal(gbench_resume(s), -EINVAL);
}

static void paused_time_does_not_count(void **state)
{
	struct gbench *b;

	(void)state;
	assert_int_equal(gbench_register("pausing", pausing, NULL, &b), 0);
	assert_int_equal(gbench_iterations(b, 50), 0);
	assert_int_equal(gbench_use_real_time(b), 0);
	assert_int_equal(run(""), 0);
	assert_int_equal(nr_failed, 0);
	/* 400 us an iteration were slept */
	assert_true(number(result("pausing/iterations:50/real_time"), "real_time") < 200000);
}

static void in_threads(struct gbench_state *s, void *ctx)
{
	(void)ctx;
	while (gbench_keep_running(s))
		;
	gbench_counter(s, "index", gbench_thread_index(s), GBENCH_PLAIN);
	gbench_counter(s, "threads", gbench_thread_count(s), GBENCH_AVG_THREADS);
}

static void threads_and_repetitions(void **state)
{
	struct gbench *b;

	(void)state;
	assert_int_equal(gbench_register("threads", in_threads, NULL, &b), 0);
	assert_int_equal(gbench_threads(b, 3), 0);
	assert_int_equal(gbench_repetitions(b, 2), 0);
	assert_int_equal(gbench_iterations(b, 10), 0);
	assert_int_equal(run(""), 0);
	json_t *r = result("threads/iterations:10/repeats:2/threads:3");
	assert_true(near(number(r, "index"), 0 + 1 + 2));
	assert_true(near(number(r, "threads"), 3));
	result("threads/iterations:10/repeats:2/threads:3_mean");
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static void skipping(struct gbench_state *s, void *ctx)
{
	(void)ctx;
	while (gbench_keep_running(s))
		gbench_skip_with_error(s, "not today");
}

static void returning_early(struct gbench_state *s, void *ctx)
{
	(void)ctx;
	gbench_keep_running(s);
}

static void never_looping(struct gbench_state *s, void *ctx)
{
	(void)s;
	(void)ctx;
}

/* throw 1; in C: what a C++ function called by a benchmark might do */
void *__cxa_allocate_exception(size_t size);
void __cxa_throw(void *exception, void *type, void (*destroy)(void *));
extern void *_ZTIi[];

static void throwing(struct gbench_state *s, void *ctx)
{
	int *one = __cxa_allocate_exception(sizeof(*one));

	(void)ctx;
	*one = 1;
	gbench_keep_running(s);
	__cxa_throw(one, _ZTIi, NULL);
}

static void failures_are_reported(void **state)
{
	static gbench_fn *const fns[] = { skipping, returning_early, never_looping, throwing };
	static const char *const names[] = { "skipping", "returning", "never", "throwing" };
	static const char *const messages[] = { "not today", "returned before", "returned before", "exception" };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(gbench_register(names[i], fns[i], NULL, NULL), 0);
	assert_int_equal(gbench_register("fine", manual, NULL, NULL), 0);
	assert_int_equal(run(""), 0);
	assert_int_equal(matched, 5);
	assert_int_equal(nr_failed, 4);
	for (size_t i = 0; i < 4; i++) {
		const json_t *text = json_object_get(result(names[i]), "error_message");

		assert_non_null(strstr(json_string_value(text), messages[i]));
	}
	assert_null(json_object_get(result("fine"), "error_occurred"));
}

/* Each of these would end the process inside the library. */
static void nonsense_is_refused(void **state)
{
	const int64_t two[2] = { 1, 2 }, backwards[1][2] = { { 9, 3 } };
	struct gbench *b;

	(void)state;
	assert_int_equal(gbench_register("", manual, NULL, &b), -EINVAL);
	assert_int_equal(gbench_register("x", NULL, NULL, &b), -EINVAL);
	assert_int_equal(gbench_register("x", manual, NULL, &b), 0);
	assert_int_equal(gbench_range(b, 9, 3), -EINVAL);
	assert_int_equal(gbench_ranges(b, backwards, 1), -EINVAL);
	assert_int_equal(gbench_dense_range(b, 1, 9, 0), -EINVAL);
	assert_int_equal(gbench_args(b, two, 2), 0);
	assert_int_equal(gbench_arg(b, 1), -EINVAL);
	assert_int_equal(gbench_range_multiplier(b, 1), -EINVAL);
	assert_int_equal(gbench_threads(b, 0), -EINVAL);
	assert_int_equal(gbench_thread_range(b, 4, 2), -EINVAL);
	assert_int_equal(gbench_repetitions(b, 0), -EINVAL);
	assert_int_equal(gbench_iterations(b, 0), -EINVAL);
	assert_int_equal(gbench_min_time(b, 0), -EINVAL);
	assert_int_equal(gbench_min_time(b, 0.5), 0);
	assert_int_equal(gbench_iterations(b, 10), -EINVAL);
	assert_true(strlen(gbench_error()) > 0);
	assert_int_equal(gbench_add_context(NULL, "x"), -EINVAL);
}

static void the_library_does_not_end_the_process(void **state)
{
	(void)state;
	assert_int_equal(gbench_register("fine", manual, NULL, NULL), 0);
	assert_int_equal(initialize("--benchmark_format=xml"), -ECANCELED);
	assert_int_equal(initialize("--help"), -ECANCELED);
	assert_int_equal(run("--benchmark_filter=nothing"), -ENODATA);
	assert_int_equal(access(out_path, F_OK), -1);
	assert_int_equal(run("--benchmark_filter=["), -ENODATA);
	assert_int_equal(run("--benchmark_filter=f.ne"), 0);
	assert_int_equal(matched, 1);

	strcpy(out_path, "/nonexistent/folder/file");
	assert_int_equal(run("--benchmark_filter=all"), -ENOENT);
	assert_non_null(strstr(gbench_error(), "/nonexistent/folder/file"));
	strcpy(out_path, "/tmp");
	assert_int_equal(run(""), -EISDIR);
	assert_null(report);
	strcpy(out_path, "");
}

/* ---- what is known only at the end ----------------------------------------------------------- */

static void count_nothing(struct gbench_state *s, void *ctx)
{
	(void)ctx;
	while (gbench_keep_running(s))
		gbench_set_iteration_time(s, 0.001);
	gbench_counter(s, "none", 0, GBENCH_PLAIN);
	gbench_counter(s, "some", 3, GBENCH_PLAIN);
}

static void say_late(void *ctx)
{
	assert_int_equal(gbench_add_context("late", ctx), 0);
	assert_int_equal(gbench_add_context("late", ctx), -EEXIST);
	assert_int_equal(gbench_add_context("host_name", ctx), -EEXIST);
}

/* The file has the context of the end, and is JSON: a variation around 0 is not a number and left out. */
static void context_of_the_end(void **state)
{
	char text[] = "said";
	const struct gbench_how how = { .quiet = true, .measured = say_late, .ctx = text };
	struct gbench *b;

	(void)state;
	assert_int_equal(gbench_register("zero", count_nothing, NULL, &b), 0);
	gbench_iterations(b, 1);
	gbench_repetitions(b, 3);
	gbench_use_manual_time(b);
	assert_int_equal(run_as(&how, ""), 0);
	assert_int_equal(matched, 1);
	assert_non_null(report);
	assert_string_equal(json_string_value(json_object_get(json_object_get(report, "context"), "late")), "said");
	assert_int_equal(number(result("zero/iterations:1/repeats:3/manual_time"), "none"), 0);
	assert_null(json_object_get(result("zero/iterations:1/repeats:3/manual_time_cv"), "none"));
	assert_int_equal(number(result("zero/iterations:1/repeats:3/manual_time_cv"), "some"), 0);
}

static void flags_of_argv_and_environment(void **state)
{
	char program[] = "x", a[] = "--benchmark_filter=a", b[] = "--benchmark_filter=b",
	     c[] = "--benchmark_list_tests";
	char *argv[] = { program, a, b, c, NULL };

	(void)state;
	assert_string_equal(gbench_flag(4, argv, "filter"), "b");
	assert_string_equal(gbench_flag(4, argv, "list_tests"), "");
	assert_null(gbench_flag(4, argv, "list"));
	setenv("BENCHMARK_MIN_TIME", "7", 1);
	assert_string_equal(gbench_flag(4, argv, "min_time"), "7");
	unsetenv("BENCHMARK_MIN_TIME");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registered_from_c),
		TEST(manual_time_is_what_was_said),
		TEST(paused_time_does_not_count),
		TEST(threads_and_repetitions),
		TEST(failures_are_reported),
		TEST(nonsense_is_refused),
		TEST(the_library_does_not_end_the_process),
		TEST(context_of_the_end),
		TEST(flags_of_argv_and_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
