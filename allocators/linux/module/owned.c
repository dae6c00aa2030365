// SPDX-License-Identifier: MIT
/* What the module owns, a table with an entry a page, and how it is given back. */
#include <linux/cma.h>
#include <linux/vmalloc.h>

#include "contigbench.h"

struct cb_page *cb_pages;
unsigned long cb_nr_pages;

int cb_owned_init(void)
{
	cb_nr_pages = cb_end_of_memory();
	/* where the cpus are: the arena's node is to stay as it is */
	cb_pages = vzalloc(cb_nr_pages * sizeof(*cb_pages));
	return cb_pages ? 0 : -ENOMEM;
}

void cb_owned_exit(void)
{
	vfree(cb_pages);
}

void cb_own(unsigned long pfn, unsigned long nr, u8 kind, u8 flags)
{
	for (; nr; nr--, pfn++) {
		cb_pages[pfn].kind = kind;
		cb_pages[pfn].order = 0;
		cb_pages[pfn].flags = (cb_pages[pfn].flags & CB_ISOLATION) | flags;
	}
}

void cb_own_order(unsigned long pfn, unsigned int order, u8 kind)
{
	cb_own(pfn, 1ul << order, CB_TAIL, 0);
	cb_pages[pfn].kind = kind;
	cb_pages[pfn].order = order;
}

void cb_disown(unsigned long pfn, unsigned long nr)
{
	cb_own(pfn, nr, 0, 0);
}

u64 cb_owned_in(const struct zone *zone)
{
	unsigned long pfn, end = min(zone_end_pfn(zone), cb_nr_pages);
	u64 n = 0;

	for (pfn = zone->zone_start_pfn; pfn < end; pfn++)
		n += cb_pages[pfn].kind != 0;
	return n;
}

static bool plain(unsigned long pfn, u8 want_flags)
{
	const struct cb_page *p = &cb_pages[pfn];

	return (p->kind == 'A' || p->kind == 'K' || p->kind == 'S') && !p->order &&
	       (p->flags & ~CB_ISOLATION) == want_flags;
}

static bool all_plain(u64 pfn, u64 nr, u8 want_flags)
{
	if (!nr || pfn >= cb_nr_pages || nr > cb_nr_pages - pfn)
		return false;
	for (; nr; nr--, pfn++)
		if (!plain(pfn, want_flags))
			return false;
	return true;
}

bool cb_can_give(unsigned long pfn, unsigned long nr)
{
	return all_plain(pfn, nr, 0);
}

int cb_give(const struct contigbench_span *s)
{
	if (!all_plain(s->start, s->nr, 0))
		return -EINVAL;
	cb_disown(s->start, s->nr);
	free_contig_range(s->start, s->nr);
	return 0;
}

int cb_cma_free(const struct contigbench_span *s)
{
#if HAVE_CMA
	unsigned long start, nr;
	struct cma *cma = cma_of_cmdline(&start, &nr);

	if (!all_plain(s->start, s->nr, CB_CMA))
		return -EINVAL;
	if (!cma || !CB_CALL(cma_release)(cma, pfn_to_page(s->start), s->nr))
		return -EINVAL;
	cb_disown(s->start, s->nr);
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}

/* The run of owned pages from pfn that goes back in one call. */
static unsigned long give_back(unsigned long pfn)
{
	struct cb_page *p = &cb_pages[pfn];
	struct contigbench_span s = { pfn, 0 };
	u8 flags = p->flags & ~CB_ISOLATION;

	if (p->order) {
		struct contigbench_alloc a = { .pfn = pfn };
		unsigned long next = pfn + (1ul << p->order);

		cb_free(&a);
		return next;
	}
	while (pfn + s.nr < cb_nr_pages && s.nr < 1ul << 16 && plain(pfn + s.nr, flags))
		s.nr++;
	if (flags & CB_CMA)
		cb_cma_free(&s);
	else
		cb_give(&s);
	return pfn + max_t(unsigned long, s.nr, 1);
}

int cb_reset(void)
{
	struct zone *zone;
	unsigned int i;
	unsigned long pfn;

	cb_refs_reset();
	for (pfn = 0; pfn < cb_nr_pages; pfn++) {
		if (cb_pages[pfn].flags & CB_ISOLATED) {
			struct contigbench_request r = { .op = CONTIGBENCH_OP_UNDO, .start = pfn, .nr = CB_BLOCK };

			if (cb_pages[pfn].flags & CB_ISOLATED_CMA)
				r.caller = CONTIGBENCH_CMA;
			cb_request(&r);
		}
		if (cb_pages[pfn].kind)
			cb_plain(pfn);
	}
	for (pfn = 0; pfn < cb_nr_pages;) {
		if (!cb_pages[pfn].kind) {
			pfn++;
			continue;
		}
		pfn = give_back(pfn);
		cond_resched();
	}
	for (i = 0; (zone = cb_zone(i)); i++)
		cb_recount(zone);
	return 0;
}
