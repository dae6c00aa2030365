// SPDX-License-Identifier: MIT
/*
 * harness.c - what the measured loop costs beside what it measures.
 *
 * A processor fetches the next event while a call still runs, and reads the clock beside it; a loop without calls would have
 * nothing to do that beside, and say twice of what a replay really gets longer by. So it is a difference: pages are allocated
 * and freed, some at a time, by the very loop from a stream of events, and by one that does nothing but call. Both on the
 * backend as the replay has left it, in turns, and the quickest of either: what else goes on here only ever adds. These are the
 * shortest calls there are, which hide least.
 */
#include <errno.h>
#include <stdlib.h>

#include "wall_state.h"

#define EVENTS  (1u << 17) /* a stream that no second-level cache holds */
#define LIVE    64u        /* at a time: what per-cpu lists hold */
#define REPEATS 15u

/* The same calls as a stream and as they are. */
struct churn {
	struct stream stream;
	struct contig_what what;
	uint32_t cpu;
	uint32_t thread; /* whose cpu it is */
	uint32_t event;  /* that is said to allocate all of it */
	uint32_t live;
};

struct trial {
	struct wall *wall;
	double ns;
	int rc;
};

/* The first allocation of one page. NULL: there is none. */
static const struct program_op *first_page(const struct wall *wall, struct churn *c)
{
	for (c->thread = 0; c->thread < wall->streams.nr; c->thread++) {
		const struct stream *s = &wall->streams.of[c->thread];

		for (size_t k = 0; k < s->nr; k++) {
			const struct program_op *op = &s->ops[k];

			c->event = s->events[k];
			if (program_code(op) == TRACE_ALLOC && !wall->streams.whats[op->what].order)
				return op;
		}
	}
	return NULL;
}

/* Some are allocated, then they are freed, over and over, from slot to slot. */
static void fill_stream(struct churn *c, const struct program_op *page, size_t nr_slots)
{
	struct stream *s = &c->stream;
	uint32_t slot = 0;

	for (; s->nr + 2 * c->live <= EVENTS; slot = slot + 2 * c->live <= nr_slots ? slot + c->live : 0) {
		for (uint32_t k = 0; k < 2 * c->live; k++) {
			struct program_op *op = &s->ops[s->nr];

			*op = *page;
			op->slot = slot + k % c->live;
			s->events[s->nr++] = c->event;
			if (k < c->live)
				continue;
			op->when += (uint64_t)TRACE_FREE - TRACE_ALLOC;
			op->birth = c->event;
		}
	}
}

/* False: there is nothing like it in this trace, or no memory. */
static bool churn_open(struct churn *c, const struct wall *wall)
{
	*c = (struct churn){ .live = wall->streams.nr_slots < LIVE ? (uint32_t)wall->streams.nr_slots : LIVE };
	const struct program_op *page = first_page(wall, c);

	c->stream.ops = calloc(EVENTS + PROGRAM_AHEAD, sizeof(*c->stream.ops));
	c->stream.events = calloc(EVENTS + PROGRAM_AHEAD, sizeof(*c->stream.events));
	if (!page || !c->stream.ops || !c->stream.events)
		return false;
	c->what = wall->streams.whats[page->what];
	c->cpu = program_cpu(page);
	fill_stream(c, page, wall->streams.nr_slots);
	return true;
}

static void churn_close(struct churn *c)
{
	free(c->stream.ops);
	free(c->stream.events);
}

/* Ticks of calls alone; 0: not all got a page. */
static uint64_t call_bare(const struct churn *c, const struct worker *w)
{
	uint64_t start = wall_clock_now(w->clock);
	int64_t pfns[LIVE];

	for (size_t n = 0; n < c->stream.nr; n += 2 * c->live) {
		for (uint32_t k = 0; k < c->live; k++) {
			pfns[k] = contig_alloc(w->backend, c->cpu, c->what, executor_owner(c->event, k));
			if (pfns[k] < 0)
				return 0;
		}
		for (uint32_t k = 0; k < c->live; k++) {
			if (contig_free(w->backend, c->cpu, (pfn_t)pfns[k], executor_owner(c->event, k)))
				return 0;
		}
	}
	return wall_clock_now(w->clock) - start;
}

/* ... and of the loop, block by block. 0: as above. */
static uint64_t call_in_loop(const struct churn *c, struct worker *w, wall_block *block)
{
	uint64_t start = wall_clock_now(w->clock), failed = w->failed_allocs;

	w->at = 0;
	w->origin = start;
	while (w->at < c->stream.nr) {
		size_t left = c->stream.nr - w->at;
		size_t end = worker_checkpoint(w, w->at + (left < WALL_BLOCK ? left : WALL_BLOCK));

		if (end == w->at)
			return 0;
		block(w, end);
	}
	return w->failed_allocs == failed ? wall_clock_now(w->clock) - start : 0;
}

/* What a call takes longer by, ns; negative: not known. */
static double difference(const struct churn *c, struct worker *w)
{
	wall_block *block = wall_block_of(w->wall->params->timing, w->ticks_per_ns > 0);
	uint64_t least_bare = UINT64_MAX, least_loop = UINT64_MAX;

	for (uint32_t i = 0; i < REPEATS; i++) {
		uint64_t bare = call_bare(c, w), loop = call_in_loop(c, w, block);

		if (!bare || !loop)
			return -1;
		least_bare = bare < least_bare ? bare : least_bare;
		least_loop = loop < least_loop ? loop : least_loop;
	}
	if (least_loop <= least_bare)
		return -1;
	return (double)(least_loop - least_bare) * w->clock->ns_per_tick / (double)c->stream.nr;
}

static void *harness_thread(void *ctx)
{
	struct trial *t = ctx;
	struct churn c;

	t->ns = -1;
	if (!churn_open(&c, t->wall)) {
		churn_close(&c);
		return NULL;
	}
	struct worker *w = t->wall->workers[c.thread];

	t->rc = placement_pin(t->wall->params->placement, c.thread, t->wall->diag);
	/* everything is due, and nobody is behind */
	if (w->ticks_per_ns > 0)
		w->ticks_per_ns = 1e-30;
	w->limit_ns = UINT64_MAX;
	w->stream = &c.stream;
	if (!t->rc)
		t->ns = difference(&c, w);
	churn_close(&c);
	return NULL;
}

int wall_harness(struct wall *wall, double *ns)
{
	struct trial t = { .wall = wall };
	pthread_t id;

	if (pthread_create(&id, NULL, harness_thread, &t))
		return contig_diag_set(wall->diag, -ENOMEM, "no thread to measure the harness with");
	pthread_join(id, NULL);
	*ns = t.ns;
	return t.rc;
}
