/* SPDX-License-Identifier: MIT */
/* fidelity.h - asking kernels in guests, and recording what they answer for the report (report.h). */
#ifndef FIDELITY_H
#define FIDELITY_H

#include "../guest/backend.h"
#include "scenarios.h"

#define FIDELITY_MAX_KERNELS 16u

struct fidelity_kernel {
	char guest[80];    /* "linux-6.1@guest" */
	char name[40];     /* in the recording: "6.1" */
	const char *model; /* backend */
};

struct fidelity_run {
	uint32_t nr_kernels;
	struct fidelity_kernel kernel[FIDELITY_MAX_KERNELS];
	struct scenario_set set;
	uint32_t requests; /* on each random layout; 0: none */
	uint32_t layouts;  /* bits: which of them */
	uint64_t seed;
	bool quiet;        /* no progress of booting */
	backend_boot boot; /* NULL: guest_boot() */
};

/* One more kernel, by its guest's name or NAME@guest; model NULL: the backend of its name. 0 or -EINVAL with *diag. */
int fidelity_add_kernel(struct fidelity_run *run, const char *name, const char *model, struct contig_diag *diag);

/*
 * Ask all of them. How many could not be asked everything: what is missing is said on the terminal, and in kernels.json, and what
 * was answered until then is kept.
 */
uint32_t fidelity_ask(const struct fidelity_run *run, struct fidelity_record *r);

#endif
