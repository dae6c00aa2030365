// SPDX-License-Identifier: MIT
/* times.c - what was measured: ranks say whether there is a difference, resampled medians how large it is. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "../results/stats.h"
#include "../stats/exact.h"
#include "../stats/rank.h"
#include "../stats/resample.h"
#include "inside.h"

#define FEWEST    3u    /* values for an interval */
#define MANY      1000u /* comparisons, from which on each gets fewer draws */
#define FEW_DRAWS 1000u

/* Half of the comparisons, and what is counted out and drawn once for all of them. */
struct half {
	struct compare *c;
	size_t first, step;
	struct rank_tables tables;
	struct resample resample;
	double *a, *b; /* room for the most values there are */
	bool no_memory;
};

static void sorted(const struct record_metric *m, double *to)
{
	for (size_t i = 0; i < m->nr; i++)
		to[i] = m->values[i].value;
	sort_values(to, m->nr);
}

/*
 * Repetitions are in order of time: what the median of the first half is apart from that of the second is how far this machine
 * drifts in less than a run, and it may drift as far from one run to the next.
 */
static double drift(const struct record_metric *m, double *room)
{
	size_t half = m->nr / 2;
	double medians[2];

	if (half < FEWEST)
		return 0;
	for (size_t k = 0; k < 2; k++) {
		const struct record_value *v = m->values + (k ? m->nr - half : 0);

		for (size_t i = 0; i < half; i++)
			room[i] = v[i].value;
		sort_values(room, half);
		medians[k] = sorted_quantile(room, half, 0.5);
	}
	return medians[0] > 0 && medians[1] > 0 ? 100 * expm1(fabs(log(medians[1] / medians[0]))) : 0;
}

static void measured(struct half *h, struct comparison *one)
{
	size_t na = one->old->nr, nb = one->new->nr;
	double low, high;

	one->drift = fmax(drift(one->old, h->a), drift(one->new, h->b));
	sorted(one->old, h->a);
	sorted(one->new, h->b);
	one->from = sorted_quantile(h->a, na, 0.5);
	one->to = sorted_quantile(h->b, nb, 0.5);
	one->change = one->from > 0 && one->to >= 0 ? 100 * (one->to / one->from - 1) : NAN;
	if (na < 2 || nb < 2)
		return;
	struct rank_test t = rank_test(h->a, na, h->b, nb, &h->tables);

	h->no_memory |= isnan(t.p);
	one->p = t.p;
	one->test = t.exact ? "Mann-Whitney, exact" : "Mann-Whitney";
	if (na < FEWEST || nb < FEWEST)
		return;
	if (!(h->a[0] < h->a[na - 1] || h->b[0] < h->b[nb - 1] || h->a[0] < h->b[0] || h->a[0] > h->b[0])) {
		one->change = one->low = one->high = 0; /* also where they are all 0 */
	} else if (resample_ratio(&h->resample, h->a, na, h->b, nb, &low, &high) && low >= 0) {
		one->low = 100 * (low - 1);
		one->high = 100 * (high - 1);
	}
}

static void *run(void *ctx)
{
	struct half *h = ctx;

	for (size_t i = h->first; i < h->c->nr; i += h->step) {
		if (h->c->all[i].kind == RECORD_TIME)
			measured(h, &h->c->all[i]);
		if (!h->first && i % 64 == 0)
			cli_progress("comparing", i, h->c->nr);
	}
	return NULL;
}

static void half_open(struct half *h, struct compare *c, size_t first, size_t step)
{
	size_t most = 1, nr = 0;

	for (size_t i = 0; i < c->nr; i++) {
		const struct comparison *one = &c->all[i];

		nr += one->kind == RECORD_TIME;
		most = one->old->nr > most ? one->old->nr : most;
		most = one->new->nr > most ? one->new->nr : most;
	}
	*h = (struct half){ .c = c, .first = first, .step = step };
	h->a = malloc(most * sizeof(*h->a));
	h->b = malloc(most * sizeof(*h->b));
	h->no_memory = !h->a || !h->b;
	resample_open(&h->resample, 0.5, nr > MANY ? FEW_DRAWS : STATS_RESAMPLES);
}

static void half_close(struct half *h)
{
	rank_tables_free(&h->tables);
	resample_free(&h->resample);
	free(h->a);
	free(h->b);
}

int compare_times(struct compare *c)
{
	struct half halves[2];
	pthread_t other;

	half_open(&halves[0], c, 0, 2);
	half_open(&halves[1], c, 1, 2);
	bool no_memory = halves[0].no_memory || halves[1].no_memory;
	bool threaded = !no_memory && !pthread_create(&other, NULL, run, &halves[1]);

	if (!no_memory) {
		run(&halves[0]);
		if (threaded)
			pthread_join(other, NULL);
		else
			run(&halves[1]);
		cli_progress(NULL, 0, 0);
		no_memory = halves[0].no_memory || halves[1].no_memory;
	}
	half_close(&halves[0]);
	half_close(&halves[1]);
	return no_memory ? cli_error(CLI_MACHINE, "no memory") : CLI_OK;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

/* Change, interval and threshold on a scale where up and down are alike: points, or logarithms of ratios. */
struct scaled {
	double change, low, high;
	double threshold; /* within that it is the same */
	double floor;     /* beyond that it is not ... */
	double drift;     /* ... nor beyond that */
};

static struct scaled scale(const struct comparison *one)
{
	double floor = fmax(one->threshold, one->noise);

	if (one->kind == RECORD_RATE)
		return (struct scaled){ one->change, one->low, one->high, one->threshold, floor, 0 };
	return (struct scaled){ log1p(one->change / 100),    log1p(one->low / 100), log1p(one->high / 100),
		                log1p(one->threshold / 100), log1p(floor / 100),    log1p(one->drift / 100) };
}

/* So few runs of either side can not tell anything at this level, however far apart they are. */
static double fewest(double level)
{
	double n = FEWEST;

	while (rank_smallest_p((size_t)n, (size_t)n) > level && n < COMPARE_MOST)
		n++;
	return n;
}

/* a / b, of what may be nothing. */
static double by(double a, double b)
{
	return b > 0 ? a / b : a > 0 ? INFINITY : 0;
}

/*
 * By how much the square root of n must grow. Half of an interval's width goes with 1 / sqrt(n), and so does what halves differ in
 * if that is chance; a test's z goes with sqrt(n). The interval has to end where it decides: within the threshold, or beyond it
 * and beyond drift, and then the test has to be significant.
 */
static double growth(const struct comparison *one, double level)
{
	struct scaled s = scale(one);
	double half = (s.high - s.low) / 2, change = fabs(s.change);

	if (change <= s.threshold)
		return by(half, s.threshold - change);
	double factor = change > s.floor ? fmax(by(half, change - s.floor), (half + s.drift) / change) : INFINITY;

	/* as far apart as can be: then it is the number alone that is too small */
	if (one->kind == RECORD_RATE || one->p > rank_smallest_p(one->old->nr, one->new->nr) * 1.001)
		factor = fmax(factor, by(normal_z(level), normal_z(one->p)));
	return factor;
}

static uint64_t runs_needed(const struct compare *c, const struct comparison *one)
{
	double a = (double)one->old->nr, b = (double)one->new->nr, n = 2 / (1 / a + 1 / b), need = n + 1;
	double level = COMPARE_ALPHA / (double)c->nr_testable;

	if (!isnan(one->low)) {
		double factor = growth(one, level);

		need = fmax(need, n * factor * factor);
	}
	if (one->kind == RECORD_TIME && (isnan(one->low) || fabs(one->change) > one->threshold))
		need = fmax(need, fewest(level));
	return need - n < COMPARE_MOST ? (uint64_t)ceil(need - n) : COMPARE_MOST + 1;
}

/* Up or down for sure. */
static enum verdict differs(const struct comparison *one, bool up)
{
	if (one->old->better == BETTER_NEITHER)
		return VERDICT_CHANGED;
	return up == (one->old->better == BETTER_HIGHER) ? VERDICT_BETTER : VERDICT_WORSE;
}

void compare_decide(const struct compare *c, struct comparison *one)
{
	struct scaled s = scale(one);
	double beyond = fmax(s.floor, s.drift);
	bool significant = one->corrected < COMPARE_ALPHA; /* not if it is NAN */

	one->verdict = VERDICT_CANNOT_TELL;
	if (one->pairs && !one->differ) {
		one->verdict = VERDICT_SAME; /* request by request: nothing is left to be told */
	} else if (isnan(one->low)) {
		/* from or to nothing there is no ratio, and no change that is small */
		if (significant && (one->to > one->from || one->to < one->from))
			one->verdict = differs(one, one->to > one->from);
	} else if (significant && (s.low > beyond || s.high < -beyond)) {
		one->verdict = differs(one, s.low > beyond);
	} else if (s.low >= -s.threshold && s.high <= s.threshold) {
		one->verdict = VERDICT_SAME;
	}
	one->regression = one->verdict == VERDICT_WORSE;
	if (one->verdict == VERDICT_CANNOT_TELL)
		one->more = runs_needed(c, one);
}
