// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../shipped.h"
#include "gnuplot.h"

#define LOG   "gnuplot.log" /* what it says */
#define PLOTS "plots"       /* the folder of scripts, as scripts name it */

/* Nothing of the user's settings for gnuplot goes into a figure; numbers have points. */
static char **clean_environment(char **environment, size_t max)
{
	static const char *const without[] = {
		"GNUTERM=", "GNUPLOT_LIB=", "GNUPLOT_FONTPATH=",       "GDFONTPATH=",
		"FIT_LOG=", "LC_ALL=",      "GNUPLOT_DEFAULT_GDFONT=", "GNUPLOT_SHARE_DIR="
	};
	size_t nr = 0;

	for (char **e = environ; *e && nr + 2 < max; e++) {
		bool kept = true;

		for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
			kept &= strncmp(*e, without[i], strlen(without[i])) != 0;
		if (kept)
			environment[nr++] = *e;
	}
	environment[nr++] = (char *)(uintptr_t) "LC_ALL=C";
	environment[nr] = NULL;
	return environment;
}

/* Run it in `dir` (NULL: here) with its output, and what it says, to files (err -1: nowhere): 0, -errno, or 256 and more for a status that is not 0. */
static int run(const char *const *argv, const char *dir, int out, int err)
{
	char *environment[512];
	posix_spawn_file_actions_t files;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (err < 0)
		posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
	if (dir)
		posix_spawn_file_actions_addchdir_np(&files, dir);
	int rc = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv,
	                      clean_environment(environment, sizeof(environment) / sizeof(environment[0])));

	posix_spawn_file_actions_destroy(&files);
	if (rc)
		return -rc;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : 256 + status;
}

/* The first line that a program prints; false if it can not be run. */
static bool first_line(const char *const *argv, char *line, size_t size)
{
	FILE *f = tmpfile();
	int rc = f ? run(argv, NULL, fileno(f), -1) : -errno;

	line[0] = '\0';
	if (f) {
		rewind(f);
		if (!fgets(line, (int)size, f))
			line[0] = '\0';
		fclose(f);
	}
	line[strcspn(line, "\n")] = '\0';
	return !rc;
}

static int find_font(struct gnuplot *g)
{
	static const char *const argv[] = { "fc-match", "-f", "%{family}\n", "Helvetica", NULL };

	if (!first_line(argv, g->font, sizeof(g->font)) || !g->font[0])
		return cli_error(CLI_MACHINE,
		                 "no font to draw Helvetica with: apt-get install fonts-urw-base35 fontconfig");
	g->font[strcspn(g->font, ",")] = '\0';
	if (!strstr(g->font, "Nimbus Sans") && !strstr(g->font, "Helvetica"))
		cli_warn("the figures are in %s, as there is no Helvetica or Nimbus Sans: apt-get install "
		         "fonts-urw-base35",
		         g->font);
	return CLI_OK;
}

static int find_scripts(struct gnuplot *g)
{
	char *style = shipped_find(PLOTS, ".gp", "style");

	g->scripts = style ? realpath(style, NULL) : NULL;
	free(style);
	if (!g->scripts)
		return cli_error(CLI_MACHINE,
		                 "the gnuplot scripts are neither beside this program nor in share/contigbench/" PLOTS
		                 ": run `make install`, or run it from the sources' folder");
	*strrchr(g->scripts, '/') = '\0';
	return CLI_OK;
}

int gnuplot_open(struct gnuplot *g)
{
	static const char *const argv[] = { "gnuplot", "--version", NULL };

	*g = (struct gnuplot){ .scripts = NULL };
	if (!first_line(argv, g->version, sizeof(g->version)))
		return cli_error(CLI_MACHINE, "gnuplot is missing or does not run: apt-get install gnuplot-nox");
	int status = find_font(g);

	return status == CLI_OK ? find_scripts(g) : status;
}

void gnuplot_close(struct gnuplot *g)
{
	free(g->scripts);
	g->scripts = NULL;
}

/* The line of its message that says most: it prints the command, a mark under it, and then what is wrong. */
static int complain(int fd, const char *figure, int rc)
{
	char line[512], said[512] = "it says nothing";
	FILE *f = lseek(fd, 0, SEEK_SET) ? NULL : fdopen(dup(fd), "r");

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[strspn(line, " \t^")])
			snprintf(said, sizeof(said), "%s", line + strspn(line, " \t"));
	}
	if (f)
		fclose(f);
	if (rc < 0)
		return cli_error(CLI_MACHINE, "gnuplot can not be run: %s", strerror(-rc));
	return cli_error(CLI_MACHINE, "gnuplot failed on " PLOTS "/%s.gp: %s", figure, said);
}

int gnuplot_draw(const struct gnuplot *g, const char *dir, const char *figure, const char *format, const char *width)
{
	char script[64], path[4096];
	const char *const argv[] = { "gnuplot", "-d", "-c", script, format, width, NULL };

	snprintf(script, sizeof(script), PLOTS "/%s.gp", figure);
	snprintf(path, sizeof(path), "%s/" PLOTS, dir);
	if (symlink(g->scripts, path) && errno != EEXIST)
		return cli_error(CLI_MACHINE, "%s can not be written: %s", path, strerror(errno));
	snprintf(path, sizeof(path), "%s/" LOG, dir);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return cli_error(CLI_MACHINE, "%s can not be written: %s", path, strerror(errno));
	int rc = run(argv, dir, fd, fd);
	int status = rc ? complain(fd, figure, rc) : CLI_OK;

	close(fd);
	return status;
}
