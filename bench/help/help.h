/* SPDX-License-Identifier: MIT */
/*
 * help.h - what a command is told: one table, from which --help, contigbench(1) and the bash completion are made.
 *
 * A command's table lies in bench/help/COMMAND.c and is named in bench/commands.c; `contigbench COMMAND --help` prints it
 * (help_print), and help_manual(), help_completion() and help_json() go over all of them, so that none of these can know
 * an option that the others do not. tests/test_help.c holds the tables against the parsers.
 */
#ifndef HELP_H
#define HELP_H

#include <stdbool.h>
#include <stdio.h>

/*
 * One option, operand or action. Texts are plain: no line breaks but where a paragraph ends ("\n"), no roff, no indentation;
 * what is to be typed stands in `backquotes`, but for options and for the names of arguments.
 */
struct help_option {
	/* "-o, --output"; of an operand its name in capitals, "DIR"; of an action, a word that comes first, that word: "info" */
	const char *flags;
	/* "FILE"; NULL: it takes none. "=FILE": only attached, as Google Benchmark has it; "[=FILE]": it may be left out */
	const char *arg;
	const char *text; /* for --help and the manual; a default stands at its end in parentheses */
	const char *more; /* for the manual only; may be NULL */
	/*
	 * What completes the argument, of an operand or action the operand: "file", "file:.ctr" (with that suffix), "dir",
	 * "backend", "workload", "scenario", "geometry", "costs", "kernel" (of guests), "subcommand", "command" (of the shell;
	 * the rest of the line is its own),
	 * "one|of|these"; with a comma in front where a list of them is taken (",backend"); NULL: nothing.
	 */
	const char *values;
};

struct help_group {
	const char *title; /* "Geometry", NULL in the first */
	const char *text;  /* under the title; may be NULL */
	const struct help_option
		*options; /* ends with flags NULL. Operands in their order; the last one may be repeated */
};

struct help_example {
	const char *call; /* "contigbench compare results/old results/new" */
	const char *text; /* what for */
};

struct help {
	const char *name;                    /* of the command */
	const char *summary;                 /* one line, for `contigbench --help` */
	const char *const *usage;            /* calls, without "usage: "; ends with NULL */
	const char *text;                    /* what it does */
	const char *more;                    /* for the manual only; may be NULL */
	const struct help_group *groups;     /* ends with options NULL; may be NULL */
	const struct help_example *examples; /* ends with call NULL; may be NULL */
	const char *status; /* what its exit statuses mean, where that is more than EXIT STATUS has; may be NULL */
	const struct help_group
		*legend; /* rows are nothing to be typed, but words that the command prints; may be NULL */
};

/* A section of the manual that belongs to no command. */
struct help_section {
	const char *title;              /* "ENVIRONMENT"; "EXAMPLES" are those of all tables */
	const char *macro;              /* mdoc(7) of the rows' names: "Ev" */
	const struct help_option *rows; /* ends with flags NULL; may be NULL */
	const char *text;               /* may be NULL */
};
extern const struct help_section help_sections[]; /* ends with title NULL */

/* ---- what is made of them. All go over cli_commands of ../cli.h ---------------------------------- */

/* What --help prints: at most 100 columns wide. */
void help_print(FILE *f, const struct help *h);
/* What `contigbench --help` prints: the commands, and what stands in front of them. */
void help_print_all(FILE *f);
/* contigbench(1), mdoc(7). */
void help_manual(FILE *f);
/* The part of one command, a section .Ss. */
void help_manual_command(FILE *f, const struct help *h);
/* A file for share/bash-completion/completions. */
void help_completion(FILE *f);
/* The tables as one JSON object; of one command only, or of all (NULL). */
void help_json(FILE *f, const struct help *only);
/* All values of a kind, "backend" for example, one a line: what the completion asks for. False: there is no such kind. */
bool help_words(FILE *f, const char *kind);

/* ---- for these ------------------------------------------------------------------------------------- */

/* "-o, --output" is an option; "DIR" an operand; "info" an action. */
static inline bool help_is_option(const struct help_option *o)
{
	return o->flags[0] == '-';
}

static inline bool help_is_action(const struct help_option *o)
{
	return o->flags[0] >= 'a' && o->flags[0] <= 'z';
}

/* --flag=ARG or --flag[=ARG], never --flag ARG. */
static inline bool help_is_attached(const struct help_option *o)
{
	return help_is_option(o) && o->arg && (o->arg[0] == '=' || o->arg[0] == '[');
}

/* The name at *at without ", ", its length in *len; *at goes on behind it. NULL: there is none left. */
const char *help_next_name(const char **at, size_t *len);

#endif
