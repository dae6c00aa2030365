// SPDX-License-Identifier: MIT
/* frame_json.c - a repetition as a line of wall.jsonl, its requests as lines of requests.jsonl (docs/formats.md). */
#include <inttypes.h>
#include <stdlib.h>

#include "frame.h"

static void u64(FILE *to, const char *key, uint64_t value)
{
	fprintf(to, ",\"%s\":%" PRIu64, key, value);
}

/* Thousandths as a share. */
static void share(FILE *to, const char *key, uint64_t thousandths)
{
	fprintf(to, ",\"%s\":", key);
	print_fixed(to, (int64_t)thousandths, 3);
}

/* The same for a line of either file. */
static void head(FILE *to, const struct frame_row *row)
{
	const struct frame *f = row->frame;
	char *prefix = results_replay_prefix(&f->plan, row->replay), pace[32];

	wall_pace_label(f->options->wall.pace, pace);
	fputs(prefix ? prefix : "{\"workload\":\"\"", to);
	free(prefix);
	if (row->copy)
		u64(to, "copy", row->copy + 1);
	u64(to, "threads", row->nr_threads);
	u64(to, "repetition", row->nr);
	fprintf(to, ",\"clock\":\"wall\",\"pace\":\"%s\"", pace);
	if (*row->placement->sharing) {
		fprintf(to, ",\"%s\":", row->placement->oversubscribed ? "oversubscribed" : "shared");
		json_text(to, row->placement->sharing);
	}
}

/* ---- latencies ------------------------------------------------------------------------------- */

/* An exact number of ticks in ns, with a decimal: a tick may be less than one. */
static void edge(FILE *to, const struct wall_clock *c, uint64_t ticks)
{
	fprintf(to, "%.1f", (double)ticks * c->ns_per_tick);
}

static void cells(FILE *to, const struct wall_clock *c, const struct histogram *h)
{
	bool first = true;

	fputs(",\"histogram_ns\":[", to);
	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++) {
		if (!h->cells[i])
			continue;
		fputs(first ? "[" : ",[", to);
		edge(to, c, histogram_low(i));
		fputc(',', to);
		edge(to, c, histogram_low(i + 1));
		fprintf(to, ",%" PRIu64 "]", h->cells[i]);
		first = false;
	}
	fputc(']', to);
}

static void latency(FILE *to, const char *key, const struct wall_clock *c, const struct histogram *h)
{
	static const struct {
		const char *name;
		uint32_t millionths;
	} percentiles[] = { { "p50_ns", 500000 }, { "p90_ns", 900000 }, { "p99_ns", 990000 }, { "p999_ns", 999000 } };
	uint64_t n = histogram_count(h);

	fprintf(to, "\"%s\":{\"count\":%" PRIu64, key, n);
	if (n) {
		for (size_t i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++)
			u64(to, percentiles[i].name,
			    wall_clock_ns(c, histogram_percentile(h, percentiles[i].millionths)));
		u64(to, "max_ns", wall_clock_ns(c, h->max));
		fprintf(to, ",\"mean_ns\":%.1f", (double)h->sum * c->ns_per_tick / (double)n);
		cells(to, c, h);
	}
	fputc('}', to);
}

static void latencies(FILE *to, const struct wall_clock *c, const struct wall_result *r)
{
	fprintf(to, ",\"histogram_error\":%.5f,\"operations\":{", 1.0 / HISTOGRAM_STEPS);
	for (unsigned int i = 0; i < WALL_OP_NR; i++) {
		fputs(i ? "," : "", to);
		latency(to, wall_op_name((enum wall_op)i), c, &r->op[i]);
	}
	fputs("},\"phases\":{", to);
	for (unsigned int i = 0; i < PHASE_DONE; i++) {
		fputs(i ? "," : "", to);
		latency(to, contig_phase_name((enum contig_phase)i), c, &r->phase[i]);
	}
	fputs("},", to);
	latency(to, "request", c, &r->request);
	fputc(',', to);
	latency(to, "lag", c, &r->lag);
}

/* ---- what else there is to a replay ---------------------------------------------------------- */

static void counters(FILE *to, const struct counter_values *v)
{
	bool first = true;

	for (unsigned int i = 0; i < COUNTER_NR; i++) {
		uint64_t value;
		uint32_t running;

		if (!counter_scaled(v, (enum counter)i, &value, &running))
			continue;
		fprintf(to, "%s\"%s\":{\"value\":%" PRIu64, first ? "" : ",", counter_name((enum counter)i), value);
		share(to, "running_share", running);
		fputc('}', to);
		first = false;
	}
}

static void all_counters(FILE *to, const struct wall_params *p, const struct wall_result *r)
{
	if (!p->counters)
		return;
	fputs(",\"counters\":{", to);
	counters(to, &r->run);
	fputc('}', to);
	if (!p->phase_counters)
		return;
	fputs(",\"phase_counters\":{", to);
	for (unsigned int i = 0; i < PHASE_DONE; i++) {
		fprintf(to, "%s\"%s\":{", i ? "," : "", contig_phase_name((enum contig_phase)i));
		counters(to, &r->by_phase[i]);
		fputc('}', to);
	}
	fputc('}', to);
}

static void threads(FILE *to, const struct wall_result *r)
{
	fputs(",\"per_thread\":[", to);
	for (uint32_t i = 0; i < r->nr_threads; i++) {
		const struct wall_thread *t = &r->threads[i];

		fprintf(to,
		        "%s{\"cpu\":%u,\"moved\":%u,\"events\":%" PRIu64 ",\"loop_ns\":%" PRIu64
		        ",\"waited_ns\":%" PRIu64 ",\"paced_ns\":%" PRIu64 ",\"request_ns\":%" PRIu64 "}",
		        i ? "," : "", t->cpu, t->moved, t->events, t->loop_ns, t->waited_ns, t->paced_ns,
		        t->request_ns);
	}
	fputc(']', to);
}

static void pages(FILE *to, const char *key, uint64_t bytes, const struct placement_found *p)
{
	fprintf(to,
	        ",\"%s\":{\"bytes\":%" PRIu64 ",\"right_pages\":%" PRIu64 ",\"wrong_pages\":%" PRIu64
	        ",\"untouched_pages\":%" PRIu64 "}",
	        key, bytes, p->right, p->wrong, p->untouched);
}

static void state(FILE *to, const struct wall_result *r)
{
	uint64_t got = 0, migrated = 0;

	for (uint32_t k = 0; k < r->nr_requests; k++) {
		got += !r->requests[k].rc;
		migrated += r->requests[k].total.migrated;
	}
	u64(to, "allocs", r->allocs);
	u64(to, "failed_allocs", r->failed_allocs);
	u64(to, "retried_frees", r->retried_frees);
	u64(to, "skipped_pins", r->skipped_pins);
	u64(to, "requests", r->nr_requests);
	u64(to, "successes", got);
	u64(to, "migrated_pages", migrated);
	u64(to, "retyped_fallback_blocks", r->retyped[RETYPE_FALLBACK]);
	u64(to, "retyped_merge_blocks", r->retyped[RETYPE_MERGE]);
	u64(to, "retyped_undo_blocks", r->retyped[RETYPE_UNDO]);
	u64(to, "retyped_grab_blocks", r->retyped[RETYPE_GRAB]);
	u64(to, "free_pages", r->end.free);
	u64(to, "mixed_blocks", r->end.mixed_blocks);
	fputs(",\"unusable_index\":", to);
	print_fixed(to, r->end.unusable, 3);
	fputs(",\"fragmentation_index\":", to);
	print_fixed(to, r->end.fragmentation, 3);
}

void frame_result_line(FILE *to, const struct frame_row *row, const struct wall_params *params,
                       const struct wall_result *r, const struct frame_disturbance *d)
{
	head(to, row);
	u64(to, "sequence", row->frame->measured);
	fprintf(to, ",\"timing\":\"%s\",\"backing_memory\":%s,\"bind\":%s", wall_timing_name((uint8_t)params->timing),
	        params->backing ? "true" : "false", params->placement->bind ? "true" : "false");
	u64(to, "wall_ns", r->wall_ns);
	u64(to, "events", r->events);
	state(to, r);
	if (r->harness_ns > 0) {
		fprintf(to, ",\"harness_ns_per_event\":%.2f", r->harness_ns);
		share(to, "harness_share", r->harness_share);
	}
	u64(to, "verifications", r->verifications);
	if (d->steal_ns != UINT64_MAX)
		u64(to, "steal_ns", d->steal_ns);
	u64(to, "involuntary_switches", d->preempted);
	pages(to, "metadata", r->metadata_bytes, &r->metadata);
	if (params->backing)
		pages(to, "backing", r->backing_bytes, &r->backing);
	threads(to, r);
	all_counters(to, params, r);
	latencies(to, params->clock, r);
	fputs("}\n", to);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void request_line(FILE *to, const struct wall_request *q)
{
	u64(to, "intended_ns", q->intended_ns);
	u64(to, "begin_ns", q->begin_ns);
	u64(to, "end_ns", q->end_ns);
	if (q->start != PFN_NONE)
		u64(to, "start_pfn", q->start);
	fprintf(to, ",\"cpu\":%u,\"rc\":%d,\"phase_ns\":{", q->cpu, q->rc);
	for (unsigned int i = 0; i < PHASE_DONE; i++)
		fprintf(to, "%s\"%s\":%" PRIu64, i ? "," : "", contig_phase_name((enum contig_phase)i), q->phase_ns[i]);
	fputc('}', to);
	results_work_fields(to, "work", &q->total);
	if (q->rc) {
		fprintf(to, ",\"autopsy\":{\"phase\":\"%s\",\"reason\":\"%s\"",
		        contig_phase_name((enum contig_phase)q->phase),
		        contig_reason_name((enum contig_reason)q->reason));
		if (q->blocker != PFN_NONE)
			fprintf(to, ",\"pfn\":%u,\"kind\":\"%s\"", q->blocker,
			        contig_kind_name((enum page_kind)q->kind));
		if (q->event != EVENT_NONE)
			fprintf(to, ",\"event\":%u", q->event);
		fputc('}', to);
	}
	fputs("}\n", to);
}

void frame_request_lines(FILE *to, const struct frame_row *row, const struct wall_result *r)
{
	for (uint32_t k = 0; k < r->nr_requests; k++) {
		head(to, row);
		u64(to, "request", k);
		request_line(to, &r->requests[k]);
	}
}
