// SPDX-License-Identifier: MIT
/*
 * virtio_plug.c - memory comes back: into blocks of which a part is plugged, then into those of which nothing is; from
 * the lowest up, blocks and units. What is online is freed to the buddy; what is offline and wholly unplugged comes
 * online; a block that somebody else took offline stays so.
 */
#include "virtio_device.h"

static user_state start, pick, came;

static enum user_progress over(struct user_request *r, int rc)
{
	user_unlock(&virtio_of(r)->vm->lock, r);
	return user_finish(r, rc);
}

static enum user_progress start(struct user_request *r, struct contig_work *work)
{
	struct virtio_request *q = virtio_of(r);

	(void)work;
	if (!user_lock(&q->vm->lock, r))
		return USER_WAITS;
	q->block = 0;
	return user_next(r, pick);
}

/* Mark up to what is wanted of a block as plugged; free what is online. */
static void plug_units(struct user_request *r, uint32_t id, bool online)
{
	struct virtio_request *q = virtio_of(r);
	struct virtio_mem *vm = q->vm;
	pfn_t first = virtio_block_start(vm, id);

	for (pfn_t pfn = first; pfn < first + vm->block && q->want; pfn += vm->unit) {
		if (virtio_all(vm, pfn, vm->unit, true))
			continue;
		virtio_mark(vm, pfn, vm->unit, true);
		if (online)
			virtio_fake_online(vm, q->cpu, pfn, vm->unit);
		q->want -= vm->unit;
		r->out.nr += vm->unit;
		r->out.start = pfn;
	}
}

/* class 0: blocks of which a part is plugged; 1: of which nothing is */
static bool fits(const struct virtio_request *q, uint32_t id)
{
	uint32_t plugged = virtio_mem_plugged_in(q->vm, virtio_block_start(q->vm, id), q->vm->block);

	return q->class ? !plugged : plugged && plugged < q->vm->block;
}

static enum user_progress pick(struct user_request *r, struct contig_work *work)
{
	struct virtio_request *q = virtio_of(r);
	struct virtio_mem *vm = q->vm;
	struct user_request *online;

	work->phase = PHASE_SEARCH;
	while (q->want && q->class < 2) {
		uint32_t id = q->block++;

		if (id == vm->nr_blocks) {
			q->class ++;
			q->block = 0;
			continue;
		}
		work->scanned++;
		if (!fits(q, id))
			continue;
		bool there = virtio_online(vm, id);

		plug_units(r, id, there);
		if (there || !q->class)
			continue;
		int rc = memory_online_begin(vm->blocks, virtio_block_start(vm, id), vm->block, q->cpu, &online, NULL);

		return rc ? over(r, rc) : user_inner(r, online, came);
	}
	if (!q->want)
		return over(r, 0);
	user_blame(r, WHY_NO_CANDIDATE, PFN_NONE, NULL);
	return over(r, -ENOSPC);
}

static enum user_progress came(struct user_request *r, struct contig_work *work)
{
	(void)work;
	return r->inside.rc ? over(r, r->inside.rc) : user_next(r, pick);
}

int virtio_mem_plug_begin(struct virtio_mem *vm, uint32_t pages, uint32_t cpu, struct user_request **out,
                          struct contig_diag *diag)
{
	return virtio_begin(vm, pages, cpu, start, out, diag);
}
