/* SPDX-License-Identifier: MIT */
/*
 * draw.h - one figure: its data, its pictures, and the record of what made them, in a folder.
 *
 * Everything is made in a folder of its own beside the target and moved when all of it is there. The same results drawn
 * by the same gnuplot give the same bytes.
 */
#ifndef PLOT_DRAW_H
#define PLOT_DRAW_H

#include "figures.h"
#include "gnuplot.h"

enum draw_width {
	DRAW_SINGLE,
	DRAW_DOUBLE,
	DRAW_WIDTHS
};
enum draw_format {
	DRAW_PDF,
	DRAW_SVG,
	DRAW_PNG,
	DRAW_TEX,
	DRAW_FORMATS
};
extern const char *const draw_width_names[DRAW_WIDTHS];
extern const unsigned int draw_width_mm[DRAW_WIDTHS];
extern const char *const draw_format_names[DRAW_FORMATS];

struct draw {
	const struct figure *figure;
	struct source *source;
	const struct gnuplot *gnuplot;
	const struct select_asked *asked;
	const char *out;     /* the folder */
	unsigned int widths; /* bits 1 << DRAW_... */
	unsigned int formats;
	/* made */
	struct selection selection;
	char why[256];     /* there is no such figure */
	char next[128];    /* ... and what to do about it */
	char folder[2048]; /* where it is made */
	char sha256[65];   /* of the data */
	json_t *files;     /* {"file", "sha256", ...} */
};

/*
 * Make folder/NAME.dat: CLI_OK, a status after a message, or FIGURE_NO_DATA with the reason in d->why and the next step
 * in d->next. The folder must be there.
 */
int draw_data(struct draw *d);
/* All of it. Free with draw_free() in either case. */
int draw_make(struct draw *d);
void draw_free(struct draw *d);

/* A folder for what is being made, in `parent`: CLI_OK, or a message was printed. draw_remove() it. */
int draw_folder(char folder[2048], const char *parent);
void draw_remove(const char *folder);
/* The pictures of one width and format into the folder; each file is then given to one(ctx, file name). */
int draw_picture(struct draw *d, enum draw_width width, enum draw_format format);

/* NAME.json as an object; json_decref() it. */
json_t *draw_record(const struct draw *d);

#endif
