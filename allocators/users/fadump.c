// SPDX-License-Identifier: MIT
/* fadump.c - what of a reserved range CMA gets. */
#include "fadump.h"

int fadump_cma_range(const struct contig_policy *policy, const struct contig_geometry *g, pfn_t base, uint32_t pages,
                     struct cma_range *out, struct contig_diag *diag)
{
	uint64_t mask = user_alignment(policy, g) - 1;
	uint64_t start = (base + mask) & ~mask, end;

	if (policy->fadump_round == fadump_round_inwards)
		end = ((uint64_t)base + pages) & ~mask;
	else
		end = start + ((pages + mask) & ~mask);
	if (end <= start)
		return contig_diag_set(
			diag, -EINVAL,
			"fadump: nothing of the %u pages at pfn %u is aligned to %llu pages: reserve more", pages, base,
			(unsigned long long)mask + 1);
	if (start > PFN_NONE || !user_zone(g, (pfn_t)start, end - start))
		return contig_diag_set(diag, -EINVAL, "fadump: pages %llu to %llu lie in no one zone",
		                       (unsigned long long)start, (unsigned long long)end - 1);
	*out = (struct cma_range){ .base = (pfn_t)start, .pages = (uint32_t)(end - start) };
	return 0;
}
