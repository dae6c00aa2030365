/* SPDX-License-Identifier: MIT */
/*
 * gnuplot.h - running a script of plots/ on a data file.
 *
 * gnuplot is given words of this program's own and nothing else: a format, a width, the figure's name. What users named
 * reaches it as strings of the data file, which it does not evaluate.
 */
#ifndef PLOT_GNUPLOT_H
#define PLOT_GNUPLOT_H

#include "../cli.h"

struct gnuplot {
	char version[64]; /* "gnuplot 5.4 patchlevel 4" */
	char font[128];   /* family that Helvetica is drawn with */
	char *scripts;    /* the folder, absolute */
};

/* CLI_OK, or a message was printed: no gnuplot, no font, no scripts. gnuplot_close() in either case. */
int gnuplot_open(struct gnuplot *g);
void gnuplot_close(struct gnuplot *g);

/*
 * Run plots/FIGURE.gp in the folder `dir`, where FIGURE.dat is: "pdf", "svg", "png" or "tex"; "single" or "double". What
 * it says on failure is printed.
 */
int gnuplot_draw(const struct gnuplot *g, const char *dir, const char *figure, const char *format, const char *width);

#endif
