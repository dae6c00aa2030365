// SPDX-License-Identifier: MIT
/* record.c - the order in which a recording happens. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "drain.h"
#include "host.h"
#include "record.h"

struct recorder {
	struct host host;
	struct tracing tracing;
	struct command command;
	struct drain *drain;
	struct identity *idn;
	struct trace_writer *writer;
	uint64_t zero_ns; /* trace clock at time 0 */
};

static void to_writer(void *ctx, const struct trace_event *e)
{
	trace_writer_add(ctx, e);
}

/* Apply events up to `until`, as far as they are certain. */
static void apply(struct recorder *r, uint64_t until)
{
	const uint64_t comp = r->tracing.layout.gfp_comp;
	struct page_event e;

	while (drain_next(r->drain, until, &e)) {
		if (e.free)
			identity_free(r->idn, e.ns, e.cpu, e.pfn, e.order);
		else
			identity_alloc(r->idn, e.ns, e.cpu, e.pfn, e.order, e.migratetype, !comp || (e.gfp & comp));
	}
}

static int set_up(struct recorder *r, const struct record_args *args, struct contig_diag *diag)
{
	struct identity_zone zones[CONTIG_MAX_ZONES];
	int rc = host_read(&r->host, diag);

	if (rc)
		return rc;
	for (size_t i = 0; i < r->host.nr_zones; i++)
		zones[i] = r->host.zones[i].span;
	rc = command_prepare(&r->command, args->argv);
	if (rc) {
		snprintf(diag->text, sizeof(diag->text), "can not fork: %s", strerror(-rc));
		return rc;
	}
	rc = tracing_open(&r->tracing, args->buffer_mib, diag);
	if (rc)
		return rc;
	r->idn = identity_new(zones, r->host.nr_zones, r->host.max_order, to_writer, r->writer);
	if (!r->idn) {
		snprintf(diag->text, sizeof(diag->text), "no memory for a map of this machine's pages");
		return -ENOMEM;
	}
	r->drain = drain_open(&r->tracing, args->buffer_mib, diag);
	if (!r->drain)
		return -errno;
	const pid_t own[] = { gettid(), drain_tid(r->drain) };
	rc = tracing_ignore(&r->tracing, own, 2, diag);
	return rc ? rc : tracing_start(&r->tracing, diag);
}

/*
 * Events first, then the snapshot: what happens to a page after it was looked at is in the events. What happened
 * before is in them, too, but the last event of a page decides, so applying all of them in order ends in the state at
 * the end of the snapshot whenever each page was looked at. That is time 0.
 */
static int initial_state(struct recorder *r, const struct record_args *args, struct contig_diag *diag)
{
	struct host_pcp pcp = { 0 };

	/* now, because what is freed to the lists from here on is known to be free by its event */
	if (!args->leave_pcp)
		host_drain_pcp(&pcp);
	int rc = host_snapshot(&r->host, r->idn, diag);
	host_release_pcp(&pcp);
	if (rc)
		return rc;
	r->zero_ns = monotonic_ns();
	do {
		struct pollfd p = { .fd = drain_fd(r->drain), .events = POLLIN };

		poll(&p, 1, -1);
		if (!drain_take(r->drain)) {
			snprintf(diag->text, sizeof(diag->text), "the kernel's trace buffers can not be read");
			return -EIO;
		}
		apply(r, r->zero_ns);
	} while (drain_complete(r->drain) < r->zero_ns);
	identity_begin(r->idn, r->zero_ns);
	return trace_writer_failed(r->writer, diag);
}

/* Until the command has ended. Writing may fail on the way: then there is no point in letting it run on. */
static void follow(struct recorder *r)
{
	struct contig_diag ignored; /* finish() reports it */
	bool given_up = false;

	for (;;) {
		struct pollfd p[] = {
			{ .fd = r->command.signal_fd, .events = POLLIN },
			{ .fd = drain_fd(r->drain), .events = POLLIN },
		};

		poll(p, 2, -1);
		command_signals(&r->command);
		if (r->command.ended)
			return;
		drain_take(r->drain);
		apply(r, UINT64_MAX);
		if (!given_up && (trace_writer_failed(r->writer, &ignored) || identity_full(r->idn))) {
			given_up = true;
			tracing_stop(&r->tracing);
			command_terminate(&r->command);
		}
	}
}

static void last_events(struct recorder *r)
{
	bool more;

	tracing_stop(&r->tracing);
	drain_stop(r->drain);
	do {
		struct pollfd p = { .fd = drain_fd(r->drain), .events = POLLIN };

		poll(&p, 1, -1);
		more = drain_take(r->drain);
		apply(r, UINT64_MAX);
	} while (more);
}

static void describe(struct recorder *r, const struct record_args *args, uint64_t end_ns, struct trace_info *info)
{
	const struct identity_counts *n = identity_counts(r->idn);
	time_t now = time(NULL);
	struct utsname uts;
	struct tm tm;

	*info = (struct trace_info){
		.page_shift = r->host.page_shift,
		.pageblock_order = r->host.pageblock_order,
		.max_order = r->host.max_order,
		.nr_cpus = r->tracing.nr_cpus,
		.nr_nodes = r->host.nr_nodes,
		.nr_initial = n->initial,
		.duration_ns = end_ns - r->zero_ns,
		.raw_events = n->raw_events,
		.lost = tracing_lost(&r->tracing),
		.implied_frees = n->implied_frees,
		.unmatched_frees = n->unmatched_frees,
		.failed_allocs = n->failed_allocs,
	};
	if (!uname(&uts))
		snprintf(info->kernel, sizeof(info->kernel), "%.63s", uts.release);
	if (args->label)
		snprintf(info->label, sizeof(info->label), "%s", args->label);
	if (gmtime_r(&now, &tm))
		strftime(info->date, sizeof(info->date), "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static int finish(struct recorder *r, const struct record_args *args, uint64_t end_ns, struct record_result *result,
                  struct contig_diag *diag)
{
	struct trace_writer *w = r->writer;
	struct stat st;

	result->counts = *identity_counts(r->idn);
	result->guessed = !r->tracing.layout.gfp_comp;
	if (identity_full(r->idn)) {
		snprintf(diag->text, sizeof(diag->text), "more than %u allocations: record a shorter command",
		         UINT32_MAX);
		return -EOVERFLOW;
	}
	describe(r, args, end_ns, &result->info);
	r->writer = NULL;
	int rc = trace_writer_close(w, &result->info, diag);
	if (!rc && !stat(args->path, &st))
		result->file_bytes = (uint64_t)st.st_size;
	return rc;
}

static void tear_down(struct recorder *r)
{
	if (r->tracing.instance)
		tracing_stop(&r->tracing);
	drain_close(r->drain);
	tracing_close(&r->tracing);
	identity_destroy(r->idn);
	trace_writer_abort(r->writer);
	command_close(&r->command);
}

int record_run(const struct record_args *args, struct record_result *result, struct contig_diag *diag)
{
	struct recorder r = { .command = { .go = -1, .failed = -1, .signal_fd = -1 } };
	int rc;

	*result = (struct record_result){ 0 };
	/* before anything is set up: a file that can not be written should cost nothing */
	r.writer = trace_writer_open(args->path, diag);
	if (!r.writer)
		return -errno;
	result->machine = true;
	rc = tracing_available(diag);
	if (rc)
		goto out;
	result->swept = tracing_sweep();
	rc = set_up(&r, args, diag);
	if (!rc)
		rc = initial_state(&r, args, diag);
	if (rc)
		goto out;
	command_signals(&r.command);
	if (r.command.asked) {
		result->interrupted = true;
		goto out;
	}
	result->exec_errno = command_start(&r.command);
	if (result->exec_errno)
		goto out;
	follow(&r);
	result->status = r.command.status;
	uint64_t end_ns = monotonic_ns();
	last_events(&r);
	rc = finish(&r, args, end_ns, result, diag);
out:
	tear_down(&r);
	return rc;
}
