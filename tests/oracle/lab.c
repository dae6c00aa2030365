// SPDX-License-Identifier: MIT
/* lab.c - opening the oracle, allocations and their owners, looking at it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

static void put_down(struct oracle *o, pfn_t pfn, unsigned int order, unsigned int kind, owner_t owner)
{
	o_clear_run(o, pfn);
	o->page[pfn] = (struct opage){ .kind = (uint8_t)kind, .order = (uint8_t)order, .owner = owner };
}

struct contig *oracle_open(const char *generation, const struct contig_geometry *g, const struct contig_hooks *hooks)
{
	const struct rules *r = rules_of(generation);

	if (!r || g->nr_zones != 1 || !g->zones[0].wmark_min || !g->zones[0].wmark_low)
		return NULL;
	struct oracle *o = calloc(1, sizeof(*o));

	o->base.ops = &oracle_backend;
	o->r = r;
	o->g = *g;
	o->hooks = hooks;
	o->P = g->pageblock_order;
	o->M = g->max_order;
	o->start = g->zones[0].start;
	o->end = o->start + g->zones[0].pages;
	o->page = calloc(align_up(o->end, o->M), sizeof(*o->page));
	o->block = calloc(align_up(o->end, o->M) >> o->P, sizeof(*o->block));
	for (block_t b = 0; b < align_up(o->end, o->M) >> o->P; b++)
		o->block[b].type = MT_MOVABLE;
	o_pcp_init(o);
	for (pfn_t at = o->start; at < o->end;) {
		unsigned int k = 0;

		while (g->init == CONTIG_INIT_FREE && k < o->M && !(at & ((2u << k) - 1)) && at + (2u << k) <= o->end)
			k++;
		if (g->init == CONTIG_INIT_FREE) {
			o_list_add(o, at, k, MT_MOVABLE, true);
			o_count_free(o, MT_MOVABLE, 1 << k);
		} else {
			put_down(o, at, 0, PAGE_RESERVED, OWNER_NONE);
		}
		at += 1u << k;
	}
	return &o->base;
}

void oracle_close(struct contig *c)
{
	struct oracle *o = oracle(c);

	for (uint32_t i = 0; i < o->g.nr_cpus; i++) {
		for (unsigned int l = 0; l < PCP_LISTS; l++)
			free(o->cpu[i].list[l]);
	}
	free(o->cpu);
	free(o->block);
	free(o->page);
	free(o);
}

/* ---- allocations ------------------------------------------------------------------------------- */

static struct right right_of(struct contig_what what)
{
	return (struct right){ .highatomic = what.highatomic, .last_chance = what.last_chance };
}

int64_t oracle_alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner)
{
	struct oracle *o = oracle(c);
	pfn_t pfn = o_allocate(o, cpu, what.order, what.migratetype, right_of(what));

	if (pfn == NO_PAGE)
		return -ENOMEM;
	put_down(o, pfn, what.order, what.kind, owner);
	return pfn;
}

static bool owns(const struct oracle *o, pfn_t pfn, owner_t owner)
{
	return in_zone(o, pfn) && o->page[pfn].owner == owner && !o->page[pfn].gone;
}

/* The last reference is gone. */
void o_let_go(struct oracle *o, uint32_t cpu, pfn_t pfn)
{
	unsigned int order = o->page[pfn].order;

	o_clear_run(o, pfn);
	o_free_pages(o, cpu, pfn, order);
}

int oracle_free(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner)
{
	struct oracle *o = oracle(c);

	if (!owns(o, pfn, owner))
		return -EAGAIN;
	if (o->page[pfn].pinned || o->page[pfn].collected)
		o->page[pfn].gone = true;
	else
		o_let_go(o, cpu, pfn);
	return 0;
}

/* Pieces stay on the list of a request that has collected the whole, in its place. */
static void split_collected(struct oracle *o, pfn_t pfn, uint32_t nr, unsigned int order)
{
	for (struct orequest *r = o->requests; r; r = r->next) {
		struct migration *m = &r->m;

		for (uint32_t i = 0; i < m->nr; i++) {
			if (m->page[i] != pfn)
				continue;
			memmove(m->page + i + nr, m->page + i + 1, (m->nr - i - 1) * sizeof(pfn_t));
			for (uint32_t k = 0; k < nr; k++)
				m->page[i + k] = pfn + (k << order);
			m->nr += nr - 1;
			return;
		}
	}
}

int oracle_split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces)
{
	struct oracle *o = oracle(c);

	if (!owns(o, pfn, owner))
		return -EAGAIN;
	struct opage was = o->page[pfn];

	if (new_order >= was.order)
		return -EINVAL;
	uint32_t nr = 1u << (was.order - new_order);

	for (uint32_t i = 0; i < nr; i++) {
		struct opage *p = &o->page[pfn + (i << new_order)];

		*p = was;
		p->order = (uint8_t)new_order;
		p->owner = pieces[i];
		if (p->kind == PAGE_LRU_COMPOUND && !new_order)
			p->kind = PAGE_LRU;
	}
	if (was.collected)
		split_collected(o, pfn, nr, new_order);
	return 0;
}

void oracle_stats(struct contig *c, uint32_t zone, struct contig_stats *out)
{
	struct oracle *o = oracle(c);
	int64_t counted = 0;

	(void)zone;
	memset(out, 0, sizeof(*out));
	for (pfn_t at = o->start; at < o->end;) {
		const struct opage *p = &o->page[at];

		if (p->kind == PAGE_FREE) {
			out->nr_free[p->order]++;
			if (p->type != MT_ISOLATE || o->r->isolated_is_free)
				counted += 1 << p->order;
		}
		at += p->kind == PAGE_NONE ? 1 : 1u << p->order;
	}
	for (block_t b = o->start >> o->P; b <= (o->end - 1) >> o->P; b++)
		out->blocks[type_at(o, b << o->P)]++;
	for (uint32_t i = 0; i < o->g.nr_cpus; i++)
		out->pcp += o->cpu[i].count;
	out->free = (uint64_t)o->free;
	out->free_cma = (uint64_t)o->free_cma;
	out->isolated = o->isolated;
	out->reserved_highatomic = (uint64_t)o->reserved;
	out->free_highatomic = (uint64_t)o_free_highatomic(o);
	out->migrated = o->migrated;
	out->drift = o->free - counted;
}

/* ---- lab --------------------------------------------------------------------------------------- */

static int place(struct contig *c, pfn_t pfn, unsigned int order, enum page_kind kind, owner_t owner)
{
	struct oracle *o = oracle(c);

	if (pfn & ((1u << order) - 1))
		return -EINVAL;
	for (pfn_t at = pfn; at < pfn + (1u << order); at++) {
		if (!in_zone(o, at) || o->page[at].kind != PAGE_RESERVED)
			return -EBUSY;
	}
	for (pfn_t at = pfn; at < pfn + (1u << order); at++)
		o_clear_run(o, at);
	if (kind == PAGE_FREE) {
		o_list_add(o, pfn, order, type_at(o, pfn), false);
		o_count_free(o, type_at(o, pfn), 1 << order);
	} else {
		put_down(o, pfn, order, kind, owner);
	}
	return 0;
}

static int set_type(struct contig *c, block_t block, enum migratetype mt)
{
	struct oracle *o = oracle(c);
	pfn_t pfn = block << o->P;

	if (mt == MT_ISOLATE || (o->r->hygiene && !whole_block(o, pfn)))
		return -EINVAL;
	if (o->block[block].isolated)
		return -EBUSY;
	if (o->r->hygiene) {
		o_change_block(o, pfn, false, mt);
	} else {
		unsigned int was = type_at(o, pfn);
		uint32_t moved = o_move_block(o, pfn, mt, false);

		o_count_free(o, was, -(int64_t)moved);
		o_count_free(o, mt, moved);
		o->block[block].type = (uint8_t)mt;
	}
	return 0;
}

static enum migratetype type(struct contig *c, block_t block, enum migratetype *stored)
{
	struct oracle *o = oracle(c);

	if (stored)
		*stored = o->block[block].isolated && !o->r->own_bit ? MT_ISOLATE : o->block[block].type;
	return type_at(o, block << o->P);
}

static bool in_use(const struct opage *p)
{
	return p->kind != PAGE_FREE && p->kind != PAGE_PCP;
}

static int pin(struct contig *c, pfn_t pfn, bool on)
{
	struct oracle *o = oracle(c);
	struct opage *p = &o->page[o_head_of(o, pfn)];

	if (!in_use(p))
		return -EBUSY;
	p->pinned = on;
	if (!on && p->gone && !p->collected)
		o_let_go(o, 0, o_head_of(o, pfn));
	return 0;
}

static int freeze(struct contig *c, pfn_t pfn)
{
	struct oracle *o = oracle(c);
	struct opage *p = &o->page[o_head_of(o, pfn)];

	if (!in_use(p))
		return -EBUSY;
	p->frozen = true;
	return 0;
}

static int convert(struct contig *c, pfn_t pfn, uint32_t nr, enum page_kind kind, owner_t owner)
{
	struct oracle *o = oracle(c);
	uint8_t was = o->page[pfn].kind;

	if (was != PAGE_CONTIG && was != PAGE_OFFLINE)
		return -EINVAL;
	for (pfn_t at = pfn; at < pfn + nr; at++) {
		if (!in_zone(o, at) || o->page[at].kind != was)
			return -EINVAL;
	}
	for (pfn_t at = pfn; at < pfn + nr; at++)
		put_down(o, at, 0, kind, owner);
	return 0;
}

static int to_lru(struct contig *c, pfn_t pfn)
{
	struct oracle *o = oracle(c);
	struct opage *p = &o->page[o_head_of(o, pfn)];

	if (p->kind != PAGE_USER)
		return -EINVAL;
	p->kind = p->order ? PAGE_LRU_COMPOUND : PAGE_LRU;
	return 0;
}

static bool watermark(struct contig *c, uint32_t zone, struct contig_what what, bool kswapd)
{
	struct oracle *o = oracle(c);
	const struct contig_zone *z = &o->g.zones[zone];

	int64_t isolated = kswapd && o->r->kswapd_told ? (int64_t)o->isolated * npb(o) : 0;
	int64_t high = 2 * (int64_t)z->wmark_low - z->wmark_min;
	bool passes;

	o->free -= isolated;
	passes = o_above_mark(o, what.order, what.migratetype, right_of(what), kswapd ? high : z->wmark_min, !kswapd);
	o->free += isolated;
	return passes;
}

static uint32_t unreserve(struct contig *c, enum migratetype mt, bool force)
{
	return o_unreserve(oracle(c), mt, force);
}

static uint32_t drain(struct contig *c)
{
	return o_drain_all(oracle(c));
}

static void run(struct contig *c, pfn_t pfn, struct contig_run *out)
{
	struct oracle *o = oracle(c);
	pfn_t head = o_head_of(o, pfn);
	const struct opage *p = &o->page[head];

	*out = (struct contig_run){
		.pfn = head,
		.nr = 1u << p->order,
		.order = p->order,
		.kind = p->kind,
		.list = p->kind == PAGE_FREE ? p->type : 0,
		.pinned = p->pinned,
		.frozen = p->frozen,
		.owner = p->owner,
	};
}

const struct contig_lab oracle_lab = {
	.place = place,
	.set_type = set_type,
	.type = type,
	.pin = pin,
	.freeze = freeze,
	.to_lru = to_lru,
	.convert = convert,
	.watermark = watermark,
	.unreserve = unreserve,
	.drain = drain,
	.run = run,
};
