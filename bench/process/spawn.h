/* SPDX-License-Identifier: MIT */
/*
 * spawn.h - programs that run for us and never outlive us, and temporary folders that do not either.
 *
 *	struct spawn_how how = SPAWN_HOW;
 *	how.argv = (char *[]){ "apt-get", "update", NULL };
 *	how.seconds = 120;
 *	if (spawn_run(&how, NULL, &diag))			0, or diag says what failed and what it printed last
 *
 * Between us and a program stands a keeper, a process that does nothing but wait: for the program's end, for its time limit, for
 * spawn_close(), and for our end, whatever it is (kill -9 included). In each case it kills the program and all that came of it,
 * also what left its session or process group. Where that is allowed (root) the keeper is the first process of a PID namespace,
 * so that a kill -9 of the keeper has the same effect; elsewhere the program itself dies with it.
 *
 * SIGINT, SIGTERM and SIGHUP, if they would end us, first wait until all keepers are done.
 * Programs get their own session: what is typed on the terminal reaches us only. Nothing here is for two threads at once.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stddef.h>
#include <sys/types.h>

#include "../../allocators/contig.h"

#define SPAWN_MAX_FDS 8
#define SPAWN_MAX     32 /* programs and folders at a time */

struct spawn_how {
	char *const *argv;       /* argv[0] is looked for on PATH */
	char *const *env;        /* "NAME=VALUE" on top of our environment, ends with NULL; or NULL */
	const char *dir;         /* where it runs; NULL: here */
	int in;                  /* its stdin; -1: /dev/null */
	int out;                 /* its stdout; -1: kept, for spawn_out() */
	int err;                 /* its stderr; -1: kept, for spawn_err(); SPAWN_AS_OUT: with stdout, in order */
	const int *fds;          /* it has these as 3, 4, ... */
	unsigned int nr_fds;     /* at most SPAWN_MAX_FDS */
	unsigned int seconds;    /* time limit; 0: none */
	void (*tick)(void *ctx); /* called ten times a second by spawn_wait(), for progress; or NULL */
	void *ctx;
};

#define SPAWN_AS_OUT (-2)
#define SPAWN_HOW                                                                                                      \
	{                                                                                                              \
		.in = -1, .out = -1, .err = -1                                                                         \
	}

/* What a program printed, at most this much of it is kept; one that prints a lot more is ended (-EFBIG). */
#define SPAWN_KEPT (64u << 20)

struct spawn {
	pid_t keeper;
	int life;     /* closing it makes the keeper end */
	int report;   /* the keeper says here how it went */
	int out, err; /* files that hold what was printed, or -1 */
	int status;   /* as of wait(2), once ended */
	int error;    /* 0, or why the status says nothing: -ETIMEDOUT, -EFBIG, -EIO (somebody killed the keeper) */
	bool ended;
	unsigned int seconds;
	char name[64]; /* of the program, for messages */
	void (*tick)(void *ctx);
	void *ctx;
};

/* Start it. 0, or -errno and *diag: -ENOENT there is no such program. Then spawn_close() is due. */
int spawn_start(struct spawn *s, const struct spawn_how *how, struct contig_diag *diag);
/*
 * Wait for its end for so long at most (-1: as long as its own limit allows). True if it has ended: then s->error, s->status
 * and spawn_said() say how.
 */
bool spawn_wait(struct spawn *s, int milliseconds);
/* 0: it ended with exit status 0; else -errno, and *diag says how it ended, with the last line that it printed. */
int spawn_said(struct spawn *s, struct contig_diag *diag);
/* All that it printed so far, with NUL behind it (NULs in it are '?'); free() it. NULL: no memory, or it went elsewhere. */
char *spawn_out(const struct spawn *s);
char *spawn_err(const struct spawn *s);
/* The last bytes of a file, no more than `most`, in the same way. */
char *spawn_text(int fd, size_t most);
/* Whatever it does: it and all that came of it is gone afterwards. */
void spawn_close(struct spawn *s);

/*
 * Start, wait, close. 0: exit status 0. Else -errno and *diag: -ENOENT no such program, -ETIMEDOUT, -ECHILD it ended with
 * another status or by a signal. *out, unless NULL: what it printed to stdout, free() it; NULL on errors.
 */
int spawn_run(const struct spawn_how *how, char **out, struct contig_diag *diag);

/* Called by such a signal before all else; only what signal-safety(7) allows. NULL: no more. */
void spawn_at_signal(void (*call)(void));

/* ---- rooms --------------------------------------------------------------------------------------- */

/*
 * A temporary folder PARENT/.contigbench-PID-START-XXXXXX, START being our start time as in /proc/PID/stat. When we end without
 * room_remove(), a keeper removes it; when that was killed, too, the next room_make() with this parent does.
 */
struct room {
	struct spawn keeper;
	char path[2048];
};

/* parent NULL: $TMPDIR, or /tmp. It must exist. 0, or -errno and *diag. */
int room_make(struct room *r, const char *parent, struct contig_diag *diag);
/* With all that is in it; not across mounts. */
void room_remove(struct room *r);
/* A folder and all that is in it, not across mounts: 0, also if there is none, or -errno. */
int room_delete(const char *path);
/* Remove what processes that are gone left in a folder; how many. room_make() does that, too. */
unsigned int room_sweep(const char *parent);

#endif
