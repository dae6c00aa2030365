// SPDX-License-Identifier: MIT
#include "commands.h"

static const char *const usage[] = {
	"contigbench plot [FIGURE...] [OPTION...]",
	"contigbench plot --list",
	NULL,
};

#define FIGURES                                                                                                                         \
	"success-by-size|success-by-max-order|success-by-occupancy|latency|phases|migrated|failures|fragmentation|ablation|type-drift|" \
	"memory-map"

static const struct help_option what[] = {
	{ "FIGURE", NULL, "one of those that --list shows (all that the results have the data for)", NULL, FIGURES },
	{ "--from", "DIR", "the results folder (results/latest)", NULL, "dir" },
	{ "--workload", "NAME", "of several workloads the one to draw (the first)", NULL, NULL },
	{ "--occupancy", "PERCENT", "one occupancy alone (all as panels; where a figure has room for one: the highest)",
	  NULL, NULL },
	{ "--size", "SIZE",
	  "one size alone, as run calls it (all; where a figure has room for one: 1b, else the first)", NULL, NULL },
	{ "-b, --backends", "LIST",
	  "these backends, in that order (all; a figure has room for 12, memory-map for two: the first and the last)",
	  NULL, ",backend" },
	{ "--max-order", "M", "of several geometries the one with that M (the first)", NULL, NULL },
	{ "--geometry", "NAME", "of several geometries the one of that name (the first)", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option where[] = {
	{ "-o, --output", "DIR", "folder for the pictures, made if it is not there (the results folder)", NULL, "dir" },
	{ "--width", "WIDTH", "single: 85 mm, a column of a paper; double: 176 mm, both; both (both)", NULL,
	  "single|double|both" },
	{ "--format", "LIST",
	  "of pdf, svg, png and tex; tex is cairolatex, a text for LaTeX and a PDF that it includes (pdf,svg,png)",
	  NULL, ",pdf|svg|png|tex" },
	{ "--json", NULL, "a JSON object of what was drawn and what was left out", NULL, NULL },
	{ "--list", NULL, "which figures there are, what they show and which run has their data", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_group groups[] = {
	{ "What is drawn", NULL, what },
	{ "What comes out", NULL, where },
	{ NULL, NULL, NULL },
};

static const struct help_example examples[] = {
	{ "contigbench plot", "all figures that results/latest has the data for, into it" },
	{ "contigbench plot latency --from results/old --size 8b --width single --format tex -o figures",
	  "one figure for a paper" },
	{ "contigbench plot memory-map --backends linux-5.10,linux-7.2 --occupancy 70", "two policies side by side" },
	{ NULL, NULL },
};

const struct help help_plot = {
	.name = "plot",
	.summary = "figures of a results folder, for a paper",
	.usage = usage,
	.text = "Draws figures from the files of a results folder, with gnuplot. Beside each picture stand the data that it was "
		"drawn from (FIGURE.dat) and a record of what made it (FIGURE.json), from which `contigbench verify` makes "
		"it again. A picture of the double width has -double in its name, one for LaTeX -latex.",
	.groups = groups,
	.examples = examples,
	.status =
		"Exit status: 0 drawn; 2 wrong call, no such figure, results without its data or damaged; 3 no gnuplot, no "
		"font, no room, or gnuplot failed.",
};
