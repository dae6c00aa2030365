// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../virtual/rng.h"
#include "churn.h"

#define CHURN_TURNOVERS 3u

static const struct contig_what lru_page = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE };

uint64_t churn_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t churn_random(struct churn *ch)
{
	struct rng rng = { ch->seed };
	uint64_t drawn = rng_next(&rng);

	ch->seed = rng.state;
	return drawn;
}

static uint32_t random_below(struct churn *ch, uint32_t n)
{
	return (uint32_t)((churn_random(ch) >> 32) * n >> 32);
}

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct churn *ch = ctx;

	(void)from;
	(void)order;
	ch->at[owner] = to;
}

static int64_t alloc_page(struct churn *ch, uint32_t owner)
{
	if (ch->ref) {
		uint32_t pfn = reference_alloc(ch->ref, 0);

		return pfn == REFERENCE_NONE ? -ENOMEM : (int64_t)pfn;
	}
	return contig_alloc(ch->c, 0, lru_page, owner);
}

static void free_page(struct churn *ch, uint32_t owner)
{
	if (ch->ref)
		reference_free(ch->ref, ch->at[owner], 0);
	else
		contig_free(ch->c, 0, ch->at[owner], owner);
}

/* Swap a random owner of deck[i..nr) to deck[i]. */
static uint32_t draw(struct churn *ch, uint32_t i, uint32_t nr)
{
	uint32_t k = i + random_below(ch, nr - i), owner = ch->deck[k];

	ch->deck[k] = ch->deck[i];
	ch->deck[i] = owner;
	return owner;
}

/* Fill the zone as far as its watermarks allow and free a random half again; the deck holds the survivors. */
static bool fill_half(struct churn *ch)
{
	uint32_t nr = 0;
	int64_t pfn;

	while (nr < ch->pages && (pfn = alloc_page(ch, nr + 1)) >= 0) {
		ch->at[++nr] = (pfn_t)pfn;
		ch->deck[nr - 1] = nr;
	}
	if (nr < ch->nr_live)
		return false;
	for (uint32_t i = 0; i < nr; i++)
		draw(ch, i, nr);
	for (uint32_t i = ch->nr_live; i < nr; i++)
		free_page(ch, ch->deck[i]);
	return true;
}

static bool fill_low_half(struct churn *ch)
{
	for (uint32_t owner = 1; owner <= ch->nr_live; owner++) {
		int64_t pfn = alloc_page(ch, owner);

		if (pfn < 0)
			return false;
		ch->at[owner] = (pfn_t)pfn;
		ch->deck[owner - 1] = owner;
	}
	return true;
}

static bool fill_every_other_block(struct churn *ch)
{
	const struct contig_what thp = { .order = 9, .kind = PAGE_LRU_COMPOUND, .migratetype = MT_MOVABLE };
	uint32_t nr = 0;
	int64_t pfn;

	if (ch->ref)
		return false;
	while ((pfn = contig_alloc(ch->c, 0, thp, nr + 1)) >= 0)
		ch->at[++nr] = (pfn_t)pfn;
	for (uint32_t owner = 1; owner <= nr; owner++) {
		if (!(ch->at[owner] & 512) && contig_free(ch->c, 0, ch->at[owner], owner))
			return false;
	}
	return nr >= ch->pages / 1024;
}

static bool fill(struct churn *ch, enum churn_state state)
{
	bool scattered = state == CHURN_SCATTERED || state == CHURN_HALF_FULL;

	ch->nr_live = scattered || state == CHURN_LOW_HALF ? ch->pages / 2 : 0;
	if (state == CHURN_BLOCKS && !fill_every_other_block(ch))
		return false;
	if (scattered && !fill_half(ch))
		return false;
	if (state == CHURN_LOW_HALF && !fill_low_half(ch))
		return false;
	if (state != CHURN_HALF_FULL)
		return true;

	/* by then an allocator that prefers small runs has used up those that the random frees left */
	uint32_t batch = ch->nr_live < CHURN_BATCH ? ch->nr_live : CHURN_BATCH;
	for (uint64_t replaced = 0; replaced < (uint64_t)CHURN_TURNOVERS * ch->nr_live; replaced += batch) {
		if (!churn_batch(ch, batch))
			return false;
	}
	return true;
}

static struct churn *new_churn(uint32_t mib)
{
	struct churn *ch = calloc(1, sizeof(*ch));

	if (!ch)
		return NULL;
	ch->pages = mib << 8;
	ch->seed = 1;
	ch->at = malloc(((size_t)ch->pages + 1) * sizeof(*ch->at));
	ch->deck = malloc(((size_t)ch->pages + 1) * sizeof(*ch->deck));
	if (ch->at && ch->deck)
		return ch;
	churn_close(ch);
	return NULL;
}

struct churn *churn_open(const char *spec, uint32_t mib, enum churn_state state, struct contig_diag *diag)
{
	struct churn *ch = new_churn(mib);
	struct contig_geometry g;

	snprintf(diag->text, sizeof(diag->text), "no memory for a zone of %u MiB", mib);
	if (!ch)
		return NULL;
	contig_geometry_x86_64(&g, ch->pages);
	ch->c = contig_open(spec, &g, &(struct contig_hooks){ .ctx = ch, .moved = moved }, diag);
	if (!ch->c) {
		churn_close(ch);
		return NULL;
	}
	if (!fill(ch, state)) {
		snprintf(diag->text, sizeof(diag->text), "%s does not fill half of %u MiB with order-0 pages", spec,
		         mib);
		churn_close(ch);
		return NULL;
	}
	return ch;
}

struct churn *churn_open_reference(uint32_t mib, bool pcp, enum churn_state state)
{
	struct churn *ch = new_churn(mib);

	if (!ch)
		return NULL;
	ch->ref = reference_open(ch->pages, 10, pcp);
	if (ch->ref && fill(ch, state))
		return ch;
	churn_close(ch);
	return NULL;
}

void churn_close(struct churn *ch)
{
	if (!ch)
		return;
	contig_close(ch->c);
	reference_close(ch->ref);
	free(ch->at);
	free(ch->deck);
	free(ch->victims);
	free(ch);
}

bool churn_draw(struct churn *ch, uint32_t nr)
{
	if (nr > ch->max_victims) {
		struct churn_page *v = realloc(ch->victims, nr * sizeof(*v));

		if (!v)
			return false;
		ch->victims = v;
		ch->max_victims = nr;
	}
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t owner = draw(ch, i, ch->nr_live);

		ch->victims[i] = (struct churn_page){ .pfn = ch->at[owner], .owner = owner };
	}
	return true;
}

void churn_free_batch(struct churn *ch, uint32_t first, uint32_t nr)
{
	const struct churn_page *v = ch->victims + first;

	if (ch->ref) {
		for (uint32_t i = 0; i < nr; i++)
			reference_free(ch->ref, v[i].pfn, 0);
	} else {
		for (uint32_t i = 0; i < nr; i++)
			contig_free(ch->c, 0, v[i].pfn, v[i].owner);
	}
}

bool churn_alloc_batch(struct churn *ch, uint32_t first, uint32_t nr)
{
	struct churn_page *v = ch->victims + first;
	int64_t any = 0; /* negative as soon as one allocation failed */

	if (ch->ref) {
		for (uint32_t i = 0; i < nr; i++)
			v[i].pfn = reference_alloc(ch->ref, 0);
	} else {
		for (uint32_t i = 0; i < nr; i++) {
			int64_t pfn = contig_alloc(ch->c, 0, lru_page, v[i].owner);

			any |= pfn;
			v[i].pfn = (pfn_t)pfn;
		}
	}
	return any >= 0;
}

void churn_settle(struct churn *ch, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		ch->at[ch->victims[i].owner] = ch->victims[i].pfn;
}

bool churn_batch(struct churn *ch, uint32_t nr)
{
	if (!churn_draw(ch, nr))
		return false;
	churn_free_batch(ch, 0, nr);
	bool all = churn_alloc_batch(ch, 0, nr);
	churn_settle(ch, nr);
	return all;
}

uint32_t *churn_occupancy(const struct churn *ch, unsigned int order)
{
	uint32_t *used = calloc((ch->pages >> order) + 1, sizeof(*used));

	for (uint32_t i = 0; used && i < ch->nr_live; i++)
		used[ch->at[ch->deck[i]] >> order]++;
	return used;
}

bool churn_hot_pairs(struct churn *ch, uint64_t pairs)
{
	const owner_t owner = (owner_t)ch->pages + 1;

	if (ch->ref) {
		for (uint64_t i = 0; i < pairs; i++)
			reference_free(ch->ref, reference_alloc(ch->ref, 0), 0);
		return true;
	}
	for (uint64_t i = 0; i < pairs; i++) {
		int64_t pfn = contig_alloc(ch->c, 0, lru_page, owner);

		if (pfn < 0)
			return false;
		contig_free(ch->c, 0, (pfn_t)pfn, owner);
	}
	return true;
}
