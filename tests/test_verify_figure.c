// SPDX-License-Identifier: MIT
/*
 * test_verify_figure.c - `contigbench verify`: a figure made again from its record; what differs is named, and what can not
 * be told is another answer than that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/results/stored.h"
#include "lib/house.h"

#define RUN                                                                                                            \
	"run small.ctr -b linux-5.10,linux-6.1 --sizes 64p,1b --occupancy 60,95 --interval-ms 1 --hold-ms 2 "          \
	"--seeds 1-2 --age 1 -o new"
#define DRAW "plot latency --from new -o other --format svg,tex --occupancy 95 --backends linux-6.1"

static void draw(void)
{
	house_run(cmd_run, CLI_OK, RUN);
	house_run(cmd_plot, CLI_OK, DRAW);
}

/* Put other bytes in the place of the last `n` of a file. */
static void change_end(const char *name, const char *with)
{
	size_t len, n = strlen(with);
	char *bytes = house_contents(name, &len);

	assert_true(len > n);
	memcpy(bytes + len - n, with, n);
	house_write(name, bytes, len);
	free(bytes);
}

/* Any file of it stands for the figure. */
static void the_same(void **state)
{
	static const char *const names[] = { "other/latency.json", "other/latency.dat", "other/latency.svg",
		                             "other/latency-double.svg", "other/latency-double-latex.pdf" };

	(void)state;
	draw();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line), "verify %s", names[i]);
		const char *said = house_run(cmd_verify, CLI_OK, line);

		assert_non_null(strstr(said, "data      latency.dat: the same\n"));
		assert_non_null(strstr(said, "picture   latency-double-latex.tex: the same\n"));
		assert_non_null(strstr(said, "latency: the same\n"));
	}
	json_t *report = house_json(cmd_verify, CLI_OK, "verify other/latency.svg --json");

	assert_true(json_is_true(json_object_get(report, "same")));
	/* data, and of both widths a SVG, a text and its PDF */
	assert_int_equal(json_array_size(json_object_get(report, "files")), 1 + 2 * 3);
	json_decref(report);
}

/* The results folder may be moved, and the figure with it. */
static void moved(void **state)
{
	(void)state;
	draw();
	assert_int_equal(rename("new", "new.partial"), 0);
	house_refused(
		cmd_verify, CLI_USAGE, "verify other/latency.svg",
		"the figure was made from other/../new/requests.jsonl: No such file or directory; say where the results are");
	house_run(cmd_verify, CLI_OK, "verify other/latency.svg --from new.partial");
	assert_int_equal(mkdir("new", 0777), 0);
	assert_int_equal(rename("new.partial", "new/new"), 0);
	assert_int_equal(rename("other", "new/other"), 0);
	house_run(cmd_verify, CLI_OK, "verify new/other/latency.svg");
}

static void differs(void **state)
{
	size_t len;

	(void)state;
	draw();
	/* a picture that somebody has improved */
	change_end("other/latency.svg", "<!-- x -->\n");
	const char *said = house_run(cmd_verify, CLI_NO, "verify other/latency.json");

	assert_non_null(strstr(said, "picture   latency.svg: differs\n"));
	assert_non_null(strstr(said, "picture   latency-double.svg: the same\n"));
	assert_non_null(strstr(said, "latency: NOT the same\n"));
	/* data that somebody has improved: the third line is the first that is data */
	char *data = house_contents("other/latency.dat", &len), *at = strchr(data, '\n');

	at = strchr(at + 1, '\n') + 1;
	*at = '7';
	house_write("other/latency.dat", data, len);
	free(data);
	said = house_run(cmd_verify, CLI_NO, "verify other/latency.json");
	assert_non_null(strstr(said, "data      latency.dat: differs, first in line 3\n"));
	unlink("other/latency.svg");
	house_refused(cmd_verify, CLI_USAGE, "verify other/latency.json",
	              "other/latency.svg, which is part of the figure, can not be read");
}

static void inputs_changed(void **state)
{
	(void)state;
	draw();
	change_end("new/requests.jsonl", "7}}}\n");
	house_refused(cmd_verify, CLI_USAGE, "verify other/latency.json",
	              "other/../new/requests.jsonl has changed since the figure was made (SHA-256 ");
	unlink("new/requests.jsonl");
	house_refused(cmd_verify, CLI_USAGE, "verify other/latency.json", "requests.jsonl: No such file or directory");
}

/* Drawn elsewhere, pictures are not compared, and that is said; data are. */
static void another_gnuplot(void **state)
{
	json_error_t error;

	(void)state;
	draw();
	json_t *record = json_load_file("other/latency.json", 0, &error);

	assert_non_null(record);
	json_object_set_new(json_object_get(record, "drawn_by"), "gnuplot", json_string("gnuplot 4.6 patchlevel 0"));
	assert_int_equal(json_dump_file(record, "other/latency.json", 0), 0);
	const char *said = house_run(cmd_verify, CLI_OK, "verify other/latency.json");

	assert_non_null(strstr(said, "data      latency.dat: the same\n"));
	assert_non_null(strstr(
		said, "pictures  not compared: they were drawn by gnuplot 4.6 patchlevel 0, and here is gnuplot "));
	assert_null(strstr(said, "picture   "));
	json_decref(record);
}

/* What a reviewer does: the results from the command, their digest, and the figure. */
static void results_again(void **state)
{
	json_error_t error;

	(void)state;
	draw();
	const char *said = house_run(cmd_verify, CLI_OK, "verify other/latency.json --rerun");

	assert_non_null(strstr(said, "results   made again: the same, digest "));
	/* results of another revision that are the same but for its name would be fine; those of this one are not */
	json_t *context = json_load_file("new/context.json", 0, &error), *command = json_object_get(context, "command");

	for (size_t i = 0; i < json_array_size(command); i++) {
		if (!strcmp(json_string_value(json_array_get(command, i)), "1-2"))
			json_array_set_new(command, i, json_string("1-3"));
	}
	assert_int_equal(json_dump_file(context, "new/context.json", 0), 0);
	json_decref(context);
	said = house_run(cmd_verify, CLI_NO, "verify other/latency.json --rerun");
	assert_non_null(strstr(said, "results   made again: "));
	assert_non_null(strstr(said, " differs, first in line 2 "));
	/* without the trace, nothing */
	assert_int_equal(rename("small.ctr", "elsewhere"), 0);
	house_refused(cmd_verify, CLI_USAGE, "verify other/latency.json --rerun", "the trace 'small' (SHA-256 ");
	house_run(cmd_verify, CLI_NO, "verify other/latency.json --rerun --trace one.ctr --trace elsewhere");
	assert_int_equal(rename("elsewhere", "small.ctr"), 0);
}

static void wrong_calls(void **state)
{
	(void)state;
	draw();
	house_refused(cmd_verify, CLI_USAGE, "verify", "which figure?");
	house_refused(cmd_verify, CLI_USAGE, "verify a b", "one figure at a time");
	house_refused(cmd_verify, CLI_USAGE, "verify nothing.pdf",
	              "nothing.json: No such file or directory; a figure of ");
	house_refused(cmd_verify, CLI_USAGE, "verify other/latency.svg --trace small.ctr", "--trace is for --rerun");
	house_refused(cmd_verify, CLI_USAGE, "verify --deep x", "unknown option --deep");
	house_write("other/latency.json", "{\"schema\":", 10);
	house_refused(cmd_verify, CLI_USAGE, "verify other/latency.svg", "other/latency.json is damaged");
	house_write("other/latency.json", "{\"schema\":\"contigbench-figure/7\"}", 33);
	house_refused(cmd_verify, CLI_USAGE, "verify other/latency.svg", "has schema 'contigbench-figure/7'");
	house_write("other/latency.json", "{\"schema\":\"contigbench-figure/1\",\"figure\":\"../x\"}", 49);
	house_refused(cmd_verify, CLI_USAGE, "verify other/latency.svg",
	              "is of a figure that this program does not know");
	assert_non_null(strstr(house_run(cmd_verify, CLI_OK, "verify --help"), "usage: contigbench verify FIGURE"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_same, house_tidy),
		cmocka_unit_test_teardown(moved, house_tidy),
		cmocka_unit_test_teardown(differs, house_tidy),
		cmocka_unit_test_teardown(inputs_changed, house_tidy),
		cmocka_unit_test_teardown(another_gnuplot, house_tidy),
		cmocka_unit_test_teardown(results_again, house_tidy),
		cmocka_unit_test_teardown(wrong_calls, house_tidy),
	};

	return cmocka_run_group_tests(tests, house_set_up, house_tear_down);
}
