// SPDX-License-Identifier: MIT
/* zone_layout.c - putting a whole zone down as it was seen. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "zone_layout.h"

void zone_layout_free(struct zone_layout *l)
{
	free(l->free_run);
	free(l->run);
	l->free_run = l->run = NULL;
	l->nr_free = l->nr_runs = l->room_free = l->room_runs = 0;
}

static bool bit(const uint8_t *map, uint32_t i)
{
	return map[i / 8] >> i % 8 & 1;
}

static bool is_free(const struct zone_layout *l, pfn_t pfn)
{
	return bit(l->block[pfn / LAYOUT_NPB].free, pfn % LAYOUT_NPB);
}

/* ---- as it was seen -------------------------------------------------------------------------- */

static void mark(uint8_t *map, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		map[from / 8] |= (uint8_t)(1u << from % 8);
}

/* [pfn, pfn + nr) in the bitmap of each block that holds a part of it. */
static void mark_pages(struct zone_layout *l, pfn_t pfn, uint32_t nr, bool free_pages)
{
	for (pfn_t end = pfn + nr, next; pfn < end; pfn = next) {
		struct block_layout *b = &l->block[pfn / LAYOUT_NPB];

		next = pfn / LAYOUT_NPB * LAYOUT_NPB + LAYOUT_NPB;
		next = next < end ? next : end;
		mark(free_pages ? b->free : b->unmovable, pfn % LAYOUT_NPB, next - pfn / LAYOUT_NPB * LAYOUT_NPB);
	}
}

static struct contig_run *add(struct contig_run **all, uint32_t *nr, uint32_t *room)
{
	if (*nr == *room) {
		uint32_t more = *room ? 2 * *room : 1024;
		struct contig_run *grown = realloc(*all, more * sizeof(*grown));

		if (!grown)
			return NULL;
		*all = grown;
		*room = more;
	}
	return &(*all)[(*nr)++];
}

static int inside(const struct zone_layout *l, pfn_t pfn, uint32_t nr, struct contig_diag *diag)
{
	uint32_t pages = l->nr_blocks * LAYOUT_NPB;

	return pfn < pages && nr <= pages - pfn
	               ? 0
	               : contig_diag_set(diag, -EBADMSG, "page %u+%u lies outside the zone of %u pages", pfn, nr,
	                                 pages);
}

int zone_layout_add_run(struct zone_layout *l, const struct contig_run *run, struct contig_diag *diag)
{
	struct contig_run *mine = add(&l->run, &l->nr_runs, &l->room_runs);

	if (!mine)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	*mine = *run;
	return 0;
}

int zone_layout_saw(struct zone_layout *l, const struct contig_run *run, struct contig_diag *diag)
{
	bool plain = !run->order && !run->pinned && !run->frozen;
	int rc = inside(l, run->pfn, run->nr, diag);

	if (rc || (plain && run->kind == PAGE_LRU))
		return rc;
	if (run->kind == PAGE_FREE) {
		mark_pages(l, run->pfn, run->nr, true);
		return 0;
	}
	if (run->kind != PAGE_LRU && run->kind != PAGE_LRU_COMPOUND && run->kind != PAGE_USER)
		mark_pages(l, run->pfn, run->nr, false);
	if (plain && run->kind == PAGE_KERNEL)
		return 0;
	return zone_layout_add_run(l, run, diag);
}

int zone_layout_saw_free(struct zone_layout *l, pfn_t pfn, unsigned int order, enum migratetype list,
                         struct contig_diag *diag)
{
	struct contig_run *mine = add(&l->free_run, &l->nr_free, &l->room_free);

	if (!mine)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	*mine = (struct contig_run){
		.pfn = pfn, .nr = 1u << order, .order = (uint8_t)order, .kind = PAGE_FREE, .list = (uint8_t)list
	};
	l->listed = true;
	return 0;
}

/* ---- putting it down ------------------------------------------------------------------------- */

/* Largest order of a free aligned run at this page, within its block. */
static unsigned int free_order(const struct block_layout *b, uint32_t page)
{
	unsigned int order = 0;

	while (order < 9 && !(page & ((2u << order) - 1))) {
		for (uint32_t i = page + (1u << order); i < page + (2u << order); i++) {
			if (!bit(b->free, i))
				return order;
		}
		order++;
	}
	return order;
}

static bool wholly_free(const struct block_layout *b)
{
	return bit(b->free, 0) && free_order(b, 0) == 9;
}

/* Where nobody looked at the lists. */
static int place_largest(const struct zone_layout *l, struct contig *c, block_t n)
{
	const struct contig_lab *lab = c->ops->lab;
	const struct block_layout *b = &l->block[n], *pair = &l->block[n ^ 1];
	pfn_t start = n * LAYOUT_NPB;
	int rc = 0;

	/* two free blocks of one type are one run; the upper one was placed with the lower */
	if ((n ^ 1) < l->nr_blocks && wholly_free(b) && wholly_free(pair) && b->type == pair->type)
		return n & 1 ? 0 : lab->place(c, start, 10, PAGE_FREE, OWNER_NONE);
	for (uint32_t i = 0; i < LAYOUT_NPB && !rc;) {
		unsigned int order = bit(b->free, i) ? free_order(b, i) : 0;

		if (bit(b->free, i))
			rc = lab->place(c, start + i, order, PAGE_FREE, OWNER_NONE);
		i += 1u << order;
	}
	return rc;
}

/*
 * Each run, and then, list by list from the head on, each to the tail of its list: so lists that are not those of the blocks'
 * types come out right as well.
 */
static int place_listed(const struct zone_layout *l, struct contig *c, struct contig_diag *diag)
{
	const struct contig_lab *lab = c->ops->lab;

	for (uint32_t i = 0; i < l->nr_free; i++) {
		const struct contig_run *r = &l->free_run[i];

		if (lab->place(c, r->pfn, r->order, PAGE_FREE, OWNER_NONE))
			return contig_diag_set(diag, -EINVAL,
			                       "the free run of order %u at page %u can not be: its buddy is free",
			                       r->order, r->pfn);
	}
	for (uint32_t i = 0; i < l->nr_free; i++) {
		const struct contig_run *r = &l->free_run[i];

		if (lab->relist(c, r->pfn, (enum migratetype)r->list))
			return contig_diag_set(
				diag, -EINVAL,
				"the free run of order %u at page %u is on a list that %s has no rule for", r->order,
				r->pfn, c->ops->name);
	}
	return 0;
}

static int place_run(struct contig *c, const struct contig_run *r)
{
	const struct contig_lab *lab = c->ops->lab;
	int rc = 0;

	for (pfn_t pfn = r->pfn; pfn < r->pfn + r->nr && !rc; pfn += 1u << r->order) {
		rc = lab->place(c, pfn, r->order, (enum page_kind)r->kind, pfn + 1);
		if (!rc && r->pinned)
			rc = lab->pin(c, pfn, true);
		if (!rc && r->frozen)
			rc = lab->freeze(c, pfn);
	}
	return rc;
}

static int place_runs(const struct zone_layout *l, struct contig *c, struct contig_diag *diag)
{
	for (uint32_t i = 0; i < l->nr_runs; i++) {
		const struct contig_run *r = &l->run[i];

		/* reserved is what everything is before something is put down: they come last */
		if (r->kind != PAGE_RESERVED && place_run(c, r))
			return contig_diag_set(diag, -EINVAL, "%s of order %u at page %u can not be put down",
			                       contig_kind_name((enum page_kind)r->kind), r->order, r->pfn);
	}
	return 0;
}

/* What the bitmaps say of pages that no run covers. */
static int place_singles(const struct zone_layout *l, struct contig *c, block_t n)
{
	const struct contig_lab *lab = c->ops->lab;
	const struct block_layout *b = &l->block[n];
	int rc = 0;

	for (uint32_t i = 0; i < LAYOUT_NPB && !rc; i++) {
		pfn_t pfn = n * LAYOUT_NPB + i;
		struct contig_run run;

		if (bit(b->free, i))
			continue;
		lab->run(c, pfn, &run);
		if (run.kind == PAGE_RESERVED)
			rc = lab->place(c, pfn, 0, bit(b->unmovable, i) ? PAGE_KERNEL : PAGE_LRU, pfn + 1);
	}
	return rc;
}

static int place_reserved(const struct zone_layout *l, struct contig *c)
{
	int rc = 0;

	for (uint32_t i = 0; i < l->nr_runs && !rc; i++) {
		if (l->run[i].kind == PAGE_RESERVED)
			rc = c->ops->lab->convert(c, l->run[i].pfn, l->run[i].nr, PAGE_RESERVED, OWNER_NONE);
	}
	return rc;
}

static int place_all(const struct zone_layout *l, struct contig *c, const struct contig_geometry *g,
                     struct contig_diag *diag)
{
	int rc = 0;

	for (block_t n = 0; n < l->nr_blocks; n++) {
		if (c->ops->lab->set_type(c, n, contig_type_of_letter(l->block[n].type)))
			return contig_diag_set(diag, -EBADMSG, "pageblock %u can not be set up", n);
	}
	rc = place_runs(l, c, diag);
	for (block_t n = 0; n < l->nr_blocks && !rc; n++) {
		if (place_singles(l, c, n) || (!l->listed && place_largest(l, c, n)))
			rc = contig_diag_set(diag, -EBADMSG, "pageblock %u can not be laid out", n);
	}
	rc = rc || !l->listed ? rc : place_listed(l, c, diag);
	if (!rc && place_reserved(l, c))
		rc = contig_diag_set(diag, -EINVAL, "reserved pages can not be put down");
	if (!rc && arena_free_other_node(c, g))
		rc = contig_diag_set(diag, -EINVAL, "the other node can not be laid out");
	return rc ? rc : c->ops->lab->verify(c, diag);
}

int zone_layout_check(const struct zone_layout *l, struct contig_diag *diag)
{
	uint64_t listed = 0, mapped = 0;

	if (!l->nr_blocks)
		return contig_diag_set(diag, -EBADMSG, "no pageblock is there");
	for (block_t n = 0; n < l->nr_blocks; n++) {
		if (!l->block[n].type)
			return contig_diag_set(diag, -EBADMSG, "the layout lacks pageblock %u", n);
		for (uint32_t i = 0; i < LAYOUT_NPB / 8; i++)
			mapped += (uint64_t)__builtin_popcount(l->block[n].free[i]);
	}
	for (uint32_t i = 0; i < l->nr_free; i++) {
		const struct contig_run *r = &l->free_run[i];

		if (inside(l, r->pfn, r->nr, diag))
			return -EBADMSG;
		for (pfn_t pfn = r->pfn; pfn < r->pfn + r->nr; pfn++) {
			if (!is_free(l, pfn))
				return contig_diag_set(diag, -EBADMSG,
				                       "page %u is on a free list and not in the bitmap of free pages",
				                       pfn);
		}
		listed += r->nr;
	}
	if (l->listed && listed != mapped)
		return contig_diag_set(diag, -EBADMSG,
		                       "%llu pages are on free lists, %llu in the bitmaps of free pages",
		                       (unsigned long long)listed, (unsigned long long)mapped);
	for (uint32_t i = 0; i < l->nr_runs; i++) {
		if (inside(l, l->run[i].pfn, l->run[i].nr, diag))
			return -EBADMSG;
	}
	return 0;
}

struct contig *zone_layout_load(const struct zone_layout *l, const char *backend, struct contig_geometry *g,
                                const struct contig_hooks *hooks, int *rc, struct contig_diag *diag)
{
	arena_geometry(g, l->nr_blocks * LAYOUT_NPB);
	if (l->managed) {
		g->zones[0].managed = l->managed;
		g->zones[0].wmark_min = l->wmark_min;
		g->zones[0].wmark_low = l->wmark_low;
	}
	*rc = zone_layout_check(l, diag);
	struct contig *c = *rc ? NULL : contig_open(backend, g, hooks, diag);

	if (!c) {
		*rc = *rc ? *rc : -EINVAL;
		return NULL;
	}
	*rc = place_all(l, c, g, diag);
	if (!*rc)
		return c;
	contig_close(c);
	return NULL;
}
