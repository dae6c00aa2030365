/* SPDX-License-Identifier: MIT */
/* report.h - what `contigbench history list`, `show` and `check` print. */
#ifndef HISTORY_REPORT_H
#define HISTORY_REPORT_H

#include <jansson.h>

#include "check.h"

/* The revision of a run, or its number if nobody has said which it is of; as it may be printed. */
void report_revision(FILE *f, const struct history_run *run);
/* "2026-01-31": of the commit, or of measuring if that is not known */
void report_day(const struct history_run *run, char out[16]);
/* "machine AMD EPYC, 2 cpus, parameters 3f2a91c0": as much as tells experiments apart */
void report_experiment(FILE *f, const struct history_index *x, size_t experiment);
json_t *report_run_json(const struct history_index *x, const struct history_run *run);
/* For names of anybody: what is no UTF-8 becomes U+FFFD. */
json_t *report_text_json(const char *text);
json_t *report_real_json(double v);

/* As a table or as JSON: experiments, runs, or benchmarks. Samples are counted in `tracks`. */
void report_experiments(FILE *f, const struct history_index *x, bool json);
void report_runs(FILE *f, const struct history_index *x, bool json);
void report_benchmarks(FILE *f, const struct history_index *x, bool json);

/* One track after the other: its numbers, what they look like, and what has changed. */
void report_tracks(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c);
void report_tracks_json(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c);

void report_check(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c,
                  const struct check_options *o);
void report_check_json(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c);
/* "+12.3 % [9.8, 15.0], worse" */
void report_finding(FILE *f, const struct finding *finding, bool exact);
json_t *report_finding_json(const struct history_index *x, const struct tracks *t, const struct finding *finding);

/* A row of bars, NAN a gap: at most `width` columns, then of several numbers each the median. */
void report_spark(FILE *f, const double *values, size_t n, size_t width);

#endif
