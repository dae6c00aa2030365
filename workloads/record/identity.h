/* SPDX-License-Identifier: MIT */
/*
 * identity.h - from what the kernel's tracepoints say (a pfn, an order) to what a trace says (an identity).
 *
 * The map knows for every pfn which live allocation covers it. Before identity_begin() it only learns: pages found in
 * a snapshot and events that happened while it was taken. identity_begin() numbers what is live by then and emits it
 * as the initial allocations; from there on every event of the kernel becomes none, one or several of the trace:
 *
 *	alloc of a free pfn			ALLOC
 *	alloc over a live one			FREE of that one, counted as implied, then ALLOC
 *	free of a whole allocation		FREE
 *	free that covers several		FREE of each
 *	free of a part				SPLIT into pieces of the part's order, FREE of the pieces in the part
 *	free of a pfn nobody knows		nothing, counted as unmatched
 *	failed alloc (pfn -1)			nothing, counted
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "../trace/trace.h"

/* One zone of the recording machine, in pfns. */
struct identity_zone {
	uint64_t start, end;
	uint8_t node;
	uint8_t type; /* enum contig_zone_type */
};

struct identity_counts {
	uint64_t raw_events; /* alloc and free events of the kernel since identity_begin() */
	uint64_t initial;    /* allocations emitted by identity_begin() */
	uint64_t initial_pages;
	uint64_t allocs; /* ALLOC events, the initial ones not included */
	uint64_t frees;  /* FREE events, the implied ones not included */
	uint64_t splits;
	uint64_t implied_frees;   /* FREE events that an allocation of a live pfn implied */
	uint64_t unmatched_frees; /* events of the kernel that freed nothing known */
	uint64_t failed_allocs;
	uint64_t foreign; /* events about pfns outside every zone: memory plugged in later, or nonsense */
	uint64_t late;    /* events that came out of order; they were moved to the time of the one before */
};

typedef void (*identity_sink)(void *ctx, const struct trace_event *e);

struct identity;

/* NULL: no memory. The zones are copied. max_order caps what the initial allocations are made of. */
struct identity *identity_new(const struct identity_zone *zones, size_t nr, unsigned int max_order, identity_sink sink,
                              void *ctx);
void identity_destroy(struct identity *idn);

/* Snapshot: there is a page of this kind; it replaces what was known about its pfns. */
void identity_place(struct identity *idn, uint64_t pfn, unsigned int order, enum page_kind kind);
/* Snapshot: this page shall not be part of the initial state. */
void identity_forget(struct identity *idn, uint64_t pfn);
/* The initial state is complete, it is now `ns` on the kernel's trace clock. */
void identity_begin(struct identity *idn, uint64_t ns);

/* Events of the kernel; ns on its trace clock. `compound`: __GFP_COMP was asked for. */
void identity_alloc(struct identity *idn, uint64_t ns, uint32_t cpu, uint64_t pfn, unsigned int order,
                    unsigned int migratetype, bool compound);
void identity_free(struct identity *idn, uint64_t ns, uint32_t cpu, uint64_t pfn, unsigned int order);

/* The id of the live allocation that covers pfn, or 0. */
uint32_t identity_of(const struct identity *idn, uint64_t pfn);
/* Ids are used up (32 bits): events are dropped from here on. */
bool identity_full(const struct identity *idn);
const struct identity_counts *identity_counts(const struct identity *idn);

#endif
