// SPDX-License-Identifier: MIT
#include "commands.h"
#include "replay.h"

static const struct help_option options[] = {
	{ "WORKLOAD", NULL, "as of `contigbench run`", NULL, "workload" },
	{ "-b, --backends", "A,B", "KNOB=VALUE chained with + behind a name", NULL, ",backend" },
	{ "--answers", NULL, "look at answers only: who gets pages, not which ones", NULL, NULL },
	{ "--count", NULL, "to the end of the trace: how much differs, for B and for each knob switched alone in A",
	  NULL, NULL },
	{ "--occupancy", "PERCENT", "the trace's peak use as percent of the zone (70)", NULL, NULL },
	{ "--seeds", "SEED", "which ranges are asked for, and the order of ageing (1)", NULL, NULL },
	{ "--sizes", "SIZE", "of a request: 64p is 64 pages, 2b two pageblocks (1b)", NULL, NULL },
	{ "--json", NULL, "one JSON object instead of text", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_diverge = {
	.name = "diverge",
	.summary = "where two backends part on the same events, and which knob makes them",
	.usage = (const char *const[]){ "contigbench diverge -b A,B [OPTION...] [WORKLOAD]", NULL },
	.text = "Replay a trace on two backends in lockstep, and show the first event that they answer differently or place "
		"elsewhere, and which knob makes the difference.",
	.more = "The event is printed, both answers, the pageblocks concerned as layout strings, and which of the knobs that differ "
		"makes the difference when it is switched alone in A.",
	.groups =
		(const struct help_group[]){
			{ NULL, NULL, options },
			{ "As for `contigbench run`, each with one value", NULL, help_replay_options },
			{ NULL, NULL, help_caller_options },
			{ "Geometry (that of the machine the trace was recorded on)", NULL, help_geometry_options },
			{ 0 } },
	.examples = (const struct help_example[]){ { "contigbench diverge -b linux-5.10,linux-6.1 --age 1 --answers",
	                                             "where two releases part, and which knob makes them" },
	                                           { 0 } },
	.status = "Exit status: 0 no difference; 1 they part.",
};
