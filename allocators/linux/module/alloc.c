// SPDX-License-Identifier: MIT
/* Kernel pages of the module's own: one allocation on one node. */
#include "contigbench.h"

gfp_t cb_gfp(u32 type, u32 flags)
{
	gfp_t gfp = __GFP_THISNODE | __GFP_NOWARN;

	if (flags & CONTIGBENCH_HIGHATOMIC)
		gfp |= GFP_ATOMIC;
	else
		gfp |= type == 'M' ? GFP_HIGHUSER_MOVABLE : GFP_KERNEL;
	if (type == 'R')
		gfp |= __GFP_RECLAIMABLE;
	if (flags & CONTIGBENCH_NORECLAIM)
		gfp &= ~__GFP_RECLAIM; /* nobody is woken either: kcompactd would move pages at some later time */
	if (flags & CONTIGBENCH_COMPOUND)
		gfp |= __GFP_COMP;
	return gfp;
}

int cb_alloc(struct contigbench_alloc *a)
{
	const u32 known = CONTIGBENCH_COMPOUND | CONTIGBENCH_HIGHATOMIC | CONTIGBENCH_NORECLAIM;
	struct page *page;
	u8 kind;

	if (a->node >= MAX_NUMNODES || !node_online(a->node) || a->order > CB_MAX_ORDER || a->flags & ~known ||
	    a->reserved)
		return -EINVAL;
	if (a->type != 'U' && a->type != 'M' && a->type != 'R')
		return -EINVAL;
	/* the reserve is for what is neither movable nor of a single page */
	if (a->flags & CONTIGBENCH_HIGHATOMIC && (a->type == 'M' || !a->order))
		return -EINVAL;
	page = alloc_pages_node(a->node, cb_gfp(a->type, a->flags), a->order);
	if (!page) {
		a->rc = -ENOMEM;
		return 0;
	}
	a->rc = 0;
	a->pfn = page_to_pfn(page);
	if (a->pfn + (1ul << a->order) > cb_nr_pages) { /* memory that came after the module */
		__free_pages(page, a->order);
		return -ENOMEM;
	}
	kind = a->order && !(a->flags & CONTIGBENCH_COMPOUND) ? 'N' : a->type == 'R' ? 'S' : 'K';
	cb_own_order(a->pfn, a->order, kind);
	return 0;
}

int cb_free(const struct contigbench_alloc *a)
{
	const struct cb_page *p;
	unsigned int order;

	if (a->pfn >= cb_nr_pages)
		return -EINVAL;
	p = &cb_pages[a->pfn];
	if (p->kind != 'K' && p->kind != 'S' && p->kind != 'N')
		return -EINVAL;
	if (p->flags & ~CB_ISOLATION)
		return -EBUSY;
	order = p->order;
	cb_disown(a->pfn, 1ul << order);
	__free_pages(pfn_to_page(a->pfn), order);
	return 0;
}
