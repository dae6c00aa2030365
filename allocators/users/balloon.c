// SPDX-License-Identifier: MIT
/* balloon.c - a balloon's pages, and what it says on the two notifier chains. */
#include <stdlib.h>

#include "balloon.h"

struct balloon {
	struct user_driver driver; /* first: the chain knows only this */
	struct user_machine m;
	enum balloon_release release;
	struct balloon_answers answers;
	pfn_t *page;
	uint32_t nr;
	uint32_t cap;
};

static struct balloon *of(struct user_driver *d)
{
	return (struct balloon *)d;
}

static bool inside(pfn_t pfn, pfn_t start, uint32_t nr)
{
	return pfn >= start && pfn - start < nr;
}

uint32_t balloon_pages(const struct balloon *b, pfn_t start, uint32_t nr)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->nr; i++)
		n += inside(b->page[i], start, nr);
	return n;
}

/* ---- the chains ------------------------------------------------------------------------------ */

static int isolating(struct user_driver *d, pfn_t start, uint32_t nr, uint32_t *found)
{
	const struct balloon *b = of(d);
	uint32_t n = balloon_pages(b, start, nr), most = b->answers.found_at_most;

	*found += most && n > most ? most : n;
	return b->answers.isolating;
}

static void give(struct balloon *b, uint32_t cpu, pfn_t pfn)
{
	b->m.lab->convert(b->m.c, pfn, 1, PAGE_CONTIG, OWNER_NONE);
	contig_range_free(b->m.c, cpu, pfn, 1);
}

static int going_offline(struct user_driver *d, pfn_t start, uint32_t nr)
{
	struct balloon *b = of(d);
	uint32_t kept = 0;

	if (b->answers.going_offline)
		return b->answers.going_offline;
	for (uint32_t i = 0; i < b->nr; i++) {
		pfn_t pfn = b->page[i];

		if (inside(pfn, start, nr) && b->release == BALLOON_FREES) {
			give(b, 0, pfn);
			continue;
		}
		if (inside(pfn, start, nr) && b->release == BALLOON_DROPS)
			b->m.lab->freeze(b->m.c, pfn);
		b->page[kept++] = pfn;
	}
	b->nr = kept;
	return 0;
}

/* References dropped are taken again: a page that is made what it is anew has one. */
static void cancel_offline(struct user_driver *d, pfn_t start, uint32_t nr)
{
	struct balloon *b = of(d);
	struct contig_run run;

	for (uint32_t i = 0; i < b->nr; i++) {
		if (!inside(b->page[i], start, nr))
			continue;
		b->m.lab->run(b->m.c, b->page[i], &run);
		if (run.frozen)
			b->m.lab->convert(b->m.c, b->page[i], 1, PAGE_OFFLINE, OWNER_NONE);
	}
}

/* ---- the balloon ----------------------------------------------------------------------------- */

int balloon_open(const struct user_machine *m, struct balloon **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	struct balloon *b = *out;

	b->m = *m;
	b->release = m->policy->iso_notifier == iso_notifier_chain ? BALLOON_FREES : BALLOON_DROPS;
	b->driver = (struct user_driver){ .isolating = isolating,
		                          .going_offline = going_offline,
		                          .cancel_offline = cancel_offline };
	drivers_add(m->drivers, &b->driver);
	return 0;
}

void balloon_close(struct balloon *b)
{
	if (!b)
		return;
	drivers_remove(b->m.drivers, &b->driver);
	free(b->page);
	free(b);
}

void balloon_set_release(struct balloon *b, enum balloon_release how)
{
	b->release = how;
}

void balloon_set_answers(struct balloon *b, struct balloon_answers answers)
{
	b->answers = answers;
}

static int remember(struct balloon *b, pfn_t start, uint32_t nr)
{
	if (nr > b->cap - b->nr) {
		uint32_t cap = 2 * (b->nr + nr);
		pfn_t *page = reallocarray(b->page, cap, sizeof(*page));

		if (!page)
			return -ENOMEM;
		b->page = page;
		b->cap = cap;
	}
	for (uint32_t i = 0; i < nr; i++)
		b->page[b->nr++] = start + i;
	return 0;
}

int balloon_adopt(struct balloon *b, pfn_t start, uint32_t nr)
{
	int rc = b->m.lab->convert(b->m.c, start, nr, PAGE_OFFLINE, OWNER_NONE);

	return rc ? rc : remember(b, start, nr);
}

uint32_t balloon_inflate(struct balloon *b, uint32_t cpu, uint32_t nr)
{
	const struct contig_what what = { .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE };
	uint32_t got = 0;

	while (got < nr) {
		int64_t pfn = contig_alloc(b->m.c, cpu, what, OWNER_NONE);

		if (pfn < 0)
			break;
		if (balloon_adopt(b, (pfn_t)pfn, 1)) {
			give(b, cpu, (pfn_t)pfn);
			break;
		}
		got++;
	}
	return got;
}

uint32_t balloon_deflate(struct balloon *b, uint32_t cpu, uint32_t nr)
{
	uint32_t gave = 0;

	for (; gave < nr && b->nr; gave++)
		give(b, cpu, b->page[--b->nr]);
	return gave;
}
