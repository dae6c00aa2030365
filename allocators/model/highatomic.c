// SPDX-License-Identifier: MIT
/*
 * highatomic.c - the reserve for high-order atomic allocations: pageblocks of a type of their own, capped at a hundredth of the
 * zone (9). Isolation knows nothing of it, which is how a block can leave the reserve and stay counted (8.7).
 */
#include "freelist.h"

/* May one more block be reserved? The reserve is held against the cap as it is, without that block. */
static bool below_cap(const struct model *m, const struct zone *z)
{
	uint32_t hundredth = z->managed / 100;

	switch ((enum knob_highatomic_cap)m->policy.highatomic_cap) {
	case highatomic_cap_none:
		return false;
	case highatomic_cap_plus_block:
		return z->reserved_highatomic < hundredth + npb(m);
	case highatomic_cap_round_up_1pct:
		return hundredth >= npb(m) &&
		       z->reserved_highatomic < (((uint64_t)hundredth + npb(m) - 1) >> m->P << m->P);
	}
	return false;
}

/* Move the free runs of a page's block to mt's lists; what lies on other lists than `was` is taken along, as it is counted alike. */
static uint32_t move_accounted(struct model *m, struct zone *z, pfn_t pfn, enum migratetype was, enum migratetype mt)
{
	uint32_t counted, moved = move_block(m, z, pfn, mt, &counted);

	account_free(z, -(int64_t)moved, was);
	account_free(z, moved, mt);
	book_drift(z, 0, (int64_t)moved - counted);
	return moved;
}

void highatomic_reserve(struct model *m, struct zone *z, pfn_t pfn, unsigned int order)
{
	block_t b = pfn >> m->P;
	enum migratetype was = reported_type(m, b);
	bool run = m->policy.highatomic_count == highatomic_count_run;

	if (!below_cap(m, z) || !type_mergeable(was))
		return;
	if (run && order >= m->P) {
		run_retype(m, z, pfn, order, MT_HIGHATOMIC, RETYPE_RESERVE);
		ADD_ONCE(z->reserved_highatomic, UINT64_C(1) << order);
	} else if (!run || block_inside(m, z, b)) { /* v6.8: nothing moves in a block that the zone's end cuts */
		move_accounted(m, z, pfn, was, MT_HIGHATOMIC);
		block_retype(m, z, b, MT_HIGHATOMIC, RETYPE_RESERVE);
		ADD_ONCE(z->reserved_highatomic, npb(m));
	}
	marks_changed(z);
}

/* The reserve is smaller by this, if it was counted in. */
static void count_out(struct zone *z, uint64_t pages)
{
	uint64_t left = pages < z->reserved_highatomic ? z->reserved_highatomic - pages : 0;

	WRITE_ONCE(z->reserved_highatomic, left);
	marks_changed(z);
}

bool highatomic_unreserve(struct model *m, struct zone *z, enum migratetype mt, bool force)
{
	if (m->policy.highatomic_cap == highatomic_cap_none || (!force && z->reserved_highatomic <= npb(m)))
		return false;
	for (unsigned int k = 0; k <= m->M; k++) {
		pfn_t pfn = list_first(m, z, k, MT_HIGHATOMIC);

		if (pfn == PFN_NONE)
			continue;
		block_t b = pfn >> m->P;
		bool run = m->policy.highatomic_count == highatomic_count_run;
		uint64_t pages = run && k > m->P ? UINT64_C(1) << k : npb(m);

		/* a run may have ended up on this list by merging, in a block that is not of the reserve */
		if (stored_type(m, b) == MT_HIGHATOMIC)
			count_out(z, pages);
		if (run && k >= m->P) {
			account_free(z, -(int64_t)(1u << k), MT_HIGHATOMIC);
			account_free(z, (int64_t)(1u << k), mt);
			free_list_move_tail(m, z, pfn, mt);
			run_retype(m, z, pfn, k, mt, RETYPE_RESERVE);
			return true;
		}
		uint32_t moved = move_accounted(m, z, pfn, MT_HIGHATOMIC, mt);

		block_retype(m, z, b, mt, RETYPE_RESERVE);
		if (moved)
			return true;
	}
	return false;
}
