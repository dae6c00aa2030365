// SPDX-License-Identifier: MIT
/*
 * rates.c - which share of the requests succeeded, tested exactly. Requests that both sides made alike are pairs; repetitions of
 * the wall clock are what varies there; else each request is a trial of its own.
 */
#include <math.h>
#include <stdlib.h>

#include "../stats/exact.h"
#include "inside.h"

#define FEWEST_REPETITIONS 4 /* of either side: with 3 no permutation is rare enough to tell anything */
#define MOST_WORK          5e7

static void sum(const struct record_metric *m, uint64_t *k, uint64_t *n)
{
	*k = *n = 0;
	for (size_t i = 0; i < m->nr; i++) {
		*k += m->values[i].k;
		*n += m->values[i].n;
	}
}

/* In points. */
static void interval(struct comparison *one, double difference, double half)
{
	one->low = 100 * (difference - half);
	one->high = 100 * (difference + half);
}

/*
 * The same seed and number, and both asked for the same range. McNemar (1947) looks at those that ended otherwise; the interval
 * is Wald's with one more of each kind (Bonett and Price 2012).
 */
static bool paired(struct comparison *one, const struct record_benchmark *old, const struct record_benchmark *new)
{
	size_t i = 0, k = 0, asked = 0, got = 0;

	while (i < old->nr_requests && k < new->nr_requests) {
		const struct record_request *a = &old->requests[i], *b = &new->requests[k];
		int order = a->seed != b->seed ? (a->seed > b->seed) - (a->seed < b->seed)
		                               : (a->number > b->number) - (a->number < b->number);

		i += order <= 0;
		k += order >= 0;
		if (order)
			continue;
		asked++;
		if (a->start != b->start || a->start == UINT32_MAX)
			continue;
		one->pairs++;
		got += !a->rc;
		one->lost += !a->rc && b->rc;
		one->gained += a->rc && !b->rc;
	}
	/* with few of them alike the rest would be left out of the answer; seeds of one side only are */
	if (!one->pairs || one->pairs < asked) {
		one->pairs = one->lost = one->gained = 0;
		return false;
	}
	one->from = (double)got / (double)one->pairs;
	one->to = (double)(got - one->lost + one->gained) / (double)one->pairs;
	one->change = 100 * (one->to - one->from);
	double n = (double)one->pairs + 2, lost = ((double)one->lost + 1) / n, gained = ((double)one->gained + 1) / n;

	one->differ = one->lost + one->gained;
	one->test = "McNemar, exact";
	one->p = exact_mcnemar(one->lost, one->gained);
	interval(one, gained - lost,
	         normal_z(COMPARE_ALPHA) * sqrt((lost + gained - (gained - lost) * (gained - lost)) / n));
	return true;
}

/* Is every repetition of as many requests? */
static uint64_t common_requests(const struct record_metric *old, const struct record_metric *new)
{
	uint64_t n = old->values[0].n;

	for (size_t i = 0; i < old->nr; i++)
		n = old->values[i].n == n ? n : 0;
	for (size_t i = 0; i < new->nr; i++)
		n = new->values[i].n == n ? n : 0;
	return n;
}

static double variance(const struct record_metric *m, double mean)
{
	double squares = 0;

	for (size_t i = 0; i < m->nr; i++)
		squares += (m->values[i].value - mean) * (m->values[i].value - mean);
	return squares / (double)(m->nr - 1) / (double)m->nr;
}

/*
 * Repetitions are exchangeable, the requests within one are not independent: successes of repetitions are permuted (Fisher 1935,
 * Pitman 1937), and the interval is of their spread.
 */
static bool permuted(struct comparison *one)
{
	size_t na = one->old->nr, nb = one->new->nr;

	if (na < FEWEST_REPETITIONS || nb < FEWEST_REPETITIONS || !common_requests(one->old, one->new))
		return false;
	uint32_t *k = calloc(na + nb, sizeof(*k));
	uint64_t new_sum = 0;

	for (size_t i = 0; k && i < na + nb; i++) {
		k[i] = (uint32_t)(i < na ? one->old->values[i].k : one->new->values[i - na].k);
		new_sum += i < na ? 0 : k[i];
	}
	if (k && exact_permutation_work(k, na + nb, nb) <= MOST_WORK)
		one->p = exact_permutation(k, na + nb, nb, new_sum);
	free(k);
	if (isnan(one->p))
		return false;
	one->test = "permutation of repetitions, exact";
	interval(one, one->to - one->from,
	         normal_z(COMPARE_ALPHA) * sqrt(variance(one->old, one->from) + variance(one->new, one->to)));
	return true;
}

/* Wilson's interval (1927) of one rate: how far its bounds are from k / n. */
static void wilson(double k, double n, double *below, double *above)
{
	double z = normal_z(COMPARE_ALPHA), p = k / n, middle = (p + z * z / (2 * n)) / (1 + z * z / n);
	double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

	*below = p - (middle - half);
	*above = middle + half - p;
}

/* Independent trials: Fisher's test, and the interval of Newcombe (1998). */
static void trials(struct comparison *one)
{
	uint64_t ka, na, kb, nb;
	double below_a, above_a, below_b, above_b, d = one->to - one->from;

	sum(one->old, &ka, &na);
	sum(one->new, &kb, &nb);
	one->test = "Fisher, exact";
	one->p = exact_fisher(ka, na, kb, nb);
	wilson((double)ka, (double)na, &below_a, &above_a);
	wilson((double)kb, (double)nb, &below_b, &above_b);
	one->low = 100 * (d - sqrt(below_b * below_b + above_a * above_a));
	one->high = 100 * (d + sqrt(above_b * above_b + below_a * below_a));
}

void compare_rate(struct comparison *one, const struct record_benchmark *old, const struct record_benchmark *new)
{
	uint64_t ka, na, kb, nb;

	sum(one->old, &ka, &na);
	sum(one->new, &kb, &nb);
	if (!na || !nb)
		return;
	one->from = (double)ka / (double)na;
	one->to = (double)kb / (double)nb;
	one->change = 100 * (one->to - one->from);
	if (!paired(one, old, new) && !permuted(one))
		trials(one);
}
