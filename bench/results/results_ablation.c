// SPDX-License-Identifier: MIT
/* results_ablation.c - what each knob brought and cost, of a run with --ablate. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../virtual/ablation.h"
#include "results.h"

/*
 * Changes of a group (workload, occupancy, size) lie side by side: the whole way, what is left over of it by each way
 * of asking, then the steps.
 */
#define TOTAL     0u
#define LEFT_OVER 1u
#define STEPS     (LEFT_OVER + ABLATION_WAYS)

struct group {
	const struct results *r;
	const struct ablation *a;
	uint32_t first; /* row of its first backend */
	struct change *changes;
};

static uint32_t nr_groups(const struct run_plan *plan)
{
	return plan->nr_rows / plan->options->nr_backends;
}

static struct group group_at(const struct results *r, uint32_t i)
{
	const struct run_options *o = r->plan->options;

	return (struct group){
		.r = r,
		.a = o->ablation,
		.first = i * o->nr_backends,
		.changes = r->changes + (size_t)i * (STEPS + o->ablation->nr_steps),
	};
}

static const struct result_row *row_of(const struct group *g, uint32_t backend)
{
	return &g->r->rows[g->first + backend];
}

/* ---- the numbers ----------------------------------------------------------------------------- */

/* Successes and migrated pages of each backend of a group, by seed; and rates to add up, of backends by number. */
struct tally {
	size_t seeds;
	struct stats_count *got;
	struct stats_count *migrated;
	struct stats_term *terms;
	uint32_t *backends;
	size_t nr;
};

static void count(struct tally *t, const struct group *g)
{
	size_t nr = g->r->plan->options->nr_backends * t->seeds;

	for (size_t i = 0; i < nr; i++) {
		const struct replay_result *replay = &g->r->replays[g->first * t->seeds + i];

		t->got[i] = t->migrated[i] = (struct stats_count){ .requests = replay->nr_requests };
		for (uint32_t k = 0; k < replay->nr_requests; k++) {
			t->got[i].successes += !replay->requests[k].rc;
			t->migrated[i].successes += replay->requests[k].total.migrated;
		}
	}
}

static void add_terms(struct tally *t, uint32_t from, uint32_t to, int weight)
{
	t->backends[t->nr] = to;
	t->terms[t->nr++].weight = weight;
	t->backends[t->nr] = from;
	t->terms[t->nr++].weight = -weight;
}

static struct change sum_up(struct tally *t)
{
	struct change c;

	for (size_t i = 0; i < t->nr; i++)
		t->terms[i].counts = t->got + t->backends[i] * t->seeds;
	c.gain = stats_sum(t->terms, t->nr, t->seeds);
	for (size_t i = 0; i < t->nr; i++)
		t->terms[i].counts = t->migrated + t->backends[i] * t->seeds;
	c.cost = stats_sum(t->terms, t->nr, t->seeds);
	t->nr = 0;
	return c;
}

static void make_group(struct tally *t, const struct group *g)
{
	const struct ablation *a = g->a;

	count(t, g);
	add_terms(t, a->first, a->last, 1);
	g->changes[TOTAL] = sum_up(t);
	for (uint32_t i = 0; i < a->nr_steps; i++) {
		add_terms(t, a->steps[i].from, a->steps[i].to, 1);
		g->changes[STEPS + i] = sum_up(t);
	}
	for (uint32_t way = 0; way < ABLATION_WAYS; way++) {
		add_terms(t, a->first, a->last, 1);
		for (uint32_t i = 0; i < a->nr_steps; i++) {
			if (a->steps[i].way == way)
				add_terms(t, a->steps[i].from, a->steps[i].to, -1);
		}
		g->changes[LEFT_OVER + way] = sum_up(t);
	}
}

int results_ablation_make(struct results *r)
{
	const struct run_options *o = r->plan->options;
	size_t terms = 2 * (size_t)o->ablation->nr_steps + 2, nr = (size_t)o->nr_backends * o->nr_seeds;
	struct tally t = {
		.seeds = o->nr_seeds,
		.got = calloc(nr, sizeof(*t.got)),
		.migrated = calloc(nr, sizeof(*t.migrated)),
		.terms = calloc(terms, sizeof(*t.terms)),
		.backends = calloc(terms, sizeof(*t.backends)),
	};
	int rc = -ENOMEM;

	r->changes = calloc(nr_groups(r->plan) * (size_t)(STEPS + o->ablation->nr_steps), sizeof(*r->changes));
	if (t.got && t.migrated && t.terms && t.backends && r->changes) {
		for (uint32_t i = 0; i < nr_groups(r->plan); i++) {
			const struct group g = group_at(r, i);

			make_group(&t, &g);
		}
		rc = 0;
	}
	free(t.got);
	free(t.migrated);
	free(t.terms);
	free(t.backends);
	return rc;
}

static void each_group(FILE *f, const struct results *r, void (*one)(FILE *f, const struct group *g))
{
	for (uint32_t i = 0; i < nr_groups(r->plan); i++) {
		const struct group g = group_at(r, i);

		one(f, &g);
	}
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
static void csv_line(FILE *f, const struct group *g, const char *way, uint32_t number, const struct ablation_step *s,
                     const struct change *c)
{
	const struct run_plan *plan = g->r->plan;
	const struct run_place at = row_of(g, 0)->at;
	uint32_t from = s ? s->from : g->a->first, to = s ? s->to : g->a->last;
	char size[16], occupancy[16];

	run_size_label(&plan->options->sizes[at.size], size);
	occupancy_label(plan_occupancy(plan, &at), occupancy);
	csv_text(f, plan->workloads[at.workload].name);
	fprintf(f, ",%s,%s,%u,%s,%u,%s,", occupancy, size, plan_request_pages(plan, &at), way, number,
	        s ? s->release : "");
	csv_text(f, s ? s->knobs : number ? "left over" : "");
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
	csv_end(f, plan, &at);
}

static void csv_group(FILE *f, const struct group *g)
{
	const struct ablation *a = g->a;

	csv_line(f, g, "total", 0, NULL, &g->changes[TOTAL]);
	for (enum ablation_way way = 0; way < ABLATION_WAYS; way++) {
		uint32_t number = 0;

		for (uint32_t i = 0; i < a->nr_steps; i++) {
			if (a->steps[i].way == way)
				csv_line(f, g, ablation_way_name(way), ++number, &a->steps[i], &g->changes[STEPS + i]);
		}
		csv_line(f, g, ablation_way_name(way), number + 1, NULL, &g->changes[LEFT_OVER + way]);
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

static void json_step(FILE *f, const struct group *g, const struct ablation_step *s, const struct change *c)
{
	const struct run_options *o = g->r->plan->options;

	fputc('{', f);
	json_key(f, "release", s->release);
	json_key(f, "knobs", s->knobs);
	json_key(f, "before", s->before);
	if (s->why)
		json_key(f, "together_because", s->why);
	json_key(f, "from_backend", o->backends[s->from]);
	json_key(f, "to_backend", o->backends[s->to]);
	json_change(f, c);
	fputc('}', f);
}

static void json_way(FILE *f, const struct group *g, enum ablation_way way)
{
	const struct ablation *a = g->a;
	const char *separator = "";

	fprintf(f, ",\n   \"%s\":{\"steps\":[", ablation_way_name(way));
	for (uint32_t i = 0; i < a->nr_steps; i++) {
		if (a->steps[i].way != way)
			continue;
		fprintf(f, "%s\n    ", separator);
		json_step(f, g, &a->steps[i], &g->changes[STEPS + i]);
		separator = ",";
	}
	fputs("],\"left_over\":{", f);
	json_change(f, &g->changes[LEFT_OVER + way]);
	fputs("}}", f);
}

static void json_group(FILE *f, const struct group *g)
{
	const struct run_plan *plan = g->r->plan;
	const struct run_place at = row_of(g, 0)->at;
	char size[16], occupancy[16];

	run_size_label(&plan->options->sizes[at.size], size);
	occupancy_label(plan_occupancy(plan, &at), occupancy);
	fputs(g->first ? ",\n  {" : "\n  {", f);
	json_key(f, "workload", plan->workloads[at.workload].name);
	json_sweep(f, plan, &at);
	fprintf(f, "\"occupancy_percent\":%s,\"size\":\"%s\",\"pages\":%u,\"total\":{", occupancy, size,
	        plan_request_pages(plan, &at));
	json_change(f, &g->changes[TOTAL]);
	fputc('}', f);
	for (enum ablation_way way = 0; way < ABLATION_WAYS; way++)
		json_way(f, g, way);
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
static void table_silent(FILE *f, const struct group *g, enum ablation_way way)
{
	const char *before = "  no difference: ";
	size_t column = 0;

	for (uint32_t i = 0; i < g->a->nr_steps; i++) {
		const struct ablation_step *s = &g->a->steps[i];

		if (s->way != way || !changes_nothing(&g->changes[STEPS + i]))
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

static void table_way(FILE *f, const struct group *g, enum ablation_way way)
{
	const struct ablation *a = g->a;

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

		if (s->way != way || changes_nothing(&g->changes[STEPS + i]))
			continue;
		table_line(f, s->release, s->knobs, &g->changes[STEPS + i]);
		if (s->why)
			fprintf(f, "  %-11s   together, since %s\n", "", s->why);
	}
	if (way != ABLATION_WALK)
		table_line(f, "", "left over: what they do together", &g->changes[LEFT_OVER + way]);
	table_silent(f, g, way);
}

static void table_group(FILE *f, const struct group *g)
{
	const struct run_plan *plan = g->r->plan;
	const struct ablation *a = g->a;
	const struct result_row *first = row_of(g, a->first), *last = row_of(g, a->last);
	char size[16], rate[2][48], pages[2][24];

	fputc('\n', f);
	table_heading(f, g->r, &first->at);
	run_size_label(&plan->options->sizes[first->at.size], size);
	text_interval(rate[0], &first->rate, 10000, false);
	text_interval(rate[1], &last->rate, 10000, false);
	text_fixed(pages[0], pages_by_request(first), 1000000, 1);
	text_fixed(pages[1], pages_by_request(last), 1000000, 1);
	fprintf(f, "requests of %s: %s %s %%, %s pages migrated by request; %s %s %%, %s pages\n", size, a->from,
	        rate[0], pages[0], a->to, rate[1], pages[1]);
	table_line(f, "total", "", &g->changes[TOTAL]);
	for (enum ablation_way way = 0; way < ABLATION_WAYS; way++)
		table_way(f, g, way);
	for (uint32_t i = 0; i < plan->options->nr_backends; i++) {
		if (row_of(g, i)->unequal_work)
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
