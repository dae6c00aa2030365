/* SPDX-License-Identifier: MIT */
/* tracing.h - a private tracefs instance that captures kmem:mm_page_alloc and kmem:mm_page_free. */
#ifndef TRACING_H
#define TRACING_H

#include <sys/types.h>
#include <tracefs.h>

#include "../../allocators/contig.h"

/* An event of the kernel, decoded. */
struct page_event {
	uint64_t ns; /* CLOCK_MONOTONIC */
	uint64_t pfn;
	uint64_t gfp;
	uint32_t cpu;
	uint32_t order;
	uint32_t migratetype;
	bool free;
};

/* Where a number is in a raw event. */
struct event_field {
	uint16_t offset;
	uint8_t size; /* bytes */
};

/* What raw events look like on this kernel. */
struct event_layout {
	struct event_field type; /* tells the two apart */
	uint32_t alloc_type, free_type;
	struct event_field alloc_pfn, alloc_order, alloc_gfp, alloc_migratetype;
	struct event_field free_pfn, free_order;
	uint64_t gfp_comp; /* __GFP_COMP, or 0 where the kernel does not say */
};

struct tracing {
	struct tracefs_instance *instance;
	struct event_layout layout;
	uint32_t nr_cpus; /* cpu numbers are below this */
};

/* Can this machine record at all? -EPERM, -ENOENT (no tracefs, no such event), with advice in *diag. */
int tracing_available(struct contig_diag *diag);

/* Remove instances whose recorder is dead; returns how many. */
unsigned int tracing_sweep(void);

/* Create the instance, with buffers, its events still off. */
int tracing_open(struct tracing *t, uint32_t buffer_mib, struct contig_diag *diag);
/* Events that these threads cause shall not be recorded. */
int tracing_ignore(struct tracing *t, const pid_t *tids, size_t nr, struct contig_diag *diag);
int tracing_start(struct tracing *t, struct contig_diag *diag);
void tracing_stop(struct tracing *t);
/* Events that the kernel dropped so far. */
uint64_t tracing_lost(struct tracing *t);
/* Stops and removes the instance; every reader of it must be closed. */
void tracing_close(struct tracing *t);

/* False: another event. */
bool tracing_decode(const struct event_layout *l, const void *data, struct page_event *e);

#endif
