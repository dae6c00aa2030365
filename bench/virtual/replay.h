/* SPDX-License-Identifier: MIT */
/*
 * replay.h - one trace on one backend with one seed, in virtual time (design: the second of three clocks).
 *
 * One thread. Trace events happen at their own time. A contiguous request is a sequence of steps; a step acts
 * atomically when it starts and lasts as long as the cost table says; events dated up to and including its end happen
 * before the next step. The same input gives the same result, bit for bit.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdatomic.h>

#include "caller.h"
#include "cost.h"
#include "picture.h"
#include "program.h"
#include "requests.h"

struct request_record;

/* Somebody who looks on; each may be NULL. A look must not change the backend. */
struct replay_watch {
	void *ctx;
	/* After a step of request k; `ended` is NULL as long as there are more. */
	void (*stepped)(void *ctx, struct contig *backend, uint32_t k, const struct contig_work *work,
	                const struct request_record *ended);
	/* An allocation was migrated. */
	void (*moved)(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order);
};

struct replay_params {
	const struct program *program;
	const struct contig_geometry *geometry;
	const struct cost_table *cost;
	const char *backend; /* NAME or NAME+knob=value+... */
	uint64_t seed;
	struct caller_params caller;
	uint32_t request_pages; /* 0: no requests */
	uint32_t age;           /* passes before those that count */
	uint32_t passes;        /* that count, in one stretch of virtual time; 0: one */
	uint64_t hold_ns;
	uint64_t interval_ns;
	uint64_t max_requests;
	uint64_t verify_every;            /* events; 0 = never */
	uint32_t samples;                 /* of fragmentation over all counted passes */
	bool maps;                        /* draw each zone at the end */
	const atomic_bool *stop;          /* when it becomes true: give up with -EINTR; may be NULL */
	const struct replay_watch *watch; /* may be NULL */
	const struct contig_hooks *hooks; /* to open the backend with, of the wall clock; NULL: the replay's own */
};

/* One contiguous request and how it ended. Times are ns since the first counted pass began. */
struct request_record {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t failed_ns;          /* end of the last step before it was undone */
	uint64_t since_ns;           /* when the blocking page's owner allocated it, in its pass */
	uint64_t waited_ns;          /* for locks that other requests held */
	uint64_t phase_ns[PHASE_NR]; /* in steps of each phase: with waited_ns, all from begin to end */
	pfn_t start;    /* of the range; of a user's request, of the last range it asked for, or PFN_NONE */
	uint32_t got;   /* pages; of a request that failed, too */
	uint32_t calls; /* of alloc_contig_range or offline_pages */
	uint32_t waits; /* times it found a lock taken */
	uint32_t cpu;
	int32_t rc;
	pfn_t blocker;   /* first blocking pfn, or PFN_NONE */
	uint32_t event;  /* trace event that allocated the blocking page, or EVENT_NONE */
	uint32_t pass;   /* counted pass in which it ended, from 0 */
	uint32_t passes; /* how many passes before that one the event was */
	uint8_t phase;   /* enum contig_phase */
	uint8_t reason;  /* enum contig_reason */
	uint8_t kind;    /* enum page_kind of the blocking page */
	uint8_t pad[5];
	struct contig_work total;
	struct contig_work undo; /* the part of total that undid what was done */
};

#define EVENT_NONE UINT32_MAX

/* One sample of the fragmentation series; indices of spec section 10 at pageblock order, in thousandths. */
struct sample_record {
	uint64_t ns;
	uint64_t free;
	uint64_t pcp;
	uint64_t isolated;
	uint64_t mixed_blocks;
	uint64_t blocks[MT_NR];
	uint64_t retyped[RETYPE_NR]; /* pageblocks, since the first counted pass began */
	int32_t unusable;
	int32_t fragmentation;
};

struct replay_result {
	uint64_t events;        /* executed, all passes */
	uint64_t allocs;        /* of the counted passes ... */
	uint64_t failed_allocs; /* ... and how many of them got nothing */
	uint64_t aging_failed_allocs;
	uint64_t skipped_pins;    /* the backend can not pin */
	uint64_t late_frees;      /* free while the page was being migrated */
	struct sample_record end; /* after the last request gave its pages back */
	uint32_t nr_requests;
	uint32_t nr_samples;
	uint32_t nr_maps; /* of zones then, if they were asked for and the backend can be looked at */
	struct request_record *requests;
	struct sample_record *samples;
	struct zone_map *maps;
	uint64_t cpu_ns; /* CPU time this took: not part of the deterministic results */
};

/*
 * 0; -EUCLEAN when verify found a violation, -EINTR when stopped, -EINVAL or -ENOMEM when the backend can not be
 * opened: *diag says which. The result holds nothing then.
 */
int replay_run(const struct replay_params *params, struct replay_result *result, struct contig_diag *diag);
void replay_result_free(struct replay_result *result);

/*
 * The same in pieces, for those who compare replays on the way. Errors are replay_run()'s; close after one, too.
 * Everything that `params` points to must outlive the replay.
 */
struct replay;
int replay_open(const struct replay_params *params, struct replay **out, struct contig_diag *diag);
void replay_close(struct replay *r);
/* Events of all passes. */
uint64_t replay_events(const struct replay *r);
/*
 * Go on until that many events are carried out, of all passes together, and what is timed before the last of them.
 * With replay_events(): to the end, the last range given back. Never backwards.
 */
int replay_advance(struct replay *r, uint64_t events);
/* Where the allocation that `event` of the current pass is about lies, or PFN_NONE. For the last event carried out. */
pfn_t replay_place(const struct replay *r, size_t event);
uint32_t replay_nr_requests(const struct replay *r);
/* The k-th request's record once it has ended, else NULL. */
const struct request_record *replay_request(const struct replay *r, uint32_t k);
struct contig *replay_backend(const struct replay *r);

#endif
