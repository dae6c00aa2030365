// SPDX-License-Identifier: MIT
/*
 * harness.c - what the measured loop costs beside what it measures.
 *
 * Fetching events and writing down places: the very loop over the very streams, without the calls of the allocator, without a
 * clock or with the sampled one.
 *
 * A clock read at every operation runs beside the call that is timed, and without one there is nothing that it could run
 * beside: the loop without calls would say twice of what a replay really gets longer by. So this part is the difference of
 * two loops with calls, one that reads the clock and one that does not: pages allocated and freed, some at a time, on the
 * backend as the replay has left it. These are the shortest calls there are, which hide least.
 */
#include <errno.h>
#include <stdlib.h>

#include "../results/stats.h"
#include "wall_state.h"

#define EVENTS  1000000u /* at most; of all threads together */
#define REPEATS 3u

/* Calls with and without a clock */
#define CHURN         65536u
#define CHURN_LIVE    64u
#define CHURN_REPEATS 9u

struct trial {
	struct wall *wall;
	double ns;
	int rc;
};

/* One thread's stream from its beginning; operations done. */
static size_t run_dry(struct worker *w, enum wall_timing timing, size_t most)
{
	wall_block *block = wall_block_of(timing, w->ticks_per_ns > 0, true);
	size_t nr = w->stream->nr < most ? w->stream->nr : most;

	w->at = 0;
	w->next_pieces = w->stream->pieces;
	/* every event is due, and nobody is behind */
	w->origin = wall_clock_now(w->clock);
	if (w->ticks_per_ns > 0)
		w->ticks_per_ns = 1e-30;
	w->limit_ns = UINT64_MAX;
	while (w->at < nr) {
		size_t end = worker_checkpoint(w, w->at + WALL_BLOCK < nr ? w->at + WALL_BLOCK : nr);

		if (end == w->at)
			break;
		block(w, end);
	}
	return w->at;
}

static uint64_t run_all(struct wall *wall, enum wall_timing timing, size_t *events)
{
	uint64_t start = wall_clock_now(wall->params->clock);

	*events = 0;
	for (uint32_t i = 0; i < wall->streams.nr; i++)
		*events += run_dry(wall->workers[i], timing, EVENTS / wall->streams.nr);
	return wall_clock_now(wall->params->clock) - start;
}

static double dry_ns(struct wall *wall, enum wall_timing timing)
{
	uint64_t ticks[REPEATS];
	size_t events = 0;

	run_all(wall, timing, &events);
	for (uint32_t i = 0; i < REPEATS; i++)
		ticks[i] = run_all(wall, timing, &events);
	stats_sort(ticks, REPEATS);
	return events ? (double)ticks[REPEATS / 2] * wall->params->clock->ns_per_tick / (double)events : 0;
}

/* ---- calls with a clock, and without --------------------------------------------------------- */

/* The first allocation of one page, as what is to be allocated, by whom. NULL: there is none. */
static const struct program_op *first_page(const struct wall *wall, uint32_t *thread, uint32_t *event)
{
	for (uint32_t i = 0; i < wall->streams.nr; i++) {
		const struct stream *s = &wall->streams.of[i];

		for (size_t k = 0; k < s->nr; k++) {
			const struct program_op *op = &s->ops[k];

			if (program_code(op) == TRACE_ALLOC && !wall->streams.whats[op->what].order) {
				*thread = i;
				*event = s->events[k];
				return op;
			}
		}
	}
	return NULL;
}

/* Some are allocated, then they are freed, over and over. */
static bool churn_stream(const struct wall *wall, struct stream *s, uint32_t *thread)
{
	uint32_t event;
	const struct program_op *page = first_page(wall, thread, &event);
	size_t live = wall->streams.nr_slots < CHURN_LIVE ? wall->streams.nr_slots : CHURN_LIVE;

	*s = (struct stream){ .ops = calloc(CHURN + PROGRAM_AHEAD, sizeof(*s->ops)),
		              .events = calloc(CHURN + PROGRAM_AHEAD, sizeof(*s->events)) };
	if (!page || !s->ops || !s->events)
		return false;
	while (s->nr + 2 * live <= CHURN) {
		for (size_t k = 0; k < 2 * live; k++) {
			struct program_op *op = &s->ops[s->nr];

			*op = *page;
			op->slot = (uint32_t)(k % live);
			if (k >= live) {
				op->when += (uint64_t)TRACE_FREE - TRACE_ALLOC;
				op->birth = event;
			}
			s->events[s->nr++] = event;
		}
	}
	return true;
}

static uint64_t churn(struct worker *w, enum wall_timing timing)
{
	uint64_t start = wall_clock_now(w->clock);

	w->at = 0;
	wall_block_of(timing, false, false)(w, w->stream->nr);
	return wall_clock_now(w->clock) - start;
}

/* What an operation takes longer by when it is timed; negative: not known. */
static double clock_ns(struct wall *wall)
{
	uint64_t without[CHURN_REPEATS], with[CHURN_REPEATS];
	struct stream s;
	uint32_t thread = 0;
	double ns = -1;

	if (churn_stream(wall, &s, &thread)) {
		struct worker *w = wall->workers[thread];
		uint64_t failed = w->failed_allocs;

		w->stream = &s;
		churn(w, TIMING_EVERY);
		for (uint32_t i = 0; i < CHURN_REPEATS; i++) {
			without[i] = churn(w, TIMING_BATCH);
			with[i] = churn(w, TIMING_EVERY);
		}
		w->stream = &wall->streams.of[thread];
		stats_sort(without, CHURN_REPEATS);
		stats_sort(with, CHURN_REPEATS);
		if (failed == w->failed_allocs)
			ns = ((double)with[CHURN_REPEATS / 2] - (double)without[CHURN_REPEATS / 2]) *
			     wall->params->clock->ns_per_tick / (double)s.nr;
	}
	free(s.ops);
	free(s.events);
	return ns;
}

static void *measure(void *ctx)
{
	struct trial *t = ctx;
	struct wall *wall = t->wall;
	enum wall_timing timing = wall->params->timing;

	t->rc = placement_pin(wall->params->placement, 0, wall->diag);
	if (t->rc)
		return NULL;
	double clock = timing == TIMING_EVERY ? clock_ns(wall) : 0;

	/* memory is too short for calls: what the clock costs alone is too much, and all that can be said */
	t->ns = clock < 0 ? dry_ns(wall, timing) : clock + dry_ns(wall, timing == TIMING_EVERY ? TIMING_BATCH : timing);
	return NULL;
}

int wall_harness(struct wall *wall, double *ns)
{
	struct trial t = { .wall = wall };
	pthread_t id;

	if (pthread_create(&id, NULL, measure, &t))
		return contig_diag_set(wall->diag, -ENOMEM, "no thread to measure the harness with");
	pthread_join(id, NULL);
	*ns = t.ns;
	return t.rc;
}
