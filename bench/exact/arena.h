/* SPDX-License-Identifier: MIT */
/*
 * arena.h - the exact clock: building a scripted case in a zone like the one the answers were recorded in, and running its
 * operations one after the other. What is done, and in which order, is part of the input: it decides merges and types.
 */
#ifndef ARENA_H
#define ARENA_H

#include "../../allocators/contig.h"
#include "../../workloads/cases.h"

/* The zone around the arena as it was on a recorded kernel (README of the recorded answers). */
struct recorded_kernel {
	const char *name; /* as in the answers */
	const char *backend;
	uint32_t front;        /* pages of the zone before the arena */
	uint8_t free_front[5]; /* 1 + order of the few free runs there, 0 behind the last */
	uint8_t lru_batch;     /* fresh user pages that a cpu collects before it puts them all on the LRU */
};

/* NULL if no recorded kernel has that name. */
const struct recorded_kernel *recorded_kernel_find(const char *name);
/* In order of age; NULL behind the last. */
const struct recorded_kernel *recorded_kernel_at(size_t i);

#define ARENA_ZONE_PAGES 131072u /* 512 MiB: 256 pageblocks */

struct arena {
	struct contig *c;
	struct contig_geometry g;
	struct contig_hooks hooks;
	pfn_t start;
	const struct scripted_case *sc;
	uint8_t *role;  /* by offset: enum in arena.c */
	pfn_t *mapping; /* user mappings in ascending order of placing: where they are, PFN_NONE when unmapped */
	uint32_t nr_mappings;
	uint32_t lru_batch;  /* of the recorded kernel */
	uint32_t fresh;      /* user pages in the batch, not on the LRU yet */
	uint32_t moved;      /* mappings moved by the operation that runs */
	uint32_t moved_away; /* pages of these that went outside the arena */
};

/* What one operation answered. */
struct arena_answer {
	int rc;
	const char *stage; /* isolate, migrate, test, ok, done or skip */
	uint32_t migrated;
	uint32_t moved;
	uint32_t moved_away;
	char *types;
	char *map;
};

/* The geometry of the recorded machine: zone 0 of this many pages is the arena's, zone 1 a part of the other node. */
void arena_geometry(struct contig_geometry *g, uint32_t pages);
/* Put down the other node's memory, all free. */
int arena_free_other_node(struct contig *c, const struct contig_geometry *g);

/*
 * Build the case on a backend with a lab: the state `before`. 0 or -errno with the reason, -ENODATA if under this policy
 * the recorded steps do not lead there; close it in either case.
 */
int arena_open(struct arena *a, const char *backend, const struct recorded_kernel *k, const struct scripted_case *sc,
               struct contig_diag *diag);
void arena_close(struct arena *a);

/* Run one operation. 0, or -EUCLEAN if verify found a broken invariant, with *diag. */
int arena_run(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag);

/* Types and map as they are now, to be freed by the caller. */
char *arena_types(struct arena *a);
char *arena_map(struct arena *a);

/* Stage of a contiguous request as the recorded answers name it. */
const char *outcome_stage(const struct contig_outcome *o);

#endif
