/* SPDX-License-Identifier: MIT */
/*
 * stamp.h - a picture says inside what it was made from, and nothing of when: PDF (document information), SVG (desc),
 * PNG (tEXt), LaTeX (comments).
 */
#ifndef PLOT_STAMP_H
#define PLOT_STAMP_H

struct stamp {
	const char *figure;
	const char *title;
	const char *digest;   /* of the results */
	const char *revision; /* that made the results */
	const char *data;     /* SHA-256 of the data file */
};

/*
 * Put it in, by the file's suffix; gnuplot's own date and versions go. CLI_OK, or a message was printed: a file that is
 * not whole, as of a full disk, is one that gnuplot did not complain about.
 */
int stamp_file(const char *path, const struct stamp *stamp);

#endif
