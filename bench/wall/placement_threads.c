// SPDX-License-Identifier: MIT
/* placement_threads.c - which thread replays a trace cpu, and on which cpu of this machine it runs. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "placement_inside.h"

/* A node of the trace. */
struct part {
	uint32_t cpus;    /* trace cpus on it */
	uint32_t threads; /* that replay them */
	uint32_t slots;   /* of those, numbered so far */
	uint32_t dealt;   /* trace cpus that have their thread */
	uint16_t *thread; /* of each slot; into the deal's array */
};

struct deal {
	struct part part[CONTIG_MAX_NODES];
	uint32_t nr_parts; /* that have cpus */
	uint16_t threads[CONTIG_MAX_CPUS];
};

static uint32_t cpus_of(const struct placement *p, uint32_t trace_node)
{
	return topology_find(p->topology, p->node_of[trace_node])->nr_cpus;
}

/* Threads that the parts on the same node of this machine have together. */
static uint32_t threads_beside(const struct placement *p, const struct deal *d, uint32_t trace_node)
{
	uint32_t nr = 0;

	for (uint32_t node = 0; node < p->nr_nodes; node++)
		if (p->node_of[node] == p->node_of[trace_node])
			nr += d->part[node].threads;
	return nr;
}

/* Which of two nodes should get the next thread: one with a free cpu first, then the one with more trace cpus a thread. */
static bool needs_more(const struct placement *p, const struct deal *d, uint32_t a, uint32_t b)
{
	const struct part *x = &d->part[a], *y = &d->part[b];
	bool room_x = threads_beside(p, d, a) < cpus_of(p, a), room_y = threads_beside(p, d, b) < cpus_of(p, b);

	if (room_x != room_y)
		return room_x;
	return (uint64_t)x->cpus * y->threads > (uint64_t)y->cpus * x->threads;
}

/* One thread for each node that has trace cpus, and the others where they are needed most. */
static void deal_threads(const struct placement *p, struct deal *d, uint32_t nr)
{
	for (uint32_t node = 0; node < p->nr_nodes; node++)
		d->part[node].threads = d->part[node].cpus > 0;
	for (uint32_t left = nr - d->nr_parts; left; left--) {
		uint32_t best = UINT32_MAX;

		for (uint32_t node = 0; node < p->nr_nodes; node++)
			if (d->part[node].threads < d->part[node].cpus &&
			    (best == UINT32_MAX || needs_more(p, d, node, best)))
				best = node;
		assert(best != UINT32_MAX);
		d->part[best].threads++;
	}
}

/* A cpu takes the node's threads in turn; they are numbered by the first trace cpu that they replay. */
static void deal_cpus(struct placement *p, struct deal *d, const struct placement_wish *wish)
{
	uint16_t *at = d->threads, next = 0;

	for (uint32_t node = 0; node < p->nr_nodes; node++) {
		d->part[node].thread = at;
		at += d->part[node].threads;
	}
	for (uint32_t cpu = 0; cpu < wish->nr_cpus; cpu++) {
		struct part *part = &d->part[wish->cpu_node[cpu]];
		uint32_t slot = part->dealt++ % part->threads;

		if (slot == part->slots) {
			p->threads[next].trace_node = wish->cpu_node[cpu];
			part->thread[part->slots++] = next++;
		}
		p->thread_of[cpu] = part->thread[slot];
	}
	assert(next == p->nr_threads);
}

/* Fewer threads than nodes: neighbouring nodes share one, which runs on the first of them. */
static void deal_nodes(struct placement *p, const struct deal *d, const struct placement_wish *wish)
{
	uint16_t of_node[CONTIG_MAX_NODES] = { 0 };
	uint32_t seen = 0, begun = 0;

	for (uint32_t node = 0; node < p->nr_nodes; node++) {
		if (!d->part[node].cpus)
			continue;
		of_node[node] = (uint16_t)((uint64_t)seen++ * p->nr_threads / d->nr_parts);
		if (of_node[node] == begun)
			p->threads[begun++].trace_node = (uint8_t)node;
	}
	for (uint32_t cpu = 0; cpu < wish->nr_cpus; cpu++)
		p->thread_of[cpu] = of_node[wish->cpu_node[cpu]];
}

/* How many threads have been pinned to cpus of this node of the machine. */
static uint32_t threads_on(const struct placement *p, uint32_t real, uint32_t up_to)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < up_to; i++)
		nr += p->threads[i].node == real;
	return nr;
}

static int take_cpus(struct placement *p, const struct placement_wish *wish, struct contig_diag *diag)
{
	for (uint32_t i = 0; i < p->nr_threads; i++) {
		struct placement_thread *thread = &p->threads[i];
		const struct topology_node *n = topology_find(p->topology, p->node_of[thread->trace_node]);

		thread->node = n->number;
		thread->cpu = n->cpus[threads_on(p, n->number, i) % n->nr_cpus];
	}
	for (uint32_t i = 0; i < p->nr_threads && !wish->oversubscribe; i++) {
		uint32_t real = p->threads[i].node, cpus = topology_find(p->topology, real)->nr_cpus;
		uint32_t threads = threads_on(p, real, p->nr_threads);

		if (threads > cpus)
			return contig_diag_set(
				diag, -ENODEV,
				"%u threads belong on node %u, and this process may use %u of its cpus: ask for fewer "
				"--threads, or --oversubscribe lets threads share cpus, and every result says so",
				threads, real, cpus);
	}
	return 0;
}

static const char *plural(uint32_t nr)
{
	return nr == 1 ? "" : "s";
}

static void say(struct placement *p, const char *what, uint32_t many, const char *how, const char *of, uint32_t few)
{
	size_t used = strlen(p->sharing);

	snprintf(p->sharing + used, sizeof(p->sharing) - used, "%s%u %s%s %s %u %s%s", used ? ", " : "", many, what,
	         plural(many), how, few, of, plural(few));
}

static void say_sharing(struct placement *p, const struct deal *d)
{
	uint32_t nodes = 0, cpus = 0;

	for (uint32_t node = 0; node < p->nr_nodes; node++) {
		bool first = true;

		for (uint32_t other = 0; other < node; other++)
			first &= p->node_of[other] != p->node_of[node];
		nodes += first;
	}
	for (uint32_t i = 0; i < p->nr_threads; i++)
		cpus += threads_on(p, p->threads[i].node, i) < topology_find(p->topology, p->threads[i].node)->nr_cpus;
	p->oversubscribed = nodes < p->nr_nodes || cpus < p->nr_threads;
	if (nodes < p->nr_nodes)
		say(p, "trace node", p->nr_nodes, "on", "node", nodes);
	if (cpus < p->nr_threads)
		say(p, "thread", p->nr_threads, "on", "cpu", cpus);
	if (p->nr_threads < d->nr_parts)
		say(p, "thread", p->nr_threads, "for the cpus of", "trace node", d->nr_parts);
}

int placement_map_threads(struct placement *p, const struct placement_wish *wish, struct contig_diag *diag)
{
	struct deal d = { 0 };

	if (wish->nr_threads > wish->nr_cpus)
		return contig_diag_set(
			diag, -EINVAL,
			"--threads %u: the trace has %u cpu%s, and one's events are replayed by one thread",
			wish->nr_threads, wish->nr_cpus, plural(wish->nr_cpus));
	p->nr_threads = wish->nr_threads ? wish->nr_threads : wish->nr_cpus;
	for (uint32_t cpu = 0; cpu < wish->nr_cpus; cpu++)
		d.nr_parts += !d.part[wish->cpu_node[cpu]].cpus++;
	if (p->nr_threads < d.nr_parts) {
		deal_nodes(p, &d, wish);
	} else {
		deal_threads(p, &d, p->nr_threads);
		deal_cpus(p, &d, wish);
	}
	int rc = take_cpus(p, wish, diag);

	if (!rc)
		say_sharing(p, &d);
	return rc;
}
