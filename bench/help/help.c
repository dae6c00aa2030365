// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "COMMAND", NULL, "the help of this command; without one, the list of commands", NULL, "subcommand" },
	{ "--manual", NULL, "contigbench(1) as mdoc(7); read it by `contigbench help --manual | man -l -`", NULL,
	  NULL },
	{ "--completion", "SHELL", "a file that completes command lines: bash", NULL, "bash" },
	{ "--words", "KIND", "what an argument may be, one a line: backend, knob, workload, scenario or geometry",
	  "The completion asks for these.", "backend|knob|workload|scenario|geometry" },
	{ "--json", NULL, "the help as JSON", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_help = {
	.name = "help",
	.summary = "help of a command, the manual, completion for bash",
	.usage = (const char *const[]){ "contigbench help [COMMAND] [--json]",
	                                "contigbench help --manual | --completion bash | --words KIND", NULL },
	.text = "Print what --help of a command prints; or the manual or the completion, which are made from the same tables.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.examples = (const struct help_example[]){ { "contigbench help --manual | man -l -",
	                                             "this page, where it is not installed" },
	                                           { "source <(contigbench help --completion bash)",
	                                             "completion for this shell, where it is not installed" },
	                                           { 0 } },
};
