// SPDX-License-Identifier: MIT
/* test_conformance_files.c - folders of recorded answers that are damaged, and each message that this gets. */
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
#include "lib/answers_folder.h"

#define RECORDED "tests/conformance" /* tests run from the top of the tree */

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
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", \"before\": {\"mt\": \"MM\"}, \"ops\": [" OP "]}\n",
		  "answers.jsonl:1: ", "map" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", \"before\": 5, \"ops\": [" OP "]}\n",
		  "answers.jsonl:1: ", "before" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": []}\n",
		  "answers.jsonl:1: ", "0 answers for the 1 operations of T" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": [" OP ", " OP "]}\n",
		  "answers.jsonl:1: ", "2 answers for the 1 operations of T" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": \"a\"}\n",
		  "answers.jsonl:1: ", "0 answers" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": [5]}\n",
		  "answers.jsonl:1: ", "Expected object" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": [{\"rc\": \"0\"}]}\n",
		  "answers.jsonl:1: ", "Expected integer" },
		{ "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE
		  ", \"ops\": [{\"op\": \"f:0+512\", \"rc\": 0, \"stage\": \"ok\", "
		  "\"mig_ok\": 0, \"moved\": 0, \"mt\": \"MM\", \"map\": \"\"}]}\n",
		  "answers.jsonl:1: ", "an answer to f:0+512" },
		{ "{\"kernel\": \"6.1\", \"case\": \"Z\", " BEFORE ", \"ops\": [" OP "]}\n",
		  "answers.jsonl:1: ", "no case Z in cases.txt" },
		{ "{\"kernel\": \"6.1.192-whose-name-goes-on-and-on-and-is-far-too-long\", \"case\": \"T\", " BEFORE
		  ", \"ops\": [" OP "]}\n",
		  "answers.jsonl:1: ", "too long" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		folder_put("answers.jsonl", cases[i].text);
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
		{ "case=T npb=2 mt=MM ops=zz:0+512", "'zz:0+512' is not an operation" },
		{ "case=T npb=2 mt=MM htlb=0 thp=0 ops=a:0+512", "page 0 is given twice" },
		{ "case=T npb=2 mt=MM ops=a0+512", "'a0+512' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:0+", "'a:0+' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:0+0", "'a:0+0' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:-1+512", "'a:-1+512' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:0+512x", "'a:0+512x' is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:00000000000000000000000000000000000000000000+512", "is not an operation" },
		{ "case=T npb=2 mt=MM ops=a:512+513", "a:512+513 lies outside the arena" },
		{ "case=T npb=2 mt=MM ops=f:1024+1", "f:1024+1 lies outside the arena" },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "# line 1\n%s\n", cases[i].text);
		folder_put("cases.txt", text);
		refused("cases.txt:2: ", cases[i].why);
	}
	folder_put("cases.txt", CASE "\n" CASE);
	refused("cases.txt:3: ", "case T is there twice");
	snprintf(text, sizeof(text), "case=%0100d npb=2 mt=MM ops=a:0+512\n", 0);
	folder_put("cases.txt", text);
	refused("cases.txt:1: ", "case= is longer than 95 letters");
}

static void too_many(void **state)
{
	static char text[32768];
	size_t at = 0;

	(void)state;
	at += (size_t)sprintf(text, "case=T npb=16 mt=MMMMMMMMMMMMMMMM kern=0");
	for (int i = 1; i < 4097; i++)
		at += (size_t)sprintf(text + at, ",%d", i * 2 % 8192);
	strcpy(text + at, " ops=a:0+512\n");
	folder_put("cases.txt", text);
	refused("cases.txt:1: ", "kern= lists more than 4096 places");
	at = (size_t)sprintf(text, "case=T npb=2 mt=MM ops=a:0+512");
	for (int i = 0; i < 32; i++)
		at += (size_t)sprintf(text + at, ";f:0+512");
	strcpy(text + at, "\n");
	folder_put("cases.txt", text);
	refused("cases.txt:1: ", "more than 32 operations");
}

static void damaged_layouts(void **state)
{
	static const struct {
		const char *block; /* number and type of a fourth pageblock */
		char unmovable, free;
		const char *why;
	} cases[] = {
		{ "4 M", '0', 'f', "kernel 6.1: the layout lacks pageblock 3" },
		{ "2 M", '0', 'f', "pageblock 2 is there twice" },
		{ "3 I", '0', 'f', "pageblock 3 of type I" },
		{ "-1 M", '0', 'f', "pageblock -1 of type M" },
		{ "4096 M", '0', 'f', "pageblock 4096 of type M: at most 4095" },
		{ "3x M", '0', 'f', "pageblock 3x of type M" },
		{ "3 M", '0', 'g', "a bitmap is not 128 hexadecimal digits" },
		{ "3 M", '1', 'f', "pageblock 3 has a page that is unmovable and free" },
		{ "3", '0', 'f', "pageblock 3 of type 0" },
		{ "3 M 0", '0', 'f', "not kernel, pageblock, type and two bitmaps" },
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t at = 0;

		for (int b = 0; b < 3; b++, at += strlen(text + at))
			block_line(text + at, sizeof(text) - at, "6.1", (const char *[]){ "0 M", "1 M", "2 M" }[b], '0',
			           'f');
		block_line(text + at, sizeof(text) - at, "6.1", cases[i].block, cases[i].unmovable, cases[i].free);
		folder_put_compressed("random-a.layout.gz", text);
		refused("random-a.layout.gz", cases[i].why);
	}
	block_line(text, sizeof(text), "6.1", "0 M", '0', 'f');
	text[strlen(text) - 2] = '\0';
	folder_put_compressed("random-a.layout.gz", text);
	refused("random-a.layout.gz:1: ", "a bitmap is not 128 hexadecimal digits");
	folder_put_compressed("random-a.layout.gz", "");
	refused("random-a.jsonl:1: ", "the layout has no kernel 6.1");
	folder_drop("random-a.layout.gz");
	refused("random-a.jsonl", "random-a.layout.gz is missing");
}

static void truncated_layout(void **state)
{
	char path[256], from[4096];

	(void)state;
	folder_path(path, "random-a.layout.gz");
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
		folder_put("random-a.jsonl", cases[i].text);
		refused("random-a.jsonl:1: ", cases[i].why);
	}
	folder_put("random-a.jsonl",
	           "{\"kernel\": \"7.2\", \"start\": 0, \"pages\": 512, \"rc\": 0, \"stage\": \"ok\", \"migrated\": 0, "
	           "\"type_before\": \"M\", \"type_after\": \"M\"}\n");
	refused("random-a.jsonl:1: ", "the layout has no kernel 7.2");
}

/* Eight pageblocks at once, and up to the last page; a folder may have several files, and one of the two kinds alone. */
static void shapes_of_requests(void **state)
{
	char text[8192];

	(void)state;
	folder_put("random-a.jsonl",
	           "{\"kernel\": \"6.1\", \"start\": 1536, \"pages\": 4096, \"rc\": 0, \"stage\": \"ok\", "
	           "\"migrated\": 0, "
	           "\"type_before\": \"MMMMMMMM\", \"type_after\": \"MMMMMMMM\"}\n" REQUEST("5631", "1"));
	free_layout(text, sizeof(text), "7.2");
	folder_put_compressed("random-other.name.layout.gz", text);
	folder_put("random-other.name.jsonl", "{\"kernel\": \"7.2\", \"start\": 0, \"pages\": 512, \"rc\": -16, "
	                                      "\"stage\": \"isolate\", \"migrated\": 0, "
	                                      "\"type_before\": \"M\", \"type_after\": \"M\"}\n");
	conformance("");
	expect_status(CLI_NO);
	expect_said("7.2 random-other.name.jsonl request 1 at 0+512: rc\n    kernel  -16\n    model   0");
	expect_said("6.1     linux-6.1                      2         2/2         2/2         4/4");

	folder_drop("random-other.name.jsonl"); /* a layout alone is no file of requests */
	folder_drop("cases.txt");
	refused("cases.txt", "No such file");
	folder_drop("answers.jsonl");
	conformance("");
	expect_status(CLI_OK);
	folder_put("cases.txt", CASE);
	refused("answers.jsonl", "No such file");
	folder_put("answers.jsonl", ANSWER);
	folder_drop("random-a.jsonl");
	conformance("");
	expect_status(CLI_OK);
	folder_put("answers.jsonl", "# nothing\n");
	refused("/dir", "holds no recorded answers");
	folder_drop("answers.jsonl");
	folder_drop("cases.txt");
	refused("/dir", "holds no recorded answers");
}

static void what_is_no_folder(void **state)
{
	char line[256];

	(void)state;
	capture_command(&said, cmd_conformance, "conformance no/such/folder");
	expect_status(CLI_USAGE);
	expect_said("no/such/folder: No such file or directory");
	snprintf(line, sizeof(line), "conformance %s/dir/cases.txt", folder_scratch);
	capture_command(&said, cmd_conformance, line);
	expect_status(CLI_USAGE);
	expect_said("Not a directory");
	/* a folder where a file should be, and a file that is no text */
	char path[256];

	folder_drop("answers.jsonl");
	folder_path(path, "answers.jsonl");
	assert_int_equal(mkdir(path, 0777), 0);
	refused("answers.jsonl:", "Is a directory");
	assert_int_equal(rmdir(path), 0);
	FILE *f = fopen(path, "w");

	fwrite("{\0}\n{}\n", 1, 7, f);
	fclose(f);
	refused("answers.jsonl:1: ", "not text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(damaged_answers, folder_fresh),
		cmocka_unit_test_setup(damaged_cases, folder_fresh),
		cmocka_unit_test_setup(too_many, folder_fresh),
		cmocka_unit_test_setup(damaged_layouts, folder_fresh),
		cmocka_unit_test_setup(truncated_layout, folder_fresh),
		cmocka_unit_test_setup(damaged_requests, folder_fresh),
		cmocka_unit_test_setup(shapes_of_requests, folder_fresh),
		cmocka_unit_test_setup(what_is_no_folder, folder_fresh),
	};

	return cmocka_run_group_tests_name("conformance files", tests, folder_set_up, folder_tear_down);
}
