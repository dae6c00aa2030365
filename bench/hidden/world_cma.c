// SPDX-License-Identifier: MIT
/* world_cma.c - the model's side of experiments on a CMA area: calls in order, and the last two a step at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../allocators/users/cma.h"
#include "world.h"

struct area {
	struct world w; /* its arena is the area */
	struct user_drivers drivers;
	struct user_machine m;
	struct cma *cma;
	struct cma_area *area;
	struct hidden_call call[HIDDEN_CALLS];
	uint32_t nr;
	uint32_t at;                 /* the call that is going on, or the first of those that are */
	struct user_request *run[2]; /* those that run at once */
	uint32_t steps[2];
	struct user_outcome out[HIDDEN_CALLS];
};

/* ---- the beginning ---------------------------------------------------------------------------------- */

/* What the kernel has of it, then all the rest. */
static int take_all(struct area *x, struct contig_diag *diag)
{
	struct arena *a = &x->w.a;
	struct contig_range_args args = { .start = a->start + HIDDEN_CMA_POOL,
		                          .nr = arena_pages(a) - HIDDEN_CMA_POOL,
		                          .cpu = a->cpu,
		                          .caller = CALLER_CMA };
	struct user_request *pool;
	struct user_outcome got;
	struct contig_outcome o;
	int rc = cma_alloc_begin(x->area, HIDDEN_CMA_POOL, 0, a->cpu, &pool);

	rc = rc ? rc : user_run(pool, &got);
	rc = rc || got.start != a->start ? -ENODATA : contig_range_alloc(a->c, &args, &o);
	memset(a->role, rc ? ROLE_NONE : ROLE_GOT, arena_pages(a));
	memset(a->role, ROLE_KERNEL, HIDDEN_CMA_POOL);
	return rc ? contig_diag_set(diag, -ENODATA, "%s: the empty area can not be taken", x->w.e->name) : 0;
}

/* User pages where the case has them, as in an arena; the rest of the area is free again. */
static int use(struct area *x, const struct scripted_case *sc, struct contig_diag *diag)
{
	const struct contig_what what = {
		.kind = PAGE_USER, .migratetype = MT_MOVABLE, .node = x->w.a.node, .this_node = true
	};
	struct arena *a = &x->w.a;

	for (uint32_t at = 0; at < arena_pages(a); at++) {
		if (!case_has(&sc->user, at))
			continue;
		arena_give(a, at, 1);
		owner_t owner = arena_new_owner(a, a->start + at);
		int64_t pfn = owner ? contig_alloc(a->c, a->cpu, what, owner) : -ENOMEM;

		if (pfn != (int64_t)a->start + at)
			return contig_diag_set(diag, -ENODATA, "%s: the user page of offset %u landed elsewhere",
			                       x->w.e->name, at);
	}
	for (uint32_t at = 0, end; at < arena_pages(a); at = end) {
		end = arena_role_end(a, at, arena_pages(a), ROLE_GOT);
		if (end > at)
			arena_give(a, at, end - at);
		end += end == at;
		arena_drain_pcp(a);
	}
	for (uint32_t at = 0; at < arena_pages(a); at++) {
		if (case_has(&sc->pin, at))
			a->c->ops->lab->pin(a->c, a->start + at, true);
	}
	arena_drain_lru(a);
	return 0;
}

static int set_up(struct area *x, struct contig_diag *diag)
{
	struct arena *a = &x->w.a;
	const struct cma_range range = { a->start, arena_pages(a) };
	int rc = user_machine_init(&x->m, a->c, &a->g, &x->drivers, diag);

	if (!rc && cma_open(&x->m, &x->cma))
		rc = contig_diag_set(diag, -ENOMEM, "no memory");
	rc = rc ? rc : cma_area_add(x->cma, &range, 1, 0, &x->area, diag);
	rc = rc ? rc : take_all(x, diag);
	return rc ? rc : use(x, x->w.sc, diag);
}

/* ---- calls ------------------------------------------------------------------------------------------ */

static void say(struct area *x, uint32_t i, const char *name)
{
	const struct user_outcome *o = &x->out[i];
	char errno_name[16];

	if (o->rc)
		outcome_part(x->w.said, sizeof(x->w.said), "%s %s", name, scenario_rc(o->rc, errno_name));
	else
		outcome_part(x->w.said, sizeof(x->w.said), "%s @%u", name, o->start - x->w.a.start);
	if (!o->rc)
		memset(x->w.a.role + (o->start - x->w.a.start), ROLE_GOT, x->call[i].nr);
}

static int begin(struct area *x, uint32_t i, uint32_t cpu, struct user_request **r, struct contig_diag *diag)
{
	int rc = cma_alloc_begin(x->area, x->call[i].nr, x->call[i].order, cpu, r);

	return rc ? contig_diag_set(diag, rc, "%s: call %u can not begin", x->w.e->name, i + 1) : 0;
}

static void release(struct area *x, const struct hidden_call *c)
{
	const struct user_outcome *o = &x->out[c->releases];

	if (o->rc)
		return;
	memset(x->w.a.role + (o->start - x->w.a.start), ROLE_NONE, x->call[c->releases].nr);
	cma_release(x->area, 1, o->start, x->call[c->releases].nr);
}

static void drain(struct area *x)
{
	arena_drain_lru(&x->w.a);
	arena_drain_pcp(&x->w.a);
}

static int go_on(struct area *x, struct contig_diag *diag)
{
	int rc = 0;

	for (; x->at < x->nr && !rc; x->at++) {
		char name[24];

		if (x->at + 1 < x->nr && x->call[x->at + 1].joined) {
			for (uint32_t i = 0; i < 2 && !rc; i++)
				rc = begin(x, x->at + i, i, &x->run[i], diag);
			return rc;
		}
		drain(x);
		if (!x->call[x->at].nr) {
			release(x, &x->call[x->at]);
		} else {
			struct user_request *r;

			rc = begin(x, x->at, 1, &r, diag);
			if (rc)
				break;
			user_run(r, &x->out[x->at]);
			snprintf(name, sizeof(name), "%u/%u", x->call[x->at].nr, x->call[x->at].order);
			say(x, x->at, name);
		}
		drain(x);
	}
	return rc;
}

/* ---- for explore() ----------------------------------------------------------------------------------- */

static int area_open(void *ctx, struct contig_diag *diag)
{
	struct area *x = ctx;
	struct world *w = &x->w;
	struct case_spans user = w->sc->user, pin = w->sc->pin;

	w->said[0] = '\0';
	x->at = 0;
	memset(x->run, 0, sizeof(x->run));
	memset(x->steps, 0, sizeof(x->steps));
	w->is_open = true;
	/* first the area, then what is in it */
	w->sc->user.nr = w->sc->pin.nr = 0;
	int rc = arena_open(&w->a, w->backend, w->k, w->sc, diag);

	w->sc->user = user;
	w->sc->pin = pin;
	rc = rc ? rc : set_up(x, diag);
	return rc ? rc : go_on(x, diag);
}

static void area_close(void *ctx)
{
	struct area *x = ctx;

	for (uint32_t i = 0; i < 2; i++) {
		if (x->run[i])
			user_abandon(x->run[i]);
		x->run[i] = NULL;
	}
	cma_close(x->cma);
	x->cma = NULL;
	if (x->w.is_open)
		arena_close(&x->w.a);
	x->w.is_open = false;
}

static unsigned int area_ready(void *ctx)
{
	struct area *x = ctx;
	unsigned int ready = 0;

	for (uint32_t i = 0; i < 2; i++)
		ready |= (unsigned int)(x->run[i] && user_ready(x->run[i])) << i;
	return ready;
}

static int area_step(void *ctx, unsigned int actor, struct contig_diag *diag)
{
	struct area *x = ctx;
	struct contig_work work;

	x->steps[actor]++;
	if (user_step(x->run[actor], &work) == USER_DONE) {
		user_end(x->run[actor], &x->out[x->at + actor]);
		x->run[actor] = NULL;
	}
	if (x->run[0] || x->run[1])
		return 0;
	say(x, x->at, "A");
	say(x, x->at + 1, "B");
	drain(x);
	x->at += 2;
	return go_on(x, diag);
}

/*
 * How far each has come stands for what it knows: of two ways to one state of memory by as many steps of each, neither has set
 * bits that the other has not.
 */
static uint64_t area_digest(void *ctx)
{
	struct area *x = ctx;
	uint64_t d = x->w.a.c->ops->lab->digest(x->w.a.c);

	d = (d ^ ((uint64_t)x->steps[0] << 40 | (uint64_t)x->steps[1] << 16)) * UINT64_C(0x9e3779b97f4a7c15);
	return (d ^ cma_available(x->area)) * UINT64_C(0xbf58476d1ce4e5b9);
}

static int area_outcome(void *ctx, char *text, size_t size, struct contig_diag *diag)
{
	struct area *x = ctx;

	return world_outcome(&x->w, text, size, diag);
}

int area_model(const struct hidden_experiment *e, const char *backend, const struct recorded_kernel *k, uint64_t budget,
               struct explored *out, struct contig_diag *diag)
{
	struct area *x = calloc(1, sizeof(*x));
	struct scripted_case *sc = calloc(1, sizeof(*sc));
	struct explorable e_area = { x, area_open, area_close, area_ready, area_step, area_digest, area_outcome };
	int rc = x && sc ? case_parse(e->line, 512, sc, diag) : contig_diag_set(diag, -ENOMEM, "no memory");

	*out = (struct explored){ 0 };
	if (!rc) {
		x->w = (struct world){ .e = e, .k = k, .backend = backend, .sc = sc };
		x->nr = hidden_calls(e->calls, x->call);
		rc = x->nr ? explore(&e_area, budget, 1, out, diag)
		           : contig_diag_set(diag, -EINVAL, "%s: no calls in '%s'", e->name, e->calls);
	}
	free(sc);
	free(x);
	return rc;
}
