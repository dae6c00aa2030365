/* SPDX-License-Identifier: MIT */
/* changes_inside.h - what the files behind changes.h share. */
#ifndef CHANGES_INSIDE_H
#define CHANGES_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Cut y[n] into levels of at least CHANGES_LEVEL numbers: bounds[0] = 0 < ... < bounds[*nr] = n. `bounds` has room for
 * n / CHANGES_LEVEL + 2. 0 or -ENOMEM.
 */
int partition(const double *y, size_t n, size_t *bounds, size_t *nr);

/* A series cut into levels, and how its numbers lie around them. */
struct levels {
	const double *y;
	size_t n;
	size_t *bounds;   /* nr + 1 */
	size_t nr;        /* levels */
	double *center;   /* of each level: mean of what is no spike */
	size_t *inliers;  /* of each level */
	double *residual; /* of each number to the median of its level */
	double *scratch;
	double spike;        /* a residual of more than this is one */
	double deviation[2]; /* standard deviation, spikes cut down to that: for what is below, and above */
	double freedom;      /* ... and its degrees of freedom: those of the others */
	double expected;     /* correlation of neighbours, as the caller has it */
	double inflation;    /* of the variance of a mean, by the correlation of neighbours: 1 or more */
	size_t above, below; /* spikes */
};

/* 0 or -ENOMEM; free with levels_free(). y and bounds stay the caller's. */
int levels_init(struct levels *l, const double *y, size_t n, size_t *bounds, size_t nr, double correlation);
void levels_free(struct levels *l);
/* After bounds or nr have changed. */
void levels_measure(struct levels *l);

/* Of the change at bounds[i], 0 < i < nr. */
double levels_probability(const struct levels *l, size_t i);
/* Half of the 95 % interval of the difference. */
double levels_margin(const struct levels *l, size_t i);
/* Where between its neighbours the change at bounds[i] fits best; *from and *to: where it fits hardly worse. */
size_t levels_place(const struct levels *l, size_t i, size_t *from, size_t *to);

#endif
