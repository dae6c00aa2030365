// SPDX-License-Identifier: MIT
/* rmqueue.c - taking a run from the buddy (3.1). */
#include "freelist.h"

/* Movable requests balance regular and CMA memory when more than half of what is free is CMA. */
static bool cma_first(const struct zone *z)
{
	return z->free_cma > z->free / 2;
}

static pfn_t rmqueue_old(struct model *m, struct zone *z, unsigned int order, enum migratetype mt, bool cma)
{
	pfn_t pfn;

	do {
		pfn = take_smallest(m, z, order, mt);
		if (pfn == PFN_NONE && cma)
			pfn = take_smallest(m, z, order, MT_CMA);
	} while (pfn == PFN_NONE && fallback_move(m, z, order, mt));
	return pfn;
}

static pfn_t rmqueue_modes(struct model *m, struct zone *z, unsigned int order, enum migratetype mt, bool cma,
                           enum rmqueue_mode *mode)
{
	pfn_t pfn;

	switch (*mode) {
	case RMQUEUE_NORMAL:
		pfn = take_smallest(m, z, order, mt);
		if (pfn != PFN_NONE)
			return pfn;
		/* fall through */
	case RMQUEUE_CMA:
		pfn = cma ? take_smallest(m, z, order, MT_CMA) : PFN_NONE;
		if (pfn != PFN_NONE) {
			*mode = RMQUEUE_CMA;
			return pfn;
		}
		/* fall through */
	case RMQUEUE_CLAIM:
		pfn = fallback_claim(m, z, order, mt);
		if (pfn != PFN_NONE) {
			*mode = RMQUEUE_NORMAL; /* the claimed block is on the right lists now */
			return pfn;
		}
		/* fall through */
	case RMQUEUE_STEAL:
		pfn = fallback_steal(m, z, order, mt);
		if (pfn != PFN_NONE)
			*mode = RMQUEUE_STEAL;
		return pfn;
	}
	return PFN_NONE;
}

pfn_t rmqueue(struct model *m, struct zone *z, unsigned int order, enum migratetype mt, bool cma,
              enum rmqueue_mode *mode)
{
	if (cma && cma_first(z)) {
		pfn_t pfn = take_smallest(m, z, order, MT_CMA);

		if (pfn != PFN_NONE)
			return pfn;
	}
	if (m->policy.fallback == fallback_old)
		return rmqueue_old(m, z, order, mt, cma);
	return rmqueue_modes(m, z, order, mt, cma, mode);
}
