/* SPDX-License-Identifier: MIT */
/* matrix.h - all replays of a run, over threads. */
#ifndef MATRIX_H
#define MATRIX_H

#include "plan.h"

struct matrix {
	const struct run_plan *plan;
	const char *dir;               /* finished replays are stored here; NULL: nowhere */
	struct replay_result *results; /* plan->nr_replays of them, in order */
	bool *done;
	uint32_t nr_done;
	uint32_t nr_resumed; /* of these: found in dir */
	atomic_bool *stop;   /* set by a signal handler or a failed replay */
};

/* Load what dir has already. CLI_OK, or a message was printed. Free with matrix_free(). */
int matrix_open(struct matrix *m, const struct run_plan *plan, const char *dir, atomic_bool *stop);

/*
 * Run what is missing. CLI_OK with nr_done < plan->nr_replays when *stop ended it; else a message was printed: CLI_NO
 * when verify found a violation, CLI_MACHINE without memory or space.
 */
int matrix_run(struct matrix *m, uint32_t jobs);
void matrix_free(struct matrix *m);

#endif
