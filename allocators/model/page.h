/* SPDX-License-Identifier: MIT */
/* page.h - the page descriptor, and what the rules ask of each kind of page. */
#ifndef PAGE_H
#define PAGE_H

#include <assert.h>
#include <string.h>

#include "../contig.h"
#include "../lock.h"

/* ---- page descriptor: 12 bytes --------------------------------------------------------------- */

/*
 * Only the first page of a run says anything; the others are INTERIOR (all zero), so that a run is taken, split or
 * merged without touching them, and whoever looks at one finds its head by walking aligned starts downwards.
 *
 *   free on a buddy list    link[0] = next, link[1] = prev
 *   anything else           link[]  = owner
 */
struct page {
	uint32_t link[2];
	union {
		uint32_t state;
		struct {
			uint8_t kind; /* and flags */
			uint8_t order;
			uint8_t type;
			uint8_t more; /* flags that a page on its common way never has */
		};
	};
};
static_assert(sizeof(struct page) == 12, "at most 16 bytes a page, everything included");

/*
 * state: kind, order and migratetype, a byte each, where struct contig_what has them, so that an allocation copies them in
 * one go; flags in the kind's upper bits and in the fourth byte. An INTERIOR page has kind PAGE_NONE.
 */
#define STATE_KIND_MASK   0x00001fu
#define STATE_ORDER_SHIFT 8
#define STATE_ORDER_MASK  0x00ff00u
#define STATE_TYPE_SHIFT  16
#define STATE_TYPE_MASK   0xff0000u
#define STATE_PINNED      (1u << 5)  /* an extra reference: can not be migrated */
#define STATE_MIGRATING   (1u << 6)  /* collected for migration: off the LRU until it is moved or put back */
#define STATE_FROZEN      (1u << 7)  /* in use with refcount 0 */
#define STATE_FREED       (1u << 24) /* freed by its owner while MIGRATING or PINNED: goes with that reference */
#define STATE_LOCKED      (1u << 25) /* see page_lock() */
#define STATE_INTERIOR    0u

static_assert(PAGE_KIND_NR <= 32, "kinds share a byte with the flags");

static inline uint32_t state_make(enum page_kind kind, unsigned int order, enum migratetype mt)
{
	return (uint32_t)kind | order << STATE_ORDER_SHIFT | (uint32_t)mt << STATE_TYPE_SHIFT;
}

static_assert(offsetof(struct contig_what, kind) == 0 && offsetof(struct contig_what, order) == 1 &&
                      offsetof(struct contig_what, migratetype) == 2,
              "as in state");

static inline uint32_t what_bytes(struct contig_what what)
{
	uint32_t bytes;

	memcpy(&bytes, &what, sizeof(bytes));
	return bytes;
}

static inline uint32_t state_of(struct contig_what what)
{
	return what_bytes(what) & (STATE_KIND_MASK | STATE_ORDER_MASK | STATE_TYPE_MASK);
}

/* Order 0, and any node will do. */
static inline bool what_is_plain(struct contig_what what)
{
	return !(what_bytes(what) & ~(STATE_KIND_MASK | STATE_TYPE_MASK));
}

static inline enum page_kind state_kind(uint32_t state)
{
	return (enum page_kind)(state & STATE_KIND_MASK);
}

static inline unsigned int state_order(uint32_t state)
{
	return (state & STATE_ORDER_MASK) >> STATE_ORDER_SHIFT;
}

/* FREE: the list it is on; PCP: the type cached when it was freed; in use: the type that was asked for */
static inline enum migratetype state_type(uint32_t state)
{
	return (enum migratetype)((state & STATE_TYPE_MASK) >> STATE_TYPE_SHIFT);
}

static inline bool state_is(uint32_t state, enum page_kind kind)
{
	return state_kind(state) == kind;
}

static inline bool state_is_free(uint32_t state, unsigned int order)
{
	return (state & (STATE_KIND_MASK | STATE_ORDER_MASK)) == state_make(PAGE_FREE, order, 0);
}

/* What the rules ask of a page in use. */
enum kind_trait {
	KIND_IN_USE = 1,
	KIND_ALLOCATED = 2, /* alloc() hands it out and free() takes it back */
	KIND_LRU = 4,
	KIND_HUGETLB = 8,
	KIND_COMPOUND = 16, /* above order 0: one reference for all of the run, and every tail knows its head */
	KIND_SINGLES = 32,  /* a run of single pages, kept together only in our books */
};

static const struct {
	uint8_t traits;
	uint8_t mt; /* that such a page is allocated with */
} kinds[PAGE_KIND_NR] = {
	[PAGE_KERNEL] = { KIND_IN_USE | KIND_ALLOCATED | KIND_COMPOUND, MT_UNMOVABLE },
	[PAGE_RECLAIMABLE] = { KIND_IN_USE | KIND_ALLOCATED | KIND_COMPOUND, MT_RECLAIMABLE },
	[PAGE_LRU] = { KIND_IN_USE | KIND_ALLOCATED | KIND_LRU, MT_MOVABLE },
	[PAGE_LRU_COMPOUND] = { KIND_IN_USE | KIND_ALLOCATED | KIND_LRU | KIND_COMPOUND, MT_MOVABLE },
	[PAGE_USER] = { KIND_IN_USE | KIND_ALLOCATED | KIND_COMPOUND, MT_MOVABLE },
	[PAGE_NONCOMPOUND] = { KIND_IN_USE | KIND_ALLOCATED, MT_UNMOVABLE },
	[PAGE_MOVABLE_OPS] = { KIND_IN_USE | KIND_ALLOCATED | KIND_COMPOUND, MT_MOVABLE },
	[PAGE_HUGETLB] = { KIND_IN_USE | KIND_ALLOCATED | KIND_HUGETLB | KIND_COMPOUND, MT_MOVABLE },
	[PAGE_HUGETLB_POOL] = { KIND_IN_USE | KIND_ALLOCATED | KIND_HUGETLB | KIND_COMPOUND, MT_MOVABLE },
	[PAGE_GIGANTIC] = { KIND_IN_USE | KIND_HUGETLB | KIND_COMPOUND, MT_MOVABLE },
	[PAGE_CONTIG] = { KIND_IN_USE | KIND_SINGLES, MT_MOVABLE },
	[PAGE_OFFLINE] = { KIND_IN_USE | KIND_SINGLES, MT_MOVABLE },
	[PAGE_HWPOISON] = { KIND_IN_USE | KIND_SINGLES, MT_MOVABLE },
	[PAGE_RESERVED] = { KIND_IN_USE | KIND_SINGLES, MT_UNMOVABLE },
	[PAGE_ABSENT] = { KIND_SINGLES, MT_MOVABLE },
};

static inline bool state_has(uint32_t state, enum kind_trait trait)
{
	return kinds[state_kind(state)].traits & trait;
}

/* Taken by a contiguous request that is not done yet: nobody's so far. */
#define OWNER_TAKEN UINT64_MAX

/* A state that other threads may change or look at meanwhile; what was written before it is there when it is seen. */
static inline uint32_t page_state(const struct page *p)
{
	return __atomic_load_n(&p->state, __ATOMIC_ACQUIRE);
}

static inline void page_set_state(struct page *p, uint32_t state)
{
	__atomic_store_n(&p->state, state, __ATOMIC_RELEASE);
}

static inline owner_t page_owner(const struct page *p)
{
	owner_t owner;

	memcpy(&owner, p->link, sizeof(owner)); /* one load, though only 4-aligned */
	return owner;
}

static inline void page_set(struct page *p, uint32_t state, owner_t owner)
{
	memcpy(p->link, &owner, sizeof(owner));
	page_set_state(p, state);
}

#endif
