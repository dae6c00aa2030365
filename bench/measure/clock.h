/* SPDX-License-Identifier: MIT */
/*
 * clock.h - the wall clock: the cheapest one this machine has, what a reading of it costs, and how it relates to
 * CLOCK_MONOTONIC.
 *
 * The time stamp counter where the cpu says that it runs at one rate in all states and the kernel trusts it itself
 * (/sys/devices/system/clocksource), else clock_gettime(CLOCK_MONOTONIC), which the vDSO answers without a system call.
 */
#ifndef MEASURE_CLOCK_H
#define MEASURE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

struct wall_clock {
	bool tsc;
	const char *name;   /* "tsc" or "CLOCK_MONOTONIC" */
	double ns_per_tick; /* 1 for CLOCK_MONOTONIC */
	double cost_ns;     /* of one reading: median of many, calibrated in place */
	double step_ns;     /* what it advances by: shorter times are told apart in their mean only */
};

/* Once, before threads are started: takes some tens of milliseconds. */
void wall_clock_calibrate(struct wall_clock *c);

/* Ticks. Not ordered against the loads and stores around it: good for differences of tens of ns and more. */
static inline uint64_t wall_clock_now(const struct wall_clock *c)
{
#if defined(__x86_64__)
	if (__builtin_expect(c->tsc, 1))
		return __rdtsc();
#endif
	(void)c;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A difference of ticks in ns, and back. */
static inline uint64_t wall_clock_ns(const struct wall_clock *c, uint64_t ticks)
{
	return (uint64_t)((double)ticks * c->ns_per_tick + 0.5);
}

static inline uint64_t wall_clock_ticks(const struct wall_clock *c, uint64_t ns)
{
	return (uint64_t)((double)ns / c->ns_per_tick + 0.5);
}

#endif
