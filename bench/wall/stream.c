// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../virtual/grow.h"
#include "../virtual/replay.h"
#include "stream.h"

#define SLOTS_A_LINE 8u /* a cache line of struct places' map */
#define MANY         UINT16_MAX

/* An allocation that is live while compiling, by slot of the program. */
struct live {
	uint32_t slot; /* in the streams */
	uint32_t pins; /* and unpins so far ... */
	uint64_t birth;
	uint16_t thread;
	uint16_t pinned_by; /* ... all of this thread, or MANY */
	bool shared;
};

/* Slots that a thread may use again. */
struct own_slots {
	uint32_t nr;
	uint32_t *stack;
	size_t depth;
	size_t cap;
};

struct compiler {
	const struct stream_plan *plan;
	const struct program *p;
	struct streams *s;
	struct live *live;
	uint8_t *shared;    /* a bit for each birth, in the order of the trace */
	uint64_t nr_births; /* so far */
	uint64_t nr_shared;
	uint64_t next_shared;
	struct own_slots *own;
	const uint32_t *pieces; /* of the next split */
	uint32_t request;       /* the next */
};

static uint16_t thread_of(const struct compiler *c, const struct program_op *op)
{
	return c->plan->thread_of[program_cpu(op)];
}

static size_t nr_pieces(const struct program_op *op)
{
	return (size_t)1 << (op->split.whole_order - op->split.pieces_order);
}

/* ---- first: which allocations several threads have to do with -------------------------------- */

static void born(struct compiler *c, uint32_t slot, uint16_t thread)
{
	c->live[slot] = (struct live){ .birth = c->nr_births++, .thread = thread };
}

static void touched(struct compiler *c, uint32_t slot, uint16_t thread)
{
	const struct live *l = &c->live[slot];
	uint8_t *byte = &c->shared[l->birth / 8], bit = (uint8_t)(1u << l->birth % 8);

	if (l->thread == thread || (*byte & bit))
		return;
	*byte |= bit;
	c->nr_shared++;
}

static void find_shared(struct compiler *c)
{
	c->pieces = c->p->pieces;
	for (size_t i = 0; i < c->p->nr_ops; i++) {
		const struct program_op *op = &c->p->ops[i];
		enum trace_op code = program_code(op);

		if (code == TRACE_ALLOC)
			born(c, op->slot, thread_of(c, op));
		else if (code != TRACE_MARK)
			touched(c, op->slot, thread_of(c, op));
		if (code != TRACE_SPLIT)
			continue;
		for (size_t k = 0; k < nr_pieces(op); k++)
			born(c, c->pieces[1 + k], thread_of(c, op));
		c->pieces += 1 + nr_pieces(op);
	}
}

/* ---- slots ----------------------------------------------------------------------------------- */

static uint32_t own_slot(const struct compiler *c, uint16_t thread, uint32_t n)
{
	return c->s->own_slot + (n / SLOTS_A_LINE * c->plan->nr_threads + thread) * SLOTS_A_LINE + n % SLOTS_A_LINE;
}

/* In the order of born(), so that births have the same numbers. */
static struct live birth(struct compiler *c, uint16_t thread)
{
	struct own_slots *own = &c->own[thread];
	uint64_t n = c->nr_births++;
	struct live l = { .birth = n, .thread = thread, .shared = c->shared[n / 8] >> n % 8 & 1 };

	if (l.shared)
		l.slot = c->s->first_slot + (uint32_t)c->next_shared++;
	else
		l.slot = own->depth ? own->stack[--own->depth] : own_slot(c, thread, own->nr++);
	return l;
}

static bool death(struct compiler *c, const struct live *l)
{
	struct own_slots *own = &c->own[l->thread];

	if (l->shared)
		return true;
	if (!grow((void **)&own->stack, own->depth, &own->cap, sizeof(*own->stack)))
		return false;
	own->stack[own->depth++] = l->slot;
	return true;
}

/* ---- operations ------------------------------------------------------------------------------ */

static bool add_op(struct stream *s, const struct program_op *op, uint32_t event)
{
	if (!grow((void **)&s->ops, s->nr, &s->cap_ops, sizeof(*s->ops)) ||
	    !grow((void **)&s->events, s->nr, &s->cap_events, sizeof(*s->events)))
		return false;
	s->ops[s->nr] = *op;
	s->events[s->nr++] = event;
	return true;
}

static bool add_piece(struct stream *s, uint32_t word)
{
	if (!grow((void **)&s->pieces, s->nr_pieces, &s->cap_pieces, sizeof(*s->pieces)))
		return false;
	s->pieces[s->nr_pieces++] = word;
	return true;
}

static bool add_stop(struct stream *s, struct stop stop)
{
	if (!grow((void **)&s->stops, s->nr_stops, &s->cap_stops, sizeof(*s->stops)))
		return false;
	stop.index = s->nr;
	s->stops[s->nr_stops++] = stop;
	s->nr_requests += stop.what == STOP_REQUEST;
	return true;
}

static bool add_split(struct compiler *c, struct stream *s, const struct program_op *op, uint16_t thread)
{
	bool ok = add_piece(s, *c->pieces++);

	for (size_t n = nr_pieces(op); n && ok; n--) {
		struct live *piece = &c->live[*c->pieces++];

		*piece = birth(c, thread);
		ok = add_piece(s, piece->slot);
	}
	return ok;
}

/* What others have done to it beside allocating it comes first: that it is there is known from its slot. */
static bool add_await(struct compiler *c, struct stream *s, const struct program_op *op, uint16_t thread)
{
	const struct live *l = &c->live[op->slot];

	if (!l->shared || !l->pins || l->pinned_by == thread)
		return true;
	c->s->pins = true;
	return add_stop(s,
	                (struct stop){ .ns = program_ns(op), .slot = l->slot, .number = l->pins, .what = STOP_AWAIT });
}

/* The number of what an event allocates. */
static bool number_what(struct streams *s, struct program_op *op)
{
	const struct contig_what what = {
		.order = op->order, .kind = op->kind, .migratetype = op->migratetype, .node = op->node
	};
	size_t i = 0;

	while (i < s->nr_whats && memcmp(&s->whats[i], &what, sizeof(what)) != 0)
		i++;
	if (i == s->nr_whats) {
		if (!grow((void **)&s->whats, s->nr_whats, &s->cap_whats, sizeof(*s->whats)))
			return false;
		s->whats[s->nr_whats++] = what;
	}
	op->what = (uint32_t)i;
	return true;
}

static bool add_event(struct compiler *c, uint32_t event)
{
	struct program_op op = c->p->ops[event];
	uint16_t thread = thread_of(c, &op);
	struct stream *s = &c->s->of[thread];
	struct live *l = &c->live[op.slot];
	bool ok = true;

	switch (program_code(&op)) {
	case TRACE_ALLOC:
		*l = birth(c, thread);
		op.slot = l->slot;
		ok = number_what(c->s, &op);
		break;
	case TRACE_FREE:
		ok = add_await(c, s, &op, thread) && death(c, l);
		op.slot = l->slot;
		break;
	case TRACE_SPLIT:
		ok = add_await(c, s, &op, thread) && death(c, l);
		/* before a piece, which may have the slot of the whole in the program */
		op.slot = l->slot;
		ok = ok && add_split(c, s, &op, thread);
		break;
	case TRACE_PIN:
	case TRACE_UNPIN:
		ok = add_await(c, s, &op, thread);
		l->pinned_by = !l->pins || l->pinned_by == thread ? thread : MANY;
		l->pins++;
		op.slot = l->slot;
		break;
	case TRACE_MARK: /* asks nothing of an allocator: it would only make events cheaper, and the harness dearer */
	case TRACE_OP_NR:
		return true;
	}
	return ok && add_op(s, &op, event);
}

/* ---- what comes between events --------------------------------------------------------------- */

static bool add_survivors(struct compiler *c, size_t event)
{
	const struct stream_plan *plan = c->plan;
	uint64_t ns = event < c->p->nr_ops ? program_ns(&c->p->ops[event]) : c->p->duration_ns;

	while (survivors_next(plan->survivors) <= event) {
		uint32_t cpu;
		const struct program_survivor *s = survivors_take(plan->survivors, plan->nr_cpus, &cpu);
		const struct program_op op = {
			.when = ns << PROGRAM_NS_SHIFT | (uint64_t)cpu << PROGRAM_OP_BITS | TRACE_FREE,
			.slot = plan->survivor_base + s->slot,
			.birth = s->birth,
		};

		if (!add_op(&c->s->of[plan->thread_of[cpu]], &op, EVENT_NONE))
			return false;
	}
	return true;
}

/* Requests due before `ns`: what happens at a request's own time happens before it. */
static bool add_requests(struct compiler *c, uint64_t ns)
{
	const struct request_stream *r = c->plan->requests;

	for (; c->request < r->nr && r->requests[c->request].ns < ns; c->request++) {
		const struct request *q = &r->requests[c->request];

		if (!add_stop(&c->s->of[c->plan->thread_of[q->cpu]],
		              (struct stop){ .ns = q->ns, .number = c->request, .what = STOP_REQUEST }))
			return false;
	}
	return true;
}

static bool add_barrier(struct compiler *c, size_t event)
{
	const struct stop stop = { .ns = program_ns(&c->p->ops[event]),
		                   .number = (uint32_t)event,
		                   .what = STOP_BARRIER };

	for (uint32_t i = 0; i < c->s->nr; i++) {
		if (!add_stop(&c->s->of[i], stop))
			return false;
	}
	return true;
}

static bool add_all(struct compiler *c)
{
	uint64_t every = c->plan->barrier_every;
	const struct program *p = c->p;

	c->nr_births = 0;
	c->pieces = p->pieces;
	for (size_t i = 0; i < p->nr_ops; i++) {
		if (!add_requests(c, program_ns(&p->ops[i])) || (every && i && i % every == 0 && !add_barrier(c, i)) ||
		    !add_survivors(c, i) || !add_event(c, (uint32_t)i))
			return false;
	}
	return add_survivors(c, p->nr_ops) && add_requests(c, UINT64_MAX);
}

/* Read by the loop, never executed. */
static bool pad(struct stream *s)
{
	const struct program_op nothing = { .when = TRACE_MARK };

	for (uint32_t i = 0; i < PROGRAM_AHEAD; i++) {
		if (!add_op(s, &nothing, EVENT_NONE))
			return false;
	}
	s->nr -= PROGRAM_AHEAD;
	return true;
}

static int lay_out(struct compiler *c)
{
	struct streams *s = c->s;
	uint64_t own = (s->first_slot + c->nr_shared + SLOTS_A_LINE - 1) / SLOTS_A_LINE * SLOTS_A_LINE;

	/* no thread uses more slots of its own than the whole trace does */
	if (own + (c->p->nr_slots + SLOTS_A_LINE) * (uint64_t)s->nr > UINT32_MAX - 1)
		return -ERANGE;
	s->own_slot = (uint32_t)own;
	return 0;
}

static int compile(struct compiler *c)
{
	struct streams *s = c->s;
	uint32_t most = 0;

	find_shared(c);
	int rc = lay_out(c);

	if (rc)
		return rc;
	if (!add_all(c))
		return -ENOMEM;
	for (uint32_t i = 0; i < s->nr; i++) {
		if (!pad(&s->of[i]))
			return -ENOMEM;
		most = c->own[i].nr > most ? c->own[i].nr : most;
	}
	s->nr_slots = s->own_slot + (size_t)(most + SLOTS_A_LINE) / SLOTS_A_LINE * SLOTS_A_LINE * s->nr;
	return 0;
}

int streams_compile(struct streams *s, const struct stream_plan *plan)
{
	const struct program *p = plan->program;
	struct compiler c = { .plan = plan, .p = p, .s = s };
	int rc = -ENOMEM;

	*s = (struct streams){ .nr = plan->nr_threads, .first_slot = plan->first_slot };
	s->of = calloc(s->nr, sizeof(*s->of));
	c.live = calloc((size_t)p->nr_slots + 1, sizeof(*c.live));
	c.shared = calloc((p->nr_allocs + p->nr_pieces) / 8 + 1, 1);
	c.own = calloc(s->nr, sizeof(*c.own));
	if (s->of && c.live && c.shared && c.own)
		rc = compile(&c);
	for (uint32_t i = 0; c.own && i < s->nr; i++)
		free(c.own[i].stack);
	free(c.own);
	free(c.live);
	free(c.shared);
	if (rc)
		streams_free(s);
	return rc;
}

static void bring_here(void **array, size_t bytes)
{
	void *here = malloc(bytes);

	if (!here)
		return;
	memcpy(here, *array, bytes);
	free(*array);
	*array = here;
}

void stream_bring_here(struct stream *s)
{
	bring_here((void **)&s->ops, (s->nr + PROGRAM_AHEAD) * sizeof(*s->ops));
	bring_here((void **)&s->events, (s->nr + PROGRAM_AHEAD) * sizeof(*s->events));
}

void streams_free(struct streams *s)
{
	for (uint32_t i = 0; s->of && i < s->nr; i++) {
		free(s->of[i].ops);
		free(s->of[i].events);
		free(s->of[i].pieces);
		free(s->of[i].stops);
	}
	free(s->of);
	free(s->whats);
	s->of = NULL;
	s->whats = NULL;
}
