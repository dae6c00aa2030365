/* SPDX-License-Identifier: MIT */
/* runs.h - runs as they come from the kernel, in the coding of `look`: order-0 pages of one kind and marks in a row are one. */
#ifndef RUNS_H
#define RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "../module/abi.h"

struct runs {
	void (*emit)(const struct contigbench_run *r);
	uint8_t visible; /* marks that tell runs apart; the others are dropped */
	uint32_t nr;     /* emitted, runs_end() included */
	bool some;
	struct contigbench_run last;
};

/* Ascending; a run may be reported again when a look goes on in its middle. */
void runs_add(struct runs *s, const struct contigbench_run *r);
void runs_end(struct runs *s);

#endif
