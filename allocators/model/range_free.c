// SPDX-License-Identifier: MIT
/* range_free.c - free_contig_range: giving back what a request got, all or a part (5.5). */
#include "model.h"

/* Until v7.1: single pages, ascending, through the per-cpu lists; past them in isolated blocks, where a span is the same. */
static void free_as_pages(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, pfn_t end)
{
	clear_heads(m, pfn, end);
	while (pfn < end) {
		pfn_t border = ((pfn >> m->P) + 1) << m->P, until = border < end ? border : end;

		if (type_at(m, pfn) == MT_ISOLATE) {
			free_span(m, z, pfn, until);
			pfn = until;
		}
		for (; pfn < until; pfn++)
			free_pages(m, z, cpu, pfn, 0);
	}
}

/* v7.2: the largest aligned chunks, each by the path of its order. */
static void free_as_chunks(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, pfn_t end)
{
	clear_heads(m, pfn, end);
	while (pfn < end) {
		unsigned int order = chunk_order(m, pfn, end);

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
	if (!nr || !z || nr > zone_end(z) - start || !all_of_kind(m, start, end, PAGE_CONTIG))
		return -EINVAL;
	cut_out(m, z, start, end);
	free_contig_pages(m, z, cpu, start, end);
	return 0;
}
