// SPDX-License-Identifier: MIT
/* replay_requests.c - the contiguous requests of a replay: begun, stepped, made to wait, recorded, given back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "replay_state.h"

int replay_begin_request(struct replay *r, uint64_t ns, uint32_t k)
{
	const struct request *q = &r->stream.requests[k];
	struct request_record *rec = &r->result->requests[k];
	bool given = r->params.caller.who == RUN_PLAIN || r->params.caller.who == RUN_OFFLINE;

	*rec = (struct request_record){ .begin_ns = ns,
		                        .end_ns = ns,
		                        .start = given ? q->start : PFN_NONE,
		                        .cpu = q->cpu,
		                        .blocker = PFN_NONE,
		                        .event = EVENT_NONE };
	rec->rc = caller_begin(&r->caller, q, &r->running[k].request);
	if (!rec->rc)
		return timeline_add(&r->timeline, ns, ACTION_STEP, k);
	r->running[k].request = NULL;
	if (rec->rc == -ENOMEM)
		return -ENOMEM; /* of this machine, not of the modelled one */
	rec->reason = r->params.caller.who == RUN_PLAIN ? WHY_ZONE_EDGE : WHY_ABSENT;
	return 0;
}

static void record_autopsy(const struct replay *r, struct request_record *rec, const struct contig_autopsy *a)
{
	rec->phase = a->phase;
	rec->reason = a->reason;
	rec->kind = a->kind;
	rec->blocker = a->pfn;
	if (a->owner == OWNER_NONE)
		return;
	rec->event = owner_event(a->owner);
	rec->since_ns = program_ns(&r->program->ops[rec->event]);
	/* none lives longer than to the end of the pass after its own */
	rec->passes = (owner_slot(a->owner) >= r->program->nr_slots) != (r->x.base != 0);
}

static int not_taken_back(struct replay *r, uint32_t k, int rc)
{
	const struct request_record *rec = &r->result->requests[k];

	snprintf(r->diag->text, sizeof(r->diag->text), "pages %u to %u, which request %u got, could not be freed: %s",
	         rec->start, rec->start + rec->got - 1, k, strerror(-rc));
	return -EUCLEAN;
}

/* What it got is given back after a while, by a request that only got a part of what it wanted, too. */
static int end_request(struct replay *r, uint32_t k, uint64_t ns)
{
	struct request_record *rec = &r->result->requests[k];
	struct running *run = &r->running[k];
	struct user_outcome out;

	user_end(run->request, &out);
	run->request = NULL;
	if (run->releasing) /* a composed policy may have plugged more than was asked for */
		return out.rc && out.rc != -ENOSPC ? not_taken_back(r, k, out.rc) : 0;
	rec->rc = out.rc;
	rec->pass = r->pass - r->params.age;
	rec->total = out.total;
	rec->undo = out.by_phase[PHASE_UNDO];
	rec->got = out.nr;
	rec->calls = out.calls;
	rec->waits = out.waits;
	if (out.start != PFN_NONE)
		rec->start = out.start;
	if (out.rc)
		record_autopsy(r, rec, &out.autopsy);
	return rec->got ? timeline_add(&r->timeline, ns + r->params.hold_ns, ACTION_RELEASE, k) : 0;
}

/* Go on with who has got the lock that it waited for. */
static int wake(struct replay *r, uint64_t ns)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; i < r->nr_waiting; i++) {
		uint32_t k = r->waiting[i];
		const struct running *run = &r->running[k];

		if (rc || !user_ready(run->request)) {
			r->waiting[kept++] = k;
			continue;
		}
		if (!run->releasing)
			r->result->requests[k].waited_ns += ns - run->waits_since_ns;
		rc = timeline_add(&r->timeline, ns, ACTION_STEP, k);
	}
	r->nr_waiting = kept;
	return rc;
}

int replay_step_request(struct replay *r, uint64_t ns, uint32_t k)
{
	struct running *run = &r->running[k];
	struct contig_work work;
	enum user_progress progress = user_step(run->request, &work);

	const struct replay_watch *watch = r->params.watch;
	struct request_record *rec = &r->result->requests[k];
	bool asks = !run->releasing, more = progress == USER_MORE;

	if (progress == USER_WAITS) {
		run->waits_since_ns = ns;
		r->waiting[r->nr_waiting++] = k;
		return 0;
	}
	uint64_t end = ns + cost_of(r->params.cost, &work);
	int rc;

	if (asks) {
		rec->end_ns = end;
		rec->phase_ns[work.phase < PHASE_NR ? work.phase : PHASE_DONE] += end - ns;
	}
	if (asks && work.phase != PHASE_UNDO)
		rec->failed_ns = end;
	executor_retry(&r->x);
	rc = more ? timeline_add(&r->timeline, end, ACTION_STEP, k) : end_request(r, k, end);
	if (!rc && asks && watch && watch->stepped)
		watch->stepped(watch->ctx, r->backend, k, &work, more ? NULL : rec);
	return rc ? rc : wake(r, end);
}

int replay_release_range(struct replay *r, uint64_t ns, uint32_t k)
{
	const struct request_record *rec = &r->result->requests[k];
	struct running *run = &r->running[k];
	int rc = caller_release(&r->caller, &r->stream.requests[k], rec->start, rec->got, &run->request);

	run->releasing = true;
	if (rc)
		return rc == -ENOMEM ? rc : not_taken_back(r, k, rc);
	return run->request ? timeline_add(&r->timeline, ns, ACTION_STEP, k) : 0;
}

void replay_abandon_requests(struct replay *r)
{
	for (size_t k = 0; r->running && k < r->stream.nr; k++) {
		if (r->running[k].request)
			user_abandon(r->running[k].request);
	}
}
