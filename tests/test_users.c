// SPDX-License-Identifier: MIT
/*
 * test_users.c - the other users of contiguous memory (7.3-7.6): gigantic pages, memory offline and online, balloons,
 * the memory of a powerpc dump. Blocks are of 8 pages (P = 3, M = 4), memory sections of 16.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/users/balloon.h"
#include "../allocators/users/fadump.h"
#include "../allocators/users/gigantic.h"
#include "../allocators/users/memory_block.h"
#include "lib/users.h"

/* ---- gigantic pages -------------------------------------------------------------------------- */

static int gigantic(struct users *u, uint32_t pages)
{
	const struct gigantic_params p = { .pages = pages };
	struct user_request *r;

	assert_int_equal(gigantic_alloc_begin(&u->m, &p, &r), 0);
	return users_run(u, r);
}

struct look {
	const char *name;
	const char *drawing; /* of pages 0 to 31; free memory behind */
	struct {
		pfn_t start;
		uint32_t calls;
	} expect[3]; /* 5.10, 6.1, 7.2 */
};

/*
 * A page of 32. Until v5.10 a range with a page in use is not asked for; later releases ask for what they hope to
 * empty: 6.1 for anything that is neither reserved nor hugetlb, 7.x for what has no unmovable page.
 */
static void quick_look(void **state)
{
	static const char *const backends[] = { "linux-5.10", "linux-6.1", "linux-7.2" };
	static const struct look looks[] = {
		{ "free", "[MMMM] F4 | F4", { { 0, 1 }, { 0, 1 }, { 0, 1 } } },
		{ "movable", "[MMMM] L F0 F1 F2 | F3 | F4", { { 32, 1 }, { 0, 1 }, { 0, 1 } } },
		{ "unmovable", "[MMMM] K F0 F1 F2 | F3 | F4", { { 32, 1 }, { 32, 2 }, { 32, 1 } } },
		{ "not on the LRU", "[MMMM] X F0 F1 F2 | F3 | F4", { { 32, 1 }, { 32, 2 }, { 32, 1 } } },
		{ "huge, on the LRU", "[MMMM] T3 | F3 | F4", { { 32, 1 }, { 0, 1 }, { 0, 1 } } },
		/* refcount 0, and nobody's: only the final test sees it */
		{ "frozen", "[MMMM] P F0 F1 F2 | F3 | F4", { { 32, 2 }, { 32, 2 }, { 32, 2 } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		for (size_t k = 0; k < 3; k++) {
			struct users u;

			users_open(&u, backends[k], looks[i].drawing);
			if (gigantic(&u, 32) || u.out.start != looks[i].expect[k].start ||
			    u.out.calls != looks[i].expect[k].calls)
				fail_msg("%s, %s: %d at pfn %u after %u calls", backends[k], looks[i].name, u.out.rc,
				         u.out.start, u.out.calls);
			users_close(&u);
		}
	}
}

/*
 *	0       32
 *	H....   H....		a hugetlb page of a block in each range of the zone: until v6.12 none is asked for; 7.x
 *				goes round a second time and takes what is smaller than what it wants
 */
static void hugetlb_in_a_second_pass(void **state)
{
	static const struct {
		const char *backend;
		int rc;
		uint32_t calls;
	} rows[] = { { "linux-5.10", -ENOMEM, 0 }, { "linux-6.1", -ENOMEM, 0 }, { "linux-7.2", 0, 1 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct users u;

		users_open_zone(&u, rows[i].backend, 64, ZONE_NORMAL);
		for (pfn_t pfn = 0; pfn < 64; pfn += 32) {
			users_occupy(&u, pfn, 8);
			assert_int_equal(u.m.lab->convert(u.w.c, pfn, 8, PAGE_HUGETLB, 1 + pfn / 32), 0);
			u.w.at[1 + pfn / 32] = pfn;
		}
		assert_int_equal(gigantic(&u, 32), rows[i].rc);
		assert_int_equal(u.out.calls, rows[i].calls);
		if (rows[i].rc) {
			assert_int_equal(u.out.autopsy.phase, PHASE_SEARCH);
			assert_int_equal(u.out.autopsy.reason, WHY_HUGETLB);
		} else {
			assert_int_equal(u.out.start, 0);
			assert_int_equal(u.w.moves, 1);
			/* what is no smaller is not taken in any pass: this one is in the way now */
			assert_int_equal(gigantic(&u, 32), -ENOMEM);
		}
		users_close(&u);
	}
}

/* The result is hugetlb, is left alone by the next search, and comes back whole; what was not got can not be freed. */
static void result_and_free(void **state)
{
	static const char *const backends[] = { "linux-5.10", "linux-6.1", "linux-6.12", "linux-7.2" };
	const struct gigantic_params p = { .pages = 32 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct contig_stats before, after;
		struct user_request *r;
		struct users u;

		users_open_zone(&u, backends[i], 64, ZONE_NORMAL);
		contig_stats(u.w.c, CONTIG_ALL_ZONES, &before);
		assert_int_equal(gigantic(&u, 32), 0);
		users_expect_kind(&u, 0, 32, PAGE_GIGANTIC);
		assert_int_equal(gigantic(&u, 32), 0);
		assert_int_equal(u.out.start, 32);
		assert_int_equal(gigantic(&u, 32), -ENOMEM);
		assert_int_equal(u.out.calls, 0);
		assert_int_equal(gigantic_free(&u.m, &p, 0), 0);
		assert_int_equal(gigantic_free(&u.m, &p, 0), -EINVAL);
		assert_int_equal(gigantic_free(&u.m, &p, 48), -EINVAL);
		assert_int_equal(gigantic_free(&u.m, &p, 32), 0);
		world_drain(&u.w);
		contig_stats(u.w.c, CONTIG_ALL_ZONES, &after);
		assert_int_equal(after.free, before.free);
		/* no range of the zone is large enough */
		assert_int_equal(gigantic(&u, 128), -ENOMEM);
		assert_int_equal(u.out.autopsy.reason, WHY_NO_CANDIDATE);
		assert_int_equal(gigantic_alloc_begin(&u.m, &(struct gigantic_params){ 0 }, &r), -EINVAL);
		users_close(&u);
	}
}

/*
 *	node 0: [0, 64) Normal, node 1: [64, 104) DMA32, [104, 200) Movable
 *
 * For node 1: Movable first, from the first multiple of 32 in it (128), then DMA32 ([64, 96)), then node 0.
 */
static void zones_in_order(void **state)
{
	static const pfn_t expected[] = { 128, 160, 64, 0, 32 };
	struct gigantic_params p = { .pages = 32, .node = 1 };
	const struct contig_hooks none = { 0 };
	struct contig_geometry g;
	struct user_request *r;
	struct users u;

	(void)state;
	memset(&u, 0, sizeof(u));
	contig_geometry_x86_64(&g, 64);
	g.pageblock_order = 3;
	g.max_order = 4;
	g.nr_zones = 3;
	g.zones[0] = (struct contig_zone){ .pages = 64, .type = ZONE_NORMAL, .wmark_min = 1 };
	g.zones[1] = (struct contig_zone){ .start = 64, .pages = 40, .node = 1, .type = ZONE_DMA32, .wmark_min = 1 };
	g.zones[2] = (struct contig_zone){ .start = 104, .pages = 96, .node = 1, .type = ZONE_MOVABLE, .wmark_min = 1 };
	u.w.c = contig_open("linux-6.1", &g, &none, &u.diag);
	assert_non_null(u.w.c);
	assert_int_equal(user_machine_init(&u.m, u.w.c, &g, &u.w.drivers, &u.diag), 0);
	for (size_t i = 0; i < 5; i++) {
		p.this_node = i == 3;
		assert_int_equal(gigantic_alloc_begin(&u.m, &p, &r), 0);
		if (p.this_node) {
			assert_int_equal(user_run(r, &u.out), -ENOMEM);
			p.this_node = false;
			assert_int_equal(gigantic_alloc_begin(&u.m, &p, &r), 0);
		}
		assert_int_equal(user_run(r, &u.out), 0);
		assert_int_equal(u.out.start, expected[i]);
	}
	contig_close(u.w.c);
}

/*
 *	0       64      128	CMA area of [64, 128): asked first, although [0, 32) is free; then the zone, where the
 *	........CCCCCCCC	area's blocks are no place for anybody but CMA
 */
static void cma_areas_first(void **state)
{
	static const char *const backends[] = { "linux-5.10", "linux-6.1", "linux-7.2" };
	static const pfn_t expected[] = { 64, 96, 0, 32 };
	const struct cma_range range = { 64, 64 };

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct gigantic_params p = { .pages = 32 };
		struct user_request *r;
		struct cma_area *a;
		struct users u;

		users_open_zone(&u, backends[k], 128, ZONE_NORMAL);
		assert_int_equal(cma_open(&u.m, &p.cma), 0);
		assert_int_equal(cma_area_add(p.cma, &range, 1, 0, &a, &u.diag), 0);
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(gigantic_alloc_begin(&u.m, &p, &r), 0);
			assert_int_equal(users_run(&u, r), 0);
			assert_int_equal(u.out.start, expected[i]);
		}
		assert_int_equal(cma_available(a), 0);
		assert_int_equal(gigantic_free(&u.m, &p, 96), 0);
		assert_int_equal(cma_available(a), 32);
		assert_int_equal(gigantic_free(&u.m, &p, 0), 0);
		/* of another node: areas elsewhere are asked unless it must be this node */
		p.node = 1;
		p.this_node = true;
		assert_int_equal(gigantic_alloc_begin(&u.m, &p, &r), 0);
		assert_int_equal(users_run(&u, r), -ENOMEM);
		assert_int_equal(u.out.calls, 0);
		p.this_node = false;
		assert_int_equal(gigantic_alloc_begin(&u.m, &p, &r), 0);
		assert_int_equal(users_run(&u, r), 0);
		assert_int_equal(u.out.start, 96);
		cma_close(p.cma);
		users_close(&u);
	}
}

/*
 *	[MM] F4		two requests for both blocks, which v3.16 lets both isolate
 *
 * The second meets pages that the first has taken and not got yet. They are nobody's: the autopsy names no owner.
 */
static void pages_just_taken_have_no_owner(void **state)
{
	const struct contig_range_args args = { .nr = 16 };
	struct contig_range *first, *second;
	struct contig_outcome out;
	struct contig_work work;
	struct users u;

	(void)state;
	users_open(&u, "linux-3.16", "[MM] F4");
	assert_int_equal(contig_range_begin(u.w.c, &args, &first), 0);
	do
		assert_int_equal(contig_range_step(first, &work), 1);
	while (!work.grabbed);
	assert_int_equal(contig_range_begin(u.w.c, &args, &second), 0);
	while (contig_range_step(second, &work))
		;
	contig_range_end(second, &out);
	assert_int_equal(out.rc, -EBUSY);
	assert_int_equal(out.autopsy.kind, PAGE_CONTIG);
	assert_true(out.autopsy.owner == OWNER_NONE);
	while (contig_range_step(first, &work))
		;
	contig_range_end(first, &out);
	assert_int_equal(out.rc, 0);
	users_close(&u);
}

/* ---- memory offline and online --------------------------------------------------------------- */

static void open_blocks(struct users *u, struct memory_blocks *b, const char *backend, const char *drawing)
{
	users_open(u, backend, drawing);
	assert_int_equal(memory_blocks_init(b, &u->m, 16, &u->diag), 0);
}

static int offline(struct users *u, struct memory_blocks *b, pfn_t start, uint32_t nr, uint16_t passes)
{
	struct user_request *r;

	if (memory_offline_begin(b, start, nr, 0, passes, &r, &u->diag))
		fail_msg("%s: %s", u->w.c->ops->name, u->diag.text);
	return users_run(u, r);
}

static int online(struct users *u, struct memory_blocks *b, pfn_t start, uint32_t nr)
{
	struct user_request *r;

	if (memory_online_begin(b, start, nr, 0, &r, &u->diag))
		fail_msg("%s: %s", u->w.c->ops->name, u->diag.text);
	return users_run(u, r);
}

static const char *const offliners[] = { "linux-5.10", "linux-5.18", "linux-6.1", "linux-6.12", "linux-7.2" };
#define NR_OFFLINERS (sizeof(offliners) / sizeof(offliners[0]))

/*
 *	[UM] L*8 | F0 L F1 F2		an unmovable page in the second block: nothing is migrated out of the first
 *	           K instead of L
 */
static void unmovable_page_fails_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_OFFLINERS; i++) {
		struct memory_blocks b;
		struct users u;

		open_blocks(&u, &b, offliners[i], "[UM] L*8 | F0 K F1 F2");
		assert_int_equal(offline(&u, &b, 0, 16, 3), -EBUSY);
		assert_int_equal(u.out.autopsy.phase, PHASE_ISOLATE);
		assert_int_equal(u.out.autopsy.reason, WHY_UNMOVABLE);
		assert_int_equal(u.out.autopsy.pfn, 9);
		assert_int_equal(u.out.total.migrated, 0);
		assert_int_equal(u.w.moves, 0);
		assert_int_equal(u.out.calls, 1);
		assert_int_equal(u.out.nr, 0);
		users_close(&u);
	}
}

/*
 *	[UM] L*8 | F3, page 3 pinned: the others go, the pinned one does not, until the operator loses patience.
 *	     types afterwards: MM until v6.16, UM in 7.2
 */
static void pinned_page_ends_with_the_signal(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_OFFLINERS; i++) {
		struct memory_blocks b;
		struct users u;

		open_blocks(&u, &b, offliners[i], "[UM] L*8 | F3");
		assert_int_equal(u.m.lab->pin(u.w.c, 3, true), 0);
		assert_int_equal(offline(&u, &b, 0, 16, 3), -EINTR);
		assert_int_equal(u.out.autopsy.reason, WHY_PINNED);
		assert_int_equal(u.out.autopsy.pfn, 3);
		assert_int_equal(u.w.moves, 7);
		assert_int_equal(u.out.total.migrated, 7);
		world_expect_types(&u.w, strcmp(offliners[i], "linux-7.2") ? "MM" : "UM");
		/* once it is let go, it goes */
		assert_int_equal(u.m.lab->pin(u.w.c, 3, false), 0);
		assert_int_equal(offline(&u, &b, 0, 16, 3), 0);
		users_expect_kind(&u, 0, 16, PAGE_ABSENT);
		users_close(&u);
	}
}

/*
 *	[UM] L*8 | F3	-> absent -> [MM] F4: what comes online is MOVABLE and merges
 */
static void online_merges(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_OFFLINERS; i++) {
		struct contig_stats before, away, after;
		struct memory_blocks b;
		struct users u;

		open_blocks(&u, &b, offliners[i], "[UM] L*8 | F3");
		contig_stats(u.w.c, CONTIG_ALL_ZONES, &before);
		assert_int_equal(offline(&u, &b, 0, 16, 0), 0);
		assert_int_equal(u.out.nr, 16);
		contig_stats(u.w.c, CONTIG_ALL_ZONES, &away);
		assert_int_equal(away.managed, before.managed - 16);
		assert_int_equal(away.free, before.free - 16);
		assert_int_equal(away.isolated, 0);
		assert_int_equal(online(&u, &b, 0, 16), 0);
		assert_int_equal(u.out.nr, 16);
		assert_int_equal(u.out.calls, 0);
		contig_stats(u.w.c, CONTIG_ALL_ZONES, &after);
		assert_int_equal(after.managed, before.managed);
		assert_int_equal(after.free, before.free);
		world_expect(&u.w, "[MM] F4");
		users_close(&u);
	}
}

static void bad_blocks(void **state)
{
	struct memory_blocks b;
	struct user_request *r;
	struct users u;

	(void)state;
	open_blocks(&u, &b, "linux-6.1", "[MM] F4");
	assert_int_equal(memory_offline_begin(&b, 8, 16, 0, 0, &r, &u.diag), -EINVAL);
	users_expect_said(&u, "offline of 16 pages at pfn 8: memory blocks are of 16 pages");
	assert_int_equal(memory_offline_begin(&b, 0, 0, 0, 0, &r, &u.diag), -EINVAL);
	assert_int_equal(memory_online_begin(&b, 0, 8, 0, &r, &u.diag), -EINVAL);
	assert_int_equal(memory_offline_begin(&b, WORLD_PAGES - 16, 32, 0, 0, &r, &u.diag), -EINVAL);
	users_expect_said(&u, "in no one zone");
	assert_int_equal(memory_online_begin(&b, 0, 16, 0, &r, &u.diag), -EINVAL);
	users_expect_said(&u, "page 0 is there already");
	assert_int_equal(offline(&u, &b, 16, 16, 0), 0);
	assert_int_equal(memory_offline_begin(&b, 0, 32, 0, 0, &r, &u.diag), -EINVAL);
	users_expect_said(&u, "page 16 is not there");
	assert_int_equal(memory_online_begin(&b, 0, 32, 0, &r, &u.diag), -EINVAL);
	users_close(&u);
}

/* Two memory blocks at once: the hotplug lock lets one go after the other. */
static void one_hotplug_at_a_time(void **state)
{
	struct user_request *first, *second;
	struct memory_blocks b;
	struct users u;

	(void)state;
	open_blocks(&u, &b, "linux-7.2", "[MMMM] F4 | F4");
	assert_int_equal(memory_offline_begin(&b, 0, 16, 0, 0, &first, &u.diag), 0);
	assert_int_equal(memory_offline_begin(&b, 16, 16, 0, 0, &second, &u.diag), 0);
	users_step(first);
	assert_int_equal(users_step(second), USER_WAITS);
	assert_int_equal(users_finish(&u, first), 0);
	assert_int_equal(users_finish(&u, second), 0);
	assert_int_equal(u.out.waits, 1);
	users_expect_kind(&u, 0, 32, PAGE_ABSENT);
	users_close(&u);
}

/* ---- balloons -------------------------------------------------------------------------------- */

/*
 *	[U] B*k K*u F...	isolating it, linux-3.6 (8.12): k + u <= what the driver reports
 */
static void balloon_rows(void **state)
{
	static const struct {
		const char *backend, *drawing;
		uint32_t balloon; /* pages from 0 on */
		struct balloon_answers answers;
		int rc;
	} rows[] = {
		{ "linux-3.6", "[UM] K*2 F1 F2 | F3", 2, { 0 }, 0 },
		{ "linux-3.6", "[UM] K*3 F0 F2 | F3", 2, { 0 }, -EBUSY },
		{ "linux-3.6", "[UM] K*8 | F3", 8, { 0 }, 0 },
		/* pages that can move do not count */
		{ "linux-3.6", "[UM] K*2 L*6 | F3", 2, { 0 }, 0 },
		/* a driver that reports one page less, and one that says no */
		{ "linux-3.6", "[UM] K*2 F1 F2 | F3", 2, { .found_at_most = 1 }, -EBUSY },
		{ "linux-3.6", "[UM] K*2 F1 F2 | F3", 2, { .isolating = -EPERM }, -EBUSY },
		{ "linux-4.4", "[UM] K*2 F1 F2 | F3", 2, { 0 }, 0 },
		/* v5.6: nobody asks, and a balloon's page is like any other that can not move */
		{ "linux-5.10", "[UM] K*2 F1 F2 | F3", 2, { 0 }, -EBUSY },
		{ "linux-5.10", "[UM] F3 | F3", 0, { .isolating = -EPERM }, 0 },
		{ "linux-5.10+iso_notifier=chain", "[UM] F3 | F3", 0, { .isolating = -EPERM }, -EBUSY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct contig_range_args args = { .nr = 8, .op = RANGE_ISOLATE };
		struct contig_outcome out;
		struct balloon *b;
		struct users u;

		users_open(&u, rows[i].backend, rows[i].drawing);
		assert_int_equal(balloon_open(&u.m, &b), 0);
		if (rows[i].balloon)
			assert_int_equal(balloon_adopt(b, 0, rows[i].balloon), 0);
		balloon_set_answers(b, rows[i].answers);
		if (contig_range_alloc(u.w.c, &args, &out) != rows[i].rc)
			fail_msg("row %zu, %s %s: %d", i, rows[i].backend, rows[i].drawing, out.rc);
		balloon_close(b);
		users_close(&u);
	}
}

/*
 * [UM] B B F1 F2 | F3, offline: 3.6 frees the balloon's pages when memory goes; from v5.6 on they lose their reference
 * and go with it; a balloon that does neither fails it in the final test.
 */
static void balloon_lets_go(void **state)
{
	static const struct {
		const char *backend;
		enum balloon_release release;
		int rc;
		uint32_t left; /* pages the balloon has afterwards */
	} rows[] = {
		{ "linux-3.6", BALLOON_FREES, 0, 0 },      { "linux-3.6", BALLOON_KEEPS, -EBUSY, 2 },
		{ "linux-5.10", BALLOON_DROPS, 0, 2 },     { "linux-6.1", BALLOON_DROPS, 0, 2 },
		{ "linux-7.2", BALLOON_DROPS, 0, 2 },      { "linux-7.2", BALLOON_FREES, 0, 0 },
		{ "linux-7.2", BALLOON_KEEPS, -EBUSY, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct memory_blocks blocks;
		struct balloon *b;
		struct users u;

		open_blocks(&u, &blocks, rows[i].backend, "[UM] K*2 F1 F2 | F3");
		assert_int_equal(balloon_open(&u.m, &b), 0);
		assert_int_equal(balloon_adopt(b, 0, 2), 0);
		if (rows[i].release == BALLOON_KEEPS)
			balloon_set_release(b, rows[i].release);
		if (rows[i].release == BALLOON_FREES && !strcmp(rows[i].backend, "linux-7.2"))
			balloon_set_release(b, BALLOON_FREES);
		int rc = offline(&u, &blocks, 0, 16, 2);

		if (rc != rows[i].rc)
			fail_msg("%s: %d in phase %s: %s", rows[i].backend, rc, contig_phase_name(u.out.autopsy.phase),
			         contig_reason_name(u.out.autopsy.reason));
		assert_int_equal(balloon_pages(b, 0, 16), rows[i].left);
		users_expect_kind(&u, 2, 2, rc ? PAGE_FREE : PAGE_ABSENT);
		balloon_close(b);
		users_close(&u);
	}
}

/*
 * The second driver on the chain says no: the third is not asked, the first takes its references again, and the block
 * is as it was.
 */
static void veto(void **state)
{
	struct balloon *first, *second, *third;
	struct memory_blocks blocks;
	struct contig_run run;
	struct users u;

	(void)state;
	open_blocks(&u, &blocks, "linux-7.2", "[UM] K*2 F1 F2 | F3");
	assert_int_equal(balloon_open(&u.m, &first), 0);
	assert_int_equal(balloon_open(&u.m, &second), 0);
	assert_int_equal(balloon_open(&u.m, &third), 0);
	assert_int_equal(balloon_adopt(first, 0, 2), 0);
	balloon_set_answers(second, (struct balloon_answers){ .going_offline = -EPERM });
	assert_int_equal(offline(&u, &blocks, 0, 16, 2), -EPERM);
	assert_int_equal(u.out.autopsy.reason, WHY_VETO);
	assert_int_equal(u.out.total.migrated, 0);
	for (pfn_t pfn = 0; pfn < 2; pfn++) {
		u.m.lab->run(u.w.c, pfn, &run);
		assert_int_equal(run.kind, PAGE_OFFLINE);
		assert_false(run.frozen);
	}
	world_expect_types(&u.w, "UM");
	balloon_close(second);
	assert_int_equal(offline(&u, &blocks, 0, 16, 2), 0);
	balloon_close(third);
	balloon_close(first);
	users_close(&u);
}

/* Inflate until nothing is left, deflate: every page comes back. */
static void inflate_and_deflate(void **state)
{
	static const char *const backends[] = { "linux-3.6", "linux-5.10", "linux-7.2" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct contig_stats before, after;
		struct balloon *b;
		struct users u;

		users_open(&u, backends[i], "[MM] F4");
		contig_stats(u.w.c, CONTIG_ALL_ZONES, &before);
		assert_int_equal(balloon_open(&u.m, &b), 0);
		assert_int_equal(balloon_inflate(b, 0, 20), 20);
		assert_int_equal(balloon_pages(b, 0, WORLD_PAGES), 20);
		world_verify(&u.w);
		uint32_t more = balloon_inflate(b, 0, WORLD_PAGES);

		assert_in_range(more, 1, WORLD_PAGES - 20);
		assert_int_equal(balloon_deflate(b, 0, WORLD_PAGES), 20 + more);
		world_drain(&u.w);
		contig_stats(u.w.c, CONTIG_ALL_ZONES, &after);
		assert_int_equal(after.free, before.free);
		assert_int_equal(balloon_adopt(b, 0, 1), -EINVAL); /* free pages are nobody's to adopt */
		balloon_close(b);
		users_close(&u);
	}
}

/* ---- fadump ---------------------------------------------------------------------------------- */

/*
 *	reserved: 20 pages from 10 on	[10, 30)
 *
 *	until v5.18	base up to 16, size up to 32	[16, 48)
 *	v5.19-v6.x	base up to 16, size up to 24	[16, 40)
 *	7.x		the aligned part		[16, 24)
 */
static void fadump_by_release(void **state)
{
	static const struct {
		const char *backend;
		struct cma_range expect;
	} rows[] = {
		{ "linux-5.10", { 16, 32 } }, { "linux-5.18", { 16, 32 } }, { "linux-6.1", { 16, 24 } },
		{ "linux-6.12", { 16, 24 } }, { "linux-7.2", { 16, 8 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cma_area *a;
		struct cma_range r;
		struct cma *cma;
		struct users u;

		users_open(&u, rows[i].backend, "[MM] F4");
		assert_int_equal(fadump_cma_range(u.m.policy, &u.w.g, 10, 20, &r, &u.diag), 0);
		assert_int_equal(r.base, rows[i].expect.base);
		assert_int_equal(r.pages, rows[i].expect.pages);
		/* and CMA takes it */
		assert_int_equal(cma_open(&u.m, &cma), 0);
		assert_int_equal(cma_area_add(cma, &r, 1, 0, &a, &u.diag), 0);
		cma_close(cma);
		assert_int_equal(fadump_cma_range(u.m.policy, &u.w.g, WORLD_PAGES, 64, &r, &u.diag), -EINVAL);
		users_expect_said(&u, "in no one zone");
		users_close(&u);
	}
}

static void fadump_with_nothing_left(void **state)
{
	struct cma_range r;
	struct users u;

	(void)state;
	users_open(&u, "linux-7.2", "[MM] F4");
	assert_int_equal(fadump_cma_range(u.m.policy, &u.w.g, 9, 14, &r, &u.diag), -EINVAL);
	users_expect_said(&u, "reserve more");
	users_close(&u);
}

/* ---- backends that have none of it ----------------------------------------------------------- */

static void baseline_is_refused(void **state)
{
	const struct contig_hooks none = { 0 };
	struct contig_diag diag = { "" };
	struct user_drivers drivers = { NULL };
	struct contig_geometry g;
	struct user_machine m;

	(void)state;
	contig_geometry_x86_64(&g, 4096);
	struct contig *c = contig_open("first-fit", &g, &none, &diag);

	assert_non_null(c);
	assert_int_equal(user_machine_init(&m, c, &g, &drivers, &diag), -EOPNOTSUPP);
	assert_non_null(strstr(diag.text, "first-fit has no pageblock types"));
	contig_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quick_look),
		cmocka_unit_test(hugetlb_in_a_second_pass),
		cmocka_unit_test(result_and_free),
		cmocka_unit_test(zones_in_order),
		cmocka_unit_test(cma_areas_first),
		cmocka_unit_test(pages_just_taken_have_no_owner),
		cmocka_unit_test(unmovable_page_fails_at_once),
		cmocka_unit_test(pinned_page_ends_with_the_signal),
		cmocka_unit_test(online_merges),
		cmocka_unit_test(bad_blocks),
		cmocka_unit_test(one_hotplug_at_a_time),
		cmocka_unit_test(balloon_rows),
		cmocka_unit_test(balloon_lets_go),
		cmocka_unit_test(veto),
		cmocka_unit_test(inflate_and_deflate),
		cmocka_unit_test(fadump_by_release),
		cmocka_unit_test(fadump_with_nothing_left),
		cmocka_unit_test(baseline_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
