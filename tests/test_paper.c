// SPDX-License-Identifier: MIT
/*
 * test_paper.c - scripts/paper-numbers: a paper of a few lines over one small run. Every number it asks for comes from the
 * run's files; what is missing, damaged, not so or cites nothing ends it with status 2 and a name. No LaTeX is needed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "lib/house.h"

static char numbers[4096]; /* the script */

#define HOSTILE "a_b%c#{}$~^\\&<\"|"

/* What the model answers plays no part here: a program that says as little as the script can read. */
static const char model[] =
	"#!/bin/sh\n"
	"case $1 in\n"
	"conformance) echo '{\"schema\":1,\"disagreements\":0,\"kernels\":[{\"kernel\":\"6.1\",\"backend\":\"linux-6.1\","
	"\"cases\":1,\"not_modelled\":0,\"random_requests\":1,\"random_pages_migrated_model\":1,"
	"\"random_pages_migrated_kernel\":1}]}' ;;\n"
	"scenario) echo '{\"schema\":1,\"differ\":0,\"scenarios\":[]}' ;;\n"
	"list) echo '[{\"name\":\"a_knob\",\"meaning\":\"50 % & more\",\"values\":[{\"name\":\"on\",\"where\":\"v1\"}]}]' ;;\n"
	"esac\n";

#define RUNS   "tiny\t--sizes 1b\n"
#define TABLES "table t @{}ll@{}\ncell tiny/60/1b/@:success\nrow linux-5.10 5.10\nrow linux-6.1 6.1\n"
#define CLAIMS "all-known\ttiny/60/1b/linux-5.10:requests > 0 and 2 * tiny/60/1b/linux-5.10:requests >= 2\n"
#define TEXT                                                                                                           \
	"% \\result{in a comment}\n\\claim{all-known}{On \\result{tiny:workload} it is "                               \
	"\\result{tiny/60/1b/linux-5.10:success}, which \\result{tiny/60/1b/linux-6.1:verdict}},\n"                    \
	"and \\result{tiny/60/1b/linux-5.10:failures/grab/pcp} failed so. \\commit{b2c9e2fbba32}\n"

static void put(const char *name, const char *text)
{
	house_write(name, text, strlen(text));
}

static void shell(const char *line)
{
	if (system(line))
		fail_msg("%s", line);
}

static int set_up(void **state)
{
	char cwd[3072];

	if (!getcwd(cwd, sizeof(cwd)))
		return -1;
	snprintf(numbers, sizeof(numbers), "%s/scripts/paper-numbers", cwd);
	if (house_set_up(state))
		return -1;
	shell("mkdir build sources results");
	put("build/contigbench", model);
	shell("chmod +x build/contigbench; cp small.ctr '" HOSTILE ".ctr'");
	return 0;
}

/* The run and the paper, as they should be. */
static int make_paper(void **state)
{
	(void)state;
	shell("rm -rf results/tiny out");
	house_run(cmd_run, CLI_OK,
	          "run ./" HOSTILE ".ctr -b linux-5.10,linux-6.1 --sizes 1b --occupancy 60 --interval-ms 1 --hold-ms 0 "
	          "--seeds 1-2 -o results/tiny");
	put("sources/runs", RUNS);
	put("sources/figures", "f\ttiny\tsuccess-by-size\n");
	put("sources/tables", TABLES);
	put("sources/claims", CLAIMS);
	put("sources/text.tex", TEXT);
	put("sources/references.bib", "@misc{c:b2c9e2fbba32, title = {t}}\n");
	return 0;
}

static int script(int argc, char **argv)
{
	(void)argc;
	argv[0] = numbers;
	execv(numbers, argv);
	return 127;
}

static const char *built(int status)
{
	char line[] = "paper-numbers sources results out", cwd[3072], build[3200];

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(build, sizeof(build), "%s/build", cwd);
	setenv("BUILD", build, 1);
	return house_run(script, status, line);
}

/* It must end with status 2, say this, and leave nothing that LaTeX could take for whole. */
static void refused(const char *says)
{
	const char *text = built(CLI_USAGE);

	if (!strstr(text, says))
		fail_msg("expected '%s' in: %s", says, text);
	assert_false(house_has("out/numbers.tex") && house_has("out/tables.tex") && house_has("out/claims.tex"));
}

static void says(const char *name, const char *what)
{
	size_t len;
	char *text = house_contents(name, &len);

	if (!strstr(text, what))
		fail_msg("%s: expected '%s' in: %s", name, what, text);
	free(text);
}

/* Names of users are escaped; each number has its file and line behind it. */
static void numbers_and_where_they_are_from(void **state)
{
	(void)state;
	built(CLI_OK);
	says("out/numbers.tex", "\\defresult{tiny:workload}{a\\_b\\%c\\#\\{\\}\\$\\textasciitilde{}\\textasciicircum{}"
	                        "\\textbackslash{}\\&\\textless{}\\textquotedbl{}\\textbar{}}");
	says("out/numbers.tex", "% tiny/summary.csv line 3, column success_high\n");
	says("out/numbers.tex", ":failures/grab/pcp}{0}% none in failures.csv");
	says("out/tables.tex", "\\deftable{t}{\\begin{tabular}{@{}ll@{}}\n\\toprule\n5.10 & ");
	says("out/tables.tex", "50 \\% \\& more");
	says("out/claims.tex", "\\defclaim{all-known}{holds}");
	size_t len;
	char *text = house_contents("out/numbers.tex", &len);

	assert_null(strstr(text, "in a comment"));
	free(text);
}

static void a_row_that_is_not_there(void **state)
{
	(void)state;
	shell("cd results/tiny && sed -i '/,linux-6.1,/d' summary.csv failures.csv");
	refused("results/tiny is not as it was written");
	shell("cd results/tiny && sha256sum $(sed 's/.*  //' SHA256SUMS) >sums && mv sums SHA256SUMS");
	refused("there is no result tiny/60/1b/linux-6.1:difference_points, which ");
	refused("text.tex line 2 asks for");
	shell("rm -r results/tiny/summary.csv");
	refused("results/tiny has no summary.csv");
	shell("rm -r results/tiny");
	refused("no results of the run tiny: make them with `scripts/paper-runs tiny`");
}

static void a_table_without_a_row(void **state)
{
	(void)state;
	put("sources/tables", TABLES "row linux-9.9 9.9\n");
	refused("there is no result tiny/60/1b/linux-9.9:success_percent, which ");
}

static void half_a_file(void **state)
{
	(void)state;
	shell("cd results/tiny && head -c -40 summary.csv >half && mv half summary.csv && "
	      "sha256sum $(sed 's/.*  //' SHA256SUMS) >sums && mv sums SHA256SUMS");
	refused("columns are expected");
}

static void claims(void **state)
{
	(void)state;
	put("sources/claims", "all-known\ttiny/60/1b/linux-5.10:requests < 0\n");
	refused("the claim all-known does not hold: tiny/60/1b/linux-5.10:requests < 0, and it is ");
	setenv("PAPER_DRAFT", "1", 1);
	built(CLI_OK);
	unsetenv("PAPER_DRAFT");
	says("out/claims.tex", "\\defclaim{all-known}{fails}");
	put("sources/claims", CLAIMS "other\t1 < 2\n");
	refused("the text does not make the claim other of paper/claims line 2");
	put("sources/claims", "other\t1 < 2\n");
	refused("there is no claim all-known in paper/claims, which ");
	put("sources/claims", "all-known\ttiny/60/1b/linux-5.10:nothing > 0\n");
	refused("there is no result tiny/60/1b/linux-5.10:nothing, which paper/claims line 1 asks for");
}

/* 2164782 is a revision as good as any. */
static void a_name_that_looks_like_a_number(void **state)
{
	(void)state;
	put("sources/text.tex", TEXT "\\result{tiny:revision}\n");
	shell("cd results/tiny && sed -i '1s/\"revision\":\"[^\"]*/\"revision\":\"2164782/' summary.csv && "
	      "sha256sum $(sed 's/.*  //' SHA256SUMS) >sums && mv sums SHA256SUMS");
	built(CLI_OK);
	says("out/numbers.tex", "\\defresult{tiny:revision}{2164782}");
}

/* A sentence that depends on a sign gets its word from the interval. */
static void verdicts(void **state)
{
	static const char *const intervals[][2] = {
		{ "-3.25,-5.04,-1.5", "{loses 3.2 points [1.5, 5.0]}" },
		{ "3.25,0.04,10", "{gains 3.2 points [0.0, 10.0]}" },
		{ "-0.5,-2,0", "{shows no difference ($-$0.5 [$-$2.0, 0.0] points)}" },
	};
	char line[512];

	(void)state;
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		make_paper(state);
		snprintf(line, sizeof(line),
		         "cd results/tiny && awk -F, -v OFS=, -v v='%s' 'split(v, d, \",\") && $6 == \"linux-6.1\" "
		         "{ $14 = d[1]; $15 = d[2]; $16 = d[3] } 1' summary.csv >s && mv s summary.csv && "
		         "sha256sum $(sed 's/.*  //' SHA256SUMS) >sums && mv sums SHA256SUMS",
		         intervals[i][0]);
		shell(line);
		built(CLI_OK);
		says("out/numbers.tex", intervals[i][1]);
	}
}

static void words_without_results(void **state)
{
	(void)state;
	put("sources/text.tex", TEXT "It gains 16.3 points.\n");
	refused("text.tex line 4: no result stands behind the number 16.3");
	put("sources/text.tex", TEXT "It gains 16\\pc{} in v5.10, at 95\\pc{}.\n");
	refused("no result stands behind the number 16\\pc");
	put("sources/text.tex", TEXT "\\commit{0123456789ab}\n");
	refused("the text cites the commit 0123456789ab, which is not in references.bib");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(numbers_and_where_they_are_from, make_paper),
		cmocka_unit_test_setup(a_row_that_is_not_there, make_paper),
		cmocka_unit_test_setup(a_table_without_a_row, make_paper),
		cmocka_unit_test_setup(half_a_file, make_paper),
		cmocka_unit_test_setup(claims, make_paper),
		cmocka_unit_test_setup(a_name_that_looks_like_a_number, make_paper),
		cmocka_unit_test_setup(verdicts, make_paper),
		cmocka_unit_test_setup(words_without_results, make_paper),
	};

	return cmocka_run_group_tests(tests, set_up, house_tear_down);
}
