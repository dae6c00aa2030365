// SPDX-License-Identifier: MIT
/* walk.c - random walks, shrinking, the report. */
#include <stdlib.h>
#include <string.h>

#include "../../workloads/layout.h"
#include "walk.h"

/* What a walk is made of; one of these by seed, so that memory is full here and mostly free there. */
static const uint8_t moods[][DO_NR] = {
	/* alloc free split pin unpin freeze lru drain type begin step give convert unreserve watermark */
	{ 40, 26, 4, 1, 2, 0, 3, 2, 1, 4, 14, 5, 1, 1, 1 },  /* balanced */
	{ 40, 20, 3, 2, 1, 1, 1, 1, 0, 2, 6, 3, 1, 1, 1 },   /* full */
	{ 20, 26, 1, 0, 1, 0, 1, 3, 2, 8, 20, 16, 2, 1, 1 }, /* mostly free */
	{ 20, 18, 2, 1, 2, 1, 2, 2, 3, 12, 50, 6, 1, 1, 1 }, /* requests at once */
	{ 40, 40, 4, 0, 0, 0, 1, 1, 3, 1, 8, 1, 0, 2, 2 },   /* little isolated */
};

#define NR_MOODS (sizeof(moods) / sizeof(moods[0]))

static uint32_t one_of(struct rng *rng, const uint32_t *of, uint32_t nr)
{
	return of[rng_next(rng) % nr];
}

void walk_geometry(struct contig_geometry *g, uint64_t seed, bool real)
{
	static const uint32_t Ps[] = { 3, 3, 3, 4, 5 }, above[] = { 0, 1, 1, 1, 1, 1, 2 },
			      maxpages[] = { 2, 4, 4, 6, 8 }, managed[] = { 0, 0, 16384, 16384, 32768 },
			      lows[] = { 2, 8, 24 };
	struct rng rng = rng_seed(seed, RNG_REQUESTS);
	uint32_t P = real ? 9 : one_of(&rng, Ps, 5), M = real ? 10 : P + one_of(&rng, above, 7);
	uint32_t pages = one_of(&rng, maxpages, 5) << M;

	if (pages < 4u << P)
		pages = 4u << P;
	if (pages > 16u << P)
		pages = 16u << P;
	contig_geometry_x86_64(g, pages);
	g->pageblock_order = (uint8_t)P;
	g->max_order = (uint8_t)M;
	g->nr_cpus = 1 + (uint32_t)(rng_next(&rng) % 2);
	g->zones[0].wmark_min = 1;
	g->zones[0].wmark_low = one_of(&rng, lows, 3);
	g->zones[0].managed = one_of(&rng, managed, 5);
	g->init = rng_next(&rng) % 2 ? CONTIG_INIT_FREE : CONTIG_INIT_RESERVED;
	/* every fourth zone begins and ends inside a pageblock */
	if (rng_next(&rng) % 4)
		return;
	g->zones[0].start = (uint32_t)(rng_next(&rng) % (2u << M));
	g->zones[0].pages -= (uint32_t)(rng_next(&rng) % (1u << P));
}

bool walk_random(struct walk *w)
{
	struct rng rng = rng_seed(w->seed, RNG_REQUESTS);
	const uint8_t *mood = moods[rng_next(&rng) % NR_MOODS];
	struct pair *p = malloc(sizeof(*p));
	bool same = pair_open(p, w->model, w->oracle, &w->g) && pair_equal(p);

	w->commands = calloc(w->steps + 2 * w->g.zones[0].pages, sizeof(*w->commands));
	uint32_t layout = w->g.init == CONTIG_INIT_RESERVED ? command_layout(&w->g, &rng, w->commands) : 0;

	for (w->nr = 0; same && w->nr < layout + w->steps;) {
		struct command *c = &w->commands[w->nr++];

		if (w->nr > layout)
			*c = command_random(p, &rng, w->nr, mood);
		same = pair_apply(p, c);
	}
	memcpy(w->difference, p->difference, sizeof(w->difference));
	w->steps = w->nr;
	pair_close(p);
	free(p);
	return same;
}

/* From scratch; true if they differ, after how many commands in *nr. */
static bool differs(const struct walk *w, const struct command *commands, uint32_t *nr, char *difference)
{
	struct pair *p = malloc(sizeof(*p));
	bool same = pair_open(p, w->model, w->oracle, &w->g) && pair_equal(p);
	uint32_t done = 0;

	while (same && done < *nr)
		same = pair_apply(p, &commands[done++]);
	if (!same) {
		*nr = done;
		memcpy(difference, p->difference, DIFFERENCE);
	}
	pair_close(p);
	free(p);
	return !same;
}

bool walk_differs(const struct walk *w)
{
	char difference[DIFFERENCE];
	uint32_t nr = w->nr;

	return differs(w, w->commands, &nr, difference);
}

/* One pass over the sequence: drop every chunk that a difference can do without. True if there was one. */
static bool drop_chunks(struct walk *w, struct command *shorter, uint32_t chunk)
{
	bool any = false;

	for (uint32_t at = 0; at < w->nr;) {
		uint32_t len = chunk < w->nr - at ? chunk : w->nr - at, nr = w->nr - len;

		memcpy(shorter, w->commands, at * sizeof(*shorter));
		memcpy(shorter + at, w->commands + at + len, (nr - at) * sizeof(*shorter));
		if (!differs(w, shorter, &nr, w->difference)) {
			at += len;
			continue;
		}
		memcpy(w->commands, shorter, nr * sizeof(*shorter));
		w->nr = nr;
		any = true;
	}
	return any;
}

/* Delta debugging: chunks of half the sequence, then of a quarter, down to single commands, until none can go. */
void walk_shrink(struct walk *w)
{
	struct command *shorter = calloc(w->nr + 1, sizeof(*shorter));
	uint32_t chunk = w->nr / 2 ? w->nr / 2 : 1;

	while (drop_chunks(w, shorter, chunk) || chunk > 1)
		chunk = chunk > 1 ? chunk / 2 : 1;
	free(shorter);
}

/* The blocks that lie in the zone whole. */
static void draw(FILE *out, const char *name, const struct pair *p, struct contig *c)
{
	const struct contig_zone *z = &p->g.zones[0];
	block_t first = (z->start + (1u << p->g.pageblock_order) - 1) >> p->g.pageblock_order;
	uint32_t nr = ((z->start + z->pages) >> p->g.pageblock_order) - first;
	char *types = layout_types(c, first, nr), *map = layout_map(c, &p->g, first, nr, true, NULL, NULL);

	struct contig_stats s;

	contig_stats(c, 0, &s);
	fprintf(out, "  %-6s [%s] %s  (free %lld, CMA %lld, drift %lld, pcp %llu)\n", name, types, map,
	        (long long)s.free, (long long)s.free_cma, (long long)s.drift, (unsigned long long)s.pcp);
	free(types);
	free(map);
}

void walk_report(const struct walk *w, FILE *out)
{
	const struct contig_zone *z = &w->g.zones[0];
	struct pair *p = malloc(sizeof(*p));

	fprintf(out,
	        "%s against the oracle of %s, CONTIG_SEED=%llu, step %u\n"
	        "P %u, M %u, pages %u+%u, %u cpus, low watermark %u, managed %u; %u commands are enough:\n",
	        w->model, w->oracle, (unsigned long long)w->seed, w->steps, w->g.pageblock_order, w->g.max_order,
	        z->start, z->pages, w->g.nr_cpus, z->wmark_low, z->managed, w->nr);
	if (pair_open(p, w->model, w->oracle, &w->g) && pair_equal(p)) {
		for (uint32_t i = 0; i < w->nr; i++) {
			command_print(out, &w->commands[i]);
			if (i + 1 == w->nr || getenv("CONTIG_DRAW")) {
				if (i + 1 == w->nr)
					fprintf(out, "before the last:\n");
				draw(out, "model", p, p->side[MODEL].c);
				draw(out, "oracle", p, p->side[ORACLE].c);
			}
			pair_apply(p, &w->commands[i]);
		}
		fprintf(out, "after it:\n");
		draw(out, "model", p, p->side[MODEL].c);
		draw(out, "oracle", p, p->side[ORACLE].c);
	}
	for (int i = 0; i < 2; i++) {
		const struct side *s = &p->side[i];

		for (uint32_t m = 0; m < s->nr_moves && m < MAX_MOVES; m++)
			fprintf(out, "  %-6s moved %u to %u, order %u\n", i == MODEL ? "model" : "oracle",
			        s->moves[m].from, s->moves[m].to, s->moves[m].order);
	}
	fprintf(out, "%s\n", w->difference);
	pair_close(p);
	free(p);
}

void walk_free(struct walk *w)
{
	free(w->commands);
	w->commands = NULL;
}
