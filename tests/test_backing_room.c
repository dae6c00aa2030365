// SPDX-License-Identifier: MIT
/* test_backing_room.c - real memory that does not fit is refused before it is mapped; kernels that forbid or pretend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "../bench/wall/backing.h"
#include "lib/capture.h"
#include "lib/forbid.h"
#include "lib/placements.h"

#define ZONE_PAGES 4096u

static struct capture said;

static struct contig_geometry zone_of(uint32_t pages)
{
	struct contig_geometry g;

	contig_geometry_x86_64(&g, pages);
	return g;
}

static int open_and_tell(const struct contig_geometry *g)
{
	struct contig_diag diag = { "" };
	struct backing *b;
	int rc = backing_open(&b, g, &placed_here, &diag);

	backing_close(b);
	return tell(rc, &diag);
}

/* 128 TiB: said, and nothing mapped - mmap() is not even called. */
static int open_far_too_much(int argc, char **argv)
{
	struct contig_geometry g = zone_of(1u << 31);

	(void)argc, (void)argv;
	g.page_shift = 16;
	forbid_call_with(SYS_mmap, 1, 0, EPERM); /* the lower half of 2^47 */
	return open_and_tell(&g);
}

static void far_too_much_is_refused(void **state)
{
	(void)state;
	capture_command(&said, open_far_too_much, "open");
	assert_non_null(strstr(said.text, "-12: real memory behind the pages needs 134217728 MiB, and 2097216 MiB to "
	                                  "spare; "));
	assert_non_null(strstr(said.text, " MiB are available: a higher --occupancy or a shorter trace needs less, "
	                                  "--backing none needs nothing"));
}

/* All zones that there can be, of all pages that there can be: the sum is right. */
static void no_overflow(void **state)
{
	struct contig_geometry g = { .page_shift = 20, .nr_zones = CONTIG_MAX_ZONES };

	(void)state;
	for (uint32_t i = 0; i < CONTIG_MAX_ZONES; i++)
		g.zones[i].pages = UINT32_MAX;
	assert_true(backing_bytes(&g) == (uint64_t)UINT32_MAX * CONTIG_MAX_ZONES << 20);
}

/* argv[1]: MiB that `ulimit -d` leaves. */
static int open_with_limit(int argc, char **argv)
{
	struct contig_geometry g = zone_of(ZONE_PAGES);
	rlim_t most = 1u << 30;

	(void)argc;
	setrlimit(RLIMIT_DATA, &(struct rlimit){ most, most });
	rlim_t used = most - placement_available_bytes(), left = (rlim_t)atoi(argv[1]) << 20;

	setrlimit(RLIMIT_DATA, &(struct rlimit){ used + left, used + left });
	return open_and_tell(&g);
}

/* 16 MiB of pages: they fit, but nothing would be left for what comes beside them. */
static void little_is_refused(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip(); /* these map terabytes themselves */
#endif
	if (placement_available_bytes() < 1u << 30)
		skip();
	capture_command(&said, open_with_limit, "open 70");
	assert_non_null(strstr(said.text, "needs 16 MiB, and 65 MiB to spare; "));
	capture_command(&said, open_with_limit, "open 90");
	assert_string_equal(said.text, "");
}

static void zone_without_a_place(void **state)
{
	struct contig_geometry g = zone_of(ZONE_PAGES);

	(void)state;
	g.zones[0].node = 1;
	struct contig_diag diag;
	struct backing *b;

	assert_int_equal(backing_open(&b, &g, &placed_here, &diag), -EINVAL);
	assert_non_null(strstr(diag.text, "is on node 1, which has no place in the mapping"));
	assert_null(b);
}

static int open_forbidden(int argc, char **argv)
{
	struct contig_geometry g = zone_of(ZONE_PAGES);

	(void)argc;
	if (!strcmp(argv[1], "mbind"))
		forbid_call(SYS_mbind, EPERM);
	else if (!strcmp(argv[1], "move_pages"))
		forbid_call(SYS_move_pages, EPERM);
	else
		forbid_call_with(SYS_madvise, 2, MADV_POPULATE_WRITE, EINVAL);
	return open_and_tell(&g);
}

/* No rights: said. A kernel that does not know how to populate: done by touching, and verified all the same. */
static void forbidden_and_old(void **state)
{
	(void)state;
	capture_command(&said, open_forbidden, "open madvise");
	assert_string_equal(said.text, "");
	if (!placed_here.bind)
		skip();
	capture_command(&said, open_forbidden, "open mbind");
	assert_non_null(strstr(said.text, "-1: memory can not be bound to its node (mbind)"));
	capture_command(&said, open_forbidden, "open move_pages");
	assert_non_null(strstr(said.text, "-1: where memory lies can not be verified (move_pages)"));
}

/* A kernel that says yes to binding and populating and does neither: found. */
static int open_pretended(int argc, char **argv)
{
	struct contig_geometry g = zone_of(ZONE_PAGES);

	(void)argc, (void)argv;
	forbid_call_with(SYS_madvise, 2, MADV_POPULATE_WRITE, 0);
	return open_and_tell(&g);
}

static void pretended(void **state)
{
	(void)state;
	if (!placed_here.bind)
		skip();
	capture_command(&said, open_pretended, "open");
	assert_non_null(strstr(said.text, "-5: 4096 of 4096 real pages of the zone at page 0 are not on node"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(far_too_much_is_refused), cmocka_unit_test(no_overflow),
		cmocka_unit_test(little_is_refused),       cmocka_unit_test(zone_without_a_place),
		cmocka_unit_test(forbidden_and_old),       cmocka_unit_test(pretended),
	};

	return cmocka_run_group_tests(tests, place_here, unplace_here);
}
