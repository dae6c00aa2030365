// SPDX-License-Identifier: MIT
/*
 * first_fit_stats.c - the first-fit baseline in the buddy allocator's terms, so that its rows can stand in the same
 * tables: free memory cut into the largest naturally aligned runs up to M, and pageblocks named after what they hold.
 *
 * A pageblock has no type here. It is reported as Unmovable if it holds allocations and none of them can move, as
 * Movable otherwise, and as mixed if it holds both sorts: the state that grouping by mobility exists to avoid.
 */
#include <string.h>

#include "first_fit.h"

/* Cut one stretch of free pages as a buddy allocator that merged everything would have it. */
static void count_stretch(const struct first_fit *ff, pfn_t from, pfn_t to, uint64_t *nr_free)
{
	while (from < to) {
		unsigned int order = from ? (unsigned int)__builtin_ctz(from) : ff->g.max_order;

		if (order > ff->g.max_order)
			order = ff->g.max_order;
		while (to - from < 1u << order)
			order--;
		nr_free[order]++;
		from += 1u << order;
	}
}

static void count_free(const struct first_fit *ff, const struct ff_zone *z, uint64_t *nr_free)
{
	uint32_t i = 0, end = z->nr_words * 64;

	while (i < end) {
		if (!z->free_map[i / 64]) {
			i += 64;
			continue;
		}
		if (!ff_bit(z->free_map, i)) {
			i++;
			continue;
		}
		uint32_t from = i;
		while (i < end && ff_bit(z->free_map, i))
			i += i % 64 == 0 && z->free_map[i / 64] == ~UINT64_C(0) ? 64 : 1;
		count_stretch(ff, z->base + from, z->base + i, nr_free);
	}
}

/* What the allocations in [from, to) are; *reach is the end of the last one seen, *reach_kind what it is. */
static void look_at_block(const struct ff_zone *z, uint32_t from, uint32_t to, uint32_t *reach, uint8_t *reach_kind,
                          bool holds[2])
{
	if (*reach > from)
		holds[ff_movable(*reach_kind)] = true;
	for (uint32_t i = from; i < to; i++) {
		const struct ff_page *p = &z->page[i];

		if (p->kind == PAGE_NONE || p->kind == PAGE_CONTIG)
			continue;
		holds[ff_movable(p->kind)] = true;
		*reach = i + (1u << p->order);
		*reach_kind = p->kind;
	}
}

static void count_blocks(const struct first_fit *ff, const struct ff_zone *z, struct contig_stats *s)
{
	uint32_t block_pages = 1u << ff->g.pageblock_order, reach = 0;
	uint8_t reach_kind = PAGE_NONE;

	for (pfn_t block = z->start, next; block < z->end; block = next) {
		bool holds[2] = { false, false }, held = false;

		next = (block & ~(block_pages - 1)) + block_pages;
		if (next > z->end)
			next = z->end;
		look_at_block(z, block - z->base, next - z->base, &reach, &reach_kind, holds);
		for (uint32_t i = block - z->base; i < next - z->base && !held; i++)
			held = ff_bit(z->held_map, i);
		s->isolated += held;
		s->mixed_blocks += holds[false] && holds[true];
		s->blocks[holds[false] && !holds[true] ? MT_UNMOVABLE : MT_MOVABLE]++;
	}
}

void ff_stats(struct contig *c, uint32_t zone, struct contig_stats *out)
{
	const struct first_fit *ff = (const struct first_fit *)c;

	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < ff->g.nr_zones; i++) {
		const struct ff_zone *z = &ff->zones[i];

		if (zone != CONTIG_ALL_ZONES && zone != i)
			continue;
		out->managed += z->end - z->start;
		out->free += z->nr_free;
		out->failed_allocs += z->failed_allocs;
		out->migrated += z->migrated;
		out->metadata_bytes += z->maps_bytes + sizeof(*z);
		count_free(ff, z, out->nr_free);
		count_blocks(ff, z, out);
	}
	out->metadata_bytes += zone == CONTIG_ALL_ZONES ? sizeof(*ff) : 0;
}
