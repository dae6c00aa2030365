// SPDX-License-Identifier: MIT
/* dump.c - runs as items of a layout string. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "dump.h"

static void item_of(const struct dump *l, const struct contigbench_run *r, char *item, size_t size)
{
	uint64_t block = r->pfn >> l->block_order;
	/* only what is larger than any free run begins that far before the span */
	char type = block < l->first_block ? '.' : l->types[block - l->first_block];

	if (r->marks & CONTIGBENCH_FROZEN)
		snprintf(item, size, "P");
	else if (r->kind == 'F' && r->list != 'I' && r->list != (uint8_t)toupper(type))
		snprintf(item, size, "F%u@%c", r->order, r->list);
	else if (r->kind == 'F' || r->order)
		snprintf(item, size, "%c%u%s", r->kind, r->order, r->marks & CONTIGBENCH_PINNED ? "!" : "");
	else
		snprintf(item, size, "%c%s", r->kind, r->marks & CONTIGBENCH_PINNED ? "!" : "");
}

static void put_item(struct dump *l)
{
	if (l->count > 1)
		l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len, " %s*%u", l->item, l->count);
	else if (l->count)
		l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len, " %s", l->item);
	l->count = 0;
}

void dump_end(struct dump *l)
{
	put_item(l);
	if (!l->len)
		return;
	l->line(l->text);
	l->lines++;
	l->len = 0;
}

static void add(struct dump *l, uint64_t pfn, const char *item, uint32_t count)
{
	bool full = l->len + 2 * sizeof(l->item) + 32 > sizeof(l->text);

	if (!l->len || pfn >> l->block_order != l->block || full) {
		dump_end(l);
		l->len = (size_t)snprintf(l->text, sizeof(l->text), "%llu", (unsigned long long)pfn);
		l->block = pfn >> l->block_order;
	}
	if (l->count && strcmp(l->item, item))
		put_item(l);
	snprintf(l->item, sizeof(l->item), "%s", item);
	l->count += count;
}

void dump_add(struct dump *l, const struct contigbench_run *r)
{
	uint32_t block = 1u << l->block_order;
	char item[sizeof(l->item)];

	if (r->kind == 'F' || r->order) {
		item_of(l, r, item, sizeof(item));
		add(l, r->pfn, item, 1);
		return;
	}
	/* single pages: a row ends with its pageblock */
	for (struct contigbench_run part = *r; part.nr;) {
		uint32_t left = block - (uint32_t)(part.pfn & (block - 1)), nr = part.nr < left ? part.nr : left;

		item_of(l, &part, item, sizeof(item));
		add(l, part.pfn, item, nr);
		part.pfn += nr;
		part.nr -= nr;
	}
}
