// SPDX-License-Identifier: MIT
/* frame_table.c - the run as a table: medians over repetitions, with the smallest and the largest. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "frame.h"

struct column {
	const char *name, *unit;
	enum wall_metric metric;
	double scale;
	int digits;
};

static const struct column speed[] = {
	{ "events", "million/s", METRIC_EVENTS_PER_SECOND, 1e-6, 3 },
	{ "work", "ns/event", METRIC_WORK, 1, 1 },
	{ "harness", "% of time", METRIC_HARNESS_SHARE, 100, 1 },
	{ "waiting", "% of time", METRIC_WAITED_SHARE, 100, 1 },
	{ "lag p99", "us", METRIC_LAG_P99, 1e-3, 1 },
	{ NULL, NULL, 0, 0, 0 },
};

static const struct column operations[] = {
	{ "alloc mean", "ns", METRIC_ALLOC_MEAN, 1, 1 },
	{ "alloc p50", "ns", METRIC_ALLOC_P50, 1, 0 },
	{ "alloc p99", "ns", METRIC_ALLOC_P99, 1, 0 },
	{ "free mean", "ns", METRIC_FREE_MEAN, 1, 1 },
	{ "free p50", "ns", METRIC_FREE_P50, 1, 0 },
	{ "free p99", "ns", METRIC_FREE_P99, 1, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

static const struct column requests[] = {
	{ "request mean", "us", METRIC_REQUEST_MEAN, 1e-3, 1 },
	{ "request p50", "us", METRIC_REQUEST_P50, 1e-3, 1 },
	{ "request p99", "us", METRIC_REQUEST_P99, 1e-3, 1 },
	{ "success", "% requests", METRIC_SUCCESS_RATE, 100, 1 },
	{ "migrated", "pages", METRIC_MIGRATED, 1, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

static const struct column phases[] = {
	{ "isolate", "us", METRIC_ISOLATE, 1e-3, 2 }, { "drain", "us", METRIC_DRAIN, 1e-3, 2 },
	{ "migrate", "us", METRIC_MIGRATE, 1e-3, 2 }, { "a page", "ns", METRIC_MIGRATE_PAGE, 1, 0 },
	{ "test", "us", METRIC_TEST, 1e-3, 2 },       { "grab", "us", METRIC_GRAB, 1e-3, 2 },
	{ "undo", "us", METRIC_UNDO, 1e-3, 2 },       { NULL, NULL, 0, 0, 0 },
};

/* As wall_compared[]. */
static const struct column changes[] = {
	{ "work", "%", METRIC_WORK, 100, 1 },
	{ "alloc", "%", METRIC_ALLOC_MEAN, 100, 1 },
	{ "free", "%", METRIC_FREE_MEAN, 100, 1 },
	{ "isolate", "%", METRIC_ISOLATE, 100, 1 },
	{ "drain", "%", METRIC_DRAIN, 100, 1 },
	{ "migrate a page", "%", METRIC_MIGRATE_PAGE, 100, 1 },
	{ "test", "%", METRIC_TEST, 100, 1 },
	{ "grab", "%", METRIC_GRAB, 100, 1 },
	{ "undo", "%", METRIC_UNDO, 100, 1 },
	{ "request", "%", METRIC_REQUEST_MEAN, 100, 1 },
	{ NULL, NULL, 0, 0, 0 },
};

static const struct column *const blocks[] = { speed, operations, requests, phases, changes };

#define WORDS     4u /* size, backend, seed, threads */
#define MAX_CELLS (WORDS + WALL_COMPARED)

struct line {
	char cell[MAX_CELLS][72];
};

static void against(char *out, size_t size, const struct column *c, const struct frame_row *row)
{
	struct wall_change d = frame_change(row, c->metric);

	if (isnan(d.change))
		snprintf(out, size, "-");
	else if (!d.bounded)
		snprintf(out, size, "%+.*f", c->digits, d.change * c->scale);
	else
		snprintf(out, size, "%+.*f [%+.*f, %+.*f]", c->digits, d.change * c->scale, c->digits, d.low * c->scale,
		         c->digits, d.high * c->scale);
}

static void number(char *out, size_t size, const struct column *c, const struct frame_row *row)
{
	struct wall_spread s = wall_spread(&row->values[0][c->metric], row->nr, METRIC_NR);

	if (isnan(s.median))
		snprintf(out, size, "-");
	else if (row->nr < 2)
		snprintf(out, size, "%.*f", c->digits, s.median * c->scale);
	else
		snprintf(out, size, "%.*f [%.*f, %.*f]", c->digits, s.median * c->scale, c->digits, s.min * c->scale,
		         c->digits, s.max * c->scale);
}

static void words(struct line *l, const struct frame_row *row)
{
	const struct run_options *o = row->frame->options;
	const char *backend = o->backends[row->at.backend];
	size_t len = strlen(backend), cut = len > 50 ? len - 47 : 0;

	run_size_label(&o->sizes[row->at.size], l->cell[0]);
	/* the end of a long name is what tells it from others */
	snprintf(l->cell[1], sizeof(l->cell[1]), "%s%s", cut ? "..." : "", backend + cut);
	if (row->copy)
		snprintf(l->cell[1] + strlen(l->cell[1]), 16, " (%u)", row->copy + 1);
	snprintf(l->cell[2], sizeof(l->cell[2]), "%" PRIu64, o->seeds[row->at.seed]);
	snprintf(l->cell[3], sizeof(l->cell[3]), "%u", row->nr_threads);
}

static void fill(struct line *l, const struct column *columns, const struct frame_row *row)
{
	words(l, row);
	for (size_t k = 0; columns[k].name; k++)
		(columns == changes ? against : number)(l->cell[WORDS + k], sizeof(l->cell[0]), &columns[k], row);
}

static void heads(struct line *names, struct line *units, const struct column *columns)
{
	static const char *const of_words[WORDS] = { "size", "backend", "seed", "threads" };

	for (size_t k = 0; k < WORDS; k++) {
		snprintf(names->cell[k], sizeof(names->cell[k]), "%s", of_words[k]);
		units->cell[k][0] = '\0';
	}
	for (size_t k = 0; columns[k].name; k++) {
		snprintf(names->cell[WORDS + k], sizeof(names->cell[0]), "%s", columns[k].name);
		snprintf(units->cell[WORDS + k], sizeof(units->cell[0]), "%s", columns[k].unit);
	}
}

/* A column in which nothing was measured is not shown: its width is 0. */
static void widen(size_t width[MAX_CELLS], const struct line *l, bool head)
{
	for (size_t k = 0; k < MAX_CELLS; k++) {
		size_t len = strlen(l->cell[k]);

		if (head ? width[k] && len > width[k] : len > width[k])
			width[k] = len;
	}
}

static void print(FILE *to, const struct line *l, const size_t width[MAX_CELLS])
{
	const char *gap = "";

	for (size_t k = 0; k < MAX_CELLS; k++) {
		if (!width[k])
			continue;
		fprintf(to, k < 2 ? "%s%-*s" : "%s%*s", gap, (int)width[k], l->cell[k]);
		gap = "  ";
	}
	fputc('\n', to);
}

static bool measured_anywhere(const struct frame *f, const struct column *c)
{
	for (uint32_t i = 0; i < f->nr_rows; i++) {
		if (f->rows[i].nr &&
		    !isnan(wall_spread(&f->rows[i].values[0][c->metric], f->rows[i].nr, METRIC_NR).median))
			return true;
	}
	return false;
}

/* What there is to say of a row in these columns; the first one is not compared with itself. */
static bool shown(const struct frame_row *row, const struct column *columns)
{
	return row->nr && (columns != changes || frame_first(row));
}

static void block(FILE *to, const struct frame *f, uint32_t first, uint32_t end, const struct column *columns)
{
	struct line names = { 0 }, units = { 0 };
	size_t width[MAX_CELLS] = { 0 };

	heads(&names, &units, columns);
	for (uint32_t i = first; i < end; i++) {
		struct line l = { 0 };

		if (!shown(&f->rows[i], columns))
			continue;
		fill(&l, columns, &f->rows[i]);
		widen(width, &l, false);
	}
	/* the lag is only there with a pace */
	for (size_t k = 0; columns[k].name; k++) {
		if (columns[k].metric == METRIC_LAG_P99 && !measured_anywhere(f, &columns[k]))
			width[WORDS + k] = 0;
	}
	if (f->options->nr_seeds == 1)
		width[2] = 0;
	widen(width, &names, true);
	widen(width, &units, true);
	print(to, &names, width);
	print(to, &units, width);
	for (uint32_t i = first; i < end; i++) {
		struct line l = { 0 };

		if (!shown(&f->rows[i], columns))
			continue;
		fill(&l, columns, &f->rows[i]);
		print(to, &l, width);
	}
}

/* Rows of one workload, geometry and occupancy. */
static uint32_t end_of_group(const struct frame *f, uint32_t first)
{
	uint32_t i = first;

	const struct run_place *a = &f->rows[first].at;

	for (; i < f->nr_rows; i++) {
		const struct run_place *b = &f->rows[i].at;

		if (a->workload != b->workload || a->geometry != b->geometry || a->occupancy != b->occupancy)
			break;
	}
	return i;
}

static void head(FILE *to, const struct frame *f)
{
	const struct run_options *o = f->options;
	uint32_t most = 0, least = UINT32_MAX;

	for (uint32_t i = 0; i < f->nr_rows; i++) {
		if (!f->rows[i].nr)
			continue;
		most = f->rows[i].nr > most ? f->rows[i].nr : most;
		least = f->rows[i].nr < least ? f->rows[i].nr : least;
	}
	fprintf(to, "wall clock, measured. Median of %u repetition%s", most, most == 1 ? "" : "s [smallest, largest]");
	fprintf(to, "; a percentile is an upper bound, at most %.1f %% too high.\n", 100.0 / HISTOGRAM_STEPS);
	fprintf(to, "aged by %u earlier pass%s; a request every %g ms of trace time, held for %g ms.\n", o->age,
	        o->age == 1 ? "" : "es", (double)o->interval_ns / 1e6, (double)o->hold_ns / 1e6);
}

/* Of each number of threads. */
static void shared(FILE *to, const struct frame_row *first)
{
	for (uint32_t i = 0; i < first->frame->nr_threads; i++) {
		const struct frame_row *row = &first[i];

		if (!row->placement->oversubscribed)
			continue;
		fprintf(to, "OVERSUBSCRIBED");
		if (row->frame->nr_threads > 1)
			fprintf(to, " with %u thread%s", row->nr_threads, row->nr_threads == 1 ? "" : "s");
		fprintf(to, ": %s\n", frame_sharing(row));
	}
}

void frame_table(FILE *to, const struct frame *f)
{
	head(to, f);
	for (uint32_t i = 0, end; i < f->nr_rows; i = end) {
		uint32_t any = 0;

		end = end_of_group(f, i);
		for (uint32_t k = i; k < end; k++)
			any += f->rows[k].nr;
		if (!any)
			continue;
		fputc('\n', to);
		table_heading(to, &f->plan_only, &f->rows[i].at);
		shared(to, &f->rows[i]);
		for (size_t k = 0; k < sizeof(blocks) / sizeof(blocks[0]); k++) {
			if (blocks[k] == changes && f->options->nr_backends == 1)
				continue;
			fputs(k ? "\n" : "", to);
			if (blocks[k] == phases)
				fputs("phases of a request, means\n", to);
			if (blocks[k] == changes)
				fputs("change against the first backend: lower quartiles of the repetitions [95 %]\n",
				      to);
			block(to, f, i, end, blocks[k]);
		}
	}
}
