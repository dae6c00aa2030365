// SPDX-License-Identifier: MIT
/*
 * linux.c - generations of the Linux page allocator, each a list of choices; allocators/policy.h says what each choice
 * means and which commit brought it.
 */
#include "linux.h"
#include "../model/model.h"

/* v5.10: the last long-term release that isolates whole MAX_ORDER ranges, block by block, ascending. */
static const struct contig_policy v5_10 = {
	.iso_align = iso_align_maxpage,
	.iso_order = iso_order_ascending,
	.iso_straddle = iso_straddle_none,
	.iso_store = iso_store_type_overwrite,
	.iso_double = iso_double_ebusy,
	.undo_type = undo_type_caller_arg,
	.undo_on_start_fail = undo_on_start_fail_none,
	.unmovable_scope = unmovable_scope_block,
	.merge_rule = merge_rule_iso_only,
	.free_large = free_large_head_type,
	.fallback = fallback_old,
	.pcp_iso = pcp_iso_per_block_drain,
	.pcp_orders = pcp_orders_zero,
	.pcp_drain = pcp_drain_credit_round_robin,
	.pcp_type = pcp_type_cached,
	.pcp_high = pcp_high_six_batches,
	.pcp_overflow = pcp_overflow_batch,
	.pcp_refill = pcp_refill_batch,
	.migrate_targets = migrate_targets_per_page,
	.migrate_enomem = migrate_enomem_retry,
	.contig_free = contig_free_pages,
};

/*
 * RFC v1, linux-mm, November 2021, never merged: v5.16 with the alignment lowered to a pageblock and nothing else, so that
 * runs of more than a pageblock straddle the isolated range.
 */
static const struct contig_policy rfc_2021 = {
	.iso_align = iso_align_block,
	.iso_order = iso_order_ascending,
	.iso_straddle = iso_straddle_none,
	.iso_store = iso_store_type_overwrite,
	.iso_double = iso_double_ebusy,
	.undo_type = undo_type_caller_arg,
	.undo_on_start_fail = undo_on_start_fail_none,
	.unmovable_scope = unmovable_scope_block,
	.merge_rule = merge_rule_iso_only,
	.free_large = free_large_head_type,
	.fallback = fallback_old,
	.pcp_iso = pcp_iso_per_block_drain,
	.pcp_orders = pcp_orders_up_to_3_and_thp,
	.pcp_thp_lists = pcp_thp_lists_one,
	.pcp_drain = pcp_drain_credit_round_robin,
	.pcp_type = pcp_type_cached,
	.pcp_high = pcp_high_low_wmark,
	.pcp_overflow = pcp_overflow_doubling,
	.pcp_refill = pcp_refill_batch,
	.migrate_targets = migrate_targets_per_page,
	.migrate_enomem = migrate_enomem_retry,
	.contig_free = contig_free_pages,
};

/* v6.1: any range, a pageblock at a time; what straddles an edge is split or migrated. */
static const struct contig_policy v6_1 = {
	.iso_align = iso_align_block,
	.iso_order = iso_order_ends_first,
	.iso_straddle = iso_straddle_split_and_migrate,
	.iso_store = iso_store_type_overwrite,
	.iso_double = iso_double_ebusy,
	.undo_type = undo_type_caller_arg,
	.undo_on_start_fail = undo_on_start_fail_whole_range,
	.unmovable_scope = unmovable_scope_block_at_edges,
	.merge_rule = merge_rule_mergeable,
	.free_large = free_large_head_type,
	.fallback = fallback_old,
	.pcp_iso = pcp_iso_one_drain,
	.pcp_orders = pcp_orders_up_to_3_and_thp,
	.pcp_thp_lists = pcp_thp_lists_two,
	.pcp_drain = pcp_drain_whole_list,
	.pcp_type = pcp_type_cached,
	.pcp_high = pcp_high_low_wmark,
	.pcp_overflow = pcp_overflow_doubling,
	.pcp_refill = pcp_refill_batch,
	.migrate_targets = migrate_targets_per_page,
	.migrate_enomem = migrate_enomem_abort,
	.contig_free = contig_free_pages,
};

/* v6.12.y: free pages are always on the list of their block's type, and isolating a block splits the run over it. */
static const struct contig_policy v6_12 = {
	.iso_align = iso_align_block,
	.iso_order = iso_order_ends_first,
	.iso_straddle = iso_straddle_split_in_isolate,
	.iso_store = iso_store_type_overwrite,
	.iso_double = iso_double_ebusy,
	.undo_type = undo_type_caller_arg,
	.undo_on_start_fail = undo_on_start_fail_whole_range,
	.unmovable_scope = unmovable_scope_block_at_edges,
	.merge_rule = merge_rule_mergeable_retype,
	.free_large = free_large_per_block,
	.fallback = fallback_claim_steal,
	.pcp_iso = pcp_iso_one_drain,
	.pcp_orders = pcp_orders_up_to_3_and_thp,
	.pcp_thp_lists = pcp_thp_lists_two,
	.pcp_drain = pcp_drain_whole_list,
	.pcp_type = pcp_type_reread,
	.pcp_high = pcp_high_tuned,
	.pcp_overflow = pcp_overflow_free_count,
	.pcp_refill = pcp_refill_doubling,
	.migrate_targets = migrate_targets_batch,
	.migrate_enomem = migrate_enomem_abort,
	.contig_free = contig_free_pages,
};

/* v7.2: isolation is a bit of its own and the block's type survives it; contiguous pages come back in chunks. */
static const struct contig_policy v7_2 = {
	.iso_align = iso_align_block,
	.iso_order = iso_order_ends_first,
	.iso_straddle = iso_straddle_split_in_isolate,
	.iso_store = iso_store_separate_bit,
	.iso_double = iso_double_ebusy,
	.undo_type = undo_type_preserved,
	.undo_on_start_fail = undo_on_start_fail_whole_range,
	.unmovable_scope = unmovable_scope_block_at_edges,
	.merge_rule = merge_rule_mergeable_retype,
	.free_large = free_large_per_block,
	.fallback = fallback_claim_steal,
	.pcp_iso = pcp_iso_one_drain,
	.pcp_orders = pcp_orders_up_to_3_and_thp,
	.pcp_thp_lists = pcp_thp_lists_two,
	.pcp_drain = pcp_drain_whole_list,
	.pcp_type = pcp_type_reread,
	.pcp_high = pcp_high_tuned,
	.pcp_overflow = pcp_overflow_free_count,
	.pcp_refill = pcp_refill_doubling,
	.migrate_targets = migrate_targets_batch,
	.migrate_enomem = migrate_enomem_abort,
	.contig_free = contig_free_chunks,
};

#define LINUX(symbol, name_, policy, summary_)                                                                         \
	const struct contig_backend symbol = {                                                                         \
		.name = name_,                                                                                         \
		.summary = summary_,                                                                                   \
		.open = model_open,                                                                                    \
		.close = model_close,                                                                                  \
		.alloc = model_alloc,                                                                                  \
		.free = model_free,                                                                                    \
		.split = model_split,                                                                                  \
		.range_begin = model_range_begin,                                                                      \
		.range_step = model_range_step,                                                                        \
		.range_end = model_range_end,                                                                          \
		.range_free = model_range_free,                                                                        \
		.stats = model_stats,                                                                                  \
		.lab = &model_lab,                                                                                     \
		.data = &(policy),                                                                                     \
	}

LINUX(linux_5_10, "linux-5.10", v5_10, "MAX_ORDER aligned isolation, types overwritten (v4.17-v5.17)");
LINUX(linux_rfc_2021, "rfc-2021", rfc_2021, "pageblock alignment and nothing else (RFC v1, never merged)");
LINUX(linux_6_1, "linux-6.1", v6_1, "pageblock aligned, straddling runs split or migrated (v5.19-v6.9)");
LINUX(linux_6_12, "linux-6.12", v6_12, "free-list hygiene: runs split by isolation, merging retypes (v6.15, 6.12.y)");
LINUX(linux_7_2, "linux-7.2", v7_2, "isolation in a bit of its own, types preserved (v6.17 on)");
