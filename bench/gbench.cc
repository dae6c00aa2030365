// SPDX-License-Identifier: MIT
/*
 * gbench.cc - the C face of Google Benchmark. The rules of the border:
 *   - whatever calls the library does so through guard(), which turns exceptions into errnos;
 *   - what the library checks with an assertion (argument counts, timer states, a benchmark that returns before its
 *     loop has ended) is checked here first, because an assertion would end the process: Debian's library has them on;
 *   - where the library calls exit() (usage, an output file that cannot be written), we get there before it.
 */
#include "gbench.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

namespace bm = benchmark;

/* Internal, but exported since 1.5.4; weak, as a later library may not have it. */
extern const bool library_has_pfm __asm__("_ZN9benchmark8internal12PerfCounters10kSupportedE") __attribute__((weak));

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

namespace
{
std::vector<std::unique_ptr<gbench>> registered;
std::atomic<size_t> nr_failed;
std::string output_file, program_name;
thread_local char error_text[256];

struct wants_to_exit {
};

int refuse(int rc, const char *text) noexcept
{
	std::snprintf(error_text, sizeof(error_text), "%s", text);
	return rc;
}

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

void run_one(const gbench *b, bm::State &state) noexcept
{
	gbench_state s = { &state, b->nr_args < 0 ? 0 : static_cast<size_t>(b->nr_args), false, false, false };
	int rc = guard([&] {
		b->fn(&s, b->ctx);
		return 0;
	});

	/* the library aborts over a benchmark that has not finished its loop */
	if (rc)
		gbench_skip_with_error(&s, gbench_error());
	else if (!s.finished && !state.error_occurred())
		gbench_skip_with_error(&s, "returned before its loop had ended");
	if (state.error_occurred() && state.thread_index() == 0)
		nr_failed++;
}

/* All sets of arguments of a benchmark must be of one size. */
int same_size(gbench *b, size_t nr) noexcept
{
	if (!nr || (b->nr_args >= 0 && static_cast<size_t>(b->nr_args) != nr))
		return refuse(-EINVAL, "sets of arguments differ in size");
	return 0;
}

template <class F> int add_args(gbench *b, size_t nr, bool valid, F &&f) noexcept
{
	if (!valid)
		return refuse(-EINVAL, "not a range of arguments");
	if (int rc = same_size(b, nr))
		return rc;
	return guard([&] {
		f();
		b->nr_args = static_cast<int>(nr);
		return 0;
	});
}

template <class F> int set(bool valid, const char *why_not, F &&f) noexcept
{
	if (!valid)
		return refuse(-EINVAL, why_not);
	return guard([&] {
		f();
		return 0;
	});
}

/* Powers of the multiplier need positive numbers, or a range that the library can mirror: it checks lo <= hi only. */
bool is_range(int64_t first, int64_t last)
{
	return first >= 0 && first <= last;
}
} // namespace

extern "C" {

const char *gbench_error(void)
{
	return error_text;
}

/* ---- registration ---------------------------------------------------------------------------------------------- */

int gbench_register(const char *name, gbench_fn *fn, void *ctx, struct gbench **out)
{
	if (!name || !*name || !fn)
		return refuse(-EINVAL, "a benchmark needs a name and a function");
	return guard([&] {
		auto b = std::make_unique<gbench>();
		const gbench *p = b.get();

		b->fn = fn;
		b->ctx = ctx;
		registered.reserve(registered.size() + 1);
		b->benchmark = bm::RegisterBenchmark(name, [p](bm::State &state) { run_one(p, state); });
		if (out)
			*out = b.get();
		registered.push_back(std::move(b));
		return 0;
	});
}

void gbench_clear(void)
{
	guard([] {
		bm::ClearRegisteredBenchmarks();
		registered.clear();
		return 0;
	});
}

int gbench_arg(struct gbench *b, int64_t value)
{
	return add_args(b, 1, true, [&] { b->benchmark->Arg(value); });
}

int gbench_args(struct gbench *b, const int64_t *values, size_t nr)
{
	return add_args(b, nr, values, [&] { b->benchmark->Args(std::vector<int64_t>(values, values + nr)); });
}

int gbench_range(struct gbench *b, int64_t first, int64_t last)
{
	return add_args(b, 1, is_range(first, last), [&] { b->benchmark->Range(first, last); });
}

int gbench_dense_range(struct gbench *b, int64_t first, int64_t last, int step)
{
	return add_args(b, 1, first <= last && step > 0, [&] { b->benchmark->DenseRange(first, last, step); });
}

int gbench_ranges(struct gbench *b, const int64_t (*first_last)[2], size_t nr)
{
	bool valid = first_last;

	for (size_t i = 0; valid && i < nr; i++)
		valid = is_range(first_last[i][0], first_last[i][1]);
	return add_args(b, nr, valid, [&] {
		std::vector<std::pair<int64_t, int64_t>> ranges;

		for (size_t i = 0; i < nr; i++)
			ranges.emplace_back(first_last[i][0], first_last[i][1]);
		b->benchmark->Ranges(ranges);
	});
}

int gbench_range_multiplier(struct gbench *b, int multiplier)
{
	return set(multiplier > 1, "a multiplier must be above 1", [&] { b->benchmark->RangeMultiplier(multiplier); });
}

int gbench_arg_names(struct gbench *b, const char *const *names, size_t nr)
{
	if (int rc = same_size(b, nr))
		return rc;
	return guard([&] {
		b->benchmark->ArgNames(std::vector<std::string>(names, names + nr));
		return 0;
	});
}

int gbench_threads(struct gbench *b, int nr)
{
	return set(nr > 0, "a benchmark needs at least one thread", [&] { b->benchmark->Threads(nr); });
}

int gbench_thread_range(struct gbench *b, int first, int last)
{
	return set(first > 0 && first <= last, "not a range of threads",
		   [&] { b->benchmark->ThreadRange(first, last); });
}

int gbench_iterations(struct gbench *b, int64_t nr)
{
	return set(nr > 0 && !b->has_min_time, "iterations must be above 0 and exclude a minimum time", [&] {
		b->benchmark->Iterations(nr);
		b->exact_iterations = true;
	});
}

int gbench_min_time(struct gbench *b, double seconds)
{
	return set(seconds > 0 && !b->exact_iterations, "a minimum time must be above 0 and excludes exact iterations",
		   [&] {
			   b->benchmark->MinTime(seconds);
			   b->has_min_time = true;
		   });
}

int gbench_min_warmup_time(struct gbench *b, double seconds)
{
	return set(seconds >= 0 && !b->exact_iterations, "a warm-up time excludes exact iterations",
		   [&] { b->benchmark->MinWarmUpTime(seconds); });
}

int gbench_repetitions(struct gbench *b, int nr)
{
	return set(nr > 0, "repetitions must be above 0", [&] { b->benchmark->Repetitions(nr); });
}

int gbench_aggregates_only(struct gbench *b, bool on)
{
	return set(true, "", [&] { b->benchmark->ReportAggregatesOnly(on); });
}

int gbench_time_unit(struct gbench *b, enum gbench_unit unit)
{
	static const bm::TimeUnit units[] = { bm::kNanosecond, bm::kMicrosecond, bm::kMillisecond, bm::kSecond };

	return set(unit <= GBENCH_S, "no such time unit", [&] { b->benchmark->Unit(units[unit]); });
}

int gbench_use_real_time(struct gbench *b)
{
	return set(true, "", [&] { b->benchmark->UseRealTime(); });
}

int gbench_use_manual_time(struct gbench *b)
{
	return set(true, "", [&] { b->benchmark->UseManualTime(); });
}

int gbench_measure_process_cpu_time(struct gbench *b)
{
	return set(true, "", [&] { b->benchmark->MeasureProcessCPUTime(); });
}

/* ---- inside a benchmark ---------------------------------------------------------------------------------------- */

bool gbench_keep_running_batch(struct gbench_state *s, int64_t nr)
{
	bool more = false;

	if (s->finished || nr <= 0)
		return false;
	/* the library stops the timer at the end of the loop: it must be running then */
	if (s->started && !s->running)
		gbench_resume(s);
	s->started = true;
	guard([&] {
		more = s->state->KeepRunningBatch(nr);
		return 0;
	});
	s->running = more;
	s->finished = !more;
	return more;
}

bool gbench_keep_running(struct gbench_state *s)
{
	return gbench_keep_running_batch(s, 1);
}

int gbench_pause(struct gbench_state *s)
{
	if (!s->running)
		return refuse(-EINVAL, "the timer is not running");
	s->running = false;
	return guard([&] {
		s->state->PauseTiming();
		return 0;
	});
}

int gbench_resume(struct gbench_state *s)
{
	if (s->running || s->finished)
		return refuse(-EINVAL, "the timer is running");
	s->running = true;
	return guard([&] {
		s->state->ResumeTiming();
		return 0;
	});
}

int gbench_set_iteration_time(struct gbench_state *s, double seconds)
{
	return set(seconds >= 0, "time runs forwards", [&] { s->state->SetIterationTime(seconds); });
}

int gbench_skip_with_error(struct gbench_state *s, const char *message)
{
	if (s->state->error_occurred())
		return 0;
	return set(message, "an error needs a message", [&] {
		s->state->SkipWithError(message);
		s->running = false;
		s->finished = true;
	});
}

int64_t gbench_arg_value(const struct gbench_state *s, size_t i)
{
	return i < s->nr_args ? s->state->range(i) : 0;
}

int64_t gbench_iterations_done(const struct gbench_state *s)
{
	return s->state->iterations();
}

int gbench_thread_index(const struct gbench_state *s)
{
	return s->state->thread_index();
}

int gbench_thread_count(const struct gbench_state *s)
{
	return s->state->threads();
}

int gbench_items_processed(struct gbench_state *s, int64_t items)
{
	return set(items >= 0, "a negative number of items", [&] { s->state->SetItemsProcessed(items); });
}

int gbench_bytes_processed(struct gbench_state *s, int64_t bytes)
{
	return set(bytes >= 0, "a negative number of bytes", [&] { s->state->SetBytesProcessed(bytes); });
}

int gbench_counter(struct gbench_state *s, const char *name, double value, unsigned int flags)
{
	static const struct {
		unsigned int ours;
		bm::Counter::Flags theirs;
	} table[] = {
		{ GBENCH_RATE, bm::Counter::kIsRate },
		{ GBENCH_AVG_THREADS, bm::Counter::kAvgThreads },
		{ GBENCH_ITERATION_INVARIANT, bm::Counter::kIsIterationInvariant },
		{ GBENCH_AVG_ITERATIONS, bm::Counter::kAvgIterations },
		{ GBENCH_INVERT, bm::Counter::kInvert },
	};

	return set(name && *name && flags < GBENCH_1024 * 2, "a counter needs a name and known flags", [&] {
		bm::Counter::Flags f = bm::Counter::kDefaults;

		for (const auto &row : table) {
			if (flags & row.ours)
				f = f | row.theirs;
		}
		s->state->counters[name] =
			bm::Counter(value, f, flags & GBENCH_1024 ? bm::Counter::kIs1024 : bm::Counter::kIs1000);
	});
}

int gbench_label(struct gbench_state *s, const char *label)
{
	return set(label, "a label must not be NULL", [&] { s->state->SetLabel(label); });
}

/* ---- the program ----------------------------------------------------------------------------------------------- */

const char *gbench_flag(int argc, char *const *argv, const char *name)
{
	const char *found = nullptr;
	size_t len = std::strlen(name);

	for (int i = 1; i < argc; i++) {
		if (std::strncmp(argv[i], "--benchmark_", 12) || std::strncmp(argv[i] + 12, name, len))
			continue;
		const char *rest = argv[i] + 12 + len;
		if (*rest == '=')
			found = rest + 1;
		else if (!*rest)
			found = "";
	}
	if (found)
		return found;

	char variable[64] = "BENCHMARK_";
	for (size_t i = 0; i < len && 10 + i + 1 < sizeof(variable); i++)
		variable[10 + i] = name[i] >= 'a' && name[i] <= 'z' ? static_cast<char>(name[i] - 'a' + 'A') : name[i];
	return std::getenv(variable);
}

int gbench_initialize(int *argc, char **argv)
{
	return guard([&] {
		const char *out = gbench_flag(*argc, argv, "out");

		output_file = out ? out : "";
		/* the library keeps the pointer */
		program_name = *argc > 0 ? argv[0] : "";
		argv[0] = program_name.data();
		/* the library calls this, and then exit(0) even if the flag was wrong */
		bm::Initialize(argc, argv, [] { throw wants_to_exit(); });
		return 0;
	});
}

int gbench_add_context(const char *key, const char *value)
{
	if (!key || !value)
		return refuse(-EINVAL, "a context needs a key and a value");
	return guard([&] {
		const auto *known = bm::internal::GetGlobalContext();

		if (known && known->count(key))
			return refuse(-EEXIST, "the context has this key already");
		bm::AddCustomContext(key, value);
		return 0;
	});
}

/* The library ends the process if it cannot open the file, and says nothing if it cannot write it. */
static int check_output_before(void)
{
	FILE *f = output_file.empty() ? nullptr : std::fopen(output_file.c_str(), "a");

	if (!f && !output_file.empty())
		return refuse(-errno, (output_file + ": " + std::strerror(errno)).c_str());
	if (f)
		std::fclose(f);
	return 0;
}

static int check_output_after(void)
{
	struct stat st;

	if (output_file.empty() || stat(output_file.c_str(), &st))
		return 0;
	if (S_ISREG(st.st_mode) && !st.st_size)
		return refuse(-ENOSPC, (output_file + ": nothing could be written").c_str());
	return 0;
}

static void discard_output(void)
{
	struct stat st;

	if (!output_file.empty() && !stat(output_file.c_str(), &st) && S_ISREG(st.st_mode) && !st.st_size)
		std::remove(output_file.c_str());
}

int gbench_run(size_t *matched, size_t *failed)
{
	nr_failed = 0;
	return guard([&] {
		if (int rc = check_output_before())
			return rc;
		/* 1.7.1 would delete its only default reporter, and use it again in a second run */
		size_t nr = bm::RunSpecifiedBenchmarks(bm::CreateDefaultDisplayReporter());

		if (matched)
			*matched = nr;
		if (failed)
			*failed = nr_failed;
		if (!nr) {
			discard_output();
			return refuse(-ENODATA, ("--benchmark_filter=" + bm::GetBenchmarkFilter()).c_str());
		}
		return check_output_after();
	});
}

void gbench_shutdown(void)
{
	guard([] {
		auto *&context = bm::internal::GetGlobalContext();

		/* 1.7.1 deletes it and leaves the pointer */
		bm::Shutdown();
		context = nullptr;
		return 0;
	});
}

bool gbench_library_is_debug(void)
{
	bool debug = false;

	guard([&] {
		std::ostringstream said;
		bm::BenchmarkReporter::PrintBasicContext(&said, bm::BenchmarkReporter::Context());
		debug = said.str().find("built as DEBUG") != std::string::npos;
		return 0;
	});
	return debug;
}

bool gbench_library_has_libpfm(void)
{
	return &library_has_pfm ? library_has_pfm : dlsym(RTLD_DEFAULT, "pfm_initialize") != nullptr;
}
}
