/* SPDX-License-Identifier: MIT */
/*
 * filler.h - memory of this process, to have pages in a range that will be migrated; and what the kernel says of pages
 * (/proc/kpageflags, /proc/self/pagemap).
 */
#ifndef CALIBRATE_FILLER_H
#define CALIBRATE_FILLER_H

#include "../../allocators/contig.h"

struct filler {
	uint8_t *at;
	uint64_t bytes;
	uint32_t page; /* bytes of one */
	int pagemap;
};

/* Not there yet. 0 or -errno. */
int filler_open(struct filler *f, uint64_t bytes, struct contig_diag *diag);
void filler_close(struct filler *f);
/* Touch all of it: single pages, wherever the kernel takes them from. Gives up early where *stop says so. */
int filler_touch(struct filler *f, const volatile bool *stop, struct contig_diag *diag);
/*
 * Give all back but those pages of [start, end) that keep(pfn) wants; *kept is how many there are. 0, or -errno: pagemap does not
 * show where pages are.
 */
int filler_keep(struct filler *f, uint64_t start, uint64_t end, bool (*keep)(void *ctx, uint64_t pfn), void *ctx,
                uint32_t *kept, struct contig_diag *diag);

/*
 * What the pages [start, end) are, as enum page_kind: PAGE_FREE, PAGE_LRU, PAGE_LRU_COMPOUND with PAGE_NONE behind it, and
 * PAGE_KERNEL for all that can not be migrated. Pages on per-cpu lists look like those and are not told apart: *odd counts the pages
 * without any flag. 0 or -errno.
 */
int page_kinds(uint64_t start, uint64_t end, uint8_t *out, uint32_t *odd, struct contig_diag *diag);

#endif
