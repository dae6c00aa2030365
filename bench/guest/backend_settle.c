// SPDX-License-Identifier: MIT
/*
 * backend_settle.c - bringing the arena of a guest into the state that is wanted, or saying why that can not be.
 *
 * The arena is taken as a whole first. Compounds and user pages are faulted in where their pages were freed just before, while
 * nothing else of the arena is free; types are written while no page is; then each free run is freed by itself, in ascending
 * order, lists drained behind it: free pages lie in their lists as if put down one after the other. What then lies there is
 * compared with what was wanted, to the letter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/layout.h"
#include "backend_inside.h"

#define STRAY_TRIES 16u
#define BEHIND_RUNS 64u /* a node has room for as many, and no scenario needs more */

/* ---- what is around ----------------------------------------------------------------------------- */

/* One free list below the largest order, as "ORDER TYPE PFN PFN ..." tells; 0: it is none, else how many runs are in it. */
static uint32_t read_list(const struct guest_contig *gc, const char *line, unsigned int *order, char *type)
{
	uint32_t runs = 0;
	int at = 0;

	if (sscanf(line, "%u %c%n", order, type, &at) != 2 || *order >= gc->g.max_order || !strchr("UMR", *type))
		return 0;
	for (const char *p = line + at; (p = strchr(p, ' ')); p++)
		runs++;
	return runs;
}

/* What one look at the free lists shows, order by order; per-cpu lists give back between them what a refill took too much. */
static bool take_listed(struct guest_contig *gc, const struct guest_answer *ans, owner_t *owner)
{
	unsigned long long node = guest_says_number(gc, "node");
	struct {
		unsigned int order;
		char type;
		uint32_t runs;
	} list[3 * (CONTIG_MAX_ORDER + 1)];
	uint32_t nr = 0;

	/* the answer is gone with the next command */
	for (uint32_t i = 0; i < ans->nr_lines && nr < sizeof(list) / sizeof(list[0]); i++) {
		list[nr].runs = read_list(gc, ans->line[i], &list[nr].order, &list[nr].type);
		nr += list[nr].runs > 0;
	}
	for (uint32_t i = 0; i < nr; i++) {
		for (uint32_t n = 0; n < list[i].runs; n++)
			guest_tell(gc, "alloc %llu K %u %c %llu", (unsigned long long)--*owner, list[i].order,
			           list[i].type, node);
		guest_tell(gc, "drain");
	}
	return nr;
}

/*
 * All that is free beside the arena are runs of the largest order, as behind a scenario's arena: smaller ones are taken, or
 * they would serve first as targets of migration.
 */
static int take_strays(struct guest_contig *gc, owner_t *owner)
{
	for (unsigned int i = 0; i < STRAY_TRIES; i++) {
		struct guest_answer *ans;
		int rc = guest_ask(gc, &ans, "list %llu", (unsigned long long)guest_says_number(gc, "node"));

		if (rc || !take_listed(gc, ans, owner))
			return rc;
	}
	return guest_fails(gc, -EOPNOTSUPP, "not possible here: small free runs around the arena do not end");
}

/* ---- pages in use -------------------------------------------------------------------------------- */

static int give(struct guest_contig *gc, uint32_t at, uint32_t nr)
{
	return guest_tell(gc, "give %u %u", gc->start + at, nr);
}

/* Pages that were freed just now are handed out again as this run, and no others. */
static int fault_in(struct guest_contig *gc, uint32_t at, enum page_kind kind)
{
	const struct spot *s = &gc->wanted[at];
	int64_t pfn = guest_alloc(gc, s->owner, kind, s->order, MT_MOVABLE, false);

	if (gc->rc)
		return gc->rc;
	if (pfn < 0)
		return guest_fails(gc, -EOPNOTSUPP, "not possible here: no %c%u could be had: %s", letter_of_kind(kind),
		                   s->order, strerror((int)-pfn));
	if (pfn != (int64_t)gc->start + at)
		return guest_fails(gc, -EOPNOTSUPP, "not possible here: the %c%u of page %u landed at %lld",
		                   letter_of_kind(kind), s->order, at, (long long)pfn - gc->start);
	return 0;
}

/* What a kind takes to be put down. */
enum how {
	HOW_KEEP,  /* stays as the request's result that it is; the host knows what it stands for */
	HOW_FREE,  /* is freed, last */
	HOW_FAULT, /* is freed, and comes back as what it should be */
	HOW_MARK,  /* the agent converts it */
	HOW_NOT,
};

static enum how how(const struct guest_contig *gc, const struct spot *s)
{
	switch (s->kind) {
	case PAGE_NONE:
	case PAGE_CONTIG:
		return HOW_KEEP;
	case PAGE_FREE:
		return HOW_FREE;
	case PAGE_KERNEL:
	case PAGE_RECLAIMABLE:
		return s->order ? HOW_FAULT : HOW_KEEP;
	case PAGE_LRU:
		return HOW_FAULT;
	case PAGE_USER:
		return s->order && s->order != gc->g.pageblock_order ? HOW_NOT : HOW_FAULT;
	case PAGE_LRU_COMPOUND:
	case PAGE_HUGETLB:
	case PAGE_HUGETLB_POOL:
		return s->order == gc->g.pageblock_order ? HOW_FAULT : HOW_NOT;
	case PAGE_NONCOMPOUND:
	case PAGE_OFFLINE:
	case PAGE_HWPOISON:
	case PAGE_RESERVED:
		return HOW_MARK;
	default:
		return HOW_NOT;
	}
}

static int check_kinds(struct guest_contig *gc)
{
	for (uint32_t at = 0; at < gc->pages; at += 1u << gc->wanted[at].order) {
		const struct spot *s = &gc->wanted[at];

		if (how(gc, s) != HOW_NOT)
			continue;
		if (s->order)
			return guest_fails(gc, -EOPNOTSUPP,
			                   "not possible here: %c%u: only pages of order %u can be made to lie exactly",
			                   letter_of_kind((enum page_kind)s->kind), s->order, gc->g.pageblock_order);
		return guest_fails(gc, -EOPNOTSUPP, "not possible here: %c: %s can not be made on this kernel",
		                   letter_of_kind((enum page_kind)s->kind), contig_kind_name((enum page_kind)s->kind));
	}
	return 0;
}

/* Single pages in a row, which have owners in a row, with one command. */
static int fault_pages(struct guest_contig *gc, uint32_t at, uint32_t nr)
{
	const struct spot *s = &gc->wanted[at];
	struct guest_answer *ans;
	int rc = guest_ask(gc, &ans, "place %llu %u %u", (unsigned long long)s->owner, gc->start + at, nr);

	guest_changed(gc);
	if (!rc && ans->rc != nr)
		return guest_fails(gc, -EOPNOTSUPP, "not possible here: user pages at %u+%u: %lld %.200s", at, nr,
		                   (long long)ans->rc, ans->words);
	for (uint32_t i = 0; i < nr && !rc; i++) {
		const struct held h = { s->owner + i, gc->start + at + i, PAGE_USER, 0, false };

		rc = held_set(gc, &h);
	}
	return rc;
}

static uint32_t pages_in_a_row(const struct guest_contig *gc, uint32_t at)
{
	uint32_t end = at + 1;

	while (end < gc->pages && gc->wanted[end].kind == gc->wanted[at].kind && !gc->wanted[end].order &&
	       gc->wanted[end].owner == gc->wanted[at].owner + (end - at))
		end++;
	return end - at;
}

/* Runs of the kind and of at least that order, ascending, each in the place that was freed for it. */
static int fault_kind(struct guest_contig *gc, enum page_kind kind, unsigned int min_order)
{
	int rc = 0;
	uint32_t nr;

	for (uint32_t at = 0; at < gc->pages && !rc; at += nr) {
		const struct spot *s = &gc->wanted[at];

		nr = 1u << s->order;
		if (s->kind != kind || s->order < min_order)
			continue;
		if (!s->order) {
			nr = pages_in_a_row(gc, at);
			rc = fault_pages(gc, at, nr);
			continue;
		}
		/* a compound needs its run in the buddy */
		guest_tell(gc, "lru");
		guest_tell(gc, "drain");
		give(gc, at, nr);
		guest_tell(gc, "drain");
		rc = fault_in(gc, at, kind);
	}
	return rc;
}

/* Compounds first, then what goes to the LRU, and last what must not. */
static int fault_all(struct guest_contig *gc)
{
	static const struct {
		enum page_kind kind;
		unsigned int min_order;
	} order[] = { { PAGE_LRU_COMPOUND, 1 }, { PAGE_HUGETLB, 1 },     { PAGE_HUGETLB_POOL, 1 },
		      { PAGE_KERNEL, 1 },       { PAGE_RECLAIMABLE, 1 }, { PAGE_LRU, 0 } };
	int rc = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && !rc; i++)
		rc = fault_kind(gc, order[i].kind, order[i].min_order);
	guest_tell(gc, "lru");
	guest_tell(gc, "drain");
	return rc ? rc : fault_kind(gc, PAGE_USER, 0);
}

/* ---- flags of pages ------------------------------------------------------------------------------ */

/* An agent's RC below 0 is an answer, too: that can not be. */
static int want(struct guest_contig *gc, const char *fmt, pfn_t pfn, uint32_t nr, char letter)
{
	struct guest_answer *ans;
	char line[64];

	snprintf(line, sizeof(line), fmt, pfn, nr, letter);
	int rc = guest_ask(gc, &ans, "%s", line);

	if (rc || ans->rc >= 0)
		return rc;
	return guest_fails(gc, -EOPNOTSUPP, "not possible here: %s: %d %.200s", line, (int)ans->rc, ans->words);
}

/* Runs of one kind in a row are one conversion. */
static int mark_all(struct guest_contig *gc)
{
	int rc = 0;

	for (uint32_t at = 0, end; at < gc->pages && !rc; at = end) {
		const struct spot *s = &gc->wanted[at];
		char letter = letter_of_kind((enum page_kind)s->kind), what[8];

		end = at + (1u << s->order);
		if (how(gc, s) != HOW_MARK)
			continue;
		while (!s->order && end < gc->pages && gc->wanted[end].kind == s->kind &&
		       gc->wanted[end].frozen == s->frozen)
			end++;
		snprintf(what, sizeof(what), s->kind == PAGE_NONCOMPOUND ? "%c%u" : "%c",
		         s->kind == PAGE_OFFLINE && s->frozen ? 'o' : letter, s->order);
		struct guest_answer *ans;

		rc = guest_ask(gc, &ans, "convert %u %u %s", gc->start + at, end - at, what);
		if (!rc && ans->rc < 0)
			rc = guest_fails(gc, -EOPNOTSUPP, "not possible here: %s at page %u: %d %.200s", what, at,
			                 (int)ans->rc, ans->words);
	}
	return rc;
}

static int set_types(struct guest_contig *gc)
{
	uint32_t npb = 1u << gc->g.pageblock_order;
	int rc = 0;

	for (uint32_t b = 0; b < gc->pages / npb && !rc; b++)
		rc = want(gc, "type %u %u %c", gc->start + b * npb, npb, gc->wanted_type[b]);
	return rc;
}

/* ---- free pages ---------------------------------------------------------------------------------- */

/*
 * A run over several blocks ends up on the list of what was freed last (until v6.9; later all of its blocks get that type): the
 * block whose type that is comes last.
 */
static int free_blocks(struct guest_contig *gc, uint32_t at, uint32_t nr)
{
	uint32_t npb = 1u << gc->g.pageblock_order, last = nr / npb - 1;
	char list = contig_type_letter((enum migratetype)gc->wanted[at].list);

	for (uint32_t b = 0; b < nr / npb; b++) {
		if (gc->wanted_type[at / npb + b] == list) {
			last = b;
			break;
		}
	}
	for (uint32_t b = 0; b < nr / npb; b++) {
		if (b == last)
			continue;
		give(gc, at + b * npb, npb);
		guest_tell(gc, "drain");
	}
	give(gc, at + last * npb, npb);
	return guest_tell(gc, "drain");
}

static bool mixed(const struct guest_contig *gc, uint32_t at, uint32_t nr)
{
	unsigned int order = gc->g.pageblock_order;

	for (uint32_t b = at >> order; b < (at + nr) >> order; b++) {
		if (gc->wanted_type[b] != gc->wanted_type[at >> order])
			return true;
	}
	return false;
}

static int free_all(struct guest_contig *gc)
{
	int rc = 0;

	for (uint32_t at = 0; at < gc->pages && !rc; at += 1u << gc->wanted[at].order) {
		uint32_t nr = 1u << gc->wanted[at].order;

		if (gc->wanted[at].kind != PAGE_FREE)
			continue;
		if (mixed(gc, at, nr)) {
			rc = free_blocks(gc, at, nr);
			continue;
		}
		give(gc, at, nr);
		rc = guest_tell(gc, "drain");
	}
	return rc;
}

/* ---- references ---------------------------------------------------------------------------------- */

static int hold_all(struct guest_contig *gc)
{
	int rc = 0;

	for (uint32_t at = 0; at < gc->pages && !rc; at += 1u << gc->wanted[at].order) {
		const struct spot *s = &gc->wanted[at];

		if (s->pinned)
			rc = want(gc, "pin %u %u", gc->start + at, 1, 0);
		if (s->frozen && s->kind != PAGE_OFFLINE && !rc)
			rc = want(gc, "freeze %u %u", gc->start + at, 1, 0);
	}
	return rc;
}

/* What the agent holds as the result of a request is somebody's, and kernel memory to the host. */
static int note_kept(struct guest_contig *gc)
{
	int rc = 0;

	for (uint32_t at = 0; at < gc->pages && !rc; at += 1u << gc->wanted[at].order) {
		const struct spot *s = &gc->wanted[at];
		enum how h = how(gc, s);
		const struct held held = { s->owner, gc->start + at, s->kind, s->order, true };

		if (s->owner != OWNER_NONE && (h == HOW_MARK || (h == HOW_KEEP && s->kind != PAGE_CONTIG)))
			rc = held_set(gc, &held);
	}
	return rc;
}

/* ---- altogether ----------------------------------------------------------------------------------- */

static int take_arena(struct guest_contig *gc)
{
	struct guest_answer *ans;
	int rc;

	guest_tell(gc, "lru");
	guest_tell(gc, "drain");
	rc = guest_ask(gc, &ans, "range %u %u movable", gc->start, gc->pages);
	if (!rc && ans->rc)
		rc = guest_fails(gc, -EOPNOTSUPP, "not possible here: the empty arena could not be taken: %lld %.100s",
		                 (long long)ans->rc, ans->words);
	return rc;
}

static bool wants_largest(const struct guest_contig *gc)
{
	for (uint32_t at = 0; at < gc->pages; at += 1u << gc->g.max_order) {
		if (gc->wanted[at].kind == PAGE_FREE && gc->wanted[at].order == gc->g.max_order)
			return true;
	}
	return false;
}

/*
 * A scenario's memory behind the arena serves before runs of the largest order inside: as many of its runs as the geometry has
 * are taken out of their list, to be put in front when the arena's are in it.
 */
static int take_behind(struct guest_contig *gc, owner_t first, uint32_t runs)
{
	unsigned long long node = guest_says_number(gc, "node");

	for (uint32_t i = 0; i < runs; i++)
		guest_tell(gc, "alloc %llu K %u M %llu", (unsigned long long)(first + i), gc->g.max_order, node);
	return gc->rc;
}

static int give_behind(struct guest_contig *gc, owner_t first, uint32_t runs)
{
	for (uint32_t i = 0; i < runs; i++)
		guest_tell(gc, "free %llu", (unsigned long long)(first + i));
	return gc->rc;
}

static int build(struct guest_contig *gc)
{
	/* owners that no page of the arena can have */
	owner_t stray = UINT64_MAX >> 1, behind = UINT64_MAX >> 2;
	uint32_t zone = gc->g.zones[0].pages, runs = zone > gc->pages ? (zone - gc->pages) >> gc->g.max_order : 0;
	int rc = check_kinds(gc);

	runs = !wants_largest(gc) ? 0 : runs < BEHIND_RUNS ? runs : BEHIND_RUNS;
	rc = rc ? rc : take_arena(gc);
	rc = rc ? rc : take_strays(gc, &stray);
	rc = rc ? rc : take_behind(gc, behind, runs);
	rc = rc ? rc : fault_all(gc);
	rc = rc ? rc : mark_all(gc);
	rc = rc ? rc : set_types(gc);
	rc = rc ? rc : free_all(gc);
	rc = rc ? rc : give_behind(gc, behind, runs);
	rc = rc ? rc : hold_all(gc);
	rc = rc ? rc : note_kept(gc);
	guest_changed(gc);
	return rc;
}

static char *picture(struct guest_contig *gc)
{
	block_t first = gc->start >> gc->g.pageblock_order;
	uint32_t nr = gc->pages >> gc->g.pageblock_order;
	char *types = layout_types(&gc->c, first, nr), *map = layout_map(&gc->c, &gc->g, first, nr, true, NULL, NULL);
	char *text = NULL;

	if (types && map && asprintf(&text, "[%s] %s", types, map) < 0)
		text = NULL;
	free(types);
	free(map);
	return text;
}

/* What nothing was wanted of is shown as what it stays: a request's result. */
static void keep_rest(struct guest_contig *gc)
{
	for (uint32_t at = 0; at < gc->pages; at++) {
		if (gc->wanted[at].kind == PAGE_NONE)
			gc->wanted[at].kind = PAGE_CONTIG;
	}
}

int guest_settle(struct contig *c, struct contig_diag *diag)
{
	struct guest_contig *gc = guest_of(c);

	keep_rest(gc);
	char *wanted = picture(gc);

	gc->collecting = false;
	int rc = build(gc);
	char *got = rc ? NULL : picture(gc);

	rc = gc->rc;
	if (!rc && (!wanted || !got))
		rc = guest_fails(gc, -ENOMEM, "no memory");
	if (!rc && strcmp(wanted, got))
		rc = guest_fails(gc, -EOPNOTSUPP, "not possible here: wanted %.220s, got %.220s", wanted, got);
	free(wanted);
	free(got);
	if (rc)
		*diag = gc->why;
	return rc;
}
