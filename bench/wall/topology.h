/* SPDX-License-Identifier: MIT */
/* topology.h - nodes of this machine with their cpus, as hwloc sees them: what this process may use, or all there is. */
#ifndef TOPOLOGY_H
#define TOPOLOGY_H

#include <hwloc.h>

#include "../../allocators/contig.h"

struct topology_node {
	uint32_t number; /* the kernel's */
	bool memory;     /* has memory that may be used */
	uint32_t nr_cpus;
	uint32_t *cpus; /* kernel's numbers: one of each core first, then the cores' second cpus, and so on */
};

struct topology {
	hwloc_topology_t hwloc;
	const char *described_by; /* variable of the environment that it was read from; NULL: this machine itself */
	uint32_t nr;
	struct topology_node *nodes; /* ascending */
};

enum topology_extent {
	TOPOLOGY_USABLE, /* what taskset, cpusets and memory policies leave */
	TOPOLOGY_ALL,    /* whatever is online: only to say why something is not usable */
};

/* 0, -ENODEV or -ENOMEM with *diag. Binds nothing and nobody. */
int topology_open(struct topology **out, enum topology_extent extent, struct contig_diag *diag);
void topology_close(struct topology *t);

/* The node of this number, or NULL. */
const struct topology_node *topology_find(const struct topology *t, uint32_t number);
/* Do hwloc's answers describe the machine that this process runs on? */
bool topology_is_here(const struct topology *t);

#endif
