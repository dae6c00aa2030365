/* SPDX-License-Identifier: MIT */
/* walk.h - random command sequences on model and oracle, and the shortest one that tells them apart. */
#ifndef ORACLE_WALK_H
#define ORACLE_WALK_H

#include "command.h"

struct walk {
	const char *model;  /* backend, with knobs or without */
	const char *oracle; /* generation */
	struct contig_geometry g;
	uint64_t seed;
	uint32_t steps;           /* asked for, or done until they differed */
	struct command *commands; /* those done; freed by walk_free() */
	uint32_t nr;
	char difference[DIFFERENCE];
};

/* A geometry of its own for each seed; `real`: P = 9, M = 10. */
void walk_geometry(struct contig_geometry *g, uint64_t seed, bool real);
/* So many commands, or until the two differ. true: they never did. */
bool walk_random(struct walk *w);
/* After a walk that found a difference: drop what is not needed for one. */
void walk_shrink(struct walk *w);
/* Its commands again, from scratch. */
bool walk_differs(const struct walk *w);
/* The commands, both layouts after the last of them, and the difference in words. */
void walk_report(const struct walk *w, FILE *out);
void walk_free(struct walk *w);

#endif
