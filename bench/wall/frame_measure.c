// SPDX-License-Identifier: MIT
/* frame_measure.c - a repetition: one replay, its numbers to Google Benchmark, its results to the folder. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../micro/gbench.h"
#include "frame.h"

static int make_room(struct frame_row *row)
{
	if (!row->pools && !(row->pools = calloc(POOL_NR, sizeof(*row->pools))))
		return -ENOMEM;
	if (row->nr < row->room)
		return 0;
	uint32_t room = row->room ? row->room * 2 : 8;
	void *values = realloc(row->values, room * sizeof(*row->values));

	if (!values)
		return -ENOMEM;
	row->values = values;
	row->room = room;
	return 0;
}

static void found_add(struct placement_found *to, const struct placement_found *from)
{
	to->right += from->right;
	to->wrong += from->wrong;
	to->untouched += from->untouched;
}

static void keep(struct frame_row *row, const struct wall_params *params, const struct wall_result *r,
                 const struct frame_disturbance *disturbance)
{
	struct frame *f = row->frame;

	row->harness_ns = r->harness_ns;
	wall_metrics(params, r, row->values[row->nr]);
	for (unsigned int p = 0; p < POOL_NR; p++)
		histogram_merge(&row->pools[p], wall_pool_of(r, (enum wall_pool)p));
	frame_result_line(f->lines, row, params, r, disturbance);
	frame_request_lines(f->requests, row, r);
	found_add(&f->metadata, &r->metadata);
	found_add(&f->backing, &r->backing);
	f->verifications += r->verifications;
	f->preempted += disturbance->preempted;
	row->nr++;
	f->measured++;
}

static void to_library(struct gbench_state *s, const struct frame_row *row, const struct wall_result *r)
{
	const double *values = row->values[row->nr - 1];
	const char *sharing = frame_sharing(row);
	char label[256], pace[32];

	gbench_set_iteration_time(s, (double)r->wall_ns / 1e9);
	for (unsigned int m = 0; m < METRIC_NR; m++) {
		if (!isnan(values[m]))
			gbench_counter(s, wall_metric_name((enum wall_metric)m), values[m], GBENCH_PLAIN);
	}
	wall_pace_label(row->frame->options->wall.pace, pace);
	snprintf(label, sizeof(label), "measured, pace %s%s%s", pace, *sharing ? ", oversubscribed: " : "", sharing);
	gbench_label(s, label);
}

static void fail(struct frame *f, const struct frame_row *row, int rc, const char *text)
{
	if (!f->failed) {
		f->failed = rc;
		snprintf(f->failure, sizeof(f->failure), "%.300s: %.320s", row->name, text);
	}
	/* the rest would not be worth its time */
	atomic_store(f->stop, true);
}

static struct frame_disturbance so_far(void)
{
	struct rusage u = { 0 };

	getrusage(RUSAGE_SELF, &u);
	return (struct frame_disturbance){ machine_steal_ns(), (uint64_t)u.ru_nivcsw };
}

static struct frame_disturbance since(const struct frame_disturbance *before)
{
	struct frame_disturbance d = so_far();

	d.preempted -= before->preempted;
	if (d.steal_ns != UINT64_MAX)
		d.steal_ns = before->steal_ns == UINT64_MAX ? UINT64_MAX : d.steal_ns - before->steal_ns;
	return d;
}

static int measure(struct frame_row *row, struct wall_result *r, struct contig_diag *diag)
{
	struct frame *f = row->frame;
	const struct wall_params params = frame_params(f, row);
	struct frame_disturbance before = so_far();
	int rc = make_room(row);

	if (rc) {
		contig_diag_set(diag, rc, "no memory for results");
		return rc;
	}
	rc = wall_run(&params, r, diag);
	if (rc)
		return rc;
	struct frame_disturbance during = since(&before);

	keep(row, &params, r, &during);
	errno = 0;
	if (fflush(f->lines) || fflush(f->requests) || ferror(f->lines) || ferror(f->requests))
		return contig_diag_set(diag, -EIO, "%.400s can not be written: %s; choose another folder with -o",
		                       f->folder.partial, strerror(errno ? errno : EIO));
	return 0;
}

/* Before the first replay, and on the way. */
static void tell(struct frame *f)
{
	if (f->preface) {
		frame_preface(f->preface, f);
		fflush(f->preface);
		f->preface = NULL;
	}
	if (f->expected)
		cli_progress("replays", f->measured, f->expected);
}

static int replay(struct gbench_state *s, struct frame_row *row)
{
	struct contig_diag diag = { "" };
	struct wall_result *r = calloc(1, sizeof(*r)); /* histograms: too large for a stack */
	int rc = r ? measure(row, r, &diag) : -ENOMEM;

	if (!rc)
		to_library(s, row, r);
	else if (rc != -EINTR)
		fail(row->frame, row, rc, *diag.text ? diag.text : strerror(-rc));
	if (r)
		wall_result_free(r);
	free(r);
	return rc;
}

static void repetition(struct gbench_state *s, void *ctx)
{
	struct frame_row *row = ctx;
	struct frame *f = row->frame;

	while (gbench_keep_running(s)) {
		int rc = -EINTR;

		if (!atomic_load(f->stop)) {
			tell(f);
			rc = replay(s, row);
		}
		if (rc) {
			gbench_skip_with_error(s, *f->failure ? f->failure : "interrupted");
			break;
		}
	}
}

int frame_register(struct frame *f)
{
	int rc = 0;

	for (uint32_t i = 0; i < f->nr_rows && !rc; i++) {
		struct gbench *b;

		rc = gbench_register(f->rows[i].name, repetition, &f->rows[i], &b);
		if (!rc)
			rc = gbench_iterations(b, 1);
		if (!rc)
			rc = gbench_use_manual_time(b);
		if (!rc)
			rc = gbench_time_unit(b, GBENCH_MS);
	}
	return rc;
}
