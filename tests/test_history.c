// SPDX-License-Identifier: MIT
/*
 * test_history.c - `contigbench history`: what is kept comes back, twice the same is once, and files that are none are left
 * alone. Who writes at the same time is in test_history_writers.c, which changes are found in test_changes.c.
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

static int tidy(void **state)
{
	static const char *const made[] = { "h.db", "h.db-journal", "i.db", "j.db", "a.json", "b.json", "out" };

	for (size_t i = 0; i < COUNT(made); i++)
		unlink(made[i]);
	return house_tidy(state);
}

/* ---- helpers --------------------------------------------------------------------------------- */

/* A run a day, one value each, of a benchmark "b". */
static void add_series(const char *db, enum record_kind kind, enum record_better better, const double *values,
                       size_t nr)
{
	struct record_set s;
	char revision[8], date[32];

	for (size_t i = 0; i < nr; i++) {
		snprintf(revision, sizeof(revision), "r%zu", i);
		snprintf(date, sizeof(date), "2026-%02zu-%02zuT00:00:00Z", 1 + i / 28, 1 + i % 28);
		set_make(&s, revision, date);
		set_add(&s, "b", "m", kind, better, &values[i], 1);
		add_set(db, &s);
		records_free(&s);
	}
}

/* ---- dates ----------------------------------------------------------------------------------- */

static void dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} fine[] = {
		{ "1970-01-01", 0 },
		{ "2026-01-31", 1769817600 },
		{ "2026-01-31T12:00:00Z", 1769860800 },
		{ "2026-01-31 12:00", 1769860800 },
		{ "2026-01-31T12:00:00.75+01:00", 1769857200 },
		{ "2026-01-31T12:00:00-0130", 1769866200 },
		{ "2024-02-29", 1709164800 },
		{ "0001-01-01", -62135596800 },
	};
	static const char *const wrong[] = { "",
		                             "2026",
		                             "2026-13-01",
		                             "2026-00-10",
		                             "2026-02-30",
		                             "2025-02-29",
		                             "yesterday",
		                             "2026-1-1",
		                             "2026-01-31T",
		                             "2026-01-31T25:00:00",
		                             "2026-01-31x",
		                             " 2026-01-31",
		                             "2026-01-31T12:00:00+1",
		                             "-2026-01-31" };
	char text[32];
	int64_t t;

	(void)state;
	for (size_t i = 0; i < COUNT(fine); i++) {
		if (!date_parse(fine[i].text, &t) || t != fine[i].seconds)
			fail_msg("%s: %" PRId64, fine[i].text, t);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		if (date_parse(wrong[i], &t))
			fail_msg("%s is a date", wrong[i]);
	}
	date_text(1769860800, text);
	assert_string_equal(text, "2026-01-31T12:00:00Z");
}

/* ---- adding ---------------------------------------------------------------------------------- */

static void add_and_list(void **state)
{
	(void)state;
	write_google("a.json", "2026-01-02T03:04:05Z", "one", 10);
	write_google("b.json", "2026-01-03T03:04:05Z", "two", 20);
	const char *text = house_run(cmd_history, CLI_OK, "history add --db h.db --revision v1 a.json");

	assert_non_null(strstr(text, "a.json: added as run 1 of revision v1, 1 benchmark\n"));
	house_run(cmd_history, CLI_OK, "history add --db h.db --revision v2 b.json");
	text = house_run(cmd_history, CLI_OK, "history list --db h.db");
	assert_non_null(strstr(text, "2 runs of 2 revisions"));
	assert_non_null(strstr(text, "v1 (2026-01-02) to v2 (2026-01-03); 2 benchmarks, 4 series"));
	text = house_run(cmd_history, CLI_OK, "history list runs --db h.db");
	assert_non_null(strstr(text, "     2  -                     2026-01-03T03:04:05Z  v2\n"));
	json_t *list = house_json(cmd_history, CLI_OK, "history list benchmarks --db h.db --json");

	assert_int_equal(json_array_size(list), 2);
	json_decref(list);
	text = house_run(cmd_history, CLI_OK, "history show --db h.db --metric real_time two");
	assert_non_null(strstr(text, "     1  2026-01-02               -              v1\n"));
	assert_non_null(strstr(text, "     2  2026-01-03            20.5              v2\n"));
}

static void twice_is_once(void **state)
{
	(void)state;
	write_google("a.json", "2026-01-02T03:04:05Z", "one", 10);
	house_run(cmd_history, CLI_OK, "history add --db h.db --revision v1 a.json");
	for (int i = 0; i < 2; i++) {
		const char *text = house_run(cmd_history, CLI_OK, "history add --db h.db --revision v1 a.json");

		assert_string_equal(text, "a.json is there already, as run 1: nothing was added\n");
	}
	json_t *report = house_json(cmd_history, CLI_OK, "history add --db h.db --revision v1 --json a.json");

	assert_true(json_is_false(json_object_get(json_array_get(report, 0), "added")));
	json_decref(report);
	/* the same numbers under another name are another run, but strange */
	const char *text = house_run(cmd_history, CLI_OK, "history add --db h.db --revision v2 a.json");

	assert_non_null(strstr(text, "warning: a.json has the very numbers of revision v1"));
	assert_int_equal(number("h.db", "SELECT count(*) FROM run"), 2);
}

static void a_run_without_revision(void **state)
{
	(void)state;
	write_google("a.json", "", "one", 10);
	const char *text = house_run(cmd_history, CLI_OK, "history add --db h.db a.json");

	assert_non_null(strstr(text, "does not say which revision was measured"));
	assert_non_null(strstr(house_run(cmd_history, CLI_OK, "history list --db h.db"), "run 1 ("));
}

/* Machines are not compared; a name given makes two of them one. */
static void machines(void **state)
{
	(void)state;
	write_google("a.json", "2026-01-02T03:04:05Z", "one", 10);
	house_run(cmd_history, CLI_OK, "history add --db h.db --revision v1 a.json --machine ci");
	write_google("a.json", "2026-01-03T03:04:05Z", "one", 10);
	house_run(cmd_history, CLI_OK, "history add --db h.db --revision v2 a.json");
	assert_int_equal(number("h.db", "SELECT count(*) FROM experiment"), 2);
	write_google("a.json", "2026-01-04T03:04:05Z", "one", 10);
	house_run(cmd_history, CLI_OK, "history add --db h.db --revision v3 a.json --machine ci");
	assert_int_equal(number("h.db", "SELECT count(*) FROM experiment"), 2);
}

/* Added in any order, listed in that of commits; what has no commit stands by when it was measured. */
static void order_of_revisions(void **state)
{
	static const struct {
		const char *measured, *options;
	} runs[] = {
		{ "2026-03-01T00:00:00Z", "--revision third --commit-date 2026-01-03" },
		{ "2026-03-02T00:00:00Z", "--revision first --commit-date 2026-01-01" },
		{ "2026-01-02T00:00:00Z", "--revision second" },
		{ "2026-03-03T00:00:00Z", "--revision fourth --date 2026-01-04" },
	};
	static const char *const names[] = { "first", "second", "third", "fourth" };
	char line[160];
	json_t *list, *run;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(runs); i++) {
		write_google("a.json", runs[i].measured, "one", (double)i);
		snprintf(line, sizeof(line), "history add --db h.db a.json %s", runs[i].options);
		house_run(cmd_history, CLI_OK, line);
	}
	list = house_json(cmd_history, CLI_OK, "history list runs --db h.db --json");
	json_array_foreach(list, i, run)
		assert_string_equal(json_string_value(json_object_get(run, "revision")), names[i]);
	json_decref(list);
}

/* Three commits of one second, as a rebase makes them: git knows their order. */
static void order_of_git(void **state)
{
	static const char *const commands[] = {
		"git init -q repo",
		"for i in 1 2 3; do GIT_COMMITTER_DATE='2026-01-01T00:00:00Z' git -C repo -c user.name=x -c user.email=x@x "
		"commit -q --allow-empty -m $i && git -C repo tag t$i; done",
	};
	static const char *const revisions[] = { "t3", "t1", "t2", "t1-dirty.77" };
	static const char *const order[] = { "t1", "t1-dirty.77", "t2", "t3" };
	char line[160], date[32];
	json_t *list, *run;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(commands); i++) {
		if (system(commands[i])) {
			print_message("skipped: git is not here\n");
			skip();
		}
	}
	assert_int_equal(chdir("repo"), 0);
	for (i = 0; i < COUNT(revisions); i++) {
		snprintf(date, sizeof(date), "2026-02-%02zuT00:00:00Z", i + 1);
		write_google("../a.json", date, "one", 1);
		snprintf(line, sizeof(line), "history add --db ../h.db ../a.json --revision %s", revisions[i]);
		house_run(cmd_history, CLI_OK, line);
	}
	/* what files say is no option of git's, and nothing that it does not know */
	write_google("../a.json", "2026-02-10T00:00:00Z", "one", 2);
	house_run(cmd_history, CLI_OK, "history add --db ../h.db ../a.json --revision --output=pwned");
	assert_false(house_has("pwned"));
	assert_int_equal(chdir(".."), 0);
	list = house_json(cmd_history, CLI_OK, "history list runs --db h.db --json");
	assert_int_equal(json_array_size(list), 5);
	for (i = 0; i < COUNT(order); i++) {
		run = json_array_get(list, i);
		assert_string_equal(json_string_value(json_object_get(run, "revision")), order[i]);
		assert_string_equal(json_string_value(json_object_get(run, "committed")), "2026-01-01T00:00:00Z");
	}
	json_decref(list);
	assert_int_equal(system("rm -rf repo"), 0);
}

/* What an experiment is: parameters and inputs, too. */
static void parameters_apart(void **state)
{
	struct record_set s;

	(void)state;
	for (int i = 0; i < 4; i++) {
		set_make(&s, "r", "");
		free(s.parameters);
		free(s.inputs);
		s.parameters = strdup(i & 1 ? "{\"age\":1}" : "{}");
		s.inputs = strdup(i & 2 ? "abc" : "def");
		set_add(&s, "b", "m", RECORD_TIME, BETTER_LOWER, (double[]){ 1 }, 1);
		add_set("h.db", &s);
		records_free(&s);
	}
	assert_int_equal(number("h.db", "SELECT count(*) FROM experiment"), 4);
	assert_int_equal(number("h.db", "SELECT count(*) FROM series"), 4);
}

static void default_place(void **state)
{
	char *old = getenv("XDG_DATA_HOME") ? strdup(getenv("XDG_DATA_HOME")) : NULL, cwd[256], data[300];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(data, sizeof(data), "%s/new/share", cwd);
	setenv("XDG_DATA_HOME", data, 1);
	write_google("a.json", "", "one", 10);
	house_refused(cmd_history, CLI_USAGE, "history list",
	              "new/share/contigbench/history.db: there is no history yet");
	assert_false(house_has("new"));
	house_run(cmd_history, CLI_OK, "history add --revision x a.json");
	assert_true(house_has("new/share/contigbench/history.db"));
	if (old)
		setenv("XDG_DATA_HOME", old, 1);
	else
		unsetenv("XDG_DATA_HOME");
	free(old);
}

/* ---- check ----------------------------------------------------------------------------------- */

static void check_answers(void **state)
{
	double v[30];
	struct rng rng = rng_seed(1, 1);

	(void)state;
	series_draw(v, 30, NOISE_NORMAL, 1, &rng);
	for (size_t i = 20; i < 30; i++)
		v[i] *= 1.1;
	add_series("h.db", RECORD_TIME, BETTER_LOWER, v, 30);
	const char *text = house_run(cmd_history, CLI_NO, "history check --db h.db");

	assert_non_null(strstr(text, "between r19 (2026-01-20) and r20 (2026-01-21):\n  b  m "));
	assert_non_null(strstr(text, ", worse"));
	assert_non_null(strstr(text, "1 measured and 0 exact series: 1 change, 1 for the worse\n"));
	house_run(cmd_history, CLI_NO, "history check --db h.db --since r19");
	assert_non_null(
		strstr(house_run(cmd_history, CLI_OK, "history check --db h.db --since r20"), "(before --since)"));
	text = house_run(cmd_history, CLI_OK, "history check --db h.db --threshold 50");
	assert_non_null(strstr(text, "smaller than --threshold 50: 1 change\n"));
	text = house_run(cmd_history, CLI_OK, "history show --db h.db b");
	assert_non_null(strstr(text, "between r19 and r20: "));
	json_t *json = house_json(cmd_history, CLI_NO, "history check --db h.db --json");
	const json_t *change = json_array_get(json_object_get(json, "changes"), 0);

	assert_int_equal(json_integer_value(json_object_get(json, "worse")), 1);
	assert_string_equal(json_string_value(json_object_get(json_object_get(change, "at"), "revision")), "r20");
	assert_string_equal(json_string_value(json_object_get(change, "verdict")), "worse");
	json_decref(json);
	house_refused(cmd_history, CLI_USAGE, "history check --db h.db --since r99",
	              "--since r99: no run is of that revision");
	house_refused(cmd_history, CLI_USAGE, "history check --db h.db nothing", "no series is of benchmark nothing");
}

/* More is better, or it is neither. */
static void directions(void **state)
{
	static const double v[] = { 5, 5, 5, 5, 6, 6 };

	(void)state;
	add_series("h.db", RECORD_COUNT, BETTER_HIGHER, v, 6);
	assert_non_null(strstr(house_run(cmd_history, CLI_OK, "history check --db h.db"), "5 -> 6: +20 %, better\n"));
	unlink("h.db");
	add_series("h.db", RECORD_COUNT, BETTER_NEITHER, v, 6);
	assert_non_null(strstr(house_run(cmd_history, CLI_OK, "history check --db h.db"), "5 -> 6: +20 %, changed\n"));
	unlink("h.db");
	add_series("h.db", RECORD_COUNT, BETTER_LOWER, v, 6);
	assert_non_null(strstr(house_run(cmd_history, CLI_NO, "history check --db h.db"),
	                       "between r3 (2026-01-04) and r4 (2026-01-05):\n  b  m 5 -> 6: +20 %, worse\n"));
}

static void exact_changes(void **state)
{
	static const double spike[] = { 5, 5, 9, 5, 5 }, newest[] = { 1000000, 1000001 };

	(void)state;
	add_series("h.db", RECORD_COUNT, BETTER_LOWER, spike, 5);
	assert_non_null(strstr(house_run(cmd_history, CLI_OK, "history check --db h.db"),
	                       "only at r2 (2026-01-03):\n  b  m 5 -> 9: +80 %, worse\n"));
	unlink("h.db");
	/* a millionth more in two runs is a change: nothing is too small, and nothing too short */
	add_series("h.db", RECORD_COUNT, BETTER_LOWER, newest, 2);
	assert_non_null(strstr(house_run(cmd_history, CLI_NO, "history check --db h.db"), "+0.0001 %, worse"));
}

static void short_series(void **state)
{
	static const double v[] = { 5, 5.1, 9, 9.1, 9 };

	(void)state;
	add_series("h.db", RECORD_TIME, BETTER_LOWER, v, 5);
	assert_non_null(strstr(house_run(cmd_history, CLI_OK, "history check --db h.db"),
	                       "too short: 1 series; 8 runs are needed, the longest of these lacks 3\n"));
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void wrong_calls(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "history", "add, list, show, check or export?" },
		{ "history remove", "'remove' is none of add, list, show, check, export" },
		{ "history add", "add what?" },
		{ "history add --db", "--db wants a value" },
		{ "history add --frobnicate x", "unknown option --frobnicate" },
		{ "history add --since x y", "`history add` takes no such option" },
		{ "history check --format csv", "`history check` takes no such option" },
		{ "history add --date tomorrow x", "--date tomorrow: say 2026-01-31" },
		{ "history add --commit-date 2026-02-30 x", "--commit-date 2026-02-30: say" },
		{ "history list --wait -1", "--wait -1: seconds" },
		{ "history list everything", "list what?" },
		{ "history list runs benchmarks", "list what?" },
		{ "history show --db h.db", "show which benchmark?" },
		{ "history check --threshold x", "--threshold x: percent" },
		{ "history export --format xml", "--format xml: json, csv or google" },
		{ "history export --run 0", "--run 0: runs are counted from 1" },
		{ "history export x", "'x' is no option of export" },
		{ "history add --db h.db nowhere", "nowhere" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		house_refused(cmd_history, CLI_USAGE, cases[i].line, cases[i].says);
	assert_non_null(
		strstr(house_run(cmd_history, CLI_OK, "history --help"), "usage: contigbench history add RESULTS"));
	house_run(cmd_history, CLI_OK, "history check --help");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates),
		cmocka_unit_test_teardown(add_and_list, tidy),
		cmocka_unit_test_teardown(twice_is_once, tidy),
		cmocka_unit_test_teardown(a_run_without_revision, tidy),
		cmocka_unit_test_teardown(machines, tidy),
		cmocka_unit_test_teardown(order_of_revisions, tidy),
		cmocka_unit_test_teardown(order_of_git, tidy),
		cmocka_unit_test_teardown(parameters_apart, tidy),
		cmocka_unit_test_teardown(default_place, tidy),
		cmocka_unit_test_teardown(check_answers, tidy),
		cmocka_unit_test_teardown(directions, tidy),
		cmocka_unit_test_teardown(exact_changes, tidy),
		cmocka_unit_test_teardown(short_series, tidy),
		cmocka_unit_test_teardown(wrong_calls, tidy),
	};

	return cmocka_run_group_tests_name("history", tests, house_set_up, house_tear_down);
}
