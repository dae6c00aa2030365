// SPDX-License-Identifier: MIT
/* perf_contig.c - the time of contiguous requests: 1 GiB that is free, isolating full blocks, migrating pages. */
#include <errno.h>
#include <stdlib.h>

#include "churn.h"
#include "../cli.h"
#include "perf.h"

#define GIB_PAGES   (1u << 18)
#define RANGE_ORDER 12u /* 16 MiB: large enough to hide what a request costs once */
#define RANGE_PAGES (1u << RANGE_ORDER)
#define MAX_ROUNDS  31

static struct churn *open_zone(const char *backend, enum churn_state state)
{
	struct contig_diag diag;
	struct churn *ch = churn_open(backend, PERF_ZONE_MIB, state, &diag);

	if (!ch)
		cli_error(CLI_MACHINE, "%s", diag.text);
	return ch;
}

static int request_failed(const char *backend, const struct contig_outcome *out)
{
	cli_error(CLI_NO, "%s: a request failed: phase %s, reason %s, pfn %u", backend,
	          contig_phase_name(out->autopsy.phase), contig_reason_name(out->autopsy.reason), out->autopsy.pfn);
	return out->rc;
}

int perf_contig(struct perf *p, const char *backend)
{
	struct perf_figure f = { "contig-1gib", backend, 0, "ms", 1, false };
	struct churn *ch = open_zone(backend, CHURN_EMPTY);
	size_t rounds = p->quick ? 3 : MAX_ROUNDS;
	double ms[MAX_ROUNDS];
	int rc = 0;

	if (!ch)
		return -ENOMEM;
	for (size_t i = 0; i < rounds && !rc; i++) {
		struct contig_range_args args = { .start = (1 + (uint32_t)i % 6) * GIB_PAGES, .nr = GIB_PAGES };
		struct contig_outcome out;
		uint64_t t0 = churn_now();

		rc = contig_range_alloc(ch->c, &args, &out);
		ms[i] = (double)(churn_now() - t0) * 1e-6;
		if (rc)
			request_failed(backend, &out);
		else
			contig_range_free(ch->c, 0, args.start, args.nr);
	}
	if (!rc) {
		f.value = sort_median(ms, rounds);
		perf_report(p, &f, "alloc_contig of 1 GiB of free memory; best %.3f, worst %.3f of %zu", ms[0],
		            ms[rounds - 1], rounds);
	}
	churn_close(ch);
	return rc;
}

/* One request, time and work summed up by phase. */
struct timed {
	uint64_t ns[PHASE_NR];
	struct contig_outcome out;
};

static int timed_request(struct churn *ch, pfn_t start, struct timed *t)
{
	struct contig_range_args args = { .start = start, .nr = RANGE_PAGES };
	struct contig_range *r;
	struct contig_work work;
	int rc = contig_range_begin(ch->c, &args, &r), more = 1;

	*t = (struct timed){ 0 };
	if (rc)
		return rc;
	/* a reading of the clock is 25 ns and a step hundreds of pages */
	for (uint64_t t0 = churn_now(), t1; more; t0 = t1) {
		more = contig_range_step(r, &work);
		t1 = churn_now();
		t->ns[work.phase] += t1 - t0;
	}
	contig_range_end(r, &t->out);
	if (!t->out.rc)
		contig_range_free(ch->c, 0, start, RANGE_PAGES);
	return 0;
}

/* A random range with at least `least` pages in use, or PFN_NONE. */
static pfn_t pick_range(struct churn *ch, const uint32_t *used, uint32_t least)
{
	uint32_t nr = ch->pages >> RANGE_ORDER, first = (uint32_t)(churn_random(ch) % nr);

	for (uint32_t i = 0; i < nr; i++) {
		uint32_t range = (first + i) % nr;

		if (used[range] >= least)
			return range << RANGE_ORDER;
	}
	return PFN_NONE;
}

/* Time in one phase over what `units` counts of it, for many random ranges. */
static int per_unit(struct perf *p, struct perf_figure *f, enum churn_state state, uint32_t least,
                    enum contig_phase phase, uint32_t (*units)(const struct contig_work *), const char *note)
{
	struct churn *ch = open_zone(f->backend, state);
	size_t rounds = p->quick ? 3 : MAX_ROUNDS, nr = 0;
	double ns[MAX_ROUNDS], total = 0;

	if (!ch)
		return -ENOMEM;
	while (nr < rounds) {
		uint32_t *used = churn_occupancy(ch, RANGE_ORDER);
		pfn_t start = used ? pick_range(ch, used, least) : PFN_NONE;
		struct timed t;

		free(used);
		if (start == PFN_NONE || timed_request(ch, start, &t) || !units(&t.out.by_phase[phase]))
			break;
		ns[nr++] = (double)t.ns[phase] / units(&t.out.by_phase[phase]);
		total += units(&t.out.by_phase[phase]);
	}
	churn_close(ch);
	if (nr < rounds) {
		perf_missing(p, f->name, f->backend, "no range to measure it on");
		return 0;
	}
	f->value = sort_median(ns, nr);
	perf_report(p, f, "%s; best %.1f, worst %.1f of %zu, %.0f pages", note, ns[0], ns[nr - 1], nr, total);
	return 0;
}

static uint32_t scanned(const struct contig_work *work)
{
	return work->scanned;
}

static uint32_t migrated(const struct contig_work *work)
{
	return work->migrated;
}

int perf_isolate(struct perf *p, const char *backend)
{
	struct perf_figure f = { "isolate", backend, 0, "ns/page scanned", 20, false };

	return per_unit(p, &f, CHURN_LOW_HALF, RANGE_PAGES, PHASE_ISOLATE, scanned, "16 MiB full of LRU pages");
}

int perf_migrate(struct perf *p, const char *backend)
{
	struct perf_figure f = { "migrate", backend, 0, "ns/page migrated", 150, false };

	return per_unit(p, &f, CHURN_HALF_FULL, RANGE_PAGES * 3 / 8, PHASE_MIGRATE, migrated,
	                "16 MiB of a half-full, aged zone");
}
