// SPDX-License-Identifier: MIT
/* layout.c - drawing layout strings. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout_items.h"

/* Text being built, with the item that may still be repeated: "L" becomes "L*64". */
struct drawing {
	FILE *out;
	char item[8]; /* the last one, empty if there is none to add to */
	uint32_t repeat;
	bool empty;
	bool marks;
	size_t column; /* where the item begins */
};

static void end_repeat(struct drawing *d)
{
	if (d->item[0] && d->repeat > 1)
		fprintf(d->out, "*%u", d->repeat);
	d->item[0] = '\0';
}

static void draw(struct drawing *d, const char *item)
{
	if (!strcmp(d->item, item)) {
		d->repeat++;
		return;
	}
	end_repeat(d);
	d->column = (size_t)ftello(d->out) + !d->empty;
	fprintf(d->out, "%s%s", d->empty ? "" : " ", item);
	snprintf(d->item, sizeof(d->item), "%s", item);
	d->empty = false;
	d->repeat = 1;
}

static void draw_border(struct drawing *d)
{
	end_repeat(d);
	fputs(" |", d->out);
}

/* P is put down as a kernel page: nothing can lie on a per-cpu list from the beginning. */
const struct layout_item layout_items[] = {
	{ 'F', LAYOUT_RUN, .kind = PAGE_FREE },
	{ 'o', LAYOUT_PAGES, .kind = PAGE_OFFLINE, .frozen = true },
	{ 'P', LAYOUT_PAGES, .kind = PAGE_KERNEL, .frozen = true },
	{ 'P', LAYOUT_PAGES, .kind = PAGE_PCP },
	{ 'K', LAYOUT_EITHER, .kind = PAGE_KERNEL },
	{ 'S', LAYOUT_EITHER, .kind = PAGE_RECLAIMABLE },
	{ 'N', LAYOUT_RUN, .kind = PAGE_NONCOMPOUND },
	{ 'L', LAYOUT_PAGES, .kind = PAGE_LRU },
	{ 'T', LAYOUT_RUN, .kind = PAGE_LRU_COMPOUND },
	{ 'X', LAYOUT_EITHER, .kind = PAGE_USER },
	{ 'V', LAYOUT_PAGES, .kind = PAGE_MOVABLE_OPS },
	{ 'C', LAYOUT_RUN, .kind = PAGE_HUGETLB },
	{ 'Q', LAYOUT_RUN, .kind = PAGE_HUGETLB_POOL },
	{ 'G', LAYOUT_RUN, .kind = PAGE_GIGANTIC },
	{ 'A', LAYOUT_PAGES, .kind = PAGE_CONTIG },
	{ 'O', LAYOUT_PAGES, .kind = PAGE_OFFLINE },
	{ 'W', LAYOUT_PAGES, .kind = PAGE_HWPOISON },
	{ 'B', LAYOUT_PAGES, .kind = PAGE_RESERVED },
	{ '.', LAYOUT_PAGES, .kind = PAGE_ABSENT },
	{ .letter = 0 },
};

static const struct layout_item *item_of(const struct contig_run *run)
{
	static const struct layout_item frozen = { .letter = 'P', .frozen = true }, unknown = { .letter = 'X' };

	for (const struct layout_item *i = layout_items; i->letter; i++) {
		if (i->kind == run->kind && i->frozen == run->frozen)
			return i;
	}
	return run->frozen ? &frozen : &unknown;
}

/* "F4@M!": item, order, the list if it is another than the block's, pinned */
static void draw_run(struct drawing *d, struct contig *c, const struct contig_geometry *g, char letter, bool ordered,
                     const struct contig_run *run)
{
	char item[8];
	int n = snprintf(item, sizeof(item), ordered ? "%c%u" : "%c", letter, run->order % 100u);

	if (d->marks && run->kind == PAGE_FREE &&
	    run->list != c->ops->lab->type(c, run->pfn >> g->pageblock_order, NULL))
		n += snprintf(item + n, sizeof(item) - (size_t)n, "@%c",
		              contig_type_letter((enum migratetype)run->list));
	if (d->marks && run->pinned)
		snprintf(item + n, sizeof(item) - (size_t)n, "!");
	draw(d, item);
}

static char *map(struct contig *c, const struct contig_geometry *g, block_t first, uint32_t nr, bool marks,
                 layout_letter letter, void *ctx, pfn_t mark, size_t *column)
{
	const uint32_t npb = 1u << g->pageblock_order;
	const pfn_t start = first << g->pageblock_order, end = (first + nr) << g->pageblock_order;
	struct drawing d = { .empty = true, .marks = marks };
	char *text = NULL;
	size_t size;

	d.out = open_memstream(&text, &size);
	if (!d.out)
		return NULL;
	for (pfn_t pfn = start; pfn < end;) {
		const pfn_t from = pfn;
		struct contig_run run;

		c->ops->lab->run(c, pfn, &run);
		const struct layout_item *item = item_of(&run);
		bool ordered = item->size == LAYOUT_RUN || (item->size == LAYOUT_EITHER && run.order);
		char l = letter && run.kind != PAGE_FREE ? letter(ctx, pfn, &run) : 0;

		draw_run(&d, c, g, l ? l : item->letter, ordered, &run);
		pfn = ordered ? run.pfn + run.nr : pfn + 1;
		if (from <= mark && mark < pfn)
			*column = d.column;
		if (!(pfn & (npb - 1)) && pfn < end)
			draw_border(&d);
	}
	end_repeat(&d);
	return fclose(d.out) ? NULL : text;
}

char *layout_map(struct contig *c, const struct contig_geometry *g, block_t first, uint32_t nr, bool marks,
                 layout_letter letter, void *ctx)
{
	return map(c, g, first, nr, marks, letter, ctx, PFN_NONE, NULL);
}

char *layout_map_marked(struct contig *c, const struct contig_geometry *g, block_t first, uint32_t nr, pfn_t mark,
                        size_t *column)
{
	*column = 0;
	return map(c, g, first, nr, false, NULL, NULL, mark, column);
}

char *layout_types(struct contig *c, block_t first, uint32_t nr)
{
	char *text = malloc(nr + 1);

	for (uint32_t i = 0; text && i < nr; i++) {
		enum migratetype stored, mt = c->ops->lab->type(c, first + i, &stored);

		text[i] = contig_type_letter(stored);
		if (mt == MT_ISOLATE)
			text[i] = (char)tolower(text[i]);
	}
	if (text)
		text[nr] = '\0';
	return text;
}
