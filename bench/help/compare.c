// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option operands[] = {
	{ "OLD", NULL,
	  "what it was: a results folder of either clock, its benchmark.json, or a JSON of any program with Google Benchmark",
	  NULL, "file" },
	{ "NEW", NULL, "what it is now: the same", NULL, "file" },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option what[] = {
	{ "--filter", "REGEX", "benchmarks whose name holds a match of this extended regular expression (all)", NULL,
	  NULL },
	{ "--metric", "LIST",
	  "metrics of these names; `all` are all of them (those that times are judged by; none that only say the same with more "
	  "noise, such as the slowest in a thousand)",
	  NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option gate[] = {
	{ "--threshold", "PERCENT",
	  "a time is worse if it is longer by more than that, with its whole interval, and p is below 0.05 (5)",
	  "A throughput is worse if a unit of work takes longer by more than that.", NULL },
	{ "--count-threshold", "PERCENT", "a count is worse if its sum over the seeds is worse by more than that (0)",
	  NULL, NULL },
	{ "--rate-threshold", "POINTS",
	  "a success rate is worse if it is lower by more percentage points than that (1)", NULL, NULL },
	{ "--aa", "PATH",
	  "another run of what OLD ran; may be given again: thresholds become at least as large as the largest change between "
	  "these, metric by metric",
	  NULL, "file" },
	{ "--strict", NULL, "a count that changed is a regression also where neither more nor less of it is better",
	  NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option out[] = {
	{ "-v, --verbose", NULL, "also what is the same, line by line", NULL, NULL },
	{ "--json", NULL, "one JSON object instead of text", NULL, NULL },
	{ "--markdown", NULL, "tables for a merge request", NULL, NULL },
	{ "--junit", NULL, "JUnit's XML: a test case for each comparison, a failure for each regression", NULL, NULL },
	{ "-o, --output", "FILE", "write there instead of to the terminal: whole, or not at all", NULL, "file" },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct help help_compare = {
	.name = "compare",
	.summary = "is NEW better or worse than OLD? results of this program, or any JSON of Google Benchmark",
	.usage = (const char *const[]){ "contigbench compare OLD NEW [OPTION...]", NULL },
	.text = "Holds the same metric of the same benchmark against each other, a verdict a line, the worst first: better, worse, same, "
		"changed (of what is neither good nor bad), or cannot tell, and then how many more runs it takes.\n"
		"Counts of virtual time are compared exactly, seed by seed. Success rates are tested exactly (McNemar, Fisher, or a "
		"permutation of repetitions); times by ranks (Mann-Whitney) with a bootstrap interval of the ratio of their medians. "
		"p is corrected for all tests of the comparison (Holm).",
	.more = "docs/comparing.md explains verdicts, thresholds and what was measured of false alarms.",
	.groups = (const struct help_group[]){ { NULL, NULL, operands },
	                                       { "What is compared", NULL, what },
	                                       { "What is a regression", NULL, gate },
	                                       { "What comes out", NULL, out },
	                                       { NULL, NULL, NULL } },
	.examples =
		(const struct help_example[]){
			{ "contigbench compare results/before results/after", "what a change did" },
			{ "contigbench compare old.json new.json --threshold 10 --junit -o compare.xml",
	                  "a gate for any program with Google Benchmark" },
			{ "contigbench compare w1 w3 --aa w2",
	                  "w1 and w2 are of the same program: what they differ in is noise" },
			{ NULL, NULL } },
	.status =
		"Exit status: 0 no regression; 1 a regression, a benchmark that fails now, or counts that differ though nothing has "
		"changed; 2 wrong call or input; 3 the output can not be written.",
};
