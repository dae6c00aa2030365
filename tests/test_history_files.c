// SPDX-License-Identifier: MIT
/*
 * test_history_files.c - what `contigbench history` reads and writes: all of a set comes back, by way of each export too; files
 * that are none, damaged ones and those of other versions are refused and left as they are.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/history/date.h"
#include "../bench/history/export.h"
#include "../bench/history/inside.h"
#include "lib/histories.h"
#include "lib/house.h"
#include "lib/series.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HOSTILE  "-x \"<>&%$#_\\^~{}|;'\t=1+1\n\x1b[31m é ☃ ,"

static int tidy(void **state)
{
	static const char *const made[] = { "h.db", "h.db-journal", "i.db", "j.db", "a.json", "b.json", "out" };

	for (size_t i = 0; i < COUNT(made); i++)
		unlink(made[i]);
	return house_tidy(state);
}

/* ---- what comes back ------------------------------------------------------------------------- */

/* All that a set may hold. */
static void make_rich(struct record_set *s, const char *revision, double factor)
{
	static const double numbers[] = { 0.1, 1e-300, 12345678.901234567, 3 };
	struct record_metric *m;
	double values[4];

	set_make(s, revision, "2026-05-06T07:08:09Z");
	free(s->machine);
	free(s->parameters);
	s->machine = strdup(HOSTILE);
	s->parameters = strdup("{\"name\":\""
	                       "Robert'); DROP TABLE run;--"
	                       "\"}");
	for (size_t i = 0; i < 4; i++)
		values[i] = numbers[i] * factor;
	set_add(s, "'); DROP TABLE series; --", HOSTILE, RECORD_TIME, BETTER_NEITHER, values, 4);
	m = set_add(s, HOSTILE, "zeta", RECORD_RATE, BETTER_HIGHER, (double[]){ 0.25, 1.0 / 3 }, 2);
	m->values[0].k = 1;
	m->values[0].n = 4;
	m->values[1].k = 1;
	m->values[1].n = 3;
	m = set_add(s, HOSTILE, "alpha", RECORD_COUNT, BETTER_LOWER, values, 3);
	m->values[2].key = UINT64_MAX;
	m->aside = true;
	m = set_add(s, HOSTILE, "mean", RECORD_TIME, BETTER_LOWER, values, 1);
	m->mean_of = 20;
	m->stddev = 0.7;
	set_add(s, "é", "m", RECORD_TIME, BETTER_LOWER, (double[]){ NAN, INFINITY, -INFINITY, -0.0 }, 4);
}

static void assert_same(const struct record_set *a, const struct record_set *b)
{
	char x[65], y[65];

	assert_true(history_digest(a, x) && history_digest(b, y));
	assert_string_equal(x, y);
	assert_string_equal(a->revision, b->revision);
	assert_string_equal(a->date, b->date);
	assert_string_equal(a->schema, b->schema);
	assert_int_equal(a->nr, b->nr);
}

static void read_run(const char *db, size_t at, struct record_set *s)
{
	struct history_index x;
	struct history *h;

	assert_int_equal(history_open(&h, db, HISTORY_READ, 0), CLI_OK);
	assert_int_equal(history_index(h, &x), CLI_OK);
	assert_true(at < x.nr_runs);
	assert_int_equal(history_set(h, &x, &x.runs[at], s), CLI_OK);
	history_index_free(&x);
	history_close(h);
}

static void what_is_kept_comes_back(void **state)
{
	struct record_set s, back;

	(void)state;
	make_rich(&s, "a", 1);
	add_set("h.db", &s);
	read_run("h.db", 0, &back);
	assert_same(&s, &back);
	const struct record_metric *m = records_metric(records_find(&back, HOSTILE), "zeta");

	assert_int_equal(m->values[1].n, 3);
	m = records_metric(records_find(&back, HOSTILE), "mean");
	assert_int_equal(m->mean_of, 20);
	m = records_metric(records_find(&back, "é"), "m");
	assert_true(signbit(m->values[3].value));
	records_free(&s);
	records_free(&back);
}

static void export_and_import(void **state)
{
	struct record_set s, back;

	(void)state;
	for (int i = 0; i < 3; i++) {
		make_rich(&s, i ? i > 1 ? "c" : HOSTILE : "", 1 + i);
		add_set("h.db", &s);
		records_free(&s);
	}
	house_run(cmd_history, CLI_OK, "history export --db h.db -o out");
	const char *text = house_run(cmd_history, CLI_OK, "history add --db i.db out");

	assert_non_null(strstr(text, "out: added as run 3 of revision c, 3 benchmarks\n"));
	for (size_t i = 0; i < 3; i++) {
		read_run("h.db", i, &s);
		read_run("i.db", i, &back);
		assert_same(&s, &back);
		records_free(&s);
		records_free(&back);
	}
	/* and what was added from there is known by its numbers */
	text = house_run(cmd_history, CLI_OK, "history add --db i.db out");
	assert_non_null(strstr(text, "out is there already, as run 2: nothing was added\n"));
	assert_int_equal(number("i.db", "SELECT count(*) FROM run"), 3);
	house_refused(cmd_history, CLI_USAGE, "history add --db i.db out --revision x", "leave --revision");
}

/* Cut anywhere, nothing of it is added. */
/* What is no file is written to, and not replaced by one: as root that would have been the end of /dev/null. */
static void export_into_a_pipe(void **state)
{
	struct stat st;

	(void)state;
	write_google("a.json", "", "one", 10);
	house_run(cmd_history, CLI_OK, "history add --db h.db a.json --revision x");
	assert_int_equal(mkfifo("out", 0600), 0);
	FILE *reader = popen("timeout 20 cat out", "r");

	assert_non_null(reader);
	house_run(cmd_history, CLI_OK, "history export --db h.db -o out");
	assert_int_equal(stat("out", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(fgetc(reader), '[');
	while (fgetc(reader) != EOF)
		;
	assert_int_equal(pclose(reader), 0);
}

static void half_an_export(void **state)
{
	struct record_set s;
	size_t len;

	(void)state;
	for (int i = 0; i < 2; i++) {
		make_rich(&s, i ? "b" : "a", 1);
		add_set("h.db", &s);
		records_free(&s);
	}
	house_run(cmd_history, CLI_OK, "history export --db h.db -o out");
	char *text = house_contents("out", &len);

	for (size_t cut = 1; cut + 2 < len; cut += 1 + len / 60) {
		house_write("a.json", text, cut);
		house_refused(cmd_history, CLI_USAGE, "history add --db i.db a.json", "a.json");
		assert_false(house_has("i.db") && number("i.db", "SELECT count(*) FROM sqlite_schema") &&
		             number("i.db", "SELECT count(*) FROM run"));
	}
	free(text);
}

static void wrong_exports(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "[]", "no export of a history" },
		{ "[{}]", "no export of a history" },
		{ "[1]", "no export of a history" },
		{ "[{\"format\":\"contigbench-history\",\"version\":2}]",
		  "is of version 2 of this format, and this program knows version 1" },
		{ "[{\"format\":\"contigbench-history\",\"version\":1},{}]", "run 1 has a part missing" },
		{ "[{\"format\":\"contigbench-history\",\"version\":1},", "run 1 can not be read" },
		{ "[{\"format\":\"contigbench-history\",\"version\":1} x]", "half a file" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		house_write("a.json", cases[i].text, strlen(cases[i].text));
		house_refused(cmd_history, CLI_USAGE, "history add --db i.db a.json", cases[i].says);
	}
	house_write("a.json", "[{\"format\":\"contigbench-history\",\"version\":1}]", 46);
	house_run(cmd_history, CLI_OK, "history add --db i.db a.json");
}

/* As Google Benchmark writes it: what reads such files reads this one, and it is the same run. */
static void google(void **state)
{
	struct record_set s, t;

	(void)state;
	write_google("a.json", "2026-01-02T03:04:05Z", HOSTILE, 10.125);
	house_run(cmd_history, CLI_OK, "history add --db h.db --revision v1 a.json");
	house_run(cmd_history, CLI_OK, "history export --db h.db --format google --revision v1 -o out");
	assert_int_equal(records_load(&s, "a.json"), CLI_OK);
	assert_int_equal(records_load(&t, "out"), CLI_OK);
	free(s.revision);
	s.revision = strdup("v1");
	assert_same(&s, &t);
	records_free(&s);
	records_free(&t);
	/* two machines have measured it */
	write_google("a.json", "2026-01-03T03:04:05Z", "one", 10);
	house_run(cmd_history, CLI_OK, "history add --db h.db --revision v1 --machine other a.json");
	house_refused(cmd_history, CLI_USAGE, "history export --db h.db --format google --revision v1",
	              "choose one with --run");
	house_run(cmd_history, CLI_OK, "history export --db h.db --format google --run 2 -o out");
	house_refused(cmd_history, CLI_USAGE, "history export --db h.db --format google --revision v9",
	              "no run is such");
}

/* A run of virtual time keeps its counts, rates and seeds on that way. */
static void google_of_virtual_time(void **state)
{
	struct record_set s, t;

	(void)state;
	house_run(
		cmd_run, CLI_OK,
		"run small.ctr -b linux-6.1,first-fit --sizes 1b --occupancy 95 --interval-ms 1 --hold-ms 2 --seeds 3,5 -o new");
	house_run(cmd_history, CLI_OK, "history add --db h.db new");
	house_run(cmd_history, CLI_OK, "history export --db h.db --format google -o out");
	assert_int_equal(records_load(&s, "new"), CLI_OK);
	assert_int_equal(records_load(&t, "out"), CLI_OK);
	assert_same(&s, &t);
	records_free(&t);
	const char *text = house_run(cmd_history, CLI_OK, "history add --db h.db out");

	assert_non_null(strstr(text, "out is there already, as run 1"));
	/* a metric that one of the seeds has not is left out, and the rest is still a run */
	struct record_metric *m = &s.benchmarks[0].metrics[0];

	while (strcmp(m->name, "scanned_pfns"))
		m++;
	m->nr--;
	add_set("i.db", &s);
	house_run(cmd_history, CLI_OK, "history export --db i.db --format google -o out");
	assert_int_equal(records_load(&t, "out"), CLI_OK);
	assert_null(records_metric(&t.benchmarks[0], "scanned_pfns"));
	assert_non_null(records_metric(&t.benchmarks[1], "scanned_pfns"));
	records_free(&s);
	records_free(&t);
}

/* Every field in its place, whatever is in it: RFC 4180, and nothing that a spreadsheet would not find in the name itself. */
static void csv(void **state)
{
	struct record_set s;

	(void)state;
	set_make(&s, "=1+1", "2026-01-02T03:04:05Z");
	set_add(&s, "a,\"b\"\nc", "m", RECORD_TIME, BETTER_LOWER, (double[]){ 0.1, NAN }, 2);
	/* a lone one ends a line for many readers */
	set_add(&s, "a\rb", "m", RECORD_TIME, BETTER_LOWER, (double[]){ 3 }, 1);
	add_set("h.db", &s);
	records_free(&s);
	assert_string_equal(
		house_run(cmd_history, CLI_OK, "history export --db h.db --format csv"),
		"run,experiment,machine,revision,measured,committed,benchmark,metric,unit,kind,better,key,value,k,n\n"
		"1,1,m,=1+1,2026-01-02T03:04:05Z,,\"a\rb\",m,ns,time,lower,1,3,,\n"
		"1,1,m,=1+1,2026-01-02T03:04:05Z,,\"a,\"\"b\"\"\nc\",m,ns,time,lower,1,0.1,,\n"
		"1,1,m,=1+1,2026-01-02T03:04:05Z,,\"a,\"\"b\"\"\nc\",m,ns,time,lower,2,,,\n");
}

/* Nothing of a name reaches the terminal as it is, and JSON stays JSON. */
static void hostile_names(void **state)
{
	struct record_set s;

	(void)state;
	for (int i = 0; i < 10; i++) {
		make_rich(&s, i ? i > 5 ? HOSTILE : "x" : "\xff\xfe", i > 5 ? 2 : 1 + 1e-3 * i);
		free(s.date);
		assert_true(asprintf(&s.date, "2026-01-%02dT00:00:00Z", i + 1) > 0);
		add_set("h.db", &s);
		records_free(&s);
	}
	static const char *const lines[] = { "list", "list runs", "list benchmarks", "show *", "check --all" };
	char line[64];

	for (size_t i = 0; i < COUNT(lines); i++) {
		snprintf(line, sizeof(line), "history %s --db h.db", lines[i]);
		const char *text = house_run(cmd_history, i == 4 ? CLI_NO : CLI_OK, line);

		assert_null(strchr(text, 0x1b));
		assert_null(strchr(text, 0xff));
		snprintf(line, sizeof(line), "history %s --db h.db --json", lines[i]);
		json_decref(house_json(cmd_history, i == 4 ? CLI_NO : CLI_OK, line));
	}
	assert_int_equal(number("h.db", "SELECT count(*) FROM run"), 10);
	house_run(cmd_history, CLI_OK, "history export --db h.db -o out");
	size_t len;
	char *text = house_contents("out", &len);
	json_t *json = json_loads(text, 0, NULL);

	assert_int_equal(json_array_size(json), 11);
	json_decref(json);
	free(text);
}

/* ---- files that are none, and versions ------------------------------------------------------- */

/* The command fails, and the file has the same bytes as before. */
static void untouched(const char *path, const char *line, int status, const char *says)
{
	size_t before, after;
	char *old = house_contents(path, &before), *new;

	house_refused(cmd_history, status, line, says);
	new = house_contents(path, &after);
	assert_int_equal(before, after);
	assert_memory_equal(old, new, before);
	free(old);
	free(new);
}

static void files_that_are_none(void **state)
{
	static const char other[] = "CREATE TABLE t(x); INSERT INTO t VALUES(1)";

	(void)state;
	write_google("a.json", "", "one", 10);
	house_write("h.db",
	            "no database at all, but a text that is longer than the hundred bytes of a head: "
	            "0123456789012345678901234567890123456789",
	            120);
	untouched("h.db", "history add --db h.db a.json --revision x", CLI_USAGE, "h.db is no SQLite file");
	untouched("h.db", "history check --db h.db", CLI_USAGE, "h.db is no SQLite file");
	house_write("h.db", "SQLite format 3", 16);
	untouched("h.db", "history list --db h.db", CLI_USAGE, "h.db is no SQLite file");
	sql("i.db", other);
	untouched("i.db", "history add --db i.db a.json --revision x", CLI_USAGE, "i.db is another program's database");
	untouched("i.db", "history list --db i.db", CLI_USAGE, "another program's database");
	sql("j.db", "PRAGMA journal_mode = WAL; CREATE TABLE t(x)");
	untouched("j.db", "history add --db j.db a.json --revision x", CLI_USAGE, "another program's database");
	assert_int_equal(mkdir("new", 0777), 0);
	house_refused(cmd_history, CLI_USAGE, "history add --db new a.json --revision x", "new is a folder");
	house_refused(cmd_history, CLI_USAGE, "history list --db nowhere.db", "there is no history yet");
	assert_false(house_has("nowhere.db"));
	/* an empty file is one that has yet to be begun: mktemp makes such */
	house_write("h.db", "", 0);
	house_refused(cmd_history, CLI_USAGE, "history list --db h.db", "there is no history yet");
	house_run(cmd_history, CLI_OK, "history add --db h.db a.json --revision x");
}

static void newer_versions(void **state)
{
	(void)state;
	write_google("a.json", "", "one", 10);
	house_run(cmd_history, CLI_OK, "history add --db h.db a.json --revision x");
	assert_int_equal(number("h.db", "PRAGMA application_id"), HISTORY_APPLICATION);
	assert_int_equal(number("h.db", "PRAGMA user_version"), 1);
	sql("h.db", "PRAGMA user_version = 7");
	untouched("h.db", "history add --db h.db a.json --revision y", CLI_USAGE,
	          "h.db is of version 7, and this program knows versions up to 1");
	untouched("h.db", "history check --db h.db", CLI_USAGE, "is of version 7");
	sql("h.db", "PRAGMA user_version = 0");
	untouched("h.db", "history list --db h.db", CLI_USAGE, "of no version");
}

/* A version is a step further: none is left out, and none is made twice. */
static void migrations(void **state)
{
	static const char *const steps[] = { "CREATE TABLE a(x)", "ALTER TABLE a ADD y DEFAULT 5",
		                             "ALTER TABLE a ADD z DEFAULT 6", "no SQL" };
	sqlite3 *d;

	(void)state;
	for (int from = 1; from <= 3; from++) {
		unlink("h.db");
		assert_int_equal(sqlite3_open("h.db", &d), SQLITE_OK);
		assert_int_equal(history_migrate(d, steps, from), SQLITE_OK);
		assert_int_equal(sqlite3_exec(d, "INSERT INTO a(x) VALUES(4)", NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(history_migrate(d, steps, 3), SQLITE_OK);
		assert_int_equal(history_migrate(d, steps, 3), SQLITE_OK);
		assert_int_equal(history_migrate(d, steps, 4), SQLITE_ERROR);
		sqlite3_close(d);
		assert_int_equal(number("h.db", "SELECT x + y + z FROM a"), 15);
		assert_int_equal(number("h.db", "PRAGMA user_version"), 3);
	}
}

/* Cut off, overwritten, or with tables that do not fit together: said once, and nothing crashes. */
static void damaged_files(void **state)
{
	static const char *const changes[] = {
		"DROP TABLE sample",
		"UPDATE sample SET value = x'0102'",
		"UPDATE sample SET value = zeroblob(0)",
		"UPDATE sample SET trials = x'00'",
		"UPDATE sample SET keys = 999",
		"UPDATE keys SET keys = x'00'",
		"UPDATE sample SET series = 999 WHERE series = 1",
		"DELETE FROM series WHERE id = 1",
		"DROP TABLE run",
	};
	size_t len;

	(void)state;
	write_google("a.json", "", "one", 10);
	house_run(cmd_history, CLI_OK, "history add --db h.db a.json --revision x");
	char *whole = house_contents("h.db", &len);

	for (size_t i = 0; i < COUNT(changes); i++) {
		house_write("h.db", whole, len);
		sql("h.db", changes[i]);
		house_refused(cmd_history, CLI_USAGE, "history check --db h.db", "is damaged");
	}
	/* the last of them is without the table that `add` looks into first */
	house_refused(cmd_history, CLI_USAGE, "history add --db h.db a.json --revision y", "is damaged");
	for (size_t cut = 4096; cut < len; cut += 4096) {
		house_write("h.db", whole, cut);
		house_refused(cmd_history, CLI_USAGE, "history check --db h.db", "is damaged");
		house_refused(cmd_history, CLI_USAGE, "history add --db h.db a.json --revision y", "is damaged");
	}
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_kept_comes_back, tidy),
		cmocka_unit_test_teardown(export_and_import, tidy),
		cmocka_unit_test_teardown(export_into_a_pipe, tidy),
		cmocka_unit_test_teardown(half_an_export, tidy),
		cmocka_unit_test_teardown(wrong_exports, tidy),
		cmocka_unit_test_teardown(google, tidy),
		cmocka_unit_test_teardown(google_of_virtual_time, tidy),
		cmocka_unit_test_teardown(csv, tidy),
		cmocka_unit_test_teardown(hostile_names, tidy),
		cmocka_unit_test_teardown(files_that_are_none, tidy),
		cmocka_unit_test_teardown(newer_versions, tidy),
		cmocka_unit_test_teardown(migrations, tidy),
		cmocka_unit_test_teardown(damaged_files, tidy),
	};

	return cmocka_run_group_tests_name("history files", tests, house_set_up, house_tear_down);
}
