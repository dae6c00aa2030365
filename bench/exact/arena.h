/* SPDX-License-Identifier: MIT */
/*
 * arena.h - the exact clock: building a scripted case, and running its operations one after the other. A case is either built
 * in a zone like the one the answers were recorded in, by the steps they were recorded with (what is done, and in which
 * order, is part of the input: it decides merges and types), or put down as a layout string.
 */
#ifndef ARENA_H
#define ARENA_H

#include "../../allocators/contig.h"
#include "../../workloads/cases.h"
#include "../../workloads/scenario.h"

/* The zone around the arena as it was on a recorded kernel (README of the recorded answers). */
struct recorded_kernel {
	const char *name; /* as in the answers */
	const char *backend;
	const char *version;   /* of the distribution's kernel that was recorded */
	uint32_t front;        /* pages of the zone before the arena */
	uint8_t free_front[5]; /* 1 + order of the few free runs there, 0 behind the last */
	uint8_t lru_batch;     /* fresh user pages that a cpu collects before it puts them all on the LRU */
};

/* NULL if no recorded kernel has that name. */
const struct recorded_kernel *recorded_kernel_find(const char *name);
/* In order of age; NULL behind the last. */
const struct recorded_kernel *recorded_kernel_at(size_t i);
/* The one that this backend was recorded as, or else the next younger one: its zone is as good as any. */
const struct recorded_kernel *recorded_kernel_for(const char *backend);

#define ARENA_ZONE_PAGES 131072u /* 512 MiB: 256 pageblocks */
#define ARENA_REQUESTS   26u

/* A request that others interrupt. */
struct arena_request {
	struct contig_range *range; /* NULL before it begins and when it has ended */
	const struct case_op *op;
	struct contig_outcome out; /* when it has ended */
	bool ended;
};

struct arena {
	struct contig *c;
	struct contig_geometry g;
	struct contig_hooks hooks;
	pfn_t start;
	uint32_t cpu;  /* that does everything */
	uint8_t node;  /* of the arena */
	bool recorded; /* draw maps as recorded answers have them: no pins, no lists, hugetlb and fresh compounds as C */
	const struct scripted_case *sc;
	uint8_t *role;     /* by offset: enum arena_role */
	pfn_t *at;         /* by owner: where it is, PFN_NONE when it is gone */
	owner_t nr_owners; /* 1 .. nr_owners are taken */
	owner_t room;      /* of `at` */
	owner_t *mapping;  /* owners of user mappings: THPs first, then in ascending order */
	uint32_t nr_mappings;
	uint32_t lru_batch;  /* of the recorded kernel; 0: only drains put pages on the LRU */
	uint32_t fresh;      /* user pages in the batch, not on the LRU yet */
	uint32_t moved;      /* allocations moved by the operation that runs */
	uint32_t moved_away; /* pages of these that went outside the arena */
	int64_t leak;        /* COUNT_LEAK at the start */
	int running;         /* what is being answered, as in struct arena_answer */
	struct arena_request request[ARENA_REQUESTS];
};

/* What was answered. */
struct arena_answer {
	int op; /* index of the operation, AT_START or AT_REQUEST(n) */
	int rc;
	const char *stage; /* one of SCENARIO_STAGES */
	const char *why;   /* reason of a failed request, or "none" */
	uint32_t moved;
	uint32_t moved_away;
	uint32_t not_migrated; /* pages whose migration failed */
	uint64_t ns;           /* how long a request took, where time is real */
	int64_t count[NR_COUNTS];
	char *types; /* the teller's, like map */
	char *map;
};

/* Called with each answer in turn. */
typedef void (*arena_tell)(void *ctx, const struct arena_answer *ans);

/* The geometry of the recorded machine: zone 0 of this many pages is the arena's, zone 1 a part of the other node. */
void arena_geometry(struct contig_geometry *g, uint32_t pages);
/* Put down the other node's memory, all free. */
int arena_free_other_node(struct contig *c, const struct contig_geometry *g);

/* A real kernel: it has its own zone around the arena, time that can not be stopped, and what it counts is its own. */
static inline bool arena_is_machine(const struct contig *c)
{
	return c->ops->lab->arena;
}

/*
 * Build the case on a backend: the state `before`. 0 or -errno with the reason: -ENODATA if under this policy the recorded
 * steps do not lead there, -EOPNOTSUPP if the backend can not do such a thing. Close it in either case.
 */
int arena_open(struct arena *a, const char *backend, const struct recorded_kernel *k, const struct scripted_case *sc,
               struct contig_diag *diag);
/* The same for a case with map=, in a zone of its own: what is behind the arena is free. A machine that died is -EIO, there and later. */
int arena_open_map(struct arena *a, const char *backend, const struct scenario *s, struct contig_diag *diag);
void arena_close(struct arena *a);

/*
 * Run operation `first` and those joined to it, and tell their answers, then how requests ended that they began. The next
 * operation; or -EUCLEAN if verify found a broken invariant, -EOPNOTSUPP if the backend can not do it, -ENOMEM, with *diag.
 */
int arena_run(struct arena *a, uint32_t first, arena_tell tell, void *ctx, struct contig_diag *diag);

/* The state before anything was done, as an answer. 0, -EUCLEAN or -ENOMEM. */
int arena_tell_start(struct arena *a, arena_tell tell, void *ctx, struct contig_diag *diag);

/* Types and map as they are now, to be freed by the caller. */
char *arena_types(struct arena *a);
char *arena_map(struct arena *a);

/* Stage of a contiguous request as the recorded answers name it. */
const char *outcome_stage(const struct contig_outcome *o);

#endif
