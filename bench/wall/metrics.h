/* SPDX-License-Identifier: MIT */
/* metrics.h - the numbers of one replay on the wall clock: as counters of Google Benchmark, columns of CSV and of the table. */
#ifndef WALL_METRICS_H
#define WALL_METRICS_H

#include "wall.h"

enum wall_metric {
	METRIC_EVENTS_PER_SECOND,
	METRIC_WORK,
	METRIC_SUCCESS_RATE,
	METRIC_MIGRATED,
	METRIC_ALLOC_MEAN,
	METRIC_ALLOC_P50,
	METRIC_ALLOC_P99,
	METRIC_ALLOC_P999,
	METRIC_FREE_MEAN,
	METRIC_FREE_P50,
	METRIC_FREE_P99,
	METRIC_FREE_P999,
	METRIC_REQUEST_MEAN,
	METRIC_REQUEST_P50,
	METRIC_REQUEST_P99,
	METRIC_ISOLATE,
	METRIC_DRAIN,
	METRIC_MIGRATE,
	METRIC_MIGRATE_PAGE, /* the median over requests */
	METRIC_TEST,
	METRIC_GRAB,
	METRIC_UNDO,
	METRIC_LAG_P50,
	METRIC_LAG_P99,
	METRIC_UNUSABLE,
	METRIC_FRAGMENTATION,
	METRIC_FAILED_ALLOCS,
	METRIC_RETRIED_FREES,
	METRIC_HARNESS_SHARE,
	METRIC_WAITED_SHARE,
	METRIC_COUNTERS, /* the first of those of counters.h */
	METRIC_NR = METRIC_COUNTERS + COUNTER_NR,
};

/* "alloc_p99_ns": with its unit, unless it is a count or a share of one. */
const char *wall_metric_name(enum wall_metric m);
/* Those that a row is compared in with the first one: times of what the backend does, waiting for others aside. */
extern const enum wall_metric wall_compared[];
#define WALL_COMPARED 10u

/* What was not measured is NAN. */
void wall_metrics(const struct wall_params *params, const struct wall_result *result, double out[METRIC_NR]);

/* What repetitions are added up in. */
enum wall_pool {
	POOL_ALLOC,
	POOL_FREE,
	POOL_REQUEST,
	POOL_NR,
};
const char *wall_pool_name(enum wall_pool p);
const struct histogram *wall_pool_of(const struct wall_result *result, enum wall_pool p);

/* Median, smallest and largest of those that are there; NAN, if none is. */
struct wall_spread {
	double median, min, max;
};
struct wall_spread wall_spread(const double *values, uint32_t nr, uint32_t stride);

/*
 * By which share the lower quartile of `to` is above that of `from`, and a 95 % interval: percentile bootstrap over repetitions,
 * which were in random order and so are not paired. Not bounded with fewer than three of either. Of times: what disturbs a
 * machine only makes them longer, and up to three quarters of the repetitions may be disturbed before it is seen here.
 */
struct wall_change {
	double change, low, high;
	bool bounded;
};
struct wall_change wall_change(const double *from, uint32_t nr_from, const double *to, uint32_t nr_to, uint32_t stride);

#endif
