// SPDX-License-Identifier: MIT
/* source_csv.c - the tables of a results folder: comment lines, names of columns, and fields that may stand in quotes. */
#include <stdlib.h>
#include <string.h>

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

/* A record may go over several lines, inside quotes. It is not ended while quotes are open. */
static bool is_open(const char *record)
{
	bool open = false;

	for (; *record; record++)
		open ^= *record == '"';
	return open;
}

/* The next record, as it stands; false at the end. */
static bool read_record(FILE *f, char **record, size_t *cap)
{
	ssize_t n = getline(record, cap, f);
	char *more = NULL;
	size_t room = 0;

	while (n > 0 && (*record)[0] != '#' && is_open(*record) && getline(&more, &room, f) > 0) {
		size_t len = (size_t)n + strlen(more);
		char *both = realloc(*record, len + 1);

		if (!both)
			break;
		memcpy(both + n, more, len - (size_t)n + 1);
		*record = both;
		*cap = len + 1;
		n = (ssize_t)len;
	}
	free(more);
	return n > 0;
}

/* Cut a record into fields, in place: 0 if there are more than `max`. */
static size_t cut(char *record, char **fields, size_t max)
{
	char *from = record, *to = record;
	bool quoted = false;
	size_t nr = 0;

	for (;;) {
		if (nr == max)
			return 0;
		fields[nr++] = to;
		for (; *from && (quoted || (*from != ',' && *from != '\n')); from++) {
			if (*from != '"')
				*to++ = *from;
			else if (quoted && from[1] == '"')
				*to++ = *from++;
			else
				quoted = !quoted;
		}
		bool more = *from == ',';

		from += *from != '\0';
		*to++ = '\0';
		if (!more)
			return nr;
	}
}

#define MAX_FIELDS 512

int source_csv(struct source *s, const char *name, source_csv_line one, void *ctx)
{
	char *record = NULL, *head = NULL, *names[MAX_FIELDS], *fields[MAX_FIELDS];
	size_t cap = 0, nr = 0;
	bool more = true;
	int status;
	FILE *f = source_take(s, name, &status);

	while (status == CLI_OK && more && read_record(f, &record, &cap)) {
		if (record[0] == '#')
			continue;
		if (!head) {
			head = record;
			record = NULL;
			cap = 0;
			nr = cut(head, names, MAX_FIELDS);
			continue;
		}
		struct csv_line line = { .names = names, .fields = fields, .nr = cut(record, fields, MAX_FIELDS) };

		if (line.nr == nr)
			more = one(ctx, &line);
		else
			status = source_damaged(s, name, "has a line with too many or too few fields");
	}
	free(record);
	free(head);
	if (f)
		fclose(f);
	return status;
}
