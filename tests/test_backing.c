// SPDX-License-Identifier: MIT
/*
 * test_backing.c - real memory behind simulated pages: what a right program does leaves no complaint, and each thing that a
 * wrong one can do to a page - lose it, hand it out twice, copy half of it - is found and called by its name.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/wall/backing.h"
#include "lib/placements.h"

#define ZONE_PAGES 4096u
#define A          ((owner_t)4711 << 32)
#define B          ((owner_t)4712 << 32)

static struct contig_geometry one_zone(uint32_t pages)
{
	struct contig_geometry g;

	contig_geometry_x86_64(&g, pages);
	return g;
}

static struct backing *open_geometry(const struct contig_geometry *g)
{
	struct contig_diag diag = { "" };
	struct backing *b;

	if (backing_open(&b, g, &placed_here, &diag))
		fail_msg("%s", diag.text);
	return b;
}

static struct backing *open_small(void)
{
	struct contig_geometry g = one_zone(ZONE_PAGES);

	return open_geometry(&g);
}

static void all_is_well(struct backing *b)
{
	struct contig_diag diag = { "" };

	if (backing_failed(b, &diag))
		fail_msg("%s", diag.text);
	backing_close(b);
}

static void found_wrong(struct backing *b, const char *says)
{
	struct contig_diag diag = { "" };

	assert_int_equal(backing_failed(b, &diag), -EUCLEAN);
	if (!strstr(diag.text, says))
		fail_msg("'%s' does not say '%s'", diag.text, says);
	backing_close(b);
}

/* ---- right programs --------------------------------------------------------------------------- */

/* Allocated, migrated, split, freed, handed out as a contiguous range: each in its turn. */
static void right_programs_pass(void **state)
{
	static const owner_t piece[] = { (owner_t)1 << 32, (owner_t)2 << 32 };
	struct backing *b = open_small();
	struct contig_diag diag;

	(void)state;
	backing_filled(b, A, 512, 9);
	assert_int_equal(backing_check(b, A, 512, 9, &diag), 0);
	backing_copy(b, A, 512, 2048, 9);
	backing_emptied(b, OWNER_NONE, 512, 9);
	assert_int_equal(backing_check(b, A, 2048, 9, &diag), 0);
	for (unsigned int i = 0; i < 2; i++)
		backing_filled(b, piece[i], 2048 + 256 * i, 8);
	for (unsigned int i = 0; i < 2; i++)
		backing_emptied(b, piece[i], 2048 + 256 * i, 8);
	backing_range_got(b, 7, 500, 100);
	backing_range_back(b, 7, 550, 50);
	backing_range_back(b, 7, 500, 50);
	backing_filled(b, B, ZONE_PAGES - 1, 0);
	backing_emptied(b, B, ZONE_PAGES - 1, 0);
	all_is_well(b);
}

static void lies_on_its_node(void **state)
{
	struct backing *b = open_small();
	struct placement_found found = { 0 };
	struct contig_diag diag;

	(void)state;
	if (!placed_here.bind)
		skip();
	assert_int_equal(backing_verify_nodes(b, &found, &diag), 0);
	assert_int_equal(found.right, ZONE_PAGES * 4096ul / (unsigned long)sysconf(_SC_PAGESIZE));
	assert_int_equal(found.wrong + found.untouched, 0);
	all_is_well(b);
}

/* Zones in any order, a hole of 2^31 pages between them that costs nothing, and of each the last page. */
static void holes_cost_nothing(void **state)
{
	struct contig_geometry g = one_zone(1024);

	(void)state;
	g.nr_zones = 3;
	g.zones[1] = g.zones[2] = g.zones[0];
	g.zones[0].start = 1u << 31;
	g.zones[2].start = 2048;
	assert_int_equal(backing_bytes(&g), 3 * 1024 * 4096);
	struct backing *b = open_geometry(&g);

	backing_filled(b, A, (1u << 31) + 1023, 0);
	backing_filled(b, B, 2048, 10);
	backing_copy(b, A, (1u << 31) + 1023, 0, 0);
	backing_emptied(b, A, 0, 0);
	backing_emptied(b, B, 2048, 10);
	all_is_well(b);
}

static void pages_of_any_size(void **state)
{
	static const uint8_t shifts[] = { 9, 10, 12, 16 };

	(void)state;
	for (size_t i = 0; i < sizeof(shifts); i++) {
		struct contig_geometry g = one_zone(1024);

		g.page_shift = shifts[i];
		/* pages smaller than the machine's: the zone's last real page is not full */
		g.zones[0].pages = 1021;
		struct backing *b = open_geometry(&g);

		for (pfn_t pfn = 0; pfn < 510; pfn++)
			backing_filled(b, (owner_t)(pfn + 1) << 32, pfn, 0);
		for (pfn_t pfn = 0; pfn < 510; pfn++)
			backing_copy(b, (owner_t)(pfn + 1) << 32, pfn, pfn + 511, 0);
		for (pfn_t pfn = 0; pfn < 510; pfn++)
			backing_emptied(b, (owner_t)(pfn + 1) << 32, pfn + 511, 0);
		all_is_well(b);
	}
}

/* ---- wrong ones ------------------------------------------------------------------------------- */

static void twice_freed(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_filled(b, A, 17, 0);
	backing_emptied(b, A, 17, 0);
	backing_emptied(b, A, 17, 0);
	found_wrong(b,
	            "real page 17, page 0 of the allocation of event 4711, freed: it carries the mark of a free page");
}

/* [ A A A A ] and B is given the third of them. */
static void handed_out_twice(void **state)
{
	struct backing *b = open_small();
	struct contig_diag diag;

	(void)state;
	backing_filled(b, A, 16, 2);
	backing_filled(b, B, 18, 0);
	assert_int_equal(backing_check(b, B, 18, 0, &diag), 0);
	assert_int_equal(backing_check(b, A, 16, 2, &diag), -EUCLEAN);
	assert_string_equal(diag.text, "real page 18, page 2 of the allocation of event 4711, in use: it carries the "
	                               "stamp of the allocation of event 4712: two owners have got it");
	assert_int_equal(backing_failed(b, &diag), 0);
	backing_emptied(b, A, 16, 2);
	found_wrong(b, "real page 18, page 2 of the allocation of event 4711, freed: it carries the stamp of the "
	               "allocation of event 4712: two owners have got it");
}

/* A contiguous request gets a page that is in use. */
static void in_use_and_in_a_range(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_filled(b, A, 100, 0);
	backing_range_got(b, 3, 64, 64);
	backing_copy(b, A, 100, 200, 0);
	backing_range_back(b, 3, 64, 64);
	found_wrong(b, "page 100, page 0 of the allocation of event 4711, migrated: it carries the stamp of contiguous "
	               "request 3");
}

static void a_range_given_to_others(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_range_got(b, 3, 64, 64);
	backing_filled(b, A, 127, 0);
	backing_range_back(b, 3, 64, 64);
	found_wrong(b, "real page 127, page 63 of contiguous request 3, given back: it carries the stamp of the "
	               "allocation of event 4711");
}

/* It moved, and nobody copied it. */
static void lost_in_migration(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_filled(b, A, 8, 3);
	backing_emptied(b, OWNER_NONE, 8, 3);
	backing_emptied(b, A, 32, 3);
	found_wrong(b, "carries the mark of a free page: it was freed before, or its contents never got here");
}

/* Pages 0 and 1 are copied the wrong way round. */
static void copied_crosswise(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_filled(b, A, 8, 1);
	backing_copy(b, A, 8, 16, 1);
	memcpy(backing_page(b, 16), backing_page(b, 17), 4096);
	backing_emptied(b, A, 16, 1);
	found_wrong(b, "carries the stamp of page 1 of the same: pages changed places");
}

static void half_copied(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_filled(b, A, 8, 0);
	memcpy(backing_page(b, 9), backing_page(b, 8), 2048);
	backing_emptied(b, A, 9, 0);
	found_wrong(b, "real page 9, page 0 of the allocation of event 4711, freed: it is right at its beginning only: "
	               "it was half copied");
}

static void half_copied_over_another(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_filled(b, A, 8, 0);
	backing_filled(b, B, 9, 0);
	memcpy(backing_page(b, 8) + 2048, backing_page(b, 9) + 2048, 2048);
	backing_emptied(b, B, 8, 0);
	found_wrong(b, "it is right at its end only");
}

static void written_over(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_filled(b, A, 8, 0);
	memset(backing_page(b, 8), 0, 4096);
	backing_emptied(b, A, 8, 0);
	found_wrong(b, "it carries no stamp: its contents are lost, or written over");
}

/* Calls about pages that do not exist are told, and harm nothing. */
static void outside_of_all_zones(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_filled(b, A, 0, 0);
	backing_copy(b, A, 0, ZONE_PAGES, 0);
	backing_copy(b, A, 0, 1, 40);
	backing_emptied(b, A, ZONE_PAGES - 1, 1);
	backing_range_got(b, 1, 10, ZONE_PAGES);
	backing_range_back(b, 1, PFN_NONE, 1);
	found_wrong(b, "page 4096 of the allocation of event 4711 is in no zone");
}

static void first_is_kept(void **state)
{
	struct backing *b = open_small();

	(void)state;
	backing_emptied(b, A, 1, 0);
	backing_emptied(b, B, 2, 0);
	found_wrong(b, "real page 1, page 0 of the allocation of event 4711");
}

/* ---- threads ---------------------------------------------------------------------------------- */

struct shop {
	struct backing *b;
	pthread_mutex_t lock;
	uint32_t nr_free;
	pfn_t free[64];
	uint32_t next_owner;
};

static pfn_t take(struct shop *s, owner_t *owner)
{
	pthread_mutex_lock(&s->lock);
	pfn_t pfn = s->free[--s->nr_free];

	*owner = (owner_t)++s->next_owner << 32;
	pthread_mutex_unlock(&s->lock);
	return pfn;
}

static void give(struct shop *s, pfn_t pfn)
{
	pthread_mutex_lock(&s->lock);
	memmove(s->free + 1, s->free, s->nr_free++ * sizeof(*s->free));
	s->free[0] = pfn;
	pthread_mutex_unlock(&s->lock);
}

static void *customer(void *arg)
{
	struct shop *s = arg;
	owner_t owner, unused;

	for (int i = 0; i < 20000; i++) {
		pfn_t from = take(s, &owner), to = take(s, &unused);

		backing_filled(s->b, owner, from, 0);
		backing_copy(s->b, owner, from, to, 0);
		backing_emptied(s->b, OWNER_NONE, from, 0);
		give(s, from);
		backing_emptied(s->b, owner, to, 0);
		give(s, to);
	}
	return NULL;
}

/* Four threads hand the same pages round under a lock: no complaint, and no race (run under ThreadSanitizer). */
static void pages_go_round(void **state)
{
	struct shop s = { .b = open_small(), .lock = PTHREAD_MUTEX_INITIALIZER, .nr_free = 16 };
	pthread_t threads[4];

	(void)state;
	for (uint32_t i = 0; i < s.nr_free; i++)
		s.free[i] = i;
	for (int i = 0; i < 4; i++)
		assert_false(pthread_create(&threads[i], NULL, customer, &s));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	all_is_well(s.b);
}

struct wrong_customer {
	struct backing *b;
	pfn_t first;
	pthread_t thread;
};

static void *wrong_customer(void *arg)
{
	struct wrong_customer *w = arg;

	for (pfn_t pfn = 0; pfn < 64; pfn++)
		backing_emptied(w->b, A, w->first + pfn, 0);
	return NULL;
}

/* All threads fail at once, each on pages of its own: one failure is kept, whole. */
static void one_failure_of_many(void **state)
{
	struct backing *b = open_small();
	struct wrong_customer w[4];

	(void)state;
	for (pfn_t i = 0; i < 4; i++) {
		w[i] = (struct wrong_customer){ .b = b, .first = 64 * i };
		assert_false(pthread_create(&w[i].thread, NULL, wrong_customer, &w[i]));
	}
	for (int i = 0; i < 4; i++)
		pthread_join(w[i].thread, NULL);
	found_wrong(b, "carries the mark of a free page");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_programs_pass),   cmocka_unit_test(lies_on_its_node),
		cmocka_unit_test(holes_cost_nothing),    cmocka_unit_test(pages_of_any_size),
		cmocka_unit_test(twice_freed),           cmocka_unit_test(handed_out_twice),
		cmocka_unit_test(in_use_and_in_a_range), cmocka_unit_test(a_range_given_to_others),
		cmocka_unit_test(lost_in_migration),     cmocka_unit_test(copied_crosswise),
		cmocka_unit_test(half_copied),           cmocka_unit_test(half_copied_over_another),
		cmocka_unit_test(written_over),          cmocka_unit_test(outside_of_all_zones),
		cmocka_unit_test(first_is_kept),         cmocka_unit_test(pages_go_round),
		cmocka_unit_test(one_failure_of_many),
	};

	return cmocka_run_group_tests(tests, place_here, unplace_here);
}
