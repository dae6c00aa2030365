// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../bench/history/inside.h"
#include "histories.h"

void add_set(const char *db, const struct record_set *s)
{
	const struct history_place place = { .revision = NULL };
	struct history_receipt receipt;
	struct history *h;

	assert_int_equal(history_open(&h, db, HISTORY_WRITE, 0), CLI_OK);
	assert_int_equal(history_begin(h), CLI_OK);
	assert_int_equal(history_add(h, s, &place, &receipt), CLI_OK);
	assert_int_equal(history_commit(h), CLI_OK);
	history_close(h);
}

void write_google(const char *path, const char *date, const char *benchmark, double value)
{
	struct record_set s;

	set_make(&s, "", date);
	set_add(&s, benchmark, "real_time", RECORD_TIME, BETTER_LOWER, (double[]){ value, value + 1 }, 2);
	set_write_google(&s, path);
	records_free(&s);
}

void sql(const char *db, const char *statements)
{
	sqlite3 *d;

	assert_int_equal(sqlite3_open(db, &d), SQLITE_OK);
	if (sqlite3_exec(d, statements, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", statements, sqlite3_errmsg(d));
	assert_int_equal(sqlite3_close(d), SQLITE_OK);
}

int64_t number(const char *db, const char *query)
{
	sqlite3 *d;
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_open(db, &d), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(d, query, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	const int64_t v = sqlite3_column_int64(stmt, 0);

	sqlite3_finalize(stmt);
	sqlite3_close(d);
	return v;
}
