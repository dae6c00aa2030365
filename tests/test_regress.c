// SPDX-License-Identifier: MIT
/*
 * test_regress.c - scripts/regress with a program of the test's own in the build folder: what makes the gate close.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];
static char said[16384];

static int set_up(void **state)
{
	char path[96];

	(void)state;
	strcpy(dir, "/tmp/regress-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/tests", dir);
	return mkdir(path, 0700);
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void file(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
}

/* What was counted: of both figures, and whether the counts of virtual time are as they were. */
static void counted(const char *hot, const char *aged, bool same)
{
	char text[1024];

	snprintf(text, sizeof(text),
	         "#!/bin/sh\n"
	         "case $1 in\n"
	         "perf) echo '{\"figure\": \"hot\", \"backend\": \"linux-6.1\", \"value\": %s, \"unit\": \"x\"}'\n"
	         "      echo '{\"figure\": \"aged\", \"backend\": \"linux-6.1\", \"value\": %s, \"unit\": \"x\"}' ;;\n"
	         "history) [ $2 = add ] || { echo 'history says'; exit 1; } ;;\n"
	         "esac\n",
	         hot, aged);
	file("contigbench", text);
	file("tests/test_baseline", same ? "#!/bin/sh\n" : "#!/bin/sh\necho '- was'; echo '+ is'; exit 1\n");
}

/* Exit status of the script; what it prints is in `said`. */
static int regress(const char *compiler)
{
	char line[512];

	snprintf(line, sizeof(line), "BUILD=%s ACCEPTED=%s/accepted CC=%s/%s OPT=-O9 scripts/regress 2>&1", dir, dir,
	         dir, compiler);
	FILE *f = popen(line, "r");

	assert_non_null(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
	const int status = pclose(f);

	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void gate(void **state)
{
	static const struct {
		const char *hot, *aged, *compiler;
		bool same;
		int status;
		const char *says;
	} cases[] = {
		{ "39", "126.637", "cc1", true, 0, "ok      aged linux-6.1: 126.637, accepted were 126.637" },
		{ "40", "126.637", "cc1", true, 1, "MORE    hot linux-6.1: 40, accepted were 39" },
		{ "39", "1e+03", "cc1", true, 1, "MORE    aged linux-6.1: 1e+03, accepted were 126.637" },
		{ "38", "126.637", "cc1", true, 0, "fewer   hot linux-6.1: 38, accepted were 39" },
		{ "39", "null", "cc1", true, 1, "GONE    aged linux-6.1" },
		{ "39", "126.637", "cc1", false, 1, "DIFFER  counts of virtual time" },
		{ "39", "126.637", "cc1", false, 1, "- was\n+ is\n" },
		{ "99", "999", "cc2", true, 0, "accepted were those of one, -O9; this is two, -O9" },
	};

	(void)state;
	if (system("valgrind --version >/dev/null 2>&1")) {
		print_message("skipped: valgrind is not here\n");
		skip();
	}
	file("cc1", "#!/bin/sh\necho cc one\n");
	file("cc2", "#!/bin/sh\necho cc two\n");
	file("accepted", "# a\n# b\n# one, -O9\nhot linux-6.1 39\naged linux-6.1 126.637\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		counted(cases[i].hot, cases[i].aged, cases[i].same);
		if (regress(cases[i].compiler) != cases[i].status || !strstr(said, cases[i].says) ||
		    !strstr(said, "history says"))
			fail_msg("%zu: %s", i, said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(gate) };

	return cmocka_run_group_tests_name("regress", tests, set_up, tear_down);
}
