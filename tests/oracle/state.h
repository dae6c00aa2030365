/* SPDX-License-Identifier: MIT */
/* state.h - what the oracle remembers of pages, blocks and cpus, and what its parts call in each other. */
#ifndef ORACLE_STATE_H
#define ORACLE_STATE_H

#include "oracle.h"
#include "rules.h"

#define NO_PAGE    PFN_NONE
#define THP_LIST   12u /* 3 * order + type below */
#define PCP_LISTS  14u
#define CLUSTER    32u /* pages that one scan collects (5.2) */
#define MIGRATIONS 5u  /* migrate calls a list gets (5.2) */

/* The first page of a run knows; the others are PAGE_NONE. */
struct opage {
	owner_t owner;
	int64_t rank; /* free: place in its list, the lowest is the head */
	uint8_t kind;
	uint8_t order;
	uint8_t type; /* free: the list's; on a pcp list: the type it was cached with */
	bool pinned;
	bool frozen;
	bool collected; /* off the LRU, on a request's list */
	bool gone;      /* freed by its owner while somebody held a reference */
};

struct oblock {
	uint8_t type; /* stored; with one field for both the type that isolation overwrote, of no consequence */
	bool isolated;
};

struct ocpu {
	pfn_t *list[PCP_LISTS]; /* [0] is the head */
	uint32_t nr[PCP_LISTS];
	uint32_t count; /* pages, all lists */
	uint32_t high;
	uint32_t free_factor, alloc_factor, free_count;
};

struct oracle {
	struct contig base;
	const struct rules *r;
	struct contig_geometry g;
	const struct contig_hooks *hooks;
	unsigned int P, M;
	pfn_t start, end;
	struct opage *page;
	struct oblock *block;
	struct ocpu *cpu;
	int64_t lowest, highest; /* ranks given out so far */
	int64_t free, free_cma;
	int64_t reserved; /* nr_reserved_highatomic */
	int64_t raised;   /* v3.6: by requests that take their pages */
	uint32_t isolated;
	uint32_t batch, high_min, high_max;
	uint64_t migrated;
	struct orequest *requests;
};

static inline struct oracle *oracle(struct contig *c)
{
	return (struct oracle *)c;
}

static inline uint32_t npb(const struct oracle *o)
{
	return 1u << o->P;
}

static inline pfn_t align_down(pfn_t pfn, unsigned int order)
{
	return pfn >> order << order;
}

static inline pfn_t align_up(pfn_t pfn, unsigned int order)
{
	return align_down(pfn + (1u << order) - 1, order);
}

static inline unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static inline unsigned int most(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

/* Can go to the pages of another of these (1.4): U, M, R. */
static inline bool mergeable(unsigned int type)
{
	return type < MT_HIGHATOMIC;
}

static inline bool in_zone(const struct oracle *o, pfn_t pfn)
{
	return pfn >= o->start && pfn < o->end;
}

static inline bool whole_block(const struct oracle *o, pfn_t block_start)
{
	return in_zone(o, block_start) && in_zone(o, block_start + npb(o) - 1);
}

/* A counter that drift has taken below zero reads as zero (2.4). */
static inline int64_t counter(int64_t pages)
{
	return pages > 0 ? pages : 0;
}

/* Type by page: reported (ISOLATE while isolated). */
static inline unsigned int type_at(const struct oracle *o, pfn_t pfn)
{
	const struct oblock *b = &o->block[pfn >> o->P];

	return b->isolated ? MT_ISOLATE : b->type;
}

/* And the one stored behind it. */
static inline unsigned int stored_at(const struct oracle *o, pfn_t pfn)
{
	return o->block[pfn >> o->P].type;
}

static inline bool is_free_head(const struct oracle *o, pfn_t pfn, unsigned int order)
{
	return in_zone(o, pfn) && o->page[pfn].kind == PAGE_FREE && o->page[pfn].order == order;
}

/* 2.1: on the LRU, and nobody holds it for migration. */
static inline bool on_lru(const struct opage *p)
{
	return (p->kind == PAGE_LRU || p->kind == PAGE_LRU_COMPOUND) && !p->collected;
}

/* Off the LRU, but its driver can move it. */
static inline bool has_ops(const struct oracle *o, const struct opage *p)
{
	return p->kind == PAGE_MOVABLE_OPS && !o->r->ops_unmovable && !p->collected;
}

static inline bool is_hugetlb(const struct opage *p)
{
	return p->kind == PAGE_HUGETLB || p->kind == PAGE_HUGETLB_POOL || p->kind == PAGE_GIGANTIC;
}

/* A tail answers through its head. */
static inline bool is_compound(const struct opage *p)
{
	return p->order && p->kind != PAGE_FREE && p->kind != PAGE_PCP && p->kind != PAGE_NONCOMPOUND;
}

/* buddy.c: runs, lists, counters */
pfn_t o_head_of(const struct oracle *o, pfn_t pfn);
void o_count_free(struct oracle *o, unsigned int type, int64_t pages);
void o_list_add(struct oracle *o, pfn_t pfn, unsigned int order, unsigned int type, bool tail);
void o_clear_run(struct oracle *o, pfn_t pfn);
void o_free_run(struct oracle *o, pfn_t pfn, unsigned int order, unsigned int type, bool tail);
void o_free_per_block(struct oracle *o, pfn_t pfn, unsigned int order);
void o_free_to_buddy(struct oracle *o, pfn_t pfn, unsigned int order);
void o_retype(struct oracle *o, pfn_t pfn, unsigned int order, unsigned int type);
uint32_t o_move_block(struct oracle *o, pfn_t pfn, unsigned int type, bool counted);

/* take.c: from the buddy */
enum take_mode {
	TAKE_NORMAL,
	TAKE_CMA,
	TAKE_CLAIM,
	TAKE_STEAL
};
pfn_t o_list_head(const struct oracle *o, unsigned int order, unsigned int type);
pfn_t o_take_smallest(struct oracle *o, unsigned int order, unsigned int type);
pfn_t o_take(struct oracle *o, unsigned int order, unsigned int type, enum take_mode *mode);

/* What an allocation may do (1.5). */
struct right {
	bool highatomic, last_chance;
};
pfn_t o_allocate(struct oracle *o, uint32_t cpu, unsigned int order, unsigned int type, struct right right);
bool o_above_mark(const struct oracle *o, unsigned int order, unsigned int type, struct right right, int64_t mark,
                  bool at_min);

/* reserve.c */
int64_t o_free_highatomic(const struct oracle *o);
void o_reserve(struct oracle *o, pfn_t pfn, unsigned int order);
uint32_t o_unreserve(struct oracle *o, unsigned int type, bool force);
/* fallback.c */
pfn_t o_fall_back(struct oracle *o, unsigned int order, unsigned int type, bool *again);
pfn_t o_claim(struct oracle *o, unsigned int order, unsigned int type);
pfn_t o_steal(struct oracle *o, unsigned int order, unsigned int type);

/* pcp.c */
void o_pcp_init(struct oracle *o);
bool o_pcp_takes(const struct oracle *o, unsigned int order);
pfn_t o_pcp_take(struct oracle *o, uint32_t cpu, unsigned int order, unsigned int type);
void o_free_pages(struct oracle *o, uint32_t cpu, pfn_t pfn, unsigned int order);
uint32_t o_drain_all(struct oracle *o);

/* isolate.c */
bool o_isolate_block(struct oracle *o, unsigned int caller, pfn_t block_start, pfn_t from, pfn_t to);
void o_undo_block(struct oracle *o, pfn_t block_start, unsigned int type);
void o_change_block(struct oracle *o, pfn_t block, bool isolated, unsigned int type);
void o_split_free(struct oracle *o, pfn_t pfn, pfn_t at);
void o_grab_retype(struct oracle *o, pfn_t pfn, unsigned int order);

/* migrate.c */
struct migration {
	pfn_t page[4 * CLUSTER + 2048]; /* in the order in which they will be moved */
	uint32_t nr;
	pfn_t scan, end;
	uint32_t tries;
	int rc;
};
void o_collect(struct oracle *o, uint32_t cpu, struct migration *m, struct contig_work *work);
void o_migrate(struct oracle *o, uint32_t cpu, struct migration *m, struct contig_work *work);
void o_put_back(struct oracle *o, uint32_t cpu, struct migration *m);

/* request.c */
struct orequest {
	struct contig_range base;
	struct oracle *o;
	struct orequest *next;
	struct contig_range_args args;
	struct contig_outcome out;
	pfn_t start, end, hull, hull_end;
	int at;       /* enum at: what the next step does */
	pfn_t cursor; /* the block that the next step is for */
	pfn_t outer, outer_end;
	struct migration m;
	uint32_t raised; /* v3.6: what the marks are higher for it */
	bool *isolated;  /* by this request, by block of the hull */
};

/* lab.c */
int64_t oracle_alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner);
int oracle_free(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner);
int oracle_split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces);
void oracle_stats(struct contig *c, uint32_t zone, struct contig_stats *out);
void oracle_close(struct contig *c);
void o_let_go(struct oracle *o, uint32_t cpu, pfn_t pfn);
extern const struct contig_lab oracle_lab;
extern const struct contig_backend oracle_backend;

#endif
