// SPDX-License-Identifier: MIT
/* cmd_list.c - contigbench list: backends, workloads, metrics, knobs, the table of presets and geometries. */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "kernels/kernels.h"
#include "help/commands.h"
#include "plugins.h"
#include "text/escape.h"
#include "virtual/plan.h"

/* A kernel that was built is a backend of some commands: known by its name alone. */
struct built {
	char name[CONTIG_MAX_NAME + 1];
	char summary[KERNEL_TEXT + 32];
};

static bool describe_built(const char *name, struct built *b)
{
	struct contig_diag diag;
	struct guest_kernel k;

	if ((size_t)snprintf(b->name, sizeof(b->name), "%s@guest", name) >= sizeof(b->name) ||
	    guest_kernel_load(name, &k, &diag))
		return false;
	snprintf(b->summary, sizeof(b->summary), "Linux %s itself, in a guest", k.release);
	return true;
}

static bool list_built(void *ctx, const char *name)
{
	struct built b;

	(void)ctx;
	if (describe_built(name, &b)) {
		printf("%-16s ", b.name);
		escape_terminal(stdout, b.summary);
		putchar('\n');
	}
	return true;
}

static void list_backends(void)
{
	const struct contig_backend *b;

	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		const struct plugin *p = plugin_of(b);

		printf("%-16s ", b->name);
		escape_terminal(stdout, b->summary);
		printf("%s%s", b->baseline ? " (baseline)" : "", p ? " (plugin " : "");
		escape_terminal(stdout, p ? p->file : "");
		puts(p ? ")" : "");
	}
	guest_kernel_each(list_built, NULL);
}

static bool list_workload(void *ctx, const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	bool *any = ctx;
	struct contig_diag diag;
	struct trace t;

	*any = true;
	if (trace_open_info(path, &t, &diag)) {
		printf("%.*s: %s\n", (int)(strlen(base) - 4), base, diag.text);
		return true;
	}
	printf("%-14.*s %" PRIu64 " events, %.1f s, %" PRIu64 " pages at its peak, Linux %s%s%s\n",
	       (int)(strlen(base) - 4), base, t.info.nr_events, (double)t.info.duration_ns / 1e9, t.info.peak_pages,
	       t.info.kernel, t.info.label[0] ? ": " : "", t.info.label);
	trace_close(&t);
	return true;
}

static void list_workloads(void)
{
	bool any = false;

	workload_each(list_workload, &any);
	if (!any)
		puts("(none in workloads/corpus; `contigbench record` makes one)");
}

static const struct {
	bool wall; /* of runs on the wall clock */
	const char *name;
	const char *meaning;
} metrics[] = {
	{ false, "success", "requests that got their range, in percent; 95 % bootstrap interval over seeds" },
	{ false, "difference", "success minus that of the first backend, in percentage points; paired over seeds" },
	{ false, "migrated", "pages migrated by all requests, by successful request" },
	{ false, "p50 p99 max",
	  "time from a request's begin to its end, successful ones; ms of virtual time, modelled" },
	{ false, "undo+grab", "pageblocks whose type requests changed, by replay" },
	{ false, "fallback", "pageblocks whose type allocations and merging changed, by replay" },
	{ false, "mixed", "pageblocks that hold an allocation of another type than their own, at the end" },
	{ false, "unusable", "unusable free index at pageblock order, at the end: 0 = none, 1 = all" },
	{ false, "frag",
	  "fragmentation index at pageblock order, at the end: -1 = a block is free, towards 1 = fragmented" },
	{ false, "gain cost",
	  "of a knob (--ablate): success after less before, points; pages migrated by request, after less before" },
	{ false, "got calls waited",
	  "of a user's request (--caller): pages got, calls of alloc_contig_range, time it waited for locks; by request" },
	{ false, "failed", "allocations of the trace that got nothing, in percent; above 0.1 the work is unequal" },
	{ true, "events", "events of the trace by the time of the counted pass; million/s" },
	{ true, "work", "the threads' time by event, waiting aside; ns" },
	{ true, "harness", "of the threads' time: what fetching events, reading clocks and counting costs; percent" },
	{ true, "waiting", "of the threads' time and itself: for other threads' events and the window; percent" },
	{ true, "lag", "of events behind the pace (--pace trace, X); us" },
	{ true, "alloc free", "mean, p50, p99 of allocations of order 0, and of frees, locks included; ns" },
	{ true, "request", "the same of all contiguous requests, failed ones included, from their intended start; us" },
	{ true, "isolate ...", "mean time of each phase by request that got there; us, and ns by page migrated" },
	{ true, "change",
	  "against the first backend, lower quartiles of repetitions; percent, 95 % bootstrap interval" },
};

static void list_metrics(void)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		if (metrics[i].wall && !metrics[i - 1].wall)
			puts("\nWith --clock wall, where all is measured; medians over repetitions:");
		printf("%-14s %s\n", metrics[i].name, metrics[i].meaning);
	}
}

static void list_geometries(void)
{
	const struct geometry_preset *p;

	printf("%-18s %8s %3s %3s %12s\n", "", "page KiB", "P", "M", "section MiB");
	for (size_t i = 0; (p = geometry_preset_at(i)); i++) {
		if (p->page_shift)
			printf("%-18s %8u %3u %3u %12u  %s\n", p->name, (1u << p->page_shift) >> 10, p->pageblock_order,
			       p->max_order, (1u << p->section_shift) >> 20, p->summary);
		else
			printf("%-18s %8s %3s %3s %12s  %s\n", p->name, "-", "-", "-", "-", p->summary);
	}
}

/* "linux-6.1-guest  AMD EPYC, 6.1.0-57-amd64, 2026-11-30: ..." */
static void list_cost(void *ctx, const char *path, const struct cost_file *c, const char *reason)
{
	(void)ctx;
	(void)path;
	if (c)
		printf("%-18s %s, kernel %s, %s: %s\n", c->name, c->cpu, c->kernel, c->date, c->how);
	else
		printf("%s\n", reason);
}

static void list_costs(void)
{
	printf("%-18s built in, the default: a 1 GiB request measured on Linux 6.18, EPYC 2.6 GHz\n",
	       cost_linux_6_18.name);
	costs_each(list_cost, NULL);
}

static void list_presets(void);

/* Every knob with its values, and which backends have which: from the presets themselves. */
static void list_knobs(void)
{
	const struct contig_backend *b;
	struct contig_knob k;

	for (size_t i = 0; contig_knob_at(i, &k); i++) {
		printf("%s: %s\n", k.name, k.doc);
		for (unsigned int v = 0; v < k.nr_values; v++) {
			printf("  %-20s %s\n", k.values[v].name, k.values[v].where);
			bool any = false;

			for (size_t n = 0; (b = contig_backend_at(n)); n++) {
				if (contig_knob_value(b, &k) == (int)v) {
					printf("%s %s", any ? "" : "                       ", b->name);
					any = true;
				}
			}
			if (any)
				putchar('\n');
		}
	}
	putchar('\n');
	list_presets();
}

/* What a preset has for a knob; NULL for a backend without knobs. */
static const char *preset_value(const struct contig_backend *b, const struct contig_knob *k)
{
	int v = contig_knob_value(b, k);

	return v < 0 ? NULL : k->values[v].name;
}

/* The specification's table: a row a knob, a column a generation; a ditto where a generation has what the one before it had. */
static void list_presets(void)
{
	const struct contig_backend *b;
	const char *before, *value;
	struct contig_knob k;

	printf("%-24s", "");
	for (size_t n = 0; (b = contig_backend_at(n)); n++) {
		if (b->preset)
			printf(" %-18s", b->name);
	}
	putchar('\n');
	for (size_t i = 0; contig_knob_at(i, &k); i++) {
		printf("%-24s", k.name);
		before = NULL;
		for (size_t n = 0; (b = contig_backend_at(n)); n++, before = value) {
			value = preset_value(b, &k);
			if (value)
				printf(" %-18s", before && !strcmp(before, value) ? "\"" : value);
		}
		putchar('\n');
	}
}

/* ---- the same for programs --------------------------------------------------------------------- */

static json_t *json_values(const struct contig_knob *k)
{
	json_t *values = json_array();

	for (unsigned int v = 0; v < k->nr_values; v++)
		json_array_append_new(values,
		                      json_pack("{ssss}", "name", k->values[v].name, "where", k->values[v].where));
	return values;
}

static json_t *json_policy(const struct contig_backend *b)
{
	json_t *policy = json_object();
	struct contig_knob k;

	for (size_t i = 0; contig_knob_at(i, &k) && b->preset; i++)
		json_object_set_new(policy, k.name, json_string(preset_value(b, &k)));
	return policy;
}

static json_t *json_backend(const struct contig_backend *b)
{
	const struct plugin *p = plugin_of(b);
	json_t *o = json_pack("{sssssbso}", "name", b->name, "summary", b->summary, "baseline", b->baseline, "policy",
	                      json_policy(b));

	if (p)
		json_object_set_new(o, "plugin",
		                    json_pack("{ssssssss}", "name", p->is->name, "file", p->file, "sha256", p->sha256,
		                              "licence", p->is->licence));
	return o;
}

static bool json_built(void *ctx, const char *name)
{
	struct built b;

	if (describe_built(name, &b))
		json_array_append_new(ctx, json_pack("{sssssbsn}", "name", b.name, "summary", b.summary, "baseline",
		                                     false, "policy"));
	return true;
}

static bool json_workload(void *ctx, const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	struct contig_diag diag;
	struct trace t;

	if (trace_open_info(path, &t, &diag)) {
		json_array_append_new(ctx, json_pack("{ssss}", "file", base, "error", diag.text));
		return true;
	}
	json_array_append_new(ctx, json_pack("{sssIsIsIss}", "file", base, "events", (json_int_t)t.info.nr_events,
	                                     "duration_ns", (json_int_t)t.info.duration_ns, "peak_pages",
	                                     (json_int_t)t.info.peak_pages, "kernel", t.info.kernel));
	trace_close(&t);
	return true;
}

static json_t *json_geometries(void)
{
	json_t *all = json_array();
	const struct geometry_preset *p;

	for (size_t i = 0; (p = geometry_preset_at(i)); i++) {
		json_t *g = json_pack("{ssss}", "name", p->name, "summary", p->summary);

		if (p->page_shift) {
			json_object_set_new(g, "page_bytes", json_integer(1 << p->page_shift));
			json_object_set_new(g, "pageblock_order", json_integer(p->pageblock_order));
			json_object_set_new(g, "max_order", json_integer(p->max_order));
			json_object_set_new(g, "section_bytes", json_integer((json_int_t)1 << p->section_shift));
		}
		json_array_append_new(all, g);
	}
	return all;
}

/* {"isolate": {"blocks": 1309000}}, ps: what is not there is free */
static json_t *json_prices(const struct cost_table *t)
{
	json_t *phases = json_object();

	for (unsigned int p = 0; p < PHASE_NR; p++) {
		json_t *columns = json_object();
		struct cost_row row = t->phase[p];

		for (unsigned int c = 0; c < COST_COLUMN_NR; c++) {
			json_int_t ps = (json_int_t)*cost_price(&row, (enum cost_column)c);

			if (ps)
				json_object_set_new(columns, cost_column_name((enum cost_column)c), json_integer(ps));
		}
		json_object_set_new(phases, contig_phase_name((enum contig_phase)p), columns);
	}
	return phases;
}

static void json_cost(void *ctx, const char *path, const struct cost_file *c, const char *reason)
{
	if (c)
		json_array_append_new(ctx,
		                      json_pack("{sssssssssssssssoso}", "name", c->name, "file", path, "sha256",
		                                c->sha256, "cpu", c->cpu, "kernel", c->kernel, "date", c->date, "how",
		                                c->how, "instruction_ps",
		                                c->conversion ? json_integer((json_int_t)c->conversion) : json_null(),
		                                "prices_ps", json_prices(&c->table)));
	else
		json_array_append_new(ctx, json_pack("{ssss}", "file", path, "error", reason));
}

static json_t *json_costs(void)
{
	json_t *all = json_array();

	json_array_append_new(all, json_pack("{sssssnso}", "name", cost_linux_6_18.name, "how",
	                                     "built in, the default: bench/virtual/cost.c", "sha256", "prices_ps",
	                                     json_prices(&cost_linux_6_18)));
	costs_each(json_cost, all);
	return all;
}

/* All of it, or the one list that was named. */
static int list_json(const char *name)
{
	json_t *backends = json_array(), *knobs = json_array(), *names = json_array(), *workloads = json_array(), *all;
	const struct contig_backend *b;
	struct contig_knob k;

	for (size_t n = 0; (b = contig_backend_at(n)); n++)
		json_array_append_new(backends, json_backend(b));
	guest_kernel_each(json_built, backends);
	for (size_t i = 0; contig_knob_at(i, &k); i++)
		json_array_append_new(
			knobs, json_pack("{ssssso}", "name", k.name, "meaning", k.doc, "values", json_values(&k)));
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		json_array_append_new(names,
		                      json_pack("{ssssss}", "name", metrics[i].name, "meaning", metrics[i].meaning,
		                                "clock", metrics[i].wall ? "wall" : "virtual"));
	workload_each(json_workload, workloads);
	all = json_pack("{sosososososo}", "backends", backends, "knobs", knobs, "metrics", names, "workloads",
	                workloads, "geometries", json_geometries(), "costs", json_costs());
	json_t *one = name ? json_object_get(all, !strcmp(name, "presets") ? "backends" : name) : all;

	json_dumpf(one, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return CLI_OK;
}

/* ---- the command ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*list)(void);
} lists[] = {
	{ "backends", list_backends }, { "workloads", list_workloads }, { "metrics", list_metrics },
	{ "knobs", list_knobs },       { "presets", list_presets },     { "geometries", list_geometries },
	{ "costs", list_costs },
};

#define NR_LISTS   (sizeof(lists) / sizeof(lists[0]))
#define LIST_NAMES "backends, workloads, metrics, knobs, presets, geometries or costs"

static bool is_list(const char *name)
{
	for (size_t i = 0; i < NR_LISTS; i++) {
		if (!strcmp(lists[i].name, name))
			return true;
	}
	return false;
}

struct options {
	const char *list; /* NULL: all */
	bool json, help;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt = 0, status = CLI_OK;

	*o = (struct options){ 0 };
	while (cli_option(argc, argv, ":h", options, &opt, &status)) {
		switch (opt) {
		case 'j':
			o->json = true;
			break;
		case 'h':
			o->help = true;
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	o->list = argv[optind];
	if (argc - optind > 1)
		return cli_error(CLI_USAGE, "one list at a time: " LIST_NAMES);
	if (o->list && !is_list(o->list))
		return cli_error(CLI_USAGE, "unknown list '%s': " LIST_NAMES, o->list);
	return CLI_OK;
}

int cmd_list(int argc, char **argv)
{
	struct options o;
	int status = parse(argc, argv, &o);

	if (status != CLI_OK)
		return status;
	if (o.help) {
		help_print(stdout, &help_list);
		return CLI_OK;
	}
	if (o.json)
		return list_json(o.list);
	for (size_t i = 0; i < NR_LISTS; i++) {
		if (o.list && strcmp(o.list, lists[i].name))
			continue;
		if (!o.list)
			printf("%s%s:\n", i ? "\n" : "", lists[i].name);
		lists[i].list();
	}
	return CLI_OK;
}
