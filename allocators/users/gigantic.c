// SPDX-License-Identifier: MIT
/* gigantic.c - searching zones for a gigantic page. */
#include "gigantic.h"

struct gigantic_request {
	struct user_request base;
	struct user_machine m;
	struct gigantic_params p;
	uint32_t area; /* next CMA area to ask, in two turns: the node's, then the others' */
	bool other_areas;
	const struct contig_zone *zone; /* that is being searched */
	int rc;                         /* of the last call */
	uint64_t pfn;                   /* next range to look at */
	bool accept_hugetlb;            /* second pass (7.x) ... */
	bool met_hugetlb;               /* ... which is made if the first one met any */
};

static user_state ask_cma, cma_asked, search, asked;

static struct gigantic_request *of(struct user_request *r)
{
	return (struct gigantic_request *)r;
}

/* ---- CMA areas ------------------------------------------------------------------------------- */

/* The next area of this turn: first those of the node, then, unless it must be the node, all others. */
static struct cma_area *next_area(struct gigantic_request *q)
{
	struct cma_area *a;

	while (q->p.cma) {
		while ((a = cma_area_at(q->p.cma, q->area))) {
			q->area++;
			if ((cma_node(a) == q->p.node) != q->other_areas)
				return a;
		}
		if (q->other_areas || q->p.this_node)
			break;
		q->other_areas = true;
		q->area = 0;
	}
	return NULL;
}

static enum user_progress ask_cma(struct user_request *r, struct contig_work *work)
{
	struct gigantic_request *q = of(r);
	struct user_request *inner;
	struct cma_area *a = next_area(q);
	unsigned int order = 31u - (unsigned int)__builtin_clz(q->p.pages);

	(void)work;
	if (!a)
		return user_next(r, search);
	int rc = cma_alloc_begin(a, q->p.pages, order, q->p.cpu, &inner);

	return rc ? user_finish(r, rc) : user_inner(r, inner, cma_asked);
}

static enum user_progress got(struct user_request *r, pfn_t start)
{
	struct gigantic_request *q = of(r);

	r->out.start = start;
	r->out.nr = q->p.pages;
	if (q->p.pages > user_nmax(q->m.g))
		q->m.lab->convert(r->c, start, q->p.pages, PAGE_GIGANTIC, OWNER_NONE);
	return user_finish(r, 0);
}

static enum user_progress cma_asked(struct user_request *r, struct contig_work *work)
{
	(void)work;
	of(r)->rc = r->inside.rc;
	return r->inside.rc ? user_next(r, ask_cma) : got(r, r->inside.start);
}

/* ---- the zonelist ---------------------------------------------------------------------------- */

/* Where a zone stands in the list of those to search: the node's first, the others in turn; higher types first. */
static uint32_t rank(const struct gigantic_request *q, const struct contig_zone *z)
{
	uint32_t distance = (z->node + CONTIG_MAX_NODES - q->p.node) % CONTIG_MAX_NODES;
	uint32_t index = (uint32_t)(z - q->m.g->zones);

	return (distance * ZONE_TYPE_NR + ZONE_TYPE_NR - 1 - z->type) * CONTIG_MAX_ZONES + index;
}

/* The zone behind `z` in that list, the first one for NULL; NULL behind the last. */
static const struct contig_zone *next_zone(const struct gigantic_request *q, const struct contig_zone *z)
{
	const struct contig_geometry *g = q->m.g;
	const struct contig_zone *best = NULL;

	for (const struct contig_zone *y = g->zones; y < g->zones + g->nr_zones; y++) {
		if (q->p.this_node && y->node != q->p.node)
			continue;
		if ((!z || rank(q, y) > rank(q, z)) && (!best || rank(q, y) < rank(q, best)))
			best = y;
	}
	return best;
}

/* ---- the quick look -------------------------------------------------------------------------- */

/*
 * Pages that the unmovable check would stumble over (6.3, for other callers than CMA and offline); not their block's
 * type.
 */
static bool unmovable(const struct contig_policy *p, const struct contig_run *run, pfn_t pfn,
                      const struct contig_zone *z)
{
	/* what has no reference is ignored, unless it is a compound; and so are the later pages of what is none */
	bool compound =
		run->order && (run->kind == PAGE_KERNEL || run->kind == PAGE_RECLAIMABLE || run->kind == PAGE_USER);
	bool ignored = (run->frozen && !compound) || (run->kind == PAGE_NONCOMPOUND && pfn > run->pfn);

	switch ((enum page_kind)run->kind) {
	case PAGE_FREE:
	case PAGE_PCP:
	case PAGE_LRU:
	case PAGE_LRU_COMPOUND:
		return false;
	case PAGE_MOVABLE_OPS:
		if (p->movable_ops == movable_ops_migrated)
			return false;
		/* fall through */
	default:
		return z->type != ZONE_MOVABLE && !ignored;
	}
}

static bool in_use(const struct contig_run *run, pfn_t pfn)
{
	if (run->kind == PAGE_FREE || run->kind == PAGE_PCP || run->frozen)
		return false;
	return run->kind != PAGE_NONCOMPOUND || pfn == run->pfn;
}

static bool is_hugetlb(const struct contig_run *run)
{
	return run->kind == PAGE_HUGETLB || run->kind == PAGE_HUGETLB_POOL || run->kind == PAGE_GIGANTIC;
}

/* v7.x: not in the first pass, and never one that is no smaller than what is wanted. */
static enum contig_reason judge_hugetlb(struct gigantic_request *q, const struct contig_run *run)
{
	if (q->m.policy->gigantic_test != gigantic_test_unmovable)
		return WHY_HUGETLB;
	q->met_hugetlb = true;
	return q->accept_hugetlb && run->kind != PAGE_GIGANTIC && run->nr < q->p.pages ? WHY_NONE : WHY_HUGETLB;
}

static enum contig_reason judge(struct gigantic_request *q, const struct contig_run *run, pfn_t pfn)
{
	if (run->kind == PAGE_ABSENT)
		return WHY_ABSENT;
	if (run->kind == PAGE_RESERVED)
		return WHY_RESERVED;
	if (is_hugetlb(run))
		return judge_hugetlb(q, run);
	switch ((enum knob_gigantic_test)q->m.policy->gigantic_test) {
	case gigantic_test_in_use:
		return in_use(run, pfn) ? WHY_IN_USE : WHY_NONE;
	case gigantic_test_unmovable:
		return unmovable(q->m.policy, run, pfn, q->zone) ? WHY_UNMOVABLE : WHY_NONE;
	case gigantic_test_reserved:
		break;
	}
	return WHY_NONE;
}

/* Until v6.12 every page is looked at; 7.x steps over what it knows the size of. */
static bool passes(struct user_request *r, struct contig_work *work)
{
	struct gigantic_request *q = of(r);
	pfn_t pfn = (pfn_t)q->pfn, end = pfn + q->p.pages;
	bool steps = q->m.policy->gigantic_test == gigantic_test_unmovable;
	struct contig_run run;

	for (; pfn < end; pfn = run.pfn + run.nr) {
		q->m.lab->run(r->c, pfn, &run);
		enum contig_reason why = judge(q, &run, pfn);
		uint32_t nr = (run.pfn + run.nr < end ? run.pfn + run.nr : end) - pfn;

		work->scanned += steps || why != WHY_NONE ? 1 : nr;
		if (why == WHY_NONE)
			continue;
		/* the failure of a call says more than why another range was not asked for */
		if (!r->out.calls)
			user_blame(r, why, pfn, &run);
		return false;
	}
	return true;
}

/* ---- the search ------------------------------------------------------------------------------ */

static uint64_t first_in(const struct gigantic_request *q, const struct contig_zone *z)
{
	return ((uint64_t)z->start + q->p.pages - 1) / q->p.pages * q->p.pages;
}

/* On to a zone that has a range; false: there is none, nor is there a second pass. */
static bool find_range(struct gigantic_request *q)
{
	while (!q->zone || q->pfn + q->p.pages > (uint64_t)q->zone->start + q->zone->pages) {
		q->zone = next_zone(q, q->zone);
		if (!q->zone && (!q->met_hugetlb || q->accept_hugetlb))
			return false;
		if (!q->zone) {
			q->accept_hugetlb = true;
			continue;
		}
		q->pfn = first_in(q, q->zone);
	}
	return true;
}

/* One range a step: its look, and if that is good, the call, around which the zone's lock is dropped. */
static enum user_progress search(struct user_request *r, struct contig_work *work)
{
	struct gigantic_request *q = of(r);

	work->phase = PHASE_SEARCH;
	if (!find_range(q)) {
		if (!r->out.calls && !r->out.autopsy.reason)
			user_blame(r, WHY_NO_CANDIDATE, PFN_NONE, NULL);
		return user_finish(r, q->rc ? q->rc : -ENOMEM);
	}
	const struct contig_range_args args = {
		.start = (pfn_t)q->pfn, .nr = q->p.pages, .cpu = q->p.cpu, .caller = CALLER_MOVABLE
	};
	bool good = passes(r, work);

	q->pfn += q->p.pages;
	return good ? user_call(r, &args, asked) : user_next(r, search);
}

static enum user_progress asked(struct user_request *r, struct contig_work *work)
{
	(void)work;
	of(r)->rc = r->call.rc;
	return r->call.rc ? user_next(r, search) : got(r, r->out.start);
}

int gigantic_alloc_begin(const struct user_machine *m, const struct gigantic_params *p, struct user_request **out)
{
	if (!p->pages)
		return -EINVAL;
	*out = user_begin(m->c, sizeof(struct gigantic_request), ask_cma);
	if (!*out)
		return -ENOMEM;
	of(*out)->m = *m;
	of(*out)->p = *p;
	return 0;
}

/* ---- free ------------------------------------------------------------------------------------ */

static bool all_gigantic(const struct user_machine *m, pfn_t start, uint32_t pages)
{
	struct contig_run run;

	for (pfn_t pfn = start; pfn < start + pages; pfn = run.pfn + run.nr) {
		m->lab->run(m->c, pfn, &run);
		if (run.kind != PAGE_GIGANTIC)
			return false;
	}
	return true;
}

int gigantic_free(const struct user_machine *m, const struct gigantic_params *p, pfn_t start)
{
	struct cma_area *a;

	if (!p->pages || !user_zone(m->g, start, p->pages))
		return -EINVAL;
	if (p->pages > user_nmax(m->g)) {
		if (!all_gigantic(m, start, p->pages))
			return -EINVAL;
		m->lab->convert(m->c, start, p->pages, PAGE_CONTIG, OWNER_NONE);
	}
	for (uint32_t i = 0; p->cma && (a = cma_area_at(p->cma, i)); i++) {
		if (!cma_release(a, p->cpu, start, p->pages))
			return 0;
	}
	return contig_range_free(m->c, p->cpu, start, p->pages);
}
