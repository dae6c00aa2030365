// SPDX-License-Identifier: MIT
/*
 * test_conformance.c - the recorded answers of real kernels against the model, that a disagreement is noticed, and what
 * is said about damaged files.
 */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <zlib.h>

#include "../bench/cli.h"
#include "../bench/conformance.h"
#include "lib/capture.h"

#define RECORDED "tests/conformance" /* tests run from the top of the tree */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char scratch[] = "/tmp/contigbench-conformance-XXXXXX";

/* ---- the recorded answers ---------------------------------------------------------------------------------------- */

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

/* 34 cases a kernel, one of them with a hugetlb page; 65 operations in the others, 200 random requests. */
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
		assert_int_equal(k->not_modelled, 1);
		expect_all(k->kernel, "rc", &k->rc, 65);
		expect_all(k->kernel, "stage", &k->stage, 65);
		expect_all(k->kernel, "types", &k->types, 65 + 33);
		expect_all(k->kernel, "map", &k->map, 65 + 33);
		expect_all(k->kernel, "migrated", &k->migrated, 65);
		expect_all(k->kernel, "moved", &k->moved, 65);
		assert_int_equal(k->requests, 200);
		expect_all(k->kernel, "rc of requests", &k->random_rc, 200);
		expect_all(k->kernel, "stage of requests", &k->random_stage, 200);
		expect_all(k->kernel, "types of requests", &k->random_types, 400);
	}
	assert_int_equal(c->disagreements, 0);
	free(c);
}

/* ---- folders of our own -------------------------------------------------------------------------------------------- */

/*
 *	[MM] F10          a:0+512
 *	[MM] A*512 | F9
 */
#define CASE "case=T npb=2 mt=MM ops=a:0+512\n"
#define BEFORE "\"before\": {\"mt\": \"MM\", \"map\": \"F10\"}"
#define OP                                                                                                             \
	"{\"op\": \"a:0+512\", \"rc\": 0, \"stage\": \"ok\", \"mig_ok\": 0, \"mig_fail\": 0, \"moved\": 0, "          \
	"\"mt\": \"MM\", \"map\": \"A*512 | F9\"}"
#define ANSWER "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": [" OP "]}\n"
#define REQUEST(start, pages)                                                                                          \
	"{\"kernel\": \"6.1\", \"start\": " start ", \"pages\": " pages ", \"rc\": 0, \"stage\": \"ok\", "            \
	"\"migrated\": 0, \"type_before\": \"M\", \"type_after\": \"M\"}\n"

static void path_of(char out[256], const char *name)
{
	snprintf(out, 256, "%s/dir/%s", scratch, name);
}

static void put(const char *name, const char *text)
{
	char path[256];

	path_of(path, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void put_compressed(const char *name, const char *text)
{
	char path[256];

	path_of(path, name);
	gzFile f = gzopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(gzputs(f, text), strlen(text));
	gzclose(f);
}

static void drop(const char *name)
{
	char path[256];

	path_of(path, name);
	assert_int_equal(unlink(path), 0);
}

/* A pageblock a line; `all` is the digit of its free bitmap. */
static void block_line(char *out, size_t size, const char *kernel, const char *block, char unmovable, char free)
{
	size_t at = (size_t)snprintf(out, size, "%s %s ", kernel, block);

	assert_true(size > at + 260);
	memset(out + at, unmovable, 128);
	out[at + 128] = ' ';
	memset(out + at + 129, free, 128);
	strcpy(out + at + 257, "\n");
}

/* Eleven free MOVABLE pageblocks of one kernel. */
static void free_layout(char *out, size_t size, const char *kernel)
{
	for (size_t i = 0, at = 0; i < 11; i++, at += strlen(out + at)) {
		char block[16];

		snprintf(block, sizeof(block), "%zu M", i);
		block_line(out + at, size - at, kernel, block, '0', 'f');
	}
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int fresh(void **state)
{
	char path[256], text[8192];

	(void)state;
	path_of(path, "");
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	if (mkdir(path, 0777))
		return -1;
	put("cases.txt", CASE);
	put("answers.jsonl", ANSWER);
	free_layout(text, sizeof(text), "6.1");
	put_compressed("random-a.layout.gz", text);
	put("random-a.jsonl", REQUEST("0", "512"));
	return 0;
}

static struct capture said;

static const char *conformance(const char *options)
{
	char line[512];

	snprintf(line, sizeof(line), "conformance %s/dir %s", scratch, options);
	capture_command(&said, cmd_conformance, line);
	return said.text;
}

static void expect_status(int status)
{
	if (said.status != status)
		fail_msg("status %d, not %d: %s", said.status, status, said.text);
}

static void expect_said(const char *text)
{
	if (!strstr(said.text, text))
		fail_msg("'%s' was not said: %s", text, said.text);
}

/* One line, status 2, with the file, the line and the reason in it. */
static void refused(const char *file_and_line, const char *why)
{
	conformance("");
	expect_status(CLI_USAGE);
	expect_said(file_and_line);
	expect_said(why);
	const char *newline = strchr(said.text, '\n');

	if (!newline || newline[1])
		fail_msg("not one line: %s", said.text);
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
	put("cases.txt", "# a comment\r\n\r\ncase=T npb=2 mt=MM ops=a:0+512");
	conformance("");
	expect_status(CLI_OK);
}

/* ---- disagreements -------------------------------------------------------------------------------------------------- */

static void an_answer(const char *before_mt, const char *rc, const char *stage, const char *mig_ok, const char *mt,
		      const char *map)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"kernel\": \"6.1\", \"case\": \"T\", \"before\": {\"mt\": \"%s\", \"map\": \"F10\"}, \"ops\": [{\"rc\": %s, "
		 "\"stage\": \"%s\", \"mig_ok\": %s, \"moved\": 0, \"mt\": \"%s\", \"map\": \"%s\"}]}\n",
		 before_mt, rc, stage, mig_ok, mt, map);
	put("answers.jsonl", text);
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
		{ "MM", "0", "test", "0", "MM", "A*512 | F9", CLI_NO, "T a:0+512: stage\n    kernel  test\n    model   ok" },
		{ "MM", "0", "ok", "0", "UM", "A*512 | F9", CLI_NO, "T a:0+512: types\n    kernel  UM\n    model   MM" },
		{ "MU", "0", "ok", "0", "MM", "A*512 | F9", CLI_NO, "T before: types\n    kernel  MU\n    model   MM" },
		/* where pages lie decides nothing, and is reported all the same */
		{ "MM", "0", "ok", "0", "MM", "A*512 | F8 F8", CLI_OK,
		  "T a:0+512: map\n    kernel  A*512 | F8 F8\n    model   A*512 | F9" },
		{ "MM", "0", "ok", "7", "MM", "A*512 | F9", CLI_OK, "T a:0+512: migrated\n    kernel  7\n    model   0" },
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
		{ "-b linux-6.1+merge_rule=iso_only", CLI_OK },
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
		expect_said("no backend");
	}
}

/* A kernel that nothing models agrees with nothing, and disagrees with nothing. */
static void no_backend_is_no_agreement(void **state)
{
	char text[8192];

	(void)state;
	put("answers.jsonl", "{\"kernel\": \"9.9\", \"case\": \"T\", " BEFORE ", \"ops\": [" OP "]}\n");
	free_layout(text, sizeof(text), "9.9");
	put_compressed("random-a.layout.gz", text);
	put("random-a.jsonl", "{\"kernel\": \"9.9\", \"start\": 0, \"pages\": 512, \"rc\": 0, \"stage\": \"ok\", \"migrated\": 0, "
			      "\"type_before\": \"M\", \"type_after\": \"M\"}\n");
	conformance("");
	expect_status(CLI_OK);
	expect_said("9.9     no backend                     1           -           -           -           -           -");
	expect_said("9.9     no backend                     1           -           -           -  -");
	conformance("--json");
	expect_said("\"backend\": null");
	assert_null(strstr(said.text, "\"agree\": 1"));
}

static void not_modelled_is_no_agreement(void **state)
{
	(void)state;
	put("cases.txt", "case=T npb=2 mt=MM htlb=0 ops=a:0+512\n");
	conformance("--json");
	expect_status(CLI_OK);
	expect_said("\"not_modelled\": 1");
	expect_said("\"cases\": 1");
	drop("random-a.jsonl");
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
		{ "-b linux-6.1+merge_rule=sometimes", "it takes always, iso_only, mergeable" },
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

/* ---- damaged files --------------------------------------------------------------------------------------------------- */

static void damaged_answers(void **state)
{
	static const struct {
		const char *text, *where, *why;
	} cases[] = {
		{ "not JSON\n", "answers.jsonl:1: ", "not JSON" },
		{ ANSWER "{\"kernel\": \"6.1\", \"case\"", "answers.jsonl:2: ", "not JSON" },
		{ "[]\n", "answers.jsonl:1: ", "Expected object" },
		{ "# one\n{\"case\": \"T\", " BEFORE ", \"ops\": [" OP "]}\n", "answers.jsonl:2: ", "kernel" },
		{ "{\"kernel\": \"6.1\", " BEFORE ", \"ops\": [" OP "]}\n", "answers.jsonl:1: ", "case" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", \"ops\": [" OP "]}\n", "answers.jsonl:1: ", "before" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", \"before\": {\"mt\": \"MM\"}, \"ops\": [" OP "]}\n", "answers.jsonl:1: ",
		  "map" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", \"before\": 5, \"ops\": [" OP "]}\n", "answers.jsonl:1: ", "before" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": []}\n", "answers.jsonl:1: ",
		  "0 answers for the 1 operations of T" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": [" OP ", " OP "]}\n", "answers.jsonl:1: ",
		  "2 answers for the 1 operations of T" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": \"a\"}\n", "answers.jsonl:1: ", "0 answers" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": [5]}\n", "answers.jsonl:1: ", "Expected object" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": [{\"rc\": \"0\"}]}\n", "answers.jsonl:1: ",
		  "Expected integer" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": [{\"op\": \"f:0+512\", \"rc\": 0, \"stage\": \"ok\", "
		  "\"mig_ok\": 0, \"moved\": 0, \"mt\": \"MM\", \"map\": \"\"}]}\n", "answers.jsonl:1: ", "an answer to f:0+512" },
		{ "{\"kernel\": \"6.1\", \"case\": \"Z\", " BEFORE ", \"ops\": [" OP "]}\n", "answers.jsonl:1: ",
		  "no case Z in cases.txt" },
		{ "{\"kernel\": \"6.1.192-far-too-long\", \"case\": \"T\", " BEFORE ", \"ops\": [" OP "]}\n", "answers.jsonl:1: ",
		  "too long" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		put("answers.jsonl", cases[i].text);
		refused(cases[i].where, cases[i].why);
	}
}

static void damaged_cases(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "T npb=2 mt=MM", "'T' is not key=value" },
		{ "npb=2 mt=MM ops=a:0+512", "the line has no case=" },
		{ "case=T mt=MM ops=a:0+512", "npb= must lie in 1..64" },
		{ "case=T npb=0 mt= ops=a:0+512", "npb= must lie in 1..64" },
		{ "case=T npb=65 mt=MM ops=a:0+512", "npb= must lie in 1..64" },
		{ "case=T npb=4294967298 mt=MM ops=a:0+512", "npb=4294967298 is not a number" },
		{ "case=T npb=-2 mt=MM ops=a:0+512", "npb=-2 is not a number" },
		{ "case=T npb=2x mt=MM ops=a:0+512", "npb=2x is not a number" },
		{ "case=T npb=2 ops=a:0+512", "must name 2 types" },
		{ "case=T npb=2 mt=MMM ops=a:0+512", "mt=MMM must name 2 types" },
		{ "case=T npb=2 mt=MQ ops=a:0+512", "mt=MQ must name 2 types" },
		{ "case=T npb=2 mt=mi ops=a:0+512", "mt=mi must name 2 types" },
		{ "case=T npb=2 mt=MM kern= ops=a:0+512", "kern= is not a list" },
		{ "case=T npb=2 mt=MM kern=x ops=a:0+512", "kern=x is not a list" },
		{ "case=T npb=2 mt=MM kern=-1 ops=a:0+512", "kern=-1 is not a list" },
		{ "case=T npb=2 mt=MM kern=1, ops=a:0+512", "kern=1, is not a list" },
		{ "case=T npb=2 mt=MM kern=1+0 ops=a:0+512", "kern=1+0 is not a list" },
		{ "case=T npb=2 mt=MM kern=1+x ops=a:0+512", "kern=1+x is not a list" },
		{ "case=T npb=2 mt=MM kern=99999999999999999999 ops=a:0+512", "is not a list" },
		{ "case=T npb=2 mt=MM kern=1024 ops=a:0+512", "1024+1 lies outside the arena of 1024 pages" },
		{ "case=T npb=2 mt=MM user=1000+25 ops=a:0+512", "1000+25 lies outside the arena of 1024 pages" },
		{ "case=T npb=2 mt=MM thp=100 ops=a:0+512", "thp=100 does not begin a pageblock" },
		{ "case=T npb=2 mt=MM thp=0,0 ops=a:0+512", "page 0 is given twice" },
		{ "case=T npb=2 mt=MM thp=1024 ops=a:0+512", "outside the arena" },
		{ "case=T npb=2 mt=MM kern=5 user=5 ops=a:0+512", "page 5 is given twice" },
		{ "case=T npb=2 mt=MM thp=0 user=5 ops=a:0+512", "page 5 is given twice" },
		{ "case=T npb=2 mt=MM frozen=5 ops=a:0+512", "frozen= without kern=" },
		{ "case=T npb=2 mt=MM pin=5 ops=a:0+512", "pin= without user=" },
		{ "case=T npb=2 mt=MM nolru=yes ops=a:0+512", "nolru=yes: 0 or 1" },
		{ "case=T npb=2 mt=MM ops=z:0+512", "'z:0+512' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a0+512", "'a0+512' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:0+", "'a:0+' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:0+0", "'a:0+0' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:-1+512", "'a:-1+512' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:0+512x", "'a:0+512x' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:00000000000000000000000000000000+512", "is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:512+513", "a:512+513 lies outside the arena" },
		{ "case=T npb=2 mt=MM ops=f:1024+1", "f:1024+1 lies outside the arena" },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "# line 1\n%s\n", cases[i].text);
		put("cases.txt", text);
		refused("cases.txt:2: ", cases[i].why);
	}
	put("cases.txt", CASE "\n" CASE);
	refused("cases.txt:3: ", "case T is there twice");
	snprintf(text, sizeof(text), "case=%0100d npb=2 mt=MM ops=a:0+512\n", 0);
	put("cases.txt", text);
	refused("cases.txt:1: ", "case= is longer than 95 letters");
}

static void too_many(void **state)
{
	char text[4096];
	size_t at = 0;

	(void)state;
	at += (size_t)sprintf(text, "case=T npb=2 mt=MM kern=0");
	for (int i = 1; i < 65; i++)
		at += (size_t)sprintf(text + at, ",%d", i * 2);
	strcpy(text + at, " ops=a:0+512\n");
	put("cases.txt", text);
	refused("cases.txt:1: ", "kern= lists more than 64 places");
	at = (size_t)sprintf(text, "case=T npb=2 mt=MM ops=a:0+512");
	for (int i = 0; i < 32; i++)
		at += (size_t)sprintf(text + at, ";f:0+512");
	strcpy(text + at, "\n");
	put("cases.txt", text);
	refused("cases.txt:1: ", "more than 32 operations");
}

static void damaged_layouts(void **state)
{
	static const struct {
		const char *block; /* number and type of a fourth pageblock */
		char unmovable, free;
		const char *why;
	} cases[] = {
		{ "4 M", '0', 'f', "the layout of 6.1 lacks pageblock 3" },
		{ "2 M", '0', 'f', "pageblock 2 of 6.1 is there twice" },
		{ "3 I", '0', 'f', "pageblock 3 of type I" },
		{ "-1 M", '0', 'f', "pageblock -1 of type M" },
		{ "4096 M", '0', 'f', "pageblock 4096 of type M: at most 4095" },
		{ "3x M", '0', 'f', "pageblock 3x of type M" },
		{ "3 M", '0', 'g', "a bitmap is not 128 hexadecimal digits" },
		{ "3 M", '1', 'f', "pageblock 3 of 6.1 has a page that is unmovable and free" },
		{ "3", '0', 'f', "pageblock 3 of type 0" },
		{ "3 M 0", '0', 'f', "not kernel, pageblock, type and two bitmaps" },
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t at = 0;

		for (int b = 0; b < 3; b++, at += strlen(text + at))
			block_line(text + at, sizeof(text) - at, "6.1", (const char *[]){ "0 M", "1 M", "2 M" }[b], '0', 'f');
		block_line(text + at, sizeof(text) - at, "6.1", cases[i].block, cases[i].unmovable, cases[i].free);
		put_compressed("random-a.layout.gz", text);
		refused("random-a.layout.gz", cases[i].why);
	}
	block_line(text, sizeof(text), "6.1", "0 M", '0', 'f');
	text[strlen(text) - 2] = '\0';
	put_compressed("random-a.layout.gz", text);
	refused("random-a.layout.gz:1: ", "a bitmap is not 128 hexadecimal digits");
	put_compressed("random-a.layout.gz", "");
	refused("random-a.jsonl:1: ", "the layout has no kernel 6.1");
	drop("random-a.layout.gz");
	refused("random-a.jsonl", "random-a.layout.gz is missing");
}

static void truncated_layout(void **state)
{
	char path[256], from[4096];

	(void)state;
	path_of(path, "random-a.layout.gz");
	/* something that does not compress to nothing */
	FILE *f = fopen(RECORDED "/random-scatter-50.layout.gz", "r");

	assert_non_null(f);
	assert_int_equal(fread(from, 1, sizeof(from), f), sizeof(from));
	fclose(f);
	for (size_t keep = 20; keep <= sizeof(from); keep += 1019) {
		f = fopen(path, "w");
		assert_int_equal(fwrite(from, 1, keep, f), keep);
		fclose(f);
		refused("random-a.layout.gz:", "the file ends too early");
	}
	/* a flipped bit */
	from[1000] ^= 4;
	f = fopen(path, "w");
	fwrite(from, 1, sizeof(from), f);
	fclose(f);
	conformance("");
	expect_status(CLI_USAGE);
	expect_said("random-a.layout.gz:");
}

static void damaged_requests(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "{", "not JSON" },
		{ "{\"kernel\": \"6.1\", \"start\": 0}", "pages" },
		{ REQUEST("-512", "512"), "-512+512 lies outside the layout" },
		{ REQUEST("0", "0"), "0+0 lies outside the layout" },
		{ REQUEST("0", "-1"), "0+-1 lies outside the layout" },
		{ REQUEST("5121", "512"), "5121+512 lies outside the layout of 5632 pages" },
		{ REQUEST("5632", "1"), "lies outside" },
		{ REQUEST("4294967296", "512"), "4294967296+512 lies outside" },
		{ REQUEST("0", "4294967808"), "lies outside" },
		{ REQUEST("9223372036854775807", "9223372036854775807"), "lies outside" },
		{ REQUEST("9223372036854775808", "1"), "not JSON: too big integer" },
		{ REQUEST("0.5", "1"), "Expected integer" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		put("random-a.jsonl", cases[i].text);
		refused("random-a.jsonl:1: ", cases[i].why);
	}
	put("random-a.jsonl", "{\"kernel\": \"7.2\", \"start\": 0, \"pages\": 512, \"rc\": 0, \"stage\": \"ok\", \"migrated\": 0, "
			      "\"type_before\": \"M\", \"type_after\": \"M\"}\n");
	refused("random-a.jsonl:1: ", "the layout has no kernel 7.2");
}

/* Eight pageblocks at once, and up to the last page; a folder may have several files, and one of the two kinds alone. */
static void shapes_of_requests(void **state)
{
	char text[8192];

	(void)state;
	put("random-a.jsonl",
	    "{\"kernel\": \"6.1\", \"start\": 1536, \"pages\": 4096, \"rc\": 0, \"stage\": \"ok\", \"migrated\": 0, "
	    "\"type_before\": \"MMMMMMMM\", \"type_after\": \"MMMMMMMM\"}\n" REQUEST("5631", "1"));
	free_layout(text, sizeof(text), "7.2");
	put_compressed("random-other.name.layout.gz", text);
	put("random-other.name.jsonl",
	    "{\"kernel\": \"7.2\", \"start\": 0, \"pages\": 512, \"rc\": -16, \"stage\": \"isolate\", \"migrated\": 0, "
	    "\"type_before\": \"M\", \"type_after\": \"M\"}\n");
	conformance("");
	expect_status(CLI_NO);
	expect_said("7.2 random-other.name.jsonl request 1 at 0+512: rc\n    kernel  -16\n    model   0");
	expect_said("6.1     linux-6.1                      2         2/2         2/2         4/4");

	drop("random-other.name.jsonl"); /* a layout alone is no file of requests */
	drop("cases.txt");
	refused("cases.txt", "No such file");
	drop("answers.jsonl");
	conformance("");
	expect_status(CLI_OK);
	put("cases.txt", CASE);
	refused("answers.jsonl", "No such file");
	put("answers.jsonl", ANSWER);
	drop("random-a.jsonl");
	conformance("");
	expect_status(CLI_OK);
	put("answers.jsonl", "# nothing\n");
	refused("/dir", "holds no recorded answers");
	drop("answers.jsonl");
	drop("cases.txt");
	refused("/dir", "holds no recorded answers");
}

static void what_is_no_folder(void **state)
{
	char line[256];

	(void)state;
	capture_command(&said, cmd_conformance, "conformance no/such/folder");
	expect_status(CLI_USAGE);
	expect_said("no/such/folder: No such file or directory");
	snprintf(line, sizeof(line), "conformance %s/dir/cases.txt", scratch);
	capture_command(&said, cmd_conformance, line);
	expect_status(CLI_USAGE);
	expect_said("Not a directory");
	/* a folder where a file should be, and a file that is no text */
	char path[256];

	drop("answers.jsonl");
	path_of(path, "answers.jsonl");
	assert_int_equal(mkdir(path, 0777), 0);
	refused("answers.jsonl:", "Is a directory");
	assert_int_equal(rmdir(path), 0);
	FILE *f = fopen(path, "w");

	fwrite("{\0}\n{}\n", 1, 7, f);
	fclose(f);
	refused("answers.jsonl:1: ", "not text");
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(scratch) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_agrees),
		cmocka_unit_test_setup(what_agrees_is_accepted, fresh),
		cmocka_unit_test_setup(another_answer_is_noticed, fresh),
		cmocka_unit_test(another_rule_is_noticed),
		cmocka_unit_test_setup(no_backend_is_no_agreement, fresh),
		cmocka_unit_test_setup(not_modelled_is_no_agreement, fresh),
		cmocka_unit_test_setup(backends, fresh),
		cmocka_unit_test_setup(damaged_answers, fresh),
		cmocka_unit_test_setup(damaged_cases, fresh),
		cmocka_unit_test_setup(too_many, fresh),
		cmocka_unit_test_setup(damaged_layouts, fresh),
		cmocka_unit_test_setup(truncated_layout, fresh),
		cmocka_unit_test_setup(damaged_requests, fresh),
		cmocka_unit_test_setup(shapes_of_requests, fresh),
		cmocka_unit_test_setup(what_is_no_folder, fresh),
	};

	return cmocka_run_group_tests_name("conformance", tests, set_up, tear_down);
}
