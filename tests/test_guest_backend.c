// SPDX-License-Identifier: MIT
/*
 * test_guest_backend.c - a kernel in a guest as a backend, with the model's answers at the other end of the line.
 *
 *	scenario, conformance          the same steps as on the model
 *	  arena.c ...                  arena(), settle(), flush_lru() where a model lays out its zone
 *	    backend*.c                 commands, and what is known of the answers
 *	      wire.c  <-- socket -->   tests/lib/agent.c: the model of the release; or it lies, sleeps, dies
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
#include "../bench/exact/conformance.h"
#include "../bench/exact/scenario_run.h"
#include "../bench/guest/backend.h"
#include "lib/agent.h"

#define RECORDED "tests/conformance" /* tests run from the top of the tree */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const guests[] = { "linux-5.10@guest", "linux-6.1@guest", "linux-6.12@guest", "linux-7.2@guest" };

static int add_guests(void **state)
{
	struct contig_diag diag;

	(void)state;
	for (size_t i = 0; i < COUNT(guests); i++) {
		if (backend_guest_add(guests[i], agent_boot, &diag))
			return -1;
	}
	return backend_guest_add("mine@guest", agent_boot, &diag);
}

/* ---- recorded cases --------------------------------------------------------------------------------- */

static void print_disagreement(void *ctx, const char *kernel, const char *where, const char *what, const char *recorded,
                               const char *model)
{
	(void)ctx;
	print_error("%s %s: %s\n  recorded  %s\n  answered  %s\n", kernel, where, what, recorded, model);
}

static void expect_all(const char *kernel, const char *what, const struct agreement *a, uint32_t of)
{
	if (a->agree != of || a->of != of)
		fail_msg("kernel %s, %s: %u of %u agree, there should be %u", kernel, what, a->agree, a->of, of);
}

/* Through the wire as without it: all 34 cases of four kernels, to the letter. */
static void recorded_cases_are_answered(void **state)
{
	struct conformance *c = calloc(1, sizeof(*c));
	struct contig_diag diag = { "" };

	(void)state;
	c->report = print_disagreement;
	if (conformance_run(c, RECORDED, guests, COUNT(guests), &diag))
		fail_msg("%s", diag.text);
	for (uint32_t i = 0; i < COUNT(guests); i++) {
		const struct conformance_kernel *k = &c->kernel[i];

		assert_string_equal(k->backend, guests[i]);
		assert_int_equal(k->cases, 34);
		assert_int_equal(k->not_modelled, 0);
		expect_all(k->kernel, "rc", &k->rc, 67);
		expect_all(k->kernel, "stage", &k->stage, 67);
		expect_all(k->kernel, "types", &k->types, 67 + 34);
		expect_all(k->kernel, "map", &k->map, 67 + 34);
		expect_all(k->kernel, "migrated", &k->migrated, 67);
		expect_all(k->kernel, "moved", &k->moved, 67);
		/* a layout has no order of lists that a kernel could be given */
		const struct conformance_random_row sum = conformance_random_sum(c, i);

		assert_int_equal(sum.requests, 200 + 7 * 25);
		expect_all(k->kernel, "rc of requests", &sum.rc, 0);
	}
	assert_int_equal(c->disagreements, 0);
	free(c);
}

/* ---- scenarios ---------------------------------------------------------------------------------------- */

static struct scenario_file file;
static struct scenario_result result;
static char path[] = "/tmp/contigbench-guest-XXXXXX";

static void read_text(const char *text)
{
	struct contig_diag diag;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "contigbench-scenario 1\n%s", text);
	assert_int_equal(fclose(f), 0);
	if (scenario_read(&file, path, &diag))
		fail_msg("%s", diag.text);
}

/* The first scenario of the text on the backend. */
static void run_text(const char *backend, const char *text)
{
	struct contig_diag diag = { "" };

	read_text(text);
	if (scenario_run(&result, file.scenario[0], backend, &diag))
		fail_msg("%s: %s", backend, diag.text);
}

static int release(void **state)
{
	(void)state;
	scenario_result_free(&result);
	scenario_free(&file);
	return 0;
}

static void says(const char *text)
{
	for (uint32_t i = 0; i < result.nr_differences; i++) {
		if (strstr(result.difference[i].got, text))
			return;
	}
	if (!strstr(result.why.text, text))
		fail_msg("'%s' was not said, but '%s', %u differences%s%s", text, result.why.text,
		         result.nr_differences, result.nr_differences ? ", first got " : "",
		         result.nr_differences ? result.difference[0].got : "");
}

static void verdict(enum scenario_verdict v)
{
	if (result.verdict != v)
		fail_msg("%s instead of %s: %s; %u differences: %s wanted %s, got %s",
		         scenario_verdict_name(result.verdict), scenario_verdict_name(v), result.why.text,
		         result.nr_differences, result.nr_differences ? result.difference[0].what : "",
		         result.nr_differences ? result.difference[0].expected : "",
		         result.nr_differences ? result.difference[0].got : "");
}

static bool same(const struct arena_answer *a, const struct arena_answer *b)
{
	return a->op == b->op && a->rc == b->rc && !strcmp(a->stage, b->stage) && !strcmp(a->types, b->types) &&
	       !strcmp(a->map, b->map) && a->moved == b->moved &&
	       a->count[COUNT_MIGRATED] == b->count[COUNT_MIGRATED] && a->count[COUNT_DRIFT] == b->count[COUNT_DRIFT] &&
	       a->count[COUNT_LEAK] == b->count[COUNT_LEAK] && a->count[COUNT_GOT] == b->count[COUNT_GOT] &&
	       a->count[COUNT_AT] == b->count[COUNT_AT] && a->count[COUNT_ISOLATED] == b->count[COUNT_ISOLATED];
}

/* Each state is built in the guest by freeing and faulting, and answers like the one that is simply put down. */
static void exact_states_are_built(void **state)
{
	static const struct {
		unsigned int on; /* guests[], bit by bit */
		const char *text;
	} cases[] = {
		{ 0xf, "case=a map=\"[MM] F9 | F7 F5 F4 F3 F2 K F0 F1 F6 F8\" ops=a:0+512;f:0+512;a:512+512" },
		{ 0xf, "case=b map=\"[UM] L*32 F5 F6 F7 F8 | F9\" ops=a:0+512;f:0+512" },
		{ 0xf, "case=c map=\"[MM] T9 | F9\" ops=a:0+16;a:0+512;f:0+512" },
		{ 0xf, "case=d map=\"[MM] Q9 | F9\" ops=a:0+512" },
		{ 0xf, "case=e map=\"[MM] C9 | F9\" ops=a:0+512" },
		{ 0xf, "case=f map=\"[MR] L! L*7 F3 F4 F5 F6 F7 F8 | S K*3 F2 F3 F4 F5 F6 F7 F8\" "
		       "ops=a:0+512;unpin:0;a:0+512;k:512+4;a:512+512" },
		{ 0x3, "case=g map=\"[MU] F10\" ops=a:0+512;f:0+512" },
		{ 0x3, "case=h map=\"[UM] F10\" ops=a:512+512;f:512+512" },
		{ 0x3, "case=i map=\"[MU] F10@U\" ops=a:512+512;f:512+512" },
		{ 0xe, "case=j map=\"[HM] F9 | F9\" ops=a:0+512;f:0+512" },
		{ 0xf, "case=k map=\"[MM] A*512 | O*512\" ops=a:0+512;convert:512+512,A;f:0+1024;a:0+1024" },
		{ 0xf, "case=l map=\"[MM] W K P o O F0 F1 F3 F4 F5 F6 F7 F8 | F9\" ops=a:0+512;a:512+512" },
		{ 0xf, "case=m map=\"[MM] X F0 F1 F2 F3 F4 F5 F6 F7 F8 | F9\" nolru=1 ops=a:0+512;lru;a:0+512" },
		{ 0xf,
		  "case=n map=\"[MM] F9 | A*512\" ops=iso:0+512;undo:0+512;type:0+512,U;freeze:512;pin:513;free:513" },
		{ 0xf, "case=o map=\"[MM] A*512 | F9\" ops=alloc:0,M,times=3;alloc:0,U;free:512+512" },
		{ 0xf, "case=p map=\"[MMM] F10 | A*512\" ops=a:0+512" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t g = 0; g < COUNT(guests); g++) {
			struct scenario_result model;
			struct contig_diag diag;
			char text[512], name[32];

			if (!(cases[i].on & 1u << g))
				continue;
			snprintf(text, sizeof(text), "geometry P=9 M=10\n%s\n", cases[i].text);
			snprintf(name, sizeof(name), "%.*s", (int)contig_name_machine(guests[g]), guests[g]);
			run_text(guests[g], text);
			verdict(SCENARIO_NOTHING_EXPECTED);
			assert_int_equal(scenario_run(&model, file.scenario[0], name, &diag), 0);
			assert_int_equal(result.nr_answers, model.nr_answers);
			for (uint32_t n = 0; n < model.nr_answers; n++) {
				const struct arena_answer *want = &model.answer[n], *got = &result.answer[n];

				if (!same(want, got))
					fail_msg("%s: %s, answer %u: %d %s [%s] %s, moved %u, and the model: %d %s "
					         "[%s] %s, moved %u",
					         guests[g], cases[i].text, n, got->rc, got->stage, got->types, got->map,
					         got->moved, want->rc, want->stage, want->types, want->map,
					         want->moved);
			}
			scenario_result_free(&model);
			release(NULL);
		}
	}
}

/* What can not be, or not exactly, is no answer. */
static void what_can_not_be_is_said(void **state)
{
	static const struct {
		const char *backend, *text, *says;
	} cases[] = {
		{ "linux-6.1@guest", "geometry P=3 M=4\ncase=x map=\"[M] F3\" ops=a:0+8",
		  "P=3 M=4, and this kernel has P=9" },
		{ "linux-6.1@guest", "geometry zone=movable\ncase=x map=\"[M] F9\" ops=a:0+8", "zone=" },
		{ "linux-6.1@guest", "geometry min=7\ncase=x map=\"[M] F9\" ops=a:0+8", "watermarks" },
		{ "linux-6.1@guest", "geometry dma32=8\ncase=x map=\"[M] F9\" ops=a:0+8", "no zone below" },
		{ "linux-6.1@guest", "geometry free=0\ncase=x map=\"[M] L F0 F1 F2 F3 F4 F5 F6 F7 F8\" ops=a:0+8",
		  "free=0" },
		{ "linux-6.1@guest", "geometry section=9\ncase=x map=\"[M] F9\" ops=a:0+8", "sections of order 15" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[MM] F9 | F9\" ops=a:0+8",
		  "wanted [MM] F9 | F9, got [MM] F10" },
		{ "linux-6.12@guest", "geometry P=9\ncase=x map=\"[MU] F10\" ops=a:0+8", "got [MM] F10" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] T3 F3 F4 F5 F6 F7 F8\" ops=a:0+8",
		  "T3: only pages of order 9" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] V F0 F1 F2 F3 F4 F5 F6 F7 F8\" ops=a:0+8",
		  "V: movable-ops" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[C] F9\" ops=a:0+8", "the kernel has no CMA" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] N3 F3 F4 F5 F6 F7 F8\" ops=a:0+8",
		  "nothing that this agent" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[MM] F10\" ops=a:0+512|a:512+512",
		  "can not be stopped" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] F9\" ops=unreserve:M", "gives its reserve back" },
		{ "linux-6.1@guest",
		  "geometry P=9\ncase=x map=\"[M] L*2 F1 F2 F3 F4 F5 F6 F7 F8\" ops=freeze:1;free:0;free:1",
		  "with refcount 0 can not be freed" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] K*2 F1 F2 F3 F4 F5 F6 F7 F8\" ops=freeze:1;free:1",
		  "with refcount 0 can not be freed" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] F9\" ops=wmark:0,M", "watermark" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] F9\" ops=alloc:0,M,all", "lets nobody have all" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] F9\" ops=alloc:4,U,highatomic",
		  "does not turn to the reserve" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] F9\" ops=alloc:0,M,last", "last one before OOM" },
		{ "linux-6.1@guest", "geometry P=9\ncase=x map=\"[M] O*512\" balloon=drops ops=a:0+8",
		  "no such driver" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[512];

		snprintf(text, sizeof(text), "%s\nexpect all start rc=0 [D row]\n", cases[i].text);
		run_text(cases[i].backend, text);
		verdict(SCENARIO_NOT_POSSIBLE);
		says(cases[i].says);
		release(NULL);
	}
}

/* What is said of a release is said of its kernel, but for what only a model knows. */
static void expectations_hold_for_kernels(void **state)
{
	static const char text[] = "geometry P=9 M=10\ncase=x map=\"[MM] F10\" ops=a:0+512\n";
	static const struct {
		const char *backend, *expect;
		enum scenario_verdict v;
	} cases[] = {
		{ "linux-6.1@guest", "linux-6.1 a:0+512 rc=0", SCENARIO_AGREES },
		{ "linux-6.1@guest", "linux-6.1 a:0+512 rc=-EBUSY", SCENARIO_DIFFERS },
		{ "linux-6.1@guest", "all a:0+512 rc=-EBUSY", SCENARIO_DIFFERS },
		{ "linux-6.1@guest", "linux-6.1@guest a:0+512 rc=-EBUSY", SCENARIO_DIFFERS },
		{ "linux-6.1", "linux-6.1@guest a:0+512 rc=-EBUSY", SCENARIO_NOTHING_EXPECTED },
		{ "linux-6.12@guest", "linux-6.1 a:0+512 rc=-EBUSY", SCENARIO_NOTHING_EXPECTED },
		{ "mine@guest", "all a:0+512 rc=-EBUSY", SCENARIO_NOTHING_EXPECTED },
		{ "mine@guest", "mine@guest a:0+512 rc=0", SCENARIO_AGREES },
		{ "linux-6.1@guest", "linux-6.1 a:0+512 rc=0 why=pinned free=1 pcp=7 reserved=9 free_cma=3",
		  SCENARIO_AGREES },
		{ "linux-6.1@guest", "linux-6.1 a:0+512 drift=1", SCENARIO_DIFFERS },
		{ "linux-6.1@guest", "linux-6.1 a:0+512 isolated=1", SCENARIO_DIFFERS },
		{ "linux-6.1@guest", "linux-6.1 none", SCENARIO_NO_SUCH_STATE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char all[512];

		snprintf(all, sizeof(all), "%sexpect %s [D row]\n", text, cases[i].expect);
		run_text(cases[i].backend, all);
		verdict(cases[i].v);
		if (contig_name_machine(cases[i].backend))
			assert_int_equal(result.answer[1].ns, 4711);
		release(NULL);
	}
}

/* ---- agents that lie ------------------------------------------------------------------------------------ */

static const char simple[] = "geometry P=9 M=10\ncase=x map=\"[MM] L*8 F3 F4 F5 F6 F7 F8 | F9\" ops=a:0+512\n"
			     "expect linux-6.1 a:0+512 rc=0 stage=ok [D row]\n";

/* A guest that died is a difference, and the next scenario has a new one. */
static void the_dead_are_booted_again(void **state)
{
	static const struct {
		struct agent_lies lies;
		const char *says;
	} cases[] = {
		{ { .dies_at = 20 }, "the line to the agent is closed" },
		{ { .sleeps_at = 20 }, "within 2 s" },
		{ { .garbled_at = 20 }, "no text" },
		{ { .blind = 1 }, "does not describe the arena" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned int starts;

		backend_guests_close();
		agent_lies = cases[i].lies;
		starts = agent_starts;
		run_text("linux-6.1@guest", simple);
		verdict(SCENARIO_DIFFERS);
		says(cases[i].says);
		release(NULL);
		run_text("linux-6.1@guest", simple);
		verdict(SCENARIO_AGREES);
		assert_int_equal(agent_starts, starts + 2);
		release(NULL);
	}
	/* one that is at rest serves all that come */
	unsigned int starts = agent_starts;

	run_text("linux-6.1@guest", simple);
	verdict(SCENARIO_AGREES);
	assert_int_equal(agent_starts, starts);
	release(NULL);
}

/* A page that lies elsewhere than it should is no layout. */
static void what_lies_elsewhere_is_noticed(void **state)
{
	(void)state;
	backend_guests_close();
	/* three small runs around the arena are taken first */
	agent_lies = (struct agent_lies){ .elsewhere = 6 };
	run_text("linux-6.1@guest", simple);
	verdict(SCENARIO_NOT_POSSIBLE);
	says("came elsewhere");
	release(NULL);
	backend_guests_close();
}

/* One that does not come to life is the machine's trouble, not the scenario's. */
static void one_that_does_not_boot(void **state)
{
	struct contig_diag diag = { "" };

	(void)state;
	backend_guests_close();
	agent_lies = (struct agent_lies){ .dies_at = 1 };
	read_text(simple);
	int rc = scenario_run(&result, file.scenario[0], "linux-6.1@guest", &diag);

	if (!rc || rc == -EIO || rc == -EOPNOTSUPP)
		fail_msg("%d: %s", rc, diag.text);
	assert_int_equal(cli_status_of(rc), CLI_MACHINE);
	release(NULL);
}

/* ---- names ------------------------------------------------------------------------------------------------ */

static void names(void **state)
{
	static const struct {
		const char *spec;
		int rc;
		const char *says;
	} cases[] = {
		{ "linux-6.1@guest", 0, "" },
		{ "mine@guest", 0, "" },
		{ "linux-6.1", -EINVAL, "NAME@guest" },
		{ "@guest", -EINVAL, "NAME@guest" },
		{ "linux-6.1@elsewhere", -EINVAL, "NAME@guest" },
		{ "a@guest@guest", -EINVAL, "NAME@guest" },
		{ "linux-6.1@guest+merge_rule=always", -EINVAL, "`linux-6.1+merge_rule=always` is its model" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct contig_diag diag = { "" };

		assert_int_equal(backend_guest_add(cases[i].spec, agent_boot, &diag), cases[i].rc);
		if (!strstr(diag.text, cases[i].says))
			fail_msg("%s: %s", cases[i].spec, diag.text);
	}
	struct contig_diag diag;

	assert_int_equal(contig_spec_check("other@guest", &diag), -EINVAL);
	assert_non_null(strstr(diag.text, "a real kernel, whose time can be neither stopped nor counted"));
	assert_int_equal(contig_name_machine("linux-6.1@guest+a=b"), 9);
	assert_int_equal(contig_name_machine("linux-6.1+a=b@guest"), 0);
	assert_int_equal(contig_name_machine("linux-6.1"), 0);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 || close(fd) ? -1 : add_guests(state);
}

static int tear_down(void **state)
{
	(void)state;
	backend_guests_close();
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(recorded_cases_are_answered),
		cmocka_unit_test_teardown(exact_states_are_built, release),
		cmocka_unit_test_teardown(what_can_not_be_is_said, release),
		cmocka_unit_test_teardown(expectations_hold_for_kernels, release),
		cmocka_unit_test_teardown(the_dead_are_booted_again, release),
		cmocka_unit_test_teardown(what_lies_elsewhere_is_noticed, release),
		cmocka_unit_test_teardown(one_that_does_not_boot, release),
	};

	return cmocka_run_group_tests_name("guest_backend", tests, set_up, tear_down);
}
