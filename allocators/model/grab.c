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

static enum contig_reason why_not_free(const struct range *r, pfn_t pfn)
{
	const struct contig_policy *p = &r->m->policy;
	pfn_t head = head_of(r->m, pfn);
	uint32_t state = r->m->page[head].state;

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
	if (state_has(state, KIND_HUGETLB) && p->contig_hugetlb == contig_hugetlb_skip)
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
		if (state_is(m->page[head_of(m, pfn)].state, PAGE_ABSENT))
			continue;
		any = true;
		if (!block_isolated(m, pfn >> m->P)) {
			*by = (struct blocker){ pfn, WHY_STRADDLES };
			return false;
		}
	}
	if (!any) {
		*by = (struct blocker){ r->outer, WHY_ABSENT };
		return false;
	}
	for (pfn_t pfn = r->outer; pfn < r->end; pfn += run_pages(m, pfn)) {
		uint32_t state = m->page[pfn].state;

		work->scanned++;
		if (state_is(state, PAGE_FREE) || (r->args.op == RANGE_OFFLINE && offline_harmless(state)))
			continue;
		*by = (struct blocker){ pfn, why_not_free(r, pfn) };
		return false;
	}
	return true;
}

/* ---- where the free run that holds the first page begins (5.3) ------------------------------- */

/* v3.x: the first free head at a rounded down start, whether it reaches so far or not. */
static pfn_t outer_unchecked(const struct model *m, const struct zone *z, pfn_t start)
{
	pfn_t pfn = start;

	for (unsigned int order = 0; !(zone_has(z, pfn) && state_is(m->page[pfn].state, PAGE_FREE));) {
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
	return state_is(m->page[head].state, PAGE_FREE) ? head : start;
}

enum range_state step_test(struct range *r, struct contig_work *work)
{
	struct blocker by = { r->start, why_not_free(r, r->start) };

	r->outer = outer_start(r->m, r->z, r->start);
	if (r->outer == PFN_NONE || !test_isolated(r, &by, work)) {
		range_fail(r, -EBUSY, PHASE_TEST, by);
		return range_undo_all(r);
	}
	r->pfn = r->outer;
	if (r->m->policy.watermark_contig == watermark_contig_raised) {
		r->raised = true;
		r->z->wmark_raise += r->args.nr;
		marks_changed(r->z);
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
static void make_movable(struct model *m, struct zone *z, block_t b)
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
	unsigned int order = state_order(m->page[pfn].state);
	enum migratetype mt = type_at(m, pfn), list = state_type(m->page[pfn].state);
	int64_t pages = INT64_C(1) << order;

	if (!may_grab(z, mt, pages))
		return false;
	account_free(z, -pages, mt);
	book_drift(z, counted_pages(z, -pages, mt), counted_pages(z, -pages, list));
	free_list_del(m, z, pfn);
	page_set(&m->page[pfn], state_make(PAGE_CONTIG, order, MT_MOVABLE), OWNER_TAKEN);
	for (pfn_t p = pfn; order + 1 >= m->P && p < pfn + (1u << order); p += npb(m))
		make_movable(m, z, p >> m->P);
	return true;
}

/* Runs [pfn, end) that were grabbed go back, single pages by now, as free_contig_range hands them back. */
static void give_back(struct range *r, pfn_t pfn, pfn_t end)
{
	if (pfn < end)
		free_contig_pages(r->m, r->z, r->args.cpu, pfn, end);
}

/* The bug as posted in 2011: instead of what was taken, the busy page is freed, whoever has it. */
static void free_wrong(struct range *r, pfn_t busy)
{
	struct model *m = r->m;
	pfn_t head = head_of(m, busy);
	uint32_t state = m->page[head].state;

	if (r->outer < busy && state_has(state, KIND_ALLOCATED))
		free_pages(m, r->z, r->args.cpu, head, state_order(state));
}

static enum range_state grab_failed(struct range *r, pfn_t busy)
{
	uint32_t state = r->m->page[head_of(r->m, busy)].state;

	range_fail(r, -EBUSY, PHASE_GRAB,
	           (struct blocker){ busy, state_is(state, PAGE_FREE) ? WHY_WATERMARK : WHY_RACED });
	if (r->m->policy.grab_busy == grab_busy_free_wrong)
		free_wrong(r, busy);
	else
		give_back(r, r->outer, r->pfn);
	return range_undo_all(r);
}

/* v3.x-v7.x: one block; what it finds free it takes. */
enum range_state step_grab(struct range *r, struct contig_work *work)
{
	struct model *m = r->m;
	pfn_t until = ((r->pfn >> m->P) + 1) << m->P;

	work->blocks++;
	for (; r->pfn < until && r->pfn < r->end; work->scanned++) {
		uint32_t pages = run_pages(m, r->pfn);

		if (!state_is(m->page[r->pfn].state, PAGE_FREE) || !grab_run(r, r->pfn))
			return grab_failed(r, r->pfn);
		r->pfn += pages;
		work->grabbed += pages;
	}
	if (r->pfn < r->end)
		return R_GRAB;
	if (r->outer < r->start) {
		split_at(m, r->start);
		give_back(r, r->outer, r->start);
	}
	if (r->end < r->pfn) {
		split_at(m, r->end);
		give_back(r, r->end, r->pfn);
	}
	for (pfn_t pfn = r->start; pfn < r->end; pfn += run_pages(m, pfn))
		page_set(&m->page[pfn], m->page[pfn].state, OWNER_NONE);
	return range_undo_all(r);
}

/* The review of 2011: one block is looked at, and nothing is taken before all of the range has been counted free. */
enum range_state step_count(struct range *r, struct contig_work *work)
{
	const struct model *m = r->m;
	pfn_t until = ((r->pfn >> m->P) + 1) << m->P;

	work->blocks++;
	for (; r->pfn < until && r->pfn < r->end; work->scanned++) {
		pfn_t pfn = r->pfn;

		if (!state_is(m->page[pfn].state, PAGE_FREE) || !may_grab(r->z, type_at(m, pfn), run_pages(m, pfn))) {
			r->pfn = r->outer; /* nothing to give back */
			return grab_failed(r, pfn);
		}
		r->pfn += run_pages(m, pfn);
	}
	if (r->pfn < r->end)
		return R_COUNT;
	r->pfn = r->outer;
	return R_GRAB;
}
