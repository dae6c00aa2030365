// SPDX-License-Identifier: MIT
/* arena_look.c - what is to be seen of a case: types, map and counters, and telling them with an answer. */
#include <stdlib.h>

#include "../../workloads/layout.h"
#include "arena_inside.h"

/* ---- looking --------------------------------------------------------------------------------- */

static char letter_at(void *ctx, pfn_t pfn, const struct contig_run *run)
{
	const struct arena *a = ctx;
	uint32_t at = pfn - a->start;

	/* recorded answers can not tell these compounds from hugetlb pages in use */
	if (a->recorded && (run->kind == PAGE_HUGETLB_POOL || (run->kind == PAGE_USER && run->order)))
		return 'C';
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
	return layout_map(a->c, &a->g, a->start >> a->g.pageblock_order, a->sc->nr_blocks, !a->recorded, letter_at, a);
}

/* ---- counters --------------------------------------------------------------------------------- */

static int64_t reserve_error(const struct arena *a, const struct contig_stats *s)
{
	return (int64_t)s->reserved_highatomic - ((int64_t)s->blocks[MT_HIGHATOMIC] << a->g.pageblock_order);
}

int64_t arena_leak(struct arena *a)
{
	struct contig_stats s;

	contig_stats(a->c, CONTIG_ALL_ZONES, &s);
	return reserve_error(a, &s);
}

/* Free pages in blocks that are not isolated, and in CMA blocks: what the counters should say (I6b). */
static void count_free(struct arena *a, int64_t *all, int64_t *cma)
{
	unsigned int order = a->g.pageblock_order;

	*all = *cma = 0;
	for (uint32_t i = 0; i < a->g.nr_zones; i++) {
		struct contig_run r;

		for (pfn_t pfn = a->g.zones[i].start, end = pfn + a->g.zones[i].pages; pfn < end; pfn = r.pfn + r.nr) {
			a->c->ops->lab->run(a->c, pfn, &r);
			uint32_t inside = r.nr < 1u << order ? r.nr : 1u << order;

			for (pfn_t p = r.pfn; r.kind == PAGE_FREE && p < r.pfn + r.nr; p += inside) {
				enum migratetype mt = a->c->ops->lab->type(a->c, p >> order, NULL);

				*all += mt == MT_ISOLATE ? 0 : inside;
				*cma += mt == MT_CMA ? inside : 0;
			}
		}
	}
}

static void take_counts(struct arena *a, int64_t *count)
{
	struct contig_stats s;
	int64_t all, cma;

	contig_stats(a->c, CONTIG_ALL_ZONES, &s);
	if (arena_is_machine(a->c)) {
		a->c->ops->lab->drift(a->c, &count[COUNT_DRIFT], &count[COUNT_DRIFT_CMA]);
	} else {
		count_free(a, &all, &cma);
		count[COUNT_DRIFT] = (int64_t)s.free - all;
		count[COUNT_DRIFT_CMA] = (int64_t)s.free_cma - cma;
	}
	count[COUNT_FREE] = (int64_t)s.free;
	count[COUNT_FREE_CMA] = (int64_t)s.free_cma;
	count[COUNT_PCP] = (int64_t)s.pcp;
	count[COUNT_ISOLATED] = (int64_t)s.isolated;
	count[COUNT_RESERVED] = (int64_t)s.reserved_highatomic;
	count[COUNT_FREE_HIGHATOMIC] = (int64_t)s.free_highatomic;
	count[COUNT_LEAK] = reserve_error(a, &s) - a->leak;
}

/* ---- telling ---------------------------------------------------------------------------------- */

int arena_tell_state(struct arena *a, struct arena_answer *ans, arena_tell tell, void *ctx, struct contig_diag *diag)
{
	int rc = a->c->ops->lab->verify(a->c, diag);

	a->running = ans->op;
	ans->moved = a->moved;
	ans->moved_away = a->moved_away;
	take_counts(a, ans->count);
	ans->types = arena_types(a);
	ans->map = arena_map(a);
	if (!ans->types || !ans->map)
		rc = contig_diag_set(diag, -ENOMEM, "no memory");
	rc = rc ? rc : arena_failed(a, 0, diag);
	if (!rc)
		tell(ctx, ans);
	free(ans->types);
	free(ans->map);
	return rc;
}

int arena_tell_start(struct arena *a, arena_tell tell, void *ctx, struct contig_diag *diag)
{
	struct arena_answer ans = { .op = AT_START, .stage = "done", .why = "none" };

	return arena_tell_state(a, &ans, tell, ctx, diag);
}
