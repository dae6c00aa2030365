// SPDX-License-Identifier: MIT
/* lab.c - putting things down exactly, and looking at them: for scenarios and recorded layouts. */
#include "freelist.h"

static bool all_reserved(const struct model *m, pfn_t pfn, pfn_t end)
{
	for (pfn_t head = head_of(m, pfn); head < end; head += run_pages(m, head)) {
		if (!state_is(m->page[head].state, PAGE_RESERVED))
			return false;
	}
	return true;
}

static int lab_place(struct contig *c, pfn_t pfn, unsigned int order, enum page_kind kind, owner_t owner)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, pfn);
	pfn_t end = pfn + (1u << order);

	if (order > m->M || pfn & ((1u << order) - 1) || !z || !zone_has(z, end - 1) || kind == PAGE_PCP || kind == PAGE_NONE ||
	    kind >= PAGE_KIND_NR)
		return -EINVAL;
	if (!all_reserved(m, pfn, end))
		return -EBUSY;
	split_at(m, pfn);
	if (zone_has(z, end) && head_of(m, end) < end)
		split_at(m, end);
	clear_heads(m, pfn, end);
	if (kind == PAGE_FREE) {
		pfn_t buddy = pfn ^ (1u << order);

		/* below a pageblock a free pair always merges: such a layout can not be */
		if (order < m->P && zone_has(z, buddy) && state_is_free(m->page[buddy].state, order)) {
			page_set(&m->page[pfn], state_make(PAGE_RESERVED, order, MT_UNMOVABLE), OWNER_NONE);
			return -EINVAL;
		}
		account_free(z, (int64_t)1 << order, type_at(m, pfn));
		free_list_add(m, z, pfn, order, type_at(m, pfn), false);
		return 0;
	}
	enum migratetype mt = kind == PAGE_RECLAIMABLE ? MT_RECLAIMABLE :
			      kind == PAGE_KERNEL || kind == PAGE_RESERVED ? MT_UNMOVABLE : MT_MOVABLE;

	page_set(&m->page[pfn], state_make(kind, order, mt), owner);
	return 0;
}

/* The free runs that begin in this zone's part of the block go to the lists of mt; also where the zone's end cuts it. */
static void move_part(struct model *m, struct zone *z, pfn_t pfn, pfn_t end, enum migratetype was, enum migratetype mt)
{
	pfn_t head = head_of(m, pfn);
	int64_t moved = 0, isolated = 0;

	if (head < pfn)
		pfn = head + run_pages(m, head);
	for (; pfn < end; pfn += run_pages(m, pfn)) {
		uint32_t state = m->page[pfn].state;

		if (!state_is(state, PAGE_FREE))
			continue;
		free_list_move_tail(m, z, pfn, mt);
		moved += 1 << state_order(state);
		isolated += state_type(state) == MT_ISOLATE ? 1 << state_order(state) : 0;
	}
	account_free(z, -moved, was);
	account_free(z, moved, mt);
	book_drift(z, 0, isolated);
}

/* Where every page is on its block's list, a run over several blocks comes apart before one of them gets another type. */
static void split_run_over(struct model *m, struct zone *z, pfn_t pfn)
{
	pfn_t head = head_of(m, pfn), end = head + run_pages(m, head);
	uint32_t state = m->page[head].state;

	if (m->policy.free_large != free_large_per_block || !state_is(state, PAGE_FREE) || state_order(state) <= m->P)
		return;
	free_list_del(m, z, head);
	for (; head < end; head += npb(m))
		free_list_add(m, z, head, m->P, state_type(state), false);
}

static int lab_set_type(struct contig *c, block_t b, enum migratetype mt)
{
	struct model *m = model_of(c);
	struct zone *first = NULL;

	if (mt >= MT_ISOLATE || b > (m->end - 1) >> m->P)
		return -EINVAL;
	if (block_isolated(m, b))
		return -EBUSY;
	enum migratetype was = stored_type(m, b);

	for (struct zone *z = m->zone; z < m->zone + m->nr_zones; z++) {
		pfn_t pfn = b << m->P, end = pfn + npb(m);

		pfn = pfn < z->start ? z->start : pfn;
		end = end > zone_end(z) ? zone_end(z) : end;
		if (pfn >= end)
			continue;
		split_run_over(m, z, pfn);
		move_part(m, z, pfn, end, was, mt);
		first = first ? first : z;
	}
	if (!first)
		return -EINVAL;
	block_retype(m, first, b, mt, RETYPE_LAB);
	return 0;
}

static enum migratetype lab_type(struct contig *c, block_t b, enum migratetype *stored)
{
	struct model *m = model_of(c);

	if (stored)
		*stored = stored_type(m, b);
	return reported_type(m, b);
}

/* Set or clear a flag on an allocation's head. */
static int set_flag(struct model *m, pfn_t pfn, uint32_t flag, bool on)
{
	if (!zone_of(m, pfn))
		return -EINVAL;
	uint32_t *state = &m->page[head_of(m, pfn)].state;

	if (state_is(*state, PAGE_FREE) || state_is(*state, PAGE_PCP))
		return -EBUSY;
	*state = on ? *state | flag : *state & ~flag;
	return 0;
}

static int lab_pin(struct contig *c, pfn_t pfn, bool on)
{
	return set_flag(model_of(c), pfn, STATE_PINNED, on);
}

static int lab_freeze(struct contig *c, pfn_t pfn)
{
	return set_flag(model_of(c), pfn, STATE_FROZEN, true);
}

static int lab_to_lru(struct contig *c, pfn_t pfn)
{
	struct page *p = &model_of(c)->page[pfn];

	if (!state_is(p->state, PAGE_USER))
		return -EINVAL;
	p->state = (p->state & ~STATE_KIND_MASK) |
		   state_make(state_order(p->state) ? PAGE_LRU_COMPOUND : PAGE_LRU, 0, 0);
	return 0;
}

static uint32_t lab_drain(struct contig *c)
{
	struct model *m = model_of(c);
	uint32_t drained = 0;

	for (struct zone *z = m->zone; z < m->zone + m->nr_zones; z++)
		drained += pcp_drain_all(m, z);
	return drained;
}

static void lab_run(struct contig *c, pfn_t pfn, struct contig_run *out)
{
	struct model *m = model_of(c);
	pfn_t head = head_of(m, pfn);
	uint32_t state = m->page[head].state;
	bool free = state_is(state, PAGE_FREE);

	*out = (struct contig_run){
		.pfn = head,
		.nr = 1u << state_order(state),
		.order = (uint8_t)state_order(state),
		.kind = (uint8_t)state_kind(state),
		.list = free ? (uint8_t)state_type(state) : 0,
		.pinned = state & STATE_PINNED,
		.frozen = state & STATE_FROZEN,
		.owner = free || state_is(state, PAGE_PCP) ? OWNER_NONE : page_owner(&m->page[head]),
	};
}

const struct contig_lab model_lab = {
	.place = lab_place,
	.set_type = lab_set_type,
	.type = lab_type,
	.pin = lab_pin,
	.freeze = lab_freeze,
	.to_lru = lab_to_lru,
	.drain = lab_drain,
	.run = lab_run,
	.verify = model_verify,
};
