// SPDX-License-Identifier: MIT
/* history.c - which file, whether it is one of ours, and what to say when SQLite can not go on. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside.h"

char *history_path(const char *given)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int len;

	if (given && !*given) {
		cli_error(CLI_USAGE, "--db: which file?");
		return NULL;
	}
	if (given)
		len = asprintf(&path, "%s", given);
	else if (data && data[0] == '/')
		len = asprintf(&path, "%s/contigbench/history.db", data);
	else if (home && home[0])
		len = asprintf(&path, "%s/.local/share/contigbench/history.db", home);
	else
		return cli_error(CLI_USAGE,
		                 "where is the history? Neither XDG_DATA_HOME nor HOME is set: say --db FILE"),
		       NULL;
	if (len < 0)
		return cli_error(CLI_MACHINE, "no memory"), NULL;
	return path;
}

/* ---- messages -------------------------------------------------------------------------------- */

/* What SQLite could not make it tries to read, and remembers why that was not possible: because it is not there. */
static int why_not_opened(const char *path, int why)
{
	char *copy = why == ENOENT ? strdup(path) : NULL;

	if (copy && access(dirname(copy), W_OK))
		why = errno;
	free(copy);
	return why;
}

int history_failed(struct history *h, const char *doing)
{
	const int code = sqlite3_errcode(h->db), why = why_not_opened(h->path, sqlite3_system_errno(h->db));

	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return cli_error(
			CLI_MACHINE,
			"%s is in use by another process, and was for %u s: try again, or wait longer with --wait "
			"SECONDS (`fuser %s` shows who it is)",
			h->path, h->wait, h->path);
	case SQLITE_READONLY:
		return cli_error(CLI_MACHINE,
		                 "%s can not be written: %s; choose another file with --db, or a copy of it", h->path,
		                 sqlite3_errmsg(h->db));
	case SQLITE_FULL:
		return cli_error(CLI_MACHINE, "%s: no space is left there; nothing was added", h->path);
	case SQLITE_CANTOPEN:
		return cli_error(CLI_MACHINE, "%s can not be opened for %s: %s; choose another file with --db", h->path,
		                 doing, why ? strerror(why) : sqlite3_errmsg(h->db));
	case SQLITE_NOMEM:
		return cli_error(CLI_MACHINE, "no memory");
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return cli_error(
			CLI_USAGE,
			"%s is damaged (%s: %s): take a copy of it from before, or begin another with --db and "
			"`history add` of an export",
			h->path, doing, sqlite3_errmsg(h->db));
	default:
		return cli_error(CLI_MACHINE, "%s: %s: %s%s%s", h->path, doing, sqlite3_errmsg(h->db), why ? ": " : "",
		                 why ? strerror(why) : "");
	}
}

sqlite3_stmt *history_prepare(struct history *h, const char *sql, int *status)
{
	sqlite3_stmt *stmt = NULL;

	*status = CLI_OK;
	if (sqlite3_prepare_v2(h->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		*status = history_failed(h, "reading its tables");
	return stmt;
}

/* ---- is it a history? ------------------------------------------------------------------------ */

static int not_ours(const char *path, const char *what)
{
	return cli_error(CLI_USAGE,
	                 "%s is %s, not a history of contigbench: it was not touched; choose another file with --db",
	                 path, what);
}

static int check_version(const char *path, int version)
{
	if (version > history_version)
		return cli_error(
			CLI_USAGE,
			"%s is of version %d, and this program knows versions up to %d: use the contigbench that "
			"wrote it, or a newer one",
			path, version, history_version);
	return version > 0 ? CLI_OK : not_ours(path, "of no version");
}

static bool has_journal(const char *path)
{
	char name[4200];
	struct stat st;

	snprintf(name, sizeof(name), "%s-journal", path);
	return !stat(name, &st) && st.st_size > 0;
}

/*
 * What the first 100 bytes say (https://www.sqlite.org/fileformat2.html), before SQLite may write: it would tidy up what other
 * programs have left beside their files. *empty: there is nothing in it yet, or it is not there.
 */
static int identify(const char *path, bool *empty)
{
	uint8_t head[100];
	uint32_t version, application;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*empty = fd < 0 && errno == ENOENT;
	if (*empty)
		return CLI_OK;
	if (fd < 0 || fstat(fd, &st)) {
		const int err = errno;

		if (fd >= 0)
			close(fd);
		return cli_error(cli_status_of(err), "%s can not be read: %s", path, strerror(err));
	}
	const ssize_t len = S_ISREG(st.st_mode) ? read(fd, head, sizeof(head)) : -1;

	close(fd);
	if (!S_ISREG(st.st_mode))
		return not_ours(path, S_ISDIR(st.st_mode) ? "a folder" : "no file");
	*empty = !len;
	/* killed while the very first was added: SQLite makes it empty again */
	if (*empty || has_journal(path))
		return CLI_OK;
	if (len < (ssize_t)sizeof(head) || memcmp(head, "SQLite format 3", 16))
		return not_ours(path, "no SQLite file");
	memcpy(&version, head + 60, sizeof(version));
	memcpy(&application, head + 68, sizeof(application));
	if (be32toh(application) != HISTORY_APPLICATION)
		return not_ours(path, "another program's database");
	return check_version(path, (int)be32toh(version));
}

/* One number that a pragma answers, or -1 with SQLite's error left for history_failed(). */
static int64_t pragma(struct history *h, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t v = -1;

	if (sqlite3_prepare_v2(h->db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		v = sqlite3_column_int64(stmt, 0);
	return sqlite3_finalize(stmt) == SQLITE_OK ? v : -1;
}

/* The same as SQLite sees it, what a killed writer has left rolled back. */
static int identify_open(struct history *h, bool *empty)
{
	const int64_t tables = pragma(h, "SELECT count(*) FROM sqlite_schema");
	const int64_t application = tables < 0 ? -1 : pragma(h, "PRAGMA application_id");
	const int64_t version = application < 0 ? -1 : pragma(h, "PRAGMA user_version");

	if (version < 0)
		return history_failed(h, "reading");
	*empty = !tables && !version;
	if (*empty)
		return CLI_OK;
	if (application != HISTORY_APPLICATION)
		return not_ours(h->path, "another program's database");
	return check_version(h->path, (int)version);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* Folders above the file, as far as they are missing: private, like others below ~/.local/share. */
static int make_folders(const char *path)
{
	char name[4096];

	if (snprintf(name, sizeof(name), "%s", path) >= (int)sizeof(name))
		return cli_error(CLI_USAGE, "--db: a name of more than %zu bytes", sizeof(name));
	for (char *slash = name; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(name, 0700) && errno != EEXIST)
			return cli_error(CLI_MACHINE, "%s can not be made: %s; choose another file with --db", name,
			                 strerror(errno));
		*slash = '/';
	}
	return CLI_OK;
}

static int open_database(struct history *h, enum history_mode mode)
{
	/* a name that begins with "file:" is a name, too */
	const int flags = mode == HISTORY_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	char *literal = NULL;

	if (asprintf(&literal, "%s%s", h->path[0] == '/' ? "" : "./", h->path) < 0)
		return cli_error(CLI_MACHINE, "no memory");
	const int rc = sqlite3_open_v2(literal, &h->db, flags, NULL);

	free(literal);
	if (!h->db)
		return cli_error(CLI_MACHINE, "no memory");
	if (rc != SQLITE_OK)
		return history_failed(h, mode == HISTORY_READ ? "reading" : "writing");
	sqlite3_busy_timeout(h->db, (int)h->wait * 1000);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (mode == HISTORY_WRITE && sqlite3_db_readonly(h->db, "main") == 1)
		return cli_error(CLI_MACHINE, "%s can not be written: choose another file with --db, or a copy of it",
		                 h->path);
	return CLI_OK;
}

/*
 * A journal that is deleted at the end of each transaction, and not SQLite's write-ahead log: then the file can be read where
 * nothing can be written. EXTRA: the deletion has reached the disk before an addition is reported.
 */
static int prepare_writing(struct history *h)
{
	if (sqlite3_exec(h->db, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA", NULL, NULL, NULL) !=
	    SQLITE_OK)
		return history_failed(h, "writing");
	return CLI_OK;
}

int history_open(struct history **out, const char *path, enum history_mode mode, uint32_t wait)
{
	struct history *h = calloc(1, sizeof(*h));
	bool empty = false;
	int status;

	*out = NULL;
	if (!h)
		return cli_error(CLI_MACHINE, "no memory");
	*h = (struct history){ .path = path, .wait = wait };
	status = identify(path, &empty);
	if (status == CLI_OK && empty && mode == HISTORY_READ)
		status = cli_error(CLI_USAGE,
		                   "%s: there is no history yet; `contigbench history add RESULTS` begins one", path);
	if (status == CLI_OK && mode == HISTORY_WRITE)
		status = make_folders(path);
	if (status == CLI_OK)
		status = open_database(h, mode);
	if (status == CLI_OK && !empty)
		status = identify_open(h, &empty);
	if (status == CLI_OK && mode == HISTORY_READ && empty)
		status = cli_error(CLI_USAGE,
		                   "%s: there is no history yet; `contigbench history add RESULTS` begins one", path);
	if (status == CLI_OK && mode == HISTORY_WRITE)
		status = prepare_writing(h);
	if (status == CLI_OK)
		*out = h;
	else
		history_close(h);
	return status;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	free(h->keys_blob);
	sqlite3_close_v2(h->db);
	free(h);
}

/* ---- transactions ---------------------------------------------------------------------------- */

int history_begin(struct history *h)
{
	bool empty;
	int status;

	/* for writing at once: two that have read first would wait for each other */
	if (sqlite3_exec(h->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return history_failed(h, "writing");
	/* another process may have made the tables, or newer ones, since */
	status = identify_open(h, &empty);
	if (status == CLI_OK && history_migrate(h->db, history_schema, history_version) != SQLITE_OK)
		status = history_failed(h, "making its tables");
	return status;
}

int history_commit(struct history *h)
{
	return sqlite3_exec(h->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? CLI_OK : history_failed(h, "writing");
}

void history_cancel(struct history *h)
{
	sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
	/* keys that were added last are there no longer */
	free(h->keys_blob);
	h->keys_blob = NULL;
	h->keys_len = 0;
}
