/* SPDX-License-Identifier: MIT */
/*
 * trace_check.h - what makes a sequence of events a trace: one state machine for writer and reader.
 *
 * Ids count up from 1 in the order of the events (an ALLOC brings the next one, a SPLIT the next few), only live ids
 * are freed, split or pinned, time does not go back, and every attribute is one that a backend can be asked for.
 */
#ifndef TRACE_CHECK_H
#define TRACE_CHECK_H

#include "trace.h"

struct trace_check {
	/* limits; set by the caller */
	uint32_t nr_cpus;
	uint32_t nr_nodes;
	/* totals so far */
	uint64_t events;
	uint64_t splits;
	uint64_t live_pages;
	uint64_t peak_pages;
	uint64_t last_ns;
	uint64_t next_id;
	/* one byte an id */
	uint8_t *state;
	size_t room;
};

void trace_check_init(struct trace_check *c, uint32_t nr_cpus, uint32_t nr_nodes);
void trace_check_free(struct trace_check *c);

/*
 * Take one event. 0, or -EBADMSG with what is wrong in *why, or -ENOMEM. Nothing changes unless it returns 0.
 * Memory: one byte for each id seen.
 */
int trace_check_event(struct trace_check *c, const struct trace_event *e, struct contig_diag *why);

#endif
