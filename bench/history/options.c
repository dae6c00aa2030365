// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <string.h>

#include "../cli.h"
#include "date.h"
#include "options.h"

static int parse_date(const char *option, const char *text, int64_t *out)
{
	if (date_parse(text, out))
		return CLI_OK;
	return cli_error(CLI_USAGE, "%s %s: say 2026-01-31, or 2026-01-31T12:00:00Z", option, text);
}

static int take(struct history_options *o, int opt)
{
	static const char *const formats[] = { "json", "csv", "google" };
	int64_t date;

	switch (opt) {
	case 'b':
		o->db = optarg;
		return CLI_OK;
	case 'o':
		o->output = optarg;
		return *optarg ? CLI_OK : cli_error(CLI_USAGE, "-o: which file?");
	case 'r':
		o->revision = optarg;
		return *optarg ? CLI_OK : cli_error(CLI_USAGE, "--revision: which one?");
	case 'd':
		o->date = optarg;
		return parse_date("--date", optarg, &date);
	case 'c':
		o->commit_date = optarg;
		return parse_date("--commit-date", optarg, &o->committed);
	case 'm':
		o->machine = optarg;
		return CLI_OK;
	case 'M':
		o->metric = optarg;
		return CLI_OK;
	case 's':
		o->since = optarg;
		return CLI_OK;
	case 'a':
		o->all = true;
		return CLI_OK;
	case 'j':
		o->json = true;
		return CLI_OK;
	case 'h':
		o->help = true;
		return CLI_OK;
	case 'w':
		if (!cli_u64(optarg, 0, 86400, &o->wait))
			return cli_error(CLI_USAGE, "--wait %s: seconds, at most 86400", optarg);
		return CLI_OK;
	case 'R':
		if (!cli_u64(optarg, 1, INT64_MAX, &o->run))
			return cli_error(CLI_USAGE,
			                 "--run %s: runs are counted from 1; `contigbench history list runs`", optarg);
		return CLI_OK;
	case 't':
		if (!cli_double(optarg, 0, 1e6, &o->threshold))
			return cli_error(CLI_USAGE, "--threshold %s: percent, 0 or more", optarg);
		return CLI_OK;
	default:
		o->format = optarg;
		for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
			if (!strcmp(optarg, formats[i]))
				return CLI_OK;
		}
		return cli_error(CLI_USAGE, "--format %s: json, csv or google", optarg);
	}
}

int history_options_parse(int argc, char **argv, const struct subcommand *sub, struct history_options *o)
{
	static const struct option options[] = {
		{ "db", required_argument, NULL, 'b' },
		{ "wait", required_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "revision", required_argument, NULL, 'r' },
		{ "date", required_argument, NULL, 'd' },
		{ "commit-date", required_argument, NULL, 'c' },
		{ "machine", required_argument, NULL, 'm' },
		{ "metric", required_argument, NULL, 'M' },
		{ "all", no_argument, NULL, 'a' },
		{ "threshold", required_argument, NULL, 't' },
		{ "since", required_argument, NULL, 's' },
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "run", required_argument, NULL, 'R' },
		{ NULL, 0, NULL, 0 },
	};
	/* the same, and who takes them */
	static const unsigned int takers[] = {
		['b'] = FOR_ALL,
		['w'] = FOR_ALL,
		['j'] = FOR_ALL,
		['h'] = FOR_ALL,
		['r'] = FOR_ADD | FOR_EXPORT,
		['d'] = FOR_ADD,
		['c'] = FOR_ADD,
		['m'] = FOR_ADD | FOR_EXPORT,
		['M'] = FOR_SHOW | FOR_CHECK,
		['a'] = FOR_SHOW | FOR_CHECK,
		['t'] = FOR_CHECK,
		['s'] = FOR_CHECK,
		['f'] = FOR_EXPORT,
		['o'] = FOR_EXPORT,
		['R'] = FOR_EXPORT,
	};
	int opt = 0, status = CLI_OK;

	*o = (struct history_options){ .wait = 10, .threshold = 2, .format = "json" };
	while (cli_option(argc, argv, ":ho:", options, &opt, &status)) {
		if (!(takers[opt] & sub->is))
			return cli_error(CLI_USAGE,
			                 "`history %s` takes no such option: see `contigbench history --help`",
			                 sub->name);
		status = take(o, opt);
		if (o->help)
			return CLI_OK;
	}
	o->operands = argv + optind;
	o->nr_operands = argc - optind;
	return status;
}
