// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

struct reference {
	struct descriptor *page;
	uint32_t pages;
	unsigned int max_order;
	uint32_t nr_free; /* on the free lists */
	bool pcp;
	uint32_t pcp_count;
	size_t bytes;
	uint32_t nr_runs[MAX_ORDER + 1];
	uint32_t pcp_pages[PCP_HIGH + PCP_BATCH];
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

uint32_t reference_alloc(struct reference *r, unsigned int order)
{
	if (order || !r->pcp)
		return buddy_alloc(r, order);
	if (!r->pcp_count) {
		while (r->pcp_count < PCP_BATCH) {
			uint32_t pfn = buddy_alloc(r, 0);

			if (pfn == REFERENCE_NONE)
				break;
			r->pcp_pages[r->pcp_count++] = pfn;
		}
		if (!r->pcp_count)
			return REFERENCE_NONE;
	}
	return r->pcp_pages[--r->pcp_count];
}

void reference_free(struct reference *r, uint32_t pfn, unsigned int order)
{
	if (order || !r->pcp) {
		buddy_free(r, pfn, order);
		return;
	}
	r->pcp_pages[r->pcp_count++] = pfn;
	/* in the cache before the buddy needs it; Linux does so by writing page->lru */
	__builtin_prefetch(&r->page[pfn], 1);
	if (r->pcp_count < PCP_HIGH)
		return;
	for (uint32_t i = 0; i < PCP_BATCH; i++)
		buddy_free(r, r->pcp_pages[--r->pcp_count], 0);
}

struct reference *reference_open(uint32_t pages, unsigned int max_order, bool pcp)
{
	struct reference *r = calloc(1, sizeof(*r));

	if (!r || max_order > MAX_ORDER)
		goto no_memory;
	r->pages = pages;
	r->max_order = max_order;
	r->pcp = pcp;
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
	free(r);
	return NULL;
}

void reference_close(struct reference *r)
{
	if (r)
		free(r->page);
	free(r);
}

uint32_t reference_nr_free(const struct reference *r)
{
	return r->nr_free + r->pcp_count;
}

uint32_t reference_runs(const struct reference *r, unsigned int order)
{
	return order <= r->max_order ? r->nr_runs[order] : 0;
}
