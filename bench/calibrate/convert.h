/* SPDX-License-Identifier: MIT */
/*
 * convert.h - how long an instruction takes on this machine: what makes time of prices that a guest counted in instructions. One
 * number for all of them, and rough: what waits for memory takes longer than what does not.
 */
#ifndef CALIBRATE_CONVERT_H
#define CALIBRATE_CONVERT_H

#include "../virtual/cost_file.h"

struct conversion {
	uint64_t ps, low, high; /* an instruction */
	char how[COST_MAX_TEXT];
};

/* A loop of a known number of instructions over page descriptors. -EOPNOTSUPP on an architecture that it is not written for. */
int convert_by_loop(struct conversion *out, struct contig_diag *diag);

/*
 * By what it takes to migrate a page, measured as time on a kernel that ran (`here`), and as instructions in a guest: most of a
 * request's time is that, and it is what releases do most alike. -ENODATA: one of them has not measured it.
 */
int convert_by_prices(struct conversion *out, const struct cost_file *here, const struct cost_file *guest,
                      struct contig_diag *diag);

/* That of another file of instructions. */
void convert_as(struct conversion *out, const struct cost_file *other);

#endif
