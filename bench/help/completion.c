// SPDX-License-Identifier: MIT
/* completion.c - completion for bash: what is in completion.bash, and the tables as functions of it. */
#include <string.h>

#include "../cli.h"
#include "commands.h"

/* completion.bash, with a NUL behind it; the Makefile knows that this file depends on it. */
__asm__(".pushsection .rodata\n"
        "completion_bash: .incbin \"bench/help/completion.bash\"\n"
        "\t.byte 0\n"
        ".popsection\n");
extern const char completion_bash[] __attribute__((visibility("hidden")));

typedef void row_writer(FILE *f, const struct help *h, const struct help_option *o);

static void each_row(FILE *f, const struct help *h, row_writer *one)
{
	for (const struct help_group *g = h->groups; g && g->options; g++) {
		for (const struct help_option *o = g->options; o->flags; o++)
			one(f, h, o);
	}
}

static void write_names(FILE *f, const struct help *h, const struct help_option *o)
{
	const char *at = o->flags, *name;
	size_t len;

	(void)h;
	while (help_is_option(o) && (name = help_next_name(&at, &len)))
		fprintf(f, " %.*s%s", (int)len, name, o->arg && *o->arg == '=' ? "=" : "");
}

/* What is attached begins with =, so that the next word is not taken for it. */
static void write_argument(FILE *f, const struct help *h, const struct help_option *o)
{
	const char *at = o->flags, *name, *separator = "\t";
	size_t len;

	if (!help_is_option(o) || !o->arg)
		return;
	while ((name = help_next_name(&at, &len))) {
		fprintf(f, "%s'%s %.*s'", separator, h->name, (int)len, name);
		separator = " | ";
	}
	fprintf(f, ") echo '%s%s' ;;\n", help_is_attached(o) ? "=" : "", o->values ? o->values : "");
}

static void write_operand(FILE *f, const struct help *h, const struct help_option *o)
{
	(void)h;
	if (help_is_action(o))
		fprintf(f, " '=%s %s'", o->flags, o->values ? o->values : "");
	else if (!help_is_option(o))
		fprintf(f, " '%s'", o->values ? o->values : "");
}

/* A function with a case for each command, and for what stands in front of one. */
static void write_cases(FILE *f, const char *name, const char *before, row_writer *one, const char *behind)
{
	fprintf(f, "\n_contigbench_%s()\n{\n\tcase $1 in\n", name);
	for (const struct cli_command *c = cli_commands; c->help; c++) {
		fprintf(f, "\t%s) %s", c->help->name, before);
		each_row(f, c->help, one);
		fprintf(f, "%s ;;\n", behind);
	}
	fprintf(f, "\tcontigbench) %s", before);
	each_row(f, &help_contigbench, one);
	fprintf(f, "%s ;;\n\tesac\n}\n", behind);
}

void help_completion(FILE *f)
{
	fputs(completion_bash, f);
	fputs("\n_contigbench_commands()\n{\n\techo", f);
	for (const struct cli_command *c = cli_commands; c->help; c++)
		fprintf(f, " %s", c->help->name);
	fputs("\n}\n", f);
	write_cases(f, "options", "echo", write_names, "");
	write_cases(f, "operands", "printf '%s\\n'", write_operand, "");
	fputs("\n# The kind of an option's argument; fails if it takes none.\n_contigbench_argument()\n{\n\tcase \"$1 $2\" in\n",
	      f);
	for (const struct cli_command *c = cli_commands; c->help; c++)
		each_row(f, c->help, write_argument);
	each_row(f, &help_contigbench, write_argument);
	fputs("\t*) return 1 ;;\n\tesac\n}\n\ncomplete -F _contigbench contigbench\n", f);
}
