// SPDX-License-Identifier: MIT
/* main.c - contigbench: find the command and run it. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "help/help.h"
#include "plugins.h"

static int run(int argc, char **argv)
{
	int status = plugins_take(&argc, &argv);

	if (status != CLI_OK)
		return status;
	if (argc < 2) {
		help_print_all(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help_print_all(stdout);
		return CLI_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("contigbench %s\n", cli_revision());
		return CLI_OK;
	}
	const struct cli_command *c = cli_command_named(argv[1]);

	if (!c)
		return cli_error(CLI_USAGE, "unknown command '%s': `contigbench --help` lists the commands", argv[1]);
	cli_command_name = c->help->name;
	return c->main(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	return cli_printed(run(argc, argv));
}
