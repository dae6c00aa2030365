/* SPDX-License-Identifier: MIT */
/*
 * cases.h - scripted cases: an exact layout and a few operations, one a line (docs/formats.md).
 *
 *	case=S1.clean_pb_dirty_neighbour npb=2 mt=MM kern=700 ops=a:0+512;f:0+512
 *	case=8.2.b1 map="[CC] F4" ops=a:8+8,cma
 *
 * Offsets are pages from the beginning of the arena.
 */
#ifndef CASES_H
#define CASES_H

#include "../allocators/contig.h"

#define CASE_MAX_SPANS  4096u
#define CASE_MAX_OPS    32u
#define CASE_MAX_BLOCKS 64u
#define CASE_MAX_MAP    2048u /* bytes of a layout string */

struct case_span {
	uint32_t start;
	uint32_t nr;
};

struct case_spans {
	uint32_t nr;
	struct case_span span[CASE_MAX_SPANS];
};

enum case_verb {
	OP_RANGE,  /* a, iso, undo, off: a request, which enum contig_op */
	OP_GIVE,   /* f: free_contig_range of what was got */
	OP_KERNEL, /* k: free kernel pages */
	OP_UNMAP,  /* u: unmap user pages, by number of their mapping */
	OP_ONLINE,
	OP_ALLOC,
	OP_FREE, /* whatever is in use there */
	OP_PIN,
	OP_UNPIN,
	OP_FREEZE,
	OP_TYPE,
	OP_CONVERT, /* pages in use become another kind */
	OP_DRAIN,
	OP_LRU, /* flush the LRU caches */
	OP_UNRESERVE,
	OP_WATERMARK,
	OP_STEP, /* A, B ...: go on with a request that others interrupt */
};

#define CASE_NO_REQUEST UINT8_MAX
#define STEPS_TO_END    UINT32_MAX

struct case_op {
	enum case_verb verb;
	uint8_t range_op; /* RANGE: enum contig_op */
	uint8_t caller;   /* RANGE: enum contig_caller */
	uint16_t passes;  /* RANGE, offline: after so many the operator gives up; 0 = as the backend has it */
	uint8_t request;  /* RANGE behind or before a '|', and STEP: 0 is A; else CASE_NO_REQUEST */
	bool joined;      /* a '|' stands before it: nothing is drained between it and the one before */
	uint32_t start;   /* of a span; UNMAP: number of the first mapping */
	uint32_t nr;
	uint32_t times;          /* ALLOC: so many, UINT32_MAX until there is none; STEP: steps, or STEPS_TO_END */
	enum contig_phase until; /* STEP: if not PHASE_NR, up to the first step of this phase, and at least one */
	uint8_t order;
	enum migratetype mt; /* TYPE, ALLOC, WATERMARK, UNRESERVE */
	enum page_kind kind; /* CONVERT, ALLOC; PAGE_NONE: the usual one for mt */
	bool force, kswapd, highatomic, last_chance;
	char text[48]; /* as written */
};

/* What the balloon driver of the case does when it is notified (7.5). */
struct case_balloon {
	bool counts; /* reports its PageOffline pages when a block is about to be isolated */
	bool drops;  /* lets go of them when their memory is going offline */
	bool vetoes; /* refuses both */
};

struct scripted_case {
	char name[96];
	uint32_t nr_blocks;
	char types[CASE_MAX_BLOCKS + 1];
	struct case_spans kern, frozen, user, pin, thp, htlb;
	char map[CASE_MAX_MAP]; /* the state before as a layout string, instead of all of these; empty without */
	struct case_balloon balloon;
	bool no_lru;  /* nolru=1: LRU caches are not drained first */
	bool no_pcp;  /* nopcp=1: per-cpu lists are not drained first */
	bool reverse; /* rev=1: freed from the highest pageblock down */
	uint32_t nr_ops;
	struct case_op op[CASE_MAX_OPS];
	uint32_t nr_requests; /* that have a letter */
	char beyond[32];      /* a key (x=) or operation (x:) that nobody knows, or empty */
};

/* Parse one line without its newline. 0 or -EINVAL with what is wrong in it. npb is pages per pageblock. */
int case_parse(const char *line, uint32_t npb, struct scripted_case *out, struct contig_diag *diag);

/* Parse ops=, in place (cases_ops.c). An operation that nobody knows is noted in c->beyond. */
int case_parse_ops(char *text, struct scripted_case *c, struct contig_diag *diag);
/* "700" or "700+64"; the end, or NULL. */
const char *case_parse_span(const char *text, struct case_span *span);

bool case_has(const struct case_spans *s, uint32_t offset);

/* Known keys and operations, for messages. */
const char *case_known_keys(void);
const char *case_known_ops(void);

#endif
