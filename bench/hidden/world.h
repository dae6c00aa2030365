/* SPDX-License-Identifier: MIT */
/* world.h - the model's side of one experiment: an arena, and who does something in it at once. */
#ifndef WORLD_H
#define WORLD_H

#include "../exact/arena_inside.h"
#include "hidden.h"

/* Someone who allocates a page and frees it again, so many times. */
struct world_load {
	const struct case_op *op;
	uint32_t left; /* steps */
	owner_t owner; /* the same for all of its pages: it never has two */
};

struct world {
	const struct hidden_experiment *e;
	const struct recorded_kernel *k;
	const char *backend;
	struct scripted_case *sc;
	struct recorded_kernel around; /* k, or the same with nothing free in front of the arena */
	struct arena a;
	bool is_open;
	uint32_t at;        /* operation; actors are those from here on that are joined */
	uint32_t nr_actors; /* 0: all operations have been done */
	struct world_load load[EXPLORE_ACTORS];
	char said[OUTCOME_TEXT]; /* what ended operations answered */
};

/* Its functions for explore(); ctx is the world. */
extern const struct explorable world_explorable;

/* world_cma.c: hidden_model() for a CMA area. */
int area_model(const struct hidden_experiment *e, const char *backend, const struct recorded_kernel *k, uint64_t budget,
               struct explored *out, struct contig_diag *diag);

/* world_look.c: the outcome as it is now. */
int world_outcome(struct world *w, char *text, size_t size, struct contig_diag *diag);

#endif
