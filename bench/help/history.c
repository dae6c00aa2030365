// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "commands.h"

static const char *const usage[] = {
	"contigbench history add RESULTS... [--revision NAME] [--date DATE] [--commit-date DATE] [--machine NAME]",
	"contigbench history list [experiments|runs|benchmarks]",
	"contigbench history show BENCHMARK... [--metric NAME] [--all]",
	"contigbench history check [BENCHMARK...] [--metric NAME] [--all] [--threshold PERCENT] [--since REVISION]",
	"contigbench history export [--format json|csv|google] [-o FILE] [--revision NAME] [--machine NAME] [--run N]",
	NULL,
};

static const struct help_option actions[] = {
	{ "add", "RESULTS...",
	  "keep results: a folder, a JSON file of Google Benchmark, or what `history export` has written as JSON; one that is there "
	  "already is not added again",
	  NULL, "file" },
	{ "list", "[WHAT]", "what is kept: experiments, runs or benchmarks (experiments)", NULL,
	  "experiments|runs|benchmarks" },
	{ "show", "BENCHMARK...", "the values of a benchmark: its whole name, or a pattern with * and ?", NULL, NULL },
	{ "check", "[BENCHMARK...]", "when did something change? (of all)", NULL, NULL },
	{ "export", NULL, "write it for other programs", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option all_of_them[] = {
	{ "--db", "FILE",
	  "the history, an SQLite file ($XDG_DATA_HOME/contigbench/history.db, or below ~/.local/share)", NULL,
	  "file:.db" },
	{ "--wait", "SECONDS", "for how long to wait for another process that has it locked (10)", NULL, NULL },
	{ "--json", NULL, "JSON instead of text", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option adding[] = {
	{ "--revision", "NAME", "of what was measured, where the file does not say so or should not be believed", NULL,
	  NULL },
	{ "--date", "DATE", "of the measurement, as 2026-01-31 or 2026-01-31T12:00:00Z (what the file says, or now)",
	  NULL, NULL },
	{ "--commit-date", "DATE", "of the revision (what git says of it in this folder, or unknown)",
	  "Runs are put in the order of commit dates; of a run without one the date of the measurement counts.", NULL },
	{ "--machine", "NAME",
	  "what it ran on; runs of different machines are never compared (cpu, number of cpus, memory and kernel; in files of "
	  "others the name of the host)",
	  NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option looking[] = {
	{ "--metric", "NAME", "only that metric", NULL, NULL },
	{ "--all", NULL, "also metrics for which there is a better one to judge the same thing by", NULL, NULL },
	{ "--threshold", "PERCENT",
	  "leave out changes of measured metrics that are smaller (2); exact ones always count", NULL, NULL },
	{ "--since", "REVISION", "only changes after its last run make the exit status 1", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option exporting[] = {
	{ "--format", "NAME",
	  "json: all there is, for `history add`; csv: a line a value; google: one run, for `compare` (json)", NULL,
	  "json|csv|google" },
	{ "-o, --output", "FILE", "instead of the terminal", NULL, "file" },
	{ "--revision", "NAME", "only its runs; of google the newest of them", NULL, NULL },
	{ "--machine", "NAME", "only runs on it", NULL, NULL },
	{ "--run", "N", "only this one, by its number in `history list runs`", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_group groups[] = {
	{ NULL, NULL, actions },          { NULL, NULL, all_of_them },   { "add", NULL, adding },
	{ "show, check", NULL, looking }, { "export", NULL, exporting }, { NULL, NULL, NULL },
};

static const struct help_example examples[] = {
	{ "contigbench history add results/latest", "keep it" },
	{ "contigbench history add bench.json --revision v1.4 --commit-date 2026-01-31",
	  "somebody else's Google Benchmark" },
	{ "contigbench history check --since v1.3", "has anything got worse after v1.3?" },
	{ "contigbench history export --format google --revision v1.4 -o v1.4.json",
	  "for `contigbench compare v1.4.json ...`" },
	{ NULL, NULL },
};

const struct help help_history = {
	.name = "history",
	.summary = "keep results and find out when something changed",
	.usage = usage,
	.text = "Keeps the numbers of runs in a file, and looks for changes in each of their series: one benchmark's metric on one "
		"machine with the same parameters and inputs, over revisions. check names the two revisions between which a "
		"change came. Counts of virtual time are exact: any difference is a change. Times need at least 8 runs, and 3 of "
		"them after the change; a lone spike is none. docs/history.md says how they are told from noise.",
	.groups = groups,
	.examples = examples,
	.status =
		"Exit status: check ends with 1 if something got worse; with 3 if the history is locked by another process, or "
		"can not be written.",
};
