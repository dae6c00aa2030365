// SPDX-License-Identifier: MIT
/*
 * Types of pageblocks, read and written where the kernel keeps them: its own getters and setters are not exported. Until v6.16
 * there are 4 bits a pageblock, isolation is a value of the type; from v6.17 there are 8, isolation is a bit of its own.
 */

#include "contigbench.h"

#define TYPE_MASK 7ul

static const struct {
	char letter;
	u8 migratetype;
} types[] = {
	{ 'U', MIGRATE_UNMOVABLE },  { 'M', MIGRATE_MOVABLE }, { 'R', MIGRATE_RECLAIMABLE },
	{ 'H', MIGRATE_HIGHATOMIC }, { 'I', MIGRATE_ISOLATE },
#ifdef CONFIG_CMA
	{ 'C', MIGRATE_CMA },
#endif
};

char cb_letter(int migratetype)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].migratetype == migratetype)
			return types[i].letter;
	return '?';
}

int cb_migratetype(u32 letter)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].letter == (char)letter && letter < 128)
			return types[i].migratetype;
	return -1;
}

/* The word that holds a pageblock's bits, and where in it they begin. */
struct bits {
	unsigned long *word;
	unsigned int shift;
};

static struct bits bits_of(unsigned long pfn)
{
	unsigned long *map, block;

#ifdef CONFIG_SPARSEMEM
	map = __pfn_to_section(pfn)->usage->pageblock_flags;
	block = (pfn & (PAGES_PER_SECTION - 1)) >> pageblock_order;
#else
	struct zone *zone = page_zone(pfn_to_page(pfn));

	map = zone->pageblock_flags;
	block = (pfn - ALIGN_DOWN(zone->zone_start_pfn, CB_BLOCK)) >> pageblock_order;
#endif
	block *= NR_PAGEBLOCK_BITS;
	return (struct bits){ map + block / BITS_PER_LONG, block % BITS_PER_LONG };
}

int cb_stored(unsigned long pfn)
{
	struct bits b = bits_of(pfn);

	return (int)(READ_ONCE(*b.word) >> b.shift & TYPE_MASK);
}

static bool isolate_bit(unsigned long pfn)
{
#if HAVE_ISOLATE_BIT
	struct bits b = bits_of(pfn);

	return READ_ONCE(*b.word) >> (b.shift + PB_migrate_isolate) & 1;
#else
	return false;
#endif
}

int cb_reported(unsigned long pfn)
{
	return isolate_bit(pfn) ? MIGRATE_ISOLATE : cb_stored(pfn);
}

static void store(unsigned long pfn, int migratetype)
{
	struct bits b = bits_of(pfn);
	unsigned long old, new;

	/* neighbours in the same word may change under another zone's lock, and a skip bit under none */
	do {
		old = READ_ONCE(*b.word);
		new = (old & ~(TYPE_MASK << b.shift)) | (unsigned long)migratetype << b.shift;
	} while (cmpxchg(b.word, old, new) != old);
}

int cb_types(struct contigbench_types *t)
{
	u64 pfn, first = ALIGN_DOWN(t->start, CB_BLOCK), n;
	char *letters;
	u32 i = 0;
	int err = 0;

	if (!t->nr || t->start >= cb_nr_pages || t->nr > cb_nr_pages - t->start)
		return -EINVAL;
	n = (ALIGN(t->start + t->nr, CB_BLOCK) - first) >> pageblock_order;
	if (n > t->max)
		return -EINVAL;
	letters = kvmalloc(n, GFP_KERNEL);
	if (!letters)
		return -ENOMEM;
	for (pfn = first; i < n; pfn += CB_BLOCK, i++) {
		char c;

		if (!cb_online(pfn)) {
			letters[i] = '.';
			continue;
		}
		c = cb_letter(cb_stored(pfn));
		letters[i] = isolate_bit(pfn) || c == 'I' ? (char)(c | 0x20) : c;
	}
	if (copy_to_user(u64_to_user_ptr(t->letters), letters, n))
		err = -EFAULT;
	t->filled = i;
	kvfree(letters);
	return err;
}

/* One pageblock, under the zone's lock. */
static void retype(struct zone *zone, unsigned long block, int to)
{
	int was = cb_reported(block);
	unsigned long pfn, head;

	if (CB_HYGIENIC) {
		/* a run over several pageblocks comes apart before one of them changes */
		head = cb_run_over(block);
		if (head != ULONG_MAX && page_private(pfn_to_page(head)) > pageblock_order) {
			struct page *page = pfn_to_page(head);
			unsigned int order = page_private(page);

			cb_run_off(zone, page, order);
			for (pfn = head; pfn < head + (1ul << order); pfn += CB_BLOCK)
				cb_run_on(zone, pfn_to_page(pfn), pageblock_order, was, false);
		}
	}
	for (pfn = block; pfn < block + CB_BLOCK;) {
		struct page *page = pfn_to_page(pfn);
		unsigned int order;

		if (!PageBuddy(page)) {
			pfn++;
			continue;
		}
		order = page_private(page);
		cb_run_off(zone, page, order);
		cb_count_free(zone, -(1l << order), was, order);
		cb_run_on(zone, page, order, to, true);
		cb_count_free(zone, 1l << order, to, order);
		pfn += 1ul << order;
	}
	store(block, to);
#if HAVE_NR_RESERVED_HIGHATOMIC
	/* newer kernels warn when they give up a block that was never counted */
	if (was != MIGRATE_HIGHATOMIC && to == MIGRATE_HIGHATOMIC)
		zone->nr_reserved_highatomic += CB_BLOCK;
	if (was == MIGRATE_HIGHATOMIC && to != MIGRATE_HIGHATOMIC)
		zone->nr_reserved_highatomic -= min((unsigned long)zone->nr_reserved_highatomic, CB_BLOCK);
#endif
}

int cb_settype(const struct contigbench_settype *s)
{
	struct zone *zone = cb_span(s->start, s->nr);
	int to = cb_migratetype(s->type), err = 0;
	unsigned long flags, pfn;

	if (s->type == 'C' && to < 0)
		return -EOPNOTSUPP;
	if (!zone || to < 0 || to == MIGRATE_ISOLATE || s->reserved || !IS_ALIGNED(s->start | s->nr, CB_BLOCK))
		return -EINVAL;
	spin_lock_irqsave(&zone->lock, flags);
	for (pfn = s->start; pfn < s->start + s->nr; pfn += CB_BLOCK)
		if (cb_reported(pfn) == MIGRATE_ISOLATE)
			err = -EBUSY;
	for (pfn = s->start; !err && pfn < s->start + s->nr; pfn += CB_BLOCK)
		retype(zone, pfn, to);
	spin_unlock_irqrestore(&zone->lock, flags);
	return err;
}
