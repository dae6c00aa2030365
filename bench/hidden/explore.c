// SPDX-License-Identifier: MIT
/* explore.c - depth-first exploration of interleavings. */
#include <stdio.h>
#include <stdlib.h>

#include "explore.h"

/* What is known of a state: its digest and how many ways there are from it to the end. */
struct known {
	uint64_t digest; /* 0: a free place */
	double ways;
};

struct explorer {
	const struct explorable *x;
	struct explored *out;
	struct contig_diag *diag;
	uint64_t budget;
	struct known *known; /* open addressing */
	uint64_t room;       /* a power of two */
	uint8_t way[EXPLORE_STEPS];
};

/* ---- states that were met ---------------------------------------------------------------------- */

static struct known *find(struct known *known, uint64_t room, uint64_t digest)
{
	uint64_t at = digest & (room - 1);

	while (known[at].digest && known[at].digest != digest)
		at = (at + 1) & (room - 1);
	return &known[at];
}

static int remember(struct explorer *e, uint64_t digest, double ways)
{
	if (2 * e->out->states >= e->room) {
		uint64_t room = e->room ? 2 * e->room : 1024;
		struct known *grown = calloc(room, sizeof(*grown));

		if (!grown)
			return contig_diag_set(e->diag, -ENOMEM, "no memory");
		for (uint64_t i = 0; i < e->room; i++) {
			if (e->known[i].digest)
				*find(grown, room, e->known[i].digest) = e->known[i];
		}
		free(e->known);
		e->known = grown;
		e->room = room;
	}
	*find(e->known, e->room, digest) = (struct known){ digest, ways };
	e->out->states++;
	return 0;
}

/* ---- ends --------------------------------------------------------------------------------------- */

/* "3AB2A" */
static void write_way(const struct explorer *e, uint32_t steps, char way[OUTCOME_WAY])
{
	size_t at = 0;

	way[0] = '\0';
	for (uint32_t i = 0, end; i < steps && at < OUTCOME_WAY; i = end) {
		for (end = i; end < steps && e->way[end] == e->way[i];)
			end++;
		char letter = (char)('A' + e->way[i]);

		at += (size_t)(end - i > 1 ? snprintf(way + at, OUTCOME_WAY - at, "%u%c", end - i, letter)
		                           : snprintf(way + at, OUTCOME_WAY - at, "%c", letter));
	}
}

static int ended(struct explorer *e, uint32_t steps)
{
	char text[OUTCOME_TEXT] = "";
	int rc = e->x->outcome(e->x->ctx, text, sizeof(text), e->diag);
	struct outcome *o = rc ? NULL : outcome_add(&e->out->set, text, 1);

	if (rc)
		return rc;
	if (!o)
		return contig_diag_set(e->diag, -ENOMEM, "no memory");
	if (o->seen == 1)
		write_way(e, steps, o->way);
	if (steps > e->out->longest)
		e->out->longest = steps;
	return 0;
}

/* ---- exploring ---------------------------------------------------------------------------------- */

static int begin(struct explorer *e, uint32_t steps)
{
	int rc = e->x->open(e->x->ctx, e->diag);

	e->out->runs++;
	for (uint32_t i = 0; i < steps && !rc; i++)
		rc = e->x->step(e->x->ctx, e->way[i], e->diag);
	return rc;
}

static int again(struct explorer *e, uint32_t steps)
{
	e->x->close(e->x->ctx);
	return begin(e, steps);
}

static int too_long(const struct explorer *e)
{
	return contig_diag_set(e->diag, -EOVERFLOW, "an interleaving of more than %u steps", EXPLORE_STEPS);
}

/* What stands is the state after `steps` steps of e->way. */
static int visit(struct explorer *e, uint32_t steps, double *ways)
{
	unsigned int ready = e->x->ready(e->x->ctx);
	bool first = true;
	int rc = 0;

	*ways = 1;
	if (!ready)
		return ended(e, steps);
	if (steps == EXPLORE_STEPS)
		return too_long(e);
	/* where only one can go on, there is nothing to come back for */
	bool alone = !(ready & (ready - 1));
	uint64_t digest = alone ? 0 : e->x->digest(e->x->ctx) | 1;

	if (!alone && e->room) {
		const struct known *k = find(e->known, e->room, digest);

		if (k->digest) {
			*ways = k->ways;
			return 0;
		}
	}
	*ways = 0;
	for (unsigned int actor = 0; actor < EXPLORE_ACTORS && !rc; actor++) {
		double below = 0;

		if (!(ready >> actor & 1))
			continue;
		if (!first && e->out->runs >= e->budget) {
			e->out->complete = false;
			return 0;
		}
		rc = first ? 0 : again(e, steps);
		first = false;
		e->way[steps] = (uint8_t)actor;
		rc = rc ? rc : e->x->step(e->x->ctx, actor, e->diag);
		rc = rc ? rc : visit(e, steps + 1, &below);
		*ways += below;
	}
	return rc || alone ? rc : remember(e, digest, *ways);
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* One interleaving in which each switch from one to another is as likely as one step in `stay` is. */
static int sample(struct explorer *e, uint64_t *state)
{
	unsigned int ready, actor = EXPLORE_ACTORS;
	uint64_t stay = UINT64_C(1) << next_random(state) % 7;
	uint32_t steps = 0;
	int rc = again(e, 0);

	while (!rc && (ready = e->x->ready(e->x->ctx))) {
		if (actor == EXPLORE_ACTORS || !(ready >> actor & 1) || !(next_random(state) % stay)) {
			do
				actor = (unsigned int)(next_random(state) % EXPLORE_ACTORS);
			while (!(ready >> actor & 1));
		}
		if (steps == EXPLORE_STEPS)
			return too_long(e);
		e->way[steps++] = (uint8_t)actor;
		rc = e->x->step(e->x->ctx, actor, e->diag);
	}
	return rc ? rc : ended(e, steps);
}

int explore(const struct explorable *x, uint64_t budget, uint64_t seed, struct explored *out, struct contig_diag *diag)
{
	struct explorer *e = calloc(1, sizeof(*e));

	*out = (struct explored){ .complete = true };
	if (!e)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	*e = (struct explorer){ .x = x, .out = out, .diag = diag, .budget = budget };
	int rc = begin(e, 0);

	rc = rc ? rc : visit(e, 0, &out->interleavings);
	for (uint64_t i = 0; i < budget && !out->complete && !rc; i++)
		rc = sample(e, &seed);
	x->close(x->ctx);
	free(e->known);
	free(e);
	return rc;
}
