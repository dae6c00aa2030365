// SPDX-License-Identifier: MIT
/* lab.c - putting things down exactly, and looking at them: for scenarios and recorded layouts. */
#include "freelist.h"

static int lab_place(struct contig *c, pfn_t pfn, unsigned int order, enum page_kind kind, owner_t owner)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, pfn);
	pfn_t end = pfn + (1u << order);

	if (order > m->M || pfn & ((1u << order) - 1) || !z || !zone_has(z, end - 1) || kind >= PAGE_KIND_NR ||
	    !(kind == PAGE_FREE || kinds[kind].traits & (KIND_IN_USE | KIND_SINGLES)))
		return -EINVAL;
	if (!all_of_kind(m, pfn, end, PAGE_RESERVED))
		return -EBUSY;
	cut_out(m, z, pfn, end);
	clear_heads(m, pfn, end);
	if (kind == PAGE_FREE) {
		pfn_t buddy = pfn ^ (1u << order);

		/* below a pageblock a free pair always merges: such a layout can not be */
		if (order < m->P && order < m->M && zone_has(z, buddy) && state_is_free(state_at(m, buddy), order)) {
			page_set(&m->page[pfn], state_make(PAGE_RESERVED, order, MT_UNMOVABLE), OWNER_NONE);
			return -EINVAL;
		}
		account_free(z, (int64_t)1 << order, type_at(m, pfn));
		free_list_add(m, z, pfn, order, type_at(m, pfn), false);
		return 0;
	}
	page_set(&m->page[pfn], state_make(kind, order, (enum migratetype)kinds[kind].mt), owner);
	z->managed -= kind == PAGE_OFFLINE ? 1u << order : 0;
	return 0;
}

static int lab_set_type(struct contig *c, block_t b, enum migratetype mt)
{
	struct model *m = model_of(c);
	pfn_t pfn = b << m->P;
	struct zone *z = zone_of(m, pfn);

	if (!z || mt >= MT_ISOLATE)
		return -EINVAL;
	if (block_isolated(m, b))
		return -EBUSY;
	/* v6.10: nothing moves in a block that the zone's end cuts, so it keeps its type (3.4) */
	if (by_block(m) && !block_inside(m, z, b))
		return -EINVAL;
	pfn_t head = head_of(m, pfn);
	uint32_t state = state_at(m, head);

	/* where every page is on its block's list, a run over several blocks comes apart first */
	if (by_block(m) && state_is(state, PAGE_FREE) && state_order(state) > m->P) {
		enum migratetype was = state_type(state);
		pfn_t end = head + run_pages(m, head);

		free_list_del(m, z, head);
		for (pfn_t p = head; p < end; p += npb(m))
			free_list_add(m, z, p, m->P, was, false);
	}
	enum migratetype was = stored_type(m, b);
	uint32_t counted, moved = move_block(m, z, pfn, mt, &counted);

	account_free(z, -(int64_t)moved, was);
	account_free(z, moved, mt);
	book_drift(z, 0, (int64_t)moved - counted);
	block_retype(m, z, b, mt, RETYPE_LAB);
	return 0;
}

static enum migratetype lab_type(struct contig *c, block_t b, enum migratetype *stored)
{
	struct model *m = model_of(c);

	if (stored)
		*stored = stored_type(m, b);
	return reported_type(m, b);
}

/* The run is locked: is it `owner`'s allocation, which begins here? OWNER_NONE: anybody's. One that was freed can be let go of. */
static bool is_asked_for(const struct model *m, pfn_t head, pfn_t pfn, uint32_t state, owner_t owner, bool on)
{
	if (owner == OWNER_NONE)
		return true;
	return head == pfn && page_owner(&m->page[head]) == owner && !(on && state & STATE_FREED);
}

/*
 * Set or clear a flag on an allocation's head; *last becomes the head of a run that its owner has freed meanwhile, and that
 * nobody holds any more.
 */
static int set_flag(struct model *m, pfn_t pfn, uint32_t flag, bool on, owner_t owner, pfn_t *last)
{
	struct zone *z = zone_of(m, pfn);

	*last = PFN_NONE;
	if (!z)
		return -EINVAL;
	zone_lock(m, z);
	pfn_t head = head_of(m, pfn);
	uint32_t state = page_lock(m, &m->page[head], KIND_IN_USE), now = on ? state | flag : state & ~flag;

	int rc = state != STATE_INTERIOR ? 0 : -EBUSY;

	if (!rc && !is_asked_for(m, head, pfn, state, owner, on)) {
		set_state(m, head, state);
		rc = -EAGAIN;
	} else if (!rc && !on && (now & (STATE_FREED | STATE_MIGRATING | STATE_PINNED)) == STATE_FREED) {
		take_back(m, head, now, page_owner(&m->page[head]));
		*last = head;
	} else if (!rc) {
		set_state(m, head, now);
	}
	zone_unlock(m, z);
	return rc;
}

static int pin(struct model *m, pfn_t pfn, owner_t owner, bool on)
{
	pfn_t last;
	int rc = set_flag(m, pfn, STATE_PINNED, on, owner, &last);

	if (last != PFN_NONE)
		free_pages(m, zone_of(m, last), 0, last, state_order(state_at(m, last)));
	return rc;
}

static int lab_pin(struct contig *c, pfn_t pfn, bool on)
{
	return pin(model_of(c), pfn, OWNER_NONE, on);
}

static int lab_pin_owned(struct contig *c, pfn_t pfn, owner_t owner, bool on)
{
	int rc = pin(model_of(c), pfn, owner, on);

	return rc ? -EAGAIN : 0;
}

static int lab_freeze(struct contig *c, pfn_t pfn)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, pfn);

	/* a driver may let go of its pages while others allocate (hooks->going_offline) */
	if (z) {
		zone_lock(m, z);
		if (state_has(state_at(m, head_of(m, pfn)), KIND_SINGLES))
			cut_out(m, z, pfn, pfn + 1);
		zone_unlock(m, z);
	}
	return set_flag(m, pfn, STATE_FROZEN, true, OWNER_NONE, &pfn);
}

static int lab_relist(struct contig *c, pfn_t pfn, enum migratetype mt)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, pfn);

	if (!z || mt >= MT_ISOLATE || !state_is(state_at(m, pfn), PAGE_FREE))
		return -EINVAL;
	enum migratetype was = state_type(state_at(m, pfn));
	bool apart = m->policy.merge_rule == merge_rule_mergeable && !(type_mergeable(was) && type_mergeable(mt));

	if (was != mt && (hygienic(m) || apart))
		return -EOPNOTSUPP;
	free_list_move_tail(m, z, pfn, mt);
	return 0;
}

static int lab_to_lru(struct contig *c, pfn_t pfn)
{
	struct page *p = &model_of(c)->page[pfn];

	if (!state_is(p->state, PAGE_USER))
		return -EINVAL;
	p->state =
		(p->state & ~STATE_KIND_MASK) | state_make(state_order(p->state) ? PAGE_LRU_COMPOUND : PAGE_LRU, 0, 0);
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
	uint32_t state = state_at(m, head);
	bool free = state_is(state, PAGE_FREE);

	*out = (struct contig_run){
		.pfn = head,
		.nr = 1u << state_order(state),
		.order = (uint8_t)state_order(state),
		.kind = (uint8_t)state_kind(state),
		.list = free ? (uint8_t)state_type(state) : 0,
		.pinned = state & STATE_PINNED,
		.frozen = state & STATE_FROZEN,
		.owner = page_holder(m, &m->page[head]),
	};
}

static int lab_convert(struct contig *c, pfn_t pfn, uint32_t nr, enum page_kind kind, owner_t owner)
{
	struct model *m = model_of(c);
	struct zone *z = zone_of(m, pfn);

	if (!nr || !z || nr > zone_end(z) - pfn || kind >= PAGE_KIND_NR || !(kinds[kind].traits & KIND_IN_USE))
		return -EINVAL;
	uint32_t was = state_at(m, head_of(m, pfn));

	if (!state_has(was, KIND_IN_USE) || !all_of_kind(m, pfn, pfn + nr, state_kind(was)))
		return -EINVAL;
	/* a balloon's and virtio-mem's pages are not managed by the zone (7.2) */
	if ((kind == PAGE_OFFLINE) != state_is(was, PAGE_OFFLINE))
		z->managed += kind == PAGE_OFFLINE ? -nr : nr;
	cut_out(m, z, pfn, pfn + nr);
	for (pfn_t p = pfn; p < pfn + nr; p += run_pages(m, p))
		page_set(&m->page[p], state_make(kind, state_order(state_at(m, p)), (enum migratetype)kinds[kind].mt),
		         owner);
	return 0;
}

static bool lab_watermark(struct contig *c, uint32_t zone, struct contig_what what, bool kswapd)
{
	struct model *m = model_of(c);
	const struct zone *z = &m->zone[zone];
	int64_t off = 0;

	if (!kswapd)
		return watermark_ok(m, z, what, WMARK_MIN, 0);
	/* v3.6: whole blocks, which is too much where a block is partly in use (2.4) */
	if (m->policy.watermark_kswapd == watermark_kswapd_isolated_blocks)
		off = (int64_t)(z->isolated * npb(m));
	return watermark_ok(m, z, what, WMARK_HIGH, off);
}

static uint32_t lab_unreserve(struct contig *c, enum migratetype mt, bool force)
{
	struct model *m = model_of(c);

	for (struct zone *z = m->zone; z < m->zone + m->nr_zones; z++) {
		if (highatomic_unreserve(m, z, mt, force))
			return 1;
	}
	return 0;
}

const struct contig_lab model_lab = {
	.place = lab_place,
	.set_type = lab_set_type,
	.type = lab_type,
	.pin = lab_pin,
	.pin_owned = lab_pin_owned,
	.freeze = lab_freeze,
	.relist = lab_relist,
	.to_lru = lab_to_lru,
	.convert = lab_convert,
	.watermark = lab_watermark,
	.unreserve = lab_unreserve,
	.drain = lab_drain,
	.run = lab_run,
	.verify = model_verify,
	.digest = model_digest,
};
