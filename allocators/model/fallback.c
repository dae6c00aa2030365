// SPDX-License-Identifier: MIT
/* fallback.c - taking from another type's lists when one's own are empty (3.2). */
#include "freelist.h"

/* v4.x-v7.3 (1.4) */
static const uint8_t fallback_row[PCP_TYPES][2] = {
	[MT_UNMOVABLE] = { MT_RECLAIMABLE, MT_MOVABLE },
	[MT_MOVABLE] = { MT_RECLAIMABLE, MT_UNMOVABLE },
	[MT_RECLAIMABLE] = { MT_UNMOVABLE, MT_MOVABLE },
};

/* First run of the first non-empty list of the row at this order, or PFN_NONE. */
static pfn_t candidate(const struct model *m, const struct zone *z, unsigned int order, enum migratetype mt)
{
	for (unsigned int i = 0; i < 2; i++) {
		pfn_t pfn = list_first(m, z, order, fallback_row[mt][i]);

		if (pfn != PFN_NONE)
			return pfn;
	}
	return PFN_NONE;
}

/* Is a run of this order worth taking the whole block for? Unmovable pages should not spread: always. */
static bool should_claim(const struct model *m, unsigned int order, enum migratetype mt)
{
	return order >= m->P / 2 || mt == MT_UNMOVABLE || mt == MT_RECLAIMABLE;
}

/*
 * Pages of this page's block that are free (in runs whose head lies in it) and that could be migrated, as far as move_block()
 * looks.
 */
static void count_block(const struct model *m, const struct zone *z, pfn_t page, uint32_t *free, uint32_t *movable)
{
	pfn_t start = page >> m->P << m->P, end = start + npb(m);

	*free = *movable = 0;
	if (start < z->start)
		start = page;
	if (end > zone_end(z))
		end = zone_end(z);
	for (pfn_t pfn = start; pfn < end;) {
		pfn_t head = head_of(m, pfn), next = head + run_pages(m, head);
		uint32_t state = state_at(m, head);
		uint32_t inside = (next < end ? next : end) - pfn;

		if (state_is(state, PAGE_FREE) && head == pfn)
			*free += next - pfn;
		else if ((state_has(state, KIND_LRU) && !(state & STATE_MIGRATING)) ||
		         (state_is(state, PAGE_MOVABLE_OPS) && m->policy.movable_ops == movable_ops_migrated))
			*movable += inside;
		pfn += inside;
	}
}

/* Does enough of the block suit mt to make it mt's? Half of it, free or of a like kind (3.2.1 f, g). */
static bool block_alike(const struct model *m, enum migratetype block, enum migratetype mt, uint32_t free,
                        uint32_t movable)
{
	uint32_t alike = 0;

	if (mt == MT_MOVABLE)
		alike = movable;
	else if (block == MT_MOVABLE && free + movable < npb(m))
		alike = npb(m) - free - movable;
	return free + alike >= npb(m) / 2;
}

/* Bring the free runs of a run's block over to mt's lists; 0 if nothing moves in it. */
static uint32_t move_to(struct model *m, struct zone *z, pfn_t pfn, enum migratetype mt)
{
	uint32_t counted, moved = move_block(m, z, pfn, mt, &counted);

	book_drift(z, 0, (int64_t)moved - counted);
	return moved;
}

/* ---- v3.x (end of 3.2.1) --------------------------------------------------------------------- */

/* A run of order k, with its block where that is worth it; CMA is lent, never moved or retyped. */
static pfn_t steal_v3_6(struct model *m, struct zone *z, pfn_t pfn, unsigned int k, unsigned int order,
                        enum migratetype mt)
{
	enum migratetype list = state_type(state_at(m, pfn));

	if (list != MT_CMA && (k >= m->P / 2 || mt == MT_RECLAIMABLE)) {
		if (move_to(m, z, pfn, mt) >= npb(m) / 2)
			block_retype(m, z, pfn >> m->P, mt, RETYPE_FALLBACK);
	}
	free_list_del(m, z, pfn);
	if (k >= m->P && list != MT_CMA)
		run_retype(m, z, pfn, k, mt, RETYPE_FALLBACK);
	list = list == MT_CMA ? MT_CMA : mt;
	expand(m, z, pfn, order, k, list);
	taken(m, z, pfn, order, list);
	return pfn;
}

pfn_t fallback_steal_v3_6(struct model *m, struct zone *z, unsigned int order, enum migratetype mt)
{
	for (unsigned int k = m->M + 1; k-- > order;) {
		pfn_t pfn = mt == MT_MOVABLE ? list_first(m, z, k, MT_CMA) : PFN_NONE;

		if (pfn == PFN_NONE)
			pfn = candidate(m, z, k, mt);
		if (pfn == PFN_NONE)
			continue;
		z->fallbacks++;
		return steal_v3_6(m, z, pfn, k, order, mt);
	}
	return PFN_NONE;
}

/* ---- old rule, v4.x-v6.9 (3.2.1) ------------------------------------------------------------- */

/* Bring a run of order k over to mt's lists, with its whole block where that is worth it. */
static void steal_old(struct model *m, struct zone *z, pfn_t pfn, unsigned int k, enum migratetype mt)
{
	block_t b = pfn >> m->P;
	enum migratetype was = stored_type(m, b);
	uint32_t free, movable;

	if (was == MT_HIGHATOMIC)
		goto single;
	if (k >= m->P) {
		run_retype(m, z, pfn, k, mt, RETYPE_FALLBACK);
		goto single;
	}
	if (!should_claim(m, k, mt))
		goto single;
	count_block(m, z, pfn, &free, &movable);
	if (!move_to(m, z, pfn, mt))
		goto single;
	if (block_alike(m, was, mt, free, movable))
		block_retype(m, z, b, mt, RETYPE_FALLBACK);
	return;
single:
	free_list_move_tail(m, z, pfn, mt);
}

/*
 * The run to fall back to, and its order: the largest; but a movable request that would take no block breaks the smallest run
 * instead.
 */
static pfn_t largest_first(const struct model *m, const struct zone *z, unsigned int least, enum migratetype mt,
                           unsigned int *found)
{
	for (unsigned int k = m->M + 1; k-- > least;) {
		pfn_t pfn = candidate(m, z, k, mt);

		if (pfn == PFN_NONE)
			continue;
		if (!should_claim(m, k, mt) && k > least) {
			for (k = least; (pfn = candidate(m, z, k, mt)) == PFN_NONE;)
				k++;
		}
		*found = k;
		return pfn;
	}
	return PFN_NONE;
}

bool fallback_move(struct model *m, struct zone *z, unsigned int least, enum migratetype mt)
{
	unsigned int k;
	pfn_t pfn = largest_first(m, z, least, mt, &k);

	if (pfn == PFN_NONE)
		return false;
	z->fallbacks++;
	steal_old(m, z, pfn, k, mt);
	return true;
}

/* ---- v6.15 and 6.12.y (3.2.3) ---------------------------------------------------------------- */

/* Take a run of at least a pageblock with all its blocks. */
static pfn_t claim_run(struct model *m, struct zone *z, pfn_t pfn, unsigned int k, unsigned int order,
                       enum migratetype mt)
{
	free_list_del(m, z, pfn);
	run_retype(m, z, pfn, k, mt, RETYPE_FALLBACK);
	expand(m, z, pfn, order, k, mt);
	taken(m, z, pfn, order, mt);
	return pfn;
}

/* Claim the block of a run below pageblock order; PFN_NONE if it does not suit. */
static pfn_t claim_block(struct model *m, struct zone *z, pfn_t pfn, unsigned int order, enum migratetype mt)
{
	block_t b = pfn >> m->P;
	uint32_t free, movable;

	if (!block_inside(m, z, b))
		return PFN_NONE;
	count_block(m, z, pfn, &free, &movable);
	if (!block_alike(m, stored_type(m, b), mt, free, movable))
		return PFN_NONE;
	move_to(m, z, pfn, mt);
	block_retype(m, z, b, mt, RETYPE_FALLBACK);
	return take_smallest(m, z, order, mt);
}

pfn_t fallback_claim(struct model *m, struct zone *z, unsigned int order, unsigned int least, enum migratetype mt)
{
	for (unsigned int k = m->M + 1; k-- > least && should_claim(m, k, mt);) {
		pfn_t pfn = candidate(m, z, k, mt);

		if (pfn == PFN_NONE)
			continue;
		pfn = k >= m->P ? claim_run(m, z, pfn, k, order, mt) : claim_block(m, z, pfn, order, mt);
		if (pfn != PFN_NONE) {
			z->fallbacks++;
			return pfn;
		}
	}
	return PFN_NONE;
}

/* Take a run and leave what is split off with its block. */
static pfn_t steal_run(struct model *m, struct zone *z, pfn_t pfn, unsigned int k, unsigned int order)
{
	enum migratetype list = state_type(state_at(m, pfn));

	free_list_del(m, z, pfn);
	expand(m, z, pfn, order, k, list);
	taken(m, z, pfn, order, list);
	return pfn;
}

pfn_t fallback_steal(struct model *m, struct zone *z, unsigned int order, enum migratetype mt)
{
	for (unsigned int k = order; k <= m->M; k++) {
		pfn_t pfn = candidate(m, z, k, mt);

		if (pfn == PFN_NONE)
			continue;
		z->fallbacks++;
		return steal_run(m, z, pfn, k, order);
	}
	return PFN_NONE;
}

/* ---- v6.10-v6.14 (3.2.2) --------------------------------------------------------------------- */

pfn_t fallback_hygienic(struct model *m, struct zone *z, unsigned int order, unsigned int least, enum migratetype mt)
{
	unsigned int k;
	pfn_t pfn = largest_first(m, z, least, mt, &k), got = PFN_NONE;

	if (pfn == PFN_NONE)
		return PFN_NONE;
	z->fallbacks++;
	if (k >= m->P)
		return claim_run(m, z, pfn, k, order, mt);
	if (should_claim(m, k, mt))
		got = claim_block(m, z, pfn, order, mt);
	return got == PFN_NONE ? steal_run(m, z, pfn, k, order) : got;
}
