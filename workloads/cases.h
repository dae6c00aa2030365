/* SPDX-License-Identifier: MIT */
/*
 * cases.h - scripted cases: an exact layout and a few operations, one a line (docs/formats.md).
 *
 *	case=S1.clean_pb_dirty_neighbour npb=2 mt=MM kern=700 ops=a:0+512;f:0+512
 *
 * Offsets are pages from the beginning of the arena.
 */
#ifndef CASES_H
#define CASES_H

#include "../allocators/contig.h"

#define CASE_MAX_SPANS  4096u
#define CASE_MAX_OPS    32u
#define CASE_MAX_BLOCKS 64u

struct case_span {
	uint32_t start;
	uint32_t nr;
};

struct case_spans {
	uint32_t nr;
	struct case_span span[CASE_MAX_SPANS];
};

struct case_op {
	char what; /* a = alloc_contig_range, f = free_contig_range, k = free kernel pages, u = unmap user pages */
	uint32_t start;
	uint32_t nr;
	char text[32]; /* as written */
};

struct scripted_case {
	char name[96];
	uint32_t nr_blocks;
	char types[CASE_MAX_BLOCKS + 1];
	struct case_spans kern, frozen, user, pin, thp;
	bool no_lru;  /* nolru=1: LRU caches are not drained first */
	bool no_pcp;  /* nopcp=1: per-cpu lists are not drained first */
	bool reverse; /* rev=1: freed from the highest pageblock down */
	uint32_t nr_ops;
	struct case_op op[CASE_MAX_OPS];
	char beyond[32]; /* a key (htlb=) or operation (x:) that the model has nothing for, or empty */
};

/* Parse one line without its newline. 0 or -EINVAL with what is wrong in it. npb is pages per pageblock. */
int case_parse(const char *line, uint32_t npb, struct scripted_case *out, struct contig_diag *diag);

bool case_has(const struct case_spans *s, uint32_t offset);

#endif
