// SPDX-License-Identifier: MIT
/* read_about.c - which program, which machine, when, and what was asked for: out of the context of benchmark.json. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../results/results.h"
#include "reading.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Set it once it is known: keeps the old one for NULL, which is no memory. */
static bool set(char **to, char *text)
{
	if (!text)
		return false;
	free(*to);
	*to = text;
	return true;
}

static bool set_copy(char **to, const char *text)
{
	return set(to, strdup(text));
}

json_t *reading_json(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	/* a seed above 2^63 */
	return json ? json : json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
}

char *reading_canonical(const json_t *parameters)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)parameters);

	json_object_del(copy, "revision");
	char *text = copy ? json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(copy);
	return text;
}

/* "2026-11-29T19:07:09+01:00" in UTC; "" if it is anything else, such as a local time without its zone. */
static void utc(const char *date, char out[32])
{
	struct tm tm = { 0 };
	const char *zone = strptime(date, "%Y-%m-%dT%H:%M:%S", &tm);
	char offset[8] = "";
	int hours = 0, minutes = 0;

	out[0] = '\0';
	if (!zone || (strcmp(zone, "Z") && sscanf(zone, "%7[+-0123456789:]", offset) != 1))
		return;
	if (*offset && sscanf(offset + 1, "%2d:%2d", &hours, &minutes) < 1)
		return;
	time_t at = timegm(&tm) - (*offset == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);

	gmtime_r(&at, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* "6.18" of "6.18.44-fc-v782" */
static int major_minor(const char *release)
{
	size_t n = strspn(release, "0123456789");

	if (release[n] == '.')
		n += 1 + strspn(release + n + 1, "0123456789");
	return (int)n;
}

/* What times depend on and does not change from run to run. Without our own facts the name of the host stands for its cpu. */
static bool set_machine(struct record_set *s, const json_t *context, const json_t *facts)
{
	const char *cpu = text_of(facts, "cpu"), *kernel = text_of(facts, "kernel");
	long long cpus = json_integer_value(json_object_get(context, "num_cpus"));
	double kib = strtod(text_of(facts, "memory_total"), NULL);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return false;
	const char *name = *cpu ? cpu : text_of(context, "host_name"), *comma = *name ? ", " : "";

	fputs(name, f);
	if (cpus)
		fprintf(f, "%s%lld cpu%s", comma, cpus, cpus == 1 ? "" : "s");
	else if (*text_of(facts, "cpus_online"))
		fprintf(f, "%scpus %s", comma, text_of(facts, "cpus_online"));
	if (kib > 0)
		fprintf(f, ", %.0f GiB", round(kib / (1 << 20)));
	if (*kernel)
		fprintf(f, ", Linux %.*s", major_minor(kernel), kernel);
	fclose(f);
	return set(&s->machine, text);
}

/* Of virtual time: "sha256" of each workload. Of the wall clock: every 64 hexadecimal digits in "NAME sha256 DIGITS; ..." */
static bool set_inputs(struct record_set *s, const json_t *workloads, const char *text)
{
	char *out = NULL;
	size_t len, i;
	json_t *workload;
	FILE *f = open_memstream(&out, &len);

	if (!f)
		return false;
	json_array_foreach(workloads, i, workload) fprintf(f, "%s%s", i ? "," : "", text_of(workload, "sha256"));
	for (const char *at = text, *comma = ""; *at; at++) {
		if (strspn(at, "0123456789abcdef") < 64)
			continue;
		fprintf(f, "%s%.64s", comma, at);
		comma = ",";
		at += 63;
	}
	fclose(f);
	return set(&s->inputs, out);
}

static int other_schema(struct reading *r, const char *path, const char *schema)
{
	return reading_fail(r, CLI_USAGE,
	                    "%s has schema '%.40s', this program knows " RESULTS_SCHEMA " and " RESULTS_WALL_SCHEMA
	                    ": make the run again",
	                    path, schema);
}

static bool of_replays(struct record_set *s, const json_t *parameters)
{
	s->deterministic = true;
	return set_copy(&s->schema, RESULTS_SCHEMA) && set_copy(&s->revision, text_of(parameters, "revision")) &&
	       set_copy(&s->machine, "virtual") && set(&s->parameters, reading_canonical(parameters)) &&
	       set_inputs(s, json_object_get(parameters, "workloads"), "");
}

/* A folder has more exact parameters: read_wall.c. */
static bool of_wall(struct record_set *s, const json_t *context)
{
	static const char *const asked[] = { "schema", "seeds", "inputs", "pace", "timing", "oversubscribed" };
	json_t *parameters = json_object();

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		json_object_set(parameters, asked[i], json_object_get(context, asked[i]));
	bool fine = set_copy(&s->schema, RESULTS_WALL_SCHEMA) && set(&s->parameters, reading_canonical(parameters)) &&
	            set_machine(s, context, context) && set_inputs(s, NULL, text_of(context, "inputs"));

	json_decref(parameters);
	return fine;
}

/* Somebody else's: of the context only the program is of what was asked for, wherever it lay. */
static bool of_others(struct record_set *s, const json_t *context)
{
	const char *executable = text_of(context, "executable"), *slash = strrchr(executable, '/');
	json_t *parameters = json_pack("{s:s}", "executable", slash ? slash + 1 : executable);

	if (json_object_get(context, "zone_gib"))
		json_object_set(parameters, "zone_gib", json_object_get(context, "zone_gib"));
	bool fine = set_copy(&s->schema, "google-benchmark") && set(&s->parameters, reading_canonical(parameters)) &&
	            set_machine(s, context, context);

	json_decref(parameters);
	return fine;
}

int read_about(struct reading *r, const char *path)
{
	struct record_set *s = r->set;
	const json_t *parameters = json_object_get(r->context, "parameters");
	const json_t *version = json_object_get(r->context, "json_schema_version");
	const char *schema = text_of(parameters ? parameters : r->context, "schema");
	char date[32];

	utc(text_of(r->context, "date"), date);
	if (version && json_number_value(version) != 1)
		return reading_fail(r, CLI_USAGE,
		                    "%s is of version %g of Google Benchmark's JSON, this program knows version 1",
		                    path, json_number_value(version));
	r->replays = json_is_object(parameters) && !strcmp(schema, RESULTS_SCHEMA);
	if (!parameters && !strcmp(schema, RESULTS_SCHEMA))
		return reading_fail(r, CLI_USAGE, "%s has no parameters: make the run again", path);
	if (!strncmp(schema, "contigbench-", 12) && !r->replays && strcmp(schema, RESULTS_WALL_SCHEMA))
		return other_schema(r, path, schema);
	bool fine = set_copy(&s->date, date) && set_copy(&s->revision, text_of(r->context, "contigbench_revision"));

	if (r->replays)
		fine = fine && of_replays(s, parameters);
	else if (!strcmp(schema, RESULTS_WALL_SCHEMA))
		fine = fine && of_wall(s, r->context);
	else
		fine = fine && of_others(s, r->context);
	return fine ? CLI_OK : reading_no_memory(r);
}
