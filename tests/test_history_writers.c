// SPDX-License-Identifier: MIT
/*
 * test_history_writers.c - a history with several processes at it, killed ones among them, and in places where not all that is
 * needed can be had: no lock, no space, no permission to write.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/history/inside.h"
#include "lib/house.h"
#include "lib/sets.h"

#define SETS       50
#define BENCHMARKS 20
#define NOBODY     65534

static int tidy(void **state)
{
	unlink("h.db");
	unlink("h.db-journal");
	unlink("reported");
	return house_tidy(state);
}

/* Set number n of a writer, unlike all others. */
static void make(struct record_set *s, int writer, int n)
{
	char name[64];

	snprintf(name, sizeof(name), "w%d-%d", writer, n);
	set_make(s, name, "");
	for (int b = 0; b < BENCHMARKS; b++) {
		const double values[] = { writer, n, b };

		snprintf(name, sizeof(name), "b%02d", b);
		set_add(s, name, "m", RECORD_TIME, BETTER_LOWER, values, 3);
	}
}

static int add(struct history *h, int writer, int n)
{
	const struct history_place place = { .revision = NULL };
	struct history_receipt receipt;
	struct record_set s;

	make(&s, writer, n);
	int status = history_begin(h);

	if (status == CLI_OK)
		status = history_add(h, &s, &place, &receipt);
	if (status == CLI_OK)
		status = history_commit(h);
	if (status != CLI_OK)
		history_cancel(h);
	records_free(&s);
	return status;
}

/* Each set by an open of its own, as a command does, and a line in `reported` for each that was said to be added. */
static void write_sets(int writer, int first)
{
	int out = open("reported", O_WRONLY | O_APPEND | O_CREAT, 0666);
	struct history *h;

	for (int n = first; n < SETS; n++) {
		char line[32];
		int len = snprintf(line, sizeof(line), "w%d-%d\n", writer, n);

		if (history_open(&h, "h.db", HISTORY_WRITE, 60) != CLI_OK || add(h, writer, n) != CLI_OK)
			_exit(1);
		history_close(h);
		if (write(out, line, (size_t)len) != len)
			_exit(2);
	}
	_exit(0);
}

static pid_t begin(int writer, int first)
{
	fflush(NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		write_sets(writer, first);
	return pid;
}

static int64_t number(const char *query)
{
	sqlite3_stmt *stmt;
	sqlite3 *d;

	assert_int_equal(sqlite3_open("h.db", &d), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(d, query, -1, &stmt, NULL), SQLITE_OK);
	if (sqlite3_step(stmt) != SQLITE_ROW)
		fail_msg("%s: %s", query, sqlite3_errmsg(d));
	const int64_t v = sqlite3_column_int64(stmt, 0);

	sqlite3_finalize(stmt);
	sqlite3_close(d);
	return v;
}

/* No page is out of order, and each run is there with all of its numbers. */
static void assert_whole(void)
{
	sqlite3_stmt *stmt;
	sqlite3 *d;

	assert_int_equal(sqlite3_open("h.db", &d), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(d, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	sqlite3_close(d);
	if (number("SELECT count(*) FROM sqlite_schema"))
		assert_int_equal(number("SELECT count(*) FROM sample"),
		                 BENCHMARKS * number("SELECT count(*) FROM run"));
}

/* Whatever was said to be added is there. */
static void assert_reported(void)
{
	char query[128];
	size_t len;
	char *text = house_contents("reported", &len), *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && *line) {
		snprintf(query, sizeof(query), "SELECT count(*) FROM run WHERE revision = '%s'", line);
		if (number(query) != 1)
			fail_msg("%s was added, and is not there", line);
	}
	free(text);
}

/* ---- several --------------------------------------------------------------------------------- */

static void two_writers(void **state)
{
	pid_t pids[2];
	int status;

	(void)state;
	for (int w = 0; w < 2; w++)
		pids[w] = begin(w, 0);
	for (int w = 0; w < 2; w++) {
		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
	}
	assert_whole();
	assert_reported();
	assert_int_equal(number("SELECT count(*) FROM run"), 2 * SETS);
	assert_int_equal(number("SELECT count(*) FROM experiment"), 1);
	assert_int_equal(number("SELECT count(*) FROM series"), BENCHMARKS);
}

/* One is killed again and again, at another moment each time; the other does not mind. */
static void killed_writers(void **state)
{
	const pid_t other = begin(1, 0);
	int status;

	(void)state;
	for (int i = 0; i < 40; i++) {
		const pid_t pid = begin(100 + i, 0);

		usleep((useconds_t)(500 + i * 701));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	/* one more, so that what the last has left is rolled back */
	const pid_t last = begin(2, SETS - 1);

	assert_int_equal(waitpid(last, &status, 0), last);
	assert_int_equal(status, 0);
	assert_whole();
	assert_reported();
	assert_int_equal(number("SELECT count(*) FROM run WHERE revision LIKE 'w1-%'"), SETS);
}

/* Killed while the first set of all was added: the next one begins anew. */
static void killed_at_the_beginning(void **state)
{
	int status;

	(void)state;
	for (int i = 0; i < 40; i++) {
		unlink("h.db");
		unlink("h.db-journal");
		unlink("reported");
		const pid_t pid = begin(1, SETS - 1);

		usleep((useconds_t)(200 + i * 151));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		const pid_t next = begin(2, SETS - 1);

		assert_int_equal(waitpid(next, &status, 0), next);
		assert_int_equal(status, 0);
		assert_whole();
		assert_reported();
	}
}

/* ---- in a child, as somebody else ------------------------------------------------------------ */

static void fill(void)
{
	struct history *h;
	struct record_set s;

	assert_int_equal(history_open(&h, "h.db", HISTORY_WRITE, 0), CLI_OK);
	assert_int_equal(add(h, 1, 1), CLI_OK);
	history_close(h);
	make(&s, 1, 2);
	set_write_google(&s, "new.json");
	records_free(&s);
}

/* Where nothing can be written, all but `add` works: 0, or a status of its own for what does not. */
static int reads_only(void)
{
	static struct capture said;
	static const char *const lines[] = { "history list", "history list runs", "history show b01", "history check",
		                             "history export" };
	char line[128];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line), "%s --db h.db", lines[i]);
		capture_command(&said, cmd_history, line);
		if (said.status != CLI_OK) {
			fprintf(stderr, "%s: %d, %s\n", line, said.status, said.text);
			return 10 + (int)i;
		}
	}
	capture_command(&said, cmd_history, "history add --db h.db --revision x new.json");
	if (said.status == CLI_MACHINE && strstr(said.text, "h.db can not be ") && strstr(said.text, "--db") &&
	    strchr(said.text, '\n') == said.text + strlen(said.text) - 1)
		return 0;
	fprintf(stderr, "add: %d, %s\n", said.status, said.text);
	return 20;
}

static void in_child(int (*body)(void), const char *needs)
{
	int status;

	fflush(NULL);
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("skipped: %s needs root\n", needs);
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int as_nobody(void)
{
	if (geteuid() == 0 && (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
		return 77;
	return reads_only();
}

/* No history yet, and none can be begun: the message says why, and not that SQLite then found nothing to read. */
static int begins_as_nobody(void)
{
	static struct capture said;

	if (geteuid() == 0 && (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
		return 77;
	capture_command(&said, cmd_history, "history add --db none.db --revision x new.json");
	if (said.status == CLI_MACHINE && strstr(said.text, "none.db can not be opened for writing: Permission denied"))
		return 0;
	fprintf(stderr, "add: %d, %s\n", said.status, said.text);
	return 20;
}

static void a_read_only_folder(void **state)
{
	(void)state;
	fill();
	assert_int_equal(chmod("h.db", 0444), 0);
	assert_int_equal(chmod("new.json", 0444), 0);
	assert_int_equal(chmod(".", 0555), 0);
	in_child(as_nobody, "being somebody else");
	in_child(begins_as_nobody, "being somebody else");
	/* a file that may be written, in a folder that may not: there is no place for the journal */
	assert_int_equal(chmod("h.db", 0666), 0);
	in_child(as_nobody, "being somebody else");
	assert_int_equal(chmod(".", 0700), 0);
	assert_whole();
	assert_int_equal(number("SELECT count(*) FROM run"), 1);
}

static int on_read_only_disk(void)
{
	if (mount("none", "new", "tmpfs", 0, "size=4m"))
		return 77;
	if (system("cp h.db new.json new/") || chdir("new") ||
	    mount("none", ".", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL))
		return 78;
	const int rc = reads_only();

	return chdir("..") || umount2("new", MNT_DETACH) ? 79 : rc;
}

static void a_read_only_disk(void **state)
{
	(void)state;
	fill();
	assert_int_equal(mkdir("new", 0777), 0);
	in_child(on_read_only_disk, "mounting a tmpfs");
}

/* Sets are added until there is no space left: the last one is not there at all. */
static int on_full_disk(void)
{
	static struct capture said;
	struct history *h;
	int n = 0, out = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	if (mount("none", "new", "tmpfs", 0, "size=256k"))
		return 77;
	if (chdir("new") || history_open(&h, "h.db", HISTORY_WRITE, 0) != CLI_OK)
		return 78;
	dup2(null, STDERR_FILENO);
	while (n < 10000 && add(h, 1, n) == CLI_OK)
		n++;
	dup2(out, STDERR_FILENO);
	history_close(h);
	if (n < 3 || n == 10000)
		return 80;
	assert_whole();
	assert_int_equal(number("SELECT count(*) FROM run"), n);
	capture_command(&said, cmd_history, "history add --db h.db --revision x ../new.json");
	if (said.status != CLI_MACHINE || !strstr(said.text, "no space is left there; nothing was added")) {
		fprintf(stderr, "%d: %s\n", said.status, said.text);
		return 81;
	}
	assert_whole();
	return chdir("..") || umount2("new", MNT_DETACH) ? 79 : 0;
}

static void a_full_disk(void **state)
{
	struct record_set s;
	char name[32];

	(void)state;
	set_make(&s, "", "");
	for (int b = 0; b < 10000; b++) {
		snprintf(name, sizeof(name), "much%05d", b);
		set_add(&s, name, "m", RECORD_TIME, BETTER_LOWER, (double[]){ b }, 1);
	}
	set_write_google(&s, "new.json");
	records_free(&s);
	assert_int_equal(mkdir("new", 0777), 0);
	in_child(on_full_disk, "mounting a tmpfs");
}

/* ---- locks ----------------------------------------------------------------------------------- */

static sqlite3 *hold(const char *how)
{
	sqlite3 *d;

	assert_int_equal(sqlite3_open("h.db", &d), SQLITE_OK);
	assert_int_equal(sqlite3_exec(d, how, NULL, NULL, NULL), SQLITE_OK);
	return d;
}

static void a_lock(void **state)
{
	(void)state;
	fill();
	sqlite3 *d = hold("BEGIN EXCLUSIVE");

	house_refused(
		cmd_history, CLI_MACHINE, "history add --db h.db --revision x --wait 1 new.json",
		"h.db is in use by another process, and was for 1 s: try again, or wait longer with --wait SECONDS");
	house_refused(cmd_history, CLI_MACHINE, "history list --db h.db --wait 0", "h.db is in use by another process");
	sqlite3_close(d);
	/* who only reads is in nobody's way but a moment before the end */
	d = hold("BEGIN; SELECT count(*) FROM run");
	house_run(cmd_history, CLI_OK, "history list --db h.db --wait 0");
	house_refused(cmd_history, CLI_MACHINE, "history add --db h.db --revision x --wait 0 new.json", "is in use");
	sqlite3_close(d);
	house_run(cmd_history, CLI_OK, "history add --db h.db --revision x --wait 0 new.json");
	assert_int_equal(number("SELECT count(*) FROM run"), 2);
}

/* A lock that is given up in time is waited for. */
static void a_short_lock(void **state)
{
	int status, ready[2];
	char c;

	(void)state;
	fill();
	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		sqlite3 *d = hold("BEGIN EXCLUSIVE");

		if (write(ready[1], "", 1) != 1)
			_exit(1);
		usleep(700000);
		_exit(sqlite3_close(d));
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	house_run(cmd_history, CLI_OK, "history add --db h.db --revision x new.json");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(number("SELECT count(*) FROM run"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(two_writers, tidy),
		cmocka_unit_test_teardown(killed_writers, tidy),
		cmocka_unit_test_teardown(killed_at_the_beginning, tidy),
		cmocka_unit_test_teardown(a_read_only_folder, tidy),
		cmocka_unit_test_teardown(a_read_only_disk, tidy),
		cmocka_unit_test_teardown(a_full_disk, tidy),
		cmocka_unit_test_teardown(a_lock, tidy),
		cmocka_unit_test_teardown(a_short_lock, tidy),
	};

	return cmocka_run_group_tests_name("history writers", tests, house_set_up, house_tear_down);
}
