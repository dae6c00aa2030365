// SPDX-License-Identifier: MIT
/* placement_limits.c - how much memory there is to be had: on a node, and for this process by all that limits it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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

/* ---- cgroups: a process is in one directory of the hierarchy, and every one above it limits, too ---- */

struct limit_files {
	const char *fs; /* type of the file system */
	const char *limit, *soft, *usage, *cache;
};

static const struct limit_files cgroup_v1 = { "cgroup", "memory.limit_in_bytes", NULL, "memory.usage_in_bytes",
	                                      "total_inactive_file" };
static const struct limit_files cgroup_v2 = { "cgroup2", "memory.max", "memory.high", "memory.current",
	                                      "inactive_file" };

static bool number_in(uint64_t *out, const char *folder, const char *name)
{
	char path[8400];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_number(out, path); /* "max" is no number */
}

static uint64_t left_in(const char *folder, const struct limit_files *files)
{
	char path[8400];
	uint64_t limit = UINT64_MAX, soft, usage, cache = 0;

	number_in(&limit, folder, files->limit);
	if (files->soft && number_in(&soft, folder, files->soft) && soft < limit)
		limit = soft; /* beyond it a process is slowed down until it makes no progress */
	if (limit == UINT64_MAX || !number_in(&usage, folder, files->usage))
		return UINT64_MAX;
	snprintf(path, sizeof(path), "%s/memory.stat", folder);
	if (!file_keyed_number(&cache, path, files->cache))
		cache = 0;
	return less(limit, less(usage, cache));
}

static bool has_item(const char *list, const char *item)
{
	size_t len = strlen(item);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (!strncmp(list, item, len) && (!list[len] || list[len] == ','))
			return true;
	return false;
}

/* Of the hierarchy that limits memory: where it is mounted, and which of its folders is seen there. */
static bool find_mount(const char *mountinfo, const struct limit_files *files, char *root, char *mount, size_t size)
{
	char *line = NULL, type[32], options[256];
	char a[4096], b[4096];
	size_t room = 0;
	bool found = false;
	FILE *f = fopen(mountinfo, "re");

	while (f && !found && getline(&line, &room, f) > 0) {
		const char *behind = strstr(line, " - ");

		found = behind && sscanf(line, "%*s %*s %*s %4095s %4095s", a, b) == 2 &&
		        sscanf(behind, " - %31s %*s %255s", type, options) == 2 && !strcmp(type, files->fs) &&
		        (files == &cgroup_v2 || has_item(options, "memory"));
	}
	if (found) {
		snprintf(root, size, "%s", strcmp(a, "/") ? a : "");
		snprintf(mount, size, "%s", b);
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static uint64_t least_on_the_way_up(const char *path, const char *mountinfo, const struct limit_files *files)
{
	char root[4096], mount[4096], folder[8300];
	uint64_t least = UINT64_MAX;

	if (!find_mount(mountinfo, files, root, mount, sizeof(root)))
		return UINT64_MAX;
	/* in a container the mount may show a part of the hierarchy only, or the path lead out of it: then its top */
	size_t len = strlen(root);

	if (!strncmp(path, root, len) && (!path[len] || path[len] == '/'))
		path += len;
	snprintf(folder, sizeof(folder), "%s%s", mount, !strncmp(path, "/..", 3) || !strcmp(path, "/") ? "" : path);
	for (;;) {
		uint64_t left = left_in(folder, files);
		char *slash = strrchr(folder, '/');

		least = left < least ? left : least;
		if (strlen(folder) <= strlen(mount) || !slash)
			return least;
		*slash = '\0';
	}
}

uint64_t cgroup_memory_left(const char *cgroup, const char *mountinfo)
{
	char *line = NULL;
	size_t room = 0;
	uint64_t least = UINT64_MAX;
	FILE *f = fopen(cgroup, "re");

	/* 4:memory:/a/b, or 0::/a/b */
	while (f && getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		char *what = strchr(line, ':'), *path = what ? strchr(what + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		const struct limit_files *files = what[1] ? &cgroup_v1 : &cgroup_v2;
		uint64_t left = !what[1] || has_item(what + 1, "memory") ? least_on_the_way_up(path, mountinfo, files)
		                                                         : UINT64_MAX;

		least = left < least ? left : least;
	}
	free(line);
	if (f)
		fclose(f);
	return least;
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
	uint64_t available = kib_of("/proc/meminfo", "MemAvailable");
	uint64_t cgroup = cgroup_memory_left("/proc/self/cgroup", "/proc/self/mountinfo"), rlimits = rlimits_left();

	available = cgroup < available ? cgroup : available;
	return rlimits < available ? rlimits : available;
}
