// SPDX-License-Identifier: MIT
/*
 * test_wall_run.c - `run --clock wall` from the outside: results can be read, their numbers fit together and what was not
 * measured is not there; Google Benchmark's flags do what they say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "../bench/cli.h"
#include "lib/house.h"
#include "lib/synthetic.h"

/* small.ctr has 20,000 events of two cpus; oversubscribed only where there is one cpu */
#define WALL   "run small.ctr --clock wall --oversubscribe --interval-ms 1 --hold-ms 2 -o new "
#define EVENTS 20000

static int set_up(void **state)
{
	if (house_set_up(state))
		return -1;
	synthetic_file(&synthetic_four_nodes, "four.ctr");
	return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static json_t *load(const char *name)
{
	json_error_t error;
	json_t *json = json_load_file(name, 0, &error);

	if (!json)
		fail_msg("%s: %s in line %d", name, error.text, error.line);
	return json;
}

/* All lines but that of the parameters, as an array. */
static json_t *load_lines(const char *name)
{
	json_t *all = json_array();
	size_t len;
	char *text = house_contents(name, &len), *rest = text;

	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		json_error_t error;
		json_t *one = json_loads(line, 0, &error);

		if (!one)
			fail_msg("%s: %s in %s", name, error.text, line);
		json_array_append_new(all, one);
	}
	json_t *parameters = json_object_get(json_array_get(all, 0), "parameters");

	assert_string_equal(json_string_value(json_object_get(parameters, "schema")), "contigbench-wall/1");
	json_array_remove(all, 0);
	free(text);
	return all;
}

static json_t *at(json_t *o, const char *key)
{
	json_t *value = json_object_get(o, key);

	if (!value)
		fail_msg("there is no %s", key);
	return value;
}

static json_int_t number(json_t *o, const char *key)
{
	json_t *value = at(o, key);

	if (!json_is_integer(value))
		fail_msg("%s is no whole number", key);
	return json_integer_value(value);
}

static const char *text(json_t *o, const char *key)
{
	return json_string_value(at(o, key));
}

static bool holds(const char *file, const char *what)
{
	size_t len;
	char *all = house_contents(file, &len);
	bool found = strstr(all, what);

	free(all);
	return found;
}

/* ---- what must hold for every latency -------------------------------------------------------- */

/* Its count, after a look at its percentiles and its histogram. */
static json_int_t latency(json_t *of, const char *key)
{
	static const char *const ascending[] = { "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns" };
	json_t *l = at(of, key), *cell;
	json_int_t count = number(l, "count"), sum = 0, before = 0;
	double edge = 0;
	size_t i;

	if (!count) {
		assert_int_equal(json_object_size(l), 1);
		return 0;
	}
	for (i = 0; i < 5; i++) {
		assert_true(number(l, ascending[i]) >= before);
		before = number(l, ascending[i]);
	}
	json_array_foreach(at(l, "histogram_ns"), i, cell)
	{
		double low = json_number_value(json_array_get(cell, 0)),
		       high = json_number_value(json_array_get(cell, 1));

		assert_true(low >= edge && high > low);
		edge = high;
		sum += json_integer_value(json_array_get(cell, 2));
	}
	assert_int_equal(sum, count);
	/* the largest lies in the last step, but for rounding */
	assert_true((double)number(l, "max_ns") <= edge + 1);
	return count;
}

static json_int_t operations(json_t *line)
{
	json_t *of = at(line, "operations");

	return latency(of, "alloc") + latency(of, "alloc-high") + latency(of, "free") + latency(of, "split");
}

static void threads_do_all(json_t *line)
{
	json_int_t events = 0;
	json_t *thread;
	size_t i;

	assert_int_equal(json_array_size(at(line, "per_thread")), number(line, "threads"));
	json_array_foreach(at(line, "per_thread"), i, thread)
	{
		events += number(thread, "events");
		assert_true(number(thread, "request_ns") <= number(thread, "loop_ns"));
		assert_int_equal(number(thread, "moved"), 0);
	}
	assert_int_equal(events, EVENTS);
	assert_int_equal(number(line, "events"), EVENTS);
}

static void phases_fit(json_t *line)
{
	json_int_t requests = number(line, "requests");
	json_t *phase;
	const char *name;

	assert_int_equal(latency(line, "request"), requests);
	assert_true(number(line, "successes") <= requests);
	json_object_foreach(at(line, "phases"), name, phase) assert_true(latency(at(line, "phases"), name) <= requests);
	assert_true(latency(at(line, "phases"), "isolate") > 0);
}

static void requests_fit(json_t *lines, json_t *requests)
{
	json_int_t all = 0, got = 0, migrated = 0, lines_got = 0, lines_migrated = 0;
	json_t *line, *q, *ns;
	const char *name;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		all += number(line, "requests");
		lines_got += number(line, "successes");
		lines_migrated += number(line, "migrated_pages");
	}
	assert_int_equal(json_array_size(requests), all);
	json_array_foreach(requests, i, q)
	{
		json_int_t sum = 0;

		json_object_foreach(at(q, "phase_ns"), name, ns) sum += json_integer_value(ns);
		assert_true(number(q, "intended_ns") <= number(q, "begin_ns"));
		/* each of eight times is rounded to whole ns by itself */
		assert_true(sum <= number(q, "end_ns") - number(q, "begin_ns") + 4);
		assert_true(!number(q, "rc") == !json_object_get(q, "autopsy"));
		got += !number(q, "rc");
		migrated += number(at(q, "work"), "migrated");
	}
	assert_int_equal(got, lines_got);
	assert_int_equal(migrated, lines_migrated);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Every operation is timed, every event done by some thread, every request accounted for. */
static void numbers_fit_together(void **state)
{
	json_t *line;
	size_t i;

	(void)state;
	house_run(cmd_run, CLI_OK,
	          WALL "-b linux-5.10,linux-6.1 --timing every --threads 1,2 --benchmark_repetitions=2");
	json_t *lines = load_lines("new/wall.jsonl"), *requests = load_lines("new/requests.jsonl");

	assert_int_equal(json_array_size(lines), 8);
	json_array_foreach(lines, i, line)
	{
		assert_int_equal(number(line, "sequence"), i);
		assert_string_equal(text(line, "clock"), "wall");
		threads_do_all(line);
		phases_fit(line);
		assert_int_equal(number(line, "failed_allocs"), 0);
		assert_int_equal(operations(line), EVENTS);
		assert_int_equal(latency(at(line, "operations"), "alloc") +
		                         latency(at(line, "operations"), "alloc-high"),
		                 number(line, "allocs"));
		assert_true(number(line, "verifications") >= 1);
		assert_int_equal(number(at(line, "metadata"), "wrong_pages"), 0);
		assert_true(number(at(line, "metadata"), "right_pages") > 0);
		assert_int_equal(latency(line, "lag"), 0);
	}
	requests_fit(lines, requests);
	json_decref(lines);
	json_decref(requests);
	assert_true(house_has("new/topology.xml"));
	assert_false(house_has("new/SHA256SUMS"));
	json_decref(load("new/context.json"));
}

static json_t *benchmark(json_t *all, const char *part)
{
	json_t *one;
	size_t i;

	json_array_foreach(at(all, "benchmarks"), i, one)
	{
		if (strstr(text(one, "name"), part) && !strcmp(text(one, "run_type"), "iteration"))
			return one;
	}
	fail_msg("no benchmark with %s in its name", part);
	return NULL;
}

/* What Google Benchmark's tools read is what was measured, and says so. */
static void benchmark_json(void **state)
{
	static const char *const keys[] = { "contigbench_revision",
		                            "seeds",
		                            "inputs",
		                            "clock",
		                            "topology",
		                            "kernel",
		                            "governor",
		                            "placement",
		                            "memory",
		                            "virtualisation",
		                            "steal_over_run",
		                            "counters_missing",
		                            "metadata_by_the_kernels_answer" };

	(void)state;
	house_run(cmd_run, CLI_OK,
	          WALL "-b linux-6.1,linux-6.1 --threads 2 --benchmark_repetitions=3 --benchmark_out=out");
	json_t *json = load("new/benchmark.json"), *lines = load_lines("new/wall.jsonl"), *line;
	json_t *one = benchmark(json, "small/occupancy:70/size:1b/backend:linux-6.1/threads:2"), *same = load("out");
	bool found = false;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_true(json_is_string(at(at(json, "context"), keys[i])));
	assert_int_equal(strncmp(text(one, "label"), "measured, pace fast", 19), 0);
	benchmark(json, "backend:linux-6.1/copy:2/threads:2");
	json_array_foreach(lines, i, line)
	{
		double ms = (double)number(line, "wall_ns") / 1e6;
		double off = json_number_value(at(one, "real_time")) / ms - 1;

		found |= off < 1e-6 && off > -1e-6;
	}
	assert_true(found);
	assert_true(json_equal(json, same));
	json_decref(json);
	json_decref(same);
	json_decref(lines);
	remove("out");
}

static size_t commas(const char *line)
{
	bool quoted = false;
	size_t n = 0;

	for (; *line; line++) {
		quoted ^= *line == '"';
		n += *line == ',' && !quoted;
	}
	return n;
}

/* A line a row, each with as many fields as there are names. */
static void summary_csv(void **state)
{
	size_t len, rows = 0;

	(void)state;
	house_run(cmd_run, CLI_OK,
	          WALL "-b linux-5.10,linux-6.1,linux-6.1 --threads 1 --sizes 64p,1b --benchmark_repetitions=3");
	char *all = house_contents("new/summary.csv", &len), *rest = all;

	assert_int_equal(strncmp(strsep(&rest, "\n"), "# {\"schema\":\"contigbench-wall/1\"", 32), 0);
	const char *names = strsep(&rest, "\n");

	assert_non_null(strstr(names, ",events_per_second,events_per_second_min,"));
	for (char *line; (line = strsep(&rest, "\n")) && *line; rows++)
		assert_int_equal(commas(line), commas(names));
	assert_int_equal(rows, 6);
	free(all);
}

/* What was not timed is absent, in every place, and never 0. */
static void batch_has_no_latency(void **state)
{
	(void)state;
	const char *said = house_run(cmd_run, CLI_OK, WALL "-b linux-6.1 --timing batch --benchmark_repetitions=1");

	assert_null(strstr(said, "alloc p50"));
	assert_non_null(strstr(said, "request p50"));
	json_t *lines = load_lines("new/wall.jsonl"), *line = json_array_get(lines, 0);

	assert_int_equal(operations(line), 0);
	assert_true(latency(line, "request") > 0);
	assert_false(holds("new/benchmark.json", "alloc_p50_ns"));
	json_decref(lines);
}

/* With a pace there is a lag, and a request's latency is from when it should have begun. */
static void paced(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, WALL "-b linux-6.1 --pace 0.5 --benchmark_repetitions=1");
	json_t *lines = load_lines("new/wall.jsonl"), *line = json_array_get(lines, 0);

	assert_string_equal(text(line, "pace"), "0.5");
	assert_true(latency(line, "lag") > 0);
	/* 20 ms of trace at half its speed */
	assert_true(number(line, "wall_ns") > 35000000);
	assert_true(holds("new/benchmark.json", "measured, pace 0.5"));
	assert_true(holds("new/table.txt", "lag p99"));
	json_decref(lines);
}

static void backing(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, WALL "-b linux-6.1 --backing memory --benchmark_repetitions=1");
	json_t *lines = load_lines("new/wall.jsonl"), *pages = at(json_array_get(lines, 0), "backing");

	assert_true(number(pages, "right_pages") > 0);
	assert_int_equal(number(pages, "wrong_pages") + number(pages, "untouched_pages"), 0);
	assert_true(holds("new/table.txt", "backing:  "));
	json_decref(lines);
}

/* Four nodes and four cpus where there are fewer: said in the table and in every line of every file. */
static void oversubscribed(void **state)
{
	json_t *line;
	size_t i;

	(void)state;
	const char *said = house_run(cmd_run, CLI_OK,
	                             "run four.ctr --clock wall -b linux-6.1 --interval-ms 1 --hold-ms 2 -o new "
	                             "--map 0=0,1=0,2=0,3=0 --oversubscribe --benchmark_repetitions=2");

	assert_non_null(strstr(said, "OVERSUBSCRIBED: 4 trace nodes on 1 node"));
	json_t *lines = load_lines("new/wall.jsonl"), *requests = load_lines("new/requests.jsonl");

	json_array_foreach(lines, i, line)
		assert_non_null(strstr(text(line, "oversubscribed"), "4 trace nodes on 1 node"));
	json_array_foreach(requests, i, line)
		assert_non_null(strstr(text(line, "oversubscribed"), "4 trace nodes on 1 node"));
	assert_true(holds("new/benchmark.json", "pace fast, oversubscribed: 4 trace nodes on 1 node"));
	assert_true(holds("new/summary.csv", ",\"4 trace nodes on 1 node"));
	assert_true(holds("new/context.json", "\"oversubscribed\": \"4 trace nodes on 1 node"));
	json_decref(lines);
	json_decref(requests);
}

/* Names, filters, formats: nothing is measured for a list, and only what is asked for is in the results. */
static void flags_of_the_library(void **state)
{
	(void)state;
	const char *said =
		house_run(cmd_run, CLI_OK, WALL "-b linux-5.10,linux-6.1 --threads 1 --benchmark_list_tests");

	assert_string_equal(said, "small/occupancy:70/size:1b/backend:linux-5.10/threads:1/iterations:1/manual_time\n"
	                          "small/occupancy:70/size:1b/backend:linux-6.1/threads:1/iterations:1/manual_time\n");
	assert_false(house_has("new"));
	house_run(cmd_run, CLI_OK, WALL "-b linux-5.10,linux-6.1 --benchmark_filter=5.10");
	json_t *lines = load_lines("new/wall.jsonl");

	assert_int_equal(json_array_size(lines), 5);
	assert_string_equal(text(json_array_get(lines, 0), "backend"), "linux-5.10");
	assert_false(holds("new/table.txt", "linux-6.1"));
	json_decref(lines);
	house_refused(cmd_run, CLI_USAGE, WALL, "new exists");
	said = house_run(cmd_run, CLI_OK, WALL "--force -b linux-6.1 --benchmark_repetitions=1 --benchmark_format=csv");
	assert_non_null(strstr(said, "\nname,iterations,real_time,cpu_time"));
	assert_true(holds("new/table.txt", "linux-6.1"));
}

static int quiet(int argc, char **argv)
{
	if (!freopen("/dev/null", "w", stderr))
		return 99;
	return cmd_run(argc, argv);
}

/* --json prints benchmark.json and nothing else; all backends that there are run, by default. */
static void as_json(void **state)
{
	(void)state;
	json_t *json = house_json(quiet, CLI_OK, WALL "--json --threads 1 --benchmark_repetitions=2"), *one;
	bool first_fit = false;
	size_t i;

	benchmark(json, "backend:linux-7.2/");
	benchmark(json, "backend:rfc-2021/");
	json_array_foreach(at(json, "benchmarks"), i, one) first_fit |= !!strstr(text(one, "name"), "first-fit");
	assert_false(first_fit);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(numbers_fit_together, house_tidy),
		cmocka_unit_test_teardown(benchmark_json, house_tidy),
		cmocka_unit_test_teardown(summary_csv, house_tidy),
		cmocka_unit_test_teardown(batch_has_no_latency, house_tidy),
		cmocka_unit_test_teardown(paced, house_tidy),
		cmocka_unit_test_teardown(backing, house_tidy),
		cmocka_unit_test_teardown(oversubscribed, house_tidy),
		cmocka_unit_test_teardown(flags_of_the_library, house_tidy),
		cmocka_unit_test_teardown(as_json, house_tidy),
	};

	return cmocka_run_group_tests(tests, set_up, house_tear_down);
}
