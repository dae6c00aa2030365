// SPDX-License-Identifier: MIT
/* range.c - requests for a range, step by step: isolate, drain, migrate, undo. range.h has the picture. */
#include <stdlib.h>

#include "range.h"

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

void range_fail(struct range *r, int rc, enum contig_phase phase, const struct blocker *by)
{
	r->out.rc = rc;
	r->out.autopsy = (struct contig_autopsy){ .phase = (uint8_t)phase,
		                                  .reason = (uint8_t)by->why,
		                                  .kind = (uint8_t)by->kind,
		                                  .pfn = by->pfn,
		                                  .owner = by->owner };
}

enum range_state range_undo_all(struct range *r)
{
	r->next = r->first;
	return R_UNDO_ALL;
}

/* Memory goes offline: emptied in passes, and nothing is allocated. */
static bool goes_offline(const struct range *r)
{
	return r->args.op == RANGE_OFFLINE;
}

static void requests_lock(struct model *m)
{
	if (m->threads)
		spin_lock(&m->requests);
}

static void requests_unlock(struct model *m)
{
	if (m->threads)
		spin_unlock(&m->requests);
}

/* The last section is done: what the request held beside its blocks it lets go of. */
static void release(struct range *r)
{
	struct model *m = r->m;
	struct range **at = &m->live;

	if (r->pcp_off)
		pcp_enable(m, r->z);
	if (r->raised)
		range_raise_marks(r, -(int64_t)r->args.nr);
	requests_lock(m);
	while (*at != r)
		at = &(*at)->older;
	*at = r->older;
	requests_unlock(m);
}

void range_raise_marks(struct range *r, int64_t pages)
{
	struct zone *z = r->z;

	zone_lock(r->m, z);
	ADD_ONCE(z->wmark_raise, pages);
	marks_changed(z);
	zone_unlock(r->m, z);
}

bool range_holds(const struct model *m, pfn_t pfn)
{
	for (const struct range *r = m->live; r; r = r->older) {
		if (r->state == R_GRAB && pfn >= r->outer && pfn < r->pfn)
			return true;
	}
	return false;
}

/* ---- isolate --------------------------------------------------------------------------------- */

/* Per-cpu lists are switched off for all of it: for memory that goes offline (v5.11), or as an experiment. */
static bool wants_pcp_off(const struct model *m, const struct contig_range_args *args)
{
	if (args->op == RANGE_OFFLINE)
		return m->policy.pcp_offline == pcp_offline_disabled;
	return args->op == RANGE_ALLOC && m->policy.pcp_iso == pcp_iso_disabled;
}

static enum range_state step_pcp_off(struct range *r, struct contig_work *work)
{
	r->pcp_off = true;
	work->drains++;
	work->drained += pcp_disable(r->m, r->z);
	return R_ISOLATE;
}

/* For whom a block at an end of the range is isolated: v5.19.0 asked the block (80e2b584f3ab). */
static enum contig_caller caller_of(const struct range *r, block_t b)
{
	if (r->m->policy.iso_edge_caller == iso_edge_caller_own_type && (b == r->first || b == last_block(r)))
		return caller_of_type(stored_type(r->m, b));
	return (enum contig_caller)r->args.caller;
}

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
	return block_isolate(r->m, r->z, b, start, end, caller_of(r, b), by, work);
}

static enum range_state isolate_failed(struct range *r, const struct blocker *by)
{
	range_fail(r, -EBUSY, PHASE_ISOLATE, by);
	r->next = r->first;
	return R_UNDO_OWN;
}

static enum range_state after_isolation(struct range *r)
{
	r->pfn = r->start;
	if (r->args.op == RANGE_ISOLATE)
		return R_DONE;
	if (!r->pcp_off && r->m->policy.pcp_iso == pcp_iso_one_drain)
		return R_DRAIN;
	return goes_offline(r) ? R_NOTIFY : R_COLLECT;
}

/* A block has been isolated: until v5.18 the per-cpu lists are drained before anything else is done. */
static enum range_state isolated(struct range *r, enum range_state next)
{
	if (r->pcp_off || r->m->policy.pcp_iso != pcp_iso_per_block_drain)
		return next;
	r->after_drain = next;
	return R_DRAIN_BLOCK;
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
			return isolate_failed(r, &by);
		r->own = r->first + 1;
		return isolated(r, R_ISOLATE);
	case 1:
		if (!isolate_end(r, last_block(r), r->behind << r->m->P, single, &by, work))
			return isolate_failed(r, &by);
		r->last_own = !single;
		if (single)
			return after_isolation(r);
		return isolated(r, r->own < last_block(r) ? R_ISOLATE : after_isolation(r));
	default:
		if (isolate(r, r->own, &by, work))
			return isolate_failed(r, &by);
		return isolated(r, ++r->own < last_block(r) ? R_ISOLATE : after_isolation(r));
	}
}

static enum range_state step_isolate(struct range *r, struct contig_work *work)
{
	struct blocker by;

	if (r->m->policy.iso_order == iso_order_ends_first)
		return isolate_ends_first(r, work);
	if (isolate(r, r->own, &by, work))
		return isolate_failed(r, &by);
	return isolated(r, ++r->own < r->behind ? R_ISOLATE : after_isolation(r));
}

/* ---- drain ----------------------------------------------------------------------------------- */

static enum range_state step_drain(struct range *r, struct contig_work *work)
{
	work->drains++;
	work->drained += pcp_drain_all(r->m, r->z);
	if (r->state == R_DRAIN_BLOCK)
		return r->after_drain;
	r->pfn = r->start;
	/* a later pass drains again, and drivers are told once */
	return goes_offline(r) && !r->told ? R_NOTIFY : R_COLLECT;
}

/* ---- migrate (5.2) --------------------------------------------------------------------------- */

/* A page that nothing can replace; no hugetlb page that is larger than the buddy's largest run can be. */
static struct blocker no_target(struct range *r, pfn_t pfn)
{
	struct model *m = r->m;

	zone_lock(m, r->z);
	pfn_t head = head_of(m, pfn);
	struct blocker by =
		blocker_at(m, pfn, state_is(state_at(m, head), PAGE_GIGANTIC) ? WHY_HUGETLB : WHY_NO_TARGET);

	/* memory that goes offline steps over it */
	if (goes_offline(r))
		r->pfn = head + run_pages(m, head);
	zone_unlock(m, r->z);
	return by;
}

static enum range_state step_collect(struct range *r, struct contig_work *work)
{
	enum hugetlb_way way = goes_offline(r) ? offline_hugetlb_way(r->m) : contig_hugetlb_way(r->m);
	int rc = migrate_collect(r->m, r->z, r->args.cpu, &r->pfn, r->end, way, &r->list, work);

	r->tries = 0;
	if (rc) {
		struct blocker by = no_target(r, r->pfn);

		if (!goes_offline(r)) {
			migrate_putback(r->m, r->z, r->args.cpu, &r->list);
			range_fail(r, rc, PHASE_MIGRATE, &by);
			return range_undo_all(r);
		}
	}
	if (r->list.nr)
		return R_MIGRATE;
	return r->pfn < r->end ? R_COLLECT : R_TEST;
}

/* From v4.x on -EBUSY means "carry on": the test decides. Anything else ends the request. */
static enum range_state migrate_over(struct range *r, int rc)
{
	struct model *m = r->m;
	pfn_t pfn = r->list.nr ? r->list.pfn[0] : PFN_NONE;

	migrate_putback(m, r->z, r->args.cpu, &r->list);
	if (rc == -EBUSY && m->policy.contig_ebusy_soft == contig_ebusy_soft_yes)
		return R_TEST;
	zone_lock(m, r->z);
	struct blocker by = blocker_at(m, pfn, rc == -EBUSY ? WHY_PINNED : WHY_NO_TARGET);

	zone_unlock(m, r->z);
	range_fail(r, rc, PHASE_MIGRATE, &by);
	return range_undo_all(r);
}

static enum range_state step_migrate(struct range *r, struct contig_work *work)
{
	int rc = migrate_call(r->m, r->z, r->args.cpu, &r->list, work);

	if (goes_offline(r)) {
		/* one try a pass: what stays is tried in the next */
		migrate_putback(r->m, r->z, r->args.cpu, &r->list);
		return r->pfn < r->end ? R_COLLECT : R_TEST;
	}
	if (rc && r->m->policy.migrate_enomem == migrate_enomem_abort)
		return migrate_over(r, rc);
	if (!r->list.nr)
		return r->pfn < r->end ? R_COLLECT : R_TEST;
	return tried_enough(r->m, ++r->tries) ? migrate_over(r, rc ? rc : -EBUSY) : R_MIGRATE;
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
	/* the undo hazard (5.5): alloc_contig_range may un-isolate what another request has isolated */
	return r->args.op == RANGE_ALLOC && r->m->policy.undo_on_start_fail == undo_on_start_fail_whole_range
	               ? range_undo_all(r)
	               : R_DONE;
}

static enum range_state step_undo_all(struct range *r, struct contig_work *work)
{
	if (r->next < r->behind)
		block_unisolate(r->m, r->z, r->next++, undo_type(r), work);
	return r->next < r->behind ? R_UNDO_ALL : R_DONE;
}

/* ---- the request ----------------------------------------------------------------------------- */

static enum range_state step_any_test(struct range *r, struct contig_work *work)
{
	return goes_offline(r) ? offline_step_test(r, work) : step_test(r, work);
}

static const struct {
	enum contig_phase phase;
	enum range_state (*step)(struct range *r, struct contig_work *work);
} states[R_NR] = {
	[R_PCP_OFF] = { PHASE_DRAIN, step_pcp_off },   [R_ISOLATE] = { PHASE_ISOLATE, step_isolate },
	[R_DRAIN_BLOCK] = { PHASE_DRAIN, step_drain }, [R_DRAIN] = { PHASE_DRAIN, step_drain },
	[R_NOTIFY] = { PHASE_ISOLATE, step_notify },   [R_COLLECT] = { PHASE_MIGRATE, step_collect },
	[R_MIGRATE] = { PHASE_MIGRATE, step_migrate }, [R_TEST] = { PHASE_TEST, step_any_test },
	[R_COUNT] = { PHASE_GRAB, step_count },        [R_GRAB] = { PHASE_GRAB, step_grab },
	[R_UNDO_OWN] = { PHASE_UNDO, step_undo_own },  [R_UNDO_ALL] = { PHASE_UNDO, step_undo_all },
};

/* until v5.18 max(MAX_ORDER, pageblock) is isolated; blocks outside the zone are stepped over */
static void blocks_to_isolate(struct range *r)
{
	const struct model *m = r->m;
	const struct zone *z = r->z;
	bool wide = r->args.op == RANGE_ALLOC && m->policy.iso_align == iso_align_maxpage && m->M > m->P;
	unsigned int align = wide ? m->M : m->P;
	block_t low = r->start >> m->P, high = (r->end - 1) >> m->P;
	pfn_t hull = r->start >> align << align, last = ((((r->end - 1) >> align) + 1) << align) - 1;

	r->first = (hull > z->start ? hull : z->start) >> m->P;
	r->behind = ((last < zone_end(z) ? last : zone_end(z) - 1) >> m->P) + 1;
	if (m->policy.iso_extend == iso_extend_hull)
		return;
	/* the proposal of 2021: as far as the neighbours are of the type of the range's own ends */
	block_t first = r->first, behind = r->behind;

	for (r->first = low; r->first > first && stored_type(m, r->first - 1) == stored_type(m, low);)
		r->first--;
	for (r->behind = high + 1; r->behind < behind && stored_type(m, r->behind) == stored_type(m, high);)
		r->behind++;
}

/* Everything but an allocation is about whole pageblocks. */
static bool shape_ok(const struct model *m, struct zone *z, const struct contig_range_args *args)
{
	if (args->op == RANGE_OFFLINE) {
		zone_lock(m, z);
		bool ok = offline_range_ok(m, z, args);

		zone_unlock(m, z);
		return ok;
	}
	return args->op == RANGE_ALLOC || !((args->start | args->nr) & (npb(m) - 1));
}

int ranges_reserve(struct model *m, uint32_t nr)
{
	for (; nr; nr--) {
		struct range *r = malloc(sizeof(*r));

		if (!r)
			return -ENOMEM;
		r->older = m->spare;
		m->spare = r;
	}
	return 0;
}

void ranges_free(struct model *m)
{
	for (struct range *r = m->spare, *next; r; r = next) {
		next = r->older;
		free(r);
	}
}

int model_range_begin(struct contig *c, const struct contig_range_args *args, struct contig_range **out)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, args->start);

	assert(args->cpu < m->nr_cpus && args->caller < CALLER_NR && args->op < RANGE_OP_NR);
	if (!args->nr || !z || args->nr > zone_end(z) - args->start || !shape_ok(m, z, args))
		return -EINVAL;
	requests_lock(m);
	struct range *r = m->spare;

	m->spare = r ? r->older : NULL;
	requests_unlock(m);
	if (!r)
		r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	memset(r, 0, sizeof(*r));
	r->base.ops = c->ops;
	r->m = m;
	r->z = z;
	r->args = *args;
	r->start = args->start;
	r->end = args->start + args->nr;
	if (args->op == RANGE_OFFLINE)
		r->args.caller = CALLER_OFFLINE;
	r->passes = args->passes ? args->passes : OFFLINE_PASSES;
	blocks_to_isolate(r);
	r->own = r->next = r->first;
	r->state = args->op == RANGE_UNDO ? R_UNDO_ALL : wants_pcp_off(m, args) ? R_PCP_OFF : R_ISOLATE;
	requests_lock(m);
	r->older = m->live;
	m->live = r;
	requests_unlock(m);
	r->out.autopsy.pfn = PFN_NONE;
	*out = &r->base;
	return 0;
}

int model_range_step(struct contig_range *base, struct contig_work *work)
{
	struct range *r = (struct range *)base;

	memset(work, 0, sizeof(*work));
	work->phase = work->next = PHASE_DONE;
	if (r->state == R_DONE)
		return 0;
	work->phase = (uint8_t)states[r->state].phase;
	r->state = states[r->state].step(r, work);
	if (r->state != R_DONE)
		work->next = (uint8_t)states[r->state].phase;
	contig_work_add(&r->out.total, work);
	contig_work_add(&r->out.by_phase[work->phase], work);
	if (r->state == R_DONE)
		release(r);
	return r->state != R_DONE;
}

void model_range_end(struct contig_range *base, struct contig_outcome *out)
{
	struct range *r = (struct range *)base;

	assert(r->state == R_DONE);
	struct model *m = r->m;

	*out = r->out;
	requests_lock(m);
	r->older = m->spare;
	m->spare = r;
	requests_unlock(m);
}
