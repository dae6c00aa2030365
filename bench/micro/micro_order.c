// SPDX-License-Identifier: MIT
/* micro_order.c - microbenchmarks of allocation and free: order 0 hot and aged, order 9. */
#include "micro.h"

#define PAIRS_A_BATCH 1024

/* The page just freed is allocated again: per-cpu list or not, everything is in the L1 cache. */
static void hot_pair(struct gbench_state *s, void *ctx)
{
	struct churn *ch = micro_zone(s, ctx, CHURN_HALF_FULL);

	if (!ch)
		return;
	while (gbench_keep_running_batch(s, PAIRS_A_BATCH)) {
		if (!churn_hot_pairs(ch, PAIRS_A_BATCH)) {
			gbench_skip_with_error(s, "an allocation failed");
			return;
		}
	}
	gbench_items_processed(s, 2 * gbench_iterations_done(s));
}

/*
 * Batches of random victims in a half-full zone. Time is taken around each half of a batch, so that drawing the victims
 * is not in it; the two clock readings are 0.002 ns a page.
 */
static void aged_pair(struct gbench_state *s, void *ctx)
{
	struct churn *ch = micro_zone(s, ctx, CHURN_HALF_FULL);
	uint64_t free_ns = 0, alloc_ns = 0;

	if (!ch)
		return;
	while (gbench_keep_running_batch(s, CHURN_BATCH)) {
		if (!churn_draw(ch, CHURN_BATCH)) {
			gbench_skip_with_error(s, "no memory");
			return;
		}
		uint64_t t0 = churn_now();
		churn_free_batch(ch, 0, CHURN_BATCH);
		uint64_t t1 = churn_now();
		bool all = churn_alloc_batch(ch, 0, CHURN_BATCH);
		uint64_t t2 = churn_now();

		if (!all) {
			micro_zone_spent();
			gbench_skip_with_error(s, "an allocation failed");
			return;
		}
		churn_settle(ch, CHURN_BATCH);
		free_ns += t1 - t0;
		alloc_ns += t2 - t1;
		gbench_set_iteration_time(s, (double)(t2 - t0) * 1e-9);
	}
	gbench_items_processed(s, 2 * gbench_iterations_done(s));
	gbench_counter(s, "free_ns", (double)free_ns, GBENCH_AVG_ITERATIONS);
	gbench_counter(s, "alloc_ns", (double)alloc_ns, GBENCH_AVG_ITERATIONS);
}

/* A huge page, allocated and freed again; from v5.13 on order 9 has per-cpu lists, too. */
static void order9_pair(struct gbench_state *s, void *ctx)
{
	const struct contig_what thp = { .order = 9, .kind = PAGE_LRU_COMPOUND, .migratetype = MT_MOVABLE };
	struct churn *ch = micro_zone(s, ctx, CHURN_EMPTY);

	if (!ch)
		return;
	while (gbench_keep_running_batch(s, PAIRS_A_BATCH)) {
		for (int i = 0; i < PAIRS_A_BATCH; i++) {
			int64_t pfn = contig_alloc(ch->c, 0, thp, 1);

			if (pfn < 0) {
				gbench_skip_with_error(s, "an allocation failed");
				return;
			}
			contig_free(ch->c, 0, (pfn_t)pfn, 1);
		}
	}
	gbench_items_processed(s, 2 * gbench_iterations_done(s));
}

int micro_register_order(const struct micro_target *target)
{
	struct gbench *b;
	int rc = micro_add("hot_pair", hot_pair, target, NULL);

	if (!rc)
		rc = micro_add("aged_pair", aged_pair, target, &b);
	if (!rc)
		rc = gbench_use_manual_time(b);
	if (!rc)
		rc = micro_add("order9_pair", order9_pair, target, NULL);
	return rc;
}
