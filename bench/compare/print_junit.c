// SPDX-License-Identifier: MIT
/*
 * print_junit.c - JUnit's XML, as Jenkins, GitLab and others read it: a test case for each comparison; a regression is a
 * failure, what can not be told was skipped.
 */
#include <math.h>
#include <string.h>

#include "../text/escape.h"
#include "inside.h"

static void attribute(FILE *f, const char *key, const char *value)
{
	fprintf(f, " %s=\"", key);
	escape_xml(f, value);
	fputc('"', f);
}

static void property(FILE *f, const char *name, const char *value)
{
	fputs("      <property", f);
	attribute(f, "name", name);
	attribute(f, "value", value);
	fputs("/>\n", f);
}

/* `message` in short and `text` in long. */
static void outcome(FILE *f, const char *tag, const char *message, const char *type, const char *text)
{
	fprintf(f, ">\n      <%s", tag);
	attribute(f, "message", message);
	if (type)
		attribute(f, "type", type);
	fputc('>', f);
	escape_xml(f, text);
	fprintf(f, "</%s>\n    </testcase>\n", tag);
}

static void begin(FILE *f, const char *benchmark, const char *metric)
{
	fputs("    <testcase", f);
	attribute(f, "classname", benchmark);
	attribute(f, "name", metric);
	fputs(" time=\"0\"", f);
}

static void test_case(FILE *f, const struct compare *c, const struct comparison *one)
{
	struct compare_words w;
	char message[192], text[448];

	compare_words(c, one, &w);
	snprintf(message, sizeof(message), "%s: %s%s%s", w.verdict, w.change, *w.interval ? " " : "", w.interval);
	snprintf(text, sizeof(text), "%s -> %s; %s", w.from, w.to, w.detail);
	begin(f, one->benchmark, one->successes ? "successes" : one->old->name);
	if (one->regression)
		outcome(f, "failure", message, "regression", text);
	else if (one->verdict == VERDICT_CANNOT_TELL)
		outcome(f, "skipped", message, NULL, "");
	else
		fputs("/>\n", f);
}

/* A date of ours without its zone, which the schema does not have. */
static void timestamp(FILE *f, const struct compare *c)
{
	char date[20];

	snprintf(date, sizeof(date), "%.19s", *c->new.date ? c->new.date : "1970-01-01T00:00:00");
	attribute(f, "timestamp", date);
}

void compare_print_junit(FILE *f, const struct compare *c)
{
	size_t failures = c->nr_regressions, cases = c->nr, skipped = c->verdicts[VERDICT_CANNOT_TELL];

	for (size_t i = 0; i < c->nr_singles; i++)
		cases += c->singles[i].in_old && c->singles[i].failed;
	cases += c->nondeterministic;
	failures += c->nondeterministic;
	fprintf(f,
	        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<testsuites>\n"
	        "  <testsuite name=\"contigbench compare\" package=\"contigbench\" id=\"0\" tests=\"%zu\" failures=\"%zu\" "
	        "errors=\"0\" skipped=\"%zu\" time=\"0\" hostname=\"localhost\"",
	        cases, failures, skipped);
	timestamp(f, c);
	fputs(">\n    <properties>\n", f);
	property(f, "old", c->old.path);
	property(f, "new", c->new.path);
	property(f, "old_revision", c->old.revision);
	property(f, "new_revision", c->new.revision);
	fputs("    </properties>\n", f);
	if (c->nondeterministic) {
		begin(f, "contigbench", "deterministic");
		outcome(f, "failure", "one revision, one experiment, and other counts", "nondeterminism", "");
	}
	for (size_t i = 0; i < c->nr; i++)
		test_case(f, c, &c->all[i]);
	for (size_t i = 0; i < c->nr_singles; i++) {
		if (!c->singles[i].in_old || !c->singles[i].failed)
			continue;
		begin(f, c->singles[i].benchmark, "runs");
		outcome(f, "failure", "fails in NEW", "failed", c->singles[i].failed);
	}
	fputs("    <system-out></system-out>\n    <system-err></system-err>\n  </testsuite>\n</testsuites>\n", f);
}
