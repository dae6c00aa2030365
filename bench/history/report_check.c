// SPDX-License-Identifier: MIT
/* report_check.c - changes by the pair of revisions between which they came. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../text/escape.h"
#include "report.h"

static const char *const verdicts[] = {
	[FINDING_WORSE] = "worse",
	[FINDING_BETTER] = "better",
	[FINDING_CHANGED] = "changed",
};

static const char *const kinds[] = {
	[FINDING_STEP] = "step",
	[FINDING_ONLY] = "only",
	[FINDING_ANSWERS] = "answers",
};

static const struct history_series *about(const struct history_index *x, const struct tracks *t,
                                          const struct finding *found)
{
	return &x->series[t->list[found->track].series];
}

void report_finding(FILE *f, const struct finding *found, bool exact)
{
	const struct change *c = &found->change;

	if (c->relative && exact)
		fprintf(f, "%+.4g %%", c->size * 100);
	else if (c->relative)
		fprintf(f, "%+.1f %% [%.1f, %.1f]", c->size * 100, c->low * 100, c->high * 100);
	else if (exact)
		fprintf(f, "%+.6g", c->size);
	else
		fprintf(f, "%+.3g [%.3g, %.3g]", c->size, c->low, c->high);
	fprintf(f, ", %s", exact && c->old == c->new ? "changed, the mean is the same" : verdicts[found->verdict]);
}

/* Changes that came between the same two runs follow each other. */
static bool same_pair(const struct history_index *x, const struct tracks *t, const struct finding *a,
                      const struct finding *b)
{
	return about(x, t, a)->experiment == about(x, t, b)->experiment && a->change.at == b->change.at &&
	       a->change.before == b->change.before && a->kind == b->kind;
}

static void print_run(FILE *f, const struct history_run *run)
{
	char day[16];

	report_day(run, day);
	report_revision(f, run);
	fprintf(f, " (%s)", day);
}

static void print_pair(FILE *f, const struct history_index *x, const struct tracks *t, const struct finding *found)
{
	const struct history_run *before = check_run(x, t, found->track, found->change.before);
	const struct history_run *at = check_run(x, t, found->track, found->change.at);

	switch (found->kind) {
	case FINDING_ONLY:
		fputs("only at ", f);
		break;
	case FINDING_ANSWERS:
		fputs("two answers of ", f);
		break;
	default:
		fputs("between ", f);
		print_run(f, before);
		fputs(" and ", f);
	}
	print_run(f, at);
	if (found->kind == FINDING_STEP && before->revision[0] && !strcmp(before->revision, at->revision))
		fputs(", two runs of one revision: the machine or what else ran on it", f);
	fputs(":\n", f);
}

static void print_finding(FILE *f, const struct history_index *x, const struct tracks *t, const struct finding *found)
{
	const struct history_series *s = about(x, t, found);
	const struct change *c = &found->change;

	fputs("  ", f);
	escape_terminal(f, s->benchmark);
	fputs("  ", f);
	escape_terminal(f, s->metric);
	fprintf(f, " %.6g -> %.6g", c->old, c->new);
	if (s->unit[0]) {
		fputc(' ', f);
		escape_terminal(f, s->unit);
	}
	fputs(": ", f);
	report_finding(f, found, s->exact);
	if (c->from < c->before || c->to > c->at) {
		fputs("; may be anywhere from ", f);
		report_revision(f, check_run(x, t, found->track, c->from));
		fputs(" to ", f);
		report_revision(f, check_run(x, t, found->track, c->to));
	}
	if (!found->newer)
		fputs(" (before --since)", f);
	fputc('\n', f);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_summary(FILE *f, const struct check *c, const struct check_options *o)
{
	fprintf(f, "%zu measured and %zu exact series: %zu change%s, %zu for the worse%s%s\n", c->measured, c->exact,
	        c->steps, plural(c->steps), c->worse, o->since ? " since " : "", o->since ? o->since : "");
	if (c->too_short)
		fprintf(f, "too short: %zu series; %d runs are needed, the longest of these lack%s %zu\n", c->too_short,
		        CHANGES_MIN, c->too_short == 1 ? "s" : "", c->missing);
	if (c->constant)
		fprintf(f, "never the least different: %zu measured series\n", c->constant);
	if (c->small)
		fprintf(f, "smaller than --threshold %g: %zu change%s\n", o->threshold * 100, c->small,
		        plural(c->small));
	if (c->doubtful)
		fprintf(f,
		        "not told from chance among so many series: %zu; further runs of the newest revision, or fewer series, "
		        "decide\n",
		        c->doubtful);
}

void report_check(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c,
                  const struct check_options *o)
{
	for (size_t i = 0; i < c->nr; i++) {
		const struct finding *found = &c->list[i];

		if (!i || about(x, t, found)->experiment != about(x, t, found - 1)->experiment) {
			report_experiment(f, x, about(x, t, found)->experiment);
			fputc('\n', f);
		}
		if (!i || !same_pair(x, t, found, found - 1))
			print_pair(f, x, t, found);
		print_finding(f, x, t, found);
		if (i + 1 == c->nr || !same_pair(x, t, found, found + 1))
			fputc('\n', f);
	}
	print_summary(f, c, o);
}

/* ---- for programs ---------------------------------------------------------------------------- */

json_t *report_finding_json(const struct history_index *x, const struct tracks *t, const struct finding *found)
{
	const struct history_series *s = about(x, t, found);
	const struct change *c = &found->change;
	json_t *json = json_pack("{s:o, s:o, s:o, s:s, s:b, s:s, s:s, s:b, s:o, s:o, s:o, s:o}", "benchmark",
	                         report_text_json(s->benchmark), "metric", report_text_json(s->metric), "unit",
	                         report_text_json(s->unit), "kind", history_kinds[s->kind], "exact", s->exact, "change",
	                         kinds[found->kind], "verdict", verdicts[found->verdict], "newer", found->newer,
	                         "before", report_run_json(x, check_run(x, t, found->track, c->before)), "at",
	                         report_run_json(x, check_run(x, t, found->track, c->at)), "from",
	                         report_run_json(x, check_run(x, t, found->track, c->from)), "to",
	                         report_run_json(x, check_run(x, t, found->track, c->to)));

	json_object_set_new(json, "machine", report_text_json(x->experiments[s->experiment].machine));
	json_object_set_new(json, "old", report_real_json(c->old));
	json_object_set_new(json, "new", report_real_json(c->new));
	json_object_set_new(json, c->relative ? "percent" : "difference",
	                    report_real_json(c->size * (c->relative ? 100 : 1)));
	if (!s->exact) {
		json_object_set_new(json, "low", report_real_json(c->low * (c->relative ? 100 : 1)));
		json_object_set_new(json, "high", report_real_json(c->high * (c->relative ? 100 : 1)));
		json_object_set_new(json, "p", report_real_json(c->p));
	}
	return json;
}

void report_check_json(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < c->nr; i++)
		json_array_append_new(changes, report_finding_json(x, t, &c->list[i]));
	json_t *all =
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "worse", (json_int_t)c->worse, "steps",
	                  (json_int_t)c->steps, "measured_series", (json_int_t)c->measured, "exact_series",
	                  (json_int_t)c->exact, "constant_series", (json_int_t)c->constant, "too_short_series",
	                  (json_int_t)c->too_short, "missing_runs", (json_int_t)c->missing, "below_threshold",
	                  (json_int_t)c->small, "doubtful", (json_int_t)c->doubtful, "changes", changes);

	json_dumpf(all, f, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
	fputc('\n', f);
	json_decref(all);
}
