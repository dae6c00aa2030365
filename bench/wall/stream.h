/* SPDX-License-Identifier: MIT */
/*
 * stream.h - the counted pass cut by thread: what each one does, in order, in arrays that it streams through.
 *
 * An allocation that only one thread has to do with gets a slot that this thread uses again; slots of one thread lie in
 * cache lines of their own. The others get a slot for good: these come first, after those of what earlier passes left
 * behind, so that one comparison tells whether a slot may have to be waited for.
 */
#ifndef STREAM_H
#define STREAM_H

#include "../virtual/program.h"
#include "../virtual/requests.h"
#include "../virtual/survivors.h"

/* Something that is no trace event, to be done before operation `index`. */
enum stop_what {
	STOP_REQUEST, /* `number` of the stream of requests */
	STOP_BARRIER, /* before trace event `number` all threads meet */
	STOP_AWAIT,   /* until `slot` has been pinned and unpinned `number` times in all, by other threads */
};

struct stop {
	uint64_t ns;
	size_t index;
	uint32_t slot;
	uint32_t number;
	uint8_t what; /* enum stop_what */
};

struct stream {
	struct program_op *ops; /* nr, and PROGRAM_AHEAD that are never executed; slots are struct places' */
	uint32_t *events;       /* their numbers in the trace; frees of survivors: EVENT_NONE */
	size_t nr;
	uint32_t *pieces; /* for each split: the event that allocated the whole, then the slots of the pieces */
	size_t nr_pieces;
	struct stop *stops;
	size_t nr_stops;
	size_t nr_requests; /* among the stops */
	size_t cap_ops;     /* of ops ... */
	size_t cap_events;
	size_t cap_pieces;
	size_t cap_stops;
};

/*
 * What is allocated comes in a few kinds: made once, because a word put together from bytes can not be loaded before all of
 * them are stored, which would cost as much as all the rest of the loop.
 */
struct streams {
	struct stream *of; /* by thread */
	uint32_t nr;
	uint32_t first_slot; /* those before are the last pass's survivors' */
	uint32_t own_slot;   /* from here on slots belong to a thread; before it to several */
	size_t nr_slots;
	struct contig_what *whats;
	size_t nr_whats;
	size_t cap_whats;
	bool pins; /* several threads pin what one has allocated: pins are counted by slot */
};

struct stream_plan {
	const struct program *program;
	const uint16_t *thread_of; /* trace cpu -> thread */
	uint32_t nr_threads;
	uint32_t nr_cpus;
	struct survivors *survivors; /* scheduled; all are taken */
	uint32_t survivor_base;      /* added to their slots */
	uint32_t first_slot;
	const struct request_stream *requests; /* may be empty */
	uint64_t barrier_every;                /* events; 0: never */
};

/* 0, -ENOMEM, or -ERANGE: too many slots. */
int streams_compile(struct streams *s, const struct stream_plan *plan);
void streams_free(struct streams *s);
/* By the thread that will read it, pinned: memory of its own node. Stays as it is where there is no memory for that. */
void stream_bring_here(struct stream *s);

/* Of operation i, or of the end. */
static inline uint64_t stream_ns(const struct stream *s, size_t i)
{
	return i < s->nr ? program_ns(&s->ops[i]) : UINT64_MAX;
}

#endif
