// SPDX-License-Identifier: MIT
/* exec_main.c - contigbench guest exec: a command in a guest that is booted for it, files in before it and out behind it. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cli.h"
#include "../help/commands.h"
#include "commands.h"
#include "inside.h"
#include "run_options.h"

#define USUAL_TIMEOUT 600u
#define MAX_FILES     32u
/* As timeout(1) has it. */
#define STATUS_LATE 124

/* Where a command runs, and relative names of files begin, in the guest. */
#define HOME "root/"

struct asked {
	struct guest_options guest;
	unsigned int timeout;
	bool force, help;
	char *get[MAX_FILES], *put[MAX_FILES];
	unsigned int nr_get, nr_put;
};

/* ---- the call ------------------------------------------------------------------------------------- */

static int add_name(char *list[MAX_FILES], unsigned int *nr, const char *flag)
{
	if (*nr == MAX_FILES)
		return cli_error(CLI_USAGE, "%s: more than %u files", flag, MAX_FILES);
	if (!*optarg || *optarg == ':')
		return cli_error(CLI_USAGE, "%s '%s': a name is missing", flag, optarg);
	list[(*nr)++] = optarg;
	return CLI_OK;
}

static int parse(int argc, char **argv, struct asked *a)
{
	enum {
		TIMEOUT = 256,
		PUT,
		GET,
		FORCE
	};
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "put", required_argument, NULL, PUT },
		{ "get", required_argument, NULL, GET },
		{ "force", no_argument, NULL, FORCE },
		RUN_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt = 0, status = CLI_OK;

	/* NAME stands between options; what is behind -- is the command's, and so is what is behind the word after NAME */
	while (status == CLI_OK && cli_option(argc, argv, "+:h", options, &opt, &status)) {
		switch (opt) {
		case TIMEOUT:
			status = run_seconds("--timeout", &a->timeout);
			break;
		case PUT:
			status = add_name(a->put, &a->nr_put, "--put");
			break;
		case GET:
			status = add_name(a->get, &a->nr_get, "--get");
			break;
		case FORCE:
			a->force = true;
			break;
		case 'h':
			a->help = true;
			break;
		default:
			status = run_option((enum run_option)opt, &a->guest);
		}
	}
	return status;
}

/*
 * Options may stand behind NAME as well. NAME and where the command begins; getopt_long() with '+' stops at the first operand,
 * so it is started again behind it.
 */
static int parse_all(int argc, char **argv, struct asked *a, const char **name, int *command)
{
	int status = parse(argc, argv, a), at = optind;

	if (status != CLI_OK || a->help)
		return status;
	if (at < argc && strcmp(argv[at - 1], "--")) {
		*name = argv[at];
		/* the word in front of what getopt_long() looks at is a program's name to it */
		status = parse(argc - at, argv + at, a);
		*command = at + optind;
	}
	if (status != CLI_OK || a->help)
		return status;
	if (!*name)
		return cli_error(CLI_USAGE, "no NAME: `contigbench guest exec linux-6.1 -- uname -a`");
	if (*command >= argc)
		return cli_error(CLI_USAGE, "no COMMAND: `contigbench guest exec %s -- uname -a`", *name);
	return CLI_OK;
}

/* ---- files ---------------------------------------------------------------------------------------- */

/* "A:B" in two; without B it is the last part of A. */
static void split(char *given, const char **first, const char **second)
{
	char *colon = strrchr(given, ':'), *slash = strrchr(given, '/');

	*first = given;
	if (colon && colon[1]) {
		*colon = '\0';
		*second = colon + 1;
		return;
	}
	*second = slash && slash[1] ? slash + 1 : given;
}

/* Before anything is booted: what would fail for certain at the end of it all. */
static int check_targets(const struct asked *a, const char *from[], const char *to[])
{
	struct stat st;

	for (unsigned int i = 0; i < a->nr_get; i++) {
		char folder[4096];
		const char *slash;

		split(a->get[i], &from[i], &to[i]);
		slash = strrchr(to[i], '/');
		snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - to[i]) + 1 : 1, slash ? to[i] : ".");
		if (!stat(to[i], &st) && (!S_ISREG(st.st_mode) || !a->force))
			return cli_error(CLI_USAGE, "--get: %s exists%s", to[i],
			                 S_ISREG(st.st_mode) ? " already: replace it with --force"
			                                     : " and is no regular file");
		if (access(folder, W_OK))
			return cli_error(cli_status_of(errno), "--get: %s can not be written: %s", to[i],
			                 strerror(errno));
	}
	return CLI_OK;
}

/* Something is mounted there before the command runs. */
static bool is_covered(const char *name)
{
	static const char *const mounts[] = { "dev/", "proc/", "sys/", "tmp/", "run/" };

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (!strncmp(name, mounts[i], strlen(mounts[i])))
			return true;
	}
	return !*name || name[strlen(name) - 1] == '/';
}

static int given_files(struct asked *a, struct guest_file *files, char names[MAX_FILES][512])
{
	for (unsigned int i = 0; i < a->nr_put; i++) {
		const char *path, *name;

		split(a->put[i], &path, &name);
		if (access(path, R_OK))
			return cli_error(cli_status_of(errno), "--put: %s can not be read: %s", path, strerror(errno));
		if (snprintf(names[i], 512, "%s%s", *name == '/' ? "" : HOME, *name == '/' ? name + 1 : name) >= 512)
			return cli_error(CLI_USAGE, "--put: %s: a name of more than 500 bytes", name);
		if (is_covered(names[i]))
			return cli_error(CLI_USAGE, "--put: nothing can be put to %s of a guest: choose another folder",
			                 name);
		files[i] = (struct guest_file){ .name = names[i], .path = path };
	}
	return CLI_OK;
}

/* ---- the command ---------------------------------------------------------------------------------- */

/* A script: it knows no limit of the wire's. One word with more than a name in it is a line for the shell. */
static char *script(char **argv, int argc)
{
	bool line = argc == 1 && strpbrk(argv[0], " \t\n;&|<>$");
	size_t size = 128;

	for (int i = 0; i < argc; i++)
		size += 4 * strlen(argv[i]) + 4;
	char *text = malloc(size);

	if (!text)
		return NULL;
	size_t n = (size_t)snprintf(text, size, "cd /" HOME "\n%s", line ? "" : "exec");

	for (int i = 0; i < argc; i++) {
		if (line)
			n += (size_t)snprintf(text + n, size - n, "%s", argv[i]);
		else
			text[n++] = ' ', n += transfer_quote(text + n, size - n, argv[i]);
	}
	snprintf(text + n, size - n, "\n");
	return text;
}

/* A line of its output: \xHH is a byte, and \c at its end that there is no end of a line here (agent/shell.c). */
static void print_line(void *ctx, const char *line)
{
	unsigned int byte;

	(void)ctx;
	for (; *line; line++) {
		if (line[0] == '\\' && line[1] == 'c' && !line[2]) {
			fflush(stdout);
			return;
		}
		if (line[0] == '\\' && sscanf(line + 1, "x%2x", &byte) == 1) {
			putchar((int)byte);
			line += 3;
		} else {
			putchar(*line);
		}
	}
	putchar('\n');
	fflush(stdout);
}

static int run(struct guest *g, const struct asked *a)
{
	struct guest_answer *answer;
	struct contig_diag diag;

	/* the guest has its own limit, and some time to come to an end */
	guest_limit(g, a->timeout + 30);
	int err = guest_lines(g, print_line, NULL, &answer, &diag, "sh %u exec /bin/sh /command", a->timeout);

	guest_limit(g, 0);
	if (err)
		return cli_error(CLI_MACHINE, "%s", diag.text);
	if (answer->rc == -ETIMEDOUT)
		return cli_error(STATUS_LATE,
		                 "the command was not done after %u s and was killed: --timeout gives it more",
		                 a->timeout);
	if (answer->rc < 0)
		return cli_error(CLI_MACHINE, "the guest can not run a command: %s", answer->words);
	return (int)answer->rc;
}

static int boot_and_run(const char *name, const struct asked *a, const char *from[], const char *to[])
{
	struct contig_diag diag;
	struct guest *g = guest_boot(name, &a->guest, &diag);

	if (!g)
		return cli_error(cli_status_of(errno), "%s", diag.text);
	int status = run(g, a);

	for (unsigned int i = 0; i < a->nr_get && guest_alive(g); i++) {
		int err = transfer_get(g, from[i], to[i], &diag);

		if (err) {
			cli_error(0, "%s", diag.text);
			status = status ? status : err == -ENOENT ? CLI_NO : CLI_MACHINE;
		}
	}
	guest_close(g);
	return cli_printed(status);
}

int guest_exec_main(int argc, char **argv)
{
	struct asked a = { .guest = GUEST_OPTIONS, .timeout = USUAL_TIMEOUT };
	struct guest_file files[MAX_FILES + 2] = { { 0 } };
	const char *name = NULL, *from[MAX_FILES], *to[MAX_FILES];
	char names[MAX_FILES][512];
	int command = argc, status = parse_all(argc, argv, &a, &name, &command);

	if (status != CLI_OK)
		return status;
	if (a.help) {
		help_print(stdout, &help_guest);
		return CLI_OK;
	}
	status = check_targets(&a, from, to);
	if (status == CLI_OK)
		status = given_files(&a, files, names);
	if (status != CLI_OK)
		return status;
	char *text = script(argv + command, argc - command);

	if (!text)
		return cli_error(CLI_MACHINE, "no memory");
	files[a.nr_put] = (struct guest_file){ .name = "command", .text = text };
	a.guest.files = files;
	a.guest.program |= !strncmp(argv[command], "contigbench", 11) && strchr(" ", argv[command][11]);
	status = boot_and_run(name, &a, from, to);
	free(text);
	return status;
}
