// SPDX-License-Identifier: MIT
/* placement_memory.c - memory bound to nodes, and the kernel's own answer where it lies. */
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "placement_inside.h"

#define AT_ONCE 512u /* pages asked about in one call */

/* Nobody may bind or ask here: what to do is the same for both. */
static int forbidden(int err, const char *what, struct contig_diag *diag)
{
	const char *why = err == ENOSYS ? "this kernel has no NUMA"
	                                : "a container or sandbox forbids it (Docker: --cap-add SYS_NICE)";

	return contig_diag_set(diag, -EPERM, "%s: %s, %s; --bind no leaves memory where the kernel puts it, unverified",
	                       what, strerror(err), why);
}

int placement_bind(const struct placement *p, void *start, size_t bytes, unsigned int trace_node,
                   struct contig_diag *diag)
{
	uint32_t node = p->node_of[trace_node];

	if (!p->bind)
		return 0;
	if (!topology_is_here(p->topology))
		return contig_diag_set(diag, -ENODEV, "memory can not be bound: the topology is not this machine's");
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	if (!set || hwloc_bitmap_only(set, node)) {
		hwloc_bitmap_free(set);
		return contig_diag_set(diag, -ENOMEM, "no memory to bind memory");
	}
	int rc = hwloc_set_area_membind(p->topology->hwloc, start, bytes, set, HWLOC_MEMBIND_BIND,
	                                HWLOC_MEMBIND_STRICT | HWLOC_MEMBIND_BYNODESET);
	int err = errno;

	hwloc_bitmap_free(set);
	if (!rc)
		return 0;
	if (err == EPERM || err == ENOSYS)
		return forbidden(err, "memory can not be bound to its node (mbind)", diag);
	return contig_diag_set(diag, err == ENOMEM ? -ENOMEM : -ENODEV,
	                       "%zu bytes can not be bound to node %u: %s; --bind no leaves them where the kernel puts "
	                       "them, unverified",
	                       bytes, node, strerror(err));
}

int placement_populate(void *start, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!madvise(start, bytes, MADV_POPULATE_WRITE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* before v5.14 it can only be touched */
	for (size_t at = 0; at < bytes; at += page)
		((volatile char *)start)[at] = 0;
	return 0;
}

static int count(const int *status, size_t nr, uint32_t node, struct placement_found *found, struct contig_diag *diag)
{
	for (size_t i = 0; i < nr; i++) {
		if (status[i] >= 0 && (uint32_t)status[i] == node)
			found->right++;
		else if (status[i] >= 0)
			found->wrong++;
		else if (status[i] == -ENOENT || status[i] == -EFAULT) /* the latter: read, and so the zero page */
			found->untouched++;
		else
			return contig_diag_set(diag, status[i], "the kernel does not say where a page lies: %s",
			                       strerror(-status[i]));
	}
	return 0;
}

int placement_verify(const struct placement *p, const void *start, size_t bytes, unsigned int trace_node,
                     struct placement_found *found, struct contig_diag *diag)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), done = 0;
	const char *first = (const char *)start - ((uintptr_t)start & (page - 1));
	size_t pages = ((size_t)((const char *)start - first) + bytes + page - 1) / page;
	const void *at[AT_ONCE];
	int status[AT_ONCE], rc = 0;

	while (p->bind && !rc && done < pages) {
		size_t nr = pages - done < AT_ONCE ? pages - done : AT_ONCE;

		for (size_t i = 0; i < nr; i++)
			at[i] = first + (done + i) * page;
		/* without nodes to move to it only answers */
		if (syscall(SYS_move_pages, 0, nr, at, NULL, status, 0)) {
			if (errno == EPERM || errno == ENOSYS)
				return forbidden(errno, "where memory lies can not be verified (move_pages)", diag);
			return contig_diag_set(diag, -errno, "where memory lies can not be verified (move_pages): %s",
			                       strerror(errno));
		}
		rc = count(status, nr, p->node_of[trace_node], found, diag);
		done += nr;
	}
	return rc;
}
