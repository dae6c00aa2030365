// SPDX-License-Identifier: MIT
/*
 * Memory that goes offline with pages that the module owns: a kernel takes PageOffline pages without a reference and poisoned
 * ones for gone. When the block is onlined again all of it is new and free, so what is known of it must go first.
 */
#include <linux/memory.h>
#include <linux/notifier.h>

#include "contigbench.h"

/* Of the block that is on its way; blocks go one at a time, under the lock of memory hotplug. */
static struct {
	struct zone *zone;
	unsigned long managed;
} going;

/*
 * v6.11 ("skip adjust_managed_page_count() for PageOffline() pages when offlining") takes them for pages that a driver has
 * subtracted from the zone's count already: do what such a driver would have done.
 */
static void count_out(unsigned long nr, unsigned long mine)
{
	unsigned long went = going.managed - zone_managed_pages(going.zone), left = nr - min(went, nr);

	left = min(left, mine);
	atomic_long_sub(left, &going.zone->managed_pages);
	totalram_pages_add(-(long)left);
}

static unsigned long forget(unsigned long start, unsigned long nr)
{
	unsigned long pfn, end = min(start + nr, cb_nr_pages), offline = 0;

	for (pfn = start; pfn < end; pfn++) {
		offline += cb_pages[pfn].kind == 'o';
		cb_pages[pfn] = (struct cb_page){ 0 };
	}
	return offline;
}

static int on_memory(struct notifier_block *block, unsigned long action, void *arg)
{
	const struct memory_notify *m = arg;
	struct page *page;

	if (action == MEM_GOING_OFFLINE) {
		page = cb_online(m->start_pfn);
		going.zone = page ? page_zone(page) : NULL;
		going.managed = page ? zone_managed_pages(going.zone) : 0;
	} else if (action == MEM_OFFLINE) {
		unsigned long mine;

		mutex_lock(&cb_lock);
		mine = forget(m->start_pfn, m->nr_pages);
		mutex_unlock(&cb_lock);
		if (mine && going.zone)
			count_out(m->nr_pages, mine);
	}
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = on_memory };

int cb_hotplug_init(void)
{
	return register_memory_notifier(&notifier);
}

void cb_hotplug_exit(void)
{
	unregister_memory_notifier(&notifier);
}
