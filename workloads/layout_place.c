// SPDX-License-Identifier: MIT
/* layout_place.c - putting a layout string down. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

/* Letters that can be put down; whether an order follows. P is put down as a kernel page whose refcount is 0 (frozen). */
static const struct {
	char letter;
	bool ordered;
	enum page_kind kind;
} items[] = {
	{ 'F', true, PAGE_FREE },    { 'T', true, PAGE_LRU_COMPOUND }, { 'C', true, PAGE_USER },
	{ 'K', false, PAGE_KERNEL }, { 'L', false, PAGE_LRU },         { 'X', false, PAGE_USER },
	{ 'A', false, PAGE_CONTIG }, { 'P', false, PAGE_KERNEL },
};

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

/* "F9", "K", "L*64" */
static int place_item(struct placing *p, const char *item)
{
	const char *at = item + 1;
	unsigned long order = 0, repeat = 1;
	size_t i = 0;
	char *end;

	while (i < sizeof(items) / sizeof(items[0]) && items[i].letter != item[0])
		i++;
	if (i == sizeof(items) / sizeof(items[0]))
		return contig_diag_set(p->diag, -EINVAL, "'%s': %c is no page that can be put down", item, item[0]);
	if (items[i].ordered) {
		order = isdigit((unsigned char)*at) ? strtoul(at, &end, 10) : ULONG_MAX;
		if (order > p->g->max_order)
			return contig_diag_set(p->diag, -EINVAL, "'%s': an order up to %u must follow", item,
			                       p->g->max_order);
		if (!order && items[i].kind != PAGE_FREE)
			return contig_diag_set(p->diag, -EINVAL, "'%s': a compound has at least two pages", item);
		at = end;
	}
	if (*at == '*' && isdigit((unsigned char)at[1])) {
		repeat = strtoul(at + 1, &end, 10);
		at = end;
	}
	if (*at || !repeat)
		return contig_diag_set(p->diag, -EINVAL, "'%s' is not letter, order and *repeat", item);
	for (; repeat; repeat--) {
		owner_t owner = items[i].kind == PAGE_FREE || items[i].kind == PAGE_CONTIG ? OWNER_NONE : p->pfn + 1;

		if (p->c->ops->lab->place(p->c, p->pfn, (unsigned int)order, items[i].kind, owner))
			return contig_diag_set(p->diag, -EINVAL, "'%s' can not lie at page %u of the layout", item,
			                       p->pfn - (p->first << p->g->pageblock_order));
		if (items[i].letter == 'P')
			p->c->ops->lab->freeze(p->c, p->pfn);
		p->pfn += 1u << order;
	}
	return 0;
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
