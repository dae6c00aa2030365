// SPDX-License-Identifier: MIT
/*
 * test_wall_moves.c - what moves while a thread of the wall clock is about it: between the call that hands it out and the
 * word that says where it is. A backend that does nothing but move things at that moment stands in for the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/wall/wall_state.h"
#include "lib/wall_house.h"

#define NR_PFNS 1024u

/* Of cpu 0: 1 is allocated and split into 2 and 3; of cpu 1: 4 is allocated, and cpu 0 pins and unpins it. */
static const struct trace_event events[] = {
	{ .id = 1, .op = TRACE_ALLOC, .order = 1, .kind = PAGE_LRU_COMPOUND, .migratetype = MT_MOVABLE },
	{ .ns = 1, .id = 1, .aux = 2, .op = TRACE_SPLIT },
	{ .ns = 2, .id = 4, .op = TRACE_ALLOC, .cpu = 1, .kind = PAGE_LRU, .migratetype = MT_MOVABLE },
	{ .ns = 3, .id = 4, .op = TRACE_PIN },
	{ .ns = 4, .id = 4, .op = TRACE_UNPIN },
	{ .op = TRACE_OP_NR },
};

struct mover {
	struct contig base;
	struct contig_backend ops;
	struct contig_lab lab;
	unsigned int splits;
	int pinned;
	struct wall_house h;
	struct wall wall;
	struct survivors survivors;
	struct request_stream requests;
	struct worker *w; /* of thread 0 */
};

static int64_t allocate(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner)
{
	(void)c;
	(void)cpu;
	(void)owner;
	assert_int_equal(what.order, 1);
	return 100;
}

/* It is on its way somewhere; then it is split, and its second piece moves before anybody could have written where it is. */
static int split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces)
{
	struct mover *m = (struct mover *)c;

	(void)owner;
	(void)new_order;
	if (!m->splits++)
		return -EAGAIN;
	places_moved(&m->wall.places, pieces[1], pfn + 1, 900);
	return 0;
}

/* What there is, is at 600. */
static int pin_owned(struct contig *c, pfn_t pfn, owner_t owner, bool on)
{
	assert_int_equal(owner_event(owner), 2);
	if (pfn != 600)
		return -EAGAIN;
	((struct mover *)c)->pinned += on ? 1 : -1;
	return 0;
}

static void set_up(struct mover *m)
{
	struct trace t;

	memset(m, 0, sizeof(*m));
	trace_of(events, &t);
	t.info.nr_cpus = 2;
	wall_house_open(&m->h, &t, NR_PFNS, 2);
	const struct stream_plan plan = { .program = &m->h.program,
		                          .thread_of = m->h.placement.thread_of,
		                          .nr_threads = 2,
		                          .nr_cpus = 2,
		                          .survivors = &m->survivors,
		                          .requests = &m->requests };

	m->lab.pin_owned = pin_owned;
	m->ops = (struct contig_backend){ .alloc = allocate, .split = split, .lab = &m->lab };
	m->base.ops = &m->ops;
	m->wall = (struct wall){
		.params = &m->h.params, .program = &m->h.program, .diag = &m->h.diag, .backend = &m->base
	};
	assert_int_equal(survivors_init(&m->survivors, &m->h.program), 0);
	assert_int_equal(streams_compile(&m->wall.streams, &plan), 0);
	assert_int_equal(places_init(&m->wall.places, plan.program, plan.thread_of, 2, 0, m->wall.streams.nr_slots), 0);
	assert_int_equal(crew_init(&m->wall.crew, 2, 1000, false, NULL, &m->h.diag), 0);
	m->w = worker_new(&m->wall, 0);
	assert_non_null(m->w);
}

static void tear_down(struct mover *m)
{
	assert_int_equal(atomic_load(&m->wall.crew.error), 0);
	worker_free(m->w);
	crew_free(&m->wall.crew);
	places_free(&m->wall.places);
	streams_free(&m->wall.streams);
	survivors_free(&m->survivors);
	wall_house_close(&m->h);
}

static void a_piece_moves_at_once_after_a_second_try(void **state)
{
	struct mover m;

	(void)state;
	set_up(&m);
	wall_block_of(TIMING_BATCH, false)(m.w, 2);
	assert_int_equal(m.splits, 2);
	places_settle(&m.wall.places, UINT32_MAX);
	const uint32_t *slots = m.w->stream->pieces + 1;

	assert_true(atomic_load(&m.wall.places.map[slots[0]]) == place_of(1, 100));
	assert_true(atomic_load(&m.wall.places.map[slots[1]]) == place_of(1, 900));
	tear_down(&m);
}

/* The word says 500, and there is a note that it has moved to 600: that is where it is pinned, and nothing else is. */
static void what_has_moved_is_pinned_where_it_is(void **state)
{
	struct mover m;

	(void)state;
	set_up(&m);
	uint32_t slot = m.wall.streams.of[1].ops[0].slot;

	atomic_store(&m.wall.places.making[1].event, 2);
	places_moved(&m.wall.places, executor_owner(2, slot), 500, 600);
	atomic_store(&m.wall.places.map[slot], place_of(2, 500));
	m.w->at = 2;
	wall_block_of(TIMING_BATCH, false)(m.w, 3);
	assert_int_equal(m.pinned, 1);
	wall_block_of(TIMING_BATCH, false)(m.w, 4);
	assert_int_equal(m.pinned, 0);
	tear_down(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_piece_moves_at_once_after_a_second_try),
		cmocka_unit_test(what_has_moved_is_pinned_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
