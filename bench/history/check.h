/* SPDX-License-Identifier: MIT */
/* check.h - what has changed in the series of a history, and between which revisions: docs/history.md. */
#ifndef CHECK_H
#define CHECK_H

#include "changes.h"
#include "tracks.h"

enum finding_kind {
	FINDING_STEP,    /* from one level to another */
	FINDING_ONLY,    /* of an exact series: one revision differs from those before and after it, which are equal */
	FINDING_ANSWERS, /* of an exact series: one revision gave two answers */
};

enum finding_verdict {
	FINDING_WORSE,
	FINDING_BETTER,
	FINDING_CHANGED, /* neither is good or bad, or the mean is the same */
};

struct finding {
	size_t track;
	enum finding_kind kind;
	enum finding_verdict verdict;
	/* positions in change: `before` the last run of the old level, `at` the first of the new one, or of the only one */
	struct change change;
	bool newer; /* than what --since names */
};

struct check_options {
	double threshold;  /* of measured series, a share: what is smaller is left out */
	const char *since; /* revision; NULL: all changes count */
	unsigned int jobs;
};

struct check {
	struct finding *list; /* the newest first, the largest first within a pair of revisions */
	size_t nr;
	size_t steps, worse;              /* worse: steps for the worse that are newer */
	size_t small;                     /* steps below the threshold */
	size_t doubtful;                  /* candidates that chance may have made, among so many series */
	size_t measured, exact, constant; /* series looked at; constant: measured ones that do not vary at all */
	size_t too_short, missing;        /* series too short, and how many runs the longest of them lacks */
};

/* CLI_OK, whatever was found, or a message was printed. Free with check_free() in any case. */
int check_make(struct check *c, const struct history_index *x, const struct tracks *t, const struct check_options *o);
void check_free(struct check *c);

/* The run of a track at a position. */
const struct history_run *check_run(const struct history_index *x, const struct tracks *t, size_t track,
                                    size_t position);

/*
 * Of an exact series: which runs differ. `same` says whether the runs at two positions are of one revision. 0 or -ENOMEM; the
 * list is grown and *nr counted up.
 */
int check_exact(const struct track *t, bool (*same)(const void *ctx, size_t a, size_t b), const void *ctx,
                struct finding **list, size_t *nr);

#endif
