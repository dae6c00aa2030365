// SPDX-License-Identifier: MIT
/* device.c - /dev/contigbench. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

struct contigbench_hello kernel;
struct contigbench_zone arena_zone;

static int fd = -1;

int device(unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int device_open(void)
{
	fd = open(CONTIGBENCH_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	int rc = device(CONTIGBENCH_HELLO, &kernel);

	if (!rc && kernel.abi != CONTIGBENCH_ABI)
		rc = -EPROTO;
	if (!rc)
		rc = device_zone(AGENT_NODE, &arena_zone);
	if (rc == -ENOENT)
		rc = device_zone(0, &arena_zone);
	if (rc)
		memset(&kernel, 0, sizeof(kernel));
	return rc;
}

int device_zone(uint32_t node, struct contigbench_zone *zone)
{
	int rc = -ENOENT;

	for (uint32_t i = 0; i < kernel.nr_zones; i++) {
		struct contigbench_zone z = { .index = i };

		if (device(CONTIGBENCH_ZONE, &z) || z.node != (int32_t)node || (!rc && z.managed <= zone->managed))
			continue;
		*zone = z;
		rc = 0;
	}
	return rc;
}

int device_drain(void)
{
	int rc = device(CONTIGBENCH_LRU, NULL);

	return rc ? rc : device(CONTIGBENCH_DRAIN, NULL);
}

int device_look(uint64_t start, uint64_t nr, int (*run)(const struct contigbench_run *r, void *arg), void *arg)
{
	static struct contigbench_run runs[4096];
	uint64_t end = start + nr;

	while (start < end) {
		struct contigbench_look look = {
			.start = start,
			.nr = end - start,
			.runs = (uintptr_t)runs,
			.max = sizeof(runs) / sizeof(*runs),
		};
		int rc = device(CONTIGBENCH_LOOK, &look);

		for (uint32_t i = 0; !rc && i < look.filled; i++)
			rc = run(&runs[i], arg);
		if (rc)
			return rc;
		if (look.next <= start)
			return -EIO;
		start = look.next;
	}
	return 0;
}

int64_t node_free(uint32_t node)
{
	char path[64], text[4096];

	/* the first line is nr_free_pages */
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/vmstat", node);
	int rc = read_file(path, text, sizeof(text));
	const char *number = rc < 0 ? NULL : strstr(text, "nr_free_pages ");

	return number ? strtoll(number + strlen("nr_free_pages "), NULL, 10) : rc < 0 ? rc : -EIO;
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
