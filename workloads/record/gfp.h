/* SPDX-License-Identifier: MIT */
/* gfp.h - the value of a gfp flag on the running kernel, from the table that its own event format prints. */
#ifndef GFP_H
#define GFP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * `format` is the text of events/kmem/mm_page_alloc/format. Its print fmt lists pairs {expression, "name"}; the
 * numbers differ from release to release. False: no such name, or an expression that is more than shifts, ors, ands,
 * nots and casts of numbers (v6.9 to v6.11 name enum constants without their values).
 */
bool gfp_flag(const char *format, const char *name, uint64_t *value);

#endif
