// SPDX-License-Identifier: MIT
/* arena_run.c - the operations of a case, and what they answer. */
#include <stdlib.h>
#include <string.h>

#include "../../allocators/policy.h"
#include "arena_inside.h"

#define NOT_HERE(...) contig_diag_set(diag, -EOPNOTSUPP, __VA_ARGS__)

const char *outcome_stage(const struct contig_outcome *o)
{
	if (!o->rc)
		return "ok";
	switch (o->autopsy.phase) {
	case PHASE_ISOLATE:
	case PHASE_DRAIN:
		return "isolate";
	case PHASE_MIGRATE:
		return "migrate";
	default:
		return "test";
	}
}

/* ---- requests -------------------------------------------------------------------------------- */

static struct contig_range_args args_of(const struct arena *a, const struct case_op *op)
{
	return (struct contig_range_args){ .start = a->start + op->start,
		                           .nr = op->nr,
		                           .cpu = a->cpu,
		                           .caller = op->caller,
		                           .op = op->range_op,
		                           .passes = op->passes };
}

/* How a request ended: whose the pages are, and what is on the LRU now. */
static void request_ended(struct arena *a, const struct case_op *op, const struct contig_outcome *o)
{
	if (!o->rc && op->range_op == RANGE_ALLOC)
		memset(a->role + op->start, ROLE_GOT, op->nr);
}

void arena_answer_outcome(const struct contig_outcome *o, struct arena_answer *out)
{
	out->rc = o->rc;
	out->stage = outcome_stage(o);
	out->why = contig_reason_name((enum contig_reason)o->autopsy.reason);
	out->count[COUNT_MIGRATED] = o->total.migrated;
	out->count[COUNT_REPLACED] = o->total.replaced;
	out->not_migrated = o->total.not_migrated;
	out->ns = o->ns;
}

/*
 * Past isolation every cpu's LRU batches are flushed: behind migration, where it comes too late for this request, or before
 * it (v5.13). Memory that goes offline does so in each pass.
 */
static void flush_lru(struct arena *a, const struct case_op *op, const struct contig_work *work)
{
	const struct contig_policy *p = a->c->ops->policy ? a->c->ops->policy(a->c) : NULL;

	if (arena_is_machine(a->c))
		return;
	bool early = op->range_op == RANGE_OFFLINE || (p && p->lru_drain == lru_drain_before_migrate);

	if (work->phase != work->next && (early ? work->next : work->phase) == PHASE_MIGRATE)
		arena_drain_lru(a);
}

/* One step. */
static bool step_range(struct arena *a, const struct case_op *op, struct contig_range *r, struct contig_work *work)
{
	bool more = contig_range_step(r, work);

	flush_lru(a, op, work);
	return more;
}

static int run_range(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	struct contig_range_args args = args_of(a, op);
	struct contig_outcome o;

	(void)diag;
	if (op->request == CASE_NO_REQUEST) {
		struct contig_range *range;
		struct contig_work work;

		o = (struct contig_outcome){ .rc = contig_range_begin(a->c, &args, &range) };
		if (!o.rc) {
			while (step_range(a, op, range, &work))
				;
			contig_range_end(range, &o);
			request_ended(a, op, &o);
		}
		arena_answer_outcome(&o, out);
		return 0;
	}
	struct arena_request *r = &a->request[op->request];

	*r = (struct arena_request){ .op = op };
	out->rc = r->out.rc = contig_range_begin(a->c, &args, &r->range);
	out->stage = "begun";
	if (out->rc) {
		r->range = NULL;
		r->ended = true;
	}
	return 0;
}

bool arena_step(struct arena *a, struct arena_request *r, struct contig_work *work)
{
	if (!r->range)
		return false;
	if (step_range(a, r->op, r->range, work))
		return true;
	contig_range_end(r->range, &r->out);
	r->range = NULL;
	r->ended = true;
	request_ended(a, r->op, &r->out);
	return false;
}

static int run_step(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	struct arena_request *r = &a->request[op->request];
	struct contig_work work = { 0 };
	bool more = r->range;

	(void)diag;
	for (uint32_t i = 0; more && (op->until < PHASE_NR || op->times == STEPS_TO_END || i < op->times); i++) {
		more = arena_step(a, r, &work);
		out->count[COUNT_MIGRATED] += work.migrated;
		out->count[COUNT_REPLACED] += work.replaced;
		if (op->until < PHASE_NR && work.phase == op->until)
			break;
	}
	out->stage = r->range ? contig_phase_name((enum contig_phase)work.phase) : "ended";
	return 0;
}

/* What requests were left in the middle of goes on in turn, a step each. */
static void finish_requests(struct arena *a)
{
	struct contig_work work;

	for (bool more = true; more;) {
		more = false;
		for (uint32_t i = 0; i < ARENA_REQUESTS; i++)
			more |= arena_step(a, &a->request[i], &work);
	}
}

/* ---- pages ----------------------------------------------------------------------------------- */

static int fail(struct arena_answer *out, int rc)
{
	out->rc = rc;
	out->stage = rc ? "fail" : "done";
	return 0;
}

/* Free each maximal run of pages with this role in the range. */
static void give_role(struct arena *a, const struct case_op *op, enum arena_role role, struct arena_answer *out)
{
	for (uint32_t at = op->start, end = op->start + op->nr, next; at < end; at = next) {
		next = arena_role_end(a, at, end, role);
		if (next == at) {
			next++;
			continue;
		}
		out->rc = arena_give(a, at, next - at);
		out->stage = "done";
	}
}

static int free_owner(struct arena *a, owner_t owner)
{
	int rc = contig_free(a->c, a->cpu, a->at[owner], owner);

	if (!rc)
		a->at[owner] = PFN_NONE;
	return rc;
}

/* Free the runs that begin in the range and that this is true of. */
static void free_runs(struct arena *a, const struct case_op *op, bool (*which)(const struct contig_run *run),
                      struct arena_answer *out)
{
	for (pfn_t pfn = a->start + op->start, end = pfn + op->nr; pfn < end;) {
		struct contig_run run;

		a->c->ops->lab->run(a->c, pfn, &run);
		if (run.pfn >= a->start + op->start && run.owner != OWNER_NONE && run.owner <= a->nr_owners &&
		    which(&run)) {
			int rc = free_owner(a, run.owner);

			out->rc = out->rc ? out->rc : rc;
			out->stage = out->rc ? "fail" : "done";
		}
		pfn = run.pfn + run.nr;
	}
}

static bool any_run(const struct contig_run *run)
{
	(void)run;
	return true;
}

static bool kernel_run(const struct contig_run *run)
{
	return run->kind == PAGE_KERNEL || run->kind == PAGE_RECLAIMABLE || run->kind == PAGE_NONCOMPOUND;
}

static int run_give(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	(void)diag;
	out->stage = "skip";
	give_role(a, op, ROLE_GOT, out);
	return 0;
}

static int run_kernel(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	(void)diag;
	out->stage = "skip";
	give_role(a, op, ROLE_KERNEL, out);
	free_runs(a, op, kernel_run, out);
	return 0;
}

/* What a driver holds logically unplugged comes back as the request's result that it was. */
static void replug(struct arena *a, const struct case_op *op)
{
	for (pfn_t pfn = a->start + op->start, end = pfn + op->nr; pfn < end; pfn++) {
		struct contig_run run;

		a->c->ops->lab->run(a->c, pfn, &run);
		if (run.kind == PAGE_OFFLINE && a->c->ops->lab->convert &&
		    !a->c->ops->lab->convert(a->c, pfn, 1, PAGE_CONTIG, OWNER_NONE))
			a->role[pfn - a->start] = ROLE_GOT;
	}
}

static int run_free(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	(void)diag;
	out->stage = "skip";
	replug(a, op);
	give_role(a, op, ROLE_GOT, out);
	give_role(a, op, ROLE_KERNEL, out);
	free_runs(a, op, any_run, out);
	return 0;
}

static int run_unmap(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	(void)diag;
	out->stage = "skip";
	for (uint32_t i = op->start; i < op->start + op->nr && i < a->nr_mappings; i++) {
		if (a->at[a->mapping[i]] == PFN_NONE)
			continue;
		out->rc = free_owner(a, a->mapping[i]);
		out->stage = "done";
	}
	return 0;
}

static struct contig_what what_of(const struct arena *a, const struct case_op *op)
{
	enum page_kind kind = op->kind;

	if (kind == PAGE_NONE)
		kind = op->mt == MT_UNMOVABLE     ? PAGE_KERNEL
		       : op->mt == MT_RECLAIMABLE ? PAGE_RECLAIMABLE
		       : op->order                ? PAGE_LRU_COMPOUND
		                                  : PAGE_LRU;
	return (struct contig_what){ .kind = (uint8_t)kind,
		                     .order = op->order,
		                     .migratetype = (uint8_t)op->mt,
		                     .node = a->node,
		                     .this_node = true,
		                     .highatomic = op->highatomic,
		                     .last_chance = op->last_chance };
}

static int run_alloc(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	const struct contig_what what = what_of(a, op);

	out->count[COUNT_AT] = -1;
	while (out->count[COUNT_GOT] < op->times && !out->rc) {
		owner_t owner = arena_new_owner(a, PFN_NONE);

		if (!owner)
			return contig_diag_set(diag, -ENOMEM, "no memory");
		int64_t pfn = contig_alloc(a->c, a->cpu, what, owner);

		if (pfn < 0) {
			out->rc = (int)pfn;
			break;
		}
		a->at[owner] = (pfn_t)pfn;
		/* a kernel's fresh pages are not there yet */
		if (arena_is_machine(a->c) && (what.kind == PAGE_LRU || what.kind == PAGE_LRU_COMPOUND))
			arena_drain_lru(a);
		out->count[COUNT_GOT]++;
		out->count[COUNT_AT] = (pfn_t)pfn - a->start < arena_pages(a) ? (int64_t)((pfn_t)pfn - a->start) : -1;
	}
	/* until there is none is what was asked for */
	return fail(out, op->times == UINT32_MAX && out->rc == -ENOMEM ? 0 : out->rc);
}

static int run_online(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	int rc = contig_range_online(a->c, a->cpu, a->start + op->start, op->nr);

	if (rc == -EOPNOTSUPP)
		return NOT_HERE("%s can not bring memory online", a->c->ops->name);
	return fail(out, rc);
}

/* ---- lab ------------------------------------------------------------------------------------- */

static int run_pin(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	struct contig_run run;
	int rc = 0;

	(void)diag;
	for (pfn_t pfn = a->start + op->start, end = pfn + op->nr; pfn < end && !rc; pfn = run.pfn + run.nr) {
		a->c->ops->lab->run(a->c, pfn, &run);
		rc = a->c->ops->lab->pin(a->c, pfn, op->verb == OP_PIN);
	}
	return fail(out, rc);
}

static int run_freeze(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	int rc = 0;

	(void)diag;
	for (pfn_t pfn = a->start + op->start, end = pfn + op->nr; pfn < end && !rc; pfn++)
		rc = a->c->ops->lab->freeze(a->c, pfn);
	return fail(out, rc);
}

static int run_type(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	unsigned int order = a->g.pageblock_order;
	block_t b = (a->start + op->start) >> order, end = b + (op->nr >> order);
	int rc = 0;

	(void)diag;
	for (; b < end && !rc; b++)
		rc = a->c->ops->lab->set_type(a->c, b, op->mt);
	return fail(out, rc);
}

static int run_convert(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	bool got = op->kind == PAGE_CONTIG;
	owner_t owner = got ? OWNER_NONE : arena_new_owner(a, a->start + op->start);

	if (!a->c->ops->lab->convert)
		return NOT_HERE("%s can not convert pages in use", a->c->ops->name);
	int rc = a->c->ops->lab->convert(a->c, a->start + op->start, op->nr, op->kind, owner);

	if (!rc)
		memset(a->role + op->start, got ? ROLE_GOT : ROLE_NONE, op->nr);
	return fail(out, rc);
}

static int run_drain(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	(void)diag;
	if (op->verb == OP_LRU)
		arena_drain_lru(a);
	else
		arena_drain_pcp(a);
	return fail(out, 0);
}

static int run_unreserve(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	if (!a->c->ops->lab->unreserve)
		return NOT_HERE("%s has no reserve", a->c->ops->name);
	out->count[COUNT_GOT] = a->c->ops->lab->unreserve(a->c, op->mt, op->force);
	return fail(out, 0);
}

static int run_watermark(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	if (!a->c->ops->lab->watermark)
		return NOT_HERE("%s has no watermarks", a->c->ops->name);
	out->stage = a->c->ops->lab->watermark(a->c, 0, what_of(a, op), op->kswapd) ? "pass" : "fail";
	return 0;
}

static int (*const run[])(struct arena *a, const struct case_op *op, struct arena_answer *out,
                          struct contig_diag *diag) = {
	[OP_RANGE] = run_range,         [OP_STEP] = run_step,           [OP_GIVE] = run_give,
	[OP_KERNEL] = run_kernel,       [OP_UNMAP] = run_unmap,         [OP_FREE] = run_free,
	[OP_ALLOC] = run_alloc,         [OP_ONLINE] = run_online,       [OP_PIN] = run_pin,
	[OP_UNPIN] = run_pin,           [OP_FREEZE] = run_freeze,       [OP_TYPE] = run_type,
	[OP_CONVERT] = run_convert,     [OP_DRAIN] = run_drain,         [OP_LRU] = run_drain,
	[OP_UNRESERVE] = run_unreserve, [OP_WATERMARK] = run_watermark,
};

int arena_do(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	return run[op->verb](a, op, out, diag);
}

/* ---- an operation after the other -------------------------------------------------------------- */

static void drain_before(struct arena *a)
{
	a->moved = a->moved_away = 0;
	if (!a->sc->no_lru)
		arena_drain_lru(a);
	if (!a->sc->no_pcp)
		arena_drain_pcp(a);
}

static void drain_after(struct arena *a, const struct case_op *op)
{
	if (op->verb == OP_GIVE || op->verb == OP_KERNEL || op->verb == OP_UNMAP)
		arena_drain_lru(a);
	arena_drain_pcp(a);
}

static int tell_requests(struct arena *a, arena_tell tell, void *ctx, struct contig_diag *diag)
{
	int rc = 0;

	for (uint32_t i = 0; i < ARENA_REQUESTS && !rc; i++) {
		struct arena_answer ans = { .op = AT_REQUEST((int)i) };

		if (!a->request[i].ended)
			continue;
		a->request[i].ended = false;
		arena_answer_outcome(&a->request[i].out, &ans);
		rc = arena_tell_state(a, &ans, tell, ctx, diag);
	}
	return rc;
}

int arena_run(struct arena *a, uint32_t first, arena_tell tell, void *ctx, struct contig_diag *diag)
{
	const struct scripted_case *sc = a->sc;
	bool alone = first + 1 == sc->nr_ops || !sc->op[first + 1].joined;
	uint32_t at = first;
	int rc;

	drain_before(a);
	do {
		struct arena_answer ans = { .op = (int)at, .why = "none" };

		rc = arena_do(a, &sc->op[at], &ans, diag);
		if (alone)
			drain_after(a, &sc->op[at]);
		rc = rc ? rc : arena_tell_state(a, &ans, tell, ctx, diag);
	} while (!rc && ++at < sc->nr_ops && sc->op[at].joined);
	if (rc || alone)
		return rc ? rc : (int)at;
	finish_requests(a);
	drain_after(a, &sc->op[first]);
	rc = tell_requests(a, tell, ctx, diag);
	return rc ? rc : (int)at;
}
