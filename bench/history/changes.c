// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/resample.h"
#include "changes.h"
#include "changes_inside.h"

#define DOUBT                                                                                                          \
	4.0 /* standard errors of changes_correlation() of white noise are 3 over the root of its length: measured */
#define ENOUGH 200 /* numbers: from fewer, a step would often be taken for correlation */

/* The numbers of a series, and which runs they are of. */
struct numbers {
	double *y;
	size_t *run;
	size_t nr;
	bool logarithms; /* levels are then compared by their ratio, and noise in proportion is as large everywhere */
};

static int take(struct numbers *s, const struct changes_series *from)
{
	const double *values = from->values;

	*s = (struct numbers){ .y = calloc(from->n + 1, sizeof(*s->y)), .run = calloc(from->n + 1, sizeof(*s->run)) };
	s->logarithms = from->ratio;
	if (!s->y || !s->run)
		return -ENOMEM;
	for (size_t i = 0; i < from->n; i++) {
		if (!isfinite(values[i]))
			continue;
		s->y[s->nr] = values[i];
		s->run[s->nr++] = i;
		s->logarithms &= values[i] > 0;
	}
	for (size_t i = 0; i < s->nr && s->logarithms; i++)
		s->y[i] = log(s->y[i]);
	return 0;
}

/* Remove the cut that is most likely chance, until none is likely. */
static void prune(struct levels *l)
{
	for (;;) {
		double worst = CHANGES_ALPHA;
		size_t cut = 0;

		for (size_t i = 1; i < l->nr; i++) {
			const double p = levels_probability(l, i);

			if (p > worst) {
				worst = p;
				cut = i;
			}
		}
		if (!cut)
			return;
		memmove(l->bounds + cut, l->bounds + cut + 1, (l->nr - cut) * sizeof(*l->bounds));
		l->nr--;
		levels_measure(l);
	}
}

/* Where each change fits best, now that its levels are known. */
static void settle(struct levels *l)
{
	size_t from, to;

	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 1; i < l->nr; i++)
			l->bounds[i] = levels_place(l, i, &from, &to);
		levels_measure(l);
	}
}

static struct change describe(const struct levels *l, size_t i, const struct numbers *s)
{
	const double a = l->center[i - 1], b = l->center[i], margin = levels_margin(l, i);
	struct change c = { .relative = s->logarithms, .old = a, .new = b, .p = levels_probability(l, i) };
	size_t from, to;

	levels_place(l, i, &from, &to);
	c.before = s->run[l->bounds[i] - 1];
	c.at = s->run[l->bounds[i]];
	c.from = s->run[(from < l->bounds[i] ? from : l->bounds[i]) - 1];
	c.to = s->run[to > l->bounds[i] ? to : l->bounds[i]];
	c.size = b - a;
	c.low = b - a - margin;
	c.high = b - a + margin;
	if (s->logarithms) {
		c.old = exp(a);
		c.new = exp(b);
		c.size = expm1(c.size);
		c.low = expm1(c.low);
		c.high = expm1(c.high);
	}
	return c;
}

static int find(struct changes *c, const struct numbers *s, double correlation)
{
	size_t *bounds = calloc(s->nr / CHANGES_LEVEL + 2, sizeof(*bounds)), nr;
	struct levels l = { 0 };
	int rc = bounds ? partition(s->y, s->nr, bounds, &nr) : -ENOMEM;

	if (!rc && nr > 1)
		rc = levels_init(&l, s->y, s->nr, bounds, nr, correlation);
	if (!rc && nr > 1) {
		prune(&l);
		settle(&l);
		/* a level that was moved may say less than it did */
		prune(&l);
		c->list = calloc(l.nr, sizeof(*c->list));
		rc = c->list ? 0 : -ENOMEM;
		for (size_t i = 1; !rc && i < l.nr; i++)
			c->list[c->nr++] = describe(&l, i, s);
	}
	levels_free(&l);
	free(bounds);
	return rc;
}

int changes_find(struct changes *c, const struct changes_series *series, double correlation)
{
	struct numbers s;
	int rc = take(&s, series);

	*c = (struct changes){ 0 };
	if (!rc && s.nr < CHANGES_MIN)
		c->missing = CHANGES_MIN - s.nr;
	else if (!rc)
		rc = find(c, &s, correlation);
	free(s.y);
	free(s.run);
	return rc;
}

void changes_free(struct changes *c)
{
	free(c->list);
	*c = (struct changes){ 0 };
}

/* ---- correlation ----------------------------------------------------------------------------- */

/* Median distance of numbers that are `lag` apart. */
static double distance(const struct numbers *s, size_t lag, double *scratch)
{
	for (size_t k = lag; k < s->nr; k++)
		scratch[k - lag] = fabs(s->y[k] - s->y[k - lag]);
	return sort_median(scratch, s->nr - lag);
}

/*
 * In an AR(1) process distances two apart are, squared, 1 + rho times those of neighbours, and medians of them do not mind a
 * few changes of level (Chakar, Lebarbier, Levy-Leduc, Robin, Bernoulli 2017).
 */
double changes_correlation(const struct changes_series *series)
{
	double *scratch = calloc(series->n + 1, sizeof(*scratch)), rho = NAN;
	struct numbers s;

	if (!take(&s, series) && scratch && s.nr >= CHANGES_MIN) {
		const double one = distance(&s, 1, scratch), two = distance(&s, 2, scratch);

		rho = one > 0 ? two * two / (one * one) - 1 : NAN;
	}
	free(s.y);
	free(s.run);
	free(scratch);
	return rho;
}

double changes_expected(double *correlations, size_t nr, size_t numbers)
{
	size_t known = 0;

	for (size_t i = 0; i < nr; i++) {
		if (!isnan(correlations[i]))
			correlations[known++] = correlations[i];
	}
	if (!known || numbers < ENOUGH)
		return 0;
	return fmax(0, sort_median(correlations, known) - DOUBT / sqrt((double)numbers));
}
