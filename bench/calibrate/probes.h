/* SPDX-License-Identifier: MIT */
/*
 * probes.h - entries and returns of what a contiguous request does, as kprobe events in an instance of our own. Events, instance
 * and all are gone after probes_close(); those of a process that was killed are removed by the next probes_open().
 */
#ifndef CALIBRATE_PROBES_H
#define CALIBRATE_PROBES_H

#include "spans.h"
#include "tracedir.h"

struct probes {
	struct tracedir *t;
	char group[64];
	char probed[600];  /* "start_isolate_page_range, drain_all_pages ...", for the record */
	char missing[300]; /* what a kernel of this release may have under another name, or inlined */
	bool has[TRACED_NR];
	double tick_ns; /* of the trace's clock */
	bool ticks; /* the clock is the cpu's time stamp counter; else CLOCK_MONOTONIC, whole microseconds in the text */
	bool points; /* no kprobe events: tracepoints, of what has them */
	bool events, instance;
};

/*
 * 0, or -ENOENT where the kernel has neither kprobe events nor the tracepoints. Only what this thread does is traced if these have
 * to do. probes_close() in either case.
 */
int probes_open(struct probes *p, struct tracedir *t, struct contig_diag *diag);
void probes_close(struct probes *p);

/* What was traced since the last time, parsed. */
int probes_take(struct probes *p, struct spans *out, struct contig_diag *diag);
/* The same thrown away. */
int probes_clear(struct probes *p, struct contig_diag *diag);

/* Tracepoints of migration only, or all: compaction looks at more pageblocks than the ring buffer has room for. */
int probes_migrations_only(struct probes *p, bool only, struct contig_diag *diag);

/* Measure what being traced costs; `call` makes the kernel run the empty function a few hundred times. 0 or -errno. */
int probes_overhead(struct probes *p, int (*call)(void *ctx, struct contig_diag *diag), void *ctx, struct overhead *out,
                    struct contig_diag *diag);

#endif
