// SPDX-License-Identifier: MIT
/* placement_limits.c - how much memory there is to be had: on a node, and for this process by all that limits it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../measure/cgroup.h"
#include "../measure/files.h"
#include "placement_inside.h"

/* "Node 0 MemFree:  4337200 kB" */
static uint64_t kib_of(const char *path, const char *key)
{
	char line[64];

	return file_line(line, sizeof(line), path, key) ? strtoull(line, NULL, 10) << 10 : 0;
}

static uint64_t node_kib(uint32_t node, const char *field)
{
	char path[64], key[64];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/meminfo", node);
	snprintf(key, sizeof(key), "Node %u %s", node, field);
	return kib_of(path, key);
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Free, and half of the clean file pages: the kernel gives those up before it fails, but not gladly. */
uint64_t placement_free_bytes(uint32_t node)
{
	if (access("/sys/devices/system/node", F_OK)) /* a kernel without NUMA: all memory is one */
		return placement_available_bytes();
	uint64_t file = node_kib(node, "Active(file)") + node_kib(node, "Inactive(file)");
	uint64_t busy = node_kib(node, "Dirty") + node_kib(node, "Writeback") + node_kib(node, "Mapped");

	return node_kib(node, "MemFree") + less(file, busy) / 2;
}

/* `ulimit -v` and `ulimit -d` */
static uint64_t rlimits_left(void)
{
	static const struct {
		int resource;
		const char *used;
	} limits[] = { { RLIMIT_AS, "VmSize" }, { RLIMIT_DATA, "VmData" } };
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit r;

		if (getrlimit((__rlimit_resource_t)limits[i].resource, &r) || r.rlim_cur == RLIM_INFINITY)
			continue;
		uint64_t left = less(r.rlim_cur, kib_of("/proc/self/status", limits[i].used));

		least = left < least ? left : least;
	}
	return least;
}

uint64_t placement_available_bytes(void)
{
	uint64_t available = kib_of("/proc/meminfo", "MemAvailable"), rlimits = rlimits_left(), limit, left;

	if (cgroup_memory(&limit, &left) && left < available)
		available = left;
	return rlimits < available ? rlimits : available;
}
