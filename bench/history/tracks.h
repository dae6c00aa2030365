/* SPDX-License-Identifier: MIT */
/* tracks.h - the series of a history in memory: one number a run, in the order of revisions. */
#ifndef TRACKS_H
#define TRACKS_H

#include "history.h"

struct track {
	size_t series; /* in the index */
	size_t runs;   /* of the experiment */
	/*
	 * By position of the run; NAN where it has none. Of a measured time the median of the repetitions, of a rate all
	 * successes by all trials, of a count the mean over the keys.
	 */
	double *centers;
	/* Of an exact series: which of its different answers, key by key, from 1 on; 0 where there is none. Else NULL. */
	uint32_t *answers;
};

struct tracks {
	struct track *list;
	size_t nr;
	size_t *first_run; /* in the index, by experiment: the run at position 0 */
	size_t nr_samples;
};

/* Of those series for which wanted(ctx, series) says so. CLI_OK; free with tracks_free() in any case. */
int tracks_load(struct tracks *t, struct history *h, const struct history_index *x,
                bool (*wanted)(const void *ctx, const struct history_series *s), const void *ctx);
void tracks_free(struct tracks *t);

#endif
