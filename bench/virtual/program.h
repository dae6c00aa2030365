/* SPDX-License-Identifier: MIT */
/*
 * program.h - a trace compiled for replay: 16 bytes an event, identities turned into reusable slots.
 *
 * Compiled once, then shared read-only by all replays. operations[i] is event i of the trace, so that a replay can name
 * events by their number; identities (hundreds of millions in a long trace) become slots of a small table, because the
 * slot of a dead identity is used again.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "../../workloads/trace/trace.h"

#define PROGRAM_CPU_BITS 10u /* CONTIG_MAX_CPUS */
#define PROGRAM_OP_BITS  3u
#define PROGRAM_NS_SHIFT (PROGRAM_CPU_BITS + PROGRAM_OP_BITS)
#define PROGRAM_MAX_NS   (UINT64_MAX >> (PROGRAM_NS_SHIFT + 1))

/* Slots are prefetched this many events ahead; the array is padded by as many. */
#define PROGRAM_AHEAD 16u

struct program_op {
	uint64_t when; /* ns << PROGRAM_NS_SHIFT | cpu << PROGRAM_OP_BITS | enum trace_op */
	uint32_t slot;
	union {
		struct {
			uint8_t kind; /* in the order of struct contig_what */
			uint8_t order;
			uint8_t migratetype;
			uint8_t node;
		};
		struct {
			uint8_t whole_order;
			uint8_t pieces_order; /* where `order` is: the order of what the event gives birth to */
		} split;
		uint32_t birth; /* FREE: event that allocated it */
		uint32_t what;  /* ALLOC, but only in a stream of the wall clock: number of what it allocates */
	};
};
_Static_assert(sizeof(struct program_op) == 16, "the inner loop streams through these");

/* Live at the end of the trace. */
struct program_survivor {
	uint32_t slot;
	uint32_t birth; /* event that allocated it */
	uint8_t order;
};

struct program {
	struct program_op *ops; /* nr_ops, and PROGRAM_AHEAD that are never executed */
	size_t nr_ops;
	uint32_t *pieces; /* for each split: the event that allocated the whole, then the slots of the pieces */
	size_t nr_pieces;
	size_t max_pieces; /* of one split */
	struct program_survivor *survivors;
	size_t nr_survivors;
	uint32_t nr_slots;
	uint32_t nr_cpus;
	uint32_t nr_nodes;
	uint8_t max_order; /* largest order that is allocated */
	uint64_t nr_allocs;
	uint64_t nr_pins;
	uint64_t duration_ns;
	uint64_t peak_pages;                  /* most pages live at once ... */
	uint64_t node_peak[CONTIG_MAX_NODES]; /* ... of those allocated on a node */
	uint8_t cpu_node[CONTIG_MAX_CPUS];    /* the node a cpu allocates most from */
};

static inline uint64_t program_ns(const struct program_op *op)
{
	return op->when >> PROGRAM_NS_SHIFT;
}

static inline uint32_t program_cpu(const struct program_op *op)
{
	return (uint32_t)(op->when >> PROGRAM_OP_BITS) & (CONTIG_MAX_CPUS - 1);
}

static inline enum trace_op program_code(const struct program_op *op)
{
	return (enum trace_op)(op->when & ((1u << PROGRAM_OP_BITS) - 1));
}

/*
 * 0; -EBADMSG when events contradict each other (free of an unknown identity, time running backwards ...), -ERANGE
 * beyond what a replay can hold, -ENOMEM; *diag names the event. Free with program_free().
 */
int program_compile(const struct trace *t, struct program *p, struct contig_diag *diag);
void program_free(struct program *p);

#endif
