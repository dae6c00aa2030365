// SPDX-License-Identifier: MIT
/* print_markdown.c - tables for a merge request: GitHub's and GitLab's Markdown. */
#include <string.h>

#include "../text/escape.h"
#include "inside.h"

/* Somebody's text. Our own words hold nothing that has a meaning here. */
static void cell(FILE *f, const char *text)
{
	fputs("| ", f);
	escape_markdown(f, text);
	fputc(' ', f);
}

static void row(FILE *f, const struct compare *c, const struct comparison *one)
{
	struct compare_words w;

	compare_words(c, one, &w);
	fprintf(f, one->regression ? "| **%s** " : "| %s ", w.verdict);
	cell(f, one->benchmark);
	cell(f, one->successes ? "successes" : one->old->name);
	fprintf(f, "| %s -> %s | %s%s%s | %s |\n", w.from, w.to, w.change, *w.interval ? " " : "", w.interval,
	        w.detail);
}

static void section(FILE *f, const struct compare *c, enum record_kind kind, bool verbose)
{
	size_t all = 0, hidden = 0;

	for (size_t i = 0; i < c->nr; i++) {
		all += c->all[i].kind == kind;
		hidden += c->all[i].kind == kind && !verbose && c->all[i].verdict == VERDICT_SAME;
	}
	if (!all)
		return;
	fprintf(f, "\n### %c%s\n\n", compare_title(kind)[0] - 'a' + 'A', compare_title(kind) + 1);
	if (all > hidden)
		fputs("| verdict | benchmark | metric | old -> new | change | how it is known |\n"
		      "|---|---|---|---:|---:|---|\n",
		      f);
	for (size_t i = 0; i < c->nr; i++) {
		if (c->all[i].kind == kind && (verbose || c->all[i].verdict != VERDICT_SAME))
			row(f, c, &c->all[i]);
	}
	if (hidden)
		fprintf(f, "%s%zu of %zu are the same.\n", all > hidden ? "\n" : "", hidden, all);
}

static void side(FILE *f, const char *name, const struct record_set *s)
{
	fprintf(f, "- %s: ", name);
	escape_markdown(f, s->path);
	if (*s->revision) {
		fputs(", revision ", f);
		escape_markdown(f, s->revision);
	}
	if (*s->machine && strcmp(s->machine, "virtual") != 0) {
		fputs(", ", f);
		escape_markdown(f, s->machine);
	}
	fputc('\n', f);
}

static void others(FILE *f, const struct compare *c)
{
	if (c->nr_differences || c->nr_singles)
		fputs("\n### What differs\n\n", f);
	for (size_t i = 0; i < c->nr_differences; i++) {
		const struct compare_difference *d = &c->differences[i];

		fputs("- ", f);
		escape_markdown(f, d->key);
		fputs(": ", f);
		escape_markdown(f, d->old);
		fputs(" -> ", f);
		escape_markdown(f, d->new);
		fputs(d->matters ? " (not compared)\n" : "\n", f);
	}
	for (size_t i = 0; i < c->nr_singles; i++) {
		const struct compare_single *s = &c->singles[i];

		fprintf(f, "- %s: ", s->in_old && s->in_new ? "in both" : s->in_old ? "only in OLD" : "only in NEW");
		escape_markdown(f, s->benchmark);
		if (s->failed) {
			fprintf(f, ", it fails in %s: ", s->in_old ? "NEW" : "OLD");
			escape_markdown(f, s->failed);
		}
		fputc('\n', f);
	}
}

void compare_print_markdown(FILE *f, const struct compare *c, bool verbose)
{
	if (c->nondeterministic)
		fputs("## NOT DETERMINISTIC\n\nOne revision, one experiment, and other counts: this must not happen.\n",
		      f);
	else if (c->nr_regressions)
		fprintf(f, "## %zu regression%s\n", c->nr_regressions, c->nr_regressions == 1 ? "" : "s");
	else
		fputs("## No regression\n", f);
	fputc('\n', f);
	side(f, "OLD", &c->old);
	side(f, "NEW", &c->new);
	for (int kind = 0; kind < RECORD_KIND_NR; kind++)
		section(f, c, (enum record_kind)kind, verbose);
	others(f, c);
	if (c->nr_tests)
		fprintf(f, "\np is corrected for %zu test%s (Holm).\n", c->nr_tests, c->nr_tests == 1 ? "" : "s");
}
