// SPDX-License-Identifier: MIT
/* backend_look.c - what is to be seen of a guest's memory: runs of the arena, types of its zone, counters; asked for once. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/layout_items.h"
#include "backend_inside.h"

enum page_kind kind_of_letter(char letter, bool *frozen)
{
	*frozen = false;
	/* what has refcount 0 and was not frozen for the host is on a per-cpu list */
	if (letter == 'P')
		return PAGE_PCP;
	for (const struct layout_item *i = layout_items; i->letter; i++) {
		if (i->letter != letter)
			continue;
		*frozen = i->frozen;
		return i->kind;
	}
	return PAGE_NONE;
}

char letter_of_kind(enum page_kind kind)
{
	for (const struct layout_item *i = layout_items; i->letter; i++) {
		if (i->kind == kind && !i->frozen)
			return i->letter;
	}
	return 0;
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* A line of look's answer. */
struct line {
	uint64_t pfn, nr;
	unsigned int order;
	struct spot is;
};

static bool parse_line(const struct guest_contig *gc, const char *text, struct line *l)
{
	char kind, list, marks[8];
	int end = 0;
	unsigned long long pfn, nr;

	*l = (struct line){ 0 };
	if (sscanf(text, "%llu %llu %u %c %c %7s%n", &pfn, &nr, &l->order, &kind, &list, marks, &end) != 6 || text[end])
		return false;
	l->pfn = pfn;
	l->nr = nr;
	l->is.kind = (uint8_t)kind_of_letter(kind, &l->is.frozen);
	l->is.order = (uint8_t)l->order;
	l->is.pinned = strchr(marks, '!');
	if (strchr(marks, '0')) {
		l->is.frozen = true;
		l->is.kind = l->is.kind == PAGE_PCP ? PAGE_KERNEL : l->is.kind;
	}
	l->is.list = (uint8_t)contig_type_of_letter(list);
	if (l->is.list == MT_NR)
		l->is.list = list == 'I' || list == 'i' ? MT_ISOLATE : MT_MOVABLE;
	return l->is.kind != PAGE_NONE && nr && l->order <= CONTIG_MAX_ORDER && (!l->order || nr == 1ull << l->order) &&
	       !(pfn & ((1ull << l->order) - 1)) && pfn >= gc->zone_start &&
	       pfn + nr <= (uint64_t)gc->zone_start + gc->zone_pages;
}

/* The runs of an answer into the spots of [start, start + pages); false if they do not cover it one after the other. */
static bool take_runs(const struct guest_contig *gc, const struct guest_answer *ans, pfn_t start, uint32_t pages,
                      struct spot *spots)
{
	uint64_t at = start, end = (uint64_t)start + pages;

	for (uint32_t i = 0; i < ans->nr_lines; i++) {
		struct line l;

		if (!parse_line(gc, ans->line[i], &l) || l.pfn + l.nr <= at || (i ? l.pfn != at : l.pfn > at))
			return false;
		for (; at < l.pfn + l.nr && at < end; at++) {
			spots[at - start] = l.is;
			/* a run that begins before the span is not shown by its head */
			spots[at - start].head = (uint32_t)((l.order && l.pfn >= start ? l.pfn : at) - start);
		}
	}
	return at == end;
}

static bool see_runs(struct guest_contig *gc)
{
	struct guest_answer *ans;

	if (gc->seen_valid)
		return true;
	if (guest_ask(gc, &ans, "look %u %u", gc->start, gc->pages))
		return false;
	if (ans->rc < 0 || !take_runs(gc, ans, gc->start, gc->pages, gc->seen)) {
		guest_fails(gc, -EIO, "%s: the answer to look does not describe the arena", gc->m->name);
		return false;
	}
	return gc->seen_valid = true;
}

/* A page outside the arena, by itself. */
static void see_one(struct guest_contig *gc, pfn_t pfn, struct spot *s)
{
	struct guest_answer *ans;

	*s = (struct spot){ .kind = PAGE_ABSENT };
	if (pfn - gc->zone_start < gc->zone_pages && !guest_ask(gc, &ans, "look %u 1", pfn) && ans->rc > 0)
		take_runs(gc, ans, pfn, 1, s);
}

/* What the agent holds as the result of a request may be kernel memory to the host. */
static void add_owner(struct guest_contig *gc, struct contig_run *run)
{
	const struct held *h = held_at(gc, run->pfn);
	bool in_use = run->kind != PAGE_FREE && run->kind != PAGE_PCP && run->kind != PAGE_ABSENT;
	bool kernel = h && (h->kind == PAGE_KERNEL || h->kind == PAGE_RECLAIMABLE);

	if (!h || !in_use || (run->kind == PAGE_CONTIG && !(h->host && kernel)))
		return;
	run->owner = h->owner;
	if (kernel && (run->kind == PAGE_CONTIG || run->kind == PAGE_KERNEL))
		run->kind = h->kind;
}

void seen_run(struct guest_contig *gc, pfn_t pfn, struct contig_run *out)
{
	struct spot alone, *s = &alone;
	pfn_t head = pfn;

	if (!in_arena(gc, pfn)) {
		see_one(gc, pfn, &alone);
	} else if (see_runs(gc)) {
		s = &gc->seen[pfn - gc->start];
		head = gc->start + s->head;
	} else {
		alone = (struct spot){ .kind = PAGE_RESERVED };
	}
	*out = (struct contig_run){ .pfn = head,
		                    .nr = in_arena(gc, pfn) ? 1u << s->order : 1,
		                    .order = s->order,
		                    .kind = s->kind,
		                    .list = s->kind == PAGE_FREE ? s->list : 0,
		                    .pinned = s->pinned,
		                    .frozen = s->frozen };
	add_owner(gc, out);
}

/* ---- types ----------------------------------------------------------------------------------- */

char seen_type(struct guest_contig *gc, block_t block)
{
	unsigned int order = gc->g.pageblock_order;
	uint32_t nr = gc->zone_pages >> order, i = block - (gc->zone_start >> order);
	struct guest_answer *ans;

	if (i >= nr)
		return 0;
	if (!gc->types_valid) {
		if (guest_ask(gc, &ans, "types %u %u", gc->zone_start, gc->zone_pages))
			return 0;
		if (ans->rc || strlen(ans->words) != nr || strspn(ans->words, "UMRHCumrhci.") != nr) {
			guest_fails(gc, -EIO, "%s: the answer to types is not %u letters", gc->m->name, nr);
			return 0;
		}
		memcpy(gc->type, ans->words, nr + 1);
		/* where there is no memory now it will come up as MOVABLE */
		for (char *p = gc->type; (p = strchr(p, '.')); p++)
			*p = 'M';
		gc->types_valid = true;
	}
	return gc->type[i];
}

/* ---- counters -------------------------------------------------------------------------------- */

static bool take_count(struct guest_contig *gc, const char *line)
{
	const struct {
		const char *key;
		uint64_t *to;
		int64_t *signed_to;
	} keys[] = { { "free", &gc->stats.free, NULL },
		     { "free_cma", &gc->stats.free_cma, NULL },
		     { "free_highatomic", &gc->stats.free_highatomic, NULL },
		     { "pcp", &gc->stats.pcp, NULL },
		     { "isolated", &gc->stats.isolated, NULL },
		     { "reserved_highatomic", &gc->stats.reserved_highatomic, NULL },
		     { "drift", NULL, &gc->drift },
		     { "drift_cma", NULL, &gc->drift_cma },
		     { "tainted", &gc->tainted, NULL } };
	char key[32], end;
	long long value;

	if (sscanf(line, "%31s %lld%c", key, &value, &end) != 2)
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i].key))
			continue;
		/* a counter of pages is never below 0 for long; -1 is one that the kernel does not have */
		if (keys[i].to)
			*keys[i].to = value < 0 ? 0 : (uint64_t)value;
		else
			*keys[i].signed_to = value;
		if (!strcmp(key, "free_cma"))
			gc->no_cma = value == -1;
	}
	return true;
}

static void count_types(struct guest_contig *gc)
{
	block_t first = gc->zone_start >> gc->g.pageblock_order;

	for (block_t b = first; b < first + (gc->zone_pages >> gc->g.pageblock_order); b++) {
		char letter = seen_type(gc, b);
		enum migratetype mt = isupper((unsigned char)letter) ? contig_type_of_letter(letter) : MT_ISOLATE;

		gc->stats.blocks[letter && mt < MT_NR ? mt : MT_ISOLATE]++;
	}
}

int see_stats(struct guest_contig *gc)
{
	struct guest_answer *ans;
	int rc;

	if (gc->stats_valid)
		return gc->rc;
	gc->stats = (struct contig_stats){ .managed = guest_says_number(gc, "zone_managed") };
	rc = guest_ask(gc, &ans, "stats");
	for (uint32_t i = 0; !rc && i < ans->nr_lines; i++) {
		if (!take_count(gc, ans->line[i]))
			rc = guest_fails(gc, -EIO, "%s: '%.100s' is no counter", gc->m->name, ans->line[i]);
	}
	if (!rc)
		count_types(gc);
	gc->drift_cma = gc->no_cma ? 0 : gc->drift_cma;
	gc->stats.drift = gc->drift;
	gc->stats_valid = !gc->rc;
	return gc->rc;
}
