// SPDX-License-Identifier: MIT
/* perf_order0.c - memory for metadata, and the time of aged order-0 pairs relative to the textbook's. */
#include <errno.h>

#include "churn.h"
#include "../cli.h"
#include "perf.h"

#define MAX_ROUNDS 61

int perf_memory(struct perf *p, const char *backend)
{
	struct perf_figure f = { "metadata", backend, 0, "bytes/page", 16, false };
	struct contig_diag diag;
	struct contig_stats s;
	struct churn *ch = churn_open(backend, PERF_ZONE_MIB, CHURN_EMPTY, &diag);

	if (!ch) {
		cli_error(CLI_MACHINE, "%s", diag.text);
		return -ENOMEM;
	}
	contig_stats(ch->c, CONTIG_ALL_ZONES, &s);
	f.value = (double)s.metadata_bytes / (double)s.managed;
	perf_report(p, &f, "%u GiB; everything but per-cpu lists", PERF_ZONE_MIB >> 10);
	churn_close(ch);
	return 0;
}

/* Nanoseconds of one alloc + free pair. */
static double pair_ns(struct churn *ch)
{
	if (!churn_draw(ch, CHURN_BATCH))
		return 0;
	uint64_t t0 = churn_now();
	churn_free_batch(ch, 0, CHURN_BATCH);
	churn_alloc_batch(ch, 0, CHURN_BATCH);
	uint64_t t1 = churn_now();
	churn_settle(ch, CHURN_BATCH);
	return (double)(t1 - t0) / CHURN_BATCH;
}

enum {
	BACKEND,
	WITH_PCP,
	WITHOUT_PCP,
	NR_SIDES
};

static int compare(struct perf *p, const char *backend, struct churn *sides[NR_SIDES])
{
	struct perf_figure f = { "aged-time", backend, 0, "x reference with pcp", 2.4, false };
	double ns[NR_SIDES][MAX_ROUNDS], ratio[MAX_ROUNDS];
	size_t rounds = p->quick ? 3 : MAX_ROUNDS;

	/* one batch of each in turn, so that what disturbs the machine disturbs all */
	for (size_t i = 0; i < rounds; i++) {
		for (int s = 0; s < NR_SIDES; s++)
			ns[s][i] = pair_ns(sides[s]);
		ratio[i] = ns[BACKEND][i] / ns[WITH_PCP][i];
	}
	f.value = sort_median(ratio, rounds);
	perf_report(p, &f, "%.0f ns a pair; reference %.0f ns with pcp, %.0f ns without; %zu rounds",
	            sort_median(ns[BACKEND], rounds), sort_median(ns[WITH_PCP], rounds),
	            sort_median(ns[WITHOUT_PCP], rounds), rounds);
	return 0;
}

int perf_aged_time(struct perf *p, const char *backend)
{
	struct contig_diag diag;
	struct churn *sides[NR_SIDES] = {
		[BACKEND] = churn_open(backend, PERF_ZONE_MIB, CHURN_HALF_FULL, &diag),
		[WITH_PCP] = churn_open_reference(PERF_ZONE_MIB, true, CHURN_HALF_FULL),
		[WITHOUT_PCP] = churn_open_reference(PERF_ZONE_MIB, false, CHURN_HALF_FULL),
	};
	int rc = -ENOMEM;

	if (!sides[BACKEND])
		cli_error(CLI_MACHINE, "%s", diag.text);
	else if (!sides[WITH_PCP] || !sides[WITHOUT_PCP])
		cli_error(CLI_MACHINE, "no memory for the reference: it needs %u MiB", PERF_ZONE_MIB / 256);
	else
		rc = compare(p, backend, sides);
	for (int s = 0; s < NR_SIDES; s++)
		churn_close(sides[s]);
	return rc;
}
