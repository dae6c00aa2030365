// SPDX-License-Identifier: MIT
/* reshape_pages.c - a trace on pages of another size. "Piece" is an allocation of the trace, "page" a page to be. */
#include <errno.h>
#include <stdlib.h>

#include "reshape.h"

/* What is known of an identity: as a piece, and as the page that began with it. */
struct piece {
	uint32_t page; /* identity; 0: not allocated */
	uint32_t live; /* page: pieces in it ... */
	uint32_t pins; /* ... and how many of them are pinned */
	uint8_t order; /* in pages of the trace */
	bool pinned;
};

/* Where the next piece of its sort goes. */
struct open_page {
	uint32_t page;
	uint32_t left; /* pages of the trace that still fit */
};

struct packer {
	struct trace *t;
	unsigned int shift; /* log2: pages of the trace in a page */
	struct piece *ids;
	struct open_page *open; /* [cpu][kind][migratetype][node] */
};

#define KINDS (PAGE_USER - PAGE_KERNEL + 1)
#define TYPES (MT_RECLAIMABLE + 1)

static uint8_t kind_of(uint8_t kind, unsigned int order)
{
	if (kind == PAGE_LRU && order)
		return PAGE_LRU_COMPOUND;
	return kind == PAGE_LRU_COMPOUND && !order ? PAGE_LRU : kind;
}

static int nothing(struct trace_event *e)
{
	e->op = TRACE_MARK;
	e->id = 0;
	e->order = 0;
	return 0;
}

/* A new piece in a page; -EBADMSG where there can be none. */
static int begin(struct packer *p, uint64_t id, uint32_t page, uint8_t order, bool pinned)
{
	if (!id || id >= p->t->info.nr_ids || p->ids[id].page)
		return -EBADMSG;
	p->ids[id].page = page;
	p->ids[id].order = order;
	p->ids[id].pinned = pinned;
	p->ids[page].live++;
	p->ids[page].pins += pinned;
	return 0;
}

/* The live piece that the event is about, or NULL. */
static struct piece *piece_of(struct packer *p, const struct trace_event *e)
{
	struct piece *d = e->id < p->t->info.nr_ids ? &p->ids[e->id] : NULL;

	return d && d->page && d->order != UINT8_MAX ? d : NULL;
}

/* Gone, as a piece: as a page it may live on. */
static void end(struct packer *p, struct piece *d)
{
	struct piece *page = &p->ids[d->page];

	page->live--;
	page->pins -= d->pinned;
	d->order = UINT8_MAX;
}

static int alloc(struct packer *p, struct trace_event *e)
{
	const struct trace_info *info = &p->t->info;
	uint8_t order = e->order;

	if (e->kind < PAGE_KERNEL || e->kind > PAGE_USER || e->migratetype >= TYPES || e->node >= info->nr_nodes ||
	    e->cpu >= info->nr_cpus || order > CONTIG_MAX_ORDER)
		return -EBADMSG;
	e->order = order > p->shift ? (uint8_t)(order - p->shift) : 0;
	e->kind = kind_of(e->kind, e->order);
	if (order >= p->shift)
		return begin(p, e->id, e->id, order, false);
	size_t sort = ((size_t)e->cpu * KINDS + e->kind - PAGE_KERNEL) * TYPES + e->migratetype;
	struct open_page *open = &p->open[sort * info->nr_nodes + e->node];

	/* a page that is dead is none: nobody can have been given its identity */
	if (!open->page || !p->ids[open->page].live || open->left < 1u << order) {
		if (begin(p, e->id, e->id, order, false))
			return -EBADMSG;
		*open = (struct open_page){ .page = e->id, .left = (1u << p->shift) - (1u << order) };
		return 0;
	}
	open->left -= 1u << order;
	return begin(p, e->id, open->page, order, false) ? -EBADMSG : nothing(e);
}

static int release(struct packer *p, struct trace_event *e)
{
	struct piece *d = piece_of(p, e);

	if (!d)
		return -EBADMSG;
	end(p, d);
	e->id = d->page;
	if (!p->ids[e->id].live)
		return 0;
	if (!d->pinned || p->ids[e->id].pins)
		return nothing(e);
	e->op = TRACE_UNPIN; /* what held the page is gone, others in it are not */
	return 0;
}

static int split(struct packer *p, struct trace_event *e)
{
	struct piece *d = piece_of(p, e);

	if (!d || e->order >= d->order)
		return -EBADMSG;
	const struct piece whole = *d;
	const uint8_t order = e->order;
	/* several pages become pages of their own; what is in one page stays there */
	bool apart = whole.order > p->shift;
	unsigned int together = order < p->shift ? p->shift - order : 0; /* log2: pieces in a page */

	end(p, d);
	for (uint64_t k = 0; k < UINT64_C(1) << (whole.order - order); k++) {
		uint64_t page = apart ? e->aux + (k >> together) : whole.page;

		if (page >= p->t->info.nr_ids || begin(p, e->aux + k, (uint32_t)page, order, whole.pinned))
			return -EBADMSG;
	}
	if (!apart)
		return nothing(e);
	e->order = order > p->shift ? (uint8_t)(order - p->shift) : 0;
	return 0;
}

/* The page is pinned with the first of its pieces, and until the last of them is not. */
static int pin(struct packer *p, struct trace_event *e, bool on)
{
	struct piece *d = piece_of(p, e);

	if (!d)
		return -EBADMSG;
	struct piece *page = &p->ids[d->page];
	uint32_t pins = page->pins;

	e->id = d->page;
	if (d->pinned == on)
		return nothing(e);
	d->pinned = on;
	page->pins = on ? pins + 1 : pins - 1;
	return pins && page->pins ? nothing(e) : 0;
}

static int pack_event(struct packer *p, struct trace_event *e)
{
	switch ((enum trace_op)e->op) {
	case TRACE_ALLOC:
		return alloc(p, e);
	case TRACE_FREE:
		return release(p, e);
	case TRACE_SPLIT:
		return split(p, e);
	case TRACE_PIN:
	case TRACE_UNPIN:
		return pin(p, e, e->op == TRACE_PIN);
	case TRACE_MARK:
		return 0;
	case TRACE_OP_NR:
		break;
	}
	return -EBADMSG;
}

static int pack(struct packer *p, struct contig_diag *diag)
{
	const struct trace_info *info = &p->t->info;
	int rc = 0;

	p->ids = calloc(info->nr_ids ? info->nr_ids : 1, sizeof(*p->ids));
	p->open = calloc((size_t)info->nr_cpus * KINDS * TYPES * info->nr_nodes + 1, sizeof(*p->open));
	if (!p->ids || !p->open)
		rc = contig_diag_set(diag, -ENOMEM, "no memory to pack %llu allocations",
		                     (unsigned long long)info->nr_ids);
	for (uint64_t i = 0; i < info->nr_events && !rc; i++) {
		rc = pack_event(p, &p->t->events[i]);
		if (rc)
			contig_diag_set(diag, rc, "event %llu contradicts those before it or the header",
			                (unsigned long long)i);
	}
	free(p->ids);
	free(p->open);
	return rc;
}

/* Pages of the trace are several pages each: all orders grow. */
static int enlarge(struct trace *t, unsigned int by, struct contig_diag *diag)
{
	for (uint64_t i = 0; i < t->info.nr_events; i++) {
		struct trace_event *e = &t->events[i];

		if (e->op != TRACE_ALLOC && e->op != TRACE_SPLIT)
			continue;
		if (e->order + by > CONTIG_MAX_ORDER)
			return contig_diag_set(diag, -ERANGE,
			                       "event %llu: order %u is order %u in smaller pages, above %u: --orders "
			                       "keep leaves it",
			                       (unsigned long long)i, e->order, e->order + by, CONTIG_MAX_ORDER);
		e->order = (uint8_t)(e->order + by);
		if (e->op == TRACE_ALLOC)
			e->kind = kind_of(e->kind, e->order);
	}
	return 0;
}

int reshape_pages(struct trace *t, uint8_t page_shift, struct contig_diag *diag)
{
	uint8_t was = t->info.page_shift;
	int rc = 0;

	if (page_shift < was)
		rc = enlarge(t, was - page_shift, diag);
	if (page_shift > was) {
		struct packer p = { .t = t, .shift = page_shift - was };

		rc = pack(&p, diag);
	}
	t->info.page_shift = page_shift;
	return rc;
}
