// SPDX-License-Identifier: MIT
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "placement_inside.h"

static int check_wish(const struct placement_wish *wish, struct contig_diag *diag)
{
	if (!wish->nr_cpus || wish->nr_cpus > CONTIG_MAX_CPUS)
		return contig_diag_set(diag, -EINVAL, "the trace has %u cpus: between 1 and %u, please", wish->nr_cpus,
		                       CONTIG_MAX_CPUS);
	if (!wish->nr_nodes || wish->nr_nodes > CONTIG_MAX_NODES)
		return contig_diag_set(diag, -EINVAL, "the trace has %u nodes: between 1 and %u, please",
		                       wish->nr_nodes, CONTIG_MAX_NODES);
	for (uint32_t cpu = 0; cpu < wish->nr_cpus; cpu++)
		if (wish->cpu_node[cpu] >= wish->nr_nodes)
			return contig_diag_set(diag, -EINVAL, "trace cpu %u is on node %u, and the trace has %u nodes",
			                       cpu, wish->cpu_node[cpu], wish->nr_nodes);
	return 0;
}

int placement_open(struct placement *p, const struct placement_wish *wish, struct contig_diag *diag)
{
	memset(p, 0, sizeof(*p));
	int rc = check_wish(wish, diag);

	if (!rc)
		rc = topology_open(&p->topology, TOPOLOGY_USABLE, diag);
	if (!rc)
		rc = placement_map_nodes(p, wish, diag);
	if (!rc)
		rc = placement_map_threads(p, wish, diag);
	p->nr_cpus = wish->nr_cpus;
	p->bind = wish->bind;
	if (rc)
		placement_close(p);
	for (uint32_t cpu = 0; !rc && cpu < wish->nr_cpus; cpu++)
		p->cpu_node[cpu] = wish->cpu_node[cpu];
	return rc;
}

void placement_close(struct placement *p)
{
	topology_close(p->topology);
	p->topology = NULL;
}

void placement_print(const struct placement *p, void *file)
{
	for (uint32_t node = 0; node < p->nr_nodes; node++)
		fprintf(file, "trace node %u -> node %u%s\n", node, p->node_of[node],
		        p->bind ? "" : ", memory not bound");
	for (uint32_t cpu = 0; cpu < p->nr_cpus; cpu++) {
		uint32_t thread = p->thread_of[cpu];

		fprintf(file, "trace cpu %u (node %u) -> thread %u on cpu %u (node %u)\n", cpu, p->cpu_node[cpu],
		        thread, p->threads[thread].cpu, p->threads[thread].node);
	}
	if (p->sharing[0])
		fprintf(file, "shared: %s\n", p->sharing);
}

static int not_pinned(int err, uint32_t thread, uint32_t cpu, struct contig_diag *diag)
{
	const char *why = "";

	if (err == EPERM || err == ENOSYS)
		why = ": a container or sandbox forbids sched_setaffinity(); run outside of it, or allow it there";
	else if (err == EINVAL || err == EXDEV)
		why = ": taskset or a cgroup took this cpu away in the meantime";
	return contig_diag_set(diag, err == EPERM ? -EPERM : -ENODEV, "thread %u can not be pinned to cpu %u (%s)%s",
	                       thread, cpu, strerror(err), why);
}

/* What the kernel says: this thread may run nowhere else, and is there, on the node that the mapping means. */
static int check_pinned(const struct placement *p, uint32_t thread, hwloc_bitmap_t wanted, hwloc_bitmap_t got,
                        struct contig_diag *diag)
{
	const struct placement_thread *t = &p->threads[thread];
	unsigned int cpu, node;

	if (hwloc_get_cpubind(p->topology->hwloc, got, HWLOC_CPUBIND_THREAD) || !hwloc_bitmap_isequal(wanted, got) ||
	    getcpu(&cpu, &node))
		return contig_diag_set(diag, -ENODEV,
		                       "thread %u was pinned to cpu %u, and the kernel does not say that it is: it "
		                       "ignores sched_setaffinity(), as sandboxes do",
		                       thread, t->cpu);
	if (cpu != t->cpu)
		return contig_diag_set(diag, -ENODEV, "thread %u was pinned to cpu %u and runs on cpu %u", thread,
		                       t->cpu, cpu);
	if (node != t->node)
		return contig_diag_set(diag, -ENODEV,
		                       "cpu %u is on node %u by the kernel's account, and on node %u by hwloc's%s%s",
		                       cpu, node, t->node, p->topology->described_by ? ", read from " : "",
		                       p->topology->described_by ? p->topology->described_by : "");
	return 0;
}

int placement_pin(const struct placement *p, uint32_t thread, struct contig_diag *diag)
{
	const struct topology *t = p->topology;
	uint32_t cpu = p->threads[thread].cpu;

	/* hwloc would say that it has done it, and do nothing */
	if (!topology_is_here(t))
		return contig_diag_set(
			diag, -ENODEV,
			"the topology was read from %s and is not this machine's: unset it to run, or set "
			"HWLOC_THISSYSTEM=1 if it describes this machine",
			t->described_by ? t->described_by : "the environment");
	hwloc_bitmap_t wanted = hwloc_bitmap_alloc(), got = hwloc_bitmap_alloc();
	int rc;

	if (!wanted || !got || hwloc_bitmap_only(wanted, cpu))
		rc = contig_diag_set(diag, -ENOMEM, "no memory to pin thread %u", thread);
	else if (hwloc_set_cpubind(t->hwloc, wanted, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT))
		rc = not_pinned(errno, thread, cpu, diag);
	else
		rc = check_pinned(p, thread, wanted, got, diag);
	hwloc_bitmap_free(wanted);
	hwloc_bitmap_free(got);
	return rc;
}
