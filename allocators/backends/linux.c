// SPDX-License-Identifier: MIT
/*
 * linux.c - generations of the Linux page allocator. The first is a choice for every knob; each later one is its predecessor
 * and what changed. allocators/policy.h says what each choice means and which commit brought it; `contigbench list knobs`
 * prints the whole table.
 */
#include "linux.h"
#include "../model/model.h"

/* A later choice for the same knob replaces the earlier one: that is how a generation builds on another. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* clang-format off */

/*
 * v3.5: whole MAX_ORDER ranges are isolated block by block, ascending; what a block holds is looked at only if its type does
 * not promise that it is movable; isolated free pages are still counted as free.
 */
#define V3_5                                                                                                           \
	.iso_align = iso_align_maxpage,                                                                                \
	.iso_extend = iso_extend_hull,                                                                                 \
	.iso_order = iso_order_ascending,                                                                              \
	.iso_straddle = iso_straddle_none,                                                                             \
	.iso_edge_caller = iso_edge_caller_caller,                                                                     \
	.iso_store = iso_store_type_overwrite,                                                                         \
	.iso_double = iso_double_accept,                                                                               \
	.iso_notifier = iso_notifier_chain,                                                                            \
	.iso_remerge = iso_remerge_none,                                                                               \
	.undo_type = undo_type_caller_arg,                                                                             \
	.undo_on_start_fail = undo_on_start_fail_whole_range,                                                          \
	.unmovable_scope = unmovable_scope_type_shortcut,                                                              \
	.unmovable_compound_tail = unmovable_compound_tail_head_check,                                                 \
	.movable_ops = movable_ops_unmovable,                                                                          \
	.merge_rule = merge_rule_always,                                                                               \
	.free_large = free_large_head_type,                                                                            \
	.isolated_counted_free = isolated_counted_free_yes,                                                            \
	.fallback = fallback_v3_6,                                                                                     \
	.nofragment = nofragment_never,                                                                                \
	.cma_balance = cma_balance_none,                                                                               \
	.watermark_order = watermark_order_halving,                                                                    \
	.watermark_kswapd = watermark_kswapd_nothing,                                                                  \
	.watermark_contig = watermark_contig_raised,                                                                   \
	.highatomic_cap = highatomic_cap_none,                                                                         \
	.highatomic_count = highatomic_count_block,                                                                    \
	.highatomic_trigger = highatomic_trigger_every,                                                                \
	.watermark_highatomic = watermark_highatomic_reserved,                                                         \
	.pcp_iso = pcp_iso_per_block_drain,                                                                            \
	.pcp_offline = pcp_offline_drain,                                                                              \
	.offline_hugetlb = offline_hugetlb_stay,                                                                              \
	.pcp_lock = pcp_lock_irq_off,                                                                                  \
	.pcp_orders = pcp_orders_zero,                                                                                 \
	.pcp_thp_lists = pcp_thp_lists_one,                                                                            \
	.pcp_drain = pcp_drain_credit_round_robin,                                                                     \
	.pcp_type = pcp_type_cached_always,                                                                            \
	.pcp_high = pcp_high_six_batches,                                                                              \
	.pcp_overflow = pcp_overflow_batch,                                                                            \
	.pcp_refill = pcp_refill_batch,                                                                                \
	.migrate_compound = migrate_compound_skip,                                                                     \
	.contig_hugetlb = contig_hugetlb_skip,                                                                         \
	.migrate_targets = migrate_targets_per_page,                                                                   \
	.migrate_enomem = migrate_enomem_retry,                                                                        \
	.lru_drain = lru_drain_after_migrate,                                                                          \
	.contig_tries = contig_tries_5,                                                                                \
	.contig_ebusy_soft = contig_ebusy_soft_no,                                                                     \
	.outer_start = outer_start_unchecked,                                                                          \
	.grab_busy = grab_busy_free_taken,                                                                             \
	.contig_free = contig_free_pages,                                                                              \
	.user_align = user_align_maxpage,                                                                              \
	.cma_mutex = cma_mutex_global,                                                                                 \
	.virtio_mode = virtio_mode_sub_blocks,                                                                         \
	.virtio_tries = virtio_tries_once,                                                                             \
	.virtio_unplug = virtio_unplug_sub_blocks,                                                                     \
	.gigantic_test = gigantic_test_in_use,                                                                         \
	.fadump_round = fadump_round_up

/* v3.6: kswapd no longer sleeps over isolated pages that reclaim takes for free. */
#define V3_6 V3_5,                                                                                                     \
	.watermark_kswapd = watermark_kswapd_isolated_blocks

/* v3.16: isolated pages are not free pages (v3.7); nothing keeps isolated blocks from merging with others. */
#define V3_16 V3_6,                                                                                                    \
	.isolated_counted_free = isolated_counted_free_no,                                                             \
	.watermark_kswapd = watermark_kswapd_nothing,                                                                  \
	.watermark_contig = watermark_contig_plain,                                                                    \
	.offline_hugetlb = offline_hugetlb_leave,                                                                    \
	.undo_on_start_fail = undo_on_start_fail_none

/* v4.4: merging stops at a pageblock in isolated blocks (v3.18); the HIGHATOMIC reserve. */
#define V4_4 V3_16,                                                                                                    \
	.merge_rule = merge_rule_iso_cap_p,                                                                            \
	.iso_remerge = iso_remerge_any_buddy,                                                                          \
	.pcp_type = pcp_type_cached,                                                                                   \
	.fallback = fallback_old,                                                                                      \
	.watermark_order = watermark_order_free_run,                                                                   \
	.highatomic_cap = highatomic_cap_plus_block,                                                                   \
	.contig_ebusy_soft = contig_ebusy_soft_yes,                                                                    \
	.outer_start = outer_start_covering

/* v5.10: isolated blocks never merge with others (v4.6) nor get isolated twice (v4.17); pages are looked at, not types. */
#define V5_10 V4_4,                                                                                                    \
	.merge_rule = merge_rule_iso_only,                                                                             \
	.iso_double = iso_double_ebusy,                                                                                \
	.iso_notifier = iso_notifier_none,                                                                             \
	.unmovable_scope = unmovable_scope_block,                                                                      \
	.movable_ops = movable_ops_migrated,                                                                           \
	.nofragment = nofragment_above_dma32,                                                                          \
	.cma_balance = cma_balance_half,                                                                               \
	.migrate_compound = migrate_compound_whole

/* v5.16, on which the RFC of November 2021 was built: per-cpu lists of higher orders, hugetlb pages are replaced. */
#define V5_16 V5_10,                                                                                                   \
	.pcp_orders = pcp_orders_up_to_3_and_thp,                                                                      \
	.pcp_high = pcp_high_low_wmark,                                                                                \
	.pcp_overflow = pcp_overflow_doubling,                                                                         \
	.pcp_offline = pcp_offline_disabled,                                                                           \
	.contig_hugetlb = contig_hugetlb_replace,                                                                      \
	.migrate_enomem = migrate_enomem_abort,                                                                        \
	.lru_drain = lru_drain_before_migrate,                                                                         \
	.gigantic_test = gigantic_test_reserved,                                                                       \
	.cma_mutex = cma_mutex_none,                                                                                   \
	.virtio_mode = virtio_mode_sub_or_big,                                                                         \
	.virtio_tries = virtio_tries_five_if_movable

/* RFC v1, linux-mm, November 2021, never merged: the alignment lowered to a pageblock and nothing else. */
#define RFC_2021 V5_16,                                                                                                \
	.iso_align = iso_align_block,                                                                                  \
	.user_align = user_align_block

/*
 * What David Hildenbrand proposed in that thread, never merged as such: isolation beside the type, only the range of interest
 * checked, and no reaching into blocks of another type - which needs v5.18's rule, so that these never share a run.
 */
#define HILDENBRAND_2021 V5_16,                                                                                        \
	.iso_extend = iso_extend_same_type,                                                                            \
	.iso_store = iso_store_separate_bit,                                                                           \
	.undo_type = undo_type_preserved,                                                                              \
	.unmovable_scope = unmovable_scope_range_of_interest,                                                          \
	.merge_rule = merge_rule_mergeable

/* v5.18: only blocks of types that fall back to each other merge; isolation still MAX_ORDER aligned. */
#define V5_18 V5_16,                                                                                                   \
	.merge_rule = merge_rule_mergeable,                                                                            \
	.pcp_drain = pcp_drain_whole_list

/* v6.1: any range, a pageblock at a time (v5.19); what straddles an edge is split or migrated. */
#define V6_1 V5_18,                                                                                                    \
	.iso_align = iso_align_block,                                                                                  \
	.iso_order = iso_order_ends_first,                                                                             \
	.iso_straddle = iso_straddle_split_and_migrate,                                                                \
	.iso_remerge = iso_remerge_free_buddy,                                                                         \
	.undo_on_start_fail = undo_on_start_fail_whole_range,                                                          \
	.unmovable_scope = unmovable_scope_block_at_edges,                                                             \
	.pcp_iso = pcp_iso_one_drain,                                                                                  \
	.pcp_thp_lists = pcp_thp_lists_two,                                                                            \
	.pcp_lock = pcp_lock_trylock,                                                                                  \
	.user_align = user_align_block,                                                                                \
	.cma_mutex = cma_mutex_global

/* v6.10: free pages are always on the list of their block's type, and isolating a block splits the run over it. */
#define V6_10 V6_1,                                                                                                    \
	.iso_straddle = iso_straddle_split_in_isolate,                                                                 \
	.merge_rule = merge_rule_mergeable_retype,                                                                     \
	.free_large = free_large_per_block,                                                                            \
	.fallback = fallback_hygienic_old,                                                                             \
	.highatomic_cap = highatomic_cap_round_up_1pct,                                                                \
	.highatomic_count = highatomic_count_run,                                                                      \
	.pcp_type = pcp_type_reread,                                                                                   \
	.pcp_high = pcp_high_tuned,                                                                                    \
	.pcp_overflow = pcp_overflow_free_count,                                                                       \
	.pcp_refill = pcp_refill_doubling,                                                                             \
	.migrate_targets = migrate_targets_batch

/* v6.12.y, which has v6.15's fallback. */
#define V6_12 V6_10,                                                                                                   \
	.fallback = fallback_claim_steal,                                                                              \
	.watermark_highatomic = watermark_highatomic_free

/* v7.2: isolation is a bit of its own and the block's type survives it (v6.17); contiguous pages come back in chunks. */
#define V7_2 V6_12,                                                                                                    \
	.iso_store = iso_store_separate_bit,                                                                           \
	.undo_type = undo_type_preserved,                                                                              \
	.highatomic_trigger = highatomic_trigger_min_wmark,                                                            \
	.contig_free = contig_free_chunks,                                                                             \
	.pcp_overflow = pcp_overflow_batch_steps,                                                                      \
	.cma_mutex = cma_mutex_per_area,                                                                               \
	.gigantic_test = gigantic_test_unmovable,                                                                      \
	.fadump_round = fadump_round_inwards

/* clang-format on */

#define LINUX(symbol, name_, policy_, summary_)                                                                        \
	static const struct contig_policy symbol##_policy = { policy_ };                                               \
	const struct contig_backend symbol = {                                                                         \
		.name = name_,                                                                                         \
		.summary = summary_,                                                                                   \
		.threads = true,                                                                                       \
		.open = model_open,                                                                                    \
		.close = model_close,                                                                                  \
		.alloc = model_alloc,                                                                                  \
		.free = model_free,                                                                                    \
		.split = model_split,                                                                                  \
		.range_begin = model_range_begin,                                                                      \
		.range_step = model_range_step,                                                                        \
		.range_end = model_range_end,                                                                          \
		.range_free = model_range_free,                                                                        \
		.range_online = model_range_online,                                                                    \
		.policy = model_policy,                                                                                \
		.stats = model_stats,                                                                                  \
		.lab = &model_lab,                                                                                     \
		.preset = &symbol##_policy,                                                                            \
	}

LINUX(linux_3_5, "linux-3.5", V3_5, "isolated pages counted as free, and kswapd misled by them (v3.5)");
LINUX(linux_3_6, "linux-3.6", V3_6, "the same, and kswapd told (v3.6)");
LINUX(linux_3_16, "linux-3.16", V3_16, "isolated pages not counted, any blocks merge (v3.7-v3.17)");
LINUX(linux_4_4, "linux-4.4", V4_4, "merging capped in isolated blocks (v3.18-v4.5)");
LINUX(linux_5_10, "linux-5.10", V5_10, "MAX_ORDER aligned isolation, types overwritten (v4.17-v5.17)");
LINUX(linux_rfc_2021, "rfc-2021", RFC_2021, "pageblock alignment and nothing else (RFC v1, never merged)");
LINUX(linux_hildenbrand_2021, "hildenbrand-2021", HILDENBRAND_2021,
      "isolate bit, range of interest, blocks of one type (proposed on the RFC)");
LINUX(linux_5_18, "linux-5.18", V5_18, "only types that fall back to each other merge (v5.18)");
LINUX(linux_6_1, "linux-6.1", V6_1, "pageblock aligned, straddling runs split or migrated (v5.19-v6.9)");
LINUX(linux_6_10, "linux-6.10", V6_10, "free-list hygiene: runs split by isolation, merging retypes (v6.10-v6.14)");
LINUX(linux_6_12, "linux-6.12", V6_12, "the same with the fallback of v6.15 (6.12.y)");
LINUX(linux_7_2, "linux-7.2", V7_2, "isolation in a bit of its own, types preserved (v6.17 on)");
