// SPDX-License-Identifier: MIT
/* metrics.c - counters of a zone, and what only a walk over its pages can tell (10). */
#include "model.h"

/* Blocks by type, and those with an allocation of another type (as page_owner counts them: CMA under Movable). */
static void walk_blocks(const struct model *m, const struct zone *z, struct contig_stats *s)
{
	for (block_t b = z->start >> m->P; b <= (zone_end(z) - 1) >> m->P; b++) {
		pfn_t pfn = b << m->P, end = pfn + npb(m);
		enum migratetype mt = reported_type(m, b);

		pfn = pfn < z->start ? z->start : pfn;
		end = end > zone_end(z) ? zone_end(z) : end;
		s->blocks[mt]++;
		for (pfn = head_of(m, pfn); pfn < end; pfn += run_pages(m, pfn)) {
			uint32_t state = state_at(m, pfn);

			if (state_has(state, KIND_ALLOCATED) && state_type(state) != mt) {
				s->mixed_blocks++;
				break;
			}
		}
	}
}

static void add_zone(const struct model *m, const struct zone *z, struct contig_stats *s)
{
	s->managed += z->managed;
	s->free += z->free;
	s->free_cma += (uint64_t)z->free_cma;
	s->pcp += pcp_count(m, z);
	s->isolated += z->isolated;
	s->reserved_highatomic += z->reserved_highatomic;
	s->free_highatomic += z->free_highatomic;
	for (unsigned int k = 0; k <= m->M; k++)
		s->nr_free[k] += z->nr_free[k];
	for (unsigned int i = 0; i < RETYPE_NR; i++)
		s->retyped[i] += z->retyped[i];
	s->fallbacks += z->fallbacks;
	s->failed_allocs += z->failed_allocs;
	s->migrated += z->migrated;
	s->drift += z->drift;
	walk_blocks(m, z, s);
}

void model_stats(struct contig *c, uint32_t zone, struct contig_stats *out)
{
	struct model *m = model_of(c);

	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < m->nr_zones; i++) {
		if (zone == CONTIG_ALL_ZONES || zone == i)
			add_zone(m, &m->zone[i], out);
	}
	out->metadata_bytes = m->metadata_bytes;
}
