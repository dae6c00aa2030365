// SPDX-License-Identifier: MIT
/* isolate.c - isolating and un-isolating one pageblock, and what crosses its border (4). */
#include "freelist.h"

static void mark_isolated(struct model *m, struct zone *z, block_t b)
{
	if (m->policy.iso_store == iso_store_separate_bit)
		m->block[b] |= BLOCK_ISOLATED;
	else
		m->block[b] =
			(uint8_t)((m->block[b] & BLOCK_OTHER_ZONE) | MT_ISOLATE | stored_type(m, b) << BLOCK_WAS_SHIFT);
	z->isolated++;
}

static void unmark_isolated(struct model *m, struct zone *z, block_t b, enum migratetype mt)
{
	enum migratetype was = stored_type(m, b);

	if (m->policy.iso_store == iso_store_type_overwrite)
		was = (enum migratetype)(m->block[b] >> BLOCK_WAS_SHIFT & BLOCK_TYPE_MASK);
	if (was != mt)
		z->retyped[RETYPE_UNDO]++;
	m->block[b] = (uint8_t)((m->block[b] & BLOCK_OTHER_ZONE) | (uint8_t)mt);
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
	m->block[b] = (uint8_t)((m->block[b] & BLOCK_OTHER_ZONE) | MT_MOVABLE);
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
	uint32_t state = m->page[head].state;

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

		account_free(z, -(int64_t)(end - head), state_type(m->page[head].state));
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

	if (!state_is(m->page[head_of(m, pfn)].state, PAGE_ABSENT))
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

int block_isolate(struct model *m, struct zone *z, block_t b, pfn_t start, pfn_t end, enum contig_caller caller,
                  struct blocker *by, struct contig_work *work)
{
	uint32_t given;

	if (block_absent(m, z, b))
		return 0;
	work->blocks++;
	bool again = block_isolated(m, b);

	if (again && m->policy.iso_double == iso_double_ebusy) {
		*by = (struct blocker){ first_page(m, z, b), WHY_ALREADY_ISOLATED };
		return -EBUSY;
	}
	if (ask_balloons(m, z, b, &given)) {
		*by = (struct blocker){ first_page(m, z, b), WHY_VETO };
		return -EBUSY;
	}
	by->pfn = find_unmovable(m, z, b, start, end, caller, given, &by->why, work);
	if (by->pfn != PFN_NONE)
		return -EBUSY;
	if (again)
		return 0;

	if (m->policy.iso_straddle == iso_straddle_split_in_isolate) {
		if (!block_inside(m, z, b)) {
			*by = (struct blocker){ first_page(m, z, b), WHY_ZONE_EDGE };
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

/* ---- un-isolate ------------------------------------------------------------------------------ */

/*
 * v3.18: a wholly free block whose buddy is free in a block that is not isolated could have merged with it, had it not
 * been isolated. It is taken off its list and freed again, at the tail, so that it does.
 */
static bool remerge(struct model *m, struct zone *z, block_t b, enum migratetype mt)
{
	pfn_t pfn = b << m->P;
	uint32_t state = m->page[pfn].state;
	unsigned int order = state_order(state);
	pfn_t buddy = pfn ^ (1u << order);

	if (m->policy.iso_remerge == iso_remerge_none || !zone_has(z, pfn) || !state_is(state, PAGE_FREE) ||
	    order < m->P || order >= m->M)
		return false;
	if (!zone_has(z, buddy) || !state_is_free(m->page[buddy].state, order) || block_isolated(m, buddy >> m->P))
		return false;
	/* With M > P + 1 the run may cover further blocks, isolated still: hygiene (I8) takes it apart instead. */
	if (order > m->P && by_block(m))
		return false;
	/* counted out as what it is taken for, isolated */
	account_free(z, -(int64_t)(1u << order), MT_ISOLATE);
	book_drift(z, counted_pages(z, -(int64_t)(1u << order), MT_ISOLATE),
	           counted_pages(z, -(int64_t)(1u << order), state_type(state)));
	free_list_del(m, z, pfn);
	unmark_isolated(m, z, b, mt);
	free_run(m, z, pfn, order, mt, true);
	return true;
}

void block_unisolate(struct model *m, struct zone *z, block_t b, enum migratetype mt, struct contig_work *work)
{
	if (!block_isolated(m, b))
		return;
	if (m->policy.undo_type == undo_type_preserved)
		mt = stored_type(m, b);
	work->blocks++;
	if (remerge(m, z, b, mt)) {
		work->moved += npb(m);
		return;
	}
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

/* ---- what crosses the border (4.5, 4.6) ------------------------------------------------------ */

/* Migrate everything in [start, end) at once, with the tries of 5.2. */
static int migrate_now(struct model *m, struct zone *z, uint32_t cpu, pfn_t start, pfn_t end, struct contig_work *work)
{
	struct migrate_list list = { 0 };

	while (start < end) {
		if (migrate_collect(m, z, cpu, &start, end, &list, work)) {
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
static int migrate_straddling(struct model *m, struct zone *z, uint32_t cpu, pfn_t head, struct blocker *by,
                              struct contig_work *work)
{
	pfn_t end = head + run_pages(m, head);
	block_t own = head >> m->P;
	bool temporary = !block_isolated(m, own);
	enum migratetype mt = stored_type(m, own);

	if (temporary && block_isolate(m, z, own, head, end, caller_of_type(mt), by, work))
		return -EBUSY;
	int rc = migrate_now(m, z, cpu, head, end, work);

	if (temporary)
		block_unisolate(m, z, own, mt, work);
	if (rc)
		*by = (struct blocker){ head, m->page[head].state & STATE_PINNED ? WHY_PINNED : WHY_NO_TARGET };
	return rc;
}

/* A gigantic page is several runs in our books. */
static bool gigantic_over(const struct model *m, pfn_t border)
{
	const struct page *below = &m->page[head_of(m, border - 1)], *above = &m->page[border];

	return state_is(below->state, PAGE_GIGANTIC) && state_is(above->state, PAGE_GIGANTIC) &&
	       page_owner(below) == page_owner(above);
}

static bool straddle_migrates(const struct model *m, uint32_t state)
{
	return m->policy.iso_straddle == iso_straddle_split_and_migrate &&
	       (state_has(state, KIND_LRU) || state_has(state, KIND_HUGETLB) || state_is(state, PAGE_MOVABLE_OPS));
}

int straddle_resolve(struct model *m, struct zone *z, uint32_t cpu, pfn_t border, struct blocker *by,
                     struct contig_work *work)
{
	if (m->policy.iso_straddle == iso_straddle_none || !zone_has(z, border) || !zone_has(z, border - 1))
		return 0;
	pfn_t head = head_of(m, border);

	work->scanned++;
	if (head == border && gigantic_over(m, border) && m->policy.iso_straddle == iso_straddle_split_and_migrate) {
		*by = (struct blocker){ border,
			                WHY_HUGETLB }; /* migrated at once it would be, and nothing can take it */
		return -EBUSY;
	}
	if (head == border)
		return 0;
	if (straddle_migrates(m, m->page[head].state)) {
		if (migrate_straddling(m, z, cpu, head, by, work))
			return -EBUSY;
		head = head_of(m, border);
		if (head == border)
			return 0;
	}
	uint32_t state = m->page[head].state;

	if (state_is(state, PAGE_FREE)) {
		split_free_run(m, z, head, border);
		return 0;
	}
	/* v6.10: hugetlb is migrated later, and comes apart when it is freed */
	if (!state_has(state, KIND_COMPOUND) ||
	    (state_has(state, KIND_HUGETLB) && m->policy.iso_straddle == iso_straddle_split_in_isolate))
		return 0;
	*by = (struct blocker){ head, WHY_STRADDLES };
	return -EBUSY;
}
