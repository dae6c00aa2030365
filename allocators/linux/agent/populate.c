// SPDX-License-Identifier: MIT
/*
 * populate.c - fill the whole node, so that random requests can be run on it.
 *
 *	populate KIND SEED FILL UNMOVABLE
 *		KIND: scattered | clustered | natural. FILL: percent of the node's managed pages in use in the end (those that the
 *		kernel had in use before are among them); UNMOVABLE: thousandths of the managed pages that the module owns as
 *		kernel memory. Begins with reset; the rest is anonymous pages, which belong to no owner (no "+ moved"
 *		lines), or free; all caches are drained. reset takes everything back.
 *		+ KEY PAGES: managed, decided (over which fates were drawn), user, thp, kernel, reclaimable, free, strays
 *		= 0, or -ENOMEM TEXT
 *
 * scattered and clustered: every free page of a MOVABLE pageblock is owned, ascending by pfn; fill.c draws the fate of
 * each from SplitMix64 seeded with SEED; then each becomes that. A user page is placed like one of `alloc`: its pfn is
 * freed alone, and a fault takes it. As faults need free memory above the watermarks, the highest aligned runs of order M are
 * lent for that, and are filled when all the others are. Pageblocks stay MOVABLE. natural: natural.c.
 *
 * In one boot a seed is one memory, free lists included (natural: nearly so, as the kernel itself comes and goes). Between
 * boots the pages differ that the kernel had in use before, and with them all that is drawn: dump it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "fill.h"
#include "nature.h"
#include "populate.h"

/* The pages that are decided over. */
struct pages {
	uint32_t nr, max;
	uint32_t *pfn;
	uint8_t *fate;
	bool *lent;
	uint32_t *scratch;
	uint64_t not_ours; /* free pages of other pageblocks: they stay free */
};

uint64_t populate_spare(void)
{
	return arena_zone.wmark_high + NATURE_SPARE;
}

static int pages_open(struct pages *p)
{
	p->max = (uint32_t)arena_zone.spanned;
	p->pfn = calloc(p->max, sizeof(*p->pfn));
	p->fate = calloc(p->max, sizeof(*p->fate));
	p->lent = calloc(p->max, sizeof(*p->lent));
	p->scratch = calloc(p->max, sizeof(*p->scratch));
	return p->pfn && p->fate && p->lent && p->scratch ? 0 : -ENOMEM;
}

static void pages_close(struct pages *p)
{
	free(p->pfn);
	free(p->fate);
	free(p->lent);
	free(p->scratch);
}

static int give(uint64_t start, uint64_t nr)
{
	struct contigbench_span s = { .start = start, .nr = nr };

	return device(CONTIGBENCH_GIVE, &s);
}

static int note_owned(const struct contigbench_run *r, void *arg)
{
	struct pages *p = arg;

	for (uint32_t i = 0; r->kind == 'A' && i < r->nr && p->nr < p->max; i++)
		p->pfn[p->nr++] = (uint32_t)r->pfn + i;
	return 0;
}

/* Own all that is free; what lies in pageblocks of other types goes back. */
static int own_all(struct pages *p)
{
	struct contigbench_hog hog = { .zone = arena_zone.index };
	char *letters = calloc(1, arena_zone.spanned / 512 + 1024);
	struct contigbench_types t = {
		.start = arena_zone.start,
		.nr = arena_zone.spanned,
		.letters = (uintptr_t)letters,
		.max = (uint32_t)(arena_zone.spanned / 512 + 1024),
	};
	uint32_t nr = 0;
	int rc = letters ? device(CONTIGBENCH_HOG, &hog) : -ENOMEM;

	if (!rc)
		rc = device(CONTIGBENCH_TYPES, &t);
	if (!rc)
		rc = device_look(arena_zone.start, arena_zone.spanned, note_owned, p);
	for (uint32_t i = 0; !rc && i < p->nr; i++) {
		uint64_t first = arena_zone.start >> kernel.block_order;

		if (letters[(p->pfn[i] >> kernel.block_order) - first] == 'M') {
			p->pfn[nr++] = p->pfn[i];
			continue;
		}
		p->not_ours++;
		rc = give(p->pfn[i], 1);
	}
	p->nr = nr;
	free(letters);
	return rc;
}

static uint32_t group_pages(void)
{
	return 1u << kernel.max_order;
}

/* Is the group of pages that ends with position i wholly ours? Groups are aligned runs of order M. */
static bool whole_group(const struct pages *p, uint32_t i)
{
	uint32_t n = group_pages();

	return (p->pfn[i] & (n - 1)) == n - 1 && i >= n - 1 && p->pfn[i] - p->pfn[i - (n - 1)] == n - 1;
}

/* Free the highest groups for the time being. */
static int lend(struct pages *p)
{
	uint64_t want = populate_spare(), lent = 0;

	for (uint32_t i = p->nr; i-- && lent < want;) {
		if (!whole_group(p, i))
			continue;
		int rc = give(p->pfn[i + 1 - group_pages()], group_pages());

		if (rc)
			return rc;
		memset(p->lent + i + 1 - group_pages(), 1, group_pages());
		lent += group_pages();
	}
	if (lent < want)
		return answer(-ENOMEM, "too little of the node is free to begin with"), -ENOMEM;
	return device(CONTIGBENCH_DRAIN, NULL);
}

static int take_back(const struct pages *p)
{
	for (uint32_t i = 0; i < p->nr; i++) {
		struct contigbench_request r = { .op = CONTIGBENCH_OP_RANGE, .start = p->pfn[i], .nr = group_pages() };

		if (!p->lent[i] || p->pfn[i] & (group_pages() - 1))
			continue;
		int rc = device(CONTIGBENCH_REQUEST, &r);

		if (rc || r.rc)
			return rc ? rc : r.rc;
	}
	return 0;
}

/* How many positions from i on are neighbours of one fate, lent or not. */
static uint32_t alike(const struct pages *p, uint32_t i)
{
	uint32_t n = 1;

	while (i + n < p->nr && p->pfn[i + n] == p->pfn[i] + n && p->fate[i + n] == p->fate[i] &&
	       p->lent[i + n] == p->lent[i])
		n++;
	return n;
}

static int place_user(uint32_t pfn, struct populate *out)
{
	struct mapping m = { 0 };
	int rc = give(pfn, 1);

	if (!rc)
		rc = map_page(0, (uint32_t)arena_zone.node, 0, &m);
	out->user++;
	out->strays += !rc && m.pfn != pfn;
	return rc;
}

/* Those that are lent, or those that are not: users and kernel pages first, then what is to be free, a run at a time. */
static int settle(const struct pages *p, bool lent, struct populate *out)
{
	int rc = 0;

	for (uint32_t i = 0, n; !rc && i < p->nr; i += n) {
		struct contigbench_convert k = { .start = p->pfn[i], .kind = 'K' };

		n = alike(p, i);
		if (p->lent[i] != lent)
			continue;
		k.nr = n;
		for (uint32_t j = 0; !rc && p->fate[i] == FATE_USER && j < n; j++)
			rc = place_user(p->pfn[i] + j, out);
		if (p->fate[i] == FATE_KERNEL)
			rc = device(CONTIGBENCH_CONVERT, &k);
		out->kernel += p->fate[i] == FATE_KERNEL ? n : 0;
	}
	for (uint32_t i = 0, n; !rc && i < p->nr; i += n) {
		n = alike(p, i);
		if (p->lent[i] == lent && p->fate[i] == FATE_FREE)
			rc = give(p->pfn[i], n);
	}
	return rc ? rc : device_drain();
}

/* The counts that FILL and UNMOVABLE mean for the pages that are ours. */
static int counts(const struct pages *p, const struct populate *out, struct fill *f)
{
	uint64_t managed = arena_zone.managed, nr_free = managed - managed * out->fill / 100;
	uint64_t nr_kernel = managed * out->unmovable / 1000;

	nr_free -= p->not_ours < nr_free ? p->not_ours : nr_free;
	*f = (struct fill){
		.nr = p->nr, .nr_kernel = (uint32_t)nr_kernel, .nr_free = (uint32_t)nr_free, .scratch = p->scratch
	};
	if (nr_free + nr_kernel <= p->nr)
		return 0;
	answer(0, "%llu pages are free to begin with, %llu free and %llu unmovable ones are wanted",
	       (unsigned long long)p->nr, (unsigned long long)nr_free, (unsigned long long)nr_kernel);
	return -ENOMEM;
}

/* When the lent groups are filled, only what is to be free elsewhere is above the watermarks. */
static int enough_left(const struct pages *p)
{
	uint64_t nr = 0, want = arena_zone.wmark_low + 512;

	for (uint32_t i = 0; i < p->nr; i++)
		nr += p->fate[i] == FATE_FREE && !p->lent[i];
	if (nr >= want)
		return 0;
	answer(0, "FILL is too high: %llu pages would be free, the watermarks want %llu", (unsigned long long)nr,
	       (unsigned long long)want);
	return -ENOMEM;
}

static int drawn(struct populate *out, void (*draw)(uint8_t *fate, const struct fill *f, struct splitmix *r))
{
	struct pages p = { 0 };
	struct fill f;
	int rc = pages_open(&p);

	if (!rc)
		rc = own_all(&p);
	if (!rc)
		rc = counts(&p, out, &f);
	if (!rc) {
		draw(p.fate, &f, &out->rng);
		out->decided = p.nr;
		rc = lend(&p);
	}
	if (!rc)
		rc = enough_left(&p);
	if (!rc)
		rc = settle(&p, false, out);
	if (!rc)
		rc = take_back(&p);
	if (!rc)
		rc = settle(&p, true, out);
	pages_close(&p);
	return rc;
}

static int scattered(struct populate *out)
{
	return drawn(out, fill_scattered);
}

static int clustered(struct populate *out)
{
	return drawn(out, fill_clustered);
}

static const struct {
	const char *name;
	int (*populate)(struct populate *out);
} kinds[] = {
	{ "scattered", scattered },
	{ "clustered", clustered },
	{ "natural", populate_natural },
};

static void say_counts(const struct populate *p, const struct contigbench_zone *z)
{
	const struct {
		const char *name;
		uint64_t pages;
	} count[] = {
		{ "managed", z->managed },     { "decided", p->decided },
		{ "user", p->user },           { "thp", p->thp },
		{ "kernel", p->kernel },       { "reclaimable", p->reclaimable },
		{ "free", (uint64_t)z->free }, { "strays", p->strays },
	};

	for (size_t i = 0; i < sizeof(count) / sizeof(*count); i++)
		say("%s %llu", count[i].name, (unsigned long long)count[i].pages);
}

static int64_t populate(const struct call *c)
{
	struct populate p = {
		.rng = { c->number[1] },
		.fill = (uint32_t)c->number[2],
		.unmovable = (uint32_t)c->number[3],
	};
	struct contigbench_zone z;
	size_t kind = 0;

	while (kind < sizeof(kinds) / sizeof(*kinds) && strcmp(kinds[kind].name, c->word[0]))
		kind++;
	if (kind == sizeof(kinds) / sizeof(*kinds))
		return answer(-EINVAL, "%.40s: scattered, clustered or natural", c->word[0]);
	if (!c->number[2] || c->number[2] > 99 || c->number[3] > 500)
		return answer(-EINVAL, "FILL is 1 to 99 percent, UNMOVABLE up to 500 thousandths");

	int rc = reset_all();

	if (!rc)
		rc = kinds[kind].populate(&p);
	if (!rc)
		rc = device_drain();
	if (!rc)
		rc = device_zone((uint32_t)arena_zone.node, &z);
	if (rc) {
		reset_all();
		return rc;
	}
	say_counts(&p, &z);
	return 0;
}

const struct command populate_commands[] = {
	{ "populate", "wnnn", "scattered|clustered|natural SEED FILL UNMOVABLE", populate, false },
	{ .name = NULL },
};
