/* SPDX-License-Identifier: MIT */
/*
 * policy.h - the disputed rules as switches. A policy is one value for every knob; a generation is a named policy
 * (backends/linux.c). Names on the command line are those below in lower case: merge_rule=iso_only.
 *
 * Each value says which releases have it and, where one is known, the commit that brought it. Rules without a knob here
 * are the same in every generation the model knows.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * KNOB(field, doc) opens a knob, VALUE(knob, value, where) lists its values: the enums below, the names on the command
 * line and `contigbench list knobs` are all made from this one table.
 */
/* clang-format off */
#define CONTIG_KNOBS(KNOB, VALUE)										       \
	KNOB(iso_align, "what alloc_contig_range rounds its range out to before isolating it")			       \
	VALUE(iso_align, maxpage, "until v5.18: to max(MAX_ORDER, pageblock)")					       \
	VALUE(iso_align, block, "v5.19 (b2c9e2fbba32) and the RFC of 2021: pageblock aligned")			       \
														       \
	KNOB(iso_extend, "how far that rounding may reach")							       \
	VALUE(iso_extend, hull, "all releases: to the ends of the aligned range")				       \
	VALUE(iso_extend, same_type, "RFC discussion of 2021, never merged: not into blocks of another type")	       \
														       \
	KNOB(iso_order, "in which order the blocks of a range are isolated; decides what a failure leaves retyped")    \
	VALUE(iso_order, ascending, "until v5.18")								       \
	VALUE(iso_order, ends_first, "v5.19: first, last, then the middle ones upwards (b2c9e2fbba32)")		       \
														       \
	KNOB(iso_straddle, "what happens to a run that crosses the border of the isolated range")		       \
	VALUE(iso_straddle, none, "until v5.18: nothing; a free run goes with its first page")			       \
	VALUE(iso_straddle, split_and_migrate, "v5.19-v6.9: free runs are split, movable compounds migrated at once")  \
	VALUE(iso_straddle, split_in_isolate, "v6.10: isolating a block splits the free run over it (fd919a85cd55)")   \
														       \
	KNOB(iso_edge_caller, "for whom the blocks at the ends of a range are isolated")			       \
	VALUE(iso_edge_caller, caller, "all but one: for the caller (80e2b584f3ab, v6.0 and v5.19.y)")		       \
	VALUE(iso_edge_caller, own_type, "v5.19.0: as if their own type had asked, so that anybody gets CMA blocks")   \
														       \
	KNOB(iso_store, "where isolation is kept")								       \
	VALUE(iso_store, type_overwrite, "until v6.16: the block's type becomes ISOLATE, the old one is lost")	       \
	VALUE(iso_store, separate_bit, "v6.17: a bit of its own beside the type")				       \
														       \
	KNOB(iso_double, "isolating a block that is isolated already")						       \
	VALUE(iso_double, accept, "until v4.16")								       \
	VALUE(iso_double, ebusy, "v4.17 (2c7452a075d4)")							       \
														       \
	KNOB(iso_notifier, "whether balloon drivers are asked how many pages of a block they can give back")	       \
	VALUE(iso_notifier, chain, "until v5.5: the memory-isolate notifier chain, once for each block")	       \
	VALUE(iso_notifier, none, "v5.6 (3f9903b9ca5e)")							       \
														       \
	KNOB(iso_remerge, "a wholly free block that is un-isolated")						       \
	VALUE(iso_remerge, none, "until v3.17: stays apart from its buddy until it is used and freed")		       \
	VALUE(iso_remerge, any_buddy, "v3.18-v5.18: if its buddy is not isolated, its run is taken and freed anew")    \
	VALUE(iso_remerge, free_buddy, "v5.19: if its buddy is free and not isolated, so that both merge")	       \
														       \
	KNOB(undo_type, "the type that a block gets back")							       \
	VALUE(undo_type, caller_arg, "until v6.16: what the caller passes, MOVABLE for all but CMA")		       \
	VALUE(undo_type, preserved, "v6.17: its own; needs iso_store=separate_bit")				       \
														       \
	KNOB(undo_on_start_fail, "what alloc_contig_range un-isolates after isolation failed")			       \
	VALUE(undo_on_start_fail, none, "v3.7-v5.18: nothing more than isolation itself put back")		       \
	VALUE(undo_on_start_fail, whole_range, "v3.6 and v5.19 on: every isolated block of the range, whoever did it") \
														       \
	KNOB(unmovable_scope, "which pages of a block are checked for unmovable ones")				       \
	VALUE(unmovable_scope, type_shortcut, "until v4.14 (d7b236e10ced): the block; none of a MOVABLE or CMA one")   \
	VALUE(unmovable_scope, block, "v4.15: the whole block; CMA blocks are for CMA alone (4da2ce250f98)")	       \
	VALUE(unmovable_scope, block_at_edges, "v5.19 (844fbae63e46): first and last whole, others where in range")    \
	VALUE(unmovable_scope, range_of_interest, "RFC discussion of 2021, never merged: only the requested range")    \
														       \
	KNOB(unmovable_compound_tail, "a check that begins at a tail page")					       \
	VALUE(unmovable_compound_tail, head_check, "THP configured in, or v7.x: the head is looked at")		       \
	VALUE(unmovable_compound_tail, refcount_only, "THP configured out until v6.x: tails have refcount 0, ignored") \
														       \
	KNOB(movable_ops, "pages off the LRU that their driver can move")					       \
	VALUE(movable_ops, unmovable, "until v4.7: as any kernel page")						       \
	VALUE(movable_ops, migrated, "v4.8 (bda807d44454): migrated")						       \
														       \
	KNOB(merge_rule, "which free buddies of at least a pageblock may merge")				       \
	VALUE(merge_rule, always, "until v3.17: all")								       \
	VALUE(merge_rule, iso_cap_p, "v3.18-v4.5: all, but what is freed into an isolated block stops at a pageblock") \
	VALUE(merge_rule, iso_only, "v4.6-v5.17 (d9dddbf55667): all but isolated with other blocks")		       \
	VALUE(merge_rule, mergeable, "v5.18 (1dd214b8f21c): types that can not fall back to each other stay apart")    \
	VALUE(merge_rule, mergeable_retype, "v6.10: the same, and the buddy's blocks get the type of the page freed")  \
														       \
	KNOB(free_large, "whose type a freed run of several blocks goes by")					       \
	VALUE(free_large, head_type, "until v6.9: that of its first block")					       \
	VALUE(free_large, per_block, "v6.10: split, each block's piece by its own type, ascending")		       \
														       \
	KNOB(isolated_counted_free, "whether NR_FREE_PAGES holds isolated free pages")				       \
	VALUE(isolated_counted_free, no, "v3.7: no")								       \
	VALUE(isolated_counted_free, yes, "until v3.6: yes, and nothing counts CMA pages apart")		       \
														       \
	KNOB(fallback, "how an allocation takes from another type's lists")					       \
	VALUE(fallback, v3_6, "v3.x: largest run first; CMA heads MOVABLE's row and keeps its type")		       \
	VALUE(fallback, old, "v4.x-v6.9: largest run first, the block's free pages move before it is claimed")	       \
	VALUE(fallback, hygienic_old, "v6.10-v6.14: the same, but a block moves only with its type")		       \
	VALUE(fallback, claim_steal, "v6.15, 6.12.y: claim a whole block, or steal the smallest run (c2f6ea38fc1b)")   \
														       \
	KNOB(nofragment, "whether an allocation first looks for pages that need no fallback below a pageblock")	       \
	VALUE(nofragment, never, "until v4.20")									       \
	VALUE(nofragment, above_dma32, "v5.0: in a NORMAL zone above a DMA32 zone, which is tried before that")	       \
	VALUE(nofragment, always, "v6.15 with defrag_mode=1, off by default: down to the min mark")		       \
														       \
	KNOB(cma_balance, "movable allocations while more than half of what is free is CMA")			       \
	VALUE(cma_balance, none, "v3.x, v4.4: take CMA only when their own lists are empty")			       \
	VALUE(cma_balance, half, "by v5.10: take CMA first")							       \
														       \
	KNOB(watermark_order, "what a watermark check asks of a higher order")					       \
	VALUE(watermark_order, halving, "until v4.3: each lower order's pages off, the mark halved for each")	       \
	VALUE(watermark_order, free_run, "v4.4: one free run that the request may take; ISOLATE lists never count")    \
														       \
	KNOB(watermark_kswapd, "what kswapd's check takes off for isolated blocks")				       \
	VALUE(watermark_kswapd, nothing, "v3.5; right again from v3.7 on, where they are not counted")		       \
	VALUE(watermark_kswapd, isolated_blocks, "v3.6: whole blocks, lest kswapd sleep while reclaim spins")	       \
														       \
	KNOB(watermark_contig, "watermarks while alloc_contig_range takes its pages")				       \
	VALUE(watermark_contig, plain, "v3.7: as ever")								       \
	VALUE(watermark_contig, raised, "v3.5, v3.6: raised by the size of the request")			       \
														       \
	KNOB(highatomic_cap, "how much may be reserved for high-order atomic allocations")			       \
	VALUE(highatomic_cap, none, "until v4.3: there is no such reserve")					       \
	VALUE(highatomic_cap, plus_block, "v4.4-v6.7: 1 % of the zone and a pageblock")				       \
	VALUE(highatomic_cap, round_up_1pct, "v6.8: 1 % rounded up to pageblocks; nothing where it is less than one")  \
														       \
	KNOB(highatomic_count, "what reserving a run counts and retypes")					       \
	VALUE(highatomic_count, block, "until v6.7: the block of its first page, counted before its pages move")       \
	VALUE(highatomic_count, run, "v6.8: every block of the run, counted once its pages have moved")		       \
														       \
	KNOB(highatomic_trigger, "which high-order atomic allocations reserve a block")				       \
	VALUE(highatomic_trigger, every, "until v6.12: every one below the low watermark")				\
	VALUE(highatomic_trigger, min_wmark, "v7.x: of these only what no per-cpu list served")				\
														       \
	KNOB(watermark_highatomic, "what a watermark check takes off for the reserve")				       \
	VALUE(watermark_highatomic, reserved, "until v6.12.0: its whole size, used pages too")			       \
	VALUE(watermark_highatomic, free, "6.12.y, v6.13: its free pages")					       \
														       \
	KNOB(pcp_iso, "when isolation drains the per-cpu lists")						       \
	VALUE(pcp_iso, per_block_drain, "until v5.18: after each block")					       \
	VALUE(pcp_iso, one_drain, "v5.19: once, when the whole range is isolated")				       \
	VALUE(pcp_iso, disabled, "no release does so for alloc_contig_range: the lists hold nothing meanwhile")	       \
														       \
	KNOB(pcp_offline, "per-cpu lists while memory goes offline")						       \
	VALUE(pcp_offline, drain, "until v5.10: drained again in each pass")					       \
	VALUE(pcp_offline, disabled, "v5.11: disabled for the zone")						       \
														       \
	KNOB(offline_hugetlb, "hugetlb pages in memory that goes offline")						\
	VALUE(offline_hugetlb, stay, "until v3.11: they keep it online")						\
	VALUE(offline_hugetlb, leave, "v3.12: in use it is migrated, free it leaves the pool")				\
															\
	KNOB(pcp_orders, "orders that per-cpu lists hold")							       \
	VALUE(pcp_orders, zero, "until v5.13")									       \
	VALUE(pcp_orders, up_to_3_and_thp, "v5.14")								       \
														       \
	KNOB(pcp_thp_lists, "per-cpu lists for the THP order")							       \
	VALUE(pcp_thp_lists, one, "v5.14-v6.0")									       \
	VALUE(pcp_thp_lists, two, "v6.1: movable apart from the rest")						       \
														       \
	KNOB(pcp_drain, "which list a drain takes from")							       \
	VALUE(pcp_drain, credit_round_robin, "until v5.17: in turn, with a credit that grows with each list")	       \
	VALUE(pcp_drain, whole_list, "v5.18: a list is emptied before the next, the one just freed to first")	       \
														       \
	KNOB(pcp_type, "the type that a drained page goes by")							       \
	VALUE(pcp_type, cached_always, "until v3.17: the one read when it was freed")				       \
	VALUE(pcp_type, cached, "v3.18-v6.9: the same, but read again while a block of the zone is isolated")	       \
	VALUE(pcp_type, reread, "v6.10: its block's, under the lock")						       \
														       \
	KNOB(pcp_lock, "what keeps others off a cpu's lists: decides on the wall clock alone")			       \
	VALUE(pcp_lock, irq_off, "until v5.19: interrupts are off, and each cpu drains its own lists")		       \
	VALUE(pcp_lock, trylock, "v6.0: a lock; who finds it taken goes to the buddy")				       \
														       \
	KNOB(pcp_high, "how many pages a cpu's lists may hold")							       \
	VALUE(pcp_high, six_batches, "until v5.13")								       \
	VALUE(pcp_high, low_wmark, "v5.14: low watermark over the node's cpus")					       \
	VALUE(pcp_high, tuned, "v6.7: grows with need up to an eighth of the zone over the node's cpus")	       \
														       \
	KNOB(pcp_overflow, "how many pages go back to the buddy when the lists are full")			       \
	VALUE(pcp_overflow, batch, "until v5.13")								       \
	VALUE(pcp_overflow, doubling, "v5.14-v6.6: doubled by each overflow in a row")				       \
	VALUE(pcp_overflow, free_count, "v6.7: as many as were freed in a row")					       \
	VALUE(pcp_overflow, batch_steps, "v7.x: the same a batch at a time, each beginning at the list just freed to") \
														       \
	KNOB(pcp_refill, "how many order-0 pages a refill takes")						       \
	VALUE(pcp_refill, batch, "until v6.6")									       \
	VALUE(pcp_refill, doubling, "v6.7: doubled by each refill in a row")					       \
														       \
	KNOB(migrate_compound, "THPs and other compounds on the LRU that lie in the range")			       \
	VALUE(migrate_compound, skip, "until v5.7: stepped over, so that the request fails late")		       \
	VALUE(migrate_compound, whole, "v5.8: taken whole, through their head")					       \
														       \
	KNOB(contig_hugetlb, "hugetlb pages that lie in the range")						       \
	VALUE(contig_hugetlb, skip, "until v5.12: stepped over, so that the request fails late")		       \
	VALUE(contig_hugetlb, replace, "v5.13: migrated; a free one is replaced by a new one of its size")	       \
														       \
	KNOB(migrate_targets, "when the pages to migrate to are allocated")					       \
	VALUE(migrate_targets, per_page, "until v6.2: one by one, each old page freed before the next")		       \
	VALUE(migrate_targets, batch, "v6.3: all of the list first")						       \
														       \
	KNOB(migrate_enomem, "no page to migrate to")								       \
	VALUE(migrate_enomem, retry, "until v5.12: the five tries are made all the same")			       \
	VALUE(migrate_enomem, abort, "v5.13 (c8e28b47af45): ends the request at once")				       \
														       \
	KNOB(lru_drain, "when pages in per-cpu LRU batches are put on the LRU")					       \
	VALUE(lru_drain, after_migrate, "until v5.12: behind migration, too late for it")			       \
	VALUE(lru_drain, before_migrate, "v5.13: between isolation and migration, during which there are no batches")  \
														       \
	KNOB(contig_tries, "how often the pages of one list are tried to migrate")				       \
	VALUE(contig_tries, 5, "all releases: the first try and four more")					       \
	VALUE(contig_tries, 1, "no release: once")								       \
	VALUE(contig_tries, 25, "no release: five times as often")						       \
														       \
	KNOB(contig_ebusy_soft, "migration that ends with -EBUSY")						       \
	VALUE(contig_ebusy_soft, no, "v3.x: ends the request")							       \
	VALUE(contig_ebusy_soft, yes, "v4.x: the final test decides")						       \
														       \
	KNOB(outer_start, "the free run that may hold the range's first page")					       \
	VALUE(outer_start, unchecked, "v3.x: the first free head below, however far it reaches; none: -EBUSY")	       \
	VALUE(outer_start, covering, "v4.x: only a run that covers the page; none: the range itself")		       \
														       \
	KNOB(grab_busy, "pages already taken from the buddy when one of the range turns out to be busy")	       \
	VALUE(grab_busy, free_taken, "all releases: go back, and nothing else does")				       \
	VALUE(grab_busy, free_wrong, "as posted, December 2011: the busy page is freed, what was taken is lost")       \
	VALUE(grab_busy, leave_listed, "review of December 2011: stay listed until all of the range is seen free")     \
														       \
	KNOB(contig_free, "how free_contig_range hands pages back")						       \
	VALUE(contig_free, pages, "until v7.1: as single pages, through the per-cpu lists")			       \
	VALUE(contig_free, chunks, "v7.2: in the largest aligned chunks, each by the path of its order")	       \
														       \
	KNOB(user_align, "what CMA areas and virtio-mem's sub-blocks are aligned to")				       \
	VALUE(user_align, maxpage, "until v5.18: max(MAX_ORDER, pageblock)")					       \
	VALUE(user_align, block, "v5.19 (11ac3e87ce09): a pageblock")						       \
														       \
	KNOB(cma_mutex, "what CMA holds around alloc_contig_range")						       \
	VALUE(cma_mutex, global, "v3.5-v5.10 and v5.19-v6.14 (60a60e32cf91): one mutex for all areas")		       \
	VALUE(cma_mutex, none, "v5.11-v5.18 (a4efc174b382): nothing")						       \
	VALUE(cma_mutex, per_area, "v6.15: one for each area")							       \
														       \
	KNOB(virtio_mode, "how virtio-mem unplugs")								       \
	VALUE(virtio_mode, sub_blocks, "v5.10: sub-blocks of memory blocks only")				       \
	VALUE(virtio_mode, sub_or_big, "v5.11: big blocks where a sub-block would be as large as a memory block")      \
														       \
	KNOB(virtio_tries, "how often virtio-mem asks for the same range")					       \
	VALUE(virtio_tries, once, "v5.10")									       \
	VALUE(virtio_tries, five_if_movable, "v5.11: five times in ZONE_MOVABLE, once elsewhere")		       \
														       \
	KNOB(virtio_unplug, "what virtio-mem tries when a whole memory block can not be had")			       \
	VALUE(virtio_unplug, sub_blocks, "all releases: its sub-blocks, from the highest down")			       \
	VALUE(virtio_unplug, max_chunks, "RFC discussion of 2021, never merged: MAX_ORDER chunks, then pageblocks")    \
														       \
	KNOB(gigantic_test, "the quick look at a range before a gigantic page is tried there")			       \
	VALUE(gigantic_test, in_use, "until v5.12: no page in use, reserved or hugetlb")			       \
	VALUE(gigantic_test, reserved, "v5.13-v6.16 (eb14d4eefdc4): no reserved or hugetlb page")		       \
	VALUE(gigantic_test, unmovable, "v7.x: no unmovable page; hugetlb ones only in a second pass")		       \
														       \
	KNOB(fadump_round, "how the memory of a powerpc dump is made a CMA area")				       \
	VALUE(fadump_round, up, "until v6.x: begin and size rounded up when it is reserved")			       \
	VALUE(fadump_round, inwards, "v7.x: the aligned part of what is reserved")

/* clang-format on */

/* enum knob_merge_rule { merge_rule_always, merge_rule_iso_only, ... } */
#define CONTIG_KNOB_OPEN(field, doc)                                                                                   \
	}                                                                                                              \
	;                                                                                                              \
	enum knob_##field                                                                                              \
	{
#define CONTIG_KNOB_ENTRY(field, value, where) field##_##value,
enum contig_knob_none {
	CONTIG_KNOB_NONE,
	CONTIG_KNOBS(CONTIG_KNOB_OPEN, CONTIG_KNOB_ENTRY)
};
#undef CONTIG_KNOB_OPEN
#undef CONTIG_KNOB_ENTRY

struct contig_policy {
#define CONTIG_KNOB_FIELD(field, doc) uint8_t field; /* enum knob_##field */
#define CONTIG_KNOB_SKIP(field, value, where)
	CONTIG_KNOBS(CONTIG_KNOB_FIELD, CONTIG_KNOB_SKIP)
#undef CONTIG_KNOB_FIELD
#undef CONTIG_KNOB_SKIP
};

struct contig_diag;

/*
 * Apply "knob=value+knob=value" (NULL: nothing) to *p. -EINVAL with the reason for an unknown knob or value,
 * a knob given twice, or a combination that makes no sense.
 */
int contig_policy_compose(struct contig_policy *p, const char *knobs, struct contig_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
