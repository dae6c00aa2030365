/* SPDX-License-Identifier: MIT */
/* wall_house.h - a replay on the wall clock, set up for a test: threads share cpus if they must, nothing is bound. */
#ifndef WALL_HOUSE_H
#define WALL_HOUSE_H

#include "../../bench/wall/wall.h"
#include "synthetic.h"

struct wall_house {
	struct trace trace;
	struct contig_geometry geometry;
	struct program program;
	struct placement placement;
	struct wall_clock clock;
	struct wall_params params;
	struct wall_result result;
	struct contig_diag diag;
};

/*
 * The trace is the house's from now on. One zone of `pages` (0: a tenth more than the trace's peak, and what watermarks keep),
 * on `threads` threads (0: one a cpu), without requests, every operation timed.
 */
void wall_house_open(struct wall_house *h, struct trace *t, uint32_t pages, uint32_t threads);
void wall_house_close(struct wall_house *h);
/* Fails the test with the sentence if it fails. */
void wall_house_run(struct wall_house *h);

#endif
