// SPDX-License-Identifier: MIT
/* cma.c - allocating from CMA areas. cma_area.c sets them up. */
#include <stdlib.h>

#include "cma_area.h"

struct cma_request {
	struct user_request base;
	struct cma_area *area;
	uint32_t pages;
	uint32_t cpu;
	unsigned int align_order;
	uint64_t bits;  /* that the pages take */
	uint32_t range; /* that is being looked through ... */
	uint64_t from;  /* ... from this bit on */
	uint64_t bit;   /* first of the bits that are set for the call */
};

static struct cma_request *of(struct user_request *r)
{
	return (struct cma_request *)r;
}

/* ---- the bitmap ------------------------------------------------------------------------------ */

static void mark(struct cma_area *a, struct cma_bitmap *b, uint64_t bit, uint64_t nr, bool taken)
{
	for (uint64_t i = bit; i < bit + nr; i++) {
		if (taken)
			b->map[i / 64] |= UINT64_C(1) << i % 64;
		else
			b->map[i / 64] &= ~(UINT64_C(1) << i % 64);
	}
	a->available += (uint32_t)(taken ? -nr : nr) << a->order_per_bit;
}

/* The first bit of [from, end) that is set, or end. */
static uint64_t next_set(const struct cma_bitmap *b, uint64_t from, uint64_t end, struct contig_work *work)
{
	while (from < end) {
		uint64_t word = b->map[from / 64] >> from % 64;

		work->scanned++;
		if (word) {
			from += (uint64_t)__builtin_ctzll(word);
			return from < end ? from : end;
		}
		from += 64 - from % 64;
	}
	return end;
}

/* Bits that an alignment skips at a time, less one. */
static uint64_t align_mask(const struct cma_request *q)
{
	unsigned int opb = q->area->order_per_bit;

	return q->align_order > opb ? (UINT64_C(1) << (q->align_order - opb)) - 1 : 0;
}

/* The pages, not the bits, are to be aligned: the range may begin below its own alignment. */
static uint64_t find_clear(const struct cma_request *q, const struct cma_bitmap *b, struct contig_work *work)
{
	uint64_t mask = align_mask(q);
	uint64_t offset = (b->base & ((UINT64_C(1) << q->align_order) - 1)) >> q->area->order_per_bit;
	uint64_t from = q->from;

	for (;;) {
		uint64_t bit = ((from + offset + mask) & ~mask) - offset;

		if (bit + q->bits > b->bits)
			return CMA_NO_BIT;
		uint64_t set = next_set(b, bit, bit + q->bits, work);

		if (set == bit + q->bits)
			return bit;
		from = set + 1;
	}
}

/* ---- cma_alloc ------------------------------------------------------------------------------- */

static user_state search, ask, conclude;

/* What is held around the call, by knob cma_mutex. */
static struct user_lock *mutex_of(struct cma_area *a)
{
	switch ((enum knob_cma_mutex)a->cma->m.policy->cma_mutex) {
	case cma_mutex_global:
		return &a->cma->lock;
	case cma_mutex_per_area:
		return &a->lock;
	case cma_mutex_none:
		break;
	}
	return NULL;
}

static enum user_progress give_up(struct user_request *r)
{
	if (r->out.calls)
		return user_finish(r, r->call.rc);
	user_blame(r, WHY_NO_CANDIDATE, PFN_NONE, NULL);
	return user_finish(r, -ENOMEM);
}

static enum user_progress search(struct user_request *r, struct contig_work *work)
{
	struct cma_request *q = of(r);
	struct cma_area *a = q->area;

	work->phase = PHASE_SEARCH;
	/* v7.x: known without looking; the answer was the same before */
	if (q->pages > a->available)
		return give_up(r);
	for (; q->range < a->nr_ranges; q->range++, q->from = 0) {
		q->bit = find_clear(q, &a->range[q->range], work);
		if (q->bit == CMA_NO_BIT)
			continue;
		mark(a, &a->range[q->range], q->bit, q->bits, true);
		return user_next(r, ask);
	}
	return give_up(r);
}

static enum user_progress ask(struct user_request *r, struct contig_work *work)
{
	struct cma_request *q = of(r);
	struct user_lock *mutex = mutex_of(q->area);

	(void)work;
	if (mutex && !user_lock(mutex, r))
		return USER_WAITS;
	const struct contig_range_args args = {
		.start = q->area->range[q->range].base + (pfn_t)(q->bit << q->area->order_per_bit),
		.nr = q->pages,
		.cpu = q->cpu,
		.caller = CALLER_CMA,
	};
	return user_call(r, &args, conclude);
}

static enum user_progress conclude(struct user_request *r, struct contig_work *work)
{
	struct cma_request *q = of(r);
	struct user_lock *mutex = mutex_of(q->area);

	(void)work;
	if (mutex)
		user_unlock(mutex, r);
	if (!r->call.rc) {
		r->out.nr = q->pages;
		return user_finish(r, 0);
	}
	mark(q->area, &q->area->range[q->range], q->bit, q->bits, false);
	if (r->call.rc != -EBUSY)
		return user_finish(r, r->call.rc);
	/* on to the next aligned bit, also where the whole block is known to be busy */
	q->from = q->bit + align_mask(q) + 1;
	return user_next(r, search);
}

static uint64_t bits_for(const struct cma_area *a, uint32_t pages)
{
	return ((uint64_t)pages + (1u << a->order_per_bit) - 1) >> a->order_per_bit;
}

int cma_alloc_begin(struct cma_area *a, uint32_t pages, unsigned int align_order, uint32_t cpu,
                    struct user_request **out)
{
	if (!pages || align_order > 31)
		return -EINVAL;
	*out = user_begin(a->cma->m.c, sizeof(struct cma_request), search);
	if (!*out)
		return -ENOMEM;
	struct cma_request *q = of(*out);

	q->area = a;
	q->pages = pages;
	q->bits = bits_for(a, pages);
	q->align_order = align_order;
	q->cpu = cpu;
	return 0;
}

/* ---- cma_release ----------------------------------------------------------------------------- */

int cma_release(struct cma_area *a, uint32_t cpu, pfn_t start, uint32_t pages)
{
	for (uint32_t i = 0; i < a->nr_ranges && pages; i++) {
		struct cma_bitmap *b = &a->range[i];
		uint64_t bit = (uint64_t)(start - b->base) >> a->order_per_bit;
		uint64_t behind = bit + bits_for(a, pages);

		if (start < b->base || behind > b->bits || (start - b->base) & ((1u << a->order_per_bit) - 1))
			continue;
		for (uint64_t k = bit; k < behind; k++) {
			if (!(b->map[k / 64] >> k % 64 & 1))
				return -EINVAL;
		}
		int rc = contig_range_free(a->cma->m.c, cpu, start, pages);

		if (!rc)
			mark(a, b, bit, behind - bit, false);
		return rc;
	}
	return -EINVAL;
}
