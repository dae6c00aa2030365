/* SPDX-License-Identifier: MIT */
/* cli.h - what the commands of contigbench share: exit statuses, messages, numbers, the table of commands. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* docs: contigbench(1), EXIT STATUS */
enum cli_status {
	CLI_OK = 0,
	CLI_NO = 1,      /* the answer is no: a mismatch, a regression, a recorded command that failed */
	CLI_USAGE = 2,   /* the call or the input was wrong: flags, names, file contents */
	CLI_MACHINE = 3, /* the machine can not do it: privilege, space, I/O, a missing feature */
};

struct help;
struct option; /* getopt_long(3) */

struct cli_command {
	const struct help *help;            /* its name is the command's: help/help.h */
	int (*main)(int argc, char **argv); /* argv[0] is the command's name; returns enum cli_status */
};
extern const struct cli_command cli_commands[]; /* ends with help NULL */
extern const char *cli_command_name;            /* of the command that runs, for messages; NULL before one is found */
/* NULL: there is none of that name. */
const struct cli_command *cli_command_named(const char *name);

int cmd_calibrate(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_conformance(int argc, char **argv);
int cmd_diverge(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_fidelity(int argc, char **argv);
int cmd_guest(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_hidden(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_micro(int argc, char **argv);
int cmd_perf(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_scenario(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_verify(int argc, char **argv);

/*
 * Print "contigbench COMMAND: message" to stderr and return `status`, so that a command can say
 *	return cli_error(CLI_USAGE, "--seeds 0-3: seeds count from 1; try --seeds 1-3");
 */
int cli_error(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * The next option of a command into *opt, as getopt_long() has it: optarg is its value, and argv[optind] is the first operand
 * behind the last of them. Set *opt to 0 for the first. False at the end, when *status is not CLI_OK, and after a message about
 * one that is wrong: then *status is CLI_USAGE. `letters` begin with ':', or with "+:".
 */
bool cli_option(int argc, char **argv, const char *letters, const struct option *options, int *opt, int *status);

/* What getopt_long() answered '?' or, with ':' in front of its letters, ':' to, as CLI_USAGE and a message. */
int cli_bad_option(int opt, const char *given);

/* Whole numbers and decimals with nothing behind them; false (nothing printed) if not, or outside [min, max]. */
bool cli_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);
bool cli_double(const char *text, double min, double max, double *out);

/* A progress line on stderr, at most ten a second, nothing unless stderr is a terminal. done == total clears it. */
void cli_progress(const char *what, uint64_t done, uint64_t total);

/* `git describe` of the sources this was built from, and the date of that revision as mdoc(7) writes one. */
const char *cli_revision(void);
const char *cli_revision_date(void);

/* The status a command ends with, if all that it printed to stdout got there; else CLI_MACHINE with a message. */
int cli_printed(int status);

/* Status for an errno: what the user gave (ENOENT, EINVAL, EBADMSG ...) is CLI_USAGE, the rest CLI_MACHINE. */
int cli_status_of(int err);

#endif
