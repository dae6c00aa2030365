// SPDX-License-Identifier: MIT
/* schema.c - the tables of a history, version by version: docs/formats.md explains them. */
#include "inside.h"

const char *const history_schema[] = {
	/* 0 to 1 */
	"CREATE TABLE experiment(\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	machine TEXT NOT NULL,\n"
	"	parameters TEXT NOT NULL,\n"
	"	inputs TEXT NOT NULL,\n"
	"	deterministic INTEGER NOT NULL,\n"
	"	UNIQUE(machine, parameters, inputs, deterministic)) STRICT;\n"
	"CREATE TABLE run(\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	experiment INTEGER NOT NULL REFERENCES experiment(id),\n"
	"	revision TEXT NOT NULL,\n"
	"	date TEXT NOT NULL,\n"
	"	schema TEXT NOT NULL,\n"
	"	committed INTEGER,\n"
	"	rank INTEGER,\n"
	"	measured INTEGER NOT NULL,\n"
	"	added INTEGER NOT NULL,\n"
	"	numbers TEXT NOT NULL,\n"
	"	digest TEXT NOT NULL UNIQUE) STRICT;\n"
	"CREATE INDEX run_numbers ON run(numbers);\n"
	"CREATE TABLE series(\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	experiment INTEGER NOT NULL REFERENCES experiment(id),\n"
	"	benchmark TEXT NOT NULL,\n"
	"	metric TEXT NOT NULL,\n"
	"	unit TEXT NOT NULL,\n"
	"	kind TEXT NOT NULL CHECK(kind IN ('count', 'rate', 'time')),\n"
	"	better TEXT NOT NULL CHECK(better IN ('lower', 'higher', 'neither')),\n"
	"	aside INTEGER NOT NULL,\n"
	"	UNIQUE(experiment, benchmark, metric, unit, kind)) STRICT;\n"
	"CREATE TABLE keys(\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	keys BLOB NOT NULL UNIQUE) STRICT;\n"
	/* by run, so that adding one appends, and reading all of them is one pass over the file */
	"CREATE TABLE sample(\n"
	"	run INTEGER NOT NULL REFERENCES run(id),\n"
	"	series INTEGER NOT NULL REFERENCES series(id),\n"
	"	keys INTEGER NOT NULL REFERENCES keys(id),\n"
	"	value BLOB NOT NULL,\n"
	"	trials BLOB,\n"
	"	mean_of INTEGER,\n"
	"	stddev REAL,\n"
	"	PRIMARY KEY(run, series)) STRICT, WITHOUT ROWID;\n",
};

const int history_version = sizeof(history_schema) / sizeof(history_schema[0]);

const char *const history_kinds[RECORD_KIND_NR] = {
	[RECORD_COUNT] = "count",
	[RECORD_RATE] = "rate",
	[RECORD_TIME] = "time",
};
const char *const history_betters[3] = {
	[BETTER_LOWER] = "lower",
	[BETTER_HIGHER] = "higher",
	[BETTER_NEITHER] = "neither",
};

int history_migrate(sqlite3 *db, const char *const *statements, int nr)
{
	sqlite3_stmt *stmt;
	char pragma[96];
	int version = 0, rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		version = sqlite3_column_int(stmt, 0);
	rc = sqlite3_finalize(stmt);
	for (; rc == SQLITE_OK && version < nr; version++)
		rc = sqlite3_exec(db, statements[version], NULL, NULL, NULL);
	snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d; PRAGMA user_version = %d", HISTORY_APPLICATION,
	         nr);
	return rc == SQLITE_OK ? sqlite3_exec(db, pragma, NULL, NULL, NULL) : rc;
}
