// SPDX-License-Identifier: MIT
/* pcp.c - per-cpu lists: arrays, head first (3.5). */
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define SCALE 5u /* doublings at most, of what is drained or refilled */

static unsigned int nr_lists(const struct oracle *o)
{
	static const uint8_t lists[] = {
		[PCP_ORDER_0] = 3, [PCP_5_14] = 13, [PCP_5_18] = 13, [PCP_6_1] = 14, [PCP_6_7] = 14, [PCP_7_2] = 14
	};

	return lists[o->r->pcp];
}

static unsigned int list_of(const struct oracle *o, unsigned int order, unsigned int type)
{
	if (order <= 3)
		return 3 * order + type;
	return THP_LIST + (nr_lists(o) > THP_LIST + 1 && type == MT_MOVABLE);
}

/* batch: managed / 1024 up to 1 MiB, a quarter, one less than a power of two (half as much again rounded down). */
void o_pcp_init(struct oracle *o)
{
	const struct contig_zone *z = &o->g.zones[0];
	uint32_t managed = z->managed ? z->managed : z->pages;
	uint32_t batch = least(managed / 1024, 1u << (20 - o->g.page_shift)) / 4, pow2 = 1;

	batch = most(batch, 1);
	while (pow2 * 2 <= batch + batch / 2)
		pow2 *= 2;
	o->batch = most(pow2 - 1, 1);
	o->high_min = o->r->pcp == PCP_ORDER_0 ? 6 * o->batch : most(z->wmark_low / o->g.nr_cpus, 4 * o->batch);
	o->high_max = o->r->pcp >= PCP_6_7 ? most(managed / 8 / o->g.nr_cpus, 4 * o->batch) : o->high_min;
	o->high_max = most(o->high_max, o->high_min);
	o->cpu = calloc(o->g.nr_cpus, sizeof(*o->cpu));
	for (uint32_t c = 0; c < o->g.nr_cpus; c++) {
		for (unsigned int l = 0; l < PCP_LISTS; l++)
			o->cpu[c].list[l] = calloc(o->g.zones[0].pages, sizeof(pfn_t));
		o->cpu[c].high = o->high_min;
	}
}

bool o_pcp_takes(const struct oracle *o, unsigned int order)
{
	return !order || (o->r->pcp != PCP_ORDER_0 && (order <= 3 || order == o->P));
}

/* The type of a page that leaves a list for the buddy. */
static unsigned int leaving_type(const struct oracle *o, pfn_t pfn, bool any_isolated)
{
	return o->r->hygiene || (any_isolated && !o->r->cached_always) ? type_at(o, pfn) : o->page[pfn].type;
}

/* The oldest page of a list to the buddy; its size. */
static uint32_t give_one(struct oracle *o, struct ocpu *c, unsigned int l)
{
	pfn_t pfn = c->list[l][--c->nr[l]];
	unsigned int order = o->page[pfn].order;

	c->count -= 1u << order;
	o_free_run(o, pfn, order, leaving_type(o, pfn, o->isolated > 0), false);
	return 1u << order;
}

/* v5.10: in turn, MOVABLE first, with a credit that grows by one for every list looked at. */
static uint32_t give_in_turn(struct oracle *o, struct ocpu *c, int64_t want)
{
	unsigned int l = 0, lists = nr_lists(o);
	uint32_t given = 0, nr;
	int64_t credit = 0;

	while (want > 0) {
		do {
			credit++;
			l = (l + 1) % lists;
		} while (!c->nr[l]);
		if (credit == lists)
			credit = want;
		do {
			nr = give_one(o, c, l);
			want -= nr;
			given += nr;
		} while (want > 0 && --credit && c->nr[l]);
	}
	return given;
}

/* v5.18: a list to its end, then the next. */
static uint32_t give_whole_lists(struct oracle *o, struct ocpu *c, int64_t want, unsigned int l)
{
	uint32_t given = 0;

	for (; want > 0; l = (l + 1) % nr_lists(o)) {
		while (want > 0 && c->nr[l]) {
			uint32_t nr = give_one(o, c, l);

			want -= nr;
			given += nr;
		}
	}
	return given;
}

static uint32_t give(struct oracle *o, struct ocpu *c, uint32_t want, unsigned int first)
{
	want = least(want, c->count);
	return o->r->pcp < PCP_5_18 ? give_in_turn(o, c, want) : give_whole_lists(o, c, want, first);
}

uint32_t o_drain_all(struct oracle *o)
{
	uint32_t given = 0;

	for (uint32_t c = 0; c < o->g.nr_cpus; c++)
		given += give(o, &o->cpu[c], o->cpu[c].count, 0);
	return given;
}

static uint32_t between(uint32_t low, uint32_t x, uint32_t high)
{
	return x < low ? low : x > high ? high : x;
}

/* How many pages go when the lists are full. */
static uint32_t overflow(struct oracle *o, struct ocpu *c)
{
	uint32_t most_free = c->high - o->batch, nr;

	switch (o->r->pcp) {
	case PCP_ORDER_0:
		return o->batch;
	case PCP_6_7:
	case PCP_7_2:
		return between(o->batch, c->free_count, most_free);
	default:
		nr = o->batch << c->free_factor;
		if (nr < most_free && c->free_factor < SCALE)
			c->free_factor++;
		return between(o->batch, nr, most_free);
	}
}

static void pcp_put(struct oracle *o, struct ocpu *c, pfn_t pfn, unsigned int order, unsigned int type)
{
	unsigned int l = list_of(o, order, mergeable(type) ? type : MT_MOVABLE);

	memmove(c->list[l] + 1, c->list[l], c->nr[l]++ * sizeof(pfn_t));
	c->list[l][0] = pfn;
	o->page[pfn] = (struct opage){ .kind = PAGE_PCP, .order = (uint8_t)order, .type = (uint8_t)type };
	c->count += 1u << order;
	if (o->r->pcp >= PCP_6_7) {
		c->alloc_factor >>= 1;
		if (c->free_count < o->batch << SCALE)
			c->free_count += 1u << order;
	}
	if (c->count < c->high)
		return;
	uint32_t want = overflow(o, c);

	/* the lists may hold more from the next free on */
	if (o->r->pcp >= PCP_6_7)
		c->high = between(o->high_min, most(c->high, c->free_count + o->batch), o->high_max);
	/* v7.x: in steps of a batch, each beginning at the list just freed to, whatever large pages overshot */
	for (uint32_t step = o->r->pcp == PCP_7_2 ? o->batch : want, part; want && c->count; want -= part) {
		part = least(step, want);
		give(o, c, part, l);
	}
}

void o_free_pages(struct oracle *o, uint32_t cpu, pfn_t pfn, unsigned int order)
{
	unsigned int type = type_at(o, pfn);

	if (o_pcp_takes(o, order) && type != MT_ISOLATE)
		pcp_put(o, &o->cpu[cpu], pfn, order, type);
	else
		o_free_to_buddy(o, pfn, order);
}

/* Runs that a refill takes. */
static uint32_t refill(struct oracle *o, struct ocpu *c, unsigned int order)
{
	const struct contig_zone *z = &o->g.zones[0];
	uint32_t batch = o->batch;

	if (o->r->pcp >= PCP_6_7) {
		uint32_t room;

		if (!order)
			batch <<= c->alloc_factor;
		/* had they held more, nothing would have to be taken; below the high mark they hold as little as they may */
		if (o_above_mark(o, 0, MT_MOVABLE, (struct right){ 0 }, 2 * (int64_t)z->wmark_low - z->wmark_min,
		                 false))
			c->high = between(o->high_min, c->high + batch, o->high_max);
		else
			c->high = o->high_min;
		if (!order) {
			int64_t left = (int64_t)c->high - c->count - o->batch;

			room = left > o->batch ? (uint32_t)left : o->batch;
			if (batch <= room && c->alloc_factor < SCALE)
				c->alloc_factor++;
			batch = least(batch, room);
		}
	}
	return batch > 1 ? most(batch >> order, 2) : batch;
}

pfn_t o_pcp_take(struct oracle *o, uint32_t cpu, unsigned int order, unsigned int type)
{
	struct ocpu *c = &o->cpu[cpu];
	unsigned int l = list_of(o, order, type);
	pfn_t pfn;

	if (!c->nr[l]) {
		enum take_mode mode = TAKE_NORMAL;

		for (uint32_t nr = refill(o, c, order); nr; nr--) {
			pfn = o_take(o, order, type, &mode);
			if (pfn == NO_PAGE)
				break;
			o->page[pfn].kind = PAGE_PCP;
			c->list[l][c->nr[l]++] = pfn;
			c->count += 1u << order;
		}
	}
	if (!c->nr[l])
		return NO_PAGE;
	c->free_factor >>= 1;
	c->free_count >>= 1;
	pfn = c->list[l][0];
	memmove(c->list[l], c->list[l] + 1, --c->nr[l] * sizeof(pfn_t));
	c->count -= 1u << order;
	o->page[pfn].kind = PAGE_NONE;
	return pfn;
}
