// SPDX-License-Identifier: MIT
/* test_explain.c - `contigbench explain`: why a request failed, with the memory of that moment; and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/results/results.h"
#include "../workloads/trace/sha256.h"
#include "lib/house.h"

#define ONE                                                                                                            \
	"run one.ctr -b linux-5.10,linux-5.10+iso_align=block --zone 0+8192 --interval-ms 1 --hold-ms 0 --sizes 1b "   \
	"--seeds 1 -o new"
#define SMALL                                                                                                           \
	"run small.ctr -b linux-5.10,linux-6.1,first-fit --sizes 64p,1b --occupancy 60,95 --interval-ms 1 --hold-ms 2 " \
	"--seeds 1-2 --age 1 -o new"

static json_t *explained(uint64_t n)
{
	char line[128];

	snprintf(line, sizeof(line), "explain new --failure %llu --json", (unsigned long long)n);
	return house_json(cmd_explain, CLI_OK, line);
}

static const json_t *at(const json_t *o, const char *a, const char *b)
{
	const json_t *v = json_object_get(json_object_get(o, a), b);

	assert_non_null(v);
	return v;
}

/* Number of the first failure for this reason, from the list. */
static uint64_t first_failure(const char *reason)
{
	json_t *list = house_json(cmd_explain, CLI_OK, "explain new --json"), *kind;
	uint64_t n = 0;
	size_t i;

	json_array_foreach(json_object_get(list, "kinds"), i, kind)
	{
		if (!n && !strcmp(json_string_value(json_object_get(kind, "reason")), reason))
			n = (uint64_t)json_integer_value(json_object_get(kind, "first"));
	}
	json_decref(list);
	assert_true(n);
	return n;
}

/*
 * The only page in use is in the way of the pageblock it lies in:
 *
 *	[U] K F0 F1 F2 F3 F4 F5 F6 F7 F8
 *	    ^
 */
static void a_kernel_page(void **state)
{
	char line[128];

	(void)state;
	house_run(cmd_run, CLI_OK, ONE);
	uint64_t n = first_failure("unmovable");

	snprintf(line, sizeof(line), "explain new --failure %llu", (unsigned long long)n);
	const char *text = house_run(cmd_explain, CLI_OK, line);

	assert_non_null(strstr(text, "\n  [U] K F0 F1 F2 F3 F4 F5 F6 F7 F8\n      ^ pfn 0\n"));
	assert_non_null(strstr(text, "in the way  pfn 0, kernel: unmovable\n"));
	assert_non_null(strstr(text, "event 0 of the trace, which allocated kernel of order 0 as Unmovable on cpu 0"));
	json_t *e = explained(n);

	assert_int_equal(json_integer_value(at(e, "owner", "age_ns")),
	                 json_integer_value(at(e, "request", "begin_ns")));
	assert_int_equal(json_array_size(json_object_get(e, "others")), 1);
	json_decref(e);
}

/*
 * A free run of order 10 over the isolated block and its neighbour, before isolation is undone:
 *
 *	[iM] F10  or  [Mi] F10
 */
static void a_straddling_run(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, ONE);
	json_t *e = explained(first_failure("straddles"));
	const char *types = json_string_value(at(e, "layout", "types"));
	int64_t start = json_integer_value(at(e, "request", "start_pfn"));
	int64_t first = json_integer_value(at(e, "layout", "first_pageblock"));

	assert_string_equal(json_string_value(at(e, "layout", "map")), "F10");
	assert_string_equal(types, start / 512 == first ? "iM" : "Mi");
	json_decref(e);
}

/* docs/formats.md */
static char letter_of(const char *kind)
{
	static const struct {
		const char *kind;
		char letter;
	} letters[] = {
		{ "kernel", 'K' }, { "reclaimable", 'K' }, { "contig", 'A' },       { "lru", 'L' },
		{ "free", 'F' },   { "pcp", 'P' },         { "lru-compound", 'T' },
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (!strcmp(letters[i].kind, kind))
			return letters[i].letter;
	}
	fail_msg("a kind of page that should not be in the way here: %s", kind);
	return 0;
}

/* Every failure there is can be explained, and the picture has the page that the autopsy names where the mark is. */
static void every_failure(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, SMALL);
	json_t *list = house_json(cmd_explain, CLI_OK, "explain new --json");
	uint64_t nr = (uint64_t)json_integer_value(json_object_get(list, "failures")), counted = 0, pictures = 0;
	json_t *kind;
	size_t i;

	json_array_foreach(json_object_get(list, "kinds"), i, kind) counted +=
		(uint64_t)json_integer_value(json_object_get(kind, "failures"));
	assert_int_equal(counted, nr);
	assert_true(nr > 20);
	json_decref(list);
	for (uint64_t n = 1; n <= nr; n += 1 + nr / 40) {
		json_t *e = explained(n), *layout = json_object_get(e, "layout");
		const json_t *autopsy = at(e, "request", "autopsy");
		const char *kind_of = json_string_value(json_object_get(autopsy, "kind"));

		assert_int_equal(json_integer_value(at(e, "request", "failure")), n);
		if (json_is_object(layout)) {
			const char *map = json_string_value(json_object_get(layout, "map"));
			char letter = map[json_integer_value(json_object_get(layout, "column"))];

			assert_true(json_equal(json_object_get(layout, "pfn"), json_object_get(autopsy, "pfn")));
			if (letter != letter_of(kind_of))
				fail_msg("failure %llu: %c is marked in %s", (unsigned long long)n, letter, map);
			pictures++;
		}
		json_decref(e);
	}
	assert_true(pictures > 10);
}

/* Lines of requests.jsonl number failures from 1 on, and say what they had cost: no more than in all. */
static void autopsies(void **state)
{
	uint64_t failures = 0;
	size_t len;

	(void)state;
	house_run(cmd_run, CLI_OK, SMALL);
	char *text = house_contents("new/requests.jsonl", &len), *rest = text, *line;

	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		json_t *q = json_loads(line, 0, NULL);
		const json_t *work = json_object_get(q, "work"), *a = json_object_get(q, "autopsy");

		assert_non_null(q);
		assert_true((json_integer_value(json_object_get(q, "rc")) != 0) == (a != NULL));
		if (a) {
			json_int_t end = json_integer_value(json_object_get(a, "failed_ns"));
			const char *key;
			json_t *v;

			assert_int_equal(json_integer_value(json_object_get(q, "failure")), ++failures);
			assert_true(end >= json_integer_value(json_object_get(q, "begin_ns")));
			assert_true(end <= json_integer_value(json_object_get(q, "end_ns")));
			json_object_foreach(json_object_get(a, "cost"), key, v)
				assert_true(json_integer_value(v) <= json_integer_value(json_object_get(work, key)));
			/* undoing is no cost of before */
			if (!strcmp(json_string_value(json_object_get(a, "phase")), "migrate"))
				assert_true(json_integer_value(at(a, "cost", "blocks")) <
				            json_integer_value(json_object_get(work, "blocks")));
		}
		json_decref(q);
	}
	assert_true(failures > 20);
	free(text);
}

/* ---- what it refuses ------------------------------------------------------------------------- */

static void wrong_calls(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, ONE);
	house_refused(cmd_explain, CLI_USAGE, "explain", "which results folder?");
	house_refused(cmd_explain, CLI_USAGE, "explain new new", "one results folder at a time");
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 0", "failures are counted from 1");
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure -1", "--failure -1: failures are counted from 1");
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure", "--failure wants a value");
	house_refused(cmd_explain, CLI_USAGE, "explain new --success 1", "unknown option --success");
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1000000", "--failure 1000000: new has ");
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1000000", "say a number from 1 to ");
	assert_non_null(strstr(house_run(cmd_explain, CLI_OK, "explain --help"), "usage: contigbench explain DIR"));
}

static void no_failures(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK,
	          "run one.ctr -b linux-6.1 --zone 0+65536 --interval-ms 30 --sizes 64p --seeds 1 -o new");
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1", "none of the 2 requests in new failed");
	assert_non_null(strstr(house_run(cmd_explain, CLI_OK, "explain new"), "new: 0 of 2 requests failed"));
}

static void no_folders(void **state)
{
	(void)state;
	house_refused(cmd_explain, CLI_USAGE, "explain nowhere --failure 1",
	              "nowhere is no results folder (requests.jsonl: ");
	house_refused(cmd_explain, CLI_USAGE, "explain . --failure 1", ". is no results folder");
	house_refused(cmd_explain, CLI_USAGE, "explain small.ctr --failure 1", "small.ctr is no results folder");
	house_write("wall.jsonl", "{}", 2);
	house_refused(cmd_explain, CLI_USAGE, "explain . --failure 1", ". is of the wall clock");
	unlink("wall.jsonl");
	house_run(cmd_run, CLI_OK, ONE);
	unlink("new/requests.jsonl");
	house_write("new/run.json", "{}", 2);
	house_refused(cmd_explain, CLI_USAGE, "explain new", "new is an interrupted run: finish it with");
}

static void half_a_file(void **state)
{
	size_t len;

	(void)state;
	house_run(cmd_run, CLI_OK, ONE);
	char *text = house_contents("new/requests.jsonl", &len);

	house_write("new/requests.jsonl", text, len / 2);
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1",
	              "it was changed or cut short: make the run again");
	house_write("new/requests.jsonl", "", 0);
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1", "it was changed or cut short");
	text[len / 2] ^= 1;
	house_write("new/requests.jsonl", text, len);
	house_refused(cmd_explain, CLI_USAGE, "explain new", "it was changed or cut short");
	free(text);
	unlink("new/SHA256SUMS");
	house_refused(cmd_explain, CLI_USAGE, "explain new", "new is no results folder (SHA256SUMS: ");
}

/* Write requests.jsonl anew, with the sum that belongs to it. */
static void forge(const char *text, size_t len)
{
	struct sha256 sum;
	char hex[65], sums[128];

	house_write("new/requests.jsonl", text, len);
	sha256_init(&sum);
	sha256_add(&sum, text, len);
	sha256_hex(&sum, hex);
	snprintf(sums, sizeof(sums), "%s  requests.jsonl\n", hex);
	house_write("new/SHA256SUMS", sums, strlen(sums));
}

/* Results of another schema: refused for what they are. */
static void another_schema(void **state)
{
	size_t len;

	(void)state;
	house_run(cmd_run, CLI_OK, ONE);
	char *text = house_contents("new/requests.jsonl", &len), *schema = strstr(text, RESULTS_SCHEMA);

	assert_non_null(schema);
	schema[strlen(RESULTS_SCHEMA) - 1] = '9';
	forge(text, len);
	house_refused(cmd_explain, CLI_USAGE, "explain new", "new has schema 'contigbench-run/9', this program knows");
	free(text);
}

/* Results of a program that had another answer: said, and not explained away. */
static void another_answer(void **state)
{
	size_t len;

	(void)state;
	house_run(cmd_run, CLI_OK, ONE);
	char *text = house_contents("new/requests.jsonl", &len);
	char *reason = strstr(strstr(text, "\"failure\":1,"), "\"reason\":\"unmovable\"");

	assert_non_null(reason);
	memcpy(strstr(reason, "unmovable"), "straddles", 9);
	forge(text, len);
	house_refused(cmd_explain, CLI_NO, "explain new --failure 1", "this request ends otherwise than it is stored");
	house_run(cmd_explain, CLI_OK, "explain new --failure 2");
	memset(reason, '{', 20);
	forge(text, len);
	house_refused(cmd_explain, CLI_USAGE, "explain new", "has a line that is no JSON");
	free(text);
}

/* The trace is another one now, or gone, or somewhere else. */
static void other_traces(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, ONE);
	assert_int_equal(rename("one.ctr", "moved.ctr"), 0);
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1",
	              "the trace 'one' is not where it was: say where it is with --trace FILE");
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1 --trace one.ctr", "one.ctr: No such file");
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1 --trace small.ctr",
	              "small.ctr is not the trace that new was made from (SHA-256 ");
	house_run(cmd_explain, CLI_OK, "explain new --failure 1 --trace moved.ctr");
	assert_int_equal(rename("small.ctr", "one.ctr"), 0);
	house_refused(cmd_explain, CLI_USAGE, "explain new --failure 1",
	              "one.ctr is not the trace that new was made from");
	assert_int_equal(rename("one.ctr", "small.ctr"), 0);
	assert_int_equal(rename("moved.ctr", "one.ctr"), 0);
	house_run(cmd_explain, CLI_OK, "explain new --failure 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_kernel_page, house_tidy),
		cmocka_unit_test_teardown(a_straddling_run, house_tidy),
		cmocka_unit_test_teardown(every_failure, house_tidy),
		cmocka_unit_test_teardown(autopsies, house_tidy),
		cmocka_unit_test_teardown(wrong_calls, house_tidy),
		cmocka_unit_test_teardown(no_failures, house_tidy),
		cmocka_unit_test_teardown(no_folders, house_tidy),
		cmocka_unit_test_teardown(half_a_file, house_tidy),
		cmocka_unit_test_teardown(another_schema, house_tidy),
		cmocka_unit_test_teardown(another_answer, house_tidy),
		cmocka_unit_test_teardown(other_traces, house_tidy),
	};

	return cmocka_run_group_tests_name("explain", tests, house_set_up, house_tear_down);
}
