// SPDX-License-Identifier: MIT
/*
 * natural.c - populate natural: memory as the kernel's own allocator leaves it when much has come and gone. Nothing is placed:
 * nature.c draws what comes and goes, and types of pageblocks come out as they come.
 */
#include "agent.h"
#include "nature.h"
#include "populate.h"

static int take(void *ctx, unsigned int order, bool reclaimable, uint64_t *handle)
{
	struct contigbench_alloc a = {
		.node = (uint32_t)arena_zone.node,
		.order = order,
		.type = reclaimable ? 'R' : 'U',
		.flags = CONTIGBENCH_NORECLAIM | (order ? CONTIGBENCH_COMPOUND : 0),
	};
	int rc = device(CONTIGBENCH_ALLOC, &a);

	(void)ctx;
	*handle = a.pfn;
	return rc ? rc : a.rc;
}

static int give(void *ctx, uint64_t handle)
{
	struct contigbench_alloc a = { .pfn = handle };

	(void)ctx;
	return device(CONTIGBENCH_FREE, &a);
}

static int map(void *ctx, unsigned int order, uint64_t *handle)
{
	struct mapping m = { 0 };
	int rc = map_page(order, (uint32_t)arena_zone.node, 0, &m);

	(void)ctx;
	*handle = m.slot;
	return rc;
}

static int unmap(void *ctx, unsigned int order, uint64_t handle)
{
	(void)ctx;
	unmap_page(order, (uint32_t)arena_zone.node, (uint32_t)handle);
	return 0;
}

static bool whole(void *ctx)
{
	uint64_t pfn;

	(void)ctx;
	for (uint32_t order = NATURE_THP_ORDER; order <= kernel.max_order; order++) {
		for (const char *type = "UMR"; *type; type++) {
			struct contigbench_list l = { .zone = arena_zone.index,
				                      .order = order,
				                      .type = (uint32_t)*type,
				                      .max = 1,
				                      .pfns = (uintptr_t)&pfn };

			if (!device(CONTIGBENCH_LIST, &l) && l.total)
				return true;
		}
	}
	return false;
}

static int drain(void *ctx)
{
	(void)ctx;
	return device_drain();
}

int populate_natural(struct populate *out)
{
	struct contigbench_zone now;
	/* to the page: what a node's files say lacks what a cpu has not added up yet */
	int rc = device_zone((uint32_t)arena_zone.node, &now);
	struct nature_world w = {
		.managed = arena_zone.managed,
		.in_use = arena_zone.managed - (uint64_t)now.free,
		.most = arena_zone.managed - populate_spare(),
		.take = take,
		.give = give,
		.map = map,
		.unmap = unmap,
		.whole = whole,
		.drain = drain,
	};
	struct nature_counts n;

	if (rc)
		return rc;
	if (arena_zone.managed * out->fill / 100 > w.most) {
		answer(0, "FILL is too high: the watermarks want %llu pages free",
		       (unsigned long long)populate_spare());
		return -ENOMEM;
	}
	rc = nature_run(&w, &out->rng, out->fill, out->unmovable, &n);

	out->user += n.user;
	out->thp += n.thp;
	out->kernel += n.kernel;
	out->reclaimable += n.reclaimable;
	return rc;
}
