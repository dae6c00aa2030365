// SPDX-License-Identifier: MIT
/*
 * offline.c - offline, online: memory blocks through sysfs, as an administrator does it.
 *
 * A kernel tries for ever over what can not be moved yet, until a signal comes; later ones only heed one that kills. So a child
 * writes "offline", on cpu 1, and is killed after so many passes. A pass is a migration that was tried: an mm_migrate_pages
 * event of the child's, which the agent watches from cpu 0. It may be late by a few.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "offline.h"

#define TRACE    "/sys/kernel/tracing/instances/contigbench"
#define MEMORY   "/sys/devices/system/memory"
#define PASSES   5u
#define SECONDS  20u /* whatever the passes */
#define NS       1000000000u
#define AWAKE_NS 1000000u /* before the end of a delay */

uint64_t offline_block_pages(void)
{
	char text[32];

	/* hexadecimal without 0x */
	return read_file(MEMORY "/block_size_bytes", text, sizeof(text)) < 0 ? 0
	                                                                     : strtoull(text, NULL, 16) / PAGE_BYTES;
}

#define TAKEN 256u

static uint64_t taken[TAKEN]; /* first pfn + 1 of blocks that are offline by our doing, or 0 */

void offline_remember(uint64_t pfn, bool offline)
{
	uint64_t was = offline ? 0 : pfn + 1, is = offline ? pfn + 1 : 0;

	for (uint32_t i = 0; i < TAKEN; i++) {
		if (taken[i] == was) {
			taken[i] = is;
			return;
		}
	}
}

static void block_state_path(uint64_t pfn, uint64_t pages, char *path, size_t size)
{
	snprintf(path, size, MEMORY "/memory%llu/state", (unsigned long long)(pfn / pages));
}

static int trace_begin(void)
{
	static const char *const on[] = { "/events/migrate/mm_migrate_pages/enable",
		                          "/events/page_isolation/test_pages_isolated/enable", "/tracing_on" };
	char path[128];
	int rc = 0;

	if (mkdir(TRACE, 0700) && errno != EEXIST) {
		answer(0, "%s: %s: passes can not be counted", TRACE, strerror(errno));
		return -EOPNOTSUPP;
	}
	close(open(TRACE "/trace", O_WRONLY | O_TRUNC | O_CLOEXEC)); /* this empties it */
	for (size_t i = 0; !rc && i < sizeof(on) / sizeof(*on); i++) {
		snprintf(path, sizeof(path), TRACE "%s", on[i]);
		rc = write_file(path, "1");
		if (rc)
			answer(0, "%s: %s: passes can not be counted", path, strerror(-rc));
	}
	return rc ? -EOPNOTSUPP : 0;
}

static uint64_t field(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void trace_count(pid_t pid, struct offline_events *e)
{
	char line[512], task[32];
	FILE *f = fopen(TRACE "/trace", "re");

	memset(e, 0, sizeof(*e));
	snprintf(task, sizeof(task), "-%d ", (int)pid);
	while (f && fgets(line, sizeof(line), f)) {
		if (*line == '#' || !strstr(line, task))
			continue;
		if (strstr(line, "mm_migrate_pages:")) {
			e->passes++;
			e->migrated += field(line, "nr_succeeded=");
			e->failed += field(line, "nr_failed=");
		}
		e->tested += !!strstr(line, "test_pages_isolated:");
	}
	if (f)
		fclose(f);
}

/*
 * Whether isolation failed or the scan behind it no event says: no page was migrated, and none tested. The log does, where it
 * may be asked to (CONFIG_DYNAMIC_DEBUG).
 */
static int log_begin(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (log >= 0)
		lseek(log, 0, SEEK_END);
	write_file("/proc/dynamic_debug/control", "format \"failed due to\" +p");
	return log;
}

static bool log_end(int log, const char *words)
{
	char record[2048];
	bool said = false;
	ssize_t n;

	while (log >= 0 && (n = read(log, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		said |= strstr(record, words) != NULL;
	}
	if (log >= 0)
		close(log);
	return said;
}

/* In the child. */
static void attempt(const char *path, struct offline_gate *gate, int fd)
{
	struct offline_outcome o;

	if (gate) {
		pin_to_cpu(0);
		__atomic_store_n(&gate->there, 1, __ATOMIC_RELEASE);
		while (!__atomic_load_n(&gate->go, __ATOMIC_ACQUIRE))
			;
		offline_spin(gate->spins);
	}
	o.begin = now_ns();
	o.rc = write_file(path, "offline");
	o.ns = now_ns() - o.begin;
	_exit(write(fd, &o, sizeof(o)) != sizeof(o));
}

void offline_spin(uint32_t spins)
{
	uint64_t ns = spins * UINT64_C(100), end = now_ns() + ns, nap = ns > AWAKE_NS ? ns - AWAKE_NS : 0;

	/* memory that goes offline waits for work on this cpu as well */
	if (nap)
		nanosleep(&(struct timespec){ .tv_sec = (time_t)(nap / NS), .tv_nsec = (long)(nap % NS) }, NULL);
	while (now_ns() < end)
		;
}

int offline_begin(struct offline_attempt *a, uint64_t pfn, uint64_t pages, struct offline_gate *gate)
{
	char path[128];
	int fds[2], rc = trace_begin();

	if (rc)
		return rc;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	block_state_path(pfn, pages, path, sizeof(path));
	int log = log_begin();

	*a = (struct offline_attempt){ .pid = fork(), .fd = fds[0], .log = log, .begin = now_ns() };
	if (!a->pid)
		attempt(path, gate, fds[1]);
	close(fds[1]);
	if (a->pid > 0)
		return 0;
	close(fds[0]);
	if (log >= 0)
		close(log);
	return -EAGAIN;
}

/* A pass that migrates nothing ends with a test: of pages that are not isolated any more there are only those. */
static bool passed(const struct offline_events *e, uint32_t passes)
{
	return e->passes >= passes || e->tested > passes;
}

void offline_end(struct offline_attempt *a, uint32_t passes, struct offline_outcome *out, struct offline_events *events)
{
	pin_to_cpu(0);
	for (struct pollfd p = { .fd = a->fd, .events = POLLIN }; poll(&p, 1, 10) == 0;) {
		trace_count(a->pid, events);
		if (passed(events, passes) || now_ns() - a->begin > SECONDS * UINT64_C(1000000000)) {
			kill(a->pid, SIGKILL);
			break;
		}
	}
	if (read(a->fd, out, sizeof(*out)) != sizeof(*out))
		*out = (struct offline_outcome){ .rc = -EINTR, .begin = a->begin, .ns = now_ns() - a->begin };
	waitpid(a->pid, NULL, 0);
	close(a->fd);
	trace_count(a->pid, events);
	events->scan = log_end(a->log, "failed due to unmovable page");
	write_file(TRACE "/tracing_on", "0");
	pin_to_cpu(AGENT_CPU);
}

const char *offline_stage(const struct offline_outcome *o, const struct offline_events *e)
{
	if (!o->rc)
		return "ok";
	return e->scan ? "migrate" : e->tested ? "test" : e->passes ? "migrate" : "isolate";
}

/* The pages of a block, if there are blocks and the span is made of whole ones. */
static int whole_blocks(const struct call *c, uint64_t *pages)
{
	*pages = offline_block_pages();
	if (!*pages || !(kernel.can & CONTIGBENCH_CAN_OFFLINE)) {
		answer(0, "this kernel has no memory hotremove");
		return -EOPNOTSUPP;
	}
	if (!c->number[1] || c->number[0] % *pages || c->number[1] % *pages) {
		answer(0, "memory blocks are of %llu pages", (unsigned long long)*pages);
		return -EINVAL;
	}
	return 0;
}

static int64_t offline(const struct call *c)
{
	uint32_t passes = c->nr > 2 && c->number[2] ? (uint32_t)c->number[2] : PASSES;
	struct offline_events events = { 0 }, sum = { 0 };
	struct offline_outcome out = { 0 };
	struct offline_attempt a;
	uint64_t pages, ns = 0;
	int rc = whole_blocks(c, &pages);

	for (uint64_t done = 0; !rc && !out.rc && done < c->number[1]; done += pages) {
		rc = offline_begin(&a, c->number[0] + done, pages, NULL);
		if (rc)
			break;
		offline_end(&a, passes, &out, &events);
		if (!out.rc)
			offline_remember(c->number[0] + done, true);
		ns += out.ns;
		sum.migrated += events.migrated;
		sum.failed += events.failed;
	}
	if (rc)
		return rc;
	say_who_moved();
	return answer(out.rc, "%s %llu %llu 0 %llu", offline_stage(&out, &events), (unsigned long long)sum.migrated,
	              (unsigned long long)sum.failed, (unsigned long long)ns);
}

static int online_block(uint64_t pfn, uint64_t pages)
{
	char path[128];

	block_state_path(pfn, pages, path, sizeof(path));
	int rc = write_file(path, "online");

	if (!rc)
		offline_remember(pfn, false);
	return rc;
}

static int64_t online(const struct call *c)
{
	uint64_t pages;
	int rc = whole_blocks(c, &pages);

	for (uint64_t done = 0; !rc && done < c->number[1]; done += pages)
		rc = online_block(c->number[0] + done, pages);
	mappings_forget_free();
	return rc;
}

void online_again(void)
{
	uint64_t pages = offline_block_pages();

	for (uint32_t i = 0; i < TAKEN; i++) {
		if (taken[i])
			online_block(taken[i] - 1, pages);
	}
}

const struct command offline_commands[] = {
	{ "offline", "pn?n", "START NR [PASSES]", offline, false },
	{ "online", "pn", "START NR", online, false },
	{ .name = NULL },
};
