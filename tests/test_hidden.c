// SPDX-License-Identifier: MIT
/*
 * test_hidden.c - sets of outcomes: what two requests at once come to under every interleaving, that a broken rule changes the
 * set, what is recorded of kernels, and how the two are held against each other.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/hidden/hidden.h"
#include "lib/house.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- what the model yields --------------------------------------------------------------------- */

static struct explored explore_model(const char *experiment, const char *backend, uint64_t budget)
{
	const struct hidden_experiment *e = hidden_experiment_find(experiment);
	const struct recorded_kernel *k = recorded_kernel_for(backend);
	struct contig_diag diag = { "" };
	struct explored x;

	assert_non_null(e);
	if (hidden_model(e, backend, k, budget, &x, &diag))
		fail_msg("%s on %s: %s", experiment, backend, diag.text);
	return x;
}

static void expect_set(const char *experiment, const char *backend, const char *const *texts, uint32_t nr)
{
	struct explored x = explore_model(experiment, backend, 100000);

	for (uint32_t i = 0; i < x.set.nr; i++) {
		if (i >= nr || strcmp(x.set.outcome[i].text, texts[i]))
			fail_msg("%s on %s: %s (%s)", experiment, backend, x.set.outcome[i].text, x.set.outcome[i].way);
	}
	assert_int_equal(x.set.nr, nr);
	assert_true(x.complete);
	outcome_free(&x.set);
}

#define EXPECT(experiment, backend, ...)                                                                               \
	expect_set(experiment, backend, (const char *const[]){ __VA_ARGS__ },                                          \
	           COUNT(((const char *const[]){ __VA_ARGS__ })))

/*
 *	[MM] F10          A: 0+512, B: 512+512
 *	     A   B
 *
 * 5.10 isolates the MAX page as a whole: who comes second finds it isolated. 6.1 isolates blocks: both get theirs, unless both
 * blocks are isolated before the run is split, whose halves merge again then; A takes all of it, and B finds its own taken.
 * From v6.10 on the run is split as it is isolated.
 */
static void halves_of_a_max_page(void **state)
{
	(void)state;
	EXPECT("halves.free", "linux-5.10", "A -EBUSY isolate; B 0 ok; MM; F9 | A*512",
	       "A 0 ok; B -EBUSY isolate; MM; A*512 | F9");
	EXPECT("halves.free", "linux-6.1", "A 0 ok; B -EBUSY test; MM; A*512 | F9",
	       "A 0 ok; B 0 ok; MM; A*512 | A*512");
	EXPECT("halves.free", "linux-7.2", "A 0 ok; B 0 ok; MM; A*512 | A*512");
}

/*
 *	[MM] F10          A: 0+512, B: 0+512
 *	     AB
 *
 * One of them finds the block isolated. In 5.10 that is all; from v5.19 on its undo un-isolates it under the other (5.5).
 */
static void the_same_block(void **state)
{
	(void)state;
	EXPECT("same.free", "linux-5.10", "A -EBUSY isolate; B 0 ok; MM; A*512 | F9",
	       "A 0 ok; B -EBUSY isolate; MM; A*512 | F9");
	EXPECT("same.free", "linux-6.1", "A -EBUSY isolate; B -EBUSY test; MM; F10",
	       "A -EBUSY isolate; B 0 ok; MM; A*512 | F9", "A -EBUSY test; B -EBUSY isolate; MM; F10",
	       "A 0 ok; B -EBUSY isolate; MM; A*512 | F9");
}

/* The same with rules turned: a knob that is about requests that meet must show in the set. */
static void a_broken_rule_changes_the_set(void **state)
{
	(void)state;
	/* nobody un-isolates what another has isolated */
	EXPECT("same.free", "linux-6.1+undo_on_start_fail=none", "A -EBUSY isolate; B 0 ok; MM; A*512 | F9",
	       "A 0 ok; B -EBUSY isolate; MM; A*512 | F9");
	/* nobody minds that it is isolated already: the first to end un-isolates it under the second */
	EXPECT("same.free", "linux-6.1+iso_double=accept", "A -EBUSY isolate; B 0 ok; MM; A*512 | F9",
	       "A -EBUSY test; B 0 ok; MM; A*512 | F9", "A 0 ok; B -EBUSY isolate; MM; A*512 | F9",
	       "A 0 ok; B -EBUSY test; MM; A*512 | F9");
}

/*
 *	node 0   [X*512 | X*88 F*424 | K*512 | K*488 F*24]  and nothing else that is free
 *	node 1   free, or out of reach
 *
 * A full node spills to the other one. Without it nothing can move: the 24 pages are below the watermark.
 */
static void nowhere_to_move_to(void **state)
{
	static const char *const backends[] = { "linux-5.10", "linux-6.1", "linux-6.12", "linux-7.2" };

	(void)state;
	for (size_t i = 0; i < COUNT(backends); i++) {
		EXPECT("full.spill", backends[i],
		       "a:0+1024 0 ok, pages moved; MMMM; A*512 | A*512 | K*512 | K*488 _*24");
		EXPECT("full.alone", backends[i],
		       "a:0+1024 -ENOMEM migrate, none moved; MMMM; _*512 | _*512 | K*512 | K*488 _*24");
		EXPECT("full.nearly", backends[i],
		       "a:0+1024 -ENOMEM migrate, pages moved; MMMM; _*512 | _*512 | K*512 | K*488 _*24");
	}
}

/* Memory that went offline has no pageblocks any more; a request that comes later finds no pages to test. */
static void a_block_goes_offline_under_a_request(void **state)
{
	(void)state;
	EXPECT("offline.request", "linux-5.10", "A -EBUSY isolate; B 0 ok; M*64", "A 0 ok; B -EBUSY isolate; .*64",
	       "A 0 ok; B -EBUSY test; .*64");
}

/* Counts of interleavings are those of two sequences of 7 steps, C(14, 7). */
static void interleavings_are_counted(void **state)
{
	struct explored x = explore_model("halves.free", "linux-7.2", 100000);

	(void)state;
	assert_int_equal((int)x.interleavings, 3432);
	assert_int_equal(x.longest, 14);
	assert_true(x.states < 200);
	outcome_free(&x.set);

	/* what is too much is sampled, and that is said */
	x = explore_model("halves.free", "linux-7.2", 20);
	assert_false(x.complete);
	assert_true(x.runs >= 40);
	assert_int_equal(x.set.nr, 1);
	outcome_free(&x.set);
}

/* Every experiment can be built on every kernel that it is for, and comes to something; a second time to the same. */
static void all_can_be_built(void **state)
{
	const struct hidden_experiment *e;
	const struct recorded_kernel *k;

	(void)state;
	for (size_t i = 0; (e = hidden_experiment_at(i)); i++) {
		assert_ptr_equal(hidden_experiment_find(e->name), e);
		for (size_t j = 0; (k = recorded_kernel_at(j)); j++) {
			if (!hidden_is_for(e, k) || !strcmp(e->name, "offline.request"))
				continue;
			struct explored x = explore_model(e->name, k->backend, 50);

			assert_true(x.set.nr > 0);
			outcome_free(&x.set);
		}
	}
}

/* ---- texts --------------------------------------------------------------------------------------- */

/*
 *	pages 0..1023 of two blocks: a free run of order 9; 100 results, a pinned user page, 411 user pages
 */
static void maps_are_drawn(void **state)
{
	static const struct outcome_run runs[] = {
		{ 0, 512, 9, 'F', false },
		{ 512, 100, 0, 'A', false },
		{ 612, 1, 0, 'L', true },
		{ 613, 411, 0, 'L', false },
	};
	char text[OUTCOME_TEXT] = "", taken[OUTCOME_TEXT] = "";

	(void)state;
	outcome_map(text, sizeof(text), runs, COUNT(runs), 1024, 512, false);
	assert_string_equal(text, "F9 | A*100 L! L*411");
	outcome_map(taken, sizeof(taken), runs, COUNT(runs), 1024, 512, true);
	assert_string_equal(taken, "_*512 | A*100 L! _*411");
	outcome_types(taken, sizeof(taken), "MMMMMMMMMMUM");
	assert_string_equal(taken, "_*512 | A*100 L! _*411; M*10 U M");
}

/* ---- recorded sets -------------------------------------------------------------------------------- */

#define LINE(experiment, kernel, outcomes)                                                                             \
	"{\"experiment\": \"" experiment "\", \"kernel\": \"" kernel                                                   \
	"\", \"version\": \"v\", \"together\": 5, \"outcomes\": [" outcomes "]}\n"
#define OUTCOME(text, trials) "{\"outcome\": \"" text "\", \"trials\": " trials "}"
#define BOTH                  OUTCOME("A 0 ok; B 0 ok; MM; A*512 | A*512", "96")

static void record(const char *text)
{
	mkdir("rec", 0755);
	house_write("rec/hidden.jsonl", text, strlen(text));
}

static void held_against_the_model(void **state)
{
	(void)state;
	record(LINE("halves.free", "7.2", BOTH));
	assert_non_null(strstr(house_run(cmd_hidden, CLI_OK, "hidden --recorded rec"), "1 outcomes agree; 0 seen"));
	/* yielded by the model, and not seen: told */
	record(LINE("halves.free", "6.1", BOTH));
	assert_non_null(strstr(house_run(cmd_hidden, CLI_OK, "hidden --recorded rec"), "1 yielded and not seen"));
	/* seen in less than 5 %: told; in 5 % or more: a disagreement */
	record(LINE("halves.free", "7.2", BOTH "," OUTCOME("A -EBUSY isolate; B 0 ok; MM; F9 | A*512", "4")));
	assert_non_null(strstr(house_run(cmd_hidden, CLI_OK, "hidden --recorded rec"), "seldom"));
	record(LINE("halves.free", "7.2", BOTH "," OUTCOME("A -EBUSY isolate; B 0 ok; MM; F9 | A*512", "6")));
	assert_non_null(strstr(house_run(cmd_hidden, CLI_NO, "hidden --recorded rec"),
	                       "disagreement: the model does not yield it"));
	/* the same folder under another rule: 6.1 splits at once */
	record(LINE("same.free", "6.1", OUTCOME("A -EBUSY test; B -EBUSY isolate; MM; F10", "100")));
	house_run(cmd_hidden, CLI_OK, "hidden --recorded rec");
	house_run(cmd_hidden, CLI_NO, "hidden --recorded rec -b linux-6.1+undo_on_start_fail=none");
	json_decref(house_json(cmd_hidden, CLI_OK, "hidden --recorded rec --json"));
	assert_non_null(strstr(house_run(cmd_hidden, CLI_OK, "hidden --recorded rec --markdown"),
	                       "## What hidden state a kernel has"));
}

static void damage_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "nothing\n", "hidden.jsonl:1: not JSON" },
		{ "{}\n", "hidden.jsonl:1: " },
		{ LINE("halves.none", "6.1", BOTH), "no experiment halves.none is known" },
		{ LINE("halves.free", "9.9", BOTH), "no kernel 9.9 is known" },
		{ LINE("halves.free", "6.1", ""), "no outcomes" },
		{ LINE("halves.free", "6.1", BOTH "," BOTH), "is there twice" },
		{ LINE("halves.free", "6.1", OUTCOME("A 0 ok", "0")), "in no trial" },
		{ LINE("halves.free", "6.1", BOTH) LINE("halves.free", "6.1", BOTH), "is there twice" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		record(rows[i].text);
		house_refused(cmd_hidden, CLI_USAGE, "hidden --recorded rec", rows[i].says);
	}
	house_refused(cmd_hidden, CLI_USAGE, "hidden nobody", "nobody is no experiment");
	house_refused(cmd_hidden, CLI_USAGE, "hidden -b linux-4.4", "choose linux-5.10");
	house_refused(cmd_hidden, CLI_USAGE, "hidden --record rec", "--guests");
	house_refused(cmd_hidden, CLI_USAGE, "hidden --record nowhere --guests 3", "--record nowhere: No such file");
	house_refused(cmd_hidden, CLI_USAGE, "hidden -b linux-6.1@guest", "name the model, linux-6.1");
	house_refused(cmd_hidden, CLI_USAGE, "hidden cma -b linux-6.1", "not for any of these kernels");
	house_refused(cmd_hidden, CLI_USAGE, "hidden --json --markdown", "not both");
	/* nobody was asked: no empty sets are held against the model */
	setenv("CONTIGBENCH_CACHE", "nowhere", 1);
	house_refused(cmd_hidden, CLI_USAGE, "hidden same.free -b linux-6.1 --guests 2", "has not been built");
	unsetenv("CONTIGBENCH_CACHE");
}

/* What is written can be read, and a second experiment does not take the first away. */
static void records_are_kept(void **state)
{
	const struct recorded_kernel *k = recorded_kernel_find("6.1");
	struct hidden_record r = { 0 }, again = { 0 };
	struct contig_diag diag;

	(void)state;
	mkdir("rec", 0755);
	struct hidden_answers *a = hidden_answers(&r, hidden_experiment_find("same.free"), k);

	snprintf(a->version, sizeof(a->version), "6.1.0-57-amd64");
	outcome_add(&a->set, "A \"x\"", 7);
	outcome_add(&a->set, "B", 1);
	outcome_add(&a->set, "B", 2);
	a->together = 3;
	assert_int_equal(hidden_store(&r, "rec"), CLI_OK);
	assert_int_equal(hidden_load(&again, "rec", &diag), 0);
	const struct hidden_answers *b = hidden_answered(&again, hidden_experiment_find("same.free"), k);

	assert_non_null(b);
	assert_string_equal(b->version, a->version);
	assert_int_equal(b->together, 3);
	assert_int_equal(outcome_trials(&b->set), 10);
	assert_int_equal(outcome_find(&b->set, "B")->seen, 3);
	hidden_record_free(&r);
	hidden_record_free(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halves_of_a_max_page),
		cmocka_unit_test(the_same_block),
		cmocka_unit_test(a_broken_rule_changes_the_set),
		cmocka_unit_test(nowhere_to_move_to),
		cmocka_unit_test(a_block_goes_offline_under_a_request),
		cmocka_unit_test(interleavings_are_counted),
		cmocka_unit_test(all_can_be_built),
		cmocka_unit_test(maps_are_drawn),
		cmocka_unit_test_teardown(held_against_the_model, house_tidy),
		cmocka_unit_test_teardown(damage_is_refused, house_tidy),
		cmocka_unit_test_teardown(records_are_kept, house_tidy),
	};

	return cmocka_run_group_tests_name("hidden", tests, house_set_up, house_tear_down);
}
