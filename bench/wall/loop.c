// SPDX-License-Identifier: MIT
/*
 * loop.c - the measured loop: operations of one thread's stream, in each of three timing modes.
 *
 * One body, compiled for each mode and for what else is constant, so that what a mode does not need is not there. No
 * system call and no allocation in it, but for waiting that takes long.
 */
#include <errno.h>
#include <string.h>

#include "wall_state.h"

#define INLINE      static inline __attribute__((always_inline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* How long the backend may answer -EAGAIN before that is held against it. */
#define PATIENCE_NS UINT64_C(20000000000)

/* ---- what is rare ---------------------------------------------------------------------------- */

static void contract_broken(struct worker *w, const char *what, uint32_t event, pfn_t pfn, int rc)
{
	crew_fail(&w->wall->crew, -EUCLEAN, "%s of what event %u allocated at pfn %u answered %s", what, event, pfn,
	          strerror(-rc));
}

/*
 * What another thread is to allocate, pin or give up first: until there is something at `slot`. PLACE_EMPTY: given up.
 * The time goes to `waited`.
 */
static __attribute__((noinline)) uint64_t await_place(struct worker *w, uint64_t ns, uint32_t slot)
{
	struct crew *crew = &w->wall->crew;
	uint64_t start = wall_clock_now(w->clock), place;
	uint32_t spins = 0;

	crew_publish(crew, w->thread, ns);
	while ((place = atomic_load_explicit(&w->map[slot], memory_order_acquire)) == PLACE_EMPTY && !crew_error(crew))
		worker_rest(w, &spins);
	w->waited += wall_clock_now(w->clock) - start;
	return place;
}

/* -EAGAIN: the page has moved, or is on its way. Where it is now. */
static uint64_t moved_to(struct worker *w, uint32_t slot, uint64_t place, uint64_t since, uint32_t *spins)
{
	uint64_t now = atomic_load_explicit(&w->map[slot], memory_order_acquire);

	if (now != place)
		return now;
	places_settle(&w->wall->places, w->thread);
	worker_rest(w, spins);
	if (wall_clock_ns(w->clock, wall_clock_now(w->clock) - since) > PATIENCE_NS)
		contract_broken(w, "for 20 seconds, free, split or pin", place_event(place), place_pfn(place), -EAGAIN);
	return atomic_load_explicit(&w->map[slot], memory_order_acquire);
}

static __attribute__((noinline)) void retry_free(struct worker *w, uint32_t cpu, uint32_t slot, uint64_t place, int rc)
{
	uint64_t since = wall_clock_now(w->clock);
	uint32_t spins = 0;

	w->retried_frees += rc == -EAGAIN;
	while (rc == -EAGAIN && !crew_error(&w->wall->crew)) {
		place = moved_to(w, slot, place, since, &spins);
		rc = contig_free(w->backend, cpu, place_pfn(place), executor_owner(place_event(place), slot));
	}
	if (rc && rc != -EAGAIN)
		contract_broken(w, "free", place_event(place), place_pfn(place), rc);
}

static __attribute__((noinline)) pfn_t not_allocated(struct worker *w, uint32_t event, int64_t rc)
{
	if (rc != -ENOMEM)
		contract_broken(w, "allocation", event, PFN_NONE, (int)rc);
	w->failed_allocs++;
	return PLACE_FAILED;
}

/* Split what is at `slot`; where it is then. */
static uint64_t split_place(struct worker *w, uint32_t event, const struct program_op *op, uint64_t place)
{
	owner_t owner = executor_owner(place_event(place), op->slot);
	uint64_t since = wall_clock_now(w->clock);
	uint32_t spins = 0;
	int rc;

	for (;;) {
		/* each time: looking for a page that has moved, one is making nothing */
		atomic_store_explicit(&w->making->event, event, memory_order_release);
		rc = contig_split(w->backend, place_pfn(place), owner, op->split.pieces_order, w->owners);
		if (rc != -EAGAIN || crew_error(&w->wall->crew))
			break;
		place = moved_to(w, op->slot, place, since, &spins);
	}
	if (rc && rc != -EAGAIN)
		contract_broken(w, "split", place_event(place), place_pfn(place), rc);
	return place;
}

static __attribute__((noinline)) void split(struct worker *w, uint32_t event, const struct program_op *op,
                                            uint64_t place)
{
	const uint32_t *pieces = w->next_pieces + 1;
	size_t n = (size_t)1 << (op->split.whole_order - op->split.pieces_order);
	bool failed = place_pfn(place) == PLACE_FAILED;

	w->next_pieces += n + 1;
	for (size_t k = 0; k < n; k++)
		w->owners[k] = executor_owner(event, pieces[k]);
	if (!failed)
		place = split_place(w, event, op, place);
	/* the first piece may have the slot of the whole */
	atomic_store_explicit(&w->map[op->slot], PLACE_EMPTY, memory_order_relaxed);
	for (size_t k = 0; k < n; k++) {
		pfn_t pfn = failed ? PLACE_FAILED : place_pfn(place) + ((pfn_t)k << op->split.pieces_order);

		atomic_store_explicit(&w->map[pieces[k]], place_of(event, pfn), memory_order_release);
	}
}

/* What is pinned does not move, so that its place is still known when it is unpinned. */
static __attribute__((noinline)) void pin(struct worker *w, const struct program_op *op, bool on)
{
	const struct contig_lab *lab = w->backend->ops->lab;
	uint64_t place = atomic_load_explicit(&w->map[op->slot], memory_order_acquire),
		 since = wall_clock_now(w->clock);
	bool there = place_pfn(place) != PLACE_FAILED, can = lab && lab->pin_owned;
	uint32_t spins = 0;

	while (there && can && !crew_error(&w->wall->crew)) {
		owner_t owner = executor_owner(place_event(place), op->slot);

		if (lab->pin_owned(w->backend, place_pfn(place), owner, on) != -EAGAIN)
			break;
		place = moved_to(w, op->slot, place, since, &spins);
	}
	w->skipped_pins += on && there && !can;
	worker_pinned(w, op->slot);
}

/* ---- the body -------------------------------------------------------------------------------- */

/* What does not change: in registers. */
struct fixed {
	struct worker *w;
	const struct program_op *ops;
	const uint32_t *events;
	const struct contig_what *whats;
	_Atomic uint64_t *map;
	struct making *making;
	struct contig *backend;
	bool timed; /* a constant in each mode */
};

INLINE enum wall_op operate_alloc(const struct fixed *f, size_t i)
{
	const struct program_op *op = &f->ops[i];
	const struct contig_what what = f->whats[op->what];
	uint32_t event = f->events[i], slot = op->slot;

	atomic_store_explicit(&f->making->event, event, memory_order_release);
	int64_t pfn = contig_alloc(f->backend, program_cpu(op), what, executor_owner(event, slot));

	if (UNLIKELY(pfn < 0))
		pfn = not_allocated(f->w, event, pfn);
	atomic_store_explicit(&f->map[slot], place_of(event, (pfn_t)pfn), memory_order_release);
	return what.order ? WALL_ALLOC_HIGH : WALL_ALLOC;
}

/* Where it is, once it is somewhere; the clock is read again after waiting. PLACE_EMPTY: given up. */
INLINE uint64_t placed(const struct fixed *f, const struct program_op *op, uint64_t *began)
{
	uint64_t place = atomic_load_explicit(&f->map[op->slot], memory_order_acquire);

	if (!UNLIKELY(place == PLACE_EMPTY))
		return place;
	place = await_place(f->w, program_ns(op), op->slot);
	if (f->timed)
		*began = wall_clock_now(f->w->clock);
	return place;
}

INLINE enum wall_op operate_free(const struct fixed *f, const struct program_op *op, uint64_t *began)
{
	uint32_t slot = op->slot;
	uint64_t place = placed(f, op, began);

	if (UNLIKELY(place == PLACE_EMPTY || place_pfn(place) == PLACE_FAILED)) {
		atomic_store_explicit(&f->map[slot], PLACE_EMPTY, memory_order_relaxed);
		return WALL_OP_NR;
	}
	int rc = contig_free(f->backend, program_cpu(op), place_pfn(place), executor_owner(op->birth, slot));

	if (UNLIKELY(rc))
		retry_free(f->w, program_cpu(op), slot, place, rc);
	atomic_store_explicit(&f->map[slot], PLACE_EMPTY, memory_order_relaxed);
	return WALL_FREE;
}

INLINE enum wall_op operate_rare(const struct fixed *f, size_t i, uint64_t *began)
{
	const struct program_op *op = &f->ops[i];
	enum trace_op code = program_code(op);
	uint64_t place = placed(f, op, began);

	if (place == PLACE_EMPTY)
		return WALL_OP_NR;
	if (code == TRACE_SPLIT) {
		split(f->w, f->events[i], op, place);
		return WALL_SPLIT;
	}
	pin(f->w, op, code == TRACE_PIN);
	return WALL_OP_NR;
}

/* Operation i; under which name its time goes, or WALL_OP_NR. */
INLINE enum wall_op operate(const struct fixed *f, size_t i, uint64_t *began)
{
	switch (program_code(&f->ops[i])) {
	case TRACE_ALLOC:
		return operate_alloc(f, i);
	case TRACE_FREE:
		return operate_free(f, &f->ops[i], began);
	default:
		return operate_rare(f, i, began);
	}
}

/* The end of an operation is the beginning of the next. */
INLINE void operations(struct worker *w, size_t end, bool timed, bool paced)
{
	const struct fixed f = {
		.w = w,
		.ops = w->stream->ops,
		.events = w->stream->events,
		.whats = w->wall->streams.whats,
		.map = w->map,
		.making = w->making,
		.backend = w->backend,
		.timed = timed,
	};
	uint64_t began = timed ? wall_clock_now(w->clock) : 0;

	for (size_t i = w->at; i < end; i++) {
		__builtin_prefetch((const void *)&f.map[f.ops[i + PROGRAM_AHEAD].slot], 1);
		if (paced) {
			uint64_t ns = program_ns(&f.ops[i]), due = worker_due(w, ns);

			began = worker_pace(w, ns, due);
			if (timed)
				histogram_add(&w->lag, began - due);
		}
		enum wall_op what = operate(&f, i, &began);

		if (timed) {
			uint64_t ended = wall_clock_now(w->clock);

			if (what != WALL_OP_NR)
				histogram_add(&w->op[what], ended - began);
			began = ended;
		}
	}
	w->at = end;
}

/* One in WALL_SAMPLE on average, at random distances, so that no period of the trace is met or missed. */
INLINE void sampled(struct worker *w, size_t end, bool paced)
{
	while (w->at < end) {
		size_t n = w->until_sample < end - w->at ? w->until_sample : end - w->at;

		operations(w, w->at + n, false, paced);
		w->until_sample -= (uint32_t)n;
		if (w->until_sample || w->at == end)
			break;
		operations(w, w->at + 1, true, paced);
		w->until_sample = (uint32_t)rng_below(&w->rng, 2 * WALL_SAMPLE - 1);
	}
}

#define BLOCK(name, body)                                                                                              \
	static void name(struct worker *w, size_t end)                                                                 \
	{                                                                                                              \
		body;                                                                                                  \
	}
BLOCK(batch, operations(w, end, false, false))
BLOCK(batch_paced, operations(w, end, false, true))
BLOCK(sampled_fast, sampled(w, end, false))
BLOCK(sampled_paced, sampled(w, end, true))
BLOCK(every, operations(w, end, true, false))
BLOCK(every_paced, operations(w, end, true, true))

wall_block *wall_block_of(enum wall_timing timing, bool paced)
{
	static wall_block *const blocks[][2] = {
		[TIMING_BATCH] = { batch, batch_paced },
		[TIMING_SAMPLED] = { sampled_fast, sampled_paced },
		[TIMING_EVERY] = { every, every_paced },
	};

	return blocks[timing][paced];
}
