// SPDX-License-Identifier: MIT
/* arena_build.c - building a case by the steps that the answers were recorded with. */
#include <string.h>

#include "arena_inside.h"

void arena_drain_lru(struct arena *a)
{
	a->fresh = 0;
	if (arena_is_machine(a->c)) {
		a->c->ops->lab->flush_lru(a->c);
		return;
	}
	for (owner_t o = 1; o <= a->nr_owners; o++) {
		if (a->at[o] != PFN_NONE)
			a->c->ops->lab->to_lru(a->c, a->at[o]);
	}
}

void arena_drain_pcp(struct arena *a)
{
	a->c->ops->lab->drain(a->c);
}

int arena_give(struct arena *a, uint32_t offset, uint32_t nr)
{
	memset(a->role + offset, ROLE_NONE, nr);
	return contig_range_free(a->c, a->cpu, a->start + offset, nr);
}

/* A user page of this order must land exactly where pages were freed just now. */
static int fault_in(struct arena *a, uint32_t offset, enum page_kind kind, unsigned int order, struct contig_diag *diag)
{
	struct contig_what what = { .order = (uint8_t)order,
		                    .kind = (uint8_t)kind,
		                    .migratetype = MT_MOVABLE,
		                    .node = a->node,
		                    .this_node = true };
	owner_t owner = arena_new_owner(a, a->start + offset);
	int64_t pfn = owner ? contig_alloc(a->c, a->cpu, what, owner) : -ENOMEM;

	if (pfn < 0)
		return arena_failed(a,
		                    contig_diag_set(diag, -ENODATA, "%s: no user page of offset %u could be had: %s",
		                                    a->sc->name, offset, strerror((int)-pfn)),
		                    diag);
	if (pfn != (int64_t)a->start + offset)
		return contig_diag_set(diag, -ENODATA, "%s: the user page of offset %u landed at offset %lld",
		                       a->sc->name, offset, (long long)pfn - a->start);
	if (kind == PAGE_HUGETLB_POOL)
		return 0;
	a->mapping[a->nr_mappings++] = owner;
	/* a full batch goes to the LRU, and so does one that a compound joins; a kernel sees to that itself */
	if (arena_is_machine(a->c))
		return 0;
	if (++a->fresh == a->lru_batch || order)
		arena_drain_lru(a);
	return 0;
}

/* Whole pageblocks, each one THP or one free page of the hugetlb pool. */
static int build_huge(struct arena *a, const struct case_spans *spans, enum page_kind kind, struct contig_diag *diag)
{
	int rc = 0;

	for (uint32_t i = 0; i < spans->nr && !rc; i++) {
		uint32_t at = spans->span[i].start;

		arena_drain_lru(a);
		arena_drain_pcp(a);
		arena_give(a, at, spans->span[i].nr);
		arena_drain_pcp(a);
		/* no drain follows: a second run that the refill took stays on the per-cpu list */
		rc = fault_in(a, at, kind, a->g.pageblock_order, diag);
	}
	return rc;
}

static int build_users(struct arena *a, struct contig_diag *diag)
{
	for (uint32_t at = 0; at < arena_pages(a); at++) {
		if (!case_has(&a->sc->user, at))
			continue;
		arena_give(a, at, 1);
		int rc = fault_in(a, at, PAGE_USER, 0, diag);

		if (rc)
			return rc;
	}
	return 0;
}

/* End of the maximal run of pages with this role from `at` on. */
uint32_t arena_role_end(const struct arena *a, uint32_t at, uint32_t end, enum arena_role role)
{
	while (at < end && a->role[at] == role)
		at++;
	return at;
}

static void free_rest(struct arena *a)
{
	for (uint32_t at = 0, end; at < arena_pages(a); at = end) {
		end = arena_role_end(a, at, arena_pages(a), ROLE_GOT);
		if (end == at) {
			end++;
			continue;
		}
		arena_give(a, at, end - at);
		if (!(a->sc->no_pcp && end == arena_pages(a)))
			arena_drain_pcp(a);
	}
}

static void free_rest_reverse(struct arena *a)
{
	const uint32_t npb = 1u << a->g.pageblock_order;

	for (uint32_t block = a->sc->nr_blocks; block-- > 0;) {
		for (uint32_t at = block * npb; at < (block + 1) * npb; at++) {
			if (a->role[at] == ROLE_GOT)
				arena_give(a, at, 1);
		}
		arena_drain_pcp(a);
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
int arena_build(struct arena *a, struct contig_diag *diag)
{
	struct contig_range_args all = { .start = a->start, .nr = arena_pages(a), .cpu = a->cpu };
	struct contig_outcome out;
	int rc = contig_range_alloc(a->c, &all, &out);

	if (rc)
		return arena_failed(
			a, contig_diag_set(diag, -ENODATA, "%s: the empty arena could not be taken", a->sc->name),
			diag);
	memset(a->role, ROLE_GOT, arena_pages(a));
	rc = build_huge(a, &a->sc->thp, PAGE_LRU_COMPOUND, diag);
	rc = rc ? rc : build_huge(a, &a->sc->htlb, PAGE_HUGETLB_POOL, diag);
	rc = rc ? rc : build_users(a, diag);
	if (rc)
		return rc;
	for (uint32_t at = 0; at < arena_pages(a); at++) {
		if (case_has(&a->sc->kern, at))
			a->role[at] = ROLE_KERNEL;
	}
	if (set_types(a))
		return arena_failed(
			a, contig_diag_set(diag, -EINVAL, "%s: mt=%s can not be set", a->sc->name, a->sc->types), diag);
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
		arena_drain_lru(a);
	if (!a->sc->no_pcp)
		arena_drain_pcp(a);
	return a->c->ops->lab->verify(a->c, diag);
}
