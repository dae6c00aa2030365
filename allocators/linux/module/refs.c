// SPDX-License-Identifier: MIT
/* Reference counts: an extra one, or none at all. What was taken or hidden is remembered, so that it is put right at the end. */
#include <linux/xarray.h>

#include "contigbench.h"

static DEFINE_XARRAY(frozen); /* pfn -> the count it had */

static unsigned long head_of(u64 pfn)
{
	struct page *page;

	if (pfn >= cb_nr_pages)
		return ULONG_MAX;
	page = cb_online(pfn);
	return page ? page_to_pfn(compound_head(page)) : ULONG_MAX;
}

static void unpin(unsigned long pfn)
{
	cb_pages[pfn].flags &= ~CB_PINNED;
	put_page(pfn_to_page(pfn));
}

int cb_pin(const struct contigbench_ref *r)
{
	unsigned long pfn = head_of(r->pfn);

	if (pfn >= cb_nr_pages || r->on > 1 || r->reserved)
		return -EINVAL;
	if (!r->on) {
		if (!(cb_pages[pfn].flags & CB_PINNED))
			return -ENOENT;
		if (cb_pages[pfn].flags & CB_FROZEN)
			return -EBUSY;
		unpin(pfn);
		return 0;
	}
	if (cb_pages[pfn].flags & CB_PINNED)
		return -EALREADY;
	if (!get_page_unless_zero(pfn_to_page(pfn)))
		return -EBUSY;
	cb_pages[pfn].flags |= CB_PINNED;
	return 0;
}

static int thaw(unsigned long pfn)
{
	void *count = xa_erase(&frozen, pfn);

	if (!count)
		return -ENOENT;
	cb_pages[pfn].flags &= ~CB_FROZEN;
	page_ref_add(pfn_to_page(pfn), (int)xa_to_value(count));
	return 0;
}

int cb_freeze(const struct contigbench_ref *r)
{
	unsigned long pfn = head_of(r->pfn);
	struct page *page;
	int count, err;

	if (pfn >= cb_nr_pages || r->on > 1 || r->reserved)
		return -EINVAL;
	if (!r->on)
		return thaw(pfn);
	page = pfn_to_page(pfn);
	if (cb_pages[pfn].flags & CB_FROZEN)
		return -EALREADY;
	/* someone else's page may lose its owner while the count is hidden: only what is mapped, and simple */
	if (cb_pages[pfn].kind == 0 &&
	    (PageCompound(page) || PageSlab(page) || !PageAnon(page) || atomic_read(&page->_mapcount) < 0))
		return page_ref_count(page) ? -EINVAL : -EBUSY;
	count = page_ref_count(page);
	if (!count)
		return -EBUSY;
	err = xa_err(xa_store(&frozen, pfn, xa_mk_value(count), GFP_KERNEL));
	if (err)
		return err;
	if (!page_ref_freeze(page, count)) {
		xa_erase(&frozen, pfn);
		return -EBUSY;
	}
	cb_pages[pfn].flags |= CB_FROZEN;
	return 0;
}

void cb_refs_reset(void)
{
	unsigned long pfn;
	void *count;

	xa_for_each(&frozen, pfn, count) thaw(pfn);
	for (pfn = 0; pfn < cb_nr_pages; pfn++)
		if (cb_pages[pfn].flags & CB_PINNED)
			unpin(pfn);
}
