// SPDX-License-Identifier: MIT
/*
 * test_guest_spawn.c - programs that run for us: what they print, how they end, and that nothing of them stays.
 *
 *	parent ---- keeper ---- sh ---- sleep		a tree, one branch in a session of its own;
 *	                         `----- setsid ---- sleep	whoever is killed, by what, as root or not: all of it goes
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/process/spawn.h"
#include "../workloads/record/process.h"

#define NOBODY 65534

static char dir[] = "/tmp/contigbench-test-XXXXXX";
static char mark[64]; /* a time to sleep that nobody else sleeps */

static int set_up(void **state)
{
	(void)state;
	snprintf(mark, sizeof(mark), "1000.%d", (int)getpid());
	return !mkdtemp(dir) || chmod(dir, 0777);
}

static int tear_down(void **state)
{
	(void)state;
	return room_delete(dir);
}

/* ---- looking -------------------------------------------------------------------------------------- */

/* Processes with the mark among their arguments; one that only waits to be waited for has none any more. */
static unsigned int sleepers(void)
{
	DIR *proc = opendir("/proc");
	unsigned int n = 0;
	char path[300], args[4096];

	for (struct dirent *e; proc && (e = readdir(proc));) {
		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		int fd = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? open(path, O_RDONLY) : -1;

		if (fd < 0)
			continue;
		ssize_t len = read(fd, args, sizeof(args));

		n += len > 0 && memmem(args, (size_t)len, mark, strlen(mark)) && memmem(args, (size_t)len, "sleep", 6);
		close(fd);
	}
	if (proc)
		closedir(proc);
	return n;
}

static unsigned int rooms(void)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += !strncmp(e->d_name, ".contigbench-", 13);
	closedir(d);
	return n;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* So many, and no others, within ten seconds. */
static void sleepers_become(unsigned int nr)
{
	for (int i = 0; i < 1000 && sleepers() != nr; i++)
		pause_ms(10);
	assert_int_equal(sleepers(), nr);
}

#define SH(text)                                                                                                       \
	(char *[])                                                                                                     \
	{                                                                                                              \
		"sh", "-c", text, NULL                                                                                 \
	}

static struct spawn_how tree(void)
{
	static char line[256];
	static char *argv[] = { "sh", "-c", line, NULL };
	struct spawn_how how = SPAWN_HOW;

	snprintf(line, sizeof(line), "sleep %s & setsid sleep %s & (setsid sleep %s &) ; wait", mark, mark, mark);
	how.argv = argv;
	return how;
}

/* ---- programs ------------------------------------------------------------------------------------- */

static void test_what_it_prints_and_how_it_ends(void **state)
{
	struct spawn_how how = SPAWN_HOW;
	struct contig_diag diag;
	char *out;

	(void)state;
	how.argv = SH("echo one; echo two >&2; cat; echo $A $B; pwd");
	how.env = (char *[]){ "A=1", "B=2", NULL };
	how.dir = "/usr";
	setenv("A", "0", 1);
	assert_int_equal(spawn_run(&how, &out, &diag), 0);
	assert_string_equal(out, "one\n1 2\n/usr\n");
	free(out);

	how = (struct spawn_how)SPAWN_HOW;
	how.argv = SH("echo out; echo first >&2; echo last >&2; exit 3");
	assert_int_equal(spawn_run(&how, &out, &diag), -ECHILD);
	assert_null(out);
	assert_string_equal(diag.text, "sh failed with exit status 3: last");
	how.argv = SH("kill -TERM $$");
	assert_int_equal(spawn_run(&how, NULL, &diag), -ECHILD);
	assert_string_equal(diag.text, "sh died of signal 15 (Terminated)");
	how.argv = (char *[]){ "no-such-program", NULL };
	assert_int_equal(spawn_run(&how, NULL, &diag), -ENOENT);
	assert_string_equal(diag.text, "no-such-program can not be run: No such file or directory");
	how.argv = SH("true");
	how.dir = "/no/such/folder";
	assert_int_equal(spawn_run(&how, NULL, &diag), -ENOENT);
	assert_string_equal(diag.text, "sh can not run in /no/such/folder: no such folder");
}

static void test_both_streams_in_order(void **state)
{
	struct spawn_how how = SPAWN_HOW;
	struct contig_diag diag;
	char *out;

	(void)state;
	how.argv = SH("echo a; echo b >&2; echo c");
	how.err = SPAWN_AS_OUT;
	assert_int_equal(spawn_run(&how, &out, &diag), 0);
	assert_string_equal(out, "a\nb\nc\n");
	free(out);
}

static void test_descriptors(void **state)
{
	struct spawn_how how = SPAWN_HOW;
	int first[2], second[2], open_elsewhere = open("/", O_RDONLY); /* without O_CLOEXEC */
	struct contig_diag diag;
	char *out, got[8] = "";

	(void)state;
	assert_int_equal(pipe(first), 0);
	assert_int_equal(pipe(second), 0);
	how.argv = SH("read line <&3; echo $line >&4; ls /proc/self/fd | tr '\\n' ' '");
	how.fds = (int[]){ first[0], second[1] };
	how.nr_fds = 2;
	assert_int_equal(write(first[1], "word\n", 5), 5);
	assert_int_equal(spawn_run(&how, &out, &diag), 0);
	assert_int_equal(read(second[0], got, 7), 5);
	assert_string_equal(got, "word\n");
	/* those, and the one with which ls reads the folder */
	assert_string_equal(out, "0 1 2 3 4 5 ");
	free(out);
	for (int i = 0; i < 2; i++) {
		close(first[i]);
		close(second[i]);
	}
	close(open_elsewhere);
}

/* a | b: the first one's end must be seen by the second, whoever else has had the pipe. */
static void test_a_pipe_between_two(void **state)
{
	struct spawn_how a = SPAWN_HOW, b = SPAWN_HOW;
	struct spawn first, second;
	struct contig_diag diag;
	int between[2];

	(void)state;
	assert_int_equal(pipe2(between, O_CLOEXEC), 0);
	a.argv = SH("echo some; echo text");
	a.out = between[1];
	b.argv = (char *[]){ "wc", "-l", NULL };
	b.in = between[0];
	assert_int_equal(spawn_start(&second, &b, &diag), 0);
	assert_int_equal(spawn_start(&first, &a, &diag), 0);
	close(between[0]);
	close(between[1]);
	assert_true(spawn_wait(&second, 10000));
	assert_int_equal(spawn_said(&second, &diag), 0);
	char *out = spawn_out(&second);

	assert_string_equal(out, "2\n");
	free(out);
	spawn_close(&first);
	spawn_close(&second);
}

static unsigned int ticks;

static void tick(void *ctx)
{
	(void)ctx;
	ticks++;
}

static void test_time_limit(void **state)
{
	struct spawn_how how = tree();
	struct contig_diag diag;
	struct spawn s;

	(void)state;
	how.seconds = 1;
	how.tick = tick;
	assert_int_equal(spawn_start(&s, &how, &diag), 0);
	sleepers_become(3);
	assert_false(spawn_wait(&s, 50));
	assert_true(spawn_wait(&s, -1));
	assert_int_equal(spawn_said(&s, &diag), -ETIMEDOUT);
	assert_string_equal(diag.text, "sh was not done after 1 s and was ended");
	assert_int_equal(sleepers(), 0);
	assert_in_range(ticks, 3, 20);
	spawn_close(&s);
}

static void test_one_that_prints_without_end(void **state)
{
	struct spawn_how how = SPAWN_HOW;
	struct contig_diag diag;

	(void)state;
	how.argv = (char *[]){ "yes", NULL };
	how.seconds = 60;
	assert_int_equal(spawn_run(&how, NULL, &diag), -EFBIG);
	assert_string_equal(diag.text, "yes printed more than 64 MiB and was ended: y");
}

/* ---- ends ----------------------------------------------------------------------------------------- */

static void test_close_ends_all_of_a_tree(void **state)
{
	struct spawn_how how = tree();
	struct contig_diag diag;
	struct spawn s;

	(void)state;
	assert_int_equal(spawn_start(&s, &how, &diag), 0);
	sleepers_become(3);
	spawn_close(&s);
	assert_int_equal(sleepers(), 0);
}

/* When the program itself ends, so does what it left behind. */
static void test_nothing_outlives_its_program(void **state)
{
	struct spawn_how how = SPAWN_HOW;
	struct contig_diag diag;
	char line[128];

	(void)state;
	snprintf(line, sizeof(line), "setsid sleep %s & sleep 0.2; echo done", mark);
	how.argv = SH(line);
	assert_int_equal(spawn_run(&how, NULL, &diag), 0);
	assert_int_equal(sleepers(), 0);
}

/* A process of its own that has a tree and a room, and is then ended by a signal. */
static void parent_dies_of(int sig, uid_t uid)
{
	int ready[2], status;
	char byte;

	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	pid_t pid = fork();

	if (!pid) {
		struct spawn_how how = tree();
		struct contig_diag diag;
		struct room room;
		struct spawn s;
		char file[2100];

		signal(sig, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails */
		if (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))
			_exit(1);
		if (room_make(&room, dir, &diag) || spawn_start(&s, &how, &diag))
			_exit(2);
		snprintf(file, sizeof(file), "%s/file", room.path);
		close(open(file, O_WRONLY | O_CREAT, 0600));
		if (write(ready[1], "r", 1) == 1)
			spawn_wait(&s, -1);
		_exit(3);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	sleepers_become(3);
	assert_int_equal(rooms(), 1);
	kill(pid, sig);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), sig);
	/* those that can be caught are waited for */
	if (sig != SIGKILL) {
		assert_int_equal(sleepers(), 0);
		assert_int_equal(rooms(), 0);
	}
	sleepers_become(0);
	for (int i = 0; i < 1000 && rooms(); i++)
		pause_ms(10);
	assert_int_equal(rooms(), 0);
}

static void test_our_end_is_theirs(void **state)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGINT, SIGHUP };

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		parent_dies_of(signals[i], 0);
}

/* Without the right to a PID namespace. */
static void test_also_for_users(void **state)
{
	(void)state;
	if (geteuid())
		skip(); /* the test above was that */
	parent_dies_of(SIGKILL, NOBODY);
	parent_dies_of(SIGTERM, NOBODY);
}

static void test_an_end_of_the_keeper(void **state)
{
	struct spawn_how how = SPAWN_HOW;
	struct contig_diag diag;
	struct spawn s;

	(void)state;
	how.argv = (char *[]){ "sleep", mark, NULL };
	assert_int_equal(spawn_start(&s, &how, &diag), 0);
	sleepers_become(1);
	kill(s.keeper, SIGKILL);
	assert_true(spawn_wait(&s, 5000));
	assert_int_equal(spawn_said(&s, &diag), -EIO);
	assert_string_equal(diag.text, "sleep was killed with the process that watches it");
	sleepers_become(0);
	spawn_close(&s);
}

/* A signal that somebody handles or ignores is his. */
static void test_signals_that_are_not_ours(void **state)
{
	struct spawn_how how = SPAWN_HOW;
	struct sigaction sa;
	struct contig_diag diag;
	struct spawn s;

	(void)state;
	signal(SIGHUP, SIG_IGN);
	how.argv = (char *[]){ "sleep", mark, NULL };
	assert_int_equal(spawn_start(&s, &how, &diag), 0);
	sigaction(SIGHUP, NULL, &sa);
	assert_true(sa.sa_handler == SIG_IGN);
	sigaction(SIGTERM, NULL, &sa);
	assert_true(sa.sa_handler != SIG_DFL);
	spawn_close(&s);
	sigaction(SIGTERM, NULL, &sa);
	assert_true(sa.sa_handler == SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

/* ---- rooms ---------------------------------------------------------------------------------------- */

static bool has(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void make(char path[256], int pid, unsigned long long start, const char *end)
{
	char file[300];

	snprintf(path, 256, "%s/.contigbench-%d-%llu-%s", dir, pid, start, end);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(file, sizeof(file), "%s/file", path);
	close(open(file, O_WRONLY | O_CREAT, 0600));
}

static void test_what_a_killed_keeper_left_is_swept(void **state)
{
	char dead[256], alive[256], other[256], locked[256], link[256];
	unsigned long long start = process_start_time(getpid());
	struct contig_diag diag;
	struct room room;

	(void)state;
	make(dead, (int)getpid(), start - 1, "abcdef");
	make(alive, (int)getpid(), start, "abcdef");
	make(other, 1, 1, "abcdefg"); /* none of ours is called so */
	make(locked, (int)getpid(), start - 2, "abcdef");
	snprintf(link, sizeof(link), "%s/.contigbench-%d-1-abcdef", dir, (int)getpid());
	assert_int_equal(symlink(other, link), 0);
	int fd = open(locked, O_RDONLY | O_DIRECTORY);

	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_int_equal(room_make(&room, dir, &diag), 0);
	assert_false(has(dead));
	assert_true(has(alive) && has(other) && has(locked) && has(link) && has(room.path));
	close(fd);
	assert_int_equal(room_sweep(dir), 1);
	assert_false(has(locked));
	assert_true(has(room.path));
	char path[2048];

	strcpy(path, room.path);
	room_remove(&room);
	assert_false(has(path));
	assert_int_equal(room_delete(alive), 0);
	assert_int_equal(room_delete(other), 0);
	assert_int_equal(unlink(link), 0);
}

static void test_no_room(void **state)
{
	struct contig_diag diag;
	struct room room;

	(void)state;
	assert_int_equal(room_make(&room, "/no/such/folder", &diag), -ENOENT);
	assert_string_equal(diag.text, "no temporary folder can be made in /no/such/folder: No such file or directory");
	room_remove(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_prints_and_how_it_ends),
		cmocka_unit_test(test_both_streams_in_order),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_a_pipe_between_two),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_one_that_prints_without_end),
		cmocka_unit_test(test_close_ends_all_of_a_tree),
		cmocka_unit_test(test_nothing_outlives_its_program),
		cmocka_unit_test(test_our_end_is_theirs),
		cmocka_unit_test(test_also_for_users),
		cmocka_unit_test(test_an_end_of_the_keeper),
		cmocka_unit_test(test_signals_that_are_not_ours),
		cmocka_unit_test(test_what_a_killed_keeper_left_is_swept),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
