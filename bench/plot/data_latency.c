// SPDX-License-Identifier: MIT
/*
 * data_latency.c - how long requests took, as the share of them that took longer: of virtual time from requests.jsonl, of the
 * wall clock from the histograms of wall.jsonl, with allocations and frees.
 */
#include <stdlib.h>
#include <string.h>

#include "../results/stats.h"
#include "../results/stored.h"
#include "../virtual/plan.h"
#include "figures.h"

#define MAX_POINTS 400u /* of a line: more are closer together than a pixel */
#define FEW        100u /* requests, of which there is no 99th percentile */

/* How often a value, by its upper bound. */
struct step {
	double ns;
	uint64_t count;
};

struct steps {
	struct step *at;
	size_t nr, room;
	uint64_t total;
};

static bool add_step(struct steps *s, double ns, uint64_t count)
{
	if (s->nr == s->room) {
		size_t room = s->room ? 2 * s->room : 256;
		struct step *at = reallocarray(s->at, room, sizeof(*at));

		if (!at)
			return false;
		s->at = at;
		s->room = room;
	}
	s->at[s->nr++] = (struct step){ ns, count };
	s->total += count;
	return true;
}

static int compare(const void *pa, const void *pb)
{
	const struct step *a = pa, *b = pb;

	return (a->ns > b->ns) - (a->ns < b->ns);
}

/* ---- the lines of a distribution ------------------------------------------------------------- */

struct distribution {
	struct data *d;
	size_t panel;
	const struct select_place *at;
	const char *what;
	uint64_t total;
};

/* A tenth of a ns: more than any clock here has. */
static void point(const struct distribution *p, const char *mark, double ns, uint64_t above)
{
	data_place(p->d, p->panel, p->at);
	data_word(p->d, p->what);
	data_u64(p->d, p->total);
	data_word(p->d, mark);
	data_fixed(p->d, (int64_t)(ns * 10 + 0.5), 1);
	data_fixed(p->d, stats_ratio((int64_t)above, (int64_t)p->total, 10000000), 7);
	data_end(p->d);
}

/* The smallest value that this many thousandths do not exceed. */
static void mark(const struct distribution *p, const struct steps *s, const char *name, unsigned int q)
{
	uint64_t rank = (s->total * q + 999) / 1000, upto = 0;

	for (size_t i = 0; i < s->nr; i++) {
		upto += s->at[i].count;
		if (upto >= rank) {
			/* stands where it is by definition, on the riser of its step */
			data_place(p->d, p->panel, p->at);
			data_word(p->d, p->what);
			data_u64(p->d, p->total);
			data_word(p->d, name);
			data_fixed(p->d, (int64_t)(s->at[i].ns * 10 + 0.5), 1);
			data_fixed(p->d, 10000 * (1000 - (int64_t)q), 7);
			data_end(p->d);
			return;
		}
	}
}

/* From 1 at the smallest value down; equal values are one step, and of very many steps every n-th is there. */
static void write_steps(struct distribution *p, struct steps *s)
{
	size_t nr = 0;

	if (!s->total)
		return;
	qsort(s->at, s->nr, sizeof(*s->at), compare);
	for (size_t i = 0; i < s->nr; i++) {
		if (nr && s->at[nr - 1].ns >= s->at[i].ns)
			s->at[nr - 1].count += s->at[i].count;
		else
			s->at[nr++] = s->at[i];
	}
	s->nr = nr;
	p->total = s->total;
	uint64_t above = s->total, last = s->total;

	point(p, "", s->at[0].ns, above);
	for (size_t i = 0; i < nr; i++) {
		above -= s->at[i].count;
		/* even on a logarithmic axis: a hundredth of what is left */
		if (nr > MAX_POINTS && i + 1 < nr && above && (last - above) * 100 < last)
			continue;
		point(p, "", s->at[i].ns, above);
		last = above;
	}
	mark(p, s, "p50", 500);
	if (s->total >= FEW)
		mark(p, s, "p99", 990);
}

/* ---- virtual time ---------------------------------------------------------------------------- */

struct collected {
	struct figure_job *job;
	struct steps *steps; /* by cell; of the wall clock by operation, then cell */
	int64_t threads;
	bool no_memory;
};

static bool add_request(void *ctx, const json_t *line)
{
	struct collected *c = ctx;
	struct select_place at;

	if (stored_number(line, "rc") || !select_json(c->job->selection, line, &at))
		return true;
	int64_t ns = stored_number(line, "end_ns") - stored_number(line, "begin_ns");

	c->no_memory = !add_step(&c->steps[select_cell(c->job->selection, &at)], (double)ns, 1);
	return !c->no_memory;
}

static void write_virtual(struct collected *c)
{
	const struct selection *s = c->job->selection;
	struct select_place at = { 0 };

	for (at.occupancy = 0; at.occupancy < s->occupancies.nr; at.occupancy++) {
		for (at.backend = 0; at.backend < s->backends.nr; at.backend++) {
			struct distribution p = {
				.d = c->job->data,
				.panel = at.occupancy + 1,
				.at = &at,
				.what = "request",
			};

			data_title_occupancy(c->job->data, &at);
			write_steps(&p, &c->steps[select_cell(s, &at)]);
		}
	}
}

/* ---- wall clock ------------------------------------------------------------------------------ */

static const struct {
	const char *word;
	const char *title;
} operations[] = {
	{ "request", "requests from their intended start" },
	{ "alloc", "allocations of order 0" },
	{ "free", "frees" },
};
#define NR_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static bool add_histogram(struct steps *s, const json_t *latency)
{
	const json_t *cells = json_object_get(latency, "histogram_ns");

	for (size_t i = 0; i < json_array_size(cells); i++) {
		const json_t *cell = json_array_get(cells, i);

		if (!add_step(s, json_number_value(json_array_get(cell, 1)),
		              (uint64_t)json_integer_value(json_array_get(cell, 2))))
			return false;
	}
	return true;
}

/* All repetitions together, of the most threads there are. */
static bool add_repetition(void *ctx, const json_t *line)
{
	struct collected *c = ctx;
	const struct selection *s = c->job->selection;
	struct select_place at;

	if (!select_json(s, line, &at) || stored_number(line, "threads") < c->threads)
		return true;
	if (stored_number(line, "threads") > c->threads) {
		c->threads = stored_number(line, "threads");
		for (size_t i = 0; i < NR_OPERATIONS * select_cells(s); i++)
			c->steps[i].nr = c->steps[i].total = 0;
	}
	for (size_t i = 0; i < NR_OPERATIONS && !c->no_memory; i++) {
		const json_t *from = i ? json_object_get(line, "operations") : line;

		c->no_memory = !add_histogram(&c->steps[i * select_cells(s) + select_cell(s, &at)],
		                              json_object_get(from, operations[i].word));
	}
	return !c->no_memory;
}

static void write_wall(struct collected *c)
{
	const struct selection *s = c->job->selection;
	struct select_place at = { 0 };
	size_t panel = 0;
	char percent[16], threads[32];

	data_threads(c->threads, threads);
	for (at.occupancy = 0; at.occupancy < s->occupancies.nr; at.occupancy++) {
		occupancy_label((uint32_t)s->occupancies.percent[at.occupancy], percent);
		for (size_t i = 0; i < NR_OPERATIONS; i++) {
			size_t before = c->job->data->lines;

			data_title(c->job->data, "%s, peak use %s %%%s", operations[i].title, percent, threads);
			for (at.backend = 0; at.backend < s->backends.nr; at.backend++) {
				struct distribution p = {
					.d = c->job->data,
					.panel = panel + 1,
					.at = &at,
					.what = operations[i].word,
				};

				write_steps(&p, &c->steps[i * select_cells(s) + select_cell(s, &at)]);
			}
			panel += c->job->data->lines > before;
		}
	}
}

int figure_latency(struct figure_job *job)
{
	size_t nr = NR_OPERATIONS * select_cells(job->selection);
	bool wall = job->source->wall;
	struct collected c = { .job = job, .steps = calloc(nr, sizeof(*c.steps)) };
	int status = CLI_MACHINE;

	if (c.steps)
		status = wall ? source_jsonl(job->source, "wall.jsonl", add_repetition, &c)
		              : source_jsonl(job->source, "requests.jsonl", add_request, &c);
	if (!c.steps || c.no_memory)
		status = cli_error(CLI_MACHINE, "no memory");
	if (status == CLI_OK)
		(wall ? write_wall : write_virtual)(&c);
	for (size_t i = 0; c.steps && i < nr; i++)
		free(c.steps[i].at);
	free(c.steps);
	return status;
}
