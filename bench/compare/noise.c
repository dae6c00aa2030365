// SPDX-License-Identifier: MIT
/*
 * noise.c - how far runs of the same program differ on this machine: no change that is not larger counts.
 *
 * Of A/A runs one number a metric: the largest change of a median among all benchmarks, between OLD and each further run of the
 * same. Of benchmarks that wait for nothing one number in all: what the machine made them wait for a cpu.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/resample.h"
#include "inside.h"

static double median(const struct record_metric *m)
{
	double *values = malloc(m->nr * sizeof(*values)), median = NAN;

	for (size_t i = 0; values && i < m->nr; i++)
		values[i] = m->values[i].value;
	if (values) {
		sort_values(values, m->nr);
		median = sorted_quantile(values, m->nr, 0.5);
	}
	free(values);
	return median;
}

/* On the scale of thresholds: percent that one is above the other, points of rates. 0 where nothing can be said. */
static double apart(const struct record_metric *a, const struct record_metric *b)
{
	double x = median(a), y = median(b);

	if (a->kind == RECORD_RATE)
		return isnan(x + y) ? 0 : 100 * fabs(x - y);
	return x > 0 && y > 0 ? 100 * expm1(fabs(log(y / x))) : 0;
}

static void widen(struct compare *c, const char *metric, double noise)
{
	for (size_t i = 0; i < c->nr; i++) {
		struct comparison *one = &c->all[i];

		if (one->kind != RECORD_COUNT && !strcmp(one->old->name, metric))
			one->noise = fmax(one->noise, noise);
	}
}

static void add_run(struct compare *c, const struct record_set *again)
{
	for (size_t i = 0; i < c->old.nr; i++) {
		const struct record_benchmark *b = &c->old.benchmarks[i], *other = records_find(again, b->name);

		for (size_t m = 0; other && m < b->nr; m++) {
			const struct record_metric *same = records_metric(other, b->metrics[m].name);
			double noise = same && same->kind != RECORD_COUNT ? apart(&b->metrics[m], same) : 0;

			if (noise > 0)
				widen(c, same->name, noise);
		}
	}
}

/*
 * A benchmark that is judged by its cpu time waits for nothing of its own: by so many percent the clock on the wall went on longer
 * for it, at its median. The largest of all; 0 where none is judged so, and nothing is known.
 */
static double waiting(const struct record_set *s)
{
	double most = 0;

	for (size_t i = 0; i < s->nr; i++) {
		const struct record_metric *real = records_metric(&s->benchmarks[i], "real_time");
		const struct record_metric *cpu = records_metric(&s->benchmarks[i], "cpu_time");

		if (!real || !cpu || !real->aside || cpu->aside)
			continue;
		double x = median(cpu), y = median(real);

		most = x > 0 ? fmax(most, 100 * (y / x - 1)) : most;
	}
	return most;
}

static void add_waiting(struct compare *c)
{
	c->waiting = fmax(waiting(&c->old), waiting(&c->new));
	for (size_t i = 0; i < c->nr; i++) {
		if (c->all[i].kind == RECORD_TIME)
			c->all[i].noise = fmax(c->all[i].noise, c->waiting);
	}
}

int compare_noise(struct compare *c)
{
	add_waiting(c);
	for (size_t i = 0; i < c->options->nr_aa; i++) {
		struct record_set again;
		int status = records_load(&again, c->options->aa_paths[i]);

		if (status == CLI_OK &&
		    (strcmp(again.schema, c->old.schema) || strcmp(again.revision, c->old.revision)))
			status = cli_error(
				CLI_USAGE,
				"--aa %s: it is %s of revision '%s', OLD %s of '%s': another run of what OLD ran, please",
				c->options->aa_paths[i], again.schema, again.revision, c->old.schema, c->old.revision);
		if (status == CLI_OK)
			add_run(c, &again);
		records_free(&again);
		if (status != CLI_OK)
			return status;
	}
	return CLI_OK;
}
