/* SPDX-License-Identifier: MIT */
/*
 * attribute.h - which knob makes two backends part: each that differs is switched alone, in the first of them.
 *
 * A count is of a counterfactual: the same trace under A and under A with one knob switched. Events behind the first
 * difference differ by what it has led to, too; no event is counted for what came of it alone on the other side.
 */
#ifndef ATTRIBUTE_H
#define ATTRIBUTE_H

#include "knobs.h"
#include "lockstep.h"

/* What came of one comparison with A. */
struct comparison {
	char *backend;           /* A with the group switched, or B */
	struct knob_group group; /* empty for B */
	char *knobs;             /* "iso_align=block"; NULL for B */
	char *before;            /* the same of what A has */
	bool differs;
	struct divergence first;
	uint64_t count[PART_NR];
};

struct attribution {
	const struct replay_params *a;
	struct comparison *all; /* B first, then a line for each group of knobs */
	uint32_t nr;
	bool no_knobs; /* of one of the two: nothing to switch */
};

/* How to compare, and who looks on. */
struct comparing {
	bool answers; /* pages that are placed or migrated elsewhere are no difference */
	bool count;   /* go on to the end */
	/* called once, where A and B part, before the replays go on; may be NULL */
	void (*look)(void *ctx, const struct lockstep *l, const struct divergence *d);
	void *ctx;
};

/*
 * Compare A with B, and if they part, with each group of knobs. 0, or as lockstep_next() with *diag. Free with
 * attribution_free() in either case.
 */
int attribute(struct attribution *out, const struct replay_params *a, const char *b, const struct comparing *how,
              struct contig_diag *diag);
void attribution_free(struct attribution *t);

/* Parts at the same event, with the same answer, as A and B do. */
bool attribution_explains(const struct attribution *t, const struct comparison *c);

#endif
