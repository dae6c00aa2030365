// SPDX-License-Identifier: MIT
/*
 * test_verify.c - verify sees damage: every invariant of 2.3 is broken by hand, and the first pfn that breaks it is named. No call
 * of contig.h can do such damage, so that descriptors, lists and counters are written here.
 *
 *   [MM] F3 | P K*7      P is on a per-cpu list, behind the drawing lie free runs of order 4 at 16, 32 ... 240
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/model/freelist.h"
#include "lib/world.h"

/* ---- damage ---------------------------------------------------------------------------------- */

static void pair_unmerged(struct model *m, struct zone *z)
{
	free_list_del(m, z, 0);
	free_list_add(m, z, 0, 2, MT_MOVABLE, false);
	free_list_add(m, z, 4, 2, MT_MOVABLE, false);
}

static void run_on_other_list(struct model *m, struct zone *z)
{
	free_list_move_tail(m, z, 0, MT_UNMOVABLE);
}

static void second_block_of_run_retyped(struct model *m, struct zone *z)
{
	(void)z;
	m->block[3] = MT_UNMOVABLE;
}

static void head_lost(struct model *m, struct zone *z)
{
	(void)z;
	m->page[12].state = STATE_INTERIOR;
}

static void kind_unknown(struct model *m, struct zone *z)
{
	(void)z;
	m->page[12].state = PAGE_KIND_NR;
}

static void run_misaligned(struct model *m, struct zone *z)
{
	(void)z;
	m->page[9].state = state_make(PAGE_KERNEL, 1, MT_UNMOVABLE);
	m->page[10].state = STATE_INTERIOR;
}

static void run_too_large(struct model *m, struct zone *z)
{
	(void)z;
	m->page[0].state = state_make(PAGE_KERNEL, m->M + 1, MT_UNMOVABLE);
}

static void run_leaves_zone(struct model *m, struct zone *z)
{
	(void)m;
	z->pages -= 4;
}

static void page_inside_run(struct model *m, struct zone *z)
{
	(void)z;
	m->page[3].state = state_make(PAGE_LRU, 0, MT_MOVABLE);
}

static void type_of_listed_run(struct model *m, struct zone *z)
{
	(void)z;
	m->page[0].state = state_make(PAGE_FREE, 3, MT_RECLAIMABLE);
}

static void link_back_lost(struct model *m, struct zone *z)
{
	(void)z;
	m->page[0].link[1] = 16;
}

static void run_off_list(struct model *m, struct zone *z)
{
	free_list_del(m, z, 0);
	m->page[0].state = state_make(PAGE_FREE, 3, MT_MOVABLE);
}

static void run_off_list_uncounted(struct model *m, struct zone *z)
{
	run_off_list(m, z);
	z->nr_free[3]++;
}

static void run_taken_uncounted(struct model *m, struct zone *z)
{
	free_list_del(m, z, 0);
	m->page[0].state = state_make(PAGE_KERNEL, 3, MT_UNMOVABLE);
	z->nr_free[3]++;
}

static void pcp_page_in_use(struct model *m, struct zone *z)
{
	(void)z;
	m->page[8].state = state_make(PAGE_KERNEL, 0, MT_UNMOVABLE);
}

static void pcp_miscounted(struct model *m, struct zone *z)
{
	(void)m;
	z->pcp[0].room--;
}

static void pcp_page_on_no_list(struct model *m, struct zone *z)
{
	(void)z;
	m->page[9].state = state_make(PAGE_PCP, 0, MT_MOVABLE);
}

static void free_miscounted(struct model *m, struct zone *z)
{
	(void)m;
	z->free++;
}

/* Where the rules of the release leave none, a drift that explains the count is wrong as well. */
static void free_drifts(struct model *m, struct zone *z)
{
	(void)m;
	z->free++;
	z->drift++;
}

/* Counted as its list says, but the block is not isolated. */
static void isolated_list(struct model *m, struct zone *z)
{
	free_list_move_tail(m, z, 0, MT_ISOLATE);
	z->free -= 8;
}

static void highatomic_miscounted(struct model *m, struct zone *z)
{
	(void)m;
	z->free_highatomic++;
}

static void cma_miscounted(struct model *m, struct zone *z)
{
	(void)m;
	z->free_cma++;
}

static void isolated_miscounted(struct model *m, struct zone *z)
{
	(void)m;
	z->isolated++;
}

/* Claimed while isolated: from v6.10 on no isolated block is on a list that anybody takes from. */
static void isolation_lost(struct model *m, struct zone *z)
{
	(void)m;
	z->isolated++;
	z->lost_isolation++;
}

/* ---- what is said of it ---------------------------------------------------------------------- */

#define DRAWING "[MM] F3 | K*8"

/* `said` is how the message begins; NULL: this release may be so. Page 8 has been freed to a per-cpu list. */
static const struct row {
	const char *backend;
	void (*damage)(struct model *m, struct zone *z);
	const char *said;
} rows[] = {
	{ "linux-5.10", head_lost, "I2: pfn 12: no run begins here" },
	{ "linux-5.10", kind_unknown, "I2: pfn 12: no run begins here" },
	{ "linux-5.10", run_misaligned, "I1: pfn 9: run of order 1" },
	{ "linux-5.10", run_too_large, "I1: pfn 0: run of order 5" },
	{ "linux-5.10", run_leaves_zone, "I1: pfn 240: run of order 4" },
	{ "linux-5.10", page_inside_run, "I1: pfn 3: a lru page inside the run at 0" },
	{ "linux-5.10", type_of_listed_run, "I2: pfn 0 does not belong on the Movable list of order 3" },
	{ "linux-5.10", link_back_lost, "I2: pfn 0 does not belong on the Movable list of order 3" },
	{ "linux-5.10", run_off_list, "I3: zone 0: nr_free[3] is 0, lists hold 0, pages say 1" },
	{ "linux-5.10", run_off_list_uncounted, "I3: zone 0: nr_free[3] is 1, lists hold 0, pages say 1" },
	{ "linux-5.10", run_taken_uncounted, "I3: zone 0: nr_free[3] is 1, lists hold 0, pages say 0" },
	{ "linux-5.10", pair_unmerged, "I4: pfn 0: free run of order 2 beside its free buddy at 4" },
	{ "linux-5.10", pcp_page_in_use, "I5: pfn 8 is on a per-cpu list of cpu 0" },
	{ "linux-5.10", pcp_miscounted, "I5: cpu 0: 2 pages counted, 1 on its lists" },
	{ "linux-5.10", pcp_page_on_no_list, "I5: zone 0: 2 pcp pages, 1 on lists" },
	{ "linux-5.10", free_miscounted, "I6a: zone 0: NR_FREE_PAGES is 249 with a drift of 0" },
	{ "linux-5.10", free_drifts, NULL },
	{ "linux-6.10", free_drifts, "I6a: zone 0: NR_FREE_PAGES is 249 with a drift of 1" },
	{ "linux-5.10", isolated_list, "I6b: zone 0: NR_FREE_PAGES is 240, free pages" },
	{ "linux-5.10", highatomic_miscounted, NULL },
	{ "linux-6.10", highatomic_miscounted, "I6: zone 0: 1 free HIGHATOMIC pages counted, lists hold 0" },
	{ "linux-5.10", cma_miscounted, NULL },
	{ "linux-6.10", cma_miscounted, "I6: zone 0: NR_FREE_CMA is 1" },
	{ "linux-5.10", isolated_miscounted, "I7: 1 isolated blocks counted, 0 of them claimed" },
	{ "linux-5.10", isolation_lost, NULL },
	{ "linux-6.10", isolation_lost, "I7: 1 isolated blocks counted, 1 of them claimed" },
	{ "linux-5.10", run_on_other_list, NULL },
	{ "linux-6.10", run_on_other_list, "I8: pfn 0: free run on the Unmovable list lies in a Movable block" },
	{ "linux-5.10", second_block_of_run_retyped, NULL },
	{ "linux-6.10", second_block_of_run_retyped, "I8: pfn 24: free run on the Movable list lies in" },
};

/* What verify says begins like this; it says nothing for NULL. */
static void expect(struct contig *c, size_t row, const char *said)
{
	struct contig_diag diag = { "" };
	int rc = c->ops->lab->verify(c, &diag);

	if (rc != (said ? -EUCLEAN : 0) || strncmp(diag.text, said ? said : "", said ? strlen(said) : 1))
		fail_msg("row %zu, %s: \"%s\" instead of \"%s\"", row, c->ops->name, diag.text, said ? said : "");
}

static void damage_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;

		world_open(&w, rows[i].backend, DRAWING);
		assert_int_equal(contig_free(w.c, 0, 8, 9), 0);
		expect(w.c, i, NULL);
		rows[i].damage(model_of(w.c), model_of(w.c)->zone);
		expect(w.c, i, rows[i].said);
		world_close(&w);
	}
}

/* ---- two zones ------------------------------------------------------------------------------- */

static struct contig *open_two(const char *backend)
{
	static const struct contig_hooks none = { 0 };
	struct contig_geometry g;
	struct contig_diag diag = { "" };

	contig_geometry_x86_64(&g, 64);
	g.pageblock_order = 3;
	g.max_order = 4;
	g.nr_zones = 2;
	g.zones[1] = (struct contig_zone){ .start = 64, .pages = 64, .node = 1, .type = ZONE_NORMAL };
	struct contig *c = contig_open(backend, &g, &none, &diag);

	if (!c)
		fail_msg("%s: %s", backend, diag.text);
	return c;
}

/* Both zones hold four F4: the first of the second zone goes to the first zone's list. */
static void run_of_another_zone(void **state)
{
	struct contig *c = open_two("linux-5.10");
	struct model *m = model_of(c);

	(void)state;
	expect(c, 0, NULL);
	free_list_del(m, &m->zone[1], 64);
	free_list_add(m, &m->zone[0], 64, 4, MT_MOVABLE, false);
	expect(c, 0, "I2: pfn 64 does not belong on the Movable list of order 4");
	contig_close(c);
}

static void every_zone_is_looked_at(void **state)
{
	struct contig *c = open_two("linux-5.10");
	struct model *m = model_of(c);

	(void)state;
	free_miscounted(m, &m->zone[1]);
	expect(c, 0, "I6a: zone 1: NR_FREE_PAGES is 65 with a drift of 0, the lists it counts hold 64");
	contig_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test(run_of_another_zone),
		cmocka_unit_test(every_zone_is_looked_at),
	};

	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
