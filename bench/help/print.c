// SPDX-License-Identifier: MIT
/* print.c - tables as text for the terminal. */
#include <string.h>

#include "../cli.h"
#include "commands.h"

#define WIDTH  100
#define COLUMN 28 /* where texts of options begin */

const char *help_next_name(const char **at, size_t *len)
{
	const char *name = *at + strspn(*at, ", ");

	*len = strcspn(name, ",");
	*at = name + *len;
	return *len ? name : NULL;
}

/* Words of `text` from column `at` on, further lines from column `indent`; "\n" begins a new one. */
static void fill(FILE *f, const char *text, size_t at, size_t indent)
{
	size_t column = at;
	int first = 1;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (!first && column + 1 + word > WIDTH) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
			first = 1;
		}
		fprintf(f, "%s%.*s", first ? "" : " ", (int)word, text);
		column += word + !first;
		first = 0;
		text += word;
		if (*text == '\n') {
			fprintf(f, "\n%*s", text[1] ? (int)indent : 0, "");
			column = indent;
			first = 1;
		}
		text += *text != '\0';
	}
	fputc('\n', f);
}

static void print_option(FILE *f, const struct help_option *o)
{
	/* options without a letter stand below the others' long names */
	const char *indent = o->flags[0] == '-' && o->flags[1] == '-' ? "      " : "  ";
	const char *blank = help_is_attached(o) || !o->arg ? "" : " ";
	int n = fprintf(f, "%s%s%s%s", indent, o->flags, blank, o->arg ? o->arg : "");

	if (n < 0)
		return;
	if (n + 2 > COLUMN)
		fprintf(f, "\n%*s", COLUMN, "");
	else
		fprintf(f, "%*s", COLUMN - n, "");
	fill(f, o->text, COLUMN, COLUMN);
}

static void print_groups(FILE *f, const struct help_group *groups)
{
	for (const struct help_group *g = groups; g && g->options; g++) {
		fputc('\n', f);
		if (g->title)
			fprintf(f, "%s:\n", g->title);
		if (g->text)
			fill(f, g->text, 0, 0);
		for (const struct help_option *o = g->options; o->flags; o++)
			print_option(f, o);
	}
}

/* Up to a blank that is in no bracket: what a call may be broken at. */
static size_t piece_of_call(const char *text)
{
	size_t n = 0;

	for (int depth = 0; text[n] && (depth || text[n] != ' '); n++)
		depth += (text[n] == '[') - (text[n] == ']');
	return n;
}

static void print_call(FILE *f, const char *call)
{
	size_t column = strlen("usage:");

	while (*call) {
		size_t n = piece_of_call(call);

		if (column + 1 + n > WIDTH) {
			fprintf(f, "\n%*s", (int)strlen("usage:     "), "");
			column = strlen("usage:     ");
		}
		fprintf(f, " %.*s", (int)n, call);
		column += n + 1;
		call += n + (call[n] == ' ');
	}
	fputc('\n', f);
}

static void print_usage(FILE *f, const struct help *h)
{
	for (const char *const *u = h->usage; *u; u++) {
		fputs(u == h->usage ? "usage:" : "      ", f);
		print_call(f, *u);
	}
}

void help_print(FILE *f, const struct help *h)
{
	print_usage(f, h);
	fputc('\n', f);
	fill(f, h->text, 0, 0);
	print_groups(f, h->groups);
	print_groups(f, h->legend);
	for (const struct help_example *e = h->examples; e && e->call; e++)
		fprintf(f, "%s    %s\n        %s\n", e == h->examples ? "\nExamples:\n" : "", e->call, e->text);
	if (h->status) {
		fputc('\n', f);
		fill(f, h->status, 0, 0);
	}
}

void help_print_all(FILE *f)
{
	print_usage(f, &help_contigbench);
	fputc('\n', f);
	for (const struct cli_command *c = cli_commands; c->help; c++)
		fprintf(f, "  %-12s %s\n", c->help->name, c->help->summary);
	print_groups(f, help_contigbench.groups);
	fputc('\n', f);
	fill(f, help_contigbench.status, 0, 0);
}
