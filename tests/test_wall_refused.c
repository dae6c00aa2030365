// SPDX-License-Identifier: MIT
/*
 * test_wall_refused.c - `run --clock wall` with bad input, on machines that can not do it, and without rights: one message
 * each, the right status, and no folder left behind.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "lib/forbid.h"
#include "lib/house.h"
#include "lib/synthetic.h"

#define WALL     "run small.ctr --clock wall --oversubscribe -b linux-6.1 --interval-ms 1 --hold-ms 2 -o new "
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int set_up(void **state)
{
	if (house_set_up(state))
		return -1;
	synthetic_file(&synthetic_four_nodes, "four.ctr");
	return 0;
}

static void nothing_left(void)
{
	assert_false(house_has("new"));
	assert_false(house_has("new.partial"));
}

/* It fails with this status and says so, maybe after the mapping; nothing is left. */
static void fails(house_command command, int status, const char *line, const char *says)
{
	const char *text = house_run(command, status, line);

	if (!strstr(text, says))
		fail_msg("`%s` says '%s' without '%s'", line, text, says);
	nothing_left();
}

static void wrong_flags(void **state)
{
	static const struct {
		const char *arguments;
		const char *says;
	} cases[] = {
		{ "--clock sun", "--clock sun: virtual or wall, please" },
		{ "--map 0=77777", "--map 0=77777: this machine has no node 77777" },
		{ "--map 0=0,9=0", "the trace has no node 9" },
		{ "--map here", "'here' is no TRACE_NODE=NODE" },
		{ "--map 0=0,0=0", "mapped twice" },
		{ "--map=", "--map: TRACE-NODE=NODE of this machine" },
		{ "--threads 0", "--threads 0: numbers from 1 to 1024" },
		{ "--threads 1,,2", "--threads 1,,2: numbers" },
		{ "--threads 1,1", "--threads: 1 is given twice" },
		{ "--threads two", "--threads two: numbers" },
		{ "--threads 3", "small has 2 cpus" },
		{ "--pace 0", "--pace 0: fast, trace, or" },
		{ "--pace -1", "--pace -1: fast, trace, or" },
		{ "--pace slow", "--pace slow: fast, trace, or" },
		{ "--window-ms 0", "--window-ms 0: milliseconds of trace time" },
		{ "--window-ms long", "--window-ms long: milliseconds" },
		{ "--timing often", "--timing often: batch, sampled or every, please" },
		{ "--backing disk", "--backing disk: none or memory, please" },
		{ "--bind maybe", "--bind maybe: no or yes, please" },
		{ "--counters all", "--counters all: none, run or phases, please" },
		{ "--counters", "--counters wants a value" },
		{ "--resume new", "--resume is for virtual time" },
		{ "--ablate linux-5.10..linux-6.1", "--ablate is for virtual time" },
		{ "-j 2", "-j is for virtual time" },
		{ "--samples 3", "--samples is for virtual time" },
		{ "--passes 3", "--passes is for virtual time" },
		{ "--caller cma", "--caller cma: on the wall clock requests are plain" },
		{ "-b first-fit", "first-fit is not made for several threads" },
		{ "--benchmark_filter=nothing", "--benchmark_filter=nothing matches no benchmark" },
		{ "--benchmark_min_time=2", "--benchmark_min_time means nothing to --clock wall" },
		{ "--benchmark_min_warmup_time=2", "--age 1" },
		{ "--benchmark_perf_counters=CYCLES", "see --counters" },
		{ "--benchmark_out_format=csv", "--benchmark_format=csv prints CSV" },
		{ "--benchmark_repetitions=0", "--benchmark_repetitions=0: a whole number" },
		{ "--benchmark_repetitions=1.5", "--benchmark_repetitions=1.5: a whole number" },
		{ "--benchmark_format=xml", "see `contigbench run --help`" },
		{ "--benchmark_nonsense", "'--benchmark_nonsense'" },
		{ "--interval-ms 100000", "shorter than the interval" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char line[512];

		snprintf(line, sizeof(line), WALL "%s", cases[i].arguments);
		house_refused(cmd_run, CLI_USAGE, line, cases[i].says);
		nothing_left();
	}
}

/* Virtual time does not take them for something else, and commands that have no clock do not know them. */
static void other_clocks(void **state)
{
	(void)state;
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --map 0=0", "--map is for the wall clock: add --clock wall");
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --timing every --clock virtual",
	              "--timing is for the wall clock");
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --benchmark_filter=x",
	              "--benchmark_filter is for the wall clock");
	house_refused(cmd_run, CLI_USAGE, "run small.ctr -b linux-6.1,linux-6.1", "given twice");
	house_refused(cmd_diverge, CLI_USAGE, "diverge -b linux-5.10,linux-6.1 --clock wall", "unknown option --clock");
	house_refused(cmd_diverge, CLI_USAGE, "diverge -b linux-5.10,linux-6.1 --benchmark_filter=x",
	              "unknown option --benchmark_filter=x");
}

/* ---- the machine ----------------------------------------------------------------------------- */

static size_t nodes_of_this_machine(void)
{
	glob_t g;
	size_t nr = glob("/sys/devices/system/node/node[0-9]*", 0, NULL, &g) ? 0 : g.gl_pathc;

	globfree(&g);
	return nr;
}

#define FOUR "run four.ctr --clock wall -b linux-6.1 --interval-ms 1 --hold-ms 2 -o new --benchmark_repetitions=1 "

/* A machine with fewer nodes than the trace is refused, and a trace cpu that has no place in the mapping. */
static void too_few_nodes(void **state)
{
	(void)state;
	house_refused(cmd_run, CLI_USAGE, FOUR "--map 0=0 --oversubscribe", "trace cpu 1 has no place in the mapping");
	if (nodes_of_this_machine() >= 4)
		skip();
	house_refused(cmd_run, CLI_MACHINE, FOUR, "the trace has 4 nodes");
	house_refused(cmd_run, CLI_MACHINE, FOUR, "--oversubscribe lets trace nodes share, and every result says so");
	nothing_left();
}

static uint64_t memory_total(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Real memory for a zone twice as large as the machine's is refused before anything is touched. */
static void too_little_memory(void **state)
{
	char line[512];
	/* the trace's peak is more than 4,000 pages */
	double percent = 4000.0 * 4096 * 100 / (2 * (double)memory_total());

	(void)state;
	if (percent < 0.001)
		skip();
	snprintf(line, sizeof(line), WALL "--backing memory --occupancy %.3f", percent);
	house_refused(cmd_run, CLI_MACHINE, line, "MiB are available");
	nothing_left();
}

static void unwritable_output(void **state)
{
	(void)state;
	house_refused(cmd_run, CLI_MACHINE, WALL "-o /proc/new", "/proc/new.partial can not be written");
	house_refused(cmd_run, CLI_MACHINE, WALL "--benchmark_out=/proc/new.json",
	              "--benchmark_out=/proc/new.json can not");
	house_write("new", "mine", 4);
	house_refused(cmd_run, CLI_USAGE, WALL,
	              "new exists: choose another folder with -o, or replace it with --force");
	house_refused(cmd_run, CLI_USAGE, WALL "--force", "new is not a results folder");
	remove("new");
}

static int with_small_files(int argc, char **argv)
{
	const struct rlimit limit = { 20000, 20000 };

	setrlimit(RLIMIT_FSIZE, &limit);
	return cmd_run(argc, argv);
}

/* A disk that becomes full: status 3, why and what to do, and nothing half-written is left. */
static void full_disk(void **state)
{
	(void)state;
	fails(with_small_files, CLI_MACHINE, WALL "--timing every",
	      "new.partial can not be written: File too large; choose another folder with -o");
}

/* ---- rights ---------------------------------------------------------------------------------- */

static int without_perf(int argc, char **argv)
{
	forbid_call(SYS_perf_event_open, EACCES);
	return cmd_run(argc, argv);
}

/* Counters that one may not have are named once, and are in no result; the rest is measured. */
static void no_counters(void **state)
{
	size_t len;

	(void)state;
	const char *text = house_run(without_perf, CLI_OK, WALL "--counters phases --benchmark_repetitions=2");
	const char *said = strstr(text, "missing counters: instructions");

	assert_non_null(said);
	assert_null(strstr(said + 1, "missing counters"));
	assert_non_null(strstr(said, "not permitted"));
	char *lines = house_contents("new/wall.jsonl", &len), *json = house_contents("new/benchmark.json", &len);

	assert_non_null(strstr(lines, "\"counters\":{}"));
	assert_null(strstr(lines, "\"page-faults\""));
	assert_null(strstr(json, "\"page_faults\""));
	free(lines);
	free(json);
}

static int without_mbind(int argc, char **argv)
{
	forbid_call(SYS_mbind, EPERM);
	return cmd_run(argc, argv);
}

/* Without the right to bind memory a run says so and how to go on; that then works, and claims nothing. */
static void no_binding(void **state)
{
	size_t len;

	(void)state;
	fails(without_mbind, CLI_MACHINE, WALL, "--bind no");
	house_run(without_mbind, CLI_OK, WALL "--bind no --benchmark_repetitions=1");
	char *table = house_contents("new/table.txt", &len);

	assert_non_null(strstr(table, "not bound (--bind no)"));
	assert_null(strstr(table, "by the kernel's answer"));
	free(table);
}

/* ---- interruption ---------------------------------------------------------------------------- */

static int interrupted(int argc, char **argv)
{
	pid_t parent = getpid(), child = fork();

	if (!child) {
		usleep(400000);
		kill(parent, SIGINT);
		_exit(0);
	}
	return child < 0 ? 99 : cmd_run(argc, argv);
}

/* What was measured until then is a whole results folder, which says so. */
static void ctrl_c(void **state)
{
	json_error_t error;
	size_t len;

	(void)state;
	const char *text = house_run(interrupted, CLI_NO, WALL "--benchmark_repetitions=20000");

	assert_non_null(strstr(text, "finished until then, are kept in new"));
	char *table = house_contents("new/table.txt", &len);
	json_t *library = json_load_file("new/benchmark.json", 0, &error);

	assert_non_null(strstr(table, "\nINTERRUPTED: "));
	assert_non_null(strstr(table, " of 20000 replays\n"));
	assert_non_null(library);
	json_decref(library);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(wrong_flags, house_tidy),
		cmocka_unit_test_teardown(other_clocks, house_tidy),
		cmocka_unit_test_teardown(too_few_nodes, house_tidy),
		cmocka_unit_test_teardown(too_little_memory, house_tidy),
		cmocka_unit_test_teardown(unwritable_output, house_tidy),
		cmocka_unit_test_teardown(full_disk, house_tidy),
		cmocka_unit_test_teardown(no_counters, house_tidy),
		cmocka_unit_test_teardown(no_binding, house_tidy),
		cmocka_unit_test_teardown(ctrl_c, house_tidy),
	};

	return cmocka_run_group_tests(tests, set_up, house_tear_down);
}
