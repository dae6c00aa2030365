// SPDX-License-Identifier: MIT
/* add.c - one set becomes one run. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../workloads/trace/sha256.h"
#include "date.h"
#include "inside.h"

struct adding {
	struct history *h;
	const struct record_set *set;
	const struct history_place *place;
	const char *revision, *date;
	char numbers[65], digest[65];
	int64_t experiment, run;
	sqlite3_stmt *find_series, *add_series, *find_keys, *add_keys, *add_sample;
	uint64_t *words; /* room for a metric's keys, values and trials */
	size_t room;
	int status; /* of what went wrong, once there was a message */
};

/* Bind texts and step once: SQLITE_ROW or SQLITE_DONE is what the caller wants, -1 an error with a message. */
static int step(struct adding *a, sqlite3_stmt *stmt)
{
	const int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc;
	a->status = history_failed(a->h, "adding");
	return -1;
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

/* "first" of a query with these texts; 0: none; -1 after a message. */
static int64_t first(struct adding *a, sqlite3_stmt *stmt)
{
	const int rc = stmt ? step(a, stmt) : -1;
	const int64_t v = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : rc < 0 ? -1 : 0;

	sqlite3_reset(stmt);
	return v;
}

static int64_t insert(struct adding *a, sqlite3_stmt *stmt)
{
	const int rc = stmt ? step(a, stmt) : -1;

	sqlite3_reset(stmt);
	return rc < 0 ? -1 : sqlite3_last_insert_rowid(a->h->db);
}

/* ---- the run --------------------------------------------------------------------------------- */

/* Of what is added: the same numbers under another revision or of another time are another run. */
static bool name_run(struct adding *a)
{
	struct sha256 sum;

	if (!history_digest(a->set, a->numbers))
		return false;
	sha256_init(&sum);
	sha256_add(&sum, a->numbers, sizeof(a->numbers));
	sha256_add(&sum, a->revision, strlen(a->revision) + 1);
	sha256_add(&sum, a->date, strlen(a->date) + 1);
	sha256_hex(&sum, a->digest);
	return true;
}

static int64_t find_run(struct adding *a)
{
	sqlite3_stmt *stmt = history_prepare(a->h, "SELECT id FROM run WHERE digest = ?", &a->status);

	bind_text(stmt, 1, a->digest);
	const int64_t run = first(a, stmt);

	sqlite3_finalize(stmt);
	return run;
}

/* A results folder given another name: more likely a slip than chance. */
static int find_like(struct adding *a, struct history_receipt *receipt)
{
	static const char sql[] =
		"SELECT revision FROM run WHERE numbers = ?1 AND date = ?2 AND revision <> ?3 LIMIT 1";
	sqlite3_stmt *stmt = a->date[0] ? history_prepare(a->h, sql, &a->status) : NULL;

	if (!a->date[0])
		return CLI_OK;
	bind_text(stmt, 1, a->numbers);
	bind_text(stmt, 2, a->date);
	bind_text(stmt, 3, a->revision);
	const int rc = stmt ? step(a, stmt) : -1;

	if (rc == SQLITE_ROW)
		snprintf(receipt->like, sizeof(receipt->like), "%s", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return rc < 0 ? a->status : CLI_OK;
}

static int64_t experiment_of(struct adding *a)
{
	static const char find[] = "SELECT id FROM experiment WHERE machine = ? AND parameters = ? AND inputs = ? AND "
				   "deterministic = ?";
	static const char add[] =
		"INSERT INTO experiment(machine, parameters, inputs, deterministic) VALUES(?, ?, ?, ?)";
	int64_t id = 0;

	for (int turn = 0; turn < 2 && !id; turn++) {
		sqlite3_stmt *stmt = history_prepare(a->h, turn ? add : find, &a->status);

		bind_text(stmt, 1, a->set->machine);
		bind_text(stmt, 2, a->set->parameters);
		bind_text(stmt, 3, a->set->inputs);
		sqlite3_bind_int(stmt, 4, a->set->deterministic);
		id = turn ? insert(a, stmt) : first(a, stmt);
		sqlite3_finalize(stmt);
	}
	return id;
}

static int64_t add_run(struct adding *a, struct history_receipt *receipt)
{
	static const char sql[] =
		"INSERT INTO run(experiment, revision, date, schema, committed, rank, measured, added, numbers, digest) "
		"VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	const int64_t now = (int64_t)time(NULL);
	int64_t measured;
	sqlite3_stmt *stmt = history_prepare(a->h, sql, &a->status);

	receipt->undated = !date_parse(a->date, &measured);
	sqlite3_bind_int64(stmt, 1, a->experiment);
	bind_text(stmt, 2, a->revision);
	bind_text(stmt, 3, a->date);
	bind_text(stmt, 4, a->set->schema);
	if (a->place->commit) {
		sqlite3_bind_int64(stmt, 5, a->place->committed);
		sqlite3_bind_int64(stmt, 6, a->place->rank);
	}
	sqlite3_bind_int64(stmt, 7, receipt->undated ? now : measured);
	sqlite3_bind_int64(stmt, 8, now);
	bind_text(stmt, 9, a->numbers);
	bind_text(stmt, 10, a->digest);
	const int64_t run = insert(a, stmt);

	sqlite3_finalize(stmt);
	return run;
}

/* ---- its numbers ----------------------------------------------------------------------------- */

static int64_t series_of(struct adding *a, const struct record_benchmark *b, const struct record_metric *m)
{
	int64_t id = 0;

	for (int turn = 0; turn < 2 && !id; turn++) {
		sqlite3_stmt *stmt = turn ? a->add_series : a->find_series;

		sqlite3_bind_int64(stmt, 1, a->experiment);
		bind_text(stmt, 2, b->name);
		bind_text(stmt, 3, m->name);
		bind_text(stmt, 4, m->unit);
		bind_text(stmt, 5, history_kinds[m->kind]);
		if (turn) {
			bind_text(stmt, 6, history_betters[m->better]);
			sqlite3_bind_int(stmt, 7, m->aside);
		}
		id = turn ? insert(a, stmt) : first(a, stmt);
	}
	return id;
}

static int64_t keys_of(struct adding *a, size_t nr)
{
	struct history *h = a->h;
	const size_t len = nr * sizeof(*a->words);

	if (h->keys_blob && h->keys_len == len && !memcmp(h->keys_blob, a->words, len))
		return h->keys;
	sqlite3_bind_blob(a->find_keys, 1, a->words, (int)len, SQLITE_STATIC);
	h->keys = first(a, a->find_keys);
	if (!h->keys) {
		sqlite3_bind_blob(a->add_keys, 1, a->words, (int)len, SQLITE_STATIC);
		h->keys = insert(a, a->add_keys);
	}
	free(h->keys_blob);
	h->keys_blob = malloc(len);
	h->keys_len = len;
	if (h->keys_blob)
		memcpy(h->keys_blob, a->words, len);
	return h->keys;
}

static bool make_room(struct adding *a, size_t nr)
{
	if (nr <= a->room)
		return true;
	uint64_t *words = reallocarray(a->words, nr, 4 * sizeof(*words));

	if (!words)
		return false;
	a->words = words;
	a->room = nr;
	return true;
}

static int add_metric(struct adding *a, const struct record_benchmark *b, const struct record_metric *m)
{
	if (!make_room(a, m->nr))
		return cli_error(CLI_MACHINE, "no memory");
	uint64_t *values = a->words + m->nr, *trials = values + m->nr;

	for (size_t i = 0; i < m->nr; i++) {
		uint64_t bits;

		memcpy(&bits, &m->values[i].value, sizeof(bits));
		a->words[i] = htole64(m->values[i].key);
		values[i] = htole64(bits);
		trials[2 * i] = htole64(m->values[i].k);
		trials[2 * i + 1] = htole64(m->values[i].n);
	}
	const int64_t series = series_of(a, b, m), keys = series < 0 ? -1 : keys_of(a, m->nr);

	if (keys < 0)
		return a->status;
	sqlite3_bind_int64(a->add_sample, 1, a->run);
	sqlite3_bind_int64(a->add_sample, 2, series);
	sqlite3_bind_int64(a->add_sample, 3, keys);
	sqlite3_bind_blob(a->add_sample, 4, values, (int)(m->nr * sizeof(*values)), SQLITE_STATIC);
	if (m->kind == RECORD_RATE)
		sqlite3_bind_blob(a->add_sample, 5, trials, (int)(2 * m->nr * sizeof(*trials)), SQLITE_STATIC);
	else
		sqlite3_bind_null(a->add_sample, 5);
	if (m->mean_of) {
		sqlite3_bind_int64(a->add_sample, 6, (int64_t)m->mean_of);
		sqlite3_bind_double(a->add_sample, 7, m->stddev);
	} else {
		sqlite3_bind_null(a->add_sample, 6);
		sqlite3_bind_null(a->add_sample, 7);
	}
	return insert(a, a->add_sample) < 0 ? a->status : CLI_OK;
}

static int add_numbers(struct adding *a)
{
	const struct record_set *s = a->set;
	int status = CLI_OK;
	const struct {
		sqlite3_stmt **stmt;
		const char *sql;
	} statements[] = {
		{ &a->find_series, "SELECT id FROM series WHERE experiment = ? AND benchmark = ? AND metric = ? AND "
		                   "unit = ? AND kind = ?" },
		{ &a->add_series, "INSERT INTO series(experiment, benchmark, metric, unit, kind, better, aside) "
		                  "VALUES(?, ?, ?, ?, ?, ?, ?)" },
		{ &a->find_keys, "SELECT id FROM keys WHERE keys = ?" },
		{ &a->add_keys, "INSERT INTO keys(keys) VALUES(?)" },
		{ &a->add_sample, "INSERT INTO sample(run, series, keys, value, trials, mean_of, stddev) "
		                  "VALUES(?, ?, ?, ?, ?, ?, ?)" },
	};
	const size_t nr = sizeof(statements) / sizeof(statements[0]);

	for (size_t i = 0; i < nr && status == CLI_OK; i++)
		*statements[i].stmt = history_prepare(a->h, statements[i].sql, &status);
	for (size_t b = 0; b < s->nr && status == CLI_OK; b++) {
		for (size_t m = 0; m < s->benchmarks[b].nr && status == CLI_OK; m++)
			status = add_metric(a, &s->benchmarks[b], &s->benchmarks[b].metrics[m]);
	}
	for (size_t i = 0; i < nr; i++)
		sqlite3_finalize(*statements[i].stmt);
	free(a->words);
	return status;
}

int history_add(struct history *h, const struct record_set *s, const struct history_place *place,
                struct history_receipt *receipt)
{
	struct adding a = {
		.h = h,
		.set = s,
		.place = place,
		.revision = place->revision ? place->revision : s->revision,
		.date = place->date ? place->date : s->date,
	};

	*receipt = (struct history_receipt){ 0 };
	if (!name_run(&a))
		return cli_error(CLI_MACHINE, "no memory");
	receipt->run = find_run(&a);
	receipt->there = receipt->run > 0;
	if (receipt->there)
		return CLI_OK;
	if (receipt->run < 0 || find_like(&a, receipt) != CLI_OK)
		return a.status;
	a.experiment = experiment_of(&a);
	a.run = a.experiment < 0 ? -1 : add_run(&a, receipt);
	receipt->run = a.run;
	return a.run < 0 ? a.status : add_numbers(&a);
}
