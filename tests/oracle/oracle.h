/* SPDX-License-Identifier: MIT */
/*
 * oracle.h - the page allocator a second time: plain arrays and linear scans, written from the specification of the
 * behaviour alone. It shares no line with allocators/model and keeps no structure that could go wrong in the same way:
 * a free list is a rank in each free head, its first entry is found by looking at every page.
 *
 * Where the specification leaves something open it does as the model does:
 *
 *	N1	pcp->high does not grow when a refill is taken; free_count is compared with its cap before it grows (3.5)
 *	N2	an allocation that gets nothing leaves the counts of frees in a row alone (3.5)
 *	N3	a run that is freed anew by undo does not make its other blocks movable (4.3, 5.4)
 *	N4	a list of pages to migrate begins with the highest; what is left of it is put back from the lowest on (5.2)
 *	N5	until v4.14 a free hugetlb page counts as one with a reference (6.2)
 *	N6	of a free run of several blocks from v6.10 on undo takes blocks out instead of merging it as a whole (4.5)
 *
 * Not in it: memory offline and online, notifiers, more than one zone, zones that end inside a MAX_ORDER range.
 *
 * It answers the calls of contig.h, so that whatever drives the model can drive the oracle beside it.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "../../allocators/contig.h"

/* NULL for a generation that the oracle does not know. One zone, M <= 10; watermarks must be given. */
struct contig *oracle_open(const char *generation, const struct contig_geometry *g, const struct contig_hooks *hooks);

/* The generations it knows, oldest first; NULL behind the last. */
const char *oracle_generation(size_t i);

#endif
