// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "LIST", NULL, "one of them: backends, workloads, metrics, knobs, presets, geometries or costs (all)", NULL,
	  "backends|workloads|metrics|knobs|presets|geometries|costs" },
	{ "--json", NULL, "as JSON; of presets, the backends with their policies", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_list = {
	.name = "list",
	.summary = "backends, workloads, metrics and knobs",
	.usage = (const char *const[]){ "contigbench list [LIST] [--json]", NULL },
	.text = "Show the backends, the workloads that ship with the program, the metrics of the tables, the knobs, the table of "
		"presets, the geometries and the cost tables; or one of these.",
	.more = "For each value of a knob, the releases and commits it comes from and the backends that have it.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
};
