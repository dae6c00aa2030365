// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "EXPERIMENT", NULL, "only these, by name or by group (all)", NULL, NULL },
	{ "-b, --backends", "BACKEND,...", "only these, each for the kernel of its name; knobs may be added with +",
	  NULL, ",backend" },
	{ "--guests", "TRIALS", "boot each kernel and make so many trials of each experiment", NULL, NULL },
	{ "--kernel", "NAME",
	  "a kernel of one's own, by the name that it was built under, instead of the one backend's", NULL, NULL },
	{ "--recorded", "DIR", "hold what the model yields against DIR/hidden.jsonl: see contigbench-formats(5)", NULL,
	  "dir" },
	{ "--record", "DIR", "write what guests answer to DIR/hidden.jsonl; with --recorded, beside what was there",
	  NULL, "dir" },
	{ "--json", NULL, "print outcomes as JSON", NULL, NULL },
	{ "--markdown", NULL, "print them as a section of docs/fidelity.md", NULL, NULL },
	{ "--list", NULL, "print the experiments", NULL, NULL },
	{ "-v, --verbose", NULL, "print with each outcome of the model an interleaving that leads to it",
	  "A letter a step, A for the first request, and a number in front of several steps in a row.", NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_hidden = {
	.name = "hidden",
	.summary = "what requests that run at once come to: sets of outcomes, of kernels and of the model",
	.usage =
		(const char *const[]){
			"contigbench hidden [EXPERIMENT...] [-b BACKEND,...] [--guests TRIALS] [--kernel NAME] "
			"[--recorded DIR] [--record DIR] [--json|--markdown] [-v]",
			"contigbench hidden --list", NULL },
	.text = "The order in which two cpus get at a lock, what a reserve holds, where free pages lie: such state of a kernel is hidden, "
		"no layout shows it, and it decides what some requests come to. So an answer is not one outcome, as in "
		"`contigbench scenario` and `contigbench fidelity`, but a set. Explore every interleaving of the requests of each experiment on the model and print the outcomes, against "
		"those of real kernels: recorded ones, or trials in guests. One wants it after a change of how requests lock, isolate "
		"or undo.",
	.more = "An outcome is return code and stage of each request, types and map afterwards, and that nothing is left "
		"isolated and no counter has drifted.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.examples = (const struct help_example[]){ { "contigbench hidden races -v",
	                                             "what two requests at once may come to, and by which steps" },
	                                           { "contigbench hidden --recorded tests/conformance",
	                                             "whether that is what kernels showed, in a source tree" },
	                                           { 0 } },
	.status =
		"Exit status: 0 everything that a kernel showed in 5 % of trials or more is yielded by the model, or its "
		"reason is known; 1 something is not; 2 a name or file is wrong, or a kernel has not been built; 3 a guest can not be had, or did not "
		"answer everything: what was answered is printed.",
};
