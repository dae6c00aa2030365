/* SPDX-License-Identifier: MIT */
/* sets.h - what was measured, made up: sets of records without a file behind them. */
#ifndef TESTS_SETS_H
#define TESTS_SETS_H

#include "../../bench/records/records.h"

/* A set of no benchmarks, of machine "m" and parameters "{}"; free it with records_free(). */
void set_make(struct record_set *s, const char *revision, const char *date);
/* One more metric of a benchmark, which is made if it is new; keys count from 1. Benchmarks must come in the order of names. */
struct record_metric *set_add(struct record_set *s, const char *benchmark, const char *metric, enum record_kind kind,
                              enum record_better better, const double *values, size_t nr);
/* The same as a JSON file of Google Benchmark: real_time only, in ns. */
void set_write_google(const struct record_set *s, const char *path);

#endif
