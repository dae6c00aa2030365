/* SPDX-License-Identifier: MIT */
/*
 * resample.h - how sure is a quantile, or by how much one sample's is above another's? Percentile bootstrap (Efron 1979).
 *
 * What is drawn are places in the sorted sample, once for each size: every pair of samples of these sizes is judged by the same
 * draws, so that ten thousand of them cost no more than looking the drawn values up.
 */
#ifndef RESAMPLE_H
#define RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resample_draws {
	uint32_t *places; /* two a draw: the quantile lies between them */
	uint32_t nr;      /* draws: fewer of large samples */
	size_t size;      /* of the samples */
};

struct resample {
	double quantile; /* 0.5: medians */
	double part;
	uint32_t nr;                  /* draws */
	struct resample_draws *draws; /* by size and side */
	size_t nr_draws;
	double *ratios; /* room for nr */
};

void sort_values(double *values, size_t nr);
/* Sorts the values, of which there is at least one. */
double sort_median(double *values, size_t nr);
/* A quantile q of n values is at place (n - 1) q of the sorted ones, between two of them in proportion. */
double sorted_quantile(const double *sorted, size_t n, double q);

void resample_open(struct resample *r, double quantile, uint32_t nr);
void resample_free(struct resample *r);

/*
 * The 95 % interval of quantile of b by quantile of a. Both are sorted and of at least three values. False: no memory, or a
 * quantile of 0 was drawn for a.
 */
bool resample_ratio(struct resample *r, const double *a, size_t na, const double *b, size_t nb, double *low,
                    double *high);

#endif
