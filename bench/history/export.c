// SPDX-License-Identifier: MIT
/* export.c - runs as JSON and as CSV. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../results/results.h"
#include "../text/escape.h"
#include "date.h"
#include "export.h"

bool export_wants(const struct export_filter *filter, const struct history_index *x, const struct history_run *run)
{
	return (!filter->revision || !strcmp(filter->revision, run->revision)) &&
	       (!filter->machine || !strcmp(filter->machine, x->experiments[run->experiment].machine)) &&
	       (!filter->run || filter->run == run->id);
}

void export_real(FILE *f, double v)
{
	char text[40];

	if (!isfinite(v)) {
		fputs(isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"", f);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	/* "-0" would be read as a whole number, which has no such sign */
	fputs(v == 0 && signbit(v) ? "-0.0" : text, f);
}

/* Whole numbers above what readers of JSON have room for are texts. */
static void whole(FILE *f, uint64_t v)
{
	fprintf(f, v > INT64_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, v);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void member(FILE *f, const char *key, const char *text)
{
	fprintf(f, "\"%s\":", key);
	escape_json(f, text);
}

static void json_date(FILE *f, const char *key, int64_t seconds)
{
	char text[32];

	date_text(seconds, text);
	fprintf(f, ",\"%s\":\"%s\"", key, text);
}

static void json_metric(FILE *f, const struct record_metric *m)
{
	const bool rate = m->kind == RECORD_RATE;

	fputc('{', f);
	member(f, "metric", m->name);
	fputc(',', f);
	member(f, "unit", m->unit);
	fprintf(f, ",\"kind\":\"%s\",\"better\":\"%s\"", history_kinds[m->kind], history_betters[m->better]);
	if (m->aside)
		fputs(",\"aside\":true", f);
	if (m->mean_of) {
		fputs(",\"mean_of\":", f);
		whole(f, m->mean_of);
		fputs(",\"stddev\":", f);
		export_real(f, m->stddev);
	}
	fputs(",\"keys\":[", f);
	for (size_t i = 0; i < m->nr; i++) {
		fputs(i ? "," : "", f);
		whole(f, m->values[i].key);
	}
	fputs("],\"values\":[", f);
	for (size_t i = 0; i < m->nr; i++) {
		fputs(i ? "," : "", f);
		export_real(f, m->values[i].value);
	}
	fputs(rate ? "],\"trials\":[" : "]", f);
	for (size_t i = 0; rate && i < m->nr; i++) {
		fputs(i ? ",[" : "[", f);
		whole(f, m->values[i].k);
		fputc(',', f);
		whole(f, m->values[i].n);
		fputc(']', f);
	}
	fputs(rate ? "]}" : "}", f);
}

static void json_run(FILE *f, const struct history_run *run, const struct record_set *s)
{
	fputs(",\n{", f);
	member(f, "revision", s->revision);
	fputc(',', f);
	member(f, "date", s->date);
	if (run->commit) {
		json_date(f, "commit_date", run->committed);
		fprintf(f, ",\"rank\":%" PRId64, run->rank);
	}
	json_date(f, "added", run->added);
	fputc(',', f);
	member(f, "schema", s->schema);
	fputc(',', f);
	member(f, "machine", s->machine);
	fputc(',', f);
	member(f, "parameters", s->parameters);
	fputc(',', f);
	member(f, "inputs", s->inputs);
	fprintf(f, ",\"deterministic\":%s,\"benchmarks\":[", s->deterministic ? "true" : "false");
	for (size_t b = 0; b < s->nr; b++) {
		fputs(b ? ",{" : "{", f);
		member(f, "name", s->benchmarks[b].name);
		fputs(",\"metrics\":[", f);
		for (size_t m = 0; m < s->benchmarks[b].nr; m++) {
			fputs(m ? "," : "", f);
			json_metric(f, &s->benchmarks[b].metrics[m]);
		}
		fputs("]}", f);
	}
	fputs("]}", f);
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static void csv_start(FILE *f, const struct history_index *x, const struct history_run *run)
{
	char measured[32], committed[32] = "";

	date_text(run->measured, measured);
	if (run->commit)
		date_text(run->committed, committed);
	fprintf(f, "%" PRId64 ",%" PRId64 ",", run->id, x->experiments[run->experiment].id);
	csv_text(f, x->experiments[run->experiment].machine);
	fputc(',', f);
	csv_text(f, run->revision);
	fprintf(f, ",%s,%s", measured, committed);
}

static void csv_metric(FILE *f, const char *start, const char *benchmark, const struct record_metric *m)
{
	for (size_t i = 0; i < m->nr; i++) {
		fprintf(f, "%s,", start);
		csv_text(f, benchmark);
		fputc(',', f);
		csv_text(f, m->name);
		fputc(',', f);
		csv_text(f, m->unit);
		fprintf(f, ",%s,%s,%" PRIu64 ",", history_kinds[m->kind], history_betters[m->better], m->values[i].key);
		if (isfinite(m->values[i].value))
			export_real(f, m->values[i].value);
		if (m->kind == RECORD_RATE)
			fprintf(f, ",%" PRIu64 ",%" PRIu64 "\n", m->values[i].k, m->values[i].n);
		else
			fputs(",,\n", f);
	}
}

static int csv_run(FILE *f, const struct history_index *x, const struct history_run *run, const struct record_set *s)
{
	char *start = NULL;
	size_t len;
	FILE *text = open_memstream(&start, &len);

	if (!text)
		return cli_error(CLI_MACHINE, "no memory");
	csv_start(text, x, run);
	fclose(text);
	for (size_t b = 0; b < s->nr; b++) {
		for (size_t m = 0; m < s->benchmarks[b].nr; m++)
			csv_metric(f, start, s->benchmarks[b].name, &s->benchmarks[b].metrics[m]);
	}
	free(start);
	return CLI_OK;
}

/* ---- all runs -------------------------------------------------------------------------------- */

static int each_run(FILE *f, struct history *h, const struct history_index *x, const struct export_filter *filter,
                    bool csv)
{
	int status = CLI_OK;

	for (size_t i = 0; i < x->nr_runs && status == CLI_OK; i++) {
		const struct history_run *run = &x->runs[i];
		struct record_set s = { 0 };

		if (!export_wants(filter, x, run))
			continue;
		status = history_set(h, x, run, &s);
		if (status == CLI_OK && csv)
			status = csv_run(f, x, run, &s);
		else if (status == CLI_OK)
			json_run(f, run, &s);
		records_free(&s);
		cli_progress("exporting", i + 1, x->nr_runs);
	}
	return status;
}

int export_json(FILE *f, struct history *h, const struct history_index *x, const struct export_filter *filter)
{
	fprintf(f, "[{\"format\":\"%s\",\"version\":%d}", EXPORT_FORMAT, EXPORT_VERSION);
	const int status = each_run(f, h, x, filter, false);

	fputs("\n]\n", f);
	return status;
}

int export_csv(FILE *f, struct history *h, const struct history_index *x, const struct export_filter *filter)
{
	fputs("run,experiment,machine,revision,measured,committed,benchmark,metric,unit,kind,better,key,value,k,n\n",
	      f);
	return each_run(f, h, x, filter, true);
}
