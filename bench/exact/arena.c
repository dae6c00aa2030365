// SPDX-License-Identifier: MIT
/* arena.c - the exact clock: building scripted cases and running their operations. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/layout.h"
#include "arena.h"

#define CPU              1u /* everything ran on the second of two cpus; the arena's node has none */
#define NODE             1u
#define OTHER_NODE_PAGES 16384u /* a part of its 3 GiB: all that is asked of it is that it has room */

/* What the case owns of the arena's pages. */
enum role {
	ROLE_NONE,
	ROLE_GOT,
	ROLE_KERNEL
};

/* The batch sizes, 15 until v6.9 and 31 from v6.10 on, are from the releases; no answer that ships depends on them. */
static const struct recorded_kernel kernels[] = {
	{ "5.10", "linux-5.10", 4096, { 1 + 1, 1 + 0 }, 15 },
	{ "6.1", "linux-6.1", 4096, { 1 + 9, 1 + 8, 1 + 2 }, 15 },
	{ "6.12", "linux-6.12", 4096, { 1 + 9, 1 + 8, 1 + 2, 1 + 0 }, 31 },
	{ "7.2", "linux-7.2", 3072, { 1 + 9, 1 + 8, 1 + 2 }, 31 },
};

const struct recorded_kernel *recorded_kernel_find(const char *name)
{
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		if (!strcmp(kernels[i].name, name))
			return &kernels[i];
	}
	return NULL;
}

const struct recorded_kernel *recorded_kernel_at(size_t i)
{
	return i < sizeof(kernels) / sizeof(kernels[0]) ? &kernels[i] : NULL;
}

/* ---- the zone -------------------------------------------------------------------------------- */

void arena_geometry(struct contig_geometry *g, uint32_t pages)
{
	contig_geometry_x86_64(g, pages);
	g->init = CONTIG_INIT_RESERVED;
	g->nr_cpus = 2;
	g->zones[0].node = NODE;
	g->zones[0].managed = 128772;
	g->zones[0].wmark_low = 3107;
	g->zones[0].wmark_min = 2486;
	/* the other node, which migration spills to when this one runs low */
	g->nr_zones = 2;
	g->zones[1] = (struct contig_zone){ .start = (pages + 1023) / 1024 * 1024,
		                            .pages = OTHER_NODE_PAGES,
		                            .type = ZONE_NORMAL };
}

int arena_free_other_node(struct contig *c, const struct contig_geometry *g)
{
	const struct contig_zone *z = &g->zones[1];
	int rc = 0;

	for (pfn_t pfn = z->start; pfn < z->start + z->pages && !rc; pfn += 1u << g->max_order)
		rc = c->ops->lab->place(c, pfn, g->max_order, PAGE_FREE, OWNER_NONE);
	return rc;
}

/* A few free runs amid used pages in front of the arena, the arena itself, free order-10 runs behind it. */
static int place_zone(struct arena *a, const struct recorded_kernel *k)
{
	const struct contig_lab *lab = a->c->ops->lab;
	const uint32_t step = 1u << a->g.max_order;
	pfn_t end = a->g.zones[0].start + a->g.zones[0].pages;
	int rc = 0;

	for (pfn_t pfn = a->start; pfn < end && !rc; pfn += step)
		rc = lab->place(a->c, pfn, a->g.max_order, PAGE_FREE, OWNER_NONE);
	if (!rc)
		rc = arena_free_other_node(a->c, &a->g);
	/* none has a free buddy; they are older in their lists than anything of the arena */
	for (uint32_t i = 0; k->free_front[i] && !rc; i++)
		rc = lab->place(a->c, a->g.zones[0].start + i * step / 2, k->free_front[i] - 1u, PAGE_FREE, OWNER_NONE);
	return rc;
}

static void on_move(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct arena *a = ctx;

	(void)from;
	a->mapping[owner - 1] = to;
	a->moved++;
	if (to - a->start >= a->sc->nr_blocks << a->g.pageblock_order)
		a->moved_away += 1u << order;
}

/* ---- building -------------------------------------------------------------------------------- */

static uint32_t arena_pages(const struct arena *a)
{
	return a->sc->nr_blocks << a->g.pageblock_order;
}

static void drain_lru(struct arena *a)
{
	for (uint32_t i = 0; i < a->nr_mappings; i++) {
		if (a->mapping[i] != PFN_NONE)
			a->c->ops->lab->to_lru(a->c, a->mapping[i]);
	}
	a->fresh = 0;
}

static void drain_pcp(struct arena *a)
{
	a->c->ops->lab->drain(a->c);
}

static int give(struct arena *a, uint32_t offset, uint32_t nr)
{
	memset(a->role + offset, ROLE_NONE, nr);
	return contig_range_free(a->c, CPU, a->start + offset, nr);
}

/* A user page of this order must land exactly where pages were freed just now. */
static int fault_in(struct arena *a, uint32_t offset, unsigned int order, struct contig_diag *diag)
{
	struct contig_what what = { .order = (uint8_t)order,
		                    .kind = order ? PAGE_LRU_COMPOUND : PAGE_USER,
		                    .migratetype = MT_MOVABLE,
		                    .node = NODE,
		                    .this_node = true };
	int64_t pfn = contig_alloc(a->c, CPU, what, a->nr_mappings + 1);

	if (pfn != (int64_t)a->start + offset)
		return contig_diag_set(diag, -ENODATA, "%s: the user page of offset %u landed at offset %lld",
		                       a->sc->name, offset, (long long)pfn - a->start);
	a->mapping[a->nr_mappings++] = (pfn_t)pfn;
	/* a full batch goes to the LRU, and so does one that a compound joins */
	if (++a->fresh == a->lru_batch || order)
		drain_lru(a);
	return 0;
}

static int build_thps(struct arena *a, struct contig_diag *diag)
{
	for (uint32_t i = 0; i < a->sc->thp.nr; i++) {
		uint32_t at = a->sc->thp.span[i].start;

		drain_lru(a);
		drain_pcp(a);
		give(a, at, a->sc->thp.span[i].nr);
		drain_pcp(a);
		/* no drain follows: a second run that the refill took stays on the per-cpu list */
		int rc = fault_in(a, at, a->g.pageblock_order, diag);

		if (rc)
			return rc;
	}
	return 0;
}

static int build_users(struct arena *a, struct contig_diag *diag)
{
	for (uint32_t at = 0; at < arena_pages(a); at++) {
		if (!case_has(&a->sc->user, at))
			continue;
		give(a, at, 1);
		int rc = fault_in(a, at, 0, diag);

		if (rc)
			return rc;
	}
	return 0;
}

/* End of the maximal run of pages with this role from `at` on. */
static uint32_t role_end(const struct arena *a, uint32_t at, uint32_t end, enum role role)
{
	while (at < end && a->role[at] == role)
		at++;
	return at;
}

static void free_rest(struct arena *a)
{
	for (uint32_t at = 0, end; at < arena_pages(a); at = end) {
		end = role_end(a, at, arena_pages(a), ROLE_GOT);
		if (end == at) {
			end++;
			continue;
		}
		give(a, at, end - at);
		if (!(a->sc->no_pcp && end == arena_pages(a)))
			drain_pcp(a);
	}
}

static void free_rest_reverse(struct arena *a)
{
	const uint32_t npb = 1u << a->g.pageblock_order;

	for (uint32_t block = a->sc->nr_blocks; block-- > 0;) {
		for (uint32_t at = block * npb; at < (block + 1) * npb; at++) {
			if (a->role[at] == ROLE_GOT)
				give(a, at, 1);
		}
		drain_pcp(a);
	}
}

static int set_types(struct arena *a)
{
	for (uint32_t b = 0; b < a->sc->nr_blocks; b++) {
		enum migratetype mt = contig_type_of_letter(a->sc->types[b]);
		int rc = a->c->ops->lab->set_type(a->c, (a->start >> a->g.pageblock_order) + b, mt);

		if (rc)
			return rc;
	}
	return 0;
}

/* The steps of the recorded answers' README, in their order. */
static int build(struct arena *a, struct contig_diag *diag)
{
	struct contig_range_args all = { .start = a->start, .nr = arena_pages(a), .cpu = CPU };
	struct contig_outcome out;
	int rc = contig_range_alloc(a->c, &all, &out);

	if (rc)
		return contig_diag_set(diag, -ENODATA, "%s: the empty arena could not be taken", a->sc->name);
	memset(a->role, ROLE_GOT, arena_pages(a));
	rc = build_thps(a, diag);
	rc = rc ? rc : build_users(a, diag);
	if (rc)
		return rc;
	for (uint32_t at = 0; at < arena_pages(a); at++) {
		if (case_has(&a->sc->kern, at))
			a->role[at] = ROLE_KERNEL;
	}
	if (set_types(a))
		return contig_diag_set(diag, -EINVAL, "%s: mt=%s can not be set", a->sc->name, a->sc->types);
	if (a->sc->reverse)
		free_rest_reverse(a);
	else
		free_rest(a);
	for (uint32_t at = 0; at < arena_pages(a); at++) {
		if (case_has(&a->sc->frozen, at))
			a->c->ops->lab->freeze(a->c, a->start + at);
		if (case_has(&a->sc->pin, at))
			a->c->ops->lab->pin(a->c, a->start + at, true);
	}
	if (!a->sc->no_lru)
		drain_lru(a);
	if (!a->sc->no_pcp)
		drain_pcp(a);
	return a->c->ops->lab->verify(a->c, diag);
}

int arena_open(struct arena *a, const char *backend, const struct recorded_kernel *k, const struct scripted_case *sc,
               struct contig_diag *diag)
{
	memset(a, 0, sizeof(*a));
	a->sc = sc;
	a->hooks = (struct contig_hooks){ .ctx = a, .moved = on_move };
	arena_geometry(&a->g, ARENA_ZONE_PAGES);
	a->start = a->g.zones[0].start + k->front;
	a->lru_batch = k->lru_batch;
	a->role = calloc(arena_pages(a), sizeof(*a->role));
	a->mapping = calloc(arena_pages(a), sizeof(*a->mapping));
	if (!a->role || !a->mapping)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	a->c = contig_open(backend, &a->g, &a->hooks, diag);
	if (!a->c)
		return -EINVAL;
	if (!a->c->ops->lab)
		return contig_diag_set(diag, -EINVAL, "%s can not place pages exactly: it has no lab operations",
		                       backend);
	if (place_zone(a, k))
		return contig_diag_set(diag, -EINVAL, "%s: the zone around the arena can not be laid out", sc->name);
	return build(a, diag);
}

void arena_close(struct arena *a)
{
	contig_close(a->c);
	free(a->role);
	free(a->mapping);
}

/* ---- running --------------------------------------------------------------------------------- */

const char *outcome_stage(const struct contig_outcome *o)
{
	if (!o->rc)
		return "ok";
	switch (o->autopsy.phase) {
	case PHASE_ISOLATE:
	case PHASE_DRAIN:
		return "isolate";
	case PHASE_MIGRATE:
		return "migrate";
	default:
		return "test";
	}
}

static void run_alloc(struct arena *a, const struct case_op *op, struct arena_answer *out)
{
	struct contig_range_args args = { .start = a->start + op->start, .nr = op->nr, .cpu = CPU };
	struct contig_outcome o;

	out->rc = contig_range_alloc(a->c, &args, &o);
	out->stage = outcome_stage(&o);
	out->migrated = o.total.migrated;
	/*
	 * Past isolation every cpu's LRU batches are flushed: before migration from v5.19 on, behind it before. It makes no
	 * difference to the request, as isolation has found no page of theirs in what it checked.
	 */
	if (!out->rc || o.autopsy.phase != PHASE_ISOLATE)
		drain_lru(a);
	if (!out->rc)
		memset(a->role + op->start, ROLE_GOT, op->nr);
}

/* Free each maximal run of pages with this role in the range. */
static void run_free(struct arena *a, const struct case_op *op, enum role role, struct arena_answer *out)
{
	out->stage = "skip";
	for (uint32_t at = op->start, end = op->start + op->nr, next; at < end; at = next) {
		next = role_end(a, at, end, role);
		if (next == at) {
			next++;
			continue;
		}
		out->rc = give(a, at, next - at);
		out->stage = "done";
	}
}

static void run_unmap(struct arena *a, const struct case_op *op, struct arena_answer *out)
{
	out->stage = "skip";
	for (uint32_t i = op->start; i < op->start + op->nr && i < a->nr_mappings; i++) {
		if (a->mapping[i] == PFN_NONE)
			continue;
		out->rc = contig_free(a->c, CPU, a->mapping[i], i + 1);
		a->mapping[i] = PFN_NONE;
		out->stage = "done";
	}
}

int arena_run(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag)
{
	memset(out, 0, sizeof(*out));
	a->moved = a->moved_away = 0;
	if (!a->sc->no_lru)
		drain_lru(a);
	if (!a->sc->no_pcp)
		drain_pcp(a);
	switch (op->what) {
	case 'a':
		run_alloc(a, op, out);
		break;
	case 'f':
		run_free(a, op, ROLE_GOT, out);
		break;
	case 'k':
		run_free(a, op, ROLE_KERNEL, out);
		break;
	default:
		run_unmap(a, op, out);
		break;
	}
	if (op->what != 'a')
		drain_lru(a);
	drain_pcp(a);
	out->moved = a->moved;
	out->moved_away = a->moved_away;
	out->types = arena_types(a);
	out->map = arena_map(a);
	return a->c->ops->lab->verify(a->c, diag);
}

/* ---- looking --------------------------------------------------------------------------------- */

static char letter_at(void *ctx, pfn_t pfn, const struct contig_run *run)
{
	const struct arena *a = ctx;
	uint32_t at = pfn - a->start;

	if (run->kind != PAGE_CONTIG || run->frozen || at >= arena_pages(a))
		return 0;
	return a->role[at] == ROLE_KERNEL ? 'K' : 'A';
}

char *arena_types(struct arena *a)
{
	return layout_types(a->c, a->start >> a->g.pageblock_order, a->sc->nr_blocks);
}

char *arena_map(struct arena *a)
{
	return layout_map(a->c, &a->g, a->start >> a->g.pageblock_order, a->sc->nr_blocks, letter_at, a);
}
