// SPDX-License-Identifier: MIT
/* results_table.c - the run as a table for the terminal. */
#include <inttypes.h>
#include <string.h>

#include "../text/escape.h"
#include "results.h"

/* What a cell holds, as text: cells are made first and aligned afterwards. */
struct cell {
	char text[64];
};

void text_fixed(char out[24], int64_t value, int64_t unit, int digits)
{
	static const int64_t scales[] = { 1, 10, 100, 1000 };
	int64_t v = stats_ratio(value, unit, scales[digits]);
	uint64_t a = v < 0 ? (uint64_t)-v : (uint64_t)v, scale = (uint64_t)scales[digits];

	if (digits)
		snprintf(out, 24, "%s%" PRIu64 ".%0*" PRIu64, v < 0 ? "-" : "", a / scale, digits, a % scale);
	else
		snprintf(out, 24, "%s%" PRIu64, v < 0 ? "-" : "", a);
}

static struct cell decimal(int64_t value, int64_t unit, int digits)
{
	struct cell c;
	char number[24];

	text_fixed(number, value, unit, digits);
	snprintf(c.text, sizeof(c.text), "%s", number);
	return c;
}

void text_interval(char out[48], const struct stats_interval *i, int64_t unit, bool sign)
{
	char value[24], low[24], high[24];

	text_fixed(value, i->value, unit, 1);
	text_fixed(low, i->low, unit, 1);
	text_fixed(high, i->high, unit, 1);
	const char *plus = sign && i->value > 0 ? "+" : "";

	if (i->bounded)
		snprintf(out, 48, "%s%.10s [%.10s, %.10s]", plus, value, low, high);
	else
		snprintf(out, 48, "%s%.10s", plus, value);
}

static struct cell interval(const struct stats_interval *i, bool sign)
{
	struct cell c;

	text_interval(c.text, i, 10000, sign);
	return c;
}

static const struct cell dash = { "-" };

static struct cell milliseconds(uint64_t ns, bool any)
{
	return any ? decimal((int64_t)ns, 1000000, 3) : dash;
}

static struct cell shown_name(const struct results *r, const struct result_row *row)
{
	const char *backend = results_backend(r, row);
	struct cell c;

	/* a composed backend may have a long name: its end is what tells it from others */
	size_t len = strlen(backend), max = sizeof(c.text) - sizeof(" (baseline)"), cut = len > max ? len - max + 3 : 0;

	snprintf(c.text, sizeof(c.text), "%s%s%s", cut ? "..." : "", backend + cut,
	         plan_is_baseline(backend) ? " (baseline)" : "");
	return c;
}

#define FIRST_NUMBER 2 /* columns before it are words and aligned to the left */

static const struct {
	const char *name;
	const char *unit;
} columns[] = {
	{ "size", "" },
	{ "backend", "" },
	{ "success [95 %]", "%" },
	{ "difference [95 %]", "points" },
	{ "migrated", "pages/ok" },
	{ "p50", "model ms" },
	{ "p99", "model ms" },
	{ "max", "model ms" },
	{ "undo+grab", "retyped" },
	{ "fallback", "retyped" },
	{ "mixed", "blocks" },
	{ "unusable", "0..1" },
	{ "frag", "-1..1" },
	{ "failed", "% allocs" },
	/* of a user's requests */
	{ "got", "pages/req" },
	{ "calls", "/req" },
	{ "waited", "model ms/req" },
};

#define NR_COLUMNS   (sizeof(columns) / sizeof(columns[0]))
#define USER_COLUMNS 3

static size_t columns_of(const struct results *r)
{
	return results_by_user(r) ? NR_COLUMNS : NR_COLUMNS - USER_COLUMNS;
}

static void fill(struct cell cells[NR_COLUMNS], const struct results *r, const struct result_row *row)
{
	int64_t seeds = r->plan->options->nr_seeds;
	const uint64_t *retyped = row->retyped;
	size_t k = 0;

	run_size_label(&r->plan->options->sizes[row->at.size], cells[k++].text);
	cells[k++] = shown_name(r, row);
	cells[k++] = interval(&row->rate, false);
	cells[k++] = row->at.backend ? interval(&row->difference, true) : dash;
	cells[k++] = row->successes ? decimal((int64_t)row->migrated, (int64_t)row->successes, 1) : dash;
	cells[k++] = milliseconds(row->got.p50, row->successes);
	cells[k++] = milliseconds(row->got.p99, row->successes);
	cells[k++] = milliseconds(row->got.max, row->successes);
	/* an allocator that is not Linux has no migratetypes */
	bool types = !plan_is_baseline(results_backend(r, row));

	cells[k++] = types ? decimal((int64_t)(retyped[RETYPE_UNDO] + retyped[RETYPE_GRAB]), seeds, 1) : dash;
	cells[k++] = types ? decimal((int64_t)(retyped[RETYPE_FALLBACK] + retyped[RETYPE_MERGE]), seeds, 1) : dash;
	cells[k++] = types ? decimal((int64_t)row->mixed_blocks, seeds, 1) : dash;
	cells[k++] = decimal(row->unusable, seeds * 1000, 3);
	cells[k++] = decimal(row->fragmentation, seeds * 1000, 3);
	cells[k] = decimal((int64_t)row->failed_allocs * 100, (int64_t)row->allocs, 3);
	if (row->unequal_work)
		strcat(cells[k].text, " !");
	k++;
	cells[k++] = decimal((int64_t)row->got_pages, (int64_t)row->requests, 1);
	cells[k++] = decimal((int64_t)row->calls, (int64_t)row->requests, 2);
	cells[k] = decimal((int64_t)row->waited_ns, (int64_t)row->requests * 1000000, 3);
}

static void print_line(FILE *f, size_t nr, const char *const text[NR_COLUMNS], const size_t width[NR_COLUMNS])
{
	for (size_t k = 0; k < nr; k++) {
		const char *gap = k ? "  " : "";

		if (k < FIRST_NUMBER)
			fprintf(f, "%s%-*s", gap, (int)width[k], text[k]);
		else
			fprintf(f, "%s%*s", gap, (int)width[k], text[k]);
	}
	fputc('\n', f);
}

/* Rows of one workload and occupancy. */
static bool print_rows(FILE *f, const struct results *r, uint32_t first, uint32_t nr)
{
	size_t width[NR_COLUMNS];
	const char *text[NR_COLUMNS];
	struct cell cells[NR_COLUMNS];
	size_t nr_columns = columns_of(r);
	bool unequal = false;

	for (size_t k = 0; k < nr_columns; k++) {
		size_t unit = strlen(columns[k].unit);

		width[k] = strlen(columns[k].name) > unit ? strlen(columns[k].name) : unit;
	}
	for (uint32_t i = first; i < first + nr; i++) {
		fill(cells, r, &r->rows[i]);
		unequal |= r->rows[i].unequal_work;
		for (size_t k = 0; k < nr_columns; k++) {
			if (strlen(cells[k].text) > width[k])
				width[k] = strlen(cells[k].text);
		}
	}
	for (size_t k = 0; k < nr_columns; k++)
		text[k] = columns[k].name;
	print_line(f, nr_columns, text, width);
	for (size_t k = 0; k < nr_columns; k++)
		text[k] = columns[k].unit;
	print_line(f, nr_columns, text, width);
	for (uint32_t i = first; i < first + nr; i++) {
		fill(cells, r, &r->rows[i]);
		for (size_t k = 0; k < nr_columns; k++)
			text[k] = k || !((i - first) % r->plan->options->nr_backends) ? cells[k].text : "";
		print_line(f, nr_columns, text, width);
	}
	return unequal;
}

/* What a failed request had cost, on average, when it failed. */
static void print_cost(FILE *f, const struct result_row *row)
{
	struct failures all = { 0 };
	char pages[24], ms[24];

	for (int k = 0; k < PHASE_NR * WHY_NR; k++) {
		const struct failures *n = &row->failures[k / WHY_NR][k % WHY_NR];

		all.requests += n->requests;
		all.migrated += n->migrated;
		all.ns += n->ns;
	}
	if (!all.requests)
		return;
	text_fixed(pages, (int64_t)all.migrated, (int64_t)all.requests, 1);
	text_fixed(ms, (int64_t)all.ns, (int64_t)all.requests * 1000000, 3);
	fprintf(f, "  %25s  %8s", pages, ms);
}

/* Failures by phase and reason: a column for each pair that occurs. */
static void print_failures(FILE *f, const struct results *r, uint32_t first, uint32_t nr)
{
	bool occurs[PHASE_NR][WHY_NR] = { 0 }, any = false;
	char label[64];
	int names = 22;

	for (uint32_t i = first; i < first + nr; i++) {
		int len = (int)strlen(shown_name(r, &r->rows[i]).text);

		names = len > names ? len : names;
		for (int k = 0; k < PHASE_NR * WHY_NR; k++)
			any |= occurs[k / WHY_NR][k % WHY_NR] |=
				r->rows[i].failures[k / WHY_NR][k % WHY_NR].requests != 0;
	}
	if (!any)
		return;
	fprintf(f, "\nfailed requests by phase/reason\n%-5s %-*s %8s", "size", names, "backend", "requests");
	for (int k = 0; k < PHASE_NR * WHY_NR; k++) {
		if (occurs[k / WHY_NR][k % WHY_NR])
			fprintf(f, "  %s/%s", contig_phase_name((enum contig_phase)(k / WHY_NR)),
			        contig_reason_name((enum contig_reason)(k % WHY_NR)));
	}
	fputs("  cost each: pages migrated  model ms\n", f);
	for (uint32_t i = first; i < first + nr; i++) {
		const struct result_row *row = &r->rows[i];
		bool new_size = !((i - first) % r->plan->options->nr_backends);

		run_size_label(&r->plan->options->sizes[row->at.size], label);
		fprintf(f, "%-5s %-*s %8" PRIu64, new_size ? label : "", names, shown_name(r, row).text, row->requests);
		for (int k = 0; k < PHASE_NR * WHY_NR; k++) {
			if (!occurs[k / WHY_NR][k % WHY_NR])
				continue;
			int width = snprintf(label, sizeof(label), "  %s/%s",
			                     contig_phase_name((enum contig_phase)(k / WHY_NR)),
			                     contig_reason_name((enum contig_reason)(k % WHY_NR)));

			fprintf(f, "%*" PRIu64, width, row->failures[k / WHY_NR][k % WHY_NR].requests);
		}
		print_cost(f, row);
		fputc('\n', f);
	}
}

static void print_mebibytes(FILE *f, uint64_t pages, const struct contig_geometry *g)
{
	char text[24];

	text_fixed(text, (int64_t)(pages << g->page_shift), 1 << 20, 0);
	fprintf(f, "%" PRIu64 " pages (%s MiB)", pages, text);
}

/* " [arm64-64k: 64 KiB pages, P 13, M 13]" where it was named or is one of several */
static void print_geometry(FILE *f, const struct results *r, const struct run_place *at)
{
	const struct geometry_preset *preset = r->plan->options->geometries[at->geometry].preset;
	const struct contig_geometry *g = plan_geometry(r->plan, at);

	if (!preset && !results_sweep(r->plan))
		return;
	fprintf(f, " [%s%s%g KiB pages, P %u, M %u%s]", preset ? preset->name : "", preset ? ": " : "",
	        (double)(1u << g->page_shift) / 1024, g->pageblock_order, g->max_order,
	        !plan_other_pages(r->plan, at)  ? ""
	        : r->plan->options->keep_orders ? ", orders kept"
	                                        : ", bytes kept");
}

/* ": dma32 92 MiB, normal 284 MiB", nodes one after the other */
static void print_zones(FILE *f, const struct contig_geometry *g)
{
	static const char *const names[ZONE_TYPE_NR] = { "dma32", "normal", "movable" };
	char mib[24];

	for (uint32_t i = 0; i < g->nr_zones; i++) {
		text_fixed(mib, (int64_t)((uint64_t)g->zones[i].pages << g->page_shift), 1 << 20, 0);
		fprintf(f, "%s %s %s MiB", i ? "," : ":", names[g->zones[i].type], mib);
	}
}

void table_heading(FILE *f, const struct results *r, const struct run_place *at)
{
	const struct run_workload *w = &r->plan->workloads[at->workload];
	const struct contig_geometry *g = plan_geometry(r->plan, at);
	const struct program *p = plan_program(r->plan, at);
	char occupancy[16], reached[24], seconds[24];

	occupancy_label(plan_occupancy(r->plan, at), occupancy);
	text_fixed(reached, plan_reached(r->plan, at), 1000, 1);
	text_fixed(seconds, (int64_t)p->duration_ns, 1000000000, 1);
	escape_terminal(f, w->name);
	print_geometry(f, r, at);
	fprintf(f, ": %zu events in %s s, peak ", p->nr_ops, seconds);
	print_mebibytes(f, p->peak_pages, g);
	if (plan_misses(r->plan, at))
		fprintf(f, " = %s %% (asked for: %s %%) of ", reached, occupancy);
	else
		fprintf(f, " = %s %% of ", occupancy);
	print_mebibytes(f, plan_pages(g), g);
	if (r->plan->options->zone_kinds.dma32 || r->plan->options->zone_kinds.movable)
		print_zones(f, g);
	fputc('\n', f);
}

void table_head(FILE *f, const struct results *r, const char *difference_to)
{
	const struct run_options *o = r->plan->options;

	fprintf(f,
	        "clock: virtual time; latencies are modelled (cost table %s). %u seed%s, bootstrap over seeds%s%s%s\n",
	        r->plan->costs.table->name, o->nr_seeds, o->nr_seeds == 1 ? "" : "s",
	        difference_to ? "; difference to " : ".", difference_to ? difference_to : "",
	        difference_to ? " over the same seeds." : "");
	fprintf(f, "aged by %u earlier pass%s; a request every %g ms, held for %g ms; %" PRIu64 " requests a row.\n",
	        o->age, o->age == 1 ? "" : "es", (double)o->interval_ns / 1e6, (double)o->hold_ns / 1e6,
	        r->rows[0].requests);
	if (o->passes > 1)
		fprintf(f, "%u passes count, in one stretch.\n", o->passes);
	if (results_by_user(r))
		fprintf(f, "requests are made by %s (docs/running.md).\n", caller_name(o->caller.who));
	if (!o->age)
		fputs("nothing was freed and allocated before what counts: --age 1 shows an allocator in use.\n", f);
	if (o->nr_seeds == 1)
		fputs("one seed: no intervals.\n", f);
	else if (o->nr_seeds < 10)
		fputs("fewer than 10 seeds: intervals are rough.\n", f);
}

void results_table(FILE *f, const struct results *r)
{
	const struct run_options *o = r->plan->options;
	uint32_t group = o->nr_sizes * o->nr_backends;
	bool unequal = false, pins = false;

	if (o->ablation) {
		results_ablation_table(f, r);
		return;
	}
	table_head(f, r, o->backends[0]);
	for (uint32_t i = 0; i < r->plan->nr_rows; i += group) {
		fputc('\n', f);
		table_heading(f, r, &r->rows[i].at);
		unequal |= print_rows(f, r, i, group);
		print_failures(f, r, i, group);
	}
	for (uint32_t i = 0; i < r->plan->nr_rows; i++)
		pins |= r->rows[i].skipped_pins;
	results_sweep_table(f, r);
	if (unequal)
		fputs("\n! unequal work: more than 0.1 % of the trace's allocations failed, so the row does not "
		      "compare with "
		      "the others\n",
		      f);
	if (pins)
		fputs("\nthe trace pins pages and a backend can not: see skipped_pins in replays.csv\n", f);
}
