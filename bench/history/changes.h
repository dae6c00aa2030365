/* SPDX-License-Identifier: MIT */
/*
 * changes.h - where a series of numbers, one a run, changes its level: docs/history.md has the method and what it was measured
 * to find and to miss.
 *
 * Candidates come from an optimal partition of the series into levels (Killick, Fearnhead, Eckley, JASA 2012), priced by
 * absolute deviations from the median, which a lone spike can not buy itself a level with (Fearnhead, Rigaill, JASA 2019). Each
 * is then asked: how likely is that by noise, or by spikes as frequent as they are in this series, at any place of it?
 */
#ifndef CHANGES_H
#define CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#define CHANGES_LEVEL 3    /* runs that a level has at least */
#define CHANGES_MIN   8    /* runs that a series has at least */
#define CHANGES_ALPHA 0.05 /* a candidate of a lesser probability stands, as far as its own series goes */

struct change {
	size_t before,
		at; /* the last run of the old level and the first of the new one: between them are only runs without a number */
	size_t from, to; /* the change may as well have come between these two runs: a 95 % range */
	double old, new; /* levels */
	/* new / old - 1, or new - old where `relative` is false: not asked for, or zero or less is among the numbers; 95 % interval */
	bool relative;
	double size, low, high;
	double p; /* of so much without a change, corrected for the places of the series where one could be, but not for other series */
};

struct changes {
	struct change *list; /* in order */
	size_t nr;
	size_t missing; /* runs that a series too short for an answer lacks; else 0 */
};

/* A series: one number a run, in order; what is not finite is a run without a number. */
struct changes_series {
	const double *values;
	size_t n;
	bool ratio; /* levels are compared by their ratio, and noise is taken to grow with them, if all numbers are above 0 */
};

/*
 * `correlation` of a number's noise with the one before is taken to be that, or more where the series shows it. 0 or -ENOMEM;
 * free with changes_free() in either case.
 */
int changes_find(struct changes *c, const struct changes_series *s, double correlation);
void changes_free(struct changes *c);

/* That correlation, whatever levels the series has; rough, as one of few numbers is. NAN of too short or too coarse a series. */
double changes_correlation(const struct changes_series *s);

/*
 * What to expect of the series of one machine, from their correlations (NANs left out) and how many numbers they are of: the
 * median, less what it may be above by chance, and at least 0; 0 also if they are of few numbers. Sorts them.
 */
double changes_expected(double *correlations, size_t nr, size_t numbers);

#endif
