/* SPDX-License-Identifier: MIT */
/*
 * user.h - who asks for contiguous memory, and what all of them share (7). Users know contig.h and the knobs, and
 * nothing of the model.
 *
 * What a user is asked for is a request, and a request is a sequence of steps, some of them those of
 * alloc_contig_range:
 *
 *	struct user_request *r;
 *	cma_alloc_begin(area, pages, align_order, cpu, &r);
 *	while ((progress = user_step(r, &work)) != USER_DONE)
 *		;					time passes, other requests and events happen
 *	user_end(r, &outcome);
 *
 * USER_WAITS says that another request holds a lock: nothing was done, and nothing will be until user_ready(). Locks
 * are handed to who has waited longest.
 */
#ifndef USER_H
#define USER_H

#include "../contig.h"
#include "../policy.h"
#include "drivers.h"

/* What users work on. All of it outlives them. */
struct user_machine {
	struct contig *c;
	const struct contig_geometry *g;
	const struct contig_policy *policy;
	const struct contig_lab *lab;
	struct user_drivers *drivers; /* who is told before memory goes offline */
};

/*
 * -EOPNOTSUPP, with the reason, for a backend that has no policy or no lab: it can not tell CMA or offline pages from
 * others.
 */
int user_machine_init(struct user_machine *m, struct contig *c, const struct contig_geometry *g,
                      struct user_drivers *drivers, struct contig_diag *diag);
/* The same question of a backend that is not open. */
bool user_supported(const struct contig_backend *b);

/* Pages that CMA areas and virtio-mem's sub-blocks are aligned to, by knob user_align. */
uint32_t user_alignment(const struct contig_policy *policy, const struct contig_geometry *g);
/* The zone that holds all of [start, start + nr), or NULL. */
const struct contig_zone *user_zone(const struct contig_geometry *g, pfn_t start, uint64_t nr);

static inline uint32_t user_npb(const struct contig_geometry *g)
{
	return 1u << g->pageblock_order;
}

static inline uint32_t user_nmax(const struct contig_geometry *g)
{
	return 1u << g->max_order;
}

/* ---- requests -------------------------------------------------------------------------------- */

enum user_progress {
	USER_DONE,
	USER_MORE,
	USER_WAITS,
};

struct user_outcome {
	int rc;         /* what the user's caller is told; 0 or a negative errno */
	pfn_t start;    /* of the last call: where that is which it got, if rc is 0; PFN_NONE if there was no call */
	uint32_t nr;    /* pages got, in all calls; a request that failed may have got some */
	uint32_t calls; /* of alloc_contig_range or offline_pages ... */
	uint32_t busy;  /* ... and those of them that answered -EBUSY */
	uint32_t waits; /* times it found a lock taken */
	struct contig_autopsy autopsy; /* of the last call that failed; meaningful when rc != 0 */
	struct contig_work total;      /* of all calls and what was between them; phase is the last one */
	struct contig_work by_phase[PHASE_NR];
};

struct user_request;

/* One section of a request: does it and says with user_next(), user_call() or user_finish() how it goes on. */
typedef enum user_progress user_state(struct user_request *r, struct contig_work *work);

struct user_lock {
	struct user_request *owner;
	struct user_request *first; /* of those that wait, the longest first */
	struct user_request *last;
};

/* Every user's request begins with this. */
struct user_request {
	struct contig *c;
	user_state *state;          /* what to do next, unless there is a call; NULL: the request is done */
	struct contig_range *range; /* the call that is going on */
	struct user_request *inner; /* the other user's request that is going on */
	struct user_lock *wants;    /* what it waits for ... */
	struct user_request *later; /* ... and who is next in that queue */
	struct contig_outcome call; /* of the last call that ended */
	struct user_outcome inside; /* of the last inner request that ended */
	struct user_outcome out;
};

/*
 * For users: a request of `size` bytes that begins in `state`, which may be NULL before a user_call(). NULL: no
 * memory.
 */
struct user_request *user_begin(struct contig *c, size_t size, user_state *state);
/* Go on with `state`. */
enum user_progress user_next(struct user_request *r, user_state *state);
/*
 * Do alloc_contig_range or what else args->op says, step by step, then go on with `state`; r->call says how it ended.
 */
enum user_progress user_call(struct user_request *r, const struct contig_range_args *args, user_state *state);
/* Do another user's request, then go on with `state`; r->inside says how it ended, and its calls are this one's. */
enum user_progress user_inner(struct user_request *r, struct user_request *inner, user_state *state);
/* The request is done. */
enum user_progress user_finish(struct user_request *r, int rc);
/* No call was made because there is nothing to ask for: why. */
void user_blame(struct user_request *r, enum contig_reason reason, pfn_t pfn, const struct contig_run *run);

/* True: the lock is this request's. False: it stands in the queue; say USER_WAITS and be called again. */
bool user_lock(struct user_lock *l, struct user_request *r);
void user_unlock(struct user_lock *l, struct user_request *r);

/* For those who run requests. */

/* alloc_contig_range itself as a request of one call: -EINVAL or -ENOMEM as contig_range_begin(). */
int user_plain_begin(struct contig *c, const struct contig_range_args *args, struct user_request **out);
enum user_progress user_step(struct user_request *r, struct contig_work *work);
/* Would a step do something? Only a request that waits is ever not ready. */
bool user_ready(const struct user_request *r);
/* After USER_DONE. The request is gone afterwards. */
void user_end(struct user_request *r, struct user_outcome *out);
/*
 * End a request that is not done, with its call and as it is; only if all who share a lock with it are abandoned, too.
 */
void user_abandon(struct user_request *r);
/* All steps in a loop, for callers without a clock. Returns out->rc. Nobody else may hold a lock that it needs. */
int user_run(struct user_request *r, struct user_outcome *out);

#endif
