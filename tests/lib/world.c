// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../workloads/layout.h"
#include "world.h"

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct world *w = ctx;

	(void)order;
	assert_int_equal(w->at[owner], from);
	w->at[owner] = to;
	w->moves++;
}

static int isolating(void *ctx, pfn_t start, uint32_t nr, uint32_t *found)
{
	return drivers_isolating(&((struct world *)ctx)->drivers, start, nr, found);
}

static int going_offline(void *ctx, pfn_t start, uint32_t nr)
{
	return drivers_going_offline(&((struct world *)ctx)->drivers, start, nr);
}

static uint32_t types_in(const char *drawing)
{
	assert_int_equal(drawing[0], '[');
	return (uint32_t)strcspn(drawing + 1, "]");
}

/* The geometry is filled in. */
static void open_backend(struct world *w, const char *backend)
{
	struct contig_diag diag = { "" };

	w->g.pageblock_order = 3;
	w->g.max_order = 4;
	w->g.zones[0].wmark_min = CONTIG_NO_WMARK;
	for (owner_t o = 1; o < COUNT(w->at); o++)
		w->at[o] = (pfn_t)(o - 1);
	struct contig_hooks hooks = {
		.ctx = w, .moved = moved, .isolating = isolating, .going_offline = going_offline
	};

	w->c = contig_open(backend, &w->g, &hooks, &diag);
	if (!w->c)
		fail_msg("%s: %s", backend, diag.text);
}

void world_open_zone(struct world *w, const char *backend, uint32_t pages, enum contig_zone_type type)
{
	memset(w, 0, sizeof(*w));
	contig_geometry_x86_64(&w->g, pages);
	w->g.zones[0].type = (uint8_t)type;
	w->nr_blocks = pages / NPB;
	open_backend(w, backend);
	world_verify(w);
}

static pfn_t open_drawing(struct world *w, const char *backend, const char *drawing, uint32_t low)
{
	struct contig_diag diag = { "" };

	memset(w, 0, sizeof(*w));
	contig_geometry_x86_64(&w->g, WORLD_PAGES);
	w->g.zones[0].wmark_low = low;
	w->g.init = CONTIG_INIT_RESERVED;
	w->nr_blocks = types_in(drawing);
	open_backend(w, backend);
	if (layout_place(w->c, &w->g, 0, drawing, &diag))
		fail_msg("%s: %s: %s", backend, drawing, diag.text);
	return (w->nr_blocks * NPB + NMAX - 1) / NMAX * NMAX;
}

static void open_among_free(struct world *w, const char *backend, const char *drawing, uint32_t low)
{
	for (pfn_t pfn = open_drawing(w, backend, drawing, low); pfn < WORLD_PAGES; pfn += NMAX)
		assert_int_equal(w->c->ops->lab->place(w->c, pfn, 4, PAGE_FREE, OWNER_NONE), 0);
	world_verify(w);
}

void world_open(struct world *w, const char *backend, const char *drawing)
{
	open_among_free(w, backend, drawing, 0);
}

void world_open_short(struct world *w, const char *backend, const char *drawing)
{
	open_among_free(w, backend, drawing, WORLD_PAGES);
}

void world_open_alone(struct world *w, const char *backend, const char *drawing)
{
	open_drawing(w, backend, drawing, 0);
	world_verify(w);
}

void world_close(struct world *w)
{
	contig_close(w->c);
}

void world_verify(struct world *w)
{
	struct contig_diag diag = { "" };

	if (w->c->ops->lab->verify(w->c, &diag))
		fail_msg("%s: %s", w->c->ops->name, diag.text);
}

void world_drain(struct world *w)
{
	w->c->ops->lab->drain(w->c);
	world_verify(w);
}

int world_take(struct world *w, enum contig_caller caller, pfn_t start, uint32_t nr)
{
	struct contig_range_args args = { .start = start, .nr = nr, .caller = (uint8_t)caller };

	world_drain(w);
	int rc = contig_range_alloc(w->c, &args, &w->out);

	world_drain(w);
	return rc;
}

void world_give(struct world *w, pfn_t start, uint32_t nr)
{
	assert_int_equal(contig_range_free(w->c, 0, start, nr), 0);
	world_drain(w);
}

void world_free(struct world *w, pfn_t drawn_at)
{
	assert_int_equal(contig_free(w->c, 0, w->at[drawn_at + 1], drawn_at + 1), 0);
	world_drain(w);
}

void world_expect(struct world *w, const char *drawing)
{
	char *types = layout_types(w->c, 0, w->nr_blocks),
	     *map = layout_map(w->c, &w->g, 0, w->nr_blocks, false, NULL, NULL);
	char now[4096];

	snprintf(now, sizeof(now), "[%s] %s", types, map);
	free(types);
	free(map);
	if (strcmp(now, drawing))
		fail_msg("%s\n  expected %s\n  found    %s", w->c->ops->name, drawing, now);
}

void world_expect_types(struct world *w, const char *expected)
{
	char *types = layout_types(w->c, 0, w->nr_blocks);

	if (strcmp(types, expected))
		fail_msg("%s: types %s, expected %s", w->c->ops->name, types, expected);
	free(types);
}

int64_t world_drift(struct world *w, bool cma)
{
	int64_t truth = 0;
	struct contig_stats s;
	struct contig_run run;

	for (pfn_t pfn = 0; pfn < WORLD_PAGES; pfn += run.nr) {
		w->c->ops->lab->run(w->c, pfn, &run);
		for (pfn_t p = pfn; run.kind == PAGE_FREE && p < pfn + run.nr; p++) {
			enum migratetype mt = w->c->ops->lab->type(w->c, p / NPB, NULL);

			truth += cma ? mt == MT_CMA : mt != MT_ISOLATE;
		}
	}
	contig_stats(w->c, CONTIG_ALL_ZONES, &s);
	return (int64_t)(cma ? s.free_cma : s.free) - truth;
}
