/* SPDX-License-Identifier: MIT */
/* scenario_print.h - scenario results on a terminal and as JSON. */
#ifndef SCENARIO_PRINT_H
#define SCENARIO_PRINT_H

#include "scenario_run.h"

/* One scenario on all backends of the run, and on those that only its expectations name. */
struct scenario_row {
	const struct scenario_file *file;
	const struct scenario *scenario;
	uint32_t nr; /* results; the first are the columns of the matrix */
	struct scenario_result *result;
};

struct scenario_matrix {
	uint32_t nr_backends;
	const char *const *backends;
	uint32_t nr_rows;
	struct scenario_row *row;
};

/* One row in full: the picture, then each backend's answers step by step with types, map and counters. */
void scenario_print_steps(const struct scenario_row *row);
/* The matrix, what stands beside it, and every difference. */
void scenario_print_matrix(const struct scenario_matrix *m);
/* How many results differ from what was expected. */
uint32_t scenario_differences(const struct scenario_matrix *m);
void scenario_print_json(const struct scenario_matrix *m);

#endif
