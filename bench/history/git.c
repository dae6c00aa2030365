// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "git.h"

extern char **environ;

/* The number that a command of git prints; false if it fails. */
static bool ask(const char *const *argv, int64_t *out)
{
	posix_spawn_file_actions_t files;
	char text[64];
	ssize_t len = 0, n;
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return false;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	const int rc = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ);

	posix_spawn_file_actions_destroy(&files);
	close(fds[1]);
	while (!rc && len < (ssize_t)sizeof(text) - 1 &&
	       ((n = read(fds[0], text + len, sizeof(text) - 1 - (size_t)len)) > 0 || (n < 0 && errno == EINTR)))
		len += n > 0 ? n : 0;
	close(fds[0]);
	text[len] = '\0';
	while (!rc && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return !rc && WIFEXITED(status) && !WEXITSTATUS(status) && sscanf(text, "%" SCNd64, out) == 1;
}

/* What git is asked for comes from files of others: a name, and nothing that it could take for an option or a range. */
static bool is_name(const char *text)
{
	return text[0] && text[0] != '-' && !strstr(text, "..") &&
	       !text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._/+-")];
}

bool git_commit(const char *revision, int64_t *seconds, int64_t *rank)
{
	char name[256], commit[272], age[48];
	const char *dirty = strstr(revision, "-dirty");
	const size_t len = dirty ? (size_t)(dirty - revision) : strlen(revision);

	if (len >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)len, revision);
	if (!is_name(name))
		return false;
	snprintf(commit, sizeof(commit), "%s^{commit}", name);
	const char *const show[] = { "git", "log", "-1", "--format=%ct", commit, "--", NULL };

	if (!ask(show, seconds))
		return false;
	snprintf(age, sizeof(age), "--max-age=%" PRId64, *seconds);
	const char *const count[] = { "git", "rev-list", "--count", age, commit, "--", NULL };

	return ask(count, rank);
}
