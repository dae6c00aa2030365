// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counters.h"
#include "files.h"

enum counter_group {
	GROUP_HARDWARE,
	GROUP_SOFTWARE,
	GROUP_NR,
};

struct counter_event {
	const char *name;
	enum counter_group group;
	uint32_t type;
	uint64_t config;
	bool kernel; /* happens in the kernel only: counted there, or it would stay at 0 */
};

#define CACHE_EVENT(cache, op, result)                                                                                 \
	(PERF_COUNT_HW_CACHE_##cache | PERF_COUNT_HW_CACHE_OP_##op << 8 | PERF_COUNT_HW_CACHE_RESULT_##result << 16)

static const struct counter_event events[COUNTER_NR] = {
	[COUNTER_INSTRUCTIONS] = { "instructions", GROUP_HARDWARE, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS,
	                           false },
	[COUNTER_CYCLES] = { "cycles", GROUP_HARDWARE, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, false },
	[COUNTER_CACHE_MISSES] = { "cache-misses", GROUP_HARDWARE, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES,
	                           false },
	[COUNTER_DTLB_MISSES] = { "dTLB-load-misses", GROUP_HARDWARE, PERF_TYPE_HW_CACHE, CACHE_EVENT(DTLB, READ, MISS),
	                          false },
	[COUNTER_PAGE_FAULTS] = { "page-faults", GROUP_SOFTWARE, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, false },
	[COUNTER_CONTEXT_SWITCHES] = { "context-switches", GROUP_SOFTWARE, PERF_TYPE_SOFTWARE,
	                               PERF_COUNT_SW_CONTEXT_SWITCHES, true },
};

struct counters {
	int fd[COUNTER_NR];    /* or -1 */
	int error[COUNTER_NR]; /* why it is -1 */
	int leader[GROUP_NR];  /* fd, or -1: the group is empty */
	/* members in the order in which they were opened: the order of the values read */
	enum counter members[GROUP_NR][COUNTER_NR];
	unsigned int nr[GROUP_NR];
};

const char *counter_name(enum counter c)
{
	return events[c].name;
}

/* ---- counts ---------------------------------------------------------------------------------- */

bool counter_scaled(const struct counter_values *v, enum counter c, uint64_t *value, uint32_t *running_share)
{
	uint64_t enabled = v->enabled_ns[c], running = v->running_ns[c];

	if (!v->has[c] || !running)
		return false;
	*value = running >= enabled ? v->value[c] : (uint64_t)((unsigned __int128)v->value[c] * enabled / running);
	*running_share = running >= enabled ? 1000 : (uint32_t)((unsigned __int128)running * 1000 / enabled);
	return true;
}

void counters_add(struct counter_values *to, const struct counter_values *from)
{
	for (int i = 0; i < COUNTER_NR; i++) {
		if (!from->has[i])
			continue;
		to->has[i] = true;
		to->value[i] += from->value[i];
		to->enabled_ns[i] += from->enabled_ns[i];
		to->running_ns[i] += from->running_ns[i];
	}
}

void counters_subtract(struct counter_values *from, const struct counter_values *before)
{
	for (int i = 0; i < COUNTER_NR; i++) {
		from->has[i] = from->has[i] && before->has[i];
		from->value[i] -= before->value[i];
		from->enabled_ns[i] -= before->enabled_ns[i];
		from->running_ns[i] -= before->running_ns[i];
	}
}

/* ---- events ---------------------------------------------------------------------------------- */

static int event_open(const struct counter_event *e, int leader)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = e->type,
		.config = e->config,
		.disabled = leader < 0,
		.exclude_kernel = !e->kernel,
		.exclude_hv = 1,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

/* The first of a group that can be opened leads it. */
static void group_join(struct counters *c, enum counter i)
{
	enum counter_group group = events[i].group;

	c->fd[i] = event_open(&events[i], c->leader[group]);
	c->error[i] = c->fd[i] < 0 ? errno : 0;
	if (c->fd[i] < 0)
		return;
	if (c->leader[group] < 0)
		c->leader[group] = c->fd[i];
	c->members[group][c->nr[group]++] = i;
}

struct counters *counters_open(void)
{
	struct counters *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	for (int g = 0; g < GROUP_NR; g++)
		c->leader[g] = -1;
	for (int i = 0; i < COUNTER_NR; i++)
		group_join(c, (enum counter)i);
	/* all members start together, with their leader */
	for (int g = 0; g < GROUP_NR; g++)
		if (c->leader[g] >= 0)
			ioctl(c->leader[g], PERF_EVENT_IOC_ENABLE, 0);
	return c;
}

void counters_close(struct counters *c)
{
	if (!c)
		return;
	/* the leader was opened first: a group without one falls apart, which costs nobody anything here */
	for (int i = 0; i < COUNTER_NR; i++)
		if (c->fd[i] >= 0)
			close(c->fd[i]);
	free(c);
}

static void group_read(const struct counters *c, enum counter_group group, struct counter_values *out)
{
	struct {
		uint64_t nr, enabled_ns, running_ns, value[COUNTER_NR];
	} group_values;
	ssize_t wanted = (ssize_t)((3 + c->nr[group]) * sizeof(uint64_t));

	if (!c->nr[group] || read(c->leader[group], &group_values, sizeof(group_values)) != wanted)
		return;
	for (unsigned int i = 0; i < c->nr[group]; i++) {
		enum counter event = c->members[group][i];

		out->has[event] = true;
		out->value[event] = group_values.value[i];
		out->enabled_ns[event] = group_values.enabled_ns;
		out->running_ns[event] = group_values.running_ns;
	}
}

void counters_read(struct counters *c, struct counter_values *out)
{
	memset(out, 0, sizeof(*out));
	for (int g = 0; g < GROUP_NR; g++)
		group_read(c, (enum counter_group)g, out);
}

/* ---- what is missing ------------------------------------------------------------------------- */

/* Words for an errno of perf_event_open(), and the next step. Several errno may have the same. */
struct cause {
	int errors[3];
	const char *text;
};

static const struct cause causes[] = {
	{ { ENOENT, EOPNOTSUPP, ENODEV },
	  "this machine has no such hardware counters (a virtual machine without a PMU, as a "
	  "rule): measure on the host or give the guest a virtual PMU" },
	{ { ENOSYS },
	  "perf_event_open() is not there (a kernel without CONFIG_PERF_EVENTS, or a seccomp filter): run outside "
	  "of the container or on another kernel" },
	{ { EMFILE, ENFILE }, "too many open files: raise `ulimit -n`" },
	{ { EINVAL, ENOSPC }, "the cpu can not count it together with the others" },
	{ { EBUSY }, "another user of the counters holds them for itself: look for a running profiler" },
};

/*
 * From which perf_event_paranoid on an event is for privileged users only (Documentation/admin-guide/sysctl/kernel.rst;
 * 3 and more is Debian's own).
 */
static int paranoid_limit(bool kernel)
{
	return kernel ? 1 : 2;
}

static const char by_paranoid[] = "not permitted, kernel.perf_event_paranoid is %s: run `sysctl "
				  "kernel.perf_event_paranoid=1` as root, or give the program CAP_PERFMON";
static const char by_others[] =
	"not permitted, and kernel.perf_event_paranoid (%s) is not why but a container's seccomp "
	"filter or a security module: run outside of it, or give it CAP_PERFMON";

static void explain_permission(char *out, size_t size, bool kernel)
{
	char value[16];
	bool known = file_line(value, sizeof(value), "/proc/sys/kernel/perf_event_paranoid", NULL);

	if (known && geteuid() && atoi(value) > paranoid_limit(kernel))
		snprintf(out, size, by_paranoid, value);
	else
		snprintf(out, size, by_others, value);
}

static void explain(char *out, size_t size, enum counter c, int error)
{
	if (error == EACCES || error == EPERM) {
		explain_permission(out, size, events[c].kernel);
		return;
	}
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		for (size_t j = 0; j < 3 && causes[i].errors[j]; j++)
			if (causes[i].errors[j] == error) {
				snprintf(out, size, "%s", causes[i].text);
				return;
			}
	snprintf(out, size, "perf_event_open() says: %s", strerror(error));
}

static void append(char *out, size_t size, const char *text)
{
	size_t used = strlen(out);

	if (used < size)
		snprintf(out + used, size - used, "%s", text);
}

/* "NAME, NAME: why" for each why, with semicolons between them */
void counters_missing(char *out, size_t size)
{
	char why[COUNTER_NR][320] = { "" };
	struct counters *c = counters_open();

	snprintf(out, size, "%s", c ? "" : "no memory for counters");
	for (int i = 0; c && i < COUNTER_NR; i++)
		if (c->error[i])
			explain(why[i], sizeof(why[i]), (enum counter)i, c->error[i]);
	counters_close(c);
	for (int i = 0; i < COUNTER_NR; i++) {
		if (!*why[i])
			continue;
		if (*out)
			append(out, size, "; ");
		append(out, size, events[i].name);
		for (int j = i + 1; j < COUNTER_NR; j++) {
			if (strcmp(why[i], why[j]))
				continue;
			append(out, size, ", ");
			append(out, size, events[j].name);
			*why[j] = '\0';
		}
		append(out, size, ": ");
		append(out, size, why[i]);
	}
}
