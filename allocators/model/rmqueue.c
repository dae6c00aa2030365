// SPDX-License-Identifier: MIT
/* rmqueue.c - taking a run from the buddy (3.1). */
#include "freelist.h"

/* Movable requests balance regular and CMA memory when more than half of what is free is CMA. */
static bool cma_first(const struct zone *z)
{
	return z->free_cma > (int64_t)z->free / 2;
}

/* The smallest run to fall back to. */
static unsigned int least_order(const struct model *m, unsigned int order, unsigned int flags)
{
	return flags & ALLOC_NOFRAGMENT && order < m->P ? m->P : order;
}

/* v3.x: CMA is part of the fallback, and RESERVE, where HIGHATOMIC is now, the last resort. */
static pfn_t rmqueue_v3_6(struct model *m, struct zone *z, unsigned int order, enum migratetype mt)
{
	pfn_t pfn = take_smallest(m, z, order, mt);

	if (pfn == PFN_NONE)
		pfn = fallback_steal_v3_6(m, z, order, mt);
	return pfn == PFN_NONE ? take_smallest(m, z, order, MT_HIGHATOMIC) : pfn;
}

/* v6.10: the fallback hands out the page itself. */
static pfn_t rmqueue_hygienic(struct model *m, struct zone *z, unsigned int order, enum migratetype mt,
                              unsigned int flags)
{
	pfn_t pfn = take_smallest(m, z, order, mt);

	if (pfn == PFN_NONE && flags & ALLOC_CMA)
		pfn = take_smallest(m, z, order, MT_CMA);
	return pfn == PFN_NONE ? fallback_hygienic(m, z, order, least_order(m, order, flags), mt) : pfn;
}

static pfn_t rmqueue_old(struct model *m, struct zone *z, unsigned int order, enum migratetype mt, unsigned int flags)
{
	pfn_t pfn;

	do {
		pfn = take_smallest(m, z, order, mt);
		if (pfn == PFN_NONE && flags & ALLOC_CMA)
			pfn = take_smallest(m, z, order, MT_CMA);
	} while (pfn == PFN_NONE && fallback_move(m, z, least_order(m, order, flags), mt));
	return pfn;
}

static pfn_t rmqueue_modes(struct model *m, struct zone *z, unsigned int order, enum migratetype mt, unsigned int flags,
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
		pfn = flags & ALLOC_CMA ? take_smallest(m, z, order, MT_CMA) : PFN_NONE;
		if (pfn != PFN_NONE) {
			*mode = RMQUEUE_CMA;
			return pfn;
		}
		/* fall through */
	case RMQUEUE_CLAIM:
		pfn = fallback_claim(m, z, order, least_order(m, order, flags), mt);
		if (pfn != PFN_NONE) {
			*mode = RMQUEUE_NORMAL; /* the claimed block is on the right lists now */
			return pfn;
		}
		/* fall through */
	case RMQUEUE_STEAL:
		pfn = flags & ALLOC_NOFRAGMENT ? PFN_NONE : fallback_steal(m, z, order, mt);
		if (pfn != PFN_NONE)
			*mode = RMQUEUE_STEAL;
		return pfn;
	}
	return PFN_NONE;
}

pfn_t rmqueue(struct model *m, struct zone *z, unsigned int order, enum migratetype mt, unsigned int flags,
              enum rmqueue_mode *mode)
{
	if (m->policy.cma_balance == cma_balance_half && flags & ALLOC_CMA && cma_first(z)) {
		pfn_t pfn = take_smallest(m, z, order, MT_CMA);

		if (pfn != PFN_NONE)
			return pfn;
	}
	switch ((enum knob_fallback)m->policy.fallback) {
	case fallback_v3_6:
		return rmqueue_v3_6(m, z, order, mt);
	case fallback_old:
		return rmqueue_old(m, z, order, mt, flags);
	case fallback_hygienic_old:
		return rmqueue_hygienic(m, z, order, mt, flags);
	case fallback_claim_steal:
		return rmqueue_modes(m, z, order, mt, flags, mode);
	}
	return PFN_NONE;
}
