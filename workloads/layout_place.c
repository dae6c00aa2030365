// SPDX-License-Identifier: MIT
/* layout_place.c - putting a layout string down. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "layout_items.h"

struct placing {
	struct contig *c;
	const struct contig_geometry *g;
	block_t first;
	pfn_t pfn;
	struct contig_diag *diag;
};

static int place_types(struct placing *p, const char *types, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		enum migratetype mt = contig_type_of_letter(types[i]);

		if (mt == MT_NR)
			return contig_diag_set(p->diag, -EINVAL,
			                       "'%c' is no type that pageblock %zu can have: U M R H C", types[i], i);
		if (p->c->ops->lab->set_type(p->c, p->first + (block_t)i, mt))
			return contig_diag_set(p->diag, -EINVAL, "pageblock %zu of the layout lies outside the zone",
			                       i);
	}
	return 0;
}

static const struct layout_item *item_for(char letter)
{
	for (const struct layout_item *i = layout_items; i->letter; i++) {
		if (i->letter == letter)
			return i;
	}
	return NULL;
}

/* What an item says: "F9", "K", "L*64", "F4@M", "T3!*2". */
struct written {
	const struct layout_item *item;
	unsigned int order;
	unsigned long repeat;
	enum migratetype list; /* MT_NR: its block's */
	bool pinned;
};

static int read_order(struct placing *p, const char *text, const char **at, struct written *w)
{
	unsigned long order;
	char *end;

	if (!isdigit((unsigned char)**at) && w->item->size != LAYOUT_RUN)
		return 0;
	order = isdigit((unsigned char)**at) ? strtoul(*at, &end, 10) : ULONG_MAX;
	if (order > p->g->max_order)
		return contig_diag_set(p->diag, -EINVAL, "'%s': an order up to %u must follow", text, p->g->max_order);
	if (!order && w->item->kind != PAGE_FREE)
		return contig_diag_set(p->diag, -EINVAL, "'%s': a compound has at least two pages", text);
	w->order = (unsigned int)order;
	*at = end;
	return 0;
}

static int read_marks(struct placing *p, const char *text, const char **at, struct written *w)
{
	if (**at == '@') {
		w->list = contig_type_of_letter((*at)[1]);
		if (w->list == MT_NR || w->item->kind != PAGE_FREE)
			return contig_diag_set(p->diag, -EINVAL,
			                       "'%s': behind a free run, @ and a type out of U M R H C name its list",
			                       text);
		*at += 2;
	}
	if (**at == '!') {
		if (w->item->kind == PAGE_FREE)
			return contig_diag_set(p->diag, -EINVAL, "'%s': what is free can not be pinned", text);
		w->pinned = true;
		++*at;
	}
	return 0;
}

static int read_item(struct placing *p, const char *text, struct written *w)
{
	const char *at = text + 1;
	char *end;

	*w = (struct written){ .item = item_for(text[0]), .repeat = 1, .list = MT_NR };
	if (!w->item)
		return contig_diag_set(p->diag, -EINVAL, "'%s': %c is no page that can be put down", text, text[0]);
	int rc = w->item->size == LAYOUT_PAGES ? 0 : read_order(p, text, &at, w);

	rc = rc ? rc : read_marks(p, text, &at, w);
	if (rc)
		return rc;
	if (*at == '*' && isdigit((unsigned char)at[1])) {
		w->repeat = strtoul(at + 1, &end, 10);
		at = end;
	}
	if (*at || !w->repeat)
		return contig_diag_set(p->diag, -EINVAL, "'%s' is not letter, order and *repeat", text);
	return 0;
}

static bool owned(enum page_kind kind)
{
	return kind != PAGE_FREE && kind != PAGE_CONTIG && kind != PAGE_RESERVED && kind != PAGE_ABSENT;
}

/* Runs of a gigantic page that follow each other are one page. */
static owner_t owner_of(const struct placing *p, enum page_kind kind)
{
	struct contig_run before;

	if (!owned(kind))
		return OWNER_NONE;
	if (kind == PAGE_GIGANTIC && p->pfn > p->first << p->g->pageblock_order) {
		p->c->ops->lab->run(p->c, p->pfn - 1, &before);
		if (before.kind == PAGE_GIGANTIC)
			return before.owner;
	}
	return p->pfn + 1;
}

static int place_one(struct placing *p, const char *text, const struct written *w)
{
	const struct contig_lab *lab = p->c->ops->lab;
	const struct layout_item *i = w->item;
	uint32_t page = p->pfn - (p->first << p->g->pageblock_order);
	int rc = lab->place(p->c, p->pfn, w->order, i->kind, owner_of(p, i->kind));

	if (rc)
		return contig_diag_set(
			p->diag, -EINVAL,
			"'%s' can not lie at page %u of the layout: a run must be aligned to its size and fit, and free buddies "
			"below a pageblock would have merged",
			text, page);
	if (w->list != MT_NR)
		rc = lab->relist ? lab->relist(p->c, p->pfn, w->list) : -EOPNOTSUPP;
	if (rc)
		return contig_diag_set(p->diag, -EOPNOTSUPP, "'%s': under %s no run is on such a list", text,
		                       p->c->ops->name);
	if (i->frozen)
		lab->freeze(p->c, p->pfn);
	if (w->pinned)
		lab->pin(p->c, p->pfn, true);
	p->pfn += 1u << w->order;
	return 0;
}

static int place_item(struct placing *p, const char *text)
{
	struct written w;
	int rc = read_item(p, text, &w);

	for (; !rc && w.repeat; w.repeat--)
		rc = place_one(p, text, &w);
	return rc;
}

int layout_place(struct contig *c, const struct contig_geometry *g, block_t first, const char *text,
                 struct contig_diag *diag)
{
	struct placing p = { c, g, first, first << g->pageblock_order, diag };
	const uint32_t npb = 1u << g->pageblock_order;
	char *copy = strdup(text), *save = NULL;
	size_t nr_types = 0;
	int rc = copy ? 0 : contig_diag_set(diag, -ENOMEM, "no memory");

	for (char *word = copy ? strtok_r(copy, " ", &save) : NULL; word && !rc; word = strtok_r(NULL, " ", &save)) {
		if (!nr_types) {
			nr_types = strlen(word) < 3 ? 0 : strlen(word) - 2;
			if (!nr_types || word[0] != '[' || word[nr_types + 1] != ']')
				rc = contig_diag_set(diag, -EINVAL, "'%s': types in brackets come first, as in [MM]",
				                     word);
			else
				rc = place_types(&p, word + 1, nr_types);
		} else if (!strcmp(word, "|")) {
			if (p.pfn & (npb - 1))
				rc = contig_diag_set(diag, -EINVAL,
				                     "a '|' stands in the middle of a pageblock, behind page %u",
				                     p.pfn - (first << g->pageblock_order));
		} else {
			rc = place_item(&p, word);
		}
	}
	if (!rc && !nr_types)
		rc = contig_diag_set(diag, -EINVAL, "an empty layout: types in brackets come first, as in [MM]");
	if (!rc && p.pfn != (first + nr_types) << g->pageblock_order)
		rc = contig_diag_set(diag, -EINVAL, "%zu types for %u pages of %u a pageblock", nr_types,
		                     p.pfn - (first << g->pageblock_order), npb);
	free(copy);
	return rc;
}
