/* SPDX-License-Identifier: MIT */
/*
 * memory_block.h - memory offline and online by memory blocks (7.4), the granule of /sys/devices/system/memory: one or
 * more sections, 128 MiB on x86-64. One hotplug lock for all.
 */
#ifndef MEMORY_BLOCK_H
#define MEMORY_BLOCK_H

#include "user.h"

struct memory_blocks {
	struct user_machine m;
	uint32_t pages;        /* of a block */
	struct user_lock lock; /* mem_hotplug_lock */
};

/*
 * -EINVAL with the reason: a block is a power of two of pages, holds whole pageblocks and the largest free runs, and
 * whole sections where these are modelled.
 */
int memory_blocks_init(struct memory_blocks *b, const struct user_machine *m, uint32_t pages, struct contig_diag *diag);

/*
 * offline_pages() of [start, start + nr): whole memory blocks, in one zone and without holes, else -EINVAL with the
 * reason. A kernel tries for ever; here a signal comes after so many passes (0: five). The outcome: 0, and the pages
 * are gone; -EBUSY; -EINTR after the last pass; what a driver answered that would not let it happen.
 */
int memory_offline_begin(struct memory_blocks *b, pfn_t start, uint32_t nr, uint32_t cpu, uint16_t passes,
                         struct user_request **out, struct contig_diag *diag);
/* online_pages(): whole memory blocks that are absent, else -EINVAL with the reason. One step. */
int memory_online_begin(struct memory_blocks *b, pfn_t start, uint32_t nr, uint32_t cpu, struct user_request **out,
                        struct contig_diag *diag);

#endif
