// SPDX-License-Identifier: MIT
/*
 * virtio_unplug.c - what virtio-mem gives away first. Blocks by class, within a class from the highest down; of a
 * block as much as possible in one call, then smaller pieces, from the highest down, those that are busy left out:
 *
 *	pick a block -> its pieces: ask (once, or up to five times) -> mark -> next piece -> empty: offline -> pick ...
 */
#include "virtio_device.h"

#define TRIES_IF_MOVABLE 5u

/* In this order. Big blocks are never partial. */
enum {
	CLASS_OFFLINE,
	CLASS_PARTIAL_MOVABLE,
	CLASS_PARTIAL_KERNEL,
	CLASS_FULL_MOVABLE,
	CLASS_FULL_KERNEL,
	CLASS_NR,
};

static user_state start, pick, next_piece, ask, asked, left_empty, gone;

static bool is_movable(const struct virtio_mem *vm, uint32_t id)
{
	return user_zone(vm->m.g, virtio_block_start(vm, id), vm->block)->type == ZONE_MOVABLE;
}

/* CLASS_NR: nothing of it is plugged. */
static unsigned int class_of(const struct virtio_mem *vm, uint32_t id)
{
	uint32_t plugged = virtio_mem_plugged_in(vm, virtio_block_start(vm, id), vm->block);

	if (!plugged)
		return CLASS_NR;
	if (!virtio_online(vm, id))
		return CLASS_OFFLINE;
	if (plugged < vm->block)
		return is_movable(vm, id) ? CLASS_PARTIAL_MOVABLE : CLASS_PARTIAL_KERNEL;
	return is_movable(vm, id) ? CLASS_FULL_MOVABLE : CLASS_FULL_KERNEL;
}

static enum user_progress over(struct user_request *r, int rc)
{
	user_unlock(&virtio_of(r)->vm->lock, r);
	return user_finish(r, rc);
}

static void unplugged(struct user_request *r, pfn_t pfn, uint32_t nr)
{
	struct virtio_request *q = virtio_of(r);

	virtio_mark(q->vm, pfn, nr, false);
	q->want -= nr;
	r->out.nr += nr;
}

static enum user_progress start(struct user_request *r, struct contig_work *work)
{
	(void)work;
	if (!user_lock(&virtio_of(r)->vm->lock, r))
		return USER_WAITS;
	return user_next(r, pick);
}

/* Nobody uses what is offline: its plugged units go, from the highest down, as many as are wanted. */
static void unplug_offline(struct user_request *r)
{
	struct virtio_request *q = virtio_of(r);
	const struct virtio_mem *vm = q->vm;
	pfn_t first = virtio_block_start(vm, q->block);

	for (pfn_t pfn = first + vm->block; pfn > first && q->want;) {
		pfn -= vm->unit;
		if (virtio_all(vm, pfn, vm->unit, true))
			unplugged(r, pfn, vm->unit);
	}
}

static enum user_progress pick(struct user_request *r, struct contig_work *work)
{
	struct virtio_request *q = virtio_of(r);
	struct virtio_mem *vm = q->vm;

	work->phase = PHASE_SEARCH;
	while (q->want && q->class < CLASS_NR) {
		if (!q->block) {
			q->class ++;
			q->block = vm->nr_blocks;
			continue;
		}
		work->scanned++;
		if (class_of(vm, --q->block) != q->class)
			continue;
		if (q->class == CLASS_OFFLINE) {
			unplug_offline(r);
			continue;
		}
		q->level = 0;
		q->piece = virtio_block_start(vm, q->block) + vm->block;
		return user_next(r, next_piece);
	}
	if (!q->want)
		return over(r, 0);
	if (!r->out.calls)
		user_blame(r, WHY_NO_CANDIDATE, PFN_NONE, NULL);
	return over(r, -EBUSY);
}

/* Five tries where memory is for movable pages only, once elsewhere (v5.11). */
static unsigned int tries(const struct virtio_mem *vm, uint32_t id)
{
	bool often = vm->m.policy->virtio_tries == virtio_tries_five_if_movable && is_movable(vm, id);

	return often ? TRIES_IF_MOVABLE : 1;
}

/* The next lower piece of this level that is plugged and not more than is wanted, else the next level. */
static enum user_progress next_piece(struct user_request *r, struct contig_work *work)
{
	struct virtio_request *q = virtio_of(r);
	struct virtio_mem *vm = q->vm;
	pfn_t first = virtio_block_start(vm, q->block);

	work->phase = PHASE_SEARCH;
	for (; q->level < vm->nr_levels; q->level++, q->piece = first + vm->block) {
		uint32_t nr = vm->level[q->level];

		while (q->piece > first && nr <= q->want) {
			q->piece -= nr;
			work->scanned++;
			if (!virtio_all(vm, q->piece, nr, true))
				continue;
			q->tries = tries(vm, q->block);
			return user_next(r, ask);
		}
	}
	return user_next(r, left_empty);
}

/* Big blocks go section by section, sub-blocks in one call. */
static uint32_t call_pages(const struct virtio_request *q)
{
	const struct virtio_mem *vm = q->vm;
	uint32_t section = vm->m.g->section_order ? 1u << vm->m.g->section_order : vm->blocks->pages;

	return vm->big ? section : vm->level[q->level];
}

static enum user_progress ask(struct user_request *r, struct contig_work *work)
{
	const struct virtio_request *q = virtio_of(r);
	const struct contig_range_args args = {
		.start = q->piece, .nr = call_pages(q), .cpu = q->cpu, .caller = CALLER_MOVABLE
	};

	(void)work;
	return user_call(r, &args, asked);
}

/* All of a big block or nothing. */
static void roll_back(struct user_request *r)
{
	struct virtio_request *q = virtio_of(r);
	pfn_t first = virtio_block_start(q->vm, q->block);

	if (q->piece > first)
		virtio_fake_online(q->vm, q->cpu, first, q->piece - first);
}

static enum user_progress refused(struct user_request *r)
{
	struct virtio_request *q = virtio_of(r);

	if (r->call.rc != -ENOMEM && --q->tries)
		return user_next(r, ask);
	if (q->vm->big)
		roll_back(r);
	if (r->call.rc == -ENOMEM)
		return over(r, -ENOMEM);
	return user_next(r, q->vm->big ? pick : next_piece);
}

static enum user_progress asked(struct user_request *r, struct contig_work *work)
{
	struct virtio_request *q = virtio_of(r);
	uint32_t nr = call_pages(q);

	(void)work;
	if (r->call.rc)
		return refused(r);
	virtio_fake_offline(q->vm, q->piece, nr);
	if (!q->vm->big) {
		unplugged(r, q->piece, nr);
		return user_next(r, next_piece);
	}
	q->piece += nr;
	q->tries = tries(q->vm, q->block);
	if (q->piece < virtio_block_start(q->vm, q->block) + q->vm->block)
		return user_next(r, ask);
	unplugged(r, virtio_block_start(q->vm, q->block), q->vm->block);
	return user_next(r, left_empty);
}

/* A block of which nothing is plugged any more goes offline and away; if it does not, a sub-block stays as it is. */
static enum user_progress left_empty(struct user_request *r, struct contig_work *work)
{
	struct virtio_request *q = virtio_of(r);
	struct virtio_mem *vm = q->vm;
	pfn_t first = virtio_block_start(vm, q->block);
	struct user_request *offline;

	(void)work;
	if (!virtio_all(vm, first, vm->block, false) || (vm->keep_empty && !vm->big))
		return user_next(r, pick);
	int rc = memory_offline_begin(vm->blocks, first, vm->block, q->cpu, 0, &offline, NULL);

	if (!rc)
		return user_inner(r, offline, gone);
	return rc == -ENOMEM ? over(r, rc) : user_next(r, pick);
}

static enum user_progress gone(struct user_request *r, struct contig_work *work)
{
	struct virtio_request *q = virtio_of(r);
	struct virtio_mem *vm = q->vm;
	pfn_t first = virtio_block_start(vm, q->block);

	(void)work;
	if (r->inside.rc && vm->big) {
		virtio_mark(vm, first, vm->block, true);
		virtio_fake_online(vm, q->cpu, first, vm->block);
		q->want += vm->block;
		r->out.nr -= vm->block;
	}
	return user_next(r, pick);
}

int virtio_mem_unplug_begin(struct virtio_mem *vm, uint32_t pages, uint32_t cpu, struct user_request **out,
                            struct contig_diag *diag)
{
	return virtio_begin(vm, pages, cpu, start, out, diag);
}
