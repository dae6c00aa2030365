/* SPDX-License-Identifier: MIT */
/* table.h - a table of text, with a line of names, as a test looks at it. Fields in quotes may not hold the separator. */
#ifndef TESTS_TABLE_H
#define TESTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct table {
	char *text;
	char **cells; /* the names first */
	size_t columns;
	size_t nr; /* rows */
};

/* Lines that begin with # are left out; a line with another number of fields than names fails the test. table_free() it. */
struct table *table_read(const char *name, char separator);
void table_free(struct table *t);

/* A column that there is none of fails the test. */
const char *table_text(const struct table *t, size_t row, const char *column);
double table_number(const struct table *t, size_t row, const char *column);
/* Have both rows the same in that column? */
bool table_alike(const struct table *a, size_t i, const struct table *b, size_t k, const char *column);

#endif
