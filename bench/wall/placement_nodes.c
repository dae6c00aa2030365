// SPDX-License-Identifier: MIT
/* placement_nodes.c - which node of this machine a node of the trace is on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "placement_inside.h"

#define NOT_MAPPED UINT32_MAX

/* "0, 2": nodes that satisfy `fits`, for messages. Returns how many. */
static uint32_t name_nodes(const struct topology *t, bool (*fits)(const struct topology_node *), char *out, size_t size)
{
	uint32_t nr = 0;
	size_t used = 0;

	*out = '\0';
	for (uint32_t i = 0; i < t->nr; i++) {
		if (!fits(&t->nodes[i]))
			continue;
		nr++;
		if (used + 1 < size)
			used += (size_t)snprintf(out + used, size - used, "%s%u", used ? ", " : "", t->nodes[i].number);
	}
	return nr;
}

static bool any_node(const struct topology_node *n)
{
	(void)n;
	return true;
}

static bool has_both(const struct topology_node *n)
{
	return n->memory && n->nr_cpus;
}

/* Digits and nothing else, up to one of `ends`; false if not, or 2^32 or more. */
static bool number(const char **text, uint32_t *out)
{
	const char *p = *text;
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9' && value <= UINT32_MAX; p++)
		value = 10 * value + (uint64_t)(*p - '0');
	bool good = p > *text && value < NOT_MAPPED;

	*text = p;
	*out = (uint32_t)value;
	return good;
}

static int parse_pair(const char *map, const char **at, uint32_t *trace, uint32_t *real, struct contig_diag *diag)
{
	const char *begin = *at;

	if (number(at, trace) && *(*at)++ == '=' && number(at, real) && (!**at || **at == ','))
		return 0;
	return contig_diag_set(diag, -EINVAL, "--map %s: '%.*s' is no TRACE_NODE=NODE: try --map 0=0,1=1", map,
	                       (int)strcspn(begin, ","), begin);
}

/* Why the machine's node can not be used for that; `all` is the machine without restrictions, or NULL. */
static int why_not(const struct topology *t, const struct topology *all, const char *map, uint32_t trace, uint32_t real,
                   struct contig_diag *diag)
{
	const struct topology_node *n = topology_find(t, real), *there = all ? topology_find(all, real) : NULL;
	char list[128];

	if (!n && !there) {
		name_nodes(all ? all : t, any_node, list, sizeof(list));
		return contig_diag_set(diag, -EINVAL, "--map %s: this machine has no node %u; its nodes: %s", map, real,
		                       list);
	}
	if (there && there->memory && (!n || !n->memory))
		return contig_diag_set(diag, -EINVAL,
		                       "--map %s: node %u exists, but a cpuset (cgroup) or memory policy keeps this "
		                       "process from its memory: choose another, or start outside of it",
		                       map, real);
	if (!n || !n->memory)
		return contig_diag_set(diag, -EINVAL, "--map %s: node %u has no memory: choose another", map, real);
	if (there && there->nr_cpus)
		return contig_diag_set(diag, -EINVAL,
		                       "--map %s: node %u exists, but taskset or a cpuset (cgroup) left this process "
		                       "none of its cpus, and trace node %u needs one",
		                       map, real, trace);
	return contig_diag_set(diag, -EINVAL, "--map %s: node %u has no cpus, and trace node %u needs one", map, real,
	                       trace);
}

static int explain(const struct topology *t, const char *map, uint32_t trace, uint32_t real, struct contig_diag *diag)
{
	struct topology *all;

	topology_open(&all, TOPOLOGY_ALL, NULL);
	int rc = why_not(t, all, map, trace, real, diag);

	topology_close(all);
	return rc;
}

static bool has_trace_cpus(const struct placement_wish *wish, uint32_t node)
{
	for (uint32_t cpu = 0; cpu < wish->nr_cpus; cpu++)
		if (wish->cpu_node[cpu] == node)
			return true;
	return false;
}

/* One TRACE=REAL of the map into node_of. */
static int map_pair(struct placement *p, const struct placement_wish *wish, uint32_t trace, uint32_t real,
                    struct contig_diag *diag)
{
	if (trace >= wish->nr_nodes)
		return contig_diag_set(diag, -EINVAL, "--map %s: the trace has no node %u; its %u nodes count from 0",
		                       wish->map, trace, wish->nr_nodes);
	if (p->node_of[trace] != NOT_MAPPED)
		return contig_diag_set(diag, -EINVAL, "--map %s: trace node %u is mapped twice", wish->map, trace);

	const struct topology_node *n = topology_find(p->topology, real);

	/* memory alone may lie on a node without cpus */
	if (!n || !n->memory || (!n->nr_cpus && has_trace_cpus(wish, trace)))
		return explain(p->topology, wish->map, trace, real, diag);
	p->node_of[trace] = real;
	return 0;
}

static int nothing_forgotten(const struct placement *p, const struct placement_wish *wish, struct contig_diag *diag)
{
	for (uint32_t cpu = 0; cpu < wish->nr_cpus; cpu++)
		if (p->node_of[wish->cpu_node[cpu]] == NOT_MAPPED)
			return contig_diag_set(diag, -EINVAL,
			                       "--map %s: trace cpu %u has no place in the mapping: it is on trace "
			                       "node %u, so add %u=NODE",
			                       wish->map, cpu, wish->cpu_node[cpu], wish->cpu_node[cpu]);
	for (uint32_t node = 0; node < wish->nr_nodes; node++)
		if (p->node_of[node] == NOT_MAPPED)
			return contig_diag_set(diag, -EINVAL,
			                       "--map %s: trace node %u has no place in the mapping: add %u=NODE",
			                       wish->map, node, node);
	return 0;
}

static int nothing_shared(const struct placement *p, const struct placement_wish *wish, struct contig_diag *diag)
{
	for (uint32_t node = 0; node < wish->nr_nodes; node++)
		for (uint32_t other = 0; other < node; other++)
			if (p->node_of[node] == p->node_of[other])
				return contig_diag_set(diag, -EINVAL,
				                       "--map %s: trace nodes %u and %u would share node %u: "
				                       "--oversubscribe lets them, and every result says so",
				                       wish->map, other, node, p->node_of[node]);
	return 0;
}

static int map_as_told(struct placement *p, const struct placement_wish *wish, struct contig_diag *diag)
{
	const char *at = wish->map;
	uint32_t trace = 0, real = 0;
	int rc;

	do {
		rc = parse_pair(wish->map, &at, &trace, &real, diag);
		if (!rc)
			rc = map_pair(p, wish, trace, real, diag);
	} while (!rc && *at++ == ',');
	if (!rc)
		rc = nothing_forgotten(p, wish, diag);
	if (!rc && !wish->oversubscribe)
		rc = nothing_shared(p, wish, diag);
	return rc;
}

/* The machine has fewer nodes than the trace; or taskset and cgroups leave fewer. */
static int too_few(const struct topology *t, uint32_t wanted, struct contig_diag *diag)
{
	struct topology *all;
	char left[128], present[128], more[224] = "";
	uint32_t nr = name_nodes(t, has_both, left, sizeof(left));

	if (!topology_open(&all, TOPOLOGY_ALL, NULL) && name_nodes(all, has_both, present, sizeof(present)) > nr)
		snprintf(more, sizeof(more), " (taskset, a cgroup or a memory policy took others away: it has %s)",
		         present);
	topology_close(all);
	if (!nr)
		return contig_diag_set(diag, -ENODEV,
		                       "no node of this machine has both memory and a cpu that this process may use%s",
		                       more);
	return contig_diag_set(
		diag, -EINVAL,
		"the trace has %u nodes, and this machine %u that can be used: %s%s; --oversubscribe lets "
		"trace nodes share, and every result says so",
		wanted, nr, left, more);
}

static int map_ascending(struct placement *p, const struct placement_wish *wish, struct contig_diag *diag)
{
	const struct topology *t = p->topology;
	uint32_t usable[CONTIG_MAX_NODES], nr = 0;

	for (uint32_t i = 0; i < t->nr && nr < CONTIG_MAX_NODES; i++)
		if (has_both(&t->nodes[i]))
			usable[nr++] = t->nodes[i].number;
	if (!nr || (nr < wish->nr_nodes && !wish->oversubscribe))
		return too_few(t, wish->nr_nodes, diag);
	for (uint32_t node = 0; node < wish->nr_nodes; node++)
		p->node_of[node] = usable[node % nr];
	return 0;
}

int placement_map_nodes(struct placement *p, const struct placement_wish *wish, struct contig_diag *diag)
{
	for (uint32_t node = 0; node < CONTIG_MAX_NODES; node++)
		p->node_of[node] = NOT_MAPPED;
	p->nr_nodes = wish->nr_nodes;
	return wish->map ? map_as_told(p, wish, diag) : map_ascending(p, wish, diag);
}
