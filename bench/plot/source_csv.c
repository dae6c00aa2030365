// SPDX-License-Identifier: MIT
/* source_csv.c - the tables of a results folder, with the names of their columns. */
#include <stdlib.h>
#include <string.h>

#include "../text/csv.h"
#include "source.h"
#include "source_inside.h"

const char *csv_field(const struct csv_line *l, const char *name)
{
	for (size_t i = 0; i < l->nr; i++) {
		if (!strcmp(l->names[i], name))
			return l->fields[i];
	}
	return "";
}

double csv_number(const struct csv_line *l, const char *name)
{
	return strtod(csv_field(l, name), NULL);
}

int source_csv(struct source *s, const char *name, source_csv_line one, void *ctx)
{
	const char *what = NULL;
	bool more = true;
	char how[128];
	int status;
	FILE *f = source_take(s, name, &status);
	struct csv names = { .f = f }, c = { .f = f };

	if (status != CLI_OK)
		return status;
	csv_skip_comments(&names);
	if (csv_next(&names, &what))
		c.lines_read = names.lines_read;
	while (more && !what && csv_next(&c, &what)) {
		struct csv_line line = { .names = names.fields, .fields = c.fields, .nr = c.nr };

		if (line.nr == names.nr)
			more = one(ctx, &line);
		else
			what = "too many or too few fields";
	}
	if (what) {
		snprintf(how, sizeof(how), "is damaged in line %zu: %s", c.line ? c.line : names.line, what);
		status = source_damaged(s, name, how);
	}
	csv_free(&names);
	csv_free(&c);
	fclose(f);
	return status;
}
