// SPDX-License-Identifier: MIT
/* export_google.c - a run as a JSON file of Google Benchmark, for `contigbench compare` and for its own tools. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../text/escape.h"
#include "export.h"

/* What stands for the metrics of a set: those of virtual time have other names in benchmark.json. */
struct names {
	const char *time, *rate;
};

static const struct names of_replays = { "modelled_mean_ns", "success" }, of_others = { "real_time", NULL };

static void counter(FILE *f, const char *name, double value)
{
	if (!isfinite(value))
		return;
	fputc(',', f);
	escape_json(f, name);
	fputc(':', f);
	export_real(f, value);
}

/* Value number i of the metric of that name; NAN if there is none. */
static double value_of(const struct record_benchmark *b, const char *name, size_t i)
{
	const struct record_metric *m = name ? records_metric(b, name) : NULL;

	return m && i < m->nr ? m->values[i].value : NAN;
}

static void entry(FILE *f, const struct record_benchmark *b, const struct names *names, size_t i, size_t repetitions)
{
	const struct record_metric *rate = names->rate ? records_metric(b, names->rate) : NULL;
	const double real = value_of(b, names->time, i), cpu = value_of(b, "cpu_time", i);

	fputs("{\"name\":", f);
	escape_json(f, b->name);
	fputs(",\"run_name\":", f);
	escape_json(f, b->name);
	fprintf(f, ",\"run_type\":\"iteration\",\"repetitions\":%zu,\"repetition_index\":%zu,\"threads\":1",
	        repetitions, i);
	fprintf(f, ",\"iterations\":%" PRIu64, rate && i < rate->nr ? rate->values[i].n : 1);
	counter(f, "real_time", isnan(real) ? 0 : real);
	counter(f, "cpu_time", isnan(cpu) ? isnan(real) ? 0 : real : cpu);
	fputs(",\"time_unit\":\"ns\"", f);
	if (rate && i < rate->nr)
		fprintf(f, ",\"seed\":%" PRIu64, rate->values[i].key);
	for (size_t m = 0; m < b->nr; m++) {
		const struct record_metric *metric = &b->metrics[m];

		/* a latency of successes, where one seed had none: the file has no seeds for single metrics */
		if (rate && metric->nr != repetitions)
			continue;
		if (metric == rate)
			counter(f, "success_rate", rate->values[i].value);
		else if (i < metric->nr && strcmp(metric->name, names->time) && strcmp(metric->name, "cpu_time"))
			counter(f, metric->name, metric->values[i].value);
	}
	fputc('}', f);
}

/* "AMD EPYC, 2 cpus, 8 GiB, Linux 6.18" again as the facts that records.h made it of. */
static void machine_facts(FILE *f, const char *machine)
{
	const char *cpus = NULL, *gib = strstr(machine, " GiB"), *kernel = strstr(machine, ", Linux ");
	unsigned long long n = 0, memory = 0;

	for (const char *at = machine; (at = strstr(at, ", ")); at++) {
		char word[5];

		if (sscanf(at, ", %llu %4[cpus]", &n, word) == 2 && !strncmp(word, "cpu", 3)) {
			cpus = at;
			break;
		}
	}
	for (const char *at = gib; at && at > machine && at[-1] != ' '; at--)
		memory = strtoull(at - 1, NULL, 10);
	const size_t len = cpus ? (size_t)(cpus - machine) : strlen(machine);
	char *cpu = strndup(machine, len);

	fputs(",\"host_name\":", f);
	escape_json(f, cpu ? cpu : "");
	fprintf(f, ",\"num_cpus\":%llu", n);
	if (gib || kernel) {
		fputs(",\"cpu\":", f);
		escape_json(f, cpu ? cpu : "");
	}
	if (gib)
		fprintf(f, ",\"memory_total\":\"%llu kB\"", memory << 20);
	if (kernel) {
		fputs(",\"kernel\":", f);
		escape_json(f, kernel + strlen(", Linux "));
	}
	free(cpu);
}

/* The experiment's parameters, with the revision that they were taken apart from. */
static void parameters(FILE *f, const struct record_set *s)
{
	json_t *json = json_loads(s->parameters, 0, NULL);
	const char *key;
	json_t *value;

	if (s->deterministic) {
		json_object_set_new(json, "revision", json_string(s->revision));
		fputs(",\"parameters\":", f);
		if (json)
			json_dumpf(json, f, JSON_COMPACT);
		else
			fputs("{}", f);
	}
	json_object_foreach(json, key, value)
	{
		if (s->deterministic)
			break;
		fputc(',', f);
		escape_json(f, key);
		fputc(':', f);
		json_dumpf(value, f, JSON_COMPACT | JSON_ENCODE_ANY);
	}
	json_decref(json);
}

static void write_set(FILE *f, const struct record_set *s)
{
	const struct names *names = s->deterministic ? &of_replays : &of_others;
	bool first = true;

	fputs("{\"context\":{\"date\":", f);
	escape_json(f, s->date);
	fputs(",\"json_schema_version\":1,\"contigbench_revision\":", f);
	escape_json(f, s->revision);
	if (!s->deterministic)
		machine_facts(f, s->machine);
	parameters(f, s);
	fputs("},\n\"benchmarks\":[", f);
	for (size_t b = 0; b < s->nr; b++) {
		size_t repetitions = 0;

		for (size_t m = 0; m < s->benchmarks[b].nr; m++) {
			const size_t nr = s->benchmarks[b].metrics[m].nr;

			repetitions = nr > repetitions ? nr : repetitions;
		}
		for (size_t i = 0; i < repetitions; i++) {
			fputs(first ? "\n" : ",\n", f);
			entry(f, &s->benchmarks[b], names, i, repetitions);
			first = false;
		}
	}
	fputs("\n]}\n", f);
}

/* The one run that is wanted. */
static int choose(const struct history_index *x, const struct export_filter *filter, const struct history_run **run)
{
	*run = NULL;
	for (size_t i = 0; i < x->nr_runs; i++) {
		if (!export_wants(filter, x, &x->runs[i]))
			continue;
		if (*run && (*run)->experiment != x->runs[i].experiment)
			return cli_error(
				CLI_USAGE,
				"runs %lld and %lld of revision '%s' are of different machines or parameters: choose one "
				"with --run; `contigbench history list runs` has them",
				(long long)(*run)->id, (long long)x->runs[i].id, x->runs[i].revision);
		*run = &x->runs[i];
	}
	return *run ? CLI_OK : cli_error(CLI_USAGE, "no such run: `contigbench history list runs` has them");
}

int export_google(FILE *f, struct history *h, const struct history_index *x, const struct export_filter *filter)
{
	const struct history_run *run;
	struct record_set s = { 0 };
	int status = choose(x, filter, &run);

	if (status == CLI_OK)
		status = history_set(h, x, run, &s);
	if (status == CLI_OK)
		write_set(f, &s);
	records_free(&s);
	return status;
}
