/* SPDX-License-Identifier: MIT */
/*
 * model.h - what the rooms of the model share: per-cpu lists, the zone, the model, pageblock types, and who does what.
 *
 * Section numbers ("3.3") are those of the behavioural specification that docs/model.md summarises.
 */
#ifndef MODEL_H
#define MODEL_H

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "../contig.h"
#include "../policy.h"
#include "page.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
/* Keep an address in one register where the compiler would rather compute it twice. */
#define compute_once(p) __asm__("" : "+r"(p))

#define PCP_TYPES       3u /* MT_UNMOVABLE, MT_MOVABLE, MT_RECLAIMABLE have per-cpu lists */
#define PCP_ORDERS      4u /* orders 0..3, from v5.14 on */
#define PCP_LISTS       (PCP_TYPES * PCP_ORDERS + 2)
#define PCP_SCALE_MAX   5u  /* a drain or refill grows to batch << 5 at most */
#define MIGRATE_CLUSTER 32u /* pages collected before they are migrated */

/* ---- per-cpu lists (3.5) --------------------------------------------------------------------- */

/*
 * A list of runs in an array with room at both ends: the head is allocated from and freed to, the tail is refilled to and
 * drained from. [head, tail) is in use.
 */
struct pcp_list {
	pfn_t *head;
	pfn_t *tail;
	pfn_t *base;  /* the array ... */
	pfn_t *limit; /* ... and its end */
};

struct pcp {
	struct spinlock lock;
	int32_t room; /* pages that may come before the lists are full, less one: high - count - 1 */
	uint32_t row; /* pages freed in a row (v6.7), or overflows in a row (v5.14-v6.6); halved by an allocation ... */
	uint32_t row_max;      /* ... and pages counted up to here, 0 where they are not */
	uint32_t alloc_factor; /* refills in a row (v6.7); halved by a free */
	uint32_t high;         /* overflow at this many pages */
	uint32_t batch;
	uint32_t high_min;
	uint32_t high_max;
	void *arrays; /* of the lists, with threads: all that they ever need */
	size_t array_bytes;
	struct pcp_list list[PCP_LISTS];
} __attribute__((aligned(64)));

/* Pages on all lists of a cpu. */
static inline uint32_t pcp_pages(const struct pcp *pcp)
{
	return (uint32_t)((int32_t)pcp->high - 1 - pcp->room);
}

/* ---- zone ------------------------------------------------------------------------------------ */

/* A line that others read all the time apart from one that the lock's holder writes. */
#define OWN_CACHE_LINE __attribute__((aligned(64)))

struct zone {
	/* what every allocation reads */
	pfn_t start;
	uint32_t pages; /* spanned */
	uint32_t index;
	uint8_t node;
	uint8_t type;          /* enum contig_zone_type */
	bool hot_is_low;       /* wmark_hot is low, as there is another zone to go to; else min */
	bool isolated_counted; /* NR_FREE_PAGES holds isolated pages (until v3.6) */
	bool held_is_free;     /* a watermark check takes off free_highatomic, not reserved_highatomic */
	uint32_t pcp_disabled; /* who has switched the per-cpu lists off */
	int64_t wmark_hot;     /* of the common path: see marks_changed() */
	struct pcp *pcp;       /* one per cpu */
	pfn_t lists;           /* descriptors from here on are list heads: order * MT_NR + type */
	uint32_t managed;
	int64_t wmark_low; /* 2.4: what the first look at each zone leaves alone ... */
	/* what changes under the lock, and every allocation reads to see how much is left */
	OWN_CACHE_LINE uint64_t free; /* NR_FREE_PAGES */
	int64_t cma_held;             /* free_cma as its readers take it: not below 0 */
	int64_t wmark_min;            /* what the second look leaves alone, when no zone was above low */
	int64_t wmark_raise;          /* both are higher by this while a contiguous request takes its pages (v3.6) */
	uint64_t reserved_highatomic;
	uint64_t free_highatomic; /* the part of free that is HIGHATOMIC */
	OWN_CACHE_LINE struct spinlock lock;
	int64_t free_cma;  /* NR_FREE_CMA_PAGES; below 0 where a release has lost count */
	uint64_t isolated; /* nr_isolate_pageblock */
	int64_t drift;     /* free less pages on lists other than ISOLATE, as far as the release's rules explain it */
	uint64_t lost_isolation; /* blocks that were claimed while isolated, and are still counted in `isolated` */
	uint64_t nr_free[CONTIG_MAX_ORDER + 1];
	uint64_t retyped[RETYPE_NR];
	uint64_t fallbacks;
	uint64_t failed_allocs;
	uint64_t migrated;
} __attribute__((aligned(4096))); /* a page of its own, which can lie on its node */

struct model {
	struct contig base;
	bool threads; /* the locks are taken */
	struct contig_policy policy;
	struct contig_hooks hooks;
	unsigned int P;
	unsigned int M;
	uint32_t nr_cpus;
	uint32_t nr_zones;
	pfn_t end;             /* behind the last pfn of the last zone */
	struct pcp *first_pcp; /* of the first zone */
	struct page *page;     /* by pfn; behind `end` the list heads of all zones */
	uint8_t *block;        /* by pageblock: see reported_type() */
	uint64_t block_factor; /* 2^(32 - P): see block_of() */
	struct zone *zone;
	struct zone **zonelist;                    /* see zone_order() */
	struct zone *first_zone[UINT8_MAX + 1][4]; /* its first entry, or a zone without pages: [node][migratetype] */
	size_t page_bytes;                         /* of the mapping behind page */
	size_t metadata_bytes;
	struct spinlock requests;       /* of these two: */
	struct range *spare;            /* request records kept for the next requests */
	struct range *live;             /* requests that are not done */
	struct contig_backend threaded; /* with threads: the backend's table, but for what takes locks */
};

static inline struct model *model_of(struct contig *c)
{
	return (struct model *)c;
}

static inline uint32_t npb(const struct model *m)
{
	return 1u << m->P;
}

static inline bool zone_has(const struct zone *z, pfn_t pfn)
{
	return pfn - z->start < z->pages;
}

/* ---- locks (lock.h) -------------------------------------------------------------------------- */

static inline void zone_lock(const struct model *m, struct zone *z)
{
	if (unlikely(m->threads))
		spin_lock(&z->lock);
}

static inline void zone_unlock(const struct model *m, struct zone *z)
{
	if (unlikely(m->threads))
		spin_unlock(&z->lock);
}

/* Until v5.18 interrupts are off, and a drain is done by the cpu itself; then whoever comes second goes to the buddy. */
static inline bool pcp_trylock(const struct model *m, struct pcp *pcp)
{
	if (likely(!m->threads))
		return true;
	if (m->policy.pcp_lock == pcp_lock_trylock)
		return spin_trylock(&pcp->lock);
	spin_lock(&pcp->lock);
	return true;
}

static inline void pcp_lock(const struct model *m, struct pcp *pcp)
{
	if (unlikely(m->threads))
		spin_lock(&pcp->lock);
}

static inline void pcp_unlock(const struct model *m, struct pcp *pcp)
{
	if (unlikely(m->threads))
		spin_unlock(&pcp->lock);
}

/* A counter that no lock is held for. */
static inline void count_loose(const struct model *m, uint64_t *counter, uint64_t n)
{
	if (unlikely(m->threads))
		__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
	else
		*counter += n;
}

/* ---- zones ----------------------------------------------------------------------------------- */

/* What the reserve takes off every watermark check but its own (2.4). */
static inline int64_t held_highatomic(const struct zone *z)
{
	return (int64_t)(z->held_is_free ? READ_ONCE(z->free_highatomic) : READ_ONCE(z->reserved_highatomic));
}

/* The mark of the common path holds all that does not change with every page. */
static inline void marks_changed(struct zone *z)
{
	WRITE_ONCE(z->wmark_hot, (z->hot_is_low ? z->wmark_low : z->wmark_min) + z->wmark_raise + held_highatomic(z));
}

/* Does the zone hold the whole block? */
static inline bool block_inside(const struct model *m, const struct zone *z, block_t b)
{
	return zone_has(z, b << m->P) && zone_has(z, (b << m->P) + npb(m) - 1);
}

/* The zone of a pfn; NULL in a hole. */
static inline struct zone *zone_of(struct model *m, pfn_t pfn)
{
	for (struct zone *z = m->zone; z < m->zone + m->nr_zones; z++) {
		if (zone_has(z, pfn))
			return z;
	}
	return NULL;
}

static inline pfn_t zone_end(const struct zone *z)
{
	return z->start + z->pages;
}

/*
 * Lock the run that begins here, against everybody: its owner, who may free it, a request that migrates it. The state without
 * the bit; STATE_INTERIOR, and nothing locked, if no run of such a kind begins here. page_set_state() unlocks. Without the
 * zone lock only kinds whose owners free them, or hugetlb: all others belong to who holds the zone lock (lock.h).
 */
static inline uint32_t page_lock(const struct model *m, struct page *p, enum kind_trait trait)
{
	uint32_t state = page_state(p), looks = 0;

	for (;;) {
		if (!state_has(state, trait))
			return STATE_INTERIOR;
		if (likely(!m->threads))
			return state;
		if (state & STATE_LOCKED) {
			spin(&looks);
			state = page_state(p);
		} else if (__atomic_compare_exchange_n(&p->state, &state, state | STATE_LOCKED, false, __ATOMIC_ACQUIRE,
		                                       __ATOMIC_ACQUIRE)) {
			return state;
		}
	}
}

/* Whose the run is that begins here; OWNER_NONE if it is free, or a request's that is not done. The zone is locked. */
static inline owner_t page_holder(const struct model *m, struct page *p)
{
	uint32_t state = page_lock(m, p, KIND_IN_USE);
	owner_t owner = OWNER_NONE;

	if (state == STATE_INTERIOR)
		return OWNER_NONE;
	owner = page_owner(p);
	page_set_state(p, state);
	return owner != OWNER_TAKEN ? owner : OWNER_NONE;
}

static inline uint32_t state_at(const struct model *m, pfn_t pfn)
{
	return page_state(&m->page[pfn]);
}

static inline void set_state(struct model *m, pfn_t pfn, uint32_t state)
{
	page_set_state(&m->page[pfn], state);
}

/* The first page of the run that covers pfn. Every page of a zone is in some run. */
static inline pfn_t head_of(const struct model *m, pfn_t pfn)
{
	pfn_t head = pfn;

	uint32_t state;

	for (unsigned int k = 1; (state = state_at(m, head)) == STATE_INTERIOR; k++) {
		assert(k <= CONTIG_MAX_ORDER);
		head = pfn & ~((1u << k) - 1);
	}
	assert(pfn - head < 1u << state_order(state));
	return head;
}

static inline uint32_t run_pages(const struct model *m, pfn_t head)
{
	return 1u << state_order(state_at(m, head));
}

/* Order of the largest aligned run that begins at pfn and ends at or before end. */
static inline unsigned int chunk_order(const struct model *m, pfn_t pfn, pfn_t end)
{
	unsigned int order = pfn ? (unsigned int)__builtin_ctz(pfn) : m->M;

	if (order > m->M)
		order = m->M;
	while (1u << order > end - pfn)
		order--;
	return order;
}

/* ---- pageblock types (1.3, 4.7) -------------------------------------------------------------- */

#define BLOCK_TYPE_MASK  0x07u
#define BLOCK_WAS_SHIFT  3     /* of an overwritten type: kept to count what undo changes, never to decide */
#define BLOCK_OTHER_ZONE 0x40u /* not wholly in the first zone: such a page takes the long way to be freed */
#define BLOCK_ISOLATED   0x80u

/* pfn >> P, by a multiplication: a shift by a variable wants a register that the common path has no room for. */
static inline block_t block_of(const struct model *m, pfn_t pfn)
{
	return (block_t)(pfn * m->block_factor >> 32);
}

/* What the block should be: the type behind the isolate bit. */
static inline enum migratetype stored_type(const struct model *m, block_t b)
{
	return (enum migratetype)(READ_ONCE(m->block[b]) & BLOCK_TYPE_MASK);
}

/* Which list its free pages belong to: MT_ISOLATE while it is isolated, wherever that is kept. */
static inline enum migratetype reported_type(const struct model *m, block_t b)
{
	uint8_t block = READ_ONCE(m->block[b]);

	return block & BLOCK_ISOLATED ? MT_ISOLATE : (enum migratetype)(block & BLOCK_TYPE_MASK);
}

static inline enum migratetype type_at(const struct model *m, pfn_t pfn)
{
	return reported_type(m, pfn >> m->P);
}

static inline bool block_isolated(const struct model *m, block_t b)
{
	return reported_type(m, b) == MT_ISOLATE;
}

/* Overwrite what a block is, isolation included. */
static inline void block_set(struct model *m, block_t b, unsigned int type_and_flags)
{
	WRITE_ONCE(m->block[b], (uint8_t)((m->block[b] & BLOCK_OTHER_ZONE) | type_and_flags));
}

/* Store another type, and count it under why it changed. Leaves free runs where they are. */
static inline void block_retype(struct model *m, struct zone *z, block_t b, enum migratetype mt, enum contig_retype why)
{
	if (stored_type(m, b) != mt)
		z->retyped[why]++;
	if (block_isolated(m, b)) /* a run over it was allocatable (8.2 b1): the counter is not told */
		z->lost_isolation++;
	block_set(m, b, mt);
}

/* The same for every block that a run covers. */
static inline void run_retype(struct model *m, struct zone *z, pfn_t pfn, unsigned int order, enum migratetype mt,
                              enum contig_retype why)
{
	for (block_t b = pfn >> m->P; b < (pfn + (1u << order)) >> m->P; b++)
		block_retype(m, z, b, mt, why);
}

/*
 * Do runs of several blocks belong to each of their blocks (v6.10)? Then they are freed block by block, and whatever
 * changes a block's type takes its free pages along.
 */
static inline bool by_block(const struct model *m)
{
	return m->policy.free_large == free_large_per_block;
}

/* Types that an allocation may fall back between (1.4). */
static inline bool type_mergeable(enum migratetype mt)
{
	return mt < (enum migratetype)PCP_TYPES;
}

/* ---- buddy.c: free and merge, split, move (3.3, 3.4) ----------------------------------------- */

/* Give one run to the buddy under a type: account, merge, list. The pages must be nobody's. */
void free_run(struct model *m, struct zone *z, pfn_t pfn, unsigned int order, enum migratetype mt, bool tail);
/* The same for a run of any order as a direct free does it: by its head's block, or block by block. */
void free_by_block(struct model *m, struct zone *z, pfn_t pfn, unsigned int order);
/* Free [pfn, end) in the largest aligned chunks, each by the type of its own block. */
void free_span(struct model *m, struct zone *z, pfn_t pfn, pfn_t end);
/* Take a free run off its list and split it at `at`, which lies inside. */
void split_free_run(struct model *m, struct zone *z, pfn_t pfn, pfn_t at);
/* Halve the run over pfn, which is on no list, until one begins at pfn. */
void split_at(struct model *m, pfn_t pfn);
/* Are all runs that reach into [pfn, end) of this kind? */
bool all_of_kind(const struct model *m, pfn_t pfn, pfn_t end, enum page_kind kind);
/* Halve the runs over the ends of [pfn, end), which are on no list, until runs begin at both. */
void cut_out(struct model *m, const struct zone *z, pfn_t pfn, pfn_t end);
/* Forget the heads of all runs in [pfn, end), which are on no list and end at end. */
void clear_heads(struct model *m, pfn_t pfn, pfn_t end);
/*
 * Until v6.9 free pages are counted by the type of a block, or by the one that a caller passes, while the run may lie on
 * another list or cover blocks of other types. Where a mechanism does so, its error is booked in zone->drift; verify then
 * knows what NR_FREE_PAGES must be, and that there is no drift from v6.10 on.
 */
static inline void book_drift(struct zone *z, int64_t accounted, int64_t listed)
{
	z->drift += accounted - listed;
}

/*
 * Move the free runs whose head lies in the block of this page to the tail of mt's lists; those from the page on, if the block
 * begins before the zone. Pages moved; 0 if the block ends behind the zone. *counted, which may be NULL: those that came from
 * lists whose pages NR_FREE_PAGES holds.
 */
uint32_t move_block(struct model *m, struct zone *z, pfn_t page, enum migratetype mt, uint32_t *counted);

/* ---- rmqueue.c, fallback.c: taking from the buddy (3.1, 3.2) --------------------------------- */

/* Where a locked batch of allocations stands (v6.15): a later one need not try again what failed before. */
enum rmqueue_mode {
	RMQUEUE_NORMAL,
	RMQUEUE_CMA,
	RMQUEUE_CLAIM,
	RMQUEUE_STEAL
};

/* Allocation flags (1.5), as far as they reach down to here. */
enum alloc_flags {
	ALLOC_CMA = 1,        /* CMA lists may serve it */
	ALLOC_NOFRAGMENT = 2, /* no fallback to a run of less than a pageblock */
};

pfn_t rmqueue(struct model *m, struct zone *z, unsigned int order, enum migratetype mt, unsigned int flags,
              enum rmqueue_mode *mode);
/* Of `least` or a higher order. */
bool fallback_move(struct model *m, struct zone *z, unsigned int least, enum migratetype mt);
pfn_t fallback_steal_v3_6(struct model *m, struct zone *z, unsigned int order, enum migratetype mt);
pfn_t fallback_hygienic(struct model *m, struct zone *z, unsigned int order, unsigned int least, enum migratetype mt);
pfn_t fallback_claim(struct model *m, struct zone *z, unsigned int order, unsigned int least, enum migratetype mt);
pfn_t fallback_steal(struct model *m, struct zone *z, unsigned int order, enum migratetype mt);

/* ---- pcp.c ----------------------------------------------------------------------------------- */

int pcp_open(struct model *m, struct zone *z, uint32_t wmark_low, const struct contig_geometry *g,
             struct contig_diag *diag);
void pcp_close(struct model *m, struct zone *z);
/* Do the lists hold runs of this order, and are they on? */
bool pcp_takes(const struct model *m, const struct zone *z, unsigned int order);
/* Switch the zone's lists off, which empties them, or on again (v5.11). Pages drained. */
uint32_t pcp_disable(struct model *m, struct zone *z);
void pcp_enable(struct model *m, struct zone *z);

/* Lists are numbered 3 * order + type, those of the THP order last (3.5). */
static inline unsigned int pcp_index(const struct model *m, unsigned int order, enum migratetype mt)
{
	if (order < PCP_ORDERS)
		return order * PCP_TYPES + (unsigned int)mt;
	return PCP_TYPES * PCP_ORDERS + (m->policy.pcp_thp_lists == pcp_thp_lists_two && mt == MT_MOVABLE);
}

/* Put a run at the head of a list that has room there. True if the lists hold too much now. */
static inline bool pcp_push(struct pcp *pcp, struct pcp_list *l, pfn_t pfn, unsigned int order)
{
	*--l->head = pfn;
	pcp->alloc_factor >>= 1;
	pcp->row += (uint32_t)(pcp->row < pcp->row_max) << order;
	return (pcp->room -= (int32_t)(1u << order)) < 0;
}

/* Take the head of a list that is not empty. */
static inline pfn_t pcp_pop(struct pcp *pcp, struct pcp_list *l, unsigned int order)
{
	pcp->row >>= 1;
	pcp->room += (int32_t)(1u << order);
	return *l->head++;
}

/* The head of the list, refilled if it was empty; PFN_NONE if nothing is to be had. */
pfn_t pcp_alloc(struct model *m, struct zone *z, uint32_t cpu, unsigned int order, enum migratetype mt,
                unsigned int flags);
/* The lists hold too much: some goes back to the buddy, the list just freed to first. Returns 0. */
int pcp_overflow(struct model *m, struct zone *z, struct pcp *pcp, unsigned int index);
/*
 * Free a run whose order pcp_takes(), in a block of type mt, which is not isolated. False: the lists do not take it after
 * all.
 */
bool pcp_free(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, unsigned int order, enum migratetype mt);
uint32_t pcp_drain_all(struct model *m, struct zone *z); /* pages drained */
uint64_t pcp_count(const struct model *m, const struct zone *z);

/* ---- alloc.c: the way in and out for everybody ----------------------------------------------- */

/* Pages that count towards a watermark (2.4), the reserve aside: without CMA rights CMA pages do not. */
static inline int64_t usable_pages(const struct zone *z, bool cma)
{
	return (int64_t)READ_ONCE(z->free) - (cma ? 0 : READ_ONCE(z->cma_held));
}

/* The common case of order 0: memory is not short and this cpu's list is not empty. */
static inline bool alloc_hot(struct zone *z, uint32_t cpu, enum migratetype mt, pfn_t *pfn)
{
	struct pcp *pcp = &z->pcp[cpu];
	struct pcp_list *l = &pcp->list[mt];

	if (unlikely(usable_pages(z, mt == MT_MOVABLE) <= READ_ONCE(z->wmark_hot) || l->head == l->tail))
		return false;
	*pfn = pcp_pop(pcp, l, 0);
	return true;
}

/* From the first zone of the node's zonelist that has pages; PFN_NONE if none has. The descriptor is not set. */
pfn_t alloc_pages(struct model *m, uint32_t cpu, struct contig_what what);
/* Give a run back by the path of its order. */
void free_pages(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, unsigned int order);

/* A run nobody else can find becomes its owner's, and can be found. */
static inline void hand_out(struct model *m, pfn_t pfn, uint32_t state, owner_t owner)
{
	if (unlikely(m->hooks.filled))
		m->hooks.filled(m->hooks.ctx, owner, pfn, state_order(state));
	page_set(&m->page[pfn], state, owner);
}

/* The other way round: a locked run is nobody's from here on, on its way to free_pages(). */
static inline void take_back(struct model *m, pfn_t pfn, uint32_t state, owner_t owner)
{
	if (unlikely(m->hooks.emptied))
		m->hooks.emptied(m->hooks.ctx, owner, pfn, state_order(state));
	set_state(m, pfn, state_make(PAGE_PCP, state_order(state), state_type(state)));
}

/* alloc.c: alloc and free for whoever comes, in whatever state things are. */
int64_t alloc_any(struct model *m, uint32_t cpu, struct contig_what what, owner_t owner) __attribute__((noinline));
int free_any(struct model *m, uint32_t cpu, pfn_t pfn, owner_t owner);

enum wmark {
	WMARK_MIN, /* lower for those who may use reserves */
	WMARK_LOW,
	WMARK_HIGH,
};

/* Above this mark by 2.4, `off` pages set aside? */
bool watermark_ok(const struct model *m, const struct zone *z, struct contig_what what, enum wmark mark, int64_t off);

int64_t model_alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner);
int model_free(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner);
int model_split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces);

/* ---- movable.c: the unmovable check (6) ------------------------------------------------------ */

/*
 * First page of [start, end) in the block that can not move for this caller, with the reason; PFN_NONE if all can. Balloon
 * drivers have offered to give back `given` pages of the block (until v5.5).
 */
pfn_t find_unmovable(struct model *m, struct zone *z, block_t b, pfn_t start, pfn_t end, enum contig_caller caller,
                     uint32_t given, enum contig_reason *why, struct contig_work *work);

/* ---- migrate.c, isolate.c, range.c: contiguous requests (4, 5) ------------------------------- */

/* Pages collected for migration. A span of 2^order pages: when its owner splits it, all the pieces stay collected. */
struct migrate_list {
	uint32_t nr;    /* entries */
	uint32_t pages; /* pages, a compound with its size */
	pfn_t pfn[MIGRATE_CLUSTER];
	uint8_t order[MIGRATE_CLUSTER];
};

/* What becomes of hugetlb pages on the way. */
enum hugetlb_way {
	HUGETLB_STAYS,
	HUGETLB_REPLACED, /* migrated in use, and if it is free another joins the pool first */
};

static inline enum hugetlb_way contig_hugetlb_way(const struct model *m)
{
	return m->policy.contig_hugetlb == contig_hugetlb_replace ? HUGETLB_REPLACED : HUGETLB_STAYS;
}

/*
 * Collect from [*pfn, end) until the list is full; *pfn is then behind the last page looked at. Free hugetlb pages are replaced
 * on the way. 0, or -ENOMEM, *pfn being the hugetlb page that nothing can replace.
 */
int migrate_collect(struct model *m, struct zone *z, uint32_t cpu, pfn_t *pfn, pfn_t end, enum hugetlb_way way,
                    struct migrate_list *list, struct contig_work *work);
/* Has a list been tried so often that what is left on it stays (5.2)? */
static inline bool tried_enough(const struct model *m, unsigned int tries)
{
	static const uint8_t most[] = { [contig_tries_5] = 5, [contig_tries_1] = 1, [contig_tries_25] = 25 };

	return tries >= most[m->policy.contig_tries];
}

/* One call: move what can move; the rest stays on the list. 0, or -ENOMEM without a target. */
int migrate_call(struct model *m, struct zone *z, uint32_t cpu, struct migrate_list *list, struct contig_work *work);
void migrate_putback(struct model *m, struct zone *z, uint32_t cpu, struct migrate_list *list);

/* What stands in the way of a request, as it was when it was found. */
struct blocker {
	pfn_t pfn;
	enum contig_reason why;
	enum page_kind kind;
	owner_t owner;
};

/* The zone is locked; pfn may be PFN_NONE. */
static inline struct blocker blocker_at(const struct model *m, pfn_t pfn, enum contig_reason why)
{
	struct blocker by = { .pfn = pfn, .why = why };

	if (pfn != PFN_NONE) {
		pfn_t head = head_of(m, pfn);

		by.kind = state_kind(state_at(m, head));
		by.owner = page_holder(m, &m->page[head]);
	}
	return by;
}

/* Who asks for blocks of this type. */
static inline enum contig_caller caller_of_type(enum migratetype mt)
{
	return mt == MT_CMA ? CALLER_CMA : CALLER_MOVABLE;
}

/* Isolate one block after checking [start, end) of it. 0 or -EBUSY with *by. */
int block_isolate(struct model *m, struct zone *z, block_t b, pfn_t start, pfn_t end, enum contig_caller caller,
                  struct blocker *by, struct contig_work *work);
/* Make a block without free pages an isolated MOVABLE one. */
void block_isolate_new(struct model *m, struct zone *z, block_t b);
/* Un-isolate one block if it is isolated; to mt, unless the policy preserves types. */
void block_unisolate(struct model *m, struct zone *z, block_t b, enum migratetype mt, struct contig_work *work);
/* Half of the block or more was taken whole: one of a regular type becomes MOVABLE (5.4; grab.c). The zone is locked. */
void block_make_movable(struct model *m, struct zone *z, block_t b);
/* What crosses `border`, on one side of which a block has been isolated (v5.19): split, migrate, or -EBUSY with *by. */
int straddle_resolve(struct model *m, struct zone *z, uint32_t cpu, pfn_t border, struct blocker *by,
                     struct contig_work *work);

int model_range_begin(struct contig *c, const struct contig_range_args *args, struct contig_range **out);
int model_range_step(struct contig_range *r, struct contig_work *work);
void model_range_end(struct contig_range *r, struct contig_outcome *out);
int model_range_free(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr);
/* Records kept for requests: have `nr` of them, none allocated later; give them all back. */
int ranges_reserve(struct model *m, uint32_t nr);
void ranges_free(struct model *m);
/* The same for runs that lie wholly in [pfn, end), whose heads are forgotten. */
void free_contig_pages(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, pfn_t end);
int model_range_online(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr);
/* Is the page in the hands of a request that is not done? */
bool range_holds(const struct model *m, pfn_t pfn);
/* offline.c: may a page stay in memory that goes offline: free, bad, or PageOffline and let go of? */
bool offline_harmless(uint32_t state);

/* ---- highatomic.c: the reserve for high-order atomic allocations (9) --------------------------- */

/* Such an allocation got this run: reserve its block, unless the cap is reached. */
void highatomic_reserve(struct model *m, struct zone *z, pfn_t pfn, unsigned int order);
/* One block of the zone goes back to mt; false if there is none to give. */
bool highatomic_unreserve(struct model *m, struct zone *z, enum migratetype mt, bool force);

/* ---- threads.c: alloc and free when other threads are about ----------------------------------- */

/* Refuse what can not be with threads; else make everything ready that is not to be allocated later. 0 or -errno, *diag. */
int threads_open(struct model *m, const struct contig_geometry *g, struct contig_diag *diag);

/* ---- zone.c, metrics.c, verify.c, lab.c ------------------------------------------------------ */

/* Whole zeroed pages of this machine for metadata of a node, bound there by the caller's hook. NULL, *diag. */
void *map_metadata(struct model *m, size_t bytes, unsigned int node, struct contig_diag *diag);
/* The hook for [start, start + bytes), whole pages that are mapped already. */
int place_metadata(struct model *m, void *start, size_t bytes, unsigned int node, struct contig_diag *diag);
#define MACHINE_PAGE 4096u /* what they are multiples of: the smallest page that any machine has */

struct contig *model_open(const struct contig_backend *self, const struct contig_geometry *g,
                          const struct contig_hooks *hooks, const char *knobs, struct contig_diag *diag);
void model_close(struct contig *c);

const struct contig_policy *model_policy(struct contig *c);

/*
 * The zones an allocation that prefers `node` tries, NULL behind the last: the node's from high to low, then the next
 * node's. Only movable user memory may use ZONE_MOVABLE.
 */
static inline struct zone *const *zone_order(const struct model *m, uint32_t node, bool movable)
{
	return m->zonelist + ((size_t)node * 2 + movable) * (m->nr_zones + 1);
}

void model_stats(struct contig *c, uint32_t zone, struct contig_stats *out);
int model_verify(struct contig *c, struct contig_diag *diag);
/* digest.c: see lab->digest */
uint64_t model_digest(struct contig *c);
/* Is every free run on the list of its block's type (v6.10)? */
bool hygienic(const struct model *m);
extern const struct contig_lab model_lab;

#endif
