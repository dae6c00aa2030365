// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../virtual/grow.h"
#include "wall_state.h"

#define WINDOW_NS UINT64_C(10000000)

const char *wall_op_name(enum wall_op op)
{
	static const char *const names[WALL_OP_NR] = {
		[WALL_ALLOC] = "alloc", [WALL_ALLOC_HIGH] = "alloc-high", [WALL_FREE] = "free", [WALL_SPLIT] = "split"
	};

	return names[op];
}

/* ---- the backend's hooks --------------------------------------------------------------------- */

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct wall *wall = ctx;

	if (wall->on_threads)
		places_moved(&wall->places, owner, from, to);
	else
		wall->aged->x.hooks.moved(&wall->aged->x, owner, from, to, order);
}

/* Bound first, then allocated: the kernel has touched every page's descriptor long before a request isolates it. */
static int place(void *ctx, void *start, size_t bytes, unsigned int node, struct contig_diag *diag)
{
	struct wall *wall = ctx;
	bool bind = wall->params->placement->bind;

	if (bind && !grow((void **)&wall->areas, wall->nr_areas, &wall->cap_areas, sizeof(*wall->areas)))
		return contig_diag_set(diag, -ENOMEM, "no memory to note what is bound");
	if (bind)
		wall->areas[wall->nr_areas++] = (struct area){ start, bytes, node };
	wall->place_error = bind ? placement_bind(wall->params->placement, start, bytes, node, diag) : 0;
	if (wall->place_error)
		return wall->place_error;
	wall->place_error = placement_populate(start, bytes);
	return wall->place_error ? contig_diag_set(diag, wall->place_error,
	                                           "the kernel can not give %zu bytes for metadata of a zone: %s",
	                                           bytes, strerror(-wall->place_error))
	                         : 0;
}

static void filled(void *ctx, owner_t owner, pfn_t pfn, unsigned int order)
{
	backing_filled(((struct wall *)ctx)->backing, owner, pfn, order);
}

static void emptied(void *ctx, owner_t owner, pfn_t pfn, unsigned int order)
{
	backing_emptied(((struct wall *)ctx)->backing, owner, pfn, order);
}

static void copy(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	backing_copy(((struct wall *)ctx)->backing, owner, from, to, order);
}

/* ---- before the threads ---------------------------------------------------------------------- */

static int no_memory(struct wall *wall)
{
	return contig_diag_set(wall->diag, -ENOMEM, "no memory for a replay on threads: replay a slice of the trace");
}

/* Everything up to the state at which the threads begin. */
static int open_and_age(struct wall *wall)
{
	const struct wall_params *params = wall->params;
	const struct contig_backend *b = contig_backend_of(params->replay.backend);
	struct replay_params replay = params->replay;
	int rc = 0;

	if (b && !b->threads)
		return contig_diag_set(wall->diag, -EOPNOTSUPP,
		                       "%s is not for several threads: it can not run on the wall clock", b->name);
	wall->hooks = (struct contig_hooks){ .ctx = wall, .moved = moved, .threads = true, .place = place };
	if (params->backing) {
		wall->hooks.filled = filled;
		wall->hooks.emptied = emptied;
		wall->hooks.copy = copy;
		rc = backing_open(&wall->backing, replay.geometry, params->placement, wall->diag);
	}
	if (rc)
		return rc;
	replay.hooks = &wall->hooks;
	replay.samples = 0;
	replay.watch = NULL;
	rc = replay_open(&replay, &wall->aged, wall->diag);
	if (rc) /* contig_open() has no errno of its own for what a hook refused */
		return wall->place_error ? wall->place_error : rc;
	wall->backend = replay_backend(wall->aged);
	wall->diag->text[0] = '\0'; /* what opening would have said if memory had been too short */
	return replay_age(wall->aged);
}

/* Where the last pass has left what it left. */
static void take_over(struct wall *wall, uint32_t base)
{
	const struct program *p = wall->program;

	for (size_t i = 0; i < wall->aged->survivors.nr; i++) {
		const struct program_survivor *s = &p->survivors[i];
		pfn_t pfn = wall->aged->x.map[base + s->slot];

		atomic_store(&wall->places.map[base + s->slot],
		             place_of(s->birth, pfn == PFN_NONE ? PLACE_FAILED : pfn));
	}
}

static int cut(struct wall *wall)
{
	const struct wall_params *params = wall->params;
	const struct executor *x = &wall->aged->x;
	uint32_t base = x->base ? 0 : wall->program->nr_slots;
	const struct stream_plan plan = {
		.program = wall->program,
		.thread_of = params->placement->thread_of,
		.nr_threads = params->placement->nr_threads,
		.nr_cpus = params->replay.geometry->nr_cpus,
		.survivors = &wall->aged->survivors,
		.survivor_base = base,
		.first_slot = params->replay.age ? base + wall->program->nr_slots : 0,
		.requests = &wall->aged->stream,
		.barrier_every = params->replay.verify_every,
	};
	int rc = streams_compile(&wall->streams, &plan);

	if (rc == -ERANGE)
		return contig_diag_set(wall->diag, -EINVAL,
		                       "more than 2^32 allocations of one thread are freed by another: replay a slice");
	if (rc)
		return no_memory(wall);
	rc = places_init(&wall->places, wall->program, plan.thread_of, plan.nr_threads, plan.first_slot,
	                 wall->streams.nr_slots);
	if (rc)
		return no_memory(wall);
	take_over(wall, base);
	return 0;
}

static int prepare(struct wall *wall)
{
	const struct wall_params *params = wall->params;
	const struct placement *p = params->placement;
	struct wall_result *result = wall->result;
	int rc = cut(wall);

	if (rc)
		return rc;
	if (wall->streams.pins) {
		wall->pins = calloc(wall->streams.own_slot - wall->streams.first_slot + 1u, sizeof(*wall->pins));
		if (!wall->pins)
			return no_memory(wall);
	}
	result->nr_threads = p->nr_threads;
	result->nr_requests = (uint32_t)wall->aged->stream.nr;
	result->threads = calloc(p->nr_threads, sizeof(*result->threads));
	result->requests = calloc(result->nr_requests + 1u, sizeof(*result->requests));
	wall->workers = calloc(p->nr_threads, sizeof(*wall->workers));
	if (!result->threads || !result->requests || !wall->workers ||
	    crew_init(&wall->crew, p->nr_threads, params->window_ns ? params->window_ns : WINDOW_NS, p->oversubscribed,
	              params->replay.stop, wall->diag))
		return no_memory(wall);
	memset(result->requests, 0, (result->nr_requests + 1u) * sizeof(*result->requests));
	return 0;
}

/* ---- the threads ----------------------------------------------------------------------------- */

struct start {
	struct wall *wall;
	uint32_t thread;
	pthread_t id;
};

/* What a thread works with lies on its node: it is the one that touches it first. */
static void *thread_main(void *ctx)
{
	const struct start *start = ctx;
	struct wall *wall = start->wall;
	const struct wall_params *params = wall->params;
	struct contig_diag diag = { "" };
	char name[16];

	/* for top, perf and whoever else looks at threads */
	snprintf(name, sizeof(name), "replay %u", start->thread);
	pthread_setname_np(pthread_self(), name);
	int rc = placement_pin(params->placement, start->thread, &diag);
	struct worker *w = rc ? NULL : worker_new(wall, start->thread);
	bool counts = params->counters || params->phase_counters;

	if (w && params->placement->bind)
		stream_bring_here(&wall->streams.of[start->thread]);
	wall->workers[start->thread] = w;
	if (w && counts)
		w->counters = counters_open();
	if (rc)
		crew_fail(&wall->crew, rc, "%s", diag.text);
	else if (!w || (counts && !w->counters))
		crew_fail(&wall->crew, -ENOMEM, "no memory for thread %u", start->thread);
	else
		worker_run(w);
	if (w && w->counters) {
		counters_close(w->counters);
		w->counters = NULL;
	}
	return NULL;
}

static int run_threads(struct wall *wall)
{
	uint32_t nr = wall->result->nr_threads, begun = 0;
	struct start *starts = calloc(nr, sizeof(*starts));

	if (!starts)
		return no_memory(wall);
	wall->on_threads = true;
	for (; begun < nr; begun++) {
		starts[begun] = (struct start){ .wall = wall, .thread = begun };
		int err = pthread_create(&starts[begun].id, NULL, thread_main, &starts[begun]);

		if (err) {
			crew_fail(&wall->crew, -ENOMEM, "thread %u of %u could not be started: %s", begun, nr,
			          strerror(err));
			break;
		}
	}
	for (uint32_t i = 0; i < begun; i++)
		pthread_join(starts[i].id, NULL);
	free(starts);
	return atomic_load(&wall->crew.error);
}

/* ---- after the threads ----------------------------------------------------------------------- */

static uint64_t ns_of(const struct worker *w, uint64_t ticks)
{
	return wall_clock_ns(w->clock, ticks);
}

static void add_worker(struct wall_result *result, const struct worker *w)
{
	result->threads[w->thread] = (struct wall_thread){
		.events = w->at,
		.loop_ns = ns_of(w, w->looped - w->waited - w->paced - w->met),
		.waited_ns = ns_of(w, w->waited),
		.paced_ns = ns_of(w, w->paced),
		.request_ns = ns_of(w, w->requested),
		.cpu = w->wall->params->placement->threads[w->thread].cpu,
		.moved = w->moved,
	};
	result->events += w->at;
	result->failed_allocs += w->failed_allocs;
	result->retried_frees += w->retried_frees;
	result->skipped_pins += w->skipped_pins;
	for (int i = 0; i < WALL_OP_NR; i++)
		histogram_merge(&result->op[i], &w->op[i]);
	for (int i = 0; i < PHASE_NR; i++) {
		histogram_merge(&result->phase[i], &w->phase[i]);
		counters_add(&result->by_phase[i], &w->by_phase[i]);
	}
	histogram_merge(&result->request, &w->request);
	histogram_merge(&result->lag, &w->lag);
	if (w->wall->params->counters)
		counters_add(&result->run, &w->run);
}

static void sum_up(struct wall *wall)
{
	struct wall_result *result = wall->result;
	struct contig_stats after;
	uint64_t ended = wall->start + wall->paused;

	for (uint32_t i = 0; i < result->nr_threads; i++) {
		add_worker(result, wall->workers[i]);
		if (wall->workers[i]->ended > ended)
			ended = wall->workers[i]->ended;
	}
	result->wall_ns = ns_of(wall->workers[0], ended - wall->start - wall->paused);
	result->allocs = wall->program->nr_allocs;
	contig_stats(wall->backend, CONTIG_ALL_ZONES, &after);
	for (int i = 0; i < RETYPE_NR; i++)
		result->retyped[i] = after.retyped[i] - wall->aged->before.retyped[i];
	result->metadata_bytes = after.metadata_bytes;
	replay_sample(wall->aged, wall->program->duration_ns, &result->end);
}

/* Where the kernel says that it all lies. */
static int verify_nodes(struct wall *wall)
{
	const struct placement *p = wall->params->placement;
	struct wall_result *result = wall->result;
	int rc = 0;

	for (size_t i = 0; i < wall->nr_areas && !rc; i++) {
		const struct area *a = &wall->areas[i];

		rc = placement_verify(p, a->start, a->bytes, a->node, &result->metadata, wall->diag);
	}
	if (!wall->backing)
		return rc;
	result->backing_bytes = backing_bytes(wall->params->replay.geometry);
	return rc || !p->bind ? rc : backing_verify_nodes(wall->backing, &result->backing, wall->diag);
}

static int measure_harness(struct wall *wall)
{
	struct wall_result *result = wall->result;
	uint64_t loops = 0;
	int rc = 0;

	result->harness_ns = wall->params->harness_ns;
	if (result->harness_ns == 0)
		rc = wall_harness(wall, &result->harness_ns);

	for (uint32_t i = 0; i < result->nr_threads; i++)
		loops += result->threads[i].loop_ns - result->threads[i].request_ns;
	if (loops && result->harness_ns > 0)
		result->harness_share =
			(uint32_t)(1000 * result->harness_ns * (double)result->events / (double)loops + 0.5);
	return rc;
}

static int run(struct wall *wall)
{
	int rc = open_and_age(wall);

	if (!rc)
		rc = prepare(wall);
	if (!rc)
		rc = run_threads(wall);
	if (!rc)
		rc = wall_verify(wall, wall->program->nr_ops);
	if (!rc)
		rc = verify_nodes(wall);
	if (rc)
		return rc;
	sum_up(wall);
	return measure_harness(wall);
}

static void release(struct wall *wall)
{
	for (uint32_t i = 0; wall->workers && i < wall->result->nr_threads; i++)
		worker_free(wall->workers[i]);
	free(wall->workers);
	crew_free(&wall->crew);
	places_free(&wall->places);
	streams_free(&wall->streams);
	free(wall->pins);
	replay_close(wall->aged);
	if (wall->backing)
		backing_close(wall->backing);
	free(wall->areas);
}

int wall_run(const struct wall_params *params, struct wall_result *result, struct contig_diag *diag)
{
	struct wall wall = { .params = params, .result = result, .diag = diag, .program = params->replay.program };

	memset(result, 0, sizeof(*result));
	diag->text[0] = '\0';
	int rc = run(&wall);

	if (rc == -ENOMEM && !diag->text[0])
		no_memory(&wall);
	if (rc == -EINTR)
		contig_diag_set(diag, rc, "stopped");
	release(&wall);
	if (rc)
		wall_result_free(result);
	return rc;
}

void wall_result_free(struct wall_result *result)
{
	free(result->threads);
	free(result->requests);
	memset(result, 0, sizeof(*result));
}
