/* SPDX-License-Identifier: MIT */
/*
 * command.h - one thing done to two allocators at once. A command means the same whatever came before it: allocations
 * are named by the command that made them, and one that finds nothing to act on does nothing. So any part of a sequence
 * is a sequence, which is what shrinking needs.
 */
#ifndef ORACLE_COMMAND_H
#define ORACLE_COMMAND_H

#include <stdio.h>

#include "../../allocators/contig.h"
#include "../../bench/virtual/rng.h"

#define MODEL      0
#define ORACLE     1
#define SLOTS      3u /* requests under way */
#define MAX_MOVES  4096u
#define PIECE_BITS 10u /* owner: command number and piece */
#define DIFFERENCE 512u

enum command_op {
	DO_ALLOC,
	DO_FREE,
	DO_SPLIT,
	DO_PIN,
	DO_UNPIN,
	DO_FREEZE,
	DO_TO_LRU,
	DO_DRAIN,
	DO_SET_TYPE,
	DO_BEGIN,
	DO_STEP,
	DO_GIVE,
	DO_CONVERT,
	DO_UNRESERVE,
	DO_WATERMARK,
	DO_NR, /* below: at the beginning of a walk only */
	DO_PLACE = DO_NR,
};

struct command {
	uint8_t op;
	uint8_t cpu;
	uint8_t kind;
	uint8_t order;
	uint8_t type;   /* migratetype */
	uint8_t caller; /* BEGIN */
	uint8_t range;  /* BEGIN: enum contig_op */
	uint8_t slot;   /* BEGIN, STEP */
	bool highatomic, last_chance, force;
	uint32_t serial;
	uint32_t start, nr; /* BEGIN, GIVE, CONVERT, PLACE; SET_TYPE: block; STEP: steps */
	owner_t owner;
};

struct move {
	owner_t owner;
	pfn_t from, to;
	unsigned int order;
};

struct side {
	struct contig *c;
	struct contig_hooks hooks;
	struct contig_range *request[SLOTS];
	struct contig_range_args args[SLOTS];
	struct move moves[MAX_MOVES];
	uint32_t nr_moves;
	struct contig_run *run; /* by pfn of the first page, as of the last comparison */
};

struct pair {
	struct contig_geometry g;
	struct side side[2];
	char difference[DIFFERENCE]; /* the first one, in words */
};

/* false with the difference filled in if a backend can not be opened. */
bool pair_open(struct pair *p, const char *model, const char *oracle, const struct contig_geometry *g);
void pair_close(struct pair *p);
/* Look at both sides; false with the first difference filled in, or what the model's verify says. */
bool pair_equal(struct pair *p);
/* Do it to both; false if the answers differ or what they left behind. */
bool pair_apply(struct pair *p, const struct command *c);

/* What a zone of reserved pages may begin with: types and runs, at most one command a page and one a block. */
uint32_t command_layout(const struct contig_geometry *g, struct rng *rng, struct command *commands);
/* A command that makes sense now. */
struct command command_random(struct pair *p, struct rng *rng, uint32_t serial, const uint8_t weight[DO_NR]);
void command_print(FILE *out, const struct command *c);

#endif
