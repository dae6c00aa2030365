/* SPDX-License-Identifier: MIT */
/* virtio_device.h - what a virtio-mem device keeps: for virtio_mem.c, virtio_unplug.c and virtio_plug.c alone. */
#ifndef VIRTIO_DEVICE_H
#define VIRTIO_DEVICE_H

#include "virtio_mem.h"

#define VIRTIO_LEVELS 3u

struct virtio_mem {
	struct user_driver driver; /* first: the chain knows only this */
	struct user_machine m;
	struct memory_blocks *blocks;
	struct user_lock lock;
	pfn_t start;
	uint32_t block; /* pages of a memory block, or of a big block */
	uint32_t nr_blocks;
	uint32_t unit; /* pages of a sub-block, or of a big block */
	bool big;      /* big-block mode */
	bool keep_empty;
	uint32_t nr_levels;
	uint32_t level[VIRTIO_LEVELS]; /* pages that are asked for at a time, from the most to a unit */
	bool *plugged;                 /* by unit */
};

struct virtio_request {
	struct user_request base;
	struct virtio_mem *vm;
	uint32_t cpu;
	uint32_t want;      /* pages left to do */
	unsigned int class; /* of blocks, in the order in which they are unplugged ... */
	uint32_t block;     /* ... and which of them; those above are done */
	unsigned int level;
	pfn_t piece;        /* the pages that are asked for ... */
	unsigned int tries; /* ... and how often still */
};

static inline struct virtio_request *virtio_of(struct user_request *r)
{
	return (struct virtio_request *)r;
}

static inline pfn_t virtio_block_start(const struct virtio_mem *vm, uint32_t id)
{
	return vm->start + id * vm->block;
}

int virtio_begin(struct virtio_mem *vm, uint32_t pages, uint32_t cpu, user_state *state, struct user_request **out,
                 struct contig_diag *diag);
void virtio_mark(struct virtio_mem *vm, pfn_t start, uint32_t nr, bool plugged);
bool virtio_all(const struct virtio_mem *vm, pfn_t start, uint32_t nr, bool plugged);
bool virtio_online(const struct virtio_mem *vm, uint32_t id);
/* Pages that a request got become PageOffline, and the other way round: freed in the largest aligned chunks. */
void virtio_fake_offline(struct virtio_mem *vm, pfn_t start, uint32_t nr);
void virtio_fake_online(struct virtio_mem *vm, uint32_t cpu, pfn_t start, uint32_t nr);

#endif
