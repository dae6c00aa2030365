// SPDX-License-Identifier: MIT
/* Zones by number, spans of the caller's, and what a zone counts. */
#include <linux/string.h>

#include "contigbench.h"

struct zone *cb_zone(unsigned int index)
{
	int node, i;

	for_each_online_node(node)
	{
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(node)->node_zones[i];

			if (populated_zone(zone) && !index--)
				return zone;
		}
	}
	return NULL;
}

unsigned int cb_nr_zones(void)
{
	unsigned int n = 0;

	while (cb_zone(n))
		n++;
	return n;
}

/* max_pfn is not exported everywhere */
unsigned long cb_end_of_memory(void)
{
	unsigned long end = 0;
	int node;

	for_each_online_node(node) end =
		max(end, NODE_DATA(node)->node_start_pfn + NODE_DATA(node)->node_spanned_pages);
	return end;
}

struct page *cb_online(unsigned long pfn)
{
	return pfn < cb_nr_pages && pfn_valid(pfn) ? pfn_to_online_page(pfn) : NULL;
}

struct zone *cb_span(u64 start, u64 nr)
{
	unsigned long pfn;
	struct page *page;
	struct zone *zone;

	if (!nr || start >= cb_nr_pages || nr > cb_nr_pages - start)
		return NULL;
	page = cb_online(start);
	if (!page)
		return NULL;
	zone = page_zone(page);
	/* memory comes and goes by sections, and a zone's holes end at pageblocks at the latest */
	for (pfn = start; pfn < start + nr; pfn = ALIGN(pfn + 1, CB_BLOCK)) {
		page = cb_online(pfn);
		if (!page || page_zone(page) != zone)
			return NULL;
	}
	page = cb_online(start + nr - 1);
	return page && page_zone(page) == zone && zone_spans_pfn(zone, start + nr - 1) ? zone : NULL;
}

static s64 counter(struct zone *zone, enum zone_stat_item item)
{
	/* the shares of cpus may be negative, so must be what is not yet whole */
	s64 sum = atomic_long_read(&zone->vm_stat[item]);
	int cpu;

	for_each_online_cpu(cpu)
	{
#if HAVE_PER_CPU_PAGESET
		sum += per_cpu_ptr(zone->per_cpu_zonestats, cpu)->vm_stat_diff[item];
#else
		sum += per_cpu_ptr(zone->pageset, cpu)->vm_stat_diff[item];
#endif
	}
	return sum;
}

static s64 pcp_pages(struct zone *zone)
{
	s64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
	{
#if HAVE_PER_CPU_PAGESET
		sum += per_cpu_ptr(zone->per_cpu_pageset, cpu)->count;
#else
		sum += per_cpu_ptr(zone->pageset, cpu)->pcp.count;
#endif
	}
	return sum;
}

/* Free pages by the pageblocks they lie in: the zone's lock is held. */
static void walk(struct zone *zone, s64 *free, s64 *free_cma, s64 *list_errors)
{
	unsigned int order, mt;
	struct page *page;

	*free = *free_cma = 0;
	*list_errors = 0;
	for (order = 0; order < CB_NR_ORDERS; order++) {
		for (mt = 0; mt < MIGRATE_TYPES; mt++) {
			list_for_each_entry(page, &zone->free_area[order].free_list[mt], cb_link)
			{
				unsigned long pfn = page_to_pfn(page), end = pfn + (1ul << order);
				unsigned long step = min(1ul << order, CB_BLOCK);

				*list_errors += cb_reported(pfn) != (int)mt;
				for (; pfn < end; pfn += step) {
					int type = cb_reported(pfn);

					if (type != MIGRATE_ISOLATE)
						*free += step;
#ifdef CONFIG_CMA
					if (type == MIGRATE_CMA)
						*free_cma += step;
#endif
				}
			}
		}
	}
}

int cb_zone_stats(struct contigbench_zone *z)
{
	struct zone *zone = cb_zone(z->index);
	unsigned long flags;
	s64 free, free_cma;

	if (!zone)
		return -ENOENT;
	z->node = zone_to_nid(zone);
	strscpy(z->name, zone->name, sizeof(z->name));
	z->start = zone->zone_start_pfn;
	z->spanned = zone->spanned_pages;
	z->present = zone->present_pages;
	z->managed = zone_managed_pages(zone);
	z->wmark_min = min_wmark_pages(zone);
	z->wmark_low = low_wmark_pages(zone);
	z->wmark_high = high_wmark_pages(zone);
	z->pcp = pcp_pages(zone);
	z->owned = cb_owned_in(zone);
	z->tainted = (test_taint(TAINT_WARN) ? 1 : 0) | (test_taint(TAINT_DIE) || test_taint(TAINT_BAD_PAGE) ? 2 : 0);

	spin_lock_irqsave(&zone->lock, flags);
	z->free = counter(zone, NR_FREE_PAGES);
	z->isolated = zone->nr_isolate_pageblock;
	z->reserved_highatomic = HAVE_NR_RESERVED_HIGHATOMIC ? 0 : -1;
#if HAVE_NR_RESERVED_HIGHATOMIC
	z->reserved_highatomic = zone->nr_reserved_highatomic;
#endif
	z->free_highatomic = -1;
#if HAVE_NR_FREE_HIGHATOMIC
	z->free_highatomic = zone->nr_free_highatomic;
#endif
	z->free_cma = -1;
	walk(zone, &free, &free_cma, &z->list_errors);
#ifdef CONFIG_CMA
	z->free_cma = counter(zone, NR_FREE_CMA_PAGES);
	z->drift_cma = z->free_cma - free_cma;
#else
	z->drift_cma = 0;
#endif
	z->drift = z->free - free;
	spin_unlock_irqrestore(&zone->lock, flags);
	return 0;
}

void cb_recount(struct zone *zone)
{
	unsigned long pfn, flags, highatomic = 0, isolated = 0;
	s64 free, free_cma, list_errors;

	spin_lock_irqsave(&zone->lock, flags);
	for (pfn = ALIGN_DOWN(zone->zone_start_pfn, CB_BLOCK); pfn < zone_end_pfn(zone); pfn += CB_BLOCK) {
		struct page *page = cb_online(max(pfn, zone->zone_start_pfn));

		if (!page || page_zone(page) != zone)
			continue;
		highatomic += cb_stored(pfn) == MIGRATE_HIGHATOMIC ? CB_BLOCK : 0;
		isolated += cb_reported(pfn) == MIGRATE_ISOLATE;
	}
#if HAVE_NR_RESERVED_HIGHATOMIC
	zone->nr_reserved_highatomic = highatomic;
#endif
	zone->nr_isolate_pageblock = isolated;
	walk(zone, &free, &free_cma, &list_errors);
	__mod_zone_page_state(zone, NR_FREE_PAGES, free - counter(zone, NR_FREE_PAGES));
#ifdef CONFIG_CMA
	__mod_zone_page_state(zone, NR_FREE_CMA_PAGES, free_cma - counter(zone, NR_FREE_CMA_PAGES));
#endif
	spin_unlock_irqrestore(&zone->lock, flags);
}
