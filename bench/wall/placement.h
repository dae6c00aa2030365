/* SPDX-License-Identifier: MIT */
/*
 * placement.h - which thread replays which trace cpu, on which cpu of this machine, and on which of its nodes memory lies.
 *
 * Made from hwloc's view of what this process may use: taskset, cpusets of cgroups and memory policies are respected. A
 * trace node is mapped to a node of this machine (nodes are named by the kernel's numbers, as in /sys/devices/system/node);
 * threads of the trace's cpus are pinned to cpus of that node, one each; memory of its zones is bound there, and that it
 * lies there is verified page by page with the kernel's answer (move_pages).
 */
#ifndef PLACEMENT_H
#define PLACEMENT_H

#include "../../allocators/contig.h"

struct placement_wish {
	const uint8_t *cpu_node; /* of each trace cpu */
	uint32_t nr_cpus;
	uint32_t nr_nodes;   /* of the trace, or of the zones if they are on more */
	const char *map;     /* "0=1,1=0": trace node = node of this machine; NULL: in ascending order */
	uint32_t nr_threads; /* 0: one a trace cpu; less: trace cpus share threads, node by node */
	bool oversubscribe;  /* nodes may share nodes, and threads cpus; else that is refused */
	bool bind;           /* memory is bound; else it lies where the kernel puts it, and is not verified */
};

struct placement_thread {
	uint32_t cpu;       /* kernel's number of the cpu that it is pinned to */
	uint32_t node;      /* ... and of that cpu's node */
	uint8_t trace_node; /* of the first trace cpu it replays */
};

struct placement {
	uint32_t nr_cpus; /* of the trace, ... */
	uint8_t cpu_node[CONTIG_MAX_CPUS];
	uint32_t nr_threads;
	struct placement_thread threads[CONTIG_MAX_CPUS];
	uint16_t thread_of[CONTIG_MAX_CPUS]; /* trace cpu -> thread */
	uint32_t node_of[CONTIG_MAX_NODES];  /* trace node -> node of this machine */
	uint32_t nr_nodes;                   /* of the trace */
	bool bind;
	bool oversubscribed; /* nodes or cpus of this machine are shared, as was asked for */
	char sharing[160];   /* "4 trace nodes on 1 node, 4 threads on 2 cpus", or "", for every result; besides when
	                              it is not oversubscribed, but one thread is for the cpus of several trace nodes */
	struct topology *topology; /* hwloc's; placement.c's own business */
};

/*
 * 0; -EINVAL: the mapping is wrong, leaves a trace cpu without a place, or needs oversubscribe; -ENODEV, -ENOMEM: the
 * machine. *diag says what and what to do. Free with placement_close().
 */
int placement_open(struct placement *p, const struct placement_wish *wish, struct contig_diag *diag);
void placement_close(struct placement *p);

/*
 * For the user, on a FILE: "trace node 0 -> node 1" for each, "trace cpu 0 (node 0) -> thread 0 on cpu 1 (node 1)" for
 * each, and "shared: ..." if something is.
 */
void placement_print(const struct placement *p, void *file);

/* Pin the calling thread to where thread `thread` belongs, and ask the kernel whether it is there. 0 or -errno, *diag. */
int placement_pin(const struct placement *p, uint32_t thread, struct contig_diag *diag);

/*
 * Bind whole pages, not touched yet, to the node that a trace node is mapped to. -EPERM: not allowed (a container without
 * CAP_SYS_NICE ...), *diag says how to go on (--bind no).
 */
int placement_bind(const struct placement *p, void *start, size_t bytes, unsigned int trace_node,
                   struct contig_diag *diag);

/* Have the kernel allocate whole pages now, where they are bound, so that no fault is measured later. 0, or -errno. */
int placement_populate(void *start, size_t bytes);

/* Where the kernel says that the pages of an area lie. */
struct placement_found {
	uint64_t right;     /* pages of this machine on the node that they should be on */
	uint64_t wrong;     /* ... on another */
	uint64_t untouched; /* ... nowhere yet */
};
/* Adds to *found. 0 or -errno, *diag. */
int placement_verify(const struct placement *p, const void *start, size_t bytes, unsigned int trace_node,
                     struct placement_found *found, struct contig_diag *diag);

/*
 * Bytes that may still be allocated on a node of this machine (kernel's number), and by this process at all: the least of
 * MemAvailable, of what memory cgroups leave on the way up, and of what `ulimit -v` and `-d` leave.
 */
uint64_t placement_free_bytes(uint32_t node);
uint64_t placement_available_bytes(void);

#endif
