// SPDX-License-Identifier: MIT
/* test_highatomic.c - the reserve for high-order atomic allocations: who fills it, how far, what it counts, who empties it (9). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/policy.h"
#include "lib/generations.h"
#include "lib/world.h"

static const struct contig_what atomic = { .kind = PAGE_KERNEL, .order = 1, .highatomic = true };

static struct contig_stats stats_of(struct contig *c)
{
	struct contig_stats s;

	contig_stats(c, CONTIG_ALL_ZONES, &s);
	return s;
}

/*
 * 128772 managed pages, as recorded: atomic allocations until the reserve grows no more. What one serves from the reserve adds
 * nothing, so its pages are used up first.
 */
static void cap(void **state)
{
	static const struct {
		const char *backend;
		unsigned int blocks;
	} rows[] = {
		{ "linux-3.16", 0 }, { "linux-4.4", 4 },  { "linux-5.10", 4 }, { "linux-5.18", 4 },
		{ "linux-6.1", 4 },  { "linux-6.10", 3 }, { "linux-6.12", 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static const struct contig_hooks none = { 0 };
		struct contig_geometry g;
		struct contig_diag diag;

		contig_geometry_x86_64(&g, 1u << 17);
		g.zones[0].managed = 128772;
		g.zones[0].wmark_low = 1u << 17;
		struct contig *c = contig_open(rows[i].backend, &g, &none, &diag);

		assert_non_null(c);
		for (owner_t o = 1; o < 8000; o++)
			assert_true(contig_alloc(c, 0, atomic, o) >= 0);
		struct contig_stats s = stats_of(c);

		if (s.reserved_highatomic != rows[i].blocks * 512u || s.blocks[MT_HIGHATOMIC] != rows[i].blocks)
			fail_msg("%s: %llu pages reserved in %llu blocks, not %u blocks", rows[i].backend,
			         (unsigned long long)s.reserved_highatomic, (unsigned long long)s.blocks[MT_HIGHATOMIC],
			         rows[i].blocks);
		assert_int_equal(c->ops->lab->verify(c, &diag), 0);
		contig_close(c);
	}
}

/* Not while the zone is above its low mark, whatever the release: rights to the reserve belong to the slow path. */
static void trigger(void **state)
{
	static const struct contig_hooks none = { 0 };

	(void)state;
	FOR_EACH_GENERATION(b)
	{
		for (unsigned int is_short = 0; is_short < 2; is_short++) {
			bool reserves = is_short && b->preset->highatomic_cap != highatomic_cap_none;
			struct contig_geometry g;
			struct contig_diag diag;
			char spec[64];

			contig_geometry_x86_64(&g, 1u << 17);
			g.zones[0].wmark_low = is_short ? 1u << 17 : 0;
			/* v7.x: and not from a per-cpu list */
			snprintf(spec, sizeof(spec), "%s+pcp_orders=zero", b->name);
			struct contig *c = contig_open(spec, &g, &none, &diag);

			assert_non_null(c);
			assert_true(contig_alloc(c, 0, atomic, 1) >= 0);
			assert_int_equal(stats_of(c).reserved_highatomic, reserves ? 512 : 0);
			assert_int_equal(c->ops->lab->verify(c, &diag), 0);
			contig_close(c);
		}
	}
}

/*
 * A reserved block is for atomic allocations alone, until nobody else finds anything: then it goes to whoever asked.
 *
 *   [HU] F3 | K*8
 */
static void unreserve(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		struct contig_what movable = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE };
		const struct contig_policy *p = b->preset;
		struct world w;

		if (p->highatomic_cap == highatomic_cap_none)
			continue;
		world_open_alone(&w, b->name, "[HU] F3 | K*8");
		assert_int_equal(w.c->ops->lab->unreserve(w.c, MT_RECLAIMABLE, false), 0);
		assert_int_equal(w.c->ops->lab->unreserve(w.c, MT_RECLAIMABLE, true), 1);
		world_expect(&w, "[RU] F3 | K*8");
		/* the lab's block was never counted in, and is not counted out */
		assert_int_equal(stats_of(w.c).reserved_highatomic, 0);
		world_verify(&w);
		world_close(&w);
		/* the same, behind an allocation that would have failed */
		world_open_alone(&w, b->name, "[HU] F3 | K*8");
		assert_int_equal(contig_alloc(w.c, 0, movable, 100), 0);
		world_expect_types(&w, "MU");
		world_close(&w);
	}
}

/* HA4, HA5: a block of the reserve that isolation gives back as MOVABLE stays counted and can never be unreserved. */
static void isolation_leaks(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		static const struct contig_hooks none = { 0 };
		const struct contig_policy *p = b->preset;
		struct contig_range_args args = { .op = RANGE_ISOLATE };
		struct contig_outcome out;
		struct contig_geometry g;
		struct contig_diag diag;

		if (p->highatomic_cap == highatomic_cap_none)
			continue;
		contig_geometry_x86_64(&g, 1u << 17);
		g.zones[0].wmark_low = 1u << 17; /* v7.x reserves below it only */
		struct contig *c = contig_open(b->name, &g, &none, &diag);
		int64_t pfn = contig_alloc(
			c, 0, (struct contig_what){ .kind = PAGE_KERNEL, .order = 4, .highatomic = true }, 1);

		assert_true(pfn >= 0);
		assert_int_equal(contig_free(c, 0, (pfn_t)pfn, 1), 0);
		c->ops->lab->drain(c);
		assert_int_equal(stats_of(c).reserved_highatomic, 512);
		args.start = (pfn_t)pfn & ~1023u;
		args.nr = 1024;
		assert_int_equal(contig_range_alloc(c, &args, &out), 0);
		args.op = RANGE_UNDO;
		assert_int_equal(contig_range_alloc(c, &args, &out), 0);
		bool kept = p->undo_type == undo_type_preserved;

		assert_int_equal(stats_of(c).reserved_highatomic, 512);
		assert_int_equal(stats_of(c).blocks[MT_HIGHATOMIC], kept);
		assert_int_equal(c->ops->lab->unreserve(c, MT_MOVABLE, true), kept);
		assert_int_equal(stats_of(c).reserved_highatomic, kept ? 0 : 512);
		assert_int_equal(c->ops->lab->verify(c, &diag), 0);
		contig_close(c);
	}
}

/*
 * What a watermark check takes off for the reserve: all of it, used pages too, or from 6.12.y on its free ones.
 *
 *   256 pages, 8 of them reserved, of which 6 are in use
 */
static void held_against_others(void **state)
{
	static const struct {
		const char *backend;
		uint32_t free_left; /* pages an ordinary allocation has left when it gets nothing any more */
	} rows[] = { { "linux-5.10", 8 }, { "linux-6.1", 8 }, { "linux-6.12", 2 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct contig_what movable = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE };
		struct world w;
		char spec[64];

		/* with the cap of 6.1 for all, as 256 pages are too few for the later one; per-cpu lists know no reserve */
		snprintf(spec, sizeof(spec), "%s+highatomic_cap=plus_block+pcp_orders=zero", rows[i].backend);
		world_open_short(&w, spec, "[MM] F4");
		for (owner_t o = 100; o < 103; o++)
			assert_true(contig_alloc(w.c, 0, atomic, o) >= 0);
		assert_int_equal(stats_of(w.c).reserved_highatomic, NPB);
		world_drain(&w);
		assert_true(w.c->ops->lab->watermark(w.c, 0, movable, false));
		for (owner_t o = 103; w.c->ops->lab->watermark(w.c, 0, movable, false); o++) {
			assert_true(contig_alloc(w.c, 0, movable, o) >= 0);
			world_drain(&w);
		}
		struct contig_stats s = stats_of(w.c);

		if (s.free != rows[i].free_left)
			fail_msg("%s: %llu pages left, not %u", spec, (unsigned long long)s.free, rows[i].free_left);
		world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cap),
		cmocka_unit_test(trigger),
		cmocka_unit_test(unreserve),
		cmocka_unit_test(isolation_leaks),
		cmocka_unit_test(held_against_others),
	};

	return cmocka_run_group_tests_name("highatomic", tests, NULL, NULL);
}
