// SPDX-License-Identifier: MIT
/*
 * micro_contig.c - microbenchmarks of contiguous requests for one pageblock: one that is free, and one that is half
 * full of LRU pages at random places. One iteration is one request; requests come in batches of different blocks, time
 * is taken around the batch of requests, and giving the blocks back is not in it (free_ns says what that costs).
 *
 * No two blocks of a batch lie in one MAX_ORDER range: until v5.18 the second request would fail over the first one's
 * pages. Requests that fail all the same are timed and counted (`failed`, a share).
 */
#include <stdio.h>
#include <stdlib.h>

#include "micro.h"

#define BLOCK_ORDER 9u
#define BLOCK_PAGES (1u << BLOCK_ORDER)
#define BATCH       32u

struct batch {
	pfn_t starts[BATCH];
	uint64_t ns, free_ns, migrated;
	uint64_t requests, failed;
	struct contig_autopsy why; /* of the last one that failed */
};

/* Request all blocks of the batch, then give them back. Returns the seconds that the requests took. */
static double request_all(struct churn *ch, struct batch *b)
{
	struct contig_range_args args = { .nr = BLOCK_PAGES, .caller = CALLER_MOVABLE };
	struct contig_outcome out;
	bool got[BATCH];
	uint64_t t0 = churn_now();

	for (uint32_t i = 0; i < BATCH; i++) {
		args.start = b->starts[i];
		got[i] = !contig_range_alloc(ch->c, &args, &out);
		b->migrated += out.total.migrated;
		if (got[i])
			continue;
		b->failed++;
		b->why = out.autopsy;
	}
	uint64_t t1 = churn_now();
	for (uint32_t i = 0; i < BATCH; i++) {
		if (got[i])
			contig_range_free(ch->c, 0, b->starts[i], BLOCK_PAGES);
	}
	b->requests += BATCH;
	b->ns += t1 - t0;
	b->free_ns += churn_now() - t1;
	return (double)(t1 - t0) * 1e-9;
}

static void report(struct gbench_state *s, const struct batch *b)
{
	char text[160];

	snprintf(text, sizeof(text), "failed: phase %s, reason %s, page %s", contig_phase_name(b->why.phase),
	         contig_reason_name(b->why.reason), contig_kind_name(b->why.kind));
	gbench_counter(s, "free_ns", (double)b->free_ns, GBENCH_AVG_ITERATIONS);
	gbench_counter(s, "failed", (double)b->failed / (double)b->requests, GBENCH_PLAIN);
	if (b->failed)
		gbench_label(s, text);
}

static void contig_free_block(struct gbench_state *s, void *ctx)
{
	struct churn *ch = micro_zone(s, ctx, CHURN_BLOCKS);
	struct batch b = { 0 };
	uint32_t nr_free = ch ? ch->pages / BLOCK_PAGES / 2 : 0;

	if (!ch)
		return;
	while (gbench_keep_running_batch(s, BATCH)) {
		uint32_t first = (uint32_t)(churn_random(ch) % nr_free);

		for (uint32_t i = 0; i < BATCH; i++)
			b.starts[i] = (first + i) % nr_free * 2 * BLOCK_PAGES;
		gbench_set_iteration_time(s, request_all(ch, &b));
	}
	gbench_items_processed(s, gbench_iterations_done(s) * BLOCK_PAGES);
	report(s, &b);
}

/* Blocks of the zone that are half full, give or take an eighth, one of each MAX_ORDER range. */
static uint32_t find_half_full(const struct churn *ch, pfn_t *starts, uint32_t max)
{
	uint32_t nr_blocks = ch->pages / BLOCK_PAGES, nr = 0;
	uint32_t *used = churn_occupancy(ch, BLOCK_ORDER);

	if (!used)
		return 0;
	for (uint32_t b = 0; b < nr_blocks && nr < max; b += 2) {
		if (used[b] >= BLOCK_PAGES * 3 / 8 && used[b] <= BLOCK_PAGES * 5 / 8)
			starts[nr++] = b * BLOCK_PAGES;
	}
	free(used);
	return nr;
}

/*
 * Migrated pages fill other blocks, so that blocks that are half full get rarer: when less than a batch is left, a new
 * zone is filled. `migrated` is pages a request, ns_per_page the time of a request per migrated page.
 */
static void contig_half_full_block(struct gbench_state *s, void *ctx)
{
	struct churn *ch = micro_zone(s, ctx, CHURN_SCATTERED);
	struct batch b = { 0 };

	if (!ch)
		return;
	while (gbench_keep_running_batch(s, BATCH)) {
		if (find_half_full(ch, b.starts, BATCH) < BATCH) {
			micro_zone_spent();
			ch = micro_zone(s, ctx, CHURN_SCATTERED);
			if (!ch)
				return;
			if (find_half_full(ch, b.starts, BATCH) < BATCH) {
				gbench_skip_with_error(s, "the zone has too few half-full pageblocks");
				return;
			}
		}
		gbench_set_iteration_time(s, request_all(ch, &b));
	}
	gbench_items_processed(s, (int64_t)b.migrated);
	gbench_counter(s, "migrated", (double)b.migrated, GBENCH_AVG_ITERATIONS);
	gbench_counter(s, "ns_per_page", b.migrated ? (double)b.ns / (double)b.migrated : 0, GBENCH_PLAIN);
	report(s, &b);
}

int micro_register_contig(const struct micro_target *target)
{
	struct gbench *b;
	int rc = micro_add("contig_free_block", contig_free_block, target, &b);

	if (!rc)
		rc = gbench_use_manual_time(b);
	if (!rc)
		rc = micro_add("contig_half_full_block", contig_half_full_block, target, &b);
	if (!rc)
		rc = gbench_use_manual_time(b);
	return rc;
}
