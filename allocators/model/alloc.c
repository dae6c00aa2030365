// SPDX-License-Identifier: MIT
/* alloc.c - allocating, freeing and splitting for everybody: zonelist, watermark, per-cpu list or buddy. */
#include "freelist.h"

/* ---- alloc (3.1) ----------------------------------------------------------------------------- */

static pfn_t alloc_from(struct model *m, struct zone *z, uint32_t cpu, unsigned int order, enum migratetype mt)
{
	bool cma = mt == MT_MOVABLE; /* ALLOC_CMA (1.5) */
	enum rmqueue_mode mode = RMQUEUE_NORMAL;

	if (pcp_takes(m, order)) {
		pfn_t pfn = pcp_alloc(m, z, cpu, order, mt, cma);

		if (pfn != PFN_NONE)
			return pfn;
	}
	return rmqueue(m, z, order, mt, cma, &mode);
}

/* Enough pages above the mark, and for a higher order a free run that this request could take (v4.4, 2.4). */
static bool watermark_ok(const struct model *m, const struct zone *z, unsigned int order, bool cma, int64_t mark)
{
	if (usable_pages(z, cma) - (int64_t)((1u << order) - 1) <= mark)
		return false;
	if (!order)
		return true;
	for (unsigned int k = order; k <= m->M; k++) {
		for (enum migratetype mt = 0; mt < (enum migratetype)PCP_TYPES; mt++) {
			if (list_first(m, z, k, mt) != PFN_NONE)
				return true;
		}
		if (cma && list_first(m, z, k, MT_CMA) != PFN_NONE)
			return true;
	}
	return false;
}

/* The first zone of the list above the mark that has pages. */
static pfn_t alloc_above(struct model *m, uint32_t cpu, struct contig_what what, bool low)
{
	enum migratetype mt = (enum migratetype)what.migratetype;
	struct zone *const *zp = zone_order(m, what.node, mt == MT_MOVABLE);

	for (; *zp && !(what.this_node && (*zp)->node != what.node); zp++) {
		struct zone *z = *zp;

		if (!watermark_ok(m, z, what.order, mt == MT_MOVABLE, low ? z->wmark_low : z->wmark_min))
			continue;
		pfn_t pfn = alloc_from(m, z, cpu, what.order, mt);

		if (pfn != PFN_NONE)
			return pfn;
	}
	return PFN_NONE;
}

/* Every zone down to its low watermark first; then, where a kernel would have woken kswapd, down to min. */
pfn_t alloc_pages(struct model *m, uint32_t cpu, struct contig_what what)
{
	struct zone *first = m->first_zone[what.node][what.migratetype];
	pfn_t pfn = alloc_above(m, cpu, what, true);

	if (pfn == PFN_NONE)
		pfn = alloc_above(m, cpu, what, false);
	if (pfn == PFN_NONE && first->pages)
		first->failed_allocs++;
	return pfn;
}

static __attribute__((noinline)) int64_t alloc_slow(struct model *m, uint32_t cpu, struct contig_what what,
                                                    owner_t owner)
{
	assert(cpu < m->nr_cpus && what.node < CONTIG_MAX_NODES && what.migratetype < PCP_TYPES);
	assert(what.kind >= PAGE_KERNEL && what.kind <= PAGE_USER);
	if (what.order > m->M)
		return -EINVAL;
	pfn_t pfn = alloc_pages(m, cpu, what);

	if (pfn == PFN_NONE)
		return -ENOMEM;
	page_set(&m->page[pfn], state_of(what), owner);
	return pfn;
}

/* The common case without a call: order 0, the first zone has memory and this cpu's list is not empty. */
int64_t model_alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner)
{
	struct model *m = model_of(c);
	struct zone *z = m->first_zone[what.node][what.migratetype];
	pfn_t pfn;

	if (likely(what_is_plain(what) && alloc_hot(z, cpu, (enum migratetype)what.migratetype, &pfn))) {
		page_set(&m->page[pfn], what_bytes(what), owner); /* plain: its bytes are the state */
		return pfn;
	}
	return alloc_slow(m, cpu, what, owner);
}

/* ---- free ------------------------------------------------------------------------------------ */

void free_pages(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, unsigned int order)
{
	/* never on a per-cpu list: nothing must be handed out from there (3.5) */
	if (type_at(m, pfn) != MT_ISOLATE && pcp_takes(m, order))
		pcp_free(m, z, cpu, pfn, order);
	else
		free_by_block(m, z, pfn, order);
}

/* What alloc() hands out and free() takes back. */
static bool is_allocation(uint32_t state)
{
	enum page_kind kind = state_kind(state);

	return kind >= PAGE_KERNEL && kind <= PAGE_USER;
}

/* The cpu comes as its lists of the first zone, as the common path has it at hand. */
static __attribute__((noinline)) int free_slow(struct model *m, struct pcp *pcp, pfn_t pfn, owner_t owner)
{
	uint32_t cpu = (uint32_t)(pcp - m->first_pcp);
	struct zone *z = zone_of(m, pfn);
	struct page *p = &m->page[pfn];

	assert(cpu < m->nr_cpus);
	if (!z || !is_allocation(p->state) || page_owner(p) != owner || p->state & STATE_FREED)
		return -EAGAIN;
	/* migration or a pin holds a reference: the last one to let go frees it */
	if (p->state & (STATE_MIGRATING | STATE_PINNED)) {
		p->state |= STATE_FREED;
		return 0;
	}
	free_pages(m, z, cpu, pfn, state_order(p->state));
	return 0;
}

/* An allocation of order 0 without a flag: one comparison, as the kinds alloc() hands out are neighbours. */
static inline bool is_plain(uint32_t state)
{
	return (uint16_t)state - (uint32_t)PAGE_KERNEL <= PAGE_USER - PAGE_KERNEL;
}

static __attribute__((noinline)) int first_zone_overflow(struct model *m, struct pcp *pcp, unsigned int index)
{
	return pcp_overflow(m, m->zone, pcp, index);
}

/* The common case without a call: order 0 in the first zone, a block with a per-cpu list of its own that has room. */
int model_free(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner)
{
	struct model *m = model_of(c);
	struct pcp *pcp = &m->first_pcp[cpu];
	struct page *p = &m->page[pfn];

	if (likely(is_plain(p->state) && page_owner(p) == owner)) {
		uint32_t mt = m->block[block_of(m, pfn)];
		struct pcp_list *l = &pcp->list[mt];

		compute_once(l);
		/* not so for an isolated block, one of another zone or one without a list: all are above PCP_TYPES */
		if (likely(mt < PCP_TYPES && l->head != l->base)) {
			p->kind = PAGE_PCP; /* order 0 and no flags already */
			p->type = (uint8_t)mt;
			return pcp_push(pcp, l, pfn, 0) ? first_zone_overflow(m, pcp, mt) : 0;
		}
	}
	return free_slow(m, pcp, pfn, owner);
}

/* ---- split: silent in the kernel, too -------------------------------------------------------- */

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
		page_set(&m->page[pfn + (i << new_order)], state_make(kind, new_order, state_type(state)) | flags,
		         pieces[i]);
	return 0;
}
