/* SPDX-License-Identifier: MIT */
/*
 * history.h - runs kept in an SQLite file: docs/formats.md has its tables.
 *
 * An experiment is what was measured and where: machine, parameters, inputs. A run is an experiment with one revision at one
 * time; a series is a metric of a benchmark of an experiment over all of its runs. Functions that return a status have printed
 * a message if it is not CLI_OK.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "../records/records.h"

struct history;

enum history_mode {
	HISTORY_READ,  /* it must be there; also where nothing can be written */
	HISTORY_WRITE, /* is made if it is not there, its folder too */
};

/* NULL: where history.db is unless told otherwise. Free the name; NULL after a message. */
char *history_path(const char *given);

/* `wait`: seconds for other processes to be done. *h is NULL unless CLI_OK is returned. `path` stays the caller's. */
int history_open(struct history **h, const char *path, enum history_mode mode, uint32_t wait);
void history_close(struct history *h);
/* For what goes wrong with a file that has been opened: one message, by what SQLite says; the status. */
int history_failed(struct history *h, const char *doing);

/* ---- adding ---------------------------------------------------------------------------------- */

/* Where a run stands in the order of runs, as far as a set does not say so itself. */
struct history_place {
	const char *revision; /* NULL: that of the set */
	const char *date;     /* of measuring; NULL: that of the set, or now if it has none */
	bool commit;          /* is known when the revision was made: */
	int64_t committed;    /* seconds since 1970 */
	int64_t rank;         /* among those of the same second */
};

struct history_receipt {
	int64_t run;  /* its number */
	bool there;   /* it was there before, and nothing was added */
	bool undated; /* the set's date is none */
	char like
		[128]; /* another revision that has exactly these numbers, measured in the same second; "" if there is none */
};

/* All that is added in between appears at once when history_commit() returns CLI_OK, or not at all. */
int history_begin(struct history *h);
int history_add(struct history *h, const struct record_set *s, const struct history_place *place,
                struct history_receipt *receipt);
int history_commit(struct history *h);
/* Nothing of it, after an error. */
void history_cancel(struct history *h);

/* ---- reading --------------------------------------------------------------------------------- */

struct history_experiment {
	int64_t id;
	char *machine, *parameters, *inputs;
	bool deterministic;
	size_t runs;
};

struct history_run {
	int64_t id;
	size_t experiment;              /* in struct history_index */
	char *revision, *date, *schema; /* date as it was given: "" of one without */
	bool commit;
	int64_t committed, rank, measured, added; /* seconds since 1970 */
	size_t position;                          /* among the runs of the experiment, from 0 */
};

struct history_series {
	int64_t id;
	size_t experiment;
	char *benchmark, *metric, *unit;
	enum record_kind kind;
	enum record_better better;
	bool exact; /* the same inputs and revision give the same numbers */
	bool aside; /* another metric is better to judge the same thing by */
};

/* All there is but numbers: experiments in the order in which they were first seen, runs and series by experiment. */
struct history_index {
	struct history_experiment *experiments;
	struct history_run *runs;      /* of an experiment in the order of revisions: docs/history.md */
	struct history_series *series; /* of an experiment in the order of names */
	size_t *by_id;                 /* series in the order of ids, which is that of the file */
	size_t nr_experiments, nr_runs, nr_series;
};

/* One state of the file, also for samples that are read until history_close(). Free with history_index_free() in any case. */
int history_index(struct history *h, struct history_index *x);
void history_index_free(struct history_index *x);

struct history_sample {
	size_t series; /* in struct history_index */
	size_t nr;
	const uint64_t *keys;
	const double *values;
	const uint64_t *trials; /* of a rate: k and n, in turn; else NULL */
	uint64_t mean_of;       /* as in struct record_metric */
	double stddev;
};

/* Call each(ctx, sample) for all of a run, in the order of the file, until it returns another status than CLI_OK. */
int history_samples(struct history *h, const struct history_index *x, const struct history_run *run,
                    int (*each)(void *ctx, const struct history_sample *sample), void *ctx);

/* One run as a set. CLI_OK; free with records_free() in any case. */
int history_set(struct history *h, const struct history_index *x, const struct history_run *run, struct record_set *s);

extern const char *const history_kinds[RECORD_KIND_NR]; /* "count", "rate", "time" */
extern const char *const history_betters[3];            /* "lower", "higher", "neither" */

#endif
