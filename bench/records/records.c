// SPDX-License-Identifier: MIT
/* records.c - what is behind a path, read and put in order. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../results/results.h"
#include "../text/escape.h"
#include "reading.h"

int reading_fail(struct reading *r, int status, const char *fmt, ...)
{
	va_list ap;

	if (r->status != CLI_OK)
		return r->status;
	r->status = status;
	va_start(ap, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, ap);
	va_end(ap);
	return status;
}

int reading_no_memory(struct reading *r)
{
	return reading_fail(r, CLI_MACHINE, "no memory for the benchmarks of %s", r->set->path ? r->set->path : "it");
}

FILE *reading_open(struct reading *r, const char *name, char path[4096])
{
	snprintf(path, 4096, "%s/%s", r->set->path, name);
	FILE *f = fopen(path, "r");

	if (!f)
		reading_fail(r, cli_status_of(errno), "%s: %s; is %s a results folder?", path, strerror(errno),
		             r->set->path);
	return f;
}

/* ---- in order -------------------------------------------------------------------------------- */

static int by_key(const void *pa, const void *pb)
{
	const struct record_value *a = pa, *b = pb;

	return (a->key > b->key) - (a->key < b->key);
}

static int by_name(const void *pa, const void *pb)
{
	const struct record_benchmark *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

static int by_seed(const void *pa, const void *pb)
{
	const struct record_request *a = pa, *b = pb;
	int seeds = (a->seed > b->seed) - (a->seed < b->seed);

	return seeds ? seeds : (a->number > b->number) - (a->number < b->number);
}

static bool in_order(const struct record_metric *m)
{
	for (size_t i = 1; i < m->nr; i++) {
		if (m->values[i - 1].key >= m->values[i].key)
			return false;
	}
	return true;
}

static int order_values(struct reading *r, const struct record_benchmark *b, struct record_metric *m)
{
	char name[256];

	if (in_order(m))
		return CLI_OK;
	qsort(m->values, m->nr, sizeof(*m->values), by_key);
	for (size_t i = 1; i < m->nr; i++) {
		if (m->values[i - 1].key == m->values[i].key)
			return reading_fail(
				r, CLI_USAGE, "%s has %s %llu of benchmark '%s' twice: are several runs mixed?",
				r->set->path, r->replays ? "seed" : "repetition", (unsigned long long)m->values[i].key,
				escape_short(name, sizeof(name), b->name));
	}
	return CLI_OK;
}

/* ---- aggregates ------------------------------------------------------------------------------ */

/* Of a benchmark without repetitions, its mean is what there is. */
static void adopt_means(struct reading *r)
{
	for (size_t i = 0; i < r->means.nr && r->status == CLI_OK; i++) {
		const struct record_benchmark *mean = &r->means.benchmarks[i];
		const struct record_benchmark *deviation = build_find(&r->deviations, mean->name);

		if (build_find(&r->runs, mean->name))
			continue;
		struct record_benchmark *b = build_benchmark(&r->runs, mean->name);

		r->set->nr_aggregates++;
		for (size_t m = 0; m < mean->nr; m++) {
			struct record_metric *to = b ? build_metric(b, mean->metrics[m].name, m) : NULL;

			if (!to || !build_value(to, mean->metrics[m].values[0])) {
				reading_no_memory(r);
				return;
			}
			to->mean_of = mean->metrics[m].mean_of ? mean->metrics[m].mean_of : 1;
			if (deviation && m < deviation->nr && !strcmp(deviation->metrics[m].name, to->name))
				to->stddev = deviation->metrics[m].values[0].value;
		}
	}
}

/* ---- what is behind the path ----------------------------------------------------------------- */

static bool has(const struct reading *r, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", r->set->path, name);
	return !access(path, F_OK);
}

static int read_folder(struct reading *r)
{
	static const char suffix[] = ".partial";
	size_t n = strlen(r->set->path), s = strlen(suffix);

	while (n > 1 && r->set->path[n - 1] == '/')
		n--;
	bool partial = n > s && !strncmp(r->set->path + n - s, suffix, s);

	if (has(r, "run.json"))
		return reading_fail(r, CLI_USAGE,
		                    "%s is an interrupted run: finish it with `contigbench run --resume %s`",
		                    r->set->path, r->set->path);
	if (partial)
		return reading_fail(r, CLI_USAGE, "%s is left of a run that was killed: make the run again",
		                    r->set->path);
	if (has(r, "wall.jsonl"))
		return read_wall(r);
	if (has(r, "SHA256SUMS"))
		return read_replays(r);
	return reading_fail(r, CLI_USAGE,
	                    "%s is no results folder: it has neither SHA256SUMS nor wall.jsonl; `contigbench run -o "
	                    "DIR` makes one",
	                    r->set->path);
}

static int read_file(struct reading *r)
{
	FILE *f = fopen(r->set->path, "r");
	int c = f ? getc(f) : EOF;

	if (!f || ferror(f))
		reading_fail(r, cli_status_of(errno), "%s: %s", r->set->path, strerror(errno));
	else if (c == EOF)
		reading_fail(r, CLI_USAGE, "%s is empty: a results folder or a JSON of Google Benchmark, please",
		             r->set->path);
	else
		ungetc(c, f);
	if (r->status == CLI_OK && read_benchmark_json(r, f, r->set->path) == CLI_OK &&
	    read_about(r, r->set->path) == CLI_OK && r->replays)
		reading_reshape(r, r->set->path);
	if (f)
		fclose(f);
	return r->status;
}

static int finish(struct reading *r)
{
	struct build *b = &r->runs;

	adopt_means(r);
	for (size_t i = 0; i < b->nr && r->status == CLI_OK; i++) {
		struct record_benchmark *one = &b->benchmarks[i];

		for (size_t m = 0; m < one->nr && r->status == CLI_OK; m++) {
			describe_metric(r, one, &one->metrics[m]);
			if (!one->metrics[m].unit)
				reading_no_memory(r);
			order_values(r, one, &one->metrics[m]);
		}
		if (one->nr_requests)
			qsort(one->requests, one->nr_requests, sizeof(*one->requests), by_seed);
	}
	if (r->status == CLI_OK && !b->nr && r->set->nr_left_out)
		reading_fail(r, CLI_USAGE, "%s: every benchmark failed, the first with: %.200s", r->set->path,
		             r->set->left_out[0].why);
	else if (r->status == CLI_OK && !b->nr)
		reading_fail(r, CLI_USAGE, "%s has no benchmarks: is it a JSON of Google Benchmark?", r->set->path);
	if (r->status == CLI_OK && b->nr)
		qsort(b->benchmarks, b->nr, sizeof(*b->benchmarks), by_name);
	return r->status;
}

/* All but to print what went wrong: that is for one thread. */
static void *read_set(void *ctx)
{
	struct reading *r = ctx;
	struct record_set *s = r->set;
	struct stat st;

	if (r->status != CLI_OK)
		return NULL;
	if (stat(s->path, &st))
		reading_fail(r, cli_status_of(errno), "%s: %s", s->path, strerror(errno));
	else if ((S_ISDIR(st.st_mode) ? read_folder(r) : read_file(r)) == CLI_OK && finish(r) == CLI_OK) {
		s->benchmarks = r->runs.benchmarks;
		s->nr = r->runs.nr;
		r->runs.benchmarks = NULL;
		r->runs.nr = 0;
	}
	build_free(&r->runs);
	build_free(&r->means);
	build_free(&r->deviations);
	build_free(&r->failed);
	json_decref(r->context);
	r->context = NULL;
	return NULL;
}

static void begin(struct reading *r, struct record_set *s, const char *path)
{
	*s = (struct record_set){
		.path = strdup(path),
		.schema = strdup(""),
		.revision = strdup(""),
		.machine = strdup(""),
		.date = strdup(""),
		.parameters = strdup("{}"),
		.inputs = strdup(""),
	};
	*r = (struct reading){ .set = s };
	if (!s->path || !s->schema || !s->revision || !s->machine || !s->date || !s->parameters || !s->inputs)
		reading_no_memory(r);
}

int records_load(struct record_set *s, const char *path)
{
	struct reading r;

	begin(&r, s, path);
	r.shows = true;
	read_set(&r);
	return r.status == CLI_OK ? CLI_OK : cli_error(r.status, "%s", r.error);
}

int records_load_two(struct record_set *a, const char *path_a, struct record_set *b, const char *path_b)
{
	struct reading ra, rb;
	pthread_t other;

	begin(&ra, a, path_a);
	begin(&rb, b, path_b);
	ra.shows = true;
	bool threaded = !pthread_create(&other, NULL, read_set, &rb);

	read_set(&ra);
	if (threaded)
		pthread_join(other, NULL);
	else
		read_set(&rb);
	const struct reading *wrong = ra.status != CLI_OK ? &ra : &rb;

	return wrong->status == CLI_OK ? CLI_OK : cli_error(wrong->status, "%s", wrong->error);
}

void records_free(struct record_set *s)
{
	struct build benchmarks = { .benchmarks = s->benchmarks, .nr = s->nr };

	build_free(&benchmarks);
	for (size_t i = 0; i < s->nr_left_out; i++) {
		free(s->left_out[i].name);
		free(s->left_out[i].why);
	}
	free(s->left_out);
	free(s->path);
	free(s->schema);
	free(s->revision);
	free(s->machine);
	free(s->date);
	free(s->parameters);
	free(s->inputs);
	*s = (struct record_set){ 0 };
}

const struct record_benchmark *records_find(const struct record_set *s, const char *name)
{
	const struct record_benchmark key = { .name = (char *)(uintptr_t)name };

	return s->nr ? bsearch(&key, s->benchmarks, s->nr, sizeof(key), by_name) : NULL;
}

const struct record_metric *records_metric(const struct record_benchmark *b, const char *name)
{
	for (size_t i = 0; i < b->nr; i++) {
		if (!strcmp(b->metrics[i].name, name))
			return &b->metrics[i];
	}
	return NULL;
}
