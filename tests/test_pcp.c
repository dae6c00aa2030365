// SPDX-License-Identifier: MIT
/* test_pcp.c - per-cpu lists, rule by rule (3.5). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/kernels.h"

/* ---- 3.5: per-cpu lists: who goes where, and in which order ---------------------------------- */

/* Last in, first out; a refill hands out ascending addresses. */
static void test_pcp_order(void **state)
{
	(void)state;
	FOR_EACH_KERNEL(k)
	{
		struct contig_hooks none = { 0 };
		struct contig_geometry g;
		struct contig_diag diag;

		contig_geometry_x86_64(&g, 131072);
		struct contig *c = contig_open(*k, &g, &none, &diag);
		pfn_t first = (pfn_t)contig_alloc(c, 0, movable, 1);

		for (owner_t o = 2; o <= 31; o++)
			assert_int_equal(contig_alloc(c, 0, movable, o), first + o - 1);
		assert_int_equal(contig_free(c, 0, first + 7, 8), 0);
		assert_int_equal(contig_free(c, 0, first + 3, 4), 0);
		assert_int_equal(contig_alloc(c, 0, movable, 4), first + 3);
		assert_int_equal(contig_alloc(c, 0, movable, 8), first + 7);
		contig_close(c);
	}
}

/* Free `n` pages in a row; how many are on the lists then? 5.10: high is 6 * 31 = 186, one batch goes at a time. */
static void test_pcp_overflow_5_10(void **state)
{
	struct contig_hooks none = { 0 };
	struct contig_geometry g;
	struct contig_diag diag;
	struct contig_stats s;
	pfn_t pfn[400];

	(void)state;
	contig_geometry_x86_64(&g, 131072);
	struct contig *c = contig_open("linux-5.10", &g, &none, &diag);

	for (owner_t o = 0; o < COUNT(pfn); o++)
		pfn[o] = (pfn_t)contig_alloc(c, 0, movable, o + 1);
	c->ops->lab->drain(c);
	for (owner_t o = 0; o < COUNT(pfn); o++) {
		assert_int_equal(contig_free(c, 0, pfn[o], o + 1), 0);
		contig_stats(c, CONTIG_ALL_ZONES, &s);
		assert_int_equal(s.pcp, o + 1 < 186 ? o + 1 : 155 + (o + 1 - 186) % 31);
	}
	contig_close(c);
}

/*
 * v6.7: each refill raises the limit, as lists that held more would not have to be refilled, up to an eighth of the zone. So what
 * is freed after much was allocated stays on the lists up to there; before, up to the low watermark.
 */
static void test_pcp_refills_raise_the_limit(void **state)
{
	static const struct {
		const char *backend;
		uint32_t limit;
	} cases[] = { { "linux-6.1", 3107 }, { "linux-6.12", 16384 }, { "linux-7.2", 16384 } };
	enum {
		PAGES = 20000
	};
	static pfn_t pfn[PAGES];
	struct contig_hooks none = { 0 };
	struct contig_geometry g;
	struct contig_diag diag;
	struct contig_stats s;

	(void)state;
	contig_geometry_x86_64(&g, 131072);
	g.zones[0].managed = 131072;
	g.zones[0].wmark_min = 2486;
	g.zones[0].wmark_low = 3107;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct contig *c = contig_open(cases[i].backend, &g, &none, &diag);

		for (owner_t o = 0; o < PAGES; o++)
			pfn[o] = (pfn_t)contig_alloc(c, 0, movable, o + 1);
		c->ops->lab->drain(c);
		for (owner_t o = 0; o < cases[i].limit; o++) {
			contig_stats(c, CONTIG_ALL_ZONES, &s);
			assert_int_equal(s.pcp, o);
			assert_int_equal(contig_free(c, 0, pfn[o], o + 1), 0);
		}
		contig_stats(c, CONTIG_ALL_ZONES, &s);
		assert_in_range(s.pcp, 31, cases[i].limit - 31);
		contig_close(c);
	}
}

/* Pages on a cpu's lists when they are too many: freed one by one until some go back. */
static uint64_t most_on_lists(const char *backend, const struct contig_geometry *g)
{
	struct contig_hooks none = { 0 };
	struct contig_what what = movable;
	struct contig_diag diag;
	struct contig_stats s;
	pfn_t pfn[4096];
	uint64_t most = 0;

	what.node = 0;
	struct contig *c = contig_open(backend, g, &none, &diag);

	for (owner_t o = 0; o < COUNT(pfn); o++)
		pfn[o] = (pfn_t)contig_alloc(c, 0, what, o + 1);
	c->ops->lab->drain(c);
	for (owner_t o = 0; o < COUNT(pfn); o++) {
		assert_int_equal(contig_free(c, 0, pfn[o], o + 1), 0);
		contig_stats(c, 0, &s);
		if (s.pcp < most)
			break;
		most = s.pcp;
	}
	contig_close(c);
	return most + 1;
}

/* 3.5: a batch is a quarter of a 1024th of the zone and of 1 MiB at most; the marks are shared out to the cpus of the zone's node. */
static void test_pcp_sizes(void **state)
{
	static const struct {
		const char *backend;
		uint32_t pages;
		uint8_t cpus_here, cpus_there;
		uint32_t most;
	} rows[] = {
		{ "linux-5.10", 131072, 1, 0, 6 * 31 },  { "linux-5.10", 262144, 1, 0, 6 * 63 },
		{ "linux-5.10", 1048576, 1, 0, 6 * 63 }, { "rfc-2021", 131072, 1, 0, 2400 },
		{ "rfc-2021", 131072, 1, 3, 2400 },      { "rfc-2021", 131072, 2, 2, 1200 },
		{ "rfc-2021", 131072, 0, 3, 800 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct contig_geometry g;

		contig_geometry_x86_64(&g, rows[i].pages);
		g.zones[0].wmark_min = 2000;
		g.zones[0].wmark_low = 2400;
		g.nr_cpus = rows[i].cpus_here + rows[i].cpus_there;
		for (uint32_t cpu = rows[i].cpus_here; cpu < g.nr_cpus; cpu++)
			g.cpu_node[cpu] = 1;
		uint64_t most = most_on_lists(rows[i].backend, &g);

		if (most != rows[i].most)
			fail_msg("row %zu, %s: %llu pages", i, rows[i].backend, (unsigned long long)most);
	}
}

static pfn_t first_after_drain(const char *backend, struct contig_what what)
{
	struct world w;

	world_open_alone(&w, backend, "[U] K*8");
	assert_int_equal(contig_free(w.c, 0, 4, 5), 0);
	assert_int_equal(contig_free(w.c, 0, 6, 7), 0);
	w.c->ops->lab->drain(w.c);
	pfn_t pfn = (pfn_t)contig_alloc(w.c, 0, what, WORLD_PAGES + 1);

	world_close(&w);
	return pfn;
}

/* The oldest page of a list leaves first, so the youngest is at the head of the free list afterwards. */
static void test_drain_oldest_first(void **state)
{
	(void)state;
	FOR_EACH_KERNEL(k)
	assert_int_equal(first_after_drain(*k, unmovable), 6);
}

/*
 * The drain order across lists decides types where merging rewrites them (3.3): an UNMOVABLE and a MOVABLE block, each but
 * one page free, those two pages on the lists. 6.12: U first, M last: both MOVABLE. 5.10 rewrites nothing.
 */
static void test_drain_decides_types(void **state)
{
	static const char *const types[] = { "UM", "UM", "UM", "MM", "MM" };

	(void)state;
	FOR_EACH_KERNEL(k)
	{
		struct world w;

		world_open(&w, *k, "[UM] L F0 F1 F2 | L F0 F1 F2");
		assert_int_equal(contig_free(w.c, 0, 8, 9), 0); /* MOVABLE is freed first ... */
		assert_int_equal(contig_free(w.c, 0, 0, 1), 0); /* ... and UNMOVABLE last, yet drained before it */
		world_drain(&w);
		world_expect_types(&w, types[k - kernels]);
		world_close(&w);
	}
}

/* A block isolated after its page went to a per-cpu list: the page is still handed out from there (3.5). */
static void test_stale_pcp_page(void **state)
{
	(void)state;
	FOR_EACH_KERNEL(k)
	{
		struct contig_range_args args = { .start = 0, .nr = 8 };
		struct contig_outcome out;
		struct contig_range *r;
		struct contig_work work;
		struct world w;

		world_open(&w, *k, "[MM] L F0 F1 F2 | F3");
		assert_int_equal(contig_free(w.c, 0, 0, 1), 0);
		assert_int_equal(contig_range_begin(w.c, &args, &r), 0);
		contig_range_step(r, &work); /* isolated, not drained yet */
		assert_int_equal(work.phase, PHASE_ISOLATE);
		assert_int_equal(contig_alloc(w.c, 0, movable, 1), 0);
		while (contig_range_step(r, &work))
			;
		contig_range_end(r, &out);
		assert_int_equal(out.rc, 0); /* it was an LRU page again and moved away */
		assert_true(w.at[1] >= 8);
		world_verify(&w);
		world_close(&w);
	}
}

/* A page freed into an isolated block goes straight to the buddy, and no allocation gets it (13.1, 2). */
static void test_free_into_isolated(void **state)
{
	(void)state;
	FOR_EACH_KERNEL(k)
	{
		struct contig_range_args args = { .start = 0, .nr = 16 };
		struct contig_outcome out;
		struct contig_range *r;
		struct contig_work work;
		struct world w;

		world_open(&w, *k, "[MM] L F0 F1 F2 | F3");
		assert_int_equal(contig_range_begin(w.c, &args, &r), 0);
		do
			contig_range_step(r, &work);
		while (work.phase == PHASE_ISOLATE || work.phase == PHASE_DRAIN);
		/* collected for migration, freed by its owner before it is moved: it goes when the batch is through */
		assert_int_equal(contig_free(w.c, 0, 0, 1), 0);
		assert_int_equal(contig_free(w.c, 0, 0, 1), -EAGAIN);
		assert_true(contig_alloc(w.c, 0, movable, WORLD_PAGES + 1) >= 16);
		while (contig_range_step(r, &work))
			world_verify(&w);
		contig_range_end(r, &out);
		assert_int_equal(out.rc, 0);
		assert_int_equal(out.total.migrated, 0);
		assert_int_equal(w.moves, 0);
		world_expect(&w, "[MM] A*8 | A*8");
		world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcp_order),
		cmocka_unit_test(test_pcp_overflow_5_10),
		cmocka_unit_test(test_pcp_refills_raise_the_limit),
		cmocka_unit_test(test_pcp_sizes),
		cmocka_unit_test(test_drain_oldest_first),
		cmocka_unit_test(test_drain_decides_types),
		cmocka_unit_test(test_stale_pcp_page),
		cmocka_unit_test(test_free_into_isolated),
	};

	return cmocka_run_group_tests_name("pcp", tests, NULL, NULL);
}
