/* SPDX-License-Identifier: MIT */
/* agent_memory.h - filling the memory of the agent without a guest (agent.h), and its free lists in their order. */
#ifndef TESTS_AGENT_MEMORY_H
#define TESTS_AGENT_MEMORY_H

#include "../../allocators/contig.h"

/* `populate`: the zone is wholly free, but for what belongs to the kernel. 0 or -errno. */
int agent_populate(struct contig *c, const struct contig_geometry *g, uint32_t lru_batch, const char *kind,
                   uint64_t seed, uint32_t fill, uint32_t unmovable);

/* Each free run of zone 0, list by list, the head first. */
void agent_lists(struct contig *c, void (*run)(pfn_t pfn, unsigned int order, enum migratetype list));

#endif
