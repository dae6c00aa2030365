// SPDX-License-Identifier: MIT
/* levels.c - what a series cut into levels says about each cut: how likely it is by chance, how large, and where. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/resample.h"
#include "../stats/student.h"
#include "changes.h"
#include "changes_inside.h"

#define SPIKE           4.0  /* standard deviations; of normal noise one in 16,000 */
#define PRIOR_SPIKES    1.0  /* before a series has shown how many it has: one ... */
#define PRIOR_RUNS      50.0 /* ... in that many runs */
#define NORMAL_MAD      1.4826
#define MAX_CORRELATION 0.9
#define MAX_SHOWN       0.3 /* of that which the series itself shows: a drift looks like more, and is to be found */

int levels_init(struct levels *l, const double *y, size_t n, size_t *bounds, size_t nr, double correlation)
{
	*l = (struct levels){ .y = y, .n = n, .bounds = bounds, .nr = nr, .expected = correlation };
	l->center = calloc(nr, sizeof(*l->center));
	l->inliers = calloc(nr, sizeof(*l->inliers));
	l->residual = calloc(n, sizeof(*l->residual));
	l->scratch = calloc(n, sizeof(*l->scratch));
	if (!l->center || !l->inliers || !l->residual || !l->scratch)
		return -ENOMEM;
	levels_measure(l);
	return 0;
}

void levels_free(struct levels *l)
{
	free(l->center);
	free(l->inliers);
	free(l->residual);
	free(l->scratch);
}

/* Residuals to the medians, and from what size on one is a spike. */
static void measure_spikes(struct levels *l)
{
	for (size_t i = 0; i < l->nr; i++) {
		const size_t first = l->bounds[i], nr = l->bounds[i + 1] - first;

		memcpy(l->scratch, l->y + first, nr * sizeof(*l->y));
		const double median = sort_median(l->scratch, nr);

		l->center[i] = median;
		for (size_t k = first; k < first + nr; k++)
			l->residual[k] = l->y[k] - median;
	}
	for (size_t k = 0; k < l->n; k++)
		l->scratch[k] = fabs(l->residual[k]);
	sort_values(l->scratch, l->n);
	/* a level's median takes one residual to 0: the middle of the others */
	l->spike = SPIKE * NORMAL_MAD * l->scratch[(l->n + l->nr) / 2 < l->n ? (l->n + l->nr) / 2 : l->n - 1];
}

static double clipped(double r, double most)
{
	return fmax(-most, fmin(most, r));
}

/* Correlation of neighbours within levels, spikes cut down; corrected for what the fitted levels take of it. */
static double correlation(const struct levels *l)
{
	double product = 0, square = 0, before = 0;

	for (size_t i = 0; i < l->nr; i++) {
		for (size_t k = l->bounds[i]; k < l->bounds[i + 1]; k++) {
			const double r = clipped(l->y[k] - l->center[i], l->spike);

			square += r * r;
			product += k > l->bounds[i] ? r * before : 0;
			before = r;
		}
	}
	if (square <= 0)
		return 0;
	const double rho = product / square;

	return rho + ((double)l->nr + 3 * rho) / (double)l->n;
}

void levels_measure(struct levels *l)
{
	double squares[2] = { 0 }, rho;
	size_t all = 0, sides[2] = { 0 };

	measure_spikes(l);
	l->above = l->below = 0;
	for (size_t i = 0; i < l->nr; i++) {
		const double median = l->center[i];
		double sum = 0;

		l->inliers[i] = 0;
		for (size_t k = l->bounds[i]; k < l->bounds[i + 1]; k++) {
			const bool spike = fabs(l->residual[k]) > l->spike;

			l->above += spike && l->residual[k] > 0;
			l->below += spike && l->residual[k] < 0;
			l->inliers[i] += !spike;
			sum += spike ? 0 : l->residual[k];
		}
		/* an even number of numbers may all be far from their median, which lies between them */
		if (l->inliers[i])
			l->center[i] = median + sum / (double)l->inliers[i];
		for (size_t k = l->bounds[i]; k < l->bounds[i + 1]; k++) {
			const double r = clipped(l->y[k] - l->center[i], l->spike);

			squares[r > 0] += r * r;
			sides[r > 0]++;
		}
		all += l->inliers[i];
	}
	rho = fmax(0, fmin(fmax(fmin(correlation(l), MAX_SHOWN), l->expected), MAX_CORRELATION));
	l->inflation = (1 + rho) / (1 - rho);
	l->freedom = fmax(1, (double)all - (double)l->nr);
	/* skewed noise reaches farther to one side: there a sum of a few numbers is as likely to be far off */
	const double both = (squares[0] + squares[1]) / l->freedom;
	for (int up = 0; up < 2; up++)
		l->deviation[up] = sqrt(fmax(both, sides[up] ? squares[up] / (double)sides[up] : 0));
}

/* Is the lesser of the two levels at a change above the other? */
static bool is_up(const struct levels *l, size_t i)
{
	const bool last = l->bounds[i] - l->bounds[i - 1] > l->bounds[i + 1] - l->bounds[i];

	return (l->center[i] > l->center[i - 1]) == last;
}

static double standard_error(const struct levels *l, size_t i)
{
	const double a = fmax(1, (double)l->inliers[i - 1]), b = fmax(1, (double)l->inliers[i]);

	return l->deviation[is_up(l, i)] * sqrt(l->inflation * (1 / a + 1 / b));
}

static double freedom(const struct levels *l)
{
	return fmax(1, l->freedom / l->inflation);
}

/* That `few` of n numbers in any order come last, or first: all there is to say where numbers of a level are all the same. */
static double by_order(size_t n, size_t few)
{
	return 2 * exp(lgamma((double)few + 1) + lgamma((double)(n - few) + 1) - lgamma((double)n + 1));
}

/* How many numbers of level i are on the far side of `middle`. */
static size_t beyond(const struct levels *l, size_t i, double middle, bool up)
{
	size_t nr = 0;

	for (size_t k = l->bounds[i]; k < l->bounds[i + 1]; k++)
		nr += up ? l->y[k] > middle : l->y[k] < middle;
	return nr;
}

double levels_probability(const struct levels *l, size_t i)
{
	const size_t a = l->bounds[i] - l->bounds[i - 1], b = l->bounds[i + 1] - l->bounds[i];
	const size_t lesser = a > b ? i : i - 1, other = a > b ? i - 1 : i, runs = a > b ? b : a;
	const double difference = l->center[i] - l->center[i - 1], error = standard_error(l, i);
	const double middle = (l->center[i] + l->center[i - 1]) / 2;
	/* where it could be; a level between two others could begin and end anywhere */
	const double ends = (double)(l->n - 2 * CHANGES_LEVEL + 1);
	const bool inner = lesser > 0 && lesser + 1 < l->nr;
	const double places = inner ? ends * (ends + 1) / 2 : ends;
	const bool up = is_up(l, i);
	const size_t far = beyond(l, lesser, middle, up);
	double noise, spikes;

	if (difference == 0 || far < CHANGES_LEVEL)
		return 1;
	if (error > 0) {
		noise = 2 * student_tail(fabs(difference) / error, freedom(l));
		spikes = ((double)(up ? l->above : l->below) + PRIOR_SPIKES) / ((double)l->n + PRIOR_RUNS);
	} else {
		noise = by_order(a + b, runs);
		spikes = ((double)beyond(l, other, middle, up) + 1) / ((double)(a + b - runs) + 2);
	}
	return fmin(1, places * (noise + binomial_tail(runs, spikes, far)));
}

double levels_margin(const struct levels *l, size_t i)
{
	return student_quantile(0.025, freedom(l)) * standard_error(l, i);
}

/*
 * Moving the cut over a number costs its distance to the new level less that to the old one, neither of more than what is
 * between the levels: that much, and no more, a spike can pull. In units of the noise it is twice a difference of log
 * likelihoods.
 */
size_t levels_place(const struct levels *l, size_t i, size_t *from, size_t *to)
{
	const size_t first = l->bounds[i - 1] + CHANGES_LEVEL, end = l->bounds[i + 1] - CHANGES_LEVEL;
	const double a = l->center[i - 1], b = l->center[i], step = fabs(b - a);
	const double unit = l->deviation[is_up(l, i)] * l->deviation[is_up(l, i)] * l->inflation;
	double sum = 0, least = 0;
	size_t best = first;

	l->scratch[first] = 0;
	for (size_t t = first; t < end; t++) {
		sum += fmin(fabs(l->y[t] - a), step) - fmin(fabs(l->y[t] - b), step);
		l->scratch[t + 1] = sum;
		if (sum < least) {
			least = sum;
			best = t + 1;
		}
	}
	*from = *to = best;
	for (size_t t = first; t <= end; t++) {
		if ((l->scratch[t] - least) * step > 3.84 * unit)
			continue;
		*from = t < *from ? t : *from;
		*to = t > *to ? t : *to;
	}
	return best;
}
