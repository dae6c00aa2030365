// SPDX-License-Identifier: MIT
/*
 * test_wall_stream.c - a trace cut by thread: every event once, in the order of its cpu; whoever is faster, what is freed is what
 * was allocated, and nobody waits for ever. And where allocations are, while pages move.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/virtual/replay.h"
#include "../bench/virtual/rng.h"
#include "../bench/wall/places.h"
#include "../bench/wall/stream.h"
#include "lib/synthetic.h"

#define MAX_THREADS 4u

struct setup {
	struct trace trace;
	struct program program;
	struct survivors survivors;
	struct request_stream requests;
	struct streams streams;
	struct stream_plan plan;
	uint16_t thread_of[CONTIG_MAX_CPUS];
};

static const struct synthetic four_cpus = {
	.seed = 5,
	.nr_events = 30000,
	.live = 2000,
	.cpus = 4,
	.unmovable = 30,
	.high_order = 100,
	.splits = 30,
	.interval_ns = 1000,
};

/* Trace cpus go round the threads; survivors of a pass before, a request every millisecond, a barrier every 7001 events. */
static void set_up(struct setup *s, const struct synthetic *how, uint32_t threads, bool aged)
{
	const struct request_timing timing = { .interval_ns = 1000000, .max_requests = UINT32_MAX };
	struct request_timing t = timing;
	struct contig_geometry g;
	struct contig_diag diag;

	memset(s, 0, sizeof(*s));
	synthetic_trace(how, &s->trace);
	assert_int_equal(program_compile(&s->trace, &s->program, &diag), 0);
	assert_int_equal(survivors_init(&s->survivors, &s->program), 0);
	if (aged)
		survivors_schedule(&s->survivors, 1, 1);
	contig_geometry_x86_64(&g, 8192);
	g.nr_cpus = how->cpus;
	t.duration_ns = s->program.duration_ns;
	assert_int_equal(requests_draw(&s->requests, &g, &t, 512, 1), 0);
	for (uint32_t cpu = 0; cpu < how->cpus; cpu++)
		s->thread_of[cpu] = (uint16_t)(cpu % threads);
	s->plan = (struct stream_plan){ .program = &s->program,
		                        .thread_of = s->thread_of,
		                        .nr_threads = threads,
		                        .nr_cpus = how->cpus,
		                        .survivors = &s->survivors,
		                        .first_slot = aged ? s->program.nr_slots : 0,
		                        .requests = &s->requests,
		                        .barrier_every = 7001 };
	assert_int_equal(streams_compile(&s->streams, &s->plan), 0);
}

static void tear_down(struct setup *s)
{
	streams_free(&s->streams);
	requests_free(&s->requests);
	survivors_free(&s->survivors);
	program_free(&s->program);
	trace_close(&s->trace);
}

static void every_event_once_in_order(void **state)
{
	struct setup s;

	(void)state;
	for (uint32_t threads = 1; threads <= MAX_THREADS; threads++) {
		set_up(&s, &four_cpus, threads, threads & 1);
		uint8_t *seen = calloc(s.program.nr_ops, 1);
		size_t events = 0, frees = 0, requests = 0;

		for (uint32_t i = 0; i < threads; i++) {
			const struct stream *t = &s.streams.of[i];
			int64_t last = -1;

			for (size_t k = 0; k < t->nr; k++) {
				assert_int_equal(s.thread_of[program_cpu(&t->ops[k])], i);
				assert_true(!k || program_ns(&t->ops[k]) >= program_ns(&t->ops[k - 1]));
				if (t->events[k] == EVENT_NONE) {
					frees++;
					continue;
				}
				assert_true(t->events[k] > last);
				last = t->events[k];
				assert_int_equal(seen[last]++, 0);
				assert_true(t->ops[k].when == s.program.ops[last].when);
				events++;
			}
			for (size_t k = 0; k < t->nr_stops; k++) {
				const struct stop *stop = &t->stops[k];

				/* between what is before it in time and what is not */
				assert_true(!stop->index || program_ns(&t->ops[stop->index - 1]) <= stop->ns);
				assert_true(stop->index == t->nr || program_ns(&t->ops[stop->index]) >= stop->ns);
				if (stop->what == STOP_REQUEST)
					assert_int_equal(s.thread_of[s.requests.requests[stop->number].cpu], i);
				requests += stop->what == STOP_REQUEST;
			}
		}
		assert_int_equal(events, s.program.nr_ops);
		assert_int_equal(frees, threads & 1 ? s.program.nr_survivors : 0);
		assert_int_equal(requests, s.requests.nr);
		free(seen);
		tear_down(&s);
	}
}

/* ---- carried out in any order that the waiting allows ---------------------------------------- */

struct player {
	const struct setup *s;
	uint64_t *map; /* event + 1 of what is there; 0: nothing */
	size_t at[MAX_THREADS];
	const uint32_t *pieces[MAX_THREADS];
};

/* One operation of a thread: false if it would wait. */
static bool play(struct player *p, uint32_t thread)
{
	const struct stream *t = &p->s->streams.of[thread];
	const struct program_op *op = &t->ops[p->at[thread]];
	enum trace_op code = program_code(op);
	uint64_t event = (uint64_t)t->events[p->at[thread]] + 1;

	if (code != TRACE_ALLOC && code != TRACE_MARK && !p->map[op->slot]) {
		assert_true(op->slot < p->s->streams.own_slot); /* of its own thread's all is there */
		return false;
	}
	if (code == TRACE_ALLOC) {
		const struct program_op *e = &p->s->program.ops[event - 1];
		const struct contig_what *what = &p->s->streams.whats[op->what];

		assert_int_equal(p->map[op->slot], 0);
		assert_true(what->order == e->order && what->kind == e->kind && what->node == e->node &&
		            what->migratetype == e->migratetype);
		p->map[op->slot] = event;
	} else if (code == TRACE_FREE) {
		assert_int_equal(p->map[op->slot], (uint64_t)op->birth + 1);
		p->map[op->slot] = 0;
	} else if (code == TRACE_SPLIT) {
		size_t n = (size_t)1 << (op->split.whole_order - op->split.pieces_order);

		assert_int_equal(p->map[op->slot], (uint64_t)*p->pieces[thread]++ + 1);
		p->map[op->slot] = 0;
		for (; n; n--) {
			assert_int_equal(p->map[*p->pieces[thread]], 0);
			p->map[*p->pieces[thread]++] = event;
		}
	}
	p->at[thread]++;
	return true;
}

/* Threads run for a random while, one after the other, until all have to wait or are done. */
static void play_all(const struct setup *s, uint64_t seed)
{
	struct player p = { .s = s, .map = calloc(s->streams.nr_slots, sizeof(*p.map)) };
	struct rng rng = rng_seed(seed, 77);
	size_t left = 0, live = 0;

	for (size_t i = 0; i < s->survivors.nr; i++)
		p.map[s->program.survivors[i].slot] = (uint64_t)s->program.survivors[i].birth + 1;
	for (uint32_t i = 0; i < s->streams.nr; i++) {
		p.pieces[i] = s->streams.of[i].pieces;
		left += s->streams.of[i].nr;
	}
	for (uint32_t stuck = 0; left && stuck < 1000;) {
		uint32_t i = (uint32_t)rng_below(&rng, s->streams.nr);
		size_t done = 0;

		for (uint64_t n = 1 + rng_below(&rng, 3000); n && p.at[i] < s->streams.of[i].nr && play(&p, i); n--)
			done++;
		left -= done;
		stuck = done ? 0 : stuck + 1;
	}
	assert_int_equal(left, 0);
	for (size_t i = 0; i < s->streams.nr_slots; i++)
		live += p.map[i] != 0;
	assert_int_equal(live, s->program.nr_survivors);
	free(p.map);
}

static void any_order_is_right(void **state)
{
	struct setup s;

	(void)state;
	for (uint32_t threads = 1; threads <= MAX_THREADS; threads++) {
		set_up(&s, &four_cpus, threads, threads > 1);
		for (uint64_t seed = 0; seed < 20; seed++)
			play_all(&s, seed);
		tear_down(&s);
	}
}

/* A slot of one thread is used again: no more of them than are live at once. On one thread there are no others. */
static void slots_are_used_again(void **state)
{
	struct setup s;

	(void)state;
	set_up(&s, &four_cpus, 1, false);
	assert_int_equal(s.streams.own_slot, 0);
	assert_in_range(s.streams.nr_slots, s.program.nr_slots, s.program.nr_slots + 16);
	tear_down(&s);
}

/* What asks nothing of an allocator - a mark, or what shares a page with others - is no event: it would make all cheaper. */
static void marks_are_left_out(void **state)
{
	static const struct trace_event events[] = {
		{ .id = 1, .op = TRACE_ALLOC, .kind = PAGE_LRU, .migratetype = MT_MOVABLE },
		{ .ns = 1, .op = TRACE_MARK },
		{ .ns = 2, .id = 1, .op = TRACE_FREE },
		{ .ns = 3, .op = TRACE_MARK },
		{ .op = TRACE_OP_NR },
	};
	const struct request_stream none = { 0 };
	struct contig_diag diag;
	struct setup s = { 0 };

	(void)state;
	trace_of(events, &s.trace);
	assert_int_equal(program_compile(&s.trace, &s.program, &diag), 0);
	assert_int_equal(survivors_init(&s.survivors, &s.program), 0);
	s.plan = (struct stream_plan){ .program = &s.program,
		                       .thread_of = s.thread_of,
		                       .nr_threads = 1,
		                       .nr_cpus = 1,
		                       .survivors = &s.survivors,
		                       .requests = &none };
	assert_int_equal(streams_compile(&s.streams, &s.plan), 0);
	assert_int_equal(s.streams.of[0].nr, 2);
	assert_int_equal(s.streams.of[0].events[0], 0);
	assert_int_equal(s.streams.of[0].events[1], 2);
	tear_down(&s);
}

/* ---- where they are -------------------------------------------------------------------------- */

/* Events 0 and 1 allocate on cpu 0, 2 and 3 on cpu 1. */
static void set_up_places(struct places *p, struct program *program, struct trace *t)
{
	static const uint16_t thread_of[] = { 0, 1 };
	struct trace_event events[5] = { { .op = TRACE_OP_NR } };
	struct contig_diag diag;

	for (uint32_t i = 0; i < 4; i++)
		events[i] = (struct trace_event){ .id = i + 1,
			                          .op = TRACE_ALLOC,
			                          .cpu = (uint16_t)(i / 2),
			                          .kind = PAGE_LRU,
			                          .migratetype = MT_MOVABLE };
	events[4].op = TRACE_OP_NR;
	trace_of(events, t);
	t->info.nr_cpus = 2;
	assert_int_equal(program_compile(t, program, &diag), 0);
	assert_int_equal(places_init(p, program, thread_of, 2, 0, 8), 0);
}

static void close_places(struct places *p, struct program *program, struct trace *t)
{
	places_free(p);
	program_free(program);
	trace_close(t);
}

static void put(struct places *p, uint32_t slot, uint32_t event, pfn_t pfn)
{
	atomic_store(&p->map[slot], place_of(event, pfn));
}

static void is_at(struct places *p, uint32_t slot, uint32_t event, pfn_t pfn)
{
	assert_true(atomic_load(&p->map[slot]) == place_of(event, pfn));
}

static void what_moves_is_found(void **state)
{
	struct program program;
	struct trace t;
	struct places p;

	(void)state;
	set_up_places(&p, &program, &t);
	put(&p, 3, 0, 100);
	places_moved(&p, executor_owner(0, 3), 100, 200);
	is_at(&p, 3, 0, 200);
	/* freed meanwhile, and the slot used again, even for the same page: nobody's business */
	put(&p, 3, 1, 200);
	places_moved(&p, executor_owner(0, 3), 200, 300);
	is_at(&p, 3, 1, 200);
	assert_int_equal(p.nr_notes, 0);
	close_places(&p, &program, &t);
}

/* It moves, twice, before the thread that has allocated it has written down where it got it. */
static void what_moves_too_early_is_noted(void **state)
{
	struct program program;
	struct trace t;
	struct places p;

	(void)state;
	set_up_places(&p, &program, &t);
	put(&p, 3, 0, 100); /* not cleared by whoever had the slot: another event */
	atomic_store(&p.making[1].event, 2);
	places_moved(&p, executor_owner(2, 3), 100, 200);
	places_moved(&p, executor_owner(2, 3), 200, 300);
	is_at(&p, 3, 0, 100);
	assert_int_equal(p.nr_notes, 1);
	put(&p, 3, 2, 100);
	places_settle(&p, 0);
	is_at(&p, 3, 2, 300);
	assert_int_equal(p.nr_notes, 0);
	/* freed before the move was over: noted as long as it could be in the making, then forgotten */
	atomic_store(&p.making[1].event, 3);
	put(&p, 4, 0, 500);
	places_moved(&p, executor_owner(3, 4), 500, 600);
	assert_int_equal(p.nr_notes, 1);
	places_settle(&p, 1);
	assert_int_equal(p.nr_notes, 0);
	is_at(&p, 4, 0, 500);
	close_places(&p, &program, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_once_in_order),     cmocka_unit_test(any_order_is_right),
		cmocka_unit_test(slots_are_used_again),          cmocka_unit_test(what_moves_is_found),
		cmocka_unit_test(what_moves_too_early_is_noted), cmocka_unit_test(marks_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
