// SPDX-License-Identifier: MIT
/* report_show.c - a series, run by run. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../text/escape.h"
#include "report.h"

#define SPARK_WIDTH 72

static const struct history_series *about(const struct history_index *x, const struct tracks *t, size_t track)
{
	return &x->series[t->list[track].series];
}

static void print_head(FILE *f, const struct history_index *x, const struct tracks *t, size_t track)
{
	const struct history_series *s = about(x, t, track);

	escape_terminal(f, s->benchmark);
	fputs("\n", f);
	escape_terminal(f, s->metric);
	if (s->unit[0]) {
		fputs(", ", f);
		escape_terminal(f, s->unit);
	}
	fprintf(f, "; %s%s; ", s->exact ? "exact" : "measured",
	        s->better == BETTER_LOWER    ? ", less is better"
	        : s->better == BETTER_HIGHER ? ", more is better"
	                                     : "");
	report_experiment(f, x, s->experiment);
	fputs("\n\n", f);
}

static void print_change(FILE *f, double before, double now)
{
	if (!isfinite(before))
		fprintf(f, "%10s  ", "");
	else if (before > 0)
		fprintf(f, "%+8.1f %%  ", (now / before - 1) * 100);
	else
		fprintf(f, "%+10.4g  ", now - before);
}

static void print_runs(FILE *f, const struct history_index *x, const struct tracks *t, size_t track)
{
	const struct track *k = &t->list[track];
	double before = NAN;
	char day[16];

	fprintf(f, "%6s  %-10s  %14s  %10s  %s\n", "run", "date", "value", "change", "revision");
	for (size_t i = 0; i < k->runs; i++) {
		const struct history_run *run = check_run(x, t, track, i);

		report_day(run, day);
		fprintf(f, "%6" PRId64 "  %-10s  ", run->id, day);
		if (isfinite(k->centers[i])) {
			fprintf(f, "%14.6g  ", k->centers[i]);
			print_change(f, before, k->centers[i]);
			before = k->centers[i];
		} else {
			fprintf(f, "%14s  %10s  ", "-", "");
		}
		report_revision(f, run);
		fputc('\n', f);
	}
	fputs("\n  ", f);
	report_spark(f, k->centers, k->runs, SPARK_WIDTH);
	fputs("\n", f);
}

static void print_findings(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c,
                           size_t track)
{
	for (size_t i = c->nr; i-- > 0;) {
		const struct finding *found = &c->list[i];
		const struct history_run *at = check_run(x, t, found->track, found->change.at);

		if (found->track != track)
			continue;
		if (found->kind == FINDING_STEP) {
			fputs("  between ", f);
			report_revision(f, check_run(x, t, track, found->change.before));
			fputs(" and ", f);
		} else {
			fputs(found->kind == FINDING_ONLY ? "  only at " : "  two answers of ", f);
		}
		report_revision(f, at);
		fputs(": ", f);
		report_finding(f, found, t->list[track].answers);
		fputc('\n', f);
	}
}

void report_tracks(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c)
{
	for (size_t i = 0; i < t->nr; i++) {
		fputs(i ? "\n\n" : "", f);
		print_head(f, x, t, i);
		print_runs(f, x, t, i);
		print_findings(f, x, t, c, i);
	}
}

void report_tracks_json(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c)
{
	json_t *all = json_array();

	for (size_t i = 0; i < t->nr; i++) {
		const struct history_series *s = about(x, t, i);
		json_t *runs = json_array(), *changes = json_array();

		for (size_t k = 0; k < t->list[i].runs; k++) {
			json_t *run = report_run_json(x, check_run(x, t, i, k));

			json_object_set_new(run, "value", report_real_json(t->list[i].centers[k]));
			json_array_append_new(runs, run);
		}
		for (size_t k = c->nr; k-- > 0;) {
			if (c->list[k].track == i)
				json_array_append_new(changes, report_finding_json(x, t, &c->list[k]));
		}
		json_array_append_new(all,
		                      json_pack("{s:o, s:o, s:o, s:s, s:s, s:b, s:I, s:o, s:o, s:o}", "benchmark",
		                                report_text_json(s->benchmark), "metric", report_text_json(s->metric),
		                                "unit", report_text_json(s->unit), "kind", history_kinds[s->kind],
		                                "better", history_betters[s->better], "exact", s->exact, "experiment",
		                                (json_int_t)x->experiments[s->experiment].id, "machine",
		                                report_text_json(x->experiments[s->experiment].machine), "runs", runs,
		                                "changes", changes));
	}
	json_dumpf(all, f, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
	fputc('\n', f);
	json_decref(all);
}
