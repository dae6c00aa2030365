// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../allocators/linux/agent/nature.h"
#include "../cli.h"
#include "../exact/random_model.h"
#include "../virtual/rng.h"
#include "experiment.h"

#define LEAST_PAGES 64u
#define MOST_PAGES  4096u /* 8 pageblocks */
/* To forget: the largest fraction is the smallest limit; owners that nobody else has. */
#define LEAST_LISTS 1000000u
#define IN_A_ROW    16u
#define FORGOTTEN   4000000000u

#define POPULATE_SECONDS 300u
#define CALL_SECONDS     60u

#define MOST_AGAIN 40u /* layouts of one experiment: a model that is lost all the time needs no more proof */

/* One layout, while requests are made on it. */
struct trial {
	struct experiment *e;
	struct guest_zone zone;
	char name[64]; /* of the experiment */
	uint32_t part; /* how often memory was looked at, the first time is 1 */
	struct zone_layout *seen;
	struct random_model model;
	json_t *grown; /* how memory came about, until the layout is recorded that it belongs to */
};

/*
 * Unmovable pages are so few that ranges of each size are both granted and refused: scattered, two in five pageblocks have
 * one; clustered and natural, where they lie together, about one in six.
 */
static const struct {
	const char *layout;
	unsigned int fill;      /* percent of the zone in use */
	unsigned int unmovable; /* thousandths of the zone */
} experiments[EXPERIMENTS] = {
	{ "scattered", 50, 1 },  { "scattered", 70, 1 },  { "scattered", 90, 1 },
	{ "clustered", 50, 10 }, { "clustered", 70, 10 }, { "clustered", 90, 10 },
	{ "natural", 50, 100 },  { "natural", 70, 100 },  { "natural", 90, 100 },
};

/* ---- one look -------------------------------------------------------------------------------- */

/* random-NAME.WHAT for the first part, then random-NAME.PART.WHAT */
static const char *file_of(const struct trial *t, const char *what, char out[128])
{
	if (t->part == 1)
		snprintf(out, 128, "random-%s.%s", t->name, what);
	else
		snprintf(out, 128, "random-%s.%u.%s", t->name, t->part, what);
	return out;
}

static int settle(const struct trial *t, struct contig_diag *diag)
{
	int rc = guest_post(t->e->g, diag, "lru");

	return rc ? rc : guest_post(t->e->g, diag, "drain");
}

/*
 * What a cpu's lists remember beside their pages: how often they were refilled or freed to in a row, and from v6.7 on how many they
 * may hold. It can not be seen, but brought to what it is in the beginning: a fixed limit, where that can be set, replaces the
 * one that has grown, which begins anew behind it; a few pages freed in a row end what was in a row before.
 */
static int forget(const struct trial *t, struct contig_diag *diag)
{
	static const char limit[] = "sh 10 f=/proc/sys/vm/percpu_pagelist_high_fraction; [ ! -e $f ] || echo %u > $f";
	struct guest *g = t->e->g;
	int rc = guest_post(g, diag, limit, LEAST_LISTS);

	for (unsigned int i = 0; i < IN_A_ROW && !rc; i++)
		rc = guest_post(g, diag, "alloc %u X 0 M 1", FORGOTTEN + i);
	rc = rc ? rc : guest_post(g, diag, "lru");
	for (unsigned int i = 0; i < IN_A_ROW && !rc; i++)
		rc = guest_post(g, diag, "free %u", FORGOTTEN + i);
	return rc ? rc : guest_post(g, diag, limit, 0);
}

/* What is in the guest's memory now goes to the recording and to the model. */
static int look_at_all(struct trial *t, struct contig_diag *diag)
{
	char name[128];

	random_model_close(&t->model);
	t->part++;
	int rc = forget(t, diag);

	rc = rc ? rc : settle(t, diag);

	rc = rc ? rc : guest_zone_dump(&t->zone, t->seen, diag);
	rc = rc ? rc : recording_layout(t->e->record, file_of(t, "layout.gz", name), t->e->kernel, t->seen, diag);
	if (!rc && t->grown) {
		snprintf(name, sizeof(name), "grown-%s.jsonl", t->name);
		rc = recording_line(t->e->record, name, t->grown, diag);
		t->grown = NULL;
	}
	return rc ? rc : random_model_open(&t->model, t->seen, t->e->model, diag);
}

/* ---- one request ----------------------------------------------------------------------------- */

/* A third each: aligned to its size, beginning with a pageblock, anywhere and of any length. */
static void draw(struct rng *r, uint32_t pages, pfn_t *start, uint32_t *nr)
{
	uint32_t unit = 1;

	*nr = LEAST_PAGES << rng_below(r, 7);
	switch (rng_below(r, 3)) {
	case 0:
		unit = *nr;
		break;
	case 1:
		unit = LAYOUT_NPB;
		break;
	default:
		*nr = LEAST_PAGES + (uint32_t)rng_below(r, MOST_PAGES - LEAST_PAGES + 1);
	}
	*start = (pfn_t)rng_below(r, (pages - *nr) / unit + 1) * unit;
}

static int ask_range(const struct trial *t, pfn_t start, uint32_t nr, struct random_answer *out,
                     struct contig_diag *diag)
{
	static const char *const stages[] = { "isolate", "migrate", "test", "ok" };
	unsigned long long migrated;
	struct guest_answer *a;
	char stage[16];
	int rc = guest_call(t->e->g, &a, diag, "range %u %u movable", t->zone.start + start, nr);

	if (rc)
		return rc;
	if (sscanf(a->words, "%15s %llu", stage, &migrated) == 2) {
		for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
			out->stage = strcmp(stages[i], stage) ? out->stage : stages[i];
	}
	if (!out->stage)
		return contig_diag_set(diag, a->rc < 0 ? (int)a->rc : -EPROTO, "range: the agent answers %lld %.200s",
		                       (long long)a->rc, a->words);
	out->rc = a->rc;
	out->migrated = (int64_t)migrated;
	return 0;
}

/* As random_model_ask(). */
static int ask_kernel(const struct trial *t, pfn_t start, uint32_t nr, struct random_answer *out,
                      struct contig_diag *diag)
{
	const block_t first = start / LAYOUT_NPB;
	const uint32_t blocks = touched_blocks(start, nr);

	*out = (struct random_answer){ 0 };
	out->before = out->mine[0] = malloc(blocks + 1);
	out->after = out->mine[1] = malloc(blocks + 1);
	int rc = out->before && out->after ? settle(t, diag) : contig_diag_set(diag, -ENOMEM, "no memory");

	rc = rc ? rc : guest_zone_types(&t->zone, first, blocks, out->mine[0], diag);
	rc = rc ? rc : ask_range(t, start, nr, out, diag);
	rc = rc ? rc : settle(t, diag);
	rc = rc ? rc : guest_zone_types(&t->zone, first, blocks, out->mine[1], diag);
	rc = rc ? rc : guest_zone_map(&t->zone, first, blocks, start, out->rc ? 0 : nr, &out->mine[2], diag);
	out->map = out->mine[2];
	if (!rc && !out->rc)
		rc = guest_post(t->e->g, diag, "give %u %u", t->zone.start + start, nr);
	return rc;
}

static int record(const struct trial *t, pfn_t start, uint32_t nr, const struct random_answer *a,
                  struct contig_diag *diag)
{
	char name[128];
	json_t *line =
		json_pack("{s:s,s:i,s:i,s:I,s:s,s:I,s:s,s:s,s:s}", "kernel", t->e->kernel, "start", (int)start, "pages",
	                  (int)nr, "rc", (json_int_t)a->rc, "stage", a->stage, "migrated", (json_int_t)a->migrated,
	                  "type_before", a->before, "type_after", a->after, "map", a->map);

	return recording_line(t->e->record, file_of(t, "jsonl.gz", name), line, diag);
}

static bool alike(const struct random_answer *a, const struct random_answer *b)
{
	return a->rc == b->rc && a->migrated == b->migrated && !strcmp(a->stage, b->stage) &&
	       !strcmp(a->before, b->before) && !strcmp(a->after, b->after) && !strcmp(a->map, b->map);
}

/* 1: they agree; 0: they do not, and the model no longer knows how the kernel's memory is. */
static int one_request(struct trial *t, pfn_t start, uint32_t nr, struct contig_diag *diag)
{
	struct random_answer kernel, model = { 0 };
	int rc = ask_kernel(t, start, nr, &kernel, diag);

	rc = rc ? rc : record(t, start, nr, &kernel, diag);
	rc = rc ? rc : random_model_ask(&t->model, start, nr, true, &model, diag);
	if (rc == -EUCLEAN)
		rc = 0; /* an answer that does not agree: the replay will say the same */
	else if (!rc)
		rc = alike(&kernel, &model);
	random_answer_free(&kernel);
	random_answer_free(&model);
	return rc;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int requests(struct trial *t, uint32_t nr_before, struct contig_diag *diag)
{
	struct experiment *e = t->e;
	struct rng rng = rng_seed(e->seed, RNG_REQUESTS + ((uint64_t)nr_before << 8));
	int rc = look_at_all(t, diag);

	for (uint32_t i = 0; i < e->requests && rc >= 0; i++) {
		pfn_t start;
		uint32_t nr;

		draw(&rng, t->zone.nr_blocks * LAYOUT_NPB, &start, &nr);
		rc = one_request(t, start, nr, diag);
		e->done += rc >= 0;
		if (!rc && t->part < MOST_AGAIN && i + 1 < e->requests)
			rc = look_at_all(t, diag);
		cli_progress(e->kernel, e->done, (uint64_t)__builtin_popcount(e->layouts) * e->requests);
	}
	return rc < 0 ? rc : 0;
}

static int populate(const struct experiment *e, uint32_t i, struct contig_diag *diag)
{
	struct guest_answer *a;

	guest_limit(e->g, POPULATE_SECONDS);
	int rc = guest_zone_ask(e->g, &a, diag, "populate %s %llu %u %u", experiments[i].layout,
	                        (unsigned long long)e->seed + i, experiments[i].fill, experiments[i].unmovable);

	guest_limit(e->g, CALL_SECONDS);
	return rc;
}

const char *experiment_name(uint32_t i, char out[64])
{
	if (i >= EXPERIMENTS)
		return NULL;
	snprintf(out, 64, "%s-%u", experiments[i].layout, experiments[i].fill);
	return out;
}

static int number_of(struct guest *g, const char *key, uint64_t *out, struct contig_diag *diag)
{
	size_t len = strlen(key);
	struct guest_answer *a;
	int rc = guest_zone_ask(g, &a, diag, "stats");

	for (uint32_t i = 0; !rc && i < a->nr_lines; i++) {
		if (!strncmp(a->line[i], key, len) && a->line[i][len] == ' ') {
			*out = strtoull(a->line[i] + len, NULL, 10);
			return 0;
		}
	}
	return rc ? rc : contig_diag_set(diag, -EPROTO, "stats: the agent says nothing of %s", key);
}

/* Natural memory is not placed, it grows: how it was before is recorded, so that the model can do the same. */
static int before_growing(struct trial *t, uint32_t i, struct contig_diag *diag)
{
	const struct experiment *e = t->e;
	uint64_t managed = guest_number(e->g, "zone_managed"), high = guest_number(e->g, "wmark_high"), free_pages = 0;
	char name[128];
	int rc = guest_post(e->g, diag, "reset");

	rc = rc ? rc : forget(t, diag);
	rc = rc ? rc : settle(t, diag);
	rc = rc ? rc : guest_zone_dump(&t->zone, t->seen, diag);
	rc = rc ? rc : number_of(e->g, "free", &free_pages, diag);
	snprintf(name, sizeof(name), "grown-%s.layout.gz", t->name);
	rc = rc ? rc : recording_layout(e->record, name, e->kernel, t->seen, diag);
	if (!rc)
		t->grown = json_pack("{s:s,s:I,s:i,s:i,s:I,s:I,s:I}", "kernel", e->kernel, "seed",
		                     (json_int_t)(e->seed + i), "fill", (int)experiments[i].fill, "unmovable",
		                     (int)experiments[i].unmovable, "managed", (json_int_t)managed, "in_use",
		                     (json_int_t)(managed - free_pages), "most",
		                     (json_int_t)(managed - high - NATURE_SPARE));
	return rc || t->grown ? rc : contig_diag_set(diag, -ENOMEM, "no memory");
}

int experiment_run(struct experiment *e, struct contig_diag *diag)
{
	struct trial t = { .e = e, .seen = calloc(1, sizeof(*t.seen)) };
	struct contig_diag inner = { "" };
	int rc = t.seen ? guest_zone_find(&t.zone, e->g, &inner) : contig_diag_set(&inner, -ENOMEM, "no memory");

	for (uint32_t i = 0; i < EXPERIMENTS && !rc; i++) {
		if (!(e->layouts & 1u << i))
			continue;
		experiment_name(i, t.name);
		t.part = 0;
		rc = strcmp(experiments[i].layout, "natural") ? 0 : before_growing(&t, i, &inner);
		rc = rc ? rc : populate(e, i, &inner);
		rc = rc ? rc : requests(&t, i, &inner);
	}
	if (rc)
		contig_diag_set(diag, rc, "%s: %.400s", t.name[0] ? t.name : "random requests", inner.text);
	random_model_close(&t.model);
	json_decref(t.grown);
	if (t.seen)
		zone_layout_free(t.seen);
	free(t.seen);
	return rc;
}
