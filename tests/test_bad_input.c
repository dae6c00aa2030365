// SPDX-License-Identifier: MIT
/*
 * test_bad_input.c - what the tests of single commands leave out: numbers that are none, lists that say something twice,
 * a disk that is really full, a terminal that takes nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/cli.h"
#include "lib/capture.h"
#include "lib/synthetic.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char scratch[] = "/tmp/contigbench-bad-XXXXXX";
static struct capture said;

/* The command says one line, with this in it, and makes nothing. */
static void refused(int (*command)(int argc, char **argv), int status, const char *line, const char *says)
{
	struct stat st;

	capture_command(&said, command, line);
	if (said.status != status || !strstr(said.text, says))
		fail_msg("`%s`: status %d, '%s'; wanted %d and '%s'", line, said.status, said.text, status, says);
	const char *newline = strchr(said.text, '\n');

	if (!newline || newline[1] || strncmp(said.text, "contigbench ", 12))
		fail_msg("`%s`: not one line: '%s'", line, said.text);
	assert_int_equal(stat("new", &st), -1);
	assert_int_equal(stat("new.partial", &st), -1);
}

static void numbers_and_lists(void **state)
{
	static const struct {
		const char *arguments, *says;
	} cases[] = {
		{ "--occupancy nan", "--occupancy nan: the trace's peak use" },
		{ "--occupancy -nan", "must lie in (0, 100]" },
		{ "--occupancy inf", "must lie in (0, 100]" },
		{ "--occupancy 1e400", "must lie in (0, 100]" },
		{ "--occupancy 1e-9", "must lie in (0, 100]" },
		{ "--occupancy 100.001", "must lie in (0, 100]" },
		{ "--occupancy 50%", "--occupancy 50%" },
		{ "--occupancy 50,50.0", "--occupancy: 50.0 is given twice" },
		{ "--occupancy ,", "empty" },
		{ "--sizes 64p,64p", "--sizes: 64p is given twice" },
		{ "--sizes p", "64p for 64 pages" },
		{ "--sizes -1b", "64p for 64 pages" },
		{ "--sizes 18446744073709551616p", "64p for 64 pages" },
		{ "--seeds 18446744073709551616", "seeds are numbers from 1 on" },
		{ "--seeds 1-2-3", "seeds are numbers from 1 on" },
		{ "--seeds -1", "seeds are numbers from 1 on" },
		{ "--age 4294967296", "--age 4294967296" },
		{ "--hold-ms 18446744073709551615", "--hold-ms 18446744073709551615" },
		{ "--hold-ms nan", "--hold-ms nan" },
		{ "--interval-ms 0x10", "--interval-ms 0x10" },
		{ "--max-order -1", "--max-order -1" },
		{ "--max-order 256", "256" },
		{ "--pageblock-order 4294967305", "4294967305" },
		{ "--page-shift 268", "268" },
		{ "--zone -1+8192", "--zone -1+8192: say START+PAGES" },
		{ "--zone 0+-1", "--zone 0+-1: say START+PAGES" },
		{ "--zone 0+4294967296", "0+4294967296" },
		{ "--zone 0+8192@64", "64" },
		{ "-b ,", "empty" },
		{ "-b linux-6.1,", "empty" },
		{ "-b linux-6.1++merge_rule=iso_only", "nothing behind '+'" },
		{ "-b linux-6.1+undo_type=preserved", "undo_type=preserved needs iso_store=separate_bit" },
		{ "-b linux-6.1+merge_rule=always+merge_rule=always", "knob 'merge_rule' is given twice" },
		{ "/dev/null", "/dev/null: can not read: not a regular file" },
		{ "/", "can not read" },
	};
	char line[512];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(line, sizeof(line), "run small.ctr --hold-ms 1 --interval-ms 1 -o new %s", cases[i].arguments);
		refused(cmd_run, CLI_USAGE, line, cases[i].says);
	}
}

/* What exists and is no results folder stays what it is. */
static void output_that_is_no_folder(void **state)
{
	struct stat st;

	(void)state;
	refused(cmd_run, CLI_USAGE, "run small.ctr --interval-ms 1 -o small.ctr", "small.ctr exists");
	refused(cmd_run, CLI_USAGE, "run small.ctr --interval-ms 1 -o small.ctr --force", "small.ctr");
	assert_int_equal(stat("small.ctr", &st), 0);
	assert_true(S_ISREG(st.st_mode) && st.st_size > 0);
	refused(cmd_run, CLI_USAGE, "run small.ctr --interval-ms 1 -o /dev/null --force", "/dev/null");
	refused(cmd_run, CLI_USAGE, "run small.ctr --interval-ms 1 -o /", "/ exists");
	assert_int_equal(symlink("nowhere", "link"), 0);
	refused(cmd_run, CLI_USAGE, "run small.ctr --interval-ms 1 -o link", "link exists");
	assert_int_equal(unlink("link"), 0);
}

/* ---- a disk that is full --------------------------------------------------------------------- */

static int entries_of(const char *folder)
{
	DIR *d = opendir(folder);
	int n = 0;

	if (!d)
		return -1;
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

/* In a mount namespace of its own, so that nothing of it outlives the process: 0, or 77 when that can not be had. */
static int on_full_disk(const char *options)
{
	char line[256];

	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "full", "tmpfs", 0, options))
		return 77;
	snprintf(line, sizeof(line),
	         "run small.ctr -b linux-6.1,first-fit --sizes 64p --seeds 1-3 --interval-ms 1 --hold-ms 1 "
	         "--occupancy 50,70 -o full/new");
	capture_command(&said, cmd_run, line);
	if (said.status != CLI_MACHINE || !strstr(said.text, "No space left on device"))
		return 1;
	const char *newline = strchr(said.text, '\n');

	if (!newline || newline[1])
		return 2;
	return entries_of("full") == 0 ? 0 : 3;
}

static void a_tmpfs_without_room(void **state)
{
	/* no block at all; no inode but the root's; room for some of it */
	static const char *const options[] = { "size=4k", "nr_inodes=2", "size=64k", "size=160k" };
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT(options); i++) {
		fflush(NULL);
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			int rc = on_full_disk(options[i]);

			if (rc && rc != 77)
				fprintf(stderr, "%s: status %d: %s\n", options[i], said.status, said.text);
			_exit(rc);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == 77) {
			print_message("skipped: mounting a tmpfs needs root\n");
			skip();
		}
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

/* What is printed and does not arrive is no success: "fine" with half an answer would be a lie. */
static void a_terminal_that_takes_nothing(void **state)
{
	static const struct {
		int (*command)(int argc, char **argv);
		char *argv[5];
	} cases[] = {
		{ cmd_list, { "list" } },
		{ cmd_list, { "list", "knobs" } },
		{ cmd_trace, { "trace", "info", "small.ctr" } },
		{ cmd_trace, { "trace", "cat", "small.ctr" } },
		{ cmd_run, { "run", "--help" } },
	};
	char text[256];
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		fflush(NULL);
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			int full = open("/dev/full", O_WRONLY), err = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0666),
			    argc = 0;
			char *argv[5];

			while (cases[i].argv[argc]) {
				argv[argc] = cases[i].argv[argc];
				argc++;
			}
			argv[argc] = NULL;
			if (full < 0 || err < 0 || dup2(full, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
				_exit(99);
			cli_command_name = argv[0];
			_exit(cli_printed(cases[i].command(argc, argv)));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		FILE *f = fopen("said", "r");
		size_t n = fread(text, 1, sizeof(text) - 1, f);

		text[n] = '\0';
		fclose(f);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != CLI_MACHINE ||
		    !strstr(text, "can not print: No space left"))
			fail_msg("%s %s: %x, '%s'", cases[i].argv[0], cases[i].argv[1] ? cases[i].argv[1] : "", status,
			         text);
	}
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int set_up(void **state)
{
	static const struct synthetic small = {
		.seed = 7,
		.nr_events = 20000,
		.live = 3000,
		.cpus = 1,
		.unmovable = 20,
		.interval_ns = 1000,
	};

	(void)state;
	if (!mkdtemp(scratch) || chdir(scratch) || mkdir("full", 0777))
		return -1;
	synthetic_file(&small, "small.ctr");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return chdir("/") ? -1 : nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_lists),
		cmocka_unit_test(output_that_is_no_folder),
		cmocka_unit_test(a_tmpfs_without_room),
		cmocka_unit_test(a_terminal_that_takes_nothing),
	};

	return cmocka_run_group_tests_name("bad input", tests, set_up, tear_down);
}
