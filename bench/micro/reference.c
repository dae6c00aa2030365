// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../allocators/lock.h"
#include "reference.h"

#define MAX_ORDER  20u
#define PCP_BATCH  63u             /* Linux's for zones of 1 GiB and more */
#define PCP_HIGH   (6 * PCP_BATCH) /* its value until v5.13 */
#define HUGE_BYTES ((size_t)2 << 20)

struct descriptor {
	uint32_t prev, next; /* pfns; the list heads are descriptors behind the last page */
	uint8_t order;
	bool free; /* the first page of a run on a free list */
	uint16_t unused;
	uint32_t pad; /* 16 bytes, as in the comparison that the limits were taken from */
};
_Static_assert(sizeof(struct descriptor) == 16, "the yardstick has 16-byte descriptors");

/* Of one CPU: nobody else looks at it, and nothing ever drains it. */
struct stack {
	_Alignas(64) uint32_t count;
	uint32_t pages[PCP_HIGH + PCP_BATCH];
};

struct reference {
	struct descriptor *page;
	uint32_t pages;
	unsigned int max_order;
	uint32_t nr_stacks;
	bool locked; /* the buddy is shared: `lock` is held around what is done to it */
	struct stack *stacks;
	size_t bytes;
	_Alignas(64) struct spinlock lock;
	uint32_t nr_free; /* on the free lists */
	uint32_t nr_runs[MAX_ORDER + 1];
};

static uint32_t list_head(const struct reference *r, unsigned int order)
{
	return r->pages + order;
}

static void push(struct reference *r, uint32_t pfn, unsigned int order)
{
	struct descriptor *d = r->page;
	uint32_t head = list_head(r, order), first = d[head].next;

	d[pfn] = (struct descriptor){ .prev = head, .next = first, .order = (uint8_t)order, .free = true };
	d[first].prev = pfn;
	d[head].next = pfn;
	r->nr_runs[order]++;
}

static void unlink_run(struct reference *r, uint32_t pfn, unsigned int order)
{
	struct descriptor *d = r->page;

	d[d[pfn].prev].next = d[pfn].next;
	d[d[pfn].next].prev = d[pfn].prev;
	d[pfn].free = false;
	r->nr_runs[order]--;
}

static uint32_t buddy_alloc(struct reference *r, unsigned int order)
{
	unsigned int k = order;

	while (k <= r->max_order && r->page[list_head(r, k)].next == list_head(r, k))
		k++;
	if (k > r->max_order)
		return REFERENCE_NONE;

	uint32_t pfn = r->page[list_head(r, k)].next;
	unlink_run(r, pfn, k);
	while (k > order) {
		k--;
		push(r, pfn + (1u << k), k);
	}
	r->nr_free -= 1u << order;
	return pfn;
}

static void buddy_free(struct reference *r, uint32_t pfn, unsigned int order)
{
	r->nr_free += 1u << order;
	while (order < r->max_order) {
		uint32_t buddy = pfn ^ 1u << order;

		if (buddy >= r->pages || !r->page[buddy].free || r->page[buddy].order != order)
			break;
		unlink_run(r, buddy, order);
		pfn &= buddy;
		order++;
	}
	push(r, pfn, order);
}

static void lock(struct reference *r)
{
	if (r->locked)
		spin_lock(&r->lock);
}

static void unlock(struct reference *r)
{
	if (r->locked)
		spin_unlock(&r->lock);
}

static void refill(struct reference *r, struct stack *s)
{
	lock(r);
	while (s->count < PCP_BATCH) {
		uint32_t pfn = buddy_alloc(r, 0);

		if (pfn == REFERENCE_NONE)
			break;
		s->pages[s->count++] = pfn;
	}
	unlock(r);
}

uint32_t reference_alloc_on(struct reference *r, uint32_t cpu, unsigned int order)
{
	if (order || !r->nr_stacks) {
		lock(r);
		uint32_t pfn = buddy_alloc(r, order);

		unlock(r);
		return pfn;
	}
	struct stack *s = &r->stacks[cpu];

	if (!s->count)
		refill(r, s);
	return s->count ? s->pages[--s->count] : REFERENCE_NONE;
}

void reference_free_on(struct reference *r, uint32_t cpu, uint32_t pfn, unsigned int order)
{
	if (order || !r->nr_stacks) {
		lock(r);
		buddy_free(r, pfn, order);
		unlock(r);
		return;
	}
	struct stack *s = &r->stacks[cpu];

	s->pages[s->count++] = pfn;
	/* in the cache before the buddy needs it; Linux does so by writing page->lru */
	__builtin_prefetch(&r->page[pfn], 1);
	if (s->count < PCP_HIGH)
		return;
	lock(r);
	for (uint32_t i = 0; i < PCP_BATCH; i++)
		buddy_free(r, s->pages[--s->count], 0);
	unlock(r);
}

static struct reference *open_with(uint32_t pages, unsigned int max_order, uint32_t nr_stacks, bool locked)
{
	struct reference *r = aligned_alloc(64, sizeof(*r));

	if (!r)
		return NULL;
	memset(r, 0, sizeof(*r));
	if (max_order > MAX_ORDER)
		goto no_memory;
	r->nr_stacks = nr_stacks;
	r->locked = locked;
	r->stacks = nr_stacks ? aligned_alloc(64, nr_stacks * sizeof(*r->stacks)) : NULL;
	if (nr_stacks && !r->stacks)
		goto no_memory;
	for (uint32_t i = 0; i < nr_stacks; i++)
		r->stacks[i].count = 0;
	r->pages = pages;
	r->max_order = max_order;
	/* on huge pages, or random victims measure the TLB instead of the allocator */
	r->bytes = (((size_t)pages + max_order + 1) * sizeof(*r->page) + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
	r->page = aligned_alloc(HUGE_BYTES, r->bytes);
	if (!r->page)
		goto no_memory;
	madvise(r->page, r->bytes, MADV_HUGEPAGE);
	memset(r->page, 0, r->bytes);
	for (unsigned int k = 0; k <= max_order; k++)
		r->page[list_head(r, k)].prev = r->page[list_head(r, k)].next = list_head(r, k);

	for (uint32_t pfn = 0; pfn < pages;) {
		unsigned int order = pfn ? (unsigned int)__builtin_ctz(pfn) : max_order;

		if (order > max_order)
			order = max_order;
		while (pages - pfn < 1u << order)
			order--;
		push(r, pfn, order);
		r->nr_free += 1u << order;
		pfn += 1u << order;
	}
	return r;

no_memory:
	free(r->stacks);
	free(r);
	return NULL;
}

struct reference *reference_open(uint32_t pages, unsigned int max_order, bool pcp)
{
	return open_with(pages, max_order, pcp, false);
}

struct reference *reference_open_shared(uint32_t pages, unsigned int max_order, uint32_t nr_cpus)
{
	return open_with(pages, max_order, nr_cpus, true);
}

void reference_close(struct reference *r)
{
	if (r) {
		free(r->page);
		free(r->stacks);
	}
	free(r);
}

uint32_t reference_nr_free(const struct reference *r)
{
	uint32_t pages = r->nr_free;

	for (uint32_t i = 0; i < r->nr_stacks; i++)
		pages += r->stacks[i].count;
	return pages;
}

uint32_t reference_runs(const struct reference *r, unsigned int order)
{
	return order <= r->max_order ? r->nr_runs[order] : 0;
}
