// SPDX-License-Identifier: MIT
#include "probes.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../workloads/record/process.h"
#include "../measure/clock.h"

#define GROUP_PREFIX    "contigbench_"
#define INSTANCE_PREFIX "contigbench-"
#define BUFFER_KIB      "8192"
#define MAX_SYMBOLS     4u

/* In all releases, those that there are. */
static const struct {
	enum traced what;
	bool optional; /* a kernel may do without */
	const char *symbols[MAX_SYMBOLS];
} functions[] = {
	{ TRACED_RANGE,
	  false,
	  { "alloc_contig_range", "alloc_contig_range_noprof", "alloc_contig_frozen_range_noprof" } },
	{ TRACED_OFFLINE, true, { "offline_pages" } },
	{ TRACED_ISOLATE, false, { "start_isolate_page_range" } },
	{ TRACED_UNDO, false, { "undo_isolate_page_range" } },
	{ TRACED_DRAIN, false, { "drain_all_pages", "__drain_all_pages", "__drain_all_pages.part.0" } },
	/* until v5.12 migrate_prep() does nothing but that */
	{ TRACED_LRU, true, { "lru_cache_disable", "lru_add_drain_all", "__lru_add_drain_all", "migrate_prep" } },
	{ TRACED_COLLECT, false, { "isolate_migratepages_range" } },
	{ TRACED_MIGRATE, false, { "migrate_pages" } },
	{ TRACED_TEST, false, { "test_pages_isolated" } },
	{ TRACED_GRAB, false, { "isolate_freepages_range" } },
	{ TRACED_EMPTY, true, { "__x64_sys_umask", "__arm64_sys_umask", "sys_umask" } },
};
#define NR_FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

/* Where there are no kprobe events (points.c). */
static const char *const points[] = {
	"compaction/mm_compaction_isolate_migratepages",
	"compaction/mm_compaction_isolate_freepages",
	"migrate/mm_migrate_pages_start",
	"migrate/mm_migrate_pages",
	"page_isolation/test_pages_isolated",
	"syscalls/sys_enter_write",
	"syscalls/sys_exit_write",
};
#define NR_POINTS (sizeof(points) / sizeof(points[0]))

static void add_name(char *list, size_t size, const char *name)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len ? ", " : "", name);
}

/* ---- what others left ------------------------------------------------------------------------ */

/* Is it the name of a process's that is no more? `form` reads its pid, its start and where they end. */
static bool is_dead(const char *name, const char *form) __attribute__((format(scanf, 2, 0)));
static bool is_dead(const char *name, const char *form)
{
	uint64_t start;
	int pid, end = 0;

	if (sscanf(name, form, &pid, &start, &end) != 2 || !end || name[end])
		return false;
	return process_start_time((pid_t)pid) != start;
}

static void sweep_instances(struct tracedir *t)
{
	struct contig_diag diag;
	char path[128];

	snprintf(path, sizeof(path), "%s/instances", t->root);
	DIR *dir = opendir(path);

	for (struct dirent *e; dir && (e = readdir(dir));) {
		snprintf(path, sizeof(path), "instances/%.100s", e->d_name);
		if (is_dead(e->d_name, INSTANCE_PREFIX "%d-%" SCNu64 "%n"))
			tracedir_rmdir(t, path, &diag);
	}
	if (dir)
		closedir(dir);
}

/* A process that was killed could not put anything back. Its instance goes first: events in use stay. */
static void sweep(struct tracedir *t)
{
	struct contig_diag diag;
	char *text, *rest, *line;

	if (t->guest)
		return;
	sweep_instances(t);
	text = rest = tracedir_get(t, "kprobe_events", &diag);
	while (text && (line = strsep(&rest, "\n"))) {
		char *group = strchr(line, ':') ? strchr(line, ':') + 1 : line, *end = strchr(group, '/'), *stop;
		char command[128];

		if (!end || (stop = strchr(end, ' ')) == NULL)
			continue;
		*end = *stop = '\0';
		if (!is_dead(group, GROUP_PREFIX "%d_%" SCNu64 "%n"))
			continue;
		snprintf(command, sizeof(command), "-:%.50s/%.50s", group, end + 1);
		tracedir_put(t, "kprobe_events", command, true, &diag);
	}
	free(text);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Entry and return of one function; a kernel that can not name arguments does without. */
static int add_event(struct probes *p, enum traced what, unsigned int nr, const char *symbol, struct contig_diag *diag)
{
	static const char *const arguments[] = { " a=$arg1 b=$arg2", "" };
	char text[256];
	int rc = -ENOENT;

	for (unsigned int i = 0; i < 2 && rc; i++) {
		snprintf(text, sizeof(text), "p:%s/" SPANS_EVENT "%s%u %s%s", p->group, traced_name(what), nr, symbol,
		         arguments[i]);
		rc = tracedir_put(p->t, "kprobe_events", text, true, diag);
	}
	if (rc)
		return rc;
	p->events = true;
	/* releases that know types refuse $retval of a function that returns nothing */
	rc = -ENOENT;
	for (unsigned int i = 0; i < 2 && rc; i++) {
		snprintf(text, sizeof(text), "r:%s/" SPANS_EVENT "%s%ur %s%s", p->group, traced_name(what), nr, symbol,
		         i ? "" : " ret=$retval");
		rc = tracedir_put(p->t, "kprobe_events", text, true, diag);
	}
	if (rc) {
		struct contig_diag ignored;

		snprintf(text, sizeof(text), "-:%s/" SPANS_EVENT "%s%u", p->group, traced_name(what), nr);
		tracedir_put(p->t, "kprobe_events", text, true, &ignored);
	}
	return rc;
}

static int add_events(struct probes *p, struct contig_diag *diag)
{
	struct contig_diag last = { "" };

	for (size_t i = 0; i < NR_FUNCTIONS; i++) {
		bool any = false;

		for (unsigned int k = 0; k < MAX_SYMBOLS && functions[i].symbols[k]; k++) {
			if (add_event(p, functions[i].what, k, functions[i].symbols[k], &last))
				continue;
			any = true;
			if (functions[i].what != TRACED_EMPTY)
				add_name(p->probed, sizeof(p->probed), functions[i].symbols[k]);
			/* one system call is enough */
			if (functions[i].what == TRACED_EMPTY)
				break;
		}
		p->has[functions[i].what] = any;
		if (!any && !functions[i].optional)
			add_name(p->missing, sizeof(p->missing), functions[i].symbols[0]);
	}
	if (!p->has[TRACED_RANGE] && !p->has[TRACED_OFFLINE])
		return contig_diag_set(diag, -ENOENT, "no kprobe on %s: %.300s", p->missing, last.text);
	return 0;
}

/* Are they all there? Only what lies between two of them is measured. */
static int choose_points(struct probes *p, struct contig_diag *diag)
{
	for (size_t i = 0; i < NR_POINTS; i++) {
		char path[128];
		struct contig_diag ignored;

		snprintf(path, sizeof(path), "events/%s/format", points[i]);
		char *format = tracedir_get(p->t, path, &ignored);

		free(format);
		if (!format)
			return contig_diag_set(
				diag, -ENOENT,
				"this kernel has neither kprobe events (CONFIG_KPROBE_EVENTS) nor the tracepoint "
				"%s: what its functions take can not be measured",
				points[i]);
		if (i + 2 < NR_POINTS)
			add_name(p->probed, sizeof(p->probed), strchr(points[i], '/') + 1);
	}
	p->has[TRACED_RANGE] = p->has[TRACED_COLLECT] = p->has[TRACED_MIGRATE] = p->has[TRACED_GRAB] = true;
	add_name(p->missing, sizeof(p->missing), "isolating, draining, testing, undoing");
	return 0;
}

static int in_instance(struct probes *p, const char *file, const char *text, struct contig_diag *diag)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", p->t->instance, file);
	return tracedir_put(p->t, path, text, false, diag);
}

/* The time stamp counter where it can be trusted: the text of any other clock ends at microseconds. */
static int choose_clock(struct probes *p, struct contig_diag *diag)
{
	struct wall_clock clock = { .ns_per_tick = 1, .tsc = true };

	/* a guest that counts instructions has a counter of 1 GHz: one tick, one instruction */
	if (!p->t->guest)
		wall_clock_calibrate(&clock);
	p->ticks = clock.tsc && !in_instance(p, "trace_clock", "x86-tsc", diag);
	p->tick_ns = p->ticks ? clock.ns_per_tick : 1;
	return p->ticks ? 0 : in_instance(p, "trace_clock", "mono", diag);
}

/* Our events; or the tracepoints, and those of writing, of this thread alone. */
static int enable(struct probes *p, struct contig_diag *diag)
{
	char path[128];
	int rc = 0;

	if (!p->points) {
		snprintf(path, sizeof(path), "events/%s/enable", p->group);
		return in_instance(p, path, "1", diag);
	}
	for (size_t i = 0; i < NR_POINTS && !rc; i++) {
		snprintf(path, sizeof(path), "events/%s/enable", points[i]);
		rc = in_instance(p, path, "1", diag);
	}
	snprintf(path, sizeof(path), "%d", (int)gettid());
	return rc ? rc : in_instance(p, "set_event_pid", path, diag);
}

static int make_instance(struct probes *p, const char *id, struct contig_diag *diag)
{
	snprintf(p->t->instance, sizeof(p->t->instance), "instances/" INSTANCE_PREFIX "%s", id);
	int rc = tracedir_mkdir(p->t, p->t->instance, diag);

	p->instance = !rc;
	if (!rc)
		rc = in_instance(p, "tracing_on", "0", diag);
	if (!rc)
		rc = choose_clock(p, diag);
	if (!rc)
		rc = in_instance(p, "buffer_size_kb", BUFFER_KIB, diag);
	if (!rc)
		rc = enable(p, diag);
	return rc ? rc : in_instance(p, "tracing_on", "1", diag);
}

int probes_open(struct probes *p, struct tracedir *t, struct contig_diag *diag)
{
	char id[48], *events;

	*p = (struct probes){ .t = t };
	events = tracedir_get(t, "kprobe_events", diag);
	p->points = !events;
	free(events);
	sweep(t);
	snprintf(p->group, sizeof(p->group), GROUP_PREFIX "%d_%" PRIu64, (int)getpid(), process_start_time(getpid()));
	snprintf(id, sizeof(id), "%d-%" PRIu64, (int)getpid(), process_start_time(getpid()));
	int rc = p->points ? choose_points(p, diag) : add_events(p, diag);

	return rc ? rc : make_instance(p, id, diag);
}

/* Each by its name, for others may have events of their own. */
static void remove_events(struct probes *p)
{
	struct contig_diag diag;
	char *text = tracedir_get(p->t, "kprobe_events", &diag), *rest = text, *line;
	size_t len = strlen(p->group);

	while (text && (line = strsep(&rest, "\n"))) {
		char *group = strchr(line, ':') ? strchr(line, ':') + 1 : line, command[160];

		if (strncmp(group, p->group, len) || group[len] != '/')
			continue;
		snprintf(command, sizeof(command), "-:%.*s", (int)strcspn(group, " "), group);
		tracedir_put(p->t, "kprobe_events", command, true, &diag);
	}
	free(text);
}

void probes_close(struct probes *p)
{
	struct contig_diag diag;
	char path[128];

	if (p->instance) {
		in_instance(p, "tracing_on", "0", &diag);
		snprintf(path, sizeof(path), "events/%s/enable", p->points ? "compaction" : p->group);
		in_instance(p, path, "0", &diag);
		tracedir_rmdir(p->t, p->t->instance, &diag);
	}
	if (p->events)
		remove_events(p);
	p->instance = p->events = false;
}

/* ---- what was traced ------------------------------------------------------------------------- */

int probes_clear(struct probes *p, struct contig_diag *diag)
{
	return in_instance(p, "trace", "", diag);
}

int probes_take(struct probes *p, struct spans *out, struct contig_diag *diag)
{
	char path[256];

	*out = (struct spans){ .nr = 0 };
	snprintf(path, sizeof(path), "%s/trace", p->t->instance);
	char *text = tracedir_get(p->t, path, diag);

	if (!text)
		return -EIO;
	int rc = p->points ? points_parse(out, text) : spans_parse(out, text);

	free(text);
	return rc ? contig_diag_set(diag, rc, "no memory") : probes_clear(p, diag);
}

static int add_second(struct probes *p, struct contig_diag *diag)
{
	char path[128];
	int rc = -ENOENT;

	for (size_t i = 0; i < NR_FUNCTIONS; i++) {
		for (unsigned int k = 0;
		     functions[i].what == TRACED_EMPTY && rc && k < MAX_SYMBOLS && functions[i].symbols[k]; k++)
			rc = add_event(p, TRACED_TWICE, k, functions[i].symbols[k], diag);
	}
	snprintf(path, sizeof(path), "events/%s/enable", p->group);
	return rc ? rc : in_instance(p, path, "1", diag);
}

int probes_overhead(struct probes *p, int (*call)(void *ctx, struct contig_diag *diag), void *ctx, struct overhead *out,
                    struct contig_diag *diag)
{
	struct spans once = { .nr = 0 }, twice = { .nr = 0 };
	int rc;

	*out = (struct overhead){ 0 };
	/* a tracepoint is in every span that it ends, and there is nothing to see it by */
	if (p->points || !p->has[TRACED_EMPTY])
		return 0;
	rc = probes_clear(p, diag);
	if (!rc)
		rc = call(ctx, diag);
	if (!rc)
		rc = probes_take(p, &once, diag);
	if (!rc)
		rc = add_second(p, diag);
	if (!rc)
		rc = call(ctx, diag);
	if (!rc)
		rc = probes_take(p, &twice, diag);
	if (!rc && !spans_overhead(&once, &twice, out))
		rc = contig_diag_set(diag, -EIO,
		                     "the trace shows no call of the empty function: is something else tracing?");
	spans_free(&once);
	spans_free(&twice);
	return rc;
}

int probes_migrations_only(struct probes *p, bool only, struct contig_diag *diag)
{
	char path[128];
	int rc = 0;

	for (size_t i = 0; i < NR_POINTS && p->points && !rc; i++) {
		snprintf(path, sizeof(path), "events/%s/enable", points[i]);
		if (!strncmp(points[i], "compaction/", strlen("compaction/")))
			rc = in_instance(p, path, only ? "0" : "1", diag);
	}
	return rc;
}
