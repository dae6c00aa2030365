/* SPDX-License-Identifier: MIT */
/*
 * nature.h - memory as an allocator leaves it when much has come and gone: what is allocated and freed, drawn from a seed. Pure:
 * who carries it out is the caller's, the agent's in a guest (natural.c) or the host's in a model, and both do the same.
 *
 * In four rounds allocations are made until a peak is reached, and random ones of those that do not live long are freed again,
 * down to a trough, in the last round down to `fill`. A draw of the generator decides what is allocated: kernel memory (two
 * thirds unmovable, one third reclaimable; order 0 to 3), of which each round may add a quarter of what is wanted, so that most
 * of it comes when memory is full and in pieces; a THP now and then; else a run of user pages, geometric in length. Every fourth
 * allocation lives long: it is freed only if nothing else is left. Kernel memory stays.
 */
#ifndef NATURE_H
#define NATURE_H

#include <stdbool.h>

#include "../../splitmix.h"

#define NATURE_THP_ORDER 9u
#define NATURE_SPARE     4096u /* pages above the high watermark that are left alone */

/* Where it happens. Each answers 0 or -errno; -ENOMEM is an answer like others, as long as not all are. */
struct nature_world {
	void *ctx;
	uint64_t managed, in_use; /* pages, at the beginning */
	uint64_t most;            /* pages in use that the watermarks leave room for */
	/* kernel memory */
	int (*take)(void *ctx, unsigned int order, bool reclaimable, uint64_t *handle);
	int (*give)(void *ctx, uint64_t handle);
	/* user memory: a page, or a THP */
	int (*map)(void *ctx, unsigned int order, uint64_t *handle);
	int (*unmap)(void *ctx, unsigned int order, uint64_t handle);
	/* Is a run of at least a THP on the free lists? */
	bool (*whole)(void *ctx);
	/* per-cpu lists and LRU batches, at each peak and trough */
	int (*drain)(void *ctx);
};

/* What there is in the end, in pages. */
struct nature_counts {
	uint64_t user, thp, kernel, reclaimable;
};

/* fill is percent of the managed pages, unmovable thousandths. 0 or -errno. */
int nature_run(const struct nature_world *w, struct splitmix *rng, uint32_t fill, uint32_t unmovable,
               struct nature_counts *out);

#endif
