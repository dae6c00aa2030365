// SPDX-License-Identifier: MIT
/*
 * test_layout.c - layout strings: what is put down is what is drawn, letter by letter, and what cannot be is refused with
 * the reason. Blocks are of 8 pages (P = 3), M = 4.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../workloads/layout.h"
#include "lib/generations.h"
#include "lib/world.h"

static struct contig *open_reserved(const char *backend, struct contig_geometry *g)
{
	static const struct contig_hooks no_hooks = { 0 };
	struct contig_diag diag = { "" };

	contig_geometry_x86_64(g, WORLD_PAGES);
	g->pageblock_order = 3;
	g->max_order = 4;
	g->init = CONTIG_INIT_RESERVED;
	g->zones[0].wmark_min = 1;
	struct contig *c = contig_open(backend, g, &no_hooks, &diag);

	if (!c)
		fail_msg("%s: %s", backend, diag.text);
	return c;
}

static void expect_drawn(struct contig *c, const struct contig_geometry *g, block_t first, uint32_t nr,
                         const char *expected)
{
	char *types = layout_types(c, first, nr), *map = layout_map(c, g, first, nr, false, NULL, NULL), now[2048];

	assert_non_null(types);
	assert_non_null(map);
	snprintf(now, sizeof(now), "[%s] %s", types, map);
	free(types);
	free(map);
	if (strcmp(now, expected))
		fail_msg("%s\n  expected %s\n  drawn    %s", c->ops->name, expected, now);
}

/* Put down, checked, drawn: the same string, wherever in the zone it lies. */
static void round_trip(void **state)
{
	static const char *const layouts[] = {
		"[M] F3",
		"[U] F3",
		"[R] F3",
		"[H] F3",
		"[C] F3",
		"[MMMM] F3 | L*8 | K*8 | F3",
		/* every letter, every order */
		"[M] F0 K F1 F2",
		"[M] F2 F1 F0 K",
		"[MM] T3 | F3",
		"[MM] T1 L X T2 | C2 C1 K P",
		"[MM] T1*4 | C1*4",
		"[MM] L*7 K | P*2 A*2 X*4",
		"[UMRHC] K*8 | L*8 | K*8 | K*8 | L*8",
		/* two blocks in one run have no border between them */
		"[MM] F4",
		"[MM] T4",
		"[MM] C4",
		"[MMMM] T3 | F3 | F4",
		"[MMMM] L F0 L*2 F2 | K*3 F0 L*4 | T4",
		"[MUUM] F3 | F3 | F3 | F3",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(layouts); i++) {
		FOR_EACH_GENERATION(b)
		{
			for (block_t first = 0; first <= 24; first += 4) {
				struct contig_diag diag = { "" };
				struct contig_geometry g;
				struct contig *c = open_reserved(b->name, &g);

				if (layout_place(c, &g, first, layouts[i], &diag))
					fail_msg("%s: %s", layouts[i], diag.text);
				if (c->ops->lab->verify(c, &diag))
					fail_msg("%s: %s: %s", b->name, layouts[i], diag.text);
				expect_drawn(c, &g, first, (uint32_t)strcspn(layouts[i], "]") - 1, layouts[i]);
				contig_close(c);
			}
		}
	}
}

/* Other ways to write the same. */
static void other_ways_to_write(void **state)
{
	static const struct {
		const char *written, *drawn;
	} cases[] = {
		{ "  [MM]   F3 |   L*8  ", "[MM] F3 | L*8" },
		{ "[MM] F3 L*8", "[MM] F3 | L*8" },
		{ "[MM] L*16", "[MM] L*8 | L*8" },
		{ "[MM] L L*3 L*4 | F2*1 K K*3", "[MM] L*8 | F2 K*4" },
		{ "[MM] F03 | F003", "[MM] F3 | F3" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct contig_diag diag = { "" };
		struct contig_geometry g;
		struct contig *c = open_reserved("linux-6.1", &g);

		if (layout_place(c, &g, 0, cases[i].written, &diag))
			fail_msg("%s: %s", cases[i].written, diag.text);
		expect_drawn(c, &g, 0, 2, cases[i].drawn);
		contig_close(c);
	}
}

/* What a caller knows of a page goes before its kind: A and K of one request. */
static char own_letter(void *ctx, pfn_t pfn, const struct contig_run *run)
{
	assert_ptr_equal(ctx, &own_letter);
	assert_true(run->kind != PAGE_FREE);
	assert_true(run->kind != PAGE_LRU_COMPOUND || pfn == run->pfn);
	return pfn == 1 ? 'K' : 0;
}

static void letters_of_the_caller(void **state)
{
	struct contig_diag diag = { "" };
	struct contig_geometry g;

	(void)state;
	struct contig *c = open_reserved("linux-6.1", &g);

	assert_int_equal(layout_place(c, &g, 0, "[MM] A*4 T1 F1 | F3", &diag), 0);
	char *map = layout_map(c, &g, 0, 2, false, own_letter, (void *)&own_letter);

	assert_string_equal(map, "A K A*2 T1 F1 | F3");
	free(map);
	contig_close(c);
}

/*
 * While a request runs its blocks are isolated. Where the type is overwritten it is lost:
 *
 *	[UM] F4  ->  [ii] F4     until v6.16
 *	[UM] F4  ->  [um] ...    v6.17
 */
static void isolated_blocks(void **state)
{
	static const struct {
		const char *backend, *isolated;
	} cases[] = {
		{ "linux-5.10", "[ii] F3 | L*8" },
		{ "linux-6.1", "[ii] F3 | L*8" },
		{ "linux-6.12", "[ii] F3 | L*8" },
		{ "linux-7.2", "[um] F3 | L*8" },
		{ "linux-6.1+iso_store=separate_bit", "[um] F3 | L*8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct contig_range_args args = { .start = 0, .nr = 2 * NPB };
		struct contig_diag diag = { "" };
		struct contig_outcome out;
		struct contig_range *r;
		struct contig_work work;
		struct contig_geometry g;
		struct contig *c = open_reserved(cases[i].backend, &g);

		assert_int_equal(layout_place(c, &g, 0, "[UM] F3 | L*8", &diag), 0);
		assert_int_equal(contig_range_begin(c, &args, &r), 0);
		while (contig_range_step(r, &work) && (work.phase == PHASE_ISOLATE || work.phase == PHASE_DRAIN)) {
			char *types = layout_types(c, 0, 2);
			bool both = types[0] > 'Z' && types[1] > 'Z';

			free(types);
			if (both)
				break;
		}
		expect_drawn(c, &g, 0, 2, cases[i].isolated);
		while (contig_range_step(r, &work))
			;
		contig_range_end(r, &out);
		contig_close(c);
	}
}

/* ---- refused --------------------------------------------------------------------------------- */

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "an empty layout" },
		{ "   ", "an empty layout" },
		{ "F3", "'F3': types in brackets come first" },
		{ "[]", "types in brackets come first" },
		{ "[", "types in brackets come first" },
		{ "[MM F3 | F3", "'[MM': types in brackets come first" },
		{ "MM] F3 | F3", "types in brackets come first" },
		{ "[MM]F3 | F3", "types in brackets come first" },
		{ "[M] [M] F3", "'[M]': [ is no page that can be put down" },
		{ "[QM] F3 | F3", "'Q' is no type that pageblock 0 can have: U M R H C" },
		{ "[Mi] F3 | F3", "'i' is no type that pageblock 1 can have" },
		{ "[m] F3", "'m' is no type" },
		{ "[M]", "1 types for 0 pages of 8 a pageblock" },
		{ "[M] L*7", "1 types for 7 pages" },
		{ "[M] L*9", "1 types for 9 pages" },
		{ "[MM] F3", "2 types for 8 pages" },
		{ "[M] F3 | F3", "1 types for 16 pages" },
		{ "[M] F2 | F2", "a '|' stands in the middle of a pageblock, behind page 4" },
		{ "[M] F", "'F': an order up to 4 must follow" },
		{ "[M] F5", "'F5': an order up to 4 must follow" },
		{ "[M] F-1", "'F-1': an order up to 4 must follow" },
		{ "[M] F99999999999999999999", "an order up to 4 must follow" },
		{ "[M] T", "'T': an order up to 4 must follow" },
		{ "[M] T0*8", "'T0*8': a compound has at least two pages" },
		{ "[M] C0*8", "'C0*8': a compound has at least two pages" },
		{ "[M] L3", "'L3' is not letter, order and *repeat" },
		{ "[M] N", "'N': an order up to 4 must follow" },
		{ "[M] K0*8", "'K0*8': a compound has at least two pages" },
		{ "[M] K5", "'K5': an order up to 4 must follow" },
		{ "[M] F3@", "'F3@': behind a free run, @ and a type out of U M R H C name its list" },
		{ "[M] F3@I", "'F3@I': behind a free run" },
		{ "[M] F3@m", "'F3@m': behind a free run" },
		{ "[M] F3@UM", "'F3@UM' is not letter, order and *repeat" },
		{ "[M] T3@M", "'T3@M': behind a free run" },
		{ "[M] F3!", "'F3!': what is free can not be pinned" },
		{ "[M] L!!*8", "'L!!*8' is not letter, order and *repeat" },
		{ "[M] L*8!", "'L*8!' is not letter, order and *repeat" },
		{ "[M] L*", "'L*' is not letter, order and *repeat" },
		{ "[M] L*x", "'L*x' is not letter, order and *repeat" },
		{ "[M] L*-8", "is not letter, order and *repeat" },
		{ "[M] L*0", "'L*0' is not letter, order and *repeat" },
		{ "[M] L*8x", "'L*8x' is not letter, order and *repeat" },
		{ "[M] LL*7", "'LL*7' is not letter, order and *repeat" },
		{ "[M] Z*8", "'Z*8': Z is no page that can be put down" },
		{ "[M] f3", "'f3': f is no page that can be put down" },
		{ "[M] F0 F2", "'F2' can not lie at page 1 of the layout" },
		{ "[MM] F3 | F4", "'F4' can not lie at page 8 of the layout" },
		/* below a pageblock free buddies always merge */
		{ "[M] F2 F2", "'F2' can not lie at page 4 of the layout" },
		{ "[M] F0*8", "'F0*8' can not lie at page 1 of the layout" },
		{ "[M] L*100000", "'L*100000' can not lie at page 256 of the layout" },
		{ "[M] L*99999999999999999999999", "can not lie at page 256" },
		{ "[MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM] F3", "pageblock 32 of the layout lies outside the zone" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct contig_diag diag = { "" };
		struct contig_geometry g;
		struct contig *c = open_reserved("linux-6.1", &g);

		if (layout_place(c, &g, 0, cases[i].text, &diag) != -EINVAL || !strstr(diag.text, cases[i].says))
			fail_msg("%s: '%s', not '%s'", cases[i].text, diag.text, cases[i].says);
		contig_close(c);
	}
}

/* Twice at one place, and on memory that is free already. */
static void something_is_there(void **state)
{
	struct contig_diag diag = { "" };
	struct contig_geometry g;

	(void)state;
	struct contig *c = open_reserved("linux-6.1", &g);

	assert_int_equal(layout_place(c, &g, 4, "[M] F2 K*4", &diag), 0);
	assert_int_equal(layout_place(c, &g, 4, "[M] F2 K*4", &diag), -EINVAL);
	assert_non_null(strstr(diag.text, "'F2' can not lie at page 0 of the layout"));
	expect_drawn(c, &g, 4, 1, "[M] F2 K*4");
	contig_close(c);
}

/* What recorded answers do not tell apart: page kinds, pins and the lists of free runs. */
static void every_item_with_marks(void **state)
{
	static const char *const layouts[] = {
		"[MM] K3 | S*2 S1 N2",
		"[MM] T3! | L! L L!*2 F2",
		"[MM] C3 | Q2 G2",
		"[MM] V*4 O*2 W*2 | B*4 .*4",
		"[MM] o*2 O*2 F2 | X1 X*2 C1 P*2",
		"[UM] F3@M | F3@U",
		"[UM] F4@M",
		"[UR] F2@M K F0@R F1 | F3",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(layouts); i++) {
		struct contig_diag diag = { "" };
		struct contig_geometry g;
		struct contig *c = open_reserved("linux-5.10", &g);

		if (layout_place(c, &g, 0, layouts[i], &diag))
			fail_msg("%s: %s", layouts[i], diag.text);
		if (c->ops->lab->verify(c, &diag))
			fail_msg("%s: %s", layouts[i], diag.text);
		char *types = layout_types(c, 0, 2), *map = layout_map(c, &g, 0, 2, true, NULL, NULL), now[256];

		snprintf(now, sizeof(now), "[%s] %s", types, map);
		assert_string_equal(now, layouts[i]);
		free(types);
		free(map);
		contig_close(c);
	}
}

/* CMA keeps to itself from v5.18 on, and from v6.10 on every run is on its block's list. */
static void lists_that_can_not_be(void **state)
{
	static const struct {
		const char *backend, *layout;
		int rc;
	} cases[] = {
		{ "linux-5.10", "[CM] F3@M | F3", 0 },           { "linux-5.18", "[CM] F3@M | F3", -EOPNOTSUPP },
		{ "linux-6.1", "[MM] F3@C | F3", -EOPNOTSUPP },  { "linux-6.1", "[UM] F3@M | F3", 0 },
		{ "linux-6.10", "[UM] F3@M | F3", -EOPNOTSUPP }, { "linux-7.2", "[UM] F3@M | F3", -EOPNOTSUPP },
		{ "linux-7.2", "[UM] F3@U | F3@M", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct contig_diag diag = { "" };
		struct contig_geometry g;
		struct contig *c = open_reserved(cases[i].backend, &g);

		if (layout_place(c, &g, 0, cases[i].layout, &diag) != cases[i].rc)
			fail_msg("%s: %s: %s", cases[i].backend, cases[i].layout, diag.text);
		if (cases[i].rc)
			assert_non_null(strstr(diag.text, "no run is on such a list"));
		contig_close(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(other_ways_to_write),
		cmocka_unit_test(letters_of_the_caller),
		cmocka_unit_test(isolated_blocks),
		cmocka_unit_test(refused),
		cmocka_unit_test(something_is_there),
		cmocka_unit_test(every_item_with_marks),
		cmocka_unit_test(lists_that_can_not_be),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
