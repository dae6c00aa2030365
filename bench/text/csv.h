/* SPDX-License-Identifier: MIT */
/* csv.h - the tables that this program writes, read again: a comment line, names of columns, rows; quotes as in RFC 4180. */
#ifndef CSV_H
#define CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CSV_COLUMNS 512u

struct csv {
	FILE *f;
	size_t line; /* that the row begins in, from 1 */
	char *row;   /* cut up into fields */
	size_t room;
	char *fields[CSV_COLUMNS];
	size_t nr;
	size_t lines_read;
};

/* Past comment lines, which stand in front of all rows: a name may begin with '#', too. */
void csv_skip_comments(struct csv *c);
/* The next row. False at the end, or for a row that is none: then *what says why, and is NULL at the end. */
bool csv_next(struct csv *c, const char **what);
void csv_free(struct csv *c);

#endif
