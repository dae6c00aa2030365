// SPDX-License-Identifier: MIT
/* cmd_calibrate.c - contigbench calibrate: the command line of calibrate/calibrate.h. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "calibrate/calibrate.h"
#include "cli.h"
#include "help/commands.h"
#include "text/outfile.h"

#define REPEAT 3

static volatile bool stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = true;
}

/* What was changed is put back in order, however impatient the user is: later signals change nothing. */
static void catch_signals(void)
{
	struct sigaction end = { .sa_handler = on_signal };

	stop = false;
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
}

static int parse(int argc, char **argv, struct calibrate_options *o)
{
	static const struct option options[] = {
		{ "running", no_argument, NULL, 'r' },
		{ "guest", required_argument, NULL, 'g' },
		{ "output", required_argument, NULL, 'o' },
		{ "name", required_argument, NULL, 'n' },
		{ "conversion", required_argument, NULL, 'c' },
		{ "repeat", required_argument, NULL, 'N' },
		{ "from", required_argument, NULL, 'F' },
		{ "observations", required_argument, NULL, 'O' },
		{ "force", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt = 0, status = CLI_OK;
	uint64_t n;

	*o = (struct calibrate_options){ .repeat = REPEAT };
	while (cli_option(argc, argv, ":o:h", options, &opt, &status)) {
		switch (opt) {
		case 'r':
			o->running = true;
			break;
		case 'g':
			o->guest = optarg;
			break;
		case 'F':
			o->from = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'n':
			o->name = optarg;
			break;
		case 'c':
			o->conversion = optarg;
			break;
		case 'O':
			o->observations = optarg;
			break;
		case 'N':
			if (!cli_u64(optarg, 1, 1000, &n))
				return cli_error(CLI_USAGE, "--repeat %s: a whole number from 1 to 1000, please",
				                 optarg);
			o->repeat = (uint32_t)n;
			break;
		case 'f':
			o->force = true;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			o->help = true;
			return CLI_OK;
		}
	}
	if (status == CLI_OK && optind < argc)
		return cli_error(CLI_USAGE, "'%s' is too much: see `contigbench calibrate --help`", argv[optind]);
	return status;
}

/* Measuring takes minutes: what can not be written is found out before. */
static int check_file(const struct calibrate_options *o, const char *flag, const char *path)
{
	struct stat st;

	if (!path)
		return CLI_OK;
	if (!*path)
		return cli_error(CLI_USAGE, "%s: the name of a file, please", flag);
	/* a pipe or a device is there, and nothing is lost by writing to it */
	if (!o->force && !lstat(path, &st) && (stat(path, &st) || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return cli_error(CLI_USAGE, "%s %s exists: choose another name, or replace it with --force", flag,
		                 path);
	return outfile_possible(path);
}

static int check(const struct calibrate_options *o)
{
	if (o->from && (o->running || o->guest))
		return cli_error(CLI_USAGE, "--from measures no kernel: leave out --%s",
		                 o->guest ? "guest" : "running");
	if (o->from && o->observations)
		return cli_error(CLI_USAGE, "--observations: --from makes none");
	if (!o->running && !o->guest && !o->from)
		return cli_error(
			CLI_USAGE,
			"which kernel? --guest NAME is one in a guest; --running is this one, from which it takes "
			"gigantic pages and memory blocks for a moment: see `contigbench calibrate --help`");
	if (o->running && o->guest)
		return cli_error(CLI_USAGE, "--running and --guest are two kernels: one at a time");
	if (o->running && o->conversion)
		return cli_error(CLI_USAGE, "--conversion is for --guest: what runs here is measured in time");
	if (o->name && (strlen(o->name) > CONTIG_MAX_NAME || !contig_name_ok(o->name)))
		return cli_error(CLI_USAGE, "--name %s: letters a-z, digits, '.', '_' and '-', at most %u, please",
		                 o->name, CONTIG_MAX_NAME);
	int status = check_file(o, "-o", o->out);

	if (status == CLI_OK && o->out && o->observations && !strcmp(o->out, o->observations))
		return cli_error(CLI_USAGE, "-o and --observations: %s can not be both", o->out);
	return status == CLI_OK ? check_file(o, "--observations", o->observations) : status;
}

/* To a file if one is named, else to the terminal, where the report is then in the way of a pipe and goes to stderr. */
static int write_out(const struct calibrate_options *o, const struct calibration *c)
{
	struct outfile out;
	int status = CLI_OK;

	if (o->out || !o->json) {
		status = outfile_open(&out, o->out);
		if (status == CLI_OK) {
			cost_file_write(out.f, &c->costs);
			status = outfile_close(&out, CLI_OK);
		}
	}
	if (status == CLI_OK && o->json)
		calibrate_json(stdout, c);
	else if (status == CLI_OK)
		calibrate_report(o->out ? stdout : stderr, c);
	return status;
}

int cmd_calibrate(int argc, char **argv)
{
	struct calibrate_options o;
	int status = parse(argc, argv, &o);

	if (status != CLI_OK)
		return status;
	if (o.help) {
		help_print(stdout, &help_calibrate);
		return CLI_OK;
	}
	status = check(&o);
	if (status != CLI_OK)
		return status;
	struct calibration *c = calloc(1, sizeof(*c));

	if (!c)
		return cli_error(CLI_MACHINE, "no memory");
	/* what a guest takes goes with it, and whoever made it sees to that */
	if (o.running)
		catch_signals();
	if (o.from)
		status = calibrate_from(c, &o);
	else
		status = o.guest ? calibrate_guest(c, &o, &stop) : calibrate_running(c, &o, &stop);
	if (status == CLI_OK)
		status = write_out(&o, c);
	free(c);
	return status;
}
