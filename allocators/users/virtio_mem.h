/* SPDX-License-Identifier: MIT */
/*
 * virtio_mem.h - virtio-mem (7.2): a device whose memory the hypervisor may take away and give back, piece by piece.
 *
 * Sub-block mode: a memory block stays online while sub-blocks of it are unplugged by alloc_contig_range and stand
 * there as PageOffline; what is plugged of an offline block is unplugged without asking anybody. Big-block mode, where
 * a sub-block would be no smaller than a memory block: whole big blocks, section by section, and then offline.
 */
#ifndef VIRTIO_MEM_H
#define VIRTIO_MEM_H

#include "memory_block.h"

struct virtio_mem;

struct virtio_mem_params {
	pfn_t start;
	uint32_t pages;        /* the device's memory: whole memory blocks, all of it plugged and online at first */
	uint32_t device_block; /* the least that the hypervisor plugs, a power of two; 0: a page */
	bool keep_empty;       /* leave memory blocks online of which everything is unplugged */
};

/*
 * -EINVAL with the reason: not whole memory blocks, not in one zone each, or v5.10 with sub-blocks larger than a
 * memory block. -ENOMEM. The memory blocks must outlive the device.
 */
int virtio_mem_open(struct memory_blocks *blocks, const struct virtio_mem_params *p, struct virtio_mem **out,
                    struct contig_diag *diag);
/* Its memory stays as it is; no request may be going on. */
void virtio_mem_close(struct virtio_mem *vm);

/*
 * Unplug `pages`, whole sub-blocks (big blocks), from as many memory blocks as it takes. The outcome: 0; -EBUSY: some
 * are left; -ENOMEM from alloc_contig_range. outcome.nr is what was unplugged. One request at a time: the device's
 * lock. -EINVAL here: not whole sub-blocks.
 */
int virtio_mem_unplug_begin(struct virtio_mem *vm, uint32_t pages, uint32_t cpu, struct user_request **out,
                            struct contig_diag *diag);
/* Plug `pages` again. The outcome: 0, or -ENOSPC when all is plugged. */
int virtio_mem_plug_begin(struct virtio_mem *vm, uint32_t pages, uint32_t cpu, struct user_request **out,
                          struct contig_diag *diag);

bool virtio_mem_big_blocks(const struct virtio_mem *vm);
uint32_t virtio_mem_unit(const struct virtio_mem *vm);    /* pages of a sub-block or big block */
uint32_t virtio_mem_plugged(const struct virtio_mem *vm); /* pages */
/* Pages plugged of [start, start + nr), which is the device's. */
uint32_t virtio_mem_plugged_in(const struct virtio_mem *vm, pfn_t start, uint32_t nr);

#endif
