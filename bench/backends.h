/* SPDX-License-Identifier: MIT */
/* backends.h - lists of backends on the command line. */
#ifndef BACKENDS_H
#define BACKENDS_H

#include <stddef.h>
#include <stdint.h>

#include "../allocators/contig.h"

#define MAX_BACKENDS 32

_Static_assert(CONTIG_MAX_BACKENDS <= MAX_BACKENDS, "there is room for all that are known");

struct backend_list {
	uint32_t nr;
	const char *name[MAX_BACKENDS];
};

/*
 * Add the names of "A,B", split in place and checked. Real kernels ("NAME@guest") become known by that, so this is for commands
 * that can ask one. CLI_OK, or CLI_USAGE and a message was printed.
 */
int backends_add(struct backend_list *l, char *list);

#endif
