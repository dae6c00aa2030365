// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "FILE", NULL, "a scenario file, or the name of one that ships; none: all that ship, and the recorded cases",
	  NULL, "file" },
	{ "-b, --backends", "NAME@guest,...", "only these kernels",
	  "By default linux-5.10, linux-6.1, linux-6.12 and linux-7.2.", ",backend" },
	{ "--model", "BACKEND", "hold the kernels against this backend",
	  "By default the one of the kernel's name; a kernel of your own needs it. Knobs may be added with +. With --replay: only "
	  "those kernels that were held against it, with whatever knobs.",
	  "backend" },
	{ "--requests", "N", "random requests on each of nine layouts (100); 0: none",
	  "The layouts are scattered, clustered and natural, 50, 70 and 90 % of memory in use.", NULL },
	{ "--layouts", "NAME,...", "only these of them: scattered-50 ... natural-90", NULL, NULL },
	{ "--seed", "N", "of layouts and requests (1)", NULL, NULL },
	{ "--no-scenarios", NULL, "random requests only", NULL, NULL },
	{ "-o", "DIR", "where everything that was asked and answered is kept (results/fidelity-DATE)", NULL, "dir" },
	{ "--replay", "DIR", "the report on what is kept there: no guest is needed", NULL, "dir" },
	{ "--json", NULL, "print the report as JSON, every disagreement whole", NULL, NULL },
	{ "--markdown", NULL, "print it as docs/fidelity.md has it", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_fidelity = {
	.name = "fidelity",
	.summary = "real kernels in guests against the model",
	.usage =
		(const char *const[]){
			"contigbench fidelity [-b NAME@guest,...] [--model BACKEND] [--requests N] [-o DIR] [FILE...]",
			"contigbench fidelity --replay DIR [--model BACKEND]", NULL },
	.text = "Boot each kernel, run the scenario set and random requests in it and on the model, and print how far return codes, "
		"stages of failure, types, maps and migrated pages agree, and every disagreement with both sides.",
	.more = "For random requests the guest's memory is filled, looked at page by page, and put into the model, the order of the "
		"free lists included; after a disagreement that is done anew. The folder that is written is one for "
		"`contigbench conformance`, too. Kernels come from `contigbench guest build`.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.examples =
		(const struct help_example[]){
			{ "contigbench fidelity -b linux-6.1@guest", "one kernel: minutes" },
			{ "contigbench fidelity -b mine@guest --model linux-7.2", "what does my patch change?" },
			{ "contigbench fidelity --replay results/fidelity-2026-11-30 --markdown", "the report again" },
			{ 0 } },
	.status =
		"Exit status: 0 all agree in return code and stage; 1 some do not; 2 the call or a file is wrong; 3 something could "
		"not be asked: what was answered is kept.",
};
