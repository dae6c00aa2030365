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
	const char *sha256;              /* of the file that it was read from; NULL: built in */
	struct cost_row phase[PHASE_NR]; /* ps */
};

extern const struct cost_table cost_linux_6_18;

/* The columns in the order of struct cost_row, by number: for those who read, write or fit prices. */
enum cost_column {
	COST_FIXED,
	COST_BLOCKS,
	COST_SCANNED,
	COST_MOVED,
	COST_DRAINED,
	COST_DRAINS,
	COST_MIGRATED,
	COST_NOT_MIGRATED,
	COST_GRABBED,
	COST_COLUMN_NR,
};
const char *cost_column_name(enum cost_column c); /* "blocks" */
uint64_t *cost_price(struct cost_row *row, enum cost_column c);
/* What a step did of it; 1 of COST_FIXED. */
uint64_t cost_count(const struct contig_work *work, enum cost_column c);

/* Nanoseconds, rounded up; at least 1, so that a request can not stand still. */
uint64_t cost_of(const struct cost_table *table, const struct contig_work *work);

#endif
