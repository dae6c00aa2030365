/* SPDX-License-Identifier: MIT */
/* keeper.h - the process between us and a program that runs for us: see spawn.h. */
#ifndef KEEPER_H
#define KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "spawn.h"

/* What a keeper knows. Nothing in it needs memory to be allocated: it is a copy of a process that may have had threads. */
struct keeper {
	char *const *argv; /* NULL: no program, only wait for the end */
	char *const *env;
	const char *dir;
	int fd[3 + SPAWN_MAX_FDS]; /* those of the program, from 0 on */
	unsigned int nr_fds;       /* three at least */
	int life;                  /* hangs up when we end or want it to */
	int owner;  /* pidfd of us, or -1: becomes readable when we end, even if somebody else has `life` */
	int report; /* takes one struct keeper_report */
	int failed; /* takes the errno of an exec that failed */
	unsigned int seconds;
	const char *remove; /* a folder to be removed at the end, or NULL */
};

struct keeper_report {
	int status; /* as of wait(2) */
	int error;  /* 0, -ETIMEDOUT, -EIO */
};

/* Make one. Its pid, or -errno. All of k->fd, life, report and failed are still open here afterwards. */
pid_t keeper_start(struct keeper *k);

/* A keeper without a program: it removes the folder when we end, or at spawn_close(). It keeps fd open. 0 or -errno. In spawn.c. */
int spawn_keep_folder(struct spawn *s, const char *path, int fd);

#endif
