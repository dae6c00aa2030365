// SPDX-License-Identifier: MIT
/*
 * test_scenario.c - the shipped scenarios hold on every generation, whatever is wrong in a scenario file is said, and nothing
 * that a file can hold brings the program down.
 */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/exact/scenario_print.h"
#include "../bench/exact/scenario_run.h"
#include "../bench/shipped.h"
#include "lib/capture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD     "contigbench-scenario 1\ngeometry P=3 M=4\n"

static char path[] = "/tmp/contigbench-scenario-XXXXXX";
static struct capture said;

static void put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* ---- what ships ------------------------------------------------------------------------------ */

static void holds(const struct scenario *s, const char *backend)
{
	struct contig_diag diag = { "" };
	struct scenario_result r;

	if (scenario_run(&r, s, backend, &diag))
		fail_msg("%s on %s: %s", s->sc.name, backend, diag.text);
	if (!scenario_speaks_of(s, backend))
		fail_msg("%s says nothing of %s", s->sc.name, backend);
	for (uint32_t i = 0; i < r.nr_differences; i++)
		print_error("%s on %s, line %u, %s: expected %s, got %s\n", s->sc.name, backend,
		            r.difference[i].expect ? r.difference[i].expect->line : s->line, r.difference[i].what,
		            r.difference[i].expected, r.difference[i].got);
	assert_int_not_equal(r.verdict, SCENARIO_DIFFERS);
	assert_int_not_equal(r.verdict, SCENARIO_NOT_POSSIBLE);
	scenario_result_free(&r);
}

/* What kernels can be asked is about those that there are. */
static bool is_about(const char *name, const struct contig_backend *b)
{
	const struct recorded_kernel *k;

	if (!strstr(name, "/kernel-"))
		return !b->baseline;
	for (size_t i = 0; (k = recorded_kernel_at(i)); i++) {
		if (!strcmp(k->backend, b->name))
			return true;
	}
	return false;
}

static bool file_holds(void *ctx, const char *name)
{
	const struct contig_backend *b;
	struct contig_diag diag = { "" };
	struct scenario_file f;

	if (scenario_read(&f, name, &diag))
		fail_msg("%s", diag.text);
	for (uint32_t i = 0; i < f.nr; i++) {
		const struct scenario *s = f.scenario[i];

		for (size_t k = 0; (b = contig_backend_at(k)); k++) {
			if (is_about(name, b))
				holds(s, b->name);
		}
		for (uint32_t k = 0; k < s->nr_expects; k++) {
			for (uint32_t n = 0; n < s->expect[k].nr_backends; n++) {
				if (strchr(s->expect[k].backend[n], '+'))
					holds(s, s->expect[k].backend[n]);
			}
		}
		/* who reads it must be able to see it */
		assert_non_null(strchr(s->picture, '['));
		++*(unsigned int *)ctx;
	}
	scenario_free(&f);
	return true;
}

static void shipped_scenarios_hold(void **state)
{
	unsigned int nr = 0;

	(void)state;
	shipped_each("scenarios", ".scn", file_holds, &nr);
	assert_true(nr >= 110);
}

/* Rows of the specification that some expectation must cite. */
static const char *const rows[] = {
	"2.4",     "5.4",     "5.5",     "8.1",     "8.1 a1r", "8.1 a2", "8.1 a3",  "8.1 a4", "8.2 b1", "8.2 b2",
	"8.2 b3",  "8.2 b3'", "8.2 b4",  "8.2 b5",  "8.2 b6",  "8.2 b7", "8.3",     "8.3 c2", "8.4",    "8.5 v1",
	"8.5 v2",  "8.5 v3",  "8.5 v4",  "8.5 v5",  "8.5 v6",  "8.6 b3", "8.6 b3'", "8.6 b4", "8.6 b7", "8.7 HA1",
	"8.7 HA2", "8.7 HA3", "8.7 HA4", "8.7 HA5", "8.8",     "8.9",    "8.10",    "8.11",   "8.12",   "9",
	"13.1",    "7.4",     "3.1",     "3.2.1",   "3.2.2",   "3.2.3",  "3.5",     "4.5",    "5.2",    "6.3",
};

static bool file_cites(void *ctx, const char *name)
{
	bool *cited = ctx;
	struct contig_diag diag = { "" };
	struct scenario_file f;

	if (scenario_read(&f, name, &diag))
		fail_msg("%s", diag.text);
	for (uint32_t i = 0; i < f.nr; i++) {
		for (uint32_t k = 0; k < f.scenario[i]->nr_expects; k++) {
			const struct scenario_expect *e = &f.scenario[i]->expect[k];

			for (size_t r = 0; r < COUNT(rows); r++) {
				size_t len = strlen(rows[r]);

				cited[r] |= !strncmp(e->row, rows[r], len) &&
				            !strchr("0123456789'.", e->row[len] ? e->row[len] : ' ');
			}
			/* 8.9 is extrapolation, and nothing else is */
			assert_int_equal(e->evidence == EVIDENCE_UNCERTAIN, !strncmp(e->row, "8.9", 3));
		}
	}
	scenario_free(&f);
	return true;
}

static void every_row_is_there(void **state)
{
	bool cited[COUNT(rows)] = { false };

	(void)state;
	shipped_each("scenarios", ".scn", file_cites, cited);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!cited[i])
			fail_msg("no scenario for row %s", rows[i]);
	}
}

/* Every line of the recorded cases is a scenario, with a version line in front or without. */
static void recorded_cases_are_scenarios(void **state)
{
	struct contig_diag diag = { "" };
	struct scenario_file f;
	struct scenario_result r;

	(void)state;
	if (scenario_read(&f, "tests/conformance/cases.txt", &diag))
		fail_msg("%s", diag.text);
	assert_int_equal(f.nr, 34);
	for (uint32_t i = 0; i < f.nr; i++) {
		assert_true(f.scenario[i]->recorded);
		assert_int_equal(scenario_run(&r, f.scenario[i], "linux-6.1", &diag), 0);
		assert_int_equal(r.verdict, SCENARIO_NOTHING_EXPECTED);
		assert_int_equal(r.nr_answers, f.scenario[i]->sc.nr_ops + 1);
		scenario_result_free(&r);
	}
	scenario_free(&f);
	put("contigbench-scenario 1\ncase=S7b.thp_partial npb=2 mt=MM thp=0 ops=a:16+16;f:16+16\n"
	    "expect linux-6.1 a:16+16 rc=-EBUSY stage=test map=\"T9 | F9\" [K 8.11]\n");
	assert_int_equal(scenario_read(&f, path, &diag), 0);
	assert_int_equal(scenario_run(&r, f.scenario[0], "linux-6.1", &diag), 0);
	assert_int_equal(r.verdict, SCENARIO_AGREES);
	scenario_result_free(&r);
	scenario_free(&f);
}

/* ---- what was not possible -------------------------------------------------------------------- */

static const char *printed(const struct scenario_matrix *m)
{
	static char text[8192];
	int out = dup(STDOUT_FILENO);
	FILE *f = tmpfile();

	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	scenario_print_matrix(m);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* Each reason is there once, the most frequent first, with some of its scenarios; what differs from case to case is no part of it. */
static void reasons_are_counted(void **state)
{
	static const char *const why[] = { "not possible here: zone=: the arena lies in a zone Normal",
		                           "not possible here: a:0+8: a kernel can not be stopped",
		                           "not possible here: A:test: a kernel can not be stopped",
		                           "not possible here: a:8+8: a kernel can not be stopped",
		                           "not possible here: B:end: a kernel can not be stopped" };
	static const char *const backend[] = { "mine@guest" };
	struct contig_diag diag = { "" };
	struct scenario_result result[COUNT(why)];
	struct scenario_row row[COUNT(why)];
	struct scenario_matrix m = { 1, backend, COUNT(why), row };
	struct scenario_file f;

	(void)state;
	put(HEAD "case=a map=\"[MM] F4\"\ncase=b map=\"[MM] F4\"\ncase=c map=\"[MM] F4\"\ncase=d map=\"[MM] F4\"\n"
	         "case=e map=\"[MM] F4\"\n");
	if (scenario_read(&f, path, &diag))
		fail_msg("%s", diag.text);
	assert_int_equal(f.nr, COUNT(why));
	for (uint32_t i = 0; i < f.nr; i++) {
		row[i] = (struct scenario_row){ &f, f.scenario[i], 1, &result[i] };
		result[i] = (struct scenario_result){ .scenario = f.scenario[i],
			                              .backend = backend[0],
			                              .verdict = SCENARIO_NOT_POSSIBLE };
		snprintf(result[i].why.text, sizeof(result[i].why.text), "%s", why[i]);
	}
	const char *text = strstr(printed(&m), "\nnot possible here");

	assert_non_null(text);
	assert_string_equal(text, "\nnot possible here (-v has the reason with each scenario)\n"
	                          "     4  mine@guest: a kernel can not be stopped (b, c, d, ...)\n"
	                          "     1  mine@guest: zone=: the arena lies in a zone Normal (a)\n");
	scenario_free(&f);
}

/* ---- what is wrong in a file ----------------------------------------------------------------- */

#define ONE "case=T map=\"[MM] F4\" ops=a:0+8;f:0+8;a:0+8\n"

static void refused_with_the_reason(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", ": no case in it" },
		{ HEAD, ": no case in it" },
		{ "contigbench-scenario 2\n" ONE, ":1: version 2: this program reads version 1" },
		{ "contigbench-scenario\n" ONE, ":1: the version line is `contigbench-scenario 1`" },
		{ "contigbench-scenario 1 2\n", ":1: the version line is" },
		{ HEAD "contigbench-scenario 1\n", ":3: the version line comes first, and once" },
		{ "geometry P=3 M=4\n" ONE, ":1: 'geometry': a file without the line `contigbench-scenario 1`" },
		{ HEAD "scene one\n", ":3: 'scene' begins no line: contigbench-scenario, geometry, case=, expect, #" },
		/* geometry */
		{ "contigbench-scenario 1\ngeometry P\n", ":2: 'P' is not key=value" },
		{ "contigbench-scenario 1\ngeometry Q=3\n", ":2: 'Q=' is nothing that a geometry has: P, M, section" },
		{ "contigbench-scenario 1\ngeometry P=21\n", ":2: P=21: pageblock_order, a number up to 20" },
		{ "contigbench-scenario 1\ngeometry M=x\n", ":2: M=x: MAX_PAGE_ORDER, inclusive, a number" },
		{ "contigbench-scenario 1\ngeometry P=20 M=20 free=9\ncase=T map=\"[M] F20\"\n",
		  ":3: T: 10485760 pages: a scenario" },
		{ "contigbench-scenario 1\ngeometry free=-1\n", ":2: free=-1: free pageblocks behind the arena" },
		{ "contigbench-scenario 1\ngeometry dma32=x\n", ":2: dma32=x: free pageblocks of a ZONE_DMA32 below" },
		{ "contigbench-scenario 1\ngeometry zone=high\n", ":2: zone=high: dma32, normal or movable" },
		{ "contigbench-scenario 1\ngeometry P=0 M=4\n" ONE, "pageblock_order 0: must lie in 1..20" },
		{ "contigbench-scenario 1\n" ONE, ":2: T: map= needs a geometry line in front" },
		{ HEAD "case=T npb=2 mt=MM\n", ":3: T: without map= a case is built as the recorded answers were" },
		/* cases */
		{ HEAD ONE ONE, ":4: case T is there twice" },
		{ HEAD "case=T map=\"[MM] F4\" weather=fine\n",
		  ":3: T: 'weather=' is unknown; keys: case, npb, mt, map" },
		{ HEAD "case=T map=\"[MM] F4\" ops=z:0+8\n", ":3: T: 'z:' is unknown; keys: case" },
		{ HEAD "case=T map=\"[MM] F4\" ops=grab:0+8\n",
		  ":3: 'grab:0+8' is not an operation: a, iso, undo, off" },
		{ HEAD "case=T map=\"[MM] F4\n", ":3: 'map' is not key=value, or a quote is left open" },
		{ HEAD "case=T map=F4\n", ":3: T: map=\"F4\": types of 1 to 64 pageblocks in brackets come first" },
		{ HEAD "case=T map=\"[MM] F4\" mt=MM\n", ":3: T: map= says all of the state before" },
		{ HEAD "case=T map=\"[Mx] F4\"\n", ":3: T: mt=Mx must name 2 types" },
		{ HEAD "case=T map=\"[MM] F4\" balloon=pops\n",
		  "'pops' is nothing that a driver does: counts, drops, vetoes" },
		{ HEAD "case=T map=\"[MM] F4\" ops=a:8+9\n", ":3: T: a:8+9 lies outside the arena of 16 pages" },
		{ HEAD "case=T map=\"[MM] F4\" ops=pin:16+1\n", "pin:16+1 lies outside" },
		{ HEAD "case=T map=\"[MM] F4\" ops=a:0+8,now\n",
		  "'a:0+8,now' is not an operation: say a:OFFSET+LENGTH[,cma]" },
		{ HEAD "case=T map=\"[MM] F4\" ops=alloc:0\n", "say alloc:ORDER,TYPE[,KIND]" },
		{ HEAD "case=T map=\"[MM] F4\" ops=alloc:99,M\n", "say alloc:ORDER,TYPE[,KIND]" },
		{ HEAD "case=T map=\"[MM] F4\" ops=alloc:0,C\n", "say alloc:ORDER,TYPE[,KIND]" },
		{ HEAD "case=T map=\"[MM] F4\" ops=alloc:0,M,times=0\n", "say alloc:ORDER,TYPE[,KIND]" },
		{ HEAD "case=T map=\"[MM] F4\" ops=type:0+8\n", "say type:OFFSET+LENGTH,TYPE" },
		{ HEAD "case=T map=\"[MM] F4\" ops=type:1+8,U\n",
		  "type:1+8,U does not cover whole pageblocks of 8 pages" },
		{ HEAD "case=T map=\"[MM] F4\" ops=convert:0+8,F\n", "say convert:OFFSET+LENGTH,KIND" },
		{ HEAD "case=T map=\"[MM] F4\" ops=drain:1\n", "'drain:1' is not an operation: say drain" },
		{ HEAD "case=T map=\"[MM] F4\" ops=off:0+16,passes=65536\n", "say off:OFFSET+LENGTH[,passes=N]" },
		{ HEAD "case=T map=\"[MM] F4\" ops=A:1\n", "'A:1': no request A has begun" },
		{ HEAD "case=T map=\"[MM] F4\" ops=a:0+8;A:1\n", "'A:1': no request A has begun" },
		{ HEAD "case=T map=\"[MM] F4\" ops=a:0+8|drain;A:1\n",
		  "'A:1': requests end with the operation that began them" },
		{ HEAD "case=T map=\"[MM] F4\" ops=a:0+8|A\n", "'A': say A:N for N steps, A:PHASE" },
		{ HEAD "case=T map=\"[MM] F4\" ops=a:0+8|A:lunch\n", "'A:lunch': say A:N for N steps, A:PHASE" },
		{ HEAD "case=T map=\"[MM] F4\" ops=a:0+8|B:end\n", "no request B has begun" },
		/* expectations */
		{ HEAD "expect all start mt=MM [D 8.1]\n", ":3: expect: no case goes before it" },
		{ HEAD ONE "expect\n", ":4: expect: say backends, an operation" },
		{ HEAD ONE "expect linux-2.6 start mt=MM [D 8.1]\n", ":4: unknown backend 'linux-2.6'" },
		{ HEAD ONE "expect linux-6.1+mood=good start mt=MM [D 8.1]\n", "unknown knob 'mood'" },
		{ HEAD ONE "expect linux-6.1,, start mt=MM [D 8.1]\n", "unknown backend ''" },
		{ HEAD ONE "expect all b:0+8 mt=MM [D 8.1]\n", "'b:0+8' is no operation of T: start, a:0+8, f:0+8" },
		{ HEAD ONE "expect all a:0+8 rc=0 [D 8.1]\n",
		  "'a:0+8' is there 2 times in T: say a:0+8#1 for the first" },
		{ HEAD ONE "expect all a:0+8#3 rc=0 [D 8.1]\n", "'a:0+8#3' is no operation of T" },
		{ HEAD ONE "expect all A rc=0 [D 8.1]\n", "'A' is no operation of T" },
		{ HEAD ONE "expect all f:0+8 [D 8.1]\n", "expect f:0+8: says nothing about the answer" },
		{ HEAD ONE "expect all none rc=0 [D 8.1]\n", "nothing can be said of what is not there" },
		{ HEAD ONE "expect all f:0+8 rc=EBUSY [D 8.1]\n", "rc=EBUSY: 0, a name such as -EBUSY, or a number" },
		{ HEAD ONE "expect all f:0+8 stage=early [D 8.1]\n", "stage=early: ok, isolate, migrate, test" },
		{ HEAD ONE "expect all f:0+8 why=unlucky [D 8.1]\n", "why=unlucky: none, unmovable, pinned" },
		{ HEAD ONE "expect all f:0+8 drift=much [D 8.1]\n", "drift=much is not a number" },
		{ HEAD ONE "expect all f:0+8 mood=good [D 8.1]\n",
		  "'mood=' is nothing that an answer has: rc, stage, why, mt, map, migrated" },
		{ HEAD ONE "expect all f:0+8 rc=0\n", "an expectation ends with its evidence, K, D or ?" },
		{ HEAD ONE "expect all f:0+8 rc=0 [8.1]\n", "'[8.1]': an expectation ends with its evidence" },
		{ HEAD ONE "expect all f:0+8 rc=0 [S 8.1]\n", "'[S 8.1]': an expectation ends with its evidence" },
		{ HEAD ONE "expect all f:0+8 rc=0 [D 8.1] mt=MM\n", "an expectation ends with its evidence" },
		{ HEAD ONE "expect all f:0+8 rc=0 [D 8.1]\nexpect linux-6.1 f:0+8 stage=done rc=0 [D 8.1]\n",
		  ":5: line 4 has said the same of the same backend" },
		{ HEAD ONE "expect all f:0+8 rc=0 [D 8.1]\nexpect linux-6.1 none [D 8.1]\n",
		  ":5: line 4 has said the same" },
		/* the line that an error names is where the statement begins */
		{ HEAD "case=T\n\tmap=\"[MM] F4\"\n\n# then\nexpect all\n\tstart\n\tmt=MM mood=good [D 8.1]\n",
		  ":7: 'mood='" },
	};
	char line[64], where[256];

	(void)state;
	snprintf(line, sizeof(line), "scenario %s", path);
	for (size_t i = 0; i < COUNT(cases); i++) {
		put(cases[i].text);
		capture_command(&said, cmd_scenario, line);
		snprintf(where, sizeof(where), "contigbench scenario: %s", path);
		if (said.status != CLI_USAGE || !strstr(said.text, cases[i].says) ||
		    strncmp(said.text, where, strlen(where)))
			fail_msg("%s\nstatus %d, %s\nnot %s", cases[i].text, said.status, said.text, cases[i].says);
		if (strchr(said.text, '\n') != said.text + strlen(said.text) - 1)
			fail_msg("not one line: %s", said.text);
	}
}

/* A state that can not be put down is the file's fault; where a backend alone has no rule for it, it is not. */
static void initial_states(void **state)
{
	char line[128];

	(void)state;
	put(HEAD "case=T map=\"[MM] F2 F2 | F3\"\n");
	snprintf(line, sizeof(line), "scenario %s -b linux-6.1", path);
	capture_command(&said, cmd_scenario, line);
	assert_int_equal(said.status, CLI_USAGE);
	assert_non_null(strstr(said.text, ":3: 'F2' can not lie at page 4 of the layout"));

	put(HEAD "case=T map=\"[UM] F4@M\" ops=a:0+8\nexpect linux-6.1 a:0+8 rc=0 [D 8.8]\n"
	         "geometry P=5 M=4\ncase=U map=\"[M] F4 F4\"\nexpect linux-5.10 start mt=M [D 1.2]\n");
	snprintf(line, sizeof(line), "scenario %s -b linux-5.10,linux-6.1,linux-7.2,first-fit", path);
	capture_command(&said, cmd_scenario, line);
	assert_int_equal(said.status, CLI_OK);
	assert_non_null(strstr(said.text, "\nT         .        ok       n/p      n/p"));
	assert_non_null(strstr(said.text, "\nU         ok       n/p      n/p      n/p"));
	assert_non_null(strstr(said.text, "'F4@M': under linux-7.2 no run is on such a list"));
	assert_non_null(strstr(said.text, "first-fit can not be given an exact initial state"));

	/* but an answer that is expected must come */
	put(HEAD "case=T map=\"[UM] F4@M\" ops=a:0+8\nexpect linux-7.2 a:0+8 rc=0 [D 8.8]\n");
	snprintf(line, sizeof(line), "scenario %s", path);
	capture_command(&said, cmd_scenario, line);
	assert_int_equal(said.status, CLI_NO);
	assert_non_null(strstr(said.text, "DIFFERS"));
}

/* ---- what it prints -------------------------------------------------------------------------- */

/*
 *	[UM] K F0 F1 F2 | F3	request pb1: granted by v6.1
 */
static void differences_are_shown(void **state)
{
	static const struct {
		const char *expected, *says;
	} cases[] = {
		{ "rc=-EBUSY", ", rc (" },
		{ "stage=test", "    expected  test\n    got       ok\n" },
		{ "why=pinned", "    expected  pinned\n    got       none\n" },
		{ "mt=MM", "    expected  [MM] \n    got       [UM] K F0 F1 F2 | A*8\n" },
		{ "map=\"K F0 F1 F2 | F3\"",
		  "    expected  [UM] K F0 F1 F2 | F3\n    got       [UM] K F0 F1 F2 | A*8\n" },
		{ "migrated=1", "    expected  1\n    got       0\n" },
		{ "drift=-8", "    expected  -8\n    got       0\n" },
		{ "broken", "invariants" },
	};
	char line[64], text[512];

	(void)state;
	snprintf(line, sizeof(line), "scenario %s -b linux-6.1", path);
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text),
		         HEAD "case=T map=\"[UM] K F0 F1 F2 | F3\" ops=a:8+8\nexpect linux-6.1 a:8+8 %s [D 8.5 v1]\n",
		         cases[i].expected);
		put(text);
		capture_command(&said, cmd_scenario, line);
		if (said.status != CLI_NO || !strstr(said.text, cases[i].says) ||
		    !strstr(said.text, ":4, [D 8.5 v1])") || !strstr(said.text, "1  DIFFERS"))
			fail_msg("%s: status %d, %s", cases[i].expected, said.status, said.text);
	}
}

static void steps_are_shown(void **state)
{
	char line[128];

	(void)state;
	put(HEAD "# request pb1\n#\t[CC] F4\ncase=T map=\"[CC] F4\" ops=a:8+8,cma|A:test|A:end;wmark:0,M\n"
	         "expect rfc-2021 A rc=-EBUSY [? 8.2 b1]\nexpect linux-3.5 none [D 8.2]\n");
	snprintf(line, sizeof(line), "scenario %s -v -b linux-3.5,rfc-2021", path);
	capture_command(&said, cmd_scenario, line);
	assert_int_equal(said.status, CLI_OK);
	static const char *const says[] = {
		"# request pb1\n#\t[CC] F4\n  linux-3.5: none\n",
		"  rfc-2021: ok?\n    start rc=0 stage=done mt=CC free=272 free_cma=16\n      map=\"F4\"\n",
		"    a:8+8,cma rc=0 stage=begun mt=CC",
		"    A:test rc=0 stage=test mt=Ci free=272 free_cma=16 isolated=1 drift=8 drift_cma=8\n      map=\"F4\"\n",
		"    A:end rc=0 stage=ended",
		"    A rc=-EBUSY stage=test why=straddles mt=CC",
		"    wmark:0,M rc=0 stage=pass",
		"scenario  3.5      rfc-2021\n",
		"T         none     ok?",
	};
	for (size_t i = 0; i < COUNT(says); i++) {
		if (!strstr(said.text, says[i]))
			fail_msg("'%s' is not in %s", says[i], said.text);
	}
}

static void as_json(void **state)
{
	char line[128];
	const char *op, *verdict, *backend;
	int differ, rc, drift;
	json_error_t err;

	(void)state;
	put(HEAD "case=T map=\"[CC] F4\" ops=a:8+8,cma\nexpect rfc-2021 a:8+8,cma rc=0 [D 8.2 b1]\n");
	snprintf(line, sizeof(line), "scenario %s --json -b rfc-2021", path);
	capture_command(&said, cmd_scenario, line);
	assert_int_equal(said.status, CLI_NO);
	json_t *all = json_loads(said.text, 0, &err), *answer, *differences;

	if (!all)
		fail_msg("%s: %s", err.text, said.text);
	assert_int_equal(json_unpack(all, "{s:i,s:[{s:[{s:s,s:s,s:[o,o],s:o}]}]}", "differ", &differ, "scenarios",
	                             "results", "backend", &backend, "verdict", &verdict, "answers", &differences,
	                             &answer, "differences", &differences),
	                 0);
	assert_int_equal(differ, 1);
	assert_string_equal(backend, "rfc-2021");
	assert_string_equal(verdict, "DIFFERS");
	assert_int_equal(json_unpack(answer, "{s:s,s:i,s:i}", "op", &op, "rc", &rc, "drift", &drift), 0);
	assert_string_equal(op, "a:8+8,cma");
	assert_int_equal(rc, -EBUSY);
	assert_int_equal(drift, 0);
	assert_int_equal(json_array_size(differences), 1);
	json_decref(all);
}

/* Composed backends answer; nothing is held against them unless an expectation names them. */
static void composed_backends(void **state)
{
	char line[128];

	(void)state;
	put(HEAD "case=T map=\"[CC] F4\" ops=a:8+8,cma\nexpect all a:8+8,cma mt=CC [D 8.2 b1]\n"
	         "expect linux-6.1+iso_straddle=none,linux-7.2 a:8+8,cma migrated=0 [D 8.2 b1]\n");
	snprintf(line, sizeof(line), "scenario %s -b linux-6.1,linux-6.1+merge_rule=iso_only", path);
	capture_command(&said, cmd_scenario, line);
	assert_int_equal(said.status, CLI_OK);
	assert_non_null(strstr(said.text, "[2] linux-6.1+merge_rule=iso_only\n"));
	assert_non_null(strstr(said.text, "\nT         ok       .      "));
	assert_non_null(strstr(said.text, "T on linux-6.1+merge_rule=iso_only\n"));
	assert_non_null(strstr(said.text, "    a:8+8,cma rc=0 stage=ok mt=CC"));
	snprintf(line, sizeof(line), "scenario %s", path);
	capture_command(&said, cmd_scenario, line);
	assert_int_equal(said.status, CLI_OK);
	assert_non_null(strstr(said.text, "ok on linux-6.1+iso_straddle=none\n"));
}

static void the_call(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *says;
	} cases[] = {
		{ "scenario --help", CLI_OK, "usage: contigbench scenario" },
		{ "scenario no-such", CLI_USAGE,
		  "no-such: there is no such file, and no scenario file of that name ships" },
		{ "scenario ./no-such.scn", CLI_USAGE, "./no-such.scn: No such file or directory" },
		{ "scenario /tmp/.", CLI_USAGE, "/tmp/.: not a regular file" },
		{ "scenario -b linux-9.9", CLI_USAGE, "unknown backend 'linux-9.9'" },
		{ "scenario -b linux-6.1,linux-6.1", CLI_USAGE, "backend 'linux-6.1' is given twice" },
		{ "scenario --no-such", CLI_USAGE, "no-such" },
		{ "scenario 8.8-merging -b linux-5.10,linux-7.2", CLI_OK, "8.8.neighbour" },
		{ "scenario -b first-fit", CLI_OK, "n/p" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		capture_command(&said, cmd_scenario, cases[i].line);
		if (said.status != cases[i].status || !strstr(said.text, cases[i].says))
			fail_msg("`%s`: status %d, %s", cases[i].line, said.status, said.text);
	}
}

/* ---- whatever a file holds ------------------------------------------------------------------- */

static uint64_t dice(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One byte becomes another, or a piece goes, or a piece of another place comes. */
static void change(char *text, size_t size, uint64_t *seed)
{
	static const char letters[] = "0123456789+:;|,=\"[]*@!FKLTCAOHMRU aizkf\n\t#";
	size_t len = strlen(text), at = dice(seed) % len, from = dice(seed) % len, n = dice(seed) % 12;

	switch (dice(seed) % 4) {
	case 0:
	case 1:
		text[at] = letters[dice(seed) % (sizeof(letters) - 1)];
		break;
	case 2:
		n = n < len - at ? n : len - at;
		memmove(text + at, text + at + n, len - at - n + 1);
		break;
	default:
		n = n < len - from ? n : len - from;
		if (len + n + 1 < size) {
			char piece[16];

			memcpy(piece, text + from, n);
			memmove(text + at + n, text + at, len - at + 1);
			memcpy(text + at, piece, n);
		}
		break;
	}
}

/* Read it; what can be read is run. */
static void survive(const char *text, unsigned int *ran)
{
	static const char *const backends[] = { "linux-3.5", "linux-5.10", "rfc-2021", "linux-6.1", "linux-7.2" };
	struct contig_diag diag = { "" };
	struct scenario_file f;

	put(text);
	int rc = scenario_read(&f, path, &diag);

	if (rc && !strstr(diag.text, path))
		fail_msg("%s: no file in '%s'", text, diag.text);
	for (uint32_t i = 0; !rc && i < f.nr; i++) {
		struct scenario_result r;

		for (size_t k = 0; k < COUNT(backends); k++) {
			scenario_run(&r, f.scenario[i], backends[k], &diag);
			scenario_result_free(&r);
		}
		++*ran;
	}
	scenario_free(&f);
}

static void whatever_a_file_holds(void **state)
{
	static const char *const texts[] = {
		HEAD "case=T map=\"[CU] F3 | K F0 L! F2\" nopcp=1 ops=a:0+8,cma|A:test|free:8+2|A:end;f:0+8\n"
		     "expect linux-6.1,rfc-2021 A rc=0 mt=CU [D 8.1]\n",
		HEAD
		"case=T map=\"[MM] T3 | C2 O*2 V X\" balloon=counts,drops ops=off:0+16,passes=2;on:0+16;alloc:1,U\n",
		HEAD
		"case=T map=\"[HM] F3 | F0 L F1 F2\" ops=alloc:1,U,highatomic;iso:0+8;undo:0+8;unreserve:M,force\n",
		HEAD
		"case=T map=\"[MM] A*8 | N2 K2\" ops=convert:0+8,O;pin:8+4;type:8+8,U;freeze:12+1;free:0+16;drain\n",
		"contigbench-scenario 1\ngeometry P=4 M=3 free=8 zone=movable\ncase=T map=\"[M] F3 T2 L*4\" ops=a:0+16\n",
	};
	uint64_t seed = 20260101;
	unsigned int ran = 0;
	char text[2048];

	(void)state;
	for (unsigned int i = 0; i < 6000; i++) {
		snprintf(text, sizeof(text), "%s", texts[i % COUNT(texts)]);
		for (uint64_t n = dice(&seed) % 2 + 1; n; n--)
			change(text, sizeof(text), &seed);
		survive(text, &ran);
	}
	/* the changes are not so wild that nothing could be read */
	if (ran < 300)
		fail_msg("only %u could be read", ran);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd >= 0)
		close(fd);
	return fd < 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_scenarios_hold),
		cmocka_unit_test(every_row_is_there),
		cmocka_unit_test(recorded_cases_are_scenarios),
		cmocka_unit_test(reasons_are_counted),
		cmocka_unit_test(refused_with_the_reason),
		cmocka_unit_test(initial_states),
		cmocka_unit_test(differences_are_shown),
		cmocka_unit_test(steps_are_shown),
		cmocka_unit_test(as_json),
		cmocka_unit_test(composed_backends),
		cmocka_unit_test(the_call),
		cmocka_unit_test(whatever_a_file_holds),
	};

	return cmocka_run_group_tests_name("scenario", tests, set_up, tear_down);
}
