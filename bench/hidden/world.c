// SPDX-License-Identifier: MIT
/* world.c - the model's side of an experiment: its operations in order, and those that are joined a step at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* ---- the rest of the node is taken ---------------------------------------------------------------- */

/* All of [pfn, end) is free runs of the largest order: take them, as a request that watermarks do not stop. */
static int take_span(struct world *w, pfn_t pfn, pfn_t end, struct contig_diag *diag)
{
	struct contig_range_args args = { .start = pfn, .nr = end - pfn };
	struct contig_outcome o;

	if (pfn >= end)
		return 0;
	int rc = contig_range_alloc(w->a.c, &args, &o);

	return rc ? contig_diag_set(diag, -ENODATA, "%s: the memory around the arena can not be taken", w->e->name) : 0;
}

static int hog(struct world *w, struct contig_diag *diag)
{
	const struct contig_zone *z = w->a.g.zones;
	uint32_t step = 1u << w->a.g.max_order;
	pfn_t pfn = w->a.start + (arena_pages(&w->a) + step - 1) / step * step + w->e->left / step * step;
	int rc = take_span(w, pfn, z[0].start + z[0].pages, diag);

	return rc || !w->e->no_spill ? rc : take_span(w, z[1].start, z[1].start + z[1].pages, diag);
}

/* ---- operations ----------------------------------------------------------------------------------- */

static bool is_request(const struct case_op *op)
{
	return op->verb == OP_RANGE;
}

/* What a request or another operation answered. */
static void say(struct world *w, const struct case_op *op, const char *name, const struct arena_answer *ans)
{
	char errno_name[16];

	if (is_request(op))
		outcome_part(w->said, sizeof(w->said), "%s %s %s%s", name, scenario_rc(ans->rc, errno_name), ans->stage,
		             !(w->e->view & VIEW_MOVED)   ? ""
		             : ans->count[COUNT_MIGRATED] ? ", pages moved"
		                                          : ", none moved");
	else if (w->e->view & VIEW_COUNTS && (op->verb == OP_ALLOC || op->verb == OP_UNRESERVE))
		outcome_part(w->said, sizeof(w->said), "%s %lld", name, (long long)ans->count[COUNT_GOT]);
	else if (ans->rc)
		outcome_part(w->said, sizeof(w->said), "%s %s", name, scenario_rc(ans->rc, errno_name));
}

static void drain(struct world *w)
{
	arena_drain_lru(&w->a);
	arena_drain_pcp(&w->a);
}

static int begin_actor(struct world *w, uint32_t i, struct contig_diag *diag)
{
	const struct case_op *op = &w->sc->op[w->at + i];
	struct arena_answer ans = { .stage = "" };

	if (op->verb == OP_ALLOC) {
		w->load[i] = (struct world_load){ op, 2 * op->times, arena_new_owner(&w->a, PFN_NONE) };
		return w->load[i].owner ? 0 : contig_diag_set(diag, -ENOMEM, "no memory");
	}
	if (!is_request(op))
		return contig_diag_set(diag, -EINVAL, "%s: '%s' can not run at once with others", w->e->name, op->text);
	w->a.cpu = i % w->a.g.nr_cpus;
	return arena_do(&w->a, op, &ans, diag);
}

/* Do what is to be done one after the other, up to what runs at once, which is begun. */
static int go_on(struct world *w, struct contig_diag *diag)
{
	int rc = 0;

	w->nr_actors = 0;
	for (; w->at < w->sc->nr_ops && !rc; w->at++) {
		const struct case_op *op = &w->sc->op[w->at];
		struct arena_answer ans = { .stage = "" };
		uint32_t nr = 1;

		while (w->at + nr < w->sc->nr_ops && w->sc->op[w->at + nr].joined)
			nr++;
		if (nr > EXPLORE_ACTORS)
			return contig_diag_set(diag, -EINVAL, "%s: more than %u at once", w->e->name, EXPLORE_ACTORS);
		if (nr > 1) {
			w->nr_actors = nr;
			for (uint32_t i = 0; i < nr && !rc; i++)
				rc = begin_actor(w, i, diag);
			return rc;
		}
		w->a.cpu = 1;
		drain(w);
		rc = arena_do(&w->a, op, &ans, diag);
		drain(w);
		say(w, op, op->text, &ans);
	}
	return rc;
}

static bool can_go_on(const struct world *w, uint32_t i)
{
	const struct case_op *op = &w->sc->op[w->at + i];

	return is_request(op) ? w->a.request[op->request].range != NULL : w->load[i].left;
}

/* All that ran at once has ended. */
static int conclude(struct world *w, struct contig_diag *diag)
{
	for (uint32_t i = 0; i < w->nr_actors; i++) {
		const struct case_op *op = &w->sc->op[w->at + i];
		char name[2] = { (char)('A' + i), '\0' };
		struct arena_answer ans;

		if (!is_request(op))
			continue;
		arena_answer_outcome(&w->a.request[op->request].out, &ans);
		say(w, op, name, &ans);
	}
	drain(w);
	w->at += w->nr_actors;
	return go_on(w, diag);
}

/* Allocate, or free what was allocated last. Without memory it goes on trying. */
static int step_load(struct world *w, uint32_t i, struct contig_diag *diag)
{
	struct world_load *l = &w->load[i];
	struct arena *a = &w->a;
	uint32_t cpu = i % a->g.nr_cpus;
	const struct contig_what what = {
		.kind = (uint8_t)(l->op->kind != PAGE_NONE    ? l->op->kind
		                  : l->op->mt == MT_MOVABLE   ? PAGE_USER
		                  : l->op->mt == MT_UNMOVABLE ? PAGE_KERNEL
		                                              : PAGE_RECLAIMABLE),
		.order = l->op->order,
		.migratetype = (uint8_t)l->op->mt,
		.node = a->node,
		.this_node = true,
	};

	if (l->left-- % 2 == 0) {
		int64_t pfn = contig_alloc(a->c, cpu, what, l->owner);

		a->at[l->owner] = pfn < 0 ? PFN_NONE : (pfn_t)pfn;
		return 0;
	}
	if (a->at[l->owner] == PFN_NONE)
		return 0;
	int rc = contig_free(a->c, cpu, a->at[l->owner], l->owner);

	a->at[l->owner] = PFN_NONE;
	return rc ? contig_diag_set(diag, -EUCLEAN, "%s: the load's page is not where it was", w->e->name) : 0;
}

/* ---- for explore() --------------------------------------------------------------------------------- */

static int world_open(void *ctx, struct contig_diag *diag)
{
	struct world *w = ctx;

	w->around = *w->k;
	if (w->e->left != HOG_NOTHING)
		memset(w->around.free_front, 0, sizeof(w->around.free_front));
	w->at = w->nr_actors = 0;
	w->said[0] = '\0';
	memset(w->load, 0, sizeof(w->load));
	w->is_open = true;
	int rc = arena_open(&w->a, w->backend, &w->around, w->sc, diag);

	if (!rc && !w->a.c->ops->lab->digest)
		rc = contig_diag_set(diag, -EOPNOTSUPP, "%s can not tell one of its states from another", w->backend);
	if (!rc && w->e->left != HOG_NOTHING)
		rc = hog(w, diag);
	return rc ? rc : go_on(w, diag);
}

static void world_close(void *ctx)
{
	struct world *w = ctx;

	if (w->is_open)
		arena_close(&w->a);
	w->is_open = false;
}

static unsigned int world_ready(void *ctx)
{
	struct world *w = ctx;
	unsigned int ready = 0;

	for (uint32_t i = 0; i < w->nr_actors; i++)
		ready |= (unsigned int)can_go_on(w, i) << i;
	return ready;
}

static int world_step(void *ctx, unsigned int actor, struct contig_diag *diag)
{
	struct world *w = ctx;
	const struct case_op *op = &w->sc->op[w->at + actor];
	struct contig_work work;
	int rc = 0;

	if (is_request(op))
		arena_step(&w->a, &w->a.request[op->request], &work);
	else
		rc = step_load(w, actor, diag);
	/* a broken invariant of the model is no outcome */
	if (!rc && !world_ready(w))
		rc = w->a.c->ops->lab->verify(w->a.c, diag);
	return rc || world_ready(w) ? rc : conclude(w, diag);
}

static uint64_t world_digest(void *ctx)
{
	struct world *w = ctx;
	uint64_t d = w->a.c->ops->lab->digest(w->a.c);

	/* what has ended says how, and what the loads are about to do */
	for (uint32_t i = 0; i < w->nr_actors; i++) {
		const struct case_op *op = &w->sc->op[w->at + i];
		const struct arena_request *r = is_request(op) ? &w->a.request[op->request] : NULL;
		uint64_t more = r && !r->range ? (uint64_t)(uint32_t)r->out.rc << 8 | r->out.autopsy.phase | 128
		                               : w->load[i].left;

		d = (d ^ more) * UINT64_C(0x9e3779b97f4a7c15);
		d ^= d >> 29;
	}
	return d;
}

static int look(void *ctx, char *text, size_t size, struct contig_diag *diag)
{
	return world_outcome(ctx, text, size, diag);
}

const struct explorable world_explorable = {
	.open = world_open,
	.close = world_close,
	.ready = world_ready,
	.step = world_step,
	.digest = world_digest,
	.outcome = look,
};

int hidden_model(const struct hidden_experiment *e, const char *backend, const struct recorded_kernel *k,
                 uint64_t budget, struct explored *out, struct contig_diag *diag)
{
	if (e->cma)
		return area_model(e, backend, k, budget, out, diag);
	struct world w = { .e = e, .k = k, .backend = backend, .sc = calloc(1, sizeof(*w.sc)) };
	struct explorable x = world_explorable;
	int rc = w.sc ? case_parse(e->line, 512, w.sc, diag) : contig_diag_set(diag, -ENOMEM, "no memory");

	*out = (struct explored){ 0 };
	x.ctx = &w;
	rc = rc ? rc : explore(&x, budget, 1, out, diag);
	free(w.sc);
	return rc;
}
