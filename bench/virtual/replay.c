// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "executor.h"
#include "replay.h"
#include "survivors.h"
#include "timeline.h"

/* Events between two looks at the stop flag: a few tens of milliseconds. */
#define STOP_EVERY (1u << 18)

/* A request while it runs: for its range, and later to give it back. */
struct running {
	struct user_request *request;
	bool releasing;
	uint64_t waits_since_ns;
};

struct replay {
	struct replay_params params;
	const struct program *program;
	struct replay_result *result;
	struct contig_diag *diag;
	struct executor x;
	struct contig *backend;
	struct request_stream stream;
	struct caller caller;
	struct running *running; /* by number of the request */
	uint32_t *waiting;       /* requests that wait for others, in the order in which they began to */
	size_t nr_waiting;
	struct timeline timeline;
	struct survivors survivors;
	uint64_t verified; /* x.executed at the last verification */
	uint32_t pass;     /* the one that runs: params.age is the one that counts */
	bool begun;
	struct contig_stats before; /* the pass that counts */
};

static bool counts(const struct replay *r)
{
	return r->pass == r->params.age;
}

static void free_due_survivors(struct replay *r)
{
	while (survivors_next(&r->survivors) <= r->x.next) {
		uint32_t cpu;
		const struct program_survivor *s = survivors_take(&r->survivors, r->params.geometry->nr_cpus, &cpu);

		executor_free_survivor(&r->x, cpu, s);
	}
}

static int verify(struct replay *r)
{
	const struct contig_lab *lab = r->backend->ops->lab;
	struct contig_diag what;

	if (!lab || !lab->verify || !lab->verify(r->backend, &what))
		return 0;
	snprintf(r->diag->text, sizeof(r->diag->text), "after event %zu: %.460s", r->x.next, what.text);
	return -EUCLEAN;
}

/* The next event at which something other than a timed action is to be done. */
static size_t next_stop(const struct replay *r, size_t limit)
{
	size_t stop = r->x.next + STOP_EVERY;
	uint64_t every = r->params.verify_every;

	if (stop > limit)
		stop = limit;
	if (survivors_next(&r->survivors) < stop)
		stop = survivors_next(&r->survivors);
	if (every && r->verified + every - r->x.executed < stop - r->x.next)
		stop = r->x.next + (size_t)(r->verified + every - r->x.executed);
	return stop;
}

/* All that the trace does up to and including `ns`, and before event `limit`. */
static int run_until(struct replay *r, uint64_t ns, size_t limit)
{
	for (;;) {
		free_due_survivors(r);
		size_t stop = next_stop(r, limit);

		executor_run(&r->x, stop, ns);
		if (r->x.error)
			return r->x.error;
		if (r->params.stop && atomic_load_explicit(r->params.stop, memory_order_relaxed))
			return -EINTR;
		if (r->params.verify_every && r->x.executed - r->verified >= r->params.verify_every) {
			int rc = verify(r);

			if (rc)
				return rc;
			r->verified = r->x.executed;
		}
		if (r->x.next < stop || r->x.next == limit)
			return 0;
	}
}

static void take_sample(struct replay *r, uint64_t ns, struct sample_record *out)
{
	const struct contig_geometry *g = r->params.geometry;
	struct contig_stats s;

	contig_stats(r->backend, CONTIG_ALL_ZONES, &s);
	*out = (struct sample_record){
		.ns = ns,
		.free = s.free,
		.pcp = s.pcp,
		.isolated = s.isolated,
		.mixed_blocks = s.mixed_blocks,
		.unusable = contig_unusable_index(&s, g->max_order, g->pageblock_order),
		.fragmentation = contig_fragmentation_index(&s, g->max_order, g->pageblock_order),
	};
	memcpy(out->blocks, s.blocks, sizeof(out->blocks));
}

static int begin_request(struct replay *r, uint64_t ns, uint32_t k)
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

static int step_request(struct replay *r, uint64_t ns, uint32_t k)
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

	if (asks)
		rec->end_ns = end;
	if (asks && work.phase != PHASE_UNDO)
		rec->failed_ns = end;
	executor_retry(&r->x);
	rc = more ? timeline_add(&r->timeline, end, ACTION_STEP, k) : end_request(r, k, end);
	if (!rc && asks && watch && watch->stepped)
		watch->stepped(watch->ctx, r->backend, k, &work, more ? NULL : rec);
	return rc ? rc : wake(r, end);
}

static int release_range(struct replay *r, uint64_t ns, uint32_t k)
{
	const struct request_record *rec = &r->result->requests[k];
	struct running *run = &r->running[k];
	int rc = caller_release(&r->caller, &r->stream.requests[k], rec->start, rec->got, &run->request);

	run->releasing = true;
	if (rc)
		return rc == -ENOMEM ? rc : not_taken_back(r, k, rc);
	return run->request ? timeline_add(&r->timeline, ns, ACTION_STEP, k) : 0;
}

static int act(struct replay *r, const struct timeline_entry *e)
{
	switch (timeline_action(e)) {
	case ACTION_RELEASE:
		return release_range(r, e->ns, e->index);
	case ACTION_STEP:
		return step_request(r, e->ns, e->index);
	case ACTION_REQUEST:
		if (e->index + 1 < r->stream.nr) {
			int rc = timeline_add(&r->timeline, r->stream.requests[e->index + 1].ns, ACTION_REQUEST,
			                      e->index + 1);
			if (rc)
				return rc;
		}
		return begin_request(r, e->ns, e->index);
	case ACTION_SAMPLE:
		take_sample(r, e->ns, &r->result->samples[e->index]);
		return 0;
	}
	return 0;
}

static int begin_pass(struct replay *r)
{
	uint64_t duration = r->program->duration_ns;
	uint32_t samples = r->params.samples;
	int rc = 0;

	r->begun = true;
	executor_rewind(&r->x);
	if (r->pass)
		survivors_schedule(&r->survivors, r->params.seed, r->pass);
	if (!counts(r))
		return 0;
	contig_stats(r->backend, CONTIG_ALL_ZONES, &r->before);
	if (r->stream.nr)
		rc = timeline_add(&r->timeline, r->stream.requests[0].ns, ACTION_REQUEST, 0);
	for (uint32_t i = 0; i < samples && !rc; i++)
		rc = timeline_add(&r->timeline, duration / samples * (i + 1), ACTION_SAMPLE, i);
	return rc;
}

/*
 * This pass up to event `limit`, which comes next: trace, requests and samples in the order of their times; ties go to
 * the trace. What is timed behind the last event belongs to the end of the trace.
 */
static int run_pass(struct replay *r, size_t limit)
{
	int rc = r->begun ? 0 : begin_pass(r);

	while (!rc) {
		/* empty but in the pass that counts */
		const struct timeline_entry *due = timeline_peek(&r->timeline);

		rc = run_until(r, due ? due->ns : UINT64_MAX, limit);
		if (rc || !due || (r->x.next == limit && limit < r->program->nr_ops))
			break;
		const struct timeline_entry e = timeline_take(&r->timeline);

		rc = act(r, &e);
	}
	return rc;
}

/* All of this pass, and what is summed up at its end. */
static int finish_pass(struct replay *r)
{
	int rc = run_pass(r, r->program->nr_ops);

	if (rc)
		return rc;
	free_due_survivors(r);
	if (!counts(r)) {
		r->result->aging_failed_allocs += r->x.failed;
		r->pass++;
		r->begun = false;
	}
	return 0;
}

int replay_advance(struct replay *r, uint64_t events)
{
	size_t nr = r->program->nr_ops;
	int rc = 0;

	while (!rc && !counts(r) && events > (r->pass + UINT64_C(1)) * nr)
		rc = finish_pass(r);
	return rc ? rc : run_pass(r, (size_t)(events - (uint64_t)r->pass * nr));
}

static int run_passes(struct replay *r)
{
	struct replay_result *result = r->result;
	struct contig_stats after;
	int rc = 0;

	while (!rc && !counts(r))
		rc = finish_pass(r);
	if (!rc)
		rc = finish_pass(r);
	if (rc)
		return rc;
	if (r->x.nr_late) {
		snprintf(r->diag->text, sizeof(r->diag->text), "%zu frees got -EAGAIN to the end, the first at pfn %u",
		         r->x.nr_late, r->x.late[0].pfn);
		return -EUCLEAN;
	}
	rc = r->params.verify_every ? verify(r) : 0;
	contig_stats(r->backend, CONTIG_ALL_ZONES, &after);
	for (int i = 0; i < RETYPE_NR; i++)
		result->retyped[i] = after.retyped[i] - r->before.retyped[i];
	take_sample(r, r->program->duration_ns, &result->end);
	result->events = r->x.executed;
	result->allocs = r->program->nr_allocs;
	result->failed_allocs = r->x.failed;
	result->skipped_pins = r->x.skipped_pins;
	result->late_frees = r->x.nr_late_total;
	result->nr_requests = (uint32_t)r->stream.nr;
	result->nr_samples = r->params.samples;
	return rc;
}

static int out_of_memory(struct contig_diag *diag)
{
	snprintf(diag->text, sizeof(diag->text), "no memory for a replay: run fewer at once (-j)");
	return -ENOMEM;
}

static int prepare(struct replay *r)
{
	const struct replay_params *params = &r->params;
	const struct request_timing timing = {
		.duration_ns = r->program->duration_ns,
		.interval_ns = params->interval_ns,
		.hold_ns = params->hold_ns,
		.max_requests = params->max_requests,
	};
	int rc = 0;

	if (params->request_pages)
		rc = requests_draw(&r->stream, params->geometry, &timing, params->request_pages, params->seed);
	if (rc == -EINVAL)
		snprintf(r->diag->text, sizeof(r->diag->text), "no request of %u pages fits this trace and zone",
		         params->request_pages);
	if (rc)
		return rc == -ENOMEM ? out_of_memory(r->diag) : rc;
	rc = executor_init(&r->x, r->program, r->diag);
	if (rc)
		return rc;
	r->running = calloc(r->stream.nr + 1, sizeof(*r->running));
	r->waiting = calloc(r->stream.nr + 1, sizeof(*r->waiting));
	r->result->requests = calloc(r->stream.nr + 1, sizeof(*r->result->requests));
	r->result->samples = calloc((size_t)params->samples + 1, sizeof(*r->result->samples));
	if (survivors_init(&r->survivors, r->program) || !r->running || !r->waiting || !r->result->requests ||
	    !r->result->samples)
		return out_of_memory(r->diag);
	r->backend = contig_open(params->backend, params->geometry, &r->x.hooks, r->diag);
	r->x.backend = r->backend;
	r->x.watch = params->watch;
	if (!r->backend)
		return -EINVAL;
	return caller_open(&r->caller, &params->caller, r->backend, params->geometry, &r->x.drivers,
	                   params->request_pages, r->diag);
}

/* What is still running when a replay ends early. */
static void abandon_requests(struct replay *r)
{
	for (size_t k = 0; r->running && k < r->stream.nr; k++) {
		if (r->running[k].request)
			user_abandon(r->running[k].request);
	}
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void release(struct replay *r)
{
	abandon_requests(r);
	caller_close(&r->caller);
	contig_close(r->backend);
	executor_free(&r->x);
	requests_free(&r->stream);
	timeline_free(&r->timeline);
	free(r->running);
	free(r->waiting);
	survivors_free(&r->survivors);
}

int replay_run(const struct replay_params *params, struct replay_result *result, struct contig_diag *diag)
{
	struct replay r = { .params = *params, .program = params->program, .result = result, .diag = diag };
	uint64_t start = thread_cpu_ns();

	memset(result, 0, sizeof(*result));
	int rc = prepare(&r);

	if (!rc)
		rc = run_passes(&r);
	if (rc == -ENOMEM && !diag->text[0])
		out_of_memory(diag);
	release(&r);
	result->cpu_ns = thread_cpu_ns() - start;
	if (rc)
		replay_result_free(result);
	return rc;
}

void replay_result_free(struct replay_result *result)
{
	free(result->requests);
	free(result->samples);
	memset(result, 0, sizeof(*result));
}

/* ---- in pieces ------------------------------------------------------------------------------- */

int replay_open(const struct replay_params *params, struct replay **out, struct contig_diag *diag)
{
	struct replay *r = calloc(1, sizeof(*r));
	struct replay_result *result = calloc(1, sizeof(*result));
	int rc = r && result ? 0 : out_of_memory(diag);

	*out = r;
	if (rc) {
		free(result);
		free(r);
		*out = NULL;
		return rc;
	}
	*r = (struct replay){ .params = *params, .program = params->program, .result = result, .diag = diag };
	rc = prepare(r);
	if (rc) {
		replay_close(r);
		*out = NULL;
	}
	return rc;
}

void replay_close(struct replay *r)
{
	if (!r)
		return;
	release(r);
	replay_result_free(r->result);
	free(r->result);
	free(r);
}

uint64_t replay_events(const struct replay *r)
{
	return (r->params.age + UINT64_C(1)) * r->program->nr_ops;
}

pfn_t replay_place(const struct replay *r, size_t event)
{
	return r->x.map[r->x.base + r->program->ops[event].slot];
}

uint32_t replay_nr_requests(const struct replay *r)
{
	return (uint32_t)r->stream.nr;
}

const struct request_record *replay_request(const struct replay *r, uint32_t k)
{
	/* records are all zero until their request is made, and none is made at 0 */
	const struct running *run = &r->running[k];
	bool ended = !run->request || run->releasing;

	return r->result->requests[k].begin_ns && ended ? &r->result->requests[k] : NULL;
}

struct contig *replay_backend(const struct replay *r)
{
	return r->backend;
}
