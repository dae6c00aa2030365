// SPDX-License-Identifier: MIT
/* test_model.c - the buddy and its fallback, rule by rule; autopsies and metrics. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/kernels.h"

/* ---- 3.1: the smallest sufficient run, its lowest part, upper halves to the head of their lists ---- */

/*   [MM] F4      take an order-1 run
 *   [MM] T1 F1 F2 | F3 */
static void test_expand(void **state)
{
	(void)state;
	struct world w;

	world_open_alone(&w, "linux-5.10", "[MM] F4");
	expect_alloc(&w, 0, of_order(movable, 1), 0);
	world_expect(&w, "[MM] T1 F1 F2 | F3");
	expect_alloc(&w, 0, of_order(movable, 2), 4);
	world_expect(&w, "[MM] T1 F1 T2 | F3");
	world_close(&w);
}

/* ---- 3.3: what is freed joins its buddies ---------------------------------------------------- */

static void test_merge_up(void **state)
{
	(void)state;
	FOR_EACH_KERNEL(k)
	{
		struct world w;

		world_open(&w, *k, "[MM] F1 L F0 F2 | F3");
		world_free(&w, 2);
		world_expect(&w, "[MM] F4");
		world_close(&w);
	}
}

/* The next higher buddy is free: likely to merge soon, so to the tail. Only up to order M - 2. */
static void test_tail_when_merge_likely(void **state)
{
	struct world w;

	(void)state;
	/*            0123 4567   page 0 is freed while 2-3 are free: its order-1 parent's buddy is */
	world_open_alone(&w, "linux-5.10", "[MM] L K F1 F0 K F1 | K*8");
	world_free(&w, 0);
	world_expect(&w, "[MM] F0 K F1 F0 K F1 | K*8");
	expect_alloc(&w, 0, movable, 4); /* the older one first: the freed one went behind it */
	world_close(&w);
}

/* ---- 3.4: moving stops at the block; a run from a lower block is invisible ------------------- */

static void test_move_sees_heads_only(void **state)
{
	struct contig_run run;
	struct world w;

	(void)state;
	world_open(&w, "linux-5.10", "[MM] F4");
	w.c->ops->lab->set_type(w.c, 1, MT_UNMOVABLE); /* nothing to move: the run begins in block 0 */
	w.c->ops->lab->run(w.c, 0, &run);
	assert_int_equal(run.list, MT_MOVABLE);
	w.c->ops->lab->set_type(w.c, 0, MT_UNMOVABLE);
	w.c->ops->lab->run(w.c, 0, &run);
	assert_int_equal(run.list, MT_UNMOVABLE);
	world_expect(&w, "[UU] F4");
	world_close(&w);
}

/* ---- 3.2.1 and 3.2.3: taking from other types ------------------------------------------------ */

/* Only MOVABLE memory is left. An unmovable request takes the largest run and the block with it. */
static void test_fallback_claims(void **state)
{
	(void)state;
	FOR_EACH_KERNEL(k)
	{
		struct contig_stats s;
		struct world w;

		world_open(&w, *k, "[MMMM] F3 | K*8 | K*8 | K*8");
		for (pfn_t pfn = 16; pfn < WORLD_PAGES - 16; pfn += 16)
			contig_alloc(w.c, 0, of_order(movable, 4), WORLD_PAGES + pfn);
		assert_int_equal(contig_alloc(w.c, 0, of_order(unmovable, 2), WORLD_PAGES + 1), 0);
		world_expect_types(&w, "UMMM");
		contig_stats(w.c, CONTIG_ALL_ZONES, &s);
		assert_int_equal(s.fallbacks, 1);
		assert_int_equal(s.retyped[RETYPE_FALLBACK], 1);
		world_close(&w);
	}
}

/*
 * A movable request finds only a small piece of an UNMOVABLE block full of kernel pages. Old: the piece goes over to the
 * MOVABLE list. v6.15: it is stolen, and what is left of it stays on the block's own list. The block keeps its type.
 *
 *   [UU] F1 K*6 | K*8   take one page:   L F0 K*6 | K*8
 */
static void test_fallback_single(void **state)
{
	static const enum migratetype rest[] = { MT_MOVABLE, MT_MOVABLE, MT_MOVABLE, MT_UNMOVABLE, MT_UNMOVABLE };

	(void)state;
	FOR_EACH_KERNEL(k)
	{
		struct contig_run run;
		struct world w;

		/* batch is 1 in so small a zone: no second page follows onto the per-cpu list */
		world_open_alone(&w, *k, "[UU] F1 K*6 | K*8");
		expect_alloc(&w, 0, movable, 0);
		world_expect(&w, "[UU] L F0 K*6 | K*8");
		w.c->ops->lab->run(w.c, 1, &run);
		assert_int_equal(run.list, rest[k - kernels]);
		world_close(&w);
	}
}

/* Half of a block free or alike is enough to make it the request's; less is not (3.2.1 f, g). */
static void test_fallback_alike(void **state)
{
	(void)state;
	FOR_EACH_KERNEL(k)
	{
		struct world w;

		/* for UNMOVABLE, a MOVABLE block's kernel pages are alike: 2 free + 2 kernel >= 4 */
		world_open_alone(&w, *k, "[MM] F1 K*2 L*4 | L*8");
		expect_alloc(&w, 0, of_order(unmovable, 1), 0);
		world_expect_types(&w, "UM");
		world_close(&w);

		world_open_alone(&w, *k, "[MM] F1 L*6 | L*8"); /* 2 free + 0 alike */
		expect_alloc(&w, 0, of_order(unmovable, 1), 0);
		world_expect_types(&w, "MM");
		world_close(&w);
	}
}

/* ---- 2.4: the min watermark ------------------------------------------------------------------ */

static void test_watermark(void **state)
{
	(void)state;
	FOR_EACH_KERNEL(k)
	{
		struct contig_hooks none = { 0 };
		struct contig_geometry g;
		struct contig_diag diag;
		struct contig_stats s;
		owner_t got = 0;

		contig_geometry_x86_64(&g, 4096);
		g.zones[0].wmark_min = 1000;
		struct contig *c = contig_open(*k, &g, &none, &diag);

		while (contig_alloc(c, 0, movable, got + 1) >= 0)
			got++;
		contig_stats(c, CONTIG_ALL_ZONES, &s);
		assert_true(s.free <= 1000 && s.free + s.pcp + got == 4096);
		assert_int_equal(s.failed_allocs, 1);
		contig_close(c);
	}
}

/* ---- every failure names its cause ----------------------------------------------------------- */

static void test_autopsies(void **state)
{
	static const struct {
		const char *drawing;
		enum contig_reason reason;
		pfn_t pfn;
		owner_t owner;
	} rows[] = {
		{ "[MM] F2 F1 K F0 | F3", WHY_UNMOVABLE, 6, 7 },
		{ "[MM] F2 F1 X F0 | F3", WHY_NOT_LRU, 6, 7 },
		{ "[CM] F3 | F3", WHY_WRONG_TYPE, 0, 0 },
		{ "[MM] A*8 | F3", WHY_UNMOVABLE, 0, 0 },
	};

	(void)state;
	FOR_EACH_KERNEL(k)
	{
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct world w;

			world_open(&w, *k, rows[i].drawing);
			assert_int_equal(world_take(&w, CALLER_MOVABLE, 0, 8), -EBUSY);
			assert_int_equal(w.out.autopsy.phase, PHASE_ISOLATE);
			assert_int_equal(w.out.autopsy.reason, rows[i].reason);
			assert_int_equal(w.out.autopsy.pfn, rows[i].pfn);
			assert_int_equal(w.out.autopsy.owner, rows[i].owner);
			world_close(&w);
		}
	}
}

/* ---- 10: metrics ----------------------------------------------------------------------------- */

static void test_metrics(void **state)
{
	struct contig_stats s = { 0 };

	(void)state;
	assert_int_equal(contig_fragmentation_index(&s, 10, 9), 0);
	assert_int_equal(contig_unusable_index(&s, 10, 9), 1000);
	s.nr_free[0] = 1000; /* 1000 single pages: 1000 - (1000 + 1000000 / 512) / 1000 = 1000 - 2953 / 1000 */
	assert_int_equal(contig_fragmentation_index(&s, 10, 9), 998);
	assert_int_equal(contig_unusable_index(&s, 10, 9), 1000);
	s.nr_free[9] = 1;
	assert_int_equal(contig_fragmentation_index(&s, 10, 9), -1000);
	assert_int_equal(contig_unusable_index(&s, 10, 9), 661); /* (1512 - 512) * 1000 / 1512 */
}

/* A block is mixed when it holds an allocation of another type than its own. */
static void test_mixed_blocks(void **state)
{
	struct contig_stats s;
	struct world w;

	(void)state;
	world_open(&w, "linux-7.2", "[MUMC] L F0 K F0 F2 | K F0 F1 F2 | L F0 F1 F2 | L F0 F1 F2");
	contig_stats(w.c, CONTIG_ALL_ZONES, &s);
	assert_int_equal(s.mixed_blocks, 2); /* the first, and the CMA block, which mismatches once it is used */
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_merge_up),
		cmocka_unit_test(test_tail_when_merge_likely),
		cmocka_unit_test(test_move_sees_heads_only),
		cmocka_unit_test(test_fallback_claims),
		cmocka_unit_test(test_fallback_single),
		cmocka_unit_test(test_fallback_alike),
		cmocka_unit_test(test_watermark),
		cmocka_unit_test(test_autopsies),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_mixed_blocks),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
