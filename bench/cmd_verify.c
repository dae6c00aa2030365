// SPDX-License-Identifier: MIT
/* cmd_verify.c - contigbench verify: is a figure what its results say, and are they what the program answers? */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "help/commands.h"
#include "plot/again.h"
#include "results/stored.h"

#define MAX_TRACES 64

struct verify_options {
	const char *figure;
	const char *from;
	char *traces[MAX_TRACES];
	int nr_traces;
	bool rerun, json, help;
};

static int parse(int argc, char **argv, struct verify_options *o)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'f' },  { "rerun", no_argument, NULL, 'r' },
		{ "trace", required_argument, NULL, 't' }, { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },        { NULL, 0, NULL, 0 },
	};
	int opt = 0, status = CLI_OK;

	*o = (struct verify_options){ .figure = NULL };
	while (cli_option(argc, argv, ":h", options, &opt, &status)) {
		switch (opt) {
		case 'f':
			o->from = optarg;
			break;
		case 'r':
			o->rerun = true;
			break;
		case 't':
			if (o->nr_traces == MAX_TRACES)
				return cli_error(CLI_USAGE, "--trace: at most %d of them", MAX_TRACES);
			o->traces[o->nr_traces++] = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			o->help = true;
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	if (optind + 1 != argc)
		return cli_error(CLI_USAGE, "%s: see `contigbench verify --help`",
		                 optind < argc ? "one figure at a time" : "which figure?");
	if (o->nr_traces && !o->rerun)
		return cli_error(CLI_USAGE, "--trace is for --rerun: without it no trace is needed");
	o->figure = argv[optind];
	return CLI_OK;
}

static void print_results(const json_t *r)
{
	if (json_is_true(json_object_get(r, "same")))
		printf("results   made again: the same%s, digest %s\n",
		       strcmp(stored_text(r, "revision"), stored_text(r, "revision_again"))
		               ? " but for the revision's name"
		               : "",
		       stored_text(r, "digest"));
	else
		printf("results   made again: %s differs, first in line %lld (revision %s, then %s)\n",
		       stored_text(r, "file"), (long long)stored_number(r, "line"), stored_text(r, "revision_again"),
		       stored_text(r, "revision"));
}

static void print_report(const struct again *a)
{
	const json_t *files = json_object_get(a->report, "files"), *results = json_object_get(a->report, "results"), *f;
	const char *not_compared = stored_text(a->report, "pictures_not_compared");
	size_t i;

	if (results)
		print_results(results);
	json_array_foreach(files, i, f)
	{
		bool same = json_is_true(json_object_get(f, "same"));

		printf("%-9s %s: %s", stored_text(f, "kind"), stored_text(f, "file"), same ? "the same" : "differs");
		if (json_object_get(f, "line"))
			printf(", first in line %lld", (long long)stored_number(f, "line"));
		putchar('\n');
	}
	if (*not_compared)
		printf("pictures  not compared: %s\n", not_compared);
	printf("%s: %s\n", stored_text(a->record, "figure"), a->differs ? "NOT the same" : "the same");
}

static int verify(struct verify_options *o)
{
	struct again a;
	int status = again_open(&a, o->figure, o->from);

	if (status == CLI_OK)
		status = again_figure(&a);
	if (status == CLI_OK && o->rerun)
		status = again_results(&a, o->traces, o->nr_traces);
	if (status == CLI_OK && o->json) {
		json_object_set(a.report, "figure", json_object_get(a.record, "figure"));
		json_object_set_new(a.report, "same", json_boolean(!a.differs));
		json_dumpf(a.report, stdout, JSON_INDENT(1));
		putchar('\n');
	} else if (status == CLI_OK) {
		print_report(&a);
	}
	status = status == CLI_OK && a.differs ? CLI_NO : status;
	again_close(&a);
	return status;
}

int cmd_verify(int argc, char **argv)
{
	struct verify_options o;
	int status = parse(argc, argv, &o);

	if (status == CLI_OK && o.help)
		help_print(stdout, &help_verify);
	return status != CLI_OK || o.help ? status : verify(&o);
}
