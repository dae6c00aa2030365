// SPDX-License-Identifier: MIT
/*
 * test_reshape.c - a trace made to fit another machine: its cpus dealt out to nodes, its bytes on pages of another size.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../bench/virtual/program.h"
#include "../bench/virtual/reshape.h"
#include "lib/synthetic.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- nodes ----------------------------------------------------------------------------------- */

/*
 *	cpu 0 1 2 3		recorded: all on node 0
 *	node 0 1 0 1		two nodes, in turn
 */
static void cpus_are_dealt_in_turn(void **state)
{
	struct contig_diag diag = { "" };
	struct synthetic how = synthetic_small;
	struct program p;
	struct trace t;

	(void)state;
	how.cpus = 4;
	synthetic_trace(&how, &t);
	assert_int_equal(reshape_nodes(&t, 2, &diag), 0);
	assert_int_equal(t.info.nr_nodes, 2);
	assert_int_equal(t.info.nr_cpus, 4);
	for (size_t i = 0; i < t.info.nr_events; i++) {
		if (t.events[i].op == TRACE_ALLOC)
			assert_int_equal(t.events[i].node, t.events[i].cpu % 2);
	}
	assert_int_equal(program_compile(&t, &p, &diag), 0);
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		assert_int_equal(p.cpu_node[cpu], cpu % 2);
	assert_true(p.node_peak[0] > 0 && p.node_peak[1] > 0);
	program_free(&p);
	trace_close(&t);
}

/* Two cpus, five nodes: each cpu stands for three, and what it allocated is freed by the one that allocated it. */
static void fewer_cpus_than_nodes(void **state)
{
	struct contig_diag diag = { "" };
	struct trace t, was;
	uint64_t pages[5] = { 0 };

	(void)state;
	synthetic_trace(&synthetic_small, &was);
	synthetic_trace(&synthetic_small, &t);
	t.info.nr_initial = 1000; /* what is allocated among them has no cpu that is known */
	assert_int_equal(reshape_nodes(&t, 5, &diag), 0);
	assert_int_equal(t.info.nr_cpus, 6);
	for (size_t i = 0; i < t.info.nr_events; i++) {
		const struct trace_event *e = &t.events[i], *old = &was.events[i];

		assert_true(e->cpu < 6);
		if (e->op == TRACE_ALLOC) {
			assert_int_equal(e->node, e->cpu % 5);
			pages[e->node] += UINT64_C(1) << e->order;
		}
		if (i >= 1000 || e->op != TRACE_ALLOC)
			assert_int_equal(e->cpu % 2, old->cpu);
		assert_int_equal(e->ns, old->ns);
		assert_int_equal(e->id, old->id);
	}
	for (size_t n = 0; n < 5; n++)
		assert_true(pages[n] > 1000);
	trace_close(&t);
	trace_close(&was);
}

static void nodes_that_can_not_be(void **state)
{
	struct contig_diag diag = { "" };
	struct synthetic how = synthetic_small;
	struct trace t;

	(void)state;
	how.nodes = 2;
	synthetic_trace(&how, &t);
	assert_int_equal(reshape_nodes(&t, 2, &diag), -EINVAL);
	assert_non_null(strstr(diag.text, "has 2 nodes of its own"));
	trace_close(&t);
}

/* ---- pages ----------------------------------------------------------------------------------- */

#define KIB16 14 /* log2: four pages of the trace */

/* op, id and order of an event after reshaping */
struct expected {
	enum trace_op op;
	uint32_t id;
	uint8_t order;
};

static void reshaped(struct trace *t, uint8_t page_shift, const struct expected *wanted)
{
	struct contig_diag diag = { "" };

	if (reshape_pages(t, page_shift, &diag))
		fail_msg("%s", diag.text);
	for (size_t i = 0; i < t->info.nr_events; i++) {
		const struct trace_event *e = &t->events[i];

		if (e->op != wanted[i].op || e->id != wanted[i].id || e->order != wanted[i].order)
			fail_msg("event %zu: op %u id %u order %u instead of op %u id %u order %u", i, e->op, e->id,
			         e->order, wanted[i].op, wanted[i].id, wanted[i].order);
		assert_int_equal(e->ns, i);
	}
}

#define LRU(n, o)                                                                                                      \
	{                                                                                                              \
		.op = TRACE_ALLOC, .id = n, .order = o, .kind = o ? PAGE_LRU_COMPOUND : PAGE_LRU,                      \
		.migratetype = MT_MOVABLE                                                                              \
	}
#define KERNEL(n, o)                                                                                                   \
	{                                                                                                              \
		.op = TRACE_ALLOC, .id = n, .order = o, .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE               \
	}
#define DO(what, n)                                                                                                    \
	{                                                                                                              \
		.op = TRACE_##what, .id = n                                                                            \
	}
#define END                                                                                                            \
	{                                                                                                              \
		.op = TRACE_OP_NR                                                                                      \
	}

/* Events a nanosecond apart, on the cpu that they say. */
static void in_time(struct trace_event *events, struct trace *t)
{
	for (size_t i = 0; events[i].op != TRACE_OP_NR; i++)
		events[i].ns = i;
	trace_of(events, t);
	t->info.nr_cpus = 2;
}

/*
 * Pages of 16 KiB, a letter each 4 KiB of them, by the event that allocated it; a dot was never given out:
 *
 *	[a b b .]  [c c d f]  [e . . .]  [g . . .]
 *	            c found no room behind b; e is kernel memory; g is of another cpu
 *
 * a and b are freed, so the first page is; h begins a new one, since nothing is refilled.
 */
static void small_ones_share_a_page(void **state)
{
	struct trace_event events[] = {
		LRU(1, 0),                            /* a */
		LRU(2, 1),                            /* b */
		LRU(3, 1),                            /* c */
		LRU(4, 0),                            /* d */
		KERNEL(5, 0),                         /* e */
		LRU(6, 0),                            /* f */
		LRU(7, 0),                            /* g */
		DO(FREE, 1),  DO(FREE, 2), LRU(8, 0), /* h */
		DO(FREE, 3),  DO(FREE, 6), DO(FREE, 4), END,
	};
	static const struct expected wanted[] = {
		{ TRACE_ALLOC, 1, 0 }, { TRACE_MARK, 0, 0 },  { TRACE_ALLOC, 3, 0 }, { TRACE_MARK, 0, 0 },
		{ TRACE_ALLOC, 5, 0 }, { TRACE_MARK, 0, 0 },  { TRACE_ALLOC, 7, 0 }, { TRACE_MARK, 0, 0 },
		{ TRACE_FREE, 1, 0 },  { TRACE_ALLOC, 8, 0 }, { TRACE_MARK, 0, 0 },  { TRACE_MARK, 0, 0 },
		{ TRACE_FREE, 3, 0 },
	};
	struct contig_diag diag;
	struct program p;
	struct trace t;

	(void)state;
	events[6].cpu = 1;
	in_time(events, &t);
	reshaped(&t, KIB16, wanted);
	assert_int_equal(t.events[2].kind, PAGE_LRU); /* was a compound of 8 KiB */
	assert_int_equal(program_compile(&t, &p, &diag), 0);
	assert_int_equal(p.peak_pages, 4);
	assert_int_equal(p.nr_survivors, 3); /* pages of e, g and h */
	program_free(&p);
	trace_close(&t);
}

/*
 * A page of 64 KiB, split into 4 KiB, on pages of 16 KiB: four pages, each lives as long as one of its pieces. A pair in
 * one page is split where it is, and so is what is exactly one page.
 *
 *	[2 3 4 5]  [6 7 8 9]  [10 ..]  [14 ..]
 */
static void splits_end_at_whole_pages(void **state)
{
	struct trace_event events[] = {
		LRU(1, 4),
		{ .op = TRACE_SPLIT, .id = 1, .aux = 2 }, /* 2 to 17 */
		DO(FREE, 2),
		DO(FREE, 4),
		DO(FREE, 3),
		DO(FREE, 9),
		DO(FREE, 5),
		LRU(18, 1),
		{ .op = TRACE_SPLIT, .id = 18, .aux = 19 }, /* 19, 20 */
		DO(FREE, 19),
		DO(FREE, 20),
		LRU(21, 2),
		{ .op = TRACE_SPLIT, .id = 21, .aux = 22, .order = 1 }, /* 22, 23 */
		DO(FREE, 22),
		{ .op = TRACE_SPLIT, .id = 23, .aux = 24 }, /* 24, 25 */
		DO(FREE, 24),
		DO(FREE, 25),
		END,
	};
	static const struct expected wanted[] = {
		{ TRACE_ALLOC, 1, 2 }, { TRACE_SPLIT, 1, 0 }, { TRACE_MARK, 0, 0 },  { TRACE_MARK, 0, 0 },
		{ TRACE_MARK, 0, 0 },  { TRACE_MARK, 0, 0 },  { TRACE_FREE, 2, 0 },  { TRACE_ALLOC, 18, 0 },
		{ TRACE_MARK, 0, 0 },  { TRACE_MARK, 0, 0 },  { TRACE_FREE, 18, 0 }, { TRACE_ALLOC, 21, 0 },
		{ TRACE_MARK, 0, 0 },  { TRACE_MARK, 0, 0 },  { TRACE_MARK, 0, 0 },  { TRACE_MARK, 0, 0 },
		{ TRACE_FREE, 21, 0 },
	};
	struct contig_diag diag;
	struct program p;
	struct trace t;

	(void)state;
	in_time(events, &t);
	reshaped(&t, KIB16, wanted);
	assert_int_equal(program_compile(&t, &p, &diag), 0);
	assert_int_equal(p.peak_pages, 4);
	assert_int_equal(p.nr_survivors, 3); /* three of the four */
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(p.survivors[i].order, 0);
	program_free(&p);
	trace_close(&t);
}

/* A page is pinned from its first pinned piece to its last: unpinned, split or freed. */
static void pins_hold_the_page(void **state)
{
	struct trace_event events[] = {
		LRU(1, 0),
		LRU(2, 1),
		DO(PIN, 1),
		DO(PIN, 2),
		{ .op = TRACE_SPLIT, .id = 2, .aux = 3 }, /* 3, 4 */
		DO(UNPIN, 1),
		DO(UNPIN, 3),
		DO(FREE, 4),
		DO(PIN, 1),
		DO(FREE, 3),
		DO(FREE, 1),
		END,
	};
	static const struct expected wanted[] = {
		{ TRACE_ALLOC, 1, 0 }, { TRACE_MARK, 0, 0 }, { TRACE_PIN, 1, 0 },  { TRACE_MARK, 0, 0 },
		{ TRACE_MARK, 0, 0 },  { TRACE_MARK, 0, 0 }, { TRACE_MARK, 0, 0 }, { TRACE_UNPIN, 1, 0 },
		{ TRACE_PIN, 1, 0 },   { TRACE_MARK, 0, 0 }, { TRACE_FREE, 1, 0 },
	};
	struct trace t;

	(void)state;
	in_time(events, &t);
	reshaped(&t, KIB16, wanted);
	trace_close(&t);
}

/* Pages of the trace that are live after each event. Free them. */
static uint64_t *live_pages(const struct trace *t)
{
	uint64_t *live = calloc(t->info.nr_events, sizeof(*live)), now = 0;
	uint8_t *order = calloc(t->info.nr_ids + 1, 1);

	assert_true(live && order);
	for (size_t i = 0; i < t->info.nr_events; i++) {
		const struct trace_event *e = &t->events[i];

		if (e->op == TRACE_ALLOC) {
			order[e->id] = e->order;
			now += UINT64_C(1) << e->order;
		} else if (e->op == TRACE_FREE) {
			now -= UINT64_C(1) << order[e->id];
		} else if (e->op == TRACE_SPLIT) {
			for (uint32_t k = 0; k < 1u << (order[e->id] - e->order); k++)
				order[e->aux + k] = e->order;
		}
		live[i] = now;
	}
	free(order);
	return live;
}

/* Made-up traffic: pages always hold the bytes that are live, and smaller pages hold them exactly. */
static void bytes_are_kept(void **state)
{
	static const uint8_t shifts[] = { 9, 11, 12, 13, 14, 16, 20 };
	struct contig_diag diag = { "" };

	(void)state;
	for (size_t k = 0; k < COUNT(shifts); k++) {
		struct trace was, t;
		struct program p;

		synthetic_trace(&synthetic_small, &was);
		synthetic_trace(&synthetic_small, &t);
		assert_int_equal(reshape_pages(&t, shifts[k], &diag), 0);
		assert_int_equal(t.info.page_shift, shifts[k]);
		uint64_t *before = live_pages(&was), *after = live_pages(&t);

		for (size_t i = 0; i < t.info.nr_events; i++) {
			assert_int_equal(t.events[i].ns, was.events[i].ns);
			if (shifts[k] <= 12)
				assert_true(before[i] << 12 == after[i] << shifts[k]);
			else
				assert_true(before[i] << 12 <= after[i] << shifts[k]);
		}
		assert_int_equal(program_compile(&t, &p, &diag), 0);
		free(before);
		free(after);
		program_free(&p);
		trace_close(&t);
		trace_close(&was);
	}
}

/* What is never freed and of one sort needs no page more than its bytes; 1,001 of 4 KiB on 64 KiB are 63 pages. */
static void no_page_too_many(void **state)
{
	enum {
		NR = 1001
	};
	struct trace_event *events = calloc(NR + 1, sizeof(*events));
	struct contig_diag diag = { "" };
	uint64_t pages = 0;
	struct trace t;

	(void)state;
	for (uint32_t i = 0; i < NR; i++)
		events[i] = (struct trace_event)LRU(i + 1, 0);
	events[NR].op = TRACE_OP_NR;
	in_time(events, &t);
	assert_int_equal(reshape_pages(&t, 16, &diag), 0);
	for (size_t i = 0; i < NR; i++)
		pages += t.events[i].op == TRACE_ALLOC;
	assert_int_equal(pages, 63);
	free(events);
	trace_close(&t);
}

/* 64 KiB pages as 4 KiB ones: a page is a compound of order 4, and what was order 17 can not be. */
static void larger_pages_become_several(void **state)
{
	struct trace_event events[] = {
		LRU(1, 0), LRU(2, 1), { .op = TRACE_SPLIT, .id = 2, .aux = 3 }, KERNEL(5, 0), END
	};
	static const struct expected wanted[] = {
		{ TRACE_ALLOC, 1, 4 }, { TRACE_ALLOC, 2, 5 }, { TRACE_SPLIT, 2, 4 }, { TRACE_ALLOC, 5, 4 }
	};
	struct contig_diag diag = { "" };
	struct trace t;

	(void)state;
	in_time(events, &t);
	t.info.page_shift = 16;
	reshaped(&t, 12, wanted);
	assert_int_equal(t.events[0].kind, PAGE_LRU_COMPOUND);
	assert_int_equal(t.events[3].kind, PAGE_KERNEL);
	t.info.page_shift = 16;
	t.events[3].order = 17;
	assert_int_equal(reshape_pages(&t, 12, &diag), -ERANGE);
	assert_non_null(strstr(diag.text, "event 3: order 17 is order 21 in smaller pages"));
	trace_close(&t);
}

/* What trace_open() would refuse: here it must do no harm. */
static void events_that_contradict(void **state)
{
	struct trace_event cases[][3] = {
		{ LRU(1, 0), DO(FREE, 2), END },
		{ LRU(1, 0), DO(FREE, 4000000), END },
		{ LRU(1, 0), LRU(1, 0), END },
		{ LRU(1, 0), DO(PIN, 0), END },
		{ LRU(1, 0), { .op = TRACE_SPLIT, .id = 1, .aux = 2 }, END },
		{ LRU(1, 6), { .op = TRACE_SPLIT, .id = 1, .aux = UINT32_MAX - 3 }, END },
		{ LRU(1, 6), { .op = TRACE_SPLIT, .id = 1, .aux = 1 }, END },
		{ LRU(1, 0), { .op = TRACE_ALLOC, .id = 2, .kind = PAGE_HUGETLB }, END },
		{ LRU(1, 0), { .op = TRACE_ALLOC, .id = 2, .kind = PAGE_LRU, .cpu = 900 }, END },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct contig_diag diag = { "" };
		struct trace t;

		in_time(cases[i], &t);
		t.info.nr_ids = 100;
		assert_int_equal(reshape_pages(&t, KIB16, &diag), -EBADMSG);
		assert_non_null(strstr(diag.text, "event 1 contradicts"));
		trace_close(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_are_dealt_in_turn),
		cmocka_unit_test(fewer_cpus_than_nodes),
		cmocka_unit_test(nodes_that_can_not_be),
		cmocka_unit_test(small_ones_share_a_page),
		cmocka_unit_test(splits_end_at_whole_pages),
		cmocka_unit_test(pins_hold_the_page),
		cmocka_unit_test(bytes_are_kept),
		cmocka_unit_test(no_page_too_many),
		cmocka_unit_test(larger_pages_become_several),
		cmocka_unit_test(events_that_contradict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
