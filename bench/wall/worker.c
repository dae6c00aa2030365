// SPDX-License-Identifier: MIT
/* worker.c - one thread of a replay on the wall clock: blocks of operations, and what comes between them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wall_state.h"

void (*wall_inside)(const struct worker *w, bool inside);

struct worker *worker_new(struct wall *wall, uint32_t thread)
{
	const struct wall_params *params = wall->params;
	const struct stream *s = &wall->streams.of[thread];
	size_t bytes = (sizeof(struct worker) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	struct worker *w = aligned_alloc(CACHE_LINE, bytes);

	if (!w)
		return NULL;
	memset(w, 0, bytes);
	w->wall = wall;
	w->thread = thread;
	w->stream = s;
	w->next_pieces = s->pieces;
	w->map = wall->places.map;
	w->making = &wall->places.making[thread];
	w->backend = wall->backend;
	w->clock = params->clock;
	w->ticks_per_ns = params->pace > 0 ? 1 / params->clock->ns_per_tick / params->pace : 0;
	w->rng = rng_seed(params->replay.seed, RNG_SAMPLES | (uint64_t)thread << 8);
	w->until_sample = (uint32_t)rng_below(&w->rng, 2 * WALL_SAMPLE - 1);
	w->owners = calloc(wall->program->max_pieces + 1, sizeof(*w->owners));
	w->held = calloc(s->nr_requests + 1, sizeof(*w->held));
	if (w->owners && w->held) {
		memset(w->held, 0, (s->nr_requests + 1) * sizeof(*w->held));
		return w;
	}
	worker_free(w);
	return NULL;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	counters_close(w->counters);
	free(w->owners);
	free(w->held);
	free(w);
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void end_wait(struct worker *w, uint64_t start, uint64_t *total)
{
	*total += wall_clock_now(w->clock) - start;
}

uint64_t worker_keep_pace(struct worker *w, uint64_t ns, uint64_t due)
{
	uint64_t start = wall_clock_now(w->clock), now = start;

	crew_publish(&w->wall->crew, w->thread, ns);
	/* spins: a thread that sleeps is late when it wakes up */
	for (uint32_t spins = 0; now < due && !crew_error(&w->wall->crew); now = wall_clock_now(w->clock)) {
		if (w->wall->params->placement->oversubscribed)
			worker_rest(w, &spins);
	}
	w->paced += now - start;
	return now < due ? due : now;
}

static bool wait_for_window(struct worker *w, uint64_t ns)
{
	struct crew *crew = &w->wall->crew;
	uint64_t start = wall_clock_now(w->clock);
	uint32_t spins = 0;

	for (; w->limit_ns < ns && !crew_error(crew); w->limit_ns = crew_limit(crew, w->thread))
		worker_rest(w, &spins);
	end_wait(w, start, &w->waited);
	return w->limit_ns >= ns;
}

/* `ns` is the time of what comes next. False: give up. */
static bool may_go_on(struct worker *w, uint64_t ns)
{
	struct crew *crew = &w->wall->crew;

	crew_publish(crew, w->thread, ns);
	if (crew_error(crew))
		return false;
	if (w->first_held < w->nr_held && w->held[w->first_held].until_ns <= ns)
		wall_give_back(w, ns);
	if (w->limit_ns >= ns)
		return true;
	w->limit_ns = crew_limit(crew, w->thread);
	return w->limit_ns >= ns || wait_for_window(w, ns);
}

size_t worker_checkpoint(struct worker *w, size_t end)
{
	const struct stream *s = w->stream;

	if (!may_go_on(w, stream_ns(s, w->at)))
		return w->at;
	if (stream_ns(s, end - 1) > w->limit_ns)
		w->limit_ns = crew_limit(&w->wall->crew, w->thread);
	while (end > w->at + 1 && stream_ns(s, end - 1) > w->limit_ns)
		end--;
	return end;
}

static void await_pins(struct worker *w, const struct stop *stop)
{
	const _Atomic uint32_t *pins = &w->wall->pins[stop->slot - w->wall->streams.first_slot];
	uint64_t start = wall_clock_now(w->clock);
	uint32_t spins = 0;

	crew_publish(&w->wall->crew, w->thread, stop->ns);
	while (atomic_load_explicit(pins, memory_order_acquire) < stop->number && !crew_error(&w->wall->crew))
		worker_rest(w, &spins);
	end_wait(w, start, &w->waited);
}

/* ---- meetings -------------------------------------------------------------------------------- */

/* As long as all stand still, time stands still. */
static void verify_all(void *ctx)
{
	struct wall *wall = ctx;
	uint64_t start = wall_clock_now(wall->params->clock);

	wall_verify(wall, wall->verified_event);
	wall->paused += wall_clock_now(wall->params->clock) - start;
}

static void begin_all(void *ctx)
{
	struct wall *wall = ctx;

	/* time to wake up in: all begin at once */
	wall->start = wall_clock_now(wall->params->clock) + wall_clock_ticks(wall->params->clock, 300000);
}

static void check_cpu(struct worker *w)
{
	int cpu = sched_getcpu();

	if (cpu >= 0 && (uint32_t)cpu != w->wall->params->placement->threads[w->thread].cpu)
		w->moved++;
}

static void meet(struct worker *w, const struct stop *stop)
{
	uint64_t start = wall_clock_now(w->clock);

	worker_inside(w, false);
	check_cpu(w);
	crew_publish(&w->wall->crew, w->thread, stream_ns(w->stream, w->at));
	/* the same for all */
	if (!w->thread)
		w->wall->verified_event = stop->number;
	crew_meet(&w->wall->crew, verify_all, w->wall);
	w->origin = w->wall->start + w->wall->paused;
	worker_inside(w, true);
	end_wait(w, start, &w->met);
}

/* ---- the counted pass ------------------------------------------------------------------------ */

static bool stop_at(struct worker *w, const struct stop *stop)
{
	if (stop->what == STOP_BARRIER)
		meet(w, stop);
	else if (!may_go_on(w, stop->ns))
		return false;
	else if (stop->what == STOP_REQUEST)
		wall_request(w, stop->number);
	else
		await_pins(w, stop);
	return !crew_error(&w->wall->crew);
}

static void lag_of_block(struct worker *w)
{
	uint64_t due = worker_due(w, stream_ns(w->stream, w->at));

	histogram_add(&w->lag, worker_pace(w, stream_ns(w->stream, w->at), due) - due);
}

static void run_stream(struct worker *w)
{
	const struct stream *s = w->stream;
	bool paced = w->ticks_per_ns > 0, batch = w->wall->params->timing == TIMING_BATCH;
	wall_block *block = wall_block_of(w->wall->params->timing, paced);

	for (;;) {
		bool last = w->next_stop == s->nr_stops;
		size_t leg = last ? s->nr : s->stops[w->next_stop].index;

		while (w->at < leg) {
			size_t end = worker_checkpoint(w, w->at + WALL_BLOCK < leg ? w->at + WALL_BLOCK : leg);

			if (end == w->at)
				return;
			if (paced && batch)
				lag_of_block(w);
			block(w, end);
		}
		if (last || !stop_at(w, &s->stops[w->next_stop++]))
			return;
	}
}

static void count(struct worker *w, bool begin)
{
	struct counter_values before = w->run;

	if (!w->counters)
		return;
	counters_read(w->counters, &w->run);
	if (!begin)
		counters_subtract(&w->run, &before);
}

void worker_run(struct worker *w)
{
	struct crew *crew = &w->wall->crew;

	if (!crew_meet(crew, begin_all, w->wall))
		return;
	check_cpu(w);
	count(w, true);
	w->origin = w->wall->start;
	while (wall_clock_now(w->clock) < w->origin)
		;
	worker_inside(w, true);
	run_stream(w);
	worker_inside(w, false);
	w->ended = wall_clock_now(w->clock);
	w->looped = w->ended - w->wall->start;
	atomic_store_explicit(&w->making->event, MAKING_NONE, memory_order_release);
	crew_publish(crew, w->thread, CREW_FINISHED);
	count(w, false);
	check_cpu(w);
	if (crew_error(crew))
		crew_fail(crew, crew_error(crew), "stopped");
	uint64_t requested = w->requested;

	/* what is still held is given back behind the loop */
	wall_give_back(w, UINT64_MAX);
	w->requested = requested;
}
