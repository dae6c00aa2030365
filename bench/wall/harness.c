// SPDX-License-Identifier: MIT
/* harness.c - what the measured loop costs beside what it measures. */
#include <errno.h>
#include <stdlib.h>

#include "../results/stats.h"
#include "wall_state.h"

#define EVENTS  1000000u /* at most; of all threads together */
#define REPEATS 3u

struct trial {
	struct wall *wall;
	double ns;
	int rc;
};

/* One thread's stream from its beginning; operations done. */
static size_t run_dry(struct worker *w, size_t most)
{
	wall_block *block = wall_block_of(w->wall->params->timing, w->ticks_per_ns > 0, true);
	size_t nr = w->stream->nr < most ? w->stream->nr : most;

	w->at = 0;
	w->next_pieces = w->stream->pieces;
	/* every event is due, and nobody is behind */
	w->origin = wall_clock_now(w->clock);
	if (w->ticks_per_ns > 0)
		w->ticks_per_ns = 1e-30;
	w->limit_ns = UINT64_MAX;
	while (w->at < nr) {
		size_t end = worker_checkpoint(w, w->at + WALL_BLOCK < nr ? w->at + WALL_BLOCK : nr);

		if (end == w->at)
			break;
		block(w, end);
	}
	return w->at;
}

static uint64_t run_all(struct wall *wall, size_t *events)
{
	uint64_t start = wall_clock_now(wall->params->clock);

	*events = 0;
	for (uint32_t i = 0; i < wall->streams.nr; i++)
		*events += run_dry(wall->workers[i], EVENTS / wall->streams.nr);
	return wall_clock_now(wall->params->clock) - start;
}

static void *measure(void *ctx)
{
	struct trial *t = ctx;
	struct wall *wall = t->wall;
	uint64_t ticks[REPEATS];
	size_t events = 0;

	t->rc = placement_pin(wall->params->placement, 0, wall->diag);
	if (t->rc)
		return NULL;
	run_all(wall, &events);
	for (uint32_t i = 0; i < REPEATS; i++)
		ticks[i] = run_all(wall, &events);
	stats_sort(ticks, REPEATS);
	if (events)
		t->ns = (double)ticks[REPEATS / 2] * wall->params->clock->ns_per_tick / (double)events;
	return NULL;
}

int wall_harness(struct wall *wall, double *ns)
{
	struct trial t = { .wall = wall };
	pthread_t id;

	if (pthread_create(&id, NULL, measure, &t))
		return contig_diag_set(wall->diag, -ENOMEM, "no thread to measure the harness with");
	pthread_join(id, NULL);
	*ns = t.ns;
	return t.rc;
}
