// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "executor.h"
#include "replay.h"
#include "rng.h"
#include "timeline.h"

/* Events between two looks at the stop flag: a few tens of milliseconds. */
#define STOP_EVERY (1u << 18)

/* A survivor of the pass before, and the event before which it goes. */
struct due {
	uint32_t survivor;
	uint32_t event;
};

/* A request while it runs: for its range, and later to give it back. */
struct running {
	struct user_request *request;
	bool releasing;
	uint64_t waits_since_ns;
};

struct replay {
	const struct replay_params *params;
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
	struct due *due;
	size_t nr_due;
	size_t next_due;
	struct rng due_cpu;
	uint64_t verified; /* x.executed at the last verification */
};

/*
 * When survivors of the last pass go: in seeded order, spread evenly over this pass; sooner where both passes together
 * would need more pages than the trace ever does, since that is what the zone is sized for.
 */
static void schedule_survivors(struct replay *r, uint32_t pass)
{
	const struct program *p = r->program;
	struct rng rng = rng_seed(r->params->seed, RNG_SURVIVORS | (uint64_t)pass << 8);
	uint64_t left = 0, live = 0;
	size_t n = p->nr_survivors, k = 0;

	for (size_t i = 0; i < n; i++) {
		size_t j = rng_below(&rng, i + 1);

		r->due[i] = r->due[j];
		r->due[j].survivor = (uint32_t)i;
		left += UINT64_C(1) << p->survivors[i].order;
	}
	for (size_t i = 0; i < p->nr_ops && k < n; i++) {
		const struct program_op *op = &p->ops[i];
		uint64_t need = 0;

		if (program_code(op) == TRACE_ALLOC)
			need = UINT64_C(1) << op->order;
		else if (program_code(op) == TRACE_FREE)
			live -= UINT64_C(1) << p->ops[op->birth].order;
		live += need;
		while (k < n && (p->duration_ns / (n + 1) * (k + 1) <= program_ns(op) ||
		                 (need && live + left > p->peak_pages))) {
			r->due[k].event = (uint32_t)i;
			left -= UINT64_C(1) << p->survivors[r->due[k].survivor].order;
			k++;
		}
	}
	for (; k < n; k++)
		r->due[k].event = (uint32_t)p->nr_ops;
	r->nr_due = n;
	r->next_due = 0;
	r->due_cpu = rng;
}

static void free_due_survivors(struct replay *r)
{
	while (r->next_due < r->nr_due && r->due[r->next_due].event <= r->x.next) {
		const struct program_survivor *s = &r->program->survivors[r->due[r->next_due++].survivor];

		executor_free_survivor(&r->x, (uint32_t)rng_below(&r->due_cpu, r->params->geometry->nr_cpus), s);
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
static size_t next_stop(const struct replay *r)
{
	size_t stop = r->x.next + STOP_EVERY;
	uint64_t every = r->params->verify_every;

	if (stop > r->program->nr_ops)
		stop = r->program->nr_ops;
	if (r->next_due < r->nr_due && r->due[r->next_due].event < stop)
		stop = r->due[r->next_due].event;
	if (every && r->verified + every - r->x.executed < stop - r->x.next)
		stop = r->x.next + (size_t)(r->verified + every - r->x.executed);
	return stop;
}

/* All that the trace does up to and including `ns`. */
static int run_until(struct replay *r, uint64_t ns)
{
	for (;;) {
		free_due_survivors(r);
		size_t stop = next_stop(r);

		executor_run(&r->x, stop, ns);
		if (r->x.error)
			return r->x.error;
		if (r->params->stop && atomic_load_explicit(r->params->stop, memory_order_relaxed))
			return -EINTR;
		if (r->params->verify_every && r->x.executed - r->verified >= r->params->verify_every) {
			int rc = verify(r);

			if (rc)
				return rc;
			r->verified = r->x.executed;
		}
		if (r->x.next < stop || r->x.next == r->program->nr_ops)
			return 0;
	}
}

static void take_sample(struct replay *r, uint64_t ns, struct sample_record *out)
{
	const struct contig_geometry *g = r->params->geometry;
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
	bool given = r->params->caller.who == RUN_PLAIN || r->params->caller.who == RUN_OFFLINE;

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
	rec->reason = r->params->caller.who == RUN_PLAIN ? WHY_ZONE_EDGE : WHY_ABSENT;
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
	rec->got = out.nr;
	rec->calls = out.calls;
	rec->waits = out.waits;
	if (out.start != PFN_NONE)
		rec->start = out.start;
	if (out.rc)
		record_autopsy(r, rec, &out.autopsy);
	return rec->got ? timeline_add(&r->timeline, ns + r->params->hold_ns, ACTION_RELEASE, k) : 0;
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

	if (progress == USER_WAITS) {
		run->waits_since_ns = ns;
		r->waiting[r->nr_waiting++] = k;
		return 0;
	}
	uint64_t end = ns + cost_of(r->params->cost, &work);
	int rc;

	if (!run->releasing)
		r->result->requests[k].end_ns = end;
	executor_retry(&r->x);
	if (progress == USER_MORE)
		rc = timeline_add(&r->timeline, end, ACTION_STEP, k);
	else
		rc = end_request(r, k, end);
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

/* The pass that counts: trace, requests and samples in the order of their times; ties go to the trace. */
static int counted_pass(struct replay *r)
{
	const struct replay_params *params = r->params;
	uint64_t duration = r->program->duration_ns;
	int rc = 0;

	if (r->stream.nr)
		rc = timeline_add(&r->timeline, r->stream.requests[0].ns, ACTION_REQUEST, 0);
	for (uint32_t i = 0; i < params->samples && !rc; i++)
		rc = timeline_add(&r->timeline, duration / params->samples * (i + 1), ACTION_SAMPLE, i);
	while (!rc && timeline_peek(&r->timeline)) {
		rc = run_until(r, timeline_peek(&r->timeline)->ns);
		if (rc)
			return rc;
		const struct timeline_entry e = timeline_take(&r->timeline);

		rc = act(r, &e);
	}
	return rc ? rc : run_until(r, UINT64_MAX);
}

static int run_passes(struct replay *r)
{
	struct replay_result *result = r->result;
	struct contig_stats before, after;
	int rc = 0;

	for (uint32_t pass = 0; pass < r->params->age && !rc; pass++) {
		executor_rewind(&r->x);
		if (pass)
			schedule_survivors(r, pass);
		rc = run_until(r, UINT64_MAX);
		free_due_survivors(r);
		result->aging_failed_allocs += r->x.failed;
	}
	if (rc)
		return rc;
	executor_rewind(&r->x);
	if (r->params->age)
		schedule_survivors(r, r->params->age);
	contig_stats(r->backend, CONTIG_ALL_ZONES, &before);
	rc = counted_pass(r);
	if (rc)
		return rc;
	free_due_survivors(r);
	if (r->x.nr_late) {
		snprintf(r->diag->text, sizeof(r->diag->text), "%zu frees got -EAGAIN to the end, the first at pfn %u",
		         r->x.nr_late, r->x.late[0].pfn);
		return -EUCLEAN;
	}
	rc = r->params->verify_every ? verify(r) : 0;
	contig_stats(r->backend, CONTIG_ALL_ZONES, &after);
	for (int i = 0; i < RETYPE_NR; i++)
		result->retyped[i] = after.retyped[i] - before.retyped[i];
	take_sample(r, r->program->duration_ns, &result->end);
	result->events = r->x.executed;
	result->allocs = r->program->nr_allocs;
	result->failed_allocs = r->x.failed;
	result->skipped_pins = r->x.skipped_pins;
	result->late_frees = r->x.nr_late_total;
	result->nr_requests = (uint32_t)r->stream.nr;
	result->nr_samples = r->params->samples;
	return rc;
}

static int out_of_memory(struct contig_diag *diag)
{
	snprintf(diag->text, sizeof(diag->text), "no memory for a replay: run fewer at once (-j)");
	return -ENOMEM;
}

static int prepare(struct replay *r)
{
	const struct replay_params *params = r->params;
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
	r->due = calloc(r->program->nr_survivors + 1, sizeof(*r->due));
	r->result->requests = calloc(r->stream.nr + 1, sizeof(*r->result->requests));
	r->result->samples = calloc((size_t)params->samples + 1, sizeof(*r->result->samples));
	if (!r->running || !r->waiting || !r->due || !r->result->requests || !r->result->samples)
		return out_of_memory(r->diag);
	r->backend = contig_open(params->backend, params->geometry, &r->x.hooks, r->diag);
	r->x.backend = r->backend;
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

int replay_run(const struct replay_params *params, struct replay_result *result, struct contig_diag *diag)
{
	struct replay r = { .params = params, .program = params->program, .result = result, .diag = diag };
	uint64_t start = thread_cpu_ns();

	memset(result, 0, sizeof(*result));
	int rc = prepare(&r);

	if (!rc)
		rc = run_passes(&r);
	if (rc == -ENOMEM && !diag->text[0])
		out_of_memory(diag);
	abandon_requests(&r);
	caller_close(&r.caller);
	contig_close(r.backend);
	executor_free(&r.x);
	requests_free(&r.stream);
	timeline_free(&r.timeline);
	free(r.running);
	free(r.waiting);
	free(r.due);
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
