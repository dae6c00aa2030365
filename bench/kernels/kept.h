/* SPDX-License-Identifier: MIT */
/* kept.h - what the cache holds: guest list, guest clean. */
#ifndef GUEST_KEPT_H
#define GUEST_KEPT_H

#include <stdbool.h>
#include <stdint.h>

/* CLI_OK, or a message was printed. */
int kept_list(bool json);
/*
 * Remove kernels by name; none named: all that can be fetched again (compilers, headers, lists, logs, what an interrupted build
 * left); all: the kernels, too. Says how much. What a build is using stays, and the answer is CLI_NO.
 */
int kept_clean(char *const *names, int nr, bool all);

/* Bytes that a file or a folder with all that is in it takes on disk; 0 if it is not there. */
uint64_t kept_bytes(const char *path);

#endif
