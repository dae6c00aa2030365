/* SPDX-License-Identifier: MIT */
/* micro.h - what the files behind `contigbench micro` share. */
#ifndef MICRO_H
#define MICRO_H

#include <stdint.h>

#include "churn.h"
#include "gbench.h"

/* One backend that the benchmarks run on. */
struct micro_target {
	const char *spec; /* as for contig_open() */
	uint32_t mib;     /* size of the zone */
};

/* Register the benchmarks of one file for one target, which must outlive the run. 0 or a negative errno. */
int micro_register_order(const struct micro_target *target);
int micro_register_contig(const struct micro_target *target);

/* Register NAME/SPEC; -EINVAL ... as gbench_register(). */
int micro_add(const char *name, gbench_fn *fn, const struct micro_target *target, struct gbench **out);

/*
 * The zone that a benchmark works on. The library calls a benchmark several times with growing numbers of iterations;
 * the last zone is kept, so that it is filled once and not every time. NULL: the run has been skipped with the reason.
 */
struct churn *micro_zone(struct gbench_state *s, const struct micro_target *target, enum churn_state state);
/* The zone is not in that state any more: the next micro_zone() makes a new one. */
void micro_zone_spent(void);

#endif
