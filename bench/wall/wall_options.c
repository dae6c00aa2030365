// SPDX-License-Identifier: MIT
/* wall_options.c - the options of --clock wall. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../micro/gbench.h"
#include "../virtual/options.h"
#include "wall.h"

static const char *const timings[] = { "batch", "sampled", "every", NULL }; /* enum wall_timing */
static const char *const countings[] = { "none", "run", "phases", NULL };   /* enum wall_counting */
static const char *const clocks[] = { "virtual", "wall", NULL };
static const char *const backings[] = { "none", "memory", NULL };
static const char *const yes_no[] = { "no", "yes", NULL };

const char *wall_timing_name(uint8_t timing)
{
	return timings[timing];
}

const char *wall_counting_name(uint8_t counting)
{
	return countings[counting];
}

void wall_pace_label(double pace, char out[32])
{
	if (pace <= 0)
		snprintf(out, 32, "fast");
	else if (pace == 1)
		snprintf(out, 32, "trace");
	else
		snprintf(out, 32, "%g", pace);
}

void wall_options_init(struct wall_options *w)
{
	static char program[] = "contigbench";

	*w = (struct wall_options){ .timing = TIMING_SAMPLED, .counting = COUNT_RUN };
	w->benchmark[w->nr_benchmark++] = program;
}

int wall_options_take_benchmark(struct wall_options *w, int *argc, char **argv)
{
	int left = 0;

	for (int i = 0; i < *argc; i++) {
		if (!strcmp(argv[i], "--")) {
			while (i < *argc)
				argv[left++] = argv[i++];
			break;
		}
		if (strncmp(argv[i], "--benchmark_", 12)) {
			argv[left++] = argv[i];
			continue;
		}
		if (w->nr_benchmark == WALL_MAX_BENCHMARK)
			return cli_error(CLI_USAGE, "more than %u flags of Google Benchmark", WALL_MAX_BENCHMARK);
		w->benchmark[w->nr_benchmark++] = argv[i];
		if (!w->first)
			w->first = argv[i] + 2;
	}
	argv[left] = NULL;
	*argc = left;
	return CLI_OK;
}

/* One of a few words: its number. */
static int word(const char *flag, const char *text, const char *const *words, uint8_t *out)
{
	char all[64] = "";

	for (uint8_t i = 0; words[i]; i++) {
		if (!strcmp(text, words[i])) {
			*out = i;
			return CLI_OK;
		}
		size_t len = strlen(all);

		snprintf(all + len, sizeof(all) - len, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	}
	return cli_error(CLI_USAGE, "--%s %s: %s, please", flag, text, all);
}

static int yes(const char *flag, const char *text, const char *const *words, bool *out)
{
	uint8_t i = 0;
	int status = word(flag, text, words, &i);

	*out = i;
	return status;
}

static int one_threads(struct wall_options *w, const char *list, const char *item)
{
	uint64_t n;

	if (!cli_u64(item, 1, CONTIG_MAX_CPUS, &n))
		return cli_error(CLI_USAGE, "--threads %s: numbers from 1 to %u, for example 1,2, please", list,
		                 CONTIG_MAX_CPUS);
	if (w->nr_threads == WALL_MAX_THREADS)
		return cli_error(CLI_USAGE, "more than %u numbers of threads: cut the run in pieces", WALL_MAX_THREADS);
	for (uint32_t i = 0; i < w->nr_threads; i++) {
		if (w->threads[i] == n)
			return cli_error(CLI_USAGE, "--threads: %s is given twice", item);
	}
	w->threads[w->nr_threads++] = (uint32_t)n;
	return CLI_OK;
}

static int threads(struct wall_options *w, const char *list)
{
	char *copy = strdup(list), *rest = copy;
	int status = copy ? CLI_OK : cli_error(CLI_MACHINE, "no memory");

	for (char *item; status == CLI_OK && (item = strsep(&rest, ","));)
		status = one_threads(w, list, item);
	free(copy);
	return status;
}

static int pace(struct wall_options *w, const char *text)
{
	if (!strcmp(text, "fast"))
		w->pace = 0;
	else if (!strcmp(text, "trace"))
		w->pace = 1;
	else if (!cli_double(text, 1e-6, 1e6, &w->pace))
		return cli_error(CLI_USAGE,
		                 "--pace %s: fast, trace, or trace seconds a second from 0.000001 to 1000000, please",
		                 text);
	return CLI_OK;
}

static int window(struct wall_options *w, const char *text)
{
	double ms;

	if (!cli_double(text, 0.001, 1e9, &ms))
		return cli_error(CLI_USAGE, "--window-ms %s: milliseconds of trace time, at least 0.001, please", text);
	w->window_ns = (uint64_t)(ms * 1e6 + 0.5);
	return CLI_OK;
}

static const struct option names[] = { WALL_LONG_OPTIONS };

int wall_options_take(struct wall_options *w, int opt, const char *arg)
{
	bool bind;
	int status;

	if (opt != WALL_CLOCK && !w->first)
		w->first = names[opt - WALL_CLOCK].name;
	switch (opt) {
	case WALL_CLOCK:
		return yes("clock", arg, clocks, &w->on);
	case WALL_MAP:
		w->map = arg;
		return *arg ? CLI_OK
		            : cli_error(CLI_USAGE,
		                        "--map: TRACE-NODE=NODE of this machine, for example 0=1,1=0, please");
	case WALL_OVERSUBSCRIBE:
		w->oversubscribe = true;
		return CLI_OK;
	case WALL_THREADS:
		return threads(w, arg);
	case WALL_PACE:
		return pace(w, arg);
	case WALL_TIMING:
		return word("timing", arg, timings, &w->timing);
	case WALL_BACKING:
		return yes("backing", arg, backings, &w->backing);
	case WALL_BIND:
		status = yes("bind", arg, yes_no, &bind);
		w->no_bind = !bind;
		return status;
	case WALL_WINDOW:
		return window(w, arg);
	default:
		return word("counters", arg, countings, &w->counting);
	}
}

/* Flags of the library that would do nothing here, or not what they say. */
static int check_benchmark(const struct wall_options *w)
{
	static const struct {
		const char *flag, *but; /* a value that is fine */
		const char *why;
	} refused[] = {
		{ "min_time", "",
		  "an iteration is a whole replay, and there is one a repetition: try "
		  "--benchmark_repetitions=10" },
		{ "min_warmup_time", "", "an iteration is a whole replay: warm memory up with --age 1" },
		{ "perf_counters", "", "the replaying threads have counters of their own: see --counters" },
		{ "out_format", "json", "benchmark.json is JSON; --benchmark_format=csv prints CSV" },
	};
	int argc = (int)w->nr_benchmark;
	const char *value;
	double n;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		value = gbench_flag(argc, w->benchmark, refused[i].flag);
		if (value && strcmp(value, refused[i].but))
			return cli_error(CLI_USAGE, "--benchmark_%s means nothing to --clock wall: %s", refused[i].flag,
			                 refused[i].why);
	}
	value = gbench_flag(argc, w->benchmark, "repetitions");
	if (value && (!cli_double(value, 1, WALL_MAX_REPETITIONS, &n) || n != (double)(uint32_t)n))
		return cli_error(CLI_USAGE, "--benchmark_repetitions=%s: a whole number from 1 to %u, please", value,
		                 WALL_MAX_REPETITIONS);
	return CLI_OK;
}

static int check_backends(const struct run_options *o)
{
	for (uint32_t i = 0; i < o->nr_backends; i++) {
		const struct contig_backend *b = contig_backend_of(o->backends[i]);

		if (b && !b->threads)
			return cli_error(CLI_USAGE,
			                 "%s is not made for several threads: leave it out with --clock wall", b->name);
	}
	return CLI_OK;
}

int wall_options_check(const struct run_options *o)
{
	const struct wall_options *w = &o->wall;

	if (!w->on && w->first)
		return cli_error(CLI_USAGE, "--%.*s is for the wall clock: add --clock wall",
		                 (int)strcspn(w->first, "="), w->first);
	if (!w->on)
		return CLI_OK;
	if (w->virtual_only)
		return cli_error(CLI_USAGE, "%s is for virtual time: leave it out, or --clock wall", w->virtual_only);
	if (o->caller.who != RUN_PLAIN)
		return cli_error(CLI_USAGE,
		                 "--caller %s: on the wall clock requests are plain; leave out --clock wall, virtual "
		                 "time has all callers",
		                 caller_name(o->caller.who));
	int status = check_benchmark(w);

	return status == CLI_OK ? check_backends(o) : status;
}

void wall_options_json(FILE *f, const struct wall_options *w)
{
	char label[32];

	wall_pace_label(w->pace, label);
	fputs(",\"threads\":[", f);
	for (uint32_t i = 0; i < w->nr_threads; i++)
		fprintf(f, "%s%u", i ? "," : "", w->threads[i]);
	fprintf(f,
	        "],\"pace\":\"%s\",\"timing\":\"%s\",\"backing\":\"%s\",\"bind\":%s,\"oversubscribe\":%s,"
	        "\"counters\":\"%s\"",
	        label, timings[w->timing], backings[w->backing], w->no_bind ? "false" : "true",
	        w->oversubscribe ? "true" : "false", countings[w->counting]);
	if (w->window_ns)
		fprintf(f, ",\"window_ns\":%" PRIu64, w->window_ns);
	if (w->map) {
		fputs(",\"map\":\"", f);
		for (const char *c = w->map; *c; c++) /* the mapping was understood: digits, = and , */
			fputc(*c, f);
		fputc('"', f);
	}
}
