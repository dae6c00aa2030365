/* SPDX-License-Identifier: MIT */
/*
 * explore.h - every interleaving of a few sequences of steps, each sequence being a request or what else goes on at once.
 *
 *	   A: isolate . drain . migrate . test . grab . undo
 *	   B:           isolate . drain . migrate . ...
 *
 * Depth first: a state is reached by doing all of its steps again from the beginning. A state that is met a second time, by
 * other steps in another order, ends as it did the first time (lab->digest), so what is explored is a graph of states, and
 * the number of interleavings that it stands for is the number of ways through it.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include "../../allocators/contig.h"
#include "outcomes.h"

#define EXPLORE_ACTORS 4u
#define EXPLORE_STEPS  4096u /* of one interleaving */

struct explorable {
	void *ctx;
	/* The beginning, anew. 0 or -errno with the reason. */
	int (*open)(void *ctx, struct contig_diag *diag);
	void (*close)(void *ctx);
	/* Who can go on: a bit each. None: all have ended. */
	unsigned int (*ready)(void *ctx);
	int (*step)(void *ctx, unsigned int actor, struct contig_diag *diag);
	/* States of equal digests go on equally. */
	uint64_t (*digest)(void *ctx);
	int (*outcome)(void *ctx, char *text, size_t size, struct contig_diag *diag);
};

struct explored {
	struct outcome_set set;
	uint64_t states;      /* different ones that were met */
	uint64_t runs;        /* times it was begun anew */
	double interleavings; /* covered; those of `complete` are all there are */
	uint32_t longest;     /* steps */
	bool complete;
};

/*
 * At most `budget` runs: if these do not do, what has not been explored is sampled by `budget` more of random choices (from
 * `seed` on) and `complete` is false. 0 or -errno with the reason. outcome_free(&out->set) in either case.
 */
int explore(const struct explorable *x, uint64_t budget, uint64_t seed, struct explored *out, struct contig_diag *diag);

#endif
