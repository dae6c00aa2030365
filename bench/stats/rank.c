// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "exact.h"
#include "rank.h"

#define MOST_WORK 4e6 /* additions for one exact p with ties: 25 values a side */
#define NO_MATTER 0.1 /* an approximate p above that is as good as an exact one: neither decides anything */

/* Twice the rank of each value in both sides together, a's first; a rank of ties is their mean. */
struct ranked {
	uint32_t *twice;
	uint64_t sum_b;
	double ties; /* sum of t^3 - t over groups of t equal values */
};

static bool rank_both(const double *a, size_t na, const double *b, size_t nb, struct ranked *r)
{
	size_t i = 0, k = 0, below = 0;

	*r = (struct ranked){ .twice = malloc((na + nb) * sizeof(*r->twice)) };
	if (!r->twice)
		return false;
	while (i < na || k < nb) {
		double value = i < na && (k == nb || a[i] <= b[k]) ? a[i] : b[k];
		size_t from_a = i, from_b = k;

		while (i < na && a[i] <= value)
			i++;
		while (k < nb && b[k] <= value)
			k++;
		size_t group = i - from_a + k - from_b;
		uint32_t twice = (uint32_t)(2 * below + group + 1);
		double t = (double)group;

		for (size_t j = from_a; j < i; j++)
			r->twice[j] = twice;
		for (size_t j = from_b; j < k; j++)
			r->twice[na + j] = twice;
		r->sum_b += (uint64_t)twice * (k - from_b);
		r->ties += t * t * t - t;
		below += group;
	}
	return true;
}

/*
 * P(|U - mean| >= |u - mean|) for every u, without ties: ways[k][s] as in exact.c, of the ranks 0 .. m + n - 1, of which the
 * smallest sum is taken off.
 */
static double *count_table(size_t m, size_t n)
{
	size_t most = m * n, smallest = m * (m - 1) / 2, top = most + smallest;
	double *ways = calloc((m + 1) * (top + 1), sizeof(*ways)), *p = calloc(most + 1, sizeof(*p));
	double all = 0;

	if (!ways || !p) {
		free(ways);
		free(p);
		return NULL;
	}
	ways[0] = 1;
	for (size_t rank = 0; rank < m + n; rank++) {
		for (size_t k = rank + 1 < m ? rank + 1 : m; k; k--) {
			const double *from = ways + (k - 1) * (top + 1);
			double *to = ways + k * (top + 1) + rank;

			for (size_t s = 0; s + rank <= top; s++)
				to[s] += from[s];
		}
	}
	const double *u = ways + m * (top + 1) + smallest;

	for (size_t s = 0; s <= most; s++)
		all += u[s];
	/* symmetric: both tails up to the smaller of u and most - u */
	double tail = 0;

	for (size_t s = 0; s <= most - s; s++) {
		tail += u[s];
		p[s] = p[most - s] = 2 * tail / all < 1 ? 2 * tail / all : 1;
	}
	free(ways);
	return p;
}

static bool table_p(struct rank_tables *tables, size_t na, size_t nb, double u, double *p)
{
	size_t m = na < nb ? na : nb, n = na < nb ? nb : na;

	if (n >= RANK_TABLES)
		return false;
	double **table = &tables->p[m][n];

	if (!*table)
		*table = count_table(m, n);
	if (*table)
		*p = (*table)[(size_t)u];
	return *table;
}

struct rank_test rank_test(const double *a, size_t na, const double *b, size_t nb, struct rank_tables *tables)
{
	struct ranked r;
	struct rank_test t = { .p = NAN, .z = NAN, .larger = NAN };

	if (!rank_both(a, na, b, nb, &r))
		return t;
	double m = (double)na, n = (double)nb, all = m + n;
	double u = (double)r.sum_b / 2 - n * (n + 1) / 2, off = u - m * n / 2;
	double sd = sqrt(m * n / 12 * (all + 1 - r.ties / (all * (all - 1))));

	t.larger = u / (m * n);
	t.z = sd > 0 ? off / sd : 0;
	t.p = sd > 0 ? normal_p(fmax(fabs(off) - 0.5, 0) / sd) : 1;
	if (!(sd > 0)) {
		t.exact = true; /* all are equal */
	} else if (r.ties <= 0) {
		t.exact = table_p(tables, na, nb, u, &t.p);
	} else if (t.p < NO_MATTER && exact_permutation_work(r.twice, na + nb, nb) < MOST_WORK) {
		double p = exact_permutation(r.twice, na + nb, nb, r.sum_b);

		t.exact = !isnan(p);
		t.p = t.exact ? p : t.p;
	}
	free(r.twice);
	return t;
}

void rank_tables_free(struct rank_tables *tables)
{
	for (size_t m = 0; m < RANK_TABLES; m++) {
		for (size_t n = 0; n < RANK_TABLES; n++)
			free(tables->p[m][n]);
	}
	*tables = (struct rank_tables){ 0 };
}

double rank_smallest_p(size_t na, size_t nb)
{
	double m = (double)na, n = (double)nb;

	return fmin(1, 2 * exp(lgamma(m + 1) + lgamma(n + 1) - lgamma(m + n + 1)));
}

/* ---- many tests at once ---------------------------------------------------------------------- */

struct numbered {
	double p;
	size_t number;
};

static int by_p(const void *pa, const void *pb)
{
	const struct numbered *a = pa, *b = pb;

	return a->p != b->p ? (a->p > b->p) - (a->p < b->p) : (a->number > b->number) - (a->number < b->number);
}

bool holm(double *p, size_t nr)
{
	struct numbered *sorted = malloc(nr * sizeof(*sorted) + 1);
	double largest = 0;

	if (!sorted)
		return false;
	for (size_t i = 0; i < nr; i++)
		sorted[i] = (struct numbered){ p[i], i };
	qsort(sorted, nr, sizeof(*sorted), by_p);
	for (size_t i = 0; i < nr; i++) {
		largest = fmax(largest, fmin(1, sorted[i].p * (double)(nr - i)));
		p[sorted[i].number] = largest;
	}
	free(sorted);
	return true;
}
