// SPDX-License-Identifier: MIT
/*
 * test_guest_wire.c - the host's side of the wire, against other ends that are slow, dead, mute, or not what they should be.
 *
 *	test ==== socketpair ==== a forked peer that says ready, answers hello, and then what its script is
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/guest/inside.h"

static struct contig_diag diag;
static pid_t peer;

/* ---- peers ---------------------------------------------------------------------------------------- */

static void say(int fd, const char *text)
{
	for (size_t len = strlen(text); len;) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			_exit(0);
		text += n;
		len -= (size_t)n;
	}
}

/* The next command, without its end; when there is no more, the peer is done. */
static char *hear(int fd)
{
	static char line[WIRE_LINE + 1];
	size_t n = 0;

	while (n < WIRE_LINE) {
		if (read(fd, line + n, 1) != 1)
			_exit(0);
		if (line[n] == '\n')
			break;
		n++;
	}
	line[n] = '\0';
	return line;
}

static void greet(int fd)
{
	say(fd, WIRE_READY "\n");
	if (strcmp(hear(fd), "hello"))
		_exit(1);
	say(fd, "+ wire 1\n+ release 6.1.0 of nowhere\n+ cpus 2\n= 0\n");
}

static struct guest *attach(void (*script)(int fd))
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	fflush(NULL);
	peer = fork();
	if (!peer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_DFL);
		close(fd[0]);
		script(fd[1]);
		_exit(0);
	}
	close(fd[1]);
	return guest_attach("mine", fd[0], 2, &diag);
}

static void part(struct guest *g)
{
	guest_close(g);
	kill(peer, SIGKILL);
	waitpid(peer, NULL, 0);
}

static void says(const char *words)
{
	if (!strstr(diag.text, words))
		fail_msg("\"%s\" does not say \"%s\"", diag.text, words);
}

/* ---- one that is as it should be ------------------------------------------------------------------ */

static void normal(int fd)
{
	greet(fd);
	for (;;) {
		const char *line = hear(fd);

		if (!strcmp(line, "range 1 2 movable"))
			say(fd, "+ moved 17 1 2\n+\n+ \n= -16 test 3 1 182340\n");
		else if (!strcmp(line, "at 3"))
			say(fd, "= 1048576\n");
		else if (!strcmp(line, "quit"))
			_exit(0);
		else
			say(fd, "= -22 what?\r\n");
	}
}

static void test_answers(void **state)
{
	struct guest *g = attach(normal);
	struct guest_answer *a;

	(void)state;
	assert_non_null(g);
	assert_string_equal(guest_says(g, "release"), "6.1.0 of nowhere");
	assert_int_equal(guest_number(g, "cpus"), 2);
	assert_null(guest_says(g, "cpu"));
	assert_int_equal(guest_number(g, "node"), 0);
	assert_int_equal(guest_call(g, &a, &diag, "range %d %d movable", 1, 2), 0);
	assert_int_equal(a->rc, -16);
	assert_string_equal(a->words, "test 3 1 182340");
	assert_int_equal(a->nr_lines, 3);
	assert_string_equal(a->line[0], "moved 17 1 2");
	assert_string_equal(a->line[1], "");
	assert_string_equal(a->line[2], "");
	assert_int_equal(guest_call(g, &a, &diag, "at 3"), 0);
	assert_int_equal(a->rc, 1048576);
	assert_string_equal(a->words, "");
	assert_int_equal(a->nr_lines, 0);
	assert_int_equal(guest_call(g, &a, &diag, "dance"), 0);
	assert_int_equal(a->rc, -22);
	assert_string_equal(a->words, "what?");
	/* one that would be two, or none */
	assert_int_equal(guest_call(g, &a, &diag, "at 3\nat 3"), -EMSGSIZE);
	assert_int_equal(guest_call(g, &a, &diag, "at %5000d", 3), -EMSGSIZE);
	says("more than one line");
	assert_true(guest_alive(g));
	assert_int_equal(guest_call(g, NULL, &diag, "at 3"), 0);
	part(g);
}

/* ---- ahead of the answers ------------------------------------------------------------------------- */

/* Answers only when nothing more comes, and only if what came was no more than a guest can keep. */
static void lazy(int fd)
{
	static char in[1 << 20];
	size_t n = 0, done = 0;
	unsigned int commands = 0;
	char text[64];

	greet(fd);
	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };

		if (poll(&p, 1, 20)) {
			ssize_t got = read(fd, in + n, sizeof(in) - n);

			if (got <= 0)
				_exit(0);
			n += (size_t)got;
			continue;
		}
		if (n - done > GUEST_WINDOW)
			say(fd, "= 0 too much\n= too much\n");
		for (char *end; (end = memchr(in + done, '\n', n - done));) {
			commands++;
			snprintf(text, sizeof(text), "+ %u\n= %d %u\n", commands,
			         commands == 300 || commands == 400 ? -12 : 0, commands);
			say(fd, text);
			done = (size_t)(end - in) + 1;
		}
	}
}

static void test_ahead_of_the_answers(void **state)
{
	struct guest *g = attach(lazy);
	struct guest_answer *a;

	(void)state;
	assert_non_null(g);
	for (int i = 1; i <= 999; i++)
		assert_int_equal(guest_post(g, &diag, "alloc %d K 0 U 1", i), 0);
	assert_int_equal(guest_call(g, &a, &diag, "at 3"), -12);
	assert_string_equal(diag.text, "mine: `alloc 300 K 0 U 1' was answered -12 300");
	/* it was asked nevertheless, and lives */
	assert_true(guest_alive(g));
	assert_int_equal(a->rc, 0);
	assert_string_equal(a->words, "1000");
	assert_int_equal(a->nr_lines, 1);
	assert_string_equal(a->line[0], "1000");
	assert_int_equal(guest_call(g, &a, &diag, "at 3"), 0);
	assert_string_equal(a->words, "1001");
	part(g);
}

/* One command longer than the window is sent all the same. */
static void test_a_long_command(void **state)
{
	struct guest *g = attach(lazy);
	struct guest_answer *a;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(guest_post(g, &diag, "sh 1 %04000d", i), 0);
	assert_int_equal(guest_call(g, &a, &diag, "at 3"), 0);
	assert_string_equal(a->words, "6");
	part(g);
}

/* ---- slow ----------------------------------------------------------------------------------------- */

static void one_by_one(int fd)
{
	greet(fd);
	hear(fd);
	for (const char *p = "+ a line\n= 5 words\n"; *p; p++) {
		say(fd, (char[]){ *p, '\0' });
		nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
	}
	pause();
}

static void test_slow(void **state)
{
	struct guest *g = attach(one_by_one);
	struct guest_answer *a;

	(void)state;
	assert_int_equal(guest_call(g, &a, &diag, "at 1"), 0);
	assert_int_equal(a->rc, 5);
	assert_string_equal(a->line[0], "a line");
	assert_string_equal(a->words, "words");
	guest_limit(g, 1);
	assert_int_equal(guest_call(g, &a, &diag, "at 2"), -ETIMEDOUT);
	assert_string_equal(diag.text, "mine: no answer to `at 2' within 1 s");
	assert_false(guest_alive(g));
	diag.text[0] = '\0';
	assert_int_equal(guest_call(g, &a, &diag, "at 3"), -ETIMEDOUT);
	assert_string_equal(diag.text, "mine: no answer to `at 2' within 1 s");
	assert_int_equal(guest_post(g, &diag, "at 3"), -ETIMEDOUT);
	part(g);
}

/* Each answer makes the time begin anew: twelve of them take more than one second. */
static void steady(int fd)
{
	greet(fd);
	for (;;) {
		hear(fd);
		nanosleep(&(struct timespec){ 0, 150000000 }, NULL);
		say(fd, "= 0\n");
	}
}

static void test_many_that_take_long_together(void **state)
{
	struct guest *g = attach(steady);

	(void)state;
	guest_limit(g, 1);
	for (int i = 0; i < 12; i++)
		assert_int_equal(guest_post(g, &diag, "free %d", i), 0);
	assert_int_equal(guest_call(g, NULL, &diag, "drain"), 0);
	part(g);
}

/* Lines without end are no answer. */
static void endless(int fd)
{
	greet(fd);
	hear(fd);
	for (;;)
		say(fd, "+ and so on\n");
}

static void test_without_end(void **state)
{
	struct guest *g = attach(endless);

	(void)state;
	guest_limit(g, 2);
	int err = guest_call(g, NULL, &diag, "look 0 1");

	assert_true(err == -ETIMEDOUT || err == -EPROTO);
	assert_false(guest_alive(g));
	part(g);
}

/* Takes nothing: what is to be sent must not wait for ever either. */
static void deaf(int fd)
{
	int small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	greet(fd);
	pause();
}

static void test_deaf(void **state)
{
	struct guest *g = attach(deaf);
	int err = 0;

	(void)state;
	guest_limit(g, 1);
	for (int i = 0; i < 1000 && !err; i++)
		err = guest_post(g, &diag, "sh 1 %01000d", i);
	assert_int_equal(err, -ETIMEDOUT);
	part(g);
}

/* ---- dead and wrong ------------------------------------------------------------------------------- */

static const char *wrong; /* what the peer says instead of an answer, before it closes the line */
static size_t wrong_len;

static void wrong_answer(int fd)
{
	greet(fd);
	hear(fd);
	if (write(fd, wrong, wrong_len) < 0)
		_exit(1);
}

static char long_line[2 * WIRE_LINE];

static void test_wrong_answers(void **state)
{
#define TEXT(t) t, sizeof(t) - 1
	const struct {
		const char *text;
		size_t len;
		int err;
		const char *says;
	} cases[] = {
		{ TEXT(""), -EIO, "mine: the line to the agent is closed" },
		{ TEXT("+ half a li"), -EIO, "the line to the agent is closed" },
		{ TEXT("= 0"), -EIO, "the line to the agent is closed" },
		{ TEXT("= \n"), -EPROTO, "which begins with no number" },
		{ TEXT("= one\n"), -EPROTO, "answered `at 1' with \"= one\"" },
		{ TEXT("= 1x\n"), -EPROTO, "which begins with no number" },
		{ TEXT("= +1\n"), -EPROTO, "which begins with no number" },
		{ TEXT("= 99999999999999999999\n"), -EPROTO, "which begins with no number" },
		{ TEXT("=1\n"), -EPROTO, "with what is no answer: =1" },
		{ TEXT("+x\n"), -EPROTO, "with what is no answer: +x" },
		{ TEXT("\n"), -EPROTO, "with what is no answer" },
		{ TEXT("[    3.14] BUG: spilled\n"), -EPROTO, "with what is no answer: [    3.14] BUG: spilled" },
		{ TEXT("+ a\0b\n"), -EPROTO, "what is no text (byte 1 in column 4)" },
		{ TEXT("+ \xff\xfe\n"), -EPROTO, "what is no text (byte 255 in column 3)" },
		{ TEXT("+ \x1b[2J\n"), -EPROTO, "what is no text (byte 27 in column 3)" },
		{ long_line, sizeof(long_line), -EPROTO, "a line of more than 4096 bytes" },
	};

	(void)state;
	memset(long_line, '+', sizeof(long_line));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wrong = cases[i].text;
		wrong_len = cases[i].len;
		struct guest *g = attach(wrong_answer);

		assert_non_null(g);
		int err = guest_call(g, NULL, &diag, "at 1");

		if (err != cases[i].err)
			fail_msg("case %zu: %d, %s", i, err, diag.text);
		says(cases[i].says);
		assert_false(guest_alive(g));
		part(g);
	}
}

/* Behind an answer, where nobody asked: the next call notices. */
static void test_unasked(void **state)
{
	(void)state;
	wrong = "= 7 fine\n= 8 and more\n";
	wrong_len = strlen(wrong);
	struct guest *g = attach(wrong_answer);
	struct guest_answer *a;

	assert_int_equal(guest_call(g, &a, &diag, "at 1"), 0);
	assert_int_equal(a->rc, 7);
	assert_int_equal(guest_call(g, &a, &diag, "at 2"), -EPROTO);
	says("without having been asked: = 8 and more");
	part(g);
}

/* ---- first words ---------------------------------------------------------------------------------- */

static void wrong_words(int fd)
{
	size_t ready = !strncmp(wrong, WIRE_READY "\n", strlen(WIRE_READY) + 1) ? strlen(WIRE_READY) + 1 : 0;

	if (ready) {
		say(fd, WIRE_READY "\n");
		hear(fd);
	}
	say(fd, wrong + ready);
	if (!wrong_len)
		pause();
}

static void test_wrong_first_words(void **state)
{
	const struct {
		const char *text;
		int err;
		const char *says;
	} cases[] = {
		{ "", ETIMEDOUT, "mine: the agent was not ready after 2 s" },
		{ "contigb", EIO, "the line to the agent is closed" },
		{ "Linux version 6.1\n", EPROTO, "not those of an agent: Linux version 6.1" },
		{ "contigbench agent 2 ready\n", EPROTO, "speaks version 2, this program version 1" },
		{ "contigbench agent 1 dreaming\n", EPROTO, "is not ready" },
		{ WIRE_FAILED "/contigbench.ko: Exec format error: version magic 'a' should be 'b'\n", ENOEXEC,
		  "version magic 'a' should be 'b'; build the module for this kernel again with `contigbench guest build" },
		{ WIRE_READY "\n= -22 no\n", EPROTO, "answered hello with -22 no" },
		{ WIRE_READY "\n+ wire 7\n= 0\n", EPROTO, "names no version 1" },
		{ WIRE_READY "\n+ release 5\n= 0\n", EPROTO, "names no version 1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wrong = cases[i].text;
		wrong_len = strlen(wrong);
		errno = 0;
		struct guest *g = attach(wrong_words);
		int err = errno;

		assert_null(g);
		if (err != cases[i].err)
			fail_msg("case %zu: %d, %s", i, err, diag.text);
		says(cases[i].says);
		part(NULL);
	}
}

/* ---- anything at all ------------------------------------------------------------------------------ */

static uint64_t seed = 1;

static uint32_t any(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

/* Pieces of what may come, and now and then some that may not, in any order. */
static void anything(int fd)
{
	static const char *const pieces[] = { "+ ",        "= ",       "-",     "0",       "12",
		                              " ",         "\n",       "\r\n",  "words",   "+",
		                              "=",         "+ line\n", "= 0\n", "= 1 a\n", "99999999999999999999",
		                              "= 0\n= 0\n" };

	bool polite = any(8);

	if (polite)
		greet(fd);
	for (;;) {
		if (polite)
			hear(fd);
		for (unsigned int n = any(2) ? 1 + any(6) : 0; n; n--) {
			say(fd, pieces[any(sizeof(pieces) / sizeof(pieces[0]))]);
			if (!any(4))
				say(fd, (char[]){ (char)any(256), '\0' });
		}
		say(fd, any(8) < 7 ? "= 3\n" : "\n= 3\n");
		if (!polite || !any(16))
			_exit(0);
	}
}

/* No answer crashes us, and each call comes to an end. */
static void test_anything(void **state)
{
	unsigned int answers = 0, ends = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		struct guest_answer *a;

		seed = (uint64_t)i;
		struct guest *g = attach(anything);

		seed = (uint64_t)i + 1000;
		for (int k = 0; g && k < 10 && guest_alive(g); k++) {
			guest_limit(g, 1);
			/* neither may wait for ever: the peer may, as what it said may have been no whole line */
			if (any(2))
				guest_post(g, &diag, "free 1");
			int err = guest_call(g, &a, &diag, "at 1");

			answers += !err;
			ends += !guest_alive(g);
			if (err == -ETIMEDOUT)
				break;
		}
		part(g);
	}
	/* both happen */
	assert_in_range(answers, 20, 4000);
	assert_in_range(ends, 50, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_ahead_of_the_answers),
		cmocka_unit_test(test_a_long_command),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_many_that_take_long_together),
		cmocka_unit_test(test_without_end),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_wrong_answers),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_wrong_first_words),
		cmocka_unit_test(test_anything),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
