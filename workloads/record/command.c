// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

/* The child: wait for a byte, then become the command. If the recorder dies first, the pipe ends and so does it. */
static void child(const struct command *c, int go, int failed, char **argv) __attribute__((noreturn));
static void child(const struct command *c, int go, int failed, char **argv)
{
	char byte;
	ssize_t n;

	sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	do {
		n = read(go, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 1) {
		execvp(argv[0], argv);
		int err = errno;

		n = write(failed, &err, sizeof(err));
	}
	_exit(127);
}

int command_prepare(struct command *c, char **argv)
{
	int go[2] = { -1, -1 }, failed[2] = { -1, -1 };
	sigset_t mask;

	*c = (struct command){ .go = -1, .failed = -1, .signal_fd = -1 };
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGQUIT);
	sigaddset(&mask, SIGCHLD);
	c->masked = !sigprocmask(SIG_BLOCK, &mask, &c->old_mask);
	c->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c->signal_fd >= 0 && !pipe2(go, O_CLOEXEC) && !pipe2(failed, O_CLOEXEC))
		c->pid = fork();
	else
		c->pid = -1;
	if (!c->pid) {
		close(go[1]); /* or it would never see the recorder's end */
		child(c, go[0], failed[1], argv);
	}
	int err = c->pid < 0 ? -errno : 0;
	if (c->pid < 0)
		c->pid = 0;
	c->go = go[1];
	c->failed = failed[0];
	if (go[0] >= 0)
		close(go[0]);
	if (failed[1] >= 0)
		close(failed[1]);
	if (err)
		command_close(c);
	return err;
}

int command_start(struct command *c)
{
	int err = 0;
	ssize_t n;

	do {
		n = write(c->go, "g", 1);
	} while (n < 0 && errno == EINTR);
	/* exec closes the pipe; a failed one writes its reason into it */
	do {
		n = read(c->failed, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(err) ? err : 0;
}

static void reap(struct command *c)
{
	if (c->pid && !c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
}

void command_signals(struct command *c)
{
	struct signalfd_siginfo si;

	while (read(c->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue;
		c->asked++;
		if (c->ended || !c->pid)
			continue;
		if (c->asked > 1)
			kill(c->pid, SIGKILL);
		else if (si.ssi_code <= 0) /* from a process; the terminal's own have reached the command as well */
			kill(c->pid, (int)si.ssi_signo);
	}
	reap(c);
}

void command_terminate(struct command *c)
{
	if (c->pid && !c->ended)
		kill(c->pid, SIGTERM);
}

void command_close(struct command *c)
{
	if (c->pid && !c->ended) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
			;
	}
	if (c->go >= 0)
		close(c->go);
	if (c->failed >= 0)
		close(c->failed);
	if (c->signal_fd >= 0)
		close(c->signal_fd);
	if (c->masked)
		sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	*c = (struct command){ .go = -1, .failed = -1, .signal_fd = -1 };
}
