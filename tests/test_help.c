// SPDX-License-Identifier: MIT
/*
 * test_help.c - the tables of help, and what is made of them: --help, the manual.
 *
 * A table and the parser of its command are two texts, and must name the same options. What the parser knows is caught on its
 * way to getopt_long(): this file has a function of that name, which comes before the library's.
 */
#include <dlfcn.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/help/commands.h"
#include "lib/house.h"

/* ---- what parsers know ----------------------------------------------------------------------- */

#define MAX_KNOWN 128

static struct {
	bool watched;
	struct option options[MAX_KNOWN]; /* of all actions of the command */
	size_t nr;
	char letters[64];
} parser;

static const struct option *known(const char *name)
{
	for (size_t i = 0; i < parser.nr; i++) {
		if (!strcmp(parser.options[i].name, name))
			return &parser.options[i];
	}
	return NULL;
}

static void learn(const char *letters, const struct option *options)
{
	if (strstr(parser.letters, letters))
		letters = "";
	strncat(parser.letters, letters, sizeof(parser.letters) - strlen(parser.letters) - 1);
	for (; options->name; options++) {
		if (!known(options->name) && parser.nr < MAX_KNOWN)
			parser.options[parser.nr++] = *options;
	}
}

/* In the way of the C library's. */
int getopt_long(int argc, char *const *argv, const char *letters, const struct option *options, int *index)
{
	static int (*real)(int, char *const *, const char *, const struct option *, int *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getopt_long");
	if (parser.watched)
		learn(letters, options);
	return real(argc, argv, letters, options, index);
}

/* Ask the parser of a command for its help, in this process: it must go through getopt_long(). */
static void watch(const struct cli_command *c, const char *action)
{
	char name[32], word[32], help[] = "--help", *argv[] = { name, word, help, NULL };

	snprintf(name, sizeof(name), "%s", c->help->name);
	snprintf(word, sizeof(word), "%s", action ? action : help);
	parser.watched = true;
	capture_mute();
	int status = c->main(action ? 3 : 2, argv);
	capture_unmute();
	parser.watched = false;
	optind = 0; /* children begin anew */
	if (status != CLI_OK)
		fail_msg("%s %s --help: status %d", name, action ? action : "", status);
}

static const struct help_option *each_row(const struct help *h, size_t n)
{
	for (const struct help_group *g = h->groups; g && g->options; g++) {
		for (const struct help_option *o = g->options; o->flags; o++) {
			if (!n--)
				return o;
		}
	}
	return NULL;
}

/* An action of a command may have a parser of its own: "contigbench trace info FILE" */
static void learn_all(const struct cli_command *c)
{
	char action[32];

	memset(&parser, 0, sizeof(parser));
	watch(c, NULL);
	for (const char *const *u = c->help->usage; *u; u++) {
		if (sscanf(*u, "contigbench %*s %31[a-z]", action) == 1)
			watch(c, action);
	}
}

/* One of a row's names, with its dashes. */
static bool row_has(const struct help_option *o, const char *name)
{
	const char *at = o->flags, *one;
	size_t len;

	while ((one = help_next_name(&at, &len))) {
		if (len == strlen(name) && !strncmp(one, name, len))
			return true;
	}
	return false;
}

static bool help_has(const struct help *h, const char *name)
{
	const struct help_option *o;

	for (size_t n = 0; (o = each_row(h, n)); n++) {
		if (row_has(o, name))
			return true;
	}
	return false;
}

/* Google Benchmark has a parser of its own. */
static bool is_librarys(const char *name)
{
	return !strncmp(name, "--benchmark_", 12) || !strcmp(name, "--v");
}

static void name_is_known(const struct help *h, const struct help_option *o, const char *name)
{
	if (is_librarys(name))
		return;
	if (name[1] == '-') {
		const struct option *option = known(name + 2);
		int wants = !o->arg ? no_argument : *o->arg == '[' ? optional_argument : required_argument;

		if (!option)
			fail_msg("%s: the help has %s, the parser does not", h->name, name);
		else if (option->has_arg != wants)
			fail_msg(
				"%s: %s takes no, one, or maybe an argument (0, 1, 2): %d in the help, %d for the parser",
				h->name, name, wants, option->has_arg);
		return;
	}
	const char *letter = strchr(parser.letters, name[1]);

	if (!letter || (letter[1] == ':') != !!o->arg)
		fail_msg("%s: %s of the help is otherwise in the parser's '%s'", h->name, name, parser.letters);
}

static void every_option_of_the_help_is_known_to_the_parser(void **state)
{
	(void)state;
	for (const struct cli_command *c = cli_commands; c->help; c++) {
		const struct help_option *o;

		learn_all(c);
		for (size_t n = 0; (o = each_row(c->help, n)); n++) {
			const char *at = o->flags, *one;
			char name[64];
			size_t len;

			while (help_is_option(o) && (one = help_next_name(&at, &len))) {
				snprintf(name, sizeof(name), "%.*s", (int)len, one);
				name_is_known(c->help, o, name);
			}
		}
	}
}

/* What one command's parser knows for another is refused, and so is what nobody is told of. */
static bool is_refused(const struct cli_command *c, const struct option *o)
{
	static struct capture said;
	char line[128];

	snprintf(line, sizeof(line), "%s --%s%s", c->help->name, o->name, o->has_arg ? "=1" : "");
	capture_command(&said, c->main, line);
	return said.status == CLI_USAGE && strstr(said.text, "unknown option");
}

static void every_option_of_the_parser_is_in_the_help(void **state)
{
	/* how perf calls itself below valgrind */
	static const char hidden[] = "counted";

	(void)state;
	for (const struct cli_command *c = cli_commands; c->help; c++) {
		learn_all(c);
		for (size_t i = 0; i < parser.nr; i++) {
			char name[64];

			snprintf(name, sizeof(name), "--%s", parser.options[i].name);
			if (!help_has(c->help, name) && strcmp(parser.options[i].name, hidden) &&
			    !is_refused(c, &parser.options[i]))
				fail_msg("%s: the parser has %s, the help does not", c->help->name, name);
		}
		for (const char *l = parser.letters; *l; l++) {
			char name[] = { '-', *l, '\0' };

			/* '+' and ':' are marks; letters that another spelling of diverge does not have are refused by it */
			if (!strchr("+:", *l) && !help_has(c->help, name) && strcmp(c->help->name, "diverge"))
				fail_msg("%s: the parser has %s, the help does not", c->help->name, name);
		}
	}
}

/* ---- tables and --help ----------------------------------------------------------------------- */

static void tables_are_complete(void **state)
{
	(void)state;
	for (const struct cli_command *c = cli_commands; c->help; c++) {
		const struct help *h = c->help;
		const struct help_option *o;
		char call[64];

		snprintf(call, sizeof(call), "contigbench %s", h->name);
		assert_non_null(h->summary);
		assert_non_null(h->text);
		for (const char *const *u = h->usage; *u; u++)
			assert_int_equal(strncmp(*u, call, strlen(call)), 0);
		for (const struct help_example *e = h->examples; e && e->call; e++)
			assert_non_null(strstr(e->call, "contigbench "));
		assert_true(help_has(h, "-h") && help_has(h, "--help") &&
		            help_has(h, "--json") != !strcmp(h->name, "record"));
		for (size_t n = 0; (o = each_row(h, n)); n++) {
			if (!o->text || !*o->text)
				fail_msg("%s: nothing is said of %s", h->name, o->flags);
		}
		/* of two actions both may have it, in groups of their own */
		for (const struct help_group *g = h->groups; g->options; g++) {
			for (size_t n = 0; g->options[n].flags; n++) {
				for (size_t k = 0; k < n; k++)
					assert_string_not_equal(g->options[k].flags, g->options[n].flags);
			}
		}
	}
}

static void help_is_narrow_and_names_everything(void **state)
{
	(void)state;
	for (const struct cli_command *c = cli_commands; c->help; c++) {
		const struct help_option *o;
		char line[64];

		snprintf(line, sizeof(line), "%s --help", c->help->name);
		const char *text = house_run(c->main, CLI_OK, line);

		for (size_t n = 0; (o = each_row(c->help, n)); n++)
			assert_non_null(strstr(text, o->flags));
		for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
			/* examples are not broken */
			if (strcspn(at, "\n") > 100 && strncmp(at, "    contigbench", 15))
				fail_msg("%s --help: a line of %zu", c->help->name, strcspn(at, "\n"));
		}
		snprintf(line, sizeof(line), "help %s", c->help->name);
		char *same = strdup(text);

		assert_string_equal(house_run(cmd_help, CLI_OK, line), same);
		free(same);
	}
}

static void wrong_calls(void **state)
{
	(void)state;
	house_refused(cmd_help, CLI_USAGE, "help no-such",
	              "there is no command 'no-such': `contigbench help` lists them");
	house_refused(cmd_help, CLI_USAGE, "help run list", "one command at a time");
	house_refused(cmd_help, CLI_USAGE, "help --completion zsh", "there is one for bash only");
	house_refused(cmd_help, CLI_USAGE, "help --completion", "--completion wants a value");
	house_refused(cmd_help, CLI_USAGE, "help --words nonsense", "--words nonsense: backend, knob, workload");
	house_refused(cmd_help, CLI_USAGE, "help --manual --json", "one thing at a time");
	house_refused(cmd_help, CLI_USAGE, "help run --manual", "one thing at a time");
	house_refused(cmd_help, CLI_USAGE, "help --nonsense", "unknown option --nonsense");
	house_refused(cmd_list, CLI_USAGE, "list backends knobs", "one list at a time");
	house_refused(cmd_list, CLI_USAGE, "list nonsense", "unknown list 'nonsense'");
	house_refused(cmd_help, CLI_USAGE, "help --manual=3", "--manual takes no value");
	house_refused(cmd_help, CLI_USAGE, "help -x", "unknown option -x");
	house_refused(cmd_scenario, CLI_USAGE, "scenario --nonsense", "unknown option --nonsense");
	house_refused(cmd_conformance, CLI_USAGE, "conformance -b", "-b wants a value");
	house_refused(cmd_list, CLI_USAGE, "list --nonsense", "unknown option --nonsense");
}

static void as_json(void **state)
{
	json_t *all = house_json(cmd_help, CLI_OK, "help --json"),
	       *one = house_json(cmd_help, CLI_OK, "help run --json");
	size_t nr = 0;

	(void)state;
	while (cli_commands[nr].help)
		nr++;
	assert_int_equal(json_array_size(json_object_get(all, "commands")), nr);
	assert_string_equal(json_string_value(json_object_get(one, "name")), "run");
	json_decref(all);
	json_decref(one);
}

/* ---- the manual ------------------------------------------------------------------------------ */

static bool there_is(const char *program)
{
	char line[128];

	snprintf(line, sizeof(line), "command -v %s >/dev/null", program);
	return !system(line);
}

static void write_manual(void)
{
	FILE *f = fopen("contigbench.1", "w");

	assert_non_null(f);
	help_manual(f);
	assert_int_equal(fclose(f), 0);
}

static void the_manual_has_every_option_once_set(void **state)
{
	(void)state;
	if (!there_is("mandoc")) {
		print_message("skipped: mandoc is not here\n");
		skip();
	}
	write_manual();
	assert_string_equal(house_shell("mandoc -Tlint -W warning contigbench.1 2>&1"), "");
	const char *page = house_shell("mandoc -Tascii -Owidth=100 contigbench.1 | col -bx");

	for (const struct cli_command *c = cli_commands; c->help; c++) {
		const struct help_option *o;
		char heading[64];

		snprintf(heading, sizeof(heading), "\n   %s\n", c->help->name);
		const char *section = strstr(page, heading);

		assert_non_null(section);
		for (size_t n = 0; (o = each_row(c->help, n)); n++) {
			char row[64];

			snprintf(row, sizeof(row), "\n     %s", o->flags);
			if (!strstr(section, row))
				fail_msg("contigbench(1), %s: %s is missing", c->help->name, o->flags);
		}
	}
}

/* groff begins a new line of the synopsis only for a .Nm that has its line for itself; mandoc would do so for others, too. */
static void the_synopsis_has_a_line_for_each_call(void **state)
{
	size_t calls = 0, lines = 0, len;

	(void)state;
	write_manual();
	char *page = house_contents("contigbench.1", &len);
	const char *at = strstr(page, "\n.Sh SYNOPSIS\n"), *end = strstr(page, "\n.Sh DESCRIPTION\n");

	assert_true(at && end);
	for (const char *const *u = help_contigbench.usage; *u; u++)
		calls++;
	for (const struct cli_command *c = cli_commands; c->help; c++) {
		for (const char *const *u = c->help->usage; *u; u++)
			calls++;
	}
	while ((at = strstr(at, "\n.Nm")) && at < end) {
		at += strlen("\n.Nm");
		assert_int_equal(*at, '\n');
		lines++;
	}
	assert_int_equal(lines, calls);
	free(page);
}

/* What a text may hold and roff would take for something else. */
static void texts_are_no_markup(void **state)
{
	static const struct help_option rows[] = {
		{ "--odd", "FILE", "a \\fB backslash, .Sh in front, 'quotes' and \"more\"", ".Pp\n.Sh NONSENSE\n' \\n(",
		  NULL },
		{ 0 },
	};
	static const char *const usage[] = { "contigbench odd", NULL };
	static const struct help_group groups[] = { { NULL, NULL, rows }, { 0 } };
	static const struct help odd = {
		.name = "odd",
		.summary = "",
		.usage = usage,
		.text = ".Sh FILE. `Sh No Fl` (--odd) \\e 'x",
		.groups = groups,
	};
	FILE *f;

	(void)state;
	if (!there_is("mandoc"))
		skip();
	f = fopen("odd.1", "w");
	assert_non_null(f);
	fputs(".Dd November 29, 2026\n.Dt ODD 1\n.Os\n.Sh NAME\n.Nm odd\n.Nd odd\n.Sh DESCRIPTION\n", f);
	help_manual_command(f, &odd);
	fclose(f);
	const char *page = house_shell("mandoc -Tascii -Owidth=100 odd.1 | col -bx");

	assert_non_null(strstr(page, "     .Sh FILE.  `Sh No Fl' (--odd) \\e 'x\n"));
	assert_non_null(strstr(page, "a \\fB backslash, .Sh in front, 'quotes' and \"more\"\n"));
	assert_non_null(strstr(page, ".Sh NONSENSE\n"));
	assert_non_null(strstr(page, "' \\n(\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_of_the_help_is_known_to_the_parser),
		cmocka_unit_test(every_option_of_the_parser_is_in_the_help),
		cmocka_unit_test(tables_are_complete),
		cmocka_unit_test(help_is_narrow_and_names_everything),
		cmocka_unit_test(wrong_calls),
		cmocka_unit_test(as_json),
		cmocka_unit_test(the_manual_has_every_option_once_set),
		cmocka_unit_test(the_synopsis_has_a_line_for_each_call),
		cmocka_unit_test(texts_are_no_markup),
	};
	return cmocka_run_group_tests(tests, house_set_up, house_tear_down);
}
