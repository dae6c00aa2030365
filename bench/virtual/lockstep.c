// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../cli.h"
#include "lockstep.h"

#define NOT_ASSIGNED UINT32_MAX

/* Events between two looks at the progress line. */
#define PROGRESS_EVERY (UINT64_C(1) << 16)

/* A page that a request has migrated. */
struct move {
	owner_t owner;
	uint32_t request; /* NOT_ASSIGNED until its step is over */
	pfn_t from;
	pfn_t to;
};

/* One of the two. */
struct side {
	struct lockstep *both;
	struct replay *replay;
	struct replay_watch watch;
	struct move *moves; /* of requests that have not been compared */
	size_t nr_moves;
	size_t cap_moves;
	size_t assigned; /* moves that belong to a request already */
};

struct lockstep {
	struct side side[2];
	const struct program *program;
	uint32_t nr_requests;
	uint64_t done;   /* events carried out */
	uint64_t total;  /* ... of all */
	bool to_compare; /* the last event has not been */
	uint8_t *ended;  /* by request: on how many sides */
	uint32_t *ready; /* requests that have ended on both, in that order */
	uint32_t nr_ready;
	uint32_t next_ready;
	const char *name; /* for the progress line */
	bool no_memory;
};

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct side *s = ctx;

	(void)order;
	if (s->nr_moves == s->cap_moves) {
		size_t cap = s->cap_moves ? 2 * s->cap_moves : 256;
		struct move *moves = reallocarray(s->moves, cap, sizeof(*moves));

		if (!moves) {
			s->both->no_memory = true;
			return;
		}
		s->moves = moves;
		s->cap_moves = cap;
	}
	s->moves[s->nr_moves++] = (struct move){ owner, NOT_ASSIGNED, from, to };
}

/* What was migrated since the last step is this request's. */
static void stepped(void *ctx, struct contig *backend, uint32_t k, const struct contig_work *work,
                    const struct request_record *ended)
{
	struct side *s = ctx;
	struct lockstep *l = s->both;

	(void)backend;
	(void)work;
	for (; s->assigned < s->nr_moves; s->assigned++)
		s->moves[s->assigned].request = k;
	if (ended && ++l->ended[k] == 2)
		l->ready[l->nr_ready++] = k;
}

static int out_of_memory(struct contig_diag *diag)
{
	return contig_diag_set(diag, -ENOMEM, "no memory for two replays");
}

int lockstep_open(const struct replay_params *a, const struct replay_params *b, struct lockstep **out,
                  struct contig_diag *diag)
{
	struct lockstep *l = *out = calloc(1, sizeof(*l));
	int rc = l ? 0 : out_of_memory(diag);

	for (int i = 0; i < 2 && !rc; i++) {
		struct side *s = &l->side[i];
		struct replay_params params = i ? *b : *a;

		s->both = l;
		s->watch = (struct replay_watch){ .ctx = s, .stepped = stepped, .moved = moved };
		params.watch = &s->watch;
		rc = replay_open(&params, &s->replay, diag);
	}
	if (rc)
		return rc;
	l->program = a->program;
	l->total = replay_events(l->side[0].replay);
	l->nr_requests = replay_nr_requests(l->side[0].replay);
	l->ended = calloc(l->nr_requests + 1, sizeof(*l->ended));
	l->ready = calloc(l->nr_requests + 1, sizeof(*l->ready));
	return l->ended && l->ready ? 0 : out_of_memory(diag);
}

void lockstep_close(struct lockstep *l)
{
	for (int i = 0; l && i < 2; i++) {
		replay_close(l->side[i].replay);
		free(l->side[i].moves);
	}
	if (l) {
		free(l->ended);
		free(l->ready);
	}
	free(l);
}

void lockstep_name(struct lockstep *l, const char *text)
{
	l->name = text;
}

struct contig *lockstep_backend(const struct lockstep *l, int side)
{
	return replay_backend(l->side[side].replay);
}

static int by_owner(const void *a, const void *b)
{
	const struct move *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* Take the moves of request k out of the side's, sorted by owner. NULL without memory. */
static struct move *take_moves(struct side *s, uint32_t k, size_t *nr)
{
	struct move *out = calloc(s->nr_moves + 1, sizeof(*out));
	size_t kept = 0;

	*nr = 0;
	for (size_t i = 0; out && i < s->nr_moves; i++) {
		if (s->moves[i].request == k)
			out[(*nr)++] = s->moves[i];
		else
			s->moves[kept++] = s->moves[i];
	}
	if (!out)
		return NULL;
	s->nr_moves = s->assigned = kept;
	if (*nr)
		qsort(out, *nr, sizeof(*out), by_owner);
	return out;
}

/* The lowest page that was not moved to the same place on both sides. */
static bool moves_differ(const struct move *a, size_t nr_a, const struct move *b, size_t nr_b, struct divergence *d)
{
	size_t i = 0, k = 0;

	d->from = PFN_NONE;
	while (i < nr_a || k < nr_b) {
		bool has_a = i < nr_a && (k == nr_b || a[i].owner <= b[k].owner);
		bool has_b = k < nr_b && (i == nr_a || b[k].owner <= a[i].owner);
		pfn_t from = has_a ? a[i].from : b[k].from;
		pfn_t to[2] = { has_a ? a[i].to : PFN_NONE, has_b ? b[k].to : PFN_NONE };

		if (to[0] != to[1] && from < d->from) {
			d->from = from;
			d->place[0] = to[0];
			d->place[1] = to[1];
		}
		i += has_a;
		k += has_b;
	}
	return d->from != PFN_NONE;
}

/* 1 if the request ended differently, 0, or -ENOMEM. */
static int compare_request(struct lockstep *l, uint32_t k, struct divergence *d)
{
	struct move *moves[2];
	size_t nr[2];
	int rc = 0;

	for (int i = 0; i < 2; i++) {
		moves[i] = take_moves(&l->side[i], k, &nr[i]);
		d->record[i] = *replay_request(l->side[i].replay, k);
		if (!moves[i])
			rc = -ENOMEM;
	}
	d->request = k;
	if (!rc && d->record[0].rc != d->record[1].rc) {
		d->what = PART_REQUEST_ANSWER;
		rc = 1;
	} else if (!rc && moves_differ(moves[0], nr[0], moves[1], nr[1], d)) {
		d->what = PART_REQUEST_MOVES;
		rc = 1;
	}
	free(moves[0]);
	free(moves[1]);
	return rc;
}

static bool compare_event(struct lockstep *l, struct divergence *d)
{
	size_t event = (size_t)((l->done - 1) % l->program->nr_ops);

	l->to_compare = false;
	if (program_code(&l->program->ops[event]) != TRACE_ALLOC)
		return false;
	for (int i = 0; i < 2; i++)
		d->place[i] = replay_place(l->side[i].replay, event);
	d->what = d->place[0] == PFN_NONE || d->place[1] == PFN_NONE ? PART_ALLOC_ANSWER : PART_ALLOC_PLACE;
	return d->place[0] != d->place[1];
}

static void begin_report(const struct lockstep *l, struct divergence *d)
{
	uint64_t last = l->done - 1;

	*d = (struct divergence){
		.events = l->done,
		.pass = (uint32_t)(last / l->program->nr_ops),
		.event = (uint32_t)(last % l->program->nr_ops),
		.ns = program_ns(&l->program->ops[last % l->program->nr_ops]),
		.place = { PFN_NONE, PFN_NONE },
		.from = PFN_NONE,
	};
}

int lockstep_next(struct lockstep *l, struct divergence *d)
{
	for (;;) {
		int rc = 0;

		if (l->done)
			begin_report(l, d);
		/* what is timed before an event has come before it */
		while (!rc && l->next_ready < l->nr_ready)
			rc = compare_request(l, l->ready[l->next_ready++], d);
		if (rc)
			return rc;
		if (l->to_compare && compare_event(l, d))
			return 1;
		if (l->done == l->total)
			return 0;
		if (l->name && !(l->done % PROGRESS_EVERY))
			cli_progress(l->name, l->done, l->total);
		l->done++;
		l->to_compare = true;
		for (int i = 0; i < 2; i++) {
			rc = replay_advance(l->side[i].replay, l->done);
			if (rc)
				return rc;
		}
		if (l->no_memory)
			return -ENOMEM;
	}
}
