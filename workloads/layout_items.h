/* SPDX-License-Identifier: MIT */
/* layout_items.h - what may stand in a layout string: one table for drawing and for putting down. */
#ifndef LAYOUT_ITEMS_H
#define LAYOUT_ITEMS_H

#include "layout.h"

enum layout_size {
	LAYOUT_PAGES,  /* drawn page by page */
	LAYOUT_RUN,    /* an order follows */
	LAYOUT_EITHER, /* a run if an order follows, else a page */
};

struct layout_item {
	char letter; /* 0 ends the table */
	enum layout_size size;
	enum page_kind kind;
	bool frozen; /* only with refcount 0 */
};

/* The first that fits is meant, both ways. */
extern const struct layout_item layout_items[];

#endif
