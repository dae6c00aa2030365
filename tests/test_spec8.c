// SPDX-License-Identifier: MIT
/*
 * test_spec8.c - the rows of section 8 of the behavioural specification that need no other page kinds than the model has:
 * who wins, who loses, and what it costs the blocks' types and the counters.
 *
 * Blocks are of 8 pages (P = 3, M = 4), pb0 = [0, 8), pb1 = [8, 16). Columns: B = linux-5.10, C = rfc-2021, D = linux-6.1,
 * E = linux-6.12, F = linux-7.2.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/world.h"

enum generation {
	B,
	C,
	D,
	E,
	F,
	NR_GENERATIONS
};

static const char *const generation[NR_GENERATIONS] = { "linux-5.10", "rfc-2021", "linux-6.1", "linux-6.12",
	                                                "linux-7.2" };

struct expected {
	int rc;
	const char *types; /* after the request, pages held */
	int drift_cma;     /* NR_FREE_CMA against free pages in CMA blocks */
	int phase;         /* of the failure; 0 is PHASE_ISOLATE */
};

struct row {
	const char *name;
	const char *drawing;
	pfn_t freed[9]; /* pages of the drawing freed first, so that runs merge; ended by PFN_NONE */
	enum contig_caller caller;
	pfn_t start;
	uint32_t nr;
	struct expected expect[NR_GENERATIONS];
};

/* clang-format off */
#define NOTHING                                                                                                        \
	{                                                                                                              \
		PFN_NONE                                                                                               \
	}
#define PB1                                                                                                            \
	{                                                                                                              \
		8, 9, 10, 11, 12, 13, 14, 15, PFN_NONE                                                                 \
	}

static const struct row rows[] = {
	/* 8.1: one block CMA, the other not. MAX alignment takes pb1 into the CMA area; "split" are two runs of order P. */
	{ "8.1 split",
	  "[CM] F3 | F3",
	  NOTHING,
	  CALLER_CMA,
	  0,
	  8,
	  { [B] = { 0, "CC" }, [C] = { 0, "CM" }, [D] = { 0, "CM" }, [E] = { 0, "CM" }, [F] = { 0, "CM" } } },
	/* merged is reachable in B and C only, where it costs NR_FREE_CMA a block */
	{ "8.1 merged",
	  "[CM] F3 | L*8",
	  PB1,
	  CALLER_CMA,
	  0,
	  8,
	  { [B] = { 0, "CC", -8 }, [C] = { 0, "CM", -8 }, [D] = { 0, "CM" }, [E] = { 0, "CM" }, [F] = { 0, "CM" } } },
	{ "8.1 a1r split",
	  "[MC] F3 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  0,
	  8,
	  { [B] = { -EBUSY, "MC" }, [C] = { 0, "MC" }, [D] = { 0, "MC" }, [E] = { 0, "MC" }, [F] = { 0, "MC" } } },
	{ "8.1 a1r merged",
	  "[MC] F3 | L*8",
	  PB1,
	  CALLER_MOVABLE,
	  0,
	  8,
	  { [B] = { -EBUSY, "MC" }, [C] = { 0, "MC", +8 }, [D] = { 0, "MC" }, [E] = { 0, "MC" }, [F] = { 0, "MC" } } },
	{ "8.1 a2 split",
	  "[CM] F3 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  8,
	  8,
	  { [B] = { -EBUSY, "CM" }, [C] = { 0, "CM" }, [D] = { 0, "CM" }, [E] = { 0, "CM" }, [F] = { 0, "CM" } } },
	{ "8.1 a2 merged",
	  "[CM] F3 | L*8",
	  PB1,
	  CALLER_MOVABLE,
	  8,
	  8,
	  { [B] = { -EBUSY, "CM" },
	    [C] = { -EBUSY, "CM", 0, PHASE_TEST },
	    [D] = { 0, "CM" },
	    [E] = { 0, "CM" },
	    [F] = { 0, "CM" } } },
	/* B un-isolates pb0 to the caller's type, which is what it was */
	{ "8.1 a3",
	  "[CM] F3 | K F0 F1 F2",
	  NOTHING,
	  CALLER_CMA,
	  0,
	  8,
	  { [B] = { -EBUSY, "CM" }, [C] = { 0, "CM" }, [D] = { 0, "CM" }, [E] = { 0, "CM" }, [F] = { 0, "CM" } } },

	/* 8.2: both CMA, something spans them */
	{ "8.2 b1",
	  "[CC] F4",
	  NOTHING,
	  CALLER_CMA,
	  8,
	  8,
	  { [B] = { 0, "CC" },
	    [C] = { -EBUSY, "CC", 0, PHASE_TEST },
	    [D] = { 0, "CC" },
	    [E] = { 0, "CC" },
	    [F] = { 0, "CC" } } },
	{ "8.2 b2",
	  "[CC] F4",
	  NOTHING,
	  CALLER_CMA,
	  0,
	  8,
	  { [B] = { 0, "CC" }, [C] = { 0, "CC" }, [D] = { 0, "CC" }, [E] = { 0, "CC" }, [F] = { 0, "CC" } } },
	{ "8.2 b3",
	  "[CC] T4",
	  NOTHING,
	  CALLER_CMA,
	  8,
	  8,
	  { [B] = { -EBUSY, "CC", 0, PHASE_TEST },
	    [C] = { -EBUSY, "CC", 0, PHASE_TEST },
	    [D] = { 0, "CC" },
	    [E] = { -EBUSY, "CC" },
	    [F] = { -EBUSY, "CC" } } },
	{ "8.2 b3'",
	  "[CC] T4",
	  NOTHING,
	  CALLER_CMA,
	  0,
	  8,
	  { [B] = { 0, "CC" }, [C] = { 0, "CC" }, [D] = { 0, "CC" }, [E] = { -EBUSY, "CC" }, [F] = { -EBUSY, "CC" } } },

	/* 8.4: a block beside PageOffline pages, which are unmovable; drawn here as pages of an earlier request */
	{ "8.4 pb0 held",
	  "[MM] A*8 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  8,
	  8,
	  { [B] = { -EBUSY, "MM" }, [C] = { 0, "MM" }, [D] = { 0, "MM" }, [E] = { 0, "MM" }, [F] = { 0, "MM" } } },
	{ "8.4 whole run, pb1",
	  "[MM] F4",
	  NOTHING,
	  CALLER_MOVABLE,
	  8,
	  8,
	  { [B] = { 0, "MM" },
	    [C] = { -EBUSY, "MM", 0, PHASE_TEST },
	    [D] = { 0, "MM" },
	    [E] = { 0, "MM" },
	    [F] = { 0, "MM" } } },

	/* 8.5: one unmovable page in the MAX page */
	{ "8.5 v1",
	  "[UM] K F0 F1 F2 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  8,
	  8,
	  { [B] = { -EBUSY, "UM" }, [C] = { 0, "UM" }, [D] = { 0, "UM" }, [E] = { 0, "UM" }, [F] = { 0, "UM" } } },
	{ "8.5 v2",
	  "[MM] K F0 F1 F2 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  8,
	  8,
	  { [B] = { -EBUSY, "MM" }, [C] = { 0, "MM" }, [D] = { 0, "MM" }, [E] = { 0, "MM" }, [F] = { 0, "MM" } } },
	{ "8.5 v3",
	  "[UM] K F0 F1 F2 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  0,
	  8,
	  { [B] = { -EBUSY, "UM" },
	    [C] = { -EBUSY, "UM" },
	    [D] = { -EBUSY, "UM" },
	    [E] = { -EBUSY, "UM" },
	    [F] = { -EBUSY, "UM" } } },
	/* v5: outside the request, inside its block */
	{ "8.5 v5",
	  "[MM] F3 | F2 K F0 F1",
	  NOTHING,
	  CALLER_MOVABLE,
	  8,
	  4,
	  { [B] = { -EBUSY, "MM" },
	    [C] = { -EBUSY, "MM" },
	    [D] = { -EBUSY, "MM" },
	    [E] = { -EBUSY, "MM" },
	    [F] = { -EBUSY, "MM" } } },

	/* 8.7 HA4: a free HIGHATOMIC block is isolated and comes back */
	{ "8.7 HA4",
	  "[HM] F3 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  0,
	  8,
	  { [B] = { 0, "MM" }, [C] = { 0, "MM" }, [D] = { 0, "MM" }, [E] = { 0, "MM" }, [F] = { 0, "HM" } } },

	/* 8.10: what type comes back; B retypes the whole MAX page */
	{ "8.10 U",
	  "[UU] F3 | L F0 F1 F2",
	  NOTHING,
	  CALLER_MOVABLE,
	  0,
	  8,
	  { [B] = { 0, "MM" }, [C] = { 0, "MU" }, [D] = { 0, "MU" }, [E] = { 0, "MU" }, [F] = { 0, "UU" } } },
	{ "8.10 R",
	  "[RM] F3 | L F0 F1 F2",
	  NOTHING,
	  CALLER_MOVABLE,
	  0,
	  8,
	  { [B] = { 0, "MM" }, [C] = { 0, "MM" }, [D] = { 0, "MM" }, [E] = { 0, "MM" }, [F] = { 0, "RM" } } },
	/* a failure in the last block of the MAX page: B has isolated pb0 by then, D and E the first and the last */
	{ "8.10 late",
	  "[UUUU] F3 | L F0 F1 F2 | K F0 F1 F2 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  0,
	  32,
	  { [B] = { -EBUSY, "MMUU" },
	    [C] = { -EBUSY, "MMUU" },
	    [D] = { -EBUSY, "MMUM" },
	    [E] = { -EBUSY, "MMUM" },
	    [F] = { -EBUSY, "UUUU" } } },

	/* 8.11: a compound over the request's start has no head to take it by; one over its end goes whole */
	{ "8.11 start",
	  "[MM] T2 T2 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  2,
	  6,
	  { [B] = { -EBUSY, "MM", 0, PHASE_TEST },
	    [C] = { -EBUSY, "MM", 0, PHASE_TEST },
	    [D] = { -EBUSY, "MM", 0, PHASE_TEST },
	    [E] = { -EBUSY, "MM", 0, PHASE_TEST },
	    [F] = { -EBUSY, "MM", 0, PHASE_TEST } } },
	{ "8.11 end",
	  "[MM] T2 T2 | F3",
	  NOTHING,
	  CALLER_MOVABLE,
	  0,
	  6,
	  { [B] = { 0, "MM" }, [C] = { 0, "MM" }, [D] = { 0, "MM" }, [E] = { 0, "MM" }, [F] = { 0, "MM" } } },
};
/* clang-format on */

static void run_row(const struct row *r, enum generation g)
{
	const struct expected *e = &r->expect[g];
	struct world w;

	world_open(&w, generation[g], r->drawing);
	for (size_t i = 0; r->freed[i] != PFN_NONE; i++)
		world_free(&w, r->freed[i]);
	int rc = world_take(&w, r->caller, r->start, r->nr);

	if (rc != e->rc)
		fail_msg("%s, %s: %d (%s at %u), expected %d", r->name, generation[g], rc,
		         contig_reason_name((enum contig_reason)w.out.autopsy.reason), w.out.autopsy.pfn, e->rc);
	if (rc && w.out.autopsy.phase != e->phase)
		fail_msg("%s, %s: failed in %s", r->name, generation[g],
		         contig_phase_name((enum contig_phase)w.out.autopsy.phase));
	if (rc && !e->phase)
		assert_int_equal(w.moves, 0); /* early: no migration work wasted */
	world_expect_types(&w, e->types);
	if (world_drift(&w, true) != e->drift_cma)
		fail_msg("%s, %s: NR_FREE_CMA is off by %lld, expected %d", r->name, generation[g],
		         (long long)world_drift(&w, true), e->drift_cma);
	assert_int_equal(world_drift(&w, false), 0);
	world_close(&w);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (enum generation g = 0; g < NR_GENERATIONS; g++)
			run_row(&rows[i], g);
	}
}

/* ---- 8.1 a4: a run that holds CMA pages on another type's list serves anyone (B, C) ---------- */

static void test_merged_leakage(void **state)
{
	struct contig_what kernel = { .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE };

	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		struct world w;
		uint32_t in_cma = 0;

		world_open(&w, generation[g], "[CM] F3 | L*8");
		for (pfn_t pfn = 8; pfn < 16; pfn++)
			world_free(&w, pfn);
		/* kernel pages until nothing is left: how many land in the CMA block? */
		for (owner_t o = WORLD_PAGES + 1; o < 2 * WORLD_PAGES; o++) {
			int64_t pfn = contig_alloc(w.c, 0, kernel, o);

			in_cma += pfn >= 0 && pfn < 8;
		}
		assert_int_equal(in_cma, g <= C ? 8 : 0);
		world_close(&w);
	}
}

/* ---- 8.2 b2: while pb0's request runs, C has taken pb1's pages along ------------------------- */

static int64_t free_during(struct world *w, pfn_t start, enum contig_phase phase)
{
	struct contig_range_args args = { .start = start, .nr = 8, .caller = CALLER_CMA };
	struct contig_range *r;
	struct contig_work work;
	struct contig_stats before, s = { 0 };
	int64_t seen = 0;

	contig_stats(w->c, CONTIG_ALL_ZONES, &before);
	assert_int_equal(contig_range_begin(w->c, &args, &r), 0);
	while (contig_range_step(r, &work)) {
		contig_stats(w->c, CONTIG_ALL_ZONES, &s);
		if (work.phase == phase)
			seen = (int64_t)(s.free_cma - before.free_cma);
		world_verify(w);
	}
	contig_range_end(r, &w->out);
	return seen;
}

static void test_uncounted_while_isolated(void **state)
{
	static const int64_t expected[NR_GENERATIONS] = { [B] = -16, [C] = -16, [D] = -8, [E] = -8, [F] = -8 };

	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		struct world w;

		world_open(&w, generation[g], "[CC] F4");
		assert_int_equal(free_during(&w, 0, PHASE_TEST), expected[g]);
		assert_int_equal(w.out.rc, 0);
		assert_int_equal(world_drift(&w, true), 0);
		world_close(&w);
	}
}

/* ---- 8.2 b5: the spanning page is pinned ----------------------------------------------------- */

static void test_pinned_spanning(void **state)
{
	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		struct world w;

		world_open(&w, generation[g], "[CC] T4");
		w.c->ops->lab->pin(w.c, 0, true);
		assert_int_equal(world_take(&w, CALLER_CMA, 8, 8), -EBUSY);
		assert_int_equal(w.moves, 0);
		world_expect(&w, "[CC] T4");
		world_close(&w);
	}
}

/* ---- 8.3: two requests at once, step by step ------------------------------------------------- */

static void step_both(struct world *w, pfn_t s0, uint32_t n0, pfn_t s1, uint32_t n1, struct contig_outcome *o0,
                      struct contig_outcome *o1)
{
	struct contig_range_args a0 = { .start = s0, .nr = n0, .caller = CALLER_CMA }, a1 = a0;
	struct contig_range *r0, *r1;
	struct contig_work work;

	a1.start = s1;
	a1.nr = n1;
	assert_int_equal(contig_range_begin(w->c, &a0, &r0), 0);
	assert_int_equal(contig_range_begin(w->c, &a1, &r1), 0);
	for (int more0 = 1, more1 = 1; more0 || more1;) {
		more0 = more0 && contig_range_step(r0, &work);
		more1 = more1 && contig_range_step(r1, &work);
	}
	contig_range_end(r0, o0);
	contig_range_end(r1, o1);
	world_verify(w);
}

/* [CC] F3 | F3 with two kernel-free blocks, one request each. B rounds both to the MAX page: one wins. */
static void test_two_requests(void **state)
{
	static const int loser[NR_GENERATIONS] = { [B] = -EBUSY };

	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		struct contig_outcome o0, o1;
		struct world w;

		world_open(&w, generation[g], "[CC] F3 | F3");
		step_both(&w, 0, 8, 8, 8, &o0, &o1);
		assert_int_equal(o0.rc, 0);
		assert_int_equal(o1.rc, loser[g]);
		if (o1.rc)
			assert_int_equal(o1.autopsy.reason, WHY_ALREADY_ISOLATED);
		world_close(&w);
	}
}

/*
 * c2, the undo hazard (5.5): requests for pb0..pb1 and pb1..pb2. From D on the loser's undo un-isolates the winner's pb1,
 * and the winner fails its final test; until then the winner is not harmed.
 */
static void test_undo_hazard(void **state)
{
	const struct contig_range_args first = { .start = 0, .nr = 16, .caller = CALLER_CMA };

	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		struct contig_outcome winner;
		struct contig_range *r;
		struct contig_work work;
		struct world w;

		world_open(&w, generation[g], "[CCCC] F3 | F3 | F3 | F3");
		assert_int_equal(contig_range_begin(w.c, &first, &r), 0);
		do
			assert_int_equal(contig_range_step(r, &work), 1);
		while (work.phase != PHASE_MIGRATE);
		assert_int_equal(world_take(&w, CALLER_CMA, 8, 16), -EBUSY);
		assert_int_equal(w.out.autopsy.reason, WHY_ALREADY_ISOLATED);
		while (contig_range_step(r, &work))
			;
		contig_range_end(r, &winner);
		assert_int_equal(winner.rc, g <= C ? 0 : -EBUSY);
		if (winner.rc)
			assert_int_equal(winner.autopsy.phase, PHASE_TEST);
		world_verify(&w);
		world_close(&w);
	}
}

/* ---- 8.5 v6: the ideal of the RFC discussion as a policy ------------------------------------- */

static void test_range_of_interest(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, "linux-7.2+unmovable_scope=range_of_interest", "[MM] F3 | F2 K F0 F1");
	assert_int_equal(world_take(&w, CALLER_MOVABLE, 8, 4), 0);
	world_expect(&w, "[MM] F3 | A*4 K F0 F1");
	world_close(&w);
}

/* ---- 8.7 HA1, HA3: HIGHATOMIC merges with MOVABLE in B and C only, and then lands on MOVABLE lists ---- */

static void test_highatomic_merge(void **state)
{
	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		struct contig_run run;
		struct world w;

		world_open(&w, generation[g], "[HM] F3 | F0 L F1 F2");
		world_free(&w, 9);
		world_expect(&w, g <= C ? "[HM] F4" : "[HM] F3 | F3");
		w.c->ops->lab->run(w.c, 0, &run);
		assert_int_equal(run.list, g <= C ? MT_MOVABLE : MT_HIGHATOMIC);
		world_close(&w);
	}
}

/* HA3: pieces of the reserve's block land on MOVABLE lists when a small request splits the merged run. */
static void test_highatomic_split(void **state)
{
	const struct contig_what page = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE };

	(void)state;
	for (enum generation g = B; g <= C; g++) {
		struct contig_run run;
		struct world w;

		world_open_alone(&w, generation[g], "[HM] F3 | F0 L F1 F2");
		world_free(&w, 9);
		assert_int_equal(contig_alloc(w.c, 0, page, WORLD_PAGES + 1), 0);
		world_expect(&w, "[HM] L F0 F1 F2 | F3");
		w.c->ops->lab->run(w.c, 4, &run);
		assert_int_equal(run.list, MT_MOVABLE);
		world_close(&w);
	}
}

/*
 * HA2: the merged run is taken by an UNMOVABLE fallback. With HIGHATOMIC the lower block it goes alone and the types stay;
 * with HIGHATOMIC the upper one both blocks are retyped, and the reserve is gone.
 */
static void test_highatomic_stolen(void **state)
{
	const struct contig_what kernel = { .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE, .order = 1 };

	(void)state;
	for (enum generation g = B; g <= C; g++) {
		struct world w;

		world_open_alone(&w, generation[g], "[HM] F3 | F0 L F1 F2");
		world_free(&w, 9);
		assert_int_equal(contig_alloc(w.c, 0, kernel, WORLD_PAGES + 1), 0);
		world_expect_types(&w, "HM");
		world_close(&w);

		world_open_alone(&w, generation[g], "[MH] F0 L F1 F2 | F3");
		world_free(&w, 1);
		world_expect(&w, "[MH] F4");
		assert_int_equal(contig_alloc(w.c, 0, kernel, WORLD_PAGES + 1), 0);
		world_expect_types(&w, "UU");
		world_close(&w);
	}
}

/* ---- 8.5 v4: an unmovable compound of order M over both blocks, request pb1: early, unless tails are not looked at ---- */

static void test_unmovable_compound(void **state)
{
	const struct contig_what slab = { .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE, .order = 4 };

	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		for (int thp = 0; thp < 2; thp++) {
			/* C without THP fails late; B looks at pb0, D to F at what crosses the border: early either way */
			bool late = g == C && !thp;
			char backend[64];
			struct world w;

			snprintf(backend, sizeof(backend), "%s+unmovable_compound_tail=%s", generation[g],
			         thp ? "head_check" : "refcount_only");
			world_open(&w, backend, "[MM] F4");
			pfn_t at = (pfn_t)contig_alloc(w.c, 0, slab, WORLD_PAGES + 1);

			assert_int_equal(world_take(&w, CALLER_MOVABLE, at + 8, 8), -EBUSY);
			assert_int_equal(w.out.autopsy.phase, late ? PHASE_TEST : PHASE_ISOLATE);
			assert_int_equal(w.moves, 0);
			world_close(&w);
		}
	}
}

/* ---- 8.8: U beside M, M freed last: they merge everywhere; from E on the merged pair is of one type ---- */

static void test_fallbackable_merge(void **state)
{
	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		struct contig_run run;
		struct world w;

		world_open(&w, generation[g], "[UM] F3 | F0 L F1 F2");
		world_free(&w, 9);
		world_expect(&w, g <= D ? "[UM] F4" : "[MM] F4");
		w.c->ops->lab->run(w.c, 0, &run);
		assert_int_equal(run.list, MT_MOVABLE);

		/* isolating pb0 out of it and back: D restores the caller's type, F the one that merging has written */
		assert_int_equal(world_take(&w, CALLER_MOVABLE, 0, 8), 0);
		world_expect_types(&w, "MM");
		world_close(&w);
	}
}

/* A pair of UNMOVABLE blocks, one half taken and given back: E drags the neighbour along, D leaves them unlike, F keeps them. */
static void test_neighbour_type(void **state)
{
	static const char *const types[NR_GENERATIONS] = { [B] = "MM", [C] = "MU", [D] = "MU", [E] = "MM", [F] = "UU" };

	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		struct world w;

		world_open(&w, generation[g], "[UU] F3 | F3");
		assert_int_equal(world_take(&w, CALLER_MOVABLE, 0, 8), 0);
		world_give(&w, 0, 8);
		world_expect_types(&w, types[g]);
		world_expect(&w, (char[]){ '[', types[g][0], types[g][1], ']', ' ', 'F', '4', 0 });
		world_close(&w);
	}
}

/* ---- 13.1: round trip, conservation ---------------------------------------------------------- */

static void test_round_trip(void **state)
{
	static const char drawing[] = "[MMMM] F4 | F3 | F2 L F0 F1";

	(void)state;
	for (enum generation g = 0; g < NR_GENERATIONS; g++) {
		struct contig_stats before, after;
		struct world w;

		world_open(&w, generation[g], drawing);
		contig_stats(w.c, CONTIG_ALL_ZONES, &before);
		assert_int_equal(world_take(&w, CALLER_MOVABLE, 0, 16), 0);
		world_expect(&w, "[MMMM] A*8 | A*8 | F3 | F2 L F0 F1");
		world_give(&w, 0, 16);
		world_expect(&w, drawing);
		contig_stats(w.c, CONTIG_ALL_ZONES, &after);
		assert_int_equal(before.free, after.free);
		assert_memory_equal(before.nr_free, after.nr_free, sizeof(before.nr_free));
		world_close(&w);
	}
}

/* With M == P all of C to F answer alike (13.1, 7): nothing can straddle. */
static void test_m_equals_p(void **state)
{
	(void)state;
	for (enum generation g = C; g < NR_GENERATIONS; g++) {
		struct contig_geometry geo;
		struct contig_hooks none = { 0 };
		struct contig_range_args args = { .start = 8, .nr = 16 };
		struct contig_outcome out;
		struct contig_diag diag;

		contig_geometry_x86_64(&geo, 64);
		geo.pageblock_order = geo.max_order = 3;
		geo.zones[0].wmark_min = 1;
		struct contig *c = contig_open(generation[g], &geo, &none, &diag);

		assert_non_null(c);
		assert_int_equal(contig_range_alloc(c, &args, &out), 0);
		assert_int_equal(c->ops->lab->verify(c, &diag), 0);
		assert_int_equal(contig_range_free(c, 0, 8, 16), 0);
		contig_close(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_merged_leakage),
		cmocka_unit_test(test_uncounted_while_isolated),
		cmocka_unit_test(test_pinned_spanning),
		cmocka_unit_test(test_two_requests),
		cmocka_unit_test(test_undo_hazard),
		cmocka_unit_test(test_range_of_interest),
		cmocka_unit_test(test_highatomic_merge),
		cmocka_unit_test(test_highatomic_split),
		cmocka_unit_test(test_highatomic_stolen),
		cmocka_unit_test(test_unmovable_compound),
		cmocka_unit_test(test_fallbackable_merge),
		cmocka_unit_test(test_neighbour_type),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_m_equals_p),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
