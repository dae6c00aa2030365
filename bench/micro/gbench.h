/* SPDX-License-Identifier: MIT */
/*
 * gbench.h - Google Benchmark for C: register benchmarks, run them, report.
 *
 *	static void copy(struct gbench_state *s, void *ctx)
 *	{
 *		while (gbench_keep_running_batch(s, 1000))
 *			for (int i = 0; i < 1000; i++)
 *				...;
 *		gbench_items_processed(s, gbench_iterations_done(s));
 *	}
 *	gbench_register("copy", copy, NULL, &b);
 *	gbench_arg(b, 4096);
 *	gbench_initialize(&argc, argv); gbench_run(&matched); gbench_shutdown();
 *
 * Every int is 0 or a negative errno; gbench_error() has a sentence. No C++ exception comes out of here, the library
 * does not end the process on a wrong flag, and calls that it would answer with abort() get -EINVAL:
 *	-EINVAL		a value that makes no sense, or a call at the wrong time
 *	-ENOMEM		no memory
 *	-ENODATA	the filter matches no benchmark (or is no regular expression)
 *	-ECANCELED	the library wanted to print its usage and end the process
 *	-EIO		any other exception
 *
 * The calls of one benchmark's loop cost 1.4 ns an iteration one by one and 0.3 ns in batches; gbench_pause() with
 * gbench_resume() costs about 450 ns, so do not pause inside page operations.
 */
#ifndef GBENCH_H
#define GBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gbench;       /* a registered benchmark with its arguments: a family in the library's terms */
struct gbench_state; /* one run of it in one thread */

typedef void gbench_fn(struct gbench_state *s, void *ctx);

enum gbench_unit {
	GBENCH_NS,
	GBENCH_US,
	GBENCH_MS,
	GBENCH_S
};

/* benchmark::Counter::Flags; may be combined */
enum gbench_counter_flags {
	GBENCH_PLAIN = 0,
	GBENCH_RATE = 1 << 0,                /* divided by the time of the run */
	GBENCH_AVG_THREADS = 1 << 1,         /* divided by the number of threads */
	GBENCH_ITERATION_INVARIANT = 1 << 2, /* multiplied by the iterations */
	GBENCH_AVG_ITERATIONS = 1 << 3,      /* divided by the iterations */
	GBENCH_INVERT = 1 << 4,              /* 1 / value, last of all */
	GBENCH_1024 = 1 << 5,                /* k is 1024 */
};

/* ---- registration, before gbench_run() ------------------------------------------------------- */

/* ctx is passed to fn and must live until gbench_run() has returned. *out is valid until gbench_clear(). */
int gbench_register(const char *name, gbench_fn *fn, void *ctx, struct gbench **out);
void gbench_clear(void); /* forget all registered benchmarks */

/* Each call adds one run of the benchmark with these arguments; all calls must agree in how many there are. */
int gbench_arg(struct gbench *b, int64_t value);
int gbench_args(struct gbench *b, const int64_t *values, size_t nr);
int gbench_range(struct gbench *b, int64_t first, int64_t last); /* first, powers of the multiplier, last */
int gbench_dense_range(struct gbench *b, int64_t first, int64_t last, int step);
int gbench_ranges(struct gbench *b, const int64_t (*first_last)[2], size_t nr); /* their product */
int gbench_range_multiplier(struct gbench *b, int multiplier);
int gbench_arg_names(struct gbench *b, const char *const *names, size_t nr);

int gbench_threads(struct gbench *b, int nr);
int gbench_thread_range(struct gbench *b, int first, int last);
/* An exact number of iterations excludes a minimum time, and the other way round. */
int gbench_iterations(struct gbench *b, int64_t nr);
int gbench_min_time(struct gbench *b, double seconds);
int gbench_min_warmup_time(struct gbench *b, double seconds);
int gbench_repetitions(struct gbench *b, int nr);
int gbench_aggregates_only(struct gbench *b, bool on);

int gbench_time_unit(struct gbench *b, enum gbench_unit unit);
int gbench_use_real_time(struct gbench *b);
int gbench_use_manual_time(struct gbench *b); /* time is the sum of gbench_set_iteration_time() */
int gbench_measure_process_cpu_time(struct gbench *b);

/* ---- inside a benchmark ---------------------------------------------------------------------- */

/* Loop until false. A batch counts as nr iterations; the last one may overshoot. */
bool gbench_keep_running(struct gbench_state *s);
bool gbench_keep_running_batch(struct gbench_state *s, int64_t nr);

int gbench_pause(struct gbench_state *s);
int gbench_resume(struct gbench_state *s);
int gbench_set_iteration_time(struct gbench_state *s, double seconds); /* of one iteration, or of one batch */

/* The run counts as failed: leave the loop and return. */
int gbench_skip_with_error(struct gbench_state *s, const char *message);

int64_t gbench_arg_value(const struct gbench_state *s, size_t i); /* 0 if there is no such argument */
int64_t gbench_iterations_done(const struct gbench_state *s);
int gbench_thread_index(const struct gbench_state *s);
int gbench_thread_count(const struct gbench_state *s);

/* After the loop. */
int gbench_items_processed(struct gbench_state *s, int64_t items);
int gbench_bytes_processed(struct gbench_state *s, int64_t bytes);
int gbench_counter(struct gbench_state *s, const char *name, double value, unsigned int flags);
int gbench_label(struct gbench_state *s, const char *label);

/* Keep the compiler from removing what computes *p. */
static inline void gbench_do_not_optimize(const void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

/* ---- the program ----------------------------------------------------------------------------- */

/* Takes the --benchmark_* flags out of argv; what is left behind argv[0] it does not know. argv[0] is replaced by
 * a copy that lives on. */
int gbench_initialize(int *argc, char **argv);
/* The value of --benchmark_NAME in argv, or else of the environment's BENCHMARK_NAME; "" if bare; NULL if absent. */
const char *gbench_flag(int argc, char *const *argv, const char *name);
int gbench_add_context(const char *key, const char *value); /* -EEXIST if the key is there already, or the library's */
/* Run what the filter matches; nothing matched is -ENODATA, an output file that
 * cannot be written is the errno of open() or -ENOSPC. *failed counts runs (threads of
 * runs) that ended in an error. */
int gbench_run(size_t *matched, size_t *failed);
struct gbench_how {
	bool quiet; /* nothing to the terminal: the caller has a table of its own */
	/*
	 * Called when all is measured and before --benchmark_out is written, as JSON and in one go: what gbench_add_context()
	 * gets here is still part of it. NULL: the library writes as it goes.
	 */
	void (*measured)(void *ctx);
	void *ctx;
};
int gbench_run_as(const struct gbench_how *how, size_t *matched, size_t *failed);
void gbench_shutdown(void);

const char *gbench_error(void); /* about the last call of this thread that failed */

/* What the library at hand is. */
bool gbench_library_is_debug(void);   /* it will print "Library was built as DEBUG" */
bool gbench_library_has_libpfm(void); /* --benchmark_perf_counters works */

#ifdef __cplusplus
}
#endif
#endif
