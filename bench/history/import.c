// SPDX-License-Identifier: MIT
/* import.c - what export_json() has written, one run at a time. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "export.h"

struct import {
	const char *path;
	size_t run; /* that is read, from 1 on */
};

bool import_is_export(const char *path)
{
	FILE *f = fopen(path, "r");
	int c = f ? getc(f) : EOF;

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		c = getc(f);
	if (f)
		fclose(f);
	return c == '[';
}

static int wrong(const struct import *i, const char *what)
{
	return cli_error(CLI_USAGE, "%s: run %zu %s: nothing was added; `contigbench history export` writes such files",
	                 i->path, i->run, what);
}

/* ---- fields ---------------------------------------------------------------------------------- */

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool copy(char **to, const json_t *o, const char *key)
{
	const char *text = text_of(o, key);

	*to = text ? strdup(text) : NULL;
	return *to;
}

static bool whole(const json_t *v, uint64_t *out)
{
	if (json_is_string(v))
		return cli_u64(json_string_value(v), 0, UINT64_MAX, out);
	*out = (uint64_t)json_integer_value(v);
	return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool real(const json_t *v, double *out)
{
	static const struct {
		const char *text;
		double value;
	} words[] = { { "NaN", NAN }, { "Infinity", INFINITY }, { "-Infinity", -INFINITY } };

	for (size_t i = 0; json_is_string(v) && i < sizeof(words) / sizeof(words[0]); i++) {
		*out = words[i].value;
		if (!strcmp(json_string_value(v), words[i].text))
			return true;
	}
	*out = json_number_value(v);
	return json_is_number(v);
}

static bool one_of(const char *text, const char *const *words, int nr, int *out)
{
	for (*out = 0; text && *out < nr; ++*out) {
		if (!strcmp(text, words[*out]))
			return true;
	}
	return false;
}

/* ---- a run ----------------------------------------------------------------------------------- */

static bool read_values(const json_t *o, struct record_metric *m)
{
	const json_t *keys = json_object_get(o, "keys"), *values = json_object_get(o, "values"),
		     *trials = json_object_get(o, "trials");
	const bool rate = m->kind == RECORD_RATE;

	m->nr = json_array_size(values);
	m->values = calloc(m->nr + 1, sizeof(*m->values));
	if (!m->values || !m->nr || json_array_size(keys) != m->nr || json_array_size(trials) != (rate ? m->nr : 0))
		return false;
	for (size_t i = 0; i < m->nr; i++) {
		struct record_value *v = &m->values[i];
		const json_t *trial = json_array_get(trials, i);

		if (!whole(json_array_get(keys, i), &v->key) || !real(json_array_get(values, i), &v->value))
			return false;
		if (i && m->values[i - 1].key >= v->key)
			return false;
		if (rate &&
		    (!whole(json_array_get(trial, 0), &v->k) || !whole(json_array_get(trial, 1), &v->n) || v->k > v->n))
			return false;
	}
	return true;
}

static bool read_metric(const json_t *o, struct record_metric *m)
{
	const json_t *mean_of = json_object_get(o, "mean_of");
	int kind, better;

	m->stddev = NAN;
	m->aside = json_is_true(json_object_get(o, "aside"));
	if (mean_of && (!whole(mean_of, &m->mean_of) || !real(json_object_get(o, "stddev"), &m->stddev)))
		return false;
	if (!copy(&m->name, o, "metric") || !copy(&m->unit, o, "unit") ||
	    !one_of(text_of(o, "kind"), history_kinds, RECORD_KIND_NR, &kind) ||
	    !one_of(text_of(o, "better"), history_betters, 3, &better))
		return false;
	m->kind = (enum record_kind)kind;
	m->better = (enum record_better)better;
	return read_values(o, m);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct record_benchmark *)a)->name, ((const struct record_benchmark *)b)->name);
}

static bool read_benchmark(const json_t *o, struct record_benchmark *b)
{
	const json_t *metrics = json_object_get(o, "metrics");
	const size_t nr = json_array_size(metrics);

	b->metrics = calloc(nr + 1, sizeof(*b->metrics));
	if (!b->metrics || !copy(&b->name, o, "name"))
		return false;
	for (; b->nr < nr; b->nr++) {
		if (!read_metric(json_array_get(metrics, b->nr), &b->metrics[b->nr])) {
			b->nr++;
			return false;
		}
	}
	return nr;
}

static bool read_benchmarks(const json_t *o, struct record_set *s)
{
	const json_t *benchmarks = json_object_get(o, "benchmarks");
	const size_t nr = json_array_size(benchmarks);
	bool fine = nr > 0;

	s->benchmarks = calloc(nr + 1, sizeof(*s->benchmarks));
	while (s->benchmarks && fine && s->nr < nr) {
		fine = read_benchmark(json_array_get(benchmarks, s->nr), &s->benchmarks[s->nr]);
		s->nr++;
	}
	if (!fine || !s->benchmarks)
		return false;
	qsort(s->benchmarks, s->nr, sizeof(*s->benchmarks), by_name);
	for (size_t i = 1; i < s->nr; i++) {
		if (!by_name(&s->benchmarks[i - 1], &s->benchmarks[i]))
			return false;
	}
	return true;
}

static bool read_run(const struct import *i, const json_t *o, struct record_set *s, struct history_place *place)
{
	const char *committed = text_of(o, "commit_date");
	const json_t *deterministic = json_object_get(o, "deterministic");

	*s = (struct record_set){ .path = strdup(i->path), .deterministic = json_is_true(deterministic) };
	*place = (struct history_place){ .commit = committed, .rank = json_integer_value(json_object_get(o, "rank")) };
	return s->path && copy(&s->revision, o, "revision") && copy(&s->date, o, "date") &&
	       copy(&s->schema, o, "schema") && copy(&s->machine, o, "machine") &&
	       copy(&s->parameters, o, "parameters") && copy(&s->inputs, o, "inputs") &&
	       json_is_boolean(deterministic) && (!committed || date_parse(committed, &place->committed)) &&
	       read_benchmarks(o, s);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* What is between two elements of the array. */
static int separator(FILE *f)
{
	int c = getc(f);

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		c = getc(f);
	return c;
}

static int check_header(const struct import *i, const json_t *o)
{
	const char *format = text_of(o, "format");
	const json_int_t version = json_integer_value(json_object_get(o, "version"));

	if (!format || strcmp(format, EXPORT_FORMAT))
		return cli_error(
			CLI_USAGE,
			"%s is no export of a history, nor a file of Google Benchmark: see `contigbench history --help`",
			i->path);
	if (version != EXPORT_VERSION)
		return cli_error(
			CLI_USAGE,
			"%s is of version %lld of this format, and this program knows version %d: export it anew",
			i->path, (long long)version, EXPORT_VERSION);
	return CLI_OK;
}

static int element(struct import *i, json_t *o,
                   int (*each)(void *ctx, struct record_set *s, const struct history_place *place), void *ctx)
{
	struct history_place place;
	struct record_set s = { 0 };
	int status;

	if (!i->run)
		return check_header(i, o);
	status =
		read_run(i, o, &s, &place) ? CLI_OK : wrong(i, "has a part missing, or one that does not belong there");
	if (status == CLI_OK)
		status = each(ctx, &s, &place);
	records_free(&s);
	return status;
}

int import_each(const char *path, int (*each)(void *ctx, struct record_set *s, const struct history_place *place),
                void *ctx)
{
	struct import i = { .path = path };
	FILE *f = fopen(path, "r");
	int status = CLI_OK, next = '[';

	if (!f)
		return cli_error(cli_status_of(errno), "%s: %s", path, strerror(errno));
	if (separator(f) != '[')
		status = cli_error(CLI_USAGE, "%s is no export of a history", path);
	while (status == CLI_OK && next != ']') {
		json_error_t error;
		json_t *o = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);

		if (!json_is_object(o))
			status = i.run ? wrong(&i, "can not be read: is this half a file?") : check_header(&i, o);
		else
			status = element(&i, o, each, ctx);
		json_decref(o);
		next = separator(f);
		if (status == CLI_OK && next != ',' && next != ']')
			status = wrong(&i, "is the last that can be read: this is half a file");
		i.run++;
	}
	fclose(f);
	return status;
}
