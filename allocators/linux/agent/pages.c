// SPDX-License-Identifier: MIT
/* pages.c - alloc, free, at, give, pin, freeze, convert, type, drain, lru: single pages and what they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "line.h"

uint32_t nr_frozen;

/* ---- what alloc can make ------------------------------------------------------------------------ */

struct want {
	unsigned int order;
	uint32_t node;
	char type;
	bool highatomic;
	bool reclaim;
};

static int alloc_module(struct owned *o, const struct want *w, uint32_t flags)
{
	struct contigbench_alloc a = {
		.node = w->node,
		.order = w->order,
		.type = (unsigned char)w->type,
		.flags = flags | (w->highatomic ? CONTIGBENCH_HIGHATOMIC
		                  : w->reclaim  ? 0
		                                : CONTIGBENCH_NORECLAIM),
	};
	int rc = device(CONTIGBENCH_ALLOC, &a);

	o->pfn = a.pfn;
	mappings_forget_free();
	return rc ? rc : a.rc;
}

static int alloc_kernel(struct owned *o, const struct want *w)
{
	return alloc_module(o, w, w->order ? CONTIGBENCH_COMPOUND : 0);
}

static int alloc_noncompound(struct owned *o, const struct want *w)
{
	return alloc_module(o, w, 0);
}

static int alloc_user(struct owned *o, const struct want *w)
{
	struct mapping m = { 0 };

	if (w->order && w->order != THP_ORDER) {
		answer(0, "user pages are of order 0 or %u", THP_ORDER);
		return -EOPNOTSUPP;
	}
	if (w->order && !(kernel.can & CONTIGBENCH_CAN_THP)) {
		answer(0, "this kernel has no transparent huge pages");
		return -EOPNOTSUPP;
	}

	int rc = map_page(w->order, w->node, o->owner, &m);

	o->kind = w->order ? 'T' : 'X';
	o->slot = m.slot;
	o->pfn = m.pfn;
	return rc;
}

static int hugetlb_possible(const struct want *w)
{
	if (w->order == THP_ORDER && kernel.can & CONTIGBENCH_CAN_HUGETLB)
		return 0;
	answer(0, "hugetlb pages are of order %u, where the kernel has them", THP_ORDER);
	return -EOPNOTSUPP;
}

static int alloc_pool(struct owned *o, const struct want *w)
{
	int rc = hugetlb_possible(w);

	return rc ? rc : hugetlb_grow(w->node, &o->pfn);
}

static int alloc_hugetlb(struct owned *o, const struct want *w)
{
	int rc = hugetlb_possible(w);

	return rc ? rc : hugetlb_map(w->node, &o->slot, &o->pfn);
}

static int free_module(const struct owned *o)
{
	struct contigbench_alloc a = { .pfn = o->pfn };

	return device(CONTIGBENCH_FREE, &a);
}

static int frozen_at(const struct contigbench_run *r, void *arg)
{
	*(bool *)arg = r->marks & CONTIGBENCH_FROZEN;
	return 0;
}

static int free_user(const struct owned *o)
{
	int64_t pfn = mapped_at(o->order, o->node, o->slot);
	bool frozen = false;

	if (nr_frozen && pfn > 0 && !device_look((uint64_t)pfn, 1, frozen_at, &frozen) && frozen) {
		answer(0, "it is frozen: restore it first");
		return -EBUSY;
	}
	unmap_page(o->order, o->node, o->slot);
	return 0;
}

static int free_pool(const struct owned *o)
{
	return hugetlb_shrink(o->node, o->pfn);
}

static int free_hugetlb(const struct owned *o)
{
	return hugetlb_unmap(o->node, o->slot);
}

static int64_t at_module(const struct owned *o)
{
	return (int64_t)o->pfn;
}

static int64_t at_user(const struct owned *o)
{
	return mapped_at(o->order, o->node, o->slot);
}

static int64_t at_hugetlb(const struct owned *o)
{
	return hugetlb_at(o->slot);
}

static const struct maker {
	char kind;
	int (*alloc)(struct owned *o, const struct want *w);
	int (*free)(const struct owned *o);
	int64_t (*at)(const struct owned *o);
} makers[] = {
	{ 'K', alloc_kernel, free_module, at_module },
	{ 'S', alloc_kernel, free_module, at_module },
	{ 'N', alloc_noncompound, free_module, at_module },
	{ 'X', alloc_user, free_user, at_user },
	{ 'L', alloc_user, free_user, at_user },
	{ 'T', alloc_user, free_user, at_user },
	{ 'Q', alloc_pool, free_pool, at_module },
	{ 'C', alloc_hugetlb, free_hugetlb, at_hugetlb },
};

static const struct maker *maker_of(char kind)
{
	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
		if (makers[i].kind == kind)
			return &makers[i];
	}
	return NULL;
}

static int64_t alloc(const struct call *c)
{
	const struct maker *maker = maker_of(*c->word[1]);
	struct want w = {
		.order = (unsigned int)c->number[2],
		.node = (uint32_t)c->number[4],
		.type = *c->word[3],
		.highatomic = c->nr > 5 && !strcmp(c->word[5], "highatomic"),
		.reclaim = c->nr > 5 && !strcmp(c->word[5], "reclaim"),
	};

	if (!maker)
		return answer(-EOPNOTSUPP, "nothing allocates a page of kind %s", c->word[1]);
	if (c->number[2] > kernel.max_order || c->number[4] >= AGENT_NODES)
		return answer(-EINVAL, "orders go up to %u, nodes to %u", kernel.max_order, AGENT_NODES - 1);
	if (c->nr > 5 && !w.highatomic && !w.reclaim)
		return answer(-EINVAL, "%.40s: there is only highatomic and reclaim", c->word[5]);

	struct owned *o = owner_add(c->number[0]);

	if (!o)
		return answer(-EEXIST, "owner %llu has something, or there are %u owners",
		              (unsigned long long)c->number[0], OWNERS);
	o->kind = maker->kind;
	o->order = (uint8_t)w.order;
	o->node = (uint8_t)w.node;

	int rc = maker->alloc(o, &w);
	int64_t pfn = (int64_t)o->pfn;

	if (rc)
		owner_drop(o);
	return rc ? rc : pfn;
}

/* Until one can not be had, which is no error. */
static int64_t many(const struct call *c)
{
	struct call one = { .nr = c->nr - 1 };
	uint64_t got = 0;
	int64_t rc = 0;

	one.number[0] = c->number[0];
	for (unsigned int i = 1; i < one.nr; i++) {
		one.number[i] = c->number[i + 1];
		one.word[i] = c->word[i + 1];
	}
	for (; got < c->number[1] && rc >= 0; got += rc >= 0) {
		rc = alloc(&one);
		if (rc >= 0)
			say("%llu %lld", (unsigned long long)one.number[0], (long long)rc);
		one.number[0]++;
	}
	return rc >= 0 || rc == -ENOMEM ? answer((int64_t)got, "%s", "") : rc;
}

static int64_t free_owner(const struct call *c)
{
	struct owned *o = owner_find(c->number[0]);

	if (!o)
		return -ENOENT;

	int rc = maker_of(o->kind)->free(o);

	/* what "give" gave is the module's no longer */
	if (rc != -EBUSY)
		owner_drop(o);
	return rc;
}

static int64_t at(const struct call *c)
{
	struct owned *o = owner_find(c->number[0]);

	return o ? maker_of(o->kind)->at(o) : -ENOENT;
}

/* What was placed so far stays. */
static int64_t place(const struct call *c)
{
	uint64_t owner = c->number[0], start = c->number[1], nr = c->number[2];
	struct want w = { .node = (uint32_t)arena_zone.node };
	int rc = 0;

	for (uint64_t i = 0; i < nr; i++) {
		struct contigbench_span s = { .start = start + i, .nr = 1 };
		struct owned *o = owner_add(owner + i);

		if (!o)
			return answer(-EEXIST, "owner %llu has something", (unsigned long long)(owner + i));
		rc = device(CONTIGBENCH_GIVE, &s);
		o->node = (uint8_t)w.node;
		if (!rc)
			rc = alloc_user(o, &w);
		if (!rc && o->pfn != start + i) {
			answer(0, "the page came to %llu, not %llu", (unsigned long long)o->pfn,
			       (unsigned long long)(start + i));
			free_user(o);
			rc = -EXDEV;
		}
		if (rc) {
			owner_drop(o);
			return rc;
		}
	}
	return (int64_t)nr;
}

/* ---- pages by pfn ----------------------------------------------------------------------------- */

static int64_t give(const struct call *c)
{
	struct contigbench_span s = { .start = c->number[0], .nr = c->number[1] };

	return device(CONTIGBENCH_GIVE, &s);
}

static int64_t pin(const struct call *c)
{
	struct contigbench_ref r = { .pfn = c->number[0], .on = (uint32_t)c->number[1] };

	return device(CONTIGBENCH_PIN, &r);
}

static int64_t freeze(const struct call *c)
{
	struct contigbench_ref r = { .pfn = c->number[0], .on = (uint32_t)c->number[1] };
	int rc = device(CONTIGBENCH_FREEZE, &r);

	if (!rc && r.on)
		nr_frozen++;
	else if (!rc && nr_frozen)
		nr_frozen--;
	return rc;
}

static int64_t convert(const struct call *c)
{
	const char *kind = c->word[2];
	struct contigbench_convert v = { .start = c->number[0], .nr = c->number[1], .kind = (unsigned char)kind[0] };

	uint64_t order = 0;

	if (!strchr("AKSOoWBN", kind[0]) || (kind[0] == 'N') != !!kind[1] ||
	    (kind[1] && !line_number(kind + 1, kernel.max_order, &order)))
		return answer(-EINVAL, "%.40s: A, K, S, O, o, W, B or N<order>", kind);
	v.order = (uint32_t)order;
	return device(CONTIGBENCH_CONVERT, &v);
}

static int64_t type(const struct call *c)
{
	struct contigbench_settype t = { .start = c->number[0],
		                         .nr = c->number[1],
		                         .type = (unsigned char)*c->word[2] };

	if (t.type == 'C' && !(kernel.can & CONTIGBENCH_CAN_CMA_TYPE))
		return answer(-EOPNOTSUPP, "this kernel is configured without CMA");
	return device(CONTIGBENCH_SETTYPE, &t);
}

/* What only a symbol of the kernel's can do. */
static int64_t call_symbol(uint32_t can, unsigned long request, const char *symbol)
{
	if (!(kernel.can & can))
		return answer(-EOPNOTSUPP, "%s was not found in this kernel", symbol);
	return device(request, NULL);
}

static int64_t drain(const struct call *c)
{
	(void)c;
	return call_symbol(CONTIGBENCH_CAN_DRAIN, CONTIGBENCH_DRAIN, "drain_all_pages");
}

static int64_t lru(const struct call *c)
{
	(void)c;
	return call_symbol(CONTIGBENCH_CAN_LRU, CONTIGBENCH_LRU, "lru_add_drain_all");
}

const struct command pages_commands[] = {
	{ "alloc", "nlnln?w", "OWNER KIND ORDER TYPE NODE [highatomic|reclaim]", alloc, false },
	{ "many", "nnlnln?w", "OWNER NR KIND ORDER TYPE NODE [highatomic|reclaim]", many, false },
	{ "place", "npn", "OWNER START NR", place, false },
	{ "free", "n", "OWNER", free_owner, false },
	{ "at", "n", "OWNER", at, false },
	{ "give", "pn", "START NR", give, false },
	{ "pin", "pb", "PFN 0|1", pin, false },
	{ "freeze", "pb", "PFN 0|1", freeze, false },
	{ "convert", "pnw", "START NR KIND", convert, false },
	{ "type", "pnl", "START NR U|M|R|H|C", type, false },
	{ "drain", "", "", drain, false },
	{ "lru", "", "", lru, false },
	{ .name = NULL },
};
