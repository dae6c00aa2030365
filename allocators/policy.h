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

/*
 * KNOB(field, doc) opens a knob, VALUE(knob, value, where) lists its values: the enums below, the names on the command
 * line and `contigbench list knobs` are all made from this one table.
 */
/* clang-format off: a table */
#define CONTIG_KNOBS(KNOB, VALUE)                                                                                      \
	KNOB(iso_align, "what alloc_contig_range rounds its range out to before isolating it")                         \
	VALUE(iso_align, maxpage, "until v5.18: to max(MAX_ORDER, pageblock)")                                         \
	VALUE(iso_align, block, "v5.19 (b2c9e2fbba32) and the RFC of 2021: pageblock aligned")                         \
                                                                                                                       \
	KNOB(iso_order, "in which order the blocks of a range are isolated; decides what a failure leaves retyped")    \
	VALUE(iso_order, ascending, "until v5.18")                                                                     \
	VALUE(iso_order, ends_first, "v5.19: first, last, then the middle ones upwards (b2c9e2fbba32)")                \
                                                                                                                       \
	KNOB(iso_straddle, "what happens to a run that crosses the border of the isolated range")                      \
	VALUE(iso_straddle, none, "until v5.18: nothing; a free run goes with its first page")                         \
	VALUE(iso_straddle, split_and_migrate, "v5.19-v6.9: free runs are split, movable compounds migrated at once")  \
	VALUE(iso_straddle, split_in_isolate, "v6.10: isolating a block splits the free run over it (fd919a85cd55)")   \
                                                                                                                       \
	KNOB(iso_store, "where isolation is kept")                                                                     \
	VALUE(iso_store, type_overwrite, "until v6.16: the block's type becomes ISOLATE, the old one is lost")         \
	VALUE(iso_store, separate_bit, "v6.17: a bit of its own beside the type")                                      \
                                                                                                                       \
	KNOB(iso_double, "isolating a block that is isolated already")                                                 \
	VALUE(iso_double, accept, "until v4.16")                                                                       \
	VALUE(iso_double, ebusy, "v4.17 (2c7452a075d4)")                                                               \
                                                                                                                       \
	KNOB(undo_type, "the type that a block gets back")                                                             \
	VALUE(undo_type, caller_arg, "until v6.16: what the caller passes, MOVABLE for all but CMA")                   \
	VALUE(undo_type, preserved, "v6.17: its own; needs iso_store=separate_bit")                                    \
                                                                                                                       \
	KNOB(undo_on_start_fail, "what alloc_contig_range un-isolates after isolation failed")                         \
	VALUE(undo_on_start_fail, none, "v3.7-v5.18: nothing more than isolation itself put back")                     \
	VALUE(undo_on_start_fail, whole_range, "v3.6 and v5.19 on: every isolated block of the range, whoever did it") \
                                                                                                                       \
	KNOB(unmovable_scope, "which pages of a block are checked for unmovable ones")                                 \
	VALUE(unmovable_scope, block, "v4.15: the whole block")                                                        \
	VALUE(unmovable_scope, block_at_edges,                                                                         \
	      "v5.19 (844fbae63e46): first and last whole, others as far as in range")                                 \
	VALUE(unmovable_scope, range_of_interest, "RFC discussion of 2021, never merged: only the requested range")    \
                                                                                                                       \
	KNOB(unmovable_compound_tail, "a check that begins at a tail page")                                            \
	VALUE(unmovable_compound_tail, head_check, "THP configured in, or v7.x: the head is looked at")                \
	VALUE(unmovable_compound_tail, refcount_only, "THP configured out until v6.x: tails have refcount 0, ignored") \
                                                                                                                       \
	KNOB(merge_rule, "which free buddies of at least a pageblock may merge")                                       \
	VALUE(merge_rule, always, "until v3.17: all")                                                                  \
	VALUE(merge_rule, iso_only, "v4.6-v5.17 (d9dddbf55667): all but isolated with other blocks")                   \
	VALUE(merge_rule, mergeable, "v5.18 (1dd214b8f21c): types that can not fall back to each other stay apart")    \
	VALUE(merge_rule, mergeable_retype, "v6.10: the same, and the buddy's blocks get the type of the page freed")  \
                                                                                                                       \
	KNOB(free_large, "whose type a freed run of several blocks goes by")                                           \
	VALUE(free_large, head_type, "until v6.9: that of its first block")                                            \
	VALUE(free_large, per_block, "v6.10: split, each block's piece by its own type, ascending")                    \
                                                                                                                       \
	KNOB(fallback, "how an allocation takes from another type's lists")                                            \
	VALUE(fallback, old, "v4.x-v6.9: largest run first, the block's free pages move before it is claimed")         \
	VALUE(fallback, claim_steal, "v6.15, 6.12.y: claim a whole block, or steal the smallest run (c2f6ea38fc1b)")   \
                                                                                                                       \
	KNOB(pcp_iso, "when isolation drains the per-cpu lists")                                                       \
	VALUE(pcp_iso, per_block_drain, "until v5.18: after each block")                                               \
	VALUE(pcp_iso, one_drain, "v5.19: once, when the whole range is isolated")                                     \
                                                                                                                       \
	KNOB(pcp_orders, "orders that per-cpu lists hold")                                                             \
	VALUE(pcp_orders, zero, "until v5.13")                                                                         \
	VALUE(pcp_orders, up_to_3_and_thp, "v5.14")                                                                    \
                                                                                                                       \
	KNOB(pcp_thp_lists, "per-cpu lists for the THP order")                                                         \
	VALUE(pcp_thp_lists, one, "v5.14-v6.0")                                                                        \
	VALUE(pcp_thp_lists, two, "v6.1: movable apart from the rest")                                                 \
                                                                                                                       \
	KNOB(pcp_drain, "which list a drain takes from")                                                               \
	VALUE(pcp_drain, credit_round_robin, "until v5.17: in turn, with a credit that grows with each list")          \
	VALUE(pcp_drain, whole_list, "v5.18: a list is emptied before the next, the one just freed to first")          \
                                                                                                                       \
	KNOB(pcp_type, "the type that a drained page goes by")                                                         \
	VALUE(pcp_type, cached, "until v6.9: read when it was freed; read again only while a block is isolated")       \
	VALUE(pcp_type, reread, "v6.10: its block's, under the lock")                                                  \
                                                                                                                       \
	KNOB(pcp_high, "how many pages a cpu's lists may hold")                                                        \
	VALUE(pcp_high, six_batches, "until v5.13")                                                                    \
	VALUE(pcp_high, low_wmark, "v5.14: low watermark over the node's cpus")                                        \
	VALUE(pcp_high, tuned, "v6.7: grows with need up to an eighth of the zone over the node's cpus")               \
                                                                                                                       \
	KNOB(pcp_overflow, "how many pages go back to the buddy when the lists are full")                              \
	VALUE(pcp_overflow, batch, "until v5.13")                                                                      \
	VALUE(pcp_overflow, doubling, "v5.14-v6.6: doubled by each overflow in a row")                                 \
	VALUE(pcp_overflow, free_count, "v6.7: as many as were freed in a row")                                        \
                                                                                                                       \
	KNOB(pcp_refill, "how many order-0 pages a refill takes")                                                      \
	VALUE(pcp_refill, batch, "until v6.6")                                                                         \
	VALUE(pcp_refill, doubling, "v6.7: doubled by each refill in a row")                                           \
                                                                                                                       \
	KNOB(migrate_targets, "when the pages to migrate to are allocated")                                            \
	VALUE(migrate_targets, per_page, "until v6.2: one by one, each old page freed before the next")                \
	VALUE(migrate_targets, batch, "v6.3: all of the list first")                                                   \
                                                                                                                       \
	KNOB(migrate_enomem, "no page to migrate to")                                                                  \
	VALUE(migrate_enomem, retry, "v5.10: the five tries are made all the same")                                    \
	VALUE(migrate_enomem, abort, "v6.1: ends the request at once")                                                 \
                                                                                                                       \
	KNOB(contig_free, "how free_contig_range hands pages back")                                                    \
	VALUE(contig_free, pages, "until v7.1: as single pages, through the per-cpu lists")                            \
	VALUE(contig_free, chunks, "v7.2: in the largest aligned chunks, each by the path of its order")

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

#endif
