/* SPDX-License-Identifier: MIT */
/*
 * convert.h - how long an instruction takes on this machine: what makes time of prices that a guest counted in instructions. One
 * number for all of them, and rough: the interval is from code that stays in the cache to code that never does.
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
 * By prices that were measured as time on a kernel that ran (`here`), and as instructions in a guest: of each phase that both have, for
 * the work of a pageblock that is half full. The interval is from the quickest phase to the slowest. -ENODATA: they have none in
 * common.
 */
int convert_by_prices(struct conversion *out, const struct cost_file *here, const struct cost_file *guest,
                      struct contig_diag *diag);

/* That of another file of instructions. */
void convert_as(struct conversion *out, const struct cost_file *other);

#endif
