/* SPDX-License-Identifier: MIT */
/*
 * cost.h - what the work of one step costs in virtual time.
 *
 * The backend counts work, the table prices it: cost = fixed + sum over the columns of count * price, in the row of the
 * step's phase. Prices are whole picoseconds, so that a cost is the same on every machine.
 */
#ifndef COST_H
#define COST_H

#include "../../allocators/contig.h"

struct cost_row {
	uint64_t fixed; /* per step */
	uint64_t blocks;
	uint64_t scanned;
	uint64_t moved;
	uint64_t drained;
	uint64_t drains;
	uint64_t migrated;
	uint64_t not_migrated;
	uint64_t grabbed;
};

struct cost_table {
	const char *name;
	struct cost_row phase[PHASE_NR]; /* ps */
};

extern const struct cost_table cost_linux_6_18;

/* Nanoseconds, rounded up; at least 1, so that a request can not stand still. */
uint64_t cost_of(const struct cost_table *table, const struct contig_work *work);

#endif
