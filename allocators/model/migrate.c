// SPDX-License-Identifier: MIT
/* migrate.c - collecting what can move from a range, and moving it (5.2). */
#include "model.h"

/* Of a kind that moves, and nobody else holds a reference: a pinned page is skipped without being tried. */
static bool collectable(const struct model *m, uint32_t state, enum hugetlb_way way)
{
	if (state & (STATE_PINNED | STATE_MIGRATING | STATE_FROZEN))
		return false;
	switch (state_kind(state)) {
	case PAGE_LRU:
		return true;
	case PAGE_LRU_COMPOUND:
		return m->policy.migrate_compound == migrate_compound_whole;
	case PAGE_HUGETLB:
		return way == HUGETLB_REPLACED;
	case PAGE_MOVABLE_OPS:
		return m->policy.movable_ops == movable_ops_migrated;
	default:
		return false;
	}
}

/* Take the run off the LRU, if it still is what can move. */
static void collect_run(struct model *m, struct migrate_list *list, pfn_t pfn, enum hugetlb_way way)
{
	uint32_t state = page_lock(m, &m->page[pfn], KIND_ALLOCATED);

	if (state == STATE_INTERIOR)
		return;
	if (!collectable(m, state, way)) {
		set_state(m, pfn, state);
		return;
	}
	set_state(m, pfn, state | STATE_MIGRATING);
	list->pfn[list->nr] = pfn;
	list->order[list->nr++] = (uint8_t)state_order(state);
	list->pages += 1u << state_order(state);
}

static bool replaceable(uint32_t state, enum hugetlb_way way)
{
	return (state_is(state, PAGE_HUGETLB_POOL) || state_is(state, PAGE_GIGANTIC)) && way == HUGETLB_REPLACED &&
	       !(state & STATE_PINNED);
}

/* Back on the LRU; or free, if its owner has given it up and nobody else holds it. */
static void put_back(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn)
{
	struct page *p = &m->page[pfn];
	uint32_t state = page_lock(m, p, KIND_IN_USE) & ~(uint32_t)STATE_MIGRATING;

	if (!(state & STATE_FREED) || state & STATE_PINNED) {
		page_set_state(p, state);
		return;
	}
	take_back(m, pfn, state, page_owner(p));
	free_pages(m, z, cpu, pfn, state_order(state));
}

/* ---- moving one run --------------------------------------------------------------------------- */

enum fate {
	MOVED,
	FREED, /* its owner had given it up meanwhile */
	STAYS,
	NO_TARGET
};

/*
 * A run that was taken off the LRU is put at `to`, which is nobody's so far, and its owner learns where it is. Both are
 * locked while that is so, so that the owner finds it at one place or the other. MOVED and FREED have used up the old run,
 * and MOVED the new one.
 */
static enum fate move_run(struct model *m, struct zone *z, uint32_t cpu, pfn_t from, pfn_t to, uint32_t *size)
{
	const struct contig_hooks *h = &m->hooks;
	struct page *old = &m->page[from], *new = &m->page[to];
	owner_t owner = page_owner(old); /* as long as it is MIGRATING nobody changes that */
	unsigned int order = state_order(page_state(old));

	*size = 1u << order;
	if (h->copy)
		h->copy(h->ctx, owner, from, to, order);
	uint32_t state = page_lock(m, old, KIND_ALLOCATED);

	if (state & STATE_PINNED) {
		page_set_state(old, state);
		return STAYS;
	}
	if (state & STATE_FREED) {
		take_back(m, from, state, owner);
		free_pages(m, z, cpu, from, order);
		return FREED;
	}
	state &= ~(uint32_t)STATE_MIGRATING;
	page_set(new, state | STATE_LOCKED, owner);
	if (h->moved)
		h->moved(h->ctx, owner, from, to, order);
	take_back(m, from, state, OWNER_NONE);
	page_set_state(new, state);
	free_pages(m, z, cpu, from, order);
	return MOVED;
}

/*
 * v5.13: a free page of the hugetlb pool needs no migration. A new one joins the pool first, from the same node and of the same
 * order, then the old one goes to the buddy. What is larger than the buddy's largest run nothing replaces.
 */
static int replace_hugetlb(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, struct contig_work *work)
{
	uint32_t state = page_lock(m, &m->page[pfn], KIND_HUGETLB), size;
	struct contig_what what = { .kind = PAGE_HUGETLB_POOL,
		                    .order = (uint8_t)state_order(state),
		                    .migratetype = MT_MOVABLE,
		                    .this_node = true,
		                    .node = z->node };

	if (state == STATE_INTERIOR)
		return 0;
	if (state & (STATE_PINNED | STATE_MIGRATING)) {
		set_state(m, pfn, state);
		return 0;
	}
	set_state(m, pfn, state | STATE_MIGRATING);
	pfn_t to = state_is(state, PAGE_GIGANTIC) ? PFN_NONE : alloc_pages(m, cpu, what);
	enum fate fate = to == PFN_NONE ? NO_TARGET : move_run(m, z, cpu, pfn, to, &size);

	if (fate == MOVED)
		work->replaced += size;
	else if (to != PFN_NONE)
		free_pages(m, zone_of(m, to), cpu, to, what.order);
	if (fate == NO_TARGET || fate == STAYS)
		put_back(m, z, cpu, pfn);
	return fate == NO_TARGET ? -ENOMEM : 0;
}

/*
 * The run to look at from pfn. A tail whose head lies before the range says nothing, so that the request goes one page further
 * and fails late; hugetlb alone is found from a tail (8.11).
 */
static pfn_t head_to_collect(const struct model *m, pfn_t pfn, enum hugetlb_way way)
{
	pfn_t head;

	if (likely(state_at(m, pfn) != STATE_INTERIOR) || way == HUGETLB_STAYS)
		return pfn;
	head = head_of(m, pfn);
	return state_has(state_at(m, head), KIND_HUGETLB) ? head : pfn;
}

int migrate_collect(struct model *m, struct zone *z, uint32_t cpu, pfn_t *at, pfn_t end, enum hugetlb_way way,
                    struct migrate_list *list, struct contig_work *work)
{
	pfn_t pfn = *at;
	int rc = 0;

	zone_lock(m, z);
	while (pfn < end && list->pages < MIGRATE_CLUSTER) {
		pfn_t head = head_to_collect(m, pfn, way);
		uint32_t state = state_at(m, head);

		work->scanned++;
		if (collectable(m, state, way)) {
			collect_run(m, list, head, way);
		} else if (replaceable(state, way)) {
			/* takes memory, and so the lock itself */
			zone_unlock(m, z);
			rc = replace_hugetlb(m, z, cpu, head, work);
			zone_lock(m, z);
			if (rc)
				break;
		}
		pfn = head + (1u << state_order(state));
	}
	zone_unlock(m, z);
	*at = pfn;
	return rc;
}

/* A page for this one to move to: an ordinary movable allocation that prefers the same node (5.2). */
static pfn_t target_for(struct model *m, struct zone *z, uint32_t cpu, uint32_t state)
{
	pfn_t pfn;
	struct contig_what what = {
		.order = (uint8_t)state_order(state), .kind = PAGE_LRU, .migratetype = MT_MOVABLE, .node = z->node
	};

	/* most are single pages, and the list of this cpu in the zone that comes first has one */
	if (likely(!m->threads && !what.order && z == m->first_zone[z->node][MT_MOVABLE] &&
	           alloc_hot(z, cpu, MT_MOVABLE, &pfn)))
		return pfn;
	return alloc_pages(m, cpu, what);
}

/* One collected run; *target is one allocated beforehand, or PFN_NONE, which is final if so it was to be (v6.3). */
static enum fate migrate_one(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, pfn_t *target, bool final,
                             struct contig_work *work)
{
	uint32_t state = state_at(m, pfn), size = 1u << state_order(state);
	enum fate fate = STAYS;

	if (state & STATE_FREED && !(state & STATE_PINNED)) { /* nobody wants it any more */
		put_back(m, z, cpu, pfn);
		return FREED;
	}
	if (!(state & STATE_PINNED)) {
		if (*target == PFN_NONE && !final)
			*target = target_for(m, z, cpu, state);
		if (*target == PFN_NONE)
			return NO_TARGET;
		fate = move_run(m, z, cpu, pfn, *target, &size);
	}
	if (fate == MOVED) {
		*target = PFN_NONE;
		count_loose(m, &z->migrated, size);
		work->migrated += size;
	}
	work->not_migrated += fate == STAYS ? size : 0;
	return fate;
}

/* v6.3: targets for the whole list first. A list of single pages, as almost all are, needs at most a cluster of them. */
static void allocate_targets(struct model *m, struct zone *z, uint32_t cpu, const struct migrate_list *list,
                             pfn_t target[MIGRATE_CLUSTER])
{
	bool exhausted = false;

	for (uint32_t i = list->nr; i-- > 0;) {
		uint32_t state = state_at(m, list->pfn[i]);
		bool whole = state & STATE_MIGRATING && state_order(state) == list->order[i];

		target[i] = PFN_NONE;
		if (!exhausted && whole && !(state & (STATE_FREED | STATE_PINNED))) {
			target[i] = target_for(m, z, cpu, state);
			exhausted = target[i] == PFN_NONE;
		}
	}
}

/* One entry: usually one page; its pieces if the owner has split it meanwhile. `to` may be PFN_NONE. */
static enum fate migrate_entry(struct model *m, struct zone *z, uint32_t cpu, pfn_t pfn, unsigned int order, pfn_t to,
                               struct contig_work *work)
{
	/* the pieces of what has been split meanwhile get theirs one by one */
	const bool final = m->policy.migrate_targets == migrate_targets_batch && state_order(state_at(m, pfn)) == order;
	enum fate fate = MOVED;

	for (pfn_t end = pfn + (1u << order); pfn < end && fate != NO_TARGET;) {
		uint32_t state = state_at(m, pfn), size = 1u << state_order(state);

		if (state & STATE_MIGRATING) {
			enum fate f = migrate_one(m, z, cpu, pfn, &to, final, work);

			fate = f == MOVED || f == FREED ? fate : f;
		}
		pfn += size;
	}
	if (to != PFN_NONE)
		free_pages(m, zone_of(m, to), cpu, to, order);
	return fate;
}

int migrate_call(struct model *m, struct zone *z, uint32_t cpu, struct migrate_list *list, struct contig_work *work)
{
	const bool batch = m->policy.migrate_targets == migrate_targets_batch;
	pfn_t target[MIGRATE_CLUSTER];
	bool left[MIGRATE_CLUSTER];
	uint32_t nr = list->nr;
	int rc = 0;

	if (batch)
		allocate_targets(m, z, cpu, list, target);
	/* pages were put at the head of the list as they were found: the last one found moves first */
	for (uint32_t i = nr; i-- > 0;) {
		pfn_t to = batch ? target[i] : PFN_NONE;

		if (rc) { /* nowhere to go for this one and those after it */
			left[i] = true;
			if (to != PFN_NONE)
				free_pages(m, zone_of(m, to), cpu, to, list->order[i]);
			continue;
		}
		enum fate fate = migrate_entry(m, z, cpu, list->pfn[i], list->order[i], to, work);

		left[i] = fate != MOVED;
		rc = fate == NO_TARGET ? -ENOMEM : 0;
	}
	list->nr = list->pages = 0;
	for (uint32_t i = 0; i < nr; i++) {
		if (!left[i])
			continue;
		list->pages += 1u << list->order[i];
		list->pfn[list->nr] = list->pfn[i];
		list->order[list->nr++] = list->order[i];
	}
	return rc;
}

void migrate_putback(struct model *m, struct zone *z, uint32_t cpu, struct migrate_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++) {
		pfn_t pfn = list->pfn[i], end = pfn + (1u << list->order[i]);

		for (uint32_t size; pfn < end; pfn += size) {
			uint32_t state = state_at(m, pfn);

			size = 1u << state_order(state);
			if (state & STATE_MIGRATING)
				put_back(m, z, cpu, pfn);
		}
	}
	list->nr = list->pages = 0;
}
