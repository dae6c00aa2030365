/* SPDX-License-Identifier: MIT */
/*
 * experiment.h - the random experiment: memory of a guest is filled at random, looked at, and put into the model; then both are
 * asked for the same ranges, one after the other.
 */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include "recording.h"
#include "zone.h"

#define EXPERIMENTS        9u   /* layouts x fills */
#define EXPERIMENT_DEFAULT 100u /* requests on each: two to four minutes a kernel under emulation */

struct experiment {
	struct guest *g;
	const char *kernel; /* as in the recording */
	const char *model;  /* backend that must answer the same */
	uint64_t seed;
	uint32_t requests; /* on each layout */
	uint32_t layouts;  /* bits: which of them */
	struct fidelity_record *record;
	uint32_t done; /* requests, of all layouts */
};

/* The name of a layout ("natural-90"), NULL behind the last. */
const char *experiment_name(uint32_t i, char out[64]);

/* Those layouts. 0; or -errno with *diag: what was recorded until then stays. */
int experiment_run(struct experiment *e, struct contig_diag *diag);

#endif
