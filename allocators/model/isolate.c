// SPDX-License-Identifier: MIT
/* isolate.c - isolating and un-isolating one pageblock, and what crosses its border (4). */
#include "freelist.h"

static void mark_isolated(struct model *m, struct zone *z, block_t b)
{
	if (m->policy.iso_store == iso_store_separate_bit)
		WRITE_ONCE(m->block[b], m->block[b] | BLOCK_ISOLATED);
	else
		block_set(m, b, MT_ISOLATE | (unsigned int)stored_type(m, b) << BLOCK_WAS_SHIFT);
	z->isolated++;
}

static void unmark_isolated(struct model *m, struct zone *z, block_t b, enum migratetype mt)
{
	enum migratetype was = stored_type(m, b);

	if (m->policy.iso_store == iso_store_type_overwrite)
		was = (enum migratetype)(m->block[b] >> BLOCK_WAS_SHIFT & BLOCK_TYPE_MASK);
	if (was != mt)
		z->retyped[RETYPE_UNDO]++;
	block_set(m, b, mt);
	z->isolated--;
}

/* To MT_ISOLATE, or back to a type. */
static void mark(struct model *m, struct zone *z, block_t b, enum migratetype to)
{
	if (to == MT_ISOLATE)
		mark_isolated(m, z, b);
	else
		unmark_isolated(m, z, b, to);
}

/* A block that comes online is isolated before it has a page (7.4). */
void block_isolate_new(struct model *m, struct zone *z, block_t b)
{
	block_set(m, b, MT_MOVABLE);
	mark_isolated(m, z, b);
}

/* ---- moving the block's free pages to and from the ISOLATE lists ----------------------------- */

/* The zone may begin inside its first block. */
static pfn_t first_page(const struct model *m, const struct zone *z, block_t b)
{
	return b << m->P < z->start ? z->start : b << m->P;
}

/*
 * v6.10: a free run that begins below the block or is longer than it is taken off its list and freed again block by
 * block, once the block has its new state. Returns the run's head, or PFN_NONE if there is no such run.
 */
static pfn_t large_run_over(const struct model *m, const struct zone *z, block_t b)
{
	pfn_t start = b << m->P, head = head_of(m, start);
	uint32_t state = state_at(m, head);

	if (!zone_has(z, head) || !state_is(state, PAGE_FREE))
		return PFN_NONE;
	return head < start || state_order(state) > m->P ? head : PFN_NONE;
}

/* Move the free pages of the block from type `from` to the lists of `to`, splitting what is larger than the block. */
static void move_block_split(struct model *m, struct zone *z, block_t b, enum migratetype from, enum migratetype to,
                             struct contig_work *work)
{
	pfn_t head = large_run_over(m, z, b);

	if (head != PFN_NONE) {
		pfn_t end = head + run_pages(m, head);

		account_free(z, -(int64_t)(end - head), state_type(state_at(m, head)));
		free_list_del(m, z, head);
		mark(m, z, b, to);
		for (; head < end; head += npb(m))
			free_run(m, z, head, m->P, type_at(m, head), false);
		work->moved += npb(m);
		return;
	}
	uint32_t counted, moved = move_block(m, z, first_page(m, z, b), to, &counted);

	/* with hygiene all of it came from `from` */
	account_free(z, -(int64_t)moved, from);
	account_free(z, moved, to);
	book_drift(z, counted_pages(z, moved, to) - counted_pages(z, moved, from),
	           counted_pages(z, moved, to) - counted);
	mark(m, z, b, to);
	work->moved += moved;
}

/* ---- isolate --------------------------------------------------------------------------------- */

/* Has the block no page at all? Then there is nothing to isolate, and it is stepped over. */
static bool block_absent(const struct model *m, const struct zone *z, block_t b)
{
	pfn_t pfn = first_page(m, z, b), end = (b << m->P) + npb(m);

	if (!state_is(state_at(m, head_of(m, pfn)), PAGE_ABSENT))
		return false;
	return all_of_kind(m, pfn, end < zone_end(z) ? end : zone_end(z), PAGE_ABSENT);
}

/* Until v5.5 balloon drivers say how much of the block they could give back; any of them may refuse. */
static int ask_balloons(struct model *m, const struct zone *z, block_t b, uint32_t *found)
{
	pfn_t start = first_page(m, z, b), end = (b << m->P) + npb(m);

	*found = 0;
	if (m->policy.iso_notifier == iso_notifier_none || !m->hooks.isolating)
		return 0;
	end = end < zone_end(z) ? end : zone_end(z);
	return m->hooks.isolating(m->hooks.ctx, start, end - start, found);
}

/* The zone is locked. */
static int isolate_locked(struct model *m, struct zone *z, block_t b, pfn_t start, pfn_t end, enum contig_caller caller,
                          struct blocker *by, struct contig_work *work)
{
	enum contig_reason why;
	uint32_t given;

	if (block_absent(m, z, b))
		return 0;
	work->blocks++;
	bool again = block_isolated(m, b);

	if (again && m->policy.iso_double == iso_double_ebusy) {
		*by = blocker_at(m, first_page(m, z, b), WHY_ALREADY_ISOLATED);
		return -EBUSY;
	}
	if (ask_balloons(m, z, b, &given)) {
		*by = blocker_at(m, first_page(m, z, b), WHY_VETO);
		return -EBUSY;
	}
	pfn_t unmovable = find_unmovable(m, z, b, start, end, caller, given, &why, work);

	if (unmovable != PFN_NONE) {
		*by = blocker_at(m, unmovable, why);
		return -EBUSY;
	}
	if (again)
		return 0;

	if (m->policy.iso_straddle == iso_straddle_split_in_isolate) {
		if (!block_inside(m, z, b)) {
			*by = blocker_at(m, first_page(m, z, b), WHY_ZONE_EDGE);
			return -EBUSY;
		}
		move_block_split(m, z, b, stored_type(m, b), MT_ISOLATE, work);
		return 0;
	}
	/* until v6.9 a run moves whole and is charged to this block's type, whatever else it covers: the drift of 8.1 */
	enum migratetype from = stored_type(m, b);
	uint32_t counted, moved;

	mark_isolated(m, z, b);
	moved = move_block(m, z, first_page(m, z, b), MT_ISOLATE, &counted);
	account_free(z, -(int64_t)moved, from);
	account_free(z, moved, MT_ISOLATE);
	book_drift(z, counted_pages(z, moved, MT_ISOLATE) - moved, counted_pages(z, moved, MT_ISOLATE) - counted);
	work->moved += moved;
	return 0;
}

int block_isolate(struct model *m, struct zone *z, block_t b, pfn_t start, pfn_t end, enum contig_caller caller,
                  struct blocker *by, struct contig_work *work)
{
	zone_lock(m, z);
	int rc = isolate_locked(m, z, b, start, end, caller, by, work);

	zone_unlock(m, z);
	return rc;
}

/* ---- un-isolate ------------------------------------------------------------------------------ */

/*
 * v3.18: a wholly free block whose buddy is not isolated could have merged with it, had it not been isolated. It is taken off
 * its list and freed again, at the tail, so that it does. Until v5.18 nobody looks whether the buddy is free, or whether
 * the run can grow at all, and taking it has the price of any taking: other blocks under the run become MOVABLE (5.4). Pages of
 * the run, 0 if it is none.
 */
static uint32_t remerge(struct model *m, struct zone *z, block_t b, enum migratetype mt)
{
	const bool any = m->policy.iso_remerge == iso_remerge_any_buddy;
	pfn_t pfn = b << m->P;
	uint32_t state = state_at(m, pfn);
	unsigned int order = state_order(state);
	pfn_t buddy = pfn ^ (1u << order);

	if (m->policy.iso_remerge == iso_remerge_none || !zone_has(z, pfn) || !state_is(state, PAGE_FREE) ||
	    order < m->P)
		return 0;
	if (!zone_has(z, buddy) || block_isolated(m, buddy >> m->P))
		return 0;
	if (!any && (order >= m->M || !state_is_free(state_at(m, buddy), order)))
		return 0;
	/* With M > P + 1 the run may cover further blocks, isolated still: hygiene (I8) takes it apart instead. */
	if (order > m->P && by_block(m))
		return 0;
	/* counted out as what it is taken for, isolated */
	account_free(z, -(int64_t)(1u << order), MT_ISOLATE);
	book_drift(z, counted_pages(z, -(int64_t)(1u << order), MT_ISOLATE),
	           counted_pages(z, -(int64_t)(1u << order), state_type(state)));
	free_list_del(m, z, pfn);
	for (block_t other = b; any && other < (pfn + (1u << order)) >> m->P; other++)
		block_make_movable(m, z, other);
	unmark_isolated(m, z, b, mt);
	free_run(m, z, pfn, order, mt, true);
	return 1u << order;
}

/* The zone is locked. */
static void unisolate_locked(struct model *m, struct zone *z, block_t b, enum migratetype mt, struct contig_work *work)
{
	if (!block_isolated(m, b))
		return;
	if (m->policy.undo_type == undo_type_preserved)
		mt = stored_type(m, b);
	work->blocks++;
	uint32_t again = remerge(m, z, b, mt);

	work->moved += again;
	if (again)
		return;
	if (m->policy.iso_straddle == iso_straddle_split_in_isolate) {
		move_block_split(m, z, b, MT_ISOLATE, mt, work);
		return;
	}
	/* a run that went back with an earlier block, and was split since, is counted a second time here */
	uint32_t counted, moved = move_block(m, z, first_page(m, z, b), mt, &counted);

	account_free(z, -(int64_t)moved, MT_ISOLATE);
	account_free(z, moved, mt);
	book_drift(z, moved - counted_pages(z, moved, MT_ISOLATE), (int64_t)moved - counted);
	unmark_isolated(m, z, b, mt);
	work->moved += moved;
}

void block_unisolate(struct model *m, struct zone *z, block_t b, enum migratetype mt, struct contig_work *work)
{
	zone_lock(m, z);
	unisolate_locked(m, z, b, mt, work);
	zone_unlock(m, z);
}

/* ---- what crosses the border (4.5, 4.6) ------------------------------------------------------ */

/* Migrate everything in [start, end) at once, with the tries of 5.2. */
static int migrate_now(struct model *m, struct zone *z, uint32_t cpu, pfn_t start, pfn_t end, struct contig_work *work)
{
	struct migrate_list list = { 0 };

	while (start < end) {
		if (migrate_collect(m, z, cpu, &start, end, contig_hugetlb_way(m), &list, work)) {
			migrate_putback(m, z, cpu, &list);
			return -EBUSY;
		}
		for (unsigned int tries = 0; list.nr; tries++) {
			if (tried_enough(m, tries) || migrate_call(m, z, cpu, &list, work)) {
				migrate_putback(m, z, cpu, &list);
				return -EBUSY;
			}
		}
	}
	return 0;
}

/*
 * v5.19-v6.9: a movable compound over the border is migrated here; its own block is isolated for as long as that takes, as
 * if a caller of its own type had asked, and gets that type back.
 */
static int migrate_straddling(struct model *m, struct zone *z, uint32_t cpu, pfn_t head, pfn_t end, struct blocker *by,
                              struct contig_work *work)
{
	block_t own = head >> m->P;
	bool temporary = !block_isolated(m, own);
	enum migratetype mt = stored_type(m, own);

	if (temporary && block_isolate(m, z, own, head, end, caller_of_type(mt), by, work))
		return -EBUSY;
	int rc = migrate_now(m, z, cpu, head, end, work);

	if (temporary)
		block_unisolate(m, z, own, mt, work);
	if (rc) {
		zone_lock(m, z);
		*by = blocker_at(m, head, state_at(m, head) & STATE_PINNED ? WHY_PINNED : WHY_NO_TARGET);
		zone_unlock(m, z);
	}
	return rc;
}

/* A gigantic page is several runs in our books. */
static bool gigantic_over(const struct model *m, pfn_t border)
{
	struct page *below = &m->page[head_of(m, border - 1)], *above = &m->page[border];

	return state_is(page_state(below), PAGE_GIGANTIC) && state_is(page_state(above), PAGE_GIGANTIC) &&
	       page_holder(m, below) == page_holder(m, above);
}

static bool straddle_migrates(const struct model *m, uint32_t state)
{
	return m->policy.iso_straddle == iso_straddle_split_and_migrate &&
	       (state_has(state, KIND_LRU) || state_has(state, KIND_HUGETLB) || state_is(state, PAGE_MOVABLE_OPS));
}

/*
 * One look at the border, the zone being locked: 0, there is nothing, or what was free is split; -EBUSY; 1: *head, which
 * ends at *end, is to be migrated, unless that was tried already.
 */
static int resolve_locked(struct model *m, struct zone *z, pfn_t border, bool tried, pfn_t *head, pfn_t *end,
                          struct blocker *by)
{
	*head = head_of(m, border);
	if (*head == border) {
		/* migrated at once it would be, and nothing can take it */
		if (tried || m->policy.iso_straddle != iso_straddle_split_and_migrate || !gigantic_over(m, border))
			return 0;
		*by = blocker_at(m, border, WHY_HUGETLB);
		return -EBUSY;
	}
	uint32_t state = state_at(m, *head);

	*end = *head + (1u << state_order(state));
	if (!tried && straddle_migrates(m, state))
		return 1;
	if (state_is(state, PAGE_FREE)) {
		split_free_run(m, z, *head, border);
		return 0;
	}
	/* v6.10: hugetlb is migrated later, and comes apart when it is freed */
	if (!state_has(state, KIND_COMPOUND) ||
	    (state_has(state, KIND_HUGETLB) && m->policy.iso_straddle == iso_straddle_split_in_isolate))
		return 0;
	*by = blocker_at(m, *head, WHY_STRADDLES);
	return -EBUSY;
}

int straddle_resolve(struct model *m, struct zone *z, uint32_t cpu, pfn_t border, struct blocker *by,
                     struct contig_work *work)
{
	pfn_t head, end;
	int rc = 1;

	if (m->policy.iso_straddle == iso_straddle_none || !zone_has(z, border) || !zone_has(z, border - 1))
		return 0;
	work->scanned++;
	for (bool tried = false; rc == 1; tried = true) {
		zone_lock(m, z);
		rc = resolve_locked(m, z, border, tried, &head, &end, by);
		zone_unlock(m, z);
		if (rc == 1 && migrate_straddling(m, z, cpu, head, end, by, work))
			rc = -EBUSY;
	}
	return rc;
}
