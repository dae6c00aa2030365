/* SPDX-License-Identifier: MIT */
/*
 * freelist.h - the free lists: doubly linked by pfn through the descriptors, a descriptor behind the last page as each list's
 * head. Inline, as they are what allocation and freeing consist of.
 */
#ifndef FREELIST_H
#define FREELIST_H

#include "model.h"

static inline pfn_t list_head(const struct zone *z, unsigned int order, enum migratetype mt)
{
	return z->lists + order * MT_NR + (uint32_t)mt;
}

/* First run of a list, or PFN_NONE. */
static inline pfn_t list_first(const struct model *m, const struct zone *z, unsigned int order, enum migratetype mt)
{
	pfn_t head = list_head(z, order, mt), first = READ_ONCE(m->page[head].link[0]);

	return first == head ? PFN_NONE : first;
}

static inline void free_list_add(struct model *m, struct zone *z, pfn_t pfn, unsigned int order, enum migratetype mt,
                                 bool tail)
{
	pfn_t head = list_head(z, order, mt);
	struct page *page = m->page, *p = &page[pfn], *h = &page[head];

	page_set_state(p, state_make(PAGE_FREE, order, mt));
	ADD_ONCE(z->nr_free[order], 1);
	/* without a branch: which end it is can not be predicted */
	pfn_t prev = tail ? h->link[1] : head, next = tail ? head : h->link[0];

	p->link[0] = next;
	p->link[1] = prev;
	WRITE_ONCE(page[prev].link[0], pfn);
	page[next].link[1] = pfn;
}

/* Take off a run whose order the caller knows; the descriptor says nothing any more. */
static inline void free_list_unlink(struct model *m, struct zone *z, pfn_t pfn, unsigned int order)
{
	struct page *page = m->page, *p = &page[pfn];
	pfn_t next = p->link[0], prev = p->link[1];

	WRITE_ONCE(page[prev].link[0], next);
	page[next].link[1] = prev;
	ADD_ONCE(z->nr_free[order], -UINT64_C(1));
	page_set_state(p, STATE_INTERIOR);
}

static inline void free_list_del(struct model *m, struct zone *z, pfn_t pfn)
{
	free_list_unlink(m, z, pfn, state_order(state_at(m, pfn)));
}

static inline void free_list_move_tail(struct model *m, struct zone *z, pfn_t pfn, enum migratetype mt)
{
	unsigned int order = state_order(state_at(m, pfn));

	free_list_unlink(m, z, pfn, order);
	free_list_add(m, z, pfn, order, mt, true);
}

/* Does NR_FREE_PAGES hold pages of this type? */
static inline bool type_counted(const struct zone *z, enum migratetype mt)
{
	return mt != MT_ISOLATE || z->isolated_counted;
}

/* What these pages add to NR_FREE_PAGES. */
static inline int64_t counted_pages(const struct zone *z, int64_t pages, enum migratetype mt)
{
	return type_counted(z, mt) ? pages : 0;
}

/* The types that are counted apart as well. */
static inline void account_apart(struct zone *z, int64_t pages, enum migratetype mt)
{
	if (mt == MT_HIGHATOMIC) {
		ADD_ONCE(z->free_highatomic, (uint64_t)pages);
		marks_changed(z);
	} else if (mt == MT_CMA && !z->isolated_counted) { /* v3.7 */
		z->free_cma += pages;
		WRITE_ONCE(z->cma_held, z->free_cma > 0 ? z->free_cma : 0);
	}
}

/* Free pages of a type appear (+) or go (-): isolated ones are not counted (v3.7 and later). */
static inline void account_free(struct zone *z, int64_t pages, enum migratetype mt)
{
	if (unlikely(mt >= MT_HIGHATOMIC)) {
		if (!type_counted(z, mt))
			return;
		account_apart(z, pages, mt);
	}
	ADD_ONCE(z->free, (uint64_t)pages);
}

/* A run has left mt's lists: count it out, and leave that type behind for a per-cpu list that caches it. */
static inline void taken(struct model *m, struct zone *z, pfn_t pfn, unsigned int order, enum migratetype mt)
{
	account_free(z, -((int64_t)1 << order), mt);
	set_state(m, pfn, state_make(PAGE_PCP, order, mt));
}

/* Keep [pfn, 2^low) of a run of order high that is on no list; upper halves go to the head of mt's lists. */
static inline void expand(struct model *m, struct zone *z, pfn_t pfn, unsigned int low, unsigned int high,
                          enum migratetype mt)
{
	while (high > low) {
		high--;
		free_list_add(m, z, pfn + (1u << high), high, mt, false);
	}
}

/* The head of the smallest sufficient list of the type, split; PFN_NONE if all are empty (3.1). */
static inline pfn_t take_smallest(struct model *m, struct zone *z, unsigned int order, enum migratetype mt)
{
	for (unsigned int k = order; k <= m->M; k++) {
		pfn_t pfn = list_first(m, z, k, mt);

		if (pfn == PFN_NONE)
			continue;
		free_list_unlink(m, z, pfn, k);
		expand(m, z, pfn, order, k, mt);
		taken(m, z, pfn, order, mt);
		return pfn;
	}
	return PFN_NONE;
}

#endif
