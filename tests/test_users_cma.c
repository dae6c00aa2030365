// SPDX-License-Identifier: MIT
/*
 * test_users_cma.c - CMA areas (7.1): how they are made, how they are searched, and what is held around
 * alloc_contig_range. Blocks are of 8 pages (P = 3, M = 4).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/users/cma.h"
#include "lib/users.h"

#define FOUR_FREE "[MMMM] F4 | F4"

static struct cma_area *add(struct users *u, struct cma *cma, pfn_t base, uint32_t pages, unsigned int order_per_bit)
{
	const struct cma_range range = { base, pages };
	struct cma_area *a = NULL;

	if (cma_area_add(cma, &range, 1, order_per_bit, &a, &u->diag))
		fail_msg("%s: %s", u->w.c->ops->name, u->diag.text);
	world_verify(&u->w);
	return a;
}

static struct cma_area *open_area(struct users *u, struct cma **cma, const char *backend, pfn_t base, uint32_t pages)
{
	users_open(u, backend, FOUR_FREE);
	assert_int_equal(cma_open(&u->m, cma), 0);
	return add(u, *cma, base, pages, 0);
}

static void close_all(struct users *u, struct cma *cma)
{
	cma_close(cma);
	users_close(u);
}

static struct user_request *begin(struct cma_area *a, uint32_t pages, unsigned int align_order)
{
	struct user_request *r = NULL;

	assert_int_equal(cma_alloc_begin(a, pages, align_order, 0, &r), 0);
	return r;
}

static int alloc(struct users *u, struct cma_area *a, uint32_t pages, unsigned int align_order)
{
	return users_run(u, begin(a, pages, align_order));
}

/* ---- set-up ---------------------------------------------------------------------------------- */

/*
 *	[MMMM] F4 | F4
 *	   ^^      area of blocks 1 and 2: fine where a block is enough (v5.19), refused where it must be MAX aligned;
 *	           the free runs that reach over its ends are cut
 */
static void area_is_aligned_by_release(void **state)
{
	const struct cma_range range = { 8, 16 };
	struct cma_area *a;
	struct cma *cma;
	struct users u;

	(void)state;
	users_open(&u, "linux-5.10", FOUR_FREE);
	assert_int_equal(cma_open(&u.m, &cma), 0);
	assert_int_equal(cma_area_add(cma, &range, 1, 0, &a, &u.diag), -EINVAL);
	users_expect_said(&u, "begin and size must be multiples of 16 pages");
	world_expect_types(&u.w, "MMMM");
	close_all(&u, cma);

	open_area(&u, &cma, "linux-6.1", 8, 16);
	world_expect(&u.w, "[MCCM] F3 | F3 | F3 | F3");
	close_all(&u, cma);
}

/*
 *	[MMMM] F4 | X X ... reserved	-> [MMCC]: reserved pages of an area go to the buddy as CMA pages
 */
static void reserved_pages_become_free(void **state)
{
	struct contig_stats before, after;
	struct cma *cma;
	struct users u;

	(void)state;
	memset(&u, 0, sizeof(u));
	users_open(&u, "linux-7.2", "[MM] F4");
	/* behind the drawing all is free: reserve by hand what the area is to get */
	users_occupy(&u, 16, 16);
	assert_int_equal(u.m.lab->convert(u.w.c, 16, 16, PAGE_RESERVED, OWNER_NONE), 0);
	contig_stats(u.w.c, CONTIG_ALL_ZONES, &before);
	assert_int_equal(cma_open(&u.m, &cma), 0);
	struct cma_area *a = add(&u, cma, 16, 16, 0);

	contig_stats(u.w.c, CONTIG_ALL_ZONES, &after);
	assert_int_equal(after.free, before.free + 16);
	assert_int_equal(after.free_cma, 16);
	assert_int_equal(cma_available(a), 16);
	users_expect_kind(&u, 16, 16, PAGE_FREE);
	close_all(&u, cma);
}

/*
 * rfc-2021, where whatever is free merges: an area of one block in the middle of a free run of two is made all the
 * same.
 */
static void area_inside_a_free_run(void **state)
{
	static const char *const backends[] = { "rfc-2021", "linux-6.1", "linux-6.12", "linux-7.2" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct cma *cma;
		struct users u;
		struct cma_area *a = open_area(&u, &cma, backends[i], 8, 8);

		world_expect_types(&u.w, "MCMM");
		assert_int_equal(world_drift(&u.w, false), 0);
		assert_int_equal(alloc(&u, a, 8, 0), i ? 0 : -EBUSY);
		close_all(&u, cma);
	}
}

static void bad_areas(void **state)
{
	const struct cma_range overlapping[] = { { 0, 16 }, { 0, 16 } }, none = { 0, 0 }, outside = { 240, 32 };
	struct contig_run run;
	struct cma_area *a;
	struct cma *cma;
	struct users u;

	(void)state;
	users_open(&u, "linux-6.1", "[MMMM] F4 | F3 | F0 L F1 F2");
	assert_int_equal(cma_open(&u.m, &cma), 0);
	assert_int_equal(cma_area_add(cma, overlapping, 0, 0, &a, &u.diag), -EINVAL);
	users_expect_said(&u, "0 ranges");
	assert_int_equal(cma_area_add(cma, overlapping, CMA_MAX_RANGES + 1, 0, &a, &u.diag), -EINVAL);
	assert_int_equal(cma_area_add(cma, overlapping, 1, 21, &a, &u.diag), -EINVAL);
	users_expect_said(&u, "2^21 pages a bit");
	assert_int_equal(cma_area_add(cma, &none, 1, 0, &a, &u.diag), -EINVAL);
	users_expect_said(&u, "it has no pages");
	/* 2^4 pages a bit is coarser than a block */
	assert_int_equal(cma_area_add(cma, &(struct cma_range){ 8, 16 }, 1, 4, &a, &u.diag), -EINVAL);
	users_expect_said(&u, "multiples of 16 pages");
	assert_int_equal(cma_area_add(cma, overlapping, 2, 0, &a, &u.diag), -EINVAL);
	users_expect_said(&u, "overlaps another");
	assert_int_equal(cma_area_add(cma, &(struct cma_range){ 24, 8 }, 1, 0, &a, &u.diag), -EBUSY);
	users_expect_said(&u, "page 25 is neither free nor reserved (lru)");
	world_expect_types(&u.w, "MMMM");
	/* in no one zone: not an area, and what was reserved of it is free memory like any other */
	users_occupy(&u, 248, 8);
	assert_int_equal(u.m.lab->convert(u.w.c, 248, 8, PAGE_RESERVED, OWNER_NONE), 0);
	assert_int_equal(cma_area_add(cma, &outside, 1, 0, &a, &u.diag), -EINVAL);
	users_expect_said(&u, "lies in no one zone");
	u.m.lab->run(u.w.c, 248, &run);
	assert_int_equal(run.kind, PAGE_FREE);
	assert_int_equal(u.m.lab->type(u.w.c, 31, NULL), MT_MOVABLE);
	add(&u, cma, 0, 16, 0);
	assert_int_equal(cma_area_add(cma, overlapping, 1, 0, &a, &u.diag), -EINVAL);
	close_all(&u, cma);
}

/* ---- the search ------------------------------------------------------------------------------ */

/*
 *	area  0       8       16      24
 *	      ...x....				x: a page in use that the area does not know of
 *
 * Eight pages at any place: pages 0 to 3 are tried one by one, though their block is known to be busy; 4 it is.
 */
static void one_page_at_a_time(void **state)
{
	struct cma *cma;
	struct users u;
	struct cma_area *a = open_area(&u, &cma, "linux-6.1", 0, 32);

	(void)state;
	users_occupy(&u, 3, 1);
	assert_int_equal(alloc(&u, a, 8, 0), 0);
	assert_int_equal(u.out.start, 4);
	assert_int_equal(u.out.calls, 5);
	assert_int_equal(u.out.busy, 4);
	assert_int_equal(cma_available(a), 24);
	assert_int_equal(cma_release(a, 0, 4, 8), 0);
	/* with an alignment of a block the next is tried at once */
	assert_int_equal(alloc(&u, a, 8, 3), 0);
	assert_int_equal(u.out.start, 8);
	assert_int_equal(u.out.calls, 2);
	close_all(&u, cma);
}

/*
 *	area  0       8
 *	      AAAAAAAA....x...	a request for 8 aligned pages gets as far as 8 and fails; what is given back below it
 *	      ^ given back	meanwhile is not looked at any more
 */
static void never_wraps(void **state)
{
	struct user_request *r;
	struct cma *cma;
	struct users u;
	struct cma_area *a = open_area(&u, &cma, "linux-7.2", 0, 16);

	(void)state;
	assert_int_equal(alloc(&u, a, 8, 3), 0);
	users_occupy(&u, 12, 1);
	r = begin(a, 8, 3);
	assert_int_equal(users_step(r), USER_MORE);
	assert_int_equal(cma_release(a, 0, 0, 8), 0);
	assert_int_equal(users_finish(&u, r), -EBUSY);
	assert_int_equal(u.out.calls, 1);
	assert_int_equal(u.out.nr, 0);
	assert_int_equal(cma_available(a), 16);
	/* the next request begins anew */
	assert_int_equal(alloc(&u, a, 8, 3), 0);
	assert_int_equal(u.out.start, 0);
	close_all(&u, cma);
}

/* Nothing to migrate to: -ENOMEM ends it, however much of the area is left. */
static void other_errors_end_it(void **state)
{
	static const char *const backends[] = { "linux-5.10", "linux-6.1", "linux-7.2" };
	const struct cma_range range = { 0, 16 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct cma_area *a;
		struct cma *cma;
		struct users u;

		users_open_alone(&u, backends[i], FOUR_FREE);
		assert_int_equal(cma_open(&u.m, &cma), 0);
		assert_int_equal(cma_area_add(cma, &range, 1, 0, &a, &u.diag), 0);
		assert_true(users_fill(&u) > 16);
		assert_int_equal(alloc(&u, a, 4, 2), -ENOMEM);
		assert_int_equal(u.out.calls, 1);
		assert_int_equal(u.out.autopsy.reason, WHY_NO_TARGET);
		assert_int_equal(cma_available(a), 16);
		close_all(&u, cma);
	}
}

/* Two pages a bit, and an area that begins below the alignment asked for: pages are aligned, not bits. */
static void bits_and_alignment(void **state)
{
	struct cma *cma;
	struct users u;

	(void)state;
	users_open(&u, "linux-6.1", FOUR_FREE);
	assert_int_equal(cma_open(&u.m, &cma), 0);
	struct cma_area *a = add(&u, cma, 8, 24, 1);

	assert_int_equal(alloc(&u, a, 3, 4), 0);
	assert_int_equal(u.out.start, 16);
	assert_int_equal(u.out.nr, 3);
	assert_int_equal(cma_available(a), 20); /* three pages take two bits */
	assert_int_equal(alloc(&u, a, 1, 0), 0);
	assert_int_equal(u.out.start, 8);
	assert_int_equal(alloc(&u, a, 4, 1), 0);
	assert_int_equal(u.out.start, 10);
	/* bits that are clear, pages that are another's, more than was got, nothing */
	assert_int_equal(cma_release(a, 0, 24, 2), -EINVAL);
	assert_int_equal(cma_release(a, 0, 9, 1), -EINVAL);
	assert_int_equal(cma_release(a, 0, 16, 4), -EINVAL);
	assert_int_equal(cma_release(a, 0, 16, 0), -EINVAL);
	assert_int_equal(cma_release(a, 0, 32, 2), -EINVAL);
	assert_int_equal(cma_release(a, 0, 16, 3), 0);
	assert_int_equal(cma_release(a, 0, 16, 3), -EINVAL);
	assert_int_equal(cma_available(a), 18);
	close_all(&u, cma);
}

/* v6.15: an area of two ranges, tried in order; a request larger than what is available ends at once. */
static void two_ranges(void **state)
{
	const struct cma_range ranges[] = { { 0, 16 }, { 24, 8 } };
	struct cma_area *a;
	struct cma *cma;
	struct users u;

	(void)state;
	users_open(&u, "linux-7.2", FOUR_FREE);
	assert_int_equal(cma_open(&u.m, &cma), 0);
	assert_int_equal(cma_area_add(cma, ranges, 2, 0, &a, &u.diag), 0);
	world_expect_types(&u.w, "CCMC");
	assert_int_equal(cma_pages(a), 24);
	assert_int_equal(alloc(&u, a, 12, 0), 0);
	assert_int_equal(alloc(&u, a, 8, 3), 0);
	assert_int_equal(u.out.start, 24);
	assert_int_equal(cma_available(a), 4);
	assert_int_equal(alloc(&u, a, 5, 0), -ENOMEM);
	assert_int_equal(u.out.calls, 0);
	assert_int_equal(u.out.total.scanned, 0);
	assert_int_equal(u.out.autopsy.phase, PHASE_SEARCH);
	assert_int_equal(u.out.autopsy.reason, WHY_NO_CANDIDATE);
	assert_int_equal(cma_release(a, 0, 24, 8), 0);
	assert_int_equal(cma_available(a), 12);
	/* available, but nowhere in one piece: known after looking */
	assert_int_equal(alloc(&u, a, 9, 0), -ENOMEM);
	assert_true(u.out.total.scanned > 0);
	close_all(&u, cma);
}

static void bad_requests(void **state)
{
	struct user_request *r;
	struct cma *cma;
	struct users u;
	struct cma_area *a = open_area(&u, &cma, "linux-6.1", 0, 16);

	(void)state;
	assert_int_equal(cma_alloc_begin(a, 0, 0, 0, &r), -EINVAL);
	assert_int_equal(cma_alloc_begin(a, 1, 32, 0, &r), -EINVAL);
	assert_int_equal(alloc(&u, a, 17, 0), -ENOMEM);
	close_all(&u, cma);
}

/* ---- the mutex ------------------------------------------------------------------------------- */

/*
 * Two requests at once for 8 pages each:
 *
 *	one area of blocks 0 to 3, or two areas of blocks 0-1 and 2-3
 *
 *	            same area       two areas
 *	global      waits           waits
 *	per_area    waits           both go on
 *	none        both go on      both go on
 */
static void who_waits_for_whom(void **state)
{
	static const struct {
		const char *backend;
		bool waits[2]; /* same area, two areas */
	} rows[] = {
		{ "linux-3.16", { true, true } }, { "linux-5.10", { true, true } }, { "linux-5.18", { false, false } },
		{ "rfc-2021", { false, false } }, { "linux-6.1", { true, true } },  { "linux-6.12", { true, true } },
		{ "linux-7.2", { true, false } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int two = 0; two < 2; two++) {
			struct cma *cma;
			struct users u;
			struct cma_area *a = open_area(&u, &cma, rows[i].backend, 0, two ? 16 : 32);
			struct cma_area *b = two ? add(&u, cma, 16, 16, 0) : a;
			struct user_request *first = begin(a, 8, 0), *second = begin(b, 8, 0), *third = begin(b, 8, 0);
			bool waits = rows[i].waits[two];

			users_step(first);
			users_step(first);
			users_step(second);
			assert_int_equal(users_step(second), waits ? USER_WAITS : USER_MORE);
			assert_int_equal(user_ready(second), !waits);
			if (waits) {
				struct user_outcome ended;

				users_step(third);
				assert_int_equal(users_step(third), USER_WAITS);
				assert_int_equal(users_step(second), USER_WAITS);
				users_finish(&u, first);
				/* it is handed to who has waited longest, not to who comes next */
				assert_true(user_ready(second));
				assert_false(user_ready(third));
				assert_int_equal(users_step(third), USER_WAITS);
				users_finish(&u, second);
				ended = u.out;
				assert_int_equal(ended.waits, 1);
				assert_int_equal(ended.rc, 0);
				users_finish(&u, third);
				assert_int_equal(u.out.waits, 1);
			} else {
				users_finish(&u, second);
				assert_int_equal(u.out.waits, 0);
				users_finish(&u, first);
				users_finish(&u, third);
			}
			close_all(&u, cma);
		}
	}
}

/*
 *	[CCCC]		first request: pages 0 to 7, in progress: its MAX page, blocks 0 and 1, is isolated
 *	 ^^
 *
 * Second request, no mutex: 8, 9, 10 ... 15 are all refused, since [8, 16) and what begins in it rounds out to block 0,
 * too: each page is tried until the neighbourhood ends. With the mutex it waits and gets 8 at the first attempt;
 * with isolation by blocks there is nothing to wait for.
 */
static void retry_storm_without_the_mutex(void **state)
{
	static const struct {
		const char *backend;
		uint32_t calls;
		pfn_t start;
	} rows[] = {
		{ "linux-5.18", 9, 16 },
		{ "linux-5.10+cma_mutex=none", 9, 16 },
		{ "linux-6.1+cma_mutex=none", 1, 8 },
		{ "linux-7.2+cma_mutex=none", 1, 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cma *cma;
		struct users u;
		struct cma_area *a = open_area(&u, &cma, rows[i].backend, 0, 32);
		struct user_request *first = begin(a, 8, 0), *second = begin(a, 8, 0);

		/* search, lock, and the first block is isolated */
		for (int k = 0; k < 3; k++)
			assert_int_equal(users_step(first), USER_MORE);
		assert_int_equal(users_finish(&u, second), 0);
		if (u.out.calls != rows[i].calls)
			fail_msg("%s: %u calls", rows[i].backend, u.out.calls);
		assert_int_equal(u.out.busy, rows[i].calls - 1);
		assert_int_equal(u.out.start, rows[i].start);
		assert_int_equal(users_finish(&u, first), 0);
		assert_int_equal(u.out.start, 0);
		close_all(&u, cma);
	}
}

/* The same with an area of no more than the neighbourhood: an outright failure although half of it is free. */
static void failure_without_the_mutex(void **state)
{
	struct user_request *first, *second;
	struct cma *cma;
	struct users u;
	struct cma_area *a = open_area(&u, &cma, "linux-5.18", 0, 16);

	(void)state;
	first = begin(a, 4, 0);
	second = begin(a, 4, 0);
	for (int k = 0; k < 3; k++)
		users_step(first);
	assert_int_equal(users_finish(&u, second), -EBUSY);
	assert_int_equal(u.out.calls, 9); /* pages 4 to 12 */
	assert_int_equal(u.out.autopsy.reason, WHY_ALREADY_ISOLATED);
	assert_int_equal(users_finish(&u, first), 0);
	assert_int_equal(alloc(&u, a, 4, 0), 0);
	close_all(&u, cma);
}

/* A request may be dropped in the middle: nothing of the machine is lost. */
static void abandoned(void **state)
{
	struct user_request *first, *second;
	struct cma *cma;
	struct users u;
	struct cma_area *a = open_area(&u, &cma, "linux-6.1", 0, 32);

	(void)state;
	first = begin(a, 8, 0);
	second = begin(a, 8, 0);
	for (int k = 0; k < 3; k++)
		users_step(first);
	users_step(second);
	users_step(second);
	user_abandon(second);
	user_abandon(first);
	world_verify(&u.w);
	close_all(&u, cma);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(area_is_aligned_by_release),
		cmocka_unit_test(reserved_pages_become_free),
		cmocka_unit_test(area_inside_a_free_run),
		cmocka_unit_test(bad_areas),
		cmocka_unit_test(one_page_at_a_time),
		cmocka_unit_test(never_wraps),
		cmocka_unit_test(other_errors_end_it),
		cmocka_unit_test(bits_and_alignment),
		cmocka_unit_test(two_ranges),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(who_waits_for_whom),
		cmocka_unit_test(retry_storm_without_the_mutex),
		cmocka_unit_test(failure_without_the_mutex),
		cmocka_unit_test(abandoned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
