// SPDX-License-Identifier: MIT
/* print_json.c - docs/formats.md, Comparison */
#include <inttypes.h>
#include <math.h>

#include "../text/escape.h"
#include "inside.h"

static void text(FILE *f, const char *key, const char *value)
{
	fprintf(f, "\"%s\":", key);
	escape_json(f, value);
	fputc(',', f);
}

/* What is not known is left out. */
static void number(FILE *f, const char *key, double value)
{
	if (isfinite(value))
		fprintf(f, "\"%s\":%.17g,", key, value);
}

static void whole(FILE *f, const char *key, uint64_t value)
{
	fprintf(f, "\"%s\":%" PRIu64 ",", key, value);
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static void side(FILE *f, const char *key, const struct record_set *s)
{
	fprintf(f, "\"%s\":{", key);
	text(f, "path", s->path);
	text(f, "schema", s->schema);
	text(f, "revision", s->revision);
	text(f, "machine", s->machine);
	text(f, "date", s->date);
	text(f, "inputs", s->inputs);
	whole(f, "aggregates_only", s->nr_aggregates);
	fputs("\"failed\":[", f);
	for (size_t i = 0; i < s->nr_left_out; i++) {
		fputs(i ? ",{" : "{", f);
		text(f, "benchmark", s->left_out[i].name);
		text(f, "why", s->left_out[i].why);
		fprintf(f, "\"times\":%zu}", s->left_out[i].times);
	}
	fprintf(f, "],\"benchmarks\":%zu},\n", s->nr);
}

static void differences(FILE *f, const struct compare *c)
{
	fputs("\"differences\":[", f);
	for (size_t i = 0; i < c->nr_differences; i++) {
		const struct compare_difference *d = &c->differences[i];

		fputs(i ? ",\n {" : "\n {", f);
		text(f, "key", d->key);
		text(f, "old", d->old);
		text(f, "new", d->new);
		fprintf(f, "\"matters\":%s}", truth(d->matters));
	}
	fputs("],\n", f);
}

static void singles(FILE *f, const struct compare *c)
{
	fputs("\"only_on_one_side\":[", f);
	for (size_t i = 0; i < c->nr_singles; i++) {
		const struct compare_single *s = &c->singles[i];

		fputs(i ? ",\n {" : "\n {", f);
		text(f, "benchmark", s->benchmark);
		if (s->failed)
			text(f, "failed", s->failed);
		fprintf(f, "\"in\":\"%s\"}", s->in_old && s->in_new ? "both" : s->in_old ? "old" : "new");
	}
	fputs("],\n", f);
}

/* Seeds of which a count differs. */
static void seeds(FILE *f, const struct comparison *one)
{
	struct compare_pair at = { 0 };
	const char *comma = "";

	fputs("\"seeds\":[", f);
	while (compare_next_pair(one, &at)) {
		double a = compare_value(one, at.old), b = compare_value(one, at.new);

		if (!(a < b || a > b))
			continue;
		fprintf(f, "%s{\"seed\":%" PRIu64 ",\"old\":%.17g,\"new\":%.17g}", comma, at.old->key, a, b);
		comma = ",";
	}
	fputs("],", f);
}

static void comparison(FILE *f, const struct compare *c, const struct comparison *one)
{
	static const char *const kinds[RECORD_KIND_NR] = { "count", "rate", "time" };
	static const char *const better[] = { "lower", "higher", "neither" };
	struct compare_words w;

	compare_words(c, one, &w);
	text(f, "benchmark", one->benchmark);
	text(f, "metric", one->successes ? "successes" : one->old->name);
	text(f, "unit", one->successes ? "" : one->old->unit);
	text(f, "kind", kinds[one->kind]);
	text(f, "better", better[one->old->better]);
	text(f, "verdict", verdict_name(one->verdict));
	text(f, "says", w.verdict);
	number(f, "old", one->from);
	number(f, "new", one->to);
	number(f, one->kind == RECORD_RATE ? "change_points" : "change_percent", one->change);
	number(f, "low", one->low);
	number(f, "high", one->high);
	number(f, "threshold", one->threshold);
	if (one->noise > 0)
		number(f, "noise", one->noise);
	if (one->drift > 0)
		number(f, "drift", one->drift);
	whole(f, "old_values", one->old->nr);
	whole(f, "new_values", one->new->nr);
	if (one->test)
		text(f, "test", one->test);
	number(f, "p", one->p);
	number(f, "p_corrected", one->corrected);
	if (one->kind == RECORD_COUNT) {
		whole(f, "pairs", one->pairs);
		seeds(f, one);
	} else if (one->pairs) {
		whole(f, "pairs", one->pairs);
		whole(f, "lost", one->lost);
		whole(f, "gained", one->gained);
	}
	if (one->verdict == VERDICT_CANNOT_TELL && one->more <= COMPARE_MOST)
		whole(f, "more_runs", one->more);
	fprintf(f, "\"regression\":%s", truth(one->regression));
}

void compare_print_json(FILE *f, const struct compare *c)
{
	fputs("{\"schema\":\"" COMPARE_SCHEMA "\",\n", f);
	side(f, "old", &c->old);
	side(f, "new", &c->new);
	fprintf(f, "\"threshold_percent\":%.17g,\"count_threshold_percent\":%.17g,\"rate_threshold_points\":%.17g,\n",
	        c->options->threshold, c->options->count_threshold, c->options->rate_threshold);
	differences(f, c);
	fprintf(f,
	        "\"one_experiment\":%s,\"nondeterministic\":%s,\"not_comparable\":%zu,\"metrics_on_one_side\":%zu,\n",
	        truth(c->one_experiment), truth(c->nondeterministic), c->not_comparable, c->nr_lone_metrics);
	singles(f, c);
	fputs("\"verdicts\":{", f);
	for (int v = 0; v < VERDICT_NR; v++)
		fprintf(f, "%s\"%s\":%zu", v ? "," : "", verdict_name((enum verdict)v), c->verdicts[v]);
	fprintf(f, "},\"tests\":%zu,", c->nr_tests);
	number(f, "median_change_percent", c->median_change);
	if (c->waiting > 0)
		number(f, "waiting_percent", c->waiting);
	fprintf(f, "\"regressions\":%zu,\n\"comparisons\":[", c->nr_regressions);
	for (size_t i = 0; i < c->nr; i++) {
		fputs(i ? ",\n {" : "\n {", f);
		comparison(f, c, &c->all[i]);
		fputc('}', f);
	}
	fputs("\n]}\n", f);
}
