// SPDX-License-Identifier: MIT
/*
 * data_map.c - physical memory as a picture, from the layout strings of maps.jsonl: pageblocks in rows, each cut into parts
 * of a few pages. A part is of the kind that stands most in the way among its pages, since one page is enough.
 */
#include <stdlib.h>
#include <string.h>

#include "../results/stored.h"
#include "figures.h"

/* What a contiguous request can do about a page, from nothing in the way to most. */
enum part {
	PART_FREE,
	PART_MOVABLE,
	PART_HELD,
	PART_OTHER,
	PART_RECLAIMABLE,
	PART_KERNEL,
	PART_NR
};

static const char *const part_names[PART_NR] = {
	[PART_FREE] = "free",
	[PART_MOVABLE] = "movable",
	[PART_HELD] = "got by a contiguous request",
	[PART_OTHER] = "on a per-cpu list, reserved, offline",
	[PART_RECLAIMABLE] = "reclaimable kernel memory",
	[PART_KERNEL] = "unmovable kernel memory",
};

/* docs/formats.md, layout string */
static enum part part_of(char letter)
{
	switch (letter) {
	case 'F':
	case 'Q':
		return PART_FREE;
	case 'T':
	case 'L':
	case 'V':
	case 'X':
	case 'C':
		return PART_MOVABLE;
	case 'A':
		return PART_HELD;
	case 'S':
		return PART_RECLAIMABLE;
	case 'K':
	case 'G':
	case 'N':
		return PART_KERNEL;
	default:
		return PART_OTHER;
	}
}

/* Pages of a letter without a number behind it: 1. */
struct item {
	char letter;
	uint64_t pages, times;
};

/* The next item of a map; false at the end, or where it is none. */
static bool next_item(const char **at, struct item *item)
{
	const char *s = *at;
	char *behind;
	unsigned long order = 0;

	s += strspn(s, " |\n");
	if (!*s)
		return false;
	*item = (struct item){ .letter = *s++, .times = 1 };
	if (*s >= '0' && *s <= '9') {
		order = strtoul(s, &behind, 10);
		s = behind;
	}
	if (*s == '@')
		s += s[1] ? 2 : 1;
	s += *s == '!';
	if (*s == '*') {
		item->times = strtoul(s + 1, &behind, 10);
		s = behind;
	}
	item->pages = UINT64_C(1) << (order < 32 ? order : 0);
	*at = s;
	return order < 32 && (!*s || strchr(" |\n", *s));
}

/* One zone. */
struct zone {
	uint64_t pages;
	size_t blocks;
	char *types;    /* a letter each */
	uint8_t *parts; /* enum part, `cut` a block */
};

struct maps {
	struct figure_job *job;
	struct backend_map {
		struct zone *zones;
		size_t nr;
	} * backends;
	int status;
};

/* So many parts a side: the picture is as fine as a printed one can be. */
static size_t side_for(size_t blocks)
{
	return blocks <= 400 ? 8 : blocks <= 2000 ? 4 : blocks <= 8000 ? 2 : 1;
}

static bool fill(struct zone *z, const char *map, size_t parts)
{
	uint64_t page = 0, a_part = z->pages / parts;
	struct item item;

	if (!a_part)
		return false;
	while (next_item(&map, &item)) {
		enum part part = part_of(item.letter);

		for (uint64_t i = 0; i < item.times && page + item.pages <= z->pages; i++, page += item.pages) {
			for (uint64_t k = page / a_part; k <= (page + item.pages - 1) / a_part && k < parts; k++)
				z->parts[k] = z->parts[k] < part ? (uint8_t)part : z->parts[k];
		}
	}
	return page == z->pages;
}

static bool add_zone(void *ctx, const json_t *line)
{
	struct maps *m = ctx;
	struct select_place at;
	const char *map = stored_text(line, "map"), *end = strchr(map, ']');

	if (!select_json(m->job->selection, line, &at))
		return true;
	struct backend_map *b = &m->backends[at.backend];
	struct zone *zones = reallocarray(b->zones, b->nr + 1, sizeof(*zones));

	if (!zones) {
		m->status = cli_error(CLI_MACHINE, "no memory");
		return false;
	}
	b->zones = zones;
	struct zone *z = &zones[b->nr++];

	*z = (struct zone){ .pages = (uint64_t)stored_number(line, "pages") };
	if (map[0] == '[' && end && end > map + 1)
		z->blocks = (size_t)(end - map - 1);
	size_t side = side_for(z->blocks), parts = z->blocks * side * side;

	z->types = z->blocks ? strndup(map + 1, z->blocks) : NULL;
	z->parts = z->blocks ? calloc(parts, 1) : NULL;
	if (!z->parts || !z->types || !fill(z, end + 1, parts))
		m->status = cli_error(CLI_USAGE, "%s/maps.jsonl has a map that is no layout string: make the run again",
		                      m->job->source->dir);
	return m->status == CLI_OK;
}

static void box(const struct maps *m, const struct select_place *at, const char *what, double x, double y, double width,
                double height, char kind, const char *name)
{
	struct data *d = m->job->data;
	char letter[2] = { kind, '\0' };

	data_place(d, at->backend + 1, at);
	data_word(d, what);
	data_fixed(d, (int64_t)(x * 1000 + 0.5), 3);
	data_fixed(d, (int64_t)(y * 1000 + 0.5), 3);
	data_fixed(d, (int64_t)(width * 1000 + 0.5), 3);
	data_fixed(d, (int64_t)(height * 1000 + 0.5), 3);
	data_word(d, letter);
	data_word(d, name);
	data_end(d);
}

/* Rows of parts of one pageblock, equal neighbours as one; free ones are the paper. */
static void write_block(const struct maps *m, const struct select_place *at, const struct zone *z, size_t block,
                        double x, double y)
{
	size_t side = side_for(z->blocks);
	const uint8_t *parts = &z->parts[block * side * side];
	double a_part = 1.0 / (double)side;

	for (size_t row = 0; row < side; row++) {
		for (size_t i = 0, n; i < side; i += n) {
			const uint8_t *first = &parts[row * side + i];

			for (n = 1; i + n < side && first[n] == *first; n++)
				;
			if (*first != PART_FREE)
				box(m, at, "pages", x + (double)i * a_part, y + (double)row * a_part,
				    (double)n * a_part, a_part, (char)('0' + *first), part_names[*first]);
		}
	}
	box(m, at, "pageblock", x, y, 1, 1, z->types[block], "-");
}

/* Pageblocks in rows from the top left, a new row for each zone. */
static void write_backend(const struct maps *m, const struct select_place *at, size_t columns)
{
	const struct backend_map *b = &m->backends[at->backend];
	double y = 0;

	/* the backend's name says it */
	m->job->data->title[0] = '\0';
	for (size_t i = 0; i < b->nr; i++) {
		const struct zone *z = &b->zones[i];

		for (size_t block = 0; block < z->blocks; block++)
			write_block(m, at, z, block, (double)(block % columns), y + (double)(block / columns));
		y += (double)((z->blocks + columns - 1) / columns) + 0.5;
	}
}

/* About as high as wide. */
static size_t columns_for(const struct maps *m)
{
	size_t most = 0, columns = 1;

	for (size_t i = 0; i < m->job->selection->backends.nr; i++) {
		size_t blocks = 0;

		for (size_t k = 0; k < m->backends[i].nr; k++)
			blocks += m->backends[i].zones[k].blocks;
		most = blocks > most ? blocks : most;
	}
	while (columns * columns < most)
		columns++;
	return columns;
}

int figure_memory_map(struct figure_job *job)
{
	size_t nr = job->selection->backends.nr;
	struct maps m = { .job = job, .backends = calloc(nr, sizeof(*m.backends)), .status = CLI_OK };
	struct select_place at = { 0 };
	int status = m.backends ? source_jsonl(job->source, "maps.jsonl", add_zone, &m)
	                        : cli_error(CLI_MACHINE, "no memory");

	status = status == CLI_OK ? m.status : status;
	for (size_t i = 0; i < nr && status == CLI_OK; i++) {
		if (!m.backends[i].nr)
			status = figure_nothing(job, "has no map of %.60s, which does not let itself be looked at",
			                        job->selection->backends.spec[i]);
	}
	for (at.backend = 0; at.backend < nr && status == CLI_OK; at.backend++)
		write_backend(&m, &at, columns_for(&m));
	for (size_t i = 0; m.backends && i < nr; i++) {
		for (size_t k = 0; k < m.backends[i].nr; k++) {
			free(m.backends[i].zones[k].types);
			free(m.backends[i].zones[k].parts);
		}
		free(m.backends[i].zones);
	}
	free(m.backends);
	return status;
}
