// SPDX-License-Identifier: MIT
#include "commands.h"
#include "replay.h"

static const struct help_option options[] = {
	{ "-b, --backend", "LIST", "backends, knobs added with + (all of `contigbench list backends`)", NULL,
	  ",backend" },
	{ "--gib", "LIST", "sizes of the zone in GiB, 1 to 64 (1)", NULL, NULL },
	{ "--json", NULL, "the same as --benchmark_format=json", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

static const struct help_option benchmarks[] = {
	{ "hot_pair", NULL, "order 0, allocate and free the same page again", NULL, NULL },
	{ "aged_pair", NULL, "order 0, random victims in batches of 32768, zone half full", NULL, NULL },
	{ "order9_pair", NULL, "order 9, allocate and free", NULL, NULL },
	{ "contig_free_block", NULL, "contiguous request for one free pageblock", NULL, NULL },
	{ "contig_half_full_block", NULL, "the same for one half full of LRU pages, which are migrated", NULL, NULL },
	{ 0 },
};

const struct help_option help_benchmark_flags[] = {
	{ "--benchmark_list_tests", NULL, "names only", NULL, NULL },
	{ "--benchmark_filter", "=REGEX", "only those", NULL, NULL },
	{ "--benchmark_repetitions", "=N", "how often each is run", NULL, NULL },
	{ "--benchmark_enable_random_interleaving", "[=BOOL]", "repetitions of all in random order", NULL,
	  "true|false" },
	{ "--benchmark_report_aggregates_only", "[=BOOL]", "mean, median and deviation alone", NULL, "true|false" },
	{ "--benchmark_display_aggregates_only", "[=BOOL]", "the same on the terminal only", NULL, "true|false" },
	{ "--benchmark_format", "=FORMAT", "on the terminal: console, json or csv", NULL, "console|json|csv" },
	{ "--benchmark_out", "=FILE", "write them to a file, too", NULL, "file" },
	{ "--benchmark_out_format", "=FORMAT", "there: json, console or csv", NULL, "json|console|csv" },
	{ "--benchmark_color", "=WHEN", "auto, true or false", NULL, "auto|true|false" },
	{ "--benchmark_counters_tabular", "[=BOOL]", "counters in columns", NULL, "true|false" },
	{ "--benchmark_context", "=KEY=VALUE,...", "facts to store with the results", NULL, NULL },
	{ "--benchmark_time_unit", "=UNIT", "ns, us, ms or s", NULL, "ns|us|ms|s" },
	{ 0 },
};

static const struct help_option flags[] = {
	{ "--benchmark_min_time", "=SECONDS", "how long each is measured at least", NULL, NULL },
	{ "--benchmark_min_warmup_time", "=SECONDS", "how long it runs before", NULL, NULL },
	{ "--benchmark_perf_counters", "=LIST", "perf counters, where the library has libpfm", NULL, NULL },
	{ "--v", "=N", "how much the library says of itself", NULL, NULL },
	{ 0 },
};

const struct help help_micro = {
	.name = "micro",
	.summary = "microbenchmarks of the backends (Google Benchmark)",
	.usage =
		(const char *const[]){
			"contigbench micro [-b BACKEND,...] [--gib N,...] [--json] [--benchmark_FLAG[=VALUE]...]",
			NULL },
	.text = "Measure single operations of the backends on the wall clock, one thread, with Google Benchmark. Metadata only: "
		"there is no memory behind the pages. Each is called NAME/BACKEND, with /gib:N behind it if N is not 1.",
	.groups = (const struct help_group[]){ { NULL, NULL, options },
	                                       { "Flags of the library", NULL, help_benchmark_flags },
	                                       { NULL, NULL, flags },
	                                       { 0 } },
	.legend = (const struct help_group[]){ { "Benchmarks", NULL, benchmarks }, { 0 } },
	.examples =
		(const struct help_example[]){
			{ "contigbench micro --benchmark_filter='^aged' --benchmark_repetitions=10 --benchmark_out=new.json",
	                  "order-0 allocation in an aged zone, for a comparison later" },
			{ 0 } },
	.status =
		"Exit status: 0 fine; 1 a benchmark failed; 2 unknown flag, or a filter that matches nothing; 3 the machine can "
		"not do it, such as perf counters with a library that was built without libpfm.",
};
