// SPDX-License-Identifier: MIT
/*
 * test_geometry_run.c - runs on other memory than the trace's machine had: presets, sweeps, zones by kind, several nodes.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../allocators/policy.h"
#include "../bench/cli.h"
#include "../bench/virtual/geometry.h"
#include "../bench/virtual/matrix.h"
#include "lib/generations.h"
#include "lib/house.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char shipped[PATH_MAX];

/* Tests run from the top of the tree, where the shipped trace is. */
static int set_up(void **state)
{
	return realpath("workloads/corpus/nginx-build.ctr", shipped) ? house_set_up(state) : -1;
}

#define SMALL "run small.ctr --interval-ms 1 --hold-ms 2 --seeds 1-2 --sizes 1b "

static json_t *contents(const char *name)
{
	json_error_t error;
	json_t *j = json_load_file(name, 0, &error);

	if (!j)
		fail_msg("%s: %s", name, error.text);
	return j;
}

static const json_t *geometries_of(const json_t *benchmark)
{
	const json_t *parameters = json_object_get(json_object_get(benchmark, "context"), "parameters");

	return json_object_get(json_array_get(json_object_get(parameters, "workloads"), 0), "geometries");
}

static int64_t number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void refusals(void **state)
{
	static const struct {
		const char *options;
		const char *says;
	} cases[] = {
		{ "--geometry vax", "--geometry vax: unknown; `contigbench list geometries` shows them" },
		{ "--geometry x86-64,", "--geometry x86-64,: empty item" },
		{ "--geometry armv7,armv7", "--geometry: armv7 is given twice" },
		{ "--geometry x86-64,x86-64-m13 --max-order 10 --section-order 15",
		  "x86-64 and x86-64-m13 are the same" },
		{ "--max-order 10,11,10", "--max-order: 10 is given twice" },
		{ "--max-order 10,many", "--max-order many: a whole number" },
		/* the combination is named, before anything runs */
		{ "--max-order 8,9,10", "geometry M 8: pageblock_order 9 is above MAX_PAGE_ORDER 8" },
		{ "--max-order 10,18", "geometry M 18: MAX_PAGE_ORDER 18 is above the section order 15" },
		{ "--geometry x86-64,arm64-64k --max-order 12,13",
		  "geometry arm64-64k, M 12: pageblock_order 13 is above MAX_PAGE_ORDER 12" },
		{ "--geometry armv7 --pageblock-order 14", "geometry armv7: pageblock_order 14" },
		{ "-b linux-5.10,linux-6.1 --big-blocks --max-order 8,9",
		  "linux-6.1/M:8: linux-6.1 works a pageblock at a time" },
		{ "--geometry x86-64,arm64-64k --zone 0+65536", "--zone is in pages, which x86-64 and arm64-64k have" },
		{ "--geometry arm64-64k,x86-64 --occupancy 10 --sizes 8b",
		  "no aligned range of 65536 pages fits the zones of small/geometry:arm64-64k" },
		{ "--zones dma", "--zones dma: say dma32, or movable=PERCENT" },
		{ "--zones movable=100", "--zones movable=100: say" },
		{ "--zones dma32 --zone 0+8192", "--zone and --zones" },
		{ "--zones dma32 --geometry x86-64-m18",
		  "node 0 of small has room for 1 of the largest runs (order 18)" },
		{ "--nodes 0", "--nodes 0: a whole number from 1 to 64" },
		{ "--nodes 65", "--nodes 65: a whole number from 1 to 64" },
		{ "--orders literally", "--orders literally: bytes" },
	};
	char line[512];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(line, sizeof(line), "%s %s -o new %s", SMALL,
		         strstr(cases[i].options, "-b ") ? "" : "-b linux-6.1", cases[i].options);
		house_refused(cmd_run, CLI_USAGE, line, cases[i].says);
		assert_false(house_has("new"));
	}
	house_refused(cmd_diverge, CLI_USAGE, "diverge small.ctr -b linux-5.10,linux-6.1 --max-order 9,10",
	              "one geometry at a time: give one of --max-order, not 2");
}

static void presets_are_listed(void **state)
{
	const struct geometry_preset *p;

	(void)state;
	json_t *all = house_json(cmd_list, CLI_OK, "list --json");
	const json_t *list = json_object_get(all, "geometries");

	for (size_t i = 0; (p = geometry_preset_at(i)); i++) {
		const json_t *g = json_array_get(list, i);

		assert_string_equal(text(g, "name"), p->name);
		if (!p->page_shift)
			continue;
		assert_int_equal(number(g, "page_bytes"), 1 << p->page_shift);
		/* a buddy lies in one section, as every kernel's build checks */
		assert_true(p->max_order + p->page_shift <= p->section_shift);
		assert_true(p->pageblock_order <= p->max_order);
	}
	json_decref(all);
	assert_non_null(strstr(house_run(cmd_list, CLI_OK, "list geometries"), "arm64-64k"));
}

/* ---- presets --------------------------------------------------------------------------------- */

/* Every preset on every generation, invariants checked on the way. */
static void all_on_all(void **state)
{
	const struct geometry_preset *p;
	char line[256];

	(void)state;
	for (size_t i = 0; (p = geometry_preset_at(i)); i++) {
		snprintf(
			line, sizeof(line),
			"run small.ctr --interval-ms 1 --seeds 1 --sizes 1b --age 1 --occupancy 60 --verify=5000 -o new "
			"--force --geometry %s",
			p->name);
		house_run(cmd_run, CLI_OK, line);
		json_t *b = contents("new/benchmark.json");
		const json_t *g = json_array_get(geometries_of(b), 0);

		assert_string_equal(text(g, "geometry"), p->name);
		if (p->page_shift) {
			assert_int_equal(number(g, "page_shift"), p->page_shift);
			assert_int_equal(number(g, "pageblock_order"), p->pageblock_order);
			assert_int_equal(number(g, "max_order"), p->max_order);
			assert_int_equal(number(g, "section_order"), p->section_shift - p->page_shift);
		}
		json_decref(b);
	}
}

/* What is said besides wins over the preset. */
static void flags_over_presets(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK,
	          SMALL "-b linux-6.1 -o new --geometry arm64-64k --page-shift 14 --pageblock-order 7 --max-order 8 "
	                "--section-order 11");
	json_t *b = contents("new/benchmark.json");
	const json_t *g = json_array_get(geometries_of(b), 0);

	assert_int_equal(number(g, "page_shift"), 14);
	assert_int_equal(number(g, "pageblock_order"), 7);
	assert_int_equal(number(g, "max_order"), 8);
	assert_int_equal(number(g, "section_order"), 11);
	/* one geometry: rows are called as ever */
	assert_non_null(
		strstr(text(json_array_get(json_object_get(b, "benchmarks"), 0), "name"), "small/occupancy:50"));
	json_decref(b);
}

/* Bytes are kept by default, orders when asked for; neither is said where pages are the trace's. */
static void bytes_or_orders(void **state)
{
	static const struct {
		const char *options, *orders;
	} cases[] = {
		{ "--page-shift 16", "bytes" },
		{ "--page-shift 16 --orders keep", "keep" },
		{ "--orders keep", "" },
	};
	int64_t peak[3];
	char line[256];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "%s -b linux-6.1 --occupancy 30 -o new --force %s", SMALL,
		         cases[i].options);
		house_run(cmd_run, CLI_OK, line);
		json_t *b = contents("new/benchmark.json");
		const json_t *g = json_array_get(geometries_of(b), 0);

		assert_string_equal(text(g, "orders"), cases[i].orders);
		peak[i] = *cases[i].orders ? number(g, "peak_pages") : 0;
		json_decref(b);
	}
	/* 64 KiB hold sixteen pages, but not all of these are live until the last is freed */
	assert_true(peak[0] > peak[1] / 16 && peak[0] < peak[1] / 2);
}

/* ---- sweeps ---------------------------------------------------------------------------------- */

/* A row each M, in the same zone, whole runs of the largest. */
static void sweep_over_m(void **state)
{
	static const int orders[] = { 9, 10, 13 };
	char name[128];
	size_t len;

	(void)state;
	const char *out =
		house_run(cmd_run, CLI_OK, SMALL "-b linux-5.10,linux-6.1 --occupancy 50 -o new --max-order 9,10,13");

	assert_non_null(strstr(out, "[4 KiB pages, P 9, M 13]"));
	assert_non_null(strstr(out, "small: success over geometries [95 %], %"));
	json_t *b = contents("new/benchmark.json");
	const json_t *rows = json_object_get(b, "benchmarks"), *all = geometries_of(b);

	assert_int_equal(json_array_size(rows), 3 * 2 * 3); /* two seeds and a mean each */
	for (size_t i = 0; i < 3; i++) {
		const json_t *g = json_array_get(all, i);

		snprintf(name, sizeof(name), "small/M:%d/occupancy:50/size:1b/backend:linux-5.10", orders[i]);
		assert_string_equal(text(json_array_get(rows, i * 6), "name"), name);
		assert_int_equal(number(g, "max_order"), orders[i]);
		assert_true(json_equal(json_object_get(g, "zones"), json_object_get(json_array_get(all, 0), "zones")));
		assert_true(json_is_number(json_object_get(g, "occupancy_reached_percent")));
	}
	json_decref(b);
	char *csv = house_contents("new/summary.csv", &len);

	assert_non_null(
		strstr(csv, ",geometry,page_bytes,pageblock_order,max_order,zone_pages,occupancy_reached_percent\n"));
	assert_non_null(strstr(csv, ",,4096,9,13,"));
	free(csv);
	/* the figure draws one workload: each geometry is one */
	csv = house_contents("new/success-by-size.csv", &len);
	assert_non_null(strstr(csv, "\nsmall/M:13,50,1b,512,"));
	free(csv);
}

/* M of a sweep gives what M alone gives in the same zone. */
static void a_sweep_is_its_runs(void **state)
{
	size_t len, line_len;

	(void)state;
	house_run(cmd_run, CLI_OK, SMALL "-b linux-5.10 -o new --zone 0+16384 --max-order 9,10,11");
	house_run(cmd_run, CLI_OK, SMALL "-b linux-5.10 -o other --zone 0+16384 --max-order 10");
	char *sweep = house_contents("new/replays.csv", &len), *alone = house_contents("other/replays.csv", &len);
	char *line = strchr(strchr(alone, '\n') + 1, '\n') + 1;

	for (int seed = 0; seed < 2; seed++, line += line_len + 1) {
		char wanted[512];

		line_len = strcspn(line, "\n");
		snprintf(wanted, sizeof(wanted), "%.*s,,4096,9,10,16384,", (int)line_len, line);
		if (!strstr(sweep, wanted))
			fail_msg("'%s' is not in\n%s", wanted, sweep);
	}
	free(sweep);
	free(alone);
}

/* Two names for the same pages go with zones that are given. */
static void zones_in_pages_of_one_size(void **state)
{
	size_t len;

	(void)state;
	house_run(cmd_run, CLI_OK, SMALL "-b linux-5.10 -o new --zone 0+16384 --geometry recorded,x86-64");
	char *a = house_contents("new/summary.csv", &len);

	assert_non_null(strstr(a, ",recorded,4096,9,10,16384,"));
	assert_non_null(strstr(a, ",x86-64,4096,9,10,16384,"));
	free(a);
}

/* Geometries and orders together; each failure leads back to its own replay. */
static void explained(void **state)
{
	char line[128];
	uint64_t seen = 0;

	(void)state;
	house_run(cmd_run, CLI_OK,
	          SMALL "-b linux-5.10,linux-6.1 --occupancy 40,80 -o new --geometry recorded,powerpc-64k-hash "
	                "--max-order 10,11 --section-order 14 --nodes 2 --age 1");
	json_t *list = house_json(cmd_explain, CLI_OK, "explain new --json"), *kind;
	size_t i;

	json_array_foreach(json_object_get(list, "kinds"), i, kind)
	{
		snprintf(line, sizeof(line), "explain new --failure %lld --json", (long long)number(kind, "first"));
		json_t *e = house_json(cmd_explain, CLI_OK, line);
		const json_t *request = json_object_get(e, "request");

		assert_string_equal(text(request, "geometry"), text(kind, "geometry"));
		assert_int_equal(number(request, "max_order"), number(kind, "max_order"));
		assert_int_equal(json_array_size(json_object_get(e, "others")), 1);
		seen |= UINT64_C(1) << (strcmp(text(kind, "geometry"), "recorded") ? 2 : 0)
		                    << (number(kind, "max_order") - 10);
		json_decref(e);
	}
	assert_int_equal(seen, 0xf); /* some failed in all four */
	json_decref(list);
}

/* Sizes that whole blocks make the same are the same run: that is said. */
static void alike_occupancies(void **state)
{
	(void)state;
	const char *out =
		house_run(cmd_run, CLI_OK, SMALL "-b linux-6.1 --occupancy 50,70 -o new --geometry arm64-64k");

	assert_non_null(strstr(out, "small in pages of 64 KiB: 1 of 2 occupancies are the same memory"));
	assert_non_null(strstr(out, "(asked for: 70 %)"));
}

static void ablations_sweep(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, SMALL "--ablate linux-6.1..linux-6.1+merge_rule=iso_only -o new --max-order 9,10");
	json_t *a = contents("new/ablation.json");
	const json_t *groups = json_object_get(a, "groups");

	assert_int_equal(json_array_size(groups), 2);
	assert_int_equal(number(json_array_get(groups, 0), "max_order"), 9);
	assert_int_equal(number(json_array_get(groups, 1), "max_order"), 10);
	json_decref(a);
}

/* ---- zones and nodes ------------------------------------------------------------------------- */

/* One replay in process. */
static struct replay_result replayed(const char *options)
{
	char line[PATH_MAX + 256], *argv[32], *rest = line;
	atomic_bool stop = false;
	struct run_options o;
	struct run_plan plan;
	struct matrix m;
	int argc = 0;

	snprintf(line, sizeof(line), "run --seeds 1 --sizes 1b --requests 1 %s", options);
	for (char *word; (word = strsep(&rest, " "));)
		argv[argc++] = word;
	argv[argc] = NULL;
	assert_int_equal(run_options_parse(argc, argv, &o), CLI_OK);
	assert_int_equal(plan_make(&plan, &o), CLI_OK);
	assert_int_equal(matrix_open(&m, &plan, NULL, &stop), CLI_OK);
	assert_int_equal(matrix_run(&m, 1), CLI_OK);
	struct replay_result r = m.results[0];

	r.requests = NULL;
	r.samples = NULL;
	matrix_free(&m);
	plan_free(&plan);
	run_options_free(&o);
	return r;
}

/*
 *	[ dma32 ][ normal                ]
 *
 * v5.0: an allocation takes from DMA32 before it breaks a pageblock of another type in Normal. Without a DMA32 zone the
 * rule has no say; with one, and memory enough, no pageblock is mixed, and fewer change their type.
 */
static void nofragment_needs_dma32(void **state)
{
	char line[PATH_MAX + 128];
	struct replay_result with[2], without[2];

	(void)state;
	for (int never = 0; never < 2; never++) {
		snprintf(line, sizeof(line), "%s --occupancy 70 --age 1 -b linux-6.1%s", shipped,
		         never ? "+nofragment=never" : "");
		without[never] = replayed(line);
		strcat(line, " --zones dma32");
		with[never] = replayed(line);
	}
	assert_memory_equal(&without[0].end, &without[1].end, sizeof(without[0].end));
	assert_memory_equal(without[0].end.retyped, without[1].end.retyped, sizeof(without[0].end.retyped));
	assert_true(with[0].end.retyped[RETYPE_FALLBACK] < with[1].end.retyped[RETYPE_FALLBACK]);
	assert_int_equal(with[0].end.mixed_blocks, 0);
	assert_true(with[1].end.mixed_blocks > 10);
}

/* "0+1024@0:dma32", the k-th of the first geometry */
static struct contig_zone zone_of(const json_t *benchmark, size_t k)
{
	const json_t *all = json_object_get(json_array_get(geometries_of(benchmark), 0), "zones");
	struct contig_zone z = { 0 };
	unsigned int node;
	char type[16];

	assert_int_equal(
		sscanf(json_string_value(json_array_get(all, k)), "%u+%u@%u:%15s", &z.start, &z.pages, &node, type), 4);
	z.node = (uint8_t)node;
	z.type = !strcmp(type, "dma32") ? ZONE_DMA32 : !strcmp(type, "normal") ? ZONE_NORMAL : ZONE_MOVABLE;
	return z;
}

/*
 *	node 0  [dma32 1/4][normal      ][movable 20 %]
 *	node 1  [normal                 ][movable 20 %]
 */
static void zones_of_each_node(void **state)
{
	static const uint8_t types[] = { ZONE_DMA32, ZONE_NORMAL, ZONE_MOVABLE, ZONE_NORMAL, ZONE_MOVABLE };
	struct contig_zone z[5];

	(void)state;
	house_run(cmd_run, CLI_OK,
	          SMALL "-b linux-6.1,linux-7.2 -o new --nodes 2 --zones dma32,movable=20 --occupancy 10 --age 1 "
	                "--verify=2000");
	json_t *b = contents("new/benchmark.json");

	for (size_t k = 0; k < 5; k++) {
		z[k] = zone_of(b, k);
		assert_int_equal(z[k].type, types[k]);
		assert_int_equal(z[k].node, k > 2);
		assert_int_equal(z[k].start, k ? z[k - 1].start + z[k - 1].pages : 0);
		assert_int_equal(z[k].pages % 1024, 0);
	}
	uint32_t first = z[0].pages + z[1].pages + z[2].pages, second = z[3].pages + z[4].pages;

	assert_in_range(z[0].pages, first / 4 - 1024, first / 4);
	assert_in_range(z[2].pages, first / 5 - 512, first / 5 + 512);
	assert_in_range(z[4].pages, second / 5 - 512, second / 5 + 512);
	json_decref(b);
}

/* DMA32 ends at 4 GiB however large the node is. */
static void dma32_is_four_gib(void **state)
{
	(void)state;
	house_run(
		cmd_run, CLI_OK,
		"run one.ctr -b linux-6.1 --interval-ms 10 --seeds 1 --sizes 1b --zones dma32 --occupancy 0.001 -o new "
		"--geometry x86-64");
	json_t *b = contents("new/benchmark.json");

	assert_int_equal(zone_of(b, 0).pages, 24 * 1024); /* a quarter of 98 runs of order 10 */
	json_decref(b);
	house_run(
		cmd_run, CLI_OK,
		"run one.ctr -b linux-6.1 --interval-ms 10 --seeds 1 --sizes 1b --zones dma32 --occupancy 0.001 -o new "
		"--force --page-shift 20 --orders keep --pageblock-order 5 --max-order 8 --section-order 8");
	b = contents("new/benchmark.json");
	assert_int_equal(zone_of(b, 0).pages, 4096); /* of 97 GiB in pages of 1 MiB */
	json_decref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(refusals, house_tidy),
		cmocka_unit_test_teardown(presets_are_listed, house_tidy),
		cmocka_unit_test_teardown(all_on_all, house_tidy),
		cmocka_unit_test_teardown(flags_over_presets, house_tidy),
		cmocka_unit_test_teardown(bytes_or_orders, house_tidy),
		cmocka_unit_test_teardown(sweep_over_m, house_tidy),
		cmocka_unit_test_teardown(a_sweep_is_its_runs, house_tidy),
		cmocka_unit_test_teardown(zones_in_pages_of_one_size, house_tidy),
		cmocka_unit_test_teardown(explained, house_tidy),
		cmocka_unit_test_teardown(alike_occupancies, house_tidy),
		cmocka_unit_test_teardown(ablations_sweep, house_tidy),
		cmocka_unit_test_teardown(nofragment_needs_dma32, house_tidy),
		cmocka_unit_test_teardown(zones_of_each_node, house_tidy),
		cmocka_unit_test_teardown(dma32_is_four_gib, house_tidy),
	};

	return cmocka_run_group_tests_name("geometry", tests, set_up, house_tear_down);
}
