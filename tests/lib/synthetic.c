// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../bench/virtual/rng.h"
#include "synthetic.h"

const struct synthetic synthetic_small = {
	.seed = 11,
	.nr_events = 20000,
	.live = 4000,
	.cpus = 2,
	.unmovable = 20,
	.high_order = 30,
	.splits = 5,
	.interval_ns = 1000,
};

const struct synthetic synthetic_four_nodes = {
	.seed = 13,
	.nr_events = 20000,
	.live = 4000,
	.cpus = 4,
	.nodes = 4,
	.unmovable = 20,
	.high_order = 30,
	.interval_ns = 1000,
};

const struct synthetic synthetic_busy = {
	.seed = 7,
	.nr_events = 60000,
	.live = 3000,
	.cpus = 2,
	.unmovable = 30,
	.high_order = 50,
	.splits = 10,
	.interval_ns = 1000,
};

struct live {
	uint32_t id;
	uint8_t order;
};

struct maker {
	const struct synthetic *how;
	struct rng rng;
	struct trace_event *events;
	size_t nr;
	struct live *live;
	size_t nr_live;
	uint32_t next_id;
	uint64_t pages;
	uint64_t peak;
};

static bool chance(struct maker *m, uint32_t thousandths)
{
	return rng_below(&m->rng, 1000) < thousandths;
}

static struct trace_event *add(struct maker *m, enum trace_op op)
{
	struct trace_event *e = &m->events[m->nr];

	*e = (struct trace_event){
		.ns = m->nr * m->how->interval_ns,
		.op = (uint8_t)op,
		.cpu = (uint16_t)rng_below(&m->rng, m->how->cpus),
		.zone = ZONE_NORMAL,
	};
	if (m->how->nodes)
		e->node = (uint8_t)(e->cpu % m->how->nodes);
	m->nr++;
	return e;
}

static void allocate(struct maker *m)
{
	struct trace_event *e = add(m, TRACE_ALLOC);

	e->id = m->next_id++;
	e->order = chance(m, m->how->high_order) ? (uint8_t)(1 + rng_below(&m->rng, 3)) : 0;
	if (chance(m, m->how->unmovable)) {
		e->kind = PAGE_KERNEL;
		e->migratetype = MT_UNMOVABLE;
	} else {
		e->kind = e->order ? PAGE_LRU_COMPOUND : PAGE_LRU;
		e->migratetype = MT_MOVABLE;
	}
	m->live[m->nr_live++] = (struct live){ .id = e->id, .order = e->order };
	m->pages += UINT64_C(1) << e->order;
	if (m->pages > m->peak)
		m->peak = m->pages;
}

static struct live take(struct maker *m)
{
	size_t i = rng_below(&m->rng, m->nr_live);
	struct live l = m->live[i];

	m->live[i] = m->live[--m->nr_live];
	return l;
}

static void release(struct maker *m)
{
	struct live l = take(m);

	add(m, TRACE_FREE)->id = l.id;
	m->pages -= UINT64_C(1) << l.order;
}

static void split(struct maker *m)
{
	struct live l = take(m);
	struct trace_event *e;

	if (!l.order) {
		m->live[m->nr_live++] = l;
		return;
	}
	e = add(m, TRACE_SPLIT);
	e->id = l.id;
	e->aux = m->next_id;
	e->order = 0;
	for (uint32_t k = 0; k < 1u << l.order; k++)
		m->live[m->nr_live++] = (struct live){ .id = m->next_id++ };
}

void synthetic_trace(const struct synthetic *how, struct trace *t)
{
	struct maker m = { .how = how, .rng = rng_seed(how->seed, 99), .next_id = 1 };

	m.events = calloc(how->nr_events, sizeof(*m.events));
	m.live = calloc((size_t)how->nr_events * 8 + 8, sizeof(*m.live));
	assert(m.events && m.live);
	while (m.nr < how->nr_events) {
		if (m.nr_live > 1 && chance(&m, how->splits))
			split(&m);
		else if (m.nr_live < 2 || rng_below(&m.rng, 2ull * how->live) >= m.nr_live)
			allocate(&m);
		else
			release(&m);
	}
	free(m.live);
	memset(t, 0, sizeof(*t));
	t->events = m.events;
	t->info = (struct trace_info){
		.version = 1,
		.page_shift = 12,
		.pageblock_order = 9,
		.max_order = 10,
		.nr_cpus = how->cpus,
		.nr_nodes = how->nodes ? how->nodes : 1,
		.nr_events = m.nr,
		.nr_ids = m.next_id,
		.duration_ns = m.nr * how->interval_ns,
		.peak_pages = m.peak,
		.kernel = "6.0-synthetic",
		.label = "synthetic",
		.date = "2026-01-01T00:00:00Z",
	};
}

void trace_file(struct trace *t, const char *path)
{
	struct contig_diag diag = { "" };
	struct trace_writer *w = trace_writer_open(path, &diag);

	assert(w);
	for (uint64_t i = 0; i < t->info.nr_events; i++)
		trace_writer_add(w, &t->events[i]);
	int rc = trace_writer_close(w, &t->info, &diag);

	if (rc)
		fprintf(stderr, "%s\n", diag.text);
	assert(!rc);
}

void synthetic_file(const struct synthetic *how, const char *path)
{
	struct trace t;

	synthetic_trace(how, &t);
	trace_file(&t, path);
	trace_close(&t);
}

void trace_of(const struct trace_event *events, struct trace *t)
{
	size_t n = 0;

	while (events[n].op != TRACE_OP_NR)
		n++;
	memset(t, 0, sizeof(*t));
	t->events = calloc(n, sizeof(*events));
	assert(t->events);
	memcpy(t->events, events, n * sizeof(*events));
	t->info = (struct trace_info){
		.version = 1,
		.page_shift = 12,
		.pageblock_order = 9,
		.max_order = 10,
		.nr_cpus = 1,
		.nr_nodes = 1,
		.nr_events = n,
		.duration_ns = n ? events[n - 1].ns : 0,
	};
	for (size_t i = 0; i < n; i++) {
		uint64_t last = events[i].op == TRACE_SPLIT ? (uint64_t)events[i].aux + (1u << 10) : events[i].id;

		if (last >= t->info.nr_ids)
			t->info.nr_ids = last + 1;
	}
}
