/* SPDX-License-Identifier: MIT */
/*
 * gigantic.h - alloc_contig_pages() (7.3): hugetlb pages larger than the largest free run. CMA areas are asked first,
 * if there are any; then every zone is gone through by naturally aligned ranges, of which those that pass a quick look
 * are asked for.
 */
#ifndef GIGANTIC_H
#define GIGANTIC_H

#include "cma.h"

struct gigantic_params {
	uint32_t pages; /* a power of two is its own alignment */
	uint8_t node;   /* preferred */
	bool this_node; /* and no other */
	uint32_t cpu;
	struct cma *cma; /* hugetlb_cma=, or NULL */
};

/*
 * The outcome: 0, and outcome.start is where the pages are: PAGE_GIGANTIC if there are more than 2^M of them, else
 * PAGE_CONTIG. -ENOMEM if no range was asked for, else what the last call said. -EINVAL here: no pages.
 */
int gigantic_alloc_begin(const struct user_machine *m, const struct gigantic_params *p, struct user_request **out);
/* -EINVAL, and nothing done, unless that is what a request got. */
int gigantic_free(const struct user_machine *m, const struct gigantic_params *p, pfn_t start);

#endif
