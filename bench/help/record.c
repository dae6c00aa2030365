// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "COMMAND", NULL, "what to run, with its arguments", NULL, "command" },
	{ "-o, --output", "FILE", "where to put the trace (.ctr); it appears when it is complete", NULL, "file:.ctr" },
	{ "--force", NULL, "replace FILE if it exists", NULL, NULL },
	{ "--label", "TEXT", "a line to store with it, up to 63 bytes", NULL, NULL },
	{ "--buffer-mib", "N",
	  "kernel trace buffer for each cpu, 1 to 4096 MiB; it is part of the initial state, as kernel memory (16)",
	  NULL, NULL },
	{ "--leave-pcp", NULL,
	  "do not drain the per-cpu page lists first. Draining changes vm.percpu_pagelist_high_fraction for a moment; without "
	  "it, free pages on the lists are taken for kernel memory: /proc/kpageflags shows no difference",
	  NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_record = {
	.name = "record",
	.summary = "record the page allocations of a command",
	.usage = (const char *const[]){ "contigbench record -o FILE [OPTION...] [--] COMMAND [ARG...]", NULL },
	.text = "Record which pages the whole machine allocates and frees while COMMAND runs, from the kernel's tracepoints "
		"kmem:mm_page_alloc and kmem:mm_page_free. Pages in use when it starts become the trace's initial state. Neither "
		"the command, its arguments nor any path or process name is stored, and no page's place in memory.\n"
		"It needs root, tracefs at /sys/kernel/tracing and Linux 5.8 or later. COMMAND runs as root, too, unless it says "
		"otherwise: `contigbench record -o build.ctr -- setpriv --reuid me --init-groups make -j2`\n"
		"Ctrl-C ends the command, and what was recorded is kept; a second one kills it. When the trace can not be written "
		"any more, the command is ended as well.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.examples =
		(const struct help_example[]){
			{ "contigbench record -o build.ctr -- make -j2", "a trace of one's own, as root" }, { 0 } },
	.status =
		"Exit status: 0 fine; 1 COMMAND failed or was interrupted, the trace is kept; 2 wrong call, or no such COMMAND; "
		"3 the machine can not do it.",
};
