// SPDX-License-Identifier: MIT
/* main.c - contigbench: find the command and run it. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

const struct cli_command cli_commands[] = {
	{ "list", "backends, workloads, metrics and knobs", cmd_list },
	{ "run", "replay a trace in virtual time with contiguous requests laid over it", cmd_run },
	{ "diverge", "where two backends part on the same events, and which knob makes them", cmd_diverge },
	{ "explain", "why a request of a run failed", cmd_explain },
	{ "scenario", "exact states and operations: what each generation answers, against what it must", cmd_scenario },
	{ "conformance", "recorded answers of real kernels against the model", cmd_conformance },
	{ "compare", "is NEW better or worse than OLD? results, or JSON of Google Benchmark", cmd_compare },
	{ "record", "record the page allocations of a command", cmd_record },
	{ "trace", "info or cat of a recorded trace", cmd_trace },
	{ "micro", "microbenchmarks of the backends (Google Benchmark)", cmd_micro },
	{ "history", "keep results and find out when something changed", cmd_history },
	{ "perf", "the project's own speed limits", cmd_perf },
	{ NULL, NULL, NULL },
};

static void usage(FILE *to)
{
	fputs("usage: contigbench COMMAND [OPTION...]      contigbench COMMAND --help\n\n", to);
	for (const struct cli_command *c = cli_commands; c->name; c++)
		fprintf(to, "  %-12s %s\n", c->name, c->summary);
	fputs("\nExit status: 0 fine; 1 the answer is no; 2 wrong call or input; 3 the machine can not do it.\n", to);
}

static int run(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return CLI_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("contigbench %s\n", cli_revision());
		return CLI_OK;
	}
	for (const struct cli_command *c = cli_commands; c->name; c++) {
		if (!strcmp(argv[1], c->name)) {
			cli_command_name = c->name;
			return c->main(argc - 1, argv + 1);
		}
	}
	return cli_error(CLI_USAGE, "unknown command '%s': `contigbench --help` lists the commands", argv[1]);
}

int main(int argc, char **argv)
{
	return cli_printed(run(argc, argv));
}
