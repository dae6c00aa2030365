// SPDX-License-Identifier: MIT
/* migrate.c - collecting what can move, and moving it (5.2). */
#include <errno.h>
#include <string.h>

#include "state.h"

static bool can_collect(const struct oracle *o, const struct opage *p)
{
	return (p->kind == PAGE_LRU || (p->kind == PAGE_LRU_COMPOUND && !o->r->skips_compounds)) && !p->collected && !p->pinned && !p->frozen;
}

/* Up to 32 pages from m->scan on; a compound counts with its size, and only its head is found. */
void o_collect(struct oracle *o, struct migration *m)
{
	uint32_t pages = 0;

	m->nr = 0;
	m->tries = 0;
	while (m->scan < m->end && pages < CLUSTER) {
		struct opage *p = &o->page[m->scan];
		uint32_t nr = p->kind == PAGE_FREE ? 1u << p->order : 1;

		if (p->kind != PAGE_NONE && can_collect(o, p)) {
			nr = 1u << p->order;
			p->collected = true;
			/* a scan puts each page in front of those before it */
			memmove(m->page + 1, m->page, m->nr++ * sizeof(pfn_t));
			m->page[0] = m->scan;
			pages += nr;
		}
		m->scan += nr;
	}
}

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
		target[i] = o_allocate(o, cpu, p->order, MT_MOVABLE);
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
