/* SPDX-License-Identifier: MIT */
/* git.h - where a revision stands among others, as the repository that this process runs in knows. */
#ifndef GIT_H
#define GIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When the commit was made that a revision names, "-dirty..." behind it aside, and how many commits it has behind it that were
 * made in the same second: of a rebase they are many. False without git, without a repository, or if it knows no such revision.
 */
bool git_commit(const char *revision, int64_t *seconds, int64_t *rank);

#endif
