/* SPDX-License-Identifier: MIT */
/* machine.h - what is known of the machine and its state that a measured number depends on. */
#ifndef MEASURE_MACHINE_H
#define MEASURE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_MAX_FACTS 48u

/* "governor" and "performance"; what can not be found out is "unknown", never left out. */
struct machine_fact {
	char key[48];
	char value[208];
};

struct machine {
	size_t nr;
	struct machine_fact facts[MACHINE_MAX_FACTS];
	char *hwloc_xml; /* the topology as this process may use it */
};

/*
 * kernel, cpu, governor, virtualisation, clock source, mitigations, transparent huge pages, automatic NUMA balancing,
 * swappiness, load, nodes and cpus of the machine, those that taskset and cgroups leave, a cgroup's cpu quota and memory
 * limit, hwloc's version ... 0 or -ENOMEM.
 */
int machine_describe(struct machine *m);
void machine_free(struct machine *m);

/* Time that the hypervisor gave to others since boot, all cpus, ns; UINT64_MAX where the kernel does not say. */
uint64_t machine_steal_ns(void);
/* Times, and ns, that this process's cgroup was throttled by its cpu quota; false: no quota, or unknown. */
bool machine_throttled(uint64_t *times, uint64_t *ns);

#endif
