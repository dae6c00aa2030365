/* SPDX-License-Identifier: MIT */
/* dump.h - runs as items of a layout string (docs/formats.md), for dumps of a whole node: a seventh of what `look` says. */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../module/abi.h"
#include "../wire.h"

struct dump {
	void (*line)(const char *text);
	uint32_t lines;
	unsigned int block_order;
	uint64_t first_block; /* whose type is types[0] */
	const char *types;    /* a letter a pageblock, as CONTIGBENCH_TYPES has them */
	char text[WIRE_LINE - 8];
	size_t len;
	uint64_t block; /* of the line */
	char item[16];  /* in a row so far, not yet in the line */
	uint32_t count;
};

/* Ascending, no overlap. A line has what begins in one pageblock, or the part of it that fits. */
void dump_add(struct dump *l, const struct contigbench_run *r);
void dump_end(struct dump *l);

#endif
