// SPDX-License-Identifier: MIT
/* Owned pages of order 0 made into other kinds: flags and counts as a driver, the boot or a memory error would leave them. */
#include "contigbench.h"

static void mark(unsigned long pfn, u32 kind)
{
	struct page *page = pfn_to_page(pfn);

	switch (kind) {
	case 'o':
		__SetPageOffline(page);
		set_page_count(page, 0);
		break;
	case 'O':
		__SetPageOffline(page);
		break;
	case 'W':
		SetPageHWPoison(page);
		break;
	case 'B':
		SetPageReserved(page);
		break;
	}
}

static void unmark(unsigned long pfn, u32 kind)
{
	struct page *page = pfn_to_page(pfn);

	switch (kind) {
	case 'o':
		set_page_count(page, 1);
		__ClearPageOffline(page);
		break;
	case 'O':
		__ClearPageOffline(page);
		break;
	case 'W':
		ClearPageHWPoison(page);
		break;
	case 'B':
		ClearPageReserved(page);
		break;
	}
}

static void apart(unsigned long pfn)
{
	unsigned int order = cb_pages[pfn].order;

	split_page(pfn_to_page(pfn), order);
	cb_own(pfn, 1ul << order, 'A', 0);
}

void cb_plain(unsigned long pfn)
{
	struct cb_page *p = &cb_pages[pfn];

	if (p->kind == 'N' && p->order)
		apart(pfn);
	else if (strchr("oOWB", p->kind)) {
		unmark(pfn, p->kind);
		p->kind = 'A';
	}
}

/* As much of [start, start + nr) as it may be taken for a whole: what reaches out of it can not be changed. */
static bool convertible(u64 start, u64 nr)
{
	u64 pfn = start, end = start + nr;

	if (!nr || start >= cb_nr_pages || nr > cb_nr_pages - start)
		return false;
	while (pfn < end) {
		const struct cb_page *p = &cb_pages[pfn];

		if (!p->kind || !strchr("AKSOoWBN", p->kind) || (p->order && p->kind != 'N'))
			return false;
		if (p->flags & ~CB_ISOLATION)
			return false;
		pfn += 1ul << p->order;
	}
	return pfn == end;
}

static void together(unsigned long pfn, unsigned int order)
{
	unsigned long i;

	for (i = 1; i < 1ul << order; i++)
		set_page_count(pfn_to_page(pfn + i), 0);
	cb_own_order(pfn, order, 'N');
}

int cb_convert(const struct contigbench_convert *c)
{
	u64 pfn, end = c->start + c->nr;

	if (!c->kind || c->kind > 'z' || !strchr("AKSOoWBN", (char)c->kind))
		return -EINVAL;
	if (c->kind == 'N' ? !c->order || c->order > CB_MAX_ORDER || !IS_ALIGNED(c->start | c->nr, 1ul << c->order)
	                   : c->order)
		return -EINVAL;
	if (!convertible(c->start, c->nr))
		return -EINVAL;
	for (pfn = c->start; pfn < end; pfn++) {
		cb_plain(pfn);
		if (c->kind == 'N')
			continue;
		mark(pfn, c->kind);
		cb_pages[pfn].kind = c->kind;
	}
	if (c->kind == 'N')
		for (pfn = c->start; pfn < end; pfn += 1ul << c->order)
			together(pfn, c->order);
	return 0;
}
