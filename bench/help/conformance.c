// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "DIR", NULL,
	  "cases.txt, answers.jsonl, any random-*.jsonl with its random-*.layout.gz: see contigbench-formats(5)", NULL,
	  "dir" },
	{ "-b", "BACKEND,...",
	  "only these backends, each against the kernel of its name; knobs may be added with +, and NAME@guest is the kernel "
	  "itself",
	  NULL, ",backend" },
	{ "--json", NULL, "print the counts as JSON", NULL, NULL },
	{ "--markdown", NULL, "print them as docs/fidelity.md has them", NULL, NULL },
	{ "--knobs", NULL, "then turn each knob of each backend: which rules do the answers decide? (minutes)",
	  "Each knob is turned to each other value that makes sense, and how many of these the answers notice is printed.",
	  NULL },
	{ "--record", "OUT",
	  "ask the kernels of -b (NAME@guest) anew, write cases.txt and answers.jsonl below OUT, and print what changed",
	  "Answers of kernels that are not among them are taken over. Nothing in DIR changes.", "dir" },
	{ "--quiet", NULL, "do not list disagreements", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_conformance = {
	.name = "conformance",
	.summary = "recorded answers of real kernels against the model",
	.usage =
		(const char *const[]){
			"contigbench conformance DIR [-b BACKEND,...] [--json|--markdown] [--knobs] [--quiet]",
			"contigbench conformance DIR -b KERNEL@guest,... --record OUT [--quiet]", NULL },
	.text = "Run the recorded cases and random requests of DIR on the model of the same kernel, its invariants checked after "
		"every operation, and print how far the answers agree and every disagreement with both layout strings.",
	.more = "Return code, stage and types decide the exit status; in scripted cases also the map and the pages migrated.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.examples =
		(const struct help_example[]){ { "contigbench conformance tests/conformance",
	                                         "how far the model agrees with recorded kernels, in a source tree" },
	                                       { 0 } },
	.status =
		"Exit status: 0 all agree in return code, stage and types, scripted cases also in map and pages migrated; 1 some "
		"do not, or an invariant broke (--record: some changed); 2 a file is damaged; 3 a guest does not boot or dies.",
};
