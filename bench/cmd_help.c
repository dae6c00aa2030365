// SPDX-License-Identifier: MIT
/* cmd_help.c - contigbench help: what --help prints, and what else is made of the same tables. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "help/commands.h"

struct options {
	const char *command; /* NULL: all */
	const char *shell;   /* --completion */
	const char *words;
	bool manual, json, help;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "manual", no_argument, NULL, 'm' },      { "completion", required_argument, NULL, 'c' },
		{ "words", required_argument, NULL, 'w' }, { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },        { NULL, 0, NULL, 0 },
	};
	int opt = 0, status = CLI_OK;

	*o = (struct options){ 0 };
	while (cli_option(argc, argv, ":h", options, &opt, &status)) {
		switch (opt) {
		case 'm':
			o->manual = true;
			break;
		case 'c':
			o->shell = optarg;
			break;
		case 'w':
			o->words = optarg;
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
	o->command = argv[optind];
	if (argc - optind > 1)
		return cli_error(CLI_USAGE, "one command at a time: contigbench help %s", o->command);
	if (!!o->command + o->manual + !!o->shell + !!o->words > 1 || (o->json && (o->manual || o->shell || o->words)))
		return cli_error(CLI_USAGE, "one thing at a time: see `contigbench help --help`");
	return CLI_OK;
}

int cmd_help(int argc, char **argv)
{
	struct options o;
	int status = parse(argc, argv, &o);
	const struct help *one = NULL;

	if (status != CLI_OK)
		return status;
	if (o.command) {
		const struct cli_command *c = cli_command_named(o.command);

		if (!c)
			return cli_error(CLI_USAGE, "there is no command '%s': `contigbench help` lists them",
			                 o.command);
		one = c->help;
	}
	if (o.shell && strcmp(o.shell, "bash"))
		return cli_error(CLI_USAGE, "--completion %s: there is one for bash only", o.shell);
	if (o.words && !help_words(stdout, o.words))
		return cli_error(CLI_USAGE, "--words %s: backend, knob, workload, scenario or geometry, please",
		                 o.words);
	if (o.help)
		help_print(stdout, &help_help);
	else if (o.json)
		help_json(stdout, one);
	else if (o.manual)
		help_manual(stdout);
	else if (o.shell)
		help_completion(stdout);
	else if (one)
		help_print(stdout, one);
	else if (!o.words)
		help_print_all(stdout);
	return CLI_OK;
}
