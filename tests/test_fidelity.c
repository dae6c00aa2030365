// SPDX-License-Identifier: MIT
/*
 * test_fidelity.c - kernels against the model, with the model at the other end of the line.
 *
 *	fidelity_ask()    populate, look, list, range ...  -->  tests/lib/agent.c: the model of the release
 *	  |                                                      memory of one is loaded into the other, lists in order
 *	  v
 *	DIR/random-*, grown-*, scenarios.jsonl, kernels.json
 *	  |
 *	  v
 *	fidelity_report_read()   the same model must agree in everything, to the page; with a knob turned it must not
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/exact/zone_layout.h"
#include "../bench/fidelity/experiment.h"
#include "../bench/fidelity/fidelity.h"
#include "../bench/fidelity/report.h"
#include "../bench/results/folder.h"
#include "lib/agent.h"
#include "lib/capture.h"

#define SCATTERED_90 (1u << 2)
#define CLUSTERED_50 (1u << 3)
#define NATURAL_90   (1u << 8)

static char scratch[] = "/tmp/contigbench-fidelity-XXXXXX";
static char dir[64];
static struct capture said;

static const char scenarios[] = "contigbench-scenario 1\n"
				"geometry P=9 M=10\n"
				"case=free map=\"[MM] F10\" ops=a:0+512\n"
				"case=kernel map=\"[MM] K F0 F1 F2 F3 F4 F5 F6 F7 F8 | F9\" ops=a:64+64;a:512+512\n"
				"case=steps map=\"[MM] F10\" ops=a:0+512|A:3|A:end\n";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(scratch) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove(scratch);
}

static int fresh(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "%s/run", scratch);
	folder_remove(dir);
	return 0;
}

/* Ask an agent that answers as `guest`; how many kernels could not be asked everything. */
static uint32_t ask(const char *guest, const char *model, uint32_t layouts, uint32_t requests, bool with_scenarios)
{
	struct fidelity_run *run = calloc(1, sizeof(*run));
	struct fidelity_record record;
	struct contig_diag diag;
	char path[96];

	run->requests = requests;
	run->layouts = layouts;
	run->seed = 7;
	run->quiet = true;
	run->boot = agent_boot;
	if (fidelity_add_kernel(run, guest, model, &diag))
		fail_msg("%s", diag.text);
	if (with_scenarios) {
		snprintf(path, sizeof(path), "%s/t.scn", scratch);
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		fputs(scenarios, f);
		fclose(f);
		if (scenario_set_add(&run->set, path, &diag))
			fail_msg("%s", diag.text);
	}
	assert_int_equal(recording_open(&record, dir), CLI_OK);
	uint32_t incomplete = fidelity_ask(run, &record);

	if (record.lines)
		assert_int_equal(recording_publish(&record), CLI_OK);
	else
		recording_discard(&record);
	scenario_set_free(&run->set);
	free(run);
	return incomplete;
}

static void read_report(struct fidelity_report *r, const char *model)
{
	const char *const backends[] = { model };
	struct contig_diag diag;

	if (fidelity_report_read(r, dir, model ? backends : NULL, model != NULL, &diag))
		fail_msg("%s", diag.text);
	assert_int_equal(r->c->nr_kernels, 1);
}

static void expect_all(const struct agreement *a, uint32_t of)
{
	assert_int_equal(a->of, of);
	assert_int_equal(a->agree, of);
}

/* ---- the same -------------------------------------------------------------------------------- */

static void the_same_model_agrees_to_the_page(void **state)
{
	static const char *const guests[] = { "linux-5.10@guest", "linux-6.1", "linux-6.12@guest", "linux-7.2@guest" };

	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		struct fidelity_report r;

		fresh(state);
		assert_int_equal(ask(guests[i], NULL, SCATTERED_90 | CLUSTERED_50 | NATURAL_90, 12, false), 0);
		read_report(&r, NULL);
		for (uint32_t n = 0; n < r.nr; n++)
			print_error("%s %s\n  %.300s\n  %.300s\n", r.d[n].where, r.d[n].what, r.d[n].recorded,
			            r.d[n].model);
		assert_int_equal(r.nr, 0);
		assert_int_equal(r.c->nr_random, 3);
		for (uint32_t n = 0; n < r.c->nr_random; n++) {
			expect_all(&r.c->random[n].rc, 12);
			expect_all(&r.c->random[n].map, 12);
			expect_all(&r.c->random[n].migrated, 12);
			assert_int_equal(r.c->random[n].again, 0);
			assert_int_equal(r.c->random[n].granted_kernel, r.c->random[n].granted_model);
		}
		assert_int_equal(r.c->nr_grown, 1);
		expect_all(&r.c->grown[0].map, 256);
		assert_true(fidelity_agrees(&r));
		assert_true(fidelity_complete(&r));
		fidelity_report_free(&r);
	}
}

static void scenarios_are_compared(void **state)
{
	struct fidelity_report r;

	(void)state;
	assert_int_equal(ask("linux-6.1", NULL, 0, 0, true), 0);
	read_report(&r, NULL);
	const struct conformance_kernel *k = &r.c->kernel[0];

	assert_int_equal(k->scenarios, 3);
	assert_int_equal(k->scenarios_both, 2);
	assert_int_equal(k->scenarios_equal, 2);
	expect_all(&k->s_rc, 5); /* the start, and each operation */
	expect_all(&k->s_map, 5);
	/* nobody can stop a kernel in the middle of a request */
	assert_int_equal(r.c->nr_reasons, 1);
	assert_int_equal(r.c->reason[0].times, 1);
	assert_false(r.c->reason[0].model);
	fidelity_report_free(&r);
}

/* ---- not the same ---------------------------------------------------------------------------- */

#define KNOB "linux-6.1+unmovable_scope=range_of_interest"

static void a_turned_knob_disagrees(void **state)
{
	struct fidelity_report r;
	char line[160];

	(void)state;
	/* a kernel that checks whole pageblocks, held against a model that does not: it is loaded anew after each difference */
	assert_int_equal(ask("linux-6.1", KNOB, SCATTERED_90, 30, true), 0);
	read_report(&r, NULL);
	const struct conformance_random_row *row = &r.c->random[0];

	assert_string_equal(r.c->kernel[0].backend, KNOB);
	assert_true(row->rc.agree < 30);
	/* none poisons what follows: each request that disagrees but for the last is followed by a fresh load */
	assert_in_range(row->again, row->disagreeing - 1, row->disagreeing);
	assert_true(r.nr > 0 && !fidelity_agrees(&r));
	fidelity_report_free(&r);

	/* whoever replays it gets the same numbers; with the right model, none */
	snprintf(line, sizeof(line), "fidelity --replay %s", dir);
	capture_command(&said, cmd_fidelity, line);
	assert_int_equal(said.status, CLI_NO);
	assert_non_null(strstr(said.text, "disagreements"));
	assert_non_null(strstr(said.text, "kernel -16"));
	assert_non_null(strstr(said.text, "model  0"));
	snprintf(line, sizeof(line), "fidelity --replay %s --json", dir);
	capture_command(&said, cmd_fidelity, line);
	assert_non_null(strstr(said.text, "\"rc_and_stage_agree\": false"));
	snprintf(line, sizeof(line), "fidelity --replay %s --markdown --model linux-6.1", dir);
	capture_command(&said, cmd_fidelity, line);
	assert_int_equal(said.status, CLI_OK);
	assert_non_null(strstr(said.text, "No disagreement."));
}

/* Memory that grew under another fallback is other memory. */
static void growing_notices_fallback(void **state)
{
	struct fidelity_report r;

	(void)state;
	assert_int_equal(ask("linux-6.12", NULL, NATURAL_90, 1, false), 0);
	read_report(&r, "linux-6.12+fallback=hygienic_old");
	assert_true(r.c->grown[0].map.agree < 256);
	fidelity_report_free(&r);
}

/* ---- a guest that dies ----------------------------------------------------------------------- */

static void what_was_got_is_kept(void **state)
{
	struct fidelity_report r;

	(void)state;
	agent_lies.dies_at = 160;
	capture_mute();
	uint32_t incomplete = ask("linux-6.1", NULL, SCATTERED_90 | CLUSTERED_50, 20, false);

	capture_unmute();
	assert_int_equal(incomplete, 1);
	read_report(&r, NULL);
	assert_in_range(r.c->random[0].requests, 1, 19);
	assert_int_equal(r.nr, 0);
	assert_false(fidelity_complete(&r));
	assert_non_null(strstr(r.c->kernel[0].missing, "random requests: scattered-90"));
	fidelity_report_free(&r);
}

/* Wherever it dies, before memory has grown, while it grows or behind that: what is kept can be read, or nothing is. */
static void what_is_kept_can_be_read(void **state)
{
	static const unsigned int commands[] = { 1, 2, 10, 50, 52, 53, 54, 55, 56, 57, 60, 100, 110 };
	uint32_t kept = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct fidelity_report r;
		struct contig_diag diag;

		fresh(state);
		agent_lies.dies_at = commands[i];
		capture_mute();
		uint32_t incomplete = ask("linux-6.1", NULL, NATURAL_90, 3, false);

		capture_unmute();
		agent_lies.dies_at = 0;
		if (access(dir, F_OK))
			continue;
		kept++;
		if (fidelity_report_read(&r, dir, NULL, 0, &diag))
			fail_msg("dead at command %u: %s", commands[i], diag.text);
		assert_int_equal(fidelity_complete(&r), !incomplete);
		fidelity_report_free(&r);
	}
	assert_in_range(kept, 1, sizeof(commands) / sizeof(commands[0]) - 1);
}

/* ---- the command ----------------------------------------------------------------------------- */

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *line, *says;
		int status;
	} cases[] = {
		{ "fidelity -b linux-6.1+pcp_iso=none", "is not a kernel in a guest", CLI_USAGE },
		{ "fidelity -b mine@guest", "name the backend to hold it against with --model", CLI_USAGE },
		{ "fidelity -b linux-6.1,linux-6.1@guest", "is there twice", CLI_USAGE },
		{ "fidelity --layouts natural-80", "scattered, clustered or natural", CLI_USAGE },
		{ "fidelity --requests many", "--requests many", CLI_USAGE },
		{ "fidelity --no-scenarios --requests 0", "nothing is left to ask", CLI_USAGE },
		{ "fidelity --replay /nowhere", "/nowhere", CLI_USAGE },
		{ "fidelity --replay /nowhere --requests 3", "--replay asks no kernel", CLI_USAGE },
		{ "fidelity --json --markdown --replay x", "not both", CLI_USAGE },
		{ "fidelity no-such-scenario", "no-such-scenario", CLI_USAGE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		capture_command(&said, cmd_fidelity, cases[i].line);
		if (said.status != cases[i].status || !strstr(said.text, cases[i].says))
			fail_msg("%s: status %d, %s", cases[i].line, said.status, said.text);
	}
}

/* A kernel of one's own goes with the model that it was held against, knobs turned or not; against none, it agrees with none. */
static void nothing_compared_is_no_agreement(void **state)
{
	static const struct {
		const char *model, *says;
		int status;
	} cases[] = {
		{ "", "mine and linux-6.1", CLI_OK },
		{ "--model linux-6.1", "mine and linux-6.1", CLI_OK },
		{ "--model " KNOB, "mine and " KNOB, CLI_NO },
		{ "--model linux-7.2", "no answer was compared", CLI_USAGE },
	};
	char line[160];

	(void)state;
	assert_int_equal(ask("mine", "linux-6.1", SCATTERED_90, 20, false), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "fidelity --replay %s %s", dir, cases[i].model);
		capture_command(&said, cmd_fidelity, line);
		if (said.status != cases[i].status || !strstr(said.text, cases[i].says))
			fail_msg("%s: status %d, %s", line, said.status, said.text);
	}
}

/* ---- layouts --------------------------------------------------------------------------------- */

/* Lists come out of a file in the order in which they went in, also those of another type than their blocks'. */
static void layouts_keep_the_order_of_lists(void **state)
{
	static const pfn_t order[] = { 7, 2, 900, 4, 512 };
	struct zone_layout *l = calloc(1, sizeof(*l)), *again = calloc(1, sizeof(*again));
	struct contig_run thp = { .pfn = 1024, .nr = 512, .order = 9, .kind = PAGE_LRU_COMPOUND, .pinned = true };
	struct contig_run kernel = { .pfn = 10, .nr = 1, .kind = PAGE_KERNEL };
	struct contig_diag diag;
	char *text = NULL;
	size_t size;

	(void)state;
	l->nr_blocks = 3;
	l->managed = 1536;
	for (block_t b = 0; b < 3; b++)
		l->block[b].type = "MUM"[b];
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct contig_run run = { .pfn = order[i], .nr = 1, .kind = PAGE_FREE };

		assert_int_equal(zone_layout_saw(l, &run, &diag), 0);
		assert_int_equal(zone_layout_saw_free(l, order[i], 0, i < 3 ? MT_MOVABLE : MT_RECLAIMABLE, &diag), 0);
	}
	assert_int_equal(zone_layout_saw(l, &kernel, &diag), 0);
	assert_int_equal(zone_layout_saw(l, &thp, &diag), 0);
	FILE *f = open_memstream(&text, &size);

	zone_layout_print(l, "6.1", f);
	assert_int_equal(fclose(f), 0);
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		assert_memory_equal(line, "6.1 ", 4);
		if (zone_layout_parse(again, line + 4, &diag))
			fail_msg("%s: %s", line, diag.text);
	}
	assert_int_equal(zone_layout_check(again, &diag), 0);
	assert_int_equal(again->nr_free, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(again->free_run[i].pfn, order[i]);
		assert_int_equal(again->free_run[i].list, i < 3 ? MT_MOVABLE : MT_RECLAIMABLE);
	}
	assert_int_equal(again->nr_runs, 1);
	assert_int_equal(again->run[0].pinned, true);
	assert_memory_equal(again->block, l->block, 3 * sizeof(l->block[0]));
	zone_layout_free(l);
	zone_layout_free(again);
	free(l);
	free(again);
	free(text);
}

static void damaged_lines_are_refused(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{ "free 0 M 4 +x", "not a page" },
		{ "free 0 X 4", "not kernel, free, order, type and pages" },
		{ "free 0 M 4 -5", "not a page" },
		{ "run F9 0", "not kernel, run" },
		{ "run T9 0+5", "not kernel, run" },
		{ "run K", "not kernel, run" },
		{ "zone managed=0 min=1 low=2", "not kernel, zone" },
	};
	struct zone_layout *l = calloc(1, sizeof(*l));
	struct contig_diag diag;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		diag.text[0] = '\0';
		assert_int_equal(zone_layout_parse(l, cases[i].line, &diag), -EBADMSG);
		if (!strstr(diag.text, cases[i].why))
			fail_msg("%s: %s", cases[i].line, diag.text);
	}
	/* a list of a page that is not free */
	l->nr_blocks = 1;
	l->block[0].type = 'M';
	assert_int_equal(zone_layout_saw_free(l, 3, 0, MT_MOVABLE, &diag), 0);
	assert_int_equal(zone_layout_check(l, &diag), -EBADMSG);
	zone_layout_free(l);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_same_model_agrees_to_the_page, fresh),
		cmocka_unit_test_setup(scenarios_are_compared, fresh),
		cmocka_unit_test_setup(a_turned_knob_disagrees, fresh),
		cmocka_unit_test_setup(growing_notices_fallback, fresh),
		cmocka_unit_test_setup(what_was_got_is_kept, fresh),
		cmocka_unit_test_setup(what_is_kept_can_be_read, fresh),
		cmocka_unit_test_setup(nothing_compared_is_no_agreement, fresh),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(layouts_keep_the_order_of_lists),
		cmocka_unit_test(damaged_lines_are_refused),
	};

	return cmocka_run_group_tests_name("fidelity", tests, set_up, tear_down);
}
