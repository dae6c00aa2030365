/* SPDX-License-Identifier: MIT */
/*
 * reference.h - a yardstick: the buddy allocator of the textbook (Knuth, TAOCP 1, 2.5), order 0 upwards, with 16-byte
 * page descriptors, doubly linked free lists threaded through them, and, if wanted, one per-CPU stack of free pages in
 * front, refilled and emptied 63 pages at a time as Linux does it.
 *
 * It has no migratetypes, zones, watermarks, or owners, and it validates nothing: it is what an allocator of this kind
 * costs at least. `contigbench perf` states times as ratios to it, measured in the same process at the same time.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#define REFERENCE_NONE UINT32_MAX

struct reference;

/* `pages` pages, all free, in the largest aligned runs up to max_order (inclusive). NULL: no memory. */
struct reference *reference_open(uint32_t pages, unsigned int max_order, bool pcp);
void reference_close(struct reference *r);

/*
 * The same for threads: a stack for each of nr_cpus, which nobody else touches, and one lock, the model's, around all else.
 * A cpu is used by one thread at a time.
 */
struct reference *reference_open_shared(uint32_t pages, unsigned int max_order, uint32_t nr_cpus);

/* The pfn or REFERENCE_NONE. Only order 0 goes through the per-CPU stack. */
uint32_t reference_alloc_on(struct reference *r, uint32_t cpu, unsigned int order);
void reference_free_on(struct reference *r, uint32_t cpu, uint32_t pfn, unsigned int order);

static inline uint32_t reference_alloc(struct reference *r, unsigned int order)
{
	return reference_alloc_on(r, 0, order);
}

static inline void reference_free(struct reference *r, uint32_t pfn, unsigned int order)
{
	reference_free_on(r, 0, pfn, order);
}

/* Free pages, those on the per-CPU stacks included; and runs of one order on the free lists. */
uint32_t reference_nr_free(const struct reference *r);
uint32_t reference_runs(const struct reference *r, unsigned int order);

#endif
