// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "FILE", NULL, "scenario files (.scn), or names of those that ship; without one, all that ship", NULL,
	  "scenario" },
	{ "-b, --backends", "BACKEND,...",
	  "these backends, knobs added with +; without it all generations, and composed backends where a scenario expects "
	  "something of them; NAME@guest is a kernel itself (`contigbench guest build`)",
	  NULL, ",backend" },
	{ "-v, --verbose", NULL,
	  "layout string, types and counters after every operation; of a kernel also how long requests took", NULL,
	  NULL },
	{ "--json", NULL, "all of it as JSON", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

static const struct help_option words[] = {
	{ "ok", NULL, "as expected", NULL, NULL },
	{ "ok?", NULL, "as expected, where the specification itself is not sure", NULL, NULL },
	{ "DIFFERS", NULL, "not as expected", NULL, NULL },
	{ "none", NULL, "a release has no such state", NULL, NULL },
	{ "n/p", NULL, "a backend can not do such a thing", NULL, NULL },
	{ ".", NULL, "nothing is expected", NULL, NULL },
	{ 0 },
};

const struct help help_scenario = {
	.name = "scenario",
	.summary = "exact states and operations: what each generation answers, against what it must",
	.usage = (const char *const[]){ "contigbench scenario [FILE...] [-b BACKEND,...] [-v] [--json]", NULL },
	.text = "Run scenarios - an exact initial state, a few operations - and hold the answers against what each generation must "
		"answer. Invariants are checked after every operation. The matrix of generations and scenarios is printed, every difference "
		"with both layout strings, what nothing was expected of, and why something was not possible, each reason once.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.legend = (const struct help_group[]){ { "In the matrix", NULL, words }, { 0 } },
	.examples =
		(const struct help_example[]){
			{ "contigbench scenario 8.2-cma-spanning -v",
	                  "what each generation makes of a free run over two CMA blocks, step by step" },
			{ "contigbench scenario kernel -b linux-6.1,linux-6.1@guest",
	                  "the model and the kernel itself, side by side" },
			{ 0 } },
	.status = "Exit status: 0 all as expected; 1 something differs, or an invariant broke; 2 a file is wrong.",
};
