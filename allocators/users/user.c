// SPDX-License-Identifier: MIT
/* user.c - requests in steps: calls, requests inside requests, locks. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "user.h"

/* ---- the machine ----------------------------------------------------------------------------- */

bool user_supported(const struct contig_backend *b)
{
	return b->policy && b->lab && b->lab->convert && b->range_online;
}

int user_machine_init(struct user_machine *m, struct contig *c, const struct contig_geometry *g,
                      struct user_drivers *drivers, struct contig_diag *diag)
{
	if (!user_supported(c->ops))
		return contig_diag_set(diag, -EOPNOTSUPP,
		                       "%s has no pageblock types and no offline memory: only plain requests can be "
		                       "made of it",
		                       c->ops->name);
	*m = (struct user_machine){
		.c = c, .g = g, .policy = c->ops->policy(c), .lab = c->ops->lab, .drivers = drivers
	};
	return 0;
}

uint32_t user_alignment(const struct contig_policy *policy, const struct contig_geometry *g)
{
	uint32_t npb = user_npb(g), nmax = user_nmax(g);

	return policy->user_align == user_align_maxpage && nmax > npb ? nmax : npb;
}

const struct contig_zone *user_zone(const struct contig_geometry *g, pfn_t start, uint64_t nr)
{
	for (const struct contig_zone *z = g->zones; z < g->zones + g->nr_zones; z++) {
		if (start >= z->start && start + nr <= (uint64_t)z->start + z->pages)
			return z;
	}
	return NULL;
}

/* ---- requests -------------------------------------------------------------------------------- */

struct user_request *user_begin(struct contig *c, size_t size, user_state *state)
{
	struct user_request *r = calloc(1, size);

	if (!r)
		return NULL;
	r->c = c;
	r->state = state;
	r->out.start = PFN_NONE;
	r->out.autopsy.pfn = PFN_NONE;
	return r;
}

enum user_progress user_next(struct user_request *r, user_state *state)
{
	r->state = state;
	return USER_MORE;
}

enum user_progress user_finish(struct user_request *r, int rc)
{
	r->state = NULL;
	r->out.rc = rc;
	return USER_DONE;
}

void user_blame(struct user_request *r, enum contig_reason reason, pfn_t pfn, const struct contig_run *run)
{
	r->out.autopsy = (struct contig_autopsy){
		.phase = PHASE_SEARCH,
		.reason = (uint8_t)reason,
		.kind = run ? run->kind : PAGE_NONE,
		.pfn = pfn,
		.owner = run ? run->owner : OWNER_NONE,
	};
}

/* A call that can not even begin has ended, too. */
static void call_refused(struct user_request *r, int rc)
{
	r->call = (struct contig_outcome){ .rc = rc };
	r->call.autopsy.pfn = PFN_NONE;
	r->call.autopsy.reason = rc == -EINVAL ? WHY_ZONE_EDGE : WHY_NONE;
	r->out.autopsy = r->call.autopsy;
}

enum user_progress user_call(struct user_request *r, const struct contig_range_args *args, user_state *state)
{
	int rc = contig_range_begin(r->c, args, &r->range);

	r->out.calls++;
	r->out.start = args->start;
	if (rc) {
		r->range = NULL;
		call_refused(r, rc);
	}
	return user_next(r, state);
}

static void call_ended(struct user_request *r)
{
	contig_range_end(r->range, &r->call);
	r->range = NULL;
	r->out.busy += r->call.rc == -EBUSY;
	if (r->call.rc)
		r->out.autopsy = r->call.autopsy;
}

enum user_progress user_inner(struct user_request *r, struct user_request *inner, user_state *state)
{
	r->inner = inner;
	return user_next(r, state);
}

static void inner_ended(struct user_request *r)
{
	user_end(r->inner, &r->inside);
	r->inner = NULL;
	r->out.calls += r->inside.calls;
	r->out.busy += r->inside.busy;
	r->out.waits += r->inside.waits;
	if (r->inside.rc)
		r->out.autopsy = r->inside.autopsy;
}

static enum user_progress step(struct user_request *r, struct contig_work *work)
{
	if (r->range) {
		if (contig_range_step(r->range, work))
			return USER_MORE;
		call_ended(r);
		/* a plain request is over with its call */
		if (r->state)
			return USER_MORE;
		r->out.nr = r->call.rc ? 0 : r->out.nr;
		return user_finish(r, r->call.rc);
	}
	if (r->inner) {
		enum user_progress p = user_step(r->inner, work);

		if (p == USER_DONE)
			inner_ended(r);
		return p == USER_WAITS ? p : USER_MORE;
	}
	return r->state(r, work);
}

enum user_progress user_step(struct user_request *r, struct contig_work *work)
{
	*work = (struct contig_work){ .phase = PHASE_DONE };
	if (!r->state && !r->range)
		return USER_DONE;
	if (!user_ready(r))
		return USER_WAITS;
	enum user_progress p = step(r, work);

	if (p == USER_WAITS)
		return p;
	contig_work_add(&r->out.total, work);
	contig_work_add(&r->out.by_phase[work->phase], work);
	return p;
}

bool user_ready(const struct user_request *r)
{
	if (r->inner)
		return user_ready(r->inner);
	return !r->wants || r->wants->owner == r;
}

void user_end(struct user_request *r, struct user_outcome *out)
{
	assert(!r->state && !r->range && !r->inner);
	*out = r->out;
	free(r);
}

void user_abandon(struct user_request *r)
{
	struct contig_outcome out;
	struct contig_work work;

	if (r->inner)
		user_abandon(r->inner);
	if (r->range) {
		while (contig_range_step(r->range, &work))
			;
		contig_range_end(r->range, &out);
	}
	free(r);
}

int user_run(struct user_request *r, struct user_outcome *out)
{
	struct contig_work work;
	enum user_progress p;

	while ((p = user_step(r, &work)) != USER_DONE)
		assert(p == USER_MORE);
	user_end(r, out);
	return out->rc;
}

/* ---- locks ----------------------------------------------------------------------------------- */

bool user_lock(struct user_lock *l, struct user_request *r)
{
	if (!l->owner)
		l->owner = r;
	if (l->owner == r) {
		r->wants = NULL;
		return true;
	}
	if (!r->wants) {
		r->wants = l;
		r->later = NULL;
		*(l->first ? &l->last->later : &l->first) = r;
		l->last = r;
		r->out.waits++;
	}
	return false;
}

void user_unlock(struct user_lock *l, struct user_request *r)
{
	assert(l->owner == r);
	l->owner = l->first;
	if (l->first)
		l->first = l->first->later;
}

/* ---- alloc_contig_range as it is ------------------------------------------------------------- */

int user_plain_begin(struct contig *c, const struct contig_range_args *args, struct user_request **out)
{
	struct user_request *r = user_begin(c, sizeof(*r), NULL);
	int rc = r ? contig_range_begin(c, args, &r->range) : -ENOMEM;

	if (rc) {
		free(r);
		return rc;
	}
	r->out.calls = 1;
	r->out.start = args->start;
	r->out.nr = args->nr;
	*out = r;
	return 0;
}
