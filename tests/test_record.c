// SPDX-License-Identifier: MIT
/* test_record.c - contigbench record and trace as a user calls them; recording itself only where the machine can. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/cli.h"
#include "../workloads/trace/trace.h"
#include "../workloads/record/tracing.h"

#define INSTANCES "/sys/kernel/tracing/instances"

static char dir[] = "/tmp/contigbench-test-XXXXXX";
static char file[64];
static bool can_record;

static int set_up(void **state)
{
	struct contig_diag diag;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	chmod(dir, 0777); /* for the test that is not root */
	snprintf(file, sizeof(file), "%s/a.ctr", dir);
	can_record = !tracing_available(&diag);
	if (!can_record)
		printf("live recording is not tested: %s\n", diag.text);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(dir);
}

static unsigned int entries(const char *path, const char *prefix)
{
	DIR *d = opendir(path);
	unsigned int n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] != '.' && !strncmp(e->d_name, prefix, strlen(prefix));
	if (d)
		closedir(d);
	return n;
}

/* What a command printed, on both streams, and its exit status. */
static char output[65536];

static int run_as(uid_t uid, int (*cmd)(int, char **), char **argv)
{
	int p[2], argc = 0, status;
	size_t len = 0;
	ssize_t n;

	while (argv[argc])
		argc++;
	assert_int_equal(pipe(p), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (!pid) {
		dup2(p[1], 1);
		dup2(p[1], 2);
		close(p[0]);
		close(p[1]);
		if (uid && setuid(uid))
			_exit(99);
		cli_command_name = argv[0];
		int rc = cmd(argc, argv);
		fflush(NULL);
		_exit(rc);
	}
	close(p[1]);
	while ((n = read(p[0], output + len, sizeof(output) - 1 - len)) > 0)
		len += (size_t)n;
	output[len] = 0;
	close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define ARGV(...)                                                                                                      \
	(char *[])                                                                                                     \
	{                                                                                                              \
		__VA_ARGS__, NULL                                                                                      \
	}
#define record(...) run_as(0, cmd_record, ARGV("record", __VA_ARGS__))
#define trace(...)  run_as(0, cmd_trace, ARGV("trace", __VA_ARGS__))

static void said(const char *part)
{
	if (!strstr(output, part))
		fail_msg("'%s' is not in: %s", part, output);
}

static void test_wrong_calls(void **state)
{
	(void)state;
	assert_int_equal(record("true"), CLI_USAGE);
	said("-o FILE is missing");
	assert_int_equal(record("-o", file), CLI_USAGE);
	said("COMMAND is missing");
	assert_int_equal(record("-o"), CLI_USAGE);
	said("wants a value");
	assert_int_equal(record("--nonsense"), CLI_USAGE);
	said("unknown option --nonsense");
	assert_int_equal(record("-o", file, "--buffer-mib", "0", "true"), CLI_USAGE);
	said("from 1 to 4096");
	assert_int_equal(record("-o", file, "--label", "two\nlines", "true"), CLI_USAGE);
	said("control characters");
	assert_int_equal(record("-o", "/nonexistent/a.ctr", "true"), CLI_USAGE);
	said("/nonexistent/a.ctr: can not write: No such file or directory");
	assert_int_equal(record("-o", dir, "true"), CLI_USAGE);
	said("exists");
	assert_int_equal(record("-o", "/dev/null", "--force", "true"), CLI_USAGE);
	said("not a regular file");
	assert_int_equal(record("--help"), CLI_OK);
	said("usage: contigbench record");
	assert_int_equal(entries(dir, ""), 0);

	assert_int_equal(trace("--help"), CLI_OK);
	said("usage: contigbench trace");
	assert_int_equal(run_as(0, cmd_trace, ARGV("trace")), CLI_USAGE);
	assert_int_equal(trace("dog", file), CLI_USAGE);
	said("unknown action 'dog'");
	assert_int_equal(trace("info"), CLI_USAGE);
	assert_int_equal(trace("info", "a", "b"), CLI_USAGE);
	assert_int_equal(trace("cat", "--json", file), CLI_USAGE);
	assert_int_equal(trace("info", file), CLI_USAGE);
	said("No such file");
	assert_int_equal(trace("info", "/bin/sh"), CLI_USAGE);
	said("not a contigbench trace");
}

static void write_small_trace(void)
{
	struct trace_info info = { .label = "small \"label\"", .nr_initial = 1, .max_order = 10 };
	struct contig_diag diag;
	struct trace_writer *w = trace_writer_open(file, &diag);
	const struct trace_event events[] = {
		{ .op = TRACE_ALLOC,
		  .id = 1,
		  .order = 1,
		  .kind = PAGE_LRU_COMPOUND,
		  .migratetype = MT_MOVABLE,
		  .zone = 1 },
		{ .ns = 5, .op = TRACE_SPLIT, .id = 1, .aux = 2 },
		{ .ns = 6, .op = TRACE_FREE, .id = 3, .cpu = 1 },
	};

	assert_non_null(w);
	for (size_t i = 0; i < 3; i++)
		trace_writer_add(w, &events[i]);
	assert_int_equal(trace_writer_close(w, &info, &diag), 0);
}

static void test_info_and_cat(void **state)
{
	(void)state;
	write_small_trace();
	assert_int_equal(trace("cat", file), CLI_OK);
	assert_string_equal(output, "# contigbench trace, text 1: NS CPU OP ID ...\n"
	                            "0 0 alloc 1 1 lru-compound Movable 0 Normal\n"
	                            "5 0 split 1 0 2\n"
	                            "6 1 free 3\n");
	assert_int_equal(trace("info", file), CLI_OK);
	said("small \"label\"");
	said("peak         2 pages");
	assert_int_equal(trace("info", "--json", file), CLI_OK);
	said("\"label\": \"small \\\"label\\\"\"");
	said("\"peak_pages\": 2");

	/* damage behind the header: cat prints what comes before it, and says so */
	int fd = open(file, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 384 + 48 + 2), 1);
	close(fd);
	assert_int_equal(trace("cat", file), CLI_USAGE);
	said("checksum");
	assert_int_equal(trace("info", file), CLI_USAGE);
	said("checksum");
	unlink(file);
}

/* Whoever reads has seen enough: no message, no failure. */
static void test_cat_into_closed_pipe(void **state)
{
	int status, p[2];

	(void)state;
	write_small_trace();
	fflush(NULL);
	pid_t pid = fork();
	if (!pid) {
		if (pipe(p) || dup2(p[1], 1) != 1)
			_exit(99);
		close(p[0]);
		close(p[1]);
		_exit(cmd_trace(3, ARGV("trace", "cat", file)));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == CLI_OK);
	unlink(file);
}

static void test_not_root(void **state)
{
	(void)state;
	if (geteuid()) {
		assert_int_equal(record("-o", file, "true"), CLI_MACHINE);
	} else {
		assert_int_equal(run_as(65534, cmd_record, ARGV("record", "-o", file, "true")), CLI_MACHINE);
	}
	said("needs root");
	said("replay a recorded trace");
	assert_int_equal(entries(dir, ""), 0);
}

/* ---- live ------------------------------------------------------------------------------------ */

static void test_live(void **state)
{
	struct contig_diag diag;
	struct trace t;

	(void)state;
	if (!can_record)
		skip();
	assert_int_equal(record("-o", file, "--label", "live", "--", "ls", "-l", "/"), CLI_OK);
	said("lost         0");
	if (trace_open(file, &t, &diag))
		fail_msg("%s", diag.text);
	assert_string_equal(t.info.label, "live");
	assert_true(t.info.nr_initial > 1000 && t.info.nr_events > t.info.nr_initial);
	assert_true(t.info.raw_events > 50 && t.info.duration_ns > 0);
	/* almost everything has an owner, and next to nothing in the initial state was wrong */
	assert_true(t.info.unmatched_frees * 20 <= t.info.raw_events);
	assert_true(t.info.implied_frees * 5 <= t.info.raw_events);
	trace_close(&t);

	assert_int_equal(record("-o", file, "true"), CLI_USAGE);
	said("--force");
	unlink(file);
}

static void test_failing_commands(void **state)
{
	struct contig_diag diag;
	struct trace t;

	(void)state;
	if (!can_record)
		skip();
	assert_int_equal(record("-o", file, "sh", "-c", "exit 7"), CLI_NO);
	said("failed with status 7; the trace is kept");
	assert_int_equal(trace_open_info(file, &t, &diag), 0);
	assert_int_equal(record("-o", file, "--force", "sh", "-c", "kill -TERM $$"), CLI_NO);
	said("ended by signal 15");
	unlink(file);
	assert_int_equal(record("-o", file, "/nonexistent/command"), CLI_USAGE);
	said("/nonexistent/command: No such file or directory; nothing was recorded");
	assert_int_equal(entries(dir, ""), 0);
}

/* An instance whose recorder is dead is removed; others are not touched. */
static void test_sweep(void **state)
{
	(void)state;
	if (!can_record)
		skip();
	/* other recorders may run on this machine, and an earlier run of this test may have been killed */
	rmdir(INSTANCES "/contigbench-4194304-17");
	rmdir(INSTANCES "/contigbench-test");
	assert_int_equal(mkdir(INSTANCES "/contigbench-4194304-17", 0700), 0); /* above any pid */
	assert_int_equal(mkdir(INSTANCES "/contigbench-test", 0700), 0);
	assert_int_equal(record("-o", file, "true"), CLI_OK);
	said("removed 1 tracefs instance of dead recorders");
	assert_int_equal(entries(INSTANCES, "contigbench-4194304-17"), 0);
	assert_int_equal(rmdir(INSTANCES "/contigbench-test"), 0);
	unlink(file);
}

/* Killed by a signal, the recorder ends the command, keeps the trace and removes its instance. */
static void test_signals(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct contig_diag diag;
	struct trace t;
	char marker[64], script[128], instance[64];
	int status;

	(void)state;
	if (!can_record)
		skip();
	snprintf(marker, sizeof(marker), "%s/began", dir);
	snprintf(script, sizeof(script), "touch %s; exec sleep 60", marker);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		pid_t pid = fork();

		if (!pid) {
			dup2(open("/dev/null", O_WRONLY), 2);
			_exit(cmd_record(6, ARGV("record", "-o", file, "sh", "-c", script)));
		}
		/* a recording takes a while to begin; a signal before that ends it without a trace */
		for (int ms = 0; ms < 30000 && access(marker, F_OK); ms += 10)
			usleep(10000);
		assert_int_equal(unlink(marker), 0);
		kill(pid, signals[i]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == CLI_NO);
		snprintf(instance, sizeof(instance), "contigbench-%d-", (int)pid);
		assert_int_equal(entries(INSTANCES, instance), 0);
		assert_int_equal(trace_open_info(file, &t, &diag), 0);
		unlink(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_calls),
		cmocka_unit_test(test_info_and_cat),
		cmocka_unit_test(test_cat_into_closed_pipe),
		cmocka_unit_test(test_not_root),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_failing_commands),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_signals),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
