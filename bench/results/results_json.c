// SPDX-License-Identifier: MIT
/* results_json.c - benchmark.json for Google Benchmark's tools, and the files of JSON lines. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../plugins.h"
#include "../text/escape.h"
#include "results.h"

void json_text(FILE *f, const char *text)
{
	escape_json(f, text);
}

void print_fixed(FILE *f, int64_t value, unsigned int digits)
{
	uint64_t v = value < 0 ? (uint64_t)-value : (uint64_t)value, scale = 1;

	for (unsigned int i = 0; i < digits; i++)
		scale *= 10;
	fprintf(f, "%s%" PRIu64, value < 0 ? "-" : "", v / scale);
	if (digits)
		fprintf(f, ".%0*" PRIu64, (int)digits, v % scale);
}

static void text_field(FILE *f, const char *key, const char *value)
{
	fprintf(f, "\"%s\":", key);
	json_text(f, value);
}

static void zones(FILE *f, const struct contig_geometry *g)
{
	static const char *const types[ZONE_TYPE_NR] = { "dma32", "normal", "movable" };

	for (uint32_t i = 0; i < g->nr_zones; i++)
		fprintf(f, "%s\"%u+%u@%u:%s\"", i ? "," : "", g->zones[i].start, g->zones[i].pages, g->zones[i].node,
		        types[g->zones[i].type]);
}

static void geometry(FILE *f, const struct run_plan *plan, const struct run_place *at)
{
	const struct run_geometry *asked = &plan->options->geometries[at->geometry];
	const struct contig_geometry *g = plan_geometry(plan, at);

	fputs("{\"occupancy_percent\":", f);
	print_fixed(f, plan_occupancy(plan, at), 3);
	if (results_sweep(plan) || plan_misses(plan, at)) {
		fputs(",\"occupancy_reached_percent\":", f);
		print_fixed(f, plan_reached(plan, at), 3);
	}
	if (asked->preset)
		fprintf(f, ",\"geometry\":\"%s\"", asked->preset->name);
	fprintf(f,
	        ",\"page_shift\":%u,\"pageblock_order\":%u,\"max_order\":%u,\"section_order\":%u,"
	        "\"cpus\":%u,\"zones\":[",
	        g->page_shift, g->pageblock_order, g->max_order, g->section_order, g->nr_cpus);
	zones(f, g);
	fputc(']', f);
	if (plan_other_pages(plan, at))
		fprintf(f, ",\"orders\":\"%s\",\"peak_pages\":%" PRIu64, plan->options->keep_orders ? "keep" : "bytes",
		        plan_program(plan, at)->peak_pages);
	fputc('}', f);
}

static void workloads(FILE *f, const struct run_plan *plan)
{
	for (uint32_t w = 0; w < plan->nr_workloads; w++) {
		const struct run_workload *l = &plan->workloads[w];
		struct run_place at = { .workload = w };
		const struct program *p = plan_program(plan, &at);

		fputs(w ? ",{" : "{", f);
		text_field(f, "name", l->name);
		fprintf(f, ",\"sha256\":\"%s\",\"events\":%zu,\"duration_ns\":%" PRIu64 ",\"peak_pages\":%" PRIu64 ",",
		        l->sha256, p->nr_ops, p->duration_ns, l->info.peak_pages);
		text_field(f, "kernel", l->info.kernel);
		fputs(",\"geometries\":[", f);
		for (at.geometry = 0; at.geometry < plan->options->nr_geometries; at.geometry++) {
			for (at.occupancy = 0; at.occupancy < plan->nr_occupancies; at.occupancy++) {
				fputs(at.geometry || at.occupancy ? "," : "", f);
				geometry(f, plan, &at);
			}
		}
		fputs("]}", f);
	}
}

void json_sweep(FILE *f, const struct run_plan *plan, const struct run_place *at)
{
	const struct run_options *o = plan->options;

	if (o->nr_presets > 1)
		fprintf(f, "\"geometry\":\"%s\",", o->geometries[at->geometry].preset->name);
	if (o->nr_max_orders > 1)
		fprintf(f, "\"max_order\":%d,", o->geometries[at->geometry].max_order);
}

/* Nothing for plain requests. */
static void caller_parameters(FILE *f, const struct caller_params *p)
{
	if (p->who == RUN_PLAIN)
		return;
	fprintf(f, "\"caller\":\"%s\",", caller_name(p->who));
	if (p->cma_bytes)
		fprintf(f, "\"cma_bytes\":%" PRIu64 ",", p->cma_bytes);
	if (p->who == RUN_CMA && p->cma_align != CALLER_MAX_ALIGN)
		fprintf(f, "\"cma_align\":%u,", p->cma_align);
	if (p->who == RUN_VIRTIO_MEM || p->who == RUN_OFFLINE)
		fprintf(f, "\"memory_block_bytes\":%" PRIu64 ",", p->block_bytes);
}

void results_parameters(FILE *f, const struct run_plan *plan)
{
	const struct run_options *o = plan->options;
	bool wall = o->wall.on;
	char label[16];

	fprintf(f, "{\"schema\":\"%s\",", wall ? RESULTS_WALL_SCHEMA : RESULTS_SCHEMA);
	text_field(f, "revision", cli_revision());
	fprintf(f, ",\"clock\":\"%s\",",
	        wall ? "wall clock; latencies are measured" : "virtual time; latencies are modelled");
	text_field(f, "cost_table", plan->costs.table->name);
	if (plan->costs.table->sha256)
		fprintf(f, ",\"cost_sha256\":\"%s\"", plan->costs.table->sha256);
	fputs(",\"workloads\":[", f);
	workloads(f, plan);
	fputs("],\"backends\":[", f);
	for (uint32_t i = 0; i < o->nr_backends; i++) {
		fputs(i ? "," : "", f);
		json_text(f, o->backends[i]);
	}
	fputs("],", f);
	if (plugins_decide(o->backends, o->nr_backends)) {
		fputs("\"plugins\":", f);
		plugins_print_json(f);
		fputc(',', f);
	}
	fputs("\"seeds\":[", f);
	for (uint32_t i = 0; i < o->nr_seeds; i++)
		fprintf(f, "%s%" PRIu64, i ? "," : "", o->seeds[i]);
	fputs("],\"sizes\":[", f);
	for (uint32_t i = 0; i < o->nr_sizes; i++) {
		run_size_label(&o->sizes[i], label);
		fprintf(f, "%s\"%s\"", i ? "," : "", label);
	}
	fputs("],", f);
	if (o->nodes)
		fprintf(f, "\"nodes\":%u,", o->nodes);
	caller_parameters(f, &o->caller);
	fprintf(f, "\"age\":%u,", o->age);
	if (!wall)
		fprintf(f, "\"passes\":%u,", o->passes);
	fprintf(f, "\"interval_ns\":%" PRIu64 ",\"hold_ns\":%" PRIu64 ",\"max_requests\":%" PRIu64, o->interval_ns,
	        o->hold_ns, o->max_requests);
	if (wall)
		wall_options_json(f, &o->wall);
	else
		fprintf(f, ",\"samples\":%u,\"bootstrap\":{\"resamples\":%u,\"seed\":%" PRIu64 ",\"unit\":\"seed\"}",
		        o->samples, STATS_RESAMPLES, STATS_BOOTSTRAP_SEED);
	fputc('}', f);
}

/* ---- Google Benchmark ------------------------------------------------------------------------ */

static uint64_t total_ns(const struct replay_result *replay, uint64_t *successes, uint64_t *migrated)
{
	uint64_t ns = 0;

	*successes = *migrated = 0;
	for (uint32_t k = 0; k < replay->nr_requests; k++) {
		ns += replay->requests[k].end_ns - replay->requests[k].begin_ns;
		*successes += !replay->requests[k].rc;
		*migrated += replay->requests[k].total.migrated;
	}
	return ns;
}

static void benchmark_head(FILE *f, const char *name, uint32_t row, uint32_t seeds, const char *aggregate)
{
	char full[560];

	snprintf(full, sizeof(full), "%s%s%s", name, aggregate ? "_" : "", aggregate ? aggregate : "");
	fputs("    {", f);
	text_field(f, "name", full);
	fprintf(f, ",\"family_index\":%u,\"per_family_instance_index\":0,", row);
	text_field(f, "run_name", name);
	fprintf(f, ",\"run_type\":\"%s\",\"repetitions\":%u,\"threads\":1,", aggregate ? "aggregate" : "iteration",
	        seeds);
}

static void benchmark_time(FILE *f, uint64_t ns, uint64_t requests)
{
	int64_t mean = stats_ratio((int64_t)ns, (int64_t)requests, 1000);

	fputs("\"real_time\":", f);
	print_fixed(f, mean, 3);
	fputs(",\"cpu_time\":", f);
	print_fixed(f, mean, 3);
	fputs(",\"time_unit\":\"ns\",\"label\":\"modelled\"", f);
}

static void benchmark_counters(FILE *f, uint64_t requests, uint64_t successes, uint64_t migrated)
{
	fputs(",\"success_rate\":", f);
	print_fixed(f, stats_ratio((int64_t)successes, (int64_t)requests, 1000000), 6);
	fputs(",\"migrated_pages\":", f);
	fprintf(f, "%" PRIu64 "}", migrated);
}

static void benchmark_row(FILE *f, const struct results *r, uint32_t index)
{
	const struct result_row *row = &r->rows[index];
	const struct run_options *o = r->plan->options;
	uint64_t ns = 0, successes, migrated;
	char name[512];

	results_row_name(r, row, name);
	for (uint32_t i = 0; i < o->nr_seeds; i++) {
		const struct replay_result *replay = &r->replays[(size_t)index * o->nr_seeds + i];
		uint64_t one = total_ns(replay, &successes, &migrated);

		ns += one;
		benchmark_head(f, name, index, o->nr_seeds, NULL);
		fprintf(f, "\"repetition_index\":%u,\"seed\":%" PRIu64 ",\"iterations\":%u,", i, o->seeds[i],
		        replay->nr_requests);
		benchmark_time(f, one, replay->nr_requests);
		benchmark_counters(f, replay->nr_requests, successes, migrated);
		fputs(",\n", f);
	}
	benchmark_head(f, name, index, o->nr_seeds, "mean");
	fprintf(f, "\"aggregate_name\":\"mean\",\"aggregate_unit\":\"time\",\"iterations\":%u,", o->nr_seeds);
	benchmark_time(f, ns, row->requests);
	benchmark_counters(f, row->requests, row->successes, row->migrated);
}

void results_benchmark_json(FILE *f, const struct results *r)
{
	/* what Google Benchmark has here and differs between machines is in context.json */
	fputs("{\n  \"context\": {\"executable\":\"contigbench run\",\"json_schema_version\":1,\"parameters\":", f);
	results_parameters(f, r->plan);
	fputs("},\n  \"benchmarks\": [\n", f);
	for (uint32_t i = 0; i < r->plan->nr_rows; i++) {
		benchmark_row(f, r, i);
		fputs(i + 1 < r->plan->nr_rows ? ",\n" : "\n", f);
	}
	fputs("  ]\n}\n", f);
}

/* ---- JSON lines ------------------------------------------------------------------------------ */

char *results_replay_prefix(const struct run_plan *plan, uint32_t replay)
{
	const struct run_place at = plan_place(plan, replay);
	const struct run_options *o = plan->options;
	char size[16], occupancy[16], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	run_size_label(&o->sizes[at.size], size);
	occupancy_label(plan_occupancy(plan, &at), occupancy);
	fputc('{', f);
	text_field(f, "workload", plan->workloads[at.workload].name);
	fputc(',', f);
	json_sweep(f, plan, &at);
	fprintf(f, "\"occupancy_percent\":%s,\"size\":\"%s\",\"pages\":%u,", occupancy, size,
	        plan_request_pages(plan, &at));
	text_field(f, "backend", o->backends[at.backend]);
	fprintf(f, ",\"seed\":%" PRIu64, o->seeds[at.seed]);
	return fclose(f) ? NULL : text;
}

void results_first_line(FILE *f, const struct run_plan *plan)
{
	fputs("{\"parameters\":", f);
	results_parameters(f, plan);
	fputs("}\n", f);
}

static void work_fields(FILE *f, const char *key, const struct contig_work *all, const struct contig_work *less)
{
	fprintf(f,
	        ",\"%s\":{\"blocks\":%u,\"scanned\":%u,\"moved\":%u,\"drained\":%u,\"drains\":%u,\"migrated\":%u,"
	        "\"not_migrated\":%u,\"grabbed\":%u}",
	        key, all->blocks - less->blocks, all->scanned - less->scanned, all->moved - less->moved,
	        all->drained - less->drained, all->drains - less->drains, all->migrated - less->migrated,
	        all->not_migrated - less->not_migrated, all->grabbed - less->grabbed);
}

static void autopsy(FILE *f, const struct request_record *q)
{
	fprintf(f, ",\"autopsy\":{\"phase\":\"%s\",\"reason\":\"%s\"", contig_phase_name((enum contig_phase)q->phase),
	        contig_reason_name((enum contig_reason)q->reason));
	if (q->blocker != PFN_NONE)
		fprintf(f, ",\"pfn\":%u,\"kind\":\"%s\"", q->blocker, contig_kind_name((enum page_kind)q->kind));
	if (q->event != EVENT_NONE)
		fprintf(f, ",\"owner\":{\"event\":%u,\"since_ns\":%" PRIu64 ",\"passes_ago\":%u}", q->event,
		        q->since_ns, q->passes);
	fprintf(f, ",\"failed_ns\":%" PRIu64, q->failed_ns ? q->failed_ns : q->begin_ns);
	work_fields(f, "cost", &q->total, &q->undo);
	fputc('}', f);
}

/* What there is to say of a user's request, and not of a plain one. */
static void user_fields(FILE *f, const struct request_record *q, enum run_caller who)
{
	fprintf(f, ",\"caller\":\"%s\",\"got_pages\":%u,\"calls\":%u,\"waits\":%u,\"waited_ns\":%" PRIu64,
	        caller_name(who), q->got, q->calls, q->waits, q->waited_ns);
}

/* Phases that took no time are left out. */
static void phase_times(FILE *f, const struct request_record *q)
{
	const char *separator = "";

	fputs(",\"phase_ns\":{", f);
	for (unsigned int i = 0; i < PHASE_NR; i++) {
		if (!q->phase_ns[i])
			continue;
		fprintf(f, "%s\"%s\":%" PRIu64, separator, contig_phase_name((enum contig_phase)i), q->phase_ns[i]);
		separator = ",";
	}
	fputc('}', f);
}

void results_work_fields(FILE *f, const char *key, const struct contig_work *work)
{
	static const struct contig_work none;

	work_fields(f, key, work, &none);
}

static void request_line(FILE *f, const char *prefix, uint32_t k, const struct request_record *q,
                         const struct run_options *o, uint64_t *failures)
{
	enum run_caller who = o->caller.who;

	fprintf(f, "%s,\"request\":%u", prefix, k);
	if (o->passes > 1)
		fprintf(f, ",\"pass\":%u", q->pass);
	fprintf(f, ",\"begin_ns\":%" PRIu64 ",\"end_ns\":%" PRIu64, q->begin_ns, q->end_ns);
	if (q->start != PFN_NONE)
		fprintf(f, ",\"start_pfn\":%u", q->start);
	fprintf(f, ",\"cpu\":%u,\"rc\":%d", q->cpu, q->rc);
	if (who != RUN_PLAIN)
		user_fields(f, q, who);
	results_work_fields(f, "work", &q->total);
	phase_times(f, q);
	if (q->rc) {
		fprintf(f, ",\"failure\":%" PRIu64, ++*failures);
		autopsy(f, q);
	}
	fputs("}\n", f);
}

void results_requests_jsonl(FILE *f, const struct results *r)
{
	uint64_t failures = 0;

	results_first_line(f, r->plan);
	for (uint32_t i = 0; i < r->plan->nr_replays; i++) {
		char *prefix = results_replay_prefix(r->plan, i);

		for (uint32_t k = 0; prefix && k < r->replays[i].nr_requests; k++)
			request_line(f, prefix, k, &r->replays[i].requests[k], r->plan->options, &failures);
		free(prefix);
	}
}

static void sample_line(FILE *f, const char *prefix, const struct sample_record *s, bool end)
{
	static const struct {
		const char *name;
		enum contig_retype what;
	} counted[] = {
		{ "fallback", RETYPE_FALLBACK }, { "merge", RETYPE_MERGE },     { "undo", RETYPE_UNDO },
		{ "grab", RETYPE_GRAB },         { "reserve", RETYPE_RESERVE },
	};

	fprintf(f,
	        "%s,\"ns\":%" PRIu64 ",\"end\":%s,\"free_pages\":%" PRIu64 ",\"pcp_pages\":%" PRIu64
	        ",\"isolated_blocks\":%" PRIu64 ",\"mixed_blocks\":%" PRIu64 ",\"blocks\":{",
	        prefix, s->ns, end ? "true" : "false", s->free, s->pcp, s->isolated, s->mixed_blocks);
	for (int t = 0; t < MT_NR; t++)
		fprintf(f, "%s\"%s\":%" PRIu64, t ? "," : "", contig_type_name((enum migratetype)t), s->blocks[t]);
	fputs("},\"retyped\":{", f);
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		fprintf(f, "%s\"%s\":%" PRIu64, i ? "," : "", counted[i].name, s->retyped[counted[i].what]);
	fputs("},\"unusable_index\":", f);
	print_fixed(f, s->unusable, 3);
	fputs(",\"fragmentation_index\":", f);
	print_fixed(f, s->fragmentation, 3);
	fputs("}\n", f);
}

void results_series_jsonl(FILE *f, const struct results *r)
{
	results_first_line(f, r->plan);
	for (uint32_t i = 0; i < r->plan->nr_replays; i++) {
		char *prefix = results_replay_prefix(r->plan, i);

		for (uint32_t k = 0; prefix && k < r->replays[i].nr_samples; k++)
			sample_line(f, prefix, &r->replays[i].samples[k], false);
		if (prefix)
			sample_line(f, prefix, &r->replays[i].end, true);
		free(prefix);
	}
}

void results_maps_jsonl(FILE *f, const struct results *r)
{
	results_first_line(f, r->plan);
	for (uint32_t i = 0; i < r->plan->nr_replays; i += r->plan->options->nr_seeds) {
		const struct replay_result *replay = &r->replays[i];
		const struct run_place at = plan_place(r->plan, i);
		char *prefix = results_replay_prefix(r->plan, i);

		for (uint32_t k = 0; prefix && k < replay->nr_maps; k++) {
			const struct zone_map *z = &replay->maps[k];

			fprintf(f,
			        "%s,\"ns\":%" PRIu64
			        ",\"zone\":%u,\"node\":%u,\"start_pfn\":%u,\"pages\":%u,\"map\":\"%s\"}\n",
			        prefix, replay->end.ns, z->zone, plan_geometry(r->plan, &at)->zones[z->zone].node,
			        z->start, z->pages, z->text);
		}
		free(prefix);
	}
}
