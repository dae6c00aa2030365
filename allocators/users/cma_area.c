// SPDX-License-Identifier: MIT
/* cma_area.c - making CMA areas. */
#include <stdlib.h>

#include "cma_area.h"

int cma_open(const struct user_machine *m, struct cma **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->m = *m;
	return 0;
}

static void area_free(struct cma_area *a)
{
	for (uint32_t i = 0; i < a->nr_ranges; i++)
		free(a->range[i].map);
	free(a);
}

void cma_close(struct cma *cma)
{
	while (cma && cma->first) {
		struct cma_area *a = cma->first;

		cma->first = a->next;
		area_free(a);
	}
	free(cma);
}

struct cma_area *cma_area_at(struct cma *cma, uint32_t i)
{
	struct cma_area *a = cma->first;

	while (a && i--)
		a = a->next;
	return a;
}

uint32_t cma_available(const struct cma_area *a)
{
	return a->available;
}

uint32_t cma_pages(const struct cma_area *a)
{
	return a->pages;
}

uint8_t cma_node(const struct cma_area *a)
{
	return a->node;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static bool taken_by(const struct cma_area *a, const struct cma_range *r)
{
	for (uint32_t i = 0; i < a->nr_ranges; i++) {
		uint64_t end = a->range[i].base + (a->range[i].bits << a->order_per_bit);

		if (r->base < end && a->range[i].base < (uint64_t)r->base + r->pages)
			return true;
	}
	return false;
}

static int check_range(const struct cma *cma, const struct cma_area *made, const struct cma_range *r,
                       struct contig_diag *diag)
{
	uint32_t align = user_alignment(cma->m.policy, cma->m.g);
	uint32_t unit = 1u << made->order_per_bit;
	bool overlaps = taken_by(made, r);

	align = align > unit ? align : unit;
	if (!r->pages)
		return contig_diag_set(diag, -EINVAL, "CMA area at pfn %u: it has no pages", r->base);
	if ((r->base | r->pages) & (align - 1))
		return contig_diag_set(diag, -EINVAL,
		                       "CMA area of %u pages at pfn %u: begin and size must be multiples of %u pages",
		                       r->pages, r->base, align);
	for (const struct cma_area *a = cma->first; a; a = a->next)
		overlaps |= taken_by(a, r);
	if (overlaps)
		return contig_diag_set(diag, -EINVAL,
		                       "CMA area of %u pages at pfn %u overlaps another: move one of them", r->pages,
		                       r->base);
	return 0;
}

/* Nobody may use it yet: areas are made at boot. */
static int check_pages(const struct cma *cma, const struct cma_range *r, struct contig_diag *diag)
{
	struct contig_run run;

	for (uint64_t pfn = r->base; pfn < (uint64_t)r->base + r->pages; pfn = (uint64_t)run.pfn + run.nr) {
		cma->m.lab->run(cma->m.c, (pfn_t)pfn, &run);
		if (run.kind == PAGE_FREE || run.kind == PAGE_RESERVED)
			continue;
		return contig_diag_set(diag, -EBUSY,
		                       "CMA area of %u pages at pfn %u: page %u is neither free nor reserved (%s)",
		                       r->pages, r->base, (pfn_t)pfn, contig_kind_name(run.kind));
	}
	return 0;
}

/* ---- set-up ---------------------------------------------------------------------------------- */

/* Hand what is reserved of [pfn, end), which is in one zone, to the buddy. */
static void free_reserved(const struct cma *cma, pfn_t pfn, pfn_t end)
{
	struct contig_run run;

	for (; pfn < end; pfn = run.pfn + run.nr) {
		cma->m.lab->run(cma->m.c, pfn, &run);
		if (run.kind != PAGE_RESERVED)
			continue;
		uint32_t nr = (run.pfn + run.nr < end ? run.pfn + run.nr : end) - pfn;

		cma->m.lab->convert(cma->m.c, pfn, nr, PAGE_CONTIG, OWNER_NONE);
		contig_range_free(cma->m.c, 0, pfn, nr);
	}
	cma->m.lab->drain(cma->m.c);
}

/* What can be no area, zone by zone. */
static void hand_back(const struct cma *cma, const struct cma_range *r)
{
	const struct contig_geometry *g = cma->m.g;

	for (const struct contig_zone *z = g->zones; z < g->zones + g->nr_zones; z++) {
		uint64_t end = (uint64_t)r->base + r->pages, zone_end = (uint64_t)z->start + z->pages;

		end = end < zone_end ? end : zone_end;
		free_reserved(cma, r->base > z->start ? r->base : z->start, (pfn_t)end);
	}
}

/*
 * The area's pages and what free runs reach over its borders: taken out of the buddy, so that they come to it as pages
 * do that a kernel has set aside at boot, block by block and merging as the release lets them.
 */
static int take(const struct cma *cma, pfn_t *start, pfn_t *end)
{
	struct contig_outcome out;
	struct contig_run first, last;

	cma->m.lab->run(cma->m.c, *start, &first);
	cma->m.lab->run(cma->m.c, *end - 1, &last);
	*start = first.pfn;
	*end = last.pfn + last.nr;
	const struct contig_range_args args = { .start = *start, .nr = *end - *start };

	return contig_range_alloc(cma->m.c, &args, &out);
}

static int set_up(const struct cma *cma, const struct cma_range *r)
{
	const struct contig_geometry *g = cma->m.g;
	pfn_t base = r->base, behind = r->base + r->pages, start = base, end = behind;
	int rc;

	free_reserved(cma, base, behind);
	rc = take(cma, &start, &end);
	if (rc)
		return rc;
	if (start < base)
		contig_range_free(cma->m.c, 0, start, base - start);
	if (behind < end)
		contig_range_free(cma->m.c, 0, behind, end - behind);
	for (pfn_t pfn = base; pfn < behind && !rc; pfn += user_npb(g))
		rc = cma->m.lab->set_type(cma->m.c, pfn >> g->pageblock_order, MT_CMA);
	contig_range_free(cma->m.c, 0, base, behind - base);
	cma->m.lab->drain(cma->m.c);
	return rc;
}

static int add_range(struct cma_area *a, const struct cma_range *r)
{
	struct cma_bitmap *b = &a->range[a->nr_ranges];

	b->base = r->base;
	b->bits = (uint64_t)r->pages >> a->order_per_bit;
	b->map = calloc(b->bits / 64 + 1, sizeof(*b->map));
	if (!b->map)
		return -ENOMEM;
	a->nr_ranges++;
	a->pages += r->pages;
	a->available += r->pages;
	return 0;
}

/* All ranges are looked at before the first becomes CMA. */
static int check(struct cma *cma, struct cma_area *a, const struct cma_range *ranges, uint32_t nr,
                 struct contig_diag *diag)
{
	for (uint32_t i = 0; i < nr; i++) {
		int rc = check_range(cma, a, &ranges[i], diag);

		if (rc)
			return rc;
		if (!user_zone(cma->m.g, ranges[i].base, ranges[i].pages)) {
			for (uint32_t k = 0; k < nr; k++)
				hand_back(cma, &ranges[k]);
			return contig_diag_set(diag, -EINVAL,
			                       "CMA area of %u pages at pfn %u lies in no one zone: its pages go to "
			                       "the buddy",
			                       ranges[i].pages, ranges[i].base);
		}
		rc = check_pages(cma, &ranges[i], diag);
		if (!rc)
			rc = add_range(a, &ranges[i]);
		if (rc)
			return rc == -ENOMEM ? contig_diag_set(diag, rc, "no memory for a CMA bitmap") : rc;
	}
	return 0;
}

int cma_area_add(struct cma *cma, const struct cma_range *ranges, uint32_t nr, unsigned int order_per_bit,
                 struct cma_area **out, struct contig_diag *diag)
{
	struct cma_area *a, **at = &cma->first;

	if (!nr || nr > CMA_MAX_RANGES)
		return contig_diag_set(diag, -EINVAL, "CMA area of %u ranges: between 1 and %u, please", nr,
		                       CMA_MAX_RANGES);
	if (order_per_bit > 20)
		return contig_diag_set(diag, -EINVAL, "CMA area with 2^%u pages a bit: at most 2^20, please",
		                       order_per_bit);
	a = calloc(1, sizeof(*a));
	if (!a)
		return contig_diag_set(diag, -ENOMEM, "no memory for a CMA area");
	a->cma = cma;
	a->order_per_bit = order_per_bit;
	int rc = check(cma, a, ranges, nr, diag);

	for (uint32_t i = 0; i < nr && !rc; i++) {
		rc = set_up(cma, &ranges[i]);
		if (rc)
			contig_diag_set(diag, rc, "CMA area of %u pages at pfn %u can not be set up", ranges[i].pages,
			                ranges[i].base);
	}
	if (rc) {
		area_free(a);
		return rc;
	}
	a->node = user_zone(cma->m.g, ranges[0].base, ranges[0].pages)->node;
	while (*at)
		at = &(*at)->next;
	*at = a;
	*out = a;
	return 0;
}
