// SPDX-License-Identifier: MIT
/* frame_csv.c - summary.csv of measured rows: a line a row; what was not measured is empty. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "frame.h"

static const struct {
	const char *name;
	uint32_t millionths;
} percentiles[] = { { "p50", 500000 }, { "p90", 900000 }, { "p99", 990000 }, { "p999", 999000 } };

#define NR_PERCENTILES (sizeof(percentiles) / sizeof(percentiles[0]))

static void names(FILE *to)
{
	fputs(CSV_PLACE ",seed,copy,threads,pace,oversubscribed,repetitions", to);
	for (unsigned int i = 0; i < WALL_COMPARED; i++) {
		const char *name = wall_metric_name(wall_compared[i]);

		fprintf(to, ",%s_change_percent,%s_change_low,%s_change_high", name, name, name);
	}
	for (unsigned int m = 0; m < METRIC_NR; m++) {
		const char *name = wall_metric_name((enum wall_metric)m);

		fprintf(to, ",%s,%s_min,%s_max", name, name, name);
	}
	for (unsigned int p = 0; p < POOL_NR; p++) {
		const char *name = wall_pool_name((enum wall_pool)p);

		fprintf(to, ",%s_pooled_count", name);
		for (size_t i = 0; i < NR_PERCENTILES; i++)
			fprintf(to, ",%s_pooled_%s_ns", name, percentiles[i].name);
		fprintf(to, ",%s_pooled_max_ns", name);
	}
}

static void head(FILE *to, const struct run_plan *plan)
{
	char *text = NULL;
	size_t len;
	FILE *columns = open_memstream(&text, &len);

	if (!columns)
		return;
	names(columns);
	if (!fclose(columns))
		csv_head(to, plan, text);
	free(text);
}

static void number(FILE *to, double value)
{
	if (isnan(value))
		fputc(',', to);
	else
		fprintf(to, ",%.10g", value);
}

static void pooled(FILE *to, const struct wall_clock *c, const struct histogram *h)
{
	uint64_t n = histogram_count(h);

	fprintf(to, ",%" PRIu64, n);
	for (size_t i = 0; i < NR_PERCENTILES; i++)
		number(to, n ? (double)wall_clock_ns(c, histogram_percentile(h, percentiles[i].millionths)) : NAN);
	number(to, n ? (double)wall_clock_ns(c, h->max) : NAN);
}

static void change(FILE *to, const struct frame_row *row, enum wall_metric m)
{
	struct wall_change c = frame_change(row, m);

	number(to, c.change * 100);
	number(to, c.bounded ? c.low * 100 : NAN);
	number(to, c.bounded ? c.high * 100 : NAN);
}

static void line(FILE *to, const struct frame_row *row)
{
	const struct frame *f = row->frame;
	char pace[32];

	wall_pace_label(f->options->wall.pace, pace);
	csv_place(to, &f->plan, &row->at);
	fprintf(to, ",%" PRIu64 ",%u,%u,%s,", f->options->seeds[row->at.seed], row->copy + 1, row->nr_threads, pace);
	csv_text(to, frame_sharing(row));
	fprintf(to, ",%u", row->nr);
	for (unsigned int i = 0; i < WALL_COMPARED; i++)
		change(to, row, wall_compared[i]);
	for (unsigned int m = 0; m < METRIC_NR; m++) {
		struct wall_spread s = wall_spread(&row->values[0][m], row->nr, METRIC_NR);

		number(to, s.median);
		number(to, s.min);
		number(to, s.max);
	}
	for (unsigned int p = 0; p < POOL_NR; p++)
		pooled(to, &f->clock, &row->pools[p]);
	csv_end(to, &f->plan, &row->at);
}

void frame_summary_csv(FILE *to, const struct frame *f)
{
	head(to, &f->plan);
	for (uint32_t i = 0; i < f->nr_rows; i++) {
		if (f->rows[i].nr)
			line(to, &f->rows[i]);
	}
}
