// SPDX-License-Identifier: MIT
/* gbench_state.cc - what a benchmark calls while it runs. */
#include "gbench_internal.h"

using namespace gbench_internal;

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
