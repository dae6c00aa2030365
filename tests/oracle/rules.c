// SPDX-License-Identifier: MIT
/* rules.c - the generations, a row each, from sections 3 to 5 and 13. */
#include <string.h>

#include "oracle.h"
#include "rules.h"

static const struct rules table[] = {
	{
		.name = "linux-3.5",
		.hull_is_maxpage = true,
		.undo_hull = true,
		.drain_each_block = true,
		.type_shortcut = true,
		.isolated_is_free = true,
		.enomem_retried = true,
		.never_remerges = true,
		.cached_always = true,
		.no_balance = true,
		.halving = true,
		.raised = true,
		.skips_compounds = true,
		.skips_hugetlb = true,
		.ops_unmovable = true,
		.ebusy_ends = true,
		.outer_unchecked = true,
		.reserve = RESERVE_NONE,
		.merge = MERGE_ALL,
		.fallback = FALLBACK_3_6,
		.pcp = PCP_ORDER_0,
	},
	{
		.name = "linux-3.6",
		.hull_is_maxpage = true,
		.undo_hull = true,
		.drain_each_block = true,
		.type_shortcut = true,
		.isolated_is_free = true,
		.enomem_retried = true,
		.never_remerges = true,
		.cached_always = true,
		.no_balance = true,
		.halving = true,
		.kswapd_told = true,
		.raised = true,
		.skips_compounds = true,
		.skips_hugetlb = true,
		.ops_unmovable = true,
		.ebusy_ends = true,
		.outer_unchecked = true,
		.reserve = RESERVE_NONE,
		.merge = MERGE_ALL,
		.fallback = FALLBACK_3_6,
		.pcp = PCP_ORDER_0,
	},
	{
		.name = "linux-3.16",
		.hull_is_maxpage = true,
		.drain_each_block = true,
		.type_shortcut = true,
		.enomem_retried = true,
		.never_remerges = true,
		.cached_always = true,
		.no_balance = true,
		.halving = true,
		.skips_compounds = true,
		.skips_hugetlb = true,
		.ops_unmovable = true,
		.ebusy_ends = true,
		.outer_unchecked = true,
		.reserve = RESERVE_NONE,
		.merge = MERGE_ALL,
		.fallback = FALLBACK_3_6,
		.pcp = PCP_ORDER_0,
	},
	{
		.name = "linux-4.4",
		.hull_is_maxpage = true,
		.drain_each_block = true,
		.type_shortcut = true,
		.enomem_retried = true,
		.remerge_any_buddy = true,
		.no_balance = true,
		.skips_compounds = true,
		.skips_hugetlb = true,
		.ops_unmovable = true,
		.reserve = RESERVE_4_4,
		.merge = MERGE_CAPPED,
		.fallback = FALLBACK_OLD,
		.pcp = PCP_ORDER_0,
	},
	{
		.name = "linux-5.10",
		.hull_is_maxpage = true,
		.double_ebusy = true,
		.drain_each_block = true,
		.enomem_retried = true,
		.remerge_any_buddy = true,
		.skips_hugetlb = true,
		.reserve = RESERVE_4_4,
		.merge = MERGE_NOT_ACROSS,
		.fallback = FALLBACK_OLD,
		.pcp = PCP_ORDER_0,
	},
	{
		.name = "rfc-2021",
		.double_ebusy = true,
		.drain_each_block = true,
		.remerge_any_buddy = true,
		.reserve = RESERVE_4_4,
		.merge = MERGE_NOT_ACROSS,
		.fallback = FALLBACK_OLD,
		.pcp = PCP_5_14,
	},
	{
		.name = "hildenbrand-2021",
		.hull_is_maxpage = true,
		.own_bit = true,
		.double_ebusy = true,
		.drain_each_block = true,
		.remerge_any_buddy = true,
		.hull_same_type = true,
		.range_of_interest = true,
		.reserve = RESERVE_4_4,
		.merge = MERGE_MERGEABLE,
		.fallback = FALLBACK_OLD,
		.pcp = PCP_5_14,
	},
	{
		.name = "linux-5.18",
		.hull_is_maxpage = true,
		.double_ebusy = true,
		.drain_each_block = true,
		.remerge_any_buddy = true,
		.reserve = RESERVE_4_4,
		.merge = MERGE_MERGEABLE,
		.fallback = FALLBACK_OLD,
		.pcp = PCP_5_18,
	},
	{
		.name = "linux-6.1",
		.ends_first = true,
		.double_ebusy = true,
		.undo_hull = true,
		.reserve = RESERVE_4_4,
		.merge = MERGE_MERGEABLE,
		.straddle = STRADDLE_SPLIT_OR_MIGRATE,
		.fallback = FALLBACK_OLD,
		.pcp = PCP_6_1,
	},
	{
		.name = "linux-6.10",
		.ends_first = true,
		.double_ebusy = true,
		.undo_hull = true,
		.hygiene = true,
		.targets_first = true,
		.reserve = RESERVE_6_8,
		.merge = MERGE_AND_RETYPE,
		.straddle = STRADDLE_SPLIT_FIRST,
		.fallback = FALLBACK_HYGIENIC,
		.pcp = PCP_6_7,
	},
	{
		.name = "linux-6.12",
		.ends_first = true,
		.double_ebusy = true,
		.undo_hull = true,
		.hygiene = true,
		.targets_first = true,
		.reserve = RESERVE_6_12,
		.merge = MERGE_AND_RETYPE,
		.straddle = STRADDLE_SPLIT_FIRST,
		.fallback = FALLBACK_CLAIM_STEAL,
		.pcp = PCP_6_7,
	},
	{
		.name = "linux-7.2",
		.ends_first = true,
		.own_bit = true,
		.double_ebusy = true,
		.undo_hull = true,
		.hygiene = true,
		.free_in_chunks = true,
		.targets_first = true,
		.reserve = RESERVE_7_2,
		.merge = MERGE_AND_RETYPE,
		.straddle = STRADDLE_SPLIT_FIRST,
		.fallback = FALLBACK_CLAIM_STEAL,
		.pcp = PCP_7_2,
	},
};

#define NR_GENERATIONS (sizeof(table) / sizeof(table[0]))

const struct rules *rules_at(size_t i)
{
	return i < NR_GENERATIONS ? &table[i] : NULL;
}

const struct rules *rules_of(const char *generation)
{
	for (size_t i = 0; i < NR_GENERATIONS; i++) {
		if (!strcmp(table[i].name, generation))
			return &table[i];
	}
	return NULL;
}

const char *oracle_generation(size_t i)
{
	return i < NR_GENERATIONS ? table[i].name : NULL;
}
