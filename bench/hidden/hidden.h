/* SPDX-License-Identifier: MIT */
/*
 * hidden.h - experiments whose outcome on a real kernel is a set: requests that run at the same time, and requests whose
 * answer hangs on what no layout shows. The set that a kernel gave over many trials is held against the one that the model
 * yields under any interleaving.
 *
 *	an outcome that	 the model yields	the model does not
 *	was observed	 agreed			missed: a disagreement, if in 5 % of trials or more
 *	was not		 explained, or open
 */
#ifndef HIDDEN_H
#define HIDDEN_H

#include "../exact/arena.h"
#include "explore.h"
#include "outcomes.h"

/* ---- experiments (experiments.c) ---------------------------------------------------------------- */

/* What of the end state is in an outcome; the rest is hidden state of a kernel, and left out. */
enum hidden_view {
	VIEW_TYPES = 1,   /* of the arena's pageblocks */
	VIEW_MAP = 2,     /* the layout string, free runs and all */
	VIEW_TAKEN = 4,   /* what requests hold and what can not move; where free and user pages lie is left out */
	VIEW_RESERVE = 8, /* nr_reserved_highatomic, and by how much it exceeds the HIGHATOMIC blocks, in pageblocks */
	VIEW_COUNTS = 16, /* what operations got */
};

/* Kernels that it is for, in the order of recorded_kernel_at(). */
#define ON_5_10 1u
#define ON_6_1  2u
#define ON_6_12 4u
#define ON_7_2  8u
#define ON_ALL  15u

struct hidden_experiment {
	const char *name;  /* "halves.free" */
	const char *group; /* "races" */
	const char *picture;
	/*
	 * As in cases.txt. Operations with a '|' between them run at once, each on a cpu of its own, and in a guest the second
	 * begins a little before or after the first. An alloc: among them is a load: so many times a page is allocated and
	 * freed. Before the end is looked at everything is drained.
	 */
	const char *line;
	unsigned int view;
	unsigned int on;
	uint32_t left;  /* HOG_NOTHING, or all of the node is taken but for the arena and so many pages ... */
	bool no_spill;  /* ... and so is the other node */
	bool memory;    /* the arena is a memory block of its own: 64 pageblocks */
	uint32_t cma;   /* MiB of a CMA area, which is the arena; 0: none */
};

#define HOG_NOTHING UINT32_MAX

/* NULL behind the last. */
const struct hidden_experiment *hidden_experiment_at(size_t i);
const struct hidden_experiment *hidden_experiment_find(const char *name);
bool hidden_is_for(const struct hidden_experiment *e, const struct recorded_kernel *k);

/*
 * Known differences: why the model yields what no trial showed, or a kernel showed what the model does not yield. NULL: none
 * is known. `outcome` begins with what the reason is about.
 */
const char *hidden_reason(const char *experiment, const char *kernel, const char *outcome);

/* ---- the model's side (world.c) ------------------------------------------------------------------ */

/*
 * All that `backend` yields. 0; -EINVAL or -ENODATA if it can not be built so under this backend, -EUCLEAN if an invariant
 * breaks, with the reason. outcome_free(&out->set).
 */
int hidden_model(const struct hidden_experiment *e, const char *backend, const struct recorded_kernel *k,
                 uint64_t budget, struct explored *out, struct contig_diag *diag);

#endif
