/* SPDX-License-Identifier: MIT */
/*
 * ablation.h - what each knob that differs between two backends brings: a list of backends and pairs of them.
 *
 * Three ways to ask, because knobs act on each other:
 *	walk		from A to B, release by release, each step on top of those before it; the steps add up
 *	forward		each group of knobs alone in A; what the sum lacks is what knobs do together
 *	backward	each group alone taken out of B; the same
 */
#ifndef ABLATION_H
#define ABLATION_H

#include "knobs.h"
#include "options.h"

enum ablation_way {
	ABLATION_WALK,
	ABLATION_FORWARD,
	ABLATION_BACKWARD,
	ABLATION_WAYS,
};

/* From one backend of the run to another, in which one group of knobs differs. */
struct ablation_step {
	enum ablation_way way;
	const char *release; /* that brought the values; as on the path */
	uint32_t from, to;   /* numbers of backends */
	char *knobs;         /* "iso_align=block" */
	char *before;        /* the same of what it was */
	char *why;           /* several knobs: why they move together; else NULL */
};

struct ablation {
	char *ends; /* "A..B", cut in two */
	const char *from, *to;
	uint32_t first, last; /* numbers of their backends */
	struct ablation_step *steps;
	uint32_t nr_steps;
};

const char *ablation_way_name(enum ablation_way way);

/* Of o->ablate: fills in o->ablation and o->backends. CLI_OK, or a message was printed. */
int ablation_make(struct run_options *o);
void ablation_free(struct ablation *a);

#endif
