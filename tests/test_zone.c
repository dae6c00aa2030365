// SPDX-License-Identifier: MIT
/*
 * test_zone.c - more than one zone, and zones that cut pageblocks: which zone an allocation gets its page from, down to which mark,
 * and what it fragments for it (1.5, 2.4, 3.4).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/model/model.h"
#include "../allocators/policy.h"
#include "../workloads/layout.h"
#include "lib/generations.h"
#include "lib/world.h"

static const struct contig_what kernel_page = { .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE };
static const struct contig_what user_page = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE };

/* Reserved but for what is drawn: 32 pages a zone, its drawing at their beginning. P = 3, M = 4. */
static struct contig *open_zones(const char *backend, uint32_t nr, const struct contig_zone *zones,
                                 const char *const *drawings)
{
	static const struct contig_hooks none = { 0 };
	struct contig_geometry g;
	struct contig_diag diag = { "" };

	contig_geometry_x86_64(&g, 32);
	g.pageblock_order = 3;
	g.max_order = 4;
	g.init = CONTIG_INIT_RESERVED;
	g.nr_zones = nr;
	for (uint32_t i = 0; i < nr; i++) {
		g.zones[i] = zones[i];
		g.zones[i].start = 32 * i;
		g.zones[i].pages = 32;
	}
	struct contig *c = contig_open(backend, &g, &none, &diag);

	for (uint32_t i = 0; c && i < nr; i++) {
		if (layout_place(c, &g, 4 * i, drawings[i], &diag))
			fail_msg("%s: %s: %s", backend, drawings[i], diag.text);
	}
	if (!c)
		fail_msg("%s: %s", backend, diag.text);
	return c;
}

/* ---- v5.0: what a DMA32 zone below keeps from being fragmented (1.5) -------------------------- */

#define NORMAL                                                                                                         \
	{                                                                                                              \
		.type = ZONE_NORMAL, .wmark_min = 1, .wmark_low = 1                                                    \
	}
#define SHORT                                                                                                          \
	{                                                                                                              \
		.type = ZONE_NORMAL, .wmark_min = 1, .wmark_low = 2                                                    \
	} /* of two free pages, low leaves none alone */
#define MOVABLE                                                                                                        \
	{                                                                                                              \
		.type = ZONE_MOVABLE, .wmark_min = 1, .wmark_low = 1                                                   \
	}
#define DMA32                                                                                                          \
	{                                                                                                              \
		.type = ZONE_DMA32, .wmark_min = 1, .wmark_low = 1                                                     \
	}
#define DMA32_1                                                                                                        \
	{                                                                                                              \
		.type = ZONE_DMA32, .wmark_min = 1, .wmark_low = 1, .node = 1                                          \
	}

/* The first zone is the lower one: page 32 is the upper one's first. */
static void who_is_fragmented(void **state)
{
	static const struct {
		const char *backend;
		struct contig_zone low, high;
		const char *low_has, *high_has;
		const struct contig_what *what;
		int64_t pfn;
	} rows[] = {
		/* a whole block there before a part of one here; but only there below, on the same node */
		{ "linux-5.10", DMA32, NORMAL, "[M] F3", "[M] L*6 F1", &kernel_page, 0 },
		{ "linux-5.10", DMA32_1, NORMAL, "[M] F3", "[M] L*6 F1", &kernel_page, 38 },
		{ "linux-4.4", DMA32, NORMAL, "[M] F3", "[M] L*6 F1", &kernel_page, 38 },
		{ "linux-6.10", DMA32, NORMAL, "[M] F3", "[M] L*6 F1", &kernel_page, 0 },
		{ "linux-6.12", DMA32, NORMAL, "[M] F3", "[M] L*6 F1", &kernel_page, 0 },
		/* ZONE_MOVABLE is not kept from it */
		{ "linux-5.10", DMA32, MOVABLE, "[U] F3", "[U] K*6 F1", &user_page, 38 },
		/* first each zone's own pages down to low ... */
		{ "linux-5.10", DMA32, SHORT, "[U] K*6 F1", "[U] K*6 F1", &kernel_page, 6 },
		/* ... then a part of another's block, to low ... */
		{ "linux-5.10", DMA32, SHORT, "[M] L*6 F1", "[M] L*6 F1", &kernel_page, 6 },
		/* ... which defrag_mode puts off until the own pages are used down to min */
		{ "linux-7.2", DMA32, SHORT, "[M] L*6 F1", "[U] K*6 F1", &kernel_page, 6 },
		{ "linux-7.2+nofragment=always", DMA32, SHORT, "[M] L*6 F1", "[U] K*6 F1", &kernel_page, 38 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct contig *c =
			open_zones(rows[i].backend, 2, (const struct contig_zone[]){ rows[i].low, rows[i].high },
		                   (const char *const[]){ rows[i].low_has, rows[i].high_has });
		int64_t pfn = contig_alloc(c, 0, *rows[i].what, 1);

		if (pfn != rows[i].pfn)
			fail_msg("row %zu, %s: page %lld, not %lld", i, rows[i].backend, (long long)pfn,
			         (long long)rows[i].pfn);
		contig_close(c);
	}
}

/*
 *   DMA32    [U] F3
 *   NORMAL   [U] K*6 F1       one of the K is freed to a per-cpu list, and two pages are what low leaves alone there
 *
 * A page on a per-cpu list is not for the taking either while its zone is at low and there is another zone.
 */
static void lists_below_low(void **state)
{
	static const struct contig_zone zones[] = { DMA32, SHORT };
	static const char *const drawings[] = { "[U] F3", "[U] K*6 F1" };

	(void)state;
	FOR_EACH_GENERATION(b)
	{
		struct contig *c = open_zones(b->name, 2, zones, drawings);
		struct contig_run run;

		c->ops->lab->run(c, 34, &run);
		assert_int_equal(contig_free(c, 0, 34, run.owner), 0);
		assert_int_equal(contig_alloc(c, 0, kernel_page, 1), 0);
		contig_close(c);
	}
}

/* ---- 9: whose reserve is broken up ------------------------------------------------------------ */

/* Node 0 has a reserve, and a request that takes nothing but node 1 fails: what node 0 has would not help it. */
static void reserve_of_another_node(void **state)
{
	static const struct contig_zone zones[] = { NORMAL, { .type = ZONE_NORMAL, .wmark_min = 1, .node = 1 } };
	static const char *const drawings[] = { "[H] F3", "[M] L*8" };
	struct contig_what there = kernel_page;

	(void)state;
	there.node = 1;
	FOR_EACH_GENERATION(b)
	{
		struct contig *c = open_zones(b->name, 2, zones, drawings);

		there.this_node = true;
		assert_int_equal(contig_alloc(c, 0, there, 1), -ENOMEM);
		assert_int_equal(c->ops->lab->type(c, 0, NULL), MT_HIGHATOMIC);
		there.this_node = false;
		assert_int_equal(contig_alloc(c, 0, there, 1), 0);
		contig_close(c);
	}
}

/* ---- 5.2: where to -------------------------------------------------------------------------------- */

/*
 *   node 0   [M] F3 | F3      a page of node 1 moves within node 1;
 *   node 1   [M] L F0 F1 F2
 *
 *   node 0   [M] F3           nothing on node 1 replaces the free hugetlb page there, and no other node will do
 *   node 1   [M] Q3
 */
static void migration_keeps_to_the_node(void **state)
{
	static const struct contig_zone zones[] = { NORMAL, { .type = ZONE_NORMAL, .wmark_min = 1, .node = 1 } };
	static const char *const page[] = { "[MM] F3 | F3", "[MM] L F0 F1 F2 | F3" };
	static const char *const pool[] = { "[M] F3", "[M] Q3" };
	struct contig_range_args args = { .start = 32, .nr = 1 };

	(void)state;
	FOR_EACH_GENERATION(b)
	{
		const struct contig_policy *p = b->preset;
		struct contig_outcome out;
		struct contig_run run;
		struct contig *c;

		if (p->iso_align == iso_align_maxpage) /* what is reserved beside the drawing is isolated, too */
			continue;
		c = open_zones(b->name, 2, zones, page);
		assert_int_equal(contig_range_alloc(c, &args, &out), 0);
		assert_int_equal(out.total.migrated, 1);
		c->ops->lab->run(c, 40, &run);
		assert_int_equal(run.kind, PAGE_LRU);
		contig_close(c);
		if (p->contig_hugetlb == contig_hugetlb_skip)
			continue;
		c = open_zones(b->name, 2, zones, pool);
		assert_int_equal(contig_range_alloc(c, &args, &out), -ENOMEM);
		assert_int_equal(out.autopsy.phase, PHASE_MIGRATE);
		c->ops->lab->run(c, 32, &run);
		assert_int_equal(run.kind, PAGE_HUGETLB_POOL);
		contig_close(c);
	}
}

/* ---- 2.4: marks that nobody has set ----------------------------------------------------------------- */

/* min: 4 * sqrt(KiB) KiB within [128, 262144], by managed pages; low: a quarter of it above, or 0.1 % of the zone. */
static void default_marks(void **state)
{
	static const struct {
		uint8_t page_shift, nr_zones;
		uint32_t pages[2], managed[2];
		int64_t min[2], low[2];
	} rows[] = {
		{ 12, 1, { 65536 }, { 0 }, { 512 }, { 640 } },
		{ 12, 1, { 128 }, { 0 }, { 32 }, { 40 } },
		{ 20, 1, { 1u << 23 }, { 0 }, { 256 }, { 256 + 8388 } },
		{ 12, 2, { 32768, 32768 }, { 16384, 0 }, { 147, 295 }, { 147 + 36, 295 + 73 } },
	};
	static const struct contig_hooks none = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct contig_geometry g;
		struct contig_diag diag = { "" };

		contig_geometry_x86_64(&g, rows[i].pages[0]);
		g.page_shift = rows[i].page_shift;
		g.nr_zones = rows[i].nr_zones;
		g.zones[0].managed = rows[i].managed[0];
		g.zones[1] = (struct contig_zone){ .start = rows[i].pages[0], .pages = rows[i].pages[1], .node = 1 };
		struct contig *c = contig_open("linux-6.1", &g, &none, &diag);

		if (!c)
			fail_msg("row %zu: %s", i, diag.text);
		for (uint32_t z = 0; z < g.nr_zones; z++) {
			assert_int_equal(model_of(c)->zone[z].wmark_min, rows[i].min[z]);
			assert_int_equal(model_of(c)->zone[z].wmark_low, rows[i].low[z]);
		}
		contig_close(c);
	}
}

/* ---- 3.4: a zone that begins inside a pageblock ------------------------------------------------ */

/*
 *   [M] . F0 F1 F2      block 1, whose first page is not of the zone: a reclaimable page falls back to the largest run, at 12
 *
 * Until v6.9 its block is gone over from there on: pages 9..11 stay on the MOVABLE list. Later nothing moves in such a block, and a
 * single page is taken: of the largest run, or of the smallest.
 */
static void block_begins_before_zone(void **state)
{
	static const struct {
		const char *backend;
		pfn_t pfn;
		enum migratetype list; /* of page 10 afterwards */
	} rows[] = {
		{ "linux-3.6", 12, MT_MOVABLE },  { "linux-4.4", 12, MT_MOVABLE }, { "linux-6.1", 12, MT_MOVABLE },
		{ "linux-6.10", 12, MT_MOVABLE }, { "linux-6.12", 9, MT_MOVABLE },
	};
	static const struct contig_hooks none = { 0 };
	struct contig_what what = { .kind = PAGE_RECLAIMABLE, .migratetype = MT_RECLAIMABLE };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct contig_geometry g;
		struct contig_diag diag;
		struct contig_run run;

		contig_geometry_x86_64(&g, 7);
		g.pageblock_order = 3;
		g.max_order = 4;
		g.zones[0].start = 9;
		g.zones[0].wmark_min = CONTIG_NO_WMARK;
		struct contig *c = contig_open(rows[i].backend, &g, &none, &diag);

		assert_non_null(c);
		assert_int_equal(contig_alloc(c, 0, what, 1), rows[i].pfn);
		c->ops->lab->run(c, 10, &run);
		assert_int_equal(run.kind, PAGE_FREE);
		assert_int_equal(run.list, rows[i].list);
		assert_int_equal(c->ops->lab->verify(c, &diag), 0);
		contig_close(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_fragmented),       cmocka_unit_test(lists_below_low),
		cmocka_unit_test(reserve_of_another_node), cmocka_unit_test(migration_keeps_to_the_node),
		cmocka_unit_test(default_marks),           cmocka_unit_test(block_begins_before_zone),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
