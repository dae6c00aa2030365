// SPDX-License-Identifier: MIT
/* read_wall.c - a results folder of the wall clock: times from benchmark.json, successes of requests from wall.jsonl. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../results/results.h"
#include "reading.h"
#include "sax.h"

/* What a line says of the row that it is a repetition of, and what is wanted of it. */
enum line_field {
	LINE_WORKLOAD,
	LINE_GEOMETRY,
	LINE_MAX_ORDER,
	LINE_OCCUPANCY,
	LINE_SIZE,
	LINE_BACKEND,
	LINE_COPY,
	LINE_SEED,
	LINE_THREADS,
	LINE_REPETITION,
	LINE_REQUESTS,
	LINE_SUCCESSES,
	LINE_NR,
};

static const char *const line_keys[LINE_NR] = {
	[LINE_WORKLOAD] = "workload",   [LINE_GEOMETRY] = "geometry",
	[LINE_MAX_ORDER] = "max_order", [LINE_OCCUPANCY] = "occupancy_percent",
	[LINE_SIZE] = "size",           [LINE_BACKEND] = "backend",
	[LINE_COPY] = "copy",           [LINE_SEED] = "seed",
	[LINE_THREADS] = "threads",     [LINE_REPETITION] = "repetition",
	[LINE_REQUESTS] = "requests",   [LINE_SUCCESSES] = "successes",
};

struct lines {
	struct reading *r;
	const char *path;
	bool seeds; /* several: then they are part of the names */
	unsigned int depth;
	unsigned int field;
	char texts[LINE_NR][256]; /* numbers as they stand in the file */
	char problem[640];
};

/* As bench/wall/frame_rows.c and Google Benchmark make it. */
static void name_of(const struct lines *l, char out[1024])
{
	const char(*t)[256] = l->texts;
	char geometry[320] = "", max_order[300] = "", copy[300] = "", seed[300] = "";

	if (*t[LINE_GEOMETRY])
		snprintf(geometry, sizeof(geometry), "/geometry:%s", t[LINE_GEOMETRY]);
	if (*t[LINE_MAX_ORDER])
		snprintf(max_order, sizeof(max_order), "/M:%s", t[LINE_MAX_ORDER]);
	if (*t[LINE_COPY])
		snprintf(copy, sizeof(copy), "/copy:%s", t[LINE_COPY]);
	if (l->seeds)
		snprintf(seed, sizeof(seed), "/seed:%s", t[LINE_SEED]);
	snprintf(out, 1024, "%.120s%.64s%.32s/occupancy:%.32s/size:%.32s/backend:%.250s%.40s%.40s/threads:%.32s",
	         t[LINE_WORKLOAD], geometry, max_order, t[LINE_OCCUPANCY], t[LINE_SIZE], t[LINE_BACKEND], copy, seed,
	         t[LINE_THREADS]);
}

static bool line_done(struct lines *l)
{
	char base[1024], name[1100];
	uint64_t repetition, n, k;

	if (!*l->texts[LINE_WORKLOAD]) {
		snprintf(l->problem, sizeof(l->problem), "another run begins here: do not mix them");
		return false;
	}
	name_of(l, base);
	snprintf(name, sizeof(name), "%s/iterations:1/manual_time", base);
	if (!cli_u64(l->texts[LINE_REPETITION], 0, UINT32_MAX, &repetition) ||
	    !cli_u64(l->texts[LINE_REQUESTS], 0, UINT64_MAX, &n) || !cli_u64(l->texts[LINE_SUCCESSES], 0, n, &k)) {
		snprintf(l->problem, sizeof(l->problem), "no repetition, requests or successes");
		return false;
	}
	/* all repetitions of it may have failed */
	if (!build_find(&l->r->runs, name) && l->r->set->nr_left_out)
		return true;
	if (!build_find(&l->r->runs, name)) {
		snprintf(l->problem, sizeof(l->problem), "%.400s is not in benchmark.json beside it: do not mix runs",
		         base);
		return false;
	}
	struct record_benchmark *b = build_benchmark(&l->r->runs, name);

	build_remove_metric(b, "success_rate");
	struct record_metric *m = n ? build_metric(b, "success", b->nr) : NULL;

	if (n && (!m || !build_value(m, (struct record_value){
						.key = repetition, .value = (double)k / (double)n, .k = k, .n = n })))
		return reading_no_memory(l->r), false;
	return true;
}

static bool line_item(void *ctx, enum sax_kind kind, const char *text, size_t len)
{
	struct lines *l = ctx;

	if (kind == SAX_OBJECT && !l->depth)
		memset(l->texts, 0, sizeof(l->texts));
	l->depth += kind == SAX_OBJECT || kind == SAX_ARRAY;
	if (kind == SAX_OBJECT_END || kind == SAX_ARRAY_END)
		return --l->depth ? true : line_done(l);
	if (l->depth != 1)
		return true;
	if (kind == SAX_KEY) {
		for (l->field = 0; l->field < LINE_NR && strcmp(line_keys[l->field], text);)
			l->field++;
	} else if ((kind == SAX_TEXT || kind == SAX_NUMBER) && l->field < LINE_NR) {
		snprintf(l->texts[l->field], sizeof(l->texts[0]), "%.*s", (int)(len < 255 ? len : 255), text);
	}
	return true;
}

/* The line of parameters, which are more exact than what benchmark.json has of them. */
static json_t *parameters(struct reading *r, FILE *f, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len = getline(&line, &room, f);
	json_t *head = len > 0 && line[len - 1] == '\n' ? reading_json(line) : NULL;
	json_t *p = json_incref(json_object_get(head, "parameters"));
	const char *schema = json_string_value(json_object_get(p, "schema"));

	free(line);
	json_decref(head);
	if (!json_is_object(p))
		reading_fail(r, CLI_USAGE, "%s is empty or cut short: make the run again", path);
	else if (!schema || strcmp(schema, RESULTS_WALL_SCHEMA))
		reading_fail(r, CLI_USAGE,
		             "%s has schema '%.40s', this program knows " RESULTS_WALL_SCHEMA ": make the run again",
		             path, schema ? schema : "");
	return p;
}

static int read_lines(struct reading *r)
{
	struct lines l = { .r = r };
	struct sax_where where = { 0 };
	char path[4096];
	FILE *f = reading_open(r, "wall.jsonl", path);
	json_t *p = f ? parameters(r, f, path) : NULL;
	int c = f && r->status == CLI_OK ? getc(f) : EOF, rc = 0;

	l.path = path;
	l.seeds = json_array_size(json_object_get(p, "seeds")) > 1;
	if (c != EOF) {
		ungetc(c, f);
		rc = sax_read(f, true, line_item, &l, &where);
	}
	if (rc == -EBADMSG || rc == -ECANCELED)
		reading_fail(r, CLI_USAGE, "%s: line %llu: %s", path, (unsigned long long)where.line + 1,
		             *l.problem ? l.problem : where.what);
	else if (rc)
		reading_fail(r, cli_status_of(rc), "%s: %s", path, strerror(-rc));
	if (r->status == CLI_OK) {
		free(r->set->parameters);
		r->set->parameters = reading_canonical(p);
		if (!r->set->parameters)
			reading_no_memory(r);
	}
	json_decref(p);
	if (f)
		fclose(f);
	return r->status;
}

int read_wall(struct reading *r)
{
	char path[4096];
	FILE *f = reading_open(r, "benchmark.json", path);

	if (f && read_benchmark_json(r, f, path) == CLI_OK && read_about(r, path) == CLI_OK &&
	    strcmp(r->set->schema, RESULTS_WALL_SCHEMA))
		reading_fail(r, CLI_USAGE, "%s is not of the wall clock, as wall.jsonl beside it is: do not mix runs",
		             path);
	if (f)
		fclose(f);
	return r->status == CLI_OK ? read_lines(r) : r->status;
}
