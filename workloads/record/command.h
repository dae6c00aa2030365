/* SPDX-License-Identifier: MIT */
/* command.h - the command that is recorded: made early, started late, and its end and our signals waited for. */
#ifndef COMMAND_H
#define COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid; /* 0: none */
	int go, failed;
	int signal_fd;
	sigset_t old_mask;
	bool masked;
	bool ended;
	int status;
	unsigned int asked; /* how often we were asked to end */
};

/*
 * Fork now, exec later: what the fork allocates is then older than the trace. From here to command_close() SIGINT,
 * SIGTERM, SIGHUP, SIGQUIT and SIGCHLD arrive through signal_fd. Threads must be made afterwards. 0 or -errno.
 */
int command_prepare(struct command *c, char **argv);
/* Let it run. 0, or the positive errno of its exec. */
int command_start(struct command *c);
/* Take signals that are pending; those meant for us are passed on to the command, from the second on as SIGKILL. */
void command_signals(struct command *c);
/* Ask it to end. */
void command_terminate(struct command *c);
/* Whatever state it is in: it is gone afterwards, and signals are as they were. */
void command_close(struct command *c);

#endif
