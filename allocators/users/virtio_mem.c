// SPDX-License-Identifier: MIT
/* virtio_mem.c - a virtio-mem device: which of its memory is plugged, and what it does when memory goes and comes. */
#include <stdlib.h>

#include "virtio_device.h"

/* ---- what is plugged ------------------------------------------------------------------------- */

static uint32_t unit_of(const struct virtio_mem *vm, pfn_t pfn)
{
	return (pfn - vm->start) / vm->unit;
}

void virtio_mark(struct virtio_mem *vm, pfn_t start, uint32_t nr, bool plugged)
{
	for (uint32_t u = unit_of(vm, start); u <= unit_of(vm, start + nr - 1); u++)
		vm->plugged[u] = plugged;
}

bool virtio_all(const struct virtio_mem *vm, pfn_t start, uint32_t nr, bool plugged)
{
	for (uint32_t u = unit_of(vm, start); u <= unit_of(vm, start + nr - 1); u++) {
		if (vm->plugged[u] != plugged)
			return false;
	}
	return true;
}

uint32_t virtio_mem_plugged_in(const struct virtio_mem *vm, pfn_t start, uint32_t nr)
{
	uint32_t pages = 0;

	for (uint32_t u = unit_of(vm, start); u <= unit_of(vm, start + nr - 1); u++)
		pages += vm->plugged[u] ? vm->unit : 0;
	return pages;
}

uint32_t virtio_mem_plugged(const struct virtio_mem *vm)
{
	return virtio_mem_plugged_in(vm, vm->start, vm->nr_blocks * vm->block);
}

bool virtio_mem_big_blocks(const struct virtio_mem *vm)
{
	return vm->big;
}

uint32_t virtio_mem_unit(const struct virtio_mem *vm)
{
	return vm->unit;
}

bool virtio_online(const struct virtio_mem *vm, uint32_t id)
{
	struct contig_run run;

	vm->m.lab->run(vm->m.c, virtio_block_start(vm, id), &run);
	return run.kind != PAGE_ABSENT;
}

void virtio_fake_offline(struct virtio_mem *vm, pfn_t start, uint32_t nr)
{
	vm->m.lab->convert(vm->m.c, start, nr, PAGE_OFFLINE, OWNER_NONE);
}

void virtio_fake_online(struct virtio_mem *vm, uint32_t cpu, pfn_t start, uint32_t nr)
{
	vm->m.lab->convert(vm->m.c, start, nr, PAGE_CONTIG, OWNER_NONE);
	while (nr) {
		uint32_t chunk = user_nmax(vm->m.g);

		while (start & (chunk - 1) || chunk > nr)
			chunk >>= 1;
		contig_range_free(vm->m.c, cpu, start, chunk);
		start += chunk;
		nr -= chunk;
	}
}

/* ---- memory goes and comes ------------------------------------------------------------------- */

/* Call one() for each unplugged unit in the part of [start, start + nr) that is the device's. */
static void each_unplugged(struct virtio_mem *vm, pfn_t start, uint32_t nr,
                           void (*one)(struct virtio_mem *vm, pfn_t start))
{
	uint64_t end = (uint64_t)start + nr;

	for (uint32_t u = 0; u < vm->nr_blocks * vm->block / vm->unit; u++) {
		pfn_t pfn = vm->start + u * vm->unit;

		if (!vm->plugged[u] && pfn >= start && pfn + vm->unit <= end)
			one(vm, pfn);
	}
}

static void drop_references(struct virtio_mem *vm, pfn_t start)
{
	for (pfn_t pfn = start; pfn < start + vm->unit; pfn++)
		vm->m.lab->freeze(vm->m.c, pfn);
}

/* What has no reference takes one again by becoming what it is anew. */
static void take_references(struct virtio_mem *vm, pfn_t start)
{
	struct contig_run run;

	vm->m.lab->run(vm->m.c, start, &run);
	if (run.frozen)
		virtio_fake_offline(vm, start, vm->unit);
}

/*
 * A kernel's online_page hook keeps unplugged pages from the buddy; here they are taken out of it before anybody else
 * can. Where the rules of a composed policy do not let them be taken, the unit is plugged.
 */
static void withhold(struct virtio_mem *vm, pfn_t start)
{
	const struct contig_range_args args = { .start = start, .nr = vm->unit };
	struct contig_outcome out;

	if (contig_range_alloc(vm->m.c, &args, &out))
		virtio_mark(vm, start, vm->unit, true);
	else
		virtio_fake_offline(vm, start, vm->unit);
}

static int going_offline(struct user_driver *d, pfn_t start, uint32_t nr)
{
	each_unplugged((struct virtio_mem *)d, start, nr, drop_references);
	return 0;
}

static void cancel_offline(struct user_driver *d, pfn_t start, uint32_t nr)
{
	each_unplugged((struct virtio_mem *)d, start, nr, take_references);
}

static void came_online(struct user_driver *d, pfn_t start, uint32_t nr)
{
	each_unplugged((struct virtio_mem *)d, start, nr, withhold);
}

/* ---- the device ------------------------------------------------------------------------------ */

/* The pages that are asked for at a time: the memory block, the largest chunks where that is tried, a unit. */
static void set_levels(struct virtio_mem *vm)
{
	uint32_t nmax = user_nmax(vm->m.g);

	vm->level[vm->nr_levels++] = vm->block;
	if (vm->m.policy->virtio_unplug == virtio_unplug_max_chunks && nmax > vm->unit && nmax < vm->block)
		vm->level[vm->nr_levels++] = nmax;
	vm->level[vm->nr_levels++] = vm->unit;
}

/* Sub-blocks, or from v5.11 on big blocks where a sub-block would be no smaller than a memory block. */
static int choose_mode(struct virtio_mem *vm, const struct virtio_mem_params *p, struct contig_diag *diag)
{
	uint32_t align = user_alignment(vm->m.policy, vm->m.g);
	bool or_big = vm->m.policy->virtio_mode == virtio_mode_sub_or_big;

	vm->block = vm->blocks->pages;
	vm->unit = p->device_block > align ? p->device_block : align;
	vm->big = or_big && vm->unit >= vm->block;
	if (vm->big)
		vm->block = vm->unit;
	if (vm->unit > vm->block)
		return contig_diag_set(
			diag, -EINVAL,
			"virtio-mem: sub-blocks of %u pages in memory blocks of %u, and this release has no "
			"big blocks (virtio_mode)",
			vm->unit, vm->block);
	return 0;
}

static int check(const struct virtio_mem *vm, const struct virtio_mem_params *p, struct contig_diag *diag)
{
	if (!p->pages || (p->start | p->pages) & (vm->block - 1))
		return contig_diag_set(diag, -EINVAL, "virtio-mem: %u pages at pfn %u are not whole blocks of %u pages",
		                       p->pages, p->start, vm->block);
	for (uint32_t id = 0; id < p->pages / vm->block; id++) {
		if (!user_zone(vm->m.g, p->start + id * vm->block, vm->block))
			return contig_diag_set(diag, -EINVAL, "virtio-mem: the block at pfn %u lies in no one zone",
			                       p->start + id * vm->block);
	}
	return 0;
}

int virtio_mem_open(struct memory_blocks *blocks, const struct virtio_mem_params *p, struct virtio_mem **out,
                    struct contig_diag *diag)
{
	struct virtio_mem vm = { .m = blocks->m, .blocks = blocks, .start = p->start, .keep_empty = p->keep_empty };
	int rc;

	if (p->device_block & (p->device_block - 1))
		return contig_diag_set(diag, -EINVAL, "virtio-mem: device block of %u pages: must be a power of two",
		                       p->device_block);
	rc = choose_mode(&vm, p, diag);
	if (!rc)
		rc = check(&vm, p, diag);
	if (rc)
		return rc;
	vm.nr_blocks = p->pages / vm.block;
	set_levels(&vm);
	vm.plugged = calloc(p->pages / vm.unit, sizeof(*vm.plugged));
	*out = malloc(sizeof(**out));
	if (!vm.plugged || !*out) {
		free(vm.plugged);
		free(*out);
		return contig_diag_set(diag, -ENOMEM, "no memory for a virtio-mem device");
	}
	virtio_mark(&vm, p->start, p->pages, true);
	vm.driver = (struct user_driver){ .going_offline = going_offline,
		                          .cancel_offline = cancel_offline,
		                          .came_online = came_online };
	**out = vm;
	drivers_add(vm.m.drivers, &(*out)->driver);
	return 0;
}

void virtio_mem_close(struct virtio_mem *vm)
{
	if (!vm)
		return;
	drivers_remove(vm->m.drivers, &vm->driver);
	free(vm->plugged);
	free(vm);
}

int virtio_begin(struct virtio_mem *vm, uint32_t pages, uint32_t cpu, user_state *state, struct user_request **out,
                 struct contig_diag *diag)
{
	if (!pages || pages % vm->unit)
		return contig_diag_set(diag, -EINVAL, "virtio-mem: %u pages are not whole %s of %u pages", pages,
		                       vm->big ? "big blocks" : "sub-blocks", vm->unit);
	*out = user_begin(vm->m.c, sizeof(struct virtio_request), state);
	if (!*out)
		return contig_diag_set(diag, -ENOMEM, "no memory for a virtio-mem request");
	struct virtio_request *q = virtio_of(*out);

	q->vm = vm;
	q->want = pages;
	q->cpu = cpu;
	q->block = vm->nr_blocks;
	return 0;
}
