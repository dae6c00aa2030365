// SPDX-License-Identifier: MIT
/*
 * test_first_fit.c - the first-fit baseline. Pictures are layout strings: `F9` a free run of order 9, `L*64` LRU pages,
 * `T4` an LRU compound, `K` a kernel page, `A*n` pages of a contiguous request, `|` a pageblock border.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/contig.h"

#define ZONE_PAGES 4096u
#define L_PAGE     ((struct contig_what){ .kind = PAGE_LRU, .migratetype = MT_MOVABLE })
#define K_PAGE     ((struct contig_what){ .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE })

/* One backend and where each owner lives now; owner = index + 1. */
struct world {
	struct contig *c;
	pfn_t at[ZONE_PAGES + 1];
	uint32_t moves;
};

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct world *w = ctx;

	(void)order;
	assert_true(owner && owner <= ZONE_PAGES);
	assert_int_equal(w->at[owner], from);
	w->at[owner] = to;
	w->moves++;
}

static void open_geometry(struct world *w, const struct contig_geometry *g)
{
	struct contig_hooks hooks = { .ctx = w, .moved = moved };
	struct contig_diag diag;

	memset(w, 0, sizeof(*w));
	w->c = contig_open("first-fit", g, &hooks, &diag);
	assert_non_null(w->c);
}

static void open_world(struct world *w)
{
	struct contig_geometry g;

	contig_geometry_x86_64(&g, ZONE_PAGES);
	g.zones[0].wmark_min = 1;
	open_geometry(w, &g);
}

static pfn_t get(struct world *w, struct contig_what what, owner_t owner)
{
	int64_t pfn = contig_alloc(w->c, 0, what, owner);

	assert_true(pfn >= 0);
	w->at[owner] = (pfn_t)pfn;
	return (pfn_t)pfn;
}

static struct contig_stats stats_of(struct world *w)
{
	struct contig_stats s;

	contig_stats(w->c, CONTIG_ALL_ZONES, &s);
	return s;
}

/*
 *	F9 | F9 | ...		a kernel page, then order 4, then another kernel page:
 *	K K F1 F2 F3 T4 F5 ...	each takes the lowest place that fits and is naturally aligned
 */
static void takes_the_lowest_aligned_run(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	assert_int_equal(get(&w, K_PAGE, 1), 0);
	assert_int_equal(
		get(&w, (struct contig_what){ .order = 4, .kind = PAGE_LRU_COMPOUND, .migratetype = MT_MOVABLE }, 2),
		16);
	assert_int_equal(get(&w, K_PAGE, 3), 1);
	assert_int_equal(get(&w, (struct contig_what){ .order = 8, .kind = PAGE_KERNEL }, 4), 256);
	assert_int_equal(contig_free(w.c, 0, 0, 1), 0);
	assert_int_equal(get(&w, K_PAGE, 5), 0);
	assert_int_equal(contig_alloc(w.c, 0, (struct contig_what){ .order = 11, .kind = PAGE_KERNEL }, 6), -EINVAL);
	assert_int_equal(contig_alloc(w.c, 0, (struct contig_what){ .kind = PAGE_CONTIG }, 6), -EINVAL);
	contig_close(w.c);
}

static void free_wants_the_owner_and_the_first_page(void **state)
{
	struct world w;
	pfn_t pfn;

	(void)state;
	open_world(&w);
	pfn = get(&w, (struct contig_what){ .order = 2, .kind = PAGE_KERNEL }, 7);
	assert_int_equal(contig_free(w.c, 0, pfn, 8), -EAGAIN);
	assert_int_equal(contig_free(w.c, 0, pfn + 1, 7), -EAGAIN);
	assert_int_equal(contig_free(w.c, 0, pfn, 7), 0);
	assert_int_equal(contig_free(w.c, 0, pfn, 7), -EAGAIN);
	contig_close(w.c);
}

/*
 *	T2 F2 ... -> L L L L F2 ...
 */
static void a_split_compound_becomes_pages(void **state)
{
	const owner_t pieces[] = { 11, 12, 13, 14 };
	struct world w;
	pfn_t pfn;

	(void)state;
	open_world(&w);
	pfn = get(&w, (struct contig_what){ .order = 2, .kind = PAGE_LRU_COMPOUND, .migratetype = MT_MOVABLE }, 10);
	assert_int_equal(contig_split(w.c, pfn, 9, 0, pieces), -EAGAIN);
	assert_int_equal(contig_split(w.c, pfn, 10, 3, pieces), -EINVAL);
	assert_int_equal(contig_split(w.c, pfn, 10, 0, pieces), 0);
	assert_int_equal(contig_free(w.c, 0, pfn, 10), -EAGAIN);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(contig_free(w.c, 0, pfn + i, pieces[i]), 0);
	assert_int_equal(stats_of(&w).free, ZONE_PAGES);
	contig_close(w.c);
}

/*
 *	L*64 F6 F7 F8 | F9 | ...
 *	^^^^^^^^ request for [0, 128): 64 pages move away, two steps of 32
 *	A*128 L*64 F6 F8 | F9 | ...
 *
 * then half of it is given back: F6 A*64 L*64 F6 F8
 */
static void a_request_moves_pages_away(void **state)
{
	const struct contig_range_args args = { .start = 0, .nr = 128 };
	uint32_t steps[PHASE_NR] = { 0 };
	struct contig_outcome out;
	struct contig_range *r;
	struct contig_work work;
	struct world w;
	int more;

	(void)state;
	open_world(&w);
	for (owner_t o = 1; o <= 64; o++)
		get(&w, L_PAGE, o);
	assert_int_equal(contig_range_begin(w.c, &args, &r), 0);
	do {
		more = contig_range_step(r, &work);
		assert_true(work.migrated <= 32);
		steps[work.phase]++;
	} while (more);
	contig_range_end(r, &out);
	assert_int_equal(out.rc, 0);
	assert_int_equal(steps[PHASE_ISOLATE], 1);
	assert_true(steps[PHASE_MIGRATE] >= 2);
	assert_int_equal(steps[PHASE_GRAB], 1);
	assert_int_equal(out.total.migrated, 64);
	assert_int_equal(out.by_phase[PHASE_GRAB].grabbed, 128);
	assert_int_equal(w.moves, 64);
	for (owner_t o = 1; o <= 64; o++)
		assert_int_equal(w.at[o], 127 + o);

	assert_int_equal(contig_range_free(w.c, 0, 0, 129), -EINVAL);
	assert_int_equal(contig_range_free(w.c, 0, 0, 64), 0);
	assert_int_equal(contig_range_free(w.c, 0, 0, 128), -EINVAL);
	assert_int_equal(get(&w, K_PAGE, 70), 0);
	assert_int_equal(contig_free(w.c, 0, 64, OWNER_NONE), -EAGAIN);
	assert_int_equal(contig_range_free(w.c, 0, 64, 64), 0);
	assert_int_equal(stats_of(&w).free, ZONE_PAGES - 65);
	contig_close(w.c);
}

/*
 *	L K L L F2 F3 ...
 *	  ^ blocks a request for [0, 512); nothing has changed afterwards
 */
static void a_kernel_page_is_named_in_the_autopsy(void **state)
{
	struct contig_outcome out;
	struct contig_stats before, after;
	struct world w;

	(void)state;
	open_world(&w);
	get(&w, L_PAGE, 1);
	get(&w, K_PAGE, 2);
	get(&w, L_PAGE, 3);
	before = stats_of(&w);
	assert_int_equal(before.mixed_blocks, 1);
	assert_int_equal(contig_range_alloc(w.c, &(struct contig_range_args){ .nr = 512 }, &out), -EBUSY);
	assert_int_equal(out.autopsy.phase, PHASE_ISOLATE);
	assert_int_equal(out.autopsy.reason, WHY_UNMOVABLE);
	assert_int_equal(out.autopsy.kind, PAGE_KERNEL);
	assert_int_equal(out.autopsy.pfn, 1);
	assert_int_equal(out.autopsy.owner, 2);
	after = stats_of(&w);
	assert_memory_equal(&before, &after, sizeof(before));
	contig_close(w.c);
}

/*
 *	L*8 F3 F4 ...	request for [0, 16); after isolation the owner of page 3 frees it: it is the request's now,
 *nobody else gets it, and a second request for the range is refused
 */
static void a_page_freed_meanwhile_stays_with_the_request(void **state)
{
	const struct contig_range_args args = { .start = 0, .nr = 16 };
	struct contig_outcome out;
	struct contig_range *r;
	struct contig_work work;
	struct world w;

	(void)state;
	open_world(&w);
	for (owner_t o = 1; o <= 8; o++)
		get(&w, L_PAGE, o);
	assert_int_equal(contig_range_begin(w.c, &args, &r), 0);
	assert_int_equal(contig_range_step(r, &work), 1);
	assert_int_equal(stats_of(&w).isolated, 1);
	assert_int_equal(contig_free(w.c, 0, 3, 4), 0);
	assert_int_equal(contig_range_free(w.c, 0, 3, 1), -EINVAL);
	assert_int_equal(get(&w, L_PAGE, 20), 16);
	assert_int_equal(contig_range_alloc(w.c, &args, &out), -EBUSY);
	assert_int_equal(out.autopsy.reason, WHY_ALREADY_ISOLATED);
	while (contig_range_step(r, &work))
		;
	contig_range_end(r, &out);
	assert_int_equal(out.rc, 0);
	assert_int_equal(out.total.migrated, 7);
	assert_int_equal(contig_free(w.c, 0, 4, 5), -EAGAIN);
	assert_int_equal(contig_free(w.c, 0, w.at[5], 5), 0);
	contig_close(w.c);
}

/*
 *	T4 over [16, 32), request for [24, 40): the compound moves as a whole, [16, 24) becomes free
 */
static void a_straddling_compound_moves_whole(void **state)
{
	struct contig_outcome out;
	struct world w;

	(void)state;
	open_world(&w);
	get(&w, K_PAGE, 1);
	get(&w, (struct contig_what){ .order = 4, .kind = PAGE_LRU_COMPOUND, .migratetype = MT_MOVABLE }, 2);
	assert_int_equal(w.at[2], 16);
	assert_int_equal(contig_range_alloc(w.c, &(struct contig_range_args){ .start = 24, .nr = 16 }, &out), 0);
	assert_int_equal(w.at[2], 48);
	assert_int_equal(out.total.migrated, 16);
	assert_int_equal(stats_of(&w).free, ZONE_PAGES - 1 - 16 - 16);
	assert_int_equal(get(&w, (struct contig_what){ .order = 3, .kind = PAGE_KERNEL }, 3), 8);
	assert_int_equal(get(&w, (struct contig_what){ .order = 3, .kind = PAGE_KERNEL }, 4), 16);
	contig_close(w.c);
}

/* All of memory but the watermark is in use: nowhere to migrate to, and the undo leaves everything as it was. */
static void no_target_is_enomem(void **state)
{
	struct contig_outcome out;
	struct contig_stats before, after;
	struct world w;
	owner_t o = 1;

	(void)state;
	open_world(&w);
	while (contig_alloc(w.c, 0, L_PAGE, o) >= 0) {
		w.at[o] = (pfn_t)(o - 1);
		o++;
	}
	before = stats_of(&w);
	assert_int_equal(before.free, 2);
	assert_int_equal(contig_range_alloc(w.c, &(struct contig_range_args){ .nr = 64 }, &out), -ENOMEM);
	assert_int_equal(out.autopsy.reason, WHY_NO_TARGET);
	assert_int_equal(out.autopsy.phase, PHASE_MIGRATE);
	assert_int_equal(out.autopsy.pfn, 0);
	assert_int_equal(out.by_phase[PHASE_UNDO].blocks, 1);
	after = stats_of(&w);
	assert_memory_equal(&before, &after, sizeof(before));
	contig_close(w.c);
}

/*
 *	node 0: Movable [4096, 5120), Normal [100, 2148)	node 1: Normal [2148, 4096)
 * Kernel memory never comes from Movable; order is Movable, Normal, the next node.
 */
static void zones_in_order(void **state)
{
	struct contig_geometry g;
	struct world w;
	struct contig_what near_1 = { .kind = PAGE_KERNEL, .node = 1 },
			   only_0 = { .kind = PAGE_KERNEL, .this_node = true };

	(void)state;
	contig_geometry_x86_64(&g, 2048);
	g.nr_zones = 3;
	g.zones[0] = (struct contig_zone){ .start = 100, .pages = 2048, .type = ZONE_NORMAL, .wmark_min = 1 };
	g.zones[1] =
		(struct contig_zone){ .start = 2148, .pages = 1948, .type = ZONE_NORMAL, .node = 1, .wmark_min = 1 };
	g.zones[2] = (struct contig_zone){ .start = 4096, .pages = 1024, .type = ZONE_MOVABLE, .wmark_min = 1 };
	open_geometry(&w, &g);
	assert_int_equal(get(&w, L_PAGE, 1), 4096);
	assert_int_equal(get(&w, K_PAGE, 2), 100);
	assert_int_equal(get(&w, near_1, 3), 2148);
	for (uint32_t i = 0; i < 2045; i++)
		assert_true(contig_alloc(w.c, 0, only_0, 100) >= 0);
	assert_int_equal(contig_alloc(w.c, 0, only_0, 100), -ENOMEM);
	assert_int_equal(get(&w, K_PAGE, 4), 2149);
	/* [2000, 2200) crosses from node 0 into node 1: no zone holds it */
	assert_int_equal(contig_range_begin(w.c, &(struct contig_range_args){ .start = 2000, .nr = 200 },
	                                    &(struct contig_range *){ NULL }),
	                 -EINVAL);
	contig_close(w.c);
}

/* Random commands against a shadow: no page is handed out twice, nothing is lost, statistics add up. */
static void random_commands(void **state)
{
	static pfn_t shadow_of[ZONE_PAGES]; /* owner of each page */
	struct world w;
	uint8_t order_of[ZONE_PAGES + 1] = { 0 };
	uint64_t used = 0, rnd = 42;

	(void)state;
	open_world(&w);
	memset(shadow_of, 0, sizeof(shadow_of));
	for (int i = 0; i < 20000; i++) {
		rnd = rnd * 6364136223846793005u + 1442695040888963407u;
		owner_t o = 1 + (rnd >> 33) % 1500;

		if (i % 100 == 99) {
			struct contig_range_args args = { .start = (pfn_t)(rnd >> 40) % 3500,
				                          .nr = 1 + (uint32_t)(rnd >> 20) % 500 };
			struct contig_outcome out;
			memset(shadow_of, 0, sizeof(shadow_of)); /* pages move: rebuilt below */
			if (!contig_range_alloc(w.c, &args, &out))
				assert_int_equal(contig_range_free(w.c, 0, args.start, args.nr), 0);
			for (owner_t k = 1; k <= 1500; k++) {
				for (uint32_t p = 0; order_of[k] && p < 1u << (order_of[k] - 1); p++) {
					assert_int_equal(shadow_of[w.at[k] + p], 0);
					shadow_of[w.at[k] + p] = (pfn_t)k;
				}
			}
		} else if (order_of[o]) {
			uint32_t nr = 1u << (order_of[o] - 1);

			assert_int_equal(contig_free(w.c, 0, w.at[o], o), 0);
			for (uint32_t p = 0; p < nr; p++)
				shadow_of[w.at[o] + p] = 0;
			order_of[o] = 0;
			used -= nr;
		} else {
			unsigned int order = (rnd >> 50) % 100 < 90 ? 0 : (rnd >> 22) % 8;
			bool movable = (rnd >> 12) % 50 != 0;
			struct contig_what what = { .order = (uint8_t)order,
				                    .kind = movable ? PAGE_LRU_COMPOUND : PAGE_KERNEL,
				                    .migratetype = movable ? MT_MOVABLE : MT_UNMOVABLE };
			int64_t pfn = contig_alloc(w.c, 0, what, o);

			if (pfn < 0)
				continue;
			assert_int_equal(pfn % (1 << order), 0);
			w.at[o] = (pfn_t)pfn;
			order_of[o] = (uint8_t)(order + 1);
			used += 1u << order;
			for (uint32_t p = 0; p < 1u << order; p++) {
				assert_int_equal(shadow_of[pfn + p], 0);
				shadow_of[pfn + p] = (pfn_t)o;
			}
		}
		struct contig_stats s = stats_of(&w);
		uint64_t listed = 0;
		for (unsigned int k = 0; k <= 10; k++)
			listed += s.nr_free[k] << k;
		assert_int_equal(s.free, ZONE_PAGES - used);
		assert_int_equal(listed, s.free);
	}
	assert_true(w.moves > 100);
	contig_close(w.c);
}

static void refuses_what_it_can_not_do(void **state)
{
	const struct contig_hooks none = { 0 };
	struct contig_geometry g;
	struct contig_diag diag;

	(void)state;
	contig_geometry_x86_64(&g, 1024);
	assert_int_equal(contig_spec_check("first-fit", &diag), 0);
	assert_int_equal(contig_spec_check("first-fit+merge_rule=iso_only", &diag), -EINVAL);
	assert_non_null(strstr(diag.text, "no knobs"));
	g.init = CONTIG_INIT_RESERVED;
	assert_null(contig_open("first-fit", &g, &none, &diag));
	assert_non_null(strstr(diag.text, "initial state"));
}

/* 10.25 bytes a page; 1 GiB without an explicit watermark keeps what a kernel would keep: 4 MiB. */
static void metadata_and_default_watermark(void **state)
{
	const struct contig_hooks none = { 0 };
	struct contig_geometry g;
	struct contig_diag diag;
	struct contig_stats s;

	(void)state;
	contig_geometry_x86_64(&g, 1u << 18);
	struct contig *c = contig_open("first-fit", &g, &none, &diag);
	assert_non_null(c);
	while (contig_alloc(c, 0, K_PAGE, 1) >= 0)
		;
	contig_stats(c, CONTIG_ALL_ZONES, &s);
	assert_int_equal(s.free, 1025);
	assert_int_equal(s.failed_allocs, 1);
	assert_true(s.metadata_bytes <= s.managed * 11);
	assert_int_equal(s.blocks[MT_UNMOVABLE], 510);
	contig_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_lowest_aligned_run),
		cmocka_unit_test(free_wants_the_owner_and_the_first_page),
		cmocka_unit_test(a_split_compound_becomes_pages),
		cmocka_unit_test(a_request_moves_pages_away),
		cmocka_unit_test(a_kernel_page_is_named_in_the_autopsy),
		cmocka_unit_test(a_page_freed_meanwhile_stays_with_the_request),
		cmocka_unit_test(a_straddling_compound_moves_whole),
		cmocka_unit_test(no_target_is_enomem),
		cmocka_unit_test(zones_in_order),
		cmocka_unit_test(random_commands),
		cmocka_unit_test(refuses_what_it_can_not_do),
		cmocka_unit_test(metadata_and_default_watermark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
