/* SPDX-License-Identifier: MIT */
/*
 * folder.h - a results folder is made under another name and appears whole, or not at all.
 *
 * DIR.partial is where it is made; after an interruption it stays, with the finished replays, for --resume.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include "../cli.h"

struct folder {
	char path[2048];
	char partial[2064];
	char parent[2048];
	bool made_parent;
	bool force;
};

/* path NULL: results/DATE-REVISION. CLI_OK, or a message was printed and nothing made. */
int folder_create(struct folder *d, const char *path, bool force);
/* Take up DIR.partial, given with or without that suffix. */
int folder_resume(struct folder *d, const char *path, bool force);
/* Make it appear, and results/latest point to it. CLI_OK, or a message was printed; the partial folder is then gone. */
int folder_publish(struct folder *d);
/* A folder and all that is in it, links not followed: 0 or -errno. */
int folder_remove(const char *path);
/* Remove all that was made. */
void folder_discard(struct folder *d);

#endif
