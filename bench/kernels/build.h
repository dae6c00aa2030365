/* SPDX-License-Identifier: MIT */
/* build.h - contigbench guest build, list and clean: kernels with their modules, made and kept. */
#ifndef GUEST_BUILD_H
#define GUEST_BUILD_H

#include "../cli.h"
#include "kernels.h"
#include "../process/spawn.h"

struct build_options {
	bool force, offline;
	const char *name, *kernel, *headers, *cc; /* of one's own */
	const char *mirror, *security;            /* instead of those of apt's configuration */
};

/*
 * Each prints a line if all went well; CLI_OK, or a message was printed. *unreachable: the archive is, and so it is not worth while
 * to try another.
 */
int build_debian(const struct guest_generation *g, const struct build_options *o, bool *unreachable);
/* o->kernel NULL: again, with what it was built from. */
int build_own(const char *name, const struct build_options *o);

/* ---- what both share: a kernel in the making (making.c) -------------------------------------------- */

struct making {
	struct guest_kernel k;   /* as it will be */
	struct guest_kernel was; /* as it is */
	bool there;              /* `was` says something */
	int lock;
	struct room room;
	char work[CACHE_PATH + 64];   /* module/ is made in it */
	char folder[CACHE_PATH + 64]; /* becomes kernels/NAME */
};

/* Lock the name and load what there is of it. CLI_OK; else nothing is left to be ended. */
int making_begin(struct making *m, const char *name);
/* Make room, with the module's sources in it. */
int making_room(struct making *m);
/* folder/vmlinuz and work/module/contigbench.ko are there: check them, write kernel.json and put it all in its place. */
int making_publish(struct making *m);
void making_end(struct making *m);
/* Copy a file to folder/vmlinuz. */
int making_image(struct making *m, const char *from);

/*
 * Hold a lock of that name (locks/NAME of the cache) until the file is closed. wait: tell the user and wait for whoever has it,
 * half an hour at most. -1: *busy says that another process has it; or a message was printed.
 */
int lock_take(const char *name, bool wait, bool *busy);

#endif
