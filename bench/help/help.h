/* SPDX-License-Identifier: MIT */
/*
 * help.h - what a command is told: one table, from which --help, contigbench(1) and the bash completion are made.
 *
 * A command's table lies beside its parser or in this folder; `contigbench COMMAND --help` prints it (help_print), and
 * help_manual() and help_completion() go over all of them, so that none of the three can know an option that the others do not.
 */
#ifndef HELP_H
#define HELP_H

#include <stdio.h>

/* One option, or one operand. Texts are plain: no line breaks but where a paragraph ends ("\n"), no roff, no indentation. */
struct help_option {
	const char *flags; /* "-o, --output"; of an operand its name: "DIR" */
	const char *arg;   /* "FILE"; NULL: it takes none. An optional one begins with '=' or '[' */
	const char *text;  /* for --help and the manual; a default stands at its end in parentheses */
	const char *more;  /* for the manual only; may be NULL */
	/*
	 * What completes the argument: "file", "file:.ctr" (with that suffix), "dir", "backend", "workload", "command", "one|of|these",
	 * each with a comma in front where a list of them is taken (",backend"); NULL: nothing.
	 */
	const char *values;
};

struct help_group {
	const char *title;                 /* "Geometry", NULL in the first */
	const char *text;                  /* under the title; may be NULL */
	const struct help_option *options; /* ends with flags NULL */
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
	const struct help_group *groups;     /* ends with options NULL */
	const struct help_example *examples; /* ends with call NULL; may be NULL */
	const char
		*status; /* exit statuses where there is more to say than EXIT STATUS of the manual has; may be NULL */
};

/* What --help prints: at most 100 columns wide. */
void help_print(FILE *f, const struct help *h);

#endif
