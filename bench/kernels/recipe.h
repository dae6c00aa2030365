/* SPDX-License-Identifier: MIT */
/* recipe.h - the steps of fetch-kernel, a shell script that is part of this program: with time limits, progress and reasons. */
#ifndef GUEST_RECIPE_H
#define GUEST_RECIPE_H

#include "../cli.h"

struct recipe {
	const char *name;     /* of the kernel, for messages and the log */
	const char *what;     /* "fetching compiler and headers", for progress */
	unsigned int seconds; /* time limit */
	const char *from;     /* the archive that it asks, for the message when that does not answer; or NULL */
	bool unreachable;     /* it failed because nothing comes over the network */
	char answer[4096];    /* what the step said behind "= ", lines as they are */
};

/*
 * Run step[0] with the words behind it, up to NULL. CLI_OK and r->answer; or CLI_MACHINE after a message that names the reason
 * and the next step; all that was printed is then in logs/build-NAME.log of the cache.
 */
int recipe_run(struct recipe *r, const char *const step[]);

/* Is the program on PATH, or where the system keeps those of root? */
bool recipe_has(const char *program);

/* The words of an answer "WORD VALUE" into `value`; false: there is no such line, or nothing behind the word. */
bool recipe_value(const struct recipe *r, const char *word, char *value, size_t size);

/* Keep what a program printed as logs/build-NAME.log and put its name into `path`; "" if that can not be done. */
void recipe_log(const char *name, const char *text, char *path, size_t size);
/* The line that says most of why it failed: one with "error" in it, or the last. Points into a copy that is cut up. */
const char *recipe_reason(char *text);

#endif
