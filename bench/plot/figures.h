/* SPDX-License-Identifier: MIT */
/*
 * figures.h - the figures there are: what each shows, what of a results folder it needs, and what makes its data.
 *
 * A figure is a line of the table in figures.c, a function that turns result files into data, and plots/NAME.gp, which
 * draws that data and reads nothing else.
 */
#ifndef PLOT_FIGURES_H
#define PLOT_FIGURES_H

#include "data.h"

#define FIGURE_SCHEMA    "contigbench-figure/1"
#define FIGURE_NO_DATA   (-1) /* of an extractor: there is nothing to draw, and `why` says so */
#define FIGURE_MAX_LINES 12u  /* the looks that plots/style.gp tells apart */

struct figure_job {
	struct source *source;
	const struct selection *selection;
	struct data *data;
	char why[256];
};

/* CLI_OK, a status after a message, or FIGURE_NO_DATA. */
typedef int (*figure_extract)(struct figure_job *job);

struct figure {
	const char *name; /* of the script, the data and the pictures */
	const char *title;
	const char *shows;
	struct select_wants wants;
	const char *file;       /* of the results folder, without which there is no such figure */
	bool wall;              /* can be of the wall clock, too */
	const char *make;       /* the run that has what it needs */
	const char *columns;    /* of the data, behind DATA_PLACE */
	const char *scripts[2]; /* that plots/NAME.gp loads, besides style.gp */
	figure_extract extract;
};

extern const struct figure figures[]; /* ends with a NULL name */
const struct figure *figure_named(const char *name);

/* The command is formatted into job->why; FIGURE_NO_DATA. */
int figure_nothing(struct figure_job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int figure_success_by_size(struct figure_job *job);
int figure_success_by_max_order(struct figure_job *job);
int figure_success_by_occupancy(struct figure_job *job);
int figure_migrated(struct figure_job *job);
int figure_latency(struct figure_job *job);
int figure_phases(struct figure_job *job);
int figure_failures(struct figure_job *job);
int figure_fragmentation(struct figure_job *job);
int figure_type_drift(struct figure_job *job);
int figure_ablation(struct figure_job *job);
int figure_memory_map(struct figure_job *job);

#endif
