// SPDX-License-Identifier: MIT
/* alloc.c - allocating, freeing and splitting for everybody: zonelist, watermark, per-cpu list or buddy. */
#include "model.h"

/* ---- alloc (3.1) ---------------------------------------------------------------------------------------------------------- */

/* Usable pages must stay above the min watermark (2.4); without CMA rights CMA pages do not count. */
static bool watermark_ok(const struct zone *z, unsigned int order, bool cma)
{
	int64_t usable = (int64_t)z->free - (int64_t)((1u << order) - 1);

	if (!cma)
		usable -= (int64_t)z->free_cma;
	return usable > (int64_t)z->wmark_min;
}

static pfn_t alloc_from(struct model *m, struct zone *z, uint32_t cpu, unsigned int order, enum migratetype mt)
{
	bool cma = mt == MT_MOVABLE; /* ALLOC_CMA (1.5) */
	enum rmqueue_mode mode = RMQUEUE_NORMAL;

	/* until v6.x the MOVABLE per-cpu list may hold CMA pages that others must not get: MOVABLE always may here */
	if (pcp_takes(m, order)) {
		pfn_t pfn = pcp_alloc(m, z, cpu, order, mt, cma);

		if (pfn != PFN_NONE)
			return pfn;
	}
	return rmqueue(m, z, order, mt, cma, &mode);
}

static bool may_be_movable_zone(struct contig_what what)
{
	return what.migratetype == MT_MOVABLE && what.kind != PAGE_KERNEL;
}

static __attribute__((noinline)) pfn_t alloc_slow(struct model *m, uint32_t cpu, struct contig_what what)
{
	struct zone *const *list = zone_order(m, what.node, may_be_movable_zone(what)), *const *zp;
	enum migratetype mt = (enum migratetype)what.migratetype;

	for (zp = list; *zp && !(what.this_node && (*zp)->node != what.node); zp++) {
		if (!watermark_ok(*zp, what.order, mt == MT_MOVABLE))
			continue;
		pfn_t pfn = alloc_from(m, *zp, cpu, what.order, mt);

		if (pfn != PFN_NONE)
			return pfn;
	}
	if (*list)
		(*list)->failed_allocs++;
	return PFN_NONE;
}

pfn_t alloc_pages(struct model *m, uint32_t cpu, struct contig_what what)
{
	return alloc_slow(m, cpu, what);
}

/* The common case in one function: order 0, the first zone has memory and this cpu's list is not empty. */
int64_t model_alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner)
{
	struct model *m = model_of(c);
	struct zone *z = *zone_order(m, what.node, may_be_movable_zone(what));
	pfn_t pfn;

	assert(cpu < m->nr_cpus && what.migratetype < PCP_TYPES && what.kind < PAGE_KIND_NR);
	if (!what.order && z && watermark_ok(z, 0, what.migratetype == MT_MOVABLE) && z->pcp[cpu].list[what.migratetype].len) {
		struct pcp *pcp = &z->pcp[cpu];

		pcp->free_factor >>= 1;
		pcp->free_count >>= 1;
		pfn = pcp_pop(pcp, &pcp->list[what.migratetype], 0);
	} else {
		if (what.order > m->M)
			return -EINVAL;
		pfn = alloc_slow(m, cpu, what);
		if (pfn == PFN_NONE)
			return -ENOMEM;
	}
	page_set(&m->page[pfn], state_make((enum page_kind)what.kind, what.order, (enum migratetype)what.migratetype), owner);
	return pfn;
}

/* ---- free ----------------------------------------------------------------------------------------------------------------- */

void free_pages(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, unsigned int order)
{
	if (pcp_takes(m, order))
		pcp_free(m, z, cpu, pfn, order);
	else
		free_by_block(m, z, pfn, order);
}

/* What alloc() hands out and free() takes back. */
static bool is_allocation(uint32_t state)
{
	enum page_kind kind = state_kind(state);

	return state != STATE_INTERIOR && kind >= PAGE_KERNEL && kind <= PAGE_USER;
}

int model_free(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, pfn);
	struct page *p = &m->page[pfn];

	assert(cpu < m->nr_cpus);
	if (!z || !is_allocation(p->state) || page_owner(p) != owner || p->state & STATE_FREED)
		return -EAGAIN;
	if (p->state & STATE_MIGRATING) { /* migration holds a reference: the last one to let go frees it */
		p->state |= STATE_FREED;
		return 0;
	}
	free_pages(m, z, cpu, pfn, state_order(p->state));
	return 0;
}

/* ---- split: silent in the kernel, too ---------------------------------------------------------------------------------------- */

int model_split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces)
{
	struct model *m = model_of(c);
	struct page *p = &m->page[pfn];
	uint32_t state = p->state;

	if (!zone_of(m, pfn) || !is_allocation(state) || page_owner(p) != owner || state & STATE_FREED)
		return -EAGAIN;
	if (new_order > state_order(state))
		return -EINVAL;
	enum page_kind kind = state_kind(state);
	uint32_t flags = state & (STATE_PINNED | STATE_MIGRATING | STATE_FROZEN);

	if (kind == PAGE_LRU_COMPOUND && !new_order)
		kind = PAGE_LRU;
	for (uint32_t i = 0; i < 1u << (state_order(state) - new_order); i++)
		page_set(&m->page[pfn + (i << new_order)], state_make(kind, new_order, state_type(state)) | flags, pieces[i]);
	return 0;
}
