// SPDX-License-Identifier: MIT
#include "fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/resample.h"

#define ROUNDS   40     /* of reweighting; it settles in a few */
#define HUBER    1.345  /* 95 % as good as least squares where errors are normal */
#define SIGMA    1.4826 /* of a median of absolute deviations, where they are */
#define PARALLEL 1e-9   /* what is left of a column, as a share of it, when the others are taken out */
#define LEAST_SIGMA                                                                                                    \
	0.01 /* nothing is told better than that: rows that happen to fit exactly must not outweigh all others */

typedef double matrix[FIT_MAX_COLUMNS][FIT_MAX_COLUMNS + 1];

struct work {
	const struct fit_row *rows;
	size_t nr;
	double *weight; /* of a row: 1 / y, and less where it lies far off */
	double *off;    /* relative deviations */
	double *sorted;
	unsigned int use;                              /* columns, as bits */
	double scale[FIT_MAX_COLUMNS];                 /* of the columns: sums of squares of 1 */
	double gram[FIT_MAX_COLUMNS][FIT_MAX_COLUMNS]; /* weighted, scaled */
	double right[FIT_MAX_COLUMNS];
	double price[FIT_MAX_COLUMNS];
};

static bool has(unsigned int set, unsigned int c)
{
	return set >> c & 1u;
}

/* Gauss with the pivots on the diagonal, which is safe for such matrices; columns that depend on others get 0. */
static void solve(const struct work *w, unsigned int set, double out[FIT_MAX_COLUMNS])
{
	unsigned int col[FIT_MAX_COLUMNS], n = 0;
	bool dead[FIT_MAX_COLUMNS] = { false };
	matrix a;

	for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
		out[c] = 0;
		if (has(set, c))
			col[n++] = c;
	}
	for (unsigned int i = 0; i < n; i++) {
		for (unsigned int k = 0; k < n; k++)
			a[i][k] = w->gram[col[i]][col[k]];
		a[i][n] = w->right[col[i]];
	}
	for (unsigned int i = 0; i < n; i++) {
		dead[i] = a[i][i] <= PARALLEL * w->gram[col[i]][col[i]];
		for (unsigned int k = i + 1; k < n && !dead[i]; k++) {
			double f = a[k][i] / a[i][i];

			for (unsigned int j = i; j <= n; j++)
				a[k][j] -= f * a[i][j];
		}
	}
	for (unsigned int i = n; i-- > 0;) {
		double sum = a[i][n];

		for (unsigned int k = i + 1; k < n; k++)
			sum -= a[i][k] * out[col[k]];
		out[col[i]] = dead[i] ? 0 : sum / a[i][i];
	}
}

static void make_gram(struct work *w)
{
	memset(w->gram, 0, sizeof(w->gram));
	memset(w->right, 0, sizeof(w->right));
	for (size_t i = 0; i < w->nr; i++) {
		const struct fit_row *r = &w->rows[i];

		for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
			if (!has(w->use, c))
				continue;
			double x = r->x[c] * w->weight[i] / w->scale[c];

			w->right[c] += x * r->y * w->weight[i];
			for (unsigned int k = 0; k < FIT_MAX_COLUMNS; k++) {
				if (has(w->use, k))
					w->gram[c][k] += x * r->x[k] * w->weight[i] / w->scale[k];
			}
		}
	}
}

/* The steepest way down from here among columns that are held at 0; FIT_MAX_COLUMNS: none leads down. */
static unsigned int steepest(const struct work *w, unsigned int free_set, unsigned int refused)
{
	unsigned int best = FIT_MAX_COLUMNS;
	double most = 1e-12;

	for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
		double slope = w->right[c];

		if (!has(w->use, c) || has(free_set | refused, c))
			continue;
		for (unsigned int k = 0; k < FIT_MAX_COLUMNS; k++)
			slope -= has(w->use, k) ? w->gram[c][k] * w->price[k] : 0;
		if (slope > most * (fabs(w->right[c]) + 1e-300)) {
			most = slope / (fabs(w->right[c]) + 1e-300);
			best = c;
		}
	}
	return best;
}

/* Lawson and Hanson: columns are let go one at a time, and held at 0 again when they would become negative. */
static void solve_non_negative(struct work *w)
{
	unsigned int free_set = 0, refused = 0;
	double next[FIT_MAX_COLUMNS];

	memset(w->price, 0, sizeof(w->price));
	for (unsigned int round = 0; round < 8 * FIT_MAX_COLUMNS; round++) {
		unsigned int c = steepest(w, free_set, refused);

		if (c == FIT_MAX_COLUMNS)
			break;
		free_set |= 1u << c;
		for (bool first = true;; first = false) {
			double step = 1;

			solve(w, free_set, next);
			/* rounding makes a way up of it: not this one */
			if (first && next[c] <= 0) {
				free_set &= ~(1u << c);
				refused |= 1u << c;
				break;
			}
			for (unsigned int k = 0; k < FIT_MAX_COLUMNS; k++) {
				if (has(free_set, k) && next[k] <= 0 && w->price[k] / (w->price[k] - next[k]) < step)
					step = w->price[k] / (w->price[k] - next[k]);
			}
			for (unsigned int k = 0; k < FIT_MAX_COLUMNS; k++) {
				w->price[k] += has(free_set, k) ? step * (next[k] - w->price[k]) : 0;
				if (has(free_set, k) && step < 1 && w->price[k] < 1e-12 && k != c) {
					w->price[k] = 0;
					free_set &= ~(1u << k);
				}
			}
			if (step >= 1) {
				refused = 0;
				break;
			}
		}
	}
}

static double fitted(const struct work *w, const struct fit_row *r)
{
	double y = 0;

	for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++)
		y += has(w->use, c) ? r->x[c] * w->price[c] / w->scale[c] : 0;
	return y;
}

/* What a deviation is relative to: else a short duration that is told much too long would outweigh all others. */
static double size_of(const struct work *w, const struct fit_row *r)
{
	return fmax(r->y, fitted(w, r));
}

/* The deviation of one row in relative terms, by the middle one of all. */
static double spread(struct work *w)
{
	for (size_t i = 0; i < w->nr; i++) {
		w->off[i] = (w->rows[i].y - fitted(w, &w->rows[i])) / size_of(w, &w->rows[i]);
		w->sorted[i] = fabs(w->off[i]);
	}
	return sort_median(w->sorted, w->nr);
}

static void reweight(struct work *w)
{
	double sigma = SIGMA * spread(w);

	if (sigma < LEAST_SIGMA)
		sigma = LEAST_SIGMA;
	for (size_t i = 0; i < w->nr; i++) {
		double far = fabs(w->off[i]) / (HUBER * sigma);

		w->weight[i] = 1 / size_of(w, &w->rows[i]) / (far > 1 ? sqrt(far) : 1);
	}
}

/* Leave out columns with nothing in them, or nothing of their own. */
static void choose_columns(struct work *w, unsigned int columns)
{
	for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
		double sum = 0;

		for (size_t i = 0; i < w->nr && has(columns, c); i++)
			sum += w->rows[i].x[c] / w->rows[i].y * (w->rows[i].x[c] / w->rows[i].y);
		w->scale[c] = sqrt(sum);
		if (sum > 0)
			w->use |= 1u << c;
	}
	make_gram(w);
	/* what the columns before it leave of a column: Cholesky's diagonal */
	double l[FIT_MAX_COLUMNS][FIT_MAX_COLUMNS] = { { 0 } };
	unsigned int use = w->use;

	for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
		if (!has(use, c))
			continue;
		for (unsigned int k = 0; k <= c; k++) {
			double sum = w->gram[c][k];

			if (!has(use, k))
				continue;
			for (unsigned int j = 0; j < k; j++)
				sum -= l[c][j] * l[k][j];
			if (k < c)
				l[c][k] = sum / l[k][k];
			else if (sum <= PARALLEL)
				use &= ~(1u << c);
			else
				l[c][c] = sqrt(sum);
		}
		if (!has(use, c))
			memset(l[c], 0, sizeof(l[c]));
	}
	w->use = use;
}

/* Variances: sigma^2 times the inverse of the gram matrix, of the columns that are not held at 0 (and the one asked for). */
static double variance_of(const struct work *w, unsigned int c, double sigma2)
{
	struct work unit = *w;
	double column[FIT_MAX_COLUMNS];
	unsigned int set = 1u << c;

	for (unsigned int k = 0; k < FIT_MAX_COLUMNS; k++) {
		set |= has(w->use, k) && w->price[k] > 0 ? 1u << k : 0;
		unit.right[k] = k == c;
	}
	solve(&unit, set, column);
	return sigma2 * column[c];
}

static void report(struct work *w, struct fit *out, unsigned int columns)
{
	double sigma = SIGMA * spread(w), sum = 0;
	unsigned int used = 0;

	out->residual = sort_median(w->sorted, w->nr);
	for (size_t i = 0; i < w->nr; i++) {
		double r = w->off[i] * w->weight[i] * size_of(w, &w->rows[i]);

		out->outliers += fabs(w->off[i]) > 3 * (sigma > LEAST_SIGMA ? sigma : LEAST_SIGMA);
		sum += r * r;
	}
	for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++)
		used += has(w->use, c) && w->price[c] > 0;
	double sigma2 = w->nr > used ? sum / (double)(w->nr - used) : 0;

	make_gram(w);
	for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
		struct fit_price *p = &out->price[c];

		for (size_t i = 0; i < w->nr && has(columns, c); i++)
			p->rows += w->rows[i].x[c] > 0;
		p->fitted = has(w->use, c);
		if (!p->fitted)
			continue;
		p->value = w->price[c] / w->scale[c];
		p->error = sqrt(fmax(0, variance_of(w, c, sigma2))) / w->scale[c];
	}
}

int fit_prices(struct fit *out, const struct fit_row *rows, size_t nr, unsigned int columns)
{
	struct work w = { .rows = rows, .nr = nr };
	double mean = 0;

	*out = (struct fit){ .residual = 0 };
	for (size_t i = 0; i < nr; i++) {
		if (!(rows[i].y > 0) || !isfinite(rows[i].y))
			return -EINVAL;
	}
	if (!nr)
		return -EINVAL;
	w.weight = calloc(nr * 3, sizeof(*w.weight));
	if (!w.weight)
		return -ENOMEM;
	w.off = w.weight + nr;
	w.sorted = w.off + nr;
	for (size_t i = 0; i < nr; i++)
		w.weight[i] = 1 / rows[i].y;
	choose_columns(&w, columns);
	int rc = nr < (size_t)__builtin_popcount(w.use) || !w.use ? -EINVAL : 0;

	/* begin with the long ones: one short duration that should have been long would pull all prices down for good */
	for (size_t i = 0; i < nr; i++)
		mean += rows[i].y / (double)nr;
	for (size_t i = 0; i < nr; i++)
		w.weight[i] = 1 / mean;

	for (int round = 0; round < ROUNDS && !rc; round++) {
		make_gram(&w);
		solve_non_negative(&w);
		reweight(&w);
	}
	if (!rc) {
		make_gram(&w);
		solve_non_negative(&w);
		report(&w, out, columns);
	}
	free(w.weight);
	return rc;
}
