// SPDX-License-Identifier: MIT
/*
 * test_identity.c - pfns become identities.
 *
 * A picture shows pfns from 0 to the right; a letter is a page of that allocation, a dot a page that nobody has. The
 * expected events are written as `contigbench trace cat` prints them, without node and zone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../workloads/record/gfp.h"
#include "../workloads/record/identity.h"

#define COMP true

static const struct identity_zone zones[] = {
	{ .start = 0, .end = 4096, .node = 0, .type = ZONE_DMA32 },
	{ .start = 4096, .end = 65536, .node = 0, .type = ZONE_NORMAL },
	{ .start = 65536, .end = 131072, .node = 1, .type = ZONE_NORMAL },
};

static struct identity *idn;
static char said[4096];
static struct trace_event last;

static void sink(void *ctx, const struct trace_event *e)
{
	size_t at = strlen(said);

	(void)ctx;
	last = *e;
	if (e->op == TRACE_ALLOC)
		snprintf(said + at, sizeof(said) - at, "%d alloc %u %u %s %s\n", (int)e->ns, e->id, e->order,
		         contig_kind_name(e->kind), contig_type_name(e->migratetype));
	else if (e->op == TRACE_FREE)
		snprintf(said + at, sizeof(said) - at, "%d free %u\n", (int)e->ns, e->id);
	else
		snprintf(said + at, sizeof(said) - at, "%d split %u %u %u\n", (int)e->ns, e->id, e->order, e->aux);
}

static int set_up(void **state)
{
	(void)state;
	said[0] = 0;
	idn = identity_new(zones, 3, 10, sink, NULL);
	return idn ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	identity_destroy(idn);
	return 0;
}

/* What was emitted since the last call. */
static void says(const char *expected)
{
	assert_string_equal(said, expected);
	said[0] = 0;
}

/*
 *	....  ->  AAAA  ->  ....
 */
static void test_alloc_and_free(void **state)
{
	(void)state;
	identity_begin(idn, 1000);
	identity_alloc(idn, 1005, 3, 4, 2, MT_MOVABLE, COMP);
	says("5 alloc 1 2 lru-compound Movable\n");
	assert_int_equal(last.cpu, 3);
	assert_int_equal(identity_of(idn, 4), 1);
	assert_int_equal(identity_of(idn, 7), 1);
	identity_free(idn, 1009, 1, 4, 2);
	says("9 free 1\n");
	assert_int_equal(identity_of(idn, 4), 0);
	assert_int_equal(identity_counts(idn)->raw_events, 2);
}

/* What was asked for decides the kind. */
static void test_kinds(void **state)
{
	(void)state;
	identity_begin(idn, 0);
	identity_alloc(idn, 1, 0, 0, 0, MT_MOVABLE, false);
	identity_alloc(idn, 1, 0, 4, 2, MT_MOVABLE, COMP);
	identity_alloc(idn, 1, 0, 8, 2, MT_MOVABLE, false);
	identity_alloc(idn, 1, 0, 12, 0, MT_RECLAIMABLE, COMP);
	identity_alloc(idn, 1, 0, 16, 3, MT_UNMOVABLE, COMP);
	identity_alloc(idn, 1, 0, 24, 0, MT_HIGHATOMIC, false);
	says("1 alloc 1 0 lru Movable\n"
	     "1 alloc 2 2 lru-compound Movable\n"
	     "1 alloc 3 2 kernel Movable\n"
	     "1 alloc 4 0 reclaimable Reclaimable\n"
	     "1 alloc 5 3 kernel Unmovable\n"
	     "1 alloc 6 0 kernel Unmovable\n");
}

/* Node and zone are those of the pfn. */
static void test_zones(void **state)
{
	static const struct {
		uint64_t pfn;
		int node, zone;
	} where[] = {
		{ 4095, 0, ZONE_DMA32 }, { 4096, 0, ZONE_NORMAL }, { 65536, 1, ZONE_NORMAL }, { 1, 0, ZONE_DMA32 }
	};

	(void)state;
	identity_begin(idn, 0);
	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		identity_alloc(idn, 1, 0, where[i].pfn, 0, MT_MOVABLE, false);
		assert_int_equal(last.node, where[i].node);
		assert_int_equal(last.zone, where[i].zone);
	}
}

/*
 * A partial free splits first:
 *
 *	AAAAAAAA  ->  BBCCDDEE  ->  BBCC..EE		pfns 4 and 5 are freed
 */
static void test_partial_free(void **state)
{
	(void)state;
	identity_begin(idn, 0);
	identity_alloc(idn, 1, 0, 0, 3, MT_UNMOVABLE, false);
	identity_free(idn, 2, 0, 4, 1);
	says("1 alloc 1 3 kernel Unmovable\n"
	     "2 split 1 1 2\n"
	     "2 free 4\n");
	assert_int_equal(identity_of(idn, 3), 3);
	assert_int_equal(identity_of(idn, 5), 0);
	assert_int_equal(identity_of(idn, 7), 5);
	/* ... and again, smaller: EE -> FG */
	identity_free(idn, 3, 0, 7, 0);
	says("3 split 5 0 6\n"
	     "3 free 7\n");
	assert_int_equal(identity_counts(idn)->splits, 2);
}

/*
 * A free that covers several allocations frees each; holes in it do not matter:
 *
 *	A.BBCCCC  ->  ........
 */
static void test_free_of_several(void **state)
{
	(void)state;
	identity_begin(idn, 0);
	identity_alloc(idn, 1, 0, 8, 0, MT_MOVABLE, false);
	identity_alloc(idn, 1, 0, 10, 1, MT_UNMOVABLE, false);
	identity_alloc(idn, 1, 0, 12, 2, MT_UNMOVABLE, false);
	said[0] = 0;
	identity_free(idn, 2, 0, 8, 3);
	says("2 free 1\n"
	     "2 free 2\n"
	     "2 free 3\n");
	assert_int_equal(identity_counts(idn)->unmatched_frees, 0);
}

/*
 * An allocation of live pages implies that they were freed, wholly or in part:
 *
 *	AAAA  ->  BB..		  AAAA  ->  BBCC -> DDCC	(B = pieces)
 */
static void test_implied_free(void **state)
{
	(void)state;
	identity_begin(idn, 0);
	identity_alloc(idn, 1, 0, 2, 0, MT_MOVABLE, false);
	identity_alloc(idn, 2, 0, 2, 0, MT_UNMOVABLE, false);
	says("1 alloc 1 0 lru Movable\n"
	     "2 free 1\n"
	     "2 alloc 2 0 kernel Unmovable\n");
	identity_alloc(idn, 3, 0, 0, 2, MT_UNMOVABLE, false);
	says("3 free 2\n"
	     "3 alloc 3 2 kernel Unmovable\n");
	identity_alloc(idn, 4, 0, 0, 1, MT_MOVABLE, COMP);
	says("4 split 3 1 4\n"
	     "4 free 4\n"
	     "4 alloc 6 1 lru-compound Movable\n");
	assert_int_equal(identity_counts(idn)->implied_frees, 3);
	assert_int_equal(identity_counts(idn)->frees, 0);
}

/* Frees of what nobody knows and failed allocations are counted, and nothing else. */
static void test_unmatched_and_failed(void **state)
{
	(void)state;
	identity_begin(idn, 0);
	identity_free(idn, 1, 0, 40, 0);
	identity_free(idn, 2, 0, 40, 5);
	identity_alloc(idn, 3, 0, UINT64_MAX, 9, MT_MOVABLE, COMP);
	identity_alloc(idn, 3, 0, 200000, 0, MT_MOVABLE, false); /* behind the last zone */
	identity_alloc(idn, 3, 0, 1, 1, MT_MOVABLE, false);      /* the buddy never hands that out */
	identity_free(idn, 3, 0, (uint64_t)1 << 50, 0);
	says("");
	assert_int_equal(identity_counts(idn)->unmatched_frees, 2);
	assert_int_equal(identity_counts(idn)->failed_allocs, 1);
	assert_int_equal(identity_counts(idn)->foreign, 3);
	assert_int_equal(identity_counts(idn)->raw_events, 6);
}

/*
 * Pages of the snapshot are the first events, in order of address, at time 0; those freed or forgotten meanwhile are
 * none, and an allocation during the snapshot wins over what the snapshot saw:
 *
 *	snapshot  K.LLLLFS....		events before time 0: S freed, EE allocated at 8
 *	initial   K.LLLL..EE..		F forgotten
 */
static void test_initial_state(void **state)
{
	(void)state;
	identity_place(idn, 0, 0, PAGE_KERNEL);
	identity_place(idn, 4, 2, PAGE_LRU_COMPOUND);
	identity_place(idn, 16, 0, PAGE_LRU);
	identity_place(idn, 17, 0, PAGE_LRU);
	identity_place(idn, 18, 0, PAGE_LRU);
	identity_forget(idn, 16);
	identity_free(idn, 900, 0, 17, 0);
	identity_alloc(idn, 910, 0, 18, 1, MT_UNMOVABLE, false);
	identity_free(idn, 920, 0, 999, 0);
	says("");
	identity_begin(idn, 1000);
	says("0 alloc 1 0 kernel Unmovable\n"
	     "0 alloc 2 2 lru-compound Movable\n"
	     "0 alloc 3 1 kernel Unmovable\n");
	identity_free(idn, 1001, 0, 4, 2);
	says("1 free 2\n");
	assert_int_equal(identity_counts(idn)->initial, 3);
	assert_int_equal(identity_counts(idn)->initial_pages, 7);
	assert_int_equal(identity_counts(idn)->unmatched_frees, 0);
	assert_int_equal(identity_counts(idn)->raw_events, 1);
}

/* A gigantic page is more than the buddy ever hands out: it becomes several of the largest order. */
static void test_gigantic(void **state)
{
	(void)state;
	identity_place(idn, 8192, 12, PAGE_KERNEL);
	identity_begin(idn, 0);
	says("0 alloc 1 10 kernel Unmovable\n"
	     "0 alloc 2 10 kernel Unmovable\n"
	     "0 alloc 3 10 kernel Unmovable\n"
	     "0 alloc 4 10 kernel Unmovable\n");
	identity_free(idn, 1, 0, 8192 + 1024, 10);
	says("1 free 2\n");
}

/* Events that come too late are moved to the time of the one before. */
static void test_late(void **state)
{
	(void)state;
	identity_begin(idn, 0);
	identity_alloc(idn, 50, 0, 0, 0, MT_MOVABLE, false);
	identity_alloc(idn, 40, 0, 1, 0, MT_MOVABLE, false);
	says("50 alloc 1 0 lru Movable\n"
	     "50 alloc 2 0 lru Movable\n");
	assert_int_equal(identity_counts(idn)->late, 1);
}

/* The three ways in which kernels have written their table of flags. */
static void test_gfp_flag(void **state)
{
	static const char v6_18[] =
		"print fmt: \"page=%p gfp_flags=%s\", REC->pfn, (REC->gfp_flags) ? __print_flags(REC->gfp_flags, "
		"\"|\", "
		"{( unsigned long)(((( gfp_t)((((1UL))) << (18))) | (( gfp_t)0)) & ~(( gfp_t)(((((1UL))) << "
		"(10))|((((1UL))) << (11))))), \"GFP_TRANSHUGE\"}, {( unsigned long)(( gfp_t)((((1UL))) << (18))), "
		"\"__GFP_COMP\"}, { 0, ((void *)0) } ) : \"none\"";
	static const char v5_10[] =
		"{(unsigned long)((( gfp_t)(0x400u|0x800u)) | (( gfp_t)0x40u)), \"GFP_NOFS\"}, "
		"{(unsigned long)(( gfp_t)0x40000u), \"__GFP_COMP\"}, {(unsigned long)(( gfp_t)0x80000u),"
		" \"__GFP_NOMEMALLOC\"}";
	static const char v6_10[] = "{( unsigned long)(( gfp_t)((((1UL))) << (___GFP_COMP_BIT))), \"__GFP_COMP\"}";
	char deep[4000];
	uint64_t v = 0;

	(void)state;
	assert_true(gfp_flag(v6_18, "__GFP_COMP", &v));
	assert_true(v == 1u << 18);
	assert_true(gfp_flag(v5_10, "__GFP_COMP", &v));
	assert_true(v == 0x40000);
	assert_true(gfp_flag(v5_10, "GFP_NOFS", &v));
	assert_true(v == 0xc40);
	assert_false(gfp_flag(v6_10, "__GFP_COMP", &v));
	assert_false(gfp_flag("", "__GFP_COMP", &v));
	assert_false(gfp_flag("\"__GFP_COMP\"", "__GFP_COMP", &v));
	memset(deep, '(', sizeof(deep));
	deep[0] = '{';
	strcpy(deep + sizeof(deep) - 20, ", \"__GFP_COMP\"}");
	assert_false(gfp_flag(deep, "__GFP_COMP", &v));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_alloc_and_free),
		T(test_kinds),
		T(test_zones),
		T(test_partial_free),
		T(test_free_of_several),
		T(test_implied_free),
		T(test_unmatched_and_failed),
		T(test_initial_state),
		T(test_gigantic),
		T(test_late),
		cmocka_unit_test(test_gfp_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
