/* SPDX-License-Identifier: MIT */
/* generations.h - every backend that runs under a policy, oldest first. */
#ifndef TESTS_GENERATIONS_H
#define TESTS_GENERATIONS_H

#include "../../allocators/contig.h"

/* The next one from *i on, which is 0 for the first; NULL behind the last. */
static inline const struct contig_backend *next_generation(size_t *i)
{
	const struct contig_backend *b;

	while ((b = contig_backend_at((*i)++)) && !b->preset)
		;
	return b;
}

/* for (const struct contig_backend *g; ...) over all of them; the body may break. */
#define FOR_EACH_GENERATION(b)                                                                                         \
	for (size_t at_ = 0; at_ != SIZE_MAX; at_ = SIZE_MAX)                                                          \
		for (const struct contig_backend *b; (b = next_generation(&at_));)

#endif
