// SPDX-License-Identifier: MIT
/* grab.c - the second half of a contiguous request: is the range free by now, and taking it from the buddy (5.3, 5.4). */
#include "range.h"

/* ---- test (5.1 step 5) ----------------------------------------------------------------------- */

/* Why a page that is there stays there; those that can move depend on the release. */
static const uint8_t why_it_stays[PAGE_KIND_NR] = {
	[PAGE_PCP] = WHY_PCP,
	[PAGE_KERNEL] = WHY_UNMOVABLE,
	[PAGE_RECLAIMABLE] = WHY_UNMOVABLE,
	[PAGE_NONCOMPOUND] = WHY_UNMOVABLE,
	[PAGE_USER] = WHY_NOT_LRU,
	[PAGE_CONTIG] = WHY_UNMOVABLE,
	[PAGE_OFFLINE] = WHY_OFFLINE,
	[PAGE_HWPOISON] = WHY_HWPOISON,
	[PAGE_RESERVED] = WHY_RESERVED,
	[PAGE_ABSENT] = WHY_ABSENT,
};

static enum hugetlb_way hugetlb_way(const struct range *r)
{
	return r->args.op == RANGE_OFFLINE ? offline_hugetlb_way(r->m) : contig_hugetlb_way(r->m);
}

static enum contig_reason why_not_free(const struct range *r, pfn_t pfn)
{
	const struct contig_policy *p = &r->m->policy;
	pfn_t head = head_of(r->m, pfn);
	uint32_t state = state_at(r->m, head);

	if (head < r->outer && !state_has(state, KIND_SINGLES))
		return WHY_STRADDLES;
	if (state & STATE_PINNED)
		return WHY_PINNED;
	if (why_it_stays[state_kind(state)])
		return (enum contig_reason)why_it_stays[state_kind(state)];
	if (state & STATE_FROZEN) /* no reference to take: nobody could have moved it */
		return WHY_UNMOVABLE;
	if (state_is(state, PAGE_LRU_COMPOUND) && p->migrate_compound == migrate_compound_skip)
		return WHY_COMPOUND;
	if (state_has(state, KIND_HUGETLB) && hugetlb_way(r) == HUGETLB_STAYS)
		return WHY_HUGETLB;
	if (state_is(state, PAGE_MOVABLE_OPS) && p->movable_ops == movable_ops_unmovable)
		return WHY_UNMOVABLE;
	return WHY_RACED; /* could have been migrated, and was not there then */
}

/*
 * Blocks are stepped through from outer on, so that with an outer in mid-block the last block may go untested, as in every
 * release (4.2); a block without a page has no type to test.
 */
bool test_isolated(const struct range *r, struct blocker *by, struct contig_work *work)
{
	const struct model *m = r->m;
	bool any = false;

	for (pfn_t pfn = r->outer; pfn < r->end; pfn += npb(m)) {
		if (state_is(state_at(m, head_of(m, pfn)), PAGE_ABSENT))
			continue;
		any = true;
		if (!block_isolated(m, pfn >> m->P)) {
			*by = blocker_at(m, pfn, WHY_STRADDLES);
			return false;
		}
	}
	if (!any) {
		*by = blocker_at(m, r->outer, WHY_ABSENT);
		return false;
	}
	for (pfn_t pfn = r->outer; pfn < r->end; pfn += run_pages(m, pfn)) {
		uint32_t state = state_at(m, pfn);

		work->scanned++;
		if (state_is(state, PAGE_FREE) || (r->args.op == RANGE_OFFLINE && offline_harmless(state)))
			continue;
		*by = blocker_at(m, pfn, why_not_free(r, pfn));
		return false;
	}
	return true;
}

/* ---- where the free run that holds the first page begins (5.3) ------------------------------- */

/* v3.x: the first free head at a rounded down start, whether it reaches so far or not. */
static pfn_t outer_unchecked(const struct model *m, const struct zone *z, pfn_t start)
{
	pfn_t pfn = start;

	for (unsigned int order = 0; !(zone_has(z, pfn) && state_is(state_at(m, pfn), PAGE_FREE));) {
		if (++order > m->M)
			return PFN_NONE;
		pfn &= ~((1u << order) - 1);
	}
	return pfn;
}

static pfn_t outer_start(const struct model *m, const struct zone *z, pfn_t start)
{
	pfn_t head = head_of(m, start);

	if (m->policy.outer_start == outer_start_unchecked)
		return outer_unchecked(m, z, start);
	return state_is(state_at(m, head), PAGE_FREE) ? head : start;
}

enum range_state step_test(struct range *r, struct contig_work *work)
{
	struct blocker by;

	zone_lock(r->m, r->z);
	pfn_t outer = outer_start(r->m, r->z, r->start);

	if (outer == PFN_NONE)
		by = blocker_at(r->m, r->start, why_not_free(r, r->start));
	else
		r->outer = outer;
	bool all_free = outer != PFN_NONE && test_isolated(r, &by, work);

	zone_unlock(r->m, r->z);
	if (!all_free) {
		range_fail(r, -EBUSY, PHASE_TEST, &by);
		return range_undo_all(r);
	}
	r->pfn = r->outer;
	if (r->m->policy.watermark_contig == watermark_contig_raised) {
		r->raised = true;
		range_raise_marks(r, r->args.nr);
	}
	return r->m->policy.grab_busy == grab_busy_leave_listed ? R_COUNT : R_GRAB;
}

/* ---- grab (5.4) ------------------------------------------------------------------------------ */

/* From a block that is not isolated a run is taken only above the min watermark. */
static bool may_grab(const struct zone *z, enum migratetype mt, int64_t pages)
{
	return mt == MT_ISOLATE || usable_pages(z, true) - held_highatomic(z) > z->wmark_min + z->wmark_raise + pages;
}

/* Half a block or more of a regular type is made movable (v4.4: not HIGHATOMIC, CMA or ISOLATE). */
void block_make_movable(struct model *m, struct zone *z, block_t b)
{
	if (!type_mergeable(reported_type(m, b)))
		return;
	if (by_block(m)) {
		uint32_t counted, moved = move_block(m, z, b << m->P, MT_MOVABLE, &counted);

		book_drift(z, 0, (int64_t)moved - counted);
	}
	block_retype(m, z, b, MT_MOVABLE, RETYPE_GRAB);
}

/* Take a free run whole. */
static bool grab_run(struct range *r, pfn_t pfn)
{
	struct model *m = r->m;
	struct zone *z = r->z;
	unsigned int order = state_order(state_at(m, pfn));
	enum migratetype mt = type_at(m, pfn), list = state_type(state_at(m, pfn));
	int64_t pages = INT64_C(1) << order;

	if (!may_grab(z, mt, pages))
		return false;
	account_free(z, -pages, mt);
	book_drift(z, counted_pages(z, -pages, mt), counted_pages(z, -pages, list));
	free_list_del(m, z, pfn);
	page_set(&m->page[pfn], state_make(PAGE_CONTIG, order, MT_MOVABLE), OWNER_TAKEN);
	for (pfn_t p = pfn; order + 1 >= m->P && p < pfn + (1u << order); p += npb(m))
		block_make_movable(m, z, p >> m->P);
	return true;
}

/* Runs [pfn, end) that were grabbed go back, single pages by now, as free_contig_range hands them back. */
static void give_back(struct range *r, pfn_t pfn, pfn_t end)
{
	if (pfn < end)
		free_contig_pages(r->m, r->z, r->args.cpu, pfn, end);
}

/* The bug as posted in 2011: instead of what was taken, the busy run is freed, whoever has it. */
static void free_wrong(struct range *r, pfn_t head)
{
	struct model *m = r->m;
	uint32_t state = page_lock(m, &m->page[head], KIND_ALLOCATED);

	if (state == STATE_INTERIOR)
		return;
	take_back(m, head, state, page_owner(&m->page[head]));
	free_pages(m, r->z, r->args.cpu, head, state_order(state));
}

/* The zone is locked, and unlocked here. */
static enum range_state grab_failed(struct range *r, pfn_t busy)
{
	struct model *m = r->m;
	pfn_t head = head_of(m, busy);
	struct blocker by = blocker_at(m, busy, WHY_RACED);

	if (by.kind == PAGE_FREE)
		by.why = WHY_WATERMARK;
	zone_unlock(m, r->z);
	range_fail(r, -EBUSY, PHASE_GRAB, &by);
	if (m->policy.grab_busy != grab_busy_free_wrong)
		give_back(r, r->outer, r->pfn);
	else if (r->outer < busy)
		free_wrong(r, head);
	return range_undo_all(r);
}

/* All is taken: [start, end) is the caller's. */
static void take_over(struct range *r)
{
	struct model *m = r->m;

	if (r->outer < r->start)
		split_at(m, r->start);
	if (r->end < r->pfn)
		split_at(m, r->end);
	for (pfn_t pfn = r->start; pfn < r->end; pfn += run_pages(m, pfn))
		page_set(&m->page[pfn], state_at(m, pfn), OWNER_NONE);
}

/* v3.x-v7.x: one block; what it finds free it takes. */
enum range_state step_grab(struct range *r, struct contig_work *work)
{
	struct model *m = r->m;
	pfn_t until = ((r->pfn >> m->P) + 1) << m->P;

	work->blocks++;
	zone_lock(m, r->z);
	for (; r->pfn < until && r->pfn < r->end; work->scanned++) {
		uint32_t pages = run_pages(m, r->pfn);

		if (!state_is(state_at(m, r->pfn), PAGE_FREE) || !grab_run(r, r->pfn))
			return grab_failed(r, r->pfn);
		r->pfn += pages;
		work->grabbed += pages;
	}
	bool more = r->pfn < r->end;

	if (!more)
		take_over(r);
	zone_unlock(m, r->z);
	if (more)
		return R_GRAB;
	give_back(r, r->outer, r->start);
	give_back(r, r->end, r->pfn);
	return range_undo_all(r);
}

/* The review of 2011: one block is looked at, and nothing is taken before all of the range has been counted free. */
enum range_state step_count(struct range *r, struct contig_work *work)
{
	const struct model *m = r->m;
	pfn_t until = ((r->pfn >> m->P) + 1) << m->P;

	work->blocks++;
	zone_lock(r->m, r->z);
	for (; r->pfn < until && r->pfn < r->end; work->scanned++) {
		pfn_t pfn = r->pfn;

		if (!state_is(state_at(m, pfn), PAGE_FREE) || !may_grab(r->z, type_at(m, pfn), run_pages(m, pfn))) {
			r->pfn = r->outer; /* nothing to give back */
			return grab_failed(r, pfn);
		}
		r->pfn += run_pages(m, pfn);
	}
	zone_unlock(r->m, r->z);
	if (r->pfn < r->end)
		return R_COUNT;
	r->pfn = r->outer;
	return R_GRAB;
}
