// SPDX-License-Identifier: MIT
/*
 * mappings.c - user pages at known addresses: a region of slots for each order and node, and what lies where.
 *
 * A slot is a page of a mapping that is bound to the node, touched when it is taken and dropped with MADV_DONTNEED. What a
 * fault gets is the kernel's choice; on a cpu where nothing else runs it is the page that was freed last. No child of the
 * agent inherits the regions: pages mapped twice would not be what they seem.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define SMALL_SLOTS (1u << 18) /* 1 GiB of pages */
#define THP_SLOTS   (1u << 10)
#define PRESENT     (UINT64_C(1) << 63)
#define PFN_MASK    ((UINT64_C(1) << 55) - 1)
#define SPARE       64 /* pages above the min watermark that a fault leaves: without them the kernel might give up */

struct region {
	unsigned int order;
	uint32_t node;
	uint32_t slots;
	int advice;
	char *base;
	uint32_t used; /* slots ever used */
	uint32_t nr_free;
	uint32_t *free_slot; /* of those */
	uint32_t *pfn;       /* of each slot, as last seen; 0: free */
	uint64_t *owner;
};

static struct region regions[] = {
	{ .order = 0, .node = 0, .slots = SMALL_SLOTS, .advice = MADV_NOHUGEPAGE },
	{ .order = 0, .node = 1, .slots = SMALL_SLOTS, .advice = MADV_NOHUGEPAGE },
	{ .order = THP_ORDER, .node = 0, .slots = THP_SLOTS, .advice = MADV_HUGEPAGE },
	{ .order = THP_ORDER, .node = 1, .slots = THP_SLOTS, .advice = MADV_HUGEPAGE },
};
#define REGIONS (sizeof(regions) / sizeof(*regions))

static int pagemap = -1;
static int64_t budget[AGENT_NODES]; /* pages that may be touched before free memory has to be asked for */

static size_t slot_bytes(const struct region *r)
{
	return (size_t)PAGE_BYTES << r->order;
}

static char *slot_address(const struct region *r, uint32_t slot)
{
	return r->base + slot * slot_bytes(r);
}

/* Address space for all slots, aligned to one; all at once is cheap, as none of it is memory. */
static int region_open(struct region *r)
{
	unsigned long mask = 1ul << r->node;
	size_t unit = slot_bytes(r), bytes = unit * r->slots;
	char *p = mmap(NULL, bytes + unit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	r->pfn = calloc(r->slots, sizeof(*r->pfn));
	r->owner = calloc(r->slots, sizeof(*r->owner));
	r->free_slot = calloc(r->slots, sizeof(*r->free_slot));
	if (p == MAP_FAILED || !r->pfn || !r->owner || !r->free_slot)
		return -ENOMEM;
	r->base = p + (unit - (uintptr_t)p % unit) % unit;
	/* a kernel without THP refuses the advice about them; without the node there is nothing to bind to */
	madvise(r->base, bytes, r->advice);
	if (madvise(r->base, bytes, MADV_DONTFORK) ||
	    (syscall(SYS_mbind, r->base, bytes, MPOL_BIND, &mask, sizeof(mask) * 8, 0) && errno != EINVAL))
		return -errno;
	return 0;
}

static sigjmp_buf refused;

static void on_refusal(int sig)
{
	siglongjmp(refused, sig);
}

int touch(void *address)
{
	volatile char *p = address;

	if (sigsetjmp(refused, 0))
		return -ENOMEM;
	*p = 1;
	return 0;
}

int mappings_open(void)
{
	struct sigaction action = { .sa_handler = on_refusal, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &action, NULL);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return -errno;
	for (size_t i = 0; i < REGIONS; i++) {
		int rc = region_open(&regions[i]);

		if (rc)
			return rc;
	}
	return 0;
}

static struct region *region(unsigned int order, uint32_t node)
{
	for (size_t i = 0; i < REGIONS; i++) {
		if (regions[i].order == order && regions[i].node == node)
			return &regions[i];
	}
	return NULL;
}

/* Entries of the pages from an address on; how many were read. */
static size_t read_pagemap(const void *address, uint64_t *entry, size_t nr)
{
	ssize_t n =
		pread(pagemap, entry, nr * sizeof(*entry), (off_t)((uintptr_t)address / PAGE_BYTES * sizeof(*entry)));

	return n < 0 ? 0 : (size_t)n / sizeof(*entry);
}

int64_t pagemap_pfn(const void *address)
{
	uint64_t entry;

	if (read_pagemap(address, &entry, 1) != 1 || !(entry & PRESENT))
		return -ENOENT;
	return (int64_t)(entry & PFN_MASK);
}

void mappings_forget_free(void)
{
	memset(budget, 0, sizeof(budget));
}

/*
 * A fault in memory bound to a node that is full would end in the OOM killer, which finds nobody but process 1 and panics:
 * ask first, but not each time.
 */
static bool room_for(const struct region *r)
{
	int64_t pages = INT64_C(1) << r->order;

	if (budget[r->node] < pages) {
		int64_t free = node_free(r->node);

		/* counters of a cpu may hold back some: small steps when it gets tight */
		budget[r->node] = (free - (int64_t)arena_zone.wmark_min - SPARE) / 2;
	}
	if (budget[r->node] < pages)
		return false;
	budget[r->node] -= pages;
	return true;
}

static void drop(struct region *r, uint32_t slot)
{
	madvise(slot_address(r, slot), slot_bytes(r), MADV_DONTNEED);
}

int map_page(unsigned int order, uint32_t node, uint64_t owner, struct mapping *m)
{
	struct region *r = region(order, node);

	if (!r || (!r->nr_free && r->used == r->slots))
		return -ENOSPC;
	if (!room_for(r))
		return -ENOMEM;

	uint32_t slot = r->nr_free ? r->free_slot[r->nr_free - 1] : r->used;
	char *p = slot_address(r, slot);

	/* there may be none of that order: then a single page comes instead */
	if (touch(p) || (order && pagemap_pfn(p + PAGE_BYTES) < 0)) {
		drop(r, slot);
		return -ENOMEM;
	}

	int64_t pfn = pagemap_pfn(p);

	if (pfn <= 0) {
		drop(r, slot);
		return -EIO;
	}
	if (r->nr_free)
		r->nr_free--;
	else
		r->used++;
	r->pfn[slot] = (uint32_t)pfn;
	r->owner[slot] = owner;
	*m = (struct mapping){ .slot = slot, .pfn = (uint64_t)pfn };
	return 0;
}

void unmap_page(unsigned int order, uint32_t node, uint32_t slot)
{
	struct region *r = region(order, node);

	drop(r, slot);
	r->pfn[slot] = 0;
	r->free_slot[r->nr_free++] = slot;
}

void unmap_all(void)
{
	for (size_t i = 0; i < REGIONS; i++) {
		struct region *r = &regions[i];

		if (r->used)
			madvise(r->base, r->used * slot_bytes(r), MADV_DONTNEED);
		memset(r->pfn, 0, r->used * sizeof(*r->pfn));
		r->used = r->nr_free = 0;
	}
}

int64_t mapped_at(unsigned int order, uint32_t node, uint32_t slot)
{
	return pagemap_pfn(slot_address(region(order, node), slot));
}

static uint32_t moved_in(struct region *r, void (*moved)(uint64_t owner, uint64_t from, uint64_t to))
{
	static uint64_t entry[8192];
	size_t step = (size_t)1 << r->order, at_once = sizeof(entry) / sizeof(*entry) / step;
	uint32_t nr = 0;

	for (size_t first = 0; first < r->used; first += at_once) {
		size_t slots = r->used - first < at_once ? r->used - first : at_once;
		size_t got = read_pagemap(slot_address(r, (uint32_t)first), entry, slots * step);

		for (size_t i = 0; i * step < got; i++) {
			uint32_t *was = &r->pfn[first + i], now = (uint32_t)(entry[i * step] & PFN_MASK);

			if (!*was || *was == now || !(entry[i * step] & PRESENT))
				continue;
			if (r->owner[first + i])
				moved(r->owner[first + i], *was, now);
			*was = now;
			nr++;
		}
	}
	return nr;
}

uint32_t mappings_moved(void (*moved)(uint64_t owner, uint64_t from, uint64_t to))
{
	uint32_t nr = 0;

	mappings_forget_free();
	for (size_t i = 0; i < REGIONS; i++)
		nr += moved_in(&regions[i], moved);
	return nr;
}
