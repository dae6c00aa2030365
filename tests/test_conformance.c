// SPDX-License-Identifier: MIT
/* test_conformance.c - the recorded answers of real kernels against the model, and that a disagreement is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/exact/conformance.h"
#include "lib/answers_folder.h"

#define RECORDED "tests/conformance" /* tests run from the top of the tree */

/* ---- the recorded answers -------------------------------------------------------------------- */

static void print_disagreement(void *ctx, const char *kernel, const char *where, const char *what, const char *recorded,
                               const char *model)
{
	(void)ctx;
	print_error("%s %s: %s\n  kernel  %s\n  model   %s\n", kernel, where, what, recorded, model);
}

static void expect_all(const char *kernel, const char *what, const struct agreement *a, uint32_t of)
{
	if (a->agree != of || a->of != of)
		fail_msg("kernel %s, %s: %u of %u agree, there should be %u", kernel, what, a->agree, a->of, of);
}

/*
 * 34 cases a kernel, one of them with a hugetlb page, 65 operations in the others; 200 random requests on a layout without lists and
 * 25 on each of seven with them, of which three have grown.
 */
static void everything_agrees(void **state)
{
	static const char *const kernels[] = { "5.10", "6.1", "6.12", "7.2" };
	struct conformance *c = calloc(1, sizeof(*c));
	struct contig_diag diag = { "" };

	(void)state;
	c->report = print_disagreement;
	if (conformance_run(c, RECORDED, NULL, 0, &diag))
		fail_msg("%s", diag.text);
	assert_int_equal(c->nr_kernels, COUNT(kernels));
	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		const struct conformance_kernel *k = &c->kernel[i];

		assert_string_equal(k->kernel, kernels[i]);
		assert_int_equal(k->cases, 34);
		assert_int_equal(k->not_modelled, 0);
		expect_all(k->kernel, "rc", &k->rc, 67);
		expect_all(k->kernel, "stage", &k->stage, 67);
		expect_all(k->kernel, "types", &k->types, 67 + 34);
		expect_all(k->kernel, "map", &k->map, 67 + 34);
		expect_all(k->kernel, "migrated", &k->migrated, 67);
		expect_all(k->kernel, "moved", &k->moved, 67);
		const struct conformance_random_row r = conformance_random_sum(c, i);

		assert_int_equal(r.requests, 200 + 7 * 25);
		expect_all(k->kernel, "rc of requests", &r.rc, 200 + 7 * 25);
		expect_all(k->kernel, "stage of requests", &r.stage, 200 + 7 * 25);
		expect_all(k->kernel, "types of requests", &r.types, 2 * (200 + 7 * 25));
		expect_all(k->kernel, "maps of requests", &r.map, 7 * 25);
	}
	assert_int_equal(c->nr_grown, 3 * COUNT(kernels));
	for (uint32_t i = 0; i < c->nr_grown; i++)
		expect_all(c->grown[i].name, "memory that grew", &c->grown[i].map, 256);
	assert_int_equal(c->disagreements, 0);
	free(c);
}

static void what_agrees_is_accepted(void **state)
{
	(void)state;
	conformance("");
	expect_status(CLI_OK);
	conformance("--json");
	expect_status(CLI_OK);
	expect_said("\"disagreements\": 0");
	/* comments, empty lines, other line ends, no line end */
	folder_put("cases.txt", "# a comment\r\n\r\ncase=T npb=2 mt=MM ops=a:0+512");
	conformance("");
	expect_status(CLI_OK);
}

/* ---- disagreements --------------------------------------------------------------------------- */

static void an_answer(const char *before_mt, const char *rc, const char *stage, const char *mig_ok, const char *mt,
                      const char *map)
{
	char text[1024];

	snprintf(text, sizeof(text),
	         "{\"kernel\": \"6.1\", \"case\": \"T\", \"before\": {\"mt\": \"%s\", \"map\": \"F10\"}, \"ops\": "
	         "[{\"rc\": %s, "
	         "\"stage\": \"%s\", \"mig_ok\": %s, \"moved\": 0, \"mt\": \"%s\", \"map\": \"%s\"}]}\n",
	         before_mt, rc, stage, mig_ok, mt, map);
	folder_put("answers.jsonl", text);
}

static void another_answer_is_noticed(void **state)
{
	static const struct {
		const char *before_mt, *rc, *stage, *mig_ok, *mt, *map;
		int status;
		const char *says;
	} cases[] = {
		{ "MM", "0", "ok", "0", "MM", "A*512 | F9", CLI_OK, "2/2" },
		{ "MM", "-16", "ok", "0", "MM", "A*512 | F9", CLI_NO, "T a:0+512: rc\n    kernel  -16\n    model   0" },
		{ "MM", "4294967296", "ok", "0", "MM", "A*512 | F9", CLI_NO, "kernel  4294967296" },
		{ "MM", "0", "test", "0", "MM", "A*512 | F9", CLI_NO,
		  "T a:0+512: stage\n    kernel  test\n    model   ok" },
		{ "MM", "0", "ok", "0", "UM", "A*512 | F9", CLI_NO,
		  "T a:0+512: types\n    kernel  UM\n    model   MM" },
		{ "MU", "0", "ok", "0", "MM", "A*512 | F9", CLI_NO, "T before: types\n    kernel  MU\n    model   MM" },
		{ "MM", "0", "ok", "0", "MM", "A*512 | F8 F8", CLI_NO,
		  "T a:0+512: map\n    kernel  A*512 | F8 F8\n    model   A*512 | F9" },
		{ "MM", "0", "ok", "7", "MM", "A*512 | F9", CLI_NO,
		  "T a:0+512: migrated\n    kernel  7\n    model   0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		an_answer(cases[i].before_mt, cases[i].rc, cases[i].stage, cases[i].mig_ok, cases[i].mt, cases[i].map);
		conformance("");
		expect_status(cases[i].status);
		expect_said(cases[i].says);
		conformance("--quiet");
		expect_status(cases[i].status);
		assert_null(strstr(said.text, "    kernel  "));
	}
}

/* A model of another rule disagrees with what was recorded. */
static void another_rule_is_noticed(void **state)
{
	static const struct {
		const char *options;
		int status;
	} cases[] = {
		{ "-b linux-5.10+iso_align=block", CLI_NO },
		{ "-b linux-6.1+iso_store=separate_bit+undo_type=preserved", CLI_NO },
		{ "-b linux-6.1+unmovable_scope=range_of_interest", CLI_NO },
		{ "-b linux-6.1+migrate_enomem=retry,linux-7.2+contig_free=pages", -1 },
		/* H beside M: only the map shows it */
		{ "-b linux-6.1+merge_rule=iso_only", CLI_NO },
		{ "-b linux-5.10", CLI_OK },
		{ "-b linux-5.10,linux-7.2", CLI_OK },
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(line, sizeof(line), "conformance " RECORDED " %s", cases[i].options);
		capture_command(&said, cmd_conformance, line);
		if (cases[i].status >= 0)
			expect_status(cases[i].status);
		else
			assert_true(said.status == CLI_NO || said.status == CLI_OK);
		if (strchr(cases[i].options, '+'))
			expect_said("disagreements\n");
		/* who is not asked has no line */
		assert_null(strstr(said.text, "no backend"));
		assert_null(strstr(said.text, "\n6.12 "));
	}
}

/* A kernel that nothing models agrees with nothing, and disagrees with nothing. */
static void no_backend_is_no_agreement(void **state)
{
	char text[8192];

	(void)state;
	folder_put("answers.jsonl", "{\"kernel\": \"9.9\", \"case\": \"T\", " BEFORE ", \"ops\": [" OP "]}\n");
	free_layout(text, sizeof(text), "9.9");
	folder_put_compressed("random-a.layout.gz", text);
	folder_put("random-a.jsonl",
	           "{\"kernel\": \"9.9\", \"start\": 0, \"pages\": 512, \"rc\": 0, \"stage\": \"ok\", \"migrated\": 0, "
	           "\"type_before\": \"M\", \"type_after\": \"M\"}\n");
	conformance("");
	expect_status(CLI_OK);
	expect_said(
		"9.9     no backend                     1           -           -           -           -           -");
	expect_said(
		"9.9     no backend                     1           -           -           -           -           -  -");
	conformance("--json");
	expect_said("\"backend\": null");
	assert_null(strstr(said.text, "\"agree\": 1"));
}

static void not_modelled_is_no_agreement(void **state)
{
	(void)state;
	folder_put("cases.txt", "case=T npb=2 mt=MM zram=0 ops=a:0+512\n");
	conformance("--json");
	expect_status(CLI_OK);
	expect_said("\"not_modelled\": 1");
	expect_said("\"cases\": 1");
	folder_drop("random-a.jsonl");
	conformance("--json");
	assert_null(strstr(said.text, "\"agree\": 1"));
}

static void backends(void **state)
{
	static const struct {
		const char *options;
		const char *says;
	} cases[] = {
		{ "-b linux-9.9", "unknown backend 'linux-9.9'" },
		{ "-b linux-6.1+no_such=1", "unknown knob 'no_such'" },
		{ "-b linux-6.1+merge_rule=sometimes", "it takes always, iso_cap_p, iso_only, mergeable" },
		{ "-b linux-6.1+", "nothing behind '+'" },
		{ "-b ,", "-b names no backend" },
		{ "-b first-fit", "first-fit is not the model of a kernel with recorded answers" },
		{ "-b rfc-2021", "rfc-2021 is not the model of a kernel with recorded answers" },
		{ "-b linux-6.1,linux-6.1+merge_rule=iso_only", "both stand for kernel 6.1" },
		{ "more", "name one folder" },
		{ "--no-such", "no-such" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		conformance(cases[i].options);
		expect_status(CLI_USAGE);
		expect_said(cases[i].says);
	}
	capture_command(&said, cmd_conformance, "conformance");
	expect_status(CLI_USAGE);
	capture_command(&said, cmd_conformance, "conformance --help");
	expect_status(CLI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_agrees),
		cmocka_unit_test_setup(what_agrees_is_accepted, folder_fresh),
		cmocka_unit_test_setup(another_answer_is_noticed, folder_fresh),
		cmocka_unit_test(another_rule_is_noticed),
		cmocka_unit_test_setup(no_backend_is_no_agreement, folder_fresh),
		cmocka_unit_test_setup(not_modelled_is_no_agreement, folder_fresh),
		cmocka_unit_test_setup(backends, folder_fresh),
	};

	return cmocka_run_group_tests_name("conformance", tests, folder_set_up, folder_tear_down);
}
