// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event-parse.h>

#include "gfp.h"
#include "process.h"
#include "tracing.h"

/* An instance is called contigbench-PID-START, START being the recorder's start time in /proc/PID/stat. */
#define PREFIX "contigbench-"

static int sorry(int err, struct contig_diag *diag, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int sorry(int err, struct contig_diag *diag, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(diag->text, sizeof(diag->text), fmt, ap);
	va_end(ap);
	return err;
}

/* ---- is it there? ---------------------------------------------------------------------------- */

/* libtracefs would mount it behind the user's back. debugfs has it in a folder of its own, on older systems. */
static bool tracefs_is_mounted(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	bool found = false;

	if (!mounts)
		return false;
	for (struct mntent *m; !found && (m = getmntent(mounts));)
		found = !strcmp(m->mnt_type, "tracefs") || !strcmp(m->mnt_type, "debugfs");
	endmntent(mounts);
	return found;
}

int tracing_available(struct contig_diag *diag)
{
	if (geteuid())
		return sorry(-EPERM, diag,
		             "recording reads the kernel's tracefs and /proc/kpageflags, which needs root: run it with "
		             "sudo, or replay a recorded trace");
	if (!tracefs_is_mounted())
		return sorry(-ENOENT, diag,
		             "tracefs is not mounted at /sys/kernel/tracing: run `mount -t tracefs nodev "
		             "/sys/kernel/tracing` as root, or replay a recorded trace");
	if (!tracefs_event_file_exists(NULL, "kmem", "mm_page_alloc", "format") ||
	    !tracefs_event_file_exists(NULL, "kmem", "mm_page_free", "format"))
		return sorry(
			-ENOENT, diag,
			"this kernel has no kmem:mm_page_alloc and kmem:mm_page_free tracepoints in %s (built without "
			"CONFIG_TRACING?): record on another machine, or replay a recorded trace",
			tracefs_tracing_dir());
	if (!tracefs_dir_exists(NULL, "instances"))
		return sorry(-ENOENT, diag,
		             "this kernel's tracefs has no instances: record on another machine, or "
		             "replay a recorded trace");
	return 0;
}

static int sweep_one(const char *name, void *ctx)
{
	unsigned int *swept = ctx;
	uint64_t start;
	int pid, end = 0;

	if (sscanf(name, PREFIX "%d-%" SCNu64 "%n", &pid, &start, &end) != 2 || !end || name[end])
		return 0;
	if (process_start_time((pid_t)pid) == start)
		return 0;
	struct tracefs_instance *i = tracefs_instance_create(name);
	if (!i)
		return 0;
	/* one that is in use after all, from another pid namespace for instance, is busy and stays */
	if (!tracefs_instance_destroy(i))
		++*swept;
	tracefs_instance_free(i);
	return 0;
}

unsigned int tracing_sweep(void)
{
	unsigned int swept = 0;

	tracefs_instances_walk(sweep_one, &swept);
	return swept;
}

/* ---- what events look like ------------------------------------------------------------------- */

static bool find(struct tep_event *event, const char *name, struct event_field *out)
{
	struct tep_format_field *f = tep_find_any_field(event, name);

	if (!f || f->offset < 0 || f->offset > UINT16_MAX ||
	    (f->size != 1 && f->size != 2 && f->size != 4 && f->size != 8))
		return false;
	*out = (struct event_field){ (uint16_t)f->offset, (uint8_t)f->size };
	return true;
}

/*
 * The fields of an event. libtraceevent is not shown the print fmt: it would evaluate it, and gives up on those of some
 * releases, whereas the fields are all that is wanted of it.
 */
static struct tep_event *parse(struct tep_handle *tep, const char *name, char **text)
{
	static const char no_print[] = "print fmt: \"\"\n";
	int size;

	*text = tracefs_event_file_read(NULL, "kmem", name, "format", &size);
	if (!*text)
		return NULL;
	const char *print = strstr(*text, "print fmt:");
	size_t fields = print ? (size_t)(print - *text) : strlen(*text);
	char *buf = malloc(fields + sizeof(no_print));
	if (!buf)
		return NULL;
	memcpy(buf, *text, fields);
	memcpy(buf + fields, no_print, sizeof(no_print));
	tep_parse_event(tep, buf, fields + sizeof(no_print) - 1, "kmem");
	free(buf);
	return tep_find_event_by_name(tep, "kmem", name);
}

static int read_layout(struct event_layout *l, struct contig_diag *diag)
{
	struct tep_handle *tep = tep_alloc();
	char *alloc_text = NULL, *free_text = NULL;
	bool ok = false;

	if (!tep)
		return sorry(-ENOMEM, diag, "no memory");
	tep_set_loglevel(TEP_LOG_NONE);
	struct tep_event *alloc = parse(tep, "mm_page_alloc", &alloc_text);
	struct tep_event *free_ = parse(tep, "mm_page_free", &free_text);
	if (alloc && free_) {
		l->alloc_type = (uint32_t)alloc->id;
		l->free_type = (uint32_t)free_->id;
		ok = find(alloc, "common_type", &l->type) && find(alloc, "pfn", &l->alloc_pfn) &&
		     find(alloc, "order", &l->alloc_order) && find(alloc, "gfp_flags", &l->alloc_gfp) &&
		     find(alloc, "migratetype", &l->alloc_migratetype) && find(free_, "pfn", &l->free_pfn) &&
		     find(free_, "order", &l->free_order);
		if (!gfp_flag(alloc_text, "__GFP_COMP", &l->gfp_comp))
			l->gfp_comp = 0;
	}
	free(alloc_text);
	free(free_text);
	tep_free(tep);
	/* before v3.18 or so they hold a struct page pointer: nothing to go by */
	return ok ? 0
	          : sorry(-ENOTSUP, diag,
	                  "this kernel's mm_page_alloc or mm_page_free event lacks a field that is "
	                  "needed (pfn, order, gfp_flags, migratetype): record on another kernel");
}

static uint64_t number(const uint8_t *data, struct event_field f)
{
	uint64_t v64;
	uint32_t v32;
	uint16_t v16;

	switch (f.size) {
	case 8:
		memcpy(&v64, data + f.offset, 8);
		return v64;
	case 4:
		memcpy(&v32, data + f.offset, 4);
		return v32;
	case 2:
		memcpy(&v16, data + f.offset, 2);
		return v16;
	default:
		return data[f.offset];
	}
}

bool tracing_decode(const struct event_layout *l, const void *data, struct page_event *e)
{
	uint64_t type = number(data, l->type);

	if (type == l->free_type) {
		e->free = true;
		e->pfn = number(data, l->free_pfn);
		e->order = (uint32_t)number(data, l->free_order);
		return true;
	}
	if (type != l->alloc_type)
		return false;
	e->free = false;
	e->pfn = number(data, l->alloc_pfn);
	e->order = (uint32_t)number(data, l->alloc_order);
	e->gfp = number(data, l->alloc_gfp);
	e->migratetype = (uint32_t)number(data, l->alloc_migratetype);
	return true;
}

/* ---- the instance ---------------------------------------------------------------------------- */

static int put(struct tracing *t, const char *file, const char *text, const char *advice, struct contig_diag *diag)
{
	errno = 0;
	if (tracefs_instance_file_write(t->instance, file, text) >= 0)
		return 0;
	int err = errno ? errno : EIO;
	return sorry(-err, diag, "tracefs refused '%s' for %s of its instance: %s%s", text, file, strerror(err),
	             advice);
}

int tracing_open(struct tracing *t, uint32_t buffer_mib, struct contig_diag *diag)
{
	char name[64], kib[32];
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	int rc;

	*t = (struct tracing){ .nr_cpus = cpus > 0 ? (uint32_t)cpus : 1 };
	if (t->nr_cpus > CONTIG_MAX_CPUS)
		return sorry(-ENOTSUP, diag, "%u cpus: a trace names at most %u", t->nr_cpus, CONTIG_MAX_CPUS);
	rc = read_layout(&t->layout, diag);
	if (rc)
		return rc;
	snprintf(name, sizeof(name), PREFIX "%d-%" PRIu64, (int)getpid(), process_start_time(getpid()));
	t->instance = tracefs_instance_create(name);
	if (!t->instance) {
		int err = errno ? errno : EIO;

		return sorry(-err, diag, "can not create the tracefs instance %s: %s", name, strerror(err));
	}
	snprintf(kib, sizeof(kib), "%" PRIu64, (uint64_t)buffer_mib * 1024);
	rc = put(t, "tracing_on", "0", "", diag);
	/* the one clock that user space reads as well, so that the recorder knows which events it has seen */
	if (!rc)
		rc = put(t, "trace_clock", "mono", "", diag);
	if (!rc)
		rc = put(t, "buffer_size_kb", kib, ": try a smaller --buffer-mib", diag);
	if (rc)
		tracing_close(t);
	return rc;
}

int tracing_ignore(struct tracing *t, const pid_t *tids, size_t nr, struct contig_diag *diag)
{
	char text[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < nr && len < sizeof(text) - 16; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%d ", (int)tids[i]);
	/* v5.8: 2768362603018 */
	return put(t, "set_event_notrace_pid", text, " (it came with Linux 5.8)", diag);
}

int tracing_start(struct tracing *t, struct contig_diag *diag)
{
	static const char *const events[] = { "mm_page_alloc", "mm_page_free" };

	for (int i = 0; i < 2; i++) {
		errno = 0;
		if (tracefs_event_enable(t->instance, "kmem", events[i])) {
			int err = errno ? errno : EIO;

			return sorry(-err, diag, "can not enable kmem:%s: %s", events[i], strerror(err));
		}
	}
	return put(t, "tracing_on", "1", "", diag);
}

void tracing_stop(struct tracing *t)
{
	tracefs_trace_off(t->instance);
}

uint64_t tracing_lost(struct tracing *t)
{
	static const char *const counters[] = { "\noverrun: ", "\ncommit overrun: ", "\ndropped events: " };
	uint64_t lost = 0;

	for (uint32_t cpu = 0; cpu < t->nr_cpus; cpu++) {
		char file[64];

		snprintf(file, sizeof(file), "per_cpu/cpu%u/stats", cpu);
		char *text = tracefs_instance_file_read(t->instance, file, NULL);
		for (size_t i = 0; text && i < sizeof(counters) / sizeof(counters[0]); i++) {
			const char *at = strstr(text, counters[i]);

			lost += at ? strtoull(at + strlen(counters[i]), NULL, 10) : 0;
		}
		free(text);
	}
	return lost;
}

void tracing_close(struct tracing *t)
{
	if (!t->instance)
		return;
	tracefs_trace_off(t->instance);
	tracefs_event_disable(t->instance, "kmem", NULL);
	tracefs_instance_destroy(t->instance);
	tracefs_instance_free(t->instance);
	t->instance = NULL;
}
