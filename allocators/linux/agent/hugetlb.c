// SPDX-License-Identifier: MIT
/*
 * hugetlb.c - hugetlb pages of order 9: the pool of a node, and pages of it in use.
 *
 * sysfs moves the size of a pool, not a page of one's choice; and a kernel shrinks a pool by the free page that came to it
 * last. To shrink it by a certain page, all free ones are taken in use, that one is let go, and then it is the only one.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define HUGE_ORDER 9u
#define HUGE_BYTES ((size_t)PAGE_BYTES << HUGE_ORDER)
#define SLOTS      1024u
#define KPF_HUGE   (UINT64_C(1) << 17)
#define KPF_HEAD   (UINT64_C(1) << 15)

static char *base;
static bool used[SLOTS];

static int pool_path(uint32_t node, const char *what, char *path, size_t size)
{
	snprintf(path, size, "/sys/devices/system/node/node%u/hugepages/hugepages-2048kB/%s", node, what);
	return access(path, R_OK) ? -EOPNOTSUPP : 0;
}

static int64_t pool_number(uint32_t node, const char *what)
{
	char path[128], text[32];
	int rc = pool_path(node, what, path, sizeof(path));

	if (!rc)
		rc = read_file(path, text, sizeof(text));
	return rc < 0 ? rc : strtoll(text, NULL, 10);
}

/* -ENOMEM if the kernel does not get there: it says nothing itself. */
static int pool_resize(uint32_t node, int64_t pages)
{
	char path[128], text[32];
	int rc = pool_path(node, "nr_hugepages", path, sizeof(path));

	snprintf(text, sizeof(text), "%lld", (long long)pages);
	if (!rc)
		rc = write_file(path, text);
	if (!rc && pool_number(node, "nr_hugepages") != pages)
		rc = -ENOMEM;
	return rc;
}

/* Is there a head of a hugetlb page at pfn? */
static bool is_huge(uint64_t pfn)
{
	static int fd = -1;
	uint64_t flags = 0;

	if (fd < 0)
		fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	return pread(fd, &flags, sizeof(flags), (off_t)(pfn * sizeof(flags))) == sizeof(flags) && flags & KPF_HUGE &&
	       flags & KPF_HEAD;
}

/* All hugetlb pages of the arena's zone, ascending. */
static uint32_t all_huge(uint64_t *pfn, uint32_t max)
{
	uint64_t mask = (1u << HUGE_ORDER) - 1, end = arena_zone.start + arena_zone.spanned;
	uint32_t nr = 0;

	for (uint64_t p = (arena_zone.start + mask) & ~mask; p < end && nr < max; p += mask + 1) {
		if (is_huge(p))
			pfn[nr++] = p;
	}
	return nr;
}

static bool among(const uint64_t *pfn, uint32_t nr, uint64_t what)
{
	for (uint32_t i = 0; i < nr; i++) {
		if (pfn[i] == what)
			return true;
	}
	return false;
}

int hugetlb_grow(uint32_t node, uint64_t *pfn)
{
	static uint64_t before[SLOTS], after[SLOTS];
	uint32_t nr_before = all_huge(before, SLOTS), nr_after;
	int64_t pages = pool_number(node, "nr_hugepages");
	int rc = pages < 0 ? (int)pages : pool_resize(node, pages + 1);

	if (rc)
		return rc;
	nr_after = all_huge(after, SLOTS);
	for (uint32_t i = 0; i < nr_after; i++) {
		if (!among(before, nr_before, after[i])) {
			*pfn = after[i];
			return 0;
		}
	}
	pool_resize(node, pages); /* it lies where we can not see it */
	return -ENOMEM;
}

static char *slot_address(uint32_t slot)
{
	return base + slot * HUGE_BYTES;
}

/* Back to the pool: the kernel keeps it as a free page. */
static void let_go(uint32_t slot)
{
	if (mmap(slot_address(slot), HUGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
	         0) != MAP_FAILED)
		used[slot] = false;
}

/* Map one page of the pool and touch it. */
static int take(uint32_t node, uint32_t *slot, uint64_t *pfn)
{
	unsigned long mask = 1ul << node;

	if (!base) {
		base = mmap(NULL, (SLOTS + 1) * HUGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		            0);
		if (base == MAP_FAILED) {
			base = NULL;
			return -ENOMEM;
		}
		base += (HUGE_BYTES - (uintptr_t)base % HUGE_BYTES) % HUGE_BYTES;
	}
	for (*slot = 0; *slot < SLOTS && used[*slot]; ++*slot)
		;
	if (*slot == SLOTS || pool_number(node, "free_hugepages") < 1)
		return -ENOMEM;

	char *p = mmap(slot_address(*slot), HUGE_BYTES, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE | MAP_FIXED, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	used[*slot] = true;
	if (madvise(p, HUGE_BYTES, MADV_DONTFORK) ||
	    syscall(SYS_mbind, p, HUGE_BYTES, MPOL_BIND, &mask, sizeof(mask) * 8, 0))
		return -errno;

	/* free pages of isolated pageblocks are in the pool, but nobody gets them */
	int64_t at = touch(p) ? -ENOMEM : pagemap_pfn(p);

	*pfn = (uint64_t)at;
	if (at < 0)
		let_go(*slot);
	return at < 0 ? (int)at : 0;
}

/* Take all free pages of the pool in use; the slot of the one at pfn into *slot, those of the others into others[]. */
static int take_all(uint32_t node, uint64_t pfn, uint32_t *slot, uint32_t *others, uint32_t *nr)
{
	bool found = false;

	*nr = 0;
	while (pool_number(node, "free_hugepages") > 0) {
		uint64_t at = 0;
		uint32_t s;
		int rc = take(node, &s, &at);

		if (rc)
			return rc;
		if (at == pfn) {
			*slot = s;
			found = true;
		} else {
			others[(*nr)++] = s;
		}
	}
	return found ? 0 : -ENOENT;
}

int hugetlb_shrink(uint32_t node, uint64_t pfn)
{
	static uint32_t others[SLOTS];
	uint32_t slot, nr;
	int rc = take_all(node, pfn, &slot, others, &nr);

	if (!rc) {
		let_go(slot);
		rc = pool_resize(node, pool_number(node, "nr_hugepages") - 1);
	}
	while (nr)
		let_go(others[--nr]);
	return rc;
}

int hugetlb_map(uint32_t node, uint32_t *slot, uint64_t *pfn)
{
	static uint32_t others[SLOTS];
	uint32_t nr;
	int rc = hugetlb_grow(node, pfn);

	if (rc)
		return rc;
	rc = take_all(node, *pfn, slot, others, &nr);
	while (nr)
		let_go(others[--nr]);
	return rc;
}

int hugetlb_unmap(uint32_t node, uint32_t slot)
{
	int64_t pfn = hugetlb_at(slot);

	let_go(slot);
	return pfn < 0 ? (int)pfn : hugetlb_shrink(node, (uint64_t)pfn);
}

int64_t hugetlb_at(uint32_t slot)
{
	return pagemap_pfn(slot_address(slot));
}

void hugetlb_reset(void)
{
	for (uint32_t s = 0; s < SLOTS; s++) {
		if (used[s])
			let_go(s);
	}
	for (uint32_t node = 0; node < AGENT_NODES; node++) {
		if (pool_number(node, "nr_hugepages") > 0)
			pool_resize(node, 0);
	}
}

/* Take what owners of that kind have out of a list; 0 stays in its place. */
static void cross_out(char kind, uint64_t *pfn, uint32_t nr)
{
	for (const struct owned *o = owner_next(NULL); o; o = owner_next(o)) {
		for (uint32_t i = 0; o->kind == kind && i < nr; i++) {
			if (pfn[i] == o->pfn)
				pfn[i] = 0;
		}
	}
}

/*
 * A pool page is gone if it was replaced, or if a page in use has moved into it: then the one that this has left is in the
 * pool instead. To a pool they are all the same, so any new one stands for any old one.
 */
static void find_pool_pages(hugetlb_told *replaced)
{
	static uint64_t all[SLOTS], fresh[SLOTS];
	uint32_t nr = all_huge(all, SLOTS), next = 0;

	cross_out('C', all, nr);
	memcpy(fresh, all, sizeof(all));
	cross_out('Q', fresh, nr);
	for (struct owned *o = owner_next(NULL); o; o = owner_next(o)) {
		if (o->kind != 'Q' || among(all, nr, o->pfn))
			continue;
		while (next < nr && !fresh[next])
			next++;
		if (next == nr)
			return;
		replaced(o->owner, o->pfn, fresh[next]);
		o->pfn = fresh[next++];
	}
}

void hugetlb_moved(hugetlb_told *moved, hugetlb_told *replaced)
{
	bool pool = false;

	for (struct owned *o = owner_next(NULL); o; o = owner_next(o)) {
		int64_t at = o->kind == 'C' ? hugetlb_at(o->slot) : -ENOENT;

		pool = pool || o->kind == 'Q';
		if (at < 0 || o->pfn == (uint64_t)at)
			continue;
		moved(o->owner, o->pfn, (uint64_t)at);
		o->pfn = (uint64_t)at;
	}
	if (pool)
		find_pool_pages(replaced);
}
