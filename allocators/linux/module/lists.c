// SPDX-License-Identifier: MIT
/* Free lists: looked at, and changed by hand under the zone's lock. */

#include "contigbench.h"

void cb_run_off(struct zone *zone, struct page *page, unsigned int order)
{
	list_del(&page->cb_link);
	if (PageReported(page))
		__ClearPageReported(page);
	__ClearPageBuddy(page);
	set_page_private(page, 0);
	zone->free_area[order].nr_free--;
}

void cb_run_on(struct zone *zone, struct page *page, unsigned int order, int migratetype, bool tail)
{
	struct list_head *list = &zone->free_area[order].free_list[migratetype];

	set_page_private(page, order);
	__SetPageBuddy(page);
	if (tail)
		list_add_tail(&page->cb_link, list);
	else
		list_add(&page->cb_link, list);
	zone->free_area[order].nr_free++;
}

void cb_count_free(struct zone *zone, long nr, int migratetype, unsigned int order)
{
	/* v3.7: isolated pages are not counted as free */
	if (migratetype == MIGRATE_ISOLATE)
		return;
	__mod_zone_page_state(zone, NR_FREE_PAGES, nr);
#if HAVE_NR_FREE_PAGES_BLOCKS
	if (order >= pageblock_order)
		__mod_zone_page_state(zone, NR_FREE_PAGES_BLOCKS, nr);
#endif
#ifdef CONFIG_CMA
	if (migratetype == MIGRATE_CMA)
		__mod_zone_page_state(zone, NR_FREE_CMA_PAGES, nr);
#endif
#if HAVE_NR_FREE_HIGHATOMIC
	if (migratetype == MIGRATE_HIGHATOMIC)
		zone->nr_free_highatomic += nr;
#endif
}

unsigned long cb_run_over(unsigned long pfn)
{
	struct zone *zone = page_zone(pfn_to_page(pfn));
	unsigned int order;

	for (order = 0; order < CB_NR_ORDERS; order++) {
		unsigned long head = ALIGN_DOWN(pfn, 1ul << order);
		struct page *page = cb_online(head);

		if (!page || page_zone(page) != zone)
			break;
		if (PageBuddy(page))
			return page_private(page) >= order ? head : ULONG_MAX;
	}
	return ULONG_MAX;
}

int cb_list(struct contigbench_list *l)
{
	struct zone *zone = cb_zone(l->zone);
	int mt = cb_migratetype(l->type);
	unsigned long flags;
	struct page *page;
	u64 *pfns;
	int err = 0;

	if (!zone || l->order >= CB_NR_ORDERS || mt < 0 || l->max > 1u << 22)
		return -EINVAL;
	pfns = kvmalloc(max(l->max, 1u) * sizeof(*pfns), GFP_KERNEL);
	if (!pfns)
		return -ENOMEM;
	l->filled = l->total = 0;
	spin_lock_irqsave(&zone->lock, flags);
	list_for_each_entry(page, &zone->free_area[l->order].free_list[mt], cb_link)
	{
		if (l->filled < l->max)
			pfns[l->filled++] = page_to_pfn(page);
		l->total++;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	if (copy_to_user(u64_to_user_ptr(l->pfns), pfns, l->filled * sizeof(*pfns)))
		err = -EFAULT;
	kvfree(pfns);
	return err;
}

int cb_relist(const struct contigbench_relist *r)
{
	struct zone *zone = cb_span(r->pfn, 1);
	int to = cb_migratetype(r->type), err = -EINVAL;
	unsigned long flags;
	struct page *page;

	if (r->type == 'C' && to < 0)
		return -EOPNOTSUPP;
	if (!zone || to < 0 || to == MIGRATE_ISOLATE || r->head > 1)
		return -EINVAL;
	page = pfn_to_page(r->pfn);
	spin_lock_irqsave(&zone->lock, flags);
	if (PageBuddy(page) && cb_reported(r->pfn) != MIGRATE_ISOLATE) {
		unsigned int order = page_private(page);

		err = CB_HYGIENIC && cb_reported(r->pfn) != to ? -EOPNOTSUPP : 0;
		if (!err) {
			cb_run_off(zone, page, order);
			cb_run_on(zone, page, order, to, !r->head);
		}
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return err;
}

/* ---- hog ---------------------------------------------------------------------------------- */

static bool outside(const struct contigbench_hog *h, unsigned long pfn, unsigned int order)
{
	return !h->nr || pfn + (1ul << order) <= h->start || pfn >= h->start + h->nr;
}

static u64 free_outside(struct zone *zone, const struct contigbench_hog *h)
{
	unsigned int order, mt;
	struct page *page;
	u64 sum = 0;

	for (order = 0; order < CB_NR_ORDERS; order++)
		for (mt = 0; mt < MIGRATE_TYPES; mt++)
			list_for_each_entry(page, &zone->free_area[order].free_list[mt],
			                    cb_link) if (mt != MIGRATE_ISOLATE && outside(h, page_to_pfn(page), order))
				sum += 1ul << order;
	return sum;
}

/* What a run's pages count as: a run of high order may cover pageblocks of several types before v6.10. */
static void count_off(struct zone *zone, unsigned long pfn, unsigned int order)
{
	unsigned long end = pfn + (1ul << order), step = min(1ul << order, CB_BLOCK);

	for (; pfn < end; pfn += step)
		cb_count_free(zone, -(long)step, cb_reported(pfn), order);
}

static void take(struct zone *zone, struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i;

	count_off(zone, pfn, order);
	cb_run_off(zone, page, order);
	for (i = 0; i < 1ul << order; i++)
		set_page_count(page + i, 1);
	cb_own(pfn, 1ul << order, 'A', 0);
}

/*
 * Take runs until no more than `keep` pages would be left; the last one as a whole, what is too much of it is reported in
 * *back and goes back after the lock.
 */
static u64 take_all(struct zone *zone, const struct contigbench_hog *h, struct contigbench_span *back)
{
	u64 left = free_outside(zone, h), taken = 0;
	struct page *page, *next;
	unsigned int order, mt;

	for (order = CB_MAX_ORDER + 1; order-- > 0;) {
		for (mt = 0; mt < MIGRATE_TYPES; mt++) {
			if (mt == MIGRATE_ISOLATE)
				continue;
			list_for_each_entry_safe(page, next, &zone->free_area[order].free_list[mt], cb_link)
			{
				u64 nr = 1ul << order, pfn = page_to_pfn(page);

				if (left <= h->keep)
					return taken;
				if (!outside(h, pfn, order) || cb_reported(pfn) == MIGRATE_ISOLATE)
					continue;
				take(zone, page, order);
				taken += nr;
				if (left - h->keep < nr) {
					*back = (struct contigbench_span){ pfn + (left - h->keep),
						                           nr - (left - h->keep) };
					return taken - back->nr;
				}
				left -= nr;
			}
		}
	}
	return taken;
}

int cb_hog(struct contigbench_hog *h)
{
	struct zone *zone = cb_zone(h->zone);
	struct contigbench_span back = { 0 };
	unsigned long flags;

	if (!zone || h->reserved || (h->nr && cb_span(h->start, h->nr) != zone))
		return -EINVAL;
	/* without this much a guest can neither answer nor end */
	if (node_state(zone_to_nid(zone), N_CPU) && h->keep < (32u << 20) / PAGE_SIZE)
		return -EINVAL;
	spin_lock_irqsave(&zone->lock, flags);
	h->taken = take_all(zone, h, &back);
	spin_unlock_irqrestore(&zone->lock, flags);
	if (back.nr)
		return cb_give(&back);
	return 0;
}
