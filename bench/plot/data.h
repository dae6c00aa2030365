/* SPDX-License-Identifier: MIT */
/*
 * data.h - the tidy table that a figure is drawn from, and that stands beside it as NAME.dat.
 *
 * A comment line with the parameters as JSON, a line of column names, then a line an observation; fields are separated by
 * tabs, a number that there is none of is an empty field. A text has two columns, NAME and NAME_tex: for people (a
 * character that the font lacks is a `?`, more than 56 characters are cut in the middle; `\\` is a backslash and `\042` a quotation
 * mark, which gnuplot wants so), and for LaTeX. Nothing in it is ever read as a command by either.
 */
#ifndef PLOT_DATA_H
#define PLOT_DATA_H

#include "select.h"

struct data {
	FILE *f;
	const struct selection *selection;
	char title[96]; /* of the panel that the next lines are of */
	bool inside;    /* a line */
	size_t lines;
};

/* What every line begins with, as column names. */
#define DATA_PLACE                                                                                                     \
	"panel\tpanel_title\tpanel_title_tex\tline\tclock\tcosts\tcosts_tex\tworkload\tworkload_tex\tseeds\toccupancy_percent\tsize\tbackend\tbackend_tex\tbaseline"

/* What stands above the panel of the next lines. */
void data_title(struct data *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "1b", as run has it: "1 pageblock" */
void data_size(const char *label, char out[32]);
/* ", 2 threads"; "" of none, as virtual time has it */
void data_threads(int64_t nr, char out[32]);
/* "peak use 70 % of memory" */
void data_title_occupancy(struct data *d, const struct select_place *at);

/* Panel and line count from 1: which of the drawing's parts this is of. */
void data_place(struct data *d, size_t panel, const struct select_place *at);
/* The same of a line about no backend; the number of the line is given. */
void data_group(struct data *d, size_t panel, size_t line, const struct select_place *at);
void data_text(struct data *d, const char *text); /* two columns */
void data_word(struct data *d, const char *word); /* one; of the program's own words */
void data_u64(struct data *d, uint64_t value);
void data_fixed(struct data *d, int64_t value, unsigned int digits); /* value / 10^digits */
void data_none(struct data *d);
void data_end(struct data *d);

#endif
