// SPDX-License-Identifier: MIT
/* wall_requests.c - contiguous requests under the real locks: all steps in a loop, each timed. */
#include <errno.h>
#include <string.h>

#include "wall_state.h"

/* The time since `before`, which becomes now. */
static uint64_t lap(const struct worker *w, uint64_t *before)
{
	uint64_t now = wall_clock_now(w->clock), ticks = now - *before;

	*before = now;
	return ticks;
}

static void count_phase(struct worker *w, enum contig_phase phase, const struct counter_values *before)
{
	struct counter_values now;

	counters_read(w->counters, &now);
	counters_subtract(&now, before);
	counters_add(&w->by_phase[phase], &now);
}

/*
 * All steps. What beginning it takes goes to its first phase, and what ending it takes to its last, so that the phases add up
 * to the request. 0 or -errno: it could not be begun.
 */
static int step_all(struct worker *w, const struct contig_range_args *args, uint64_t *clock, uint64_t *phase,
                    struct contig_outcome *out)
{
	struct contig_range *r;
	struct contig_work work = { .phase = PHASE_ISOLATE };
	struct counter_values counted;
	bool counts = w->counters && w->wall->params->phase_counters;
	int rc = contig_range_begin(w->backend, args, &r), more;

	if (rc)
		return rc;
	do {
		if (counts)
			counters_read(w->counters, &counted);
		more = contig_range_step(r, &work);
		if (counts)
			count_phase(w, (enum contig_phase)work.phase, &counted);
		phase[work.phase] += lap(w, clock);
	} while (more);
	contig_range_end(r, out);
	phase[work.phase] += lap(w, clock);
	return 0;
}

static void record(struct worker *w, struct wall_request *rec, const struct contig_outcome *out, const uint64_t *phase)
{
	for (int i = 0; i < PHASE_NR; i++) {
		rec->phase_ns[i] = wall_clock_ns(w->clock, phase[i]);
		if (phase[i])
			histogram_add(&w->phase[i], phase[i]);
	}
	rec->total = out->total;
	rec->rc = out->rc;
	if (!out->rc)
		return;
	rec->phase = out->autopsy.phase;
	rec->reason = out->autopsy.reason;
	rec->kind = out->autopsy.kind;
	rec->blocker = out->autopsy.pfn;
	if (out->autopsy.owner != OWNER_NONE)
		rec->event = owner_event(out->autopsy.owner);
}

static uint64_t since_start(const struct worker *w, uint64_t ticks)
{
	return wall_clock_ns(w->clock, ticks - w->origin);
}

/* Until when in trace time: what lasts longer than the trace says is held longer. */
static void hold(struct worker *w, uint32_t k, uint64_t ended)
{
	uint64_t ns = w->wall->aged->stream.requests[k].ns, now = ns;

	if (w->ticks_per_ns > 0)
		now = (uint64_t)((double)(ended - w->origin) / w->ticks_per_ns);
	if (w->wall->backing)
		backing_range_got(w->wall->backing, k, w->wall->result->requests[k].start,
		                  w->wall->aged->stream.nr_pages);
	w->held[w->nr_held++] =
		(struct held){ .request = k, .until_ns = (now > ns ? now : ns) + w->wall->params->replay.hold_ns };
}

static void ended(struct worker *w, uint32_t k, const struct contig_outcome *out, const uint64_t *phase, uint64_t clock,
                  uint64_t intended)
{
	record(w, &w->wall->result->requests[k], out, phase);
	histogram_add(&w->request, clock - intended);
	if (!out->rc)
		hold(w, k, clock);
}

static void not_begun(struct worker *w, struct wall_request *rec, int rc)
{
	if (rc == -ENOMEM)
		crew_fail(&w->wall->crew, rc, "no memory for a contiguous request");
	rec->rc = rc;
	rec->reason = WHY_ZONE_EDGE;
}

void wall_request(struct worker *w, uint32_t k)
{
	const struct request_stream *stream = &w->wall->aged->stream;
	const struct request *q = &stream->requests[k];
	struct wall_request *rec = &w->wall->result->requests[k];
	const struct contig_range_args args = {
		.start = q->start, .nr = stream->nr_pages, .cpu = q->cpu, .caller = CALLER_MOVABLE
	};
	bool paced = w->ticks_per_ns > 0;
	uint64_t due = worker_due(w, q->ns), phase[PHASE_NR] = { 0 };
	uint64_t begin = paced ? worker_pace(w, q->ns, due) : wall_clock_now(w->clock), clock = begin;
	uint64_t intended = paced ? due : begin;
	struct contig_outcome out = { 0 };

	/* pages of its own thread may move now, and all that this one has allocated is written down */
	atomic_store_explicit(&w->making->event, MAKING_NONE, memory_order_release);
	*rec = (struct wall_request){ .intended_ns = since_start(w, intended),
		                      .begin_ns = since_start(w, begin),
		                      .start = q->start,
		                      .cpu = q->cpu,
		                      .blocker = PFN_NONE,
		                      .event = EVENT_NONE };
	int rc = step_all(w, &args, &clock, phase, &out);

	rec->end_ns = since_start(w, clock);
	if (rc)
		not_begun(w, rec, rc);
	else
		ended(w, k, &out, phase, clock, intended);
	w->requested += wall_clock_now(w->clock) - begin;
}

void wall_give_back(struct worker *w, uint64_t ns)
{
	uint64_t start = wall_clock_now(w->clock);

	for (; w->first_held < w->nr_held && w->held[w->first_held].until_ns <= ns; w->first_held++) {
		uint32_t k = w->held[w->first_held].request, nr = w->wall->aged->stream.nr_pages;
		const struct wall_request *rec = &w->wall->result->requests[k];

		if (w->wall->backing)
			backing_range_back(w->wall->backing, k, rec->start, nr);
		int rc = contig_range_free(w->backend, rec->cpu, rec->start, nr);

		if (rc)
			crew_fail(&w->wall->crew, -EUCLEAN,
			          "pages %u to %u, which request %u got, could not be freed: %s", rec->start,
			          rec->start + nr - 1, k, strerror(-rc));
	}
	w->requested += wall_clock_now(w->clock) - start;
}
