// SPDX-License-Identifier: MIT
/*
 * test_costs.c - cost tables as files: written, read, refused, and what a run makes of them.
 *
 *	unit milli-instructions  conversion 400         price 1000 milli-instructions
 *	price isolate blocks 1000 ... ------------> 400 ps: what a run has for it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/virtual/cost_file.h"
#include "../workloads/trace/sha256.h"
#include "lib/house.h"

#define HEAD "contigbench-costs 1\nname test-a\ncpu Some CPU @ 2 GHz\nkernel 6.1.0-test\ndate 2026-11-30\nhow made up\n"
#define PS   HEAD "unit ps\n"
#define INST HEAD "unit milli-instructions\nconversion 400 380 421 a loop\n"

static int read_text(struct cost_file *c, const char *text, struct contig_diag *diag)
{
	FILE *f = fmemopen((char *)(uintptr_t)text, strlen(text), "r");

	assert_non_null(f);
	int rc = cost_file_read(c, f, "x.cost", diag);

	fclose(f);
	return rc;
}

static char *written(const struct cost_file *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	cost_file_write(f, c);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void what_is_written_is_read(void **state)
{
	struct cost_file *c = calloc(1, sizeof(*c)), *d = calloc(1, sizeof(*d));
	struct contig_diag diag = { "" };

	(void)state;
	assert_int_equal(read_text(c,
	                           INST "# a remark\nprice isolate blocks 1000 20 48\n"
	                                "price undo scanned 3 - 0 of another table\nend 2\n",
	                           &diag),
	                 0);
	assert_string_equal(c->name, "test-a");
	assert_string_equal(c->cpu, "Some CPU @ 2 GHz");
	assert_string_equal(c->table.name, "test-a");
	assert_int_equal(c->conversion_high, 421);
	assert_int_equal(c->measured[PHASE_ISOLATE][COST_BLOCKS].error, 20);
	assert_int_equal(c->measured[PHASE_ISOLATE][COST_BLOCKS].nr, 48);
	assert_string_equal(c->measured[PHASE_UNDO][COST_SCANNED].note, "of another table");
	/* 1000 milli-instructions of 400 ps each 1000, rounded: 3 of them are 1.2 ps */
	assert_int_equal(c->table.phase[PHASE_ISOLATE].blocks, 400);
	assert_int_equal(c->table.phase[PHASE_UNDO].scanned, 1);
	assert_int_equal(c->table.phase[PHASE_MIGRATE].migrated, 0);
	char *text = written(c);

	assert_int_equal(read_text(d, text, &diag), 0);
	char *again = written(d);

	assert_string_equal(text, again);
	assert_int_equal(d->measured[PHASE_ISOLATE][COST_BLOCKS].price, 1000);
	/* the sum is of the bytes, remarks included */
	assert_string_not_equal(c->sha256, d->sha256);
	free(text);
	free(again);
	free(c);
	free(d);
}

static void every_column_has_its_place(void **state)
{
	struct cost_row row = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	const struct contig_work work = { .blocks = 12,
		                          .scanned = 13,
		                          .moved = 14,
		                          .drained = 15,
		                          .drains = 16,
		                          .migrated = 17,
		                          .not_migrated = 18,
		                          .replaced = 99,
		                          .grabbed = 19 };

	(void)state;
	assert_int_equal(cost_count(&work, COST_FIXED), 1);
	for (unsigned int c = 0; c < COST_COLUMN_NR; c++) {
		assert_int_equal(*cost_price(&row, (enum cost_column)c), c + 1);
		if (c != COST_FIXED)
			assert_int_equal(cost_count(&work, (enum cost_column)c), c + 11);
	}
	assert_string_equal(cost_column_name(COST_NOT_MIGRATED), "not_migrated");
}

static void bad_files_are_refused_by_line_and_reason(void **state)
{
	static const struct {
		const char *text, *says;
	} files[] = {
		{ "hello\n", "x.cost:1: no cost file" },
		{ "contigbench-costs 2\n", "x.cost:1: version 2, this program knows 1" },
		{ "contigbench-costs one\n", "x.cost:1: 'one' is no version" },
		{ PS "prize isolate blocks 1 1 1\n", "x.cost:8: 'prize' is unknown" },
		{ PS "price isolation blocks 1 1 1\n", "x.cost:8: price: 'isolation' is no phase (isolate, drain" },
		{ PS "price isolate block 1 1 1\n", "x.cost:8: price: 'block' is no column (fixed, blocks" },
		{ PS "price isolate blocks -1 1 1\n", "x.cost:8: price isolate blocks: price, standard error" },
		{ PS "price isolate blocks 1\n", "x.cost:8: price isolate blocks: price, standard error" },
		{ PS "price isolate blocks 1 - 5\n", "x.cost:8: price isolate blocks: a standard error where" },
		{ PS "price isolate blocks 1 3 0\n", "x.cost:8: price isolate blocks: a standard error where" },
		{ PS "price isolate blocks 1 1 1\nprice isolate blocks 1 1 1\n",
		  "x.cost:9: price: isolate blocks is given twice" },
		{ PS "price isolate blocks 1000000000001 1 1\nend 1\n", "price isolate blocks: more than a second" },
		{ PS "price isolate blocks 1 1 1\nend 2\n", "x.cost:9: end: 2 prices were written, 1 are here" },
		{ PS "price isolate blocks 1 1 1\n", "there is no line 'end', and none 'end': the file is cut short" },
		{ PS "price isolate blocks 1 1 1\nend 1\nend 1\n", "x.cost:10: something behind the line 'end'" },
		{ PS "end 0", "x.cost:8: the line does not end" },
		{ PS "unit ps\n", "x.cost:8: unit is said twice" },
		{ PS "conversion 400 380 420 x\nprice isolate blocks 1 1 1\nend 1\n", "prices that are times already" },
		{ HEAD "unit milli-instructions\nprice isolate blocks 1 1 1\nend 1\n", "no line 'conversion'" },
		{ HEAD "unit milli-instructions\nconversion 400 410 420 x\n", "400 is outside its own interval" },
		{ HEAD "unit milli-instructions\nconversion 400 x\n", "x.cost:8: conversion: ps an instruction" },
		{ HEAD "unit ns\n", "x.cost:7: unit: ps or milli-instructions" },
		{ "contigbench-costs 1\nname Test\n", "x.cost:2: name: letters" },
		{ "contigbench-costs 1\ndate 2026-13-01\n", "x.cost:2: date: YYYY-MM-DD" },
		{ "contigbench-costs 1\ncpu\n", "x.cost:2: cpu says nothing" },
		{ "contigbench-costs 1\ncpu a\033[31m\n", "x.cost:2: something other than printable ASCII" },
	};
	struct cost_file *c = malloc(sizeof(*c));

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct contig_diag diag = { "" };

		assert_int_equal(read_text(c, files[i].text, &diag), -EINVAL);
		if (!strstr(diag.text, files[i].says))
			fail_msg("'%s' was expected, and is '%s'", files[i].says, diag.text);
	}
	free(c);
}

/* Every byte of a file counts: cut anywhere it is refused, and so it never passes for another one. */
static void a_file_cut_short_is_refused(void **state)
{
	static const char whole[] = PS "price isolate blocks 1 1 1\nprice migrate migrated 5 1 10 note\nend 2\n";
	struct cost_file *c = malloc(sizeof(*c));
	struct contig_diag diag;
	char text[sizeof(whole)];

	(void)state;
	assert_int_equal(read_text(c, whole, &diag), 0);
	for (size_t n = 1; n + 1 < sizeof(whole); n++) {
		memcpy(text, whole, n);
		text[n] = '\0';
		assert_int_equal(read_text(c, text, &diag), -EINVAL);
	}
	free(c);
}

/* ---- runs ------------------------------------------------------------------------------------ */

#define RUN "run small.ctr -b linux-5.10,linux-6.1 --sizes 1b --occupancy 60 --seeds 1-2 --age 1 --interval-ms 1 "

static void write_costs(const char *path, const char *prices)
{
	char text[1024];

	snprintf(text, sizeof(text), PS "%s", prices);
	house_write(path, text, strlen(text));
}

static json_t *requests(const char *dir)
{
	char path[256];
	size_t len;

	snprintf(path, sizeof(path), "%s/requests.jsonl", dir);
	char *text = house_contents(path, &len), *rest = text, *line;
	json_t *all = json_array();

	while ((line = strsep(&rest, "\n")))
		json_array_append_new(all, *line ? json_loads(line, 0, NULL) : json_null());
	free(text);
	return all;
}

static int64_t number(const json_t *o, const char *a, const char *b)
{
	return json_integer_value(json_object_get(json_object_get(o, a), b));
}

/* Prices of nothing but migration: 7 us a page, in whole steps, is all the time that any phase but migration's minimum takes. */
static void numbers_follow_the_prices(void **state)
{
	size_t i, migrated = 0;
	json_t *q;

	(void)state;
	write_costs("only.cost", "price migrate migrated 7000000 1 9\nend 1\n");
	const char *text = house_run(cmd_run, CLI_OK, RUN "--costs ./only.cost -o new");

	assert_non_null(strstr(text, "latencies are modelled (cost table test-a)"));
	json_t *all = requests("new"), *head = json_object_get(json_array_get(all, 0), "parameters");

	assert_string_equal(json_string_value(json_object_get(head, "cost_table")), "test-a");
	FILE *f = fopen("only.cost", "r");
	char hex[65];

	assert_int_equal(sha256_stream(f, hex), 0);
	fclose(f);
	assert_string_equal(json_string_value(json_object_get(head, "cost_sha256")), hex);
	json_array_foreach(all, i, q)
	{
		if (!json_object_get(q, "work"))
			continue;
		int64_t pages = number(q, "work", "migrated"), ns = number(q, "phase_ns", "migrate");

		/* a step that migrates nothing takes 1 ns */
		assert_true(ns >= pages * 7000);
		assert_true(ns <= pages * 7000 + 5000);
		migrated += (size_t)pages;
	}
	assert_true(migrated > 0);
	json_decref(all);
}

static char *digest(const char *line)
{
	const char *text = house_run(cmd_run, CLI_OK, line), *at = strstr(text, "digest:  ");

	assert_non_null(at);
	return strndup(at + 9, 64);
}

static void the_digest_tells_costs_apart(void **state)
{
	(void)state;
	write_costs("a.cost", "price migrate migrated 5000000 1 9\nend 1\n");
	write_costs("b.cost", "price migrate migrated 5000001 1 9\nend 1\n");
	char *a = digest(RUN "--costs ./a.cost -o a"), *same = digest(RUN "--costs ./a.cost -o same -j 1");
	char *b = digest(RUN "--costs ./b.cost -o b"), *none = digest(RUN "-o none");
	char *named = digest(RUN "--costs linux-6.18-epyc -o named");

	assert_string_equal(a, same);
	assert_string_equal(none, named);
	assert_string_not_equal(a, b);
	assert_string_not_equal(a, none);
	/* and so does compare: other prices are another experiment */
	house_refused(cmd_compare, CLI_USAGE, "compare a b", "cost_sha256 is ");
	house_refused(cmd_compare, CLI_USAGE, "compare none a", "cost_table is linux-6.18-epyc and test-a");
	free(a);
	free(same);
	free(b);
	free(none);
	free(named);
}

static void explain_finds_the_prices_again(void **state)
{
	(void)state;
	write_costs("a.cost", "price migrate migrated 5000000 1 9\nprice isolate blocks 3000 1 4\nend 2\n");
	house_run(cmd_run, CLI_OK,
	          "run small.ctr -b linux-5.10 --sizes 1b --occupancy 95 --seeds 1 --interval-ms 1 "
	          "--costs ./a.cost -o new");
	assert_non_null(strstr(house_run(cmd_explain, CLI_OK, "explain new --failure 1"), "cost table test-a"));
	/* other bytes in its place: nothing is made up */
	assert_int_equal(rename("a.cost", "moved.cost"), 0);
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1", "the costs 'test-a' (SHA-256 ");
	write_costs("a.cost", "price migrate migrated 1 1 9\nend 1\n");
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1", "have other bytes: put the file back");
	assert_int_equal(rename("moved.cost", "a.cost"), 0);
	house_run(cmd_explain, CLI_OK, "explain new --failure 1");
}

static void what_a_run_refuses(void **state)
{
	(void)state;
	house_refused(cmd_run, CLI_USAGE, RUN "--costs nobody -o new", "--costs nobody: neither a file nor one of");
	house_refused(cmd_run, CLI_USAGE, RUN "--costs ./nobody.cost -o new", "--costs: ./nobody.cost: No such file");
	house_write("bad.cost", "x\n", 2);
	house_refused(cmd_run, CLI_USAGE, RUN "--costs bad.cost -o new", "--costs: bad.cost:1: no cost file");
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --clock wall -b linux-6.1 --costs linux-6.18-epyc -o new",
	              "--costs is for virtual time");
	assert_false(house_has("new"));
}

/* All that ships can be used, and says where it comes from. */
static void what_ships(void **state)
{
	json_t *all = house_json(cmd_list, CLI_OK, "list costs --json"), *c;
	size_t i;

	(void)state;
	assert_true(json_array_size(all) >= 1);
	json_array_foreach(all, i, c)
	{
		char line[256];
		const char *name = json_string_value(json_object_get(c, "name"));

		assert_null(json_object_get(c, "error"));
		assert_non_null(name);
		assert_true(number(json_object_get(c, "prices_ps"), "migrate", "migrated") > 0);
		assert_true(number(json_object_get(c, "prices_ps"), "isolate", "blocks") > 0);
		snprintf(line, sizeof(line), RUN "--costs %s -o new-%zu", name, i);
		assert_non_null(strstr(house_run(cmd_run, CLI_OK, line), name));
	}
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(every_column_has_its_place),
		cmocka_unit_test(bad_files_are_refused_by_line_and_reason),
		cmocka_unit_test(a_file_cut_short_is_refused),
		cmocka_unit_test_teardown(numbers_follow_the_prices, house_tidy),
		cmocka_unit_test_teardown(the_digest_tells_costs_apart, house_tidy),
		cmocka_unit_test_teardown(explain_finds_the_prices_again, house_tidy),
		cmocka_unit_test_teardown(what_a_run_refuses, house_tidy),
		cmocka_unit_test_teardown(what_ships, house_tidy),
	};

	return cmocka_run_group_tests_name("costs", tests, house_set_up, house_tear_down);
}
