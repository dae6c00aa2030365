/* SPDX-License-Identifier: MIT */
/* survivors.h - what a pass of the trace leaves allocated, and when it goes during the next one. */
#ifndef SURVIVORS_H
#define SURVIVORS_H

#include "program.h"
#include "rng.h"

/* A survivor of the pass before, and the event before which it goes. */
struct due {
	uint32_t survivor;
	uint32_t event;
};

struct survivors {
	const struct program *program;
	struct due *due;
	size_t nr;
	size_t next;
	struct rng cpu; /* on which they are freed */
};

/* 0 or -ENOMEM. None are due until survivors_schedule(). */
int survivors_init(struct survivors *s, const struct program *p);
void survivors_free(struct survivors *s);

/*
 * When survivors of the last pass go: in seeded order, spread evenly over this pass; sooner where both passes together
 * would need more pages than the trace ever does, since that is what the zone is sized for.
 */
void survivors_schedule(struct survivors *s, uint64_t seed, uint32_t pass);

/* Before which event the next one goes; SIZE_MAX: none is left. */
static inline size_t survivors_next(const struct survivors *s)
{
	return s->next < s->nr ? s->due[s->next].event : SIZE_MAX;
}

/* The next one, and a cpu to free it on. Not when none is left. */
const struct program_survivor *survivors_take(struct survivors *s, uint32_t nr_cpus, uint32_t *cpu);

#endif
