// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../bench/cli.h"
#include "../../bench/plugins.h"
#include "plugin_house.h"

/* ---- a program in the test ------------------------------------------------------------------- */

static const char *plugin_file; /* of --plugin; NULL: none */

static const struct {
	const char *name;
	house_command command;
} commands[] = {
	{ "list", cmd_list },       { "run", cmd_run },           { "explain", cmd_explain },
	{ "diverge", cmd_diverge }, { "scenario", cmd_scenario },
};

/* What main() does. */
static int program(int argc, char **argv)
{
	char *all[40] = { "contigbench" }, **at = all;
	int nr = 1;

	if (plugin_file) {
		all[nr++] = "--plugin";
		all[nr++] = (char *)plugin_file;
	}
	assert_true(nr + argc < 40);
	memcpy(all + nr, argv, (size_t)argc * sizeof(*argv));
	nr += argc;
	cli_command_name = NULL;
	int status = plugins_take(&nr, &at);

	if (status != CLI_OK)
		return status;
	cli_command_name = at[1];
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(commands[i].name, at[1]))
			return commands[i].command(nr - 1, at + 1);
	}
	return 99;
}

const char *plugin_with(const char *file, int status, const char *line)
{
	plugin_file = file;
	return house_run(program, status, line);
}

pid_t plugin_start(const char *file, const char *line)
{
	char copy[512], *rest = copy, *argv[40];
	int argc = 0;

	fflush(NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	capture_mute();
	plugin_file = file;
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word; argc < 39 && (word = strsep(&rest, " "));)
		argv[argc++] = word;
	argv[argc] = NULL;
	_exit(program(argc, argv));
}

void plugin_refused(const char *file, const char *line, const char *says)
{
	const char *text = plugin_with(file, CLI_USAGE, line);
	const char *newline = strchr(text, '\n');

	if (!strstr(text, says))
		fail_msg("%s: '%s' without '%s'", file, text, says);
	if (!newline || newline[1] || strncmp(text, "contigbench", strlen("contigbench")))
		fail_msg("%s: not one line: '%s'", file, text);
}

int plugin_shell(const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return system(line);
}

/* ---- plugins made on the spot ------------------------------------------------------------------ */

/* A backend of which nothing can be opened, but all is there. */
static const char head[] =
	"#include <contigbench/plugin.h>\n"
	"static void *stub(void) { return 0; }\n"
	"#define S (void *)stub\n"
	"#define CORE .open = S, .close = S, .alloc = S, .free = S, .split = S, .range_begin = S, .range_step = S, \\\n"
	"	.range_end = S, .range_free = S, .stats = S\n"
	"#define LAB .place = S, .set_type = S, .type = S, .pin = S, .pin_owned = S, .freeze = S, .relist = S, \\\n"
	"	.to_lru = S, .convert = S, .watermark = S, .unreserve = S, .drain = S, .run = S, .verify = S\n"
	"#define LIST static const struct contig_backend *const all[]\n";

/* Compile `body` behind the head above to NAME.so, with headers from inst/ or another folder. */
void plugin_compile(const char *name, const char *includes, const char *body)
{
	char file[64];

	snprintf(file, sizeof(file), "%s.c", name);
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fprintf(f, "%s%s", head, body);
	assert_int_equal(fclose(f), 0);
	if (plugin_shell("cc -w -std=gnu11 -fPIC -shared -fvisibility=hidden -I%s/include -o %s.so %s.c 2>cc.log",
	                 includes, name, name))
		fail_msg("%s does not compile: see cc.log", name);
}

/* ---- set-up ----------------------------------------------------------------------------------- */

/* The folder in which this program was built: BUILD of the Makefile. */
static void build_folder(char out[4096])
{
	ssize_t n = readlink("/proc/self/exe", out, 4095);

	assert_true(n > 0);
	out[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(out, '/') = '\0';
}

/* -o all: what is built is installed, and nothing is built here. */
int plugin_set_up(void **state)
{
	static char top[4096], build[4096], scratch[4096];

	assert_non_null(getcwd(top, sizeof(top)));
	build_folder(build);
	if (house_set_up(state) || !getcwd(scratch, sizeof(scratch)))
		return -1;
	unsetenv("MAKEFLAGS");
	unsetenv("MAKELEVEL");
	unsetenv("CONTIGBENCH_PLUGINS");
	bool built = !plugin_shell("test -x %s/contigbench", build);

	return plugin_shell("cp -r %s/docs/plugin mine && rm -f mine/*.so", top) ||
	       plugin_shell("make -s -C %s -o all %s PREFIX=%s/inst BUILD=%s >make.log 2>&1", top,
	                    built ? "install" : "install-headers", scratch, build) ||
	       /* without its headers it says what is missing */
	       !plugin_shell("PKG_CONFIG_LIBDIR=/nowhere make -s -C mine >make.log 2>&1") ||
	       plugin_shell("grep -q 'contigbench.pc is not found: install contigbench' make.log") ||
	       plugin_shell(
		       "PKG_CONFIG_PATH=%s/inst/lib/pkgconfig make -s -C mine CFLAGS='-O2 -Wall -Wextra -Wshadow -Wconversion "
		       "-Werror' >make.log 2>&1",
		       scratch);
}
