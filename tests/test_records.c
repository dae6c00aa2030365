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
#include "../bench/plot/source.h"
#include "../bench/records/records.h"
#include "../bench/text/csv.h"
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
		("run small.ctr -b linux-6.1 --seeds 18446744073709551614-18446744073709551615 --interval-ms 1 --hold-ms 1 "
		 "--sizes 64p -o new --force"),
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

static bool count_row(void *ctx, const struct csv_line *line)
{
	assert_string_equal(csv_field(line, "workload"), "#odd");
	assert_string_equal(csv_field(line, "no such column"), "");
	++*(size_t *)ctx;
	return true;
}

/* Comments stand in front of a table: a row whose first field begins with the same mark is a row, for figures as well. */
static void a_name_like_a_comment(void **state)
{
	struct source s;
	size_t rows = 0;

	(void)state;
	house_shell("cp small.ctr '#odd.ctr'");
	house_run(cmd_run, CLI_OK,
	          "run #odd.ctr -b linux-6.1 --seeds 1-3 --interval-ms 1 --hold-ms 1 --sizes 64p -o new");
	unlink("#odd.ctr");
	loaded("new");
	assert_int_equal(set.benchmarks[0].metrics[0].nr, 3);
	assert_int_equal(source_open(&s, "new"), CLI_OK);
	assert_int_equal(source_csv(&s, "replays.csv", count_row, &rows), CLI_OK);
	source_close(&s);
	assert_int_equal(rows, 3 * set.nr);
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

/* ---- Google Benchmark, of any program -------------------------------------------------------- */

/* Repetitions in any order, times in any unit, counters; what is nested or unknown is passed over. */
static void repetitions(void **state)
{
	(void)state;
	write_json(
		"{\"name\":\"BM/1\",\"run_type\":\"iteration\",\"repetition_index\":1,\"iterations\":10,\"real_time\":2,"
		"\"cpu_time\":1,\"time_unit\":\"us\",\"bytes_per_second\":5,\"mine\":7,\"label\":\"x\"},\n"
		"{\"name\":\"BM/1\",\"run_type\":\"iteration\",\"repetition_index\":0,\"iterations\":10,\"real_time\":3,"
		"\"cpu_time\":1,\"time_unit\":\"ms\",\"mine\":NaN,\"deep\":{\"a\":[{\"real_time\":9}]},\"more\":[1,2]},\n"
		"{\"name\":\"BM/1_mean\",\"run_name\":\"BM/1\",\"run_type\":\"aggregate\",\"aggregate_name\":\"mean\","
		"\"real_time\":NaN,\"cpu_time\":1,\"time_unit\":\"ms\"},\n"
		"{\"name\":\"BM/1_BigO\",\"run_name\":\"BM/1\",\"run_type\":\"aggregate\",\"aggregate_name\":\"BigO\","
		"\"cpu_coefficient\":1,\"big_o\":\"N\",\"time_unit\":\"ns\"}");
	loaded("new");
	const struct record_metric *real = metric("BM/1", "real_time"), *mine = metric("BM/1", "mine");

	assert_int_equal(real->nr, 2);
	assert_int_equal(real->mean_of, 0);
	assert_true(real->values[0].value == 3e6 && real->values[1].value == 2e3);
	assert_int_equal(mine->nr, 1);
	assert_int_equal(mine->values[0].key, 1);
	assert_int_equal(mine->better, BETTER_NEITHER);
	assert_int_equal(metric("BM/1", "bytes_per_second")->better, BETTER_HIGHER);
	assert_null(records_metric(&set.benchmarks[0], "deep"));
	assert_string_equal(set.schema, "google-benchmark");
	assert_string_equal(set.date, "2026-11-29T19:07:09Z");
	assert_string_equal(set.machine, "there, 8 cpus");
	assert_string_equal(set.parameters, "{\"executable\":\"bench\"}");
	assert_false(set.deterministic);
}

/* Before 1.5: no run_type, no index; aggregates are told by their names, beside what they are of. */
static void old_files(void **state)
{
	(void)state;
	write_json(
		"{\"name\":\"BM\",\"iterations\":1,\"real_time\":1,\"cpu_time\":1,\"time_unit\":\"ns\"},"
		"{\"name\":\"BM\",\"iterations\":1,\"real_time\":3,\"cpu_time\":1,\"time_unit\":\"ns\"},"
		"{\"name\":\"BM_mean\",\"iterations\":2,\"real_time\":2,\"cpu_time\":1,\"time_unit\":\"ns\"},"
		"{\"name\":\"BM_stddev\",\"iterations\":2,\"real_time\":1,\"cpu_time\":1,\"time_unit\":\"ns\"},"
		"{\"name\":\"Geometric_mean\",\"iterations\":2,\"real_time\":9,\"cpu_time\":1,\"time_unit\":\"ns\"}");
	loaded("new");
	assert_int_equal(set.nr, 2);
	assert_int_equal(metric("BM", "real_time")->nr, 2);
	assert_int_equal(metric("Geometric_mean", "real_time")->nr, 1);
}

/* --benchmark_report_aggregates_only: the mean is one value, and says so. */
static void aggregates(void **state)
{
	(void)state;
	write_json("{\"name\":\"BM_mean\",\"run_name\":\"BM\",\"run_type\":\"aggregate\",\"repetitions\":10,"
	           "\"aggregate_name\":\"mean\",\"real_time\":2,\"cpu_time\":1,\"time_unit\":\"us\"},"
	           "{\"name\":\"BM_median\",\"run_name\":\"BM\",\"run_type\":\"aggregate\",\"repetitions\":10,"
	           "\"aggregate_name\":\"median\",\"real_time\":9,\"cpu_time\":1,\"time_unit\":\"us\"},"
	           "{\"name\":\"BM_stddev\",\"run_name\":\"BM\",\"run_type\":\"aggregate\",\"repetitions\":10,"
	           "\"aggregate_name\":\"stddev\",\"real_time\":0.5,\"cpu_time\":1,\"time_unit\":\"us\"}");
	loaded("new");
	const struct record_metric *m = metric("BM", "real_time");

	assert_int_equal(set.nr_aggregates, 1);
	assert_int_equal(m->nr, 1);
	assert_true(m->values[0].value == 2000 && m->stddev == 500 && m->mean_of == 10);
}

/* What failed or was skipped is named and left out; what is left of it stays. */
static void failed_ones(void **state)
{
	(void)state;
	write_json(
		"{\"name\":\"A\",\"run_name\":\"A\",\"run_type\":\"iteration\",\"error_occurred\":true,"
		"\"error_message\":\"no file\",\"real_time\":0,\"cpu_time\":0,\"time_unit\":\"ns\"},"
		"{\"name\":\"B\",\"run_type\":\"iteration\",\"skipped\":\"SkippedWithMessage\",\"skip_message\":\"later\"},"
		"{\"name\":\"C\",\"run_type\":\"iteration\",\"error_occurred\":false,\"real_time\":1,\"cpu_time\":1,"
		"\"time_unit\":\"s\"}");
	loaded("new");
	assert_int_equal(set.nr_left_out, 2);
	assert_string_equal(set.left_out[0].name, "A");
	assert_string_equal(set.left_out[0].why, "no file");
	assert_string_equal(set.left_out[1].why, "later");
	assert_true(metric("C", "real_time")->values[0].value == 1e9);
}

/* Names that are no names anywhere else. */
static void hostile_names(void **state)
{
	(void)state;
	write_json("{\"name\":\"-a\\\"<>&%$#_\\\\^~{}|;'\\n\\u001b[31m \xc3\xa4 \xff\",\"run_type\":\"iteration\","
	           "\"real_time\":1,\"cpu_time\":1,\"time_unit\":\"ns\"}");
	loaded("new");
	assert_string_equal(set.benchmarks[0].name, "-a\"<>&%$#_\\^~{}|;'\n\x1b[31m \xc3\xa4 \xff");
}

static void many_of_both(void **state)
{
	struct record_set other;

	(void)state;
	write_json("{\"name\":\"A\",\"run_type\":\"iteration\",\"real_time\":1,\"cpu_time\":1,\"time_unit\":\"s\"}");
	assert_int_equal(records_load_two(&set, "new", &other, "new"), CLI_OK);
	assert_int_equal(other.nr, 1);
	records_free(&other);
}

/* ---- what it refuses ------------------------------------------------------------------------- */

static void refused(const char *path, const char *says)
{
	char line[256];

	snprintf(line, sizeof(line), "load %s", path);
	house_refused(load, CLI_USAGE, line, says);
}

static void bad_files(void **state)
{
	static const struct {
		const char *entries, *says;
	} bad[] = {
		{ "{\"name\":\"A\",\"real_time\":NaN,\"cpu_time\":1}",
		  "line 3: benchmark 'A' has a time that is no number (NaN)" },
		{ "{\"name\":\"A\",\"real_time\":-1,\"cpu_time\":1}",
		  "benchmark 'A' has a real_time of -1: a time is 0 or more" },
		{ "{\"name\":\"A\",\"real_time\":1,\"cpu_time\":Infinity}", "benchmark 'A' has a cpu_time of inf" },
		{ "{\"name\":\"A\",\"cpu_time\":\"1\"}", "benchmark 'A' has a text where a number belongs" },
		{ "{\"name\":7,\"cpu_time\":1}", "has a number where a text belongs" },
		{ "{\"name\":\"A\"}", "benchmark 'A' has no real_time" },
		{ "{\"real_time\":1}", "benchmark '' has no name" },
		{ "{\"name\":\"A\",\"real_time\":1,\"time_unit\":\"h\"}", "a time_unit that is none of ns, us, ms, s" },
		{ "{\"name\":\"A\\u0000B\",\"real_time\":1}", "a text with a NUL in it" },
		{ "{\"name\":\"A\\u001b[2J\",\"real_time\":-1}", "benchmark 'A\\x1b[2J' has" },
		{ "7", "something among the benchmarks is no object" },
		{ "", "new has no benchmarks" },
		{ "{\"name\":\"A\",\"real_time\":1},", "line 4: " },
		{ "{\"name\":\"A\",\"repetition_index\":0,\"real_time\":1},{\"name\":\"A\",\"repetition_index\":0,\"real_time\":2}",
		  "new has repetition 0 of benchmark 'A' twice: are several runs mixed?" },
		{ "{\"name\":\"A\",\"error_occurred\":true,\"error_message\":\"why not\"}",
		  "new: every benchmark failed, the first with: why not" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_json(bad[i].entries);
		refused("new", bad[i].says);
	}
}

static void bad_texts(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "new is empty: a results folder or a JSON of Google Benchmark, please" },
		{ "[]", "new: line 1: it is no JSON object" },
		{ "hello", "new: line 1: " },
		{ "{}", "new has no benchmarks" },
		{ "{\"benchmarks\":[{\"name\":\"A\",\"real_time\":1}]}\n{}",
		  "new: line 2: The document root must not be followed" },
		{ "{\"context\":{\"json_schema_version\":2},\"benchmarks\":[]}",
		  "new is of version 2 of Google Benchmark's JSON, this program knows version 1" },
		{ "{\"context\":{\"parameters\":{\"schema\":\"contigbench-run/9\"}},\"benchmarks\":[]}",
		  "new has schema 'contigbench-run/9', this program knows contigbench-run/2 and contigbench-wall/1" },
		{ "{\"context\":{\"schema\":\"contigbench-run/2\"},\"benchmarks\":[]}",
		  "new has no parameters: make the run again" },
		{ "{\"context\":{\"schema\":\"contigbench-wall/7\"},\"benchmarks\":[]}",
		  "new has schema 'contigbench-wall/7', this program knows" },
		{ "{\"context\":{\"parameters\":{\"schema\":\"contigbench-run/2\"}},\"benchmarks\":[{\"name\":\"A\",\"real_time\":1}]}",
		  "has a repetition without seed, success_rate or migrated_pages" },
	};
	char deep[400] = "{\"context\":";

	(void)state;
	refused("nowhere", "nowhere: No such file or directory");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		house_write("new", bad[i].text, strlen(bad[i].text));
		refused("new", bad[i].says);
	}
	memset(deep + strlen(deep), '[', 300);
	house_write("new", deep, strlen(deep));
	refused("new", "new: line 1: nested more than 64 deep");
}

/* A file that is cut short anywhere is no shorter file. */
static void half_a_file(void **state)
{
	char line[] =
		"{\"context\":{\"a\":1},\n\"benchmarks\":[{\"name\":\"A\",\"real_time\":12},{\"name\":\"B\",\"real_time\":1}]}";

	(void)state;
	for (size_t n = 1; n < strlen(line); n++) {
		house_write("new", line, n);
		refused("new", "it ends in the middle: cut short");
	}
	house_write("new", line, strlen(line));
	house_run(load, CLI_OK, "load new");
}

static void not_folders(void **state)
{
	(void)state;
	refused(".", ". is no results folder: it has neither SHA256SUMS nor wall.jsonl");
	house_run(cmd_run, CLI_OK, RUN);
	assert_int_equal(rename("new", "new.partial"), 0);
	refused("new.partial/", "new.partial/ is left of a run that was killed: make the run again");
	house_write("new.partial/run.json", "{}", 2);
	refused("new.partial",
	        "new.partial is an interrupted run: finish it with `contigbench run --resume new.partial`");
}

/* One byte of any file that is summed up, or none of them at all. */
static void changed_folders(void **state)
{
	static const char *const files[] = { "benchmark.json", "replays.csv", "requests.jsonl", "summary.csv",
		                             "table.txt" };
	char path[64], says[128];
	size_t len;

	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "new/%s", files[i]);
		snprintf(says, sizeof(says), "%s is not what SHA256SUMS says, it was changed or cut short", path);
		char *text = house_contents(path, &len);

		house_write(path, text, len / 2);
		refused("new", says);
		text[len / 2] ^= 1;
		house_write(path, text, len);
		refused("new", says);
		text[len / 2] ^= 1;
		house_write(path, text, len);
		free(text);
	}
	house_run(load, CLI_OK, "load new");
	house_write("new/context.json", "{", 1);
	refused("new", "new/context.json has no date, or is cut short");
	unlink("new/context.json");
	refused("new", "new/context.json: No such file or directory; is new a results folder?");
	house_write("new/SHA256SUMS", "no sum\n", 7);
	refused("new", "new/SHA256SUMS: line 1 is no sum and name");
	house_write("new/SHA256SUMS", "", 0);
	refused("new", "new/SHA256SUMS has no sum of benchmark.json");
}

/* The sum of one file in the list, as it is now. */
static void sum_again(const char *name)
{
	size_t len, sums_len;
	char path[64], hex[65];
	struct sha256 sum;

	snprintf(path, sizeof(path), "new/%s", name);
	char *text = house_contents(path, &len), *sums = house_contents("new/SHA256SUMS", &sums_len),
	     *at = strstr(sums, name);

	assert_non_null(at);
	sha256_init(&sum);
	sha256_add(&sum, text, len);
	sha256_hex(&sum, hex);
	memcpy(at - 66, hex, 64);
	house_write("new/SHA256SUMS", sums, sums_len);
	free(text);
	free(sums);
}

/* A folder put together from two runs, each file with its own right sum. */
static void mixed_folders(void **state)
{
	static const char *const files[] = { "replays.csv", "requests.jsonl" };
	char path[64], says[192];
	size_t len;

	(void)state;
	house_run(
		cmd_run, CLI_OK,
		"run small.ctr -b linux-5.10 --seeds 2 --occupancy 70 --interval-ms 1 --hold-ms 1 --sizes 64p -o other");
	for (size_t i = 0; i < 2; i++) {
		house_run(cmd_run, CLI_OK, RUN " --force");
		snprintf(path, sizeof(path), "other/%s", files[i]);
		char *text = house_contents(path, &len);

		snprintf(path, sizeof(path), "new/%s", files[i]);
		snprintf(says, sizeof(says), "%s is of another run than benchmark.json beside it: do not mix them",
		         path);
		house_write(path, text, len);
		free(text);
		sum_again(files[i]);
		refused("new", says);
	}
	house_run(cmd_run, CLI_OK, RUN " --force");
	/* a number that is not that of the other files; a row less */
	char *text = house_contents("new/replays.csv", &len), *row = strstr(strchr(text, '\n') + 1, "\nsmall,");

	assert_non_null(row);
	char *seed = strstr(row, ",0,3,");

	assert_non_null(seed);
	seed[3] = '5';
	house_write("new/replays.csv", text, len);
	sum_again("replays.csv");
	refused("new", "new/replays.csv: line 3: this row is not of the replays in benchmark.json");
	seed[3] = '3';
	house_write("new/replays.csv", text, (size_t)(row + 1 - text));
	sum_again("replays.csv");
	refused("new", "new/replays.csv: line 3: it has fewer rows than benchmark.json has replays");
	house_write("new/replays.csv", text, len);
	sum_again("replays.csv");
	free(text);
	text = house_contents("new/requests.jsonl", &len);
	char *last = text + len - 1;

	while (last > text && last[-1] != '\n')
		last--;
	house_write("new/requests.jsonl", text, (size_t)(last - text));
	sum_again("requests.jsonl");
	refused("new", "new/requests.jsonl has fewer requests than benchmark.json");
	free(text);
}

/* Of the wall clock there are no sums: what can be seen is. */
static void wall_folders(void **state)
{
	size_t len, bench_len;

	(void)state;
	house_run(cmd_run, CLI_OK, WALL);
	char *text = house_contents("new/wall.jsonl", &len), *bench = house_contents("new/benchmark.json", &bench_len);

	house_write("new/wall.jsonl", text, len - 10);
	refused("new", "new/wall.jsonl: line 4: it ends in the middle: cut short");
	house_write("new/wall.jsonl", "", 0);
	refused("new", "new/wall.jsonl is empty or cut short");
	char *twice = malloc(2 * len);

	assert_non_null(twice);
	memcpy(twice, text, len);
	memcpy(twice + len, text, len);
	house_write("new/wall.jsonl", twice, 2 * len);
	refused("new", "new/wall.jsonl: line 5: another run begins here: do not mix them");
	size_t head = (size_t)(strchr(text, '\n') + 1 - text);

	memcpy(twice + len, text + head, len - head);
	house_write("new/wall.jsonl", twice, 2 * len - head);
	refused("new", "new has repetition 0 of benchmark 'small/occupancy:70");
	free(twice);
	char *size = strstr(strchr(text, '\n'), "\"size\":\"64p\"");

	assert_non_null(size);
	size[8] = '3';
	house_write("new/wall.jsonl", text, len);
	refused("new", "34p/backend:linux-6.1/threads:2 is not in benchmark.json beside it: do not mix runs");
	size[8] = '6';
	char *schema = strstr(text, "contigbench-wall/1");

	schema[17] = '8';
	house_write("new/wall.jsonl", text, len);
	refused("new", "new/wall.jsonl has schema 'contigbench-wall/8'");
	schema[17] = '1';
	house_write("new/wall.jsonl", text, len);
	house_write("new/benchmark.json", bench, bench_len / 2);
	refused("new", "it ends in the middle: cut short");
	house_run(load, CLI_USAGE, "load new/wall.jsonl");
	free(text);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(virtual_time, forget),
		cmocka_unit_test_teardown(virtual_json, forget),
		cmocka_unit_test_teardown(other_folders, forget),
		cmocka_unit_test_teardown(wall_clock, forget),
		cmocka_unit_test_teardown(tables_are_straight, forget),
		cmocka_unit_test_teardown(a_name_like_a_comment, forget),
		cmocka_unit_test_teardown(repetitions, forget),
		cmocka_unit_test_teardown(old_files, forget),
		cmocka_unit_test_teardown(aggregates, forget),
		cmocka_unit_test_teardown(failed_ones, forget),
		cmocka_unit_test_teardown(hostile_names, forget),
		cmocka_unit_test_teardown(many_of_both, forget),
		cmocka_unit_test_teardown(bad_files, forget),
		cmocka_unit_test_teardown(bad_texts, forget),
		cmocka_unit_test_teardown(half_a_file, forget),
		cmocka_unit_test_teardown(not_folders, forget),
		cmocka_unit_test_teardown(changed_folders, forget),
		cmocka_unit_test_teardown(mixed_folders, forget),
		cmocka_unit_test_teardown(wall_folders, forget),
	};

	return cmocka_run_group_tests_name("records", tests, house_set_up, house_tear_down);
}
