// SPDX-License-Identifier: MIT
/* migrate.c - collecting what can move, and moving it (5.2). */
#include <errno.h>
#include <string.h>

#include "state.h"

/* To its new place, the old one freed. */
static void move(struct oracle *o, uint32_t cpu, pfn_t from, pfn_t to)
{
	struct opage was = o->page[from];

	was.collected = false;
	o->page[to] = was;
	o_clear_run(o, from);
	if (o->hooks && o->hooks->moved)
		o->hooks->moved(o->hooks->ctx, was.owner, from, to, was.order);
	o_free_pages(o, cpu, from, was.order);
	o->migrated += 1u << was.order;
}

static bool can_collect(const struct oracle *o, const struct opage *p)
{
	if (p->collected || p->pinned || p->frozen)
		return false;
	switch (p->kind) {
	case PAGE_LRU:
		return true;
	case PAGE_LRU_COMPOUND:
		return !o->r->skips_compounds;
	case PAGE_HUGETLB:
		return !o->r->skips_hugetlb;
	default:
		return has_ops(o, p);
	}
}

/* A free page of the hugetlb pool: the new one is allocated, then the old one freed. */
static bool replace(struct oracle *o, uint32_t cpu, pfn_t pfn, struct contig_work *work)
{
	unsigned int order = o->page[pfn].order;
	pfn_t to = o_allocate(o, cpu, order, MT_MOVABLE, (struct right){ 0 });

	if (to == NO_PAGE)
		return false;
	work->replaced += 1u << order;
	move(o, cpu, pfn, to);
	o->migrated -= 1u << order; /* in no statistic */
	return true;
}

/*
 * Up to 32 pages from m->scan on. A compound counts with its size and only its head is found, but a hugetlb page is
 * found from any of its pages. Pages of the pool are replaced on the way.
 */
void o_collect(struct oracle *o, uint32_t cpu, struct migration *m, struct contig_work *work)
{
	uint32_t pages = 0;

	m->nr = 0;
	m->tries = 0;
	m->rc = 0;
	while (m->scan < m->end && pages < CLUSTER) {
		pfn_t at = m->scan, head = o_head_of(o, at);
		struct opage *p = &o->page[is_hugetlb(&o->page[head]) ? head : at];
		uint32_t nr = p->kind == PAGE_FREE ? 1u << p->order : 1;

		if (is_hugetlb(p) && !o->r->skips_hugetlb) {
			at = head;
			nr = head + (1u << p->order) - m->scan;
			if (p->kind == PAGE_GIGANTIC ||
			    (p->kind == PAGE_HUGETLB_POOL && !p->pinned && !replace(o, cpu, head, work))) {
				m->rc = -ENOMEM;
				return;
			}
		}
		if (p->kind != PAGE_NONE && can_collect(o, p)) {
			nr = at + (1u << p->order) - m->scan;
			p->collected = true;
			/* a scan puts each page in front of those before it */
			memmove(m->page + 1, m->page, m->nr++ * sizeof(pfn_t));
			m->page[0] = at;
			pages += 1u << p->order;
		}
		m->scan += nr;
	}
}

/* Released by its owner while it was on the list: nothing to move. */
static bool dropped(struct oracle *o, uint32_t cpu, pfn_t pfn)
{
	struct opage *p = &o->page[pfn];

	if (!p->gone || p->pinned)
		return false;
	o_let_go(o, cpu, pfn);
	return true;
}

/* One call over the list: what stays on it failed. */
void o_migrate(struct oracle *o, uint32_t cpu, struct migration *m, struct contig_work *work)
{
	pfn_t target[sizeof(m->page) / sizeof(m->page[0])];
	uint32_t nr = m->nr, reached = m->nr, left = 0;

	m->rc = 0;
	for (uint32_t i = 0; i < nr; i++)
		target[i] = NO_PAGE;
	for (uint32_t i = 0; i < nr; i++) {
		struct opage *p = &o->page[m->page[i]];

		if (!o->r->targets_first && dropped(o, cpu, m->page[i])) {
			m->page[i] = NO_PAGE;
			continue;
		}
		if (p->pinned || p->gone)
			continue;
		target[i] = o_allocate(o, cpu, p->order, MT_MOVABLE, (struct right){ 0 });
		if (target[i] == NO_PAGE) {
			m->rc = -ENOMEM;
			reached = i;
			break;
		}
		if (!o->r->targets_first) {
			work->migrated += 1u << p->order;
			move(o, cpu, m->page[i], target[i]);
			m->page[i] = NO_PAGE;
		}
	}
	for (uint32_t i = 0; i < nr; i++) {
		if (m->page[i] == NO_PAGE || (o->r->targets_first && i < reached && dropped(o, cpu, m->page[i])))
			continue;
		if (target[i] != NO_PAGE) {
			work->migrated += 1u << o->page[m->page[i]].order;
			move(o, cpu, m->page[i], target[i]);
		} else {
			work->not_migrated += 1u << o->page[m->page[i]].order;
			m->page[left++] = m->page[i];
		}
	}
	m->nr = left;
}

void o_put_back(struct oracle *o, uint32_t cpu, struct migration *m)
{
	for (uint32_t i = m->nr; i-- > 0;) {
		o->page[m->page[i]].collected = false;
		dropped(o, cpu, m->page[i]);
	}
	m->nr = 0;
}
