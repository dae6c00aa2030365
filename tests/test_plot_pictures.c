// SPDX-License-Identifier: MIT
/*
 * test_plot_pictures.c - `contigbench plot`: pictures that are whole and say what they show, names that nothing may take for a
 * command, and what is refused. The numbers are in test_plot.c.
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
#include "../bench/plot/figures.h"
#include "../bench/plot/gnuplot.h"
#include "../bench/results/stored.h"
#include "lib/house.h"
#include "lib/table.h"

#define RUN                                                                                                            \
	"run small.ctr -b linux-5.10,linux-6.1,first-fit --sizes 64p,1b --occupancy 60,95 --interval-ms 1 "            \
	"--hold-ms 2 --seeds 1-3 --age 1 -o new"
#define QUICK " --format svg --width single"

/* ---- pictures -------------------------------------------------------------------------------- */

/* All figures that there are data for, in all formats and widths: whole, and with what made them inside. */
static void pictures(void **state)
{
	static const char *const drawn[] = { "success-by-size", "latency",    "phases",
		                             "migrated",        "failures",   "fragmentation",
		                             "type-drift",      "memory-map", "success-by-occupancy" };
	static const struct {
		const char *suffix, *begins, *has;
	} kinds[] = {
		{ ".pdf", "%PDF-", "/Subject (contigbench " }, { "-double.pdf", "%PDF-", "/Subject (contigbench " },
		{ ".svg", "<?xml", "<desc>contigbench " },     { "-double.svg", "<?xml", "</svg>" },
		{ ".png", "\x89PNG", "tEXtDescription" },      { "-double.png", "\x89PNG", "IEND" },
		{ "-latex.tex", "% ", "\\fontsize{7}{8.4}" },  { "-latex.pdf", "%PDF-", "%%EOF" },
		{ "-double-latex.tex", "% ", "\\put(" },       { "-double-latex.pdf", "%PDF-", "%%EOF" },
	};

	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	const char *said = house_run(cmd_plot, CLI_OK, "plot --from new -o other --format pdf,svg,png,tex");

	assert_non_null(strstr(said, "left out: ablation: new has no ablation.json"));
	assert_non_null(strstr(said, "left out: success-by-max-order: new has one geometry only"));
	for (size_t i = 0; i < sizeof(drawn) / sizeof(drawn[0]); i++) {
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			char name[128];
			size_t len;

			snprintf(name, sizeof(name), "other/%s%s", drawn[i], kinds[k].suffix);
			char *bytes = house_contents(name, &len);

			if (strncmp(bytes, kinds[k].begins, strlen(kinds[k].begins)) ||
			    !memmem(bytes, len, kinds[k].has, strlen(kinds[k].has)))
				fail_msg("%s is not what it should be", name);
			/* nothing of when it was */
			assert_null(memmem(bytes, len, "CreationDate", 12));
			free(bytes);
		}
	}
	assert_false(house_has("new/latency.pdf"));
}

static void assert_same(const char *a, const char *b)
{
	size_t n, m;
	char *x = house_contents(a, &n), *y = house_contents(b, &m);

	if (n != m || memcmp(x, y, n))
		fail_msg("%s and %s are not the same", a, b);
	free(x);
	free(y);
}

static void same_bytes(void **state)
{
	static const char *const suffixes[] = { ".dat", ".pdf", ".svg", ".png", "-latex.tex", "-latex.pdf", ".json" };

	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	house_run(cmd_plot, CLI_OK, "plot failures --from new -o other --width single --format pdf,svg,png,tex");
	assert_int_equal(rename("other", "other.partial"), 0);
	sleep(1); /* a date in it would be another one */
	house_run(cmd_plot, CLI_OK, "plot failures --from new -o other --width single --format pdf,svg,png,tex");
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char a[64], b[64];

		snprintf(a, sizeof(a), "other/failures%s", suffixes[i]);
		snprintf(b, sizeof(b), "other.partial/failures%s", suffixes[i]);
		assert_same(a, b);
	}
}

/* What is said below a figure; SVG has it as text. */
static void assert_said(const char *file, const char *note, bool said)
{
	size_t len;
	char *svg = house_contents(file, &len);

	if (said != (strstr(svg, note) != NULL))
		fail_msg("%s: '%s'", file, note);
	free(svg);
}

/* One seed has no interval, and none is promised. */
static void one_seed(void **state)
{
	static const char *const files[] = { "new/success-by-size.svg", "new/phases.svg", "new/failures.svg" };

	(void)state;
	house_run(cmd_run, CLI_OK,
	          "run small.ctr -b linux-5.10,linux-6.1 --sizes 1b --occupancy 95 --interval-ms 1 --seeds 7 -o new");
	house_run(cmd_plot, CLI_OK, "plot --from new" QUICK);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_said(files[i], "Of one seed: no intervals.", true);
		assert_said(files[i], "interval of", false);
	}
	house_run(cmd_run, CLI_OK, RUN " --force");
	house_run(cmd_plot, CLI_OK, "plot success-by-size --from new" QUICK);
	assert_said(files[0], "interval, bootstrap over 3 seeds.", true);
}

/* The kinds of pages in a map differ in lightness, too: a printer has one ink. */
static void the_map_in_grey(void **state)
{
	char *line = NULL;
	size_t room = 0, nr = 0;
	double light[8];
	char script[4096];
	struct gnuplot gnuplot;

	(void)state;
	assert_int_equal(gnuplot_open(&gnuplot), CLI_OK);
	snprintf(script, sizeof(script), "%s/memory-map.gp", gnuplot.scripts);
	gnuplot_close(&gnuplot);
	FILE *f = fopen(script, "r");

	assert_non_null(f);
	while (getline(&line, &room, f) > 0) {
		const char *at = strstr(line, "; paint[");
		unsigned int n, rgb;

		if (!at || sscanf(at, "; paint[%u] = 0x%x", &n, &rgb) != 2)
			continue;
		assert_true(nr < 8);
		light[nr] = 0.2126 * (rgb >> 16) + 0.7152 * (rgb >> 8 & 255) + 0.0722 * (rgb & 255);
		for (size_t i = 0; i < nr; i++)
			assert_true(light[i] - light[nr] > 20 || light[nr] - light[i] > 20);
		nr++;
	}
	fclose(f);
	free(line);
	assert_int_equal(nr, 6);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* A text as it comes to stand in the data: for gnuplot, and for LaTeX. */
static void written(const char *text, const char *plain, const char *latex)
{
	char *line = NULL;
	size_t len;
	struct data d = { .f = open_memstream(&line, &len) };

	data_text(&d, text);
	fclose(d.f);
	char *tab = strchr(line, '\t');

	assert_non_null(tab);
	*tab = '\0';
	assert_string_equal(line, plain);
	assert_string_equal(tab + 1, latex);
	free(line);
}

static void escapes(void **state)
{
	(void)state;
	written("linux-6.1", "linux-6.1", "linux-{}6.1");
	written("a\"b", "a\\042b", "a\\\\textquotedblright{}b");
	written("\\n", "\\\\n", "\\\\textbackslash{}n");
	written("a\nb\tc\x7f", "a?b?c?", "a?{}b?{}c?{}");
	written("$x_1^2%&#{}~", "$x_1^2%&#{}~",
	        "\\\\$x\\\\_1\\\\textasciicircum{}2\\\\%\\\\&\\\\#\\\\{\\\\}\\\\textasciitilde{}");
	written("`id`<>|", "`id`<>|",
	        "\\\\textasciigrave{}id\\\\textasciigrave{}\\\\textless{}\\\\textgreater{}\\\\textbar{}");
	written("é", "é", "é");
	written("π漢", "π?", "?{}?{}");
	written("\xff\xc3", "??", "?{}?{}");
	written("\xc0\xbc", "??", "?{}?{}"); /* an overlong < */
	written("\xe2\x80\xae", "?", "?{}"); /* right to left from here on */
	written("0123456789012345678901234567890123456789012345678901234567890123456789",
	        "012345678901234567890123456789012345…1234567890123456789",
	        "012345678901234567890123456789012345\\\\dots{}1234567890123456789");
}

/* Results of a trace that is called so. */
static void run_named(const char *name)
{
	char path[512];

	house_tidy(NULL);
	assert_int_equal(link("one.ctr", name), 0);
	snprintf(path, sizeof(path), "./%s", name);
	char *run[] = { strdup("run"),
		        strdup("-b"),
		        strdup("linux-6.1"),
		        strdup("--zone"),
		        strdup("0+8192"),
		        strdup("-o"),
		        strdup("new"),
		        strdup("--seeds"),
		        strdup("1-2"),
		        strdup("--sizes"),
		        strdup("1b"),
		        strdup("--interval-ms"),
		        strdup("9"),
		        strdup("--"),
		        path,
		        NULL };

	capture_mute();
	pid_t pid = fork();

	if (!pid)
		_exit(cmd_run(sizeof(run) / sizeof(run[0]) - 1, run));
	int status = house_wait(pid);

	capture_unmute();
	for (size_t k = 0; k + 2 < sizeof(run) / sizeof(run[0]); k++)
		free(run[k]);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(status, CLI_OK);
}

/* Whatever the trace is called, nothing of its name is carried out, and every picture is whole. */
static void hostile_names(void **state)
{
	static const char *const names[] = {
		"a\"; system(\"touch pwned\"); \"$(x)_%.ctr",
		"`touch pwned`.ctr",
		"-lead 'x' \\n{\\bf}.ctr",
		"$(touch pwned)&<b>#~^.ctr",
		"new\nline|touch pwned.ctr",
		"\xff\xc0\xbc no utf-8.ctr",
	};
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		run_named(names[i]);
		house_run(cmd_plot, CLI_OK, "plot --from new --format svg,tex --width single");
		assert_false(house_has("pwned"));
		char *svg = house_contents("new/latency.svg", &len);

		assert_null(strstr(svg, "<b>"));
		assert_null(strstr(svg, "\" touch"));
		free(svg);
	}
}

/* A name of many characters is cut between two of them; what it does to a terminal stays in it. */
static void names_on_a_terminal(void **state)
{
	char name[256] = "";
	size_t len;

	(void)state;
	for (size_t i = 0; i < 80; i++)
		strcat(name, i % 2 ? "\xe2\x82\xac" : "e");
	strcat(name, ".ctr");
	run_named(name);
	house_run(cmd_plot, CLI_OK, "plot latency --from new" QUICK);
	run_named("red\x1b[31m\nline.ctr");
	char *table = house_contents("new/table.txt", &len);

	assert_non_null(strstr(table, "red\\x1b[31m\\x0aline: "));
	free(table);
	house_refused(cmd_plot, CLI_USAGE, "plot --from new --workload other",
	              "--workload other: new has red\\x1b[31m\\x0aline");
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void wrong_calls(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	house_refused(cmd_plot, CLI_USAGE, "plot speed --from new",
	              "no figure is called 'speed': there are success-by-size, ");
	house_refused(cmd_plot, CLI_USAGE, "plot --from new --width wide", "--width wide: single, double or both");
	house_refused(cmd_plot, CLI_USAGE, "plot --from new --format pdf,bmp",
	              "--format pdf,bmp: a list of pdf, svg, png and tex");
	house_refused(cmd_plot, CLI_USAGE, "plot --from new --occupancy many", "--occupancy many: a percentage");
	house_refused(cmd_plot, CLI_USAGE, "plot latency --from new --occupancy 70", "--occupancy 70: new has 60, 95");
	house_refused(cmd_plot, CLI_USAGE, "plot latency --from new --size 2b", "--size 2b: new has 64p, 1b");
	house_refused(cmd_plot, CLI_USAGE, "plot latency --from new --workload big", "--workload big: new has small");
	house_refused(cmd_plot, CLI_USAGE, "plot latency --from new --backends linux-7.2",
	              "--backends linux-7.2: not one of the 3");
	house_refused(cmd_plot, CLI_USAGE, "plot latency --from new --max-order 13",
	              "--max-order: new has no such geometry");
	house_refused(cmd_plot, CLI_USAGE, "plot memory-map --from new --backends linux-5.10,linux-6.1,first-fit",
	              "memory-map: new is asked for 3 backends, and the figure has room for 2: choose with --backends");
	/* ... and is no reason not to draw the others */
	assert_non_null(
		strstr(house_run(cmd_plot, CLI_OK, "plot --from new --backends linux-5.10,linux-6.1,first-fit" QUICK),
	               "left out: memory-map: new is asked for 3 backends, and the figure has room for 2"));
	assert_true(house_has("new/type-drift.svg"));
	house_refused(cmd_plot, CLI_USAGE, "plot memory-map --from new --backends first-fit",
	              "has no map of first-fit");
	house_refused(cmd_plot, CLI_USAGE, "plot ablation --from new",
	              "ablation: new has no ablation.json: make one that has with `contigbench run --ablate ");
	house_refused(cmd_plot, CLI_USAGE, "plot --from", "--from wants a value");
	house_refused(cmd_plot, CLI_USAGE, "plot --colour red", "unknown option --colour");
	assert_non_null(strstr(house_run(cmd_plot, CLI_OK, "plot --help"), "usage: contigbench plot"));
	assert_non_null(strstr(house_run(cmd_plot, CLI_OK, "plot --list"), "memory-map"));
	json_decref(house_json(cmd_plot, CLI_OK, "plot latency --from new --json" QUICK));
}

/* Files are believed only as SHA256SUMS has them. */
static void damaged_results(void **state)
{
	size_t len;

	(void)state;
	house_refused(cmd_plot, CLI_USAGE, "plot --from nowhere", "nowhere is no results folder");
	house_refused(cmd_plot, CLI_USAGE, "plot --from .", ". is no results folder");
	house_run(cmd_run, CLI_OK, RUN);
	char *text = house_contents("new/requests.jsonl", &len);

	house_write("new/requests.jsonl", text, len / 2);
	house_refused(cmd_plot, CLI_USAGE, "plot latency --from new",
	              "new/requests.jsonl is not what SHA256SUMS says, it was changed or cut short");
	free(text);
	unlink("new/requests.jsonl");
	house_refused(cmd_plot, CLI_USAGE, "plot latency --from new", "new has no requests.jsonl");
	text = house_contents("new/summary.csv", &len);
	char *schema = strstr(text, "contigbench-run/");

	schema[strlen("contigbench-run/")] = '9';
	house_write("new/summary.csv", text, len);
	house_refused(cmd_plot, CLI_USAGE, "plot --from new", "new has schema 'contigbench-run/9'");
	house_write("new/summary.csv", text, 20);
	house_refused(cmd_plot, CLI_USAGE, "plot --from new", "new has schema ''");
	free(text);
}

/* Run with a PATH where gnuplot is another program, or none is. */
static void with_path(const char *path, int status, const char *says)
{
	char *old = strdup(getenv("PATH")), *real = realpath(path, NULL);

	setenv("PATH", real, 1);
	free(real);
	house_refused(cmd_plot, status, "plot latency --from new" QUICK, says);
	setenv("PATH", old, 1);
	free(old);
}

static void write_program(const char *name, const char *text)
{
	house_write(name, text, strlen(text));
	assert_int_equal(chmod(name, 0755), 0);
}

static void machine(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, RUN);
	assert_int_equal(mkdir("other", 0777), 0);
	with_path("other", CLI_MACHINE, "gnuplot is missing or does not run: apt-get install gnuplot-nox");
	write_program("other/gnuplot", "#!/bin/sh\necho 'gnuplot 9.9 patchlevel 9'\n");
	with_path("other", CLI_MACHINE, "no font to draw Helvetica with: apt-get install fonts-urw-base35");
	write_program("other/fc-match", "#!/bin/sh\necho 'Nimbus Sans'\n");
	with_path("other", CLI_MACHINE, "gnuplot made no new/.plot-");
	write_program("other/gnuplot",
	              "#!/bin/sh\n[ $# -gt 1 ] && { echo 'line 7: undefined variable: wings' >&2; exit 1; }\n"
	              "echo 'gnuplot 9.9 patchlevel 9'\n");
	with_path("other", CLI_MACHINE, "gnuplot failed on plots/latency.gp: line 7: undefined variable: wings");
	/* half a picture, as of a full disk that it did not notice */
	write_program("other/gnuplot", "#!/bin/sh\n[ $# -gt 1 ] && { echo '<svg>' >latency.svg; exit 0; }\n"
	                               "echo 'gnuplot 9.9 patchlevel 9'\n");
	with_path("other", CLI_MACHINE, "latency.svg: is the disk full?");
	/* nothing is left of all that */
	assert_false(house_has("new/latency.svg"));
	assert_false(house_has("new/latency.dat"));
	assert_int_equal(house_count("new", ".plot-"), 0);
	house_refused(cmd_plot, CLI_USAGE, "plot latency --from new -o one.ctr", "one.ctr: Not a directory");
	house_refused(cmd_plot, CLI_MACHINE, "plot latency --from new -o /proc", "/proc: ");
	house_refused(cmd_plot, CLI_USAGE, "plot latency --from new -o not/there", "-o not/there can not be made");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(pictures, house_tidy),
		cmocka_unit_test_teardown(same_bytes, house_tidy),
		cmocka_unit_test_teardown(one_seed, house_tidy),
		cmocka_unit_test(the_map_in_grey),
		cmocka_unit_test_teardown(escapes, house_tidy),
		cmocka_unit_test_teardown(hostile_names, house_tidy),
		cmocka_unit_test_teardown(names_on_a_terminal, house_tidy),
		cmocka_unit_test_teardown(wrong_calls, house_tidy),
		cmocka_unit_test_teardown(damaged_results, house_tidy),
		cmocka_unit_test_teardown(machine, house_tidy),
	};

	return cmocka_run_group_tests(tests, house_set_up, house_tear_down);
}
