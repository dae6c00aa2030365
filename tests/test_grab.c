// SPDX-License-Identifier: MIT
/*
 * test_grab.c - a busy page is met while pages are being taken: what becomes of those taken already (5.4, the review of
 * isolate_freepages_range in December 2011).
 *
 *   [MM] F3 | F3          request 0+16 has passed its test when another undo un-isolates both blocks,
 *   [MM] F3 | L F0 F1 F2  and somebody gets page 8: the request takes pb0, meets L and fails
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "lib/world.h"

#define USER 100u /* owners from here on */

static void drive_until(struct contig_range *r, enum contig_phase phase)
{
	struct contig_work work;

	do
		assert_int_equal(contig_range_step(r, &work), 1);
	while (work.phase != phase);
}

/* The picture above, up to the moment when the request is about to take its first block. */
static struct contig_range *about_to_grab(struct world *w, const char *backend)
{
	static const struct contig_range_args args = { .nr = 16 }, undo = { .nr = 16, .op = RANGE_UNDO };
	struct contig_what page = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE };
	struct contig_outcome out;
	struct contig_range *r;

	world_open_alone(w, backend, "[MM] F3 | F3");
	assert_int_equal(contig_range_begin(w->c, &args, &r), 0);
	drive_until(r, PHASE_TEST);
	assert_int_equal(contig_range_alloc(w->c, &undo, &out), 0);
	for (owner_t o = USER; o < USER + 9; o++)
		assert_int_equal(contig_alloc(w->c, 0, page, o), o - USER);
	for (owner_t o = USER; o < USER + 8; o++)
		assert_int_equal(contig_free(w->c, 0, (pfn_t)(o - USER), o), 0);
	world_drain(w);
	world_expect(w, "[MM] F3 | L F0 F1 F2");
	return r;
}

static int finish(struct world *w, struct contig_range *r)
{
	struct contig_work work;

	while (contig_range_step(r, &work))
		;
	contig_range_end(r, &w->out);
	return w->out.rc;
}

static void taken_pages_go_back(void **state)
{
	static const char *const backends[] = { "linux-6.1", "linux-6.1+grab_busy=leave_listed" };

	(void)state;
	for (size_t i = 0; i < COUNT(backends); i++) {
		struct world w;
		struct contig_range *r = about_to_grab(&w, backends[i]);

		assert_int_equal(finish(&w, r), -EBUSY);
		assert_int_equal(w.out.autopsy.phase, PHASE_GRAB);
		assert_int_equal(w.out.autopsy.pfn, 8);
		/* as posted after review: 8 pages were taken; as the reviewer wanted it: none */
		assert_int_equal(w.out.total.grabbed, i ? 0 : 8);
		world_drain(&w);
		world_verify(&w);
		world_expect(&w, "[MM] F3 | L F0 F1 F2");
		assert_int_equal(contig_free(w.c, 0, 8, USER + 8), 0);
		world_close(&w);
	}
}

/* The patch as first posted freed the page it had stumbled over, once for each page it should have given back. */
static void the_bug_is_seen(void **state)
{
	struct contig_diag diag = { "" };
	struct world w;
	struct contig_range *r = about_to_grab(&w, "linux-6.1+grab_busy=free_wrong");

	(void)state;
	assert_int_equal(finish(&w, r), -EBUSY);
	assert_int_equal(w.c->ops->lab->verify(w.c, &diag), -EUCLEAN);
	assert_string_equal(diag.text, "pfn 0 was taken for a contiguous request that is over, and never given back");
	/* and its owner has lost the busy page */
	assert_int_equal(contig_free(w.c, 0, 8, USER + 8), -EAGAIN);
	world_close(&w);
}

/*
 *   [MM] L*4 F2 | ...     request 4+4 has passed its test when pb0 is un-isolated and made UNMOVABLE: it takes a run from a block
 *   [UM] L*4 F2 | ...     that is not isolated
 *
 * Half a block taken makes it MOVABLE, and from v6.10 on its free runs go with it; but taking must leave more than the min mark
 * free, here 0, raised by the size of the request until v3.6 (5.4).
 */
static void taken_from_a_block_in_use(void **state)
{
	static const struct {
		const char *backend, *drawing, *types;
		pfn_t start;
		uint32_t nr;
		enum contig_reason why;
	} rows[] = {
		{ "linux-6.1", "[MM] L*4 F2 | L*7 F0", "MM", 4, 4, WHY_NONE },
		{ "linux-6.1", "[MM] L*4 F2 | L*8", "UM", 4, 4, WHY_WATERMARK },
		{ "linux-6.1", "[MM] L*6 F1 | L*7 F0", "UM", 6, 2, WHY_NONE },
		{ "linux-6.12", "[MM] F1 L*2 F2 | L*7 F0", "MM", 4, 4, WHY_NONE },
		{ "linux-3.6", "[MM] L*4 F2 | L*4 F2", "UM", 4, 4, WHY_WATERMARK },
		{ "linux-3.6", "[MM] L*4 F2 | L*3 F0 F2", "MM", 4, 4, WHY_NONE },
		{ "linux-3.16", "[MM] L*4 F2 | L*4 F2", "MM", 4, 4, WHY_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static const struct contig_range_args undo = { .nr = 16, .op = RANGE_UNDO };
		const struct contig_range_args args = { .start = rows[i].start, .nr = rows[i].nr };
		struct contig_range *r;
		struct contig_outcome out;
		struct world w;

		world_open_alone(&w, rows[i].backend, rows[i].drawing);
		assert_int_equal(contig_range_begin(w.c, &args, &r), 0);
		drive_until(r, PHASE_TEST);
		assert_int_equal(contig_range_alloc(w.c, &undo, &out), 0);
		assert_int_equal(w.c->ops->lab->set_type(w.c, 0, MT_UNMOVABLE), 0);
		assert_int_equal(finish(&w, r), rows[i].why ? -EBUSY : 0);
		assert_int_equal(w.out.autopsy.reason, rows[i].why);
		world_verify(&w);
		world_expect_types(&w, rows[i].types);
		world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_pages_go_back),
		cmocka_unit_test(the_bug_is_seen),
		cmocka_unit_test(taken_from_a_block_in_use),
	};

	return cmocka_run_group_tests_name("grab", tests, NULL, NULL);
}
