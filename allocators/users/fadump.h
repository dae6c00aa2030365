/* SPDX-License-Identifier: MIT */
/*
 * fadump.h - the memory that powerpc's firmware-assisted dump reserves for a crash kernel and lends to CMA meanwhile
 * (7.6). Only its alignment is of interest: nothing happens at run time.
 */
#ifndef FADUMP_H
#define FADUMP_H

#include "cma.h"

/*
 * The part of [base, base + pages), which is reserved for a dump, that becomes a CMA area. Until v6.x reserving
 * rounded base and size up to the area's alignment, so that the area is what was reserved, and may end behind what was
 * asked for; 7.x reserves what it needs and gives CMA the aligned part of it: base up, end down (knob fadump_round).
 * -EINVAL with the reason if nothing is left of it, or if it lies in no one zone.
 */
int fadump_cma_range(const struct contig_policy *policy, const struct contig_geometry *g, pfn_t base, uint32_t pages,
                     struct cma_range *out, struct contig_diag *diag);

#endif
