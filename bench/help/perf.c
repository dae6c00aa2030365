// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "-b, --backend", "LIST", "backends, knobs added with + (linux-6.1,linux-7.2)", NULL, ",backend" },
	{ "-f, --figure", "NAME",
	  "only this one: metadata, instructions, aged-time, contig, isolate, migrate, replay, threads or harness",
	  NULL, "metadata|instructions|aged-time|contig|isolate|migrate|replay|threads|harness" },
	{ "--trace", "FILE", "trace for `replay` (the one that ships)", NULL, "file:.ctr" },
	{ "--quick", NULL, "fewer repeats: to see that it works, not to judge", NULL, NULL },
	{ "--json", NULL, "one JSON object a line", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_perf = {
	.name = "perf",
	.summary = "the project's own speed limits",
	.usage =
		(const char *const[]){
			"contigbench perf [-b BACKEND,...] [--figure NAME] [--trace FILE] [--quick] [--json]", NULL },
	.text = "Measure the figures that this project holds itself to, and print one line each: name, backend, value, unit, limit, "
		"and `ok` or `short`. Takes about a minute a backend.\n"
		"Instructions are counted by valgrind's callgrind and are the same on every run; times are medians on the wall "
		"clock, on one cpu, and for `aged-time` relative to a textbook buddy allocator that runs alternately with the "
		"backend.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.status =
		"Exit status: 0 all ok; 1 a figure is short of its limit; 2 wrong call; 3 a figure could not be had, such as "
		"instructions without valgrind.",
};
