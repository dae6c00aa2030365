// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "metrics.h"

static double percentile(const struct wall_params *p, const struct histogram *h, uint32_t millionths)
{
	if (!histogram_count(h))
		return NAN;
	return (double)wall_clock_ns(p->clock, histogram_percentile(h, millionths));
}

/*
 * A mean without the slowest, which on a machine that is not quiet are about the machine: 1 % of the many operations, a tenth of
 * the few requests. Short times are a few steps of the clock, and only a mean tells them apart.
 */
static double mean(const struct wall_params *p, const struct histogram *h, uint32_t millionths)
{
	double ticks = histogram_trimmed_mean(h, millionths);

	return ticks < 0 ? NAN : ticks * p->clock->ns_per_tick;
}

static const struct {
	const char *name;
	size_t histogram; /* offset in the result; 0: not from one */
	uint32_t millionths;
	bool mean; /* of so many, instead of what so many do not exceed */
} about[METRIC_COUNTERS] = {
#define PERCENTILE(m, name, field, q) [m] = { name, offsetof(struct wall_result, field), q, false }
#define MEAN(m, name, field, q)       [m] = { name, offsetof(struct wall_result, field), q, true }
	[METRIC_EVENTS_PER_SECOND] = { "events_per_second", 0, 0, false },
	[METRIC_WORK] = { "work_ns_per_event", 0, 0, false },
	[METRIC_SUCCESS_RATE] = { "success_rate", 0, 0, false },
	[METRIC_MIGRATED] = { "migrated_pages", 0, 0, false },
	MEAN(METRIC_ALLOC_MEAN, "alloc_mean_ns", op[WALL_ALLOC], 990000),
	PERCENTILE(METRIC_ALLOC_P50, "alloc_p50_ns", op[WALL_ALLOC], 500000),
	PERCENTILE(METRIC_ALLOC_P99, "alloc_p99_ns", op[WALL_ALLOC], 990000),
	PERCENTILE(METRIC_ALLOC_P999, "alloc_p999_ns", op[WALL_ALLOC], 999000),
	MEAN(METRIC_FREE_MEAN, "free_mean_ns", op[WALL_FREE], 990000),
	PERCENTILE(METRIC_FREE_P50, "free_p50_ns", op[WALL_FREE], 500000),
	PERCENTILE(METRIC_FREE_P99, "free_p99_ns", op[WALL_FREE], 990000),
	PERCENTILE(METRIC_FREE_P999, "free_p999_ns", op[WALL_FREE], 999000),
	MEAN(METRIC_REQUEST_MEAN, "request_mean_ns", request, 900000),
	PERCENTILE(METRIC_REQUEST_P50, "request_p50_ns", request, 500000),
	PERCENTILE(METRIC_REQUEST_P99, "request_p99_ns", request, 990000),
	MEAN(METRIC_ISOLATE, "isolate_mean_ns", phase[PHASE_ISOLATE], 900000),
	MEAN(METRIC_DRAIN, "drain_mean_ns", phase[PHASE_DRAIN], 900000),
	MEAN(METRIC_MIGRATE, "migrate_mean_ns", phase[PHASE_MIGRATE], 900000),
	[METRIC_MIGRATE_PAGE] = { "migrate_page_ns", 0, 0, false },
	MEAN(METRIC_TEST, "test_mean_ns", phase[PHASE_TEST], 900000),
	MEAN(METRIC_GRAB, "grab_mean_ns", phase[PHASE_GRAB], 900000),
	MEAN(METRIC_UNDO, "undo_mean_ns", phase[PHASE_UNDO], 900000),
	PERCENTILE(METRIC_LAG_P50, "lag_p50_ns", lag, 500000),
	PERCENTILE(METRIC_LAG_P99, "lag_p99_ns", lag, 990000),
	[METRIC_UNUSABLE] = { "unusable_index", 0, 0, false },
	[METRIC_FRAGMENTATION] = { "fragmentation_index", 0, 0, false },
	[METRIC_FAILED_ALLOCS] = { "failed_allocs", 0, 0, false },
	[METRIC_RETRIED_FREES] = { "retried_frees", 0, 0, false },
	[METRIC_HARNESS_SHARE] = { "harness_share", 0, 0, false },
	[METRIC_WAITED_SHARE] = { "waited_share", 0, 0, false },
#undef MEAN
#undef PERCENTILE
};

const enum wall_metric wall_compared[WALL_COMPARED] = {
	METRIC_WORK,         METRIC_ALLOC_MEAN, METRIC_FREE_MEAN, METRIC_ISOLATE, METRIC_DRAIN,
	METRIC_MIGRATE_PAGE, METRIC_TEST,       METRIC_GRAB,      METRIC_UNDO,    METRIC_REQUEST_MEAN,
};

const char *wall_metric_name(enum wall_metric m)
{
	static const char *const counters[COUNTER_NR] = {
		[COUNTER_INSTRUCTIONS] = "instructions", [COUNTER_CYCLES] = "cycles",
		[COUNTER_CACHE_MISSES] = "cache_misses", [COUNTER_DTLB_MISSES] = "dtlb_misses",
		[COUNTER_PAGE_FAULTS] = "page_faults",   [COUNTER_CONTEXT_SWITCHES] = "context_switches",
	};

	return m < METRIC_COUNTERS ? about[m].name : counters[m - METRIC_COUNTERS];
}

static void of_requests(const struct wall_result *r, double out[METRIC_NR])
{
	uint64_t got = 0, migrated = 0;

	for (uint32_t k = 0; k < r->nr_requests; k++) {
		got += !r->requests[k].rc;
		migrated += r->requests[k].total.migrated;
	}
	if (!r->nr_requests)
		return;
	out[METRIC_SUCCESS_RATE] = (double)got / r->nr_requests;
	out[METRIC_MIGRATED] = (double)migrated;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median over requests of what a page took to migrate; a request that moved fewer than a cluster says little. */
static double migrate_page(const struct wall_result *r)
{
	double *each = calloc(r->nr_requests + 1u, sizeof(*each)), median = NAN;
	uint32_t nr = 0;

	for (uint32_t k = 0; each && k < r->nr_requests; k++) {
		const struct wall_request *q = &r->requests[k];

		if (q->total.migrated >= 32)
			each[nr++] = (double)q->phase_ns[PHASE_MIGRATE] / q->total.migrated;
	}
	if (nr) {
		qsort(each, nr, sizeof(*each), by_size);
		median = (each[(nr - 1) / 2] + each[nr / 2]) / 2;
	}
	free(each);
	return median;
}

/* What threads did with their time: worked (waiting aside), waited. */
static void of_threads(const struct wall_result *r, double out[METRIC_NR])
{
	double loop = 0, wait = 0;

	for (uint32_t i = 0; i < r->nr_threads; i++) {
		loop += (double)r->threads[i].loop_ns;
		wait += (double)r->threads[i].waited_ns;
	}
	if (r->nr_threads && r->events)
		out[METRIC_WORK] = loop / (double)r->events;
	if (loop + wait > 0)
		out[METRIC_WAITED_SHARE] = wait / (loop + wait);
}

void wall_metrics(const struct wall_params *params, const struct wall_result *r, double out[METRIC_NR])
{
	for (unsigned int m = 0; m < METRIC_NR; m++)
		out[m] = NAN;
	for (unsigned int m = 0; m < METRIC_COUNTERS; m++) {
		const char *h = (const char *)r + about[m].histogram;

		if (about[m].histogram && about[m].mean)
			out[m] = mean(params, (const struct histogram *)(const void *)h, about[m].millionths);
		else if (about[m].histogram)
			out[m] = percentile(params, (const struct histogram *)(const void *)h, about[m].millionths);
	}
	if (r->wall_ns)
		out[METRIC_EVENTS_PER_SECOND] = (double)r->events * 1e9 / (double)r->wall_ns;
	of_requests(r, out);
	out[METRIC_MIGRATE_PAGE] = migrate_page(r);
	out[METRIC_UNUSABLE] = r->end.unusable / 1000.0;
	out[METRIC_FRAGMENTATION] = r->end.fragmentation / 1000.0;
	out[METRIC_FAILED_ALLOCS] = (double)r->failed_allocs;
	out[METRIC_RETRIED_FREES] = (double)r->retried_frees;
	if (r->harness_ns > 0)
		out[METRIC_HARNESS_SHARE] = r->harness_share / 1000.0;
	of_threads(r, out);
	for (unsigned int c = 0; c < COUNTER_NR; c++) {
		uint64_t value;
		uint32_t share;

		if (counter_scaled(&r->run, (enum counter)c, &value, &share))
			out[METRIC_COUNTERS + c] = (double)value;
	}
}

const char *wall_pool_name(enum wall_pool p)
{
	static const char *const names[POOL_NR] = { "alloc", "free", "request" };

	return names[p];
}

const struct histogram *wall_pool_of(const struct wall_result *result, enum wall_pool p)
{
	const struct histogram *const pools[POOL_NR] = {
		[POOL_ALLOC] = &result->op[WALL_ALLOC],
		[POOL_FREE] = &result->op[WALL_FREE],
		[POOL_REQUEST] = &result->request,
	};

	return pools[p];
}
