// SPDX-License-Identifier: MIT
/* What is in a span of pages, as the layout string names it, in runs: a snapshot under the zone's lock. */
#include <linux/hugetlb.h>

#include "contigbench.h"

#define MAX_RUNS (1u << 17)

static bool is_movable_ops(struct page *page)
{
#if HAVE_PAGE_HAS_MOVABLE_OPS
	return page_has_movable_ops(page);
#elif HAVE_PAGE_MOVABLE
	return __PageMovable(page);
#else
	return false;
#endif
}

/* Does a process have it? Slab pages and those with a type keep other things where the mapping and its count are. */
static bool is_user(struct page *page)
{
	return !PageSlab(page) && (PageAnon(page) || (page->mapping && atomic_read(&page->_mapcount) >= 0));
}

static u8 compound_kind(struct page *head)
{
	if (PageHuge(head))
		return page_ref_count(head) ? 'C' : 'Q';
	if (PageLRU(head))
		return 'T';
	return is_user(head) ? 'X' : 'K';
}

static u8 single_kind(struct page *page)
{
	bool held = page_ref_count(page);

	if (PageHWPoison(page))
		return 'W';
	if (PageReserved(page))
		return 'B';
	if (PageOffline(page))
		return held ? 'O' : 'o';
	if (PageLRU(page))
		return 'L';
	/* slab pages and page tables have no reference to them from v6.14 on */
	if (PageSlab(page) || PageTable(page))
		return 'K';
	if (!held)
		return 'P';
	if (is_movable_ops(page))
		return 'V';
	return is_user(page) ? 'X' : 'K';
}

static u8 marks_of(unsigned long pfn, struct page *page)
{
	u8 marks = cb_pages[pfn].flags & (CONTIGBENCH_PINNED | CONTIGBENCH_FROZEN);

	if (cb_pages[pfn].kind)
		marks |= CONTIGBENCH_OWNED;
	else if (!PageSlab(page) && PageAnon(page))
		marks |= CONTIGBENCH_ANON;
	return marks;
}

/* The run that begins at pfn, or, if pfn is inside one, that run. */
static void run_at(unsigned long pfn, struct contigbench_run *run)
{
	struct page *page = cb_online(pfn);
	unsigned long head;

	*run = (struct contigbench_run){ .pfn = pfn, .nr = 1, .kind = '.' };
	if (!page)
		return;
	if (cb_pages[pfn].kind) {
		while (cb_pages[pfn].kind == CB_TAIL)
			pfn--;
		run->pfn = pfn;
		run->kind = cb_pages[pfn].kind;
		run->order = cb_pages[pfn].order;
		run->nr = 1u << run->order;
		run->marks = marks_of(pfn, page);
		return;
	}
	head = PageBuddy(page) ? pfn : cb_run_over(pfn);
	if (head != ULONG_MAX) {
		run->pfn = head;
		run->kind = 'F';
		run->order = page_private(pfn_to_page(head));
		run->nr = 1u << run->order;
		run->list = cb_pages[head].list;
		return;
	}
	if (PageCompound(page)) {
		struct page *first = compound_head(page);
		unsigned int order = compound_order(first);
		unsigned long at = page_to_pfn(first);

		/* compounds come and go without the lock: nothing but what makes sense is believed */
		if (at < cb_nr_pages && order <= 20 && at + (1ul << order) > pfn) {
			run->pfn = at;
			run->kind = compound_kind(first);
			run->order = order;
			run->nr = 1u << order;
			run->marks = marks_of(at, first);
			return;
		}
	}
	run->kind = single_kind(page);
	run->marks = marks_of(pfn, page);
}

static bool joins(const struct contigbench_run *a, const struct contigbench_run *b)
{
	return !a->order && !b->order && a->kind == b->kind && a->marks == b->marks && a->kind != 'F' &&
	       a->pfn + a->nr == b->pfn;
}

/* Which list each free run is on, for runs that touch the span: before v6.10 it need not be its pageblock's. */
static void note_lists(struct zone *zone, unsigned long start, unsigned long end)
{
	unsigned int order, mt;
	struct page *page;

	for (order = 0; order < CB_NR_ORDERS; order++) {
		for (mt = 0; mt < MIGRATE_TYPES; mt++) {
			u8 letter = (u8)cb_letter(mt);

			list_for_each_entry(page, &zone->free_area[order].free_list[mt], cb_link)
			{
				unsigned long pfn = page_to_pfn(page);

				if (pfn < end && pfn + (1ul << order) > start)
					cb_pages[pfn].list = letter;
			}
		}
	}
}

/* As far as the zone goes whose lock is held: NULL is for what is not online. */
static void runs_of(struct contigbench_look *l, const struct zone *zone, struct contigbench_run *runs, u32 max)
{
	u64 pfn = l->start, end = l->start + l->nr;

	l->filled = 0;
	while (pfn < end) {
		struct page *page = cb_online(pfn);
		struct contigbench_run run;

		if ((page ? page_zone(page) : NULL) != zone)
			break;
		run_at(pfn, &run);
		if (l->filled && joins(&runs[l->filled - 1], &run))
			runs[l->filled - 1].nr += run.nr;
		else if (l->filled < max)
			runs[l->filled++] = run;
		else
			break;
		pfn = run.pfn + run.nr;
	}
	l->next = pfn;
}

int cb_look(struct contigbench_look *l)
{
	struct contigbench_run *runs;
	u32 max = min(l->max, MAX_RUNS);
	struct page *page;
	struct zone *zone;
	unsigned long flags;
	int err = 0;

	if (!l->nr || !max || l->start >= cb_nr_pages || l->nr > cb_nr_pages - l->start)
		return -EINVAL;
	page = cb_online(l->start);
	zone = page ? page_zone(page) : NULL;
	runs = kvmalloc_array(max, sizeof(*runs), GFP_KERNEL);
	if (!runs)
		return -ENOMEM;
	if (zone) {
		spin_lock_irqsave(&zone->lock, flags);
		note_lists(zone, l->start, l->start + l->nr);
	}
	runs_of(l, zone, runs, max);
	if (zone)
		spin_unlock_irqrestore(&zone->lock, flags);
	if (copy_to_user(u64_to_user_ptr(l->runs), runs, l->filled * sizeof(*runs)))
		err = -EFAULT;
	kvfree(runs);
	return err;
}
