// SPDX-License-Identifier: MIT
/* test_run.c - `contigbench run` from the outside: bad input, invariance, results folders. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "../bench/cli.h"
#include "lib/synthetic.h"

#define MAX_ARGS 32

static char scratch[] = "/tmp/contigbench-test-XXXXXX";

/* What a command left behind: its status (128 + signal if it was killed), stdout and stderr. */
struct outcome {
	int status;
	char out[1 << 16];
	char err[4096];
};

static void read_into(char *buffer, size_t size, const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buffer, 1, size - 1, f) : 0;

	buffer[n] = '\0';
	if (f)
		fclose(f);
}

/* Words of a command line separated by spaces; "run" and the like is the first. */
static int words(char *line, char **argv)
{
	int argc = 0;

	for (char *word; (word = strsep(&line, " "));) {
		if (*word)
			argv[argc++] = word;
		assert_true(argc < MAX_ARGS);
	}
	argv[argc] = NULL;
	return argc;
}

static void to_file(int fd, const char *path)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(99);
	close(file);
}

static pid_t start(const char *line, rlim_t file_limit)
{
	fflush(stdout);
	fflush(stderr);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	char copy[2048], *argv[MAX_ARGS];

	snprintf(copy, sizeof(copy), "%s", line);
	int argc = words(copy, argv);

	if (chdir(scratch))
		_exit(98);
	to_file(STDOUT_FILENO, "stdout");
	to_file(STDERR_FILENO, "stderr");
	if (file_limit) {
		const struct rlimit limit = { file_limit, file_limit };

		setrlimit(RLIMIT_FSIZE, &limit);
	}
	cli_command_name = argv[0];
	int status = !strcmp(argv[0], "list") ? cmd_list(argc, argv) : cmd_run(argc, argv);

	fflush(stdout);
	_exit(status);
}

static void finish(pid_t pid, struct outcome *o)
{
	char path[256];
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	o->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	snprintf(path, sizeof(path), "%s/stdout", scratch);
	read_into(o->out, sizeof(o->out), path);
	snprintf(path, sizeof(path), "%s/stderr", scratch);
	read_into(o->err, sizeof(o->err), path);
}

static struct outcome outcome;

static const struct outcome *contigbench(const char *line)
{
	finish(start(line, 0), &outcome);
	return &outcome;
}

static bool there(const char *name)
{
	char path[1024];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%.900s", scratch, name);
	return !lstat(path, &st);
}

/* The command fails with `status`, says so in one line with `says` in it, and leaves no folder behind. */
static void refused(const char *line, int status, const char *says)
{
	const struct outcome *o = contigbench(line);
	const char *newline = strchr(o->err, '\n');

	if (o->status != status || !strstr(o->err, says))
		fail_msg("`%s`: status %d, stderr '%s'; wanted %d and '%s'", line, o->status, o->err, status, says);
	if (!newline || newline[1] || strncmp(o->err, "contigbench ", 12))
		fail_msg("`%s`: not one line: '%s'", line, o->err);
	assert_string_equal(o->out, "");
	assert_false(there("new"));
	assert_false(there("new.partial"));
}

static void accepted(const char *line)
{
	const struct outcome *o = contigbench(line);

	if (o->status)
		fail_msg("`%s`: status %d, stderr '%s'", line, o->status, o->err);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_one(const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%.900s", scratch, name);
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static char *contents(const char *name, size_t *len)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%.900s", scratch, name);
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	char *text = calloc(*len + 1, 1);

	assert_int_equal(fread(text, 1, *len, f), *len);
	fclose(f);
	return text;
}

static void same_bytes(const char *a, const char *b)
{
	size_t na, nb;
	char *ta = contents(a, &na), *tb = contents(b, &nb);

	if (na != nb || memcmp(ta, tb, na))
		fail_msg("%s and %s differ", a, b);
	free(ta);
	free(tb);
}

static const char *const files[] = {
	"SHA256SUMS",   "benchmark.json", "failures.csv",        "replays.csv", "requests.jsonl",
	"series.jsonl", "summary.csv",    "success-by-size.csv", "table.txt",
};

static void same_results(const char *a, const char *b)
{
	char pa[256], pb[256];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(pa, sizeof(pa), "%s/%s", a, files[i]);
		snprintf(pb, sizeof(pb), "%s/%s", b, files[i]);
		same_bytes(pa, pb);
	}
}

/* Every row of a table has a field for each column: a reader goes by the names. */
static void as_many_fields_as_columns(const char *path)
{
	size_t len, columns = 0;
	char *text = contents(path, &len), *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t fields = 1;

		if (*line == '#')
			continue;
		for (const char *c = line; *c; c++)
			fields += *c == ',';
		if (!columns)
			columns = fields;
		if (fields != columns)
			fail_msg("%s: %zu columns, and a row of %zu fields: %s", path, columns, fields, line);
	}
	assert_int_not_equal(columns, 0);
	free(text);
}

#define SMALL "run small.ctr -b linux-5.10,first-fit --sizes 64p,1b --interval-ms 1 --hold-ms 2 --seeds 1-3"

static int set_up(void **state)
{
	static const struct synthetic large = {
		.seed = 12,
		.nr_events = 400000,
		.live = 20000,
		.cpus = 2,
		.unmovable = 20,
		.high_order = 30,
		.interval_ns = 1000,
	};
	static const struct synthetic nodes = {
		.seed = 13,
		.nr_events = 60000,
		.live = 9000,
		.cpus = 4,
		.nodes = 2,
		.unmovable = 30,
		.high_order = 30,
		.splits = 20,
		.interval_ns = 20000,
	};
	char path[256];

	(void)state;
	if (!mkdtemp(scratch))
		return -1;
	snprintf(path, sizeof(path), "%s/small.ctr", scratch);
	synthetic_file(&synthetic_small, path);
	snprintf(path, sizeof(path), "%s/large.ctr", scratch);
	synthetic_file(&large, path);
	snprintf(path, sizeof(path), "%s/nodes.ctr", scratch);
	synthetic_file(&nodes, path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static int forget_results(void **state)
{
	(void)state;
	remove_one("new");
	remove_one("new.partial");
	remove_one("other");
	remove_one("other.partial");
	remove_one("results");
	return 0;
}

/* ---- a machine of two nodes: a zone each, allocations where the trace has them, every invariant checked ---- */

static void two_nodes(void **state)
{
	const struct outcome *o;

	(void)state;
	o = contigbench("run nodes.ctr --occupancy 60,75 --seeds 1-2 --sizes 64p,1b --interval-ms 50 --age 1 "
	                "--verify=500 -o new");
	if (o->status)
		fail_msg("exit %d: %s", o->status, o->err);
	assert_non_null(strstr(o->out, "linux-7.2"));
	assert_null(strstr(o->out, "unequal"));
	as_many_fields_as_columns("new/summary.csv");
	as_many_fields_as_columns("new/replays.csv");
	as_many_fields_as_columns("new/failures.csv");
	as_many_fields_as_columns("new/success-by-size.csv");
}

/* ---- bad input ------------------------------------------------------------------------------- */

static void wrong_flags(void **state)
{
	static const struct {
		const char *arguments;
		const char *says;
	} cases[] = {
		{ "--occupancy 0", "--occupancy 0: " },
		{ "--occupancy 101", "(0, 100]" },
		{ "--occupancy -5", "--occupancy -5" },
		{ "--occupancy fifty", "--occupancy fifty" },
		{ "--occupancy 50,,70", "empty item" },
		{ "--seeds 0", "--seeds 0: seeds are numbers from 1 on" },
		{ "--seeds 0-3", "try 1-10" },
		{ "--seeds 3-1", "ends before it begins" },
		{ "--seeds 1,1", "seed 1 is given twice" },
		{ "--seeds 1-1000000", "more than 4096 seeds" },
		{ "--sizes 0p", "a request of nothing" },
		{ "--sizes 0b", "a request of nothing" },
		{ "--sizes 3b", "try 4b" },
		{ "--sizes 64", "64p for 64 pages" },
		{ "--sizes 1048576b", "--sizes 1048576b: no aligned range" },
		{ "-j 0", "--jobs 0: a whole number from 1" },
		{ "-j -1", "--jobs -1" },
		{ "--age -1", "--age -1" },
		{ "--interval-ms 0", "--interval-ms 0" },
		{ "--interval-ms 100000", "shorter than the interval" },
		{ "--hold-ms -1", "--hold-ms -1" },
		{ "--verify=0", "--verify 0" },
		{ "--requests 0", "--requests 0" },
		{ "-b linux-9.9", "unknown backend 'linux-9.9': `contigbench list backends`" },
		{ "-b linux-5.10,linux-5.10", "given twice" },
		{ "-b linux-6.1+no_such_knob=1", "no_such_knob" },
		{ "-b linux-6.1+merge_rule=no_such_value", "no_such_value" },
		{ "-b first-fit+merge_rule=iso_only", "first-fit" },
		{ "--no-such-flag", "unknown option --no-such-flag: see `contigbench run --help`" },
		{ "--seeds", "--seeds wants a value" },
		{ "no-such-workload", "unknown workload 'no-such-workload': `contigbench list workloads`" },
		{ "no-such-file.ctr", "no-such-file.ctr" },
		{ "./small.ctr", "two workloads are called 'small'" },
		{ "--resume no-such-folder", "--resume goes on with the run as it was begun" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[1024];

		snprintf(line, sizeof(line), "run small.ctr --interval-ms 1 -o new %s", cases[i].arguments);
		refused(line, CLI_USAGE, cases[i].says);
	}
	refused("run --resume no-such-folder", CLI_USAGE, "--resume no-such-folder: ");
	refused("list nothing", CLI_USAGE, "unknown list 'nothing'");
}

/* Parts that contradict each other are named; what the model allows is accepted when it is asked for. */
static void geometries(void **state)
{
	static const struct {
		const char *arguments;
		const char *says; /* NULL: accepted */
	} cases[] = {
		{ "--pageblock-order 11", "pageblock_order 11 is above MAX_PAGE_ORDER 10" },
		{ "--pageblock-order 11 --big-blocks -b linux-6.12",
		  "linux-6.1: linux-6.1 works a pageblock at a time" },
		{ "--max-order 16", "MAX_PAGE_ORDER 16 is above the section order 15" },
		{ "--max-order 16 --big-buddies", NULL },
		{ "--max-order 0", "MAX_PAGE_ORDER 0" },
		{ "--pageblock-order 0", "pageblock_order 0" },
		{ "--page-shift 3", "page size of 2^3 bytes" },
		{ "--max-order 2 --pageblock-order 2", "allocations of order 3, above MAX_PAGE_ORDER 2" },
		{ "--zone 0+0", "zone 0 has no pages" },
		{ "--zone 0+8192 --zone 4096+8192", "zones 0 and 1 overlap at pfn 4096" },
		{ "--zone 0+8192 --occupancy 50", "--zone and --occupancy" },
		{ "--zone 0+64", "needs" },
		{ "--zone 8192", "--zone 8192: say START+PAGES" },
		{ "--zone 0+8192@0:high", "--zone 0+8192@0:high: say" },
		{ "--zone 0+8192@3", "allocates on node 0, which no --zone is on" },
		{ "--zone 4294967295+8192", "beyond what a 32-bit pfn can name" },
		{ "--zone 100+10007", NULL }, /* begins and ends inside a block */
		{ "--zone 0+4096@0:dma32 --zone 4096+8192@0:normal", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[512];

		snprintf(line, sizeof(line), "%s -o new --seeds 1 %s",
		         "run small.ctr -b linux-6.1 --sizes 64p --interval-ms 1", cases[i].arguments);
		if (cases[i].says) {
			refused(line, CLI_USAGE, cases[i].says);
		} else {
			accepted(line);
			remove_one("new");
		}
	}
	/* until v5.17 isolation rounded to the larger of the two */
	accepted("run small.ctr -b linux-5.10 -o new --seeds 1 --sizes 64p --interval-ms 1 --pageblock-order 11 "
	         "--big-blocks");
}

static void damage(const char *name, const char *copy, size_t keep, size_t flip)
{
	char path[1024];
	size_t len;
	char *text = contents(name, &len);

	assert_true(flip < len);
	text[flip] = (char)(text[flip] ^ 0x40);
	snprintf(path, sizeof(path), "%s/%s", scratch, copy);
	FILE *f = fopen(path, "w");

	fwrite(text, 1, keep < len ? keep : len, f);
	fclose(f);
	free(text);
}

static void damaged_traces(void **state)
{
	size_t len;

	(void)state;
	free(contents("small.ctr", &len));
	damage("small.ctr", "flipped.ctr", len, len / 2);
	damage("small.ctr", "short.ctr", len - 100, len / 2);
	damage("small.ctr", "foreign.ctr", len, 0);
	damage("small.ctr", "empty.ctr", 0, 0);
	refused("run flipped.ctr -o new", CLI_USAGE, "flipped.ctr");
	refused("run short.ctr -o new", CLI_USAGE, "short.ctr");
	refused("run foreign.ctr -o new", CLI_USAGE, "foreign.ctr");
	refused("run empty.ctr -o new", CLI_USAGE, "empty.ctr");
	refused("run . -o new", CLI_USAGE, "workload");
	refused("run ./ -o new", CLI_USAGE, "./");
}

/* ---- folders --------------------------------------------------------------------------------- */

static void folders(void **state)
{
	char path[1024];

	(void)state;
	accepted(SMALL " -o new");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "new/%s", files[i]);
		assert_true(there(path));
	}
	assert_true(there("new/context.json"));
	assert_false(there("new/run.json"));
	assert_false(there("new.partial"));

	const struct outcome *o = contigbench(SMALL " -o new");

	assert_int_equal(o->status, CLI_USAGE);
	assert_non_null(strstr(o->err, "new exists: choose another folder with -o, or replace it with --force"));
	accepted(SMALL " -o new --force");
	assert_false(there("new.partial"));

	/* what is not ours is not removed */
	snprintf(path, sizeof(path), "%s/other", scratch);
	assert_int_equal(mkdir(path, 0777), 0);
	snprintf(path, sizeof(path), "%s/other/precious", scratch);
	close(open(path, O_CREAT | O_WRONLY, 0666));
	o = contigbench(SMALL " -o other --force");
	assert_int_equal(o->status, CLI_USAGE);
	assert_non_null(strstr(o->err, "not a results folder"));
	assert_true(there("other/precious"));

	/* the default name, and latest */
	accepted(SMALL);
	assert_true(there("results/latest/summary.csv"));
}

static void folders_that_can_not_be_written(void **state)
{
	(void)state;
	/* below a file, and below nothing: the same for root and everybody else */
	refused(SMALL " -o small.ctr/new", CLI_MACHINE, "can not be written");
	refused(SMALL " -o nothing/at/all", CLI_MACHINE, "can not be written");
	assert_false(there("nothing"));
}

/* A disk that is full at any moment: one message, nothing left. */
static void full_disk(void **state)
{
	static const rlim_t limits[] = { 1, 500, 5000, 20000, 60000 };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		finish(start(SMALL " -o new", limits[i]), &outcome);
		assert_int_equal(outcome.status, CLI_MACHINE);
		assert_string_equal(outcome.out, "");
		/* stderr is a file, too, and may be cut short by the same limit */
		if (limits[i] >= 500)
			assert_non_null(strstr(outcome.err, "can not be written"));
		assert_false(there("new"));
		assert_false(there("new.partial"));
	}
}

/* ---- invariance ------------------------------------------------------------------------------ */

static void threads_change_nothing(void **state)
{
	(void)state;
	accepted(SMALL " --age 1 -j 1 -o new");
	accepted(SMALL " --age 1 -j 3 -o other");
	same_results("new", "other");
}

static void rename_file(const char *from, const char *to)
{
	char a[256], b[256];

	snprintf(a, sizeof(a), "%s/%s", scratch, from);
	snprintf(b, sizeof(b), "%s/%s", scratch, to);
	assert_int_equal(rename(a, b), 0);
}

/* The first two, whichever was finished first. */
static bool some_replays(const char *partial)
{
	char first[128], second[128];

	snprintf(first, sizeof(first), "%s/replay-0000000", partial);
	snprintf(second, sizeof(second), "%s/replay-0000001", partial);
	return there(first) && there(second);
}

/* Interrupted, resumed, and no byte is different. */
static void interruption_changes_nothing(void **state)
{
	const char *line =
		"run large.ctr -b linux-5.10,first-fit --sizes 64p,1b --interval-ms 5 --seeds 1-40 --passes 2 -j 2";
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "%s -o new", line);
	pid_t pid = start(text, 0);

	for (int i = 0; i < 3000 && !some_replays("new.partial"); i++)
		usleep(10000);
	assert_true(some_replays("new.partial"));
	kill(pid, SIGINT);
	finish(pid, &outcome);
	assert_int_equal(outcome.status, CLI_NO);
	assert_non_null(strstr(outcome.err, "finish with `contigbench run --resume new.partial`"));
	assert_true(there("new.partial/run.json"));
	assert_false(there("new"));

	/* the same name again is refused: it would throw finished replays away */
	const struct outcome *o = contigbench(text);

	assert_int_equal(o->status, CLI_USAGE);
	assert_non_null(strstr(o->err, "--resume new.partial"));

	/* another input is no continuation */
	rename_file("large.ctr", "kept.ctr");
	rename_file("small.ctr", "large.ctr");
	o = contigbench("run --resume new.partial");
	assert_int_equal(o->status, CLI_USAGE);
	assert_non_null(strstr(o->err, "large.ctr has changed since the run began"));
	rename_file("large.ctr", "small.ctr");
	rename_file("kept.ctr", "large.ctr");

	/* a damaged replay is made again */
	damage("new.partial/replay-0000000", "new.partial/replay-0000001", SIZE_MAX, 300);
	accepted("run --resume new.partial -j 1");
	assert_false(there("new.partial"));
	snprintf(text, sizeof(text), "%s -o other", line);
	accepted(text);
	same_results("new", "other");
}

/* ---- what is in the files -------------------------------------------------------------------- */

static void json_is_json(void **state)
{
	json_error_t error;
	size_t len, lines = 0;

	(void)state;
	accepted(SMALL " -o new");
	char *text = contents("new/benchmark.json", &len);
	json_t *json = json_loads(text, 0, &error);

	if (!json)
		fail_msg("benchmark.json:%d: %s", error.line, error.text);
	const json_t *benchmarks = json_object_get(json, "benchmarks");

	/* 3 occupancies, 2 sizes, 2 backends; 3 seeds and a mean of each */
	assert_int_equal(json_array_size(benchmarks), 3 * 2 * 2 * 4);
	for (size_t i = 0; i < json_array_size(benchmarks); i++) {
		const json_t *b = json_array_get(benchmarks, i);

		assert_true(json_is_string(json_object_get(b, "name")));
		assert_true(json_is_number(json_object_get(b, "real_time")));
		assert_true(json_is_number(json_object_get(b, "cpu_time")));
		assert_string_equal(json_string_value(json_object_get(b, "time_unit")), "ns");
	}
	json_decref(json);
	free(text);
	static const char *const jsonl[] = { "new/requests.jsonl", "new/series.jsonl" };

	for (int i = 0; i < 2; i++) {
		char *rest = text = contents(jsonl[i], &len), *line;

		while ((line = strsep(&rest, "\n")) && *line) {
			json = json_loads(line, 0, &error);
			if (!json)
				fail_msg("%s: %s: %s", jsonl[i], error.text, line);
			json_decref(json);
			lines++;
		}
		free(text);
	}
	/* a head each; 20 requests, 20 samples and the end of each replay */
	assert_int_equal(lines, 2 + 36 * (20 + 20 + 1));
	text = contents("new/context.json", &len);
	json = json_loads(text, 0, &error);
	assert_non_null(json);
	assert_true(json_integer_value(json_object_get(json, "events")) == 36 * 20000);
	json_decref(json);
	free(text);
}

static void tables_mark_what_must_be_known(void **state)
{
	(void)state;
	accepted(SMALL " -o new");
	const struct outcome *o = contigbench(SMALL " -o other --occupancy 100");

	assert_int_equal(o->status, CLI_OK);
	assert_non_null(strstr(o->out, "virtual time"));
	assert_non_null(strstr(o->out, "modelled"));
	assert_non_null(strstr(o->out, "first-fit (baseline)"));
	/* at 100 % the watermarks of Linux refuse what first-fit, which has none, hands out */
	assert_non_null(strstr(o->out, "! unequal work"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(wrong_flags, forget_results),
		cmocka_unit_test_teardown(geometries, forget_results),
		cmocka_unit_test_teardown(damaged_traces, forget_results),
		cmocka_unit_test_teardown(folders, forget_results),
		cmocka_unit_test_teardown(folders_that_can_not_be_written, forget_results),
		cmocka_unit_test_teardown(full_disk, forget_results),
		cmocka_unit_test_teardown(threads_change_nothing, forget_results),
		cmocka_unit_test_teardown(interruption_changes_nothing, forget_results),
		cmocka_unit_test_teardown(json_is_json, forget_results),
		cmocka_unit_test_teardown(tables_mark_what_must_be_known, forget_results),
		cmocka_unit_test_setup(two_nodes, forget_results),
	};

	return cmocka_run_group_tests_name("run", tests, set_up, tear_down);
}
