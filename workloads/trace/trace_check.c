// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_check.h"

/* state of an id: its order, or ... */
#define DEAD   0xffu
#define PINNED 0x80u /* added to the order */

void trace_check_init(struct trace_check *c, uint32_t nr_cpus, uint32_t nr_nodes)
{
	*c = (struct trace_check){ .nr_cpus = nr_cpus, .nr_nodes = nr_nodes, .next_id = 1 };
}

void trace_check_free(struct trace_check *c)
{
	free(c->state);
	c->state = NULL;
}

static int wrong(struct contig_diag *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int wrong(struct contig_diag *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

/* Room for ids up to next_id + nr - 1. */
static int grow(struct trace_check *c, uint64_t nr, struct contig_diag *why)
{
	uint64_t need = c->next_id + nr;

	if (need > UINT32_MAX)
		return wrong(why, "more than %u ids", UINT32_MAX - 1);
	if (need <= c->room)
		return 0;
	size_t room = c->room ? c->room : 4096;
	while (room < need)
		room *= 2;
	uint8_t *state = realloc(c->state, room);
	if (!state) {
		wrong(why, "no memory for %" PRIu64 " ids", need);
		return -ENOMEM;
	}
	memset(state + c->room, DEAD, room - c->room);
	c->state = state;
	c->room = room;
	return 0;
}

static int check_alloc(struct trace_check *c, const struct trace_event *e, struct contig_diag *why)
{
	if (e->id != c->next_id)
		return wrong(why, "allocation of id %u, although the next new id is %" PRIu64, e->id, c->next_id);
	if (e->order > CONTIG_MAX_ORDER)
		return wrong(why, "allocation of order %u, above %u", e->order, CONTIG_MAX_ORDER);
	if (e->node >= c->nr_nodes)
		return wrong(why, "node %u of %u", e->node, c->nr_nodes);
	if (e->zone >= ZONE_TYPE_NR)
		return wrong(why, "zone %u of %u", e->zone, ZONE_TYPE_NR);
	if (e->migratetype > MT_RECLAIMABLE)
		return wrong(why, "migratetype %u can not be asked for", e->migratetype);
	switch (e->kind) {
	case PAGE_KERNEL:
	case PAGE_RECLAIMABLE:
	case PAGE_USER:
		break;
	case PAGE_LRU:
		if (e->order)
			return wrong(why, "order-0 page kind with order %u", e->order);
		break;
	case PAGE_LRU_COMPOUND:
		if (!e->order)
			return wrong(why, "compound page of order 0");
		break;
	default:
		return wrong(why, "page kind %u can not be allocated", e->kind);
	}
	return grow(c, 1, why);
}

static int check_old(const struct trace_check *c, const struct trace_event *e, struct contig_diag *why)
{
	if (!e->id || e->id >= c->next_id)
		return wrong(why, "id %u was never allocated", e->id);
	if (c->state[e->id] == DEAD)
		return wrong(why, "id %u is not live any more", e->id);
	bool pinned = c->state[e->id] & PINNED;
	if (e->op == TRACE_PIN && pinned)
		return wrong(why, "id %u is pinned already", e->id);
	if (e->op == TRACE_UNPIN && !pinned)
		return wrong(why, "id %u is not pinned", e->id);
	return 0;
}

static int check_split(struct trace_check *c, const struct trace_event *e, struct contig_diag *why)
{
	int rc = check_old(c, e, why);

	if (rc)
		return rc;
	unsigned int order = c->state[e->id] & ~PINNED;
	if (e->order >= order)
		return wrong(why, "id %u of order %u split into order %u", e->id, order, e->order);
	if (e->aux != c->next_id)
		return wrong(why, "pieces begin at id %u, although the next new id is %" PRIu64, e->aux, c->next_id);
	return grow(c, 1u << (order - e->order), why);
}

static void apply(struct trace_check *c, const struct trace_event *e)
{
	switch (e->op) {
	case TRACE_ALLOC:
		c->state[c->next_id++] = e->order;
		c->live_pages += 1u << e->order;
		if (c->live_pages > c->peak_pages)
			c->peak_pages = c->live_pages;
		break;
	case TRACE_FREE:
		c->live_pages -= 1u << (c->state[e->id] & ~PINNED);
		c->state[e->id] = DEAD;
		break;
	case TRACE_SPLIT: {
		uint32_t pieces = 1u << ((c->state[e->id] & ~PINNED) - e->order);

		memset(c->state + c->next_id, e->order | (c->state[e->id] & PINNED), pieces);
		c->state[e->id] = DEAD;
		c->next_id += pieces;
		c->splits++;
		break;
	}
	case TRACE_PIN:
		c->state[e->id] |= PINNED;
		break;
	case TRACE_UNPIN:
		c->state[e->id] &= (uint8_t)~PINNED;
		break;
	default:
		break;
	}
	c->last_ns = e->ns;
	c->events++;
}

int trace_check_event(struct trace_check *c, const struct trace_event *e, struct contig_diag *why)
{
	int rc = 0;

	if (e->ns < c->last_ns)
		return wrong(why, "time goes back from %" PRIu64 " to %" PRIu64 " ns", c->last_ns, e->ns);
	if (e->cpu >= c->nr_cpus)
		return wrong(why, "cpu %u of %u", e->cpu, c->nr_cpus);
	switch (e->op) {
	case TRACE_ALLOC:
		rc = check_alloc(c, e, why);
		break;
	case TRACE_FREE:
	case TRACE_PIN:
	case TRACE_UNPIN:
		rc = check_old(c, e, why);
		break;
	case TRACE_SPLIT:
		rc = check_split(c, e, why);
		break;
	case TRACE_MARK:
		break;
	default:
		return wrong(why, "unknown event %u", e->op);
	}
	if (!rc)
		apply(c, e);
	return rc;
}
