// SPDX-License-Identifier: MIT
/*
 * test_wall_inside.c - inside the measured loop no system call is made and no memory allocated.
 *
 * A child replays while its parent stops it at every system call (ptrace) and looks whether the thread that makes it is
 * inside; allocations are counted by the functions that allocate.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/wall/wall_state.h"
#include "lib/wall_house.h"

#define MAX_THREADS 8u

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* the sanitizer's own functions allocate, and make system calls wherever they like */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Between parent and child, and the functions below. */
struct shared {
	struct {
		_Atomic int tid; /* while it is inside, else 0 */
	} thread[MAX_THREADS];
	_Atomic uint32_t entered;
	_Atomic uint32_t allocated; /* times, inside */
};

static struct shared *shared;
static _Thread_local bool inside;
static _Thread_local int tid;

static void enter_or_leave(const struct worker *w, bool in)
{
	uint32_t thread = w ? w->thread : 0;

	if (!tid)
		tid = (int)syscall(SYS_gettid);
	inside = in;
	atomic_store(&shared->thread[thread].tid, in ? tid : 0);
	atomic_fetch_add(&shared->entered, in);
}

/* ---- functions that allocate ----------------------------------------------------------------- */

#if !SANITIZED
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t nr, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *p);

static void count(void)
{
	if (inside)
		atomic_fetch_add(&shared->allocated, 1);
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	count();
	return __libc_calloc(nr, size);
}

void *realloc(void *old, size_t size)
{
	count();
	return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	count();
	return __libc_memalign(alignment, size);
}

void free(void *p)
{
	if (p)
		count();
	__libc_free(p);
}
#endif

/* ---- what is replayed ------------------------------------------------------------------------ */

static void replay(enum wall_timing timing, bool requests)
{
	struct wall_house h;
	struct trace t;

	synthetic_trace(&synthetic_busy, &t);
	wall_house_open(&h, &t, 0, 0);
	h.params.timing = timing;
	h.params.replay.age = 1;
	h.params.replay.verify_every = 20000;
	h.params.replay.request_pages = requests ? 512 : 0;
	h.params.replay.hold_ns = 3000000;
	wall_inside = enter_or_leave;
	wall_house_run(&h);
	wall_inside = NULL;
	wall_house_close(&h);
}

static void nothing_is_allocated_inside(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	for (int timing = TIMING_BATCH; timing <= TIMING_EVERY; timing++) {
		atomic_store(&shared->entered, 0);
		replay((enum wall_timing)timing, true);
		assert_true(atomic_load(&shared->entered) >= 2);
		assert_int_equal(atomic_load(&shared->allocated), 0);
	}
	/* and it would be seen */
	enter_or_leave(NULL, true);
	free(malloc(1)); /* NOLINT */
	enter_or_leave(NULL, false);
	assert_true(SANITIZED || atomic_exchange(&shared->allocated, 0) > 0);
}

/* ---- system calls ---------------------------------------------------------------------------- */

/* `provoke`: one is made inside on purpose. */
static void child(bool provoke)
{
	tid = 0;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(9);
	raise(SIGSTOP);
	if (provoke) {
		enter_or_leave(NULL, true);
		getppid();
		enter_or_leave(NULL, false);
		_exit(0);
	}
	for (int timing = TIMING_BATCH; timing <= TIMING_EVERY; timing++)
		replay((enum wall_timing)timing, true);
	_exit(0);
}

static bool is_inside(pid_t who)
{
	for (uint32_t i = 0; i < MAX_THREADS; i++) {
		if (atomic_load(&shared->thread[i].tid) == who)
			return true;
	}
	return false;
}

/*
 * Follow all its threads from system call to system call. How many were made inside; -1: it can not be traced. Not counted:
 * whoever spins on a lock for long lets others run, since its holder may be waiting for this cpu.
 */
static int watch(pid_t pid, long *first)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	int status, made = 0;
	pid_t who;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) || ptrace(PTRACE_SETOPTIONS, pid, NULL, options))
		return -1;
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	while ((who = waitpid(-1, &status, __WALL)) > 0) {
		int deliver = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (who == pid)
				return WIFEXITED(status) && !WEXITSTATUS(status) ? made : -2;
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			struct __ptrace_syscall_info info = { 0 };

			ptrace(PTRACE_GET_SYSCALL_INFO, who, sizeof(info), &info);
			if (is_inside(who) && info.op == PTRACE_SYSCALL_INFO_ENTRY &&
			    info.entry.nr != SYS_sched_yield) {
				*first = made ? *first : (long)info.entry.nr;
				made++;
			}
		} else if (WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP) {
			deliver = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, who, NULL, deliver);
	}
	return -2;
}

static int calls_inside(bool provoke, long *first)
{
	fflush(NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		child(provoke);
	int made = watch(pid, first);

	if (made == -1) {
		print_message("this machine does not let a process trace its child: not tested\n");
		skip();
	}
	return made;
}

static void no_system_call_is_made_inside(void **state)
{
	long first = -1;

	(void)state;
	if (SANITIZED)
		skip();
	/* it would be seen */
	assert_int_equal(calls_inside(true, &first), 1);
	assert_int_equal(first, SYS_getppid);
	int made = calls_inside(false, &first);

	if (made)
		fail_msg("%d system calls inside, the first is number %ld", made, first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_allocated_inside),
		cmocka_unit_test(no_system_call_is_made_inside),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
