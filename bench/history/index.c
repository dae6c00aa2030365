// SPDX-License-Identifier: MIT
/* index.c - what is in a history, and the numbers of one run. */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

/* Which column is read, and whether there was memory for all texts. */
struct row {
	sqlite3_stmt *stmt;
	bool no_memory;
};

static char *text(struct row *r, int column)
{
	const unsigned char *t = sqlite3_column_text(r->stmt, column);
	char *copy = strdup(t ? (const char *)t : "");

	r->no_memory |= !copy;
	return copy;
}

static int word(struct row *r, int column, const char *const *words, int nr)
{
	const char *t = (const char *)sqlite3_column_text(r->stmt, column);
	int i = 0;

	while (i < nr - 1 && t && strcmp(t, words[i]))
		i++;
	return i;
}

/* Where the experiment with this id is; they are in the order of ids. */
static size_t experiment_at(const struct history_index *x, int64_t id)
{
	size_t at = 0, end = x->nr_experiments;

	while (at < end) {
		const size_t middle = (at + end) / 2;

		if (x->experiments[middle].id < id)
			at = middle + 1;
		else
			end = middle;
	}
	return at < x->nr_experiments && x->experiments[at].id == id ? at : SIZE_MAX;
}

static void read_experiment(struct history_index *x, struct row *r)
{
	x->experiments[x->nr_experiments++] = (struct history_experiment){
		.id = sqlite3_column_int64(r->stmt, 0),
		.machine = text(r, 1),
		.parameters = text(r, 2),
		.inputs = text(r, 3),
		.deterministic = sqlite3_column_int(r->stmt, 4),
	};
}

static void read_run(struct history_index *x, struct row *r)
{
	const size_t experiment = experiment_at(x, sqlite3_column_int64(r->stmt, 1));

	if (experiment == SIZE_MAX)
		return;
	x->runs[x->nr_runs++] = (struct history_run){
		.id = sqlite3_column_int64(r->stmt, 0),
		.experiment = experiment,
		.revision = text(r, 2),
		.date = text(r, 3),
		.schema = text(r, 4),
		.commit = sqlite3_column_type(r->stmt, 5) != SQLITE_NULL,
		.committed = sqlite3_column_int64(r->stmt, 5),
		.rank = sqlite3_column_int64(r->stmt, 6),
		.measured = sqlite3_column_int64(r->stmt, 7),
		.added = sqlite3_column_int64(r->stmt, 8),
		.position = x->experiments[experiment].runs++,
	};
}

static void read_series(struct history_index *x, struct row *r)
{
	const size_t experiment = experiment_at(x, sqlite3_column_int64(r->stmt, 1));

	if (experiment == SIZE_MAX)
		return;
	struct history_series *s = &x->series[x->nr_series++];

	*s = (struct history_series){
		.id = sqlite3_column_int64(r->stmt, 0),
		.experiment = experiment,
		.benchmark = text(r, 2),
		.metric = text(r, 3),
		.unit = text(r, 4),
		.kind = (enum record_kind)word(r, 5, history_kinds, RECORD_KIND_NR),
		.better = (enum record_better)word(r, 6, history_betters, 3),
		.aside = sqlite3_column_int(r->stmt, 7),
	};
	s->exact = s->kind == RECORD_COUNT || (s->kind == RECORD_RATE && x->experiments[experiment].deterministic);
}

/* All rows of a query into an array of as many as `count` says. */
static int read_all(struct history *h, struct history_index *x, const char *count, const char *sql, void **array,
                    size_t size, void (*read)(struct history_index *x, struct row *r))
{
	int status, rc = SQLITE_DONE;
	struct row r = { .stmt = history_prepare(h, count, &status) };
	size_t nr = 0;

	if (r.stmt && sqlite3_step(r.stmt) == SQLITE_ROW)
		nr = (size_t)sqlite3_column_int64(r.stmt, 0);
	sqlite3_finalize(r.stmt);
	*array = calloc(nr + 1, size);
	if (status == CLI_OK)
		r.stmt = history_prepare(h, sql, &status);
	if (status != CLI_OK)
		return status;
	while (*array && !r.no_memory && nr-- && (rc = sqlite3_step(r.stmt)) == SQLITE_ROW)
		read(x, &r);
	if (!*array || r.no_memory)
		status = cli_error(CLI_MACHINE, "no memory");
	else if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		status = history_failed(h, "reading");
	sqlite3_finalize(r.stmt);
	return status;
}

static int by_id(const void *a, const void *b, void *series)
{
	const struct history_series *all = series;
	const int64_t x = all[*(const size_t *)a].id, y = all[*(const size_t *)b].id;

	return (x > y) - (x < y);
}

static int sort_series(struct history_index *x)
{
	x->by_id = calloc(x->nr_series + 1, sizeof(*x->by_id));
	if (!x->by_id)
		return cli_error(CLI_MACHINE, "no memory");
	for (size_t i = 0; i < x->nr_series; i++)
		x->by_id[i] = i;
	qsort_r(x->by_id, x->nr_series, sizeof(*x->by_id), by_id, x->series);
	return CLI_OK;
}

int history_index(struct history *h, struct history_index *x)
{
	int status = CLI_OK;

	*x = (struct history_index){ 0 };
	/* what is read afterwards is of the same moment */
	if (sqlite3_get_autocommit(h->db) && sqlite3_exec(h->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		status = history_failed(h, "reading");
	if (status == CLI_OK)
		status = read_all(h, x, "SELECT count(*) FROM experiment",
		                  "SELECT id, machine, parameters, inputs, deterministic FROM experiment ORDER BY id",
		                  (void **)&x->experiments, sizeof(*x->experiments), read_experiment);
	if (status == CLI_OK)
		status = read_all(
			h, x, "SELECT count(*) FROM run",
			"SELECT id, experiment, revision, date, schema, committed, rank, measured, added FROM run "
			"ORDER BY experiment, coalesce(committed, measured), coalesce(rank, 0), measured, id",
			(void **)&x->runs, sizeof(*x->runs), read_run);
	if (status == CLI_OK)
		status = read_all(h, x, "SELECT count(*) FROM series",
		                  "SELECT id, experiment, benchmark, metric, unit, kind, better, aside FROM series "
		                  "ORDER BY experiment, benchmark, metric, unit, kind",
		                  (void **)&x->series, sizeof(*x->series), read_series);
	return status == CLI_OK ? sort_series(x) : status;
}

void history_index_free(struct history_index *x)
{
	for (size_t i = 0; i < x->nr_experiments; i++) {
		free(x->experiments[i].machine);
		free(x->experiments[i].parameters);
		free(x->experiments[i].inputs);
	}
	for (size_t i = 0; i < x->nr_runs; i++) {
		free(x->runs[i].revision);
		free(x->runs[i].date);
		free(x->runs[i].schema);
	}
	for (size_t i = 0; i < x->nr_series; i++) {
		free(x->series[i].benchmark);
		free(x->series[i].metric);
		free(x->series[i].unit);
	}
	free(x->experiments);
	free(x->runs);
	free(x->series);
	free(x->by_id);
	*x = (struct history_index){ 0 };
}
