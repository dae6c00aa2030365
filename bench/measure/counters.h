/* SPDX-License-Identifier: MIT */
/*
 * counters.h - what perf_event_open() counts for one thread, user space only where that can be asked for: one group of
 * hardware events, so that they are scheduled together, and one of software events.
 *
 * What this machine or this user's rights do not have is absent, never zero, and named once with the reason.
 */
#ifndef MEASURE_COUNTERS_H
#define MEASURE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum counter {
	COUNTER_INSTRUCTIONS,
	COUNTER_CYCLES,
	COUNTER_CACHE_MISSES,
	COUNTER_DTLB_MISSES,
	COUNTER_PAGE_FAULTS,
	COUNTER_CONTEXT_SWITCHES,
	COUNTER_NR,
};

const char *counter_name(enum counter c); /* "instructions" */

/*
 * Counts over some span. Where the kernel had to share the hardware out, a value is scaled up by enabled / running, and
 * running_share (thousandths, 1000: all the time) says so.
 */
struct counter_values {
	uint64_t value[COUNTER_NR];
	uint64_t enabled_ns[COUNTER_NR];
	uint64_t running_ns[COUNTER_NR];
	bool has[COUNTER_NR];
};

/* Scaled, and how much of the time it was counted; false: absent, or never scheduled. */
bool counter_scaled(const struct counter_values *v, enum counter c, uint64_t *value, uint32_t *running_share);
void counters_add(struct counter_values *to, const struct counter_values *from);
void counters_subtract(struct counter_values *from, const struct counter_values *before);

struct counters; /* of one thread */

/*
 * Counters of the calling thread, running. Never fails for want of an event: what is missing has `has` false. NULL: no
 * memory.
 */
struct counters *counters_open(void);
void counters_close(struct counters *c);
/* One system call a group. By the thread that opened them. */
void counters_read(struct counters *c, struct counter_values *out);

/*
 * What is missing and why, in one sentence, for the whole process: "instructions, cycles, ...: this machine has no hardware
 * counters (a virtual machine without a PMU)"; "perf_event_paranoid is 3 ...: run `sysctl kernel.perf_event_paranoid=1` as
 * root". "" if nothing is. Opens the counters to see.
 */
void counters_missing(char *out, size_t size);

#endif
