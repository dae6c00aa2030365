// SPDX-License-Identifier: MIT
/* about.c - hello, stats, reset, arena, hog, quit: the guest as a whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#include "agent.h"

#define BLOCKS 8192u /* pageblocks of the arena's zone that can be looked at: 16 GiB of those of order 9 */

static uint64_t arena_start, arena_nr;

static int64_t hello(const struct call *c)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} can[] = {
		{ "isolate", CONTIGBENCH_CAN_ISOLATE },   { "isolate_bit", CONTIGBENCH_CAN_ISOLATE_BIT },
		{ "cma_type", CONTIGBENCH_CAN_CMA_TYPE }, { "cma_alloc", CONTIGBENCH_CAN_CMA_ALLOC },
		{ "drain", CONTIGBENCH_CAN_DRAIN },       { "lru", CONTIGBENCH_CAN_LRU },
		{ "stage", CONTIGBENCH_CAN_STAGE },       { "migrated", CONTIGBENCH_CAN_MIGRATED },
		{ "thp", CONTIGBENCH_CAN_THP },           { "hugetlb", CONTIGBENCH_CAN_HUGETLB },
		{ "offline", CONTIGBENCH_CAN_OFFLINE },   { "race", CONTIGBENCH_CAN_RACE },
	};
	const struct {
		const char *name;
		uint64_t value;
	} number[] = {
		{ "cpus", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN) },
		{ "pageblock_order", kernel.block_order },
		{ "max_order", kernel.max_order },
		{ "section_order", kernel.section_order },
		{ "node", (uint64_t)arena_zone.node },
		{ "zone_start", arena_zone.start },
		{ "zone_pages", arena_zone.spanned },
		{ "zone_managed", arena_zone.managed },
		{ "wmark_min", arena_zone.wmark_min },
		{ "wmark_low", arena_zone.wmark_low },
		{ "wmark_high", arena_zone.wmark_high },
		{ "cma_start", kernel.cma_start },
		{ "cma_pages", kernel.cma_nr },
	};
	struct utsname u;

	(void)c;
	uname(&u);
	say("wire %d", WIRE_VERSION);
	say("release %s", u.release);
	say("version %s", u.version);
	for (size_t i = 0; i < sizeof(number) / sizeof(*number); i++)
		say("%s %llu", number[i].name, (unsigned long long)number[i].value);
	for (size_t i = 0; i < sizeof(can) / sizeof(*can); i++)
		say("can_%s %d", can[i].name, !!(kernel.can & can[i].bit));
	return 0;
}

static int64_t stats(const struct call *c)
{
	struct contigbench_zone z;
	int rc = device_zone((uint32_t)arena_zone.node, &z);

	(void)c;
	if (rc)
		return rc;

	const struct {
		const char *name;
		int64_t value;
	} number[] = {
		{ "free", z.free },
		{ "free_cma", z.free_cma },
		{ "free_highatomic", z.free_highatomic },
		{ "pcp", z.pcp },
		{ "isolated", z.isolated },
		{ "reserved_highatomic", z.reserved_highatomic },
		{ "drift", z.drift },
		{ "drift_cma", z.drift_cma },
		{ "list_errors", z.list_errors },
		{ "owned", (int64_t)z.owned },
		{ "managed", (int64_t)z.managed },
		{ "tainted", (int64_t)z.tainted },
	};

	for (size_t i = 0; i < sizeof(number) / sizeof(*number); i++)
		say("%s %lld", number[i].name, (long long)number[i].value);
	return 0;
}

/* ---- reset and arena --------------------------------------------------------------------------- */

/* Pages of each pageblock of the zone that are free, and whether a run of the largest order covers it. */
struct blocks {
	uint64_t start;
	uint32_t nr, pages; /* pages of a block */
	uint32_t free[BLOCKS];
	bool largest[BLOCKS];
	char type[BLOCKS];
};

static int count_free(const struct contigbench_run *r, void *arg)
{
	struct blocks *b = arg;

	if (r->kind != 'F')
		return 0;
	for (uint64_t pfn = r->pfn, end = r->pfn + r->nr; pfn < end;) {
		uint64_t block = (pfn - b->start) / b->pages, next = b->start + (block + 1) * b->pages;
		uint64_t stop = next < end ? next : end;

		if (block < b->nr) {
			b->free[block] += (uint32_t)(stop - pfn);
			b->largest[block] = r->order == kernel.max_order;
		}
		pfn = stop;
	}
	return 0;
}

/* The whole pageblocks of the arena's zone. */
static int look_at_blocks(struct blocks *b)
{
	uint64_t mask;

	memset(b, 0, sizeof(*b));
	b->pages = 1u << kernel.block_order;
	mask = b->pages - 1;
	b->start = (arena_zone.start + mask) & ~mask;
	b->nr = (uint32_t)((arena_zone.start + arena_zone.spanned - b->start) / b->pages);
	if (b->nr > BLOCKS)
		b->nr = BLOCKS;

	struct contigbench_types t = {
		.start = b->start,
		.nr = (uint64_t)b->nr * b->pages,
		.letters = (uintptr_t)b->type,
		.max = sizeof(b->type),
	};
	int rc = device(CONTIGBENCH_TYPES, &t);

	return rc ? rc : device_look(b->start, t.nr, count_free, b);
}

/* CMA areas are what they are; a block that became CMA later is one that the host made so. */
static char types_at_first[BLOCKS];

static bool usual(const struct blocks *b, uint32_t block)
{
	return b->free[block] == b->pages && b->type[block] == 'M';
}

/* Are `nr` blocks from that one on, which begin aligned to runs of the largest order, wholly free and MOVABLE? */
static bool is_arena(const struct blocks *b, uint32_t block, uint32_t nr)
{
	uint32_t i = 0;

	while (i < nr && block + i < b->nr && usual(b, block + i))
		i++;
	return i == nr;
}

static uint32_t blocks_of_largest(void)
{
	return kernel.max_order > kernel.block_order ? 1u << (kernel.max_order - kernel.block_order) : 1;
}

/*
 * Free memory that lies there in pieces, or that is no longer MOVABLE, is what experiments before have left: take it, say
 * what it is, and give it back, so that the next one begins on runs of the largest order.
 */
static bool make_usual(const struct blocks *b)
{
	uint32_t step = blocks_of_largest();
	bool changed = false;

	for (uint32_t first = 0; first + step <= b->nr; first++) {
		uint64_t start = b->start + (uint64_t)first * b->pages, nr = (uint64_t)step * b->pages;
		bool whole = true, as_it_should = true;

		if (start & (nr - 1))
			continue;
		for (uint32_t i = first; i < first + step; i++) {
			whole = whole && b->free[i] == b->pages && strchr("UMRHC", b->type[i]) &&
			        types_at_first[i] != 'C';
			as_it_should = as_it_should && usual(b, i) && b->largest[i];
		}
		if (!whole || as_it_should)
			continue;

		struct contigbench_settype type = { .start = start, .nr = nr, .type = 'M' };
		struct contigbench_request take = { .op = CONTIGBENCH_OP_RANGE, .start = start, .nr = nr };
		struct contigbench_span give = { .start = start, .nr = nr };

		changed = true;
		if (!device(CONTIGBENCH_SETTYPE, &type) && !device(CONTIGBENCH_REQUEST, &take) && !take.rc)
			device(CONTIGBENCH_GIVE, &give);
	}
	return changed;
}

int reset_all(void)
{
	static struct blocks b;
	int rc;

	/* first of all refcounts become what they were: then mappings may go */
	rc = device(CONTIGBENCH_RESET, NULL);
	nr_frozen = 0;
	hugetlb_reset();
	unmap_all();
	for (struct owned *o = owner_next(NULL); o; o = owner_next(o))
		owner_drop(o);
	mappings_forget_free();
	arena_start = arena_nr = 0;
	online_again();
	if (!rc)
		rc = device_drain();
	if (!rc)
		rc = look_at_blocks(&b);
	if (rc)
		return rc;
	if (!*types_at_first)
		memcpy(types_at_first, b.type, sizeof(types_at_first));
	return make_usual(&b) ? device_drain() : 0;
}

static int64_t reset(const struct call *c)
{
	(void)c;
	return reset_all();
}

static int64_t arena(const struct call *c)
{
	static struct blocks b;
	uint32_t step = blocks_of_largest();
	uint64_t blocks = (c->number[0] + step - 1) / step * step;
	int rc = reset_all();

	if (!c->number[0] || c->number[0] > BLOCKS)
		return answer(-EINVAL, "an arena has 1 to %u pageblocks", BLOCKS);
	if (!rc)
		rc = look_at_blocks(&b);
	if (rc)
		return rc;
	for (uint32_t i = 0; i + blocks <= b.nr; i++) {
		uint64_t pfn = b.start + (uint64_t)i * b.pages;

		if (pfn & ((uint64_t)step * b.pages - 1) || !is_arena(&b, i, (uint32_t)blocks))
			continue;
		arena_start = pfn;
		arena_nr = blocks * b.pages;
		return (int64_t)pfn;
	}
	return answer(-ENOMEM, "node %d has no %llu free MOVABLE pageblocks in a row", arena_zone.node,
	              (unsigned long long)blocks);
}

static int64_t hog(const struct call *c)
{
	uint32_t node = c->nr > 1 ? (uint32_t)c->number[1] : (uint32_t)arena_zone.node;
	struct contigbench_zone z;
	int rc = device_zone(node, &z);

	if (rc)
		return answer(rc, "there is no node %u", node);

	struct contigbench_hog h = { .zone = z.index, .start = arena_start, .nr = arena_nr, .keep = c->number[0] };

	rc = device_drain();
	if (!rc)
		rc = device(CONTIGBENCH_HOG, &h);
	mappings_forget_free();
	return rc ? rc : (int64_t)h.taken;
}

static int64_t quit(const struct call *c)
{
	(void)c;
	serial_flush();
	sync();
	reboot(RB_POWER_OFF);
	return -errno;
}

const struct command about_commands[] = {
	{ "hello", "", "", hello, true },
	{ "stats", "", "", stats, false },
	{ "reset", "", "", reset, false },
	{ "arena", "n", "BLOCKS", arena, false },
	{ "hog", "n?n", "NR [NODE]", hog, false },
	{ "quit", "", "", quit, true },
	{ .name = NULL },
};
