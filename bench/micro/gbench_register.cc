// SPDX-License-Identifier: MIT
/* gbench_register.cc - registering benchmarks from C. */
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gbench_internal.h"

using namespace gbench_internal;

namespace
{
std::vector<std::unique_ptr<gbench>> registered;

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
	if (state.error_occurred())
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

/* Powers of the multiplier need positive numbers, or a range that the library can mirror: it checks lo <= hi only. */
bool is_range(int64_t first, int64_t last)
{
	return first >= 0 && first <= last;
}
} // namespace

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
