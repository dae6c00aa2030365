/* SPDX-License-Identifier: MIT */
/* decides.h - which rules of a policy the recorded answers decide: every knob is turned, and the answers are asked again. */
#ifndef DECIDES_H
#define DECIDES_H

#include "conformance.h"

#define DECIDES_MAX_KNOBS 64u

/* By kernel, as in struct conformance, and knob: other values that make sense, and those that the answers notice. */
struct decided {
	uint8_t tried[CONFORMANCE_MAX_KERNELS][DECIDES_MAX_KNOBS];
	uint8_t noticed[CONFORMANCE_MAX_KERNELS][DECIDES_MAX_KNOBS];
};

/* For the backends of c, as conformance_run() has filled it in for this folder. 0, or its -errno with *diag. */
int decided_by_answers(struct decided *d, const struct conformance *c, const char *dir, struct contig_diag *diag);

#endif
