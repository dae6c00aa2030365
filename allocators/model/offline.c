// SPDX-License-Identifier: MIT
/*
 * offline.c - memory offline and online (7.4): isolated memory is emptied in as many passes as it takes, then leaves the
 * buddy and the zone; and comes back as isolated blocks that are un-isolated.
 */
#include "range.h"

/* Whole pageblocks of the zone. Until v5.18 nothing cares for a run over the border: whole MAX_ORDER ranges, as sections are. */
static unsigned int offline_align(const struct model *m)
{
	return m->policy.iso_straddle == iso_straddle_none && m->M > m->P ? m->M : m->P;
}

static bool aligned(const struct model *m, const struct zone *z, pfn_t start, uint32_t nr)
{
	pfn_t mask = (1u << offline_align(m)) - 1;

	return !(start & mask) && !(nr & mask) && zone_has(z, start + nr - 1) && head_of(m, start) == start;
}

bool offline_range_ok(const struct model *m, const struct zone *z, const struct contig_range_args *args)
{
	pfn_t end = args->start + args->nr;

	if (!aligned(m, z, args->start, args->nr))
		return false;
	for (pfn_t pfn = args->start; pfn < end; pfn += run_pages(m, pfn)) {
		if (state_is(state_at(m, pfn), PAGE_ABSENT)) /* no holes, and nothing that is offline already */
			return false;
	}
	return true;
}

/*
 * A kernel takes a free page out of the hugetlb pool and gives it to the buddy. Here it is somebody's, who is to find it again: so
 * one comes in its place, as with alloc_contig_range.
 */
enum hugetlb_way offline_hugetlb_way(const struct model *m)
{
	return m->policy.offline_hugetlb == offline_hugetlb_leave ? HUGETLB_REPLACED : HUGETLB_STAYS;
}

bool offline_harmless(uint32_t state)
{
	return state_is(state, PAGE_FREE) || state_is(state, PAGE_HWPOISON) ||
	       (state_is(state, PAGE_OFFLINE) && state & STATE_FROZEN);
}

/* Does the scan for what can move find it in every pass, so that a pass never comes to its test? */
static bool scan_finds(enum page_kind kind)
{
	return kinds[kind].traits & KIND_LRU || kind == PAGE_HUGETLB || kind == PAGE_GIGANTIC ||
	       kind == PAGE_MOVABLE_OPS;
}

/* It gives up at a page that a driver keeps, unless something comes before that which it takes for movable. */
static bool scan_gives_up(struct range *r, struct blocker *by)
{
	bool kept = false;

	zone_lock(r->m, r->z);
	for (pfn_t pfn = r->start; pfn < r->end && !kept; pfn += run_pages(r->m, pfn)) {
		uint32_t state = state_at(r->m, pfn);

		if (scan_finds(state_kind(state)))
			break;
		kept = state_is(state, PAGE_OFFLINE) && !(state & STATE_FROZEN);
		if (kept)
			*by = blocker_at(r->m, pfn, WHY_OFFLINE);
	}
	zone_unlock(r->m, r->z);
	return kept;
}

/* MEM_GOING_OFFLINE: balloons and virtio-mem let go of their pages, or refuse. */
enum range_state step_notify(struct range *r, struct contig_work *work)
{
	const struct contig_hooks *h = &r->m->hooks;
	int rc = h->going_offline ? h->going_offline(h->ctx, r->start, r->end - r->start) : 0;
	struct blocker kept;

	work->scanned++;
	r->told = true;
	if (rc) {
		zone_lock(r->m, r->z);
		struct blocker by = blocker_at(r->m, r->start, WHY_VETO);

		zone_unlock(r->m, r->z);
		range_fail(r, rc, PHASE_ISOLATE, &by);
		return range_undo_all(r);
	}
	if (scan_gives_up(r, &kept)) {
		range_fail(r, -EBUSY, PHASE_MIGRATE, &kept);
		return range_undo_all(r);
	}
	r->pfn = r->start;
	return R_COLLECT;
}

/* Everything in [start, end), which no run crosses, is one kind of single pages. */
static void put_down(struct model *m, pfn_t start, pfn_t end, enum page_kind kind)
{
	clear_heads(m, start, end);
	while (start < end) {
		unsigned int order = chunk_order(m, start, end);

		page_set(&m->page[start], state_make(kind, order, kinds[kind].mt), OWNER_NONE);
		start += 1u << order;
	}
}

/* The zone is locked. */
static void remove_pages(struct range *r, struct contig_work *work)
{
	struct model *m = r->m;
	struct zone *z = r->z;

	for (pfn_t pfn = r->start; pfn < r->end; pfn += run_pages(m, pfn)) {
		uint32_t state = state_at(m, pfn);
		int64_t pages = 1u << state_order(state);

		/* a driver's pages were not managed any more */
		z->managed -= state_is(state, PAGE_OFFLINE) ? 0 : (uint32_t)pages;
		if (!state_is(state, PAGE_FREE))
			continue;
		account_free(z, -pages, MT_ISOLATE);
		book_drift(z, counted_pages(z, -pages, MT_ISOLATE), counted_pages(z, -pages, state_type(state)));
		free_list_del(m, z, pfn);
		set_state(m, pfn, state_make(PAGE_ABSENT, state_order(state), MT_MOVABLE));
	}
	/* nr_isolate_pageblock is put right by hand; a block that comes back will be MOVABLE */
	for (block_t b = r->start >> m->P; b < r->end >> m->P; b++) {
		block_set(m, b, MT_MOVABLE);
		z->isolated--;
		work->blocks++;
	}
	put_down(m, r->start, r->end, PAGE_ABSENT);
}

/*
 * Waiting does not help against a page that nobody will ever move. But what somebody else has un-isolated a kernel tries again
 * and again, and no page will ever be isolated again by that.
 */
static bool hopeless(enum contig_reason why)
{
	return why != WHY_PINNED && why != WHY_RACED && why != WHY_PCP && why != WHY_NOT_LRU && why != WHY_STRADDLES;
}

enum range_state offline_step_test(struct range *r, struct contig_work *work)
{
	struct blocker by;

	r->outer = r->start;
	/* in one go: nobody else un-isolates what memory hotplug has isolated, as they hold one lock */
	zone_lock(r->m, r->z);
	bool empty = test_isolated(r, &by, work);

	if (empty)
		remove_pages(r, work);
	zone_unlock(r->m, r->z);
	if (empty)
		return R_DONE;
	if (hopeless(by.why) || !--r->passes) {
		bool over = hopeless(by.why);
		/* behind what has moved the scan comes to what it gives up at, and no test follows */
		bool scanned = over ? by.why == WHY_OFFLINE : scan_finds(by.kind);

		range_fail(r, over ? -EBUSY : -EINTR, scanned ? PHASE_MIGRATE : PHASE_TEST, &by);
		return range_undo_all(r);
	}
	r->pfn = r->start;
	return r->pcp_off ? R_COLLECT : R_DRAIN;
}

int model_range_online(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, start);
	struct contig_work work = { 0 };
	pfn_t end = start + nr;

	assert(cpu < m->nr_cpus);
	if (!nr || !z || nr > zone_end(z) - start || !aligned(m, z, start, nr) ||
	    !all_of_kind(m, start, end, PAGE_ABSENT))
		return -EINVAL;
	zone_lock(m, z);
	cut_out(m, z, start, end);
	clear_heads(m, start, end);
	z->managed += nr;
	for (block_t b = start >> m->P; b < end >> m->P; b++)
		block_isolate_new(m, z, b);
	for (pfn_t pfn = start; pfn < end;) {
		unsigned int order = chunk_order(m, pfn, end);

		free_run(m, z, pfn, order, MT_ISOLATE, true);
		pfn += 1u << order;
	}
	zone_unlock(m, z);
	for (block_t b = start >> m->P; b < end >> m->P; b++)
		block_unisolate(m, z, b, MT_MOVABLE, &work);
	return 0;
}
