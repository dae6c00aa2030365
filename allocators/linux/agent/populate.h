/* SPDX-License-Identifier: MIT */
/* populate.h - what the kinds of `populate` share. */
#ifndef POPULATE_H
#define POPULATE_H

#include "../../splitmix.h"

/* What was asked for, and what came of it; pages. */
struct populate {
	uint32_t fill;      /* percent of the managed pages in use */
	uint32_t unmovable; /* thousandths of the managed pages */
	struct splitmix rng;
	uint64_t decided; /* pages that a decision was taken over */
	uint64_t user, thp, kernel, reclaimable;
	uint64_t strays; /* user pages that did not come to lie where they should */
};

/* Free pages without which the kernel begins to reclaim, and a few more. */
uint64_t populate_spare(void);
/* natural.c; the node is as after reset. */
int populate_natural(struct populate *p);

#endif
