// SPDX-License-Identifier: MIT
/*
 * data_failures.c - why requests failed: by phase and reason, from failures.csv; how many did so, with the interval, from
 * summary.csv.
 */
#include <stdlib.h>
#include <string.h>

#include "../results/stats.h"
#include "figures.h"

#define MAX_PARTS 8u /* looks of plots/stacks.gp; the last is for all that are rarer */

struct part {
	char name[64]; /* "isolate: unmovable" */
	uint64_t failures;
};

struct failures {
	struct figure_job *job;
	struct part parts[128]; /* more than phases times reasons that there are */
	size_t nr_parts;
	uint64_t *counts; /* by cell and part */
	struct total {
		uint64_t requests;
		int64_t low, high; /* ten-thousandths of a percent that failed; -1: none */
	} * totals;                /* by cell */
};

#define NR_PARTS (sizeof(((struct failures *)NULL)->parts) / sizeof(struct part))

static size_t part_of(struct failures *f, const struct csv_line *line)
{
	char name[64];
	size_t i = 0;

	snprintf(name, sizeof(name), "%.28s: %.30s", csv_field(line, "phase"), csv_field(line, "reason"));
	while (i < f->nr_parts && strcmp(f->parts[i].name, name))
		i++;
	if (i == f->nr_parts && i < NR_PARTS)
		memcpy(f->parts[f->nr_parts++].name, name, sizeof(name));
	return i < NR_PARTS ? i : NR_PARTS - 1;
}

static bool add_failures(void *ctx, const struct csv_line *line)
{
	struct failures *f = ctx;
	struct select_place at;

	if (!select_csv(f->job->selection, line, &at))
		return true;
	size_t part = part_of(f, line);
	uint64_t n = strtoull(csv_field(line, "failures"), NULL, 10);

	f->parts[part].failures += n;
	f->counts[select_cell(f->job->selection, &at) * NR_PARTS + part] += n;
	return true;
}

static int64_t failed_percent(const struct csv_line *line, const char *success)
{
	return *csv_field(line, success) ? 1000000 - (int64_t)(csv_number(line, success) * 10000 + 0.5) : -1;
}

static bool add_total(void *ctx, const struct csv_line *line)
{
	struct failures *f = ctx;
	struct select_place at;

	if (select_csv(f->job->selection, line, &at))
		f->totals[select_cell(f->job->selection, &at)] = (struct total){
			.requests = strtoull(csv_field(line, "requests"), NULL, 10),
			.low = failed_percent(line, "success_high"),
			.high = failed_percent(line, "success_low"),
		};
	return true;
}

static int most_frequent(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;

	if (a->failures != b->failures)
		return (a->failures < b->failures) - (a->failures > b->failures);
	return strcmp(a->name, b->name);
}

static void write_part(struct data *d, size_t panel, const struct select_place *at, const struct total *total,
                       size_t number, const char *name, uint64_t from, uint64_t to)
{
	data_place(d, panel, at);
	data_u64(d, number);
	data_text(d, name);
	data_u64(d, total->requests);
	data_u64(d, to - from);
	data_fixed(d, stats_ratio((int64_t)from, (int64_t)total->requests, 1000000), 4);
	data_fixed(d, stats_ratio((int64_t)to, (int64_t)total->requests, 1000000), 4);
	for (int i = 0; i < 2; i++) {
		int64_t bound = i ? total->high : total->low;

		if (bound < 0)
			data_none(d);
		else
			data_fixed(d, bound, 4);
	}
	data_end(d);
}

/* By the number that the part had when it was counted: parts are sorted by now. */
static void write_stack(const struct failures *f, const struct select_place *at, const size_t *counted)
{
	const struct selection *s = f->job->selection;
	size_t cell = select_cell(s, at);
	const uint64_t *counts = &f->counts[cell * NR_PARTS];
	uint64_t from = 0, rare = 0;

	if (!f->totals[cell].requests)
		return;
	data_title_occupancy(f->job->data, at);
	for (size_t i = 0; i < f->nr_parts; i++) {
		uint64_t n = counts[counted[i]];

		if (f->nr_parts > MAX_PARTS && i >= MAX_PARTS - 1) {
			rare += n;
			continue;
		}
		/* one that never failed still has its place: with nothing in it */
		if (n || !i)
			write_part(f->job->data, at->occupancy + 1, at, &f->totals[cell], i + 1, f->parts[i].name, from,
			           from + n);
		from += n;
	}
	if (rare)
		write_part(f->job->data, at->occupancy + 1, at, &f->totals[cell], MAX_PARTS, "others", from,
		           from + rare);
}

static void write_all(struct failures *f)
{
	const struct selection *s = f->job->selection;
	struct part unsorted[NR_PARTS];
	size_t counted[NR_PARTS] = { 0 };
	struct select_place at = { 0 };

	memcpy(unsorted, f->parts, sizeof(unsorted));
	qsort(f->parts, f->nr_parts, sizeof(f->parts[0]), most_frequent);
	for (size_t i = 0; i < f->nr_parts; i++) {
		while (strcmp(unsorted[counted[i]].name, f->parts[i].name))
			counted[i]++;
	}
	for (at.occupancy = 0; at.occupancy < s->occupancies.nr; at.occupancy++) {
		for (at.backend = 0; at.backend < s->backends.nr; at.backend++)
			write_stack(f, &at, counted);
	}
}

int figure_failures(struct figure_job *job)
{
	struct failures f = {
		.job = job,
		.counts = calloc(select_cells(job->selection) * NR_PARTS, sizeof(*f.counts)),
		.totals = calloc(select_cells(job->selection), sizeof(*f.totals)),
	};
	int status = f.counts && f.totals ? source_csv(job->source, "failures.csv", add_failures, &f)
	                                  : cli_error(CLI_MACHINE, "no memory");

	if (status == CLI_OK)
		status = source_csv(job->source, "summary.csv", add_total, &f);
	if (status == CLI_OK && !f.nr_parts)
		status = figure_nothing(job, "has no request of that size that failed");
	if (status == CLI_OK)
		write_all(&f);
	free(f.counts);
	free(f.totals);
	return status;
}
