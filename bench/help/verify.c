// SPDX-License-Identifier: MIT
#include "commands.h"

static const char *const usage[] = {
	"contigbench verify FIGURE [--from DIR] [--rerun [--trace FILE]...] [--json]",
	NULL,
};

static const struct help_option options[] = {
	{ "FIGURE", NULL, "any of its files: FIGURE.json, FIGURE.dat, a picture", NULL, "file" },
	{ "--from", "DIR", "where the results folder is now (where the record says)", NULL, "dir" },
	{ "--rerun", NULL,
	  "make the results again, too, from the command in their context.json, and compare their digest; virtual time only",
	  NULL, NULL },
	{ "--trace", "FILE", "with --rerun: where a trace is now; it is known by its SHA-256", NULL, "file:.ctr" },
	{ "--json", NULL, "one JSON object instead of text", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_group groups[] = {
	{ NULL, NULL, options },
	{ NULL, NULL, NULL },
};

static const struct help_example examples[] = {
	{ "contigbench verify results/latest/latency.pdf", "is this what its results say?" },
	{ "contigbench verify figures/latency.json --rerun", "... and are these results what the program answers?" },
	{ NULL, NULL },
};

const struct help help_verify = {
	.name = "verify",
	.summary = "make a figure again and compare",
	.usage = usage,
	.text = "Makes a figure again from its record (FIGURE.json): the result files must have the sums that they had; the data "
		"must come out the same, exactly, and the pictures byte for byte if gnuplot, the font and the scripts are those "
		"that drew them. With --rerun the results themselves are made again first.",
	.groups = groups,
	.examples = examples,
	.status =
		"Exit status: 0 the same; 1 something differs, and is named; 2 it can not be told: results or traces are gone, "
		"changed or damaged; 3 no gnuplot, no room.",
};
