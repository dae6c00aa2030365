/* SPDX-License-Identifier: MIT */
/*
 * cma.h - CMA areas (7.1): memory that movable pages may use until the area's owner wants it.
 *
 * An area is one range of pages, or several (v6.15), with a bitmap over them. An allocation looks for clear bits, sets
 * them, and asks alloc_contig_range for their pages; after -EBUSY it looks on behind them, once through the area and
 * never round.
 */
#ifndef CMA_H
#define CMA_H

#include "user.h"

#define CMA_MAX_RANGES 8u

struct cma; /* all areas of a machine */
struct cma_area;

struct cma_range {
	pfn_t base;
	uint32_t pages;
};

int cma_open(const struct user_machine *m, struct cma **out); /* 0 or -ENOMEM */
/* Its areas' pages stay as they are; no request may be going on. */
void cma_close(struct cma *cma);

/*
 * Make an area of pages that are free or reserved: their blocks become CMA and the reserved ones go to the buddy.
 * Every range is aligned to user_alignment() and to 2^order_per_bit pages, begin and size. -EINVAL with the reason; a
 * range that is in no one zone is no area, and its reserved pages go to the buddy with the types they have. -EBUSY: a
 * page is in use. -ENOMEM.
 */
int cma_area_add(struct cma *cma, const struct cma_range *ranges, uint32_t nr_ranges, unsigned int order_per_bit,
                 struct cma_area **out, struct contig_diag *diag);

/*
 * cma_alloc(): `pages` aligned to 2^align_order. The outcome: 0; -ENOMEM if there was nothing to ask for; the last
 * call's error if there was, but -EBUSY does not end it before the area ends. -EINVAL here: no pages, or an alignment
 * beyond 2^31.
 */
int cma_alloc_begin(struct cma_area *area, uint32_t pages, unsigned int align_order, uint32_t cpu,
                    struct user_request **out);
/* cma_release(): -EINVAL, and nothing done, unless all of it was allocated from the area. */
int cma_release(struct cma_area *area, uint32_t cpu, pfn_t start, uint32_t pages);

uint32_t cma_available(const struct cma_area *area); /* pages under clear bits */
uint32_t cma_pages(const struct cma_area *area);     /* of all ranges */
uint8_t cma_node(const struct cma_area *area);       /* of its first range */
/* Areas in the order in which they were added; NULL behind the last. */
struct cma_area *cma_area_at(struct cma *cma, uint32_t i);

#endif
