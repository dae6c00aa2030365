// SPDX-License-Identifier: MIT
/*
 * test_guest_record.c - writing down what kernels in guests answer, with the model's answers at the other end of the line.
 *
 *	DIR/cases.txt      --->  guests  --->  OUT/answers.jsonl   the kernels that were asked, anew
 *	DIR/answers.jsonl  ----------------->  OUT/answers.jsonl   the others, as they are
 *	                   \--- compared with what is new
 */
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
#include "../bench/exact/conformance.h"
#include "../bench/exact/conformance_record.h"
#include "lib/agent.h"
#include "lib/answers_folder.h"

#define TWO_CASES "# cases\ncase=S1 npb=2 mt=MM kern=700 ops=a:0+512;f:0+512\ncase=S2 npb=2 mt=MU ops=a:0+512\n"
#define OF(kernel, name, mt, map)                                                                                      \
	"{\"kernel\": \"" kernel "\", \"case\": \"" name "\", \"before\": {\"mt\": \"" mt "\", \"map\": \"" map "\"}, "
/* What 6.1 answers to S2, and to S1 what it does not. */
#define S2_61                                                                                                          \
	OF("6.1", "S2", "MU", "F10")                                                                                   \
	"\"ops\": [{\"op\": \"a:0+512\", \"rc\": 0, \"stage\": \"ok\", \"mig_ok\": 0, \"mig_fail\": 0, \"moved\": 0, " \
	"\"mt\": \"MU\", \"map\": \"A*512 | F9\"}]}\n"
#define S1_61                                                                                                          \
	OF("6.1", "S1", "MM", "F9 | F7 F5 F4 F3 F2 K F0 F1 F6 F8")                                                     \
	"\"ops\": [{\"op\": \"a:0+512\", \"rc\": -16, \"stage\": \"isolate\", \"mig_ok\": 0, \"mig_fail\": 0, "        \
	"\"moved\": 0, \"mt\": \"MM\", \"map\": \"F9 | F7 F5 F4 F3 F2 K F0 F1 F6 F8\"}, {\"op\": \"f:0+512\", "        \
	"\"rc\": 0, \"stage\": \"done\", \"mig_ok\": 0, \"mig_fail\": 0, \"moved\": 0, \"mt\": \"MM\", \"map\": "      \
	"\"F9 | F7 F5 F4 F3 F2 K F0 F1 F6 F8\"}]}\n"
/* Of another kernel, spelt in a way that no program of ours would. */
#define S1_99 "{\"case\":\"S1\",\"kernel\":\"9.9\",\"before\":{},\"ops\":[]}\n"

static char said_changes[65536];

static void note_change(void *ctx, const char *kernel, const char *where, const char *what, const char *before,
                        const char *now)
{
	size_t at = strlen(said_changes);

	(void)ctx;
	snprintf(said_changes + at, sizeof(said_changes) - at, "%s %s %s: %s, now %s\n", kernel, where, what, before,
	         now);
}

static char dir[256], out[256];
static char text[1 << 16];

static const char *slurp(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", out, name);
	FILE *f = fopen(path, "r");

	if (!f)
		return NULL;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static int record(const char *const *backends, size_t nr, struct recording *r, struct contig_diag *diag)
{
	*r = (struct recording){
		.dir = dir, .out = out, .backends = backends, .nr_backends = nr, .report = note_change
	};
	said_changes[0] = '\0';
	return conformance_record(r, diag);
}

static int fresh(void **state)
{
	int rc = folder_fresh(state);

	folder_path(dir, "");
	folder_path(out, "out");
	folder_put("cases.txt", TWO_CASES);
	folder_put("answers.jsonl", S1_99 S1_61 S2_61);
	return rc;
}

/* What changed is told; those who were not asked keep their lines; a reader of today reads it. */
static void answers_are_written(void **state)
{
	static const char *const backends[] = { "linux-6.1@guest", "mine@guest" };
	struct contig_diag diag = { "" };
	struct recording r;

	(void)state;
	if (record(backends, 2, &r, &diag))
		fail_msg("%s", diag.text);
	assert_int_equal(r.cases, 4);
	assert_int_equal(r.skipped, 0);
	assert_int_equal(r.new, 2);
	/* the neighbour is dirty, which 6.1 does not mind: return code, stage, map; then there is something to free */
	assert_non_null(strstr(said_changes, "6.1 S1 a:0+512 rc: -16, now 0\n"));
	assert_non_null(strstr(said_changes, "6.1 S1 a:0+512 stage: isolate, now ok\n"));
	assert_non_null(strstr(said_changes, "6.1 S1 a:0+512 map: F9 | F7 F5 F4 F3 F2 K F0 F1 F6 F8, now A*512 | "));
	assert_null(strstr(said_changes, "S2"));
	assert_int_equal(r.changed, 3);
	assert_string_equal(slurp("cases.txt"), TWO_CASES);
	const char *all = slurp("answers.jsonl");

	assert_memory_equal(all,
	                    S1_99 "{\"kernel\": \"6.1\", \"case\": \"S1\", \"before\": {\"mt\": ", strlen(S1_99) + 45);
	assert_non_null(strstr(all,
	                       "\"mig_fail\": 0, \"moved\": 0, \"mt\": \"MM\", \"map\": \"A*512 | F7 F5 F4 F3 F2 K F0 "
	                       "F1 F6 F8\", \"ns\": 4711}"));
	assert_non_null(strstr(all, "{\"kernel\": \"mine\", \"case\": \"S2\""));
	assert_non_null(strstr(all, "\"release\": \"6.1.192-model\", \"version\": \"model\"}\n"));

	struct conformance *c = calloc(1, sizeof(*c));

	/* of 9.9 there is an answer that nobody can read, to a kernel that nobody asks */
	assert_int_equal(conformance_run(c, out, NULL, 0, &diag), 0);
	assert_int_equal(c->disagreements, 0);
	assert_int_equal(c->kernel[1].rc.agree, 3);
	free(c);
}

/* Asked once more, nothing is new. */
static void asked_again_nothing_changes(void **state)
{
	static const char *const backends[] = { "linux-6.1@guest" };
	struct contig_diag diag = { "" };
	struct recording r;
	char *first;

	(void)state;
	assert_int_equal(record(backends, 1, &r, &diag), 0);
	first = strdup(slurp("answers.jsonl"));
	folder_put("answers.jsonl", first);
	assert_int_equal(record(backends, 1, &r, &diag), 0);
	assert_int_equal(r.changed + r.new, 0);
	assert_string_equal(slurp("answers.jsonl"), first);
	free(first);
}

/* What could not be asked keeps its answer, and is told. */
static void what_is_not_possible_stays(void **state)
{
	static const char *const backends[] = { "linux-6.1@guest" };
	struct contig_diag diag = { "" };
	struct recording r;

	(void)state;
	folder_put("cases.txt",
	           "case=S1 npb=2 mt=CC kern=700 ops=a:0+512;f:0+512\ncase=S2 npb=2 mt=MU zram=1 ops=a:0+512\n");
	assert_int_equal(record(backends, 1, &r, &diag), 0);
	assert_int_equal(r.skipped, 2);
	assert_int_equal(r.changed + r.new, 0);
	assert_non_null(
		strstr(said_changes, "6.1 S1 asking it: an answer, now not possible here: the kernel has no CMA"));
	assert_string_equal(slurp("answers.jsonl"), S1_99 S1_61 S2_61);
}

/* A guest that dies leaves nothing behind. */
static void a_dead_guest_writes_nothing(void **state)
{
	static const char *const backends[] = { "linux-6.1@guest" };
	struct contig_diag diag = { "" };
	struct recording r;

	(void)state;
	backend_guests_close();
	agent_lies = (struct agent_lies){ .dies_at = 40 };
	assert_int_equal(record(backends, 1, &r, &diag), -EIO);
	assert_non_null(strstr(diag.text, "linux-6.1@guest, case S"));
	assert_non_null(strstr(diag.text, "closed"));
	assert_null(slurp("answers.jsonl"));
	assert_null(slurp("cases.txt"));
}

static void the_command(void **state)
{
	static const struct {
		const char *options;
		int status;
		const char *says;
	} cases[] = {
		{ "--record /tmp/never", CLI_USAGE, "say which kernels" },
		{ "-b linux-6.1 --record /tmp/never", CLI_USAGE, "is no real kernel" },
		{ "-b linux-6.1@guest --json --record /tmp/never", CLI_USAGE, "--record prints what changed" },
		{ "-b linux-6.1@guest --knobs --record /tmp/never", CLI_USAGE, "--record prints what changed" },
		{ "-b linux-6.1@guest+merge_rule=always", CLI_USAGE, "has no knobs to turn" },
	};
	char line[600];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		conformance(cases[i].options);
		expect_status(cases[i].status);
		expect_said(cases[i].says);
	}
	snprintf(line, sizeof(line), "-b linux-6.1@guest --record %s/dir", folder_scratch);
	conformance(line);
	expect_status(CLI_USAGE);
	expect_said("another folder, please");
	snprintf(line, sizeof(line), "-b linux-6.1@guest --record %s", out);
	conformance(line);
	expect_status(CLI_NO);
	expect_said("2 cases asked, 3 answers changed, 0 new, 0 cases not possible");
	expect_said("to accept them: cp ");
	expect_said("6.1 S1 a:0+512: rc\n    before  -16\n    now     0\n");
	/* compared without recording it is a kernel of then and now, too, and a model otherwise */
	conformance("-b linux-6.1@guest");
	expect_status(CLI_NO);
	expect_said("6.1 S1 a:0+512: rc\n    before  -16\n    now     0\n");
	conformance("-b linux-6.1");
	expect_said("6.1 S1 a:0+512: rc\n    kernel  -16\n    model   0\n");
}

static int set_up(void **state)
{
	struct contig_diag diag;

	if (backend_guest_add("linux-6.1@guest", agent_boot, &diag) ||
	    backend_guest_add("mine@guest", agent_boot, &diag))
		return -1;
	return folder_set_up(state);
}

static int tear_down(void **state)
{
	backend_guests_close();
	return folder_tear_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(answers_are_written, fresh),
		cmocka_unit_test_setup(asked_again_nothing_changes, fresh),
		cmocka_unit_test_setup(what_is_not_possible_stays, fresh),
		cmocka_unit_test_setup(a_dead_guest_writes_nothing, fresh),
		cmocka_unit_test_setup(the_command, fresh),
	};

	return cmocka_run_group_tests_name("guest_record", tests, set_up, tear_down);
}
