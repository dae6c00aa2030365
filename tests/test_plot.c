// SPDX-License-Identifier: MIT
/*
 * test_plot.c - `contigbench plot`: the data of each figure against the results that they are made from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/plot/figures.h"
#include "../bench/results/stored.h"
#include "lib/house.h"
#include "lib/table.h"

#define RUN                                                                                                            \
	"run small.ctr -b linux-5.10,linux-6.1,first-fit --sizes 64p,1b --occupancy 60,95 --interval-ms 1 "            \
	"--hold-ms 2 --seeds 1-3 --age 1 -o new"
#define QUICK " --format svg --width single"

static void assert_near(double a, double b, double within)
{
	if (!(a - b <= within && b - a <= within))
		fail_msg("%.9g is not %.9g", a, b);
}

/* ---- data against results -------------------------------------------------------------------- */

/* What --from new leaves of a figure, and nothing else in the way. */
static struct table *data_of(const char *figure, const char *options)
{
	char line[512];

	snprintf(line, sizeof(line), "plot %s --from new" QUICK " %s", figure, options);
	house_run(cmd_plot, CLI_OK, line);
	snprintf(line, sizeof(line), "new/%s.dat", figure);
	return table_read(line, '\t');
}

/* Rates are those of summary.csv, digit for digit, each in the panel of its occupancy and the line of its backend. */
static void success_by_size(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	struct table *data = data_of("success-by-size", ""), *summary = table_read("new/summary.csv", ',');
	static const char *const same[] = { "occupancy_percent", "size",        "backend",      "baseline", "requests",
		                            "success_percent",   "success_low", "success_high", NULL };

	assert_int_equal(data->nr, summary->nr);
	assert_int_equal(data->nr, 2 * 2 * 3);
	for (size_t i = 0; i < data->nr; i++) {
		for (const char *const *column = same; *column; column++)
			assert_string_equal(table_text(data, i, *column), table_text(summary, i, *column));
		assert_int_equal(table_number(data, i, "panel"),
		                 table_number(data, i, "occupancy_percent") == 60 ? 1 : 2);
		assert_string_equal(table_text(data, i, "category_label"),
		                    strcmp(table_text(data, i, "size"), "1b") ? "256 KiB" : "2 MiB");
	}
	table_free(data);
	table_free(summary);
}

/* The value of each place is all pages over all successes, and lies in its interval. */
static void migrated(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	struct table *data = data_of("migrated", ""), *replays = table_read("new/replays.csv", ',');

	assert_true(data->nr > 6);
	for (size_t i = 0; i < data->nr; i++) {
		double pages = 0, successes = 0, value = table_number(data, i, "migrated_per_success");

		for (size_t k = 0; k < replays->nr; k++) {
			if (!table_alike(data, i, replays, k, "backend") || !table_alike(data, i, replays, k, "size") ||
			    !table_alike(data, i, replays, k, "occupancy_percent"))
				continue;
			pages += table_number(replays, k, "migrated_pages");
			successes += table_number(replays, k, "successes");
		}
		assert_true(successes > 0);
		assert_near(value, pages / successes, 1e-5);
		assert_true(table_number(data, i, "migrated_low") <= value + 1e-6);
		assert_true(table_number(data, i, "migrated_high") >= value - 1e-6);
	}
	table_free(data);
	table_free(replays);
}

/* Calls one(line) for each line of a file of JSON lines but the first. */
static void each_line(const char *name, void (*one)(void *ctx, const json_t *line), void *ctx)
{
	size_t len;
	char *text = house_contents(name, &len), *rest = text, *line;

	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		json_t *json = json_loads(line, 0, NULL);

		assert_non_null(json);
		one(ctx, json);
		json_decref(json);
	}
	free(text);
}

struct counted {
	const char *backend;
	double occupancy;
	double above; /* ns */
	uint64_t all, longer;
	uint64_t ns[2][8], requests[2]; /* by outcome: failed, succeeded */
};

static const char *const phases[] = { "isolate", "drain", "migrate", "test", "grab", "undo" };

static void count_request(void *ctx, const json_t *line)
{
	struct counted *c = ctx;
	bool got = !stored_number(line, "rc");

	if (strcmp(stored_text(line, "backend"), c->backend) || strcmp(stored_text(line, "size"), "1b") ||
	    json_number_value(json_object_get(line, "occupancy_percent")) != c->occupancy)
		return;
	c->all += got;
	c->longer += got && (double)(stored_number(line, "end_ns") - stored_number(line, "begin_ns")) > c->above;
	c->requests[got]++;
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		c->ns[got][i] += (uint64_t)stored_number(json_object_get(line, "phase_ns"), phases[i]);
}

/* At each point of the curve so many requests took longer as it says; marks are where the shares are 50 % and 1 %. */
static void latency(void **state)
{
	size_t marks = 0;

	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	struct table *data = data_of("latency", "");

	assert_true(data->nr > 12);
	for (size_t i = 0; i < data->nr; i++) {
		struct counted c = {
			.backend = table_text(data, i, "backend"),
			.occupancy = table_number(data, i, "occupancy_percent"),
			.above = table_number(data, i, "latency_ns"),
		};
		double share = table_number(data, i, "share_above");
		bool first = !i || strcmp(table_text(data, i - 1, "backend"), c.backend) ||
		             !table_alike(data, i, data, i - 1, "panel");

		each_line("new/requests.jsonl", count_request, &c);
		assert_int_equal(c.all, table_number(data, i, "count"));
		if (*table_text(data, i, "mark")) {
			/* nearest rank: no more than that share is longer, and without the mark's own step more is */
			assert_true((double)c.longer <= share * (double)c.all);
			marks++;
		} else if (first) {
			assert_near(share, 1, 1e-9);
		} else {
			assert_near(share, (double)c.longer / (double)c.all, 1e-6);
		}
	}
	assert_true(marks >= 6);
	table_free(data);
}

/* Each part is the mean of its phase over the requests of that outcome; the last ends where the whole does. */
static void phases_of_requests(void **state)
{
	size_t parts = 0;

	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	struct table *data = data_of("phases", "--occupancy 95");

	for (size_t i = 0; i < data->nr; i++) {
		struct counted c = { .backend = table_text(data, i, "backend"), .occupancy = 95 };
		size_t got = !strcmp(table_text(data, i, "outcome"), "succeeded"), phase = 0;

		each_line("new/requests.jsonl", count_request, &c);
		while (strcmp(phases[phase], table_text(data, i, "part_label")))
			phase++;
		assert_int_equal(table_number(data, i, "requests"), c.requests[got]);
		assert_near(table_number(data, i, "to_ns") - table_number(data, i, "from_ns"),
		            (double)c.ns[got][phase] / (double)c.requests[got], 0.01);
		parts++;
	}
	assert_true(parts > 4);
	table_free(data);
}

/* Parts are counts of failures.csv; what is left over to 100 % succeeded. */
static void failures(void **state)
{
	double failed = 0, counted = 0;

	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	struct table *data = data_of("failures", "--size 64p"), *file = table_read("new/failures.csv", ',');

	for (size_t i = 0; i < data->nr; i++) {
		failed += table_number(data, i, "failures");
		assert_near(table_number(data, i, "to_percent") - table_number(data, i, "from_percent"),
		            table_number(data, i, "failures") * 100 / table_number(data, i, "requests"), 1e-3);
	}
	for (size_t i = 0; i < file->nr; i++)
		counted += strcmp(table_text(file, i, "size"), "64p") ? 0 : table_number(file, i, "failures");
	assert_true(failed > 0);
	assert_near(failed, counted, 1e-9);
	table_free(data);
	table_free(file);
}

struct moment {
	const char *backend;
	double ms, below, upto, all, median;
};

/* Nearest rank, of three seeds: the second. */
static void count_sample(void *ctx, const json_t *line)
{
	struct moment *m = ctx;
	double ms = (double)(stored_number(line, "ns") / 1000000);
	double value = json_number_value(json_object_get(line, "unusable_index"));

	if (json_is_true(json_object_get(line, "end")) || strcmp(stored_text(line, "backend"), m->backend) ||
	    strcmp(stored_text(line, "size"), "1b") ||
	    json_number_value(json_object_get(line, "occupancy_percent")) != 95 || ms < m->ms - 1 || ms > m->ms + 1)
		return;
	m->all++;
	m->below += value < m->median - 1e-9;
	m->upto += value <= m->median + 1e-9;
}

static void fragmentation(void **state)
{
	size_t moments = 0;

	(void)state;
	/* the house's trace is too short for samples that are apart by more than a ms */
	house_run(cmd_run, CLI_OK,
	          "run one.ctr -b linux-6.1,first-fit --sizes 1b --zone 0+8192 --interval-ms 5 --seeds 1-3 -o new");
	struct table *data = data_of("fragmentation", "");

	for (size_t i = 0; i < data->nr; i++) {
		assert_true(table_number(data, i, "low") <= table_number(data, i, "median"));
		assert_true(table_number(data, i, "median") <= table_number(data, i, "high"));
	}
	table_free(data);
	house_tidy(NULL);
	house_run(cmd_run, CLI_OK, RUN " --samples 5");
	data = data_of("fragmentation", "");
	for (size_t i = 0; i < data->nr; i++) {
		if (strcmp(table_text(data, i, "measure"), "unusable_index"))
			continue;
		struct moment m = {
			.backend = table_text(data, i, "backend"),
			.ms = (double)(int)(table_number(data, i, "time_s") * 1000),
			.median = table_number(data, i, "median"),
		};

		each_line("new/series.jsonl", count_sample, &m);
		assert_int_equal(m.all, 3);
		assert_true(m.below <= 1 && m.upto >= 2);
		moments++;
	}
	assert_int_equal(moments, 3 * 5);
	table_free(data);
}

/* Counts of types only grow, and nothing is retyped by a backend without types. */
static void type_drift(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	struct table *data = data_of("type-drift", "");
	bool any = false;

	for (size_t i = 1; i < data->nr; i++) {
		bool counted = !strncmp(table_text(data, i, "measure"), "retyped", 7);

		if (counted && table_alike(data, i, data, i - 1, "line") && table_alike(data, i, data, i - 1, "panel"))
			assert_true(table_number(data, i, "median") >= table_number(data, i - 1, "median"));
		if (counted && !strcmp(table_text(data, i, "backend"), "first-fit"))
			assert_int_equal(table_number(data, i, "median"), 0);
		any |= counted && table_number(data, i, "median") > 0;
	}
	assert_true(any);
	table_free(data);
}

/* From the first backend's rate by all steps to the last one's, without a gap. */
static void ablation(void **state)
{
	double at[3] = { 0 };
	size_t steps = 0;

	(void)state;
	house_run(cmd_run, CLI_OK,
	          "run small.ctr --ablate linux-5.10..linux-7.2 --sizes 64p --occupancy 95 --interval-ms 1 --hold-ms 2 "
	          "--seeds 1-2 --age 1 -o new");
	struct table *data = data_of("ablation", ""), *summary = table_read("new/summary.csv", ',');

	for (size_t i = 0; i < data->nr; i++) {
		size_t panel = (size_t)table_number(data, i, "panel");
		bool is_step = !strcmp(table_text(data, i, "kind"), "step");

		assert_in_range(panel, 1, 2);
		if (is_step)
			assert_near(table_number(data, i, "from"), at[panel], 1e-3);
		else if (!strcmp(table_text(data, i, "kind"), "to"))
			assert_near(table_number(data, i, "to"), at[panel], 1e-3);
		at[panel] = table_number(data, i, "to");
		steps += is_step;
	}
	assert_true(steps > 2);
	for (size_t i = 0; i < summary->nr; i++) {
		if (!strcmp(table_text(summary, i, "backend"), "linux-7.2"))
			assert_near(table_number(summary, i, "success_percent"), at[1], 1e-3);
	}
	table_free(data);
	table_free(summary);
}

/*
 * The only page in use is the first one; a part is eight pages:
 *
 *	[UUMM...] K F0 F1 F2 F3 F4 F5 F6 F7 F8 | F10 ...
 */
static void memory_map(void **state)
{
	size_t blocks = 0, parts = 0, unmovable = 0;

	(void)state;
	house_run(cmd_run, CLI_OK,
	          "run one.ctr -b linux-6.1 --zone 0+8192 --interval-ms 30 --sizes 64p --seeds 1 -o new");
	struct table *data = data_of("memory-map", "");

	for (size_t i = 0; i < data->nr; i++) {
		bool block = !strcmp(table_text(data, i, "what"), "pageblock");

		blocks += block;
		unmovable += block && !strcmp(table_text(data, i, "kind"), "U");
		if (block || strcmp(table_text(data, i, "kind_name"), "unmovable kernel memory"))
			continue;
		parts++;
		assert_near(table_number(data, i, "x"), 0, 1e-9);
		assert_near(table_number(data, i, "y"), 0, 1e-9);
		assert_near(table_number(data, i, "width"), 0.125, 1e-9);
	}
	assert_int_equal(blocks, 16);
	assert_int_equal(unmovable, 2); /* a run of order 10 was claimed */
	assert_int_equal(parts, 1);
	table_free(data);
}

static void by_max_order(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, RUN " --max-order 9,10,11");
	struct table *data = data_of("success-by-max-order", "--occupancy 60 --backends linux-6.1"),
		     *summary = table_read("new/summary.csv", ',');

	assert_int_equal(data->nr, 3);
	for (size_t i = 0; i < data->nr; i++) {
		size_t k = 0;

		while (!(table_alike(summary, k, data, i, "backend") && table_alike(summary, k, data, i, "size") &&
		         table_alike(summary, k, data, i, "occupancy_percent") &&
		         !strcmp(table_text(summary, k, "max_order"), table_text(data, i, "category_label"))))
			k++;
		assert_string_equal(table_text(summary, k, "success_percent"), table_text(data, i, "success_percent"));
	}
	/* of the others it is one geometry that is drawn, and the one that is asked for */
	table_free(data);
	data = data_of("success-by-size", "--max-order 11 --occupancy 60 --size 1b --backends linux-6.1");
	assert_int_equal(data->nr, 1);
	table_free(data);
	table_free(summary);
}

/* A category an occupancy, with the rate of that row. */
static void by_occupancy(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	struct table *data = data_of("success-by-occupancy", "--size 1b --backends linux-6.1"),
		     *summary = table_read("new/summary.csv", ',');

	assert_int_equal(data->nr, 2);
	for (size_t i = 0; i < data->nr; i++) {
		size_t k = 0;

		while (!(table_alike(summary, k, data, i, "backend") && table_alike(summary, k, data, i, "size") &&
		         table_alike(summary, k, data, i, "occupancy_percent")))
			k++;
		assert_string_equal(table_text(data, i, "category_label"), table_text(summary, k, "occupancy_percent"));
		assert_string_equal(table_text(summary, k, "success_percent"), table_text(data, i, "success_percent"));
	}
	table_free(data);
	table_free(summary);
}

/* ---- the wall clock --------------------------------------------------------------------------- */

static void wall_clock(void **state)
{
	(void)state;
	house_run(
		cmd_run, CLI_OK,
		"run small.ctr --clock wall -b linux-6.1 --sizes 1b --occupancy 60,80 --interval-ms 1 --oversubscribe "
		"--benchmark_repetitions=2 -o new");
	house_refused(cmd_plot, CLI_USAGE, "plot failures --from new",
	              "failures: new is of the wall clock, and the figure is of virtual time: make one that has with ");
	struct table *data = data_of("latency", "");
	size_t allocs = 0, len;
	char use[64], *svg;

	for (size_t i = 0; i < data->nr; i++) {
		assert_string_equal(table_text(data, i, "clock"), "wall");
		allocs += !strcmp(table_text(data, i, "operation"), "alloc");
		snprintf(use, sizeof(use), "peak use %s %%, ", table_text(data, i, "occupancy_percent"));
		assert_non_null(strstr(table_text(data, i, "panel_title"), use));
	}
	assert_true(allocs > 10);
	table_free(data);
	svg = house_contents("new/latency.svg", &len);
	assert_non_null(strstr(svg, "All repetitions together."));
	assert_non_null(strstr(svg, "Requests of 1 pageblock, failed ones among them."));
	free(svg);
	data = data_of("phases", "");
	assert_true(data->nr > 1);
	assert_int_equal(table_number(data, 0, "units"), 2);
	table_free(data);
	svg = house_contents("new/phases.svg", &len);
	assert_non_null(strstr(svg, "wall clock; measured"));
	free(svg);
	house_write("new/requests.jsonl", "{}\n{\"workload\":", 15);
	house_refused(cmd_plot, CLI_USAGE, "plot phases --from new",
	              "new/requests.jsonl is damaged: line 2 is no JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(success_by_size, house_tidy),
		cmocka_unit_test_teardown(by_max_order, house_tidy),
		cmocka_unit_test_teardown(by_occupancy, house_tidy),
		cmocka_unit_test_teardown(migrated, house_tidy),
		cmocka_unit_test_teardown(latency, house_tidy),
		cmocka_unit_test_teardown(phases_of_requests, house_tidy),
		cmocka_unit_test_teardown(failures, house_tidy),
		cmocka_unit_test_teardown(fragmentation, house_tidy),
		cmocka_unit_test_teardown(type_drift, house_tidy),
		cmocka_unit_test_teardown(ablation, house_tidy),
		cmocka_unit_test_teardown(memory_map, house_tidy),
		cmocka_unit_test_teardown(wall_clock, house_tidy),
	};

	return cmocka_run_group_tests(tests, house_set_up, house_tear_down);
}
