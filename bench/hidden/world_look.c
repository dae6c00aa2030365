// SPDX-License-Identifier: MIT
/* world_look.c - what an experiment came to in the model, as a text. */
#include <stdlib.h>

#include "world.h"

static const char letters[PAGE_KIND_NR] = {
	[PAGE_NONE] = '?',        [PAGE_FREE] = 'F',        [PAGE_PCP] = 'P',          [PAGE_KERNEL] = 'K',
	[PAGE_RECLAIMABLE] = 'S', [PAGE_LRU] = 'L',         [PAGE_LRU_COMPOUND] = 'T', [PAGE_USER] = 'X',
	[PAGE_NONCOMPOUND] = 'N', [PAGE_MOVABLE_OPS] = 'V', [PAGE_HUGETLB] = 'C',      [PAGE_HUGETLB_POOL] = 'Q',
	[PAGE_GIGANTIC] = 'C',    [PAGE_CONTIG] = 'A',      [PAGE_OFFLINE] = 'O',      [PAGE_HWPOISON] = 'W',
	[PAGE_RESERVED] = 'B',    [PAGE_ABSENT] = '.',
};

/* Cut into single pages what is kept together only in our books: kernel pages of the arena are results of a request, too. */
static uint32_t add(const struct arena *a, const struct contig_run *r, struct outcome_run *out)
{
	uint32_t at = r->pfn - a->start, nr = 0, pages = r->kind == PAGE_CONTIG ? r->nr : 1;

	for (uint32_t i = 0; i < pages; i++) {
		char kind = letters[r->kind];

		if (r->kind == PAGE_CONTIG && at + i < arena_pages(a) && a->role[at + i] == ROLE_KERNEL)
			kind = 'K';
		out[nr++] = (struct outcome_run){
			.at = at + i, .nr = r->nr / pages, .order = r->order, .kind = kind, .pinned = r->pinned
		};
	}
	return nr;
}

static int add_map(struct world *w, char *text, size_t size, struct contig_diag *diag)
{
	struct arena *a = &w->a;
	uint32_t pages = arena_pages(a), nr = 0;
	struct outcome_run *runs = calloc(pages + 1, sizeof(*runs));
	struct contig_run r;

	if (!runs)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	for (pfn_t pfn = a->start; pfn < a->start + pages; pfn = r.pfn + r.nr) {
		a->c->ops->lab->run(a->c, pfn, &r);
		if (r.pfn < pfn) {
			r.nr -= pfn - r.pfn;
			r.pfn = pfn;
		}
		if (r.kind == PAGE_CONTIG && r.nr > a->start + pages - r.pfn)
			r.nr = a->start + pages - r.pfn;
		nr += add(a, &r, runs + nr);
	}
	outcome_map(text, size, runs, nr, pages, 1u << a->g.pageblock_order, w->e->view & VIEW_TAKEN);
	free(runs);
	return 0;
}

/* What must be as it was before: nothing is left isolated, no counter has drifted. */
static void add_unclean(struct world *w, char *text, size_t size)
{
	struct contig_stats s;

	contig_stats(w->a.c, 0, &s);
	if (s.isolated)
		outcome_part(text, size, "isolated %llu", (unsigned long long)s.isolated);
	if (s.drift)
		outcome_part(text, size, "drift %lld", (long long)s.drift);
	if (w->e->view & VIEW_RESERVE)
		outcome_part(text, size, "reserved %llu; leak %lld", (unsigned long long)s.reserved_highatomic,
		             (long long)arena_leak(&w->a));
}

/* Memory that is offline has no pageblocks. */
static void blank_absent(struct arena *a, char *types)
{
	struct contig_run r;

	for (uint32_t b = 0; types[b]; b++) {
		a->c->ops->lab->run(a->c, a->start + (b << a->g.pageblock_order), &r);
		if (r.kind == PAGE_ABSENT)
			types[b] = '.';
	}
}

int world_outcome(struct world *w, char *text, size_t size, struct contig_diag *diag)
{
	int rc = 0;

	outcome_part(text, size, "%s", w->said);
	if (w->e->view & VIEW_TYPES) {
		char *types = arena_types(&w->a);

		if (!types)
			return contig_diag_set(diag, -ENOMEM, "no memory");
		blank_absent(&w->a, types);
		outcome_types(text, size, types);
		free(types);
	}
	if (w->e->view & (VIEW_MAP | VIEW_TAKEN))
		rc = add_map(w, text, size, diag);
	add_unclean(w, text, size);
	return rc;
}
