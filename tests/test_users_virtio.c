// SPDX-License-Identifier: MIT
/*
 * test_users_virtio.c - virtio-mem (7.2): what it unplugs first, in which pieces and how often it asks; how memory
 * comes back. Blocks are of 8 pages (P = 3, M = 4), sections and the smallest memory blocks of 16.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/users/virtio_mem.h"
#include "lib/users.h"

struct device {
	struct users u;
	struct memory_blocks blocks;
	struct virtio_mem *vm;
};

/* A zone of `pages`, all of it the device's. */
static void open_device(struct device *d, const char *backend, uint32_t pages, uint32_t block,
                        enum contig_zone_type type)
{
	const struct virtio_mem_params p = { .pages = pages };

	users_open_zone(&d->u, backend, pages, type);
	assert_int_equal(memory_blocks_init(&d->blocks, &d->u.m, block, &d->u.diag), 0);
	if (virtio_mem_open(&d->blocks, &p, &d->vm, &d->u.diag))
		fail_msg("%s: %s", backend, d->u.diag.text);
}

static void close_device(struct device *d)
{
	virtio_mem_close(d->vm);
	users_close(&d->u);
}

static struct user_request *begin_unplug(struct device *d, uint32_t pages)
{
	struct user_request *r = NULL;

	if (virtio_mem_unplug_begin(d->vm, pages, 0, &r, &d->u.diag))
		fail_msg("%s", d->u.diag.text);
	return r;
}

static int unplug(struct device *d, uint32_t pages)
{
	return users_run(&d->u, begin_unplug(d, pages));
}

static int plug(struct device *d, uint32_t pages)
{
	struct user_request *r = NULL;

	if (virtio_mem_plug_begin(d->vm, pages, 0, &r, &d->u.diag))
		fail_msg("%s", d->u.diag.text);
	return users_run(&d->u, r);
}

static uint64_t free_pages(struct device *d)
{
	struct contig_stats s;

	contig_stats(d->u.w.c, CONTIG_ALL_ZONES, &s);
	return s.free + s.pcp;
}

static uint64_t managed(struct device *d)
{
	struct contig_stats s;

	contig_stats(d->u.w.c, CONTIG_ALL_ZONES, &s);
	return s.managed;
}

/* An allocation that can not move at exactly this page. */
static void kernel_page_at(struct device *d, pfn_t pfn)
{
	users_occupy(&d->u, pfn, 1);
	assert_int_equal(d->u.m.lab->convert(d->u.w.c, pfn, 1, PAGE_RESERVED, OWNER_NONE), 0);
}

/* ---- mode and pieces ------------------------------------------------------------------------- */

/*
 *	memory block            16 pages          32 pages
 *	v5.10, sub-block 16     one a block       two
 *	v5.18, sub-block 16     big blocks        two
 *	v5.19, sub-block 8      two               four
 */
static void sub_blocks_or_big_blocks(void **state)
{
	static const struct {
		const char *backend;
		uint32_t block, unit;
		bool big;
	} rows[] = {
		{ "linux-5.10", 16, 16, false }, { "linux-5.10", 32, 16, false }, { "linux-5.18", 16, 16, true },
		{ "linux-5.18", 32, 16, false }, { "rfc-2021", 16, 8, false },    { "linux-6.1", 16, 8, false },
		{ "linux-7.2", 32, 8, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct device d;

		open_device(&d, rows[i].backend, 64, rows[i].block, ZONE_NORMAL);
		assert_int_equal(virtio_mem_big_blocks(d.vm), rows[i].big);
		assert_int_equal(virtio_mem_unit(d.vm), rows[i].unit);
		assert_int_equal(virtio_mem_plugged(d.vm), 64);
		close_device(&d);
	}
}

static void bad_devices(void **state)
{
	struct virtio_mem_params p = { .start = 0, .pages = 64, .device_block = 64 };
	struct user_request *r;
	struct device d;

	(void)state;
	open_device(&d, "linux-5.10", 64, 32, ZONE_NORMAL);
	assert_int_equal(virtio_mem_unplug_begin(d.vm, 8, 0, &r, &d.u.diag), -EINVAL);
	users_expect_said(&d.u, "8 pages are not whole sub-blocks of 16 pages");
	assert_int_equal(virtio_mem_unplug_begin(d.vm, 0, 0, &r, &d.u.diag), -EINVAL);
	assert_int_equal(virtio_mem_plug_begin(d.vm, 17, 0, &r, &d.u.diag), -EINVAL);
	virtio_mem_close(d.vm);
	assert_int_equal(virtio_mem_open(&d.blocks, &p, &d.vm, &d.u.diag), -EINVAL);
	users_expect_said(&d.u, "has no big blocks (virtio_mode)");
	p.device_block = 3;
	assert_int_equal(virtio_mem_open(&d.blocks, &p, &d.vm, &d.u.diag), -EINVAL);
	users_expect_said(&d.u, "power of two");
	p.device_block = 0;
	p.pages = 48;
	assert_int_equal(virtio_mem_open(&d.blocks, &p, &d.vm, &d.u.diag), -EINVAL);
	users_expect_said(&d.u, "not whole blocks of 32 pages");
	p.pages = 96;
	assert_int_equal(virtio_mem_open(&d.blocks, &p, &d.vm, &d.u.diag), -EINVAL);
	users_expect_said(&d.u, "at pfn 64 lies in no one zone");
	d.vm = NULL;
	assert_int_equal(memory_blocks_init(&d.blocks, &d.u.m, 24, &d.u.diag), -EINVAL);
	users_expect_said(&d.u, "power of two");
	assert_int_equal(memory_blocks_init(&d.blocks, &d.u.m, 8, &d.u.diag), -EINVAL);
	users_expect_said(&d.u, "at least 16");
	d.u.w.g.section_order = 5;
	assert_int_equal(memory_blocks_init(&d.blocks, &d.u.m, 16, &d.u.diag), -EINVAL);
	users_expect_said(&d.u, "a section, 32 pages");
	close_device(&d);
}

/* ---- order ----------------------------------------------------------------------------------- */

/*
 *	0        32       64       96
 *	........|........|........|........	four memory blocks of four sub-blocks of 8 pages
 *	                             ######	1. 24 pages, fewer than a block: its highest sub-blocks
 *	                      ####|########	2. 24 more: what is left of that block, which then goes offline,
 *	                          	   	   and the highest of the next
 *	         ########|########|########	3. 48 more: the rest of the partial block, then a whole one in one call
 */
static void from_high_to_low(void **state)
{
	struct device d;

	(void)state;
	open_device(&d, "linux-6.1", 128, 32, ZONE_NORMAL);
	assert_int_equal(unplug(&d, 24), 0);
	assert_int_equal(d.u.out.calls, 3);
	assert_int_equal(d.u.out.nr, 24);
	assert_int_equal(d.u.out.start, 104);
	users_expect_kind(&d.u, 104, 24, PAGE_OFFLINE);
	users_expect_kind(&d.u, 0, 104, PAGE_FREE);

	assert_int_equal(unplug(&d, 24), 0);
	users_expect_kind(&d.u, 96, 32, PAGE_ABSENT);
	users_expect_kind(&d.u, 80, 16, PAGE_OFFLINE);
	users_expect_kind(&d.u, 0, 80, PAGE_FREE);
	assert_int_equal(d.u.out.calls, 4); /* one of them offline_pages() */

	assert_int_equal(unplug(&d, 48), 0);
	users_expect_kind(&d.u, 32, 96, PAGE_ABSENT);
	users_expect_kind(&d.u, 0, 32, PAGE_FREE);
	assert_int_equal(d.u.out.calls, 2 + 1 + 1 + 1); /* two sub-blocks, offline, a whole block, offline */
	assert_int_equal(virtio_mem_plugged(d.vm), 32);
	close_device(&d);
}

/* Blocks of ZONE_MOVABLE before those of other zones, partly plugged ones before whole ones. */
static void movable_before_kernel(void **state)
{
	struct contig_geometry g;
	struct virtio_mem *vm;
	struct memory_blocks blocks;
	struct user_request *r;
	struct users u;

	(void)state;
	/* blocks 0 and 1 movable, 2 and 3 not */
	memset(&u, 0, sizeof(u));
	contig_geometry_x86_64(&g, 64);
	g.pageblock_order = 3;
	g.max_order = 4;
	g.section_order = 4;
	g.nr_zones = 2;
	g.zones[0] = (struct contig_zone){ .pages = 32, .type = ZONE_MOVABLE, .wmark_min = 1 };
	g.zones[1] = (struct contig_zone){ .start = 32, .pages = 32, .type = ZONE_NORMAL, .wmark_min = 1 };
	const struct contig_hooks none = { 0 };
	const struct virtio_mem_params p = { .pages = 64, .keep_empty = true };

	u.w.c = contig_open("linux-6.1", &g, &none, &u.diag);
	assert_non_null(u.w.c);
	assert_int_equal(user_machine_init(&u.m, u.w.c, &g, &u.w.drivers, &u.diag), 0);
	assert_int_equal(memory_blocks_init(&blocks, &u.m, 16, &u.diag), 0);
	assert_int_equal(virtio_mem_open(&blocks, &p, &vm, &u.diag), 0);
	static const pfn_t expected[] = { 24, 16, 8, 0, 56, 48, 40, 32 };

	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(virtio_mem_unplug_begin(vm, 8, 0, &r, &u.diag), 0);
		assert_int_equal(user_run(r, &u.out), 0);
		assert_int_equal(u.out.start, expected[i]);
	}
	virtio_mem_close(vm);
	contig_close(u.w.c);
}

/*
 *	0        32
 *	........|.......K	block 1 in one call: refused. Its sub-blocks, from the highest: one is refused, the
 *				others go; the rest comes from block 0, of which a whole is not wanted any more.
 */
static void busy_sub_blocks_are_skipped(void **state)
{
	struct device d;

	(void)state;
	open_device(&d, "linux-6.1", 64, 32, ZONE_NORMAL);
	kernel_page_at(&d, 60);
	assert_int_equal(unplug(&d, 32), 0);
	users_expect_kind(&d.u, 32, 24, PAGE_OFFLINE);
	users_expect_kind(&d.u, 24, 8, PAGE_OFFLINE);
	assert_int_equal(d.u.out.calls, 1 + 4 + 1);
	assert_int_equal(d.u.out.busy, 2);
	/* as much as there is, and no more: the busy one is tried again first, then block 0 */
	assert_int_equal(unplug(&d, 32), -EBUSY);
	assert_int_equal(d.u.out.nr, 24);
	assert_int_equal(d.u.out.autopsy.pfn, 60);
	assert_int_equal(d.u.out.autopsy.reason, WHY_RESERVED);
	assert_int_equal(virtio_mem_plugged(d.vm), 8);
	close_device(&d);
}

/*
 * Asked for all 64 pages of a memory block of which the first is a kernel page:
 *
 *	sub_blocks    64, then 8 8 8 8 8 8 8 8			9 calls
 *	max_chunks    64, then 16 16 16 16, of the last one 8 8	7 calls
 */
static void largest_chunks_first(void **state)
{
	static const struct {
		const char *backend;
		uint32_t calls;
	} rows[] = {
		{ "linux-6.1", 9 },
		{ "linux-6.1+virtio_unplug=max_chunks", 7 },
		{ "linux-7.2+virtio_unplug=max_chunks", 7 },
		/* a sub-block is a MAX chunk: the wish changes nothing */
		{ "linux-5.10+virtio_unplug=max_chunks", 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct device d;

		open_device(&d, rows[i].backend, 64, 64, ZONE_NORMAL);
		kernel_page_at(&d, 0);
		assert_int_equal(unplug(&d, 64), -EBUSY);
		if (d.u.out.calls != rows[i].calls)
			fail_msg("%s: %u calls", rows[i].backend, d.u.out.calls);
		assert_int_equal(d.u.out.nr, 64 - virtio_mem_unit(d.vm));
		close_device(&d);
	}
}

/* ---- tries and errors ------------------------------------------------------------------------ */

/* A pinned page in the one block: five tries in ZONE_MOVABLE from v5.11 on, one elsewhere and before. */
static void five_tries_if_movable(void **state)
{
	static const struct {
		const char *backend;
		enum contig_zone_type type;
		uint32_t calls; /* the whole block, and the two sub-blocks */
	} rows[] = {
		{ "linux-5.10", ZONE_MOVABLE, 1 + 1 + 1 }, { "linux-5.10", ZONE_NORMAL, 1 + 1 + 1 },
		{ "linux-5.18", ZONE_MOVABLE, 5 + 1 + 5 }, { "linux-6.1", ZONE_MOVABLE, 5 + 5 + 1 + 1 + 1 },
		{ "linux-6.1", ZONE_NORMAL, 1 + 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct device d;

		open_device(&d, rows[i].backend, 32, 32, rows[i].type);
		pfn_t pfn = users_alloc(&d.u, PAGE_LRU, MT_MOVABLE);

		assert_int_equal(d.u.m.lab->pin(d.u.w.c, pfn, true), 0);
		assert_int_equal(unplug(&d, 32), -EBUSY);
		if (d.u.out.calls != rows[i].calls)
			fail_msg("%s: %u calls", rows[i].backend, d.u.out.calls);
		assert_int_equal(d.u.out.autopsy.reason, WHY_PINNED);
		close_device(&d);
	}
}

/* Nowhere to migrate to: -ENOMEM is passed on at once, in ZONE_MOVABLE, too. */
static void no_memory_is_passed_on(void **state)
{
	struct device d;

	(void)state;
	open_device(&d, "linux-6.1", 64, 32, ZONE_MOVABLE);
	assert_true(users_fill(&d.u) > 32);
	assert_int_equal(unplug(&d, 32), -ENOMEM);
	assert_int_equal(d.u.out.calls, 1);
	assert_int_equal(d.u.out.nr, 0);
	assert_int_equal(virtio_mem_plugged(d.vm), 64);
	/* the device is free for the next */
	assert_int_equal(unplug(&d, 8), -ENOMEM);
	close_device(&d);
}

/* One request at a time: the second begins when the first is done. */
static void one_request_at_a_time(void **state)
{
	struct user_request *first, *second;
	struct device d;

	(void)state;
	open_device(&d, "linux-6.1", 64, 32, ZONE_NORMAL);
	first = begin_unplug(&d, 8);
	second = begin_unplug(&d, 8);
	users_step(first);
	assert_int_equal(users_step(second), USER_WAITS);
	assert_int_equal(users_finish(&d.u, first), 0);
	assert_int_equal(d.u.out.start, 56);
	assert_true(user_ready(second));
	assert_int_equal(users_finish(&d.u, second), 0);
	assert_int_equal(d.u.out.start, 48);
	assert_int_equal(d.u.out.waits, 1);
	close_device(&d);
}

/* ---- big blocks ------------------------------------------------------------------------------ */

/*
 *	0               64
 *	................|....|.K..|....|....	big blocks of 64 pages, sections of 16: block 1 has a kernel page in its
 *	                ^^^^ rolled back     	second section; block 0 goes as a whole
 */
static void big_blocks_all_or_nothing(void **state)
{
	const struct virtio_mem_params p = { .pages = 128, .device_block = 64 };
	struct device d;

	(void)state;
	open_device(&d, "linux-6.1", 128, 32, ZONE_NORMAL);
	virtio_mem_close(d.vm);
	assert_int_equal(virtio_mem_open(&d.blocks, &p, &d.vm, &d.u.diag), 0);
	assert_true(virtio_mem_big_blocks(d.vm));
	assert_int_equal(virtio_mem_unit(d.vm), 64);
	kernel_page_at(&d, 64 + 16 + 3);
	uint64_t before = free_pages(&d);

	assert_int_equal(unplug(&d, 64), 0);
	users_expect_kind(&d.u, 0, 64, PAGE_ABSENT);
	users_expect_kind(&d.u, 64, 16, PAGE_FREE);
	assert_int_equal(free_pages(&d), before - 64);
	assert_int_equal(d.u.out.nr, 64);
	assert_int_equal(d.u.out.calls, 2 + 4 + 1);
	assert_int_equal(unplug(&d, 64), -EBUSY);
	assert_int_equal(d.u.out.nr, 0);
	assert_int_equal(free_pages(&d), before - 64);

	assert_int_equal(plug(&d, 64), 0);
	assert_int_equal(free_pages(&d), before);
	assert_int_equal(plug(&d, 64), -ENOSPC);
	close_device(&d);
}

/* ---- memory comes back ----------------------------------------------------------------------- */

/*
 *	[MMMM UUUU]	all free; all of the upper memory block but its lowest sub-block (5.10: two pageblocks) goes and
 *	       ^^^	comes: MOVABLE afterwards until v6.16, and from v6.10 on the neighbour, too, as soon as they
 *			merge; preserved in 7.2. Memory that went offline and came is new, and new memory is MOVABLE.
 */
static void plug_gives_it_back(void **state)
{
	static const struct {
		const char *backend, *partial, *whole;
	} rows[] = {
		{ "linux-5.10", "MMMMUUMM", "MMMMMMMM" },
		{ "linux-6.1", "MMMMUMMM", "MMMMMMMM" },
		{ "linux-6.12", "MMMMMMMM", "MMMMMMMM" },
		{ "linux-7.2", "MMMMUUUU", "MMMMMMMM" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char types[] = "MMMMUUUU";
		uint32_t left;
		struct device d;

		open_device(&d, rows[i].backend, 64, 32, ZONE_NORMAL);
		for (block_t b = 0; b < 8; b++)
			d.u.m.lab->set_type(d.u.w.c, b, contig_type_of_letter(types[b]));
		uint64_t before = free_pages(&d);

		/* all of the upper memory block but its lowest sub-block */
		left = virtio_mem_unit(d.vm);
		assert_int_equal(unplug(&d, 32 - left), 0);
		assert_int_equal(plug(&d, 32 - left), 0);
		assert_int_equal(free_pages(&d), before);
		assert_int_equal(virtio_mem_plugged(d.vm), 64);
		world_expect_types(&d.u.w, rows[i].partial);
		assert_int_equal(unplug(&d, 64), 0);
		users_expect_kind(&d.u, 0, 64, PAGE_ABSENT);
		assert_int_equal(plug(&d, 64), 0);
		world_expect_types(&d.u.w, rows[i].whole);
		assert_int_equal(free_pages(&d), before);
		users_expect_kind(&d.u, 0, 64, PAGE_FREE);
		assert_int_equal(plug(&d, left), -ENOSPC);
		close_device(&d);
	}
}

/* What is plugged first: the rest of a block of which a part is, the lowest first; then a block that is wholly gone. */
static void partial_blocks_are_filled_first(void **state)
{
	struct device d;

	(void)state;
	open_device(&d, "linux-6.1", 96, 32, ZONE_NORMAL);
	assert_int_equal(unplug(&d, 32 + 16), 0); /* block 2 whole, and [48, 64) */
	assert_int_equal(plug(&d, 8), 0);
	users_expect_kind(&d.u, 48, 8, PAGE_FREE);
	users_expect_kind(&d.u, 56, 8, PAGE_OFFLINE);
	assert_int_equal(plug(&d, 16), 0);
	users_expect_kind(&d.u, 0, 72, PAGE_FREE);
	/* the block came online with one sub-block: the others never reach the buddy */
	users_expect_kind(&d.u, 72, 24, PAGE_OFFLINE);
	assert_int_equal(virtio_mem_plugged_in(d.vm, 64, 32), 8);
	assert_int_equal(virtio_mem_plugged(d.vm), 72);
	close_device(&d);
}

/* ---- memory that others take offline --------------------------------------------------------- */

/*
 *	0        32       64
 *	........|....####|	half of block 1 is unplugged and PageOffline: the device lets go of it as the block goes
 *				offline; what was plugged of it is then unplugged without a call, before what is online
 */
static void offline_blocks_go_first(void **state)
{
	static const char *const backends[] = { "linux-6.1", "linux-7.2" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct user_request *r;
		struct device d;

		open_device(&d, backends[i], 64, 32, ZONE_NORMAL);
		assert_int_equal(unplug(&d, 16), 0);
		assert_int_equal(managed(&d), 48);
		assert_int_equal(memory_offline_begin(&d.blocks, 32, 32, 0, 1, &r, &d.u.diag), 0);
		assert_int_equal(users_run(&d.u, r), 0);
		users_expect_kind(&d.u, 32, 32, PAGE_ABSENT);
		/* what was unplugged does not leave a second time */
		assert_int_equal(managed(&d), 32);
		assert_int_equal(virtio_mem_plugged(d.vm), 48);
		assert_int_equal(unplug(&d, 8), 0);
		assert_int_equal(d.u.out.calls, 0);
		assert_int_equal(virtio_mem_plugged_in(d.vm, 32, 32), 8);
		/*
		 * it stays offline when the device plugs; whoever took it brings it back, and only what is plugged is
		 * there
		 */
		assert_int_equal(plug(&d, 8), 0);
		users_expect_kind(&d.u, 32, 32, PAGE_ABSENT);
		assert_int_equal(memory_online_begin(&d.blocks, 32, 32, 0, &r, &d.u.diag), 0);
		assert_int_equal(users_run(&d.u, r), 0);
		users_expect_kind(&d.u, 32, 16, PAGE_FREE);
		users_expect_kind(&d.u, 48, 16, PAGE_OFFLINE);
		assert_int_equal(managed(&d), 48);
		close_device(&d);
	}
}

/* A block that does not go offline after all: the device takes its references again, and the pages can be plugged. */
static void cancelled_offline(void **state)
{
	struct user_request *r;
	struct contig_run run;
	struct device d;

	(void)state;
	open_device(&d, "linux-6.1", 64, 32, ZONE_NORMAL);
	uint64_t before = free_pages(&d);

	assert_int_equal(unplug(&d, 8), 0);
	users_occupy(&d.u, 33, 1);
	assert_int_equal(d.u.m.lab->convert(d.u.w.c, 33, 1, PAGE_LRU, 1), 0);
	d.u.w.at[1] = 33;
	assert_int_equal(d.u.m.lab->pin(d.u.w.c, 33, true), 0);
	assert_int_equal(memory_offline_begin(&d.blocks, 32, 32, 0, 2, &r, &d.u.diag), 0);
	assert_int_equal(users_run(&d.u, r), -EINTR);
	d.u.m.lab->run(d.u.w.c, 56, &run);
	assert_int_equal(run.kind, PAGE_OFFLINE);
	assert_false(run.frozen);
	assert_int_equal(plug(&d, 8), 0);
	assert_int_equal(free_pages(&d), before - 1);
	close_device(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sub_blocks_or_big_blocks),
		cmocka_unit_test(bad_devices),
		cmocka_unit_test(from_high_to_low),
		cmocka_unit_test(movable_before_kernel),
		cmocka_unit_test(busy_sub_blocks_are_skipped),
		cmocka_unit_test(largest_chunks_first),
		cmocka_unit_test(five_tries_if_movable),
		cmocka_unit_test(no_memory_is_passed_on),
		cmocka_unit_test(one_request_at_a_time),
		cmocka_unit_test(big_blocks_all_or_nothing),
		cmocka_unit_test(plug_gives_it_back),
		cmocka_unit_test(partial_blocks_are_filled_first),
		cmocka_unit_test(offline_blocks_go_first),
		cmocka_unit_test(cancelled_offline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
