// SPDX-License-Identifier: MIT
/* frame_context.c - what measured numbers depend on: for the terminal, for benchmark.json and for context.json. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../micro/gbench.h"
#include "frame.h"

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int frame_describe(struct frame *f)
{
	wall_clock_calibrate(&f->clock);
	if (f->options->wall.counting != COUNT_NOTHING)
		counters_missing(f->missing, sizeof(f->missing));
	f->start_ns = now_ns();
	f->begin_steal_ns = machine_steal_ns();
	f->throttles = machine_throttled(&f->begin_throttles, &f->begin_throttled_ns);
	return machine_describe(&f->machine);
}

/* ---- sentences that all three places have ---------------------------------------------------- */

static void say_clock(const struct frame *f, char out[160])
{
	snprintf(out, 160, "wall clock, latencies are measured (%s, %.1f ns a reading, steps of %.1f ns)",
	         f->clock.name, f->clock.cost_ns, f->clock.step_ns);
}

static void say_timing(const struct frame *f, char out[96])
{
	if (f->options->wall.timing == TIMING_SAMPLED)
		snprintf(out, 96, "sampled: one operation in %u", WALL_SAMPLE);
	else if (f->options->wall.timing == TIMING_EVERY)
		snprintf(out, 96, "every: each operation");
	else
		snprintf(out, 96, "batch: the loop as a whole, no single operation");
}

static void say_pace(const struct frame *f, char out[96])
{
	double pace = f->options->wall.pace;

	if (pace > 0)
		snprintf(out, 96, "%g trace second%s a second", pace, pace == 1 ? "" : "s");
	else
		snprintf(out, 96, "as fast as possible");
}

static const char *binding(const struct frame *f)
{
	return f->options->wall.no_bind
	               ? "not bound (--bind no): it lies where the kernel put it, which is not verified"
	               : "bound to the node of its zone; the kernel is asked where it lies";
}

static const char *first_sharing(const struct frame *f)
{
	for (uint32_t i = 0; i < f->nr_placements; i++) {
		if (f->placements[i].oversubscribed)
			return f->placements[i].sharing;
	}
	return "";
}

/* By the kernel's answer. */
static void say_found(const struct placement_found *p, char out[160])
{
	snprintf(out, 160, "%" PRIu64 " pages on their node, %" PRIu64 " on another, %" PRIu64 " untouched", p->right,
	         p->wrong, p->untouched);
}

static void say_steal(const struct frame *f, char out[96])
{
	uint64_t now = machine_steal_ns();
	double cpus = (double)sysconf(_SC_NPROCESSORS_ONLN), seconds = (double)(now_ns() - f->start_ns) / 1e9;

	if (now == UINT64_MAX || f->begin_steal_ns == UINT64_MAX)
		snprintf(out, 96, "unknown");
	else
		snprintf(out, 96, "%.0f ms in %.1f s on %.0f cpus", (double)(now - f->begin_steal_ns) / 1e6, seconds,
		         cpus);
}

static void say_preempted(const struct frame *f, char out[96])
{
	snprintf(out, 96, "%" PRIu64 " time%s in %u replay%s", f->preempted, f->preempted == 1 ? "" : "s", f->measured,
	         f->measured == 1 ? "" : "s");
}

static void say_throttled(const struct frame *f, char out[96])
{
	uint64_t times, ns;

	if (!f->throttles || !machine_throttled(&times, &ns))
		snprintf(out, 96, "no quota, or unknown");
	else
		snprintf(out, 96, "%" PRIu64 " times, %.0f ms", times - f->begin_throttles,
		         (double)(ns - f->begin_throttled_ns) / 1e6);
}

/* ---- the terminal ---------------------------------------------------------------------------- */

static bool same_mapping(const struct placement *a, const struct placement *b)
{
	return a->nr_threads == b->nr_threads && a->nr_nodes == b->nr_nodes &&
	       !memcmp(a->threads, b->threads, a->nr_threads * sizeof(a->threads[0])) &&
	       !memcmp(a->thread_of, b->thread_of, sizeof(a->thread_of)) &&
	       !memcmp(a->node_of, b->node_of, a->nr_nodes * sizeof(a->node_of[0]));
}

/* Each mapping once: most workloads and occupancies have the same. */
static bool is_new(const struct frame *f, uint32_t placement)
{
	for (uint32_t k = 0; k < placement; k++) {
		if (same_mapping(&f->placements[k], &f->placements[placement]))
			return false;
	}
	return true;
}

static void print_mappings(FILE *to, const struct frame *f)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < f->nr_placements; i++)
		nr += is_new(f, i);
	for (uint32_t i = 0; i < f->nr_placements; i++) {
		if (!is_new(f, i))
			continue;
		if (nr > 1)
			fprintf(to, "%s on %u thread%s:\n", frame_workload(f, i), f->placements[i].nr_threads,
			        f->placements[i].nr_threads == 1 ? "" : "s");
		placement_print(&f->placements[i], to);
	}
}

void frame_preface(FILE *to, const struct frame *f)
{
	char clock[160], timing[96], pace[96];

	say_clock(f, clock);
	say_timing(f, timing);
	say_pace(f, pace);
	fprintf(to, "clock:    %s\ntiming:   %s\npace:     %s\n", clock, timing, pace);
	print_mappings(to, f);
	fprintf(to, "memory:   %s %s\n", f->options->wall.backing ? "metadata and simulated pages are" : "metadata is",
	        binding(f));
	if (*f->missing)
		fprintf(to, "missing counters: %s\n", f->missing);
}

/* What that means for the numbers. On a quiet machine it is some ten times a replay. */
static const char *who_preempts(const struct frame *f)
{
	if (f->preempted <= 2 * f->measured)
		return "";
	if (*first_sharing(f))
		return ": by each other, or by something else";
	return f->preempted > 50 * (uint64_t)f->measured
	               ? ": something else wants these cpus; measure again before you believe a difference"
	               : ": something else wants these cpus";
}

void frame_epilogue(FILE *to, const struct frame *f)
{
	char text[160];

	if (!f->options->wall.no_bind) {
		say_found(&f->metadata, text);
		if (f->metadata.wrong + f->backing.wrong)
			fputs("\nMISPLACED: memory left its node while it was measured on", to);
		fprintf(to, "\nmetadata: %s, by the kernel's answer, all replays together\n", text);
		say_found(&f->backing, text);
		if (f->options->wall.backing)
			fprintf(to, "backing:  %s\n", text);
	}
	say_steal(f, text);
	fprintf(to, "stolen:   %s\n", text);
	say_preempted(f, text);
	fprintf(to, "preempted: %s%s\n", text, who_preempts(f));
	if (f->throttles) {
		say_throttled(f, text);
		fprintf(to, "throttled by the cgroup's cpu quota: %s\n", text);
	}
}

/* ---- benchmark.json -------------------------------------------------------------------------- */

static char *mapping_text(const struct frame *f)
{
	char *text = NULL;
	size_t len = 0;
	FILE *m = open_memstream(&text, &len);

	if (!m)
		return NULL;
	print_mappings(m, f);
	if (fclose(m))
		return NULL;
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	return text;
}

static int add(const char *key, const char *value)
{
	int rc = gbench_add_context(key, value);

	return rc == -EEXIST ? 0 : rc;
}

static int add_inputs(const struct frame *f)
{
	char *text = NULL;
	size_t len;
	FILE *m = open_memstream(&text, &len);

	for (uint32_t w = 0; m && w < f->plan.nr_workloads; w++)
		fprintf(m, "%s%s sha256 %s", w ? ", " : "", f->plan.workloads[w].name, f->plan.workloads[w].sha256);
	if (!m || fclose(m))
		return -ENOMEM;
	int rc = add("inputs", text);

	free(text);
	return rc;
}

static int add_seeds(const struct frame *f)
{
	char *text = NULL;
	size_t len;
	FILE *m = open_memstream(&text, &len);

	for (uint32_t i = 0; m && i < f->options->nr_seeds; i++)
		fprintf(m, "%s%" PRIu64, i ? "," : "", f->options->seeds[i]);
	if (!m || fclose(m))
		return -ENOMEM;
	int rc = add("seeds", text);

	free(text);
	return rc;
}

int frame_add_context(struct frame *f)
{
	char clock[160], timing[96], pace[96], *mapping = mapping_text(f);
	int rc = mapping ? 0 : -ENOMEM;

	say_clock(f, clock);
	say_timing(f, timing);
	say_pace(f, pace);
	const char *const pairs[][2] = {
		{ "schema", RESULTS_WALL_SCHEMA },
		{ "contigbench_revision", cli_revision() },
		{ "compiler", __VERSION__ },
		{ "clock", clock },
		{ "timing", timing },
		{ "pace", pace },
		{ "placement", mapping },
		{ "memory", binding(f) },
		{ "oversubscribed", *first_sharing(f) ? first_sharing(f) : "no" },
		{ "counters_missing", *f->missing ? f->missing : "none" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]) && !rc; i++)
		rc = add(pairs[i][0], pairs[i][1]);
	for (size_t i = 0; i < f->machine.nr && !rc; i++)
		rc = add(f->machine.facts[i].key, f->machine.facts[i].value);
	if (!rc)
		rc = add_inputs(f);
	if (!rc)
		rc = add_seeds(f);
	free(mapping);
	return rc;
}

void frame_add_late_context(void *frame)
{
	struct frame *f = frame;
	char text[160];

	say_steal(f, text);
	add("steal_over_run", text);
	say_preempted(f, text);
	add("preempted_over_run", text);
	say_throttled(f, text);
	add("throttled_over_run", text);
	if (f->options->wall.no_bind)
		return;
	say_found(&f->metadata, text);
	add("metadata_by_the_kernels_answer", text);
	say_found(&f->backing, text);
	if (f->options->wall.backing)
		add("backing_by_the_kernels_answer", text);
}

/* ---- context.json ---------------------------------------------------------------------------- */

static void field(FILE *to, const char *key, const char *value)
{
	fprintf(to, "  \"%s\": ", key);
	json_text(to, value);
	fputs(",\n", to);
}

static void found(FILE *to, const char *key, const struct placement_found *p)
{
	fprintf(to,
	        "  \"%s\": {\"right_pages\": %" PRIu64 ", \"wrong_pages\": %" PRIu64 ", \"untouched_pages\": %" PRIu64
	        "},\n",
	        key, p->right, p->wrong, p->untouched);
}

static void command(FILE *to, const struct frame *f)
{
	fputs("  \"command\": [", to);
	for (int i = 0; i < f->argc; i++) {
		fputs(i ? ", " : "", to);
		json_text(to, f->argv[i]);
	}
	fputs("],\n  \"workload_files\": [", to);
	for (uint32_t w = 0; w < f->plan.nr_workloads; w++) {
		char *real = realpath(f->plan.workloads[w].path, NULL);

		fputs(w ? ", " : "", to);
		json_text(to, real ? real : f->plan.workloads[w].path);
		free(real);
	}
	fputs("],\n", to);
}

static void deltas(FILE *to, const struct frame *f)
{
	uint64_t steal = machine_steal_ns(), times, ns;

	if (steal != UINT64_MAX && f->begin_steal_ns != UINT64_MAX)
		fprintf(to, "  \"steal_ns\": %" PRIu64 ",\n", steal - f->begin_steal_ns);
	if (f->throttles && machine_throttled(&times, &ns))
		fprintf(to, "  \"throttled_times\": %" PRIu64 ",\n  \"throttled_ns\": %" PRIu64 ",\n",
		        times - f->begin_throttles, ns - f->begin_throttled_ns);
	fprintf(to, "  \"wall_ns\": %" PRIu64 "\n}\n", now_ns() - f->start_ns);
}

void frame_context_json(FILE *to, const struct frame *f)
{
	char text[160], *mapping = mapping_text(f);
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fputs("{\n", to);
	field(to, "schema", RESULTS_WALL_SCHEMA);
	field(to, "revision", cli_revision());
	field(to, "date", text);
	field(to, "compiler", __VERSION__);
	command(to, f);
	json_machine(to, &f->machine);
	field(to, "interrupted", f->interrupted ? "yes: rows have fewer repetitions than were asked for" : "no");
	say_clock(f, text);
	field(to, "clock", text);
	fprintf(to, "  \"clock_name\": \"%s\",\n  \"clock_cost_ns\": %.2f,\n  \"clock_step_ns\": %.2f,\n",
	        f->clock.name, f->clock.cost_ns, f->clock.step_ns);
	field(to, "placement", mapping ? mapping : "");
	field(to, "memory", binding(f));
	field(to, "oversubscribed", *first_sharing(f) ? first_sharing(f) : "no");
	field(to, "counters_missing", *f->missing ? f->missing : "none");
	found(to, "metadata", &f->metadata);
	if (f->options->wall.backing)
		found(to, "backing", &f->backing);
	fprintf(to, "  \"replays\": %u,\n  \"verifications\": %" PRIu64 ",\n  \"involuntary_switches\": %" PRIu64 ",\n",
	        f->measured, f->verifications, f->preempted);
	deltas(to, f);
	free(mapping);
}
