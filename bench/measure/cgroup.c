// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "files.h"

#define PATH_SIZE 2048

const char *cgroup_root = "";

/* The directory of this process's group for one controller; it gets shorter on the way up. */
struct group {
	char path[PATH_SIZE];
	size_t top; /* length of the mount point: there it ends */
	bool v2;
};

/* ---- where it is ----------------------------------------------------------------------------- */

/* Is a word in a list with commas? */
static bool has_option(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == length && !strncmp(p, word, length))
			return true;
	return false;
}

static FILE *open_below_root(const char *path)
{
	char full[PATH_SIZE];

	snprintf(full, sizeof(full), "%s%s", cgroup_root, path);
	return fopen(full, "re");
}

/* "5:cpu,cpuacct:/some/group" of /proc/self/cgroup; version 2 has "0::/some/group". */
static bool group_name(const char *controller, char name[PATH_SIZE], bool *v2)
{
	FILE *f = open_below_root("/proc/self/cgroup");
	char line[PATH_SIZE];
	bool found = false;

	/* the one of version 2 comes last, and has the controllers that no other line has */
	while (f && !found && fgets(line, sizeof(line), f)) {
		char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		*v2 = !list[1];
		found = *v2 || has_option(list + 1, controller);
		snprintf(name, PATH_SIZE, "%s", path);
	}
	if (f)
		fclose(f);
	return found;
}

static bool is_below(const char *name, const char *root)
{
	size_t length = strlen(root);

	return !strncmp(name, root, length) && strchr("/", name[length]);
}

/* Fill in where `name` is mounted: a line of /proc/self/mountinfo (proc(5)). */
static bool mounted_here(struct group *g, const char *line, const char *controller, const char *name)
{
	char root[1024], point[1024], type[32], options[1024];
	const char *rest = strstr(line, " - ");

	if (!rest || sscanf(line, "%*s %*s %*s %1023s %1023s", root, point) != 2 ||
	    sscanf(rest, " - %31s %*s %1023s", type, options) != 2)
		return false;
	if (strcmp(type, g->v2 ? "cgroup2" : "cgroup") || (!g->v2 && !has_option(options, controller)))
		return false;
	/* in a container the mount shows a part of the tree, which begins at `root` */
	size_t skip = strcmp(root, "/") && is_below(name, root) ? strlen(root) : 0;
	/* ... and the group may lie outside of that part: its top is the best there is then */
	bool at_top = !strcmp(name + skip, "/") || !strncmp(name + skip, "/..", 3);
	int length = snprintf(g->path, sizeof(g->path), "%s%s%s", cgroup_root, point, at_top ? "" : name + skip);

	g->top = strlen(cgroup_root) + strlen(point);
	if (length >= PATH_SIZE || access(g->path, F_OK))
		g->path[g->top] = '\0';
	return true;
}

static bool group_find(struct group *g, const char *controller)
{
	char name[PATH_SIZE], line[2 * PATH_SIZE];
	bool found = false;

	if (!group_name(controller, name, &g->v2))
		return false;
	FILE *f = open_below_root("/proc/self/mountinfo");

	while (f && !found && fgets(line, sizeof(line), f))
		found = mounted_here(g, line, controller, name);
	if (f)
		fclose(f);
	return found;
}

static bool group_up(struct group *g)
{
	if (strlen(g->path) <= g->top)
		return false;
	*strrchr(g->path, '/') = '\0';
	return true;
}

struct file_name {
	char text[PATH_SIZE + 64];
};

static struct file_name group_file(const struct group *g, const char *v1, const char *v2)
{
	struct file_name name;

	snprintf(name.text, sizeof(name.text), "%s/%s", g->path, g->v2 ? v2 : v1);
	return name;
}

/* A number, or CGROUP_NONE for "max", -1, and no such file. */
static uint64_t group_number(const struct group *g, const char *v1, const char *v2)
{
	uint64_t n;

	return file_number(&n, group_file(g, v1, v2).text) ? n : CGROUP_NONE;
}

/* ---- cpu ------------------------------------------------------------------------------------- */

static uint64_t level_quota(const struct group *g)
{
	uint64_t quota = CGROUP_NONE, period = 0;
	char line[64];

	if (g->v2) { /* "150000 100000", "max 100000" */
		file_line(line, sizeof(line), group_file(g, "", "cpu.max").text, NULL);
		if (sscanf(line, "%" SCNu64 " %" SCNu64, &quota, &period) != 2)
			return CGROUP_NONE;
	} else {
		quota = group_number(g, "cpu.cfs_quota_us", "");
		period = group_number(g, "cpu.cfs_period_us", "");
	}
	return quota == CGROUP_NONE || !period ? CGROUP_NONE : quota * 1000 / period;
}

bool cgroup_cpu_quota(uint64_t *thousandths)
{
	struct group g;

	*thousandths = CGROUP_NONE;
	if (!group_find(&g, "cpu"))
		return false;
	do {
		uint64_t quota = level_quota(&g);

		if (quota < *thousandths)
			*thousandths = quota;
	} while (group_up(&g));
	return true;
}

bool cgroup_throttled(uint64_t *times, uint64_t *ns)
{
	struct group g;
	bool any = false;

	*times = *ns = 0;
	if (!group_find(&g, "cpu"))
		return false;
	do {
		struct file_name stat = group_file(&g, "cpu.stat", "cpu.stat");
		uint64_t n, time;

		if (level_quota(&g) == CGROUP_NONE || !file_keyed_number(&n, stat.text, "nr_throttled") ||
		    !file_keyed_number(&time, stat.text, g.v2 ? "throttled_usec" : "throttled_time"))
			continue;
		any = true;
		*times += n;
		*ns += g.v2 ? time * 1000 : time;
	} while (group_up(&g));
	return any;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static uint64_t level_limit(const struct group *g)
{
	uint64_t hard = group_number(g, "memory.limit_in_bytes", "memory.max");
	/* version 1 has none of this kind. Above it a process is slowed down until it hardly gets on */
	uint64_t soft = g->v2 ? group_number(g, "", "memory.high") : CGROUP_NONE;

	return soft < hard ? soft : hard;
}

static uint64_t level_left(const struct group *g, uint64_t limit)
{
	uint64_t used = group_number(g, "memory.usage_in_bytes", "memory.current"), clean;
	const char *key = g->v2 ? "inactive_file" : "total_inactive_file";

	if (used == CGROUP_NONE)
		return limit;
	if (file_keyed_number(&clean, group_file(g, "memory.stat", "memory.stat").text, key))
		used -= clean < used ? clean : used;
	return used < limit ? limit - used : 0;
}

bool cgroup_memory(uint64_t *limit, uint64_t *left)
{
	struct group g;

	*limit = *left = CGROUP_NONE;
	if (!group_find(&g, "memory"))
		return false;
	do {
		uint64_t here = level_limit(&g);

		/* version 1 has the largest whole number of pages instead of "no limit" */
		if (here >= (uint64_t)INT64_MAX / 65536 * 65536)
			continue;
		uint64_t left_here = level_left(&g, here);

		*limit = here < *limit ? here : *limit;
		*left = left_here < *left ? left_here : *left;
	} while (group_up(&g));
	return true;
}
