// SPDX-License-Identifier: MIT
/* range_free.c - free_contig_range: giving back what a request got, all or a part (5.5). */
#include "model.h"

/*
 * [pfn, end) becomes runs of 2^order that are nobody's, on their way to the buddy or a per-cpu list; whoever looks finds them
 * so, however long it takes until each is there. The zone is locked.
 */
static void cut_up(struct model *m, pfn_t pfn, pfn_t end, unsigned int order)
{
	clear_heads(m, pfn, end);
	for (; pfn < end; pfn += 1u << order)
		set_state(m, pfn, state_make(PAGE_PCP, order, MT_MOVABLE));
}

/* No run in [pfn, end) covers more than one pageblock any more. */
static void split_at_borders(struct model *m, pfn_t pfn, pfn_t end)
{
	for (pfn_t border = ((pfn >> m->P) + 1) << m->P; border < end; border += npb(m))
		split_at(m, border);
}

/* Until v7.1: single pages, ascending, through the per-cpu lists; past them in isolated blocks, where a span is the same. */
static void free_as_pages(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, pfn_t end)
{
	zone_lock(m, z);
	split_at_borders(m, pfn, end);
	zone_unlock(m, z);
	while (pfn < end) {
		pfn_t border = ((pfn >> m->P) + 1) << m->P, until = border < end ? border : end;

		zone_lock(m, z);
		bool isolated = type_at(m, pfn) == MT_ISOLATE;

		if (isolated) {
			clear_heads(m, pfn, until);
			free_span(m, z, pfn, until);
			pfn = until;
		} else {
			cut_up(m, pfn, until, 0);
		}
		zone_unlock(m, z);
		for (; pfn < until; pfn++)
			free_pages(m, z, cpu, pfn, 0);
	}
}

/* v7.2: the largest aligned chunks, each by the path of its order. */
static void free_as_chunks(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, pfn_t end)
{
	while (pfn < end) {
		unsigned int order = chunk_order(m, pfn, end);

		zone_lock(m, z);
		cut_up(m, pfn, pfn + (1u << order), order);
		zone_unlock(m, z);
		free_pages(m, z, cpu, pfn, order);
		pfn += 1u << order;
	}
}

void free_contig_pages(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, pfn_t end)
{
	if (m->policy.contig_free == contig_free_chunks)
		free_as_chunks(m, z, cpu, pfn, end);
	else
		free_as_pages(m, z, cpu, pfn, end);
}

int model_range_free(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, start);
	pfn_t end = start + nr;

	assert(cpu < m->nr_cpus);
	if (!nr || !z || nr > zone_end(z) - start)
		return -EINVAL;
	zone_lock(m, z);
	bool got = all_of_kind(m, start, end, PAGE_CONTIG);

	if (got)
		cut_out(m, z, start, end);
	zone_unlock(m, z);
	if (!got)
		return -EINVAL;
	free_contig_pages(m, z, cpu, start, end);
	return 0;
}
