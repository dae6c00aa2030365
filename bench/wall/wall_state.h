/* SPDX-License-Identifier: MIT */
/* wall_state.h - what a replay on the wall clock consists of: for the files of this room alone. */
#ifndef WALL_STATE_H
#define WALL_STATE_H

#include <sched.h>

#include "../virtual/replay_state.h"
#include "backing.h"
#include "crew.h"
#include "places.h"
#include "stream.h"
#include "wall.h"

/* Operations between two looks at the others, at the stop flag, and at what is to be given back. */
#define WALL_BLOCK 64u

struct wall;
struct worker;

/*
 * For a test: told when a thread enters what must make no system call and allocate nothing, and when it leaves it. NULL: nobody
 * is.
 */
extern void (*wall_inside)(const struct worker *w, bool inside);

/* Metadata that the backend asked to have bound. */
struct area {
	void *start;
	size_t bytes;
	unsigned int node;
};

/* A result of a contiguous request, to be given back when the trace has got to `until_ns`. */
struct held {
	uint32_t request;
	uint64_t until_ns;
};

/* One thread's part. */
struct worker {
	/* the loop's */
	struct wall *wall;
	const struct stream *stream;
	size_t at; /* operation that comes next */
	const uint32_t *next_pieces;
	_Atomic uint64_t *map;
	struct making *making;
	struct contig *backend;
	const struct wall_clock *clock;
	uint64_t origin;     /* ticks: when trace time 0 is */
	double ticks_per_ns; /* of trace time, by the pace; 0: as fast as possible */
	uint64_t limit_ns;   /* trace time up to which nobody is too far behind, as was seen last */
	uint32_t until_sample;
	struct rng rng;
	uint64_t failed_allocs;
	uint64_t retried_frees;
	uint64_t skipped_pins;
	uint64_t waited; /* ticks, as all below */
	uint64_t paced;
	struct histogram op[WALL_OP_NR];
	struct histogram lag;
	/* aside of it */
	uint32_t thread;
	size_t next_stop;
	owner_t *owners; /* scratch for a split */
	uint64_t ended;  /* when its last event was done */
	uint64_t looped; /* from the first event to the last, waiting and meetings included */
	uint64_t met;
	uint64_t requested;
	struct held *held; /* in the order in which they are given back */
	size_t nr_held;
	size_t first_held;
	struct histogram phase[PHASE_NR];
	struct histogram request;
	struct counters *counters;
	struct counter_values run;
	struct counter_values by_phase[PHASE_NR];
	uint32_t moved; /* times it was found on another cpu than its own */
};

struct wall {
	const struct wall_params *params;
	struct wall_result *result;
	struct contig_diag *diag;
	const struct program *program;
	struct contig_hooks hooks;
	struct area *areas; /* of metadata */
	size_t nr_areas;
	size_t cap_areas;
	int place_error; /* of the hook that binds metadata */
	struct backing *backing;
	struct replay *aged;
	struct contig *backend;
	bool on_threads; /* earlier passes are over */
	struct streams streams;
	struct places places;
	_Atomic uint32_t *pins; /* by shared slot, pinned or unpinned so often; NULL: nobody waits for that */
	struct crew crew;
	struct worker **workers; /* by thread */
	uint64_t start;          /* ticks: when all begin */
	uint64_t paused;         /* ticks: all stood still while something was verified */
	uint32_t verified_event;
};

/* ---- loop.c ---------------------------------------------------------------------------------- */

/* Operations up to `end`, without a look at anything else. */
typedef void wall_block(struct worker *w, size_t end);
wall_block *wall_block_of(enum wall_timing timing, bool paced);

/* ---- worker.c -------------------------------------------------------------------------------- */

/* NULL: no memory. */
struct worker *worker_new(struct wall *wall, uint32_t thread);
void worker_free(struct worker *w);
/*
 * How far it may go on from `at`, at most to `end`: no further ahead of the slowest than the window, which is waited for,
 * once what has to be given back has been. `at`: give up.
 */
size_t worker_checkpoint(struct worker *w, size_t end);
/* All of the counted pass. */
void worker_run(struct worker *w);

static inline void worker_inside(const struct worker *w, bool inside)
{
	if (__builtin_expect(wall_inside != NULL, 0))
		wall_inside(w, inside);
}

/* Between two looks at what one waits for. */
static inline void worker_rest(const struct worker *w, uint32_t *spins)
{
	if (++*spins > w->wall->crew.patience) {
		worker_inside(w, false);
		sched_yield();
		worker_inside(w, true);
		return;
	}
	cpu_relax();
}

/* When something of trace time `ns` is to be done, ticks. */
static inline uint64_t worker_due(const struct worker *w, uint64_t ns)
{
	return w->origin + (uint64_t)((double)ns * w->ticks_per_ns);
}

/* Until it is due; adds to `paced`. Returns the clock. */
uint64_t worker_keep_pace(struct worker *w, uint64_t ns, uint64_t due);
static inline uint64_t worker_pace(struct worker *w, uint64_t ns, uint64_t due)
{
	uint64_t now = wall_clock_now(w->clock);

	return __builtin_expect(now >= due, 1) ? now : worker_keep_pace(w, ns, due);
}

/* For those who wait until what is at a slot has been pinned by others. */
static inline void worker_pinned(const struct worker *w, uint32_t slot)
{
	const struct streams *s = &w->wall->streams;

	if (w->wall->pins && slot >= s->first_slot && slot < s->own_slot)
		atomic_fetch_add_explicit(&w->wall->pins[slot - s->first_slot], 1, memory_order_release);
}

/* ---- wall_requests.c ------------------------------------------------------------------------- */

/* Request k, from its beginning to its end. */
void wall_request(struct worker *w, uint32_t k);
/* Give back what was held until the trace had got to `ns`. */
void wall_give_back(struct worker *w, uint64_t ns);

/* ---- wall_verify.c --------------------------------------------------------------------------- */

/* Of a backend at rest: its invariants, and the contents of all that is live. 0, or -EUCLEAN with the crew told. */
int wall_verify(struct wall *wall, size_t event);

/* ---- harness.c ------------------------------------------------------------------------------- */

/*
 * What the loop costs beside the allocator, ns an event, on one thread; negative: memory is too short to try, or the machine too busy. After everything
 * else, because it spoils the places and calls the backend. 0, or placement_pin()'s, or -ENOMEM.
 */
int wall_harness(struct wall *wall, double *ns);

#endif
