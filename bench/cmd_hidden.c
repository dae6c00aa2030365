// SPDX-License-Identifier: MIT
/* cmd_hidden.c - contigbench hidden: experiments whose outcome on a kernel is a set. */
#include <getopt.h>
#include <string.h>

#include "backends.h"
#include "cli.h"
#include "help/commands.h"
#include "hidden/hidden.h"

static void list(void)
{
	const struct hidden_experiment *e;

	for (size_t i = 0; (e = hidden_experiment_at(i)); i++)
		printf("%-9s %-18s %s\n", e->group, e->name, e->picture);
}

int cmd_hidden(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' },
		                                 { "backends", required_argument, NULL, 'b' },
		                                 { "guests", required_argument, NULL, 'g' },
		                                 { "kernel", required_argument, NULL, 'k' },
		                                 { "recorded", required_argument, NULL, 'r' },
		                                 { "record", required_argument, NULL, 'w' },
		                                 { "json", no_argument, NULL, 'j' },
		                                 { "markdown", no_argument, NULL, 'm' },
		                                 { "list", no_argument, NULL, 'l' },
		                                 { "verbose", no_argument, NULL, 'v' },
		                                 { NULL, 0, NULL, 0 } };
	struct hidden_options o = { 0 };
	struct backend_list backends = { 0 };
	int opt = 0, status = CLI_OK;
	uint64_t trials;
	bool both = false;

	while (cli_option(argc, argv, ":b:vh", options, &opt, &status)) {
		switch (opt) {
		case 'b':
			if (strchr(optarg, '@'))
				return cli_error(CLI_USAGE,
				                 "-b %s: name the model, linux-6.1 for example; --guests TRIALS boots "
				                 "its kernel",
				                 optarg);
			if (backends_add(&backends, optarg))
				return CLI_USAGE;
			break;
		case 'g':
			if (!cli_u64(optarg, 1, 1000000, &trials))
				return cli_error(CLI_USAGE, "--guests %s: a number of trials, 100 for example", optarg);
			o.trials = (uint32_t)trials;
			break;
		case 'k':
			o.kernel = optarg;
			break;
		case 'r':
			o.recorded = optarg;
			break;
		case 'w':
			o.record_to = optarg;
			break;
		case 'j':
		case 'm':
			both |= o.form != HIDDEN_TEXT && o.form != (opt == 'j' ? HIDDEN_JSON : HIDDEN_MARKDOWN);
			o.form = opt == 'j' ? HIDDEN_JSON : HIDDEN_MARKDOWN;
			break;
		case 'l':
			list();
			return CLI_OK;
		case 'v':
			o.verbose = true;
			break;
		case 'h':
			help_print(stdout, &help_hidden);
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	if (both)
		return cli_error(CLI_USAGE, "--json or --markdown, not both");
	if (o.record_to && !o.trials)
		return cli_error(CLI_USAGE, "--record writes what guests answer: say --guests TRIALS, too");
	if (o.kernel && (backends.nr != 1 || !o.trials || o.record_to))
		return cli_error(
			CLI_USAGE,
			"--kernel %s: boots it for --guests TRIALS in place of the kernel of one -b BACKEND, and "
			"records nothing",
			o.kernel);
	o.backends = backends.name;
	o.nr_backends = backends.nr;
	o.experiments = (const char *const *)argv + optind;
	o.nr_experiments = (uint32_t)(argc - optind);
	return hidden_run(&o);
}
