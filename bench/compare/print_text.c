// SPDX-License-Identifier: MIT
/* print_text.c - for the terminal: a verdict a line, the worst first; what is the same in one line. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../text/escape.h"
#include "inside.h"

void compare_print(FILE *f, const struct compare *c, enum compare_format format, bool verbose)
{
	switch (format) {
	case COMPARE_JSON:
		compare_print_json(f, c);
		break;
	case COMPARE_JUNIT:
		compare_print_junit(f, c);
		break;
	case COMPARE_MARKDOWN:
		compare_print_markdown(f, c, verbose);
		break;
	case COMPARE_TEXT:
		compare_print_text(f, c, verbose);
		break;
	}
}

static void side(FILE *f, const char *name, const struct record_set *s)
{
	fprintf(f, "%s  ", name);
	escape_terminal(f, s->path);
	fprintf(f, ": %s, %zu benchmark%s", s->schema, s->nr, s->nr == 1 ? "" : "s");
	if (*s->revision) {
		fputs(", revision ", f);
		escape_terminal(f, s->revision);
	}
	if (*s->machine && strcmp(s->machine, "virtual") != 0) {
		fputs(", ", f);
		escape_terminal(f, s->machine);
	}
	if (s->nr_aggregates)
		fprintf(f, "; %zu of them as aggregates only: a mean is one value", s->nr_aggregates);
	fputc('\n', f);
}

static void differences(FILE *f, const struct compare *c)
{
	if (!c->nr_differences)
		return;
	fputs("\nwhat differs:\n", f);
	for (size_t i = 0; i < c->nr_differences; i++) {
		const struct compare_difference *d = &c->differences[i];
		char key[64], old[160], new[160];

		fprintf(f, "  %s: %s -> %s%s\n", escape_short(key, sizeof(key), d->key),
		        escape_short(old, sizeof(old), d->old), escape_short(new, sizeof(new), d->new),
		        d->matters                   ? " (not compared)"
		        : !strcmp(d->key, "machine") ? " (times tell of the machines, too)"
		                                     : "");
	}
}

struct widths {
	int verdict, change, interval, from, to, detail;
};

static int wider(int width, const char *text)
{
	int n = (int)strlen(text);

	return n > width ? n : width;
}

static bool shown(const struct comparison *one, bool verbose)
{
	return verbose || one->verdict != VERDICT_SAME;
}

static void rows(FILE *f, const struct compare *c, enum record_kind kind, bool verbose)
{
	struct widths widths = { 0 };
	struct compare_words w;

	for (size_t i = 0; i < c->nr; i++) {
		if (c->all[i].kind != kind || !shown(&c->all[i], verbose))
			continue;
		compare_words(c, &c->all[i], &w);
		widths = (struct widths){ wider(widths.verdict, w.verdict),
			                  wider(widths.change, w.change),
			                  wider(widths.interval, w.interval),
			                  wider(widths.from, w.from),
			                  wider(widths.to, w.to),
			                  wider(widths.detail, w.detail) };
	}
	for (size_t i = 0; i < c->nr; i++) {
		const struct comparison *one = &c->all[i];

		if (one->kind != kind || !shown(one, verbose))
			continue;
		compare_words(c, one, &w);
		fprintf(f, "  %-*s  %*s%s%*s  %*s -> %-*s  %-*s  ", widths.verdict, w.verdict, widths.change, w.change,
		        widths.interval ? " " : "", widths.interval, w.interval, widths.from, w.from, widths.to, w.to,
		        widths.detail, w.detail);
		escape_terminal(f, one->benchmark);
		fputs(": ", f);
		escape_terminal(f, one->successes ? "successes" : one->old->name);
		fputc('\n', f);
	}
}

static void section(FILE *f, const struct compare *c, enum record_kind kind, bool verbose)
{
	size_t nr[VERDICT_NR] = { 0 }, all = 0;
	const char *comma = ": ";

	for (size_t i = 0; i < c->nr; i++) {
		nr[c->all[i].verdict] += c->all[i].kind == kind;
		all += c->all[i].kind == kind;
	}
	if (!all)
		return;
	fprintf(f, "\n%s", compare_title(kind));
	for (int v = 0; v < VERDICT_NR; v++) {
		if (nr[v])
			fprintf(f, "%s%zu %s", comma, nr[v], verdict_name((enum verdict)v));
		comma = nr[v] ? ", " : comma;
	}
	fputc('\n', f);
	rows(f, c, kind, verbose);
}

static void singles(FILE *f, const struct compare *c)
{
	if (c->nr_singles)
		fputs("\nonly on one side, or failing in NEW\n", f);
	for (size_t i = 0; i < c->nr_singles; i++) {
		const struct compare_single *s = &c->singles[i];

		fprintf(f, "  %s  ", s->in_old && s->in_new ? "both" : s->in_old ? "OLD" : "NEW");
		escape_terminal(f, s->benchmark);
		if (s->failed) {
			fprintf(f, ": %s in %s: ", s->in_old ? "fails" : "failed", s->in_old ? "NEW" : "OLD");
			escape_terminal(f, s->failed);
		}
		fputc('\n', f);
	}
}

static void failures(FILE *f, const char *side, const struct record_set *s)
{
	for (size_t i = 0; i < s->nr_left_out; i++) {
		fprintf(f, "%s%s left out, it failed", i ? "" : "\n", side);
		if (s->left_out[i].times > 1)
			fprintf(f, " %zu times", s->left_out[i].times);
		fputs(": ", f);
		escape_terminal(f, s->left_out[i].name);
		fputs(": ", f);
		escape_terminal(f, s->left_out[i].why);
		fputc('\n', f);
	}
}

/* Without repetitions there is nothing to be tested: the commonest reason for which nothing can be told. */
static bool run_once(const struct compare *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		const struct comparison *one = &c->all[i];

		if (one->kind == RECORD_TIME && (one->old->nr < 2 || one->new->nr < 2))
			return true;
	}
	return false;
}

static void ending(FILE *f, const struct compare *c)
{
	size_t untold = c->verdicts[VERDICT_CANNOT_TELL];

	if (c->waiting > c->options->threshold)
		fprintf(f,
		        "the machine was busy: benchmarks took %.0f %% longer for want of a cpu. No smaller change can be told.\n",
		        c->waiting);
	if (run_once(c))
		fputs("what was run once can not be told from chance: --benchmark_repetitions=10, without "
		      "--benchmark_report_aggregates_only\n",
		      f);
	if (c->nr_regressions)
		fprintf(f, "%zu regression%s", c->nr_regressions, c->nr_regressions == 1 ? "" : "s");
	else
		fputs(c->nondeterministic ? "not deterministic" : "no regression", f);
	if (untold)
		fprintf(f, "; %zu of %zu can not be told", untold, c->nr);
	fputs(".\n", f);
}

void compare_print_text(FILE *f, const struct compare *c, bool verbose)
{
	side(f, "OLD", &c->old);
	side(f, "NEW", &c->new);
	differences(f, c);
	if (c->nondeterministic)
		fputs("\nNOT DETERMINISTIC: one revision, one experiment, and other counts. This must not happen: please "
		      "report it with both folders.\n",
		      f);
	for (int kind = 0; kind < RECORD_KIND_NR; kind++)
		section(f, c, (enum record_kind)kind, verbose);
	singles(f, c);
	failures(f, "OLD", &c->old);
	failures(f, "NEW", &c->new);
	fputc('\n', f);
	if (c->not_comparable)
		fprintf(f, "%zu benchmarks are of another input and were not compared.\n", c->not_comparable);
	if (c->nr_lone_metrics)
		fprintf(f, "%zu metrics are on one side only.\n", c->nr_lone_metrics);
	if (c->nr_tests)
		fprintf(f, "p is corrected for %zu test%s (Holm)%s", c->nr_tests, c->nr_tests == 1 ? "" : "s",
		        isnan(c->median_change) ? ".\n" : "; ");
	if (!isnan(c->median_change))
		fprintf(f, "the median of all changes of times is %+.1f %%%s\n", c->median_change,
		        fabs(c->median_change) > c->options->threshold / 2
		                ? ": the machine may have changed, not the program."
		                : ".");
	ending(f, c);
}
