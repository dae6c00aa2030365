/* SPDX-License-Identifier: MIT */
/* shipped.h - files that ship with the program: traces in corpus, scenarios, gnuplot scripts in plots. */
#ifndef SHIPPED_H
#define SHIPPED_H

#include <stdbool.h>

/*
 * Call one(path) for each file of the folder whose name ends so, in order of name (8.2 before 8.10), until it says false.
 * The folder is looked for beside the sources one works in, beside the program in its build folder, and where `make
 * install` puts it.
 */
void shipped_each(const char *folder, const char *suffix, bool (*one)(void *ctx, const char *path), void *ctx);

/*
 * The file that a user means: the name itself if it has a slash or the suffix, else that of a shipped file without suffix;
 * NULL name: the first that ships. Free the result; NULL if there is none.
 */
char *shipped_find(const char *folder, const char *suffix, const char *name);

/* A whole folder that ships, beside the program or as installed; never one of where we happen to be. free() it; NULL: none. */
char *shipped_folder(const char *folder);

#endif
