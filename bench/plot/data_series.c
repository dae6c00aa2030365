// SPDX-License-Identifier: MIT
/*
 * data_series.c - what memory looked like over time, from series.jsonl: fragmentation, and how the types of pageblocks
 * drift. Of each sample the median over seeds, and the quartiles.
 */
#include <stdlib.h>
#include <string.h>

#include "../results/stats.h"
#include "../results/stored.h"
#include "figures.h"

#define MAX_MEASURES 6u

struct measure {
	const char *word;    /* in the data */
	const char *title;   /* of its panel */
	const char *keys[3]; /* summed up; of "retyped" where the first one is that */
	unsigned int digits;
	bool rarely; /* no panel unless it is ever more than 0 */
};

static const struct measure fragmentation[] = {
	{ "unusable_index", "unusable index: free memory of no use for a pageblock", { "unusable_index" }, 3, false },
	{ "fragmentation_index", "fragmentation index (-1: a pageblock is free)", { "fragmentation_index" }, 3, false },
	{ NULL, NULL, { NULL }, 0, false },
};

static const struct measure type_drift[] = {
	{ "retyped_fallback", "changed type: claimed by an allocation", { "retyped", "fallback" }, 0, false },
	{ "retyped_merge", "changed type: free runs of two types merged", { "retyped", "merge" }, 0, true },
	{ "retyped_requests",
	  "changed type: by contiguous requests (undo, grab)",
	  { "retyped", "undo", "grab" },
	  0,
	  false },
	{ "retyped_reserve", "changed type: reserved for atomic allocations", { "retyped", "reserve" }, 0, true },
	{ "mixed_blocks", "mixed: with an allocation of another type", { "mixed_blocks" }, 0, false },
	{ NULL, NULL, { NULL }, 0, false },
};

struct sample {
	size_t cell;
	uint32_t number; /* in its replay */
	uint64_t ns;
	int64_t values[MAX_MEASURES]; /* in units of the last digit */
};

struct series {
	struct figure_job *job;
	const struct measure *measures;
	struct sample *samples;
	size_t nr, room;
	/* where the replay stands */
	size_t cell;
	int64_t seed;
	uint32_t number;
	bool no_memory, lacking;
};

static int64_t value_of(struct series *s, const json_t *line, const struct measure *m)
{
	static const int64_t scale[] = { 1, 10, 100, 1000 };
	bool nested = !strcmp(m->keys[0], "retyped");
	const json_t *from = nested ? json_object_get(line, "retyped") : line;
	double value = 0;

	for (size_t i = nested; i < 3 && m->keys[i]; i++) {
		const json_t *v = json_object_get(from, m->keys[i]);

		s->lacking |= !json_is_number(v);
		value += json_number_value(v);
	}
	value *= (double)scale[m->digits];
	return (int64_t)(value < 0 ? value - 0.5 : value + 0.5);
}

/* The last line of a replay is of when all was given back, which is another state. */
static bool add_sample(void *ctx, const json_t *line)
{
	struct series *s = ctx;
	struct select_place at;

	if (json_is_true(json_object_get(line, "end")) || !select_json(s->job->selection, line, &at))
		return true;
	size_t cell = select_cell(s->job->selection, &at);
	int64_t seed = stored_number(line, "seed");

	s->number = cell == s->cell && seed == s->seed ? s->number + 1 : 0;
	s->cell = cell;
	s->seed = seed;
	if (s->nr == s->room) {
		size_t room = s->room ? 2 * s->room : 1024;
		struct sample *samples = reallocarray(s->samples, room, sizeof(*samples));

		s->no_memory = !samples;
		if (!samples)
			return false;
		s->samples = samples;
		s->room = room;
	}
	struct sample *sample = &s->samples[s->nr++];

	*sample = (struct sample){ .cell = cell, .number = s->number, .ns = (uint64_t)stored_number(line, "ns") };
	for (size_t i = 0; s->measures[i].word; i++)
		sample->values[i] = value_of(s, line, &s->measures[i]);
	return true;
}

static int in_turn(const void *pa, const void *pb)
{
	const struct sample *a = pa, *b = pb;

	if (a->cell != b->cell)
		return (a->cell > b->cell) - (a->cell < b->cell);
	return (a->number > b->number) - (a->number < b->number);
}

static int ascending(const void *pa, const void *pb)
{
	const int64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

/* Nearest rank, as everywhere. */
static int64_t quantile(const int64_t *sorted, size_t n, size_t thousandths)
{
	size_t rank = (n * thousandths + 999) / 1000;

	return sorted[rank ? rank - 1 : 0];
}

/* Samples of the same moment: a line. */
static void write_moment(const struct series *s, size_t panel, size_t m, const struct sample *first, size_t n,
                         int64_t *values)
{
	static const unsigned int quartiles[] = { 500, 250, 750 };
	struct data *d = s->job->data;
	struct select_place at = { .backend = first->cell };

	for (size_t i = 0; i < n; i++)
		values[i] = first[i].values[m];
	qsort(values, n, sizeof(*values), ascending);
	data_place(d, panel, &at);
	data_word(d, s->measures[m].word);
	data_u64(d, first->number);
	data_fixed(d, stats_ratio((int64_t)first->ns, 1000000, 1), 3);
	for (size_t i = 0; i < 3; i++) {
		/* one replay has no quartiles */
		if (i && n < 2)
			data_none(d);
		else
			data_fixed(d, quantile(values, n, quartiles[i]), s->measures[m].digits);
	}
	data_end(d);
}

static bool is_shown(const struct series *s, size_t m)
{
	bool shown = !s->measures[m].rarely;

	for (size_t i = 0; i < s->nr && !shown; i++)
		shown = s->samples[i].values[m];
	return shown;
}

static int write_all(struct series *s)
{
	int64_t *values = calloc(s->nr + 1, sizeof(*values));
	size_t panel = 0;

	if (!values)
		return cli_error(CLI_MACHINE, "no memory");
	if (s->nr)
		qsort(s->samples, s->nr, sizeof(*s->samples), in_turn);
	for (size_t m = 0; s->measures[m].word; m++) {
		if (!is_shown(s, m))
			continue;
		panel++;
		data_title(s->job->data, "%s", s->measures[m].title);
		for (size_t i = 0, n; i < s->nr; i += n) {
			for (n = 1; i + n < s->nr && !in_turn(&s->samples[i], &s->samples[i + n]); n++)
				;
			write_moment(s, panel, m, &s->samples[i], n, values);
		}
	}
	free(values);
	return CLI_OK;
}

static int figure_of(struct figure_job *job, const struct measure *measures)
{
	struct series s = { .job = job, .measures = measures, .seed = -1 };
	int status = source_jsonl(job->source, "series.jsonl", add_sample, &s);

	if (s.no_memory)
		status = cli_error(CLI_MACHINE, "no memory");
	if (status == CLI_OK && s.lacking)
		status = figure_nothing(job, "is of before series.jsonl had what changed the types of pageblocks");
	if (status == CLI_OK)
		status = write_all(&s);
	free(s.samples);
	return status;
}

int figure_fragmentation(struct figure_job *job)
{
	return figure_of(job, fragmentation);
}

int figure_type_drift(struct figure_job *job)
{
	return figure_of(job, type_drift);
}
