// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "files.h"

#define SYSFS "/sys/devices/system/clocksource/clocksource0/"

#define COST_BATCH   64
#define COST_BATCHES 1001
#define STEP_TIMES   20000
#define STEP_MAX     4096 /* ticks */

#if defined(__x86_64__)
#define SPAN_NS 20000000 /* with readings matched to some tens of ns: a few parts in a million */
#define TRIES   100

static uint64_t monotonic_ns(void)
{
	return wall_clock_now(&(struct wall_clock){ .tsc = false });
}

/* One reading of either clock at the same instant, or nearly. */
struct instant {
	uint64_t tsc;
	uint64_t ns;
};

/* clock sources of hypervisors that are computed from the time stamp counter */
static const char *const tsc_based[] = { "kvm-clock", "hyperv_clocksource_tsc_page", "xen" };

/*
 * The cpu says that the counter runs at one rate, whatever state the cpu is in, and the kernel lives by it. Beside the
 * clock of a hypervisor the kernel offers "tsc" only as long as it has not found it unstable.
 */
static bool tsc_trusted(void)
{
	char flags[8192], source[64], offered[256];

	if (!file_line(flags, sizeof(flags), "/proc/cpuinfo", "flags") || !list_has_word(flags, "constant_tsc") ||
	    !list_has_word(flags, "nonstop_tsc"))
		return false;
	file_line(source, sizeof(source), SYSFS "current_clocksource", NULL);
	if (!strcmp(source, "tsc"))
		return true;
	file_line(offered, sizeof(offered), SYSFS "available_clocksource", NULL);
	for (size_t i = 0; i < sizeof(tsc_based) / sizeof(*tsc_based); i++)
		if (!strcmp(source, tsc_based[i]))
			return list_has_word(offered, "tsc");
	return false;
}

/* The closest of many matches: an interrupt in between spoils one, not all. */
static struct instant match(void)
{
	struct instant best = { 0 };
	uint64_t closest = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc();
		uint64_t ns = monotonic_ns();
		uint64_t width = __rdtsc() - before;

		if (width < closest) {
			closest = width;
			best = (struct instant){ .tsc = before + width / 2, .ns = ns };
		}
	}
	return best;
}

static double tsc_ns_per_tick(void)
{
	struct instant begin = match();

	while (monotonic_ns() - begin.ns < SPAN_NS)
		;
	struct instant end = match();

	return (double)(end.ns - begin.ns) / (double)(end.tsc - begin.tsc);
}

static void choose(struct wall_clock *c)
{
	double ns_per_tick = tsc_trusted() ? tsc_ns_per_tick() : 0;

	/* no counter runs slower than 10 MHz or faster than 20 GHz: one that seems to has jumped */
	if (ns_per_tick > 0.05 && ns_per_tick < 100)
		*c = (struct wall_clock){ .tsc = true, .name = "tsc", .ns_per_tick = ns_per_tick };
}
#else
static void choose(struct wall_clock *c)
{
	(void)c;
}
#endif

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* In batches, as one reading is shorter than what the clock can tell apart; the median, as some are interrupted. */
static double reading_cost_ns(const struct wall_clock *c)
{
	static double costs[COST_BATCHES];

	for (int i = 0; i < COST_BATCHES; i++) {
		uint64_t begin = wall_clock_now(c), end = begin;

		for (int j = 0; j < COST_BATCH; j++)
			end = wall_clock_now(c);
		costs[i] = (double)(end - begin) * c->ns_per_tick / COST_BATCH;
	}
	qsort(costs, COST_BATCHES, sizeof(*costs), by_size);
	return costs[COST_BATCHES / 2];
}

/*
 * A counter may be read in any tick and advance in steps of many: some cpus scale a slow one up. Times of different lengths are
 * then whole steps apart, but for a few that differ by a rounding: the smallest distance between any two that are not rare, or of
 * one from 0.
 */
static double step_ns(const struct wall_clock *c)
{
	static uint32_t times[STEP_MAX];
	uint64_t last = 0, least = STEP_MAX;
	uint32_t most = 0;

	memset(times, 0, sizeof(times));
	for (unsigned int i = 0; i < STEP_TIMES; i++) {
		uint64_t begin = wall_clock_now(c);

		for (unsigned int k = 0; k < i % 64; k++)
			__asm__ volatile("");
		uint64_t ticks = wall_clock_now(c) - begin;

		times[ticks < STEP_MAX ? ticks : STEP_MAX - 1]++;
	}
	/* two readings in one step may differ by one, as the second must not be the same */
	for (uint64_t t = 2; t < STEP_MAX - 1; t++)
		most = times[t] > most ? times[t] : most;
	for (uint64_t t = 2; t < STEP_MAX - 1; t++) {
		if (times[t] <= most / 20)
			continue;
		if (t - last < least)
			least = t - last;
		last = t;
	}
	return (double)(least < STEP_MAX ? least : 1) * c->ns_per_tick;
}

void wall_clock_calibrate(struct wall_clock *c)
{
	*c = (struct wall_clock){ .name = "CLOCK_MONOTONIC", .ns_per_tick = 1 };
	choose(c);
	c->cost_ns = reading_cost_ns(c);
	c->step_ns = step_ns(c);
}
