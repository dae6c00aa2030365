// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "replay_state.h"

/* Events between two looks at the stop flag: a few tens of milliseconds. */
#define STOP_EVERY (1u << 18)

static bool counts(const struct replay *r)
{
	return r->pass >= r->params.age;
}

static uint32_t counted_passes(const struct replay *r)
{
	return r->params.passes ? r->params.passes : 1;
}

static bool is_last(const struct replay *r)
{
	return r->pass + 1 == r->params.age + counted_passes(r);
}

/* Counted passes follow each other without a gap: when this one begins. */
static uint64_t begin_ns(const struct replay *r)
{
	return counts(r) ? (r->pass - r->params.age) * r->program->duration_ns : 0;
}

/* All counted passes together. */
static uint64_t counted_ns(const struct replay *r)
{
	return counted_passes(r) * r->program->duration_ns;
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

/* All that the trace does up to and including `ns` of this pass, and before event `limit`. */
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

void replay_sample(const struct replay *r, uint64_t ns, struct sample_record *out)
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
	for (int i = 0; i < RETYPE_NR; i++)
		out->retyped[i] = s.retyped[i] - r->before.retyped[i];
}

static int act(struct replay *r, const struct timeline_entry *e)
{
	switch (timeline_action(e)) {
	case ACTION_RELEASE:
		return replay_release_range(r, e->ns, e->index);
	case ACTION_STEP:
		return replay_step_request(r, e->ns, e->index);
	case ACTION_REQUEST:
		if (e->index + 1 < r->stream.nr) {
			int rc = timeline_add(&r->timeline, r->stream.requests[e->index + 1].ns, ACTION_REQUEST,
			                      e->index + 1);
			if (rc)
				return rc;
		}
		return replay_begin_request(r, e->ns, e->index);
	case ACTION_SAMPLE:
		replay_sample(r, e->ns, &r->result->samples[e->index]);
		return 0;
	}
	return 0;
}

static int begin_pass(struct replay *r)
{
	uint32_t samples = r->params.samples;
	int rc = 0;

	r->begun = true;
	executor_rewind(&r->x);
	if (r->pass)
		survivors_schedule(&r->survivors, r->params.seed, r->pass);
	if (r->pass != r->params.age)
		return 0;
	contig_stats(r->backend, CONTIG_ALL_ZONES, &r->before);
	if (r->stream.nr)
		rc = timeline_add(&r->timeline, r->stream.requests[0].ns, ACTION_REQUEST, 0);
	for (uint32_t i = 0; i < samples && !rc; i++)
		rc = timeline_add(&r->timeline, counted_ns(r) / samples * (i + 1), ACTION_SAMPLE, i);
	return rc;
}

/* What is timed next and belongs to this pass, or NULL. Only counted passes have such. */
static const struct timeline_entry *next_due(const struct replay *r)
{
	const struct timeline_entry *due = timeline_peek(&r->timeline);

	return due && (is_last(r) || due->ns - begin_ns(r) < r->program->duration_ns) ? due : NULL;
}

/*
 * This pass up to event `limit`, which comes next: trace, requests and samples in the order of their times; ties go to
 * the trace, that of the next pass included. What is timed behind the last event belongs to the end of the trace.
 */
static int run_pass(struct replay *r, size_t limit)
{
	int rc = r->begun ? 0 : begin_pass(r);

	while (!rc) {
		const struct timeline_entry *due = next_due(r);

		rc = run_until(r, due ? due->ns - begin_ns(r) : UINT64_MAX, limit);
		if (rc || !due || (r->x.next == limit && limit < r->program->nr_ops))
			break;
		const struct timeline_entry e = timeline_take(&r->timeline);

		rc = act(r, &e);
	}
	return rc;
}

/* All of this pass, and what is summed up at its end. Then the next one is up, if there is one. */
static int finish_pass(struct replay *r)
{
	int rc = run_pass(r, r->program->nr_ops);

	if (rc)
		return rc;
	free_due_survivors(r);
	*(counts(r) ? &r->result->failed_allocs : &r->result->aging_failed_allocs) += r->x.failed;
	if (!is_last(r)) {
		r->pass++;
		r->begun = false;
	}
	return 0;
}

int replay_advance(struct replay *r, uint64_t events)
{
	size_t nr = r->program->nr_ops;
	int rc = 0;

	while (!rc && !is_last(r) && events > (r->pass + UINT64_C(1)) * nr)
		rc = finish_pass(r);
	return rc ? rc : run_pass(r, (size_t)(events - (uint64_t)r->pass * nr));
}

int replay_age(struct replay *r)
{
	int rc = 0;

	while (!rc && !counts(r))
		rc = finish_pass(r);
	return rc ? rc : begin_pass(r);
}

static int run_passes(struct replay *r)
{
	struct replay_result *result = r->result;
	int rc = replay_age(r);
	bool last = false;

	while (!rc && !last) {
		last = is_last(r);
		rc = finish_pass(r);
	}
	if (rc)
		return rc;
	if (r->x.nr_late) {
		snprintf(r->diag->text, sizeof(r->diag->text), "%zu frees got -EAGAIN to the end, the first at pfn %u",
		         r->x.nr_late, r->x.late[0].pfn);
		return -EUCLEAN;
	}
	rc = r->params.verify_every ? verify(r) : 0;
	replay_sample(r, counted_ns(r), &result->end);
	result->events = r->x.executed;
	result->allocs = counted_passes(r) * r->program->nr_allocs;
	result->skipped_pins = r->x.skipped_pins;
	result->late_frees = r->x.nr_late_total;
	result->nr_requests = (uint32_t)r->stream.nr;
	result->nr_samples = r->params.samples;
	return rc || !r->params.maps ? rc
	                             : zone_maps_take(r->backend, r->params.geometry, &result->maps, &result->nr_maps);
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
		.duration_ns = counted_ns(r),
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
	r->backend =
		contig_open(params->backend, params->geometry, params->hooks ? params->hooks : &r->x.hooks, r->diag);
	r->x.backend = r->backend;
	r->x.watch = params->watch;
	if (!r->backend)
		return -EINVAL;
	return caller_open(&r->caller, &params->caller, r->backend, params->geometry, &r->x.drivers,
	                   params->request_pages, r->diag);
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void release(struct replay *r)
{
	replay_abandon_requests(r);
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
	zone_maps_free(result->maps, result->nr_maps);
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
	return ((uint64_t)r->params.age + counted_passes(r)) * r->program->nr_ops;
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
