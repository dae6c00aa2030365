// SPDX-License-Identifier: MIT
#include "cost.h"

#define NS(x) (UINT64_C(x) * 1000)
#define PS(x) UINT64_C(x)

/*
 * Linux 6.18 on a 2.6 GHz EPYC (a virtual machine), measured around 1 GiB requests: 512 pageblocks, 262144 pages.
 * Two measurements give the prices:
 *
 *   free      all of the range free: 4.7 ms on the CPU, of which undo 1.17, start_isolate 0.67, isolate_freepages 0.12,
 *             isolate_migratepages 0.10, drain 0.09 ms. (The rest belongs to hugetlb: the search for a candidate range,
 *             1.1 ms, and the check for free huge pages.)
 *   half      every second page in use: median 663 ms for 52,000 to 159,000 (say 105,000) migrated pages, 84 % of it in
 *             migrate_pages, 5.5 % drain, 5 % isolate_migratepages, 2.6 % start_isolate. 3.1 to 8.8 us per page inside
 *             migrate_pages, 32 to 37 pages a batch.
 *
 * Moving free pages between lists has no price of its own: it is in that of the block, as it was when that was
 * measured. The time a request waits without using a CPU (45 ms and more around a 1 GiB hugetlb page) is not in the
 * table: no measurement says which phase it belongs to.
 */
const struct cost_table cost_linux_6_18 = {
	.name = "linux-6.18-epyc",
	.phase = {
		[PHASE_ISOLATE] = {
			.blocks = NS(1309),  /* free: 0.67 ms / 512 */
			.scanned = NS(90),   /* half: (2.6 % of 663 ms / 512 - 1309 ns) / about 360 runs in a block */
			.drained = NS(28),   /* freeing an order-0 page, sampled */
			.drains = NS(90000), /* until v5.18 every block drains: free's 0.09 ms for one drain of all cpus */
		},
		[PHASE_DRAIN] = {
			.drained = NS(28),
			.drains = NS(90000),
		},
		[PHASE_MIGRATE] = {
			.scanned = NS(180),       /* half: 5 % of 663 ms / about 184,000 runs */
			.migrated = NS(5300),     /* half: 84 % of 663 ms / 105,000 */
			.not_migrated = NS(1767), /* the rmap walks, to and fro: 28 of the 84 % */
			.drained = NS(28),
			.drains = NS(90000),
			.fixed = NS(195),         /* free: 0.10 ms / 512, one scan of a block without movable pages */
		},
		[PHASE_TEST] = {
			.blocks = NS(195),
			.scanned = NS(4),         /* free: the range pre-scan, 1.1 ms / 262144, does the same per page */
			.drained = NS(28),
			.drains = NS(90000),
		},
		[PHASE_GRAB] = {
			.blocks = NS(195),
			.scanned = NS(4),
			.grabbed = PS(458),     /* free: 0.12 ms / 262144 */
		},
		[PHASE_UNDO] = {
			.blocks = NS(2285),       /* free: 1.17 ms / 512 */
			.scanned = NS(4),
		},
		[PHASE_DONE] = { .fixed = NS(1) },
		[PHASE_SEARCH] = { .scanned = NS(4) }, /* free: the range pre-scan, 1.1 ms / 262144 */
	},
};

static const struct {
	const char *name;
	size_t price, count; /* offsets in struct cost_row and struct contig_work */
} columns[COST_COLUMN_NR] = {
	[COST_FIXED] = { "fixed", offsetof(struct cost_row, fixed), 0 },
#define COLUMN(field)                                                                                                  \
	{                                                                                                              \
#field, offsetof(struct cost_row, field), offsetof(struct contig_work, field)                          \
	}
	[COST_BLOCKS] = COLUMN(blocks),
	[COST_SCANNED] = COLUMN(scanned),
	[COST_MOVED] = COLUMN(moved),
	[COST_DRAINED] = COLUMN(drained),
	[COST_DRAINS] = COLUMN(drains),
	[COST_MIGRATED] = COLUMN(migrated),
	[COST_NOT_MIGRATED] = COLUMN(not_migrated),
	[COST_GRABBED] = COLUMN(grabbed),
#undef COLUMN
};

const char *cost_column_name(enum cost_column c)
{
	return columns[c].name;
}

uint64_t *cost_price(struct cost_row *row, enum cost_column c)
{
	return (uint64_t *)((char *)row + columns[c].price);
}

uint64_t cost_count(const struct contig_work *work, enum cost_column c)
{
	return c == COST_FIXED ? 1 : *(const uint32_t *)((const char *)work + columns[c].count);
}

uint64_t cost_of(const struct cost_table *table, const struct contig_work *work)
{
	const struct cost_row *row = &table->phase[work->phase < PHASE_NR ? work->phase : PHASE_DONE];
	uint64_t ps = row->fixed + row->blocks * work->blocks + row->scanned * work->scanned +
	              row->moved * work->moved + row->drained * work->drained + row->drains * work->drains +
	              row->migrated * work->migrated + row->not_migrated * work->not_migrated +
	              row->grabbed * work->grabbed;
	uint64_t ns = (ps + 999) / 1000;

	return ns ? ns : 1;
}
