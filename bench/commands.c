// SPDX-License-Identifier: MIT
/* commands.c - all commands, in the order in which help and manual have them. */
#include <string.h>

#include "cli.h"
#include "help/commands.h"

/* clang-format off */
const struct cli_command cli_commands[] = {
	{ &help_list, cmd_list },
	{ &help_run, cmd_run },
	{ &help_diverge, cmd_diverge },
	{ &help_explain, cmd_explain },
	{ &help_plot, cmd_plot },
	{ &help_verify, cmd_verify },
	{ &help_compare, cmd_compare },
	{ &help_history, cmd_history },
	{ &help_scenario, cmd_scenario },
	{ &help_conformance, cmd_conformance },
	{ &help_fidelity, cmd_fidelity },
	{ &help_hidden, cmd_hidden },
	{ &help_guest, cmd_guest },
	{ &help_calibrate, cmd_calibrate },
	{ &help_record, cmd_record },
	{ &help_trace, cmd_trace },
	{ &help_micro, cmd_micro },
	{ &help_perf, cmd_perf },
	{ &help_help, cmd_help },
	{ 0 },
};
/* clang-format on */

const struct cli_command *cli_command_named(const char *name)
{
	for (const struct cli_command *c = cli_commands; c->help; c++) {
		if (!strcmp(c->help->name, name))
			return c;
	}
	return NULL;
}
