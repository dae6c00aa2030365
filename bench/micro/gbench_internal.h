/* SPDX-License-Identifier: MIT */
/*
 * gbench_internal.h - the border between C and Google Benchmark, shared by the files of the shim:
 *   - whatever calls the library does so through guard(), which turns exceptions into errnos;
 *   - what the library checks with an assertion (argument counts, timer states, a benchmark that returns before its
 *     loop has ended) is checked here first, because an assertion would end the process: Debian's library has them on;
 *   - where the library calls exit() (usage, an output file that cannot be written), we get there before it.
 */
#ifndef GBENCH_INTERNAL_H
#define GBENCH_INTERNAL_H

#include <atomic>
#include <cerrno>
#include <exception>
#include <new>

#include <benchmark/benchmark.h>

#include "gbench.h"

namespace bm = benchmark;

struct gbench {
	bm::internal::Benchmark *benchmark;
	gbench_fn *fn;
	void *ctx;
	int nr_args = -1; /* as the library has it: -1 until the first set of arguments */
	bool exact_iterations = false, has_min_time = false;
};

struct gbench_state {
	bm::State *state;
	size_t nr_args;
	bool started;  /* the loop */
	bool finished; /* the loop has returned false */
	bool running;  /* the timer */
};

namespace gbench_internal
{
extern std::atomic<size_t> nr_failed;

/* Thrown through the library instead of letting it call exit(). */
struct wants_to_exit {
};

/* Note what gbench_error() says and return rc. */
int refuse(int rc, const char *text) noexcept;

/* Call something of the library. Its exceptions end here. */
template <class F> int guard(F &&f) noexcept
{
	try {
		return f();
	} catch (const wants_to_exit &) {
		return refuse(-ECANCELED, "the benchmark library does not accept the value of a flag");
	} catch (const std::bad_alloc &) {
		return refuse(-ENOMEM, "no memory");
	} catch (const std::exception &e) {
		return refuse(-EIO, e.what());
	} catch (...) {
		return refuse(-EIO, "unknown exception");
	}
}

/* The same for what returns nothing, if the values are valid. */
template <class F> int set(bool valid, const char *why_not, F &&f) noexcept
{
	if (!valid)
		return refuse(-EINVAL, why_not);
	return guard([&] {
		f();
		return 0;
	});
}

} // namespace gbench_internal

#endif
