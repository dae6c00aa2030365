// SPDX-License-Identifier: MIT
/* alloc.c - allocating, freeing and splitting for everybody: zonelist, watermark, per-cpu list or buddy. */
#include "freelist.h"

/* ---- alloc (3.1) ----------------------------------------------------------------------------- */

/* ALLOC_CMA (1.5) */
static bool may_use_cma(struct contig_what what)
{
	return what.migratetype == MT_MOVABLE;
}

/* One look through the zonelist. */
struct attempt {
	bool low;        /* down to the low mark only; else to min */
	bool nofragment; /* without breaking another type's pageblock */
};

/* From the buddy: the reserve first or last for those who may use it. */
static pfn_t alloc_buddy(struct model *m, struct zone *z, struct contig_what what, unsigned int flags)
{
	enum rmqueue_mode mode = RMQUEUE_NORMAL;
	pfn_t pfn = PFN_NONE;

	zone_lock(m, z);
	if (what.highatomic)
		pfn = take_smallest(m, z, what.order, MT_HIGHATOMIC);
	if (pfn == PFN_NONE)
		pfn = rmqueue(m, z, what.order, (enum migratetype)what.migratetype, flags, &mode);
	if (pfn == PFN_NONE && what.last_chance)
		pfn = take_smallest(m, z, what.order, MT_HIGHATOMIC);
	zone_unlock(m, z);
	return pfn;
}

static pfn_t alloc_from(struct model *m, struct zone *z, uint32_t cpu, struct contig_what what, struct attempt try)
{
	unsigned int flags = (may_use_cma(what) ? ALLOC_CMA : 0) | (try.nofragment ? ALLOC_NOFRAGMENT : 0);
	pfn_t pfn = PFN_NONE;
	bool listed = false;

	if (pcp_takes(m, z, what.order)) {
		pfn = pcp_alloc(m, z, cpu, what.order, (enum migratetype)what.migratetype, flags);
		listed = pfn != PFN_NONE;
	}
	if (pfn == PFN_NONE)
		pfn = alloc_buddy(m, z, what, flags);
	/* v7.x reserves inside the buddy path, and only down at the min mark */
	if (unlikely(what.highatomic) && what.order && pfn != PFN_NONE &&
	    (m->policy.highatomic_trigger == highatomic_trigger_every || (!try.low && !listed))) {
		zone_lock(m, z);
		highatomic_reserve(m, z, pfn, what.order);
		zone_unlock(m, z);
	}
	return pfn;
}

/* v4.4: a free run that this request could take */
static bool has_run(const struct model *m, const struct zone *z, struct contig_what what)
{
	for (unsigned int k = what.order; k <= m->M; k++) {
		for (enum migratetype mt = 0; mt < MT_ISOLATE; mt++) {
			if (mt == MT_HIGHATOMIC && !what.highatomic && !what.last_chance)
				continue;
			if (mt == MT_CMA && !may_use_cma(what))
				continue;
			if (list_first(m, z, k, mt) != PFN_NONE)
				return true;
		}
	}
	return false;
}

/* Reserve flags lower the min mark: an atomic request by a half, and a quarter of what is left; the last chance by a half. */
static int64_t mark_for(const struct zone *z, struct contig_what what, enum wmark which)
{
	int64_t mark = which == WMARK_MIN ? z->wmark_min : z->wmark_low;

	if (which == WMARK_HIGH)
		mark += z->wmark_low - z->wmark_min;
	mark += READ_ONCE(z->wmark_raise);
	if (which == WMARK_MIN && what.highatomic) {
		mark -= mark / 2;
		mark -= mark / 4;
	}
	if (which == WMARK_MIN && what.last_chance)
		mark -= mark / 2;
	return mark;
}

bool watermark_ok(const struct model *m, const struct zone *z, struct contig_what what, enum wmark which, int64_t off)
{
	int64_t mark = mark_for(z, what, which);
	bool reserve = what.highatomic || what.last_chance;
	int64_t usable = usable_pages(z, may_use_cma(what)) - (int64_t)((1u << what.order) - 1) - off;

	usable -= reserve ? 0 : held_highatomic(z);
	if (usable <= mark)
		return false;
	if (!what.order)
		return true;
	if (m->policy.watermark_order == watermark_order_free_run)
		return has_run(m, z, what);
	for (unsigned int k = 0; k < what.order; k++) {
		usable -= (int64_t)(READ_ONCE(z->nr_free[k]) << k);
		mark >>= 1;
		if (usable <= mark)
			return false;
	}
	return true;
}

/* The first zone of the list above the mark that has pages. */
static pfn_t alloc_above(struct model *m, uint32_t cpu, struct contig_what what, struct attempt try)
{
	enum migratetype mt = (enum migratetype)what.migratetype;
	struct zone *const *zp = zone_order(m, what.node, mt == MT_MOVABLE);

	/* rights to the reserve are looked up when the low mark has been passed, and nobody adds to it before (9) */
	if (try.low)
		what.highatomic = what.last_chance = false;
	for (; *zp && !(what.this_node && (*zp)->node != what.node); zp++) {
		struct zone *z = *zp;

		if (!watermark_ok(m, z, what, try.low ? WMARK_LOW : WMARK_MIN, 0))
			continue;
		pfn_t pfn = alloc_from(m, z, cpu, what, try);

		if (pfn != PFN_NONE)
			return pfn;
	}
	return PFN_NONE;
}

/* The last resort before a kernel would kill somebody: a reserved block of the first zone that has one to give. */
static bool unreserve_for(struct model *m, struct contig_what what)
{
	enum migratetype mt = (enum migratetype)what.migratetype;
	struct zone *const *zp = zone_order(m, what.node, mt == MT_MOVABLE);

	for (; *zp && !(what.this_node && (*zp)->node != what.node); zp++) {
		zone_lock(m, *zp);
		bool given = highatomic_unreserve(m, *zp, mt, true);

		zone_unlock(m, *zp);
		if (given)
			return true;
	}
	return false;
}

/* Is there a DMA32 zone below this one, which may be used up before anything is fragmented (v5.0)? */
static bool above_dma32(const struct model *m, const struct zone *z)
{
	for (const struct zone *low = m->zone; low < m->zone + m->nr_zones; low++) {
		if (z->type == ZONE_NORMAL && low->type == ZONE_DMA32 && low->node == z->node)
			return true;
	}
	return false;
}

/* Every zone down to its low watermark first; then, where a kernel would have woken kswapd, down to min. */
static const struct attempt attempts[][3] = {
	[nofragment_never] = { { .low = true }, { .low = false }, { .low = false } },
	[nofragment_above_dma32] = { { .low = true, .nofragment = true }, { .low = true }, { .low = false } },
	[nofragment_always] = { { .low = true, .nofragment = true }, { .nofragment = true }, { .low = false } },
};

pfn_t alloc_pages(struct model *m, uint32_t cpu, struct contig_what what)
{
	struct zone *first = m->first_zone[what.node][what.migratetype];
	const struct attempt *try = attempts[m->policy.nofragment];
	pfn_t pfn = PFN_NONE;

	if (m->policy.nofragment == nofragment_above_dma32 && !above_dma32(m, first))
		try = attempts[nofragment_never];
	for (unsigned int i = 0; i < 3 && pfn == PFN_NONE; i++)
		pfn = alloc_above(m, cpu, what, try[i]);
	while (pfn == PFN_NONE && unreserve_for(m, what))
		pfn = alloc_above(m, cpu, what, (struct attempt){ .low = false });
	if (pfn == PFN_NONE && first->pages)
		count_loose(m, &first->failed_allocs, 1);
	return pfn;
}

int64_t alloc_any(struct model *m, uint32_t cpu, struct contig_what what, owner_t owner)
{
	assert(cpu < m->nr_cpus && what.node < CONTIG_MAX_NODES && what.migratetype < PCP_TYPES);
	assert(what.kind < PAGE_KIND_NR && kinds[what.kind].traits & KIND_ALLOCATED);
	if (what.order > m->M)
		return -EINVAL;
	pfn_t pfn = alloc_pages(m, cpu, what);

	if (pfn == PFN_NONE)
		return -ENOMEM;
	hand_out(m, pfn, state_of(what), owner);
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
	return alloc_any(m, cpu, what, owner);
}

/* ---- free ------------------------------------------------------------------------------------ */

void free_pages(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, unsigned int order)
{
	enum migratetype mt = type_at(m, pfn);

	/* never on a per-cpu list: nothing must be handed out from there (3.5) */
	if (mt != MT_ISOLATE && pcp_takes(m, z, order) && pcp_free(m, z, cpu, pfn, order, mt))
		return;
	zone_lock(m, z);
	free_by_block(m, z, pfn, order);
	zone_unlock(m, z);
}

int free_any(struct model *m, uint32_t cpu, pfn_t pfn, owner_t owner)
{
	struct zone *z = zone_of(m, pfn);
	struct page *p = &m->page[pfn];

	assert(cpu < m->nr_cpus);
	uint32_t state = z ? page_lock(m, p, KIND_ALLOCATED) : STATE_INTERIOR;

	if (state == STATE_INTERIOR)
		return -EAGAIN;
	if (page_owner(p) != owner || state & STATE_FREED) {
		page_set_state(p, state);
		return -EAGAIN;
	}
	/* migration or a pin holds a reference: the last one to let go frees it */
	if (state & (STATE_MIGRATING | STATE_PINNED)) {
		page_set_state(p, state | STATE_FREED);
		return 0;
	}
	take_back(m, pfn, state, owner);
	free_pages(m, z, cpu, pfn, state_order(state));
	return 0;
}

/* The cpu comes as its lists of the first zone, as the common path has it at hand. */
static __attribute__((noinline)) int free_slow(struct model *m, struct pcp *pcp, pfn_t pfn, owner_t owner)
{
	return free_any(m, (uint32_t)(pcp - m->first_pcp), pfn, owner);
}

/* An allocation of order 0 without a flag: one comparison, as the kinds alloc() hands out are neighbours. */
static inline bool is_plain(uint32_t state)
{
	return (uint16_t)state - (uint32_t)PAGE_KERNEL <= PAGE_HUGETLB_POOL - PAGE_KERNEL;
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

/* The run is locked; its first piece is unlocked last. On an error it is as it was. */
static int split_run(struct model *m, pfn_t pfn, uint32_t state, owner_t owner, unsigned int new_order,
                     const owner_t *pieces)
{
	enum page_kind kind = state_kind(state);
	uint32_t flags = state & (STATE_PINNED | STATE_MIGRATING | STATE_FROZEN);

	if (page_owner(&m->page[pfn]) != owner || state & STATE_FREED)
		return -EAGAIN;
	if (new_order > state_order(state))
		return -EINVAL;
	/* with threads a split waits for the migration, as it does for the lock of a folio */
	if (m->threads && state & STATE_MIGRATING)
		return -EAGAIN;
	if (kind == PAGE_LRU_COMPOUND && !new_order)
		kind = PAGE_LRU;
	uint32_t nr = 1u << (state_order(state) - new_order);

	state = state_make(kind, new_order, state_type(state)) | flags;
	for (uint32_t i = nr; i-- > 0;)
		hand_out(m, pfn + (i << new_order), state, pieces[i]);
	return 0;
}

int model_split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, pfn);
	struct page *p = &m->page[pfn];
	int rc = -EAGAIN;

	if (!z)
		return -EAGAIN;
	/* heads appear: nobody must be looking for one */
	zone_lock(m, z);
	uint32_t state = page_lock(m, p, KIND_ALLOCATED);

	if (state != STATE_INTERIOR) {
		rc = split_run(m, pfn, state, owner, new_order, pieces);
		if (rc)
			page_set_state(p, state);
	}
	zone_unlock(m, z);
	return rc;
}
