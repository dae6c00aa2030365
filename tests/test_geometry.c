// SPDX-License-Identifier: MIT
/*
 * test_geometry.c - geometries that contradict themselves are refused with the contradiction named; odd ones that the
 * spec allows are accepted when they are asked for, and run with all invariants in place.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/contig.h"
#include "../allocators/policy.h"
#include "lib/generations.h"
#include "lib/random_run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* P = 3, M = 4, sections of 1024 pages, two cpus, a zone of 192 pages whose watermark leaves room to work. */
static void small(struct contig_geometry *g)
{
	contig_geometry_x86_64(g, 192);
	g->pageblock_order = 3;
	g->max_order = 4;
	g->section_order = 10;
	g->nr_cpus = 2;
	g->zones[0].wmark_min = 1;
}

static void zones(struct contig_geometry *g, uint32_t nr, const struct contig_zone *z)
{
	g->nr_zones = nr;
	for (uint32_t i = 0; i < nr; i++) {
		g->zones[i] = z[i];
		g->zones[i].wmark_min = 1;
	}
}

/* ---- refused --------------------------------------------------------------------------------- */

static void page_small(struct contig_geometry *g)
{
	g->page_shift = 8;
}
static void page_large(struct contig_geometry *g)
{
	g->page_shift = 21;
}
static void m_zero(struct contig_geometry *g)
{
	g->max_order = 0;
}
static void m_absurd(struct contig_geometry *g)
{
	g->max_order = 21;
}
static void m_wraps(struct contig_geometry *g)
{
	g->max_order = 255;
}
static void p_zero(struct contig_geometry *g)
{
	g->pageblock_order = 0;
}
static void p_absurd(struct contig_geometry *g)
{
	g->pageblock_order = 64;
}
static void p_above_m(struct contig_geometry *g)
{
	g->pageblock_order = 5;
}
static void m_above_section(struct contig_geometry *g)
{
	g->max_order = 11;
}
static void no_cpus(struct contig_geometry *g)
{
	g->nr_cpus = 0;
}
static void many_cpus(struct contig_geometry *g)
{
	g->nr_cpus = CONTIG_MAX_CPUS + 1;
}
static void cpu_nowhere(struct contig_geometry *g)
{
	g->cpu_node[1] = CONTIG_MAX_NODES;
}
static void no_zones(struct contig_geometry *g)
{
	g->nr_zones = 0;
}
static void many_zones(struct contig_geometry *g)
{
	g->nr_zones = CONTIG_MAX_ZONES + 1;
}
static void no_pages(struct contig_geometry *g)
{
	g->zones[0].pages = 0;
}
static void node_nowhere(struct contig_geometry *g)
{
	g->zones[0].node = CONTIG_MAX_NODES;
}
static void type_unknown(struct contig_geometry *g)
{
	g->zones[0].type = ZONE_TYPE_NR;
}
static void init_unknown(struct contig_geometry *g)
{
	g->init = 2;
}
static void beyond_32_bit(struct contig_geometry *g)
{
	g->zones[0].start = UINT32_MAX - 100;
}
static void last_pfn(struct contig_geometry *g)
{
	g->zones[0].pages = UINT32_MAX;
}

static void second_without_pages(struct contig_geometry *g)
{
	zones(g, 2,
	      (struct contig_zone[]){ { .pages = 64, .type = ZONE_NORMAL }, { .start = 64, .type = ZONE_NORMAL } });
}

static void overlap_by_one(struct contig_geometry *g)
{
	zones(g, 2,
	      (struct contig_zone[]){ { .pages = 65, .type = ZONE_NORMAL },
	                              { .start = 64, .pages = 64, .type = ZONE_MOVABLE } });
}

static void overlap_backwards(struct contig_geometry *g)
{
	zones(g, 2, (struct contig_zone[]){ { .start = 64, .pages = 64 }, { .pages = 65 } });
}

static void the_same_twice(struct contig_geometry *g)
{
	zones(g, 2, (struct contig_zone[]){ { .pages = 64 }, { .pages = 64, .node = 1 } });
}

static void one_in_another(struct contig_geometry *g)
{
	zones(g, 3,
	      (struct contig_zone[]){ { .pages = 512 }, { .start = 1024, .pages = 64 }, { .start = 100, .pages = 1 } });
}

static void contradictions(void **state)
{
	static const struct {
		void (*make)(struct contig_geometry *g);
		const char *says;
	} cases[] = {
		{ page_small, "page size of 2^8 bytes" },
		{ page_large, "page size of 2^21 bytes" },
		{ m_zero, "MAX_PAGE_ORDER 0: must lie in 1..20" },
		{ m_absurd, "MAX_PAGE_ORDER 21: must lie in 1..20" },
		{ m_wraps, "MAX_PAGE_ORDER 255: must lie in 1..20" },
		{ p_zero, "pageblock_order 0: must lie in 1..20" },
		{ p_absurd, "pageblock_order 64: must lie in 1..20" },
		{ p_above_m, "pageblock_order 5 is above MAX_PAGE_ORDER 4" },
		{ m_above_section, "MAX_PAGE_ORDER 11 is above the section order 10" },
		{ no_cpus, "0 cpus: must lie in 1..1024" },
		{ many_cpus, "1025 cpus: must lie in 1..1024" },
		{ cpu_nowhere, "cpu 1: node 64 does not exist" },
		{ no_zones, "0 zones: must lie in 1..128" },
		{ many_zones, "129 zones: must lie in 1..128" },
		{ no_pages, "zone 0 has no pages" },
		{ second_without_pages, "zone 1 has no pages" },
		{ node_nowhere, "zone 0: node 64 or zone type 1 does not exist" },
		{ type_unknown, "zone 0: node 0 or zone type 3 does not exist" },
		{ init_unknown, "initial state 2 does not exist" },
		{ beyond_32_bit, "beyond what a 32-bit pfn can name" },
		{ last_pfn, "beyond what a 32-bit pfn can name" },
		{ overlap_by_one, "zones 0 and 1 overlap at pfn 64" },
		{ overlap_backwards, "zones 0 and 1 overlap at pfn 64" },
		{ the_same_twice, "zones 0 and 1 overlap at pfn 0" },
		{ one_in_another, "zones 0 and 2 overlap at pfn 100" },
	};
	static const struct contig_hooks no_hooks = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct contig_diag diag = { "" };
		struct contig_geometry g;

		small(&g);
		cases[i].make(&g);
		if (contig_geometry_check(&g, &diag) != -EINVAL || !strstr(diag.text, cases[i].says))
			fail_msg("'%s' instead of '%s'", diag.text, cases[i].says);
		/* the check is part of opening, for a baseline, too */
		for (size_t k = 0; contig_backend_at(k); k++) {
			diag.text[0] = '\0';
			assert_null(contig_open(contig_backend_at(k)->name, &g, &no_hooks, &diag));
			assert_non_null(strstr(diag.text, cases[i].says));
		}
	}
}

/* ---- accepted when it is asked for ----------------------------------------------------------- */

/* Blocks larger than the largest buddy: until v5.18 isolation rounds to the larger of the two; later ones cannot. */
static void big_blocks(void **state)
{
	static const struct contig_hooks no_hooks = { 0 };
	struct contig_diag diag = { "" };
	struct contig_geometry g;

	(void)state;
	small(&g);
	g.pageblock_order = 5;
	g.big_blocks_ok = true;
	assert_int_equal(contig_geometry_check(&g, &diag), 0);
	FOR_EACH_GENERATION(b)
	{
		if (b->preset->iso_align == iso_align_maxpage) {
			for (uint64_t seed = 1; seed < 6; seed++)
				random_run(b->name, &g, seed, 2000);
			continue;
		}
		assert_null(contig_open(b->name, &g, &no_hooks, &diag));
		if (!strstr(diag.text,
		            "works a pageblock at a time: pageblock_order 5 must not be above MAX_PAGE_ORDER 4"))
			fail_msg("%s: %s", b->name, diag.text);
	}
	/* P and M of the same size need no permission */
	small(&g);
	g.pageblock_order = g.max_order;
	FOR_EACH_GENERATION(b)
	random_run(b->name, &g, 1, 1000);
}

static void run_all(const struct contig_geometry *g)
{
	struct contig_diag diag = { "" };

	if (contig_geometry_check(g, &diag))
		fail_msg("%s", diag.text);
	FOR_EACH_GENERATION(b)
	{
		for (uint64_t seed = 1; seed < 4; seed++)
			random_run(b->name, g, seed, 1500);
	}
}

/* A buddy may then cross the border of a section. */
static void big_buddies(void **state)
{
	struct contig_geometry g;

	(void)state;
	small(&g);
	g.section_order = 4;
	g.max_order = 6;
	g.big_buddies_ok = true;
	run_all(&g);
	g.section_order = 0; /* not modelled: nothing to be above */
	g.big_buddies_ok = false;
	run_all(&g);
}

/*
 *	pfn   0       8       16                 ...
 *	      |.......|.......|.......|
 *	          [zone 0        ]                   begins and ends inside a block
 */
static void zones_that_cut_blocks(void **state)
{
	static const struct {
		pfn_t start;
		uint32_t pages;
	} zone[] = { { 4, 93 }, { 1, 192 }, { 7, 185 }, { 0, 191 }, { 3, 40 }, { 8, 100 }, { 5, 10 }, { 1001, 77 } };
	struct contig_geometry g;

	(void)state;
	for (size_t i = 0; i < COUNT(zone); i++) {
		small(&g);
		g.zones[0].start = zone[i].start;
		g.zones[0].pages = zone[i].pages;
		run_all(&g);
		g.max_order = 6;
		run_all(&g);
	}
}

/* Less than a block, down to a single page: nothing to isolate, and nothing to fall over. */
static void tiny_zones(void **state)
{
	struct contig_geometry g;

	(void)state;
	for (uint32_t pages = 1; pages < 10; pages++) {
		small(&g);
		g.zones[0].start = pages * 3;
		g.zones[0].pages = pages;
		run_all(&g);
	}
}

/* One block in two zones, holes between zones, zones in any order, nodes without memory. */
static void several_zones(void **state)
{
	struct contig_geometry g;

	(void)state;
	small(&g);
	zones(&g, 2,
	      (struct contig_zone[]){ { .pages = 100, .type = ZONE_NORMAL },
	                              { .start = 100, .pages = 92, .type = ZONE_NORMAL } });
	run_all(&g);
	small(&g);
	zones(&g, 3,
	      (struct contig_zone[]){ { .pages = 64, .type = ZONE_DMA32 },
	                              { .start = 200, .pages = 100, .type = ZONE_NORMAL },
	                              { .start = 1000, .pages = 60, .type = ZONE_MOVABLE, .node = 1 } });
	run_all(&g);
	small(&g);
	zones(&g, 3,
	      (struct contig_zone[]){ { .start = 600, .pages = 64, .type = ZONE_NORMAL, .node = 5 },
	                              { .start = 3, .pages = 66, .type = ZONE_MOVABLE, .node = 63 },
	                              { .start = 301, .pages = 66, .type = ZONE_NORMAL, .node = 0 } });
	g.cpu_node[1] = 63;
	run_all(&g);
}

/*
 *	pfn   0   4   8
 *	      |...[.......|      the zone begins inside block 0
 *
 * Two requests for its first pages: the second finds the block isolated, and blames a page that there is.
 */
static void blame_lies_in_the_zone(void **state)
{
	static const struct contig_hooks no_hooks = { 0 };
	struct contig_range_args args = { .start = 4, .nr = 4 };
	struct contig_outcome out;
	struct contig_range *r;
	struct contig_work work;
	struct contig_diag diag;
	struct contig_geometry g;

	(void)state;
	small(&g);
	g.zones[0].start = 4;
	/* the releases that isolate a block of which the zone has a part only */
	for (size_t i = 0; i < 3; i++) {
		static const char *const such[] = { "linux-5.10", "rfc-2021", "linux-6.1" };
		struct contig *c = contig_open(such[i], &g, &no_hooks, &diag);

		assert_non_null(c);
		assert_int_equal(contig_range_begin(c, &args, &r), 0);
		assert_int_equal(contig_range_step(r, &work), 1);
		assert_int_equal(contig_range_alloc(c, &args, &out), -EBUSY);
		assert_int_equal(out.autopsy.phase, PHASE_ISOLATE);
		assert_int_equal(out.autopsy.reason, WHY_ALREADY_ISOLATED);
		assert_int_equal(out.autopsy.pfn, 4);
		while (contig_range_step(r, &work))
			;
		contig_range_end(r, &out);
		contig_close(c);
	}
}

/* A block that only alignment brought in costs nothing where only the range of interest is looked at. */
static void nothing_is_scanned_outside(void **state)
{
	static const struct contig_hooks no_hooks = { 0 };
	struct contig_range_args args = { .start = 8, .nr = 8 };
	struct contig_outcome out;
	struct contig_diag diag;
	struct contig_geometry g;

	(void)state;
	small(&g);
	g.max_order = 5;
	struct contig *c = contig_open("linux-5.10+unmovable_scope=range_of_interest", &g, &no_hooks, &diag);

	assert_non_null(c);
	assert_int_equal(contig_range_alloc(c, &args, &out), 0);
	assert_true(out.by_phase[PHASE_ISOLATE].scanned <= 8);
	contig_close(c);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* At most 16 bytes of metadata a page, everything but per-cpu lists; real machines of 64 MiB to 64 GiB. */
static void metadata_is_small(void **state)
{
	static const uint32_t mib[] = { 64, 512, 8192, 65536 };
	static const struct contig_hooks no_hooks = { 0 };
	struct contig_diag diag = { "" };
	struct contig_geometry g;
	struct contig_stats s;

	(void)state;
	for (size_t i = 0; i < COUNT(mib); i++) {
		contig_geometry_x86_64(&g, mib[i] << 8);
		for (size_t k = 0; contig_backend_at(k); k++) {
			struct contig *c = contig_open(contig_backend_at(k)->name, &g, &no_hooks, &diag);

			if (!c)
				fail_msg("%s: %s", contig_backend_at(k)->name, diag.text);
			contig_stats(c, CONTIG_ALL_ZONES, &s);
			assert_true(s.metadata_bytes > 0);
			if (s.metadata_bytes > UINT64_C(16) * g.zones[0].pages)
				fail_msg("%s: %.3f bytes a page of %u MiB", contig_backend_at(k)->name,
				         (double)s.metadata_bytes / g.zones[0].pages, mib[i]);
			contig_close(c);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contradictions),
		cmocka_unit_test(big_blocks),
		cmocka_unit_test(big_buddies),
		cmocka_unit_test(zones_that_cut_blocks),
		cmocka_unit_test(tiny_zones),
		cmocka_unit_test(several_zones),
		cmocka_unit_test(blame_lies_in_the_zone),
		cmocka_unit_test(nothing_is_scanned_outside),
		cmocka_unit_test(metadata_is_small),
	};

	return cmocka_run_group_tests_name("geometry", tests, NULL, NULL);
}
