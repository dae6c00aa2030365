// SPDX-License-Identifier: MIT
/* contigbench.c - what stands in front of a command, and the sections of contigbench(1) that belong to none. */
#include "commands.h"

static const struct help_option options[] = {
	{ "--plugin", "FILE", "backends of one's own, in a shared object; repeatable",
	  "docs/adding-a-policy.md of the sources says how such a thing is made. Results name it by its SHA-256.",
	  "file:.so" },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ "--version", NULL, "the revision of the sources it was built from", NULL, NULL },
	{ 0 },
};

const struct help help_contigbench = {
	.name = "contigbench",
	.summary = "compare rules for contiguous page allocation",
	.usage = (const char *const[]){ "contigbench [--plugin FILE]... COMMAND [OPTION...]",
	                                "contigbench COMMAND --help", "contigbench --help | --version", NULL },
	.text = "A user-space model of the Linux page allocator in which the disputed rules of alloc_contig_range are switches. It "
		"replays recorded page traffic under several settings of them, lays a stream of requests for contiguous memory over "
		"it, and reports success rates, pages migrated, modelled latency and fragmentation.",
	.more = "A backend is a name of `contigbench list backends`, or a name with knobs behind plus signs: "
		"`linux-6.1+merge_rule=iso_only`. A pageblock is 2^pageblock_order pages.\n"
		"Every command knows -h and --help. A default stands in parentheses behind the text of its option.",
	.groups = (const struct help_group[]){ { "In front of a command", NULL, options }, { 0 } },
	.status = "Exit status: 0 fine; 1 the answer is no; 2 wrong call or input; 3 the machine can not do it.",
};

static const struct help_option environment[] = {
	{ "CONTIGBENCH_PLUGINS", NULL, "Plugins to load before those of --plugin, with colons between them.", NULL,
	  NULL },
	{ "CONTIGBENCH_CACHE, XDG_CACHE_HOME", NULL,
	  "Where kernels of guests are kept, in a folder guest: in the first; else below the other, or below ~/.cache, in "
	  "contigbench.",
	  NULL, NULL },
	{ "HWLOC_XMLFILE, HWLOC_SYNTHETIC, HWLOC_THISSYSTEM", NULL,
	  "`contigbench run --clock wall` sees the machine as hwloc(7) does, which these can change.", NULL, NULL },
	{ "BENCHMARK_FLAG", NULL, "The value of Google Benchmark's flag of that name, where the command line has none.",
	  NULL, NULL },
	{ 0 },
};

static const struct help_option files[] = {
	{ "results/latest", NULL,
	  "Link to the newest results folder, when it was made in a folder of the name `results`.", NULL, NULL },
	{ "DIR.partial", NULL, "A results folder in the making; after Ctrl-C, the replays that are finished.", NULL,
	  NULL },
	{ "workloads/corpus/*.ctr, PREFIX/share/contigbench/corpus/*.ctr", NULL,
	  "The workloads that ship with the program: of the sources, or as installed.", NULL, NULL },
	{ "workloads/scenarios/*.scn, PREFIX/share/contigbench/scenarios/*.scn", NULL, "The scenarios.", NULL, NULL },
	{ 0 },
};

static const struct help_option statuses[] = {
	{ "0", NULL, "Fine.", NULL, NULL },
	{ "1", NULL,
	  "The answer is no: a disagreement with a recorded kernel, a broken invariant, two backends that differ (`diverge`), a "
	  "replay that ends otherwise than what is stored (`explain`), a figure short of its limit, a benchmark that failed, an "
	  "interrupted run, a recorded command that failed (the trace is kept).",
	  NULL, NULL },
	{ "2", NULL,
	  "The call or its input was wrong: flags, names, the content of a file, a filter that matches nothing.", NULL,
	  NULL },
	{ "3", NULL, "The machine can not do it: rights, space, memory, I/O, a missing feature.", NULL, NULL },
	{ 0 },
};

const struct help_section help_sections[] = {
	{ "ENVIRONMENT", "Ev", environment, NULL },
	{ "FILES", "Pa", files, NULL },
	{ "EXIT STATUS", "No", statuses, NULL },
	{ "EXAMPLES", NULL, NULL, NULL },
	{ "SEE ALSO", NULL, NULL,
	  "contigbench-formats(5), and docs/ of the sources, which begin with docs/README.md." },
	{ "BUGS", NULL, NULL,
	  "The model has no reclaim and no compaction: an allocation that would have waited for kswapd fails. Latency in virtual "
	  "time is modelled, by one table of prices, and predicts no machine. docs/running.md, Limits, has the rest." },
	{ 0 },
};
