/* SPDX-License-Identifier: MIT */
/* rules.h - what one generation does differently: the columns of the specification's tables. */
#ifndef ORACLE_RULES_H
#define ORACLE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum merge_rule { /* 3.3 */
	MERGE_ALL,
	MERGE_CAPPED,     /* freeing into an isolated block stops at P */
	MERGE_NOT_ACROSS, /* isolated and other blocks stay apart */
	MERGE_MERGEABLE,
	MERGE_AND_RETYPE,
};

enum straddle_rule { /* 4.1 */
	STRADDLE_STAYS,
	STRADDLE_SPLIT_OR_MIGRATE,
	STRADDLE_SPLIT_FIRST,
};

enum fallback_rule { /* 3.2 */
	FALLBACK_3_6,
	FALLBACK_OLD,
	FALLBACK_HYGIENIC,
	FALLBACK_CLAIM_STEAL,
};

enum pcp_age {       /* 3.5: the lists grew up in four steps */
	PCP_ORDER_0, /* one order, six batches, credit round robin */
	PCP_5_14,    /* orders 0 to 3 and THP, watermark high, still round robin */
	PCP_5_18,    /* a list is emptied before the next */
	PCP_6_1,     /* two THP lists */
	PCP_6_7,     /* high and refill tuned */
	PCP_7_2,     /* an overflow goes in steps of a batch */
};

struct rules {
	const char *name;
	bool hull_is_maxpage;   /* 4.1: what alloc_contig_range rounds to */
	bool ends_first;        /* 4.5: first, last, then the blocks between */
	bool own_bit;           /* 4.7: isolation beside the type, which undo gives back */
	bool double_ebusy;      /* 4.1: already isolated */
	bool undo_hull;         /* 5.5: failed isolation is undone over the whole hull, whoever isolated */
	bool drain_each_block;  /* 4.1 */
	bool type_shortcut;     /* 6.2 */
	bool hygiene;           /* I8: frees split per block, types read under the lock */
	bool isolated_is_free;  /* 2.2: NR_FREE_PAGES counts isolated pages */
	bool free_in_chunks;    /* 5.5: free_contig_range */
	bool targets_first;     /* 5.2: v6.3 */
	bool enomem_retried;    /* 5.2: v5.10 */
	bool remerge_any_buddy; /* 4.3, 4.5: undo frees a run anew though its buddy may be in use */
	bool never_remerges;    /* 4.3: until v3.17 */
	bool hull_same_type;    /* RFC discussion: not into blocks of another type */
	bool range_of_interest; /* 6.1: the RFC ideal */
	bool cached_always;     /* 3.3: until v3.17 types are never read again */
	bool no_balance;        /* 3.1: CMA only when one's own lists are empty */
	bool halving;           /* 2.4: what a higher order needs */
	bool kswapd_told;       /* 2.4: v3.6 takes isolated blocks off for kswapd */
	bool raised;            /* 2.4: v3.6's watermarks during a request */
	bool skips_compounds;   /* 5.2: until v5.7 */
	bool skips_hugetlb;     /* 5.2: until v5.12 */
	bool ops_unmovable;     /* 2.1: until v4.7 nobody moves what is not on the LRU */
	bool ebusy_ends;        /* 5.2: v3.x ends on any error */
	bool outer_unchecked;   /* 5.3: v3.x */
	uint8_t reserve;        /* 9: enum reserve_rule */
	uint8_t merge;
	uint8_t straddle;
	uint8_t fallback;
	uint8_t pcp;
};

/* 9, by the columns of its table */
enum reserve_rule {
	RESERVE_NONE,
	RESERVE_4_4,
	RESERVE_6_8,  /* capped at 1 % rounded up; whole runs */
	RESERVE_6_12, /* and watermarks take off free pages only */
	RESERVE_7_2,  /* and only what went down to the min watermark reserves */
};

const struct rules *rules_of(const char *generation);
const struct rules *rules_at(size_t i);

#endif
