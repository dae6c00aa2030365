// SPDX-License-Identifier: MIT
/* results_ablation.c - what each knob brought and cost, of a run with --ablate. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../virtual/ablation.h"
#include "results.h"

/* Per workload, occupancy and size: successes and migrated pages of each backend, by seed. */
struct tally {
	const struct results *r;
	uint32_t first; /* row of the group's first backend */
	struct stats_count *got;
	struct stats_count *migrated;
	struct stats_term *terms; /* scratch */
};

/* A change from one state to another, or what is left of one. */
struct change {
	struct stats_interval gain; /* millionths of requests */
	struct stats_interval cost; /* millionths of pages by request */
};

static uint32_t nr_groups(const struct run_plan *plan)
{
	return plan->nr_rows / plan->options->nr_backends;
}

static bool tally_group(struct tally *t, const struct results *r, uint32_t group)
{
	const struct run_options *o = r->plan->options;
	size_t seeds = o->nr_seeds, nr = o->nr_backends * seeds;

	*t = (struct tally){ .r = r, .first = group * o->nr_backends };
	t->got = calloc(nr, sizeof(*t->got));
	t->migrated = calloc(nr, sizeof(*t->migrated));
	t->terms = calloc(2 * (size_t)o->ablation->nr_steps + 2, sizeof(*t->terms));
	if (!t->got || !t->migrated || !t->terms)
		return false;
	for (size_t i = 0; i < nr; i++) {
		const struct replay_result *replay = &r->replays[t->first * seeds + i];

		t->got[i].requests = t->migrated[i].requests = replay->nr_requests;
		for (uint32_t k = 0; k < replay->nr_requests; k++) {
			t->got[i].successes += !replay->requests[k].rc;
			t->migrated[i].successes += replay->requests[k].total.migrated;
		}
	}
	return true;
}

static void tally_free(struct tally *t)
{
	free(t->got);
	free(t->migrated);
	free(t->terms);
}

/* Backend numbers to terms, once over successes and once over pages. */
static struct change change_of(const struct tally *t, const uint32_t *backends, const int *weights, size_t nr)
{
	size_t seeds = t->r->plan->options->nr_seeds;
	struct change c;

	for (size_t i = 0; i < nr; i++)
		t->terms[i] = (struct stats_term){ t->got + backends[i] * seeds, weights[i] };
	c.gain = stats_sum(t->terms, nr, seeds);
	for (size_t i = 0; i < nr; i++)
		t->terms[i].counts = t->migrated + backends[i] * seeds;
	c.cost = stats_sum(t->terms, nr, seeds);
	return c;
}

static struct change between(const struct tally *t, uint32_t from, uint32_t to)
{
	return change_of(t, (const uint32_t[]){ to, from }, (const int[]){ 1, -1 }, 2);
}

static struct change total(const struct tally *t)
{
	const struct ablation *a = t->r->plan->options->ablation;

	return between(t, a->first, a->last);
}

/* The total less the steps of one way. False without memory. */
static bool left_over(const struct tally *t, enum ablation_way way, struct change *out)
{
	const struct ablation *a = t->r->plan->options->ablation;
	size_t max = 2 * (size_t)a->nr_steps + 2, nr = 2;
	uint32_t *backends = calloc(max, sizeof(*backends));
	int *weights = calloc(max, sizeof(*weights));
	bool ok = backends && weights;

	if (ok) {
		backends[0] = a->last;
		backends[1] = a->first;
		weights[0] = 1;
		weights[1] = -1;
	}
	for (uint32_t i = 0; ok && i < a->nr_steps; i++) {
		if (a->steps[i].way != way)
			continue;
		backends[nr] = a->steps[i].to;
		weights[nr++] = -1;
		backends[nr] = a->steps[i].from;
		weights[nr++] = 1;
	}
	if (ok)
		*out = change_of(t, backends, weights, nr);
	free(backends);
	free(weights);
	return ok;
}

static const struct result_row *row_of(const struct tally *t, uint32_t backend)
{
	return &t->r->rows[t->first + backend];
}

static int64_t pages_by_request(const struct result_row *row)
{
	return stats_ratio((int64_t)row->migrated, (int64_t)row->requests, 1000000);
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static void csv_pages(FILE *f, const struct stats_interval *i)
{
	fputc(',', f);
	print_fixed(f, i->value, 6);
	for (int k = 0; k < 2; k++) {
		fputc(',', f);
		if (i->bounded)
			print_fixed(f, k ? i->high : i->low, 6);
	}
}

/* s NULL: the whole way, or what is left over of it */
static void csv_line(FILE *f, const struct tally *t, const char *way, uint32_t number, const struct ablation_step *s,
                     const char *what, const struct change *c)
{
	const struct run_plan *plan = t->r->plan;
	const struct ablation *a = plan->options->ablation;
	const struct run_place at = row_of(t, 0)->at;
	uint32_t from = s ? s->from : a->first, to = s ? s->to : a->last;
	char size[16], occupancy[16];

	run_size_label(&plan->options->sizes[at.size], size);
	occupancy_label(plan_occupancy(plan, &at), occupancy);
	csv_text(f, plan->workloads[at.workload].name);
	fprintf(f, ",%s,%s,%u,%s,%u,%s,", occupancy, size, plan_request_pages(plan, &at), way, number,
	        s ? s->release : "");
	csv_text(f, what);
	fputc(',', f);
	csv_text(f, s ? s->before : "");
	fputc(',', f);
	csv_text(f, s && s->why ? s->why : "");
	fputc(',', f);
	csv_text(f, plan->options->backends[from]);
	fputc(',', f);
	csv_text(f, plan->options->backends[to]);
	csv_interval(f, &c->gain, true);
	csv_pages(f, &c->cost);
	fputc('\n', f);
}

static void csv_group(FILE *f, const struct tally *t)
{
	const struct ablation *a = t->r->plan->options->ablation;
	struct change c = total(t);

	csv_line(f, t, "total", 0, NULL, "", &c);
	for (enum ablation_way way = 0; way < ABLATION_WAYS; way++) {
		uint32_t number = 0;

		for (uint32_t i = 0; i < a->nr_steps; i++) {
			if (a->steps[i].way != way)
				continue;
			c = between(t, a->steps[i].from, a->steps[i].to);
			csv_line(f, t, ablation_way_name(way), ++number, &a->steps[i], a->steps[i].knobs, &c);
		}
		if (left_over(t, way, &c))
			csv_line(f, t, ablation_way_name(way), number + 1, NULL, "left over", &c);
	}
}

static void each_group(FILE *f, const struct results *r, void (*one)(FILE *f, const struct tally *t))
{
	for (uint32_t i = 0; i < nr_groups(r->plan); i++) {
		struct tally t;

		if (tally_group(&t, r, i))
			one(f, &t);
		tally_free(&t);
	}
}

void results_ablation_csv(FILE *f, const struct results *r)
{
	csv_head(f, r->plan,
	         "workload,occupancy_percent,size,request_pages,way,step,release,knobs,before,together_because,"
	         "from_backend,to_backend,gain_points,gain_low,gain_high,cost_pages_per_request,cost_low,cost_high");
	each_group(f, r, csv_group);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_interval(FILE *f, const char *key, const struct stats_interval *i, unsigned int digits)
{
	fprintf(f, "\"%s\":{\"value\":", key);
	print_fixed(f, i->value, digits);
	if (i->bounded) {
		fputs(",\"low\":", f);
		print_fixed(f, i->low, digits);
		fputs(",\"high\":", f);
		print_fixed(f, i->high, digits);
	}
	fputc('}', f);
}

static void json_change(FILE *f, const struct change *c)
{
	json_interval(f, "gain_points", &c->gain, 4);
	fputc(',', f);
	json_interval(f, "cost_pages_per_request", &c->cost, 6);
}

static void json_key(FILE *f, const char *key, const char *text)
{
	fprintf(f, "\"%s\":", key);
	json_text(f, text);
	fputc(',', f);
}

static void json_step(FILE *f, const struct tally *t, const struct ablation_step *s)
{
	const struct run_options *o = t->r->plan->options;
	const struct change c = between(t, s->from, s->to);

	fputc('{', f);
	json_key(f, "release", s->release);
	json_key(f, "knobs", s->knobs);
	json_key(f, "before", s->before);
	if (s->why)
		json_key(f, "together_because", s->why);
	json_key(f, "from_backend", o->backends[s->from]);
	json_key(f, "to_backend", o->backends[s->to]);
	json_change(f, &c);
	fputc('}', f);
}

static void json_way(FILE *f, const struct tally *t, enum ablation_way way)
{
	const struct ablation *a = t->r->plan->options->ablation;
	const char *separator = "";
	struct change c;

	fprintf(f, ",\n   \"%s\":{\"steps\":[", ablation_way_name(way));
	for (uint32_t i = 0; i < a->nr_steps; i++) {
		if (a->steps[i].way != way)
			continue;
		fprintf(f, "%s\n    ", separator);
		json_step(f, t, &a->steps[i]);
		separator = ",";
	}
	fputc(']', f);
	if (left_over(t, way, &c)) {
		fputs(",\"left_over\":{", f);
		json_change(f, &c);
		fputc('}', f);
	}
	fputc('}', f);
}

static void json_group(FILE *f, const struct tally *t)
{
	const struct run_plan *plan = t->r->plan;
	const struct run_place at = row_of(t, 0)->at;
	const struct change c = total(t);
	char size[16], occupancy[16];

	run_size_label(&plan->options->sizes[at.size], size);
	occupancy_label(plan_occupancy(plan, &at), occupancy);
	fputs(t->first ? ",\n  {" : "\n  {", f);
	json_key(f, "workload", plan->workloads[at.workload].name);
	fprintf(f, "\"occupancy_percent\":%s,\"size\":\"%s\",\"pages\":%u,\"total\":{", occupancy, size,
	        plan_request_pages(plan, &at));
	json_change(f, &c);
	fputc('}', f);
	for (enum ablation_way way = 0; way < ABLATION_WAYS; way++)
		json_way(f, t, way);
	fputc('}', f);
}

void results_ablation_json(FILE *f, const struct results *r)
{
	const struct ablation *a = r->plan->options->ablation;

	fputs("{\"parameters\":", f);
	results_parameters(f, r->plan);
	fputs(",\n ", f);
	json_key(f, "from", a->from);
	json_key(f, "to", a->to);
	fputs("\"groups\":[", f);
	each_group(f, r, json_group);
	fputs("]}\n", f);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define WORDS 42 /* of the column that names knobs */

/* Knobs that move together stand below each other. */
static void table_line(FILE *f, const char *release, const char *what, const struct change *c)
{
	static const char joint[] = " and ";
	const char *end = strstr(what, joint);
	char gain[48], cost[48];

	text_interval(gain, &c->gain, 10000, true);
	text_interval(cost, &c->cost, 1000000, true);
	fprintf(f, "  %-11s %-*.*s  %22s  %24s\n", release, WORDS, end ? (int)(end - what) : WORDS, what, gain, cost);
	while (end) {
		what = end + strlen(joint);
		end = strstr(what, joint);
		fprintf(f, "  %-11s + %.*s\n", "", end ? (int)(end - what) : WORDS, what);
	}
}

static bool is_zero(const struct stats_interval *i)
{
	return !i->value && (!i->bounded || (!i->low && !i->high));
}

static bool changes_nothing(const struct change *c)
{
	return is_zero(&c->gain) && is_zero(&c->cost);
}

/* What does not show in any count is named in few lines; the CSV has it all. */
static void table_silent(FILE *f, const struct tally *t, enum ablation_way way)
{
	const struct ablation *a = t->r->plan->options->ablation;
	const char *before = "  no difference: ";
	size_t column = 0;

	for (uint32_t i = 0; i < a->nr_steps; i++) {
		const struct ablation_step *s = &a->steps[i];
		const struct change c = between(t, s->from, s->to);

		if (s->way != way || !changes_nothing(&c))
			continue;
		if (column && column + strlen(s->knobs) > 110) {
			before = ",\n    ";
			column = 0;
		}
		column += (size_t)fprintf(f, "%s%s", before, s->knobs);
		before = ", ";
	}
	if (column)
		fputc('\n', f);
}

static void table_way(FILE *f, const struct tally *t, enum ablation_way way)
{
	const struct run_options *o = t->r->plan->options;
	const struct ablation *a = o->ablation;
	struct change c;

	switch (way) {
	case ABLATION_WALK:
		fprintf(f, "walk: from %s to %s, each on top of those before\n", a->from, a->to);
		break;
	case ABLATION_FORWARD:
		fprintf(f, "forward: each alone in %s\n", a->from);
		break;
	default:
		fprintf(f, "backward: %s less %s without it\n", a->to, a->to);
	}
	fprintf(f, "  %-11s %-*s  %22s  %24s\n", "release", WORDS, "knob", "gain [95 %] points", "cost [95 %] pages");
	for (uint32_t i = 0; i < a->nr_steps; i++) {
		const struct ablation_step *s = &a->steps[i];

		if (s->way != way)
			continue;
		c = between(t, s->from, s->to);
		if (changes_nothing(&c))
			continue;
		table_line(f, s->release, s->knobs, &c);
		if (s->why)
			fprintf(f, "  %-11s   together, since %s\n", "", s->why);
	}
	if (way != ABLATION_WALK && left_over(t, way, &c))
		table_line(f, "", "left over: what they do together", &c);
	table_silent(f, t, way);
}

static void table_group(FILE *f, const struct tally *t)
{
	const struct run_plan *plan = t->r->plan;
	const struct ablation *a = plan->options->ablation;
	const struct result_row *first = row_of(t, a->first), *last = row_of(t, a->last);
	char size[16], rate[2][48], pages[2][24];
	const struct change c = total(t);

	fputc('\n', f);
	table_heading(f, t->r, &first->at);
	run_size_label(&plan->options->sizes[first->at.size], size);
	text_interval(rate[0], &first->rate, 10000, false);
	text_interval(rate[1], &last->rate, 10000, false);
	text_fixed(pages[0], pages_by_request(first), 1000000, 1);
	text_fixed(pages[1], pages_by_request(last), 1000000, 1);
	fprintf(f, "requests of %s: %s %s %%, %s pages migrated by request; %s %s %%, %s pages\n", size, a->from,
	        rate[0], pages[0], a->to, rate[1], pages[1]);
	table_line(f, "total", "", &c);
	for (enum ablation_way way = 0; way < ABLATION_WAYS; way++)
		table_way(f, t, way);
	for (uint32_t i = 0; i < plan->options->nr_backends; i++) {
		if (row_of(t, i)->unequal_work)
			fprintf(f, "! unequal work: more than 0.1 %% of the trace's allocations failed on %s\n",
			        plan->options->backends[i]);
	}
}

void results_ablation_table(FILE *f, const struct results *r)
{
	table_head(f, r, NULL);
	fputs("gain: success rate after less before, percentage points; cost: pages migrated by request, after less before.\n"
	      "Both over the same seeds and requests. Steps of the walk add up to the total.\n",
	      f);
	each_group(f, r, table_group);
}
