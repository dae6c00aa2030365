// SPDX-License-Identifier: MIT
/* samples.c - the numbers of a run, and a run as the set that it once was. */
#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

struct samples {
	struct history *h;
	const struct history_index *x;
	const struct history_run *run;
	size_t cursor; /* in x->by_id: samples come in the same order */
	sqlite3_stmt *stmt, *find_keys;
	int64_t keys_id; /* of what is in `keys` */
	uint64_t *keys, *trials;
	double *values;
	size_t nr_keys, room;
};

static int damaged(const struct samples *s, const char *what)
{
	return cli_error(CLI_USAGE, "%s is damaged: %s of run %lld; take a copy of it from before", s->h->path, what,
	                 (long long)s->run->id);
}

static bool make_room(struct samples *s, size_t nr)
{
	if (nr <= s->room)
		return true;
	free(s->values);
	free(s->trials);
	s->values = calloc(nr, sizeof(*s->values));
	s->trials = calloc(2 * nr, sizeof(*s->trials));
	s->room = s->values && s->trials ? nr : 0;
	return s->room;
}

static void unpack(uint64_t *out, const void *blob, size_t nr)
{
	memcpy(out, blob, nr * sizeof(*out));
	for (size_t i = 0; i < nr; i++)
		out[i] = le64toh(out[i]);
}

static int read_keys(struct samples *s, int64_t id)
{
	int status = CLI_OK;

	if (id == s->keys_id)
		return CLI_OK;
	sqlite3_reset(s->find_keys);
	sqlite3_bind_int64(s->find_keys, 1, id);
	const int rc = sqlite3_step(s->find_keys);

	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? damaged(s, "no keys") : history_failed(s->h, "reading");
	const size_t len = (size_t)sqlite3_column_bytes(s->find_keys, 0);

	free(s->keys);
	s->keys = malloc(len + 1);
	s->nr_keys = len / sizeof(*s->keys);
	s->keys_id = id;
	if (!s->keys)
		status = cli_error(CLI_MACHINE, "no memory");
	else if (s->nr_keys)
		unpack(s->keys, sqlite3_column_blob(s->find_keys, 0), s->nr_keys);
	return status;
}

/* Columns: series, keys, value, trials, mean_of, stddev. */
static int read_sample(struct samples *s, struct history_sample *out)
{
	const int64_t id = sqlite3_column_int64(s->stmt, 0);
	const struct history_series *all = s->x->series;
	const size_t nr = (size_t)sqlite3_column_bytes(s->stmt, 2) / sizeof(double);
	const bool rate = sqlite3_column_type(s->stmt, 3) != SQLITE_NULL;
	const int status = read_keys(s, sqlite3_column_int64(s->stmt, 1));

	while (s->cursor < s->x->nr_series && all[s->x->by_id[s->cursor]].id < id)
		s->cursor++;
	if (status != CLI_OK)
		return status;
	if (s->cursor == s->x->nr_series || all[s->x->by_id[s->cursor]].id != id ||
	    all[s->x->by_id[s->cursor]].experiment != s->run->experiment)
		return damaged(s, "numbers of no series");
	if (!nr || nr != s->nr_keys || (size_t)sqlite3_column_bytes(s->stmt, 2) % sizeof(double) ||
	    (rate && (size_t)sqlite3_column_bytes(s->stmt, 3) != 2 * nr * sizeof(*s->trials)))
		return damaged(s, "cut off numbers");
	if (!make_room(s, nr))
		return cli_error(CLI_MACHINE, "no memory");
	for (size_t i = 0; i < nr; i++) {
		uint64_t bits;

		memcpy(&bits, (const char *)sqlite3_column_blob(s->stmt, 2) + i * sizeof(bits), sizeof(bits));
		bits = le64toh(bits);
		memcpy(&s->values[i], &bits, sizeof(bits));
	}
	if (rate)
		unpack(s->trials, sqlite3_column_blob(s->stmt, 3), 2 * nr);
	*out = (struct history_sample){
		.series = s->x->by_id[s->cursor],
		.nr = nr,
		.keys = s->keys,
		.values = s->values,
		.trials = rate ? s->trials : NULL,
		.mean_of = (uint64_t)sqlite3_column_int64(s->stmt, 4),
		.stddev = sqlite3_column_type(s->stmt, 5) == SQLITE_NULL ? NAN : sqlite3_column_double(s->stmt, 5),
	};
	return CLI_OK;
}

int history_samples(struct history *h, const struct history_index *x, const struct history_run *run,
                    int (*each)(void *ctx, const struct history_sample *sample), void *ctx)
{
	struct samples s = { .h = h, .x = x, .run = run, .keys_id = -1 };
	struct history_sample sample;
	int status, rc = SQLITE_DONE;

	s.stmt = history_prepare(h,
	                         "SELECT series, keys, value, trials, mean_of, stddev FROM sample WHERE run = ? "
	                         "ORDER BY series",
	                         &status);
	if (status == CLI_OK)
		s.find_keys = history_prepare(h, "SELECT keys FROM keys WHERE id = ?", &status);
	if (status == CLI_OK)
		sqlite3_bind_int64(s.stmt, 1, run->id);
	while (status == CLI_OK && (rc = sqlite3_step(s.stmt)) == SQLITE_ROW) {
		status = read_sample(&s, &sample);
		if (status == CLI_OK)
			status = each(ctx, &sample);
	}
	if (status == CLI_OK && rc != SQLITE_DONE)
		status = history_failed(h, "reading");
	sqlite3_finalize(s.stmt);
	sqlite3_finalize(s.find_keys);
	free(s.keys);
	free(s.values);
	free(s.trials);
	return status;
}

/* ---- as a set -------------------------------------------------------------------------------- */

struct rebuilding {
	const struct history_index *x;
	struct record_set *set;
	struct record_metric *metrics; /* by series; those that the run has not have no values */
	bool no_memory;
};

static int keep(void *ctx, const struct history_sample *sample)
{
	struct rebuilding *r = ctx;
	struct record_metric *m = &r->metrics[sample->series];
	const struct history_series *s = &r->x->series[sample->series];

	*m = (struct record_metric){
		.name = strdup(s->metric),
		.unit = strdup(s->unit),
		.kind = s->kind,
		.better = s->better,
		.aside = s->aside,
		.nr = sample->nr,
		.values = calloc(sample->nr, sizeof(*m->values)),
		.mean_of = sample->mean_of,
		.stddev = sample->stddev,
	};
	if (!m->name || !m->unit || !m->values)
		return cli_error(CLI_MACHINE, "no memory");
	for (size_t i = 0; i < sample->nr; i++)
		m->values[i] = (struct record_value){
			.key = sample->keys[i],
			.value = sample->values[i],
			.k = sample->trials ? sample->trials[2 * i] : 0,
			.n = sample->trials ? sample->trials[2 * i + 1] : 0,
		};
	return CLI_OK;
}

/* Move a benchmark's metrics from [first, end), where the index has them, to the end of the set. */
static bool move(struct rebuilding *r, size_t first, size_t end)
{
	struct record_benchmark b = { 0 };

	for (size_t i = first; i < end; i++)
		b.nr += r->metrics[i].nr > 0;
	if (!b.nr)
		return true;
	b.name = strdup(r->x->series[first].benchmark);
	b.metrics = calloc(b.nr, sizeof(*b.metrics));
	if (!b.name || !b.metrics) {
		free(b.name);
		free(b.metrics);
		return false;
	}
	b.nr = 0;
	for (size_t i = first; i < end; i++) {
		if (r->metrics[i].nr)
			b.metrics[b.nr++] = r->metrics[i];
		r->metrics[i] = (struct record_metric){ 0 };
	}
	r->set->benchmarks[r->set->nr++] = b;
	return true;
}

static bool same_benchmark(const struct history_series *a, const struct history_series *b)
{
	return a->experiment == b->experiment && !strcmp(a->benchmark, b->benchmark);
}

static int fill(struct rebuilding *r, size_t experiment)
{
	const struct history_index *x = r->x;

	r->set->benchmarks = calloc(x->nr_series + 1, sizeof(*r->set->benchmarks));
	if (!r->set->benchmarks)
		return cli_error(CLI_MACHINE, "no memory");
	for (size_t first = 0, end; first < x->nr_series; first = end) {
		for (end = first + 1; end < x->nr_series && same_benchmark(&x->series[first], &x->series[end]); end++)
			;
		if (x->series[first].experiment == experiment && !move(r, first, end))
			return cli_error(CLI_MACHINE, "no memory");
	}
	return CLI_OK;
}

static int copy_head(struct record_set *s, const struct history *h, const struct history_experiment *e,
                     const struct history_run *run)
{
	const struct {
		char **to;
		const char *from;
	} texts[] = {
		{ &s->path, h->path },       { &s->schema, run->schema }, { &s->revision, run->revision },
		{ &s->machine, e->machine }, { &s->date, run->date },     { &s->parameters, e->parameters },
		{ &s->inputs, e->inputs },
	};

	*s = (struct record_set){ .deterministic = e->deterministic };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i].to = strdup(texts[i].from);
		if (!*texts[i].to)
			return cli_error(CLI_MACHINE, "no memory");
	}
	return CLI_OK;
}

int history_set(struct history *h, const struct history_index *x, const struct history_run *run, struct record_set *s)
{
	struct rebuilding r = { .x = x, .set = s, .metrics = calloc(x->nr_series + 1, sizeof(*r.metrics)) };
	int status = copy_head(s, h, &x->experiments[run->experiment], run);

	if (status == CLI_OK && !r.metrics)
		status = cli_error(CLI_MACHINE, "no memory");
	if (status == CLI_OK)
		status = history_samples(h, x, run, keep, &r);
	if (status == CLI_OK)
		status = fill(&r, run->experiment);
	for (size_t i = 0; r.metrics && i < x->nr_series; i++) {
		free(r.metrics[i].name);
		free(r.metrics[i].unit);
		free(r.metrics[i].values);
	}
	free(r.metrics);
	return status;
}
