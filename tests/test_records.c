// SPDX-License-Identifier: MIT
/*
 * test_records.c - what was measured, whoever wrote it: folders of both clocks and JSON of Google Benchmark become the same
 * records, and what is damaged, mixed or of another version is refused by name.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/records/csv.h"
#include "../bench/records/records.h"
#include "../workloads/trace/sha256.h"
#include "lib/house.h"

#define RUN                                                                                                            \
	"run small.ctr -b linux-5.10,linux-7.2 --seeds 3,1 --occupancy 70 --interval-ms 1 --hold-ms 1 --sizes 64p,1b -o new"
#define WALL                                                                                                           \
	"run small.ctr --clock wall -b linux-6.1 --seeds 1 --occupancy 70 --interval-ms 1 --hold-ms 1 --sizes 64p "    \
	"--oversubscribe --benchmark_repetitions=3 -o new"

static struct record_set set;

/* As a command, so that the message can be looked at; nothing is printed when it is fine. */
static int load(int argc, char **argv)
{
	struct record_set s;

	assert_int_equal(argc, 2);
	cli_command_name = "load";
	int status = records_load(&s, argv[1]);

	records_free(&s);
	return status;
}

static int forget(void **state)
{
	records_free(&set);
	return house_tidy(state);
}

/* A file of Google Benchmark's with these entries. */
static void write_json(const char *entries)
{
	static const char frame[] =
		"{\"context\":{\"date\":\"2026-11-29T20:07:09+01:00\",\"host_name\":\"there\",\"executable\":\"./a/bench\","
		"\"num_cpus\":8,\"mhz_per_cpu\":2096,\"caches\":[{\"type\":\"Data\",\"level\":1}],\"load_avg\":[1.5,NaN]},\n"
		"\"benchmarks\":[\n%s\n]}\n";
	size_t size = sizeof(frame) + strlen(entries);
	char *text = malloc(size);

	assert_non_null(text);
	int len = snprintf(text, size, frame, entries);

	house_write("new", text, (size_t)len);
	free(text);
}

static void loaded(const char *path)
{
	assert_int_equal(records_load(&set, path), CLI_OK);
}

static const struct record_metric *metric(const char *benchmark, const char *name)
{
	const struct record_benchmark *b = records_find(&set, benchmark);
	const struct record_metric *m = b ? records_metric(b, name) : NULL;

	if (!m)
		fail_msg("no %s of %s", name, benchmark);
	return m;
}

/* ---- folders --------------------------------------------------------------------------------- */

/* A sum over the lines of requests.jsonl of one replay, read the slow way. */
static double sum_of_requests(const char *backend, const char *size, json_int_t seed, const char *object,
                              const char *key)
{
	size_t len;
	char *text = house_contents("new/requests.jsonl", &len), *rest = text, *line;
	double sum = 0;

	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		json_t *q = json_loads(line, 0, NULL);

		if (!strcmp(json_string_value(json_object_get(q, "backend")), backend) &&
		    !strcmp(json_string_value(json_object_get(q, "size")), size) &&
		    json_integer_value(json_object_get(q, "seed")) == seed)
			sum += object ? json_number_value(json_object_get(json_object_get(q, object), key))
			              : (double)(json_integer_value(json_object_get(q, "rc")) == 0);
		json_decref(q);
	}
	free(text);
	return sum;
}

static void virtual_time(void **state)
{
	static const char *const backends[] = { "linux-5.10", "linux-7.2" };
	static const char *const sizes[] = { "64p", "1b" };

	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	loaded("new");
	assert_true(set.deterministic);
	assert_string_equal(set.schema, "contigbench-run/2");
	assert_string_equal(set.revision, cli_revision());
	assert_string_equal(set.machine, "virtual");
	assert_int_equal(strlen(set.inputs), 64);
	assert_int_equal(strlen(set.date), strlen("2026-11-29T20:07:09Z"));
	assert_null(strstr(set.parameters, "revision"));
	assert_non_null(strstr(set.parameters, "\"seeds\":[3,1]"));
	assert_int_equal(set.nr, 4);
	for (int i = 0; i < 4; i++) {
		char name[128];

		snprintf(name, sizeof(name), "small/occupancy:70/size:%s/backend:%s", sizes[i / 2], backends[i % 2]);
		const struct record_metric *success = metric(name, "success"), *pages = metric(name, "migrated_pages");
		const struct record_metric *scanned = metric(name, "scanned_pfns");

		assert_int_equal(success->kind, RECORD_RATE);
		assert_int_equal(success->better, BETTER_HIGHER);
		assert_int_equal(pages->kind, RECORD_COUNT);
		assert_int_equal(success->nr, 2);
		for (size_t k = 0; k < 2; k++) {
			json_int_t seed = k ? 3 : 1;

			assert_int_equal(success->values[k].key, seed);
			assert_int_equal(scanned->values[k].key, seed);
			assert_true((double)success->values[k].k ==
			            sum_of_requests(backends[i % 2], sizes[i / 2], seed, NULL, NULL));
			assert_true(pages->values[k].value ==
			            sum_of_requests(backends[i % 2], sizes[i / 2], seed, "work", "migrated"));
			assert_true(scanned->values[k].value ==
			            sum_of_requests(backends[i % 2], sizes[i / 2], seed, "work", "scanned"));
		}
		const struct record_benchmark *b = records_find(&set, name);

		assert_int_equal(b->nr_requests, success->values[0].n + success->values[1].n);
		assert_int_equal(b->requests[0].seed, 1);
		assert_int_equal(b->requests[b->nr_requests - 1].seed, 3);
	}
}

/* The file alone has fewer metrics, and those are the same. */
static void virtual_json(void **state)
{
	struct record_set alone;

	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	loaded("new");
	assert_int_equal(records_load(&alone, "new/benchmark.json"), CLI_OK);
	assert_string_equal(set.parameters, alone.parameters);
	assert_int_equal(set.nr, alone.nr);
	for (size_t i = 0; i < alone.nr; i++) {
		assert_true(alone.benchmarks[i].nr >= 3);
		for (size_t m = 0; m < alone.benchmarks[i].nr; m++) {
			const struct record_metric *a = &alone.benchmarks[i].metrics[m];
			const struct record_metric *b = metric(alone.benchmarks[i].name, a->name);

			assert_int_equal(a->nr, b->nr);
			assert_int_equal(a->kind, b->kind);
			assert_memory_equal(a->values, b->values, a->nr * sizeof(*a->values));
		}
	}
	records_free(&alone);
}

/* Geometries, an ablation, a user of contiguous memory, one with large seeds: all are such folders. */
static void other_folders(void **state)
{
	static const char *const lines[] = {
		"run small.ctr -b linux-6.1 --seeds 1 --interval-ms 1 --hold-ms 1 --sizes 64p --max-order 9,10 -o new --force",
		"run small.ctr --ablate linux-5.10..linux-6.1 --seeds 1 --interval-ms 1 --hold-ms 1 --sizes 64p -o new --force",
		"run small.ctr -b linux-6.1 --seeds 1 --interval-ms 1 --hold-ms 1 --sizes 1b --caller cma --cma 8M -o new --force",
		"run small.ctr -b linux-6.1 --seeds 18446744073709551614-18446744073709551615 --interval-ms 1 --hold-ms 1 "
		"--sizes 64p -o new --force",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		house_run(cmd_run, CLI_OK, lines[i]);
		loaded("new");
		assert_true(set.nr >= 1);
		assert_true(set.benchmarks[0].nr > 10);
		assert_true(set.benchmarks[0].nr_requests > 0);
		if (i == 2)
			assert_non_null(records_metric(&set.benchmarks[0], "got_pages"));
		if (i == 3)
			assert_true(set.benchmarks[0].metrics[0].values[1].key == UINT64_MAX);
		records_free(&set);
	}
}

static void wall_clock(void **state)
{
	static const char name[] = "small/occupancy:70/size:64p/backend:linux-6.1/threads:2/iterations:1/manual_time";

	(void)state;
	house_run(cmd_run, CLI_OK, WALL);
	loaded("new");
	assert_false(set.deterministic);
	assert_string_equal(set.schema, "contigbench-wall/1");
	assert_string_equal(set.revision, cli_revision());
	assert_non_null(strstr(set.machine, ", Linux "));
	assert_int_equal(set.nr, 1);
	const struct record_metric *work = metric(name, "work_ns_per_event"), *success = metric(name, "success");

	assert_int_equal(work->kind, RECORD_TIME);
	assert_int_equal(work->better, BETTER_LOWER);
	assert_int_equal(work->nr, 3);
	assert_int_equal(success->nr, 3);
	assert_true(success->values[0].n > 5 && success->values[0].k <= success->values[0].n);
	assert_true(metric(name, "real_time")->aside);
	assert_int_equal(metric(name, "migrated_pages")->kind, RECORD_TIME);
	assert_null(records_metric(&set.benchmarks[0], "success_rate"));
}

/* Every table of a folder has as many fields in a row as it has columns. */
static void tables_are_straight(void **state)
{
	static const char *const tables[] = { "summary.csv", "success-by-size.csv", "replays.csv", "failures.csv",
		                              "ablation.csv" };
	char path[64], *line = NULL;
	size_t room = 0;

	(void)state;
	house_run(
		cmd_run, CLI_OK,
		"run small.ctr --ablate linux-5.10..linux-6.1 --seeds 1-2 --interval-ms 1 --hold-ms 1 --sizes 64p -o new");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct csv c = { 0 };
		const char *what;
		size_t columns = 0, rows = 0;

		snprintf(path, sizeof(path), "new/%s", tables[i]);
		c.f = fopen(path, "r");
		assert_non_null(c.f);
		assert_true(getline(&line, &room, c.f) > 0);
		for (; csv_next(&c, &what); rows++) {
			columns = columns ? columns : c.nr;
			if (c.nr != columns)
				fail_msg("%s: row %zu has %zu fields of %zu", tables[i], rows, c.nr, columns);
		}
		assert_null(what);
		assert_true(rows > 1);
		csv_free(&c);
		fclose(c.f);
	}
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(virtual_time, forget),        cmocka_unit_test_teardown(virtual_json, forget),
		cmocka_unit_test_teardown(other_folders, forget),       cmocka_unit_test_teardown(wall_clock, forget),
		cmocka_unit_test_teardown(tables_are_straight, forget),
	};
	(void)load;
	(void)write_json;

	return cmocka_run_group_tests_name("records", tests, house_set_up, house_tear_down);
}
