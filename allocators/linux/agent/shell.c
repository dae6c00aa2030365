// SPDX-License-Identifier: MIT
/*
 * shell.c - sh: a command of the user's, with a time limit.
 *
 * It runs in a session of its own on all cpus. When it is over, or its time is, everything of its process group is killed;
 * what left the group is process 1's by then and ends with the guest.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "line.h"

#define PIPE_BYTES (64u << 10) /* pipe(7) */
#define GRACE_MS   5000        /* for a killed process to be gone: one that hangs in the kernel is not */

static void run_shell(const char *command, int out)
{
	int null = open("/dev/null", O_RDONLY);

	setsid();
	init_child();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (!chdir("/"))
		execl("/bin/sh", "sh", "-c", command, NULL);
	dprintf(2, "/bin/sh: %s\n", strerror(errno));
	_exit(127);
}

/* Output so far that is not yet a line. */
struct output {
	char text[WIRE_LINE];
	size_t len;
};

/* A line too long for the wire is cut; what is not its end, or has none, ends in "\c". */
static void say_line(const char *text, size_t len, bool has_end)
{
	char safe[WIRE_LINE - 8];

	do {
		size_t n = line_escape(safe, sizeof(safe), text, len);

		text += n;
		len -= n;
		say("%s%s", safe, len || !has_end ? "\\c" : "");
	} while (len);
}

static void output(struct output *o, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			say_line(o->text, o->len, true);
			o->len = 0;
			continue;
		}
		if (o->len == sizeof(o->text)) {
			char safe[WIRE_LINE - 8];
			size_t n =
				line_escape(safe, sizeof(safe), o->text, o->len); /* not all of it: there are as many */

			say("%s\\c", safe);
			memmove(o->text, o->text + n, o->len -= n);
		}
		o->text[o->len++] = text[i];
	}
	serial_flush();
}

/*
 * Take what is there, but no more than a pipe holds: a command that writes for ever has a time limit, too. False when there is
 * nobody left who could write.
 */
static bool take_output(struct output *o, int fd)
{
	char chunk[4096];
	ssize_t n = 1;

	for (size_t sum = 0; sum < PIPE_BYTES && (n = read(fd, chunk, sizeof(chunk))) > 0; sum += (size_t)n)
		output(o, chunk, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Orphans of earlier commands become process 1's children, and would stay as zombies. */
static bool reap(pid_t child, int *status)
{
	int s;

	for (pid_t pid; (pid = waitpid(-1, &s, WNOHANG)) > 0;) {
		if (pid != child)
			continue;
		*status = s;
		return true;
	}
	return false;
}

/* Until the child is gone (true) or the time is over. */
static bool attend(pid_t child, int fd, struct output *o, uint64_t end, int *status)
{
	bool open = true;

	for (;;) {
		uint64_t now = now_ns();
		struct pollfd p = { .fd = open ? fd : -1, .events = POLLIN };

		poll(&p, 1, 20); /* its end does not show in the pipe if somebody else holds that open */
		if (open)
			open = take_output(o, fd);
		if (reap(child, status)) {
			take_output(o, fd);
			return true;
		}
		if (now >= end)
			return false;
	}
}

static int64_t sh(const struct call *c)
{
	struct output o = { .len = 0 };
	int fds[2], status = 0;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;

	pid_t child = fork();

	if (!child)
		run_shell(c->word[1], fds[1]);
	close(fds[1]);
	if (child < 0) {
		close(fds[0]);
		return -EAGAIN;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);

	uint64_t ms = c->number[0] > 1000000 ? 1000000000 : c->number[0] * 1000;
	bool ended = attend(child, fds[0], &o, now_ns() + ms * 1000000, &status);
	bool killed = !ended;

	kill(-child, SIGKILL);
	if (killed)
		ended = attend(child, fds[0], &o, now_ns() + GRACE_MS * UINT64_C(1000000), &status);
	close(fds[0]);
	if (o.len)
		say_line(o.text, o.len, false);
	mappings_forget_free();
	if (killed)
		return answer(-ETIMEDOUT, "it took more than %llu s and was killed%s", (unsigned long long)c->number[0],
		              ended ? "" : ", but hangs in the kernel");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const struct command shell_commands[] = {
	{ "sh", "n*", "TIMEOUT_S COMMAND", sh, true },
	{ .name = NULL },
};
