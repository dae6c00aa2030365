// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "../../allocators/linux/agent/fill.h"
#include "../../allocators/linux/agent/nature.h"
#include "../../allocators/model/freelist.h"
#include "agent_memory.h"

#define CPU 1u

void agent_lists(struct contig *c, void (*run)(pfn_t pfn, unsigned int order, enum migratetype list))
{
	const struct model *m = (const struct model *)c;
	const struct zone *z = &m->zone[0];

	for (unsigned int order = 0; order <= m->M; order++) {
		for (enum migratetype mt = 0; mt < MT_NR; mt++) {
			pfn_t head = list_head(z, order, mt);

			for (pfn_t pfn = m->page[head].link[0]; pfn != head; pfn = m->page[pfn].link[0])
				run(pfn, order, mt);
		}
	}
}

/* ---- placed ---------------------------------------------------------------------------------- */

/* The first page behind which everything is free. */
static pfn_t front(struct contig *c, uint32_t pages)
{
	pfn_t from = 0;

	for (pfn_t pfn = 0; pfn < pages; pfn += 1024) {
		struct contig_run run;

		c->ops->lab->run(c, pfn, &run);
		if (run.kind != PAGE_FREE || run.order != 10)
			from = pfn + 1024;
	}
	return from;
}

/* All of that is taken; what shall be free is given back. */
static int place(struct contig *c, const uint8_t *fate, pfn_t from, uint32_t pages)
{
	struct contig_range_args all = { .start = from, .nr = pages - from, .cpu = CPU };
	struct contig_outcome out;
	int rc = contig_range_alloc(c, &all, &out);

	for (pfn_t pfn = from; pfn < pages && !rc; pfn++) {
		enum page_kind kind = fate[pfn] == FATE_USER ? PAGE_LRU : PAGE_KERNEL;

		if (fate[pfn] != FATE_FREE)
			rc = c->ops->lab->convert(c, pfn, 1, kind, pfn + 1);
	}
	for (pfn_t pfn = from; pfn < pages && !rc; pfn++) {
		if (fate[pfn] == FATE_FREE)
			rc = contig_range_free(c, CPU, pfn, 1);
	}
	return rc;
}

static int populate_drawn(struct contig *c, uint32_t pages, bool scattered, struct splitmix *rng, uint32_t fill,
                          uint32_t unmovable)
{
	uint8_t *fate = calloc(pages, 1);
	uint32_t *scratch = calloc(pages, sizeof(*scratch));
	struct fill f = { .nr = pages,
		          .nr_kernel = (uint32_t)((uint64_t)pages * unmovable / 1000),
		          .nr_free = (uint32_t)((uint64_t)pages * (100 - fill) / 100),
		          .scratch = scratch };
	int rc = fate && scratch ? 0 : -ENOMEM;

	if (!rc && scattered)
		fill_scattered(fate, &f, rng);
	else if (!rc)
		fill_clustered(fate, &f, rng);
	rc = rc ? rc : place(c, fate, front(c, pages), pages);
	free(fate);
	free(scratch);
	return rc;
}

/* ---- grown ----------------------------------------------------------------------------------- */

struct grown {
	struct contig *c;
	uint32_t lru_batch, nr_fresh;
	pfn_t fresh[32];
	uint64_t nr;
	pfn_t *at;
};

#define FIRST_OWNER ((owner_t)1 << 40)
#define MOST_OWNERS ((uint64_t)1 << 21)

static int take_kind(struct grown *n, enum page_kind kind, unsigned int order, enum migratetype mt, uint64_t *handle)
{
	struct contig_what what = {
		.kind = (uint8_t)kind, .order = (uint8_t)order, .migratetype = (uint8_t)mt, .node = 1, .this_node = true
	};
	int64_t pfn = n->nr < MOST_OWNERS ? contig_alloc(n->c, CPU, what, FIRST_OWNER + n->nr) : -ENOSPC;

	if (pfn < 0)
		return (int)pfn;
	n->at[n->nr] = (pfn_t)pfn;
	*handle = n->nr++;
	return 0;
}

static int take(void *ctx, unsigned int order, bool reclaimable, uint64_t *handle)
{
	return take_kind(ctx, reclaimable ? PAGE_RECLAIMABLE : PAGE_KERNEL, order,
	                 reclaimable ? MT_RECLAIMABLE : MT_UNMOVABLE, handle);
}

static void flush(struct grown *n)
{
	while (n->nr_fresh)
		n->c->ops->lab->to_lru(n->c, n->fresh[--n->nr_fresh]);
}

static int map(void *ctx, unsigned int order, uint64_t *handle)
{
	struct grown *n = ctx;
	int rc = take_kind(ctx, PAGE_USER, order, MT_MOVABLE, handle);

	if (!rc)
		n->fresh[n->nr_fresh++] = n->at[*handle];
	if (n->nr_fresh == n->lru_batch || order)
		flush(n);
	return rc;
}

static int give(void *ctx, uint64_t handle)
{
	struct grown *n = ctx;

	return contig_free(n->c, CPU, n->at[handle], FIRST_OWNER + handle);
}

static int unmap(void *ctx, unsigned int order, uint64_t handle)
{
	(void)order;
	return give(ctx, handle);
}

static bool whole(void *ctx)
{
	struct grown *n = ctx;
	struct contig_stats s;
	uint64_t nr = 0;

	contig_stats(n->c, 0, &s);
	for (unsigned int order = NATURE_THP_ORDER; order <= CONTIG_MAX_ORDER; order++)
		nr += s.nr_free[order];
	return nr;
}

static int drain(void *ctx)
{
	struct grown *n = ctx;

	flush(n);
	n->c->ops->lab->drain(n->c);
	return 0;
}

int agent_populate(struct contig *c, const struct contig_geometry *g, uint32_t lru_batch, const char *kind,
                   uint64_t seed, uint32_t fill, uint32_t unmovable)
{
	struct grown n = { .c = c, .lru_batch = lru_batch, .at = calloc(MOST_OWNERS, sizeof(pfn_t)) };
	const struct contig_zone *z = &g->zones[0];
	struct splitmix rng = { seed };
	struct nature_counts counts;
	struct contig_stats s;

	contig_stats(c, 0, &s);
	struct nature_world w = { .ctx = &n,
		                  .managed = z->managed,
		                  .in_use = z->managed - s.free,
		                  .most = z->managed - (2 * z->wmark_low - z->wmark_min) - NATURE_SPARE,
		                  .take = take,
		                  .give = give,
		                  .map = map,
		                  .unmap = unmap,
		                  .whole = whole,
		                  .drain = drain };
	int rc = strcmp(kind, "natural")
	                 ? populate_drawn(c, z->pages, !strcmp(kind, "scattered"), &rng, fill, unmovable)
	                 : nature_run(&w, &rng, fill, unmovable, &counts);

	c->ops->lab->drain(c);
	free(n.at);
	return rc;
}
