// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "csv.h"

/* Another character into the row. */
static bool put(struct csv *c, size_t *len, char ch)
{
	if (*len == c->room) {
		size_t room = c->room ? c->room * 2 : 512;
		char *more = realloc(c->row, room);

		if (!more)
			return false;
		c->row = more;
		c->room = room;
	}
	c->row[(*len)++] = ch;
	return true;
}

void csv_skip_comments(struct csv *c)
{
	int ch;

	while ((ch = getc(c->f)) == '#') {
		while (ch != '\n' && ch != EOF)
			ch = getc(c->f);
		c->lines_read++;
	}
	ungetc(ch, c->f);
}

bool csv_next(struct csv *c, const char **what)
{
	size_t starts[CSV_COLUMNS], len = 0;
	bool quoted = false, fine = true;
	int ch;

	*what = NULL;
	starts[0] = c->nr = 0;
	c->line = c->lines_read + 1;
	while (fine && (ch = getc(c->f)) != EOF && (ch != '\n' || quoted)) {
		c->lines_read += ch == '\n';
		if (ch == '"') {
			/* two of them inside quotes are one */
			int next = quoted ? getc(c->f) : 0;

			if (next == '"')
				fine = put(c, &len, '"');
			else
				quoted = !quoted;
			if (next && next != '"')
				ungetc(next, c->f);
		} else if (ch == ',' && !quoted) {
			fine = c->nr + 1 < CSV_COLUMNS && put(c, &len, '\0');
			if (fine)
				starts[++c->nr] = len;
		} else {
			fine = put(c, &len, (char)ch);
		}
	}
	if (ferror(c->f))
		*what = "it can not be read";
	else if (!fine)
		*what = "a row is too long";
	else if (ch == EOF && (len || c->nr))
		*what = "it ends in the middle of a row: cut short";
	if (*what || ch == EOF || !put(c, &len, '\0'))
		return false;
	c->lines_read++;
	for (size_t i = 0; i <= c->nr; i++)
		c->fields[i] = c->row + starts[i];
	c->nr++;
	return true;
}

void csv_free(struct csv *c)
{
	free(c->row);
	c->row = NULL;
	c->room = 0;
}
