// SPDX-License-Identifier: MIT
/*
 * data_ablation.c - the walk of an ablation as a waterfall: from the success rate (and the pages migrated) of the first
 * backend to those of the last, a step a knob. Steps from ablation.json, both ends from summary.csv.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../results/stored.h"
#include "figures.h"

enum quantity {
	RATE, /* percent */
	COST, /* pages by request */
	QUANTITIES
};

static const struct {
	const char *word, *title, *key;
} quantities[QUANTITIES] = {
	[RATE] = { "success_percent", "success rate (%)", "gain_points" },
	[COST] = { "migrated_per_request", "pages migrated by request", "cost_pages_per_request" },
};

/* With the interval; NAN where there is none. */
struct amount {
	double value, low, high;
};

struct waterfall {
	struct figure_job *job;
	json_t *ablation;
	const json_t *group;
	struct amount first[QUANTITIES], last[QUANTITIES];
};

static struct amount amount_of(const json_t *step, enum quantity q)
{
	const json_t *interval = json_object_get(step, quantities[q].key), *low = json_object_get(interval, "low");

	return (struct amount){
		.value = json_number_value(json_object_get(interval, "value")),
		.low = low ? json_number_value(low) : NAN,
		.high = low ? json_number_value(json_object_get(interval, "high")) : NAN,
	};
}

static bool is_nothing(const struct amount *a)
{
	return a->value == 0 && (isnan(a->low) || (a->low == 0 && a->high == 0));
}

static double bound(const struct csv_line *line, const char *name)
{
	return *csv_field(line, name) ? csv_number(line, name) : NAN;
}

static bool add_end(void *ctx, const struct csv_line *line)
{
	struct waterfall *w = ctx;
	struct select_place at;
	bool first = !strcmp(csv_field(line, "backend"), stored_text(w->ablation, "from"));
	bool last = !strcmp(csv_field(line, "backend"), stored_text(w->ablation, "to"));

	if (!(first || last) || !select_csv_group(w->job->selection, line, &at))
		return true;
	struct amount *end = first ? w->first : w->last;

	end[RATE] = (struct amount){ csv_number(line, "success_percent"), bound(line, "success_low"),
		                     bound(line, "success_high") };
	end[COST] = (struct amount){ csv_number(line, "migrated_pages") / csv_number(line, "requests"), NAN, NAN };
	return true;
}

static void number(struct data *d, double value)
{
	if (isnan(value))
		data_none(d);
	else
		data_fixed(d, llround(value * 10000), 4);
}

/* Low and high are where the interval of the step's end lies. */
static void bar(const struct waterfall *w, enum quantity q, size_t row, const char *kind, const char *release,
                const char *label, double from, double to, const struct amount *change)
{
	struct data *d = w->job->data;
	const struct select_place at = { 0 };

	data_title(d, "%s", quantities[q].title);
	data_group(d, q + 1, row, &at);
	data_word(d, quantities[q].word);
	data_word(d, kind);
	data_word(d, release);
	data_text(d, label);
	number(d, from);
	number(d, to);
	number(d, to + change->low - change->value);
	number(d, to + change->high - change->value);
	data_end(d);
}

static void write_waterfall(const struct waterfall *w)
{
	const json_t *steps = json_object_get(json_object_get(w->group, "walk"), "steps");
	double at[QUANTITIES] = { w->first[RATE].value, w->first[COST].value };
	size_t row = 1;

	for (enum quantity q = 0; q < QUANTITIES; q++)
		bar(w, q, row, "from", "", stored_text(w->ablation, "from"), 0, at[q], &w->first[q]);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		const struct amount change[QUANTITIES] = { amount_of(step, RATE), amount_of(step, COST) };

		/* a row for each of the many knobs that did nothing would hide the others */
		if (is_nothing(&change[RATE]) && is_nothing(&change[COST]))
			continue;
		row++;
		for (enum quantity q = 0; q < QUANTITIES; q++) {
			bar(w, q, row, "step", stored_text(step, "release"), stored_text(step, "knobs"), at[q],
			    at[q] + change[q].value, &change[q]);
			at[q] += change[q].value;
		}
	}
	row++;
	for (enum quantity q = 0; q < QUANTITIES; q++)
		bar(w, q, row, "to", "", stored_text(w->ablation, "to"), 0, w->last[q].value, &w->last[q]);
}

static const json_t *find_group(const struct waterfall *w)
{
	const struct selection *s = w->job->selection;
	const json_t *groups = json_object_get(w->ablation, "groups"), *g;
	struct select_place at;
	size_t i;

	json_array_foreach(groups, i, g)
	{
		if (select_json_group(s, g, &at))
			return g;
	}
	return NULL;
}

int figure_ablation(struct figure_job *job)
{
	struct waterfall w = { .job = job };
	int status;

	w.ablation = source_object(job->source, "ablation.json", &status);
	w.group = w.ablation ? find_group(&w) : NULL;
	if (status == CLI_OK && !w.group)
		status = figure_nothing(job, "has no such step in its ablation.json");
	if (status == CLI_OK)
		status = source_csv(job->source, "summary.csv", add_end, &w);
	if (status == CLI_OK)
		write_waterfall(&w);
	json_decref(w.ablation);
	return status;
}
