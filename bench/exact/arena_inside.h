/* SPDX-License-Identifier: MIT */
/* arena_inside.h - what building a case and running its operations share. */
#ifndef ARENA_INSIDE_H
#define ARENA_INSIDE_H

#include "arena.h"

/* What the case owns of the arena's pages. */
enum arena_role {
	ROLE_NONE,
	ROLE_GOT,
	ROLE_KERNEL
};

static inline uint32_t arena_pages(const struct arena *a)
{
	return a->sc->nr_blocks << a->g.pageblock_order;
}

/* A new owner, at pfn; OWNER_NONE without memory. */
owner_t arena_new_owner(struct arena *a, pfn_t pfn);

int arena_build(struct arena *a, struct contig_diag *diag);
/* COUNT_LEAK, but for what it was at the start. */
int64_t arena_leak(struct arena *a);

/* Tell an answer together with the state as it is now. 0, -EUCLEAN if an invariant is broken, or -ENOMEM. */
int arena_tell_state(struct arena *a, struct arena_answer *ans, arena_tell tell, void *ctx, struct contig_diag *diag);

/* One operation and nothing around it; a request with a letter only begins. 0, -EOPNOTSUPP or -ENOMEM. */
int arena_do(struct arena *a, const struct case_op *op, struct arena_answer *out, struct contig_diag *diag);
/* One step of a request with a letter; false if that was the last, or there is none left. */
bool arena_step(struct arena *a, struct arena_request *r, struct contig_work *work);
/* How a request ended, as an answer. */
void arena_answer_outcome(const struct contig_outcome *o, struct arena_answer *out);
/* What of the case can not be asked of a machine of its own; s is NULL for a recorded one. 0, or -EOPNOTSUPP. */
int arena_machine_can(const struct arena *a, const struct scenario *s, struct contig_diag *diag);
/* Its arena instead of a zone that is laid out. */
int arena_machine_open(struct arena *a, struct contig_diag *diag);
/* Why something did not work that must: because it is dead or can not, or else this. */
int arena_failed(struct arena *a, int rc, struct contig_diag *diag);

void arena_drain_lru(struct arena *a);
void arena_drain_pcp(struct arena *a);
/* Free pages that a request got. */
int arena_give(struct arena *a, uint32_t offset, uint32_t nr);
/* End of the maximal run of pages with this role from `at` on. */
uint32_t arena_role_end(const struct arena *a, uint32_t at, uint32_t end, enum arena_role role);

#endif
