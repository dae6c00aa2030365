// SPDX-License-Identifier: MIT
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "topology.h"

#define MAX_NODE_NUMBER 1024u /* of Linux: MAX_NUMNODES is 1024 at most */
#define LONG_BITS       (8 * sizeof(unsigned long))

/* hwloc can be told to read another topology; which of its variables does so now? */
static const char *described_by(void)
{
	static const char *const names[] = { "HWLOC_XMLFILE", "HWLOC_SYNTHETIC", "HWLOC_FSROOT" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return names[i];
	}
	return NULL;
}

/*
 * Without IS_THISSYSTEM hwloc refuses to look at the process's own binding, and ignores the other flags with it. A
 * topology described elsewhere gets it only when the user says that it is this machine's (HWLOC_THISSYSTEM=1).
 */
static unsigned long flags_of(enum topology_extent extent, const char *described)
{
	const char *here = getenv("HWLOC_THISSYSTEM");

	if (described && (!here || !atoi(here)))
		return 0;
	/* discovery must not move threads of a process that may have several */
	unsigned long flags = HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING;

	if (extent == TOPOLOGY_ALL)
		return flags | HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED;
	return flags | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_MEMBINDING;
}

/* hwloc reads cpusets from cgroup files, which a container may not have; the kernel's answer needs none. */
static bool may_use_memory_of(uint32_t number)
{
	unsigned long mask[MAX_NODE_NUMBER / LONG_BITS] = { 0 };

	if (number >= MAX_NODE_NUMBER)
		return false;
	if (syscall(SYS_get_mempolicy, NULL, mask, (unsigned long)MAX_NODE_NUMBER, NULL, MPOL_F_MEMS_ALLOWED))
		return true;
	return mask[number / LONG_BITS] >> (number % LONG_BITS) & 1;
}

/*
 * hwloc lists a node without cpus (far memory, for one) with the cpus that are nearest to it. Here a cpu belongs to one
 * node, the kernel's: asked for this machine, and the first that lists it in a description.
 */
static bool cpu_is_of(const struct topology *t, uint32_t cpu, const struct topology_node *node)
{
	char path[96];

	if (!t->described_by) {
		int end = snprintf(path, sizeof(path), "/sys/devices/system/node/node%u", node->number);

		/* a kernel without NUMA has no such folder, and hwloc's node 0 is all there is */
		if (access(path, F_OK))
			return true;
		snprintf(path + end, sizeof(path) - (size_t)end, "/cpu%u", cpu);
		return !access(path, F_OK);
	}
	for (const struct topology_node *n = t->nodes; n < node; n++)
		for (uint32_t i = 0; i < n->nr_cpus; i++)
			if (n->cpus[i] == cpu)
				return false;
	return true;
}

/* How many usable cpus of the same core come before it. */
static unsigned int rank_in_core(hwloc_obj_t pu)
{
	return pu->parent && pu->parent->type == HWLOC_OBJ_CORE ? pu->sibling_rank : 0;
}

static int list_cpus(const struct topology *t, struct topology_node *node, hwloc_const_cpuset_t set)
{
	int nr = hwloc_get_nbobjs_inside_cpuset_by_type(t->hwloc, set, HWLOC_OBJ_PU);
	int seen = 0;

	node->cpus = calloc(nr > 0 ? (size_t)nr : 1, sizeof(*node->cpus));
	if (!node->cpus)
		return -ENOMEM;
	for (unsigned int rank = 0; seen < nr; rank++) {
		for (hwloc_obj_t pu = NULL;
		     (pu = hwloc_get_next_obj_inside_cpuset_by_type(t->hwloc, set, HWLOC_OBJ_PU, pu));) {
			if (rank_in_core(pu) != rank)
				continue;
			seen++;
			if (cpu_is_of(t, pu->os_index, node))
				node->cpus[node->nr_cpus++] = pu->os_index;
		}
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const hwloc_obj_t *x = a, *y = b;

	return (*x)->os_index < (*y)->os_index ? -1 : (*x)->os_index > (*y)->os_index;
}

static int list_nodes(struct topology *t, enum topology_extent extent)
{
	int nr = hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_NUMANODE);
	hwloc_obj_t *objects = calloc(nr > 0 ? (size_t)nr : 1, sizeof(*objects)), object = NULL;
	bool ask = extent == TOPOLOGY_USABLE && !t->described_by;
	int rc = 0;

	t->nodes = calloc(nr > 0 ? (size_t)nr : 1, sizeof(*t->nodes));
	if (!objects || !t->nodes) {
		free(objects);
		return -ENOMEM;
	}
	while ((object = hwloc_get_next_obj_by_type(t->hwloc, HWLOC_OBJ_NUMANODE, object)))
		objects[t->nr++] = object;
	qsort(objects, t->nr, sizeof(*objects), by_number);
	for (uint32_t i = 0; i < t->nr && !rc; i++) {
		t->nodes[i].number = objects[i]->os_index;
		t->nodes[i].memory =
			objects[i]->attr->numanode.local_memory && (!ask || may_use_memory_of(objects[i]->os_index));
		rc = list_cpus(t, &t->nodes[i], objects[i]->cpuset);
	}
	free(objects);
	return rc;
}

static int load(struct topology *t, enum topology_extent extent, struct contig_diag *diag)
{
	t->described_by = described_by();
	if (hwloc_topology_init(&t->hwloc))
		return contig_diag_set(diag, -ENOMEM, "no memory for the machine's topology");
	if (hwloc_topology_set_flags(t->hwloc, flags_of(extent, t->described_by)) || hwloc_topology_load(t->hwloc))
		return contig_diag_set(diag, -ENODEV, "hwloc can not read the machine's topology%s%s: %s",
		                       t->described_by ? " from " : "", t->described_by ? t->described_by : "",
		                       strerror(errno));
	if (list_nodes(t, extent))
		return contig_diag_set(diag, -ENOMEM, "no memory for the machine's topology");
	return 0;
}

int topology_open(struct topology **out, enum topology_extent extent, struct contig_diag *diag)
{
	struct topology *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (!t)
		return contig_diag_set(diag, -ENOMEM, "no memory for the machine's topology");
	int rc = load(t, extent, diag);

	if (rc)
		topology_close(t);
	else
		*out = t;
	return rc;
}

void topology_close(struct topology *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->nr; i++)
		free(t->nodes[i].cpus);
	free(t->nodes);
	if (t->hwloc)
		hwloc_topology_destroy(t->hwloc);
	free(t);
}

const struct topology_node *topology_find(const struct topology *t, uint32_t number)
{
	for (uint32_t i = 0; i < t->nr; i++)
		if (t->nodes[i].number == number)
			return &t->nodes[i];
	return NULL;
}

bool topology_is_here(const struct topology *t)
{
	return hwloc_topology_is_thissystem(t->hwloc);
}
