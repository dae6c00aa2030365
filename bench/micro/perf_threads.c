// SPDX-License-Identifier: MIT
/*
 * perf_threads.c - what a second thread brings: on a zone of its own, and on the same zone, there beside the textbook's buddy
 * with a per-CPU stack under the same lock.
 *
 * Each thread has its own pages, a half of its share of memory, and replaces batches of random ones: free them all, allocate
 * as many. The rounds of each thread alone and of both, of model and reference, take turns, so that what disturbs the
 * machine disturbs all; the median of the rounds' ratios is the figure.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "churn.h"
#include "../../allocators/lock.h"
#include "../cli.h"
#include "../virtual/rng.h"
#include "perf.h"

#define THREADS     2u
#define SHARE_PAGES (1u << 18) /* of memory, a thread: 1 GiB */
#define LIVE_PAGES  (SHARE_PAGES / 2)
#define WARM        12u /* batches before those that are timed: other rounds have used the caches */
#define BATCHES     24u
#define BATCH       4096u
#define MAX_ROUNDS  41

struct racer {
	struct race *race;
	uint32_t cpu;
	int machine_cpu;
	pfn_t *at;         /* where each of its pages is */
	uint32_t *victims; /* (WARM + BATCHES) * BATCH of them, those of a batch all different */
	double per_second; /* pages replaced, in the last round */
};

/* Several threads on one allocator: one of the two. */
struct race {
	struct contig *c;
	struct reference *ref;
	struct racer racers[THREADS];
	atomic_uint waiting;
};

/* ---- one round -------------------------------------------------------------------------------- */

static void replace(struct racer *r, const uint32_t *victims)
{
	/* where there is one zone the second node has none, and takes the first's */
	const struct contig_what what = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE, .node = (uint8_t)r->cpu };
	owner_t first = (owner_t)r->cpu * SHARE_PAGES + 1;
	struct race *race = r->race;

	if (race->ref) {
		for (uint32_t i = 0; i < BATCH; i++)
			reference_free_on(race->ref, r->cpu, r->at[victims[i]], 0);
		for (uint32_t i = 0; i < BATCH; i++)
			r->at[victims[i]] = reference_alloc_on(race->ref, r->cpu, 0);
		return;
	}
	for (uint32_t i = 0; i < BATCH; i++)
		contig_free(race->c, r->cpu, r->at[victims[i]], first + victims[i]);
	for (uint32_t i = 0; i < BATCH; i++)
		r->at[victims[i]] = (pfn_t)contig_alloc(race->c, r->cpu, what, first + victims[i]);
}

static void *run(void *arg)
{
	struct racer *r = arg;
	uint32_t looks = 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)r->machine_cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (uint32_t b = 0; b < WARM; b++)
		replace(r, r->victims + (size_t)b * BATCH);
	atomic_fetch_sub(&r->race->waiting, 1);
	while (atomic_load(&r->race->waiting))
		spin(&looks);
	uint64_t begin = churn_now();

	for (uint32_t b = WARM; b < WARM + BATCHES; b++)
		replace(r, r->victims + (size_t)b * BATCH);
	r->per_second = (double)BATCHES * BATCH / (double)(churn_now() - begin) * 1e9;
	return NULL;
}

/* Pages a second by threads [first, end) together; each one's own rate, as none of them ends when the other does. */
static double round_of(struct race *race, uint32_t first, uint32_t end)
{
	pthread_t threads[THREADS];
	double sum = 0;

	atomic_store(&race->waiting, end - first);
	for (uint32_t i = first; i < end; i++) {
		if (pthread_create(&threads[i], NULL, run, &race->racers[i]))
			return 0;
	}
	for (uint32_t i = first; i < end; i++) {
		pthread_join(threads[i], NULL);
		sum += race->racers[i].per_second;
	}
	return sum;
}

/* What both do together over what one does alone, be it this one or that. */
static double gain(struct race *race)
{
	double alone = 0;

	for (uint32_t i = 0; i < THREADS; i++)
		alone += round_of(race, i, i + 1) / THREADS;
	return round_of(race, 0, THREADS) / alone;
}

/* ---- setting up ------------------------------------------------------------------------------- */

/* Batches of victims from a deck that is shuffled as far as each batch takes of it. */
static bool draw_victims(struct racer *r, uint64_t seed)
{
	struct rng rng = rng_seed(seed, 0);
	uint32_t *deck = malloc(LIVE_PAGES * sizeof(*deck));

	r->victims = malloc((WARM + BATCHES) * BATCH * sizeof(*r->victims));
	if (!deck || !r->victims) {
		free(deck);
		return false;
	}
	for (uint32_t i = 0; i < LIVE_PAGES; i++)
		deck[i] = i;
	for (uint32_t i = 0; i < (WARM + BATCHES) * BATCH; i++) {
		uint32_t from = i % BATCH, k = from + (uint32_t)rng_below(&rng, LIVE_PAGES - from), v = deck[k];

		deck[k] = deck[from];
		deck[from] = v;
		r->victims[i] = v;
	}
	free(deck);
	return true;
}

static int64_t take(struct racer *r, uint32_t page)
{
	const struct contig_what what = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE, .node = (uint8_t)r->cpu };

	if (r->race->c)
		return contig_alloc(r->race->c, r->cpu, what, (owner_t)r->cpu * SHARE_PAGES + 1 + page);
	uint32_t pfn = reference_alloc_on(r->race->ref, r->cpu, 0);

	return pfn == REFERENCE_NONE ? -ENOMEM : (int64_t)pfn;
}

static bool fill(struct race *race)
{
	for (uint32_t cpu = 0; cpu < THREADS; cpu++) {
		struct racer *r = &race->racers[cpu];

		r->at = malloc(LIVE_PAGES * sizeof(*r->at));
		if (!r->at || !draw_victims(r, cpu + 1))
			return false;
	}
	/* in turn, so that neighbours in memory are not all of one thread */
	for (uint32_t i = 0; i < LIVE_PAGES; i++) {
		for (uint32_t cpu = 0; cpu < THREADS; cpu++) {
			int64_t pfn = take(&race->racers[cpu], i);

			if (pfn < 0)
				return false;
			race->racers[cpu].at[i] = (pfn_t)pfn;
		}
	}
	return true;
}

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	(void)ctx, (void)owner, (void)from, (void)to, (void)order; /* nothing asks for ranges here */
}

static void race_close(struct race *race)
{
	for (uint32_t cpu = 0; race && cpu < THREADS; cpu++) {
		free(race->racers[cpu].at);
		free(race->racers[cpu].victims);
	}
	if (race) {
		contig_close(race->c);
		reference_close(race->ref);
	}
	free(race);
}

/* The backend on so many zones, or the reference on none. */
static struct race *race_open(const char *backend, uint32_t zones, const int machine_cpu[THREADS],
                              struct contig_diag *diag)
{
	static const struct contig_hooks hooks = { .moved = moved, .threads = true };
	struct race *race = calloc(1, sizeof(*race));
	struct contig_geometry g;

	contig_diag_set(diag, -ENOMEM, "no memory for %u MiB of pages in use", THREADS * SHARE_PAGES >> 8);
	if (!race)
		return NULL;
	contig_geometry_x86_64(&g, THREADS * SHARE_PAGES);
	g.nr_cpus = THREADS;
	if (zones == THREADS) {
		g.nr_zones = THREADS;
		for (uint32_t i = 0; i < THREADS; i++) {
			g.zones[i] = (struct contig_zone){
				.start = i * SHARE_PAGES, .pages = SHARE_PAGES, .node = (uint8_t)i, .type = ZONE_NORMAL
			};
			g.cpu_node[i] = (uint8_t)i;
		}
	}
	for (uint32_t i = 0; i < THREADS; i++)
		race->racers[i] = (struct racer){ .race = race, .cpu = i, .machine_cpu = machine_cpu[i] };
	if (zones)
		race->c = contig_open(backend, &g, &hooks, diag);
	else
		race->ref = reference_open_shared(THREADS * SHARE_PAGES, 10, THREADS);
	if ((race->c || race->ref) && fill(race)) {
		for (uint32_t i = 0; i < 3; i++) /* the first batches meet memory as it was filled */
			round_of(race, 0, THREADS);
		return race;
	}
	race_close(race);
	return NULL;
}

/* ---- the figures ------------------------------------------------------------------------------ */

enum {
	APART,    /* a zone each */
	TOGETHER, /* one zone */
	TEXTBOOK,
	NR_SIDES
};

/* How often a thread of this process had to leave its cpu to something else. */
static long preemptions(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : usage.ru_nivcsw;
}

static void report(struct perf *p, const char *backend, double ratio[NR_SIDES][MAX_ROUNDS], size_t rounds,
                   long preempted)
{
	double textbook = sort_median(ratio[TEXTBOOK], rounds);
	struct perf_figure apart = { "threads-apart", backend, 0, "x one thread", 1.8, true };
	struct perf_figure together = { "threads-together", backend, 0, "x one thread", textbook, true };

	apart.value = sort_median(ratio[APART], rounds);
	together.value = sort_median(ratio[TOGETHER], rounds);
	perf_report(p, &apart,
	            "two threads, a zone of 1 GiB each; worst %.2f, best %.2f of %zu rounds; preempted %ld times",
	            ratio[APART][0], ratio[APART][rounds - 1], rounds, preempted);
	perf_report(p, &together,
	            "two threads in one zone of 2 GiB; the limit is the reference's ratio; worst %.2f, best %.2f",
	            ratio[TOGETHER][0], ratio[TOGETHER][rounds - 1]);
}

/* Two cpus that this process may use; false: it has but one. */
static bool two_cpus(const struct perf *p, int out[THREADS])
{
	uint32_t nr = 0;

	for (int cpu = 0; cpu < CPU_SETSIZE && nr < THREADS; cpu++) {
		if (CPU_ISSET((size_t)cpu, &p->allowed))
			out[nr++] = cpu;
	}
	return nr == THREADS;
}

int perf_threads(struct perf *p, const char *backend)
{
	static const uint32_t zones[NR_SIDES] = { [APART] = THREADS, [TOGETHER] = 1, [TEXTBOOK] = 0 };
	double ratio[NR_SIDES][MAX_ROUNDS];
	size_t rounds = p->quick ? 3 : MAX_ROUNDS;
	struct race *sides[NR_SIDES] = { NULL };
	struct contig_diag diag;
	int cpus[THREADS], rc = 0;
	long preempted;

	if (!two_cpus(p, cpus)) {
		perf_missing(p, "threads", backend, "this process may use one cpu only: two are needed");
		return 0;
	}
	for (int s = 0; s < NR_SIDES && !rc; s++) {
		sides[s] = race_open(backend, zones[s], cpus, &diag);
		rc = sides[s] ? 0 : -ENOMEM;
	}
	preempted = preemptions();
	for (size_t i = 0; i < rounds && !rc; i++) {
		for (int s = 0; s < NR_SIDES; s++)
			ratio[s][i] = gain(sides[s]);
	}
	if (rc)
		cli_error(CLI_MACHINE, "%s: %s", backend, diag.text);
	else
		report(p, backend, ratio, rounds, preemptions() - preempted);
	for (int s = 0; s < NR_SIDES; s++)
		race_close(sides[s]);
	return rc;
}
