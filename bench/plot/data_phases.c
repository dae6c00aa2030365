// SPDX-License-Identifier: MIT
/*
 * data_phases.c - where the time of a request goes, by phase, of requests that succeeded and of those that failed: from the
 * phase_ns of requests.jsonl, modelled or measured.
 */
#include <stdlib.h>
#include <string.h>

#include "../../allocators/contig.h"
#include "../results/stats.h"
#include "../results/stored.h"
#include "../virtual/plan.h"
#include "figures.h"

enum outcome {
	SUCCEEDED,
	FAILED,
	OUTCOMES
};

/* What is resampled: a seed, of the wall clock a repetition of it. */
struct unit {
	int64_t seed, repetition;
	struct stats_count time; /* ns "by" requests, which is what a rate is */
};

struct stack {
	struct unit *units;
	size_t nr_units;
	uint64_t ns[PHASE_NR];
	uint64_t requests;
};

struct phases {
	struct figure_job *job;
	struct stack *stacks; /* by cell and outcome */
	int64_t threads;
	bool no_memory;
	bool told; /* some request says how long its phases took */
};

static struct unit *unit_of(struct phases *p, struct stack *s, const json_t *line)
{
	int64_t seed = stored_number(line, "seed"), repetition = stored_number(line, "repetition");

	for (size_t i = s->nr_units; i; i--) {
		if (s->units[i - 1].seed == seed && s->units[i - 1].repetition == repetition)
			return &s->units[i - 1];
	}
	struct unit *units = reallocarray(s->units, s->nr_units + 1, sizeof(*units));

	p->no_memory = !units;
	if (!units)
		return NULL;
	s->units = units;
	units[s->nr_units] = (struct unit){ .seed = seed, .repetition = repetition };
	return &units[s->nr_units++];
}

static void forget(struct phases *p)
{
	size_t nr = OUTCOMES * select_cells(p->job->selection);

	for (size_t i = 0; i < nr; i++) {
		free(p->stacks[i].units);
		p->stacks[i] = (struct stack){ 0 };
	}
}

/* Of several numbers of threads the most. */
static bool add_request(void *ctx, const json_t *line)
{
	struct phases *p = ctx;
	const json_t *times = json_object_get(line, "phase_ns");
	struct select_place at;
	int64_t threads = stored_number(line, "threads");

	if (!times || threads < p->threads || !select_json(p->job->selection, line, &at))
		return true;
	if (threads > p->threads)
		forget(p);
	p->threads = threads;
	p->told = true;
	enum outcome outcome = stored_number(line, "rc") ? FAILED : SUCCEEDED;
	struct stack *s = &p->stacks[OUTCOMES * select_cell(p->job->selection, &at) + outcome];
	struct unit *unit = unit_of(p, s, line);

	for (unsigned int i = 0; unit && i < PHASE_NR; i++) {
		uint64_t ns = (uint64_t)stored_number(times, contig_phase_name((enum contig_phase)i));

		s->ns[i] += ns;
		unit->time.successes += ns;
	}
	s->requests++;
	if (unit)
		unit->time.requests++;
	return unit;
}

/* Mean ns with three decimals. */
static int64_t mean(uint64_t ns, uint64_t requests)
{
	return stats_ratio((int64_t)ns, (int64_t)requests, 1000);
}

static struct stats_interval total_of(const struct stack *s)
{
	struct stats_count *counts = calloc(s->nr_units, sizeof(*counts));
	struct stats_interval total = { 0 };

	for (size_t i = 0; counts && i < s->nr_units; i++)
		counts[i] = s->units[i].time;
	if (counts)
		total = stats_rate(counts, s->nr_units);
	free(counts);
	return total;
}

/* In the order in which a request goes through them, each from where the one before it ends. */
static void write_stack(struct data *d, size_t panel, const struct select_place *at, const struct stack *s,
                        const char *outcome)
{
	static const enum contig_phase order[] = { PHASE_SEARCH, PHASE_ISOLATE, PHASE_DRAIN, PHASE_MIGRATE,
		                                   PHASE_TEST,   PHASE_GRAB,    PHASE_UNDO };
	struct stats_interval total = total_of(s);
	uint64_t from = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		uint64_t to = from + s->ns[order[i]];

		if (to == from)
			continue;
		data_place(d, panel, at);
		data_word(d, outcome);
		data_u64(d, s->requests);
		/* search is of some users alone: the other six have the first looks */
		data_u64(d, i ? i : 7);
		data_text(d, contig_phase_name(order[i]));
		data_fixed(d, mean(from, s->requests), 3);
		data_fixed(d, mean(to, s->requests), 3);
		if (total.bounded) {
			data_fixed(d, total.low / 1000, 3);
			data_fixed(d, total.high / 1000, 3);
		} else {
			data_none(d);
			data_none(d);
		}
		data_u64(d, s->nr_units);
		data_end(d);
		from = to;
	}
}

static void write_all(struct phases *p)
{
	static const char *const words[OUTCOMES] = { "succeeded", "failed" };
	const struct selection *s = p->job->selection;
	struct select_place at = { 0 };

	for (enum outcome o = 0; o < OUTCOMES; o++) {
		char percent[16], size[32], threads[32];

		occupancy_label((uint32_t)s->occupancies.percent[0], percent);
		data_size(s->sizes.label[0], size);
		data_threads(p->threads, threads);
		data_title(p->job->data, "requests of %s that %s, peak use %s %%%s", size, words[o], percent, threads);
		for (at.backend = 0; at.backend < s->backends.nr; at.backend++)
			write_stack(p->job->data, o + 1, &at, &p->stacks[OUTCOMES * select_cell(s, &at) + o], words[o]);
	}
}

int figure_phases(struct figure_job *job)
{
	struct phases p = {
		.job = job,
		.stacks = calloc(OUTCOMES * select_cells(job->selection), sizeof(*p.stacks)),
	};
	int status = p.stacks ? source_jsonl(job->source, "requests.jsonl", add_request, &p) : CLI_MACHINE;

	if (!p.stacks || p.no_memory)
		status = cli_error(CLI_MACHINE, "no memory");
	if (status == CLI_OK && !p.told)
		status = figure_nothing(job, "is of before requests had the time of each phase");
	if (status == CLI_OK)
		write_all(&p);
	if (p.stacks)
		forget(&p);
	free(p.stacks);
	return status;
}
