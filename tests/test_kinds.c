// SPDX-License-Identifier: MIT
/*
 * test_kinds.c - one page of each kind in an otherwise free block, and a request for that block: who finds it when (6, 5.2).
 *
 *   [MM] ? F0 F1 F2 | F3        ? is the page, request 0+8; or
 *   [MM] ?3 | F3                the page fills the block
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "lib/generations.h"
#include "lib/world.h"

/* Groups of generations that agree about all of this, by their last. */
enum group {
	BY_TYPE, /* until linux-4.4: a MOVABLE block is not looked into */
	BY_PAGE, /* linux-5.10 */
	HUGE,    /* all later: hugetlb pages are replaced */
	NR_GROUPS
};

static enum group group_of(const char *name)
{
	if (!strncmp(name, "linux-3.", 8) || !strcmp(name, "linux-4.4"))
		return BY_TYPE;
	return strcmp(name, "linux-5.10") ? HUGE : BY_PAGE;
}

struct answer {
	enum contig_phase phase; /* PHASE_DONE: granted */
	enum contig_reason why;
};

/* clang-format off */
#define OK       { PHASE_DONE, WHY_NONE }
#define EARLY(w) { PHASE_ISOLATE, WHY_##w }
#define LATE(w)  { PHASE_TEST, WHY_##w }
#define STOP(w)  { PHASE_MIGRATE, WHY_##w }

static const struct {
	enum page_kind kind;
	unsigned int order; /* 0, or 3 for the whole block */
	bool frozen, pinned;
	struct answer answer[NR_GROUPS];
} rows[] = {
	/* kind             order frozen pinned   until 4.4           5.10                later */
	{ PAGE_KERNEL,       0,    false, false, { LATE(UNMOVABLE),    EARLY(UNMOVABLE),   EARLY(UNMOVABLE) } },
	{ PAGE_KERNEL,       3,    false, false, { LATE(UNMOVABLE),    EARLY(UNMOVABLE),   EARLY(UNMOVABLE) } },
	{ PAGE_KERNEL,       0,    true,  false, { LATE(UNMOVABLE),    LATE(UNMOVABLE),    LATE(UNMOVABLE) } },
	{ PAGE_KERNEL,       3,    true,  false, { LATE(UNMOVABLE),    EARLY(UNMOVABLE),   EARLY(UNMOVABLE) } },
	{ PAGE_RECLAIMABLE,  0,    false, false, { LATE(UNMOVABLE),    EARLY(UNMOVABLE),   EARLY(UNMOVABLE) } },
	{ PAGE_NONCOMPOUND,  3,    false, false, { LATE(UNMOVABLE),    EARLY(UNMOVABLE),   EARLY(UNMOVABLE) } },
	{ PAGE_LRU,          0,    false, false, { OK,                 OK,                 OK } },
	{ PAGE_LRU,          0,    false, true,  { LATE(PINNED),       LATE(PINNED),       LATE(PINNED) } },
	{ PAGE_LRU,          0,    true,  false, { LATE(UNMOVABLE),    LATE(UNMOVABLE),    LATE(UNMOVABLE) } },
	{ PAGE_LRU_COMPOUND, 3,    false, false, { LATE(COMPOUND),     OK,                 OK } },
	{ PAGE_LRU_COMPOUND, 3,    false, true,  { LATE(PINNED),       LATE(PINNED),       LATE(PINNED) } },
	{ PAGE_USER,         0,    false, false, { LATE(NOT_LRU),      EARLY(NOT_LRU),     EARLY(NOT_LRU) } },
	{ PAGE_MOVABLE_OPS,  0,    false, false, { LATE(UNMOVABLE),    OK,                 OK } },
	{ PAGE_HUGETLB,      3,    false, false, { LATE(HUGETLB),      LATE(HUGETLB),      OK } },
	{ PAGE_HUGETLB,      3,    false, true,  { LATE(PINNED),       LATE(PINNED),       LATE(PINNED) } },
	{ PAGE_HUGETLB_POOL, 3,    false, false, { LATE(HUGETLB),      LATE(HUGETLB),      OK } },
	{ PAGE_GIGANTIC,     3,    false, false, { LATE(HUGETLB),      LATE(HUGETLB),      STOP(HUGETLB) } },
	{ PAGE_OFFLINE,      0,    false, false, { LATE(OFFLINE),      EARLY(OFFLINE),     EARLY(OFFLINE) } },
	{ PAGE_OFFLINE,      0,    true,  false, { LATE(OFFLINE),      LATE(OFFLINE),      LATE(OFFLINE) } },
	{ PAGE_HWPOISON,     0,    false, false, { LATE(HWPOISON),     EARLY(HWPOISON),    EARLY(HWPOISON) } },
	{ PAGE_RESERVED,     0,    false, false, { LATE(RESERVED),     EARLY(RESERVED),    EARLY(RESERVED) } },
	{ PAGE_ABSENT,       0,    false, false, { LATE(ABSENT),       LATE(ABSENT),       LATE(ABSENT) } },
};
/* clang-format on */

static void open_with(struct world *w, const char *backend, size_t row)
{
	const struct contig_lab *lab;

	world_open(w, backend, rows[row].order ? "[MM] F3 | F3" : "[MM] K F0 F1 F2 | F3");
	lab = w->c->ops->lab;
	if (rows[row].order) /* the drawing's run becomes the page */
		assert_int_equal(world_take(w, CALLER_MOVABLE, 0, 8), 0);
	if (rows[row].kind == PAGE_ABSENT) /* what has no page cannot come from one */
		assert_int_equal(lab->convert(w->c, 0, 1, PAGE_RESERVED, OWNER_NONE), 0);
	else
		assert_int_equal(lab->convert(w->c, 0, 1u << rows[row].order, rows[row].kind, 1), 0);
	if (rows[row].kind == PAGE_ABSENT)
		assert_int_equal(lab->place(w->c, 0, 0, PAGE_ABSENT, OWNER_NONE), 0);
	if (rows[row].frozen)
		assert_int_equal(lab->freeze(w->c, 0), 0);
	if (rows[row].pinned)
		assert_int_equal(lab->pin(w->c, 0, true), 0);
	world_verify(w);
}

static void who_finds_what_when(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct answer want = rows[i].answer[group_of(b->name)];
			struct world w;

			open_with(&w, b->name, i);
			int rc = world_take(&w, CALLER_MOVABLE, 0, 8);
			struct answer got = { rc ? (enum contig_phase)w.out.autopsy.phase : PHASE_DONE,
				              (enum contig_reason)w.out.autopsy.reason };

			if (got.phase != want.phase || got.why != want.why)
				fail_msg("%s: %s%s%s of order %u: %s/%s, not %s/%s", b->name,
				         contig_kind_name(rows[i].kind), rows[i].frozen ? " frozen" : "",
				         rows[i].pinned ? " pinned" : "", rows[i].order, contig_phase_name(got.phase),
				         contig_reason_name(got.why), contig_phase_name(want.phase),
				         contig_reason_name(want.why));
			/* -EBUSY, but for a hugetlb page that nothing can replace */
			assert_int_equal(rc, !want.why ? 0 : want.phase == PHASE_MIGRATE ? -ENOMEM : -EBUSY);
			world_close(&w);
		}
	}
}

/*
 *   [U] K F0 F1 F2      in ZONE_MOVABLE, and of another type, so that a release that goes by types has no other reason to pass it by
 *
 * There nothing but a reserved page is unmovable, whatever it is, from v4.15 on; before, nothing is looked at (6.2, 6.3 tests 1 and 2).
 */
static void zone_promises(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		for (unsigned int reserved = 0; reserved < 2; reserved++) {
			struct world w;

			world_open_zone(&w, b->name, 64, ZONE_MOVABLE);
			assert_int_equal(w.c->ops->lab->set_type(w.c, 0, MT_UNMOVABLE), 0);
			assert_int_equal(world_take(&w, CALLER_MOVABLE, 0, 1), 0);
			assert_int_equal(w.c->ops->lab->set_type(w.c, 0, MT_UNMOVABLE), 0);
			assert_int_equal(w.c->ops->lab->convert(w.c, 0, 1, reserved ? PAGE_RESERVED : PAGE_KERNEL, 1),
			                 0);
			assert_int_equal(world_take(&w, CALLER_MOVABLE, 0, 8), -EBUSY);
			assert_int_equal(w.out.autopsy.pfn, 0);
			assert_int_equal(w.out.autopsy.phase,
			                 reserved && group_of(b->name) != BY_TYPE ? PHASE_ISOLATE : PHASE_TEST);
			world_close(&w);
		}
	}
}

/*
 * Until v4.14 what lies in a block that is neither MOVABLE nor CMA is counted, and balloon drivers may offer so many pages (6.2).
 *
 *   [UU] B*5 F0 F1 | F3     five reserved pages, which is one run to the model; 4 or 5 are offered
 *   [UU] K3 | F3            a compound without a reference counts as none
 */
static int offered(void *ctx, pfn_t start, uint32_t nr, uint32_t *found)
{
	(void)nr;
	*found = start ? 0 : *(uint32_t *)ctx;
	return 0;
}

static void counted_against_offers(void **state)
{
	(void)state;
	for (uint32_t offer = 4; offer <= 5; offer++) {
		struct contig_hooks hooks = { .ctx = &offer, .isolating = offered };
		struct contig_range_args args = { .nr = 8 };
		struct contig_outcome out;
		struct contig_geometry g;
		struct contig_diag diag;

		contig_geometry_x86_64(&g, 64);
		g.pageblock_order = 3;
		g.max_order = 3;
		g.init = CONTIG_INIT_RESERVED;
		struct contig *c = contig_open("linux-4.4", &g, &hooks, &diag);

		assert_int_equal(c->ops->lab->set_type(c, 0, MT_UNMOVABLE), 0);
		assert_int_equal(c->ops->lab->place(c, 5, 0, PAGE_FREE, OWNER_NONE), 0);
		assert_int_equal(c->ops->lab->place(c, 6, 1, PAGE_FREE, OWNER_NONE), 0);
		assert_int_equal(contig_range_alloc(c, &args, &out), -EBUSY);
		assert_int_equal(out.autopsy.phase, offer == 5 ? PHASE_TEST : PHASE_ISOLATE);
		contig_close(c);
	}
	struct world w;

	world_open(&w, "linux-4.4", "[UU] K3 | F3");
	assert_int_equal(w.c->ops->lab->freeze(w.c, 0), 0);
	assert_int_equal(world_take(&w, CALLER_MOVABLE, 0, 8), -EBUSY);
	assert_int_equal(w.out.autopsy.phase, PHASE_TEST);
	world_close(&w);
}

/* Memory that goes offline may hold bad pages, and PageOffline ones that their driver lets go of (6.3 tests 6 and 7). */
static void offline_looks_through(void **state)
{
	static const enum page_kind harmless[] = { PAGE_OFFLINE, PAGE_HWPOISON };

	(void)state;
	FOR_EACH_GENERATION(b)
	{
		for (size_t i = 0; i < COUNT(harmless); i++) {
			struct contig_range_args args = { .nr = NMAX, .op = RANGE_OFFLINE };
			struct world w;

			world_open(&w, b->name, "[MM] K F0 F1 F2 | F3");
			assert_int_equal(w.c->ops->lab->convert(w.c, 0, 1, harmless[i], OWNER_NONE), 0);
			if (harmless[i] == PAGE_OFFLINE) {
				/* nobody lets go of it: the scan for what can move gives up there */
				assert_int_equal(contig_range_alloc(w.c, &args, &w.out), -EBUSY);
				assert_int_equal(w.out.autopsy.reason, WHY_OFFLINE);
				assert_int_equal(w.out.autopsy.phase, PHASE_MIGRATE);
				world_verify(&w);
				w.c->ops->lab->freeze(w.c, 0);
			}
			assert_int_equal(contig_range_alloc(w.c, &args, &w.out), 0);
			world_verify(&w);
			assert_int_equal(contig_range_online(w.c, 0, 0, NMAX), 0);
			world_expect(&w, "[MM] F4");
			world_verify(&w);
			world_close(&w);
		}
	}
}

/*
 * A free hugetlb page is replaced: the new one is allocated before the old one is freed, and no migration is counted.
 *
 *   [MMMM] H3 | F3 | F3 | T3     request 0+8   ->   A*8 in the first block, H3 in another
 */
static void pool_page_is_replaced(void **state)
{
	static const struct contig_what block = { .kind = PAGE_LRU_COMPOUND, .order = 3, .migratetype = MT_MOVABLE };

	(void)state;
	FOR_EACH_GENERATION(b)
	{
		struct world w;

		if (group_of(b->name) != HUGE)
			continue;
		world_open_alone(&w, b->name, "[MMMM] T3 | F3 | F3 | T3");
		assert_int_equal(w.c->ops->lab->convert(w.c, 0, 8, PAGE_HUGETLB_POOL, 1), 0);
		assert_int_equal(world_take(&w, CALLER_MOVABLE, 0, 8), 0);
		assert_int_equal(w.out.total.replaced, 8);
		assert_int_equal(w.out.total.migrated + w.out.total.not_migrated, 0);
		assert_true(w.at[1] == 8 || w.at[1] == 16);
		/* and with nothing to replace it by: -ENOMEM, and it stays */
		pfn_t at = w.at[1];

		world_drain(&w);
		while (contig_alloc(w.c, 0, block, 99) >= 0)
			;
		assert_int_equal(world_take(&w, CALLER_MOVABLE, at, 8), -ENOMEM);
		assert_int_equal(w.out.autopsy.reason, WHY_NO_TARGET);
		assert_int_equal(w.out.autopsy.pfn, at);
		assert_int_equal(w.at[1], at);
		world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_finds_what_when),    cmocka_unit_test(zone_promises),
		cmocka_unit_test(counted_against_offers), cmocka_unit_test(offline_looks_through),
		cmocka_unit_test(pool_page_is_replaced),
	};

	return cmocka_run_group_tests_name("kinds", tests, NULL, NULL);
}
