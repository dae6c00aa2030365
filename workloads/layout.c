// SPDX-License-Identifier: MIT
/* layout.c - drawing layout strings. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

/* Text being built, with the item that may still be repeated: "L" becomes "L*64". */
struct drawing {
	FILE *out;
	char item[8]; /* the last one, empty if there is none to add to */
	uint32_t repeat;
	bool empty;
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

static void draw_run(struct drawing *d, char letter, unsigned int order)
{
	char item[8];

	snprintf(item, sizeof(item), "%c%u", letter, order % 100);
	draw(d, item);
}

static void draw_page(struct drawing *d, char letter)
{
	draw(d, (char[]){ letter, '\0' });
}

static char letter_of(const struct contig_run *run)
{
	if (run->frozen)
		return 'P';
	switch (run->kind) {
	case PAGE_PCP:
		return 'P';
	case PAGE_KERNEL:
	case PAGE_RECLAIMABLE:
		return 'K';
	case PAGE_LRU:
		return 'L';
	case PAGE_CONTIG:
		return 'A';
	default:
		return 'X';
	}
}

static char *map(struct contig *c, const struct contig_geometry *g, block_t first, uint32_t nr, layout_letter letter,
                 void *ctx, pfn_t mark, size_t *column)
{
	const uint32_t npb = 1u << g->pageblock_order;
	const pfn_t start = first << g->pageblock_order, end = (first + nr) << g->pageblock_order;
	struct drawing d = { .empty = true };
	char *text = NULL;
	size_t size;

	d.out = open_memstream(&text, &size);
	if (!d.out)
		return NULL;
	for (pfn_t pfn = start; pfn < end;) {
		const pfn_t from = pfn;
		struct contig_run run;

		c->ops->lab->run(c, pfn, &run);
		if (run.kind == PAGE_FREE) {
			draw_run(&d, 'F', run.order);
			pfn = run.pfn + run.nr;
		} else if (run.order && (run.kind == PAGE_LRU_COMPOUND || run.kind == PAGE_USER)) {
			draw_run(&d, run.kind == PAGE_USER ? 'C' : 'T', run.order);
			pfn = run.pfn + run.nr;
		} else {
			char l = letter ? letter(ctx, pfn, &run) : 0;

			draw_page(&d, l ? l : letter_of(&run));
			pfn++;
		}
		if (from <= mark && mark < pfn)
			*column = d.column;
		if (!(pfn & (npb - 1)) && pfn < end)
			draw_border(&d);
	}
	end_repeat(&d);
	return fclose(d.out) ? NULL : text;
}

char *layout_map(struct contig *c, const struct contig_geometry *g, block_t first, uint32_t nr, layout_letter letter,
                 void *ctx)
{
	return map(c, g, first, nr, letter, ctx, PFN_NONE, NULL);
}

char *layout_map_marked(struct contig *c, const struct contig_geometry *g, block_t first, uint32_t nr, pfn_t mark,
                        size_t *column)
{
	*column = 0;
	return map(c, g, first, nr, NULL, NULL, mark, column);
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
