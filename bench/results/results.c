// SPDX-License-Identifier: MIT
/* results.c - from replays to rows, and the folder they are written to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../workloads/trace/sha256.h"
#include "results.h"

#define UNEQUAL_PER_THOUSAND 1 /* failed allocations above which rows do not compare */

const char *results_backend(const struct results *r, const struct result_row *row)
{
	return r->plan->options->backends[row->at.backend];
}

void results_row_name(const struct results *r, const struct result_row *row, char out[512])
{
	char size[16], occupancy[16], geometry[64];

	run_geometry_label(r->plan->options, row->at.geometry, geometry);
	run_size_label(&r->plan->options->sizes[row->at.size], size);
	occupancy_label(plan_occupancy(r->plan, &row->at), occupancy);
	snprintf(out, 512, "%.120s%s/occupancy:%s/size:%s/backend:%.250s", r->plan->workloads[row->at.workload].name,
	         geometry, occupancy, size, results_backend(r, row));
}

static const struct replay_result *replays_of(const struct results *r, uint32_t row)
{
	return &r->replays[(size_t)row * r->plan->options->nr_seeds];
}

static struct latency quantiles(uint64_t *ns, size_t n)
{
	stats_sort(ns, n);
	return (struct latency){
		.p50 = stats_quantile(ns, n, 500),
		.p99 = stats_quantile(ns, n, 990),
		.max = stats_quantile(ns, n, 1000),
	};
}

static void add_replay(struct result_row *row, const struct replay_result *replay)
{
	row->requests += replay->nr_requests;
	for (int i = 0; i < RETYPE_NR; i++)
		row->retyped[i] += replay->end.retyped[i];
	row->mixed_blocks += replay->end.mixed_blocks;
	row->unusable += replay->end.unusable;
	row->fragmentation += replay->end.fragmentation;
	row->allocs += replay->allocs;
	row->failed_allocs += replay->failed_allocs;
	row->skipped_pins += replay->skipped_pins;
}

static void add_failure(struct failures *f, const struct request_record *q)
{
	f->requests++;
	f->ns += q->failed_ns ? q->failed_ns - q->begin_ns : 0;
	f->scanned += q->total.scanned - q->undo.scanned;
	f->migrated += q->total.migrated - q->undo.migrated;
}

/* Latencies of all the row's requests: those that succeeded from the front, the others from the back. */
static void sort_out(struct result_row *row, const struct replay_result *replay, uint64_t *ns, size_t *front,
                     size_t *back)
{
	for (uint32_t k = 0; k < replay->nr_requests; k++) {
		const struct request_record *q = &replay->requests[k];

		row->migrated += q->total.migrated;
		row->got_pages += q->got;
		row->calls += q->calls;
		row->waits += q->waits;
		row->waited_ns += q->waited_ns;
		if (!q->rc) {
			row->successes++;
			ns[(*front)++] = q->end_ns - q->begin_ns;
			continue;
		}
		add_failure(
			&row->failures[q->phase < PHASE_NR ? q->phase : PHASE_DONE][q->reason < WHY_NR ? q->reason : 0],
			q);
		row->migrated_in_vain += q->total.migrated;
		ns[--*back] = q->end_ns - q->begin_ns;
	}
}

static int make_row(struct results *r, uint32_t index)
{
	struct result_row *row = &r->rows[index];
	const struct replay_result *replays = replays_of(r, index);
	uint32_t seeds = r->plan->options->nr_seeds;

	row->at = plan_row(r->plan, index);
	for (uint32_t i = 0; i < seeds; i++)
		add_replay(row, &replays[i]);
	size_t front = 0, back = row->requests;
	uint64_t *ns = calloc(row->requests + 1, sizeof(*ns));

	if (!ns)
		return -ENOMEM;
	for (uint32_t i = 0; i < seeds; i++)
		sort_out(row, &replays[i], ns, &front, &back);
	row->got = quantiles(ns, front);
	row->failed = quantiles(ns + back, row->requests - back);
	free(ns);
	row->unequal_work = row->failed_allocs * 1000 > row->allocs * UNEQUAL_PER_THOUSAND;
	return 0;
}

static void count(struct stats_count *out, const struct replay_result *replays, uint32_t seeds)
{
	for (uint32_t i = 0; i < seeds; i++) {
		out[i] = (struct stats_count){ .requests = replays[i].nr_requests };
		for (uint32_t k = 0; k < replays[i].nr_requests; k++)
			out[i].successes += !replays[i].requests[k].rc;
	}
}

/* Rates of one group: the first backend's, then each other's with its difference to that. */
static void compare(struct results *r, uint32_t first, struct stats_count *a, struct stats_count *b)
{
	uint32_t seeds = r->plan->options->nr_seeds;

	count(a, replays_of(r, first), seeds);
	r->rows[first].rate = stats_rate(a, seeds);
	for (uint32_t i = first + 1; i < first + r->plan->options->nr_backends; i++) {
		count(b, replays_of(r, i), seeds);
		r->rows[i].rate = stats_rate(b, seeds);
		r->rows[i].difference = stats_difference(b, a, seeds);
	}
}

int results_make(struct results *r, const struct matrix *m)
{
	uint32_t seeds = m->plan->options->nr_seeds;
	struct stats_count *counts = calloc((size_t)seeds * 2, sizeof(*counts));

	*r = (struct results){ .plan = m->plan, .replays = m->results };
	r->rows = calloc(m->plan->nr_rows, sizeof(*r->rows));
	int rc = r->rows && counts ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < m->plan->nr_rows && !rc; i++)
		rc = make_row(r, i);
	for (uint32_t i = 0; i < m->plan->nr_rows && !rc; i += m->plan->options->nr_backends)
		compare(r, i, counts, counts + seeds);
	free(counts);
	if (!rc && m->plan->options->ablation)
		rc = results_ablation_make(r);
	if (rc)
		results_free(r);
	return rc;
}

void results_free(struct results *r)
{
	free(r->rows);
	free(r->changes);
	*r = (struct results){ 0 };
}

struct replay_speed results_speed(const struct results *r)
{
	struct replay_speed s = { 0 };

	for (uint32_t i = 0; i < r->plan->nr_replays; i++) {
		s.events += r->replays[i].events;
		s.cpu_ns += r->replays[i].cpu_ns;
	}
	s.per_second = s.cpu_ns ? (uint64_t)((unsigned __int128)s.events * 1000000000 / s.cpu_ns) : 0;
	return s;
}

/* ---- the folder ------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*write)(FILE *f, const struct results *r);
	bool ablation; /* only of such a run */
} files[] = {
	{ "ablation.csv", results_ablation_csv, true },
	{ "ablation.json", results_ablation_json, true },
	{ "benchmark.json", results_benchmark_json, false },
	{ "failures.csv", results_failures_csv, false },
	{ "maps.jsonl", results_maps_jsonl, false },
	{ "replays.csv", results_replays_csv, false },
	{ "requests.jsonl", results_requests_jsonl, false },
	{ "series.jsonl", results_series_jsonl, false },
	{ "success-by-size.csv", results_success_csv, false },
	{ "summary.csv", results_summary_csv, false },
	{ "table.txt", results_table, false },
};

#define NR_FILES (sizeof(files) / sizeof(files[0]))

static int failed(struct contig_diag *diag, const char *path, int err)
{
	snprintf(diag->text, sizeof(diag->text), "%.400s can not be written: %s", path, strerror(err));
	return -err;
}

static FILE *create(char path[4096], const char *dir, const char *name)
{
	snprintf(path, 4096, "%s/%s", dir, name);
	return fopen(path, "w+");
}

/* Flush, sum up and close. 0 or an errno. */
static int finish(FILE *f, char hex[65])
{
	int err = 0;

	errno = 0;
	if (fflush(f) || ferror(f) || fseek(f, 0, SEEK_SET))
		err = errno ? errno : EIO;
	if (!err)
		err = sha256_stream(f, hex);
	if (fclose(f) && !err)
		err = errno;
	return err;
}

int results_write(const char *dir, const struct results *r, char digest[65], struct contig_diag *diag)
{
	char path[4096], hex[65];
	FILE *sums = create(path, dir, "SHA256SUMS");

	if (!sums)
		return failed(diag, path, errno);
	for (size_t i = 0; i < NR_FILES; i++) {
		if (files[i].ablation && !r->plan->options->ablation)
			continue;
		FILE *f = create(path, dir, files[i].name);
		int err = f ? 0 : errno;

		if (f) {
			files[i].write(f, r);
			err = finish(f, hex);
		}
		if (err) {
			fclose(sums);
			return failed(diag, path, err);
		}
		fprintf(sums, "%s  %s\n", hex, files[i].name);
	}
	snprintf(path, sizeof(path), "%s/SHA256SUMS", dir);
	int err = finish(sums, digest);

	return err ? failed(diag, path, err) : 0;
}
