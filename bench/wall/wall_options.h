/* SPDX-License-Identifier: MIT */
/*
 * wall_options.h - for options.c: what `run` takes for --clock wall, and what it does not take there. Each int is CLI_OK, or
 * CLI_USAGE and a message was printed.
 */
#ifndef WALL_OPTIONS_H
#define WALL_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define WALL_MAX_THREADS     64u /* numbers of threads in a list */
#define WALL_MAX_BENCHMARK   64u /* flags of the library */
#define WALL_REPETITIONS     5u
#define WALL_MAX_REPETITIONS 100000u

enum wall_counting {
	COUNT_NOTHING,
	COUNT_RUN,
	COUNT_PHASES,
};

struct wall_options {
	bool on;                  /* --clock wall */
	const char *first;        /* option given that only the wall clock has, without its dashes, ... */
	const char *virtual_only; /* ... and one that only virtual time has */
	const char *map;
	bool oversubscribe;
	uint32_t threads[WALL_MAX_THREADS]; /* 0: one a trace cpu */
	uint32_t nr_threads;
	double pace;    /* trace seconds a second; 0: as fast as possible */
	uint8_t timing; /* enum wall_timing */
	bool backing;
	bool no_bind;
	uint64_t window_ns;                  /* 0: the default */
	uint8_t counting;                    /* enum wall_counting */
	char *benchmark[WALL_MAX_BENCHMARK]; /* an argv */
	uint32_t nr_benchmark;
};

/* Codes of its long options, and their rows in getopt's table. */
enum {
	WALL_CLOCK = 512,
	WALL_MAP,
	WALL_OVERSUBSCRIBE,
	WALL_THREADS,
	WALL_PACE,
	WALL_TIMING,
	WALL_BACKING,
	WALL_BIND,
	WALL_WINDOW,
	WALL_COUNTERS,
	WALL_OPTIONS_END,
};
/* clang-format off */
#define WALL_LONG_OPTIONS \
	{ "clock", required_argument, NULL, WALL_CLOCK }, \
	{ "map", required_argument, NULL, WALL_MAP }, \
	{ "oversubscribe", no_argument, NULL, WALL_OVERSUBSCRIBE }, \
	{ "threads", required_argument, NULL, WALL_THREADS }, \
	{ "pace", required_argument, NULL, WALL_PACE }, \
	{ "timing", required_argument, NULL, WALL_TIMING }, \
	{ "backing", required_argument, NULL, WALL_BACKING }, \
	{ "bind", required_argument, NULL, WALL_BIND }, \
	{ "window-ms", required_argument, NULL, WALL_WINDOW }, \
	{ "counters", required_argument, NULL, WALL_COUNTERS }
/* clang-format on */

static inline bool wall_option(int opt)
{
	return opt >= WALL_CLOCK && opt < WALL_OPTIONS_END;
}

struct run_options;

void wall_options_init(struct wall_options *w);
/* Takes the library's flags out of argv, before getopt sees it. */
int wall_options_take_benchmark(struct wall_options *w, int *argc, char **argv);
int wall_options_take(struct wall_options *w, int opt, const char *arg);
/* All of them together. */
int wall_options_check(const struct run_options *o);

/* "fast", "trace", "0.5" */
void wall_pace_label(double pace, char out[32]);
const char *wall_timing_name(uint8_t timing);
const char *wall_counting_name(uint8_t counting);
/* Fields of a JSON object, a comma in front. */
void wall_options_json(FILE *f, const struct wall_options *w);

#endif
