// SPDX-License-Identifier: MIT
/*
 * pcp.c - per-cpu lists (3.5): which list a page goes to, when and in which order the lists fill and drain.
 *
 * The order decides results: who reaches the buddy last gives a merged pair its type (3.3) and is handed out first.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "merge.h"

#define DRAIN_AHEAD 16 /* pages */

/* ---- sizes ----------------------------------------------------------------------------------- */

static uint32_t rounddown_pow2(uint32_t v)
{
	return 1u << (31 - __builtin_clz(v));
}

/* managed/1024 capped at 1 MiB, /4; one less than a power of two, so that it is no multiple of a cache's ways (3.5) */
static uint32_t batch_size(uint32_t managed, unsigned int page_shift)
{
	uint32_t batch = managed / 1024, cap = page_shift < 20 ? 1u << (20 - page_shift) : 1;

	if (batch > cap)
		batch = cap;
	batch /= 4;
	if (batch < 1)
		return 1;
	batch = rounddown_pow2(batch + batch / 2) - 1;
	return batch ? batch : 1;
}

static uint32_t local_cpus(const struct contig_geometry *g, uint32_t node)
{
	uint32_t n = 0;

	for (uint32_t cpu = 0; cpu < g->nr_cpus; cpu++)
		n += g->cpu_node[cpu] == node;
	return n ? n : g->nr_cpus; /* a node without cpus is served by all of them */
}

static void set_high(const struct model *m, const struct zone *z, uint32_t wmark_low, uint32_t cpus, struct pcp *pcp)
{
	uint32_t least = 4 * pcp->batch;

	switch ((enum knob_pcp_high)m->policy.pcp_high) {
	case pcp_high_six_batches:
		pcp->high_min = pcp->high_max = 6 * pcp->batch;
		break;
	case pcp_high_low_wmark:
		pcp->high_min = wmark_low / cpus > least ? wmark_low / cpus : least;
		pcp->high_max = pcp->high_min;
		break;
	case pcp_high_tuned:
		pcp->high_min = wmark_low / cpus > least ? wmark_low / cpus : least;
		pcp->high_max = z->managed / 8 / cpus > pcp->high_min ? z->managed / 8 / cpus : pcp->high_min;
		break;
	}
	pcp->high = pcp->high_min;
	pcp->room = (int32_t)pcp->high - 1;
}

static unsigned int list_order(const struct model *m, unsigned int index)
{
	return index < PCP_TYPES * PCP_ORDERS ? index / PCP_TYPES : m->P;
}

/* One that had to grow is malloc's. */
static void free_array(const struct pcp *pcp, pfn_t *array)
{
	char *begin = pcp->arrays;

	if (!begin || (char *)array < begin || (char *)array >= begin + pcp->array_bytes)
		free(array);
}

/*
 * With threads: arrays that never have to grow, on the cpu's own node, all of it touched. make_room() is content with four
 * times what is on a list.
 */
static int reserve_arrays(struct model *m, struct pcp *pcp, unsigned int node, struct contig_diag *diag)
{
	uint32_t most = pcp->high_max + (pcp->batch << PCP_SCALE_MAX);
	size_t size[PCP_LISTS], entries = 0;

	for (unsigned int i = 0; i < PCP_LISTS; i++) {
		size[i] = 4 * (size_t)((most >> list_order(m, i)) + 2) + 256;
		entries += size[i];
	}
	pcp->array_bytes = (entries * sizeof(pfn_t) + MACHINE_PAGE - 1) / MACHINE_PAGE * MACHINE_PAGE;
	pfn_t *at = pcp->arrays = map_metadata(m, pcp->array_bytes, node, diag);

	if (!at)
		return -ENOMEM;
	memset(at, 0, pcp->array_bytes);
	for (unsigned int i = 0; i < PCP_LISTS; i++) {
		pfn_t *middle = at + size[i] / 2;

		pcp->list[i] = (struct pcp_list){ .head = middle, .tail = middle, .base = at, .limit = at + size[i] };
		at += size[i];
	}
	return 0;
}

int pcp_open(struct model *m, struct zone *z, uint32_t wmark_low, const struct contig_geometry *g,
             struct contig_diag *diag)
{
	z->pcp = map_metadata(m, m->nr_cpus * sizeof(*z->pcp), z->node, diag);
	if (!z->pcp)
		return -ENOMEM;
	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++) {
		z->pcp[cpu].batch = batch_size(z->managed, g->page_shift);
		if (m->policy.pcp_overflow >= pcp_overflow_free_count)
			z->pcp[cpu].row_max = z->pcp[cpu].batch << PCP_SCALE_MAX;
		set_high(m, z, wmark_low, local_cpus(g, z->node), &z->pcp[cpu]);
		if (m->threads && reserve_arrays(m, &z->pcp[cpu], g->cpu_node[cpu], diag))
			return -ENOMEM;
	}
	return 0;
}

void pcp_close(struct model *m, struct zone *z)
{
	for (uint32_t cpu = 0; z->pcp && cpu < m->nr_cpus; cpu++) {
		struct pcp *pcp = &z->pcp[cpu];

		for (unsigned int i = 0; i < PCP_LISTS; i++)
			free_array(pcp, pcp->list[i].base);
		if (pcp->arrays)
			munmap(pcp->arrays, pcp->array_bytes);
	}
	if (z->pcp)
		munmap(z->pcp, m->nr_cpus * sizeof(*z->pcp));
}

uint64_t pcp_count(const struct model *m, const struct zone *z)
{
	uint64_t pages = 0;

	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++)
		pages += pcp_pages(&z->pcp[cpu]);
	return pages;
}

bool pcp_takes(const struct model *m, const struct zone *z, unsigned int order)
{
	if (READ_ONCE(z->pcp_disabled))
		return false;
	if (m->policy.pcp_orders == pcp_orders_zero)
		return order == 0;
	/* no kernel has blocks of less than order 3; a small geometry must not put runs of several blocks on one list */
	return (order < PCP_ORDERS && order <= m->P) || order == m->P;
}

/* ---- one list -------------------------------------------------------------------------------- */

static uint32_t list_len(const struct pcp_list *l)
{
	return (uint32_t)(l->tail - l->head);
}

/* Room at both ends again: what there is goes to the middle of the array, or of one twice as large. */
static bool make_room(struct pcp *pcp, struct pcp_list *l)
{
	size_t len = list_len(l), size = (size_t)(l->limit - l->base), want = 4 * len > 256 ? 4 * len : 256;
	pfn_t *base = size >= want ? l->base : malloc(want * sizeof(*base));

	if (!base)
		return false;
	size = size >= want ? size : want;
	pfn_t *head = base + (size - len) / 2;

	if (len)
		memmove(head, l->head, len * sizeof(*head));
	if (base != l->base)
		free_array(pcp, l->base);
	*l = (struct pcp_list){ .head = head, .tail = head + len, .base = base, .limit = base + size };
	return true;
}

/* ---- drain ----------------------------------------------------------------------------------- */

/*
 * What a drained page waits for are the descriptors of its buddy and of its pair's buddy, which nobody has touched lately;
 * the list says early enough where they are. The four lie in one cache line or two.
 */
static inline void prefetch_buddies(const struct model *m, const struct pcp_list *l)
{
	if (l->tail - l->head > DRAIN_AHEAD) {
		pfn_t pfn = l->tail[-DRAIN_AHEAD];

		__builtin_prefetch(&m->page[pfn & ~3u], 1);
		__builtin_prefetch(&m->page[pfn | 3u], 1);
	}
}

/* The `runs` oldest runs of a list go to the buddy. Pages. */
static uint32_t drain_list(struct model *m, struct zone *z, struct pcp *pcp, unsigned int index, uint32_t runs)
{
	struct pcp_list *l = &pcp->list[index];
	const unsigned int order = list_order(m, index);
	/* until v6.9 the type read when the page was freed counts, unless the zone has an isolated block (v3.18) */
	const bool reread =
		m->policy.pcp_type == pcp_type_reread || (m->policy.pcp_type == pcp_type_cached && z->isolated);

	for (uint32_t n = runs; n; n--) {
		pfn_t pfn = *--l->tail;

		prefetch_buddies(m, l);
		free_and_merge(m, z, pfn, order, reread ? type_at(m, pfn) : state_type(state_at(m, pfn)), false);
	}
	pcp->room += (int32_t)(runs << order);
	return runs << order;
}

/* Runs that a list can give towards this many pages. */
static uint32_t runs_for(const struct model *m, const struct pcp *pcp, unsigned int index, uint32_t pages)
{
	unsigned int order = list_order(m, index);
	uint32_t runs = (pages + (1u << order) - 1) >> order, len = list_len(&pcp->list[index]);

	return runs < len ? runs : len;
}

static unsigned int lists_in_use(const struct model *m)
{
	if (m->policy.pcp_orders == pcp_orders_zero)
		return PCP_TYPES;
	return m->policy.pcp_thp_lists == pcp_thp_lists_one ? PCP_LISTS - 1 : PCP_LISTS;
}

/* In turn MOVABLE, RECLAIMABLE, UNMOVABLE ..., each list giving as many runs as lists were looked at (until v5.17). */
static void drain_round_robin(struct model *m, struct zone *z, struct pcp *pcp, uint32_t pages)
{
	unsigned int lists = lists_in_use(m), index = 0;
	uint32_t credit = 0;

	while (pages) {
		do {
			credit++;
			index = index + 1 < lists ? index + 1 : 0;
		} while (!list_len(&pcp->list[index]));
		if (credit == lists) /* the only list that is not empty: it may give all */
			credit = pages;
		uint32_t runs = runs_for(m, pcp, index, pages);

		runs = runs < credit ? runs : credit;
		credit -= runs;
		uint32_t got = drain_list(m, z, pcp, index, runs);

		pages -= got < pages ? got : pages;
	}
}

/* A list is emptied before the next is looked at, upwards from `index` (v5.18). */
static void drain_whole_lists(struct model *m, struct zone *z, struct pcp *pcp, uint32_t pages, unsigned int index)
{
	while (pages) {
		uint32_t got = drain_list(m, z, pcp, index, runs_for(m, pcp, index, pages));

		pages -= got < pages ? got : pages;
		index = index + 1 < PCP_LISTS ? index + 1 : 0;
	}
}

/* With the lists locked; under one lock of the zone. */
static void drain(struct model *m, struct zone *z, struct pcp *pcp, uint32_t pages, unsigned int index)
{
	if (pages > pcp_pages(pcp))
		pages = pcp_pages(pcp);
	zone_lock(m, z);
	if (m->policy.pcp_drain == pcp_drain_credit_round_robin)
		drain_round_robin(m, z, pcp, pages);
	else
		drain_whole_lists(m, z, pcp, pages, index);
	zone_unlock(m, z);
}

/* Everything, from list 0; later releases in portions, each from list 0 again: the same order, as nothing comes between. */
static uint32_t drain_cpu(struct model *m, struct zone *z, struct pcp *pcp)
{
	bool portions = m->policy.pcp_drain == pcp_drain_whole_list;
	uint32_t drained = 0, pages;

	while ((pages = pcp_pages(pcp))) {
		if (portions && pages > pcp->batch << PCP_SCALE_MAX)
			pages = pcp->batch << PCP_SCALE_MAX;
		uint32_t before = pcp_pages(pcp);

		drain(m, z, pcp, pages, 0);
		drained += before - pcp_pages(pcp);
	}
	return drained;
}

uint32_t pcp_drain_all(struct model *m, struct zone *z)
{
	uint32_t drained = 0;

	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++) {
		pcp_lock(m, &z->pcp[cpu]);
		drained += drain_cpu(m, z, &z->pcp[cpu]);
		pcp_unlock(m, &z->pcp[cpu]);
	}
	return drained;
}

uint32_t pcp_disable(struct model *m, struct zone *z)
{
	uint32_t drained = 0;

	zone_lock(m, z);
	ADD_ONCE(z->pcp_disabled, 1);
	zone_unlock(m, z);
	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct pcp *pcp = &z->pcp[cpu];

		pcp_lock(m, pcp);
		drained += drain_cpu(m, z, pcp);
		/* no room anywhere: whoever frees or allocates comes to pcp_takes() */
		for (unsigned int i = 0; i < PCP_LISTS; i++)
			pcp->list[i].head = pcp->list[i].tail = pcp->list[i].base;
		pcp_unlock(m, pcp);
	}
	return drained;
}

void pcp_enable(struct model *m, struct zone *z)
{
	zone_lock(m, z);
	assert(z->pcp_disabled);
	ADD_ONCE(z->pcp_disabled, -1u);
	zone_unlock(m, z);
}

/* ---- free: to the head; too many: some go back ----------------------------------------------- */

static uint32_t clamp(uint32_t v, uint32_t low, uint32_t high)
{
	return v < low || high < low ? low : v > high ? high : v;
}

static void set_room(struct pcp *pcp, uint32_t high)
{
	pcp->room += (int32_t)(high - pcp->high);
	pcp->high = high;
}

int pcp_overflow(struct model *m, struct zone *z, struct pcp *pcp, unsigned int index)
{
	uint32_t most = pcp->high > 2 * pcp->batch ? pcp->high - pcp->batch : pcp->batch;
	uint32_t pages = pcp->batch, step;

	switch ((enum knob_pcp_overflow)m->policy.pcp_overflow) {
	case pcp_overflow_batch:
		break;
	case pcp_overflow_doubling:
		pages <<= pcp->row;
		if (pages < most && pcp->row < PCP_SCALE_MAX)
			pcp->row++;
		pages = clamp(pages, pcp->batch, most);
		break;
	case pcp_overflow_free_count:
	case pcp_overflow_batch_steps:
		pages = clamp(pcp->row, pcp->batch, most);
		break;
	}
	/* v6.7: the lists should hold what is freed in a row and a batch more */
	if (m->policy.pcp_high == pcp_high_tuned && pcp->high < pcp->row + pcp->batch)
		set_room(pcp, clamp(pcp->row + pcp->batch, pcp->high_min, pcp->high_max));
	/* v7.x lets go of the lock after each step, which counts as a batch whatever its last run was */
	for (; pages; pages -= step) {
		step = m->policy.pcp_overflow == pcp_overflow_batch_steps && pages > pcp->batch ? pcp->batch : pages;
		drain(m, z, pcp, step, index);
	}
	return 0;
}

bool pcp_free(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, unsigned int order, enum migratetype mt)
{
	struct pcp *pcp = &z->pcp[cpu];
	/* HIGHATOMIC and CMA pages share the MOVABLE list */
	unsigned int index = pcp_index(m, order, type_mergeable(mt) ? mt : MT_MOVABLE);
	struct pcp_list *l = &pcp->list[index];

	if (!pcp_trylock(m, pcp))
		return false;
	bool takes = !READ_ONCE(z->pcp_disabled) && (l->head != l->base || make_room(pcp, l));

	if (takes) {
		set_state(m, pfn, state_make(PAGE_PCP, order, mt));
		if (pcp_push(pcp, l, pfn, order))
			pcp_overflow(m, z, pcp, index);
	}
	pcp_unlock(m, pcp);
	return takes;
}

/* ---- alloc: from the head; empty: refill ----------------------------------------------------- */

/*
 * v6.7: had the lists been allowed to hold more, there would be no need to refill them. But below the high watermark they give back
 * what they were allowed; a kernel does that step by step with the frees that follow.
 */
static void refilled(const struct model *m, const struct zone *z, struct pcp *pcp, uint32_t pages)
{
	const struct contig_what any = { .migratetype = MT_MOVABLE };
	bool plenty = watermark_ok(m, z, any, WMARK_HIGH, 0);

	set_room(pcp, plenty ? clamp(pcp->high + pages, pcp->high_min, pcp->high_max) : pcp->high_min);
}

/* How many runs a refill takes (3.5). */
static uint32_t refill_count(const struct model *m, const struct zone *z, struct pcp *pcp, unsigned int order)
{
	const bool doubling = m->policy.pcp_refill == pcp_refill_doubling && !order;
	uint32_t n = doubling ? pcp->batch << pcp->alloc_factor : pcp->batch;

	if (m->policy.pcp_high == pcp_high_tuned)
		refilled(m, z, pcp, n);
	if (doubling) {
		uint32_t most =
			pcp->room >= 2 * (int32_t)pcp->batch ? (uint32_t)pcp->room + 1 - pcp->batch : pcp->batch;

		if (n <= most && pcp->alloc_factor < PCP_SCALE_MAX)
			pcp->alloc_factor++;
		if (n > most)
			n = most;
	}
	if (n > 1) {
		n >>= order;
		if (n < 2)
			n = 2;
	}
	return n;
}

static void refill_locked(struct model *m, struct zone *z, struct pcp *pcp, unsigned int index, unsigned int order,
                          enum migratetype mt, unsigned int flags)
{
	enum rmqueue_mode mode = RMQUEUE_NORMAL;
	struct pcp_list *l = &pcp->list[index];

	for (uint32_t n = refill_count(m, z, pcp, order); n; n--) {
		pfn_t pfn = PFN_NONE;

		if (l->tail == l->limit && !make_room(pcp, l))
			return;
		/* what rmqueue() tries first, without the call */
		if (mode == RMQUEUE_NORMAL && !z->free_cma)
			pfn = take_smallest(m, z, order, mt);
		if (pfn == PFN_NONE)
			pfn = rmqueue(m, z, order, mt, flags, &mode);
		if (pfn == PFN_NONE)
			return;
		*l->tail++ = pfn;
		pcp->room -= (int32_t)(1u << order);
	}
}

static void refill(struct model *m, struct zone *z, struct pcp *pcp, unsigned int index, unsigned int order,
                   enum migratetype mt, unsigned int flags)
{
	if (READ_ONCE(z->pcp_disabled))
		return;
	zone_lock(m, z);
	refill_locked(m, z, pcp, index, order, mt, flags);
	zone_unlock(m, z);
}

pfn_t pcp_alloc(struct model *m, struct zone *z, uint32_t cpu, unsigned int order, enum migratetype mt,
                unsigned int flags)
{
	struct pcp *pcp = &z->pcp[cpu];
	unsigned int index = pcp_index(m, order, mt);
	struct pcp_list *l = &pcp->list[index];
	pfn_t pfn = PFN_NONE;

	if (!pcp_trylock(m, pcp))
		return PFN_NONE;
	if (l->head == l->tail)
		refill(m, z, pcp, index, order, mt, flags);
	if (l->head != l->tail)
		pfn = pcp_pop(pcp, l, order);
	pcp_unlock(m, pcp);
	return pfn;
}
