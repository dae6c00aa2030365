/* SPDX-License-Identifier: MIT */
/*
 * oracle.h - the page allocator a second time: plain arrays and linear scans, written from the specification of the
 * behaviour alone. It shares no line with allocators/model and keeps no structure that could go wrong in the same way:
 * a free list is a rank in each free head, its first entry is found by looking at every page.
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
