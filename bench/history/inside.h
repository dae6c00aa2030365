/* SPDX-License-Identifier: MIT */
/* inside.h - what the files behind history.h share. */
#ifndef HISTORY_INSIDE_H
#define HISTORY_INSIDE_H

#include <sqlite3.h>

#include "history.h"

/* "ctgb" */
#define HISTORY_APPLICATION 0x63746762

struct history {
	sqlite3 *db;
	const char *path;
	uint32_t wait;
	int64_t keys; /* that were added last: most benchmarks of a run have the same */
	void *keys_blob;
	size_t keys_len;
};

/* One more step of the schema for each version. */
extern const char *const history_schema[];
extern const int history_version; /* how many there are */

/*
 * In a transaction: bring the tables from what user_version says to version `nr`, by statements[version], ... SQLITE_OK or
 * SQLite's code.
 */
int history_migrate(sqlite3 *db, const char *const *statements, int nr);

/* A statement, its parameters still to be bound; NULL after a message, and *status then says which. */
sqlite3_stmt *history_prepare(struct history *h, const char *sql, int *status);

/* Digest of a set's numbers and of where they come from, without revision and date. False: no memory. */
bool history_digest(const struct record_set *s, char out[65]);

#endif
