// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../bench/cli.h"
#include "capture.h"

#define MAX_WORDS 32

static int run(int (*command)(int argc, char **argv), char *line)
{
	char *argv[MAX_WORDS + 1];
	int argc = 0;

	for (char *word; argc < MAX_WORDS && (word = strsep(&line, " "));) {
		if (*word)
			argv[argc++] = word;
	}
	argv[argc] = NULL;
	cli_command_name = argv[0];
	return command(argc, argv);
}

void capture_command(struct capture *c, int (*command)(int argc, char **argv), const char *line)
{
	FILE *out = tmpfile();
	int status = 0;

	if (!out)
		abort();
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		abort();
	if (!pid) {
		static char *words; /* where LeakSanitizer looks */

		words = strdup(line);
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(out), STDERR_FILENO);
		exit(run(command, words));
	}
	waitpid(pid, &status, 0);
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	rewind(out);
	c->text[fread(c->text, 1, sizeof(c->text) - 1, out)] = '\0';
	fclose(out);
}

static int real[2] = { -1, -1 };

void capture_mute(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		real[i] = fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, 3);
		dup2(null, STDOUT_FILENO + i);
	}
	close(null);
}

void capture_unmute(void)
{
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		dup2(real[i], STDOUT_FILENO + i);
		close(real[i]);
	}
}
