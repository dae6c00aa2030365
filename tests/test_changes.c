// SPDX-License-Identifier: MIT
/*
 * test_changes.c - change points: series with changes that are known, and series that have none.
 *
 * `build/tests/test_changes table` measures how often there is a false alarm and how often a change is found, for several
 * kinds of noise: the tables of docs/history.md.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../bench/history/changes.h"
#include "../bench/history/check.h"
#include "../bench/stats/student.h"
#include "lib/series.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_RUNS 200

static struct changes found;

static const struct changes *find(const double *values, size_t n)
{
	const struct changes_series s = { .values = values, .n = n, .ratio = true };

	changes_free(&found);
	assert_int_equal(changes_find(&found, &s, 0), 0);
	return &found;
}

/* Noise of one percent around 100, the same in every run of this test. */
static void noisy(double *out, size_t n)
{
	struct rng rng = rng_seed(1, 1);

	series_draw(out, n, NOISE_NORMAL, 1, &rng);
}

static void scale(double *values, size_t first, size_t end, double factor)
{
	for (size_t i = first; i < end; i++)
		values[i] *= factor;
}

/* ---- distributions --------------------------------------------------------------------------- */

static void assert_near(double a, double b, double error)
{
	if (!(fabs(a - b) <= error * fabs(b)))
		fail_msg("%.17g instead of %.17g", a, b);
}

/* Values of R 4.2: pt(-t, df), pbinom(k - 1, n, p, lower.tail = FALSE) */
static void tails(void **state)
{
	(void)state;
	assert_near(student_tail(0, 5), 0.5, 1e-12);
	assert_near(student_tail(1, 1), 0.25, 1e-12);
	assert_near(student_tail(2.228138851964939, 10), 0.025, 1e-9);
	assert_near(student_tail(sqrt(3.0), 3), 0.0908450569081047, 1e-6);
	assert_true(student_tail(1e6, 30) < 1e-100);
	assert_near(student_quantile(0.025, 10), 2.228138851964939, 1e-9);
	assert_near(student_quantile(0.025, 1e9), 1.959963984540054, 1e-6);
	assert_near(binomial_tail(3, 0.02, 3), 8e-6, 1e-9);
	assert_near(binomial_tail(4, 0.5, 2), 11.0 / 16, 1e-12);
	assert_near(binomial_tail(10, 0.1, 1), 1 - pow(0.9, 10), 1e-12);
	assert_near(binomial_tail(5, 0.1, 0), 1, 1e-12);
	assert_true(binomial_tail(5, 0.1, 6) <= 0);
}

/* ---- known changes --------------------------------------------------------------------------- */

/*
 *	          ________
 *	_________|
 */
static void one_step(void **state)
{
	double v[40];

	(void)state;
	for (int down = 0; down < 2; down++) {
		noisy(v, 40);
		scale(v, 27, 40, down ? 0.9 : 1.1);
		const struct changes *c = find(v, 40);

		assert_int_equal(c->nr, 1);
		assert_int_equal(c->list[0].before, 26);
		assert_int_equal(c->list[0].at, 27);
		assert_true(c->list[0].relative);
		assert_true(c->list[0].low < (down ? -0.1 : 0.1) && (down ? -0.1 : 0.1) < c->list[0].high);
		assert_true(c->list[0].p < 1e-6);
	}
}

/*
 *	     ____      _____
 *	____|    |____|
 */
static void several_steps(void **state)
{
	static const size_t at[] = { 20, 30, 44 };
	double v[60];

	(void)state;
	noisy(v, 60);
	scale(v, 20, 30, 1.1);
	scale(v, 44, 60, 1.2);
	const struct changes *c = find(v, 60);

	assert_int_equal(c->nr, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(c->list[i].at, at[i]);
	assert_true(c->list[0].size > 0 && c->list[1].size < 0 && c->list[2].size > 0);
}

/* A ramp is several steps, all in one direction. */
static void a_drift(void **state)
{
	double v[60];

	(void)state;
	noisy(v, 60);
	for (size_t i = 0; i < 60; i++)
		v[i] *= 1 + 0.005 * (double)i;
	const struct changes *c = find(v, 60);

	assert_true(c->nr >= 2);
	for (size_t i = 0; i < c->nr; i++)
		assert_true(c->list[i].size > 0);
}

/* From the third run on: two may be spikes. */
static void the_newest_runs(void **state)
{
	double v[40];

	(void)state;
	for (size_t k = 1; k <= 4; k++) {
		noisy(v, 40);
		scale(v, 40 - k, 40, 1.3);
		assert_int_equal(find(v, 40)->nr, k >= 3);
		if (k >= 3)
			assert_int_equal(found.list[0].at, 40 - k);
	}
}

/* ---- none ------------------------------------------------------------------------------------ */

/*
 *	      |                   |
 *	______|______  and  ______|
 */
static void lone_spikes(void **state)
{
	double v[40];

	(void)state;
	for (size_t at = 0; at < 40; at++) {
		noisy(v, 40);
		v[at] *= 5;
		assert_int_equal(find(v, 40)->nr, 0);
		v[(at + 13) % 40] *= 0.2;
		assert_int_equal(find(v, 40)->nr, 0);
		noisy(v, 40);
		scale(v, at, at + 2 < 40 ? at + 2 : 40, 3);
		assert_int_equal(find(v, 40)->nr, 0);
	}
}

/* A step is found where it is, whatever spikes there are. */
static void a_step_among_spikes(void **state)
{
	double v[60];

	(void)state;
	noisy(v, 60);
	scale(v, 35, 60, 1.15);
	v[3] *= 4;
	v[33] *= 3;
	v[36] *= 0.3;
	v[50] *= 6;
	assert_int_equal(find(v, 60)->nr, 1);
	assert_int_equal(found.list[0].at, 35);
}

static void constant(void **state)
{
	double v[30];

	(void)state;
	for (size_t i = 0; i < 30; i++)
		v[i] = 7;
	assert_int_equal(find(v, 30)->nr, 0);
	v[12] = 8;
	assert_int_equal(find(v, 30)->nr, 0);
	scale(v, 25, 30, 2);
	assert_int_equal(find(v, 30)->nr, 1);
	assert_int_equal(found.list[0].at, 25);
	assert_near(found.list[0].size, 1, 1e-12);
}

static void too_short(void **state)
{
	static const double v[] = { 1, NAN, 2, 1, 2, INFINITY, 50, 50, 50, NAN };

	(void)state;
	assert_int_equal(find(v, 0)->missing, CHANGES_MIN);
	assert_int_equal(find(v, 1)->missing, CHANGES_MIN - 1);
	assert_int_equal(find(v, COUNT(v))->missing, CHANGES_MIN - 7);
	assert_int_equal(found.nr, 0);
}

/* Runs without a number: the change is between the two that have one. */
static void gaps(void **state)
{
	double v[40];

	(void)state;
	noisy(v, 40);
	scale(v, 21, 40, 1.2);
	v[0] = v[20] = v[21] = v[39] = NAN;
	v[7] = -INFINITY;
	assert_int_equal(find(v, 40)->nr, 1);
	assert_int_equal(found.list[0].before, 19);
	assert_int_equal(found.list[0].at, 22);
}

/* Zero and less have no ratio: levels are then compared by their difference. */
static void no_ratio(void **state)
{
	double v[40];

	(void)state;
	noisy(v, 40);
	for (size_t i = 0; i < 40; i++)
		v[i] += i < 25 ? -100 : -90;
	assert_int_equal(find(v, 40)->nr, 1);
	assert_int_equal(found.list[0].at, 25);
	assert_false(found.list[0].relative);
	assert_true(found.list[0].low < 10 && 10 < found.list[0].high);
}

/* Numbers as large and as small as there are. */
static void extremes(void **state)
{
	double v[24];

	(void)state;
	for (int sign = 0; sign < 2; sign++) {
		for (size_t i = 0; i < 24; i++)
			v[i] = (sign && i % 2 ? -1 : 1) * (i < 12 ? 1e-308 : 1e308) * (1 + 0.01 * (double)(i % 3));
		find(v, 24);
		for (size_t i = 0; i < found.nr; i++)
			assert_true(found.list[i].p >= 0);
	}
}

/* ---- how often ------------------------------------------------------------------------------- */

struct rates {
	size_t alone;  /* series in which something was found, each the only one of its history */
	size_t family; /* changes that stand among all of them (Benjamini, Hochberg) */
};

/* As `check` does with a history of this one series. */
static void find_alone(const double *values, size_t n)
{
	const struct changes_series s = { .values = values, .n = n, .ratio = true };
	double rho = changes_correlation(&s);

	changes_free(&found);
	assert_int_equal(changes_find(&found, &s, changes_expected(&rho, 1, n)), 0);
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* `nr` series of n runs of which none has a change. */
static struct rates false_alarms(enum noise kind, size_t n, size_t nr, uint64_t seed)
{
	double *values = calloc(nr * n, sizeof(*values)), *rho = calloc(nr, sizeof(*rho)),
	       *p = calloc(nr * n, sizeof(*p));
	struct rng rng = rng_seed(seed, 7);
	struct rates r = { 0 };
	size_t candidates = 0;

	assert_true(values && rho && p);
	for (size_t i = 0; i < nr; i++) {
		const struct changes_series s = { .values = values + i * n, .n = n, .ratio = true };

		series_draw(values + i * n, n, kind, 2, &rng);
		rho[i] = changes_correlation(&s);
	}
	const double expected = changes_expected(rho, nr, nr * n);

	for (size_t i = 0; i < nr; i++) {
		const struct changes_series s = { .values = values + i * n, .n = n, .ratio = true };
		struct changes c;

		find_alone(s.values, n);
		r.alone += found.nr > 0;
		assert_int_equal(changes_find(&c, &s, expected), 0);
		for (size_t k = 0; k < c.nr; k++)
			p[candidates++] = c.list[k].p;
		changes_free(&c);
	}
	qsort(p, candidates, sizeof(*p), ascending);
	for (size_t i = 0; i < candidates; i++)
		r.family = p[i] <= CHANGES_ALPHA * (double)(i + 1) / (double)nr ? i + 1 : r.family;
	free(values);
	free(rho);
	free(p);
	return r;
}

static void false_alarms_are_rare(void **state)
{
	(void)state;
	for (int kind = 0; kind < NOISE_NR; kind++) {
		for (size_t n = 8; n <= 100; n = n * 5 / 2) {
			const struct rates r = false_alarms((enum noise)kind, n, 1000, 3);

			const bool wanders = kind == NOISE_WANDERS || kind == NOISE_WANDERS2;

			/* 5 % are promised of a series alone, but it can not show that it is correlated; of many, next to none */
			if (r.alone > (wanders ? 300 : 50) || r.family > 5)
				fail_msg("%s, %zu runs: %zu of 1000 series, %zu stand", noise_name((enum noise)kind), n,
				         r.alone, r.family);
		}
	}
}

struct step {
	size_t n, after; /* runs, and how many of them after the change */
	double sigmas;
};

/* How many of `nr` series have their step found within two runs of its place, with p below `level`. */
static size_t power(enum noise kind, struct step step, size_t nr, double level, size_t *covered)
{
	struct rng rng = rng_seed(step.n * 1000 + step.after, 8);
	const size_t at = step.n - step.after;
	double v[MAX_RUNS];
	size_t hits = 0;

	*covered = 0;
	for (size_t i = 0; i < nr; i++) {
		bool hit = false;

		series_draw(v, step.n, kind, 2, &rng);
		for (size_t k = at; k < step.n; k++)
			v[k] += 2 * step.sigmas;
		find_alone(v, step.n);
		for (size_t k = 0; k < found.nr; k++) {
			const struct change *c = &found.list[k];

			hit |= c->at + 2 >= at && c->at <= at + 2 && c->p < level;
			*covered += c->from < at && c->to >= at;
		}
		hits += hit;
	}
	return hits;
}

static void steps_are_found(void **state)
{
	static const struct step large = { 30, 5, 10 };
	size_t covered;

	(void)state;
	for (int kind = 0; kind < NOISE_NR; kind++) {
		if (kind == NOISE_WANDERS2)
			continue;
		const size_t hits = power((enum noise)kind, large, 200, CHANGES_ALPHA, &covered);

		if (hits < 180)
			fail_msg("%s: %zu of 200 steps found", noise_name((enum noise)kind), hits);
	}
}

/* ---- series without noise -------------------------------------------------------------------- */

/* Letters are answers, '.' a run without one; "aabb" revisions: runs with the same letter are of the same. */
static const char *revisions;

static bool same(const void *ctx, size_t a, size_t b)
{
	(void)ctx;
	return revisions ? revisions[a] == revisions[b] : a == b;
}

/* "2S5" - a step at run 2, another at 5; O: only there; T: two answers */
static void exact(const char *answers, const char *of, const char *expected)
{
	double centers[32];
	uint32_t numbers[32];
	const struct track t = { .runs = strlen(answers), .centers = centers, .answers = numbers };
	struct finding *list = NULL;
	char text[128] = "";
	size_t nr = 0;

	for (size_t i = 0; i < t.runs; i++) {
		numbers[i] = answers[i] == '.' ? 0 : (uint32_t)(answers[i] - 'A') + 1;
		centers[i] = answers[i] == '.' ? (double)NAN : (double)numbers[i];
	}
	revisions = of;
	assert_int_equal(check_exact(&t, same, NULL, &list, &nr), 0);
	for (size_t i = 0; i < nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%c%zu ", "SOT"[list[i].kind],
		         list[i].change.at);
	free(list);
	if (strcmp(text, expected))
		fail_msg("%s: %s instead of %s", answers, text, expected);
}

static void exact_series(void **state)
{
	(void)state;
	exact("", NULL, "");
	exact("A", NULL, "");
	exact("AAAA", NULL, "");
	exact("AAAB", NULL, "S3 ");
	exact("AB", NULL, "S1 ");
	exact("AABB", NULL, "S2 ");
	exact("AABAA", NULL, "O2 ");
	exact("AABBAA", NULL, "S2 S4 ");
	exact("AABCAA", NULL, "S2 S3 S4 ");
	exact("AABAACC", NULL, "O2 S5 ");
	exact("ABAB", NULL, "O1 S3 ");
	exact("A.B", NULL, "S2 ");
	exact("AA.AA", NULL, "");
	exact(".A.B.A.", NULL, "O3 ");
	/* measured twice, and the same both times: still only that revision */
	exact("AABBAA", "abccde", "O2 ");
	/* not even equal to itself */
	exact("AABA", "abbc", "T2 S3 ");
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void print_false_alarms(void)
{
	static const size_t runs[] = { 8, 12, 20, 30, 50, 100 };

	printf("Series without a change in which one was seen, each the only one of its history, in %%; and how many changes stood\n"
	       "in a history of all 10,000\n\n"
	       "| noise |");
	for (size_t i = 0; i < COUNT(runs); i++)
		printf(" %zu runs |", runs[i]);
	printf("\n|---|---|---|---|---|---|---|\n");
	for (int kind = 0; kind < NOISE_NR; kind++) {
		printf("| %s |", noise_name((enum noise)kind));
		for (size_t i = 0; i < COUNT(runs); i++) {
			const struct rates r = false_alarms((enum noise)kind, runs[i], 10000, 1);

			printf(" %.1f / %zu |", (double)r.alone / 100, r.family);
			fflush(stdout);
		}
		putchar('\n');
	}
}

static void print_power(void)
{
	static const struct step steps[] = {
		{ 10, 5, 5 },  { 10, 5, 20 }, { 20, 3, 5 },   { 20, 10, 3 },  { 30, 5, 5 },
		{ 100, 3, 5 }, { 100, 5, 5 }, { 100, 10, 3 }, { 100, 50, 2 },
	};
	size_t covered;

	printf("\nSteps found (within two runs, of 2,000), in %%: in a series alone; at the level of one change in 10,000 series;\n"
	       "and changes whose range of places has the right one\n\n| noise |");
	for (size_t i = 0; i < COUNT(steps); i++)
		printf(" %zu of %zu runs, %g sigma |", steps[i].after, steps[i].n, steps[i].sigmas);
	printf("\n|---|---|---|---|---|---|---|---|---|---|\n");
	for (int kind = 0; kind < NOISE_NR; kind++) {
		printf("| %s |", noise_name((enum noise)kind));
		for (size_t i = 0; i < COUNT(steps); i++) {
			const size_t many = power((enum noise)kind, steps[i], 2000, CHANGES_ALPHA / 10000, &covered);
			const size_t alone = power((enum noise)kind, steps[i], 2000, CHANGES_ALPHA, &covered);

			printf(" %.0f / %.0f / %.0f |", (double)alone / 20, (double)many / 20, (double)covered / 20);
			fflush(stdout);
		}
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tails),
		cmocka_unit_test(one_step),
		cmocka_unit_test(several_steps),
		cmocka_unit_test(a_drift),
		cmocka_unit_test(the_newest_runs),
		cmocka_unit_test(lone_spikes),
		cmocka_unit_test(a_step_among_spikes),
		cmocka_unit_test(constant),
		cmocka_unit_test(too_short),
		cmocka_unit_test(gaps),
		cmocka_unit_test(no_ratio),
		cmocka_unit_test(extremes),
		cmocka_unit_test(false_alarms_are_rare),
		cmocka_unit_test(steps_are_found),
		cmocka_unit_test(exact_series),
	};
	int status = 0;

	if (argc > 1 && !strcmp(argv[1], "table")) {
		print_false_alarms();
		print_power();
	} else {
		status = cmocka_run_group_tests_name("changes", tests, NULL, NULL);
	}
	changes_free(&found);
	return status;
}
