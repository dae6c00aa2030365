// SPDX-License-Identifier: MIT
/* keeper.c - runs in the keeper, after the fork: no memory is allocated but by the one that removes a folder. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper.h"
#include "now.h"

/* Behind the program's own descriptors. */
enum {
	LIFE,
	OWNER,
	REPORT,
	FAILED,
	NR_OURS
};
#define MAX_FDS (3 + SPAWN_MAX_FDS + NR_OURS)

/* How long a folder is tried to be removed while others still write in it, in steps of 20 ms. */
#define REMOVE_TRIES 500

/*
 * Descriptors 0 to nr_fds - 1 become the program's, those behind them ours, and all others are closed: a pipe whose end we held
 * would never hang up.
 */
static bool move_fds(struct keeper *k)
{
	int to = (int)k->nr_fds, copies[MAX_FDS], ours[NR_OURS] = { k->life, k->owner, k->report, k->failed };

	for (int i = 0; i < to + NR_OURS; i++) {
		int fd = i < to ? k->fd[i] : ours[i - to];

		copies[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, MAX_FDS);
		if (fd >= 0 && copies[i] < 0)
			return false;
	}
	for (int i = 0; i < to + NR_OURS; i++) {
		if (copies[i] < 0)
			close(i);
		else if (dup3(copies[i], i, i < to ? 0 : O_CLOEXEC) < 0)
			return false;
	}
	k->life = to + LIFE;
	k->owner = k->owner < 0 ? -1 : to + OWNER;
	k->report = to + REPORT;
	k->failed = to + FAILED;
	if (close_range((unsigned int)(to + NR_OURS), ~0u, 0)) { /* v5.9 */
		for (int fd = to + NR_OURS; fd < 4096; fd++)
			close(fd);
	}
	return true;
}

static void program(const struct keeper *k, pid_t keeper) __attribute__((noreturn));
static void program(const struct keeper *k, pid_t keeper)
{
	sigset_t none;
	int err;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(127);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!k->dir || !chdir(k->dir))
		execvpe(k->argv[0], k->argv, k->env);
	err = errno;
	while (write(k->failed, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* Kill each child that /proc lists; theirs become ours when they are dead. */
static void kill_children(void)
{
	char list[4096];
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC); /* CONFIG_PROC_CHILDREN */
	ssize_t n = fd < 0 ? 0 : read(fd, list, sizeof(list));
	pid_t pid = 0;

	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i < n; i++) {
		if (list[i] >= '0' && list[i] <= '9') {
			pid = pid * 10 + list[i] - '0';
			continue;
		}
		if (pid > 0)
			kill(pid, SIGKILL);
		pid = 0;
	}
}

static void kill_all(pid_t pid)
{
	if (getpid() == 1) /* a namespace of our own */
		kill(-1, SIGKILL);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		if (getpid() != 1)
			kill_children();
		poll(NULL, 0, 2);
	}
}

/* Has the program ended? Orphans of its tree are taken as well. */
static bool reap(pid_t pid, int *status)
{
	bool ended = false;
	pid_t some;
	int how;

	while ((some = waitpid(-1, &how, WNOHANG)) > 0) {
		if (some == pid) {
			*status = how;
			ended = true;
		}
	}
	return ended;
}

/* Until the program has ended, or must. */
static struct keeper_report watch(const struct keeper *k, pid_t pid, int signals)
{
	struct keeper_report report = { .error = -EIO };
	int64_t end = k->seconds ? now_ms() + (int64_t)k->seconds * 1000 : INT64_MAX;
	struct signalfd_siginfo si;

	for (;;) {
		struct pollfd p[3] = { { .fd = k->life },
			               { .fd = k->owner, .events = POLLIN },
			               { signals, POLLIN, 0 } };
		int64_t left = end - now_ms();

		if (left <= 0) {
			report.error = -ETIMEDOUT;
			return report;
		}
		if (poll(p, 3, left > 3600000 ? 3600000 : (int)left) < 0 && errno != EINTR)
			return report;
		if (p[0].revents || p[1].revents)
			return report;
		if (p[2].revents)
			while (read(signals, &si, sizeof(si)) == (ssize_t)sizeof(si))
				;
		if (pid && reap(pid, &report.status)) {
			report.error = 0;
			return report;
		}
	}
}

static void remove_folder(const char *path)
{
	for (int i = 0; i < REMOVE_TRIES && room_delete(path); i++)
		poll(NULL, 0, 20);
}

static void keeper(struct keeper *k) __attribute__((noreturn));
static void keeper(struct keeper *k)
{
	struct keeper_report report = { .error = -EIO };
	sigset_t all, child;
	pid_t pid = 0;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* without a pidfd we are told of our parent's end this way; the program dies with us */
	if (k->owner < 0 && !k->remove)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!move_fds(k))
		_exit(1);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	signal(SIGCHLD, SIG_DFL); /* it may have been ignored, and then there is nothing to wait for */
	int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);

	if (k->argv) {
		pid_t self = getpid();

		pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0, 0, 0, 0);
		if (!pid)
			program(k, self);
	}
	/* nobody shall wait for a pipe of which only we hold an end */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (unsigned int i = 0; k->argv && i < k->nr_fds; i++) {
		if (null >= 0)
			dup2(null, (int)i);
		else
			close((int)i);
	}
	close(k->failed);
	if (pid >= 0 && signals >= 0)
		report = watch(k, pid, signals);
	if (pid > 0)
		kill_all(pid);
	if (k->remove)
		remove_folder(k->remove);
	while (write(k->report, &report, sizeof(report)) < 0 && errno == EINTR)
		;
	_exit(0);
}

pid_t keeper_start(struct keeper *k)
{
	pid_t pid;

	k->owner = (int)syscall(SYS_pidfd_open, getpid(), 0); /* v5.3 */
	/* the C library's fork makes memory usable in the child, which removing a folder needs, and knows no namespaces */
	if (!k->argv) {
		pid = fork();
	} else {
		pid = (pid_t)syscall(SYS_clone, (unsigned long)(SIGCHLD | CLONE_NEWPID), 0, 0, 0, 0);
		if (pid < 0)
			pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0, 0, 0, 0);
	}
	if (!pid)
		keeper(k);
	int err = pid < 0 ? -errno : 0;

	if (k->owner >= 0)
		close(k->owner);
	return err ? err : pid;
}
