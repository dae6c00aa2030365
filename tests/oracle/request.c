// SPDX-License-Identifier: MIT
/*
 * request.c - alloc_contig_range (5), a lock-held section a step: a pageblock isolated with what crosses its border, a
 * drain, a scan, a migrate call, the test, a pageblock grabbed, a pageblock un-isolated.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

enum at {
	AT_FIRST, /* the first block, or any one where they go in ascending order */
	AT_LAST,
	AT_MIDDLE,
	AT_DRAIN_EACH,
	AT_DRAIN,
	AT_COLLECT,
	AT_MIGRATE,
	AT_TEST,
	AT_GRAB,
	AT_UNDO_OWN,
	AT_UNDO_HULL,
	AT_END,
};

static const uint8_t phase_of[] = {
	[AT_FIRST] = PHASE_ISOLATE,    [AT_LAST] = PHASE_ISOLATE,   [AT_MIDDLE] = PHASE_ISOLATE,
	[AT_DRAIN_EACH] = PHASE_DRAIN, [AT_DRAIN] = PHASE_DRAIN,    [AT_COLLECT] = PHASE_MIGRATE,
	[AT_MIGRATE] = PHASE_MIGRATE,  [AT_TEST] = PHASE_TEST,      [AT_GRAB] = PHASE_GRAB,
	[AT_UNDO_OWN] = PHASE_UNDO,    [AT_UNDO_HULL] = PHASE_UNDO, [AT_END] = PHASE_DONE,
};

static void fail(struct orequest *r, int rc)
{
	r->out.rc = rc;
	r->out.autopsy.phase = phase_of[r->at];
	r->cursor = r->hull;
	r->at = phase_of[r->at] == PHASE_ISOLATE ? AT_UNDO_OWN : AT_UNDO_HULL;
}

static bool *own(struct orequest *r, pfn_t block)
{
	return &r->isolated[(block - r->hull) >> r->o->P];
}

/* ---- isolation ------------------------------------------------------------------------------- */

/* 4.5: a movable compound over the border goes away at once; its own block is isolated meanwhile. */
static bool migrate_across(struct orequest *r, pfn_t head, struct contig_work *work)
{
	struct oracle *o = r->o;
	pfn_t block = align_down(head, o->P), end = head + (1u << o->page[head].order);
	unsigned int type = type_at(o, head);
	struct migration m = { .scan = head, .end = end };
	bool fine = true;

	/* as if its own type had asked: a CMA block gives way, too */
	if (type != MT_ISOLATE && !o_isolate_block(o, type == MT_CMA ? CALLER_CMA : r->args.caller, block, head, end))
		return false;
	o_collect(o, r->args.cpu, &m, work);
	while (m.nr && !m.rc) {
		o_migrate(o, r->args.cpu, &m, work);
		if (m.rc || (m.nr && ++m.tries == MIGRATIONS))
			break;
	}
	fine = !m.nr && !m.rc;
	o_put_back(o, r->args.cpu, &m);
	if (type != MT_ISOLATE)
		o_undo_block(o, block, type);
	return fine;
}

/* 4.5, 4.6: what crosses the border is split, migrated, left to later migration, or fails the isolation. */
static bool clear_border(struct orequest *r, pfn_t block, pfn_t border, struct contig_work *work)
{
	struct oracle *o = r->o;
	pfn_t at = most(align_down(block, o->M), o->start), outside = border == block ? border - 1 : border;

	if (o->r->straddle == STRADDLE_STAYS || (border == block && !block) || !in_zone(o, outside))
		return true;
	while (at < border) {
		struct opage *p = &o->page[at];
		pfn_t end = at + (p->kind == PAGE_NONE ? 1u : 1u << p->order);

		if (end <= border || p->kind == PAGE_PCP) {
			at = end;
		} else if (p->kind == PAGE_FREE) {
			o_split_free(o, at, border); /* where both sides are isolated it comes together again */
			at = end;
		} else if (p->kind == PAGE_NONCOMPOUND || (o->r->straddle == STRADDLE_SPLIT_FIRST && is_hugetlb(p))) {
			at = end; /* no compound; or left to the migration of the range */
		} else if (o->r->straddle == STRADDLE_SPLIT_FIRST || (!on_lru(p) && !is_hugetlb(p)) ||
		           !migrate_across(r, at, work)) {
			return false;
		} else {
			at = o_head_of(o, at);
			if (o->page[at].kind != PAGE_FREE)
				return false;
		}
	}
	return true;
}

static bool isolate_one(struct orequest *r, pfn_t block, pfn_t border, struct contig_work *work)
{
	struct oracle *o = r->o;
	bool whole = r->at != AT_MIDDLE && !o->r->range_of_interest;

	if (!o_isolate_block(o, r->args.caller, block, whole ? block : r->start, whole ? block + npb(o) : r->end))
		return false;
	*own(r, block) = true;
	if (border == NO_PAGE || clear_border(r, block, border, work))
		return true;
	*own(r, block) = false;
	o_undo_block(o, block, r->args.caller == CALLER_CMA ? MT_CMA : MT_MOVABLE);
	return false;
}

/* What comes when all of it is isolated: start_isolate_page_range() is done then. */
static int isolated(const struct orequest *r)
{
	return r->args.op == RANGE_ISOLATE ? AT_END : AT_DRAIN;
}

static void step_ascending(struct orequest *r, struct contig_work *work)
{
	if (!isolate_one(r, r->cursor, NO_PAGE, work)) {
		fail(r, -EBUSY);
		return;
	}
	r->cursor += npb(r->o);
	if (r->o->r->drain_each_block)
		r->at = AT_DRAIN_EACH;
	else if (r->cursor == r->hull_end)
		r->at = isolated(r);
}

static void step_ends_first(struct orequest *r, struct contig_work *work)
{
	const pfn_t last = r->hull_end - npb(r->o);
	bool fine;

	if (r->at == AT_FIRST) {
		fine = isolate_one(r, r->hull, r->hull, work);
		r->cursor = r->hull + npb(r->o);
	} else if (r->at == AT_LAST && last == r->hull) {
		fine = clear_border(r, last, r->hull_end, work); /* of a single block both borders */
	} else if (r->at == AT_LAST) {
		fine = isolate_one(r, last, r->hull_end, work);
	} else {
		fine = isolate_one(r, r->cursor, NO_PAGE, work);
		r->cursor += npb(r->o);
	}
	if (!fine)
		fail(r, -EBUSY);
	else if (r->at == AT_FIRST)
		r->at = AT_LAST;
	else
		r->at = r->cursor < last ? AT_MIDDLE : isolated(r);
}

/* ---- between ----------------------------------------------------------------------------------- */

static void step_drain(struct orequest *r, struct contig_work *work)
{
	work->drains = 1;
	work->drained = o_drain_all(r->o);
	if (r->at == AT_DRAIN_EACH && r->cursor < r->hull_end) {
		r->at = AT_FIRST;
		return;
	}
	r->at = r->args.op == RANGE_ISOLATE ? AT_END : AT_COLLECT;
	r->m = (struct migration){ .scan = r->start, .end = r->end };
}

static void step_migrate(struct orequest *r, struct contig_work *work)
{
	struct migration *m = &r->m;
	struct oracle *o = r->o;

	if (r->at == AT_COLLECT) {
		o_collect(o, r->args.cpu, m, work);
		if (m->rc)
			m->tries = MIGRATIONS;
	} else {
		o_migrate(o, r->args.cpu, m, work);
		m->tries++;
		if (m->rc && !o->r->enomem_retried)
			m->tries = MIGRATIONS;
	}
	if (m->nr && m->tries < MIGRATIONS) {
		r->at = AT_MIGRATE;
	} else if (m->nr || m->rc) {
		int rc = m->rc;

		o_put_back(o, r->args.cpu, m);
		r->at = AT_TEST;
		if (rc || o->r->ebusy_ends) {
			r->at = AT_MIGRATE;
			fail(r, rc ? rc : -EBUSY);
		}
	} else {
		r->at = m->scan < m->end ? AT_COLLECT : AT_TEST;
	}
}

/* 5.3: the free run that holds `start` may begin lower. */
static pfn_t outer_start(const struct oracle *o, pfn_t start)
{
	for (unsigned int k = 0; k <= o->M; k++) {
		pfn_t at = align_down(start, k);

		if (o->page[at].kind == PAGE_FREE)
			return o->r->outer_unchecked ? at : at + (1u << o->page[at].order) > start ? at : start;
	}
	return o->r->outer_unchecked ? NO_PAGE : start;
}

static void step_test(struct orequest *r)
{
	struct oracle *o = r->o;

	r->outer = outer_start(o, r->start);
	if (r->outer == NO_PAGE) {
		fail(r, -EBUSY);
		return;
	}
	for (pfn_t at = r->outer; at < r->end; at += npb(o)) {
		if (type_at(o, at) != MT_ISOLATE) {
			fail(r, -EBUSY);
			return;
		}
	}
	for (pfn_t at = r->outer; at < r->end; at += 1u << o->page[at].order) {
		if (o->page[at].kind != PAGE_FREE) {
			fail(r, -EBUSY);
			return;
		}
	}
	r->at = AT_GRAB;
	r->outer_end = r->outer;
	if (o->r->raised) {
		r->raised = r->args.nr;
		o->raised += r->raised;
	}
}

/* ---- grab ---------------------------------------------------------------------------------------- */

/* 5.4: off the lists; a run in a block that is not isolated (any more) needs the watermark and is counted. */
static bool grab_run(struct oracle *o, pfn_t pfn)
{
	unsigned int order = o->page[pfn].order, type = type_at(o, pfn);

	if (type != MT_ISOLATE) {
		int64_t held = o->r->reserve >= RESERVE_6_12 ? o_free_highatomic(o) : o->reserved;

		if (counter(o->free) - held <= o->g.zones[0].wmark_min + o->raised + (1 << order))
			return false;
		o_count_free(o, type, -(1 << order));
	} else {
		o_count_free(o, MT_ISOLATE, -(1 << order)); /* v3.6 counts them */
	}
	o_clear_run(o, pfn);
	o_grab_retype(o, pfn, order);
	for (pfn_t at = pfn; at < pfn + (1u << order); at++)
		o->page[at] = (struct opage){ .kind = PAGE_CONTIG };
	return true;
}

static void give_back(struct orequest *r, pfn_t from, pfn_t to)
{
	for (pfn_t at = from; at < to;) {
		unsigned int k = 0;

		while (r->o->r->free_in_chunks && k < r->o->M && !(at & ((2u << k) - 1)) && at + (2u << k) <= to)
			k++;
		for (pfn_t p = at; p < at + (1u << k); p++)
			o_clear_run(r->o, p);
		o_free_pages(r->o, r->args.cpu, at, k);
		at += 1u << k;
	}
}

static void step_grab(struct orequest *r, struct contig_work *work)
{
	struct oracle *o = r->o;
	pfn_t end = least(align_down(r->outer_end, o->P) + npb(o), r->end);

	while (r->outer_end < end) {
		unsigned int order = o->page[r->outer_end].order;

		if (o->page[r->outer_end].kind != PAGE_FREE || !grab_run(o, r->outer_end)) {
			give_back(r, r->outer, r->outer_end);
			fail(r, -EBUSY);
			return;
		}
		work->grabbed += 1u << order;
		r->outer_end += 1u << order;
	}
	if (r->outer_end < r->end)
		return;
	give_back(r, r->outer, r->start);
	give_back(r, r->end, r->outer_end);
	r->at = AT_UNDO_HULL;
	r->cursor = r->hull;
}

/* ---- undo ---------------------------------------------------------------------------------------- */

static void step_undo(struct orequest *r)
{
	struct oracle *o = r->o;
	unsigned int type = r->args.caller == CALLER_CMA ? MT_CMA : MT_MOVABLE;

	if (r->at == AT_UNDO_OWN) {
		while (r->cursor < r->hull_end && !*own(r, r->cursor))
			r->cursor += npb(o);
		if (r->cursor < r->hull_end) {
			o_undo_block(o, r->cursor, type);
			r->cursor += npb(o);
			return;
		}
		r->cursor = r->hull;
		r->at = o->r->undo_hull && r->args.op == RANGE_ALLOC ? AT_UNDO_HULL : AT_END;
		return;
	}
	o_undo_block(o, r->cursor, type);
	r->cursor += npb(o);
	if (r->cursor == r->hull_end)
		r->at = AT_END;
}

/* ---- calls --------------------------------------------------------------------------------------- */

/* RFC discussion: the hull ends where blocks of another type than the range's own begin. */
static void narrow_hull(struct orequest *r)
{
	const struct oracle *o = r->o;
	pfn_t low = align_down(r->start, o->P), high = align_up(r->end, o->P);

	while (low > r->hull && stored_at(o, low - npb(o)) == stored_at(o, r->start))
		low -= npb(o);
	while (high < r->hull_end && stored_at(o, high) == stored_at(o, r->end - 1))
		high += npb(o);
	r->hull = low;
	r->hull_end = high;
}

static int range_begin(struct contig *c, const struct contig_range_args *args, struct contig_range **out)
{
	struct oracle *o = oracle(c);
	unsigned int order = o->r->hull_is_maxpage ? most(o->M, o->P) : o->P;

	if (!args->nr || !in_zone(o, args->start) || args->nr > o->end - args->start)
		return -EINVAL;
	if (args->op != RANGE_ALLOC && ((args->start | args->nr) & (npb(o) - 1)))
		return -EINVAL;
	struct orequest *r = calloc(1, sizeof(*r));

	r->base.ops = &oracle_backend;
	r->o = o;
	r->args = *args;
	r->start = args->start;
	r->end = args->start + args->nr;
	/* blocks outside the zone are no blocks */
	r->hull = most(align_down(r->start, order), align_down(o->start, o->P));
	r->hull_end = least(align_up(r->end, order), align_up(o->end, o->P));
	if (args->op != RANGE_ALLOC) { /* whole pageblocks, as they are */
		r->hull = r->start;
		r->hull_end = r->end;
	} else if (o->r->hull_same_type) {
		narrow_hull(r);
	}
	if (args->op == RANGE_UNDO)
		r->at = AT_UNDO_HULL;
	r->cursor = r->hull;
	r->isolated = calloc((r->hull_end - r->hull) >> o->P, sizeof(*r->isolated));
	r->next = o->requests;
	o->requests = r;
	*out = &r->base;
	return 0;
}

static int range_step(struct contig_range *range, struct contig_work *work)
{
	struct orequest *r = (struct orequest *)range;

	memset(work, 0, sizeof(*work));
	work->phase = phase_of[r->at];
	switch (r->at) {
	case AT_FIRST:
	case AT_LAST:
	case AT_MIDDLE:
		(r->o->r->ends_first ? step_ends_first : step_ascending)(r, work);
		break;
	case AT_DRAIN_EACH:
	case AT_DRAIN:
		step_drain(r, work);
		break;
	case AT_COLLECT:
	case AT_MIGRATE:
		step_migrate(r, work);
		break;
	case AT_TEST:
		step_test(r);
		break;
	case AT_GRAB:
		step_grab(r, work);
		break;
	default:
		step_undo(r);
	}
	r->out.total.migrated += work->migrated;
	r->out.total.not_migrated += work->not_migrated;
	if (r->at == AT_END)
		r->o->raised -= r->raised;
	return r->at != AT_END;
}

static void range_end(struct contig_range *range, struct contig_outcome *out)
{
	struct orequest *r = (struct orequest *)range, **at = &r->o->requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	*out = r->out;
	free(r->isolated);
	free(r);
}

static int range_free(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	struct orequest r = { .o = oracle(c), .args.cpu = cpu };

	if (!in_zone(r.o, start) || nr > r.o->end - start)
		return -EINVAL;
	for (pfn_t at = start; at < start + nr; at++) {
		if (r.o->page[at].kind != PAGE_CONTIG)
			return -EINVAL;
	}
	give_back(&r, start, start + nr);
	return 0;
}

/* ---- the table ----------------------------------------------------------------------------------- */

const struct contig_backend oracle_backend = {
	.name = "oracle",
	.summary = "plain arrays and linear scans",
	.close = oracle_close,
	.alloc = oracle_alloc,
	.free = oracle_free,
	.split = oracle_split,
	.range_begin = range_begin,
	.range_step = range_step,
	.range_end = range_end,
	.range_free = range_free,
	.stats = oracle_stats,
	.lab = &oracle_lab,
};
