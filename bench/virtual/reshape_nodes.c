// SPDX-License-Identifier: MIT
#include <errno.h>

#include "reshape.h"

/* So many allocations in a row stay together: what one process asks for at a time is of that size. */
#define HAND 6 /* log2 */

static uint32_t cpus_for(const struct trace_info *info, uint32_t nodes)
{
	return (nodes + info->nr_cpus - 1) / info->nr_cpus * info->nr_cpus;
}

int reshape_nodes(struct trace *t, uint32_t nodes, struct contig_diag *diag)
{
	struct trace_info *info = &t->info;

	if (info->nr_nodes > 1)
		return contig_diag_set(diag, -EINVAL,
		                       "has %u nodes of its own: --nodes is for traces of one, leave it out",
		                       info->nr_nodes);
	if (!info->nr_cpus)
		return 0; /* refused when it is compiled */
	uint32_t cpus = cpus_for(info, nodes), shares = cpus / info->nr_cpus;

	if (cpus > CONTIG_MAX_CPUS)
		return contig_diag_set(diag, -EINVAL, "has %u cpus: so many for %u nodes are more than %u",
		                       info->nr_cpus, nodes, CONTIG_MAX_CPUS);
	for (uint64_t i = 0; i < info->nr_events; i++) {
		struct trace_event *e = &t->events[i];
		uint32_t hand = e->id >> HAND;

		if (e->cpu >= info->nr_cpus)
			continue; /* so is this */
		if (e->op == TRACE_ALLOC && i < info->nr_initial)
			e->cpu = (uint16_t)(hand % cpus);
		else if (e->op != TRACE_MARK)
			e->cpu = (uint16_t)(e->cpu + hand % shares * info->nr_cpus);
		if (e->op == TRACE_ALLOC)
			e->node = (uint8_t)(e->cpu % nodes);
	}
	info->nr_cpus = cpus;
	info->nr_nodes = nodes;
	return 0;
}
