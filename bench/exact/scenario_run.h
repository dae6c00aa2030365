/* SPDX-License-Identifier: MIT */
/* scenario_run.h - a scenario on a backend: what it answers, and how far that is what was expected. */
#ifndef SCENARIO_RUN_H
#define SCENARIO_RUN_H

#include "arena.h"

/* In the order in which the worse one decides. */
enum scenario_verdict {
	SCENARIO_AGREES,
	SCENARIO_AGREES_UNCERTAIN, /* with an expectation marked [?], among others */
	SCENARIO_DIFFERS,
	SCENARIO_NOTHING_EXPECTED,
	SCENARIO_NO_SUCH_STATE, /* `expect BACKEND none` */
	SCENARIO_NOT_POSSIBLE,  /* the backend can not do it: nothing is guessed */
};

/* As in the matrix. */
const char *scenario_verdict_name(enum scenario_verdict v);

struct scenario_difference {
	const struct scenario_expect *expect; /* NULL: an invariant broke, or it could not be run at all */
	int op;
	const char *what; /* rc, stage, mt, map, drift ... */
	char *expected;
	char *got;
};

struct scenario_result {
	const struct scenario *scenario;
	const char *backend;
	enum scenario_verdict verdict;
	struct contig_diag why; /* not possible, or the guest died: the reason */
	uint32_t nr_answers;
	struct arena_answer *answer; /* the start first */
	uint32_t nr_differences;
	struct scenario_difference *difference;
	int broken_at; /* where an invariant broke, NO_ANSWER if none did */
	bool no_memory;
};

/*
 * 0; -EINVAL if the initial state can not be put down, -ENOMEM, with the reason in *diag. The backend's name must outlive the
 * result; free it in either case.
 */
int scenario_run(struct scenario_result *r, const struct scenario *s, const char *backend, struct contig_diag *diag);
void scenario_result_free(struct scenario_result *r);

/* Does the backend answer with this count? A real kernel counts what its whole zone is about, for some. */
bool scenario_has_count(const char *backend, enum scenario_count c);

/* What it answered there, as in struct arena_answer; NULL if it did not come to that. */
const struct arena_answer *scenario_answer(const struct scenario_result *r, int op);

/*
 * A reason without what differs from case to case, so that reasons can be counted: "a:0+8: a kernel can not be stopped" is one with
 * "A:test: ...".
 */
const char *scenario_plain_reason(const char *text);

/* Is anything expected of this backend, or that there is no such state? */
bool scenario_speaks_of(const struct scenario *s, const char *backend);

#endif
