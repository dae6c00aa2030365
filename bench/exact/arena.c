// SPDX-License-Identifier: MIT
/* arena.c - the exact clock: the zone around a case, opening it, looking at it. */
#include <stdlib.h>
#include <string.h>

#include "../../workloads/layout.h"
#include "arena_inside.h"

#define CPU              1u /* everything ran on the second of two cpus; the arena's node has none */
#define NODE             1u
#define OTHER_NODE_PAGES 16384u /* a part of its 3 GiB: all that is asked of it is that it has room */

/* The batch sizes, 15 until v6.9 and 31 from v6.10 on, are from the releases; no answer that ships depends on them. */
static const struct recorded_kernel kernels[] = {
	{ "5.10", "linux-5.10", "5.10.262", 4096, { 1 + 1, 1 + 0 }, 15 },
	{ "6.1", "linux-6.1", "6.1.192", 4096, { 1 + 9, 1 + 8, 1 + 2 }, 15 },
	{ "6.12", "linux-6.12", "6.12.107", 4096, { 1 + 9, 1 + 8, 1 + 2, 1 + 0 }, 31 },
	{ "7.2", "linux-7.2", "7.2.12", 3072, { 1 + 9, 1 + 8, 1 + 2 }, 31 },
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

static bool is_base(const char *backend, const char *name)
{
	size_t len = strcspn(backend, "+@");

	return strlen(name) == len && !strncmp(backend, name, len);
}

const struct recorded_kernel *recorded_kernel_for(const char *backend)
{
	const struct contig_backend *b;
	bool younger = false;

	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		younger |= is_base(backend, b->name);
		for (size_t k = 0; younger && k < sizeof(kernels) / sizeof(kernels[0]); k++) {
			if (!strcmp(kernels[k].backend, b->name))
				return &kernels[k];
		}
	}
	return &kernels[sizeof(kernels) / sizeof(kernels[0]) - 1];
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

/* Free runs of the largest order over [pfn, end), MOVABLE. */
static int place_free(struct contig *c, const struct contig_geometry *g, pfn_t pfn, pfn_t end)
{
	int rc = 0;

	for (; pfn < end && !rc; pfn += 1u << g->max_order)
		rc = c->ops->lab->place(c, pfn, g->max_order, PAGE_FREE, OWNER_NONE);
	return rc;
}

int arena_free_other_node(struct contig *c, const struct contig_geometry *g)
{
	return place_free(c, g, g->zones[1].start, g->zones[1].start + g->zones[1].pages);
}

/* A few free runs amid used pages in front of the arena, the arena itself, free order-10 runs behind it. */
static int place_zone(struct arena *a, const struct recorded_kernel *k)
{
	const struct contig_lab *lab = a->c->ops->lab;
	const uint32_t step = 1u << a->g.max_order;
	int rc = place_free(a->c, &a->g, a->start, a->g.zones[0].start + a->g.zones[0].pages);

	if (!rc)
		rc = arena_free_other_node(a->c, &a->g);
	/* none has a free buddy; they are older in their lists than anything of the arena */
	for (uint32_t i = 0; k->free_front[i] && !rc; i++)
		rc = lab->place(a->c, a->g.zones[0].start + i * step / 2, k->free_front[i] - 1u, PAGE_FREE, OWNER_NONE);
	return rc;
}

/* What is free behind the drawing, and in a zone below. */
static int place_around(struct arena *a)
{
	const struct contig_zone *z = a->g.zones;
	uint32_t step = 1u << a->g.max_order;
	int rc = place_free(a->c, &a->g, z->start + (arena_pages(a) + step - 1) / step * step, z->start + z->pages);

	return rc || a->g.nr_zones == 1 ? rc : place_free(a->c, &a->g, z[1].start, z[1].start + z[1].pages);
}

/* ---- owners and drivers ---------------------------------------------------------------------- */

owner_t arena_new_owner(struct arena *a, pfn_t pfn)
{
	if (a->nr_owners + 1 >= a->room) {
		owner_t room = a->room ? 2 * a->room : 1024;
		pfn_t *at = realloc(a->at, room * sizeof(*at));

		if (!at)
			return OWNER_NONE;
		a->at = at;
		a->room = room;
	}
	a->at[++a->nr_owners] = pfn;
	return a->nr_owners;
}

/* Is it a user mapping? They were noted with owners ascending. */
static bool is_mapping(const struct arena *a, owner_t owner)
{
	uint32_t low = 0, high = a->nr_mappings;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (a->mapping[middle] < owner)
			low = middle + 1;
		else
			high = middle;
	}
	return low < a->nr_mappings && a->mapping[low] == owner;
}

static void on_move(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct arena *a = ctx;

	(void)from;
	if (owner <= a->nr_owners)
		a->at[owner] = to;
	a->moved += is_mapping(a, owner);
	if (to - a->start >= arena_pages(a))
		a->moved_away += 1u << order;
}

/* The balloon driver's pages in [start, start + nr) that it has not let go of. */
static uint32_t balloon_pages(struct arena *a, pfn_t start, uint32_t nr, bool drop)
{
	uint32_t found = 0;

	for (pfn_t pfn = start; pfn < start + nr; pfn++) {
		struct contig_run run;

		a->c->ops->lab->run(a->c, pfn, &run);
		if (run.kind != PAGE_OFFLINE || run.frozen)
			continue;
		found++;
		if (drop)
			a->c->ops->lab->freeze(a->c, pfn);
	}
	return found;
}

static int on_isolating(void *ctx, pfn_t start, uint32_t nr, uint32_t *found)
{
	struct arena *a = ctx;

	if (a->sc->balloon.vetoes)
		return -EBUSY;
	if (a->sc->balloon.counts)
		*found += balloon_pages(a, start, nr, false);
	return 0;
}

static int on_going_offline(void *ctx, pfn_t start, uint32_t nr)
{
	struct arena *a = ctx;

	if (a->sc->balloon.vetoes)
		return -EBUSY;
	if (a->sc->balloon.drops)
		balloon_pages(a, start, nr, true);
	return 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_backend(struct arena *a, const char *backend, struct contig_diag *diag)
{
	a->hooks = (struct contig_hooks){
		.ctx = a, .moved = on_move, .isolating = on_isolating, .going_offline = on_going_offline
	};
	a->role = calloc(arena_pages(a), sizeof(*a->role));
	a->mapping = calloc(arena_pages(a), sizeof(*a->mapping));
	if (!a->role || !a->mapping)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	int rc = contig_spec_check(backend, diag);

	if (rc)
		return rc;
	/* a backend that exists and does not open has no rule for this geometry */
	a->c = contig_open(backend, &a->g, &a->hooks, diag);
	if (!a->c)
		return -EOPNOTSUPP;
	if (!a->c->ops->lab)
		return contig_diag_set(diag, -EOPNOTSUPP, "%s can not place pages exactly: it has no lab operations",
		                       backend);
	return 0;
}

int arena_open(struct arena *a, const char *backend, const struct recorded_kernel *k, const struct scripted_case *sc,
               struct contig_diag *diag)
{
	memset(a, 0, sizeof(*a));
	a->sc = sc;
	a->cpu = CPU;
	a->node = NODE;
	a->recorded = true;
	arena_geometry(&a->g, ARENA_ZONE_PAGES);
	a->start = a->g.zones[0].start + k->front;
	a->lru_batch = k->lru_batch;
	int rc = open_backend(a, backend, diag);

	rc = rc ? rc : arena_machine_can(a, NULL, diag);
	rc = rc ? rc : arena_machine_open(a, diag);
	if (!rc && !arena_is_machine(a->c) && place_zone(a, k))
		rc = contig_diag_set(diag, -EINVAL, "%s: the zone around the arena can not be laid out", sc->name);
	rc = rc ? rc : arena_build(a, diag);
	if (!rc)
		a->leak = arena_leak(a);
	return rc;
}

/* Who is where, what a contiguous request holds, and user mappings in the order of their addresses. */
static int note_owners(struct arena *a, struct contig_diag *diag)
{
	struct contig_run run;

	for (pfn_t pfn = a->start; pfn < a->start + arena_pages(a); pfn = run.pfn + run.nr) {
		a->c->ops->lab->run(a->c, pfn, &run);
		if (run.kind == PAGE_CONTIG)
			a->role[pfn - a->start] = ROLE_GOT;
		while (run.owner > a->nr_owners) {
			if (!arena_new_owner(a, PFN_NONE))
				return contig_diag_set(diag, -ENOMEM, "no memory");
		}
		if (run.owner == OWNER_NONE)
			continue;
		a->at[run.owner] = pfn;
		if (run.kind == PAGE_LRU || run.kind == PAGE_LRU_COMPOUND || run.kind == PAGE_USER)
			a->mapping[a->nr_mappings++] = run.owner;
	}
	return 0;
}

int arena_open_map(struct arena *a, const char *backend, const struct scenario *s, struct contig_diag *diag)
{
	memset(a, 0, sizeof(*a));
	a->sc = &s->sc;
	a->g = s->g;
	a->start = a->g.zones[0].start;
	int rc = open_backend(a, backend, diag);

	rc = rc ? rc : arena_machine_can(a, s, diag);
	rc = rc ? rc : arena_machine_open(a, diag);
	rc = rc ? rc : layout_place(a->c, &a->g, a->start >> a->g.pageblock_order, s->sc.map, diag);
	if (!rc && arena_is_machine(a->c))
		rc = a->c->ops->lab->settle(a->c, diag);
	else if (!rc && place_around(a))
		rc = contig_diag_set(diag, -EINVAL, "%s: the memory around the arena can not be laid out", s->sc.name);
	rc = rc ? rc : note_owners(a, diag);
	if (rc)
		return rc;
	a->leak = arena_leak(a);
	return a->c->ops->lab->verify(a->c, diag);
}

void arena_close(struct arena *a)
{
	struct contig_work work;

	for (uint32_t i = 0; i < ARENA_REQUESTS; i++) {
		struct contig_range *r = a->request[i].range;

		if (!r)
			continue;
		while (contig_range_step(r, &work))
			;
		contig_range_end(r, &a->request[i].out);
	}
	contig_close(a->c);
	free(a->role);
	free(a->at);
	free(a->mapping);
}
