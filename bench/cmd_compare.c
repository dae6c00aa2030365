// SPDX-License-Identifier: MIT
/* cmd_compare.c - contigbench compare: is NEW better or worse than OLD? */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"
#include "help/commands.h"
#include "text/outfile.h"

struct command {
	struct compare_options o;
	enum compare_format format;
	int nr_formats;
	const char *output;
	const char *pattern;
	regex_t filter;
	bool verbose, help;
};

/* A list of names, cut at commas in place. */
static int take_metrics(struct compare_options *o, char *list)
{
	char *name;

	while ((name = strsep(&list, ","))) {
		if (!*name)
			return cli_error(CLI_USAGE,
			                 "--metric: an empty name; say --metric real_time,migrated_pages, or all");
		char **more = reallocarray(o->metrics, o->nr_metrics + 1, sizeof(*more));

		if (!more)
			return cli_error(CLI_MACHINE, "no memory");
		o->metrics = more;
		o->all_metrics |= !strcmp(name, "all");
		more[o->nr_metrics++] = name;
	}
	if (o->all_metrics)
		o->nr_metrics = 0;
	return CLI_OK;
}

static int take_aa(struct compare_options *o, const char *path)
{
	const char **more = reallocarray(o->aa_paths, o->nr_aa + 1, sizeof(*more));

	if (!more)
		return cli_error(CLI_MACHINE, "no memory");
	o->aa_paths = more;
	more[o->nr_aa++] = path;
	return CLI_OK;
}

static int take_threshold(const char *flag, const char *text, double most, const char *unit, double *out)
{
	if (cli_double(text, 0, most, out))
		return CLI_OK;
	return cli_error(CLI_USAGE, "%s %s: %s from 0 to %.0f, please", flag, text, unit, most);
}

static int take_filter(struct command *c, const char *pattern)
{
	char why[128];

	if (c->pattern)
		regfree(&c->filter);
	c->pattern = NULL;
	int err = regcomp(&c->filter, pattern, REG_EXTENDED | REG_NOSUB);

	if (err) {
		regerror(err, &c->filter, why, sizeof(why));
		return cli_error(CLI_USAGE, "--filter %s: %s", pattern, why);
	}
	c->pattern = pattern;
	c->o.filter = &c->filter;
	return CLI_OK;
}

static void take_format(struct command *c, enum compare_format format)
{
	c->nr_formats += c->format != format;
	c->format = format;
}

static int parse(int argc, char **argv, struct command *c)
{
	static const struct option options[] = {
		{ "threshold", required_argument, NULL, 't' },
		{ "count-threshold", required_argument, NULL, 'c' },
		{ "rate-threshold", required_argument, NULL, 'r' },
		{ "filter", required_argument, NULL, 'f' },
		{ "metric", required_argument, NULL, 'm' },
		{ "aa", required_argument, NULL, 'a' },
		{ "strict", no_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "markdown", no_argument, NULL, 'd' },
		{ "junit", no_argument, NULL, 'u' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt = 0, status = CLI_OK;

	while (cli_option(argc, argv, ":o:vh", options, &opt, &status)) {
		switch (opt) {
		case 't':
			status = take_threshold("--threshold", optarg, 10000, "percent", &c->o.threshold);
			break;
		case 'c':
			status = take_threshold("--count-threshold", optarg, 10000, "percent", &c->o.count_threshold);
			break;
		case 'r':
			status = take_threshold("--rate-threshold", optarg, 100, "percentage points",
			                        &c->o.rate_threshold);
			break;
		case 'f':
			status = take_filter(c, optarg);
			break;
		case 'm':
			status = take_metrics(&c->o, optarg);
			break;
		case 'a':
			status = take_aa(&c->o, optarg);
			break;
		case 's':
			c->o.strict = true;
			break;
		case 'v':
			c->verbose = true;
			break;
		case 'j':
			take_format(c, COMPARE_JSON);
			break;
		case 'd':
			take_format(c, COMPARE_MARKDOWN);
			break;
		case 'u':
			take_format(c, COMPARE_JUNIT);
			break;
		case 'o':
			c->output = optarg;
			break;
		case 'h':
			c->help = true;
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	if (optind + 2 != argc)
		return cli_error(CLI_USAGE, "%s: see `contigbench compare --help`",
		                 optind + 2 < argc ? "two at a time, OLD and NEW" : "which OLD and which NEW?");
	if (c->nr_formats > 1)
		return cli_error(CLI_USAGE, "one of --json, --markdown and --junit at a time");
	c->o.old_path = argv[optind];
	c->o.new_path = argv[optind + 1];
	return CLI_OK;
}

static int compare(const struct command *command)
{
	struct outfile out = { 0 };
	struct compare c;
	int status = compare_make(&c, &command->o);

	if (status == CLI_OK)
		status = outfile_open(&out, command->output);
	if (status == CLI_OK) {
		compare_print(out.f, &c, command->format, command->verbose);
		status = outfile_close(&out, c.nr_regressions || c.nondeterministic ? CLI_NO : CLI_OK);
	}
	compare_free(&c);
	return status;
}

int cmd_compare(int argc, char **argv)
{
	struct command c = { .o = { .threshold = 5, .count_threshold = 0, .rate_threshold = 1 } };
	int status = parse(argc, argv, &c);

	if (status == CLI_OK && c.help)
		help_print(stdout, &help_compare);
	else if (status == CLI_OK)
		status = compare(&c);
	if (c.pattern)
		regfree(&c.filter);
	free(c.o.metrics);
	free(c.o.aa_paths);
	return status;
}
