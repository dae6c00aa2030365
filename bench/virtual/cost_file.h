/* SPDX-License-Identifier: MIT */
/*
 * cost_file.h - cost tables that were measured, as files (docs/formats.md, "Costs"): made by `contigbench calibrate`, used by
 * `contigbench run --costs`.
 *
 * Prices are kept in the unit they were measured in. Where that is instructions, one conversion for all of them makes whole
 * picoseconds of them when the file is read, in integers, so that a run comes out the same everywhere.
 */
#ifndef COST_FILE_H
#define COST_FILE_H

#include <stdio.h>

#include "cost.h"

#define COST_FILE_VERSION 1
#define COST_MAX_TEXT     400u
#define COST_MAX_PRICE    UINT64_C(1000000000000) /* ps: a second */

enum cost_unit {
	COST_UNIT_PS,                 /* of CLOCK_MONOTONIC, on the kernel that ran */
	COST_UNIT_MILLI_INSTRUCTIONS, /* of a guest that QEMU counts */
	COST_UNIT_NR,
};

/* One price and how well it is known. */
struct cost_measured {
	bool given;     /* the file has it */
	uint64_t price; /* in the unit of the file */
	uint64_t error; /* standard error, in the same */
	uint32_t nr;    /* observations that it was fitted to; 0: it was not measured, and has no error */
	char note[COST_MAX_TEXT];
};

struct cost_file {
	struct cost_table table; /* ps, ready for use; points into this */
	char name[CONTIG_MAX_NAME + 1];
	char sha256[65];
	char cpu[COST_MAX_TEXT];
	char kernel[COST_MAX_TEXT];
	char date[11]; /* 2026-11-30 */
	char how[COST_MAX_TEXT];
	uint8_t unit; /* enum cost_unit */
	/* ps an instruction, and the interval it was found to lie in; 0 without instructions */
	uint64_t conversion, conversion_low, conversion_high;
	char conversion_how[COST_MAX_TEXT];
	struct cost_measured measured[PHASE_NR][COST_COLUMN_NR];
};

/*
 * Read a file. 0, or -errno with the file, line and reason in *diag: -EINVAL for one that is no cost file or is damaged. `f` is
 * rewound first; `name` is for messages.
 */
int cost_file_read(struct cost_file *out, FILE *f, const char *name, struct contig_diag *diag);
/* The same bytes for the same contents; table and sha256 are not looked at. */
void cost_file_write(FILE *f, const struct cost_file *costs);

/* A price of the file in ps, as a run has it. */
uint64_t cost_file_ps(const struct cost_file *costs, uint64_t price);

const char *cost_unit_name(enum cost_unit unit);

#endif
