// SPDX-License-Identifier: MIT
/* test_completion.c - the completion for bash: what bash offers behind a line, by running bash with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/help/commands.h"
#include "lib/house.h"

static char program[4096]; /* build/contigbench, absolute */

static int set_up(void **state)
{
	char *here = realpath("/proc/self/exe", NULL), *end = here ? strrchr(here, '/') : NULL;

	/* build/tests/test_help */
	if (end)
		*end = '\0';
	end = here ? strrchr(here, '/') : NULL;
	if (!end || house_set_up(state))
		return -1;
	snprintf(program, sizeof(program), "%.*s/contigbench", (int)(end - here), here);
	free(here);
	FILE *f = fopen("completion", "w");

	if (!f)
		return -1;
	help_completion(f);
	return fclose(f) ||
	       system("mkdir -p folder 'with space' && touch 'a b.ctr' x:y.ctr folder/in.ctr notes.txt notes.so");
}

/* What bash has in COMPREPLY after a tab behind these words (bash cut them so), one a line. */
static const char *completed(const char *words)
{
	char line[8192];

	snprintf(line, sizeof(line),
	         "bash --norc -c '. ./completion; COMP_WORDS=(%s %s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
	         "_contigbench 2>&1; printf \"%%s\\n\" \"${COMPREPLY[@]}\"'",
	         program, words);
	return house_shell(line);
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++) {
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
	}
	return false;
}

static void completes(const char *words, const char *to)
{
	const char *text = completed(words);

	if (!has_line(text, to))
		fail_msg("'%s' is not completed to '%s', but: %s", words, to, text);
}

static void completes_nothing(const char *words, const char *to)
{
	const char *text = completed(words);

	if (has_line(text, to))
		fail_msg("'%s' is completed to '%s', among: %s", words, to, text);
}

static void commands_and_options(void **state)
{
	(void)state;
	for (const struct cli_command *c = cli_commands; c->help; c++)
		completes("\"\"", c->help->name);
	assert_string_equal(completed("expl"), "explain\n");
	completes("--", "--version");
	completes("run --", "--occupancy");
	completes("run -b linux-6.1 --oc", "--occupancy");
	completes("run --benchmark_fi", "--benchmark_filter=");
	completes_nothing("run --", "--figure");
	assert_string_equal(completed("diverge --ans"), "--answers\n");
	completes("help di", "diverge");
	completes("history \"\"", "export");
	completes("history list \"\"", "runs");
	/* plugins stand in front of the command, and bring backends of which the program knows then */
	completes("--plugin x.so ru", "run");
	completes("--plugin no", "notes.so");
	/* behind --, and in a recorded command, nothing is an option of ours */
	completes_nothing("run -- --", "--occupancy");
	completes_nothing("record -o x.ctr make --", "--force");
	completes("record -o x.ctr \"\" ", "ls");
}

static void values(void **state)
{
	(void)state;
	completes("run --clock \"\"", "wall");
	completes("run --clock = wa", "wall");
	completes("run --clock =", "virtual");
	completes("perf -f har", "harness");
	completes("run --geometry x86-64,po", "x86-64,powerpc-64k-hash");
	completes("list kn", "knobs");
	completes("trace \"\"", "cat");
	completes("trace info sm", "small.ctr");
	completes("run --benchmark_format = js", "json");
	/* the value of an option is no operand */
	completes("trace --json in", "info");
	completes("run --age 3 nginx", "nginx-build");
	completes("scenario 8.2", "8.2-cma-spanning");
}

static void backends(void **state)
{
	(void)state;
	assert_string_equal(completed("run -b linux-7"), "linux-7.2\n");
	assert_string_equal(completed("run -b linux-7.2,first"), "linux-7.2,first-fit\n");
	assert_string_equal(completed("run -b linux-7.2+iso_ali"), "linux-7.2+iso_align=\n");
	/* bash cuts words at =, and replaces only what is behind it */
	completes("run -b linux-7.2+iso_align =", "block");
	assert_string_equal(completed("run -b linux-5.10,linux-7.2+iso_align = blo"), "block\n");
	assert_string_equal(completed("run -b linux-7.2+iso_align = block+fallba"), "block+fallback=\n");
	assert_string_equal(completed("run --ablate linux-5.10..linux-7"), "linux-5.10..linux-7.2\n");
	assert_string_equal(completed("run --backends = linux-7"), "linux-7.2\n");
}

static void files(void **state)
{
	(void)state;
	completes("trace cat a", "a b.ctr");
	completes("trace cat a\\\\\\ ", "a b.ctr");
	completes("trace cat x : y", "y.ctr");
	completes("trace cat fol", "folder");
	completes("trace cat folder/", "folder/in.ctr");
	completes_nothing("trace cat n", "notes.txt");
	completes("explain with", "with space");
	completes_nothing("explain s", "small.ctr");
	completes("run --benchmark_out = no", "notes.txt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_and_options),
		cmocka_unit_test(values),
		cmocka_unit_test(backends),
		cmocka_unit_test(files),
	};
	return cmocka_run_group_tests(tests, set_up, house_tear_down);
}
