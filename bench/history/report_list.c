// SPDX-License-Identifier: MIT
/* report_list.c - what a history holds. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../text/escape.h"
#include "date.h"
#include "report.h"

static void print_json(FILE *f, json_t *json)
{
	json_dumpf(json, f, JSON_INDENT(1));
	fputc('\n', f);
	json_decref(json);
}

/* ---- experiments ----------------------------------------------------------------------------- */

struct extent {
	const struct history_run *first, *last;
	size_t revisions, benchmarks, series;
};

static struct extent measure(const struct history_index *x, size_t experiment)
{
	struct extent e = { 0 };
	const char *benchmark = NULL;

	for (size_t i = 0; i < x->nr_runs; i++) {
		const struct history_run *run = &x->runs[i];

		if (run->experiment != experiment)
			continue;
		/* runs of a revision stand together */
		e.revisions += !e.last || !run->revision[0] || strcmp(run->revision, e.last->revision);
		e.first = e.first ? e.first : run;
		e.last = run;
	}
	for (size_t i = 0; i < x->nr_series; i++) {
		if (x->series[i].experiment != experiment)
			continue;
		e.series++;
		e.benchmarks += !benchmark || strcmp(benchmark, x->series[i].benchmark);
		benchmark = x->series[i].benchmark;
	}
	return e;
}

static json_t *experiment_json(const struct history_index *x, size_t i, const struct extent *e)
{
	const struct history_experiment *about = &x->experiments[i];
	json_t *json = json_pack("{s:I, s:o, s:o, s:o, s:b, s:I, s:I, s:I, s:I}", "experiment", (json_int_t)about->id,
	                         "machine", report_text_json(about->machine), "parameters",
	                         report_text_json(about->parameters), "inputs", report_text_json(about->inputs),
	                         "deterministic", about->deterministic, "runs", (json_int_t)about->runs, "revisions",
	                         (json_int_t)e->revisions, "benchmarks", (json_int_t)e->benchmarks, "series",
	                         (json_int_t)e->series);

	if (e->first) {
		json_object_set_new(json, "first", report_run_json(x, e->first));
		json_object_set_new(json, "last", report_run_json(x, e->last));
	}
	return json;
}

static void print_experiment(FILE *f, const struct history_index *x, size_t i, const struct extent *e)
{
	char day[16];

	report_experiment(f, x, i);
	fprintf(f, " of %zu revision%s\n  ", e->revisions, e->revisions == 1 ? "" : "s");
	if (e->first) {
		report_day(e->first, day);
		report_revision(f, e->first);
		fprintf(f, " (%s) to ", day);
		report_day(e->last, day);
		report_revision(f, e->last);
		fprintf(f, " (%s); ", day);
	}
	fprintf(f, "%zu benchmark%s, %zu series\n", e->benchmarks, e->benchmarks == 1 ? "" : "s", e->series);
	char text[161];

	fprintf(f, "  parameters: %s\n", escape_short(text, sizeof(text), x->experiments[i].parameters));
}

void report_experiments(FILE *f, const struct history_index *x, bool json)
{
	json_t *all = json_array();

	for (size_t i = 0; i < x->nr_experiments; i++) {
		const struct extent e = measure(x, i);

		if (json)
			json_array_append_new(all, experiment_json(x, i, &e));
		else
			print_experiment(f, x, i, &e);
	}
	if (json)
		print_json(f, json_incref(all));
	json_decref(all);
}

/* ---- runs ------------------------------------------------------------------------------------ */

void report_runs(FILE *f, const struct history_index *x, bool json)
{
	json_t *all = json_array();

	for (size_t i = 0; i < x->nr_runs; i++) {
		const struct history_run *run = &x->runs[i];
		char measured[32], committed[32] = "-";

		if (json) {
			json_array_append_new(all, report_run_json(x, run));
			continue;
		}
		if (!i || x->runs[i - 1].experiment != run->experiment) {
			fputs(i ? "\n" : "", f);
			report_experiment(f, x, run->experiment);
			fprintf(f, "\n%6s  %-20s  %-20s  %s\n", "run", "committed", "measured", "revision");
		}
		date_text(run->measured, measured);
		if (run->commit)
			date_text(run->committed, committed);
		fprintf(f, "%6" PRId64 "  %-20s  %-20s  ", run->id, committed, measured);
		escape_terminal(f, run->revision[0] ? run->revision : "-");
		fputc('\n', f);
	}
	if (json)
		print_json(f, json_incref(all));
	json_decref(all);
}

/* ---- benchmarks ------------------------------------------------------------------------------ */

static json_t *metric_json(const struct history_series *s)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:b}", "metric", report_text_json(s->metric), "unit",
	                 report_text_json(s->unit), "kind", history_kinds[s->kind], "better",
	                 history_betters[s->better], "aside", s->aside);
}

void report_benchmarks(FILE *f, const struct history_index *x, bool json)
{
	json_t *all = json_array(), *metrics = NULL;

	for (size_t i = 0; i < x->nr_series; i++) {
		const struct history_series *s = &x->series[i], *before = i ? s - 1 : NULL;
		const bool other = !before || before->experiment != s->experiment;
		const bool first = other || strcmp(before->benchmark, s->benchmark);

		if (json) {
			if (first) {
				metrics = json_array();
				json_array_append_new(all, json_pack("{s:I, s:o, s:o}", "experiment",
				                                     (json_int_t)x->experiments[s->experiment].id,
				                                     "benchmark", report_text_json(s->benchmark),
				                                     "metrics", metrics));
			}
			json_array_append_new(metrics, metric_json(s));
			continue;
		}
		if (other) {
			fputs(i ? "\n\n" : "", f);
			report_experiment(f, x, s->experiment);
		}
		if (first) {
			fputs("\n  ", f);
			escape_terminal(f, s->benchmark);
			fputs(": ", f);
		} else {
			fputs(", ", f);
		}
		escape_terminal(f, s->metric);
	}
	if (json)
		print_json(f, json_incref(all));
	else if (x->nr_series)
		fputc('\n', f);
	json_decref(all);
}
