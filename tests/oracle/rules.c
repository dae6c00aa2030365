// SPDX-License-Identifier: MIT
/* rules.c - the generations, a row each, from sections 3 to 5 and 13. */
#include <string.h>

#include "oracle.h"
#include "rules.h"

static const struct rules table[] = {
	{
		.name = "linux-5.10",
		.hull_is_maxpage = true,
		.double_ebusy = true,
		.drain_each_block = true,
		.enomem_retried = true,
		.remerge_any_buddy = true,
		.merge = MERGE_NOT_ACROSS,
		.fallback = FALLBACK_OLD,
		.pcp = PCP_ORDER_0,
	},
	{
		.name = "rfc-2021",
		.double_ebusy = true,
		.drain_each_block = true,
		.enomem_retried = true,
		.remerge_any_buddy = true,
		.merge = MERGE_NOT_ACROSS,
		.fallback = FALLBACK_OLD,
		.pcp = PCP_5_14,
	},
	{
		.name = "linux-6.1",
		.ends_first = true,
		.double_ebusy = true,
		.undo_hull = true,
		.merge = MERGE_MERGEABLE,
		.straddle = STRADDLE_SPLIT_OR_MIGRATE,
		.fallback = FALLBACK_OLD,
		.pcp = PCP_6_1,
	},
	{
		.name = "linux-6.12",
		.ends_first = true,
		.double_ebusy = true,
		.undo_hull = true,
		.hygiene = true,
		.targets_first = true,
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
		.merge = MERGE_AND_RETYPE,
		.straddle = STRADDLE_SPLIT_FIRST,
		.fallback = FALLBACK_CLAIM_STEAL,
		.pcp = PCP_6_7,
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
