/* SPDX-License-Identifier: MIT */
/*
 * executor.h - carries out trace events on a backend: the inner loop of a replay.
 *
 * Keeps where every live allocation is. Owners are named event << 32 | slot + 1, so that the autopsy of a failed
 * request leads to the event that allocated the page in the way.
 */
#ifndef EXECUTOR_H
#define EXECUTOR_H

#include "../../allocators/users/drivers.h"
#include "program.h"

/* An allocation whose free met a migration: it goes as soon as the backend lets it. */
struct late_free {
	owner_t owner;
	pfn_t pfn;
	uint32_t cpu;
};

struct executor {
	const struct program *program;
	struct contig *backend;
	struct contig_hooks hooks;   /* to open the backend with */
	struct user_drivers drivers; /* who is told before memory goes offline */
	/*
	 * slot -> pfn, PFN_NONE for what could not be allocated. Two halves that take turns: this pass's allocations,
	 * and what the pass before left behind.
	 */
	pfn_t *map;
	uint32_t base;      /* of this pass's half: 0 or program->nr_slots */
	size_t next;        /* event */
	size_t next_pieces; /* in program->pieces */
	owner_t *owners;    /* scratch for a split */
	struct late_free *late;
	size_t nr_late;
	size_t cap_late;
	uint64_t executed;
	uint64_t failed; /* allocations, this pass */
	uint64_t nr_late_total;
	uint64_t skipped_pins;
	const struct replay_watch *watch; /* may be NULL */
	int error; /* sticks: -ENOMEM, or -EUCLEAN when the backend broke the interface's contract */
	struct contig_diag *diag;
};

int executor_init(struct executor *x, const struct program *p, struct contig_diag *diag);
void executor_free(struct executor *x);

/* Begin the trace anew; survivors of the pass before stay where they are. */
void executor_rewind(struct executor *x);

/* Execute events dated until_ns or before, as long as their number is below `limit`. */
void executor_run(struct executor *x, size_t limit, uint64_t until_ns);

/* Free a survivor of the pass before this one. */
void executor_free_survivor(struct executor *x, uint32_t cpu, const struct program_survivor *s);

/* Try again what -EAGAIN postponed; to be called after each step of a request. */
void executor_retry(struct executor *x);

static inline owner_t executor_owner(size_t event, uint32_t slot)
{
	return (owner_t)event << 32 | (slot + 1);
}

static inline uint32_t owner_event(owner_t owner)
{
	return (uint32_t)(owner >> 32);
}

static inline uint32_t owner_slot(owner_t owner)
{
	return (uint32_t)owner - 1;
}

#endif
