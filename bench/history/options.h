/* SPDX-License-Identifier: MIT */
/* options.h - what `contigbench history` is asked for. */
#ifndef HISTORY_OPTIONS_H
#define HISTORY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Which subcommands an option is for. */
enum {
	FOR_ADD = 1,
	FOR_LIST = 2,
	FOR_SHOW = 4,
	FOR_CHECK = 8,
	FOR_EXPORT = 16,
	FOR_ALL = 31,
};

struct history_options {
	char **operands;
	int nr_operands;
	const char *db, *output;
	const char *revision, *date, *commit_date, *machine;
	const char *metric, *since, *format;
	int64_t committed;
	uint64_t wait, run;
	double threshold; /* percent */
	bool all, json, help;
};

struct subcommand {
	const char *name;
	unsigned int is; /* FOR_... */
	int (*main)(const struct history_options *o);
};

/* argv[0] is the subcommand's name. CLI_OK, or a message was printed; texts stay those of argv. */
int history_options_parse(int argc, char **argv, const struct subcommand *sub, struct history_options *o);

#endif
