// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../workloads/trace/sha256.h"
#include "../plugins.h"
#include "../text/escape.h"
#include "../virtual/costs.h"
#include "results.h"
#include "stored.h"

#define REQUESTS "requests.jsonl"
/* Inside a JSON string the quotes would have a backslash in front. */
#define FAILED ",\"failure\":"

int64_t stored_number(const json_t *line, const char *key)
{
	return json_integer_value(json_object_get(line, key));
}

const char *stored_text(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text ? text : "";
}

bool stored_alike(const json_t *a, const json_t *b, const char *const *keys)
{
	for (; *keys; keys++) {
		const json_t *x = json_object_get(a, *keys), *y = json_object_get(b, *keys);

		if ((x || y) && !json_equal(x, y))
			return false;
	}
	return true;
}

void stored_place(const json_t *line, char out[256])
{
	escape_short(out, 160, stored_text(line, "workload"));
	size_t n = strlen(out);

	if (json_object_get(line, "geometry"))
		n += (size_t)snprintf(out + n, 256 - n, "/geometry:%.32s", stored_text(line, "geometry"));
	if (json_object_get(line, "max_order"))
		snprintf(out + n, 256 - n, "/M:%lld", (long long)stored_number(line, "max_order"));
}

static FILE *open_file(const struct stored *s, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	return fopen(path, "r");
}

static int no_folder(const struct stored *s, const char *name)
{
	char path[4096];
	int err = errno;

	snprintf(path, sizeof(path), "%s/run.json", s->dir);
	if (!access(path, F_OK))
		return cli_error(CLI_USAGE, "%s is an interrupted run: finish it with `contigbench run --resume %s`",
		                 s->dir, s->dir);
	snprintf(path, sizeof(path), "%s/wall.jsonl", s->dir);
	if (!access(path, F_OK))
		return cli_error(
			CLI_USAGE,
			"%s is of the wall clock, whose replays can not be made again: its requests.jsonl has "
			"phase, reason and page of each failure; run without --clock wall to have them explained",
			s->dir);
	return cli_error(cli_status_of(err), "%s is no results folder (%s: %s): `contigbench run -o DIR` makes one",
	                 s->dir, name, strerror(err));
}

static int damaged(const struct stored *s, const char *how)
{
	return cli_error(CLI_USAGE, "%s/" REQUESTS " %s: make the run again", s->dir, how);
}

/* What SHA256SUMS has for requests.jsonl; empty if it has not. */
static int sum_of(const struct stored *s, char hex[65])
{
	char line[512];
	FILE *f = open_file(s, "SHA256SUMS");

	if (!f)
		return no_folder(s, "SHA256SUMS");
	hex[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) > 66 && !strcmp(line + 66, REQUESTS))
			snprintf(hex, 65, "%.64s", line);
	}
	fclose(f);
	return CLI_OK;
}

static int check_sum(const struct stored *s, FILE *f)
{
	char wanted[65], hex[65];
	int status = sum_of(s, wanted);
	int err = status == CLI_OK ? sha256_stream(f, hex) : 0;

	if (err)
		return cli_error(cli_status_of(err), "%s/" REQUESTS ": %s", s->dir, strerror(err));
	if (status == CLI_OK && strcmp(hex, wanted))
		return damaged(s, "is not what SHA256SUMS says, it was changed or cut short");
	rewind(f);
	return status;
}

int stored_open(struct stored *s, const char *dir)
{
	*s = (struct stored){ .dir = dir };
	FILE *f = open_file(s, REQUESTS);
	char *line = NULL;
	size_t cap = 0;

	if (!f)
		return no_folder(s, REQUESTS);
	int status = check_sum(s, f);

	if (status == CLI_OK && getline(&line, &cap, f) > 0) {
		json_t *head = json_loads(line, 0, NULL);

		s->parameters = json_incref(json_object_get(head, "parameters"));
		json_decref(head);
	}
	while (status == CLI_OK && getline(&line, &cap, f) > 0) {
		s->nr_requests++;
		s->nr_failures += strstr(line, FAILED) != NULL;
	}
	free(line);
	fclose(f);
	const char *schema = stored_text(s->parameters, "schema");

	if (status == CLI_OK && strcmp(schema, RESULTS_SCHEMA))
		return cli_error(CLI_USAGE,
		                 "%s has schema '%s', this program knows " RESULTS_SCHEMA ": make the run again", dir,
		                 schema);
	return status;
}

void stored_close(struct stored *s)
{
	json_decref(s->parameters);
	s->parameters = NULL;
}

int stored_each(const struct stored *s, bool failures_only, bool (*one)(void *ctx, const json_t *line), void *ctx)
{
	FILE *f = open_file(s, REQUESTS);
	char *line = NULL;
	size_t cap = 0;
	bool more = true, head = true;
	int status = f ? CLI_OK : no_folder(s, REQUESTS);

	while (status == CLI_OK && more && getline(&line, &cap, f) > 0) {
		if (head || (failures_only && !strstr(line, FAILED))) {
			head = false;
			continue;
		}
		json_t *json = json_loads(line, 0, NULL);

		if (json)
			more = one(ctx, json);
		else
			status = damaged(s, "has a line that is no JSON");
		json_decref(json);
	}
	free(line);
	if (f)
		fclose(f);
	return status;
}

struct search {
	uint64_t n;
	json_t *found;
};

static bool is_it(void *ctx, const json_t *line)
{
	struct search *search = ctx;

	if ((uint64_t)stored_number(line, "failure") == search->n)
		search->found = json_deep_copy(line);
	return !search->found;
}

json_t *stored_failure(const struct stored *s, uint64_t n)
{
	struct search search = { .n = n };

	if (!s->nr_failures) {
		cli_error(CLI_USAGE, "--failure %llu: none of the %llu requests in %s failed", (unsigned long long)n,
		          (unsigned long long)s->nr_requests, s->dir);
		return NULL;
	}
	if (!n || n > s->nr_failures) {
		cli_error(CLI_USAGE, "--failure %llu: %s has %llu failures; say a number from 1 to %llu",
		          (unsigned long long)n, s->dir, (unsigned long long)s->nr_failures,
		          (unsigned long long)s->nr_failures);
		return NULL;
	}
	if (stored_each(s, true, is_it, &search) == CLI_OK && !search.found)
		damaged(s, "has no such failure, though it should");
	return search.found;
}

/* ---- to replay it ---------------------------------------------------------------------------- */

/* The element of an array whose `key` is the text, and its number. */
static const json_t *named(const json_t *array, const char *key, const char *text, size_t *number)
{
	for (*number = 0; *number < json_array_size(array); ++*number) {
		const json_t *e = json_array_get(array, *number);

		if (!strcmp(stored_text(e, key), text))
			return e;
	}
	return NULL;
}

/* Where the trace was, as context.json has it; else by its name in the corpus. Free it. */
static char *find_trace(const struct stored *s, size_t number, const char *name)
{
	FILE *f = open_file(s, "context.json");
	json_t *context = f ? json_loadf(f, 0, NULL) : NULL;
	const char *was = json_string_value(json_array_get(json_object_get(context, "workload_files"), number));
	char *path = was && !access(was, R_OK) ? strdup(was) : workload_find(name);

	json_decref(context);
	if (f)
		fclose(f);
	return path;
}

/* The very bytes that the results were made from. */
static int check_trace(const struct stored *s, const char *path, const char *wanted)
{
	FILE *f = fopen(path, "r");
	char hex[65] = "";
	int err = f ? sha256_stream(f, hex) : errno;

	if (f)
		fclose(f);
	if (err)
		return cli_error(cli_status_of(err), "%s: %s; say where the trace is with --trace FILE", path,
		                 strerror(err));
	if (strcmp(hex, wanted))
		return cli_error(CLI_USAGE,
		                 "%s is not the trace that %s was made from (SHA-256 %.16s..., then %.16s...): "
		                 "say where that is with --trace FILE",
		                 path, s->dir, hex, wanted);
	return CLI_OK;
}

/* The cost file of the results, or NULL after a message. The built-in table has no file: "". Free it. */
static char *find_costs(const struct stored *s)
{
	const char *name = stored_text(s->parameters, "cost_table"),
		   *sha256 = stored_text(s->parameters, "cost_sha256");

	if (!*sha256)
		return strdup("");
	FILE *f = open_file(s, "context.json");
	json_t *context = f ? json_loadf(f, 0, NULL) : NULL;
	char *path =
		costs_find(name, sha256, json_string_value(json_array_get(json_object_get(context, "cost_files"), 0)));

	if (!path)
		cli_error(
			CLI_USAGE,
			"the costs '%s' (SHA-256 %.16s...) that %s was made with are not where they were, or have other "
			"bytes: put the file back",
			name, sha256, s->dir);
	json_decref(context);
	if (f)
		fclose(f);
	return path;
}

/* Arguments on their way to run_options_parse(): each ends in a NUL. */
struct arguments {
	FILE *f;
	int nr;
};

static __attribute__((format(printf, 2, 3))) void say(struct arguments *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(a->f, fmt, ap);
	va_end(ap);
	fputc('\0', a->f);
	a->nr++;
}

static void say_flag(struct arguments *a, const char *flag, int64_t value)
{
	say(a, "--%s", flag);
	say(a, "%lld", (long long)value);
}

static void say_ms(struct arguments *a, const char *flag, int64_t ns)
{
	say(a, "--%s", flag);
	say(a, "%lld.%06lld", (long long)(ns / 1000000), (long long)(ns % 1000000));
}

/* Zones and orders as they were, whatever gave rise to them. */
static void say_geometry(struct arguments *a, const json_t *geometry)
{
	const json_t *zones = json_object_get(geometry, "zones");

	say_flag(a, "page-shift", stored_number(geometry, "page_shift"));
	say_flag(a, "pageblock-order", stored_number(geometry, "pageblock_order"));
	say_flag(a, "max-order", stored_number(geometry, "max_order"));
	say_flag(a, "section-order", stored_number(geometry, "section_order"));
	say(a, "--big-blocks");
	say(a, "--big-buddies");
	if (json_object_get(geometry, "orders")) {
		say(a, "--orders");
		say(a, "%s", stored_text(geometry, "orders"));
	}
	for (size_t i = 0; i < json_array_size(zones); i++) {
		say(a, "--zone");
		say(a, "%s", json_string_value(json_array_get(zones, i)));
	}
}

/* The one that the line is about: it names what there were several of. */
static const json_t *geometry_of(const json_t *workload, const json_t *line)
{
	static const char *const sweep[] = { "geometry", "max_order" };
	const json_t *all = json_object_get(workload, "geometries");
	double percent = json_number_value(json_object_get(line, "occupancy_percent"));

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *g = json_array_get(all, i);
		double d = json_number_value(json_object_get(g, "occupancy_percent")) - percent;
		bool same = d < 0.0005 && d > -0.0005;

		for (size_t k = 0; k < 2; k++) {
			const json_t *named = json_object_get(line, sweep[k]);

			same &= !named || json_equal(named, json_object_get(g, sweep[k]));
		}
		if (same)
			return g;
	}
	return NULL;
}

static int parse(struct stored_replay *r, int nr)
{
	char *at = r->arguments;

	r->argv = calloc((size_t)nr + 1, sizeof(*r->argv));
	if (!r->argv)
		return cli_error(CLI_MACHINE, "no memory");
	for (int i = 0; i < nr; i++, at += strlen(at) + 1)
		r->argv[i] = at;
	int status = run_options_parse(nr, r->argv, &r->options);

	return status == CLI_OK ? plan_make(&r->plan, &r->options) : status;
}

/* Who made the requests, if it says so. */
static void say_caller(struct arguments *a, const json_t *p)
{
	if (*stored_text(p, "caller")) {
		say(a, "--caller");
		say(a, "%s", stored_text(p, "caller"));
	}
	if (json_object_get(p, "cma_bytes"))
		say_flag(a, "cma", stored_number(p, "cma_bytes"));
	if (json_object_get(p, "cma_align"))
		say_flag(a, "cma-align", stored_number(p, "cma_align"));
	if (json_object_get(p, "memory_block_bytes"))
		say_flag(a, "memory-block", stored_number(p, "memory_block_bytes"));
}

/* A backend that is not built in was a plugin's. The same name may be another file's by now: the replay will show it. */
static int check_plugins(const struct stored *s, const char *backend)
{
	const json_t *plugins = json_object_get(s->parameters, "plugins");
	const struct contig_backend *b = contig_backend_of(backend);
	bool loaded = false;
	const json_t *missing = b && contig_backend_built_in(b) ? NULL : plugins_missing(plugins, &loaded);

	if (!missing)
		return CLI_OK;
	const char *name = stored_text(missing, "name"), *sha256 = stored_text(missing, "sha256");

	if (!loaded)
		return cli_error(
			CLI_USAGE,
			"%s was made with plugin '%s' (SHA-256 %.16s...), which is not loaded: contigbench --plugin "
			"FILE explain %s ...",
			s->dir, name, sha256, s->dir);
	cli_warn("%s was made with another file of plugin '%s' (SHA-256 %.16s...) than is loaded", s->dir, name,
	         sha256);
	return CLI_OK;
}

int stored_replay(const struct stored *s, const json_t *line, const char *trace, struct stored_replay *out)
{
	const json_t *p = s->parameters;
	const char *name = stored_text(line, "workload");
	size_t number, len;
	const json_t *workload = named(json_object_get(p, "workloads"), "name", name, &number);
	const json_t *geometry = workload ? geometry_of(workload, line) : NULL;

	*out = (struct stored_replay){ 0 };
	if (!geometry)
		return damaged(s, "names a workload, geometry or occupancy that its parameters have not");
	char *path = trace ? strdup(trace) : find_trace(s, number, name);

	if (!path)
		return cli_error(CLI_USAGE, "the trace '%s' is not where it was: say where it is with --trace FILE",
		                 name);
	int status = check_plugins(s, stored_text(line, "backend"));

	if (status == CLI_OK)
		status = check_trace(s, path, stored_text(workload, "sha256"));
	char *costs = status == CLI_OK ? find_costs(s) : NULL;

	if (status == CLI_OK && !costs)
		status = CLI_USAGE;
	struct arguments a = { .f = open_memstream(&out->arguments, &len) };

	if (status == CLI_OK && !a.f)
		status = cli_error(CLI_MACHINE, "no memory");
	if (status == CLI_OK) {
		say(&a, "run");
		say(&a, "-b");
		say(&a, "%s", stored_text(line, "backend"));
		say_caller(&a, p);
		/* what goes offline has a size of its own */
		if (caller_of_name(stored_text(p, "caller")) != RUN_OFFLINE) {
			say(&a, "--sizes");
			say(&a, "%s", stored_text(line, "size"));
		}
		say_flag(&a, "seeds", stored_number(line, "seed"));
		say_flag(&a, "age", stored_number(p, "age"));
		if (json_object_get(p, "passes"))
			say_flag(&a, "passes", stored_number(p, "passes"));
		say_ms(&a, "interval-ms", stored_number(p, "interval_ns"));
		say_ms(&a, "hold-ms", stored_number(p, "hold_ns"));
		say_flag(&a, "requests", stored_number(p, "max_requests"));
		say_flag(&a, "samples", stored_number(p, "samples"));
		if (json_object_get(p, "nodes"))
			say_flag(&a, "nodes", stored_number(p, "nodes"));
		say_geometry(&a, geometry);
		if (*costs) {
			say(&a, "--costs");
			say(&a, "%s%s", strchr(costs, '/') ? "" : "./", costs);
		}
		say(&a, "--");
		/* a name without a slash would be looked for in the corpus */
		say(&a, "%s%s", strchr(path, '/') ? "" : "./", path);
	}
	if (a.f && fclose(a.f) && status == CLI_OK)
		status = cli_error(CLI_MACHINE, "no memory");
	free(path);
	free(costs);
	return status == CLI_OK ? parse(out, a.nr) : status;
}

void stored_replay_free(struct stored_replay *r)
{
	plan_free(&r->plan);
	run_options_free(&r->options);
	free(r->argv);
	free(r->arguments);
	*r = (struct stored_replay){ 0 };
}
