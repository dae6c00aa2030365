// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"
#include "table.h"

static void add_line(struct table *t, char *line, const char *separators, const char *name)
{
	size_t n = 0;

	for (char *field; (field = strsep(&line, separators)); n++) {
		t->cells =
			reallocarray(t->cells, (t->columns ? (t->nr + 1) * t->columns : 0) + n + 1, sizeof(*t->cells));
		assert_non_null(t->cells);
		t->cells[(t->columns ? (t->nr + 1) * t->columns : 0) + n] = field;
	}
	if (!t->columns) {
		t->columns = n;
		return;
	}
	if (n != t->columns)
		fail_msg("%s: row %zu has %zu fields instead of %zu", name, t->nr, n, t->columns);
	t->nr++;
}

struct table *table_read(const char *name, char separator)
{
	struct table *t = calloc(1, sizeof(*t));
	const char separators[2] = { separator, '\0' };
	size_t len;

	assert_non_null(t);
	t->text = house_contents(name, &len);
	char *rest = t->text, *line;

	while ((line = strsep(&rest, "\n")) && rest) {
		if (*line != '#')
			add_line(t, line, separators, name);
	}
	return t;
}

void table_free(struct table *t)
{
	free(t->cells);
	free(t->text);
	free(t);
}

const char *table_text(const struct table *t, size_t row, const char *column)
{
	assert_true(row < t->nr);
	for (size_t i = 0; i < t->columns; i++) {
		if (!strcmp(t->cells[i], column))
			return t->cells[(row + 1) * t->columns + i];
	}
	fail_msg("there is no column %s", column);
	return NULL;
}

double table_number(const struct table *t, size_t row, const char *column)
{
	return strtod(table_text(t, row, column), NULL);
}

bool table_alike(const struct table *a, size_t i, const struct table *b, size_t k, const char *column)
{
	return !strcmp(table_text(a, i, column), table_text(b, k, column));
}
