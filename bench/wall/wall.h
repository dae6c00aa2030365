/* SPDX-License-Identifier: MIT */
/*
 * wall.h - one trace on one backend with one seed, on threads and the wall clock (design: the third of three clocks).
 *
 * Earlier passes (`age`) are replayed in virtual time by one thread, so that the state at the start is the one of
 * `--clock virtual`. The counted pass is then cut by cpu: each thread carries out the events of its trace cpus in their
 * order, under the backend's own locks. An event that needs another thread's (a free of what another cpu allocated) waits
 * for it; besides, no thread is further ahead of the slowest than the window, in trace time, so that no more is live at
 * once than in the trace and a little. That waiting is measured apart and is in no latency.
 *
 * A contiguous request is made by the thread of its cpu, step by step until it is done, and races with all the others.
 */
#ifndef WALL_H
#define WALL_H

#include "../measure/clock.h"
#include "../measure/counters.h"
#include "../measure/histogram.h"
#include "../virtual/replay.h"
#include "placement.h"

enum wall_timing {
	TIMING_BATCH,   /* the loop as a whole: no clock inside */
	TIMING_SAMPLED, /* one operation in WALL_SAMPLE, at random distances */
	TIMING_EVERY,   /* every operation */
};
#define WALL_SAMPLE 64u

struct wall_params {
	struct replay_params replay; /* caller is RUN_PLAIN; samples and watch are not used */
	const struct placement *placement;
	const struct wall_clock *clock;
	enum wall_timing timing;
	double pace;         /* trace seconds a second; 0: as fast as possible */
	uint64_t window_ns;  /* trace time; 0: the default */
	bool backing;        /* simulated pages are real memory */
	bool counters;       /* of the threads, over the counted pass ... */
	bool phase_counters; /* ... and of each phase of requests: two system calls a step */
	double harness_ns;   /* what an earlier replay of the same kind found, which takes long; 0: find out */
};

enum wall_op {
	WALL_ALLOC, /* order 0 */
	WALL_ALLOC_HIGH,
	WALL_FREE, /* of any order */
	WALL_SPLIT,
	WALL_OP_NR,
};
const char *wall_op_name(enum wall_op op); /* "alloc", "alloc-high", "free", "split" */

/* Times are ns since the counted pass began. */
struct wall_request {
	uint64_t
		intended_ns; /* when it should have begun: by the trace and the pace, or, as fast as possible, when it did */
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t phase_ns[PHASE_NR];
	struct contig_work total;
	pfn_t start;
	pfn_t blocker;
	uint32_t event; /* trace event that allocated the blocking page, or EVENT_NONE */
	int32_t rc;
	uint32_t cpu;
	uint8_t phase;  /* enum contig_phase */
	uint8_t reason; /* enum contig_reason */
	uint8_t kind;   /* enum page_kind */
};

struct wall_thread {
	uint64_t events;
	uint64_t loop_ns;    /* from its first event to its last, waiting and barriers aside */
	uint64_t waited_ns;  /* for the window and for other threads' allocations */
	uint64_t paced_ns;   /* ahead of the pace */
	uint64_t request_ns; /* the part of loop_ns in contiguous requests, giving back their results included */
	uint32_t cpu;        /* that it was pinned to, ... */
	uint32_t moved;      /* ... and how often it was found elsewhere: 0 */
};

struct wall_result {
	uint64_t
		wall_ns; /* the counted pass, from the start of all threads to the end of the last; verification aside */
	uint64_t events;
	uint64_t allocs;
	uint64_t failed_allocs;
	uint64_t retried_frees; /* -EAGAIN: the page had moved */
	uint64_t skipped_pins;
	uint64_t retyped[RETYPE_NR];
	struct sample_record end;         /* state after the last range was given back */
	struct histogram op[WALL_OP_NR];  /* ticks of params->clock */
	struct histogram phase[PHASE_NR]; /* one value a request that got there: all its steps of that phase */
	struct histogram request;         /* from the intended start to the end */
	struct histogram lag;             /* of events behind the pace; empty as fast as possible */
	struct counter_values run;        /* all threads */
	struct counter_values by_phase[PHASE_NR];
	double harness_ns; /* an event: fetch, clock, histogram, measured by calls with and without; negative: could not be */
	uint32_t harness_share; /* of loop_ns, thousandths; 0 if not known */
	uint64_t metadata_bytes;
	struct placement_found metadata; /* where the kernel says that it lies */
	struct placement_found backing;
	uint64_t backing_bytes;
	uint32_t verifications; /* passed: at barriers and at the end */
	uint32_t nr_threads;
	struct wall_thread *threads;
	uint32_t nr_requests;
	struct wall_request *requests;
};

/*
 * 0; -EUCLEAN: verify, or a page's contents, found something wrong; -EINTR when stopped; -EOPNOTSUPP: the backend is not
 * for threads; -EPERM, -ENOMEM, -EINVAL: *diag says. The result holds nothing then.
 */
int wall_run(const struct wall_params *params, struct wall_result *result, struct contig_diag *diag);
void wall_result_free(struct wall_result *result);

#endif
