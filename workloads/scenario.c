// SPDX-License-Identifier: MIT
/* scenario.c - reading scenario files: lines, geometry, cases; expectations are in scenario_expect.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scenario.h"
#include "words.h"

#define BAD(...)       contig_diag_set(diag, -EINVAL, __VA_ARGS__)
#define MAX_FILE_BYTES (16u << 20)
#define MAX_ZONE_PAGES (1u << 22)

/* What the lines so far have set. */
struct reader {
	struct scenario_file *f;
	bool versioned;
	bool recorded; /* cases are those of the recorded machine until a geometry line says otherwise */
	struct contig_geometry g;
	uint32_t free_blocks, dma32_blocks;
	char *picture; /* comment lines since the last line that was none */
	size_t picture_len;
};

static struct scenario *last(const struct reader *r)
{
	return r->f->nr ? r->f->scenario[r->f->nr - 1] : NULL;
}

/* ---- comments -------------------------------------------------------------------------------- */

static int add_comment(struct reader *r, const char *line, struct contig_diag *diag)
{
	size_t len = strlen(line);
	char *text = realloc(r->picture, r->picture_len + len + 2);

	if (!text)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	memcpy(text + r->picture_len, line, len);
	r->picture = text;
	r->picture_len += len;
	text[r->picture_len++] = '\n';
	text[r->picture_len] = '\0';
	return 0;
}

static void drop_comment(struct reader *r)
{
	free(r->picture);
	r->picture = NULL;
	r->picture_len = 0;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static int read_version(struct reader *r, char *rest, struct contig_diag *diag)
{
	const char *number = word_next(&rest), *at = number;
	uint32_t version;

	if (r->versioned || r->f->nr)
		return BAD("the version line comes first, and once");
	if (!number || !word_number(&at, UINT32_MAX, &version) || *at || word_next(&rest))
		return BAD("the version line is `contigbench-scenario %u`", SCENARIO_VERSION);
	if (version != SCENARIO_VERSION)
		return BAD("version %u: this program reads version %u", version, SCENARIO_VERSION);
	r->versioned = true;
	return 0;
}

static const struct {
	const char *name;
	uint32_t max;
	const char *what;
} geometry_numbers[] = {
	{ "P", CONTIG_MAX_ORDER, "pageblock_order" },
	{ "M", CONTIG_MAX_ORDER, "MAX_PAGE_ORDER, inclusive" },
	{ "section", 31, "log2 of pages in a memory section, 0 for none" },
	{ "free", 1024, "free pageblocks behind the arena" },
	{ "dma32", 1024, "free pageblocks of a ZONE_DMA32 below the arena's zone" },
	{ "min", 1u << 20, "min watermark in pages" },
	{ "low", 1u << 20, "low watermark in pages" },
};

static int set_geometry(struct reader *r, size_t which, uint32_t n)
{
	switch (which) {
	case 0:
		r->g.pageblock_order = (uint8_t)n;
		break;
	case 1:
		r->g.max_order = (uint8_t)n;
		break;
	case 2:
		r->g.section_order = (uint8_t)n;
		break;
	case 3:
		r->free_blocks = n;
		break;
	case 4:
		r->dma32_blocks = n;
		break;
	case 5:
		r->g.zones[0].wmark_min = n;
		break;
	default:
		r->g.zones[0].wmark_low = n;
		break;
	}
	return 0;
}

static int geometry_word(struct reader *r, const char *key, const char *value, struct contig_diag *diag)
{
	static const char *const zones[] = {
		[ZONE_DMA32] = "dma32", [ZONE_NORMAL] = "normal", [ZONE_MOVABLE] = "movable"
	};
	const char *at = value;
	uint32_t n;

	if (!strcmp(key, "zone")) {
		for (uint8_t z = 0; z < ZONE_TYPE_NR; z++) {
			if (!strcmp(value, zones[z])) {
				r->g.zones[0].type = z;
				return 0;
			}
		}
		return BAD("zone=%s: dma32, normal or movable", value);
	}
	for (size_t i = 0; i < sizeof(geometry_numbers) / sizeof(geometry_numbers[0]); i++) {
		if (strcmp(key, geometry_numbers[i].name))
			continue;
		if (!word_number(&at, geometry_numbers[i].max, &n) || *at)
			return BAD("%s=%s: %s, a number up to %u", key, value, geometry_numbers[i].what,
			           geometry_numbers[i].max);
		return set_geometry(r, i, n);
	}
	return BAD("'%s=' is nothing that a geometry has: P, M, section, free, dma32, min, low, zone", key);
}

/* What a line does not mention is as by default, whatever the line before said. */
static int read_geometry(struct reader *r, char *rest, struct contig_diag *diag)
{
	char *word;
	int rc = 0;

	contig_geometry_x86_64(&r->g, 1);
	r->g.init = CONTIG_INIT_RESERVED;
	r->g.nr_cpus = 2;
	r->g.section_order = 0;
	r->g.zones[0].wmark_min = r->g.zones[0].wmark_low = 1;
	r->g.big_blocks_ok = r->g.big_buddies_ok = true; /* asked for explicitly, as each number is */
	r->free_blocks = 32;
	r->dma32_blocks = 0;
	r->recorded = false;
	while (!rc && (word = word_next(&rest))) {
		char *value = word_value(word);

		if (!strcmp(word, "recorded") && !value)
			r->recorded = true;
		else
			rc = value ? geometry_word(r, word, value, diag)
			           : BAD("'%s' is not key=value, or a quote is left open", word);
	}
	return rc ? rc : contig_geometry_check(&r->g, diag);
}

static bool name_is_free(const struct reader *r, const char *name)
{
	for (uint32_t i = 0; i + 1 < r->f->nr; i++) {
		if (!strcmp(r->f->scenario[i]->sc.name, name))
			return false;
	}
	return true;
}

static uint64_t round_up(uint64_t n, uint64_t step)
{
	return (n + step - 1) / step * step;
}

/* The zone: the arena to the next multiple of the largest order, then what is free behind it; another zone below. */
static int size_zone(struct scenario *s, struct contig_diag *diag)
{
	unsigned int large = s->g.max_order > s->g.pageblock_order ? s->g.max_order : s->g.pageblock_order;
	uint64_t step = 1u << large, arena = round_up((uint64_t)s->sc.nr_blocks << s->g.pageblock_order, step);
	uint64_t behind = round_up((uint64_t)s->free_blocks << s->g.pageblock_order, step);
	uint64_t below = round_up((uint64_t)s->dma32_blocks << s->g.pageblock_order, step);

	if (below + arena + behind > MAX_ZONE_PAGES)
		return BAD("%s: %llu pages: a scenario has at most %u", s->sc.name,
		           (unsigned long long)(below + arena + behind), MAX_ZONE_PAGES);
	s->g.zones[0].start = (uint32_t)below;
	s->g.zones[0].pages = (uint32_t)(arena + behind);
	if (below) {
		s->g.nr_zones = 2;
		s->g.zones[1] = (struct contig_zone){ .pages = (uint32_t)below,
			                              .type = ZONE_DMA32,
			                              .wmark_min = s->g.zones[0].wmark_min,
			                              .wmark_low = s->g.zones[0].wmark_low };
	}
	return 0;
}

static int read_case(struct reader *r, const char *line, unsigned int number, struct contig_diag *diag)
{
	struct scenario **all = realloc(r->f->scenario, (r->f->nr + 1) * sizeof(struct scenario *));
	struct scenario *s = calloc(1, sizeof(*s));

	if (all)
		r->f->scenario = all;
	if (!all || !s) {
		free(s);
		return contig_diag_set(diag, -ENOMEM, "no memory");
	}
	r->f->scenario[r->f->nr++] = s;
	s->line = number;
	s->picture = r->picture ? r->picture : strdup("");
	r->picture = NULL;
	r->picture_len = 0;
	s->recorded = r->recorded;
	s->g = r->g;
	s->free_blocks = r->free_blocks;
	s->dma32_blocks = r->dma32_blocks;
	int rc = case_parse(line, s->recorded ? 512 : 1u << s->g.pageblock_order, &s->sc, diag);

	if (rc)
		return rc;
	if (s->sc.beyond[0])
		return BAD("%s: '%s' is unknown; keys: %s; operations: %s", s->sc.name, s->sc.beyond, case_known_keys(),
		           case_known_ops());
	if (!name_is_free(r, s->sc.name))
		return BAD("case %s is there twice", s->sc.name);
	if (s->recorded && s->sc.map[0])
		return BAD("%s: map= needs a geometry line in front: `geometry P=9 M=10` is x86-64", s->sc.name);
	if (!s->recorded && !s->sc.map[0])
		return BAD(
			"%s: without map= a case is built as the recorded answers were: `geometry recorded` goes in front",
			s->sc.name);
	return s->recorded ? 0 : size_zone(s, diag);
}

static int read_expect(struct reader *r, char *rest, unsigned int number, struct contig_diag *diag)
{
	struct scenario *s = last(r);

	if (!s)
		return BAD("expect: no case goes before it");
	struct scenario_expect *all = realloc(s->expect, (s->nr_expects + 1) * sizeof(*all));

	if (!all)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	s->expect = all;
	struct scenario_expect *e = &s->expect[s->nr_expects++];

	*e = (struct scenario_expect){ .line = number };
	int rc = scenario_parse_expect(rest, &s->sc, e, diag);
	const struct scenario_expect *before = rc ? NULL : scenario_said_before(s, e);

	return before ? BAD("line %u has said the same of the same backend", before->line) : rc;
}

static int read_line(struct reader *r, char *line, unsigned int number, struct contig_diag *diag)
{
	char *copy = strdup(line), *rest = copy;
	const char *word = copy ? word_next(&rest) : NULL;
	int rc;

	if (!word)
		rc = copy ? 0 : contig_diag_set(diag, -ENOMEM, "no memory");
	else if (!strcmp(word, "contigbench-scenario"))
		rc = read_version(r, rest, diag);
	else if (strchr(word, '='))
		rc = read_case(r, line, number, diag);
	else if (!r->versioned)
		rc = BAD("'%s': a file without the line `contigbench-scenario %u` at its beginning holds cases only",
		         word, SCENARIO_VERSION);
	else if (!strcmp(word, "geometry"))
		rc = read_geometry(r, rest, diag);
	else if (!strcmp(word, "expect"))
		rc = read_expect(r, rest, number, diag);
	else
		rc = BAD("'%s' begins no line: contigbench-scenario, geometry, case=, expect, #", word);
	free(copy);
	return rc;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Where reading stands: what is left, and the number of the line before that. */
struct lines {
	char *rest;
	unsigned int number;
};

/* The next line, and its number. A line that begins with a blank belongs to the one before: they are joined, in place. */
static char *next_line(struct lines *at, unsigned int *number)
{
	char *line = at->rest, *end = line;

	if (!line)
		return NULL;
	*number = ++at->number;
	while ((end = strchr(end, '\n'))) {
		if (end > line && end[-1] == '\r')
			end[-1] = ' ';
		if (!end[1] || !strchr(" \t", end[1]) || line[0] == '#' || line[0] == '\n')
			break;
		*end = ' ';
		at->number++;
	}
	at->rest = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return line;
}

static int read_lines(struct reader *r, char *text, struct contig_diag *diag)
{
	struct lines at = { .rest = text };
	struct contig_diag inner = { "" };
	unsigned int number = 0;
	char *line;
	int rc = 0;

	while (!rc && (line = next_line(&at, &number))) {
		line += strspn(line, " \t");
		if (line[0] == '#') {
			rc = add_comment(r, line, &inner);
		} else {
			rc = line[0] ? read_line(r, line, number, &inner) : 0;
			drop_comment(r);
		}
	}
	return rc ? contig_diag_set(diag, rc, "%s:%u: %.400s", r->f->path, number, inner.text) : 0;
}

/* The whole file as a text, or NULL with the reason. */
static char *slurp(const char *path, int *rc, struct contig_diag *diag)
{
	FILE *file = fopen(path, "r");
	struct stat st = { 0 };
	char *text = NULL;

	*rc = 0;
	if (!file || fstat(fileno(file), &st))
		*rc = contig_diag_set(diag, -errno, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		*rc = BAD("%s: not a regular file", path);
	else if (st.st_size > MAX_FILE_BYTES)
		*rc = BAD("%s: more than 16 MiB: no scenario file", path);
	else if (!(text = malloc((size_t)st.st_size + 1)))
		*rc = contig_diag_set(diag, -ENOMEM, "no memory");
	if (!*rc) {
		size_t n = fread(text, 1, (size_t)st.st_size, file);

		text[n] = '\0';
		if (ferror(file))
			*rc = contig_diag_set(diag, -EIO, "%s: can not be read", path);
		else if (strlen(text) != n)
			*rc = BAD("%s: not text", path);
	}
	if (file)
		fclose(file);
	return text;
}

int scenario_read(struct scenario_file *f, const char *path, struct contig_diag *diag)
{
	struct reader r = { .f = f, .recorded = true };
	int rc;

	memset(f, 0, sizeof(*f));
	f->path = strdup(path);
	char *text = slurp(path, &rc, diag);

	rc = rc ? rc : read_lines(&r, text, diag);
	drop_comment(&r);
	free(text);
	if (!rc && !f->nr)
		rc = BAD("%s: no case in it", path);
	return rc;
}

static void free_expect(struct scenario_expect *e)
{
	for (uint32_t i = 0; i < e->nr_backends; i++)
		free(e->backend[i]);
	free(e->backend);
	free(e->backends);
	free(e->stage);
	free(e->why);
	free(e->types);
	free(e->map);
	free(e->row);
}

void scenario_free(struct scenario_file *f)
{
	for (uint32_t i = 0; i < f->nr; i++) {
		struct scenario *s = f->scenario[i];

		for (uint32_t k = 0; k < s->nr_expects; k++)
			free_expect(&s->expect[k]);
		free(s->expect);
		free(s->picture);
		free(s);
	}
	free(f->scenario);
	free(f->path);
	memset(f, 0, sizeof(*f));
}
