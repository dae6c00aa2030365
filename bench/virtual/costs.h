/* SPDX-License-Identifier: MIT */
/* costs.h - which cost tables there are: the one that is built in, those that ship as files, and files of the user's own. */
#ifndef COSTS_H
#define COSTS_H

#include "cost_file.h"

/* The name of the built-in table, a shipped one's, or a file. */
struct costs {
	const struct cost_table *table;
	struct cost_file *file; /* NULL: it is built in */
	char *path;             /* of the file */
};

/* NULL name: the built-in table. CLI_OK, or a message was printed that begins with `flag`. costs_close() in either case. */
int costs_open(struct costs *out, const char *name, const char *flag);
void costs_close(struct costs *c);

/*
 * A file that a result was made with, by its SHA-256: where it was, or as a shipped one of that name. Free it; NULL: it has
 * changed, or is no more.
 */
char *costs_find(const char *name, const char *sha256, const char *was);

/* Call one() with each that ships, good or bad (then with the reason and costs NULL), in order of name. */
void costs_each(void (*one)(void *ctx, const char *path, const struct cost_file *costs, const char *reason), void *ctx);

#endif
