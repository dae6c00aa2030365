// SPDX-License-Identifier: MIT
/* data_rates.c - success rates over sizes and over geometries, from summary.csv; pages migrated, from replays.csv. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../results/stats.h"
#include "../results/stored.h"
#include "figures.h"

/* "2 MiB", "256 KiB" */
static void bytes_label(uint64_t bytes, char out[32])
{
	static const char *const units[] = { "KiB", "MiB", "GiB" };
	double value = (double)bytes / 1024;
	size_t unit = 0;

	for (; value >= 1024 && unit < 2; unit++)
		value /= 1024;
	snprintf(out, 32, "%g %s", value, units[unit]);
}

/* A number of the results as it stands there, or none. */
static void copy(struct data *d, const char *text)
{
	if (*text)
		data_word(d, text);
	else
		data_none(d);
}

static void category(struct data *d, size_t number, const char *label)
{
	data_u64(d, number + 1);
	data_text(d, label);
}

static void rate(struct data *d, const struct csv_line *line)
{
	copy(d, csv_field(line, "requests"));
	copy(d, csv_field(line, "success_percent"));
	copy(d, csv_field(line, "success_low"));
	copy(d, csv_field(line, "success_high"));
	data_end(d);
}

static bool by_size(void *ctx, const struct csv_line *line)
{
	struct figure_job *job = ctx;
	struct select_place at;
	char label[32];

	if (!select_csv(job->selection, line, &at) || !atoll(csv_field(line, "requests")))
		return true;
	bytes_label(strtoull(csv_field(line, "request_bytes"), NULL, 10), label);
	data_title_occupancy(job->data, &at);
	data_place(job->data, at.occupancy + 1, &at);
	category(job->data, at.size, label);
	rate(job->data, line);
	return true;
}

int figure_success_by_size(struct figure_job *job)
{
	return source_csv(job->source, "summary.csv", by_size, job);
}

static bool by_max_order(void *ctx, const struct csv_line *line)
{
	struct figure_job *job = ctx;
	struct select_place at;

	if (!select_csv(job->selection, line, &at) || !atoll(csv_field(line, "requests")))
		return true;
	data_title_occupancy(job->data, &at);
	data_place(job->data, at.occupancy + 1, &at);
	category(job->data, at.geometry, job->selection->geometries.at[at.geometry].label);
	rate(job->data, line);
	return true;
}

int figure_success_by_max_order(struct figure_job *job)
{
	if (job->selection->geometries.nr < 2)
		return figure_nothing(job, "has one geometry only");
	return source_csv(job->source, "summary.csv", by_max_order, job);
}

static bool by_occupancy(void *ctx, const struct csv_line *line)
{
	struct figure_job *job = ctx;
	struct select_place at;
	char label[32];

	if (!select_csv(job->selection, line, &at) || !atoll(csv_field(line, "requests")))
		return true;
	bytes_label(strtoull(csv_field(line, "request_bytes"), NULL, 10), label);
	data_title(job->data, "requests of %s", label);
	data_place(job->data, at.size + 1, &at);
	occupancy_label((uint32_t)job->selection->occupancies.percent[at.occupancy], label);
	category(job->data, at.occupancy, label);
	rate(job->data, line);
	return true;
}

int figure_success_by_occupancy(struct figure_job *job)
{
	if (job->selection->occupancies.nr < 2)
		return figure_nothing(job, "has one occupancy only");
	return source_csv(job->source, "summary.csv", by_occupancy, job);
}

/* ---- pages migrated -------------------------------------------------------------------------- */

/* Of each place and seed: migrated pages "by" successes, which is what a rate is. */
struct migration {
	struct figure_job *job;
	struct stats_count *counts;
	size_t *seeds;   /* so far */
	uint64_t *bytes; /* by size */
};

static bool add_replay(void *ctx, const struct csv_line *line)
{
	struct migration *m = ctx;
	struct select_place at;

	if (!select_csv(m->job->selection, line, &at))
		return true;
	size_t cell = select_cell(m->job->selection, &at), seeds = m->job->selection->nr_seeds;

	if (m->seeds[cell] < seeds)
		m->counts[cell * seeds + m->seeds[cell]++] = (struct stats_count){
			.successes = strtoull(csv_field(line, "migrated_pages"), NULL, 10),
			.requests = (uint32_t)strtoul(csv_field(line, "successes"), NULL, 10),
		};
	m->bytes[at.size] = strtoull(csv_field(line, "request_bytes"), NULL, 10);
	return true;
}

static void migrated_line(const struct migration *m, const struct select_place *at)
{
	const struct selection *s = m->job->selection;
	struct data *d = m->job->data;
	size_t cell = select_cell(s, at);
	const struct stats_count *counts = &m->counts[cell * s->nr_seeds];
	uint64_t successes = 0, pages = 0;
	char label[32];

	for (size_t i = 0; i < m->seeds[cell]; i++) {
		successes += counts[i].requests;
		pages += counts[i].successes;
	}
	/* there is no such number where nothing succeeded */
	if (!successes)
		return;
	struct stats_interval by_success = stats_rate(counts, m->seeds[cell]);

	bytes_label(m->bytes[at->size], label);
	data_title_occupancy(d, at);
	data_place(d, at->occupancy + 1, at);
	category(d, at->size, label);
	data_u64(d, successes);
	data_u64(d, pages);
	data_fixed(d, by_success.value, 6);
	if (by_success.bounded) {
		data_fixed(d, by_success.low, 6);
		data_fixed(d, by_success.high, 6);
	} else {
		data_none(d);
		data_none(d);
	}
	data_end(d);
}

int figure_migrated(struct figure_job *job)
{
	const struct selection *s = job->selection;
	struct migration m = {
		.job = job,
		.counts = calloc(select_cells(s) * s->nr_seeds + 1, sizeof(*m.counts)),
		.seeds = calloc(select_cells(s), sizeof(*m.seeds)),
		.bytes = calloc(s->sizes.nr, sizeof(*m.bytes)),
	};
	struct select_place at = { 0 };
	int status = m.counts && m.seeds && m.bytes ? source_csv(job->source, "replays.csv", add_replay, &m)
	                                            : cli_error(CLI_MACHINE, "no memory");

	for (at.occupancy = 0; status == CLI_OK && at.occupancy < s->occupancies.nr; at.occupancy++) {
		for (at.size = 0; at.size < s->sizes.nr; at.size++) {
			for (at.backend = 0; at.backend < s->backends.nr; at.backend++)
				migrated_line(&m, &at);
		}
	}
	free(m.counts);
	free(m.seeds);
	free(m.bytes);
	return status;
}
