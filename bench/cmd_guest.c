// SPDX-License-Identifier: MIT
/* cmd_guest.c - contigbench guest: real kernels, made, booted and used. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "kernels/build.h"
#include "guest/commands.h"
#include "kernels/kept.h"
#include "help/commands.h"

/* ---- build --------------------------------------------------------------------------------------- */

static int check_own(const struct build_options *o, int nr_names)
{
	if (!contig_name_ok(o->name))
		return cli_error(
			CLI_USAGE,
			"--name: a name is made of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit");
	if (guest_generation_named(o->name))
		return cli_error(CLI_USAGE, "--name %s: that is Debian's kernel; take another name for yours", o->name);
	if (nr_names)
		return cli_error(CLI_USAGE, "--name %s makes one kernel: leave the other names out", o->name);
	if (o->mirror || o->security)
		return cli_error(CLI_USAGE, "--name %s: a kernel of your own comes from no mirror", o->name);
	if (!o->kernel != !o->headers)
		return cli_error(CLI_USAGE, "--name %s needs --kernel bzImage and --headers DIR of one build", o->name);
	return CLI_OK;
}

static int build_all(const struct build_options *o, char **names, int nr)
{
	char name[CONTIG_MAX_NAME + 1];
	struct contig_diag diag;
	int worst = CLI_OK;
	bool unreachable = false;
	const char *uris[] = { o->mirror, o->security };

	for (size_t i = 0; i < 2; i++) {
		if (uris[i] && (!strstr(uris[i], ":/") || strpbrk(uris[i], " \t\n[]")))
			return cli_error(CLI_USAGE, "'%s' is no URI, such as http://HOST/debian", uris[i]);
	}
	if (o->kernel || o->headers)
		return cli_error(CLI_USAGE, "a kernel of your own needs a name: --name NAME");
	for (int i = 0; i < nr; i++) {
		if (guest_kernel_name(names[i], name, &diag))
			return cli_error(CLI_USAGE, "%s", diag.text);
	}
	for (int i = 0; i < nr && worst != CLI_USAGE && !unreachable; i++) {
		guest_kernel_name(names[i], name, &diag);
		const struct guest_generation *g = guest_generation_named(name);
		int status = g ? build_debian(g, o, &unreachable) : build_own(name, o);

		worst = status > worst ? status : worst;
	}
	/* one that is not to be had says nothing about the others, unless none is */
	for (const struct guest_generation *g = guest_generations; !nr && g->name && !unreachable; g++) {
		int status = build_debian(g, o, &unreachable);

		worst = status > worst ? status : worst;
	}
	return worst;
}

static int build_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' },    { "kernel", required_argument, NULL, 'k' },
		{ "headers", required_argument, NULL, 'H' }, { "cc", required_argument, NULL, 'c' },
		{ "mirror", required_argument, NULL, 'm' },  { "security", required_argument, NULL, 's' },
		{ "force", no_argument, NULL, 'f' },         { "offline", no_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },          { 0 },
	};
	struct build_options o = { 0 };
	int opt = 0, status = CLI_OK;

	while (cli_option(argc, argv, ":h", options, &opt, &status)) {
		switch (opt) {
		case 'n':
			o.name = optarg;
			break;
		case 'k':
			o.kernel = optarg;
			break;
		case 'H':
			o.headers = optarg;
			break;
		case 'c':
			o.cc = optarg;
			break;
		case 'm':
			o.mirror = optarg;
			break;
		case 's':
			o.security = optarg;
			break;
		case 'f':
			o.force = true;
			break;
		case 'o':
			o.offline = true;
			break;
		default:
			help_print(stdout, &help_guest);
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	if (!o.name)
		return build_all(&o, argv + optind, argc - optind);
	status = check_own(&o, argc - optind);
	return status == CLI_OK ? build_own(o.name, &o) : status;
}

/* ---- list, clean --------------------------------------------------------------------------------- */

static int list_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt = 0, status = CLI_OK;
	bool json = false;

	while (cli_option(argc, argv, ":h", options, &opt, &status)) {
		if (opt == 'h') {
			help_print(stdout, &help_guest);
			return CLI_OK;
		}
		json = true;
	}
	if (status == CLI_OK && optind < argc)
		status = cli_error(CLI_USAGE, "list takes no names: '%s'", argv[optind]);
	return status == CLI_OK ? cli_printed(kept_list(json)) : status;
}

static int clean_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt = 0, status = CLI_OK;
	bool all = false;

	while (cli_option(argc, argv, ":h", options, &opt, &status)) {
		if (opt == 'h') {
			help_print(stdout, &help_guest);
			return CLI_OK;
		}
		all = true;
	}
	if (status == CLI_OK && all && optind < argc)
		status = cli_error(CLI_USAGE, "--all is every kernel: leave the names out, or --all");
	return status == CLI_OK ? kept_clean(argv + optind, argc - optind, all) : status;
}

/* ---- the command --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} actions[] = {
	{ "build", build_main }, { "boot", guest_boot_main }, { "exec", guest_exec_main },
	{ "list", list_main },   { "clean", clean_main },
};

int cmd_guest(int argc, char **argv)
{
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		help_print(stdout, &help_guest);
		return CLI_OK;
	}
	if (argc < 2)
		return cli_error(CLI_USAGE, "build, boot, exec, list or clean? See `contigbench guest --help`");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!strcmp(actions[i].name, argv[1]))
			return actions[i].main(argc - 1, argv + 1);
	}
	return cli_error(CLI_USAGE, "'%s' is none of build, boot, exec, list, clean: see `contigbench guest --help`",
	                 argv[1]);
}
