// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "--guest", "NAME",
	  "measure a kernel of `contigbench guest build` in a guest, in instructions: QEMU counts them (-icount), so that nothing "
	  "that goes on on this machine changes a number. It takes a minute or two",
	  NULL, NULL },
	{ "--running", NULL,
	  "measure the kernel that runs here, in time, as root: the number of 1 GiB pages is raised by one and put back, up to 25 "
	  "times, with up to 2 GiB of this process's memory in the way; without kprobe events memory is compacted, too; and up to 8 "
	  "memory blocks go offline and online again. For a minute this takes up to 4.5 GiB from everybody else",
	  "The number of gigantic pages, the blocks' states and zones, the events of the tracing and its instance are put "
	  "back, also after Ctrl-C and after an error; not after kill -9, but tracing that such a one left is removed by the next.",
	  NULL },
	{ "--from", "FILE",
	  "measure no kernel: FILE, of a guest, with the conversion of this machine. Instructions are the same everywhere, and what one "
	  "takes is not",
	  NULL, "costs" },
	{ "-o, --output", "FILE",
	  "where to put the cost file; it appears when it is complete (standard output, and the report on standard error)",
	  NULL, "file:.cost" },
	{ "--force", NULL, "replace FILE, and that of --observations, if it exists", NULL, NULL },
	{ "--name", "NAME", "what results call these costs (linux-6.1-guest)", NULL, NULL },
	{ "--conversion", "FILE",
	  "how long an instruction takes: as another cost file of a guest has it; or, of one of --running, by what migrating a page "
	  "takes there and in the guest (a loop is timed, which is rough)",
	  NULL, "file:.cost" },
	{ "--observations", "FILE", "every duration, with the work that it was held against, as CSV", NULL,
	  "file:.csv" },
	{ "--repeat", "N", "measure each layout N times (3)", NULL, NULL },
	{ "--json", NULL, "the report as JSON", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_calibrate = {
	.name = "calibrate",
	.summary = "measure what the work of a contiguous request costs on a kernel",
	.usage = (const char *const[]){ "contigbench calibrate --guest NAME [-o FILE] [OPTION...]",
	                                "contigbench calibrate --running [-o FILE] [OPTION...]",
	                                "contigbench calibrate --from FILE|NAME [-o FILE] [OPTION...]", NULL },
	.text = "Measure how long a kernel takes to isolate a pageblock, to look at a page, to migrate one ..., and write the prices as "
		"a cost file for `contigbench run --costs`. Entries and returns of the kernel's functions are traced (kprobe "
		"events, in a tracing instance of its own) while it is made to answer requests on known layouts; the model counts the "
		"work of the same requests; and prices that explain the durations best, none of them negative, are what is written.",
	.more = "Where a kernel has no kprobe events, its tracepoints bound some of the phases, and only these are measured. What was not "
		"measured has the built-in price, and the file says so.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.examples = (const struct help_example[]){ { "contigbench calibrate --guest linux-6.1 -o mine.cost",
	                                             "prices of Linux 6.1 on this machine" },
	                                           { "contigbench run --costs mine.cost -b linux-6.1",
	                                             "what they make of latencies" },
	                                           { 0 } },
	.status =
		"Exit status: 0 measured; 1 interrupted; 2 the call was wrong; 3 the machine can not do it (root, tracefs, QEMU, "
		"memory), and nothing is left changed.",
};
