// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../bench/virtual/rng.h"
#include "random_run.h"

#define OWNERS   512u
#define REQUESTS 3u

struct piece {
	pfn_t pfn; /* PFN_NONE: not alive */
	uint8_t order;
	uint8_t kind;
	bool pinned;
};

struct held {
	pfn_t start;
	uint32_t nr;
};

struct run {
	struct contig *c;
	struct contig_geometry g;
	struct rng rng;
	uint64_t seed;
	uint64_t step;
	const char *backend;
	struct piece piece[OWNERS + 1];
	struct contig_range *request[REQUESTS];
	struct contig_range_args args[REQUESTS];
	struct held held[64];
	uint32_t nr_held;
	struct contig_range_args offline[64];
	uint32_t nr_offline;
};

static uint32_t below(struct run *r, uint32_t n)
{
	return (uint32_t)(rng_next(&r->rng) % n);
}

static void check(struct run *r, bool ok, const char *what)
{
	if (!ok)
		fail_msg("%s, P %u M %u, CONTIG_SEED=%llu, step %llu: %s", r->backend, r->g.pageblock_order,
		         r->g.max_order, (unsigned long long)r->seed, (unsigned long long)r->step, what);
}

/* What is allocated: how often in a hundred, as what, and in which orders. */
enum size {
	ANY,
	SINGLE,
	COMPOUND,
	BLOCK
};
static const struct {
	uint8_t often;
	uint8_t mt;
	uint8_t size; /* enum size */
	bool moves;
} kinds[PAGE_KIND_NR] = {
	[PAGE_KERNEL] = { 12, MT_UNMOVABLE, ANY, false },     [PAGE_RECLAIMABLE] = { 12, MT_RECLAIMABLE, ANY, false },
	[PAGE_LRU] = { 40, MT_MOVABLE, SINGLE, true },        [PAGE_LRU_COMPOUND] = { 10, MT_MOVABLE, COMPOUND, true },
	[PAGE_USER] = { 8, MT_MOVABLE, ANY, false },          [PAGE_NONCOMPOUND] = { 6, MT_UNMOVABLE, ANY, false },
	[PAGE_MOVABLE_OPS] = { 6, MT_MOVABLE, SINGLE, true }, [PAGE_HUGETLB] = { 3, MT_MOVABLE, BLOCK, true },
	[PAGE_HUGETLB_POOL] = { 3, MT_MOVABLE, BLOCK, true },
};

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct run *r = ctx;

	check(r, owner && owner <= OWNERS && r->piece[owner].pfn == from && r->piece[owner].order == order,
	      "a page moved that is not where its owner knew it");
	check(r, !r->piece[owner].pinned, "a pinned page moved");
	check(r, kinds[r->piece[owner].kind].moves, "an unmovable page moved");
	r->piece[owner].pfn = to;
}

static owner_t dead_owner(struct run *r)
{
	for (uint32_t i = 0, o = below(r, OWNERS); i < OWNERS; i++) {
		if (r->piece[1 + (o + i) % OWNERS].pfn == PFN_NONE)
			return 1 + (o + i) % OWNERS;
	}
	return OWNER_NONE;
}

static uint8_t random_kind(struct run *r)
{
	uint32_t at = below(r, 100);
	uint8_t kind = PAGE_KERNEL;

	while (at >= kinds[kind].often)
		at -= kinds[kind++].often;
	return kind;
}

static uint8_t random_order(struct run *r, uint8_t kind)
{
	uint8_t M = r->g.max_order;

	switch (kinds[kind].size) {
	case SINGLE:
		return 0;
	case COMPOUND:
		return (uint8_t)(1 + below(r, M));
	case BLOCK:
		return r->g.pageblock_order < M ? r->g.pageblock_order : M;
	default:
		return below(r, 3) ? 0 : (uint8_t)below(r, M + 1u);
	}
}

static void do_alloc(struct run *r)
{
	uint8_t kind = random_kind(r), order = random_order(r, kind);
	owner_t owner = dead_owner(r);

	if (!owner)
		return;
	struct contig_what what = { .kind = kind,
		                    .order = order,
		                    .migratetype = kinds[kind].mt,
		                    .highatomic = kind == PAGE_KERNEL && !below(r, 3),
		                    .last_chance = !below(r, 20),
		                    .node = (uint8_t)below(r, 2) };
	int64_t pfn = contig_alloc(r->c, below(r, r->g.nr_cpus), what, owner);

	if (pfn < 0)
		return;
	check(r, !((uint32_t)pfn & ((1u << order) - 1)), "misaligned allocation");
	r->piece[owner] = (struct piece){ (pfn_t)pfn, order, kind, false };
}

static owner_t live_owner(struct run *r)
{
	owner_t o = 1 + below(r, OWNERS);

	return r->piece[o].pfn == PFN_NONE ? OWNER_NONE : o;
}

static void do_free(struct run *r)
{
	owner_t o = live_owner(r);

	if (!o)
		return;
	check(r, contig_free(r->c, below(r, r->g.nr_cpus), r->piece[o].pfn, o) == 0, "a live allocation is not there");
	check(r, contig_free(r->c, 0, r->piece[o].pfn, o) == -EAGAIN, "freed twice");
	if (r->piece[o].pinned) /* the last reference goes */
		r->c->ops->lab->pin(r->c, r->piece[o].pfn, false);
	r->piece[o].pfn = PFN_NONE;
}

static void do_split(struct run *r)
{
	owner_t o = live_owner(r), pieces[64];

	if (!o || !r->piece[o].order || r->piece[o].order > 6)
		return;
	struct piece was = r->piece[o];
	unsigned int to = below(r, was.order);
	uint32_t nr = 1u << (was.order - to);

	r->piece[o].pfn = PFN_NONE;
	for (uint32_t i = 0; i < nr; i++) {
		pieces[i] = dead_owner(r);
		if (!pieces[i])
			break;
		r->piece[pieces[i]] = (struct piece){ was.pfn + (i << to), (uint8_t)to, was.kind, was.pinned };
		if (was.kind == PAGE_LRU_COMPOUND && !to)
			r->piece[pieces[i]].kind = PAGE_LRU;
		if (i + 1 == nr) {
			check(r, contig_split(r->c, was.pfn, o, to, pieces) == 0, "split refused");
			return;
		}
	}
	for (uint32_t i = 0; i < nr && pieces[i]; i++) /* not enough names: never mind */
		r->piece[pieces[i]].pfn = PFN_NONE;
	r->piece[o] = was;
}

static void do_pin(struct run *r)
{
	owner_t o = live_owner(r);

	if (!o)
		return;
	r->piece[o].pinned = !r->piece[o].pinned;
	r->c->ops->lab->pin(r->c, r->piece[o].pfn, r->piece[o].pinned);
}

/* Whole pageblocks, MAX_ORDER aligned so that every generation can take them offline. */
static struct contig_range_args random_blocks(struct run *r)
{
	const struct contig_zone *z = &r->g.zones[below(r, r->g.nr_zones)];
	uint32_t P = r->g.pageblock_order, M = r->g.max_order, size = 1u << (M > P ? M : P);
	pfn_t start = (z->start + below(r, z->pages)) / size * size;

	return (struct contig_range_args){ .start = start < z->start ? start + size : start, .nr = size };
}

static struct contig_range_args random_range(struct run *r)
{
	const struct contig_zone *z = &r->g.zones[below(r, r->g.nr_zones)];
	uint32_t nr = 1 + below(r, 3u << r->g.pageblock_order);
	struct contig_range_args args;

	switch (below(r, 10)) {
	case 0:
		args = random_blocks(r);
		args.op = RANGE_OFFLINE;
		break;
	case 1:
		args = random_blocks(r);
		args.op = below(r, 3) ? RANGE_UNDO : RANGE_ISOLATE;
		break;
	default:
		nr = nr > z->pages ? z->pages : nr;
		args = (struct contig_range_args){ .start = z->start + below(r, z->pages - nr + 1), .nr = nr };
	}
	args.cpu = below(r, r->g.nr_cpus);
	args.caller = (uint8_t)below(r, CALLER_NR);
	return args;
}

static void request_done(struct run *r, uint32_t i)
{
	struct contig_outcome out;

	contig_range_end(r->request[i], &out);
	r->request[i] = NULL;
	check(r, !out.rc == (out.autopsy.reason == WHY_NONE), "an autopsy without a death, or the other way round");
	if (out.rc)
		return;
	if (r->args[i].op == RANGE_ALLOC)
		r->held[r->nr_held++] = (struct held){ r->args[i].start, r->args[i].nr };
	if (r->args[i].op == RANGE_OFFLINE)
		r->offline[r->nr_offline++] = r->args[i];
}

static void do_request(struct run *r)
{
	uint32_t i = below(r, REQUESTS);
	struct contig_work work;

	if (!r->request[i]) {
		r->args[i] = random_range(r);
		if (r->args[i].op != RANGE_ALLOC && contig_range_begin(r->c, &r->args[i], &r->request[i]))
			return; /* the zone does not hold so much, or some of it is gone */
		if (r->args[i].op == RANGE_ALLOC)
			check(r, contig_range_begin(r->c, &r->args[i], &r->request[i]) == 0, "request refused");
		return;
	}
	for (uint32_t steps = 1 + below(r, 6); steps; steps--) {
		if (contig_range_step(r->request[i], &work))
			continue;
		request_done(r, i);
		return;
	}
}

static void do_online(struct run *r)
{
	if (!r->nr_offline)
		return;
	const struct contig_range_args *a = &r->offline[--r->nr_offline];

	check(r, contig_range_online(r->c, 0, a->start, a->nr) == 0, "what went offline does not come back");
}

static void do_give(struct run *r)
{
	if (!r->nr_held)
		return;
	struct held *h = &r->held[below(r, r->nr_held)];
	uint32_t nr = 1 + below(r, h->nr);

	check(r, contig_range_free(r->c, below(r, r->g.nr_cpus), h->start, nr) == 0,
	      "held pages can not be given back");
	h->start += nr;
	h->nr -= nr;
	if (!h->nr)
		*h = r->held[--r->nr_held];
}

static void do_type(struct run *r)
{
	const struct contig_zone *z = &r->g.zones[below(r, r->g.nr_zones)];
	block_t b = (z->start + below(r, z->pages)) >> r->g.pageblock_order;

	/* not CMA or HIGHATOMIC into MOVABLE runs: what then merged with what is drift by construction */
	r->c->ops->lab->set_type(r->c, b, (enum migratetype)below(r, 3));
}

static void step(struct run *r)
{
	uint32_t what = below(r, 100);
	struct contig_diag diag;

	if (what < 40)
		do_alloc(r);
	else if (what < 68)
		do_free(r);
	else if (what < 72)
		do_split(r);
	else if (what < 74)
		do_pin(r);
	else if (what < 90)
		do_request(r);
	else if (what < 96 || r->nr_held > 50)
		do_give(r);
	else if (what < 97)
		r->c->ops->lab->drain(r->c);
	else if (what < 98)
		r->c->ops->lab->unreserve(r->c, (enum migratetype)below(r, 3), below(r, 2));
	else if (what < 99 || r->nr_offline > 50)
		do_online(r);
	else
		do_type(r);
	if (r->c->ops->lab->verify(r->c, &diag))
		check(r, false, diag.text);
}

static void finish(struct run *r)
{
	struct contig_stats s;
	struct contig_work work;
	uint64_t pages = 0;

	for (uint32_t i = 0; i < REQUESTS; i++) {
		if (!r->request[i])
			continue;
		while (contig_range_step(r->request[i], &work))
			;
		request_done(r, i);
	}
	while (r->nr_offline)
		do_online(r);
	for (owner_t o = 1; o <= OWNERS; o++) {
		if (r->piece[o].pfn == PFN_NONE)
			continue;
		check(r, contig_free(r->c, 0, r->piece[o].pfn, o) == 0, "a survivor is not there");
		if (r->piece[o].pinned)
			r->c->ops->lab->pin(r->c, r->piece[o].pfn, false);
	}
	for (uint32_t i = 0; i < r->nr_held; i++)
		check(r, contig_range_free(r->c, 0, r->held[i].start, r->held[i].nr) == 0, "held pages are not there");
	r->c->ops->lab->drain(r->c);
	contig_stats(r->c, CONTIG_ALL_ZONES, &s);
	for (uint32_t i = 0; i < r->g.nr_zones; i++)
		pages += r->g.zones[i].pages;
	for (unsigned int k = 0; k <= r->g.max_order; k++)
		pages -= s.nr_free[k] << k;
	check(r, !pages && !s.pcp, "pages are missing when everything is freed");
}

void random_run(const char *backend, const struct contig_geometry *g, uint64_t seed, uint64_t steps)
{
	struct run *r = calloc(1, sizeof(*r));
	struct contig_hooks hooks = { .ctx = r, .moved = moved };
	struct contig_diag diag;

	r->g = *g;
	r->seed = seed;
	r->backend = backend;
	r->rng = rng_seed(seed, RNG_REQUESTS);
	for (owner_t o = 0; o <= OWNERS; o++)
		r->piece[o].pfn = PFN_NONE;
	r->c = contig_open(backend, g, &hooks, &diag);
	if (!r->c)
		fail_msg("%s: %s", backend, diag.text);
	for (r->step = 0; r->step < steps; r->step++)
		step(r);
	finish(r);
	contig_close(r->c);
	free(r);
}

void random_geometry(struct contig_geometry *g, uint8_t P, uint8_t M)
{
	contig_geometry_x86_64(g, 24u << P);
	g->pageblock_order = P;
	g->max_order = M;
	g->nr_cpus = 2;
	g->zones[0].wmark_min = 1;
}
