// SPDX-License-Identifier: MIT
#include "count.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool release_of(const char *text, unsigned int *major, unsigned int *minor)
{
	return sscanf(text, "%u.%u", major, minor) == 2;
}

const char *count_backend(const char *release)
{
	const struct contig_backend *b;
	const char *best = NULL, *oldest = NULL;
	unsigned int major, minor, m, n, best_at = 0;

	if (!release_of(release, &major, &minor))
		return NULL;
	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		if (strncmp(b->name, "linux-", 6) || !contig_backend_built_in(b) || !release_of(b->name + 6, &m, &n))
			continue;
		oldest = oldest ? oldest : b->name;
		if (m * 1000 + n <= major * 1000 + minor && m * 1000 + n >= best_at) {
			best_at = m * 1000 + n;
			best = b->name;
		}
	}
	return best ? best : oldest;
}

int count_layout_of(struct count_layout *l, const uint8_t *kinds, uint32_t pages, unsigned int max_order)
{
	l->runs = calloc((size_t)pages + 1, sizeof(*l->runs));
	l->pages = pages;
	l->nr = 0;
	if (!l->runs)
		return -ENOMEM;
	for (uint32_t at = 0, size; at < pages; at += size) {
		unsigned int order = 0;

		size = 1;
		while (kinds[at] == PAGE_FREE && order < max_order && !(at & (2 * size - 1)) &&
		       at + 2 * size <= pages) {
			uint32_t n = size;

			while (n < 2 * size && kinds[at + n] == PAGE_FREE)
				n++;
			if (n < 2 * size)
				break;
			size *= 2;
			order++;
		}
		/* compound pages are known by their heads: what follows of the same kind is theirs */
		while (kinds[at] == PAGE_LRU_COMPOUND && order < max_order && !(at & (2 * size - 1)) &&
		       at + 2 * size <= pages && kinds[at + size] == PAGE_NONE) {
			size *= 2;
			order++;
		}
		l->runs[l->nr++] = (struct count_run){ .at = at, .order = (uint8_t)order, .kind = kinds[at] };
	}
	return 0;
}

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	(void)ctx;
	(void)owner;
	(void)from;
	(void)to;
	(void)order;
}

static int put_down(struct contig *c, const struct count_layout *l, uint32_t behind, struct contig_diag *diag)
{
	const struct contig_lab *lab = c->ops->lab;
	uint32_t step = 1u << l->geometry.max_order;
	int rc = 0;

	for (pfn_t pfn = (l->pages + step - 1) & ~(step - 1); pfn < behind && !rc; pfn += step)
		rc = lab->place(c, pfn, l->geometry.max_order, PAGE_FREE, OWNER_NONE);
	for (block_t b = 0; b < behind >> l->geometry.pageblock_order && !rc; b++)
		rc = lab->set_type(c, b, MT_MOVABLE);
	/* backwards, so that the lists begin with what is lowest */
	for (uint32_t i = l->nr; i-- > 0 && !rc;) {
		const struct count_run *r = &l->runs[i];

		/* it is there already */
		if (r->kind != PAGE_RESERVED)
			rc = lab->place(c, r->at, r->order, (enum page_kind)r->kind, i + 1);
		if (!rc && r->pinned)
			rc = lab->pin(c, r->at, true);
		if (rc)
			contig_diag_set(diag, rc, "page %u, %s of order %u, can not be put down in the model: %s",
			                r->at, contig_kind_name((enum page_kind)r->kind), r->order, strerror(-rc));
	}
	return rc;
}

static void add_step(struct counted *out, const struct contig_work *w)
{
	contig_work_add(&out->work[w->phase], w);
	out->steps[w->phase]++;
	if (w->phase != PHASE_MIGRATE)
		return;
	/* a step does either of the two */
	bool migrates = w->migrated || w->not_migrated || !w->scanned;

	contig_work_add(migrates ? &out->migrate : &out->collect, w);
	out->migrates += migrates;
	out->collects += !migrates;
}

static int run(struct counted *out, struct contig *c, const struct contig_range_args *args, struct contig_diag *diag)
{
	struct contig_range *r;
	struct contig_outcome outcome;
	struct contig_work w;
	int more, rc = contig_range_begin(c, args, &r);

	if (rc)
		return contig_diag_set(diag, rc, "the model does not take such a request: %s", strerror(-rc));
	do {
		more = contig_range_step(r, &w);
		add_step(out, &w);
	} while (more);
	contig_range_end(r, &outcome);
	out->rc = outcome.rc;
	return 0;
}

int count_work(struct counted *out, const char *backend, const struct count_layout *l,
               const struct contig_range_args *args, struct contig_diag *diag)
{
	const struct contig_hooks hooks = { .moved = moved };
	struct contig_geometry g;
	uint32_t step = 1u << l->geometry.max_order, behind = (l->pages + step - 1) / step * step * 2;

	*out = (struct counted){ .rc = 0 };
	contig_geometry_x86_64(&g, behind);
	g.page_shift = l->geometry.page_shift ? l->geometry.page_shift : g.page_shift;
	g.pageblock_order = l->geometry.pageblock_order;
	g.max_order = l->geometry.max_order;
	g.section_order = l->geometry.section_order;
	g.init = CONTIG_INIT_RESERVED;
	g.nr_cpus = 2;
	struct contig *c = contig_open(backend, &g, &hooks, diag);

	if (!c)
		return -EINVAL;
	int rc = put_down(c, l, behind, diag);

	if (!rc)
		rc = run(out, c, args, diag);
	contig_close(c);
	return rc;
}
