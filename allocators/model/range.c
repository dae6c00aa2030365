// SPDX-License-Identifier: MIT
/*
 * range.c - alloc_contig_range as a sequence of lock-held sections (5.1).
 *
 *   ISOLATE -> DRAIN -> MIGRATE (collect, migrate, ...) -> TEST -> GRAB -> UNDO ALL -> done
 *      |                   | -ENOMEM                         |       |       ^
 *      +-> UNDO OWN -------+---------------------------------+-------+-------+
 *
 * Each state is one function that does one section and names the next state.
 */
#include <stdlib.h>

#include "freelist.h"

enum range_state {
	R_ISOLATE,
	R_DRAIN_BLOCK, /* after each isolated block, until v5.18 */
	R_DRAIN,       /* once, from v5.19 on */
	R_COLLECT,
	R_MIGRATE,
	R_TEST,
	R_GRAB,
	R_UNDO_OWN, /* isolation failed: what it has isolated itself */
	R_UNDO_ALL, /* every isolated block of the range, whoever isolated it */
	R_DONE,
	R_NR,
};

struct range {
	struct contig_range base;
	struct model *m;
	struct zone *z;
	struct contig_range_args args;
	enum range_state state;
	pfn_t start, end;      /* as asked for, end exclusive */
	block_t first, behind; /* blocks to isolate, behind exclusive */
	block_t own;           /* blocks [first, own) are isolated by this request ... */
	bool last_own;         /* ... and so is the last one */
	unsigned int isolated; /* ISOLATE: calls so far */
	block_t next;          /* UNDO: next block */
	pfn_t pfn;             /* MIGRATE and GRAB: next page to look at */
	pfn_t outer;           /* where the run that covers start begins */
	unsigned int tries;
	struct migrate_list list;
	struct contig_outcome out;
};

static block_t last_block(const struct range *r)
{
	return r->behind - 1;
}

/* What undo passes: the caller's type, whatever the blocks had (until v6.16). */
static enum migratetype undo_type(const struct range *r)
{
	return r->args.caller == CALLER_CMA ? MT_CMA : MT_MOVABLE;
}

/* ---- how it ends ----------------------------------------------------------------------------- */

static void fail(struct range *r, int rc, enum contig_phase phase, struct blocker by)
{
	pfn_t head = by.pfn == PFN_NONE ? PFN_NONE : head_of(r->m, by.pfn);

	r->out.rc = rc;
	r->out.autopsy = (struct contig_autopsy){ .phase = (uint8_t)phase, .reason = (uint8_t)by.why, .pfn = by.pfn };
	if (head == PFN_NONE)
		return;
	uint32_t state = r->m->page[head].state;

	r->out.autopsy.kind = (uint8_t)state_kind(state);
	if (!state_is(state, PAGE_FREE) && !state_is(state, PAGE_PCP))
		r->out.autopsy.owner = page_owner(&r->m->page[head]);
}

static enum range_state undo_all(struct range *r)
{
	r->next = r->first;
	return R_UNDO_ALL;
}

/* ---- isolate --------------------------------------------------------------------------------- */

/* One block, checked as far as the policy looks. */
static int isolate(struct range *r, block_t b, struct blocker *by, struct contig_work *work)
{
	pfn_t start = b << r->m->P, end = start + npb(r->m);

	if (r->m->policy.unmovable_scope == unmovable_scope_range_of_interest) {
		start = start < r->start ? r->start : start;
		end = end > r->end ? r->end : end;
		/* a block that only alignment brought in */
		if (start > end)
			start = end = b << r->m->P;
	}
	return block_isolate(r->m, r->z, b, start, end, (enum contig_caller)r->args.caller, by, work);
}

static enum range_state isolate_failed(struct range *r, struct blocker by)
{
	fail(r, -EBUSY, PHASE_ISOLATE, by);
	r->next = r->first;
	return R_UNDO_OWN;
}

static enum range_state after_isolation(struct range *r)
{
	r->pfn = r->start;
	return r->m->policy.pcp_iso == pcp_iso_one_drain ? R_DRAIN : R_COLLECT;
}

/* An end of the range (v5.19): its block, unless that is isolated already as the other end, then what crosses the border. */
static bool isolate_end(struct range *r, block_t b, pfn_t border, bool skip, struct blocker *by,
                        struct contig_work *work)
{
	if (!skip && isolate(r, b, by, work))
		return false;
	if (!straddle_resolve(r->m, r->z, r->args.cpu, border, by, work))
		return true;
	if (!skip)
		block_unisolate(r->m, r->z, b, undo_type(r), work);
	return false;
}

/* v5.19: the first block, the last, then those between */
static enum range_state isolate_ends_first(struct range *r, struct contig_work *work)
{
	bool single = r->first == last_block(r);
	struct blocker by;

	switch (r->isolated++) {
	case 0:
		if (!isolate_end(r, r->first, r->first << r->m->P, false, &by, work))
			return isolate_failed(r, by);
		r->own = r->first + 1;
		return R_ISOLATE;
	case 1:
		if (!isolate_end(r, last_block(r), r->behind << r->m->P, single, &by, work))
			return isolate_failed(r, by);
		r->last_own = !single;
		return r->own < last_block(r) ? R_ISOLATE : after_isolation(r);
	default:
		if (isolate(r, r->own, &by, work))
			return isolate_failed(r, by);
		return ++r->own < last_block(r) ? R_ISOLATE : after_isolation(r);
	}
}

static enum range_state step_isolate(struct range *r, struct contig_work *work)
{
	struct blocker by;

	if (r->m->policy.iso_order == iso_order_ends_first)
		return isolate_ends_first(r, work);
	if (isolate(r, r->own, &by, work))
		return isolate_failed(r, by);
	r->own++;
	if (r->m->policy.pcp_iso == pcp_iso_per_block_drain)
		return R_DRAIN_BLOCK;
	return r->own < r->behind ? R_ISOLATE : after_isolation(r);
}

/* ---- drain ----------------------------------------------------------------------------------- */

static enum range_state step_drain(struct range *r, struct contig_work *work)
{
	work->drains++;
	work->drained += pcp_drain_all(r->m, r->z);
	if (r->state == R_DRAIN_BLOCK && r->own < r->behind)
		return R_ISOLATE;
	r->pfn = r->start;
	return R_COLLECT;
}

/* ---- migrate (5.2) --------------------------------------------------------------------------- */

static enum range_state step_collect(struct range *r, struct contig_work *work)
{
	r->pfn = migrate_collect(r->m, r->pfn, r->end, &r->list, work);
	r->tries = 0;
	return r->list.nr ? R_MIGRATE : R_TEST;
}

/* -EBUSY means "carry on": the test decides. Anything else ends the request. */
static enum range_state migrate_over(struct range *r, int rc)
{
	struct blocker by = { r->list.nr ? r->list.pfn[0] : PFN_NONE, WHY_NO_TARGET };

	migrate_putback(r->m, r->z, r->args.cpu, &r->list);
	if (rc == -EBUSY)
		return R_TEST;
	fail(r, rc, PHASE_MIGRATE, by);
	return undo_all(r);
}

static enum range_state step_migrate(struct range *r, struct contig_work *work)
{
	int rc = migrate_call(r->m, r->z, r->args.cpu, &r->list, work);

	if (rc && r->m->policy.migrate_enomem == migrate_enomem_abort)
		return migrate_over(r, rc);
	if (!r->list.nr)
		return r->pfn < r->end ? R_COLLECT : R_TEST;
	return ++r->tries == MIGRATE_TRIES ? migrate_over(r, rc ? rc : -EBUSY) : R_MIGRATE;
}

/* ---- test (5.1 step 5) ----------------------------------------------------------------------- */

static enum contig_reason why_not_free(const struct range *r, pfn_t pfn)
{
	pfn_t head = head_of(r->m, pfn);
	uint32_t state = r->m->page[head].state;

	if (head < r->outer)
		return WHY_STRADDLES;
	if (state & STATE_PINNED)
		return WHY_PINNED;
	switch (state_kind(state)) {
	case PAGE_PCP:
		return WHY_PCP;
	case PAGE_USER:
		return WHY_NOT_LRU;
	case PAGE_LRU:
	case PAGE_LRU_COMPOUND:
		return WHY_RACED; /* could have been migrated, and was not there then */
	case PAGE_RESERVED:
		return WHY_RESERVED;
	default:
		return WHY_UNMOVABLE;
	}
}

/*
 * Every block isolated and every page in a free run? Blocks are stepped through from outer on, so that with an outer in
 * mid-block the last block may go untested, as in every release (4.2).
 */
static bool test_isolated(const struct range *r, struct blocker *by, struct contig_work *work)
{
	const struct model *m = r->m;

	for (pfn_t pfn = r->outer; pfn < r->end; pfn += npb(m)) {
		if (!block_isolated(m, pfn >> m->P)) {
			*by = (struct blocker){ pfn, WHY_STRADDLES };
			return false;
		}
	}
	for (pfn_t pfn = r->outer; pfn < r->end; pfn += run_pages(m, pfn)) {
		work->scanned++;
		if (!state_is(m->page[pfn].state, PAGE_FREE)) {
			*by = (struct blocker){ pfn, why_not_free(r, pfn) };
			return false;
		}
	}
	return true;
}

static enum range_state step_test(struct range *r, struct contig_work *work)
{
	struct blocker by;
	pfn_t head = head_of(r->m, r->start);

	r->outer = state_is(r->m->page[head].state, PAGE_FREE) ? head : r->start;
	if (!test_isolated(r, &by, work)) {
		fail(r, -EBUSY, PHASE_TEST, by);
		return undo_all(r);
	}
	r->pfn = r->outer;
	return R_GRAB;
}

/* ---- grab (5.4) ------------------------------------------------------------------------------ */

/* Take a free run whole. From a block that is not isolated only above the min watermark, and then it is accounted. */
static bool grab_run(struct range *r, pfn_t pfn)
{
	struct model *m = r->m;
	struct zone *z = r->z;
	unsigned int order = state_order(m->page[pfn].state);
	enum migratetype mt = type_at(m, pfn);
	int64_t pages = INT64_C(1) << order;

	if (mt != MT_ISOLATE) {
		if ((int64_t)z->free <= z->wmark_min + pages)
			return false;
		account_free(z, -pages, mt);
	}
	book_drift(z, mt == MT_ISOLATE ? 0 : -pages, state_type(m->page[pfn].state) == MT_ISOLATE ? 0 : -pages);
	free_list_del(m, z, pfn);
	page_set(&m->page[pfn], state_make(PAGE_CONTIG, order, MT_MOVABLE), OWNER_NONE);
	/* half a block or more of a regular type is made movable (v4.4: not HIGHATOMIC, CMA or ISOLATE) */
	for (pfn_t p = pfn; order + 1 >= m->P && p < pfn + (1u << order); p += npb(m)) {
		block_t b = p >> m->P;

		if (!type_mergeable(reported_type(m, b)))
			continue;
		if (by_block(m)) {
			uint32_t counted, moved = move_block(m, z, b, MT_MOVABLE, &counted);

			book_drift(z, 0, (int64_t)moved - counted);
		}
		block_retype(m, z, b, MT_MOVABLE, RETYPE_GRAB);
	}
	return true;
}

/* Runs [pfn, end) that were grabbed go back to the buddy. Their blocks are isolated: nothing goes to per-cpu lists. */
static void give_back(struct range *r, pfn_t pfn, pfn_t end)
{
	clear_heads(r->m, pfn, end);
	free_span(r->m, r->z, pfn, end);
}

static enum range_state grab_failed(struct range *r, pfn_t pfn)
{
	struct blocker by = { pfn, WHY_RACED };

	fail(r, -EBUSY, PHASE_GRAB, by);
	give_back(r, r->outer, pfn);
	return undo_all(r);
}

static enum range_state step_grab(struct range *r, struct contig_work *work)
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
	return undo_all(r);
}

/* ---- undo ------------------------------------------------------------------------------------ */

/* Isolation failed: un-isolate its own blocks, ascending; then, where the release does so, all of the range. */
static enum range_state step_undo_own(struct range *r, struct contig_work *work)
{
	if (r->next < r->own) {
		block_unisolate(r->m, r->z, r->next++, undo_type(r), work);
		return R_UNDO_OWN;
	}
	if (r->last_own) {
		r->last_own = false;
		block_unisolate(r->m, r->z, last_block(r), undo_type(r), work);
		return R_UNDO_OWN;
	}
	/* the undo hazard (5.5): this may un-isolate what another request has isolated */
	return r->m->policy.undo_on_start_fail == undo_on_start_fail_whole_range ? undo_all(r) : R_DONE;
}

static enum range_state step_undo_all(struct range *r, struct contig_work *work)
{
	if (r->next < r->behind)
		block_unisolate(r->m, r->z, r->next++, undo_type(r), work);
	return r->next < r->behind ? R_UNDO_ALL : R_DONE;
}

/* ---- the request ----------------------------------------------------------------------------- */

static const struct {
	enum contig_phase phase;
	enum range_state (*step)(struct range *r, struct contig_work *work);
} states[R_NR] = {
	[R_ISOLATE] = { PHASE_ISOLATE, step_isolate }, [R_DRAIN_BLOCK] = { PHASE_DRAIN, step_drain },
	[R_DRAIN] = { PHASE_DRAIN, step_drain },       [R_COLLECT] = { PHASE_MIGRATE, step_collect },
	[R_MIGRATE] = { PHASE_MIGRATE, step_migrate }, [R_TEST] = { PHASE_TEST, step_test },
	[R_GRAB] = { PHASE_GRAB, step_grab },          [R_UNDO_OWN] = { PHASE_UNDO, step_undo_own },
	[R_UNDO_ALL] = { PHASE_UNDO, step_undo_all },
};

int model_range_begin(struct contig *c, const struct contig_range_args *args, struct contig_range **out)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, args->start);

	assert(args->cpu < m->nr_cpus && args->caller < CALLER_NR);
	if (!args->nr || !z || args->nr > zone_end(z) - args->start)
		return -EINVAL;
	struct range *r = m->spare ? m->spare : malloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	m->spare = NULL;
	memset(r, 0, sizeof(*r));
	r->base.ops = c->ops;
	r->m = m;
	r->z = z;
	r->args = *args;
	r->start = args->start;
	r->end = args->start + args->nr;
	/* until v5.18 max(MAX_ORDER, pageblock) is isolated; blocks outside the zone are stepped over */
	unsigned int align = m->policy.iso_align == iso_align_maxpage && m->M > m->P ? m->M : m->P;
	pfn_t low = r->start >> align << align;
	pfn_t last = ((((r->end - 1) >> align) + 1) << align) - 1;

	r->first = (low > z->start ? low : z->start) >> m->P;
	r->behind = ((last < zone_end(z) ? last : zone_end(z) - 1) >> m->P) + 1;
	r->own = r->first;
	r->out.autopsy.pfn = PFN_NONE;
	*out = &r->base;
	return 0;
}

static void add_work(struct contig_work *to, const struct contig_work *w)
{
	to->phase = w->phase;
	to->blocks += w->blocks;
	to->scanned += w->scanned;
	to->moved += w->moved;
	to->drained += w->drained;
	to->drains += w->drains;
	to->migrated += w->migrated;
	to->not_migrated += w->not_migrated;
	to->grabbed += w->grabbed;
}

int model_range_step(struct contig_range *base, struct contig_work *work)
{
	struct range *r = (struct range *)base;

	memset(work, 0, sizeof(*work));
	work->phase = PHASE_DONE;
	if (r->state == R_DONE)
		return 0;
	work->phase = (uint8_t)states[r->state].phase;
	r->state = states[r->state].step(r, work);
	add_work(&r->out.total, work);
	add_work(&r->out.by_phase[work->phase], work);
	return r->state != R_DONE;
}

void model_range_end(struct contig_range *base, struct contig_outcome *out)
{
	struct range *r = (struct range *)base;

	assert(r->state == R_DONE);
	*out = r->out;
	if (r->m->spare)
		free(r);
	else
		r->m->spare = r;
}
