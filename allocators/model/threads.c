// SPDX-License-Identifier: MIT
/* threads.c - the model among threads: the common paths of alloc and free with their locks, and what is set up beforehand. */
#include "freelist.h"

/* From this cpu's list, if memory is not short and nobody is draining it. */
static inline bool alloc_listed(struct model *m, struct zone *z, uint32_t cpu, enum migratetype mt, pfn_t *pfn)
{
	struct pcp *pcp = &z->pcp[cpu];

	if (unlikely(usable_pages(z, mt == MT_MOVABLE) <= READ_ONCE(z->wmark_hot)) || !pcp_trylock(m, pcp))
		return false;
	struct pcp_list *l = &pcp->list[mt];
	bool some = l->head != l->tail;

	if (likely(some))
		*pfn = pcp_pop(pcp, l, 0);
	spin_unlock(&pcp->lock);
	return some;
}

static int64_t threads_alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner)
{
	struct model *m = model_of(c);
	struct zone *z = m->first_zone[what.node][what.migratetype];
	pfn_t pfn;

	if (likely(what_is_plain(what) && alloc_listed(m, z, cpu, (enum migratetype)what.migratetype, &pfn))) {
		hand_out(m, pfn, state_of(what), owner);
		return pfn;
	}
	return alloc_any(m, cpu, what, owner);
}

static int threads_free(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner)
{
	return free_any(model_of(c), cpu, pfn, owner);
}

/* Whoever holds the lock of one zone must be alone with what is said of a pageblock. */
static int check_borders(const struct model *m, struct contig_diag *diag)
{
	for (const struct zone *z = m->zone; z < m->zone + m->nr_zones; z++) {
		for (const struct zone *y = m->zone; y < z; y++) {
			bool behind = z->start >= zone_end(y);
			pfn_t below = behind ? zone_end(y) - 1 : zone_end(z) - 1, above = behind ? z->start : y->start;

			if (below >> m->P == above >> m->P)
				return contig_diag_set(diag, -EINVAL,
				                       "zones %u and %u share the pageblock of pfn %u, which threads "
				                       "can not lock: let zones begin and end at multiples of %u pages",
				                       y->index, z->index, above, npb(m));
		}
	}
	return 0;
}

int threads_open(struct model *m, const struct contig_geometry *g, struct contig_diag *diag)
{
	int rc = check_borders(m, diag);

	if (rc)
		return rc;
	if (m->policy.grab_busy == grab_busy_free_wrong)
		return contig_diag_set(diag, -EINVAL,
		                       "grab_busy=free_wrong frees pages of others, who would look for them for ever: "
		                       "not with threads");
	m->threaded = *m->base.ops;
	m->threaded.alloc = threads_alloc;
	m->threaded.free = threads_free;
	m->base.ops = &m->threaded;
	/* one that runs on each cpu, and one that is given back */
	return ranges_reserve(m, 2 * g->nr_cpus);
}
