// SPDX-License-Identifier: MIT
/* compare.c - which metric of which benchmark is held against which, and in which order verdicts are told. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/rank.h"
#include "../stats/resample.h"
#include "../text/escape.h"
#include "inside.h"

const char *verdict_name(enum verdict v)
{
	static const char *const names[VERDICT_NR] = {
		[VERDICT_WORSE] = "worse",   [VERDICT_CHANGED] = "changed",
		[VERDICT_BETTER] = "better", [VERDICT_CANNOT_TELL] = "cannot tell",
		[VERDICT_SAME] = "same",
	};

	return names[v];
}

static int no_memory(void)
{
	return cli_error(CLI_MACHINE, "no memory");
}

/* ---- what there is to compare ---------------------------------------------------------------- */

static bool wanted(const struct compare_options *o, const struct record_metric *m)
{
	for (size_t i = 0; i < o->nr_metrics; i++) {
		if (!strcmp(o->metrics[i], m->name))
			return true;
	}
	return !o->nr_metrics && (o->all_metrics || !m->aside);
}

static bool passes(const struct compare_options *o, const char *name)
{
	return !o->filter || !regexec(o->filter, name, 0, NULL, 0);
}

static int add(struct compare *c, const char *benchmark, const struct record_metric *old,
               const struct record_metric *new, bool successes)
{
	const struct compare_options *o = c->options;
	struct comparison *all = c->all;

	/* room for 16, and then for twice as many each time */
	if (c->nr < 16 ? !c->nr : !(c->nr & (c->nr - 1)))
		all = reallocarray(all, c->nr ? c->nr * 2 : 16, sizeof(*all));
	if (!all)
		return no_memory();
	c->all = all;
	all[c->nr++] = (struct comparison){
		.benchmark = benchmark,
		.old = old,
		.new = new,
		.successes = successes,
		.kind = successes ? RECORD_COUNT : old->kind,
		.verdict = VERDICT_CANNOT_TELL,
		.from = NAN,
		.to = NAN,
		.change = NAN,
		.low = NAN,
		.high = NAN,
		.p = NAN,
		.corrected = NAN,
		.threshold = old->kind == RECORD_RATE ? o->rate_threshold : o->threshold,
	};
	return CLI_OK;
}

static int metrics(struct compare *c, const struct record_benchmark *old, const struct record_benchmark *new)
{
	int status = CLI_OK;

	for (size_t i = 0; i < old->nr && status == CLI_OK; i++) {
		const struct record_metric *a = &old->metrics[i], *b = records_metric(new, a->name);

		if (!wanted(c->options, a))
			continue;
		c->nr_lone_metrics += !b;
		if (!b)
			continue;
		status = add(c, old->name, a, b, false);
		struct comparison *one = &c->all[c->nr - 1];

		if (status == CLI_OK && a->kind == RECORD_COUNT)
			compare_count(c->options, one);
		if (status == CLI_OK && a->kind == RECORD_RATE)
			compare_rate(one, old, new);
		/* of virtual time the successes are a count as well: not one may be lost unseen */
		if (status == CLI_OK && a->kind == RECORD_RATE && c->old.deterministic)
			status = add(c, old->name, a, b, true);
		if (status == CLI_OK && c->all[c->nr - 1].successes)
			compare_count(c->options, &c->all[c->nr - 1]);
	}
	for (size_t i = 0; i < new->nr; i++)
		c->nr_lone_metrics +=
			wanted(c->options, &new->metrics[i]) && !records_metric(old, new->metrics[i].name);
	return status;
}

static const char *why_left_out(const struct record_set *s, const char *name)
{
	for (size_t i = 0; i < s->nr_left_out; i++) {
		if (!strcmp(s->left_out[i].name, name))
			return s->left_out[i].why;
	}
	return NULL;
}

static int add_single(struct compare *c, const char *name, bool in_old, bool in_new)
{
	struct compare_single *more = reallocarray(c->singles, c->nr_singles + 1, sizeof(*more));

	if (!more)
		return no_memory();
	c->singles = more;
	more[c->nr_singles++] = (struct compare_single){
		.benchmark = name,
		.in_old = in_old,
		.in_new = in_new,
		.failed = why_left_out(in_old ? &c->new : &c->old, name),
	};
	return CLI_OK;
}

/* Both are in order of name. */
static int match(struct compare *c)
{
	size_t i = 0, k = 0, before;
	int status = CLI_OK;

	while (status == CLI_OK && (i < c->old.nr || k < c->new.nr)) {
		const struct record_benchmark *a = i < c->old.nr ? &c->old.benchmarks[i] : NULL;
		const struct record_benchmark *b = k < c->new.nr ? &c->new.benchmarks[k] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
		const char *name = order <= 0 ? a->name : b->name;

		i += order <= 0;
		k += order >= 0;
		if (!passes(c->options, name))
			continue;
		if (order) {
			status = add_single(c, name, order<0, order> 0);
		} else if (!compare_is_comparable(c, name)) {
			c->not_comparable++;
		} else {
			before = c->nr;
			status = metrics(c, a, b);
			if (status == CLI_OK && c->nr > before && why_left_out(&c->new, name) &&
			    !why_left_out(&c->old, name))
				status = add_single(c, name, true, true);
		}
	}
	return status;
}

/* Of a file, the first benchmark that the filter lets through. */
static const char *a_name(const struct compare *c, const struct record_set *s, char out[128])
{
	for (size_t i = 0; i < s->nr; i++) {
		if (passes(c->options, s->benchmarks[i].name))
			return escape_short(out, 128, s->benchmarks[i].name);
	}
	return NULL;
}

static int nothing(const struct compare *c)
{
	char old[128], new[128];
	const char *of_old = a_name(c, &c->old, old), *of_new = a_name(c, &c->new, new);

	if (c->not_comparable)
		return cli_error(CLI_USAGE, "nothing can be compared: %s of OLD and NEW are not the same",
		                 c->differences[0].key);
	if (!of_old && !of_new)
		return cli_error(CLI_USAGE, "--filter matches none of the benchmarks");
	if (of_old && of_new && !c->nr_singles)
		return cli_error(
			CLI_USAGE,
			"none of the benchmarks has such a metric: see `contigbench compare --help`, --metric");
	return cli_error(CLI_USAGE, "no benchmark is in both: OLD has %s%s%s, NEW has %s%s%s", of_old ? "'" : "",
	                 of_old ? of_old : "none", of_old ? "' and others" : "", of_new ? "'" : "",
	                 of_new ? of_new : "none", of_new ? "' and others" : "");
}

/* ---- all together ---------------------------------------------------------------------------- */

static int correct(struct compare *c)
{
	double *p = malloc(c->nr * sizeof(*p) + 1);
	size_t nr = 0;

	if (!p)
		return no_memory();
	for (size_t i = 0; i < c->nr; i++) {
		c->nr_testable += c->all[i].kind != RECORD_COUNT;
		if (!isnan(c->all[i].p))
			p[nr++] = c->all[i].p;
	}
	c->nr_tests = nr;
	bool fine = holm(p, nr);

	for (size_t i = 0, k = 0; i < c->nr; i++) {
		if (!isnan(c->all[i].p))
			c->all[i].corrected = p[k++];
	}
	free(p);
	return fine ? CLI_OK : no_memory();
}

/* How bad, on one scale for each verdict; larger comes first. */
static double weight(const struct comparison *one)
{
	if (one->verdict == VERDICT_CANNOT_TELL)
		return isnan(one->change) ? 0 : fabs(one->change);
	return isnan(one->change) ? INFINITY : fabs(log1p(fmax(one->change, -99.9999) / 100));
}

static int by_verdict(const void *pa, const void *pb)
{
	const struct comparison *a = pa, *b = pb;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict ? -1 : 1;
	if (a->verdict != VERDICT_SAME && (weight(a) < weight(b) || weight(a) > weight(b)))
		return weight(a) > weight(b) ? -1 : 1;
	int names = strcmp(a->benchmark, b->benchmark);

	return names ? names : strcmp(a->old->name, b->old->name);
}

/* Where nearly all times moved alike, it was rather the machine that did. */
static int find_median_change(struct compare *c)
{
	double *changes = malloc(c->nr * sizeof(*changes) + 1);
	size_t nr = 0;

	c->median_change = NAN;
	if (!changes)
		return no_memory();
	for (size_t i = 0; i < c->nr; i++) {
		const struct comparison *one = &c->all[i];

		if (one->kind == RECORD_TIME && one->old->better == BETTER_LOWER && !isnan(one->change))
			changes[nr++] = one->change;
	}
	sort_values(changes, nr);
	if (nr >= 8)
		c->median_change = sorted_quantile(changes, nr, 0.5);
	free(changes);
	return CLI_OK;
}

static int finish(struct compare *c)
{
	int status = correct(c);

	for (size_t i = 0; i < c->nr && status == CLI_OK; i++) {
		struct comparison *one = &c->all[i];

		if (one->kind == RECORD_COUNT)
			c->nondeterministic |= one->differ && c->one_experiment && *c->old.revision &&
			                       strcmp(c->old.revision, "unknown") != 0 &&
			                       !strcmp(c->old.revision, c->new.revision);
		else
			compare_decide(c, one);
		c->verdicts[one->verdict]++;
		c->nr_regressions += one->regression;
	}
	for (size_t i = 0; i < c->nr_singles; i++)
		c->nr_regressions += c->singles[i].in_old && c->singles[i].failed;
	if (c->nr)
		qsort(c->all, c->nr, sizeof(*c->all), by_verdict);
	return status == CLI_OK ? find_median_change(c) : status;
}

int compare_make(struct compare *c, const struct compare_options *options)
{
	*c = (struct compare){ .options = options, .median_change = NAN };
	int status = records_load_two(&c->old, options->old_path, &c->new, options->new_path);

	if (status == CLI_OK)
		status = compare_inputs(c);
	if (status == CLI_OK)
		status = match(c);
	if (status == CLI_OK && !c->nr)
		status = nothing(c);
	if (status == CLI_OK)
		status = compare_noise(c);
	if (status == CLI_OK)
		status = compare_times(c);
	return status == CLI_OK ? finish(c) : status;
}

void compare_free(struct compare *c)
{
	for (size_t i = 0; i < c->nr_differences; i++) {
		free(c->differences[i].key);
		free(c->differences[i].old);
		free(c->differences[i].new);
	}
	free(c->differences);
	free(c->all);
	free(c->singles);
	records_free(&c->old);
	records_free(&c->new);
	*c = (struct compare){ 0 };
}
