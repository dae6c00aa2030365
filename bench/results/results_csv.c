// SPDX-License-Identifier: MIT
/* results_csv.c - the tables as CSV: parameters in comment lines, then a line of column names with units. */
#include <inttypes.h>
#include <string.h>

#include "results.h"

void csv_head(FILE *f, const struct run_plan *plan, const char *columns)
{
	fputs("# ", f);
	results_parameters(f, plan);
	fprintf(f, "\n%s%s\n", columns,
	        results_sweep(plan) ? ",geometry,page_bytes,pageblock_order,max_order,zone_pages,"
	                              "occupancy_reached_percent"
	                            : "");
}

void csv_end(FILE *f, const struct run_plan *plan, const struct run_place *at)
{
	const struct geometry_preset *preset = plan->options->geometries[at->geometry].preset;
	const struct contig_geometry *g = plan_geometry(plan, at);

	if (results_sweep(plan)) {
		fprintf(f, ",%s,%u,%u,%u,%u,", preset ? preset->name : "", 1u << g->page_shift, g->pageblock_order,
		        g->max_order, plan_pages(g));
		print_fixed(f, plan_reached(plan, at), 3);
	}
	fputc('\n', f);
}

/* Backends may hold a comma only inside quotes; names of files may hold anything. */
void csv_text(FILE *f, const char *text)
{
	if (!strpbrk(text, ",\"\n\r")) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static void csv_fixed(FILE *f, int64_t value, unsigned int digits)
{
	fputc(',', f);
	print_fixed(f, value, digits);
}

void csv_interval(FILE *f, const struct stats_interval *i, bool value)
{
	/* millionths to percent with four decimals */
	if (value)
		csv_fixed(f, i->value, 4);
	else
		fputc(',', f);
	if (i->bounded) {
		csv_fixed(f, i->low, 4);
		csv_fixed(f, i->high, 4);
	} else {
		fputs(",,", f);
	}
}

/* The rest of a place's line: behind the name of the workload. */
static void csv_rest(FILE *f, const struct run_plan *plan, const struct run_place *at)
{
	const struct contig_geometry *g = plan_geometry(plan, at);
	uint32_t pages = plan_request_pages(plan, at);
	char size[16], occupancy[16];

	run_size_label(&plan->options->sizes[at->size], size);
	occupancy_label(plan_occupancy(plan, at), occupancy);
	fprintf(f, ",%s,%s,%u,%" PRIu64 ",", occupancy, size, pages, (uint64_t)pages << g->page_shift);
	csv_text(f, plan->options->backends[at->backend]);
	fprintf(f, ",%d", plan_is_baseline(plan->options->backends[at->backend]));
}

void csv_place(FILE *f, const struct run_plan *plan, const struct run_place *at)
{
	csv_text(f, plan->workloads[at->workload].name);
	csv_rest(f, plan, at);
}

static void summary_line(FILE *f, const struct results *r, const struct result_row *row)
{
	int64_t seeds = r->plan->options->nr_seeds;

	csv_place(f, r->plan, &row->at);
	fprintf(f, ",%" PRId64 ",%" PRIu64 ",%" PRIu64, seeds, row->requests, row->successes);
	csv_interval(f, &row->rate, true);
	csv_interval(f, &row->difference, row->at.backend != 0);
	fputc(',', f);
	if (row->successes)
		print_fixed(f, stats_ratio((int64_t)row->migrated, (int64_t)row->successes, 1000), 3);
	fprintf(f, ",%" PRIu64 ",%" PRIu64, row->migrated, row->migrated_in_vain);
	if (row->successes)
		fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, row->got.p50, row->got.p99, row->got.max);
	else
		fputs(",,,", f);
	if (row->successes < row->requests)
		fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, row->failed.p50, row->failed.p99, row->failed.max);
	else
		fputs(",,,", f);
	for (int i = 0; i < RETYPE_LAB; i++)
		csv_fixed(f, stats_ratio((int64_t)row->retyped[i], seeds, 10), 1);
	csv_fixed(f, stats_ratio((int64_t)row->mixed_blocks, seeds, 10), 1);
	csv_fixed(f, stats_ratio(row->unusable, seeds, 1), 3);
	csv_fixed(f, stats_ratio(row->fragmentation, seeds, 1), 3);
	fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%d", row->allocs, row->failed_allocs, row->unequal_work);
	if (results_by_user(r))
		fprintf(f, ",%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		        caller_name(r->plan->options->caller.who), row->got_pages, row->calls, row->waits,
		        row->waited_ns);
	csv_end(f, r->plan, &row->at);
}

void results_summary_csv(FILE *f, const struct results *r)
{
	static const char columns[] = CSV_PLACE
		",seeds,requests,successes,success_percent,success_low,success_high,"
		"difference_points,difference_low,difference_high,migrated_pages_per_success,migrated_pages,"
		"migrated_pages_in_vain,modelled_p50_ns,modelled_p99_ns,modelled_max_ns,"
		"modelled_failed_p50_ns,modelled_failed_p99_ns,modelled_failed_max_ns,"
		"retyped_fallback_blocks,retyped_merge_blocks,retyped_undo_blocks,retyped_grab_blocks,"
		"retyped_reserve_blocks,mixed_blocks,unusable_index,fragmentation_index,trace_allocations,failed_allocations,unequal_work";
	static const char by_user[] = ",caller,got_pages,calls,waits,modelled_waited_ns";
	char all[sizeof(columns) + sizeof(by_user)];

	snprintf(all, sizeof(all), "%s%s", columns, results_by_user(r) ? by_user : "");
	csv_head(f, r->plan, all);
	for (uint32_t i = 0; i < r->plan->nr_rows; i++)
		summary_line(f, r, &r->rows[i]);
}

/* Success rates alone, for other programs' plots. One workload is one plot, so each geometry of a sweep is one. */
void results_success_csv(FILE *f, const struct results *r)
{
	csv_head(f, r->plan, CSV_PLACE ",seeds,success_percent,success_low,success_high");
	for (uint32_t i = 0; i < r->plan->nr_rows; i++) {
		const struct run_place *at = &r->rows[i].at;
		char name[192], geometry[64];

		run_geometry_label(r->plan->options, at->geometry, geometry);
		snprintf(name, sizeof(name), "%.127s%s", r->plan->workloads[at->workload].name, geometry);
		csv_text(f, name);
		csv_rest(f, r->plan, at);
		fprintf(f, ",%u", r->plan->options->nr_seeds);
		csv_interval(f, &r->rows[i].rate, true);
		csv_end(f, r->plan, &r->rows[i].at);
	}
}

void results_replays_csv(FILE *f, const struct results *r)
{
	const struct run_options *o = r->plan->options;

	csv_head(f, r->plan,
	         CSV_PLACE
	         ",seed,requests,successes,migrated_pages,retyped_fallback_blocks,retyped_merge_blocks,"
	         "retyped_undo_blocks,retyped_grab_blocks,retyped_reserve_blocks,mixed_blocks,unusable_index,"
	         "fragmentation_index,free_pages,trace_allocations,failed_allocations,failed_allocations_while_aging,"
	         "late_frees,skipped_pins");
	for (uint32_t i = 0; i < r->plan->nr_replays; i++) {
		const struct run_place at = plan_place(r->plan, i);
		const struct replay_result *p = &r->replays[i];
		uint64_t successes = 0, migrated = 0;

		for (uint32_t k = 0; k < p->nr_requests; k++) {
			successes += !p->requests[k].rc;
			migrated += p->requests[k].total.migrated;
		}
		csv_place(f, r->plan, &at);
		fprintf(f, ",%" PRIu64 ",%u,%" PRIu64 ",%" PRIu64, o->seeds[at.seed], p->nr_requests, successes,
		        migrated);
		for (int k = 0; k < RETYPE_LAB; k++)
			fprintf(f, ",%" PRIu64, p->end.retyped[k]);
		fprintf(f, ",%" PRIu64, p->end.mixed_blocks);
		csv_fixed(f, p->end.unusable, 3);
		csv_fixed(f, p->end.fragmentation, 3);
		fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, p->end.free,
		        p->allocs, p->failed_allocs, p->aging_failed_allocs, p->late_frees, p->skipped_pins);
		csv_end(f, r->plan, &at);
	}
}

void results_failures_csv(FILE *f, const struct results *r)
{
	csv_head(f, r->plan,
	         CSV_PLACE
	         ",phase,reason,failures,percent_of_requests,modelled_ns_before_failure,scanned_before_failure,"
	         "migrated_pages_before_failure");
	for (uint32_t i = 0; i < r->plan->nr_rows; i++) {
		const struct result_row *row = &r->rows[i];

		for (int phase = 0; phase < PHASE_NR; phase++) {
			for (int why = 0; why < WHY_NR; why++) {
				const struct failures *n = &row->failures[phase][why];

				if (!n->requests)
					continue;
				csv_place(f, r->plan, &row->at);
				fprintf(f, ",%s,%s,%" PRIu64, contig_phase_name((enum contig_phase)phase),
				        contig_reason_name((enum contig_reason)why), n->requests);
				csv_fixed(f, stats_ratio((int64_t)n->requests, (int64_t)row->requests, 1000000), 4);
				fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, n->ns, n->scanned, n->migrated);
				csv_end(f, r->plan, &row->at);
			}
		}
	}
}
