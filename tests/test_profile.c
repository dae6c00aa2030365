// SPDX-License-Identifier: MIT
/*
 * test_profile.c - scripts/profile with programs of the test's own in front of the machine's: a perf that may or may not
 * record, and answers with two stacks; a make that has nothing to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];
static char said[16384];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/profile-XXXXXX");
	return !mkdtemp(dir);
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void program(const char *name, const char *script)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
}

/* Exit status of a command line; what it prints is in `said`. */
static int shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	FILE *f = popen(line, "r");

	assert_non_null(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
	return WEXITSTATUS(pclose(f));
}

static void without_perf(void **state)
{
	(void)state;
	/* nothing but what finds the tree */
	program("dirname", "echo scripts");
	assert_int_equal(shell("PATH=%s BUILD=%s/build /bin/sh scripts/profile 2>&1", dir, dir), 3);
	assert_non_null(strstr(said, "apt-get install linux-perf"));
}

static bool have_flamegraph(void)
{
	return !shell("command -v flamegraph.pl || test -r /usr/share/perl5/Devel/NYTProf/flamegraph.pl");
}

static void without_permission(void **state)
{
	const char *step = have_flamegraph() ? "sysctl kernel.perf_event_paranoid=1" : "libdevel-nytprof-perl";

	(void)state;
	program("perf", "exit 255");
	assert_int_equal(shell("PATH=%s:$PATH BUILD=%s/build scripts/profile 2>&1", dir, dir), 3);
	assert_non_null(strstr(said, step));
}

/*
 * This perf has no cycles, and puts time without the kernel's part in the place of time. What it saw: main -> run twice, main -> "a;b" once
 *
 *	run  run  a;b
 *	main main main
 */
static void stacks_become_a_figure(void **state)
{
	char flame[128];

	(void)state;
	if (!have_flamegraph())
		skip();
	program("make", "exit 0");
	program("perf", "case \"$*\" in\n"
	                "stat*cycles*) echo '<not supported>,,cycles' >&2 ;;\n"
	                "stat*) echo \"1.2,msec,cpu-clock:u,7\" >&2 ;;\n"
	                "script*) printf 'prog \\n\\t  4f0 run\\n\\t  aa main\\n\\n"
	                "prog \\n\\t 4ff a;b\\n\\t aa main\\n\\nprog \\n\\t 4f1 run\\n\\t aa main\\n' ;;\n"
	                "esac");
	assert_int_equal(shell("PATH=%s:$PATH BUILD=%s/build scripts/profile --seeds 7 2>&1", dir, dir), 0);
	assert_non_null(strstr(said, "samples: 3\n"));
	assert_non_null(strstr(said, "event:   cpu-clock:u"));
	snprintf(flame, sizeof(flame), "%s/build/flame.svg\n", dir);
	assert_non_null(strstr(said, flame));
	assert_int_equal(shell("cat %s/build/folded.txt", dir), 0);
	assert_string_equal(said, "prog;main;a:b 1\nprog;main;run 2\n");
	assert_int_equal(shell("cat %s/build/flame.svg", dir), 0);
	assert_non_null(strstr(said, "</script>"));
	assert_int_equal(shell("grep -v '^[/{}\t]' %s/build/flame.svg | tail -n 30", dir), 0);
	assert_non_null(strstr(said, "(virtual clock): 3 samples of cpu time in user space (cpu-clock:u)"));
	assert_non_null(strstr(said, "--seeds 7"));
	assert_non_null(strstr(said, "run (2 samples, 66.67%)"));
}

/* The wall clock has no -j, and a run without options is one of it. */
static void each_clock_takes_its_options(void **state)
{
	(void)state;
	if (!have_flamegraph())
		skip();
	program("make", "exit 0");
	program("perf", "case \"$*\" in\n"
	                "stat*) echo \"1.2,msec,cycles,7\" >&2 ;;\n"
	                "*contigbench*) echo \"$*\" ;;\n"
	                "script*) printf 'prog \\n\\t  4f0 run\\n' ;;\n"
	                "esac");
	assert_int_equal(shell("PATH=%s:$PATH BUILD=%s/build scripts/profile 2>&1", dir, dir), 0);
	assert_int_equal(shell("cat %s/build/run.txt", dir), 0);
	assert_non_null(strstr(said, " --clock wall "));
	assert_null(strstr(said, " -j "));
	assert_int_equal(shell("PATH=%s:$PATH BUILD=%s/build scripts/profile --seeds 7 2>&1", dir, dir), 0);
	assert_int_equal(shell("cat %s/build/run.txt", dir), 0);
	assert_non_null(strstr(said, " -j 1 --seeds 7"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_perf, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_permission, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stacks_become_a_figure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_clock_takes_its_options, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
