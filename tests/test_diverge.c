// SPDX-License-Identifier: MIT
/* test_diverge.c - `contigbench diverge`: the first difference between two backends, and the knob that makes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/virtual/attribute.h"
#include "../bench/virtual/picture.h"
#include "lib/house.h"
#include "lib/synthetic.h"

#define MS UINT64_C(1000000)

#define ONE   "diverge one.ctr --zone 0+8192 --interval-ms 1 --hold-ms 0 --sizes 1b "
#define SMALL "diverge small.ctr --occupancy 90 --interval-ms 1 --hold-ms 2 --sizes 64p --age 1 "

/* ---- replays in pieces ----------------------------------------------------------------------- */

struct setup {
	struct trace trace;
	struct contig_geometry geometry;
	struct program program;
	struct replay_params params;
	struct contig_diag diag;
};

static void open_setup(struct setup *s, uint32_t age)
{
	static const struct synthetic how = {
		.seed = 5,
		.nr_events = 8000,
		.live = 2000,
		.cpus = 2,
		.unmovable = 20,
		.high_order = 30,
		.splits = 5,
		.interval_ns = 1000,
	};

	memset(s, 0, sizeof(*s));
	synthetic_trace(&how, &s->trace);
	contig_geometry_x86_64(&s->geometry, 4096);
	s->geometry.nr_cpus = 2;
	assert_int_equal(program_compile(&s->trace, &s->program, &s->diag), 0);
	s->params = (struct replay_params){
		.program = &s->program,
		.geometry = &s->geometry,
		.cost = &cost_linux_6_18,
		.backend = "linux-6.1",
		.seed = 1,
		.request_pages = 64,
		.age = age,
		.interval_ns = MS / 2,
		.hold_ns = MS,
		.max_requests = UINT32_MAX,
		.samples = 3,
	};
}

static void close_setup(struct setup *s)
{
	program_free(&s->program);
	trace_close(&s->trace);
}

/* Event by event or in leaps: every request has the record that the whole replay gives it. */
static void pieces_are_the_whole(void **state)
{
	static const uint64_t leaps[] = { 1, 7, 1000, UINT64_C(1) << 30 };
	struct replay_result whole;
	struct setup s;

	(void)state;
	open_setup(&s, 2);
	assert_int_equal(replay_run(&s.params, &whole, &s.diag), 0);
	assert_true(whole.nr_requests > 10);
	for (size_t i = 0; i < sizeof(leaps) / sizeof(leaps[0]); i++) {
		struct replay *r;

		assert_int_equal(replay_open(&s.params, &r, &s.diag), 0);
		uint64_t total = replay_events(r), done = 0;

		assert_int_equal(total, 3 * s.program.nr_ops);
		while (done < total) {
			done = total - done < leaps[i] ? total : done + leaps[i];
			assert_int_equal(replay_advance(r, done), 0);
		}
		assert_int_equal(replay_nr_requests(r), whole.nr_requests);
		for (uint32_t k = 0; k < whole.nr_requests; k++) {
			assert_non_null(replay_request(r, k));
			assert_memory_equal(replay_request(r, k), &whole.requests[k], sizeof(whole.requests[k]));
		}
		replay_close(r);
	}
	replay_result_free(&whole);
	close_setup(&s);
}

/* The same backend under two names that say the same, and under its own: nothing differs, ages and all. */
static void nothing_differs(void **state)
{
	static const char *const same[] = { "linux-6.1", "linux-6.1+iso_align=block" };
	struct setup s;

	(void)state;
	open_setup(&s, 1);
	for (size_t i = 0; i < 2; i++) {
		const struct comparing how = { .count = true };
		struct attribution found;

		assert_int_equal(attribute(&found, &s.params, same[i], &how, &s.diag), 0);
		assert_false(found.all[0].differs);
		assert_int_equal(found.nr, 1);
		for (int k = 0; k < PART_NR; k++)
			assert_int_equal(found.all[0].count[k], 0);
		attribution_free(&found);
	}
	close_setup(&s);
}

/* A knob explains a difference if it makes the very same one: where, of what kind, and with B's answer. */
static void the_same_difference(void **state)
{
	struct comparison all[2] = {
		{ .differs = true, .first = { .what = PART_ALLOC_PLACE, .events = 17, .place = { 100, 200 } } },
	};
	const struct attribution found = { .all = all, .nr = 2 };

	(void)state;
	all[1] = all[0];
	assert_true(attribution_explains(&found, &all[1]));
	all[1].first.place[1]++;
	assert_false(attribution_explains(&found, &all[1]));
	all[1] = all[0];
	all[1].first.events++;
	assert_false(attribution_explains(&found, &all[1]));
	all[1] = all[0];
	all[1].first.what = PART_ALLOC_ANSWER;
	assert_false(attribution_explains(&found, &all[1]));
	all[1] = all[0];
	all[1].first.record[1].rc = -16;
	assert_false(attribution_explains(&found, &all[1]));
	all[1] = all[0];
	all[1].differs = false;
	assert_false(attribution_explains(&found, &all[1]));
}

/* Side against side: who is first changes nothing but the sides. */
static void both_ways(void **state)
{
	struct replay_params b;
	struct divergence there, back;
	struct lockstep *l;
	struct setup s;

	(void)state;
	open_setup(&s, 0);
	b = s.params;
	b.backend = "linux-5.10";
	assert_int_equal(lockstep_open(&s.params, &b, &l, &s.diag), 0);
	assert_int_equal(lockstep_next(l, &there), 1);
	lockstep_close(l);
	assert_int_equal(lockstep_open(&b, &s.params, &l, &s.diag), 0);
	assert_int_equal(lockstep_next(l, &back), 1);
	lockstep_close(l);
	assert_int_equal(there.what, back.what);
	assert_int_equal(there.events, back.events);
	assert_int_equal(there.place[0], back.place[1]);
	assert_int_equal(there.place[1], back.place[0]);
	assert_true(there.place[0] != there.place[1]);
	close_setup(&s);
}

/* ---- pictures -------------------------------------------------------------------------------- */

/* The marked page's item, at the front, at the back, inside a repeat and in a run over a border. */
static void marks(void **state)
{
	static const struct {
		pfn_t mark;
		const char *text;
	} cases[] = {
		{ 0, "[MM] F10\n     ^ pfn 0\n" },
		{ 700, "[MM] F10\n     ^ pfn 700\n" },
		{ 1024, "[M] K*3 F0 F2 F3 F4 F5 F6 F7 F8\n    ^ pfn 1024\n" },
		{ 1026, "[M] K*3 F0 F2 F3 F4 F5 F6 F7 F8\n    ^ pfn 1026\n" },
		{ 1027, "[M] K*3 F0 F2 F3 F4 F5 F6 F7 F8\n        ^ pfn 1027\n" },
		{ 1535, "[M] K*3 F0 F2 F3 F4 F5 F6 F7 F8\n                             ^ pfn 1535\n" },
	};
	static const uint8_t orders[] = { 0, 2, 3, 4, 5, 6, 7, 8 };
	struct contig_geometry g;
	struct contig_diag diag;

	(void)state;
	contig_geometry_x86_64(&g, 2048);
	g.init = CONTIG_INIT_RESERVED;
	struct contig *c = contig_open("linux-6.1", &g, &(struct contig_hooks){ 0 }, &diag);

	assert_non_null(c);
	const struct contig_lab *lab = c->ops->lab;
	pfn_t pfn = 1024;

	for (block_t b = 0; b < 4; b++)
		assert_int_equal(lab->set_type(c, b, MT_MOVABLE), 0);
	assert_int_equal(lab->place(c, 0, 10, PAGE_FREE, OWNER_NONE), 0);
	for (; pfn < 1027; pfn++)
		assert_int_equal(lab->place(c, pfn, 0, PAGE_KERNEL, pfn + 1), 0);
	for (size_t i = 0; i < sizeof(orders); pfn += 1u << orders[i++])
		assert_int_equal(lab->place(c, pfn, orders[i], PAGE_FREE, OWNER_NONE), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct picture p = { 0 };
		char *text;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		assert_int_equal(picture_take(c, &g, cases[i].mark, &p), 0);
		picture_print(f, "", &p);
		fclose(f);
		assert_string_equal(text, cases[i].text);
		free(text);
		picture_free(&p);
	}
	contig_close(c);
}

/* ---- the command ----------------------------------------------------------------------------- */

/*
 * The first pageblock asked for is half of a free run of order 10. MAX_ORDER alignment isolates all of the run; a
 * pageblock's leaves the other half behind, and the run can not be taken:
 *
 *	[MM] F10
 *	   ^^^ request
 */
static void a_straddling_run(void **state)
{
	(void)state;
	json_t *o = house_json(cmd_diverge, CLI_NO,
	                       ONE "-b linux-5.10,linux-5.10+iso_align=block+contig_free=chunks --json --answers");
	const json_t *first = json_object_get(json_object_get(o, "b"), "first");
	const json_t *answers = json_object_get(first, "answers"), *knobs = json_object_get(o, "knobs");

	assert_string_equal(json_string_value(json_object_get(first, "what")), "request answered");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(answers, 0), "rc")), 0);
	assert_string_equal(json_string_value(json_object_get(json_array_get(answers, 1), "reason")), "straddles");
	/* which of the two it is is told apart */
	assert_int_equal(json_array_size(knobs), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *k = json_array_get(knobs, i);
		bool align = !strcmp(json_string_value(json_object_get(k, "knobs")), "iso_align=block");

		assert_int_equal(json_is_true(json_object_get(k, "explains")), align);
		assert_int_equal(json_is_object(json_object_get(k, "first")), align);
	}
	json_decref(o);
	const char *text = house_run(cmd_diverge, CLI_NO, ONE "-b linux-5.10,linux-5.10+iso_align=block");

	assert_non_null(strstr(text, "linux-5.10                  got it, 0 pages migrated\n"));
	assert_non_null(
		strstr(text, "linux-5.10+iso_align=block  Device or resource busy in phase test: straddles, pfn "));
	assert_non_null(strstr(text, "    [MM] F10\n         ^ pfn "));
	assert_non_null(strstr(text, "\nwhy: iso_align=block, switched alone, does the same\n"));
}

static json_int_t counted(const json_t *comparison, const char *what)
{
	const json_t *n = json_object_get(json_object_get(comparison, "counts"), what);

	assert_non_null(n);
	return json_integer_value(n);
}

/* B is A and one knob: the knob's counts are B's. The counts of answers are also what a run has. */
static void counts(void **state)
{
	static const char *const what[] = { "allocations_answered", "allocations_placed", "requests_answered",
		                            "requests_migrated" };
	json_int_t sum = 0;

	(void)state;
	json_t *o = house_json(cmd_diverge, CLI_NO, SMALL "-b linux-6.1,linux-6.1+pcp_refill=doubling --count --json");
	const json_t *b = json_object_get(o, "b"), *knobs = json_object_get(o, "knobs");

	assert_int_equal(json_array_size(knobs), 1);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(counted(b, what[i]), counted(json_array_get(knobs, 0), what[i]));
		sum += counted(b, what[i]);
	}
	assert_true(sum > 100);
	/* pages of requests that are answered alike go elsewhere, too */
	assert_true(counted(b, "requests_migrated") > 0);
	assert_true(json_is_true(json_object_get(json_array_get(knobs, 0), "explains")));
	json_decref(o);
	/* on a zone of one kernel page, whose requests do not meet, the difference of successes is all there is */
	o = house_json(cmd_diverge, CLI_NO, ONE "-b linux-5.10,linux-5.10+iso_align=block --count --json");
	json_int_t differ = counted(json_object_get(o, "b"), "requests_answered");

	json_decref(o);
	json_t *run = house_json(cmd_run, CLI_OK,
	                         "run one.ctr -b linux-5.10,linux-5.10+iso_align=block --zone 0+8192 --interval-ms 1 "
	                         "--hold-ms 0 --sizes 1b --seeds 1 -o new --json");

	json_decref(run);
	size_t len;
	char *text = house_contents("new/requests.jsonl", &len), *rest = text, *line;
	int got[2][64] = { { 0 } };
	json_int_t different = 0;

	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		json_t *q = json_loads(line, 0, NULL);

		got[strchr(json_string_value(json_object_get(q, "backend")), '+') != NULL]
		   [json_integer_value(json_object_get(q, "request"))] = !json_integer_value(json_object_get(q, "rc"));
		json_decref(q);
	}
	free(text);
	for (int k = 0; k < 64; k++)
		different += got[0][k] != got[1][k];
	assert_true(different > 0);
	assert_int_equal(differ, different);
}

/* What can not be switched alone is switched together, with the reason. */
static void together(void **state)
{
	(void)state;
	const char *text =
		house_run(cmd_diverge, CLI_NO,
	                  SMALL "-b linux-6.1,linux-6.1+iso_store=separate_bit+undo_type=preserved+contig_free=chunks");

	assert_non_null(strstr(text, "  iso_store=separate_bit "));
	assert_non_null(strstr(text, "\n  + undo_type=preserved\n"));
	assert_non_null(strstr(text, "together, since undo_type=preserved needs iso_store=separate_bit"));
	assert_non_null(strstr(text, "\n  contig_free=chunks "));
}

static void alike(void **state)
{
	(void)state;
	assert_non_null(strstr(house_run(cmd_diverge, CLI_OK, SMALL "-b linux-7.2,linux-7.2"),
	                       "linux-7.2 and linux-7.2 answer and place all 40000 events of small alike"));
	json_t *o = house_json(cmd_diverge, CLI_OK, SMALL "-b first-fit,first-fit --json");

	assert_true(json_is_false(json_object_get(o, "differ")));
	assert_true(json_is_null(json_object_get(json_object_get(o, "b"), "first")));
	json_decref(o);
}

/* An allocator without knobs and without a lab: the difference is shown all the same. */
static void not_linux(void **state)
{
	(void)state;
	const char *text = house_run(cmd_diverge, CLI_NO, SMALL "-b linux-6.1,first-fit");

	assert_non_null(strstr(text, "first-fit: does not let itself be looked at"));
	assert_non_null(strstr(text, "why: one of the two has no knobs"));
}

static void wrong_calls(void **state)
{
	static const struct {
		const char *arguments;
		const char *says;
	} cases[] = {
		{ "small.ctr", "two backends are compared, and 0 given: say -b A,B" },
		{ "small.ctr -b linux-6.1", "two backends are compared, and 1 given" },
		{ "small.ctr -b linux-6.1,linux-7.2,first-fit", "two backends are compared, and 3 given" },
		{ "small.ctr -b linux-6.1,linux-9.9", "unknown backend 'linux-9.9'" },
		{ "small.ctr -b linux-6.1,linux-6.1+undo_type=preserved", "undo_type=preserved needs" },
		{ "small.ctr one.ctr -b linux-6.1,linux-7.2", "one workload at a time" },
		{ "small.ctr -b linux-6.1,linux-7.2 --seeds 1-2", "give one of --seeds, not 2" },
		{ "small.ctr -b linux-6.1,linux-7.2 --sizes 1b,2b", "give one of --sizes, not 2" },
		{ "small.ctr -b linux-6.1,linux-7.2 --occupancy 50,70", "give one of --occupancy, not 2" },
		{ "small.ctr -b linux-6.1,linux-7.2 -o new", "unknown option -o: see `contigbench diverge --help`" },
		{ "small.ctr -b linux-6.1,linux-7.2 --samples 3", "unknown option --samples: see" },
		{ "small.ctr -b linux-6.1,linux-7.2 --samples=3", "unknown option --samples=3: see" },
		{ "small.ctr -b linux-6.1,linux-7.2 --ablate x..y", "unknown option --ablate: see" },
		{ "nowhere.ctr -b linux-6.1,linux-7.2", "nowhere.ctr" },
		{ "small.ctr -b linux-6.1,linux-7.2", "shorter than the interval" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[256];

		snprintf(line, sizeof(line), "diverge %s", cases[i].arguments);
		house_refused(cmd_diverge, CLI_USAGE, line, cases[i].says);
	}
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --count",
	              "unknown option --count: see `contigbench run --help`");
	assert_non_null(strstr(house_run(cmd_diverge, CLI_OK, "diverge --help"), "usage: contigbench diverge -b A,B"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_the_whole),
		cmocka_unit_test(nothing_differs),
		cmocka_unit_test(the_same_difference),
		cmocka_unit_test(both_ways),
		cmocka_unit_test(marks),
		cmocka_unit_test(a_straddling_run),
		cmocka_unit_test_teardown(counts, house_tidy),
		cmocka_unit_test(together),
		cmocka_unit_test(alike),
		cmocka_unit_test(not_linux),
		cmocka_unit_test(wrong_calls),
	};

	return cmocka_run_group_tests_name("diverge", tests, house_set_up, house_tear_down);
}
