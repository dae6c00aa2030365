// SPDX-License-Identifier: MIT
/* describe.c - what a metric is, by its name: exact or measured, its unit, and whether more of it is better. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../results/results.h"
#include "reading.h"

struct about {
	const char *name;
	const char *unit;
	enum record_kind kind;
	enum record_better better;
	bool aside;
};

/* Virtual time: docs/running.md says what each is. */
static const struct about of_replays[] = {
	{ "success", "", RECORD_RATE, BETTER_HIGHER, false },
	{ "requests", "", RECORD_COUNT, BETTER_NEITHER, false },
	{ "migrated_pages", "pages", RECORD_COUNT, BETTER_LOWER, false },
	{ "not_migrated_pages", "pages", RECORD_COUNT, BETTER_LOWER, false },
	{ "scanned_pfns", "pfns", RECORD_COUNT, BETTER_LOWER, false },
	{ "moved_pages", "pages", RECORD_COUNT, BETTER_LOWER, false },
	{ "drains", "", RECORD_COUNT, BETTER_LOWER, false },
	{ "modelled_mean_ns", "ns", RECORD_COUNT, BETTER_LOWER, false },
	{ "modelled_p50_ns", "ns", RECORD_COUNT, BETTER_LOWER, false },
	{ "modelled_p99_ns", "ns", RECORD_COUNT, BETTER_LOWER, false },
	{ "modelled_waited_ns", "ns", RECORD_COUNT, BETTER_LOWER, false },
	{ "got_pages", "pages", RECORD_COUNT, BETTER_HIGHER, false },
	{ "calls", "", RECORD_COUNT, BETTER_NEITHER, false },
	{ "waits", "", RECORD_COUNT, BETTER_LOWER, false },
	{ "retyped_fallback_blocks", "blocks", RECORD_COUNT, BETTER_LOWER, false },
	{ "retyped_merge_blocks", "blocks", RECORD_COUNT, BETTER_LOWER, false },
	{ "retyped_undo_blocks", "blocks", RECORD_COUNT, BETTER_LOWER, false },
	{ "retyped_grab_blocks", "blocks", RECORD_COUNT, BETTER_LOWER, false },
	{ "retyped_reserve_blocks", "blocks", RECORD_COUNT, BETTER_NEITHER, false },
	{ "mixed_blocks", "blocks", RECORD_COUNT, BETTER_LOWER, false },
	{ "unusable_index", "", RECORD_COUNT, BETTER_LOWER, false },
	/* between two causes of a failure, not from good to bad */
	{ "fragmentation_index", "", RECORD_COUNT, BETTER_NEITHER, false },
	{ "free_pages", "pages", RECORD_COUNT, BETTER_NEITHER, false },
	{ "trace_allocations", "", RECORD_COUNT, BETTER_NEITHER, false },
	{ "failed_allocations", "", RECORD_COUNT, BETTER_LOWER, false },
	{ "failed_allocations_while_aging", "", RECORD_COUNT, BETTER_LOWER, false },
	{ "late_frees", "pages", RECORD_COUNT, BETTER_NEITHER, false },
	{ "skipped_pins", "", RECORD_COUNT, BETTER_NEITHER, false },
	{ NULL, NULL, RECORD_COUNT, BETTER_NEITHER, false },
};

/*
 * The wall clock. Judged are the times by which `run` compares backends (bench/wall/metrics.c), which leave out waiting and the
 * slowest; the others say the same with more noise, or are about the machine.
 */
static const struct about of_wall[] = {
	{ "work_ns_per_event", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "alloc_mean_ns", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "free_mean_ns", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "request_mean_ns", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "isolate_mean_ns", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "drain_mean_ns", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "migrate_page_ns", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "test_mean_ns", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "grab_mean_ns", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "undo_mean_ns", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "success", "", RECORD_RATE, BETTER_HIGHER, false },
	{ "success_rate", "", RECORD_TIME, BETTER_HIGHER, false },
	{ "real_time", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "cpu_time", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "events_per_second", "1/s", RECORD_TIME, BETTER_HIGHER, true },
	{ "migrate_mean_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "alloc_p50_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "alloc_p99_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "alloc_p999_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "free_p50_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "free_p99_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "free_p999_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "request_p50_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "request_p99_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "lag_p50_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "lag_p99_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "migrated_pages", "pages", RECORD_TIME, BETTER_LOWER, true },
	{ "unusable_index", "", RECORD_TIME, BETTER_LOWER, true },
	{ "fragmentation_index", "", RECORD_TIME, BETTER_NEITHER, true },
	{ "failed_allocs", "", RECORD_TIME, BETTER_LOWER, true },
	{ "retried_frees", "", RECORD_TIME, BETTER_NEITHER, true },
	{ "harness_share", "", RECORD_TIME, BETTER_NEITHER, true },
	{ "waited_share", "", RECORD_TIME, BETTER_NEITHER, true },
	{ "instructions", "", RECORD_TIME, BETTER_LOWER, true },
	{ "cycles", "", RECORD_TIME, BETTER_LOWER, true },
	{ "cache_misses", "", RECORD_TIME, BETTER_LOWER, true },
	{ "dtlb_misses", "", RECORD_TIME, BETTER_LOWER, true },
	{ "page_faults", "", RECORD_TIME, BETTER_NEITHER, true },
	{ "context_switches", "", RECORD_TIME, BETTER_NEITHER, true },
	{ NULL, NULL, RECORD_TIME, BETTER_NEITHER, true },
};

/*
 * Google Benchmark's own; what users call their counters is no one's business, so others are neither good nor bad. Throughput is
 * a time turned round.
 */
static const struct about of_others[] = {
	{ "real_time", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "cpu_time", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "bytes_per_second", "bytes/s", RECORD_TIME, BETTER_HIGHER, true },
	{ "items_per_second", "1/s", RECORD_TIME, BETTER_HIGHER, true },
	{ "allocs_per_iter", "", RECORD_TIME, BETTER_LOWER, false },
	{ "max_bytes_used", "bytes", RECORD_TIME, BETTER_LOWER, false },
	{ "instructions", "", RECORD_TIME, BETTER_LOWER, false },
	{ "cycles", "", RECORD_TIME, BETTER_LOWER, false },
	{ NULL, NULL, RECORD_TIME, BETTER_NEITHER, false },
};

/* `contigbench micro`: one thread that waits for nothing, so that its cpu time is the time without what else the machine did ... */
static const struct about of_micro[] = {
	{ "cpu_time", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "real_time", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "items_per_second", "1/s", RECORD_TIME, BETTER_HIGHER, true },
	{ "alloc_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "free_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "ns_per_page", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ NULL, NULL, RECORD_TIME, BETTER_NEITHER, true },
};

/* ... unless it measures a part of itself: then its cpu time is of the rest, too. */
static const struct about of_micro_manual[] = {
	{ "real_time", "ns", RECORD_TIME, BETTER_LOWER, false },
	{ "cpu_time", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "items_per_second", "1/s", RECORD_TIME, BETTER_HIGHER, true },
	{ "alloc_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "free_ns", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ "ns_per_page", "ns", RECORD_TIME, BETTER_LOWER, true },
	{ NULL, NULL, RECORD_TIME, BETTER_NEITHER, true },
};

static void describe(struct record_metric *m, const struct about *a)
{
	while (a->name && strcasecmp(a->name, m->name))
		a++;
	m->kind = a->kind;
	m->better = a->better;
	m->aside = a->aside;
	free(m->unit);
	m->unit = strdup(a->unit ? a->unit : "");
}

void describe_metric(const struct reading *r, const struct record_benchmark *b, struct record_metric *m)
{
	static const char manual[] = "/manual_time";
	size_t n = strlen(b->name), suffix = sizeof(manual) - 1;

	if (r->replays)
		describe(m, of_replays);
	else if (!strcmp(r->set->schema, RESULTS_WALL_SCHEMA))
		describe(m, of_wall);
	else if (!*r->set->revision)
		describe(m, of_others);
	else
		describe(m, n > suffix && !strcmp(b->name + n - suffix, manual) ? of_micro_manual : of_micro);
}
