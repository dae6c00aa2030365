/* SPDX-License-Identifier: MIT */
/* synthetic.h - small traces made up from a seed, for tests that must not depend on a recording. */
#ifndef SYNTHETIC_H
#define SYNTHETIC_H

#include "../../workloads/trace/trace.h"

struct synthetic {
	uint64_t seed;
	uint32_t nr_events;
	uint32_t live; /* allocations that are live at a time, more or less */
	uint32_t cpus;
	uint32_t nodes;       /* 0 is 1; cpus belong to them in turn, and allocate there */
	uint32_t unmovable;   /* thousandths of the allocations */
	uint32_t high_order;  /* thousandths of order 1 to 3 */
	uint32_t splits;      /* thousandths of the events on allocations of order > 0 */
	uint64_t interval_ns; /* between events */
};

/* A few thousand pages on two cpus, of which some are unmovable, of higher order or split. */
extern const struct synthetic synthetic_small;
/* The same with a cpu on each of four nodes, and no splits. */
extern const struct synthetic synthetic_four_nodes;
/* The same with three times the events in 60 ms, more of all that is rare: for threads to meet in. */
extern const struct synthetic synthetic_busy;

/* A trace in memory; trace_close() frees it. */
void synthetic_trace(const struct synthetic *how, struct trace *t);
/* The same as a file; asserts that it can be written. */
void synthetic_file(const struct synthetic *how, const char *path);

/* Any trace as a file; asserts that it can be written. */
void trace_file(struct trace *t, const char *path);

/* Events by hand: time in ns, ... ended by op TRACE_OP_NR. Copies; fills in the header. */
void trace_of(const struct trace_event *events, struct trace *t);

#endif
