// SPDX-License-Identifier: MIT
/*
 * test_offline.c - memory offline step by step (7.4): what becomes of the per-cpu lists meanwhile, how often drivers are told and pages
 * tried, and which ranges are none.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/policy.h"
#include "lib/generations.h"
#include "lib/world.h"

static struct contig_stats stats_of(struct world *w)
{
	struct contig_stats s;

	contig_stats(w->c, CONTIG_ALL_ZONES, &s);
	return s;
}

static struct contig_range *begin(struct world *w, struct contig_range_args args)
{
	struct contig_range *r;

	assert_int_equal(contig_range_begin(w->c, &args, &r), 0);
	return r;
}

static int finish(struct world *w, struct contig_range *r)
{
	struct contig_work work;

	while (contig_range_step(r, &work))
		;
	contig_range_end(r, &w->out);
	world_verify(w);
	return w->out.rc;
}

static void step_until(struct contig_range *r, enum contig_phase phase)
{
	struct contig_work work;

	do
		assert_int_equal(contig_range_step(r, &work), 1);
	while (work.phase != phase);
}

/* ---- per-cpu lists ----------------------------------------------------------------------------- */

/*
 *   [MMMM] F3 | F3 | L*8 | F3     request 0+16; pages 16 and 17 are freed while it is under way, and after it
 *
 * Pages go to the lists as ever, unless the lists are switched off: for memory that goes offline (v5.11), or as an experiment.
 */
static void lists_are_off(void **state)
{
	static const struct {
		const char *backend;
		uint8_t op;
		bool off;
	} rows[] = {
		{ "linux-5.10", RANGE_OFFLINE, false },
		{ "linux-6.1", RANGE_OFFLINE, true },
		{ "linux-7.2", RANGE_OFFLINE, true },
		{ "linux-6.1+pcp_offline=drain", RANGE_OFFLINE, false },
		{ "linux-6.1", RANGE_ALLOC, false },
		{ "linux-6.1+pcp_iso=disabled", RANGE_ALLOC, true },
		{ "linux-6.1+pcp_iso=disabled", RANGE_ISOLATE, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct contig_range *r;
		struct world w;

		world_open(&w, rows[i].backend, "[MMMM] F3 | F3 | L*8 | F3");
		r = begin(&w, (struct contig_range_args){ .nr = 16, .op = rows[i].op });
		step_until(r, PHASE_ISOLATE);
		assert_int_equal(contig_free(w.c, 0, 16, 17), 0);
		assert_int_equal(stats_of(&w).pcp, rows[i].off ? 0 : 1);
		assert_int_equal(finish(&w, r), 0);
		world_drain(&w);
		/* they are on again */
		assert_int_equal(contig_free(w.c, 0, 17, 18), 0);
		assert_int_equal(stats_of(&w).pcp, 1);
		world_close(&w);
	}
}

/* ---- passes ------------------------------------------------------------------------------------ */

static unsigned int told;

static int count_told(void *ctx, pfn_t start, uint32_t nr)
{
	(void)ctx;
	assert_int_equal(start, 0);
	assert_int_equal(nr, 16);
	told++;
	return 0;
}

/*
 *   [MM] L*2 F1 F2 | F3           page 1 is pinned when the pages have been collected: one try a pass. Drivers are told once.
 */
static void one_try_a_pass(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		for (uint16_t passes = 0; passes <= 3; passes++) {
			struct contig_hooks hooks = { .going_offline = count_told };
			struct contig_geometry g;
			struct contig_diag diag;
			struct contig_range_args args = { .nr = 16, .op = RANGE_OFFLINE, .passes = passes };
			struct contig_work work;
			struct contig_outcome out;
			struct contig_range *r;
			unsigned int calls = 0;

			contig_geometry_x86_64(&g, 64);
			g.pageblock_order = 3;
			g.max_order = 4;
			g.zones[0].wmark_min = CONTIG_NO_WMARK;
			struct contig *c = contig_open(b->name, &g, &hooks, &diag);
			struct contig_what what = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE };

			for (owner_t o = 0; o < 2; o++)
				assert_int_equal(contig_alloc(c, 0, what, o + 1), o);
			c->ops->lab->drain(c);
			told = 0;
			assert_int_equal(contig_range_begin(c, &args, &r), 0);
			step_until(r, PHASE_MIGRATE);
			assert_int_equal(c->ops->lab->pin(c, 1, true), 0);
			/* collected and pinned: once; in later passes it is not collected any more */
			while (contig_range_step(r, &work))
				calls += work.not_migrated;
			contig_range_end(r, &out);
			assert_int_equal(out.rc, -EINTR);
			assert_int_equal(calls, 1);
			assert_int_equal(told, 1);
			/* five, unless asked for fewer; each looks at 16 pages: a free run is looked at as one */
			assert_int_equal(out.by_phase[PHASE_TEST].scanned, 2 * (passes ? passes : 5));
			contig_close(c);
		}
	}
}

/*
 *   [MMMM] G3 | L*8 | F3 | F3     nothing replaces the gigantic page. A pass steps over it and migrates what comes behind, and where
 *                                 such pages are replaced at all, there is a next pass until the operator ends it.
 */
static void stepped_over(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		const struct contig_policy *p = b->preset;
		struct world w;

		world_open(&w, b->name, "[MMMM] G3 | L*8 | F3 | F3");
		int rc = finish(&w, begin(&w, (struct contig_range_args){ .nr = 16, .op = RANGE_OFFLINE }));

		bool tried = p->offline_hugetlb == offline_hugetlb_leave;

		assert_int_equal(rc, tried ? -EINTR : -EBUSY);
		assert_int_equal(w.out.autopsy.phase, tried ? PHASE_MIGRATE : PHASE_TEST);
		assert_int_equal(w.out.autopsy.pfn, 0);
		assert_int_equal(w.moves, 8);
		world_close(&w);
	}
}

/*
 *   [MMMM] Q3 | L*8 | F3 | F3     a free page of the hugetlb pool: from v3.12 on it leaves; before, it keeps the memory online.
 */
static void pool_leaves(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		bool leaves = b->preset->offline_hugetlb == offline_hugetlb_leave;
		struct contig_run run;
		struct world w;

		world_open(&w, b->name, "[MMMM] Q3 | L*8 | F3 | F3");
		int rc = finish(&w, begin(&w, (struct contig_range_args){ .nr = 16, .op = RANGE_OFFLINE }));

		assert_int_equal(rc, leaves ? 0 : -EBUSY);
		w.c->ops->lab->run(w.c, 0, &run);
		assert_int_equal(run.kind, leaves ? PAGE_ABSENT : PAGE_HUGETLB_POOL);
		world_close(&w);
	}
}

/*
 *   [MM] L! L F1 F2 | F3          what the scan finds in every pass is tried to move for ever, and never comes to the test
 *        ^ pinned
 */
static void where_it_goes_round(void **state)
{
	static const struct {
		const char *drawing;
		enum contig_phase phase;
	} rows[] = {
		{ "[MM] L! L F1 F2 | F3", PHASE_MIGRATE },
		{ "[MM] L L! F1 F2 | F3", PHASE_MIGRATE },
	};

	(void)state;
	FOR_EACH_GENERATION(b)
	{
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct world w;

			world_open(&w, b->name, rows[i].drawing);
			int rc = finish(&w, begin(&w, (struct contig_range_args){ .nr = 16, .op = RANGE_OFFLINE }));

			assert_int_equal(rc, -EINTR);
			assert_int_equal(w.out.autopsy.phase, rows[i].phase);
			world_close(&w);
		}
	}
}

/*
 *   [MMMM] F4 | F4                0+16 goes offline; a request for 8+8 comes to nothing, and its undo takes the isolation of pb1 along
 *    iI                           (v5.19): no pass isolates it again, so that only a signal ends this.
 */
static void un_isolated_by_another(void **state)
{
	static const char *const kernels[] = { "linux-6.1", "linux-6.12", "linux-7.2" };

	(void)state;
	for (size_t i = 0; i < COUNT(kernels); i++) {
		struct contig_range *off;
		struct world w;

		world_open(&w, kernels[i], "[MMMM] F4 | F4");
		off = begin(&w, (struct contig_range_args){ .nr = 16, .op = RANGE_OFFLINE });
		step_until(off, PHASE_MIGRATE);
		assert_int_equal(finish(&w, begin(&w, (struct contig_range_args){ .start = 8, .nr = 8 })), -EBUSY);
		assert_int_equal(w.out.autopsy.reason, WHY_ALREADY_ISOLATED);
		assert_int_equal(finish(&w, off), -EINTR);
		assert_int_equal(w.out.autopsy.phase, PHASE_TEST);
		assert_int_equal(stats_of(&w).isolated, 0);
		world_close(&w);
	}
}

/* ---- ranges that are none ---------------------------------------------------------------------- */

/* Isolating, undoing and offline are about whole pageblocks. */
static void whole_blocks(void **state)
{
	static const struct {
		pfn_t start;
		uint32_t nr;
	} bad[] = { { 4, 16 }, { 0, 12 }, { 4, 12 } };

	(void)state;
	FOR_EACH_GENERATION(b)
	{
		for (size_t i = 0; i < COUNT(bad); i++) {
			for (unsigned int op = RANGE_ISOLATE; op < RANGE_OP_NR; op++) {
				struct contig_range_args args = { .start = bad[i].start,
					                          .nr = bad[i].nr,
					                          .op = (uint8_t)op };
				struct contig_range *r;
				struct world w;

				world_open(&w, b->name, "[MM] F3 | F3");
				assert_int_equal(contig_range_begin(w.c, &args, &r), -EINVAL);
				world_close(&w);
			}
		}
	}
}

/* Until v5.18 nothing cares for a run over the border, so that memory goes in whole MAX_ORDER ranges; later in pageblocks. */
static void max_order_ranges(void **state)
{
	static const struct {
		pfn_t start;
		uint32_t nr;
	} half[] = { { 8, 16 }, { 0, 8 } };

	(void)state;
	FOR_EACH_GENERATION(b)
	{
		const struct contig_policy *p = b->preset;

		for (size_t i = 0; i < COUNT(half); i++) {
			struct contig_range_args args = { .start = half[i].start,
				                          .nr = half[i].nr,
				                          .op = RANGE_OFFLINE };
			struct world w;

			world_open(&w, b->name, "[MMMM] F3 | L*8 | L*8 | F3");
			if (p->iso_straddle == iso_straddle_none)
				assert_int_equal(contig_range_alloc(w.c, &args, &w.out), -EINVAL);
			else
				assert_int_equal(finish(&w, begin(&w, args)), 0);
			world_close(&w);
		}
	}
}

/*
 *   [MMMM] .*16 | F4     what is gone can not go again, nor can a range that it is a part of. Other requests step over its blocks and
 *                        fail at the test.
 */
static void gone_already(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		struct contig_range_args args = { .nr = 16, .op = RANGE_OFFLINE };
		struct contig_range *r;
		struct world w;

		world_open(&w, b->name, "[MMMM] F4 | F4");
		assert_int_equal(finish(&w, begin(&w, args)), 0);
		for (args.nr = 16; args.nr <= 32; args.nr += 16) {
			args.op = RANGE_OFFLINE;
			assert_int_equal(contig_range_begin(w.c, &args, &r), -EINVAL);
			args.op = RANGE_ALLOC;
			assert_int_equal(finish(&w, begin(&w, args)), -EBUSY);
			assert_int_equal(w.out.autopsy.phase, PHASE_TEST);
			assert_int_equal(w.out.autopsy.reason, WHY_ABSENT);
			assert_int_equal(w.out.autopsy.pfn, 0);
			assert_int_equal(w.out.by_phase[PHASE_ISOLATE].blocks, args.nr == 16 ? 0 : 2);
		}
		world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_off),       cmocka_unit_test(one_try_a_pass),
		cmocka_unit_test(stepped_over),        cmocka_unit_test(pool_leaves),
		cmocka_unit_test(where_it_goes_round), cmocka_unit_test(un_isolated_by_another),
		cmocka_unit_test(whole_blocks),        cmocka_unit_test(max_order_ranges),
		cmocka_unit_test(gone_already),
	};

	return cmocka_run_group_tests_name("offline", tests, NULL, NULL);
}
