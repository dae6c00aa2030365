// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "program.h"

/* What is known of an identity while compiling. */
struct identity {
	uint32_t slot;
	uint32_t birth;
	uint8_t order;
	uint8_t node;
	uint8_t state;
};

enum {
	NEW,
	LIVE,
	DEAD
};

struct compiler {
	const struct trace *t;
	struct program *p;
	struct contig_diag *diag;
	struct identity *ids;
	size_t nr_ids;
	uint32_t *free_slots; /* stack: the slot that died last is the one whose cache line is hot */
	size_t nr_free_slots;
	size_t cap_free_slots;
	size_t cap_pieces;
	uint64_t live;
	uint64_t node_live[CONTIG_MAX_NODES];
	uint64_t *cpu_allocs; /* [cpu][node] */
};

static int refuse(struct compiler *c, int err, size_t event, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int refuse(struct compiler *c, int err, size_t event, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(c->diag->text, sizeof(c->diag->text), "event %zu: ", event);

	va_start(ap, fmt);
	vsnprintf(c->diag->text + n, sizeof(c->diag->text) - (size_t)n, fmt, ap);
	va_end(ap);
	return err;
}

static int out_of_memory(struct compiler *c)
{
	snprintf(c->diag->text, sizeof(c->diag->text), "no memory to prepare %llu events for replay",
	         (unsigned long long)c->t->info.nr_events);
	return -ENOMEM;
}

static int birth(struct compiler *c, size_t event, uint32_t id, uint8_t order, uint8_t node)
{
	if (!id || id >= c->nr_ids)
		return refuse(c, -EBADMSG, event, "identity %u outside 1..%zu", id, c->nr_ids - 1);
	struct identity *d = &c->ids[id];

	if (d->state != NEW)
		return refuse(c, -EBADMSG, event, "identity %u begins a second time", id);
	d->slot = c->nr_free_slots ? c->free_slots[--c->nr_free_slots] : c->p->nr_slots++;
	d->birth = (uint32_t)event;
	d->order = order;
	d->node = node;
	d->state = LIVE;
	return 0;
}

static int death(struct compiler *c, size_t event, uint32_t id)
{
	if (!id || id >= c->nr_ids || c->ids[id].state != LIVE)
		return refuse(c, -EBADMSG, event, "identity %u is not allocated", id);
	if (!grow((void **)&c->free_slots, c->nr_free_slots, &c->cap_free_slots, sizeof(*c->free_slots)))
		return out_of_memory(c);
	c->ids[id].state = DEAD;
	c->free_slots[c->nr_free_slots++] = c->ids[id].slot;
	return 0;
}

static int compile_alloc(struct compiler *c, size_t i, const struct trace_event *e, struct program_op *op)
{
	struct program *p = c->p;

	if (e->kind < PAGE_KERNEL || e->kind > PAGE_USER || e->migratetype > MT_RECLAIMABLE)
		return refuse(c, -EBADMSG, i, "allocation of kind %u and migratetype %u", e->kind, e->migratetype);
	if (e->order > CONTIG_MAX_ORDER)
		return refuse(c, -EBADMSG, i, "allocation of order %u", e->order);
	if (e->node >= p->nr_nodes)
		return refuse(c, -EBADMSG, i, "node %u of a machine with %u", e->node, p->nr_nodes);
	int rc = birth(c, i, e->id, e->order, e->node);

	if (rc)
		return rc;
	op->slot = c->ids[e->id].slot;
	op->order = e->order;
	op->kind = e->kind;
	op->migratetype = e->migratetype;
	op->node = e->node;
	c->live += UINT64_C(1) << e->order;
	c->node_live[e->node] += UINT64_C(1) << e->order;
	if (c->live > p->peak_pages)
		p->peak_pages = c->live;
	if (c->node_live[e->node] > p->node_peak[e->node])
		p->node_peak[e->node] = c->node_live[e->node];
	if (e->order > p->max_order)
		p->max_order = e->order;
	c->cpu_allocs[(size_t)e->cpu * p->nr_nodes + e->node]++;
	p->nr_allocs++;
	return 0;
}

static int compile_free(struct compiler *c, size_t i, const struct trace_event *e, struct program_op *op)
{
	int rc = death(c, i, e->id);

	if (rc)
		return rc;
	const struct identity *d = &c->ids[e->id];

	op->slot = d->slot;
	op->birth = d->birth;
	c->live -= UINT64_C(1) << d->order;
	c->node_live[d->node] -= UINT64_C(1) << d->order;
	return 0;
}

static bool add_piece(struct compiler *c, uint32_t word)
{
	struct program *p = c->p;

	if (!grow((void **)&p->pieces, p->nr_pieces, &c->cap_pieces, sizeof(*p->pieces)))
		return false;
	p->pieces[p->nr_pieces++] = word;
	return true;
}

static int compile_split(struct compiler *c, size_t i, const struct trace_event *e, struct program_op *op)
{
	struct program *p = c->p;
	int rc = death(c, i, e->id);

	if (rc)
		return rc;
	const struct identity whole = c->ids[e->id];

	if (e->order >= whole.order)
		return refuse(c, -EBADMSG, i, "split of order %u into order %u", whole.order, e->order);
	size_t n = (size_t)1 << (whole.order - e->order);

	op->slot = whole.slot;
	op->split.pieces_order = e->order;
	op->split.whole_order = whole.order;
	if (n > p->max_pieces)
		p->max_pieces = n;
	if (!add_piece(c, whole.birth))
		return out_of_memory(c);
	for (size_t k = 0; k < n; k++) {
		uint64_t id = (uint64_t)e->aux + k;

		rc = birth(c, i, id > UINT32_MAX ? UINT32_MAX : (uint32_t)id, e->order, whole.node);
		if (rc)
			return rc;
		if (!add_piece(c, c->ids[id].slot))
			return out_of_memory(c);
	}
	return 0;
}

static int compile_event(struct compiler *c, size_t i)
{
	const struct trace_event *e = &c->t->events[i];
	struct program *p = c->p;
	struct program_op *op = &p->ops[i];

	if (e->ns > PROGRAM_MAX_NS)
		return refuse(c, -ERANGE, i, "more than %llu days after the trace began: replay a slice of it",
		              (unsigned long long)(PROGRAM_MAX_NS / UINT64_C(86400000000000)));
	if (i && e->ns < e[-1].ns)
		return refuse(c, -EBADMSG, i, "time runs backwards");
	if (e->cpu >= p->nr_cpus)
		return refuse(c, -EBADMSG, i, "cpu %u of a machine with %u", e->cpu, p->nr_cpus);
	op->when = e->ns << PROGRAM_NS_SHIFT | (uint64_t)e->cpu << PROGRAM_OP_BITS | e->op;
	switch ((enum trace_op)e->op) {
	case TRACE_ALLOC:
		return compile_alloc(c, i, e, op);
	case TRACE_FREE:
		return compile_free(c, i, e, op);
	case TRACE_SPLIT:
		return compile_split(c, i, e, op);
	case TRACE_PIN:
	case TRACE_UNPIN:
		if (!e->id || e->id >= c->nr_ids || c->ids[e->id].state != LIVE)
			return refuse(c, -EBADMSG, i, "identity %u is not allocated", e->id);
		op->slot = c->ids[e->id].slot;
		p->nr_pins += e->op == TRACE_PIN;
		return 0;
	case TRACE_MARK:
		return 0;
	case TRACE_OP_NR:
		break;
	}
	return refuse(c, -EBADMSG, i, "unknown operation %u", e->op);
}

static int collect_survivors(struct compiler *c)
{
	struct program *p = c->p;
	size_t n = 0;

	for (size_t id = 1; id < c->nr_ids; id++)
		n += c->ids[id].state == LIVE;
	p->survivors = calloc(n ? n : 1, sizeof(*p->survivors));
	if (!p->survivors)
		return out_of_memory(c);
	for (size_t id = 1; id < c->nr_ids; id++) {
		if (c->ids[id].state == LIVE)
			p->survivors[p->nr_survivors++] = (struct program_survivor){ .slot = c->ids[id].slot,
				                                                     .birth = c->ids[id].birth,
				                                                     .order = c->ids[id].order };
	}
	return 0;
}

static void settle_cpus(struct compiler *c)
{
	struct program *p = c->p;

	for (uint32_t cpu = 0; cpu < p->nr_cpus; cpu++) {
		const uint64_t *n = &c->cpu_allocs[(size_t)cpu * p->nr_nodes];
		uint8_t best = 0;

		for (uint8_t node = 1; node < p->nr_nodes; node++) {
			if (n[node] > n[best])
				best = node;
		}
		p->cpu_node[cpu] = best;
	}
}

static int compile(struct compiler *c)
{
	struct program *p = c->p;
	const struct trace_info *info = &c->t->info;

	if (!info->nr_events)
		return refuse(c, -EBADMSG, 0, "the trace has no events");
	if (info->nr_events > UINT32_MAX || info->nr_ids > UINT32_MAX)
		return refuse(c, -ERANGE, 0, "%llu events and %llu identities: replay a slice of at most 2^32 of each",
		              (unsigned long long)info->nr_events, (unsigned long long)info->nr_ids);
	if (!info->nr_cpus || info->nr_cpus > CONTIG_MAX_CPUS || info->nr_nodes > CONTIG_MAX_NODES)
		return refuse(c, -EBADMSG, 0, "a machine with %u cpus and %u nodes", info->nr_cpus, info->nr_nodes);
	p->nr_ops = info->nr_events;
	p->nr_cpus = info->nr_cpus;
	p->nr_nodes = info->nr_nodes ? info->nr_nodes : 1;
	c->nr_ids = info->nr_ids ? info->nr_ids : 1;
	p->ops = calloc(p->nr_ops + PROGRAM_AHEAD, sizeof(*p->ops));
	c->ids = calloc(c->nr_ids, sizeof(*c->ids));
	c->cpu_allocs = calloc((size_t)p->nr_cpus * p->nr_nodes, sizeof(*c->cpu_allocs));
	if (!p->ops || !c->ids || !c->cpu_allocs)
		return out_of_memory(c);
	for (size_t i = 0; i < p->nr_ops; i++) {
		int rc = compile_event(c, i);

		if (rc)
			return rc;
	}
	if (!p->nr_allocs)
		return refuse(c, -EBADMSG, 0, "the trace allocates nothing");
	p->duration_ns = program_ns(&p->ops[p->nr_ops - 1]);
	if (info->duration_ns > p->duration_ns && info->duration_ns <= PROGRAM_MAX_NS)
		p->duration_ns = info->duration_ns;
	if (p->nr_slots > INT32_MAX - 1)
		return refuse(c, -ERANGE, p->nr_ops, "%u allocations live at once", p->nr_slots);
	settle_cpus(c);
	return collect_survivors(c);
}

int program_compile(const struct trace *t, struct program *p, struct contig_diag *diag)
{
	struct compiler c = { .t = t, .p = p, .diag = diag };

	memset(p, 0, sizeof(*p));
	int rc = compile(&c);

	free(c.ids);
	free(c.free_slots);
	free(c.cpu_allocs);
	if (rc)
		program_free(p);
	return rc;
}

void program_free(struct program *p)
{
	free(p->ops);
	free(p->pieces);
	free(p->survivors);
	memset(p, 0, sizeof(*p));
}
