// SPDX-License-Identifier: MIT
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "text/escape.h"

const char *cli_command_name;

static void say(const char *severity, const char *fmt, va_list ap)
{
	cli_progress(NULL, 0, 0);
	fputs("contigbench", stderr);
	if (cli_command_name)
		fprintf(stderr, " %s", cli_command_name);
	fprintf(stderr, ": %s", severity);
	/* names of files and what foreign files hold are part of messages: one line, whatever is in them */
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	escape_terminal(stderr, text ? text : fmt);
	free(text);
	fputc('\n', stderr);
}

int cli_error(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
	return status;
}

int cli_bad_option(int opt, const char *given)
{
	const char *command = cli_command_name;

	if (opt == ':')
		return cli_error(CLI_USAGE, "%s wants a value: see `contigbench %s --help`", given, command);
	if (!strncmp(given, "--plugin", strlen("--plugin")))
		return cli_error(CLI_USAGE, "--plugin stands in front of the command: contigbench --plugin FILE %s ...",
		                 command);
	/* getopt_long() knows the option, and not what is behind its '=' */
	if (opt == '?' && optopt && !strncmp(given, "--", 2))
		return cli_error(CLI_USAGE, "%.*s takes no value: see `contigbench %s --help`",
		                 (int)strcspn(given, "="), given, command);
	if (opt == '?' && optopt)
		return cli_error(CLI_USAGE, "unknown option -%c: see `contigbench %s --help`", optopt, command);
	return cli_error(CLI_USAGE, "unknown option %s: see `contigbench %s --help`", given, command);
}

bool cli_option(int argc, char **argv, const char *letters, const struct option *options, int *opt, int *status)
{
	if (*status != CLI_OK)
		return false;
	/* start anew: tests parse more than once */
	if (!*opt)
		optind = opterr = 0;
	*opt = getopt_long(argc, argv, letters, options, NULL);
	if (*opt == ':' || *opt == '?')
		*status = cli_bad_option(*opt, argv[optind - 1]);
	return *opt != -1 && *status == CLI_OK;
}

void cli_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

bool cli_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	/* strtoull takes "-1" and " 1": a user who typed that did not mean it */
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*out = v;
	return true;
}

bool cli_double(const char *text, double min, double max, double *out)
{
	char *end;

	/* strtod takes "0x10", "nan" and " 1", too */
	if (!text[0] || text[strspn(text, "0123456789.eE+-")])
		return false;
	errno = 0;
	double v = strtod(text, &end);
	if (errno || *end || !isfinite(v) || v < min || v > max)
		return false;
	*out = v;
	return true;
}

void cli_progress(const char *what, uint64_t done, uint64_t total)
{
	static int terminal = -1;
	static bool shown;
	static uint64_t last_ms;
	struct timespec now;

	if (terminal < 0)
		terminal = isatty(STDERR_FILENO);
	if (!terminal)
		return;
	if (!what || done >= total) {
		if (shown)
			fputs("\r\033[K", stderr);
		shown = false;
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (shown && ms - last_ms < 100)
		return;
	last_ms = ms;
	shown = true;
	fprintf(stderr, "\r%s %llu/%llu (%llu %%)\033[K", what, (unsigned long long)done, (unsigned long long)total,
	        (unsigned long long)(done * 100 / total));
	fflush(stderr);
}

int cli_printed(int status)
{
	bool failed = fflush(stdout) | ferror(stdout);

	/* whoever reads has had enough */
	if (!failed || status == CLI_MACHINE || errno == EPIPE)
		return status;
	return cli_error(CLI_MACHINE, "can not print: %s", errno ? strerror(errno) : "the output is cut short");
}

int cli_status_of(int err)
{
	switch (err < 0 ? -err : err) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EINVAL:
	case EBADMSG:
	case ERANGE:
	case EEXIST:
		return CLI_USAGE;
	default:
		return CLI_MACHINE;
	}
}
