/* SPDX-License-Identifier: MIT */
/*
 * fit.h - prices from measured durations: ns of each observation = sum over columns of count * price, none of them negative.
 *
 * Least squares of relative errors (to the larger of what was measured and what is fitted), for a request of 8 pageblocks
 * varies by more ns than one of 1; non-negative by the
 * active-set method of Lawson and Hanson (Solving Least Squares Problems, ch. 23); and reweighted as Huber has it, because an
 * interrupt in the middle of a phase makes single durations far too long, and none too short.
 */
#ifndef FIT_H
#define FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIT_MAX_COLUMNS 9u

struct fit_row {
	double y; /* measured; above 0 */
	double x[FIT_MAX_COLUMNS];
};

struct fit_price {
	bool fitted;   /* the column varies, and is told apart from the others */
	double value;  /* 0 where it would have become negative */
	double error;  /* standard error; of a price held at 0 that of the one it would have */
	uint32_t rows; /* with something in the column */
};

struct fit {
	struct fit_price price[FIT_MAX_COLUMNS];
	double residual;   /* median of |y - fitted|, relative to the larger of the two */
	uint32_t outliers; /* rows further than 3 deviations away */
};

/*
 * columns: bits of those to fit; a column that is 0 everywhere, or a multiple of others, is left out (fitted false). 0, -EINVAL
 * with fewer rows than columns, or -ENOMEM.
 */
int fit_prices(struct fit *out, const struct fit_row *rows, size_t nr, unsigned int columns);

#endif
