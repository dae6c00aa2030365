// SPDX-License-Identifier: MIT
/* read_replays.c - a results folder of virtual time: benchmark.json has names and seeds, the other files the counts. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../workloads/trace/sha256.h"
#include "../results/stats.h"
#include "../text/csv.h"
#include "reading.h"
#include "sax.h"

/* ---- do the sums hold? ----------------------------------------------------------------------- */

static int check_sum(struct reading *r, const char *name, const char *wanted)
{
	char path[4096], hex[65];
	FILE *f = reading_open(r, name, path);

	if (!f)
		return r->status;
	int err = sha256_stream(f, hex);

	fclose(f);
	if (err)
		return reading_fail(r, cli_status_of(err), "%s: %s", path, strerror(err));
	if (strcmp(hex, wanted))
		return reading_fail(r, CLI_USAGE,
		                    "%s is not what SHA256SUMS says, it was changed or cut short: make the run again",
		                    path);
	return CLI_OK;
}

/* Every file that is named there, and these are. */
static int check_sums(struct reading *r)
{
	static const char *const needed[] = { "benchmark.json", "replays.csv", "requests.jsonl" };
	bool seen[3] = { false };
	char path[4096], line[512];
	FILE *f = reading_open(r, "SHA256SUMS", path);

	for (unsigned int n = 1; f && r->status == CLI_OK && fgets(line, sizeof(line), f); n++) {
		size_t len = strcspn(line, "\n");

		line[len] = '\0';
		if (len < 67 || strspn(line, "0123456789abcdef") != 64 || strncmp(line + 64, "  ", 2) ||
		    strchr(line + 66, '/')) {
			reading_fail(r, CLI_USAGE, "%s: line %u is no sum and name: make the run again", path, n);
			break;
		}
		line[64] = '\0';
		for (size_t i = 0; i < 3; i++)
			seen[i] |= !strcmp(line + 66, needed[i]);
		check_sum(r, line + 66, line);
	}
	for (size_t i = 0; i < 3 && r->status == CLI_OK; i++) {
		if (!seen[i])
			reading_fail(r, CLI_USAGE, "%s has no sum of %s: it is cut short, make the run again", path,
			             needed[i]);
	}
	if (f)
		fclose(f);
	return r->status;
}

/* ---- the parameters in front of every file --------------------------------------------------- */

/* `text` is a JSON object that is, or has, the parameters: those of benchmark.json? */
static int same_run(struct reading *r, const char *path, const char *text)
{
	json_t *json = reading_json(text);
	const json_t *inner = json_object_get(json, "parameters");
	bool same = json_equal((json_t *)(uintptr_t)(inner ? inner : json), json_object_get(r->context, "parameters"));

	json_decref(json);
	return same ? CLI_OK
	            : reading_fail(r, CLI_USAGE, "%s is of another run than benchmark.json beside it: do not mix them",
	                           path);
}

static int first_line(struct reading *r, FILE *f, const char *path, size_t skip)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len = getline(&line, &room, f);
	int status = len > (ssize_t)skip && line[len - 1] == '\n'
	                     ? same_run(r, path, line + skip)
	                     : reading_fail(r, CLI_USAGE, "%s is empty or cut short: make the run again", path);

	free(line);
	return status;
}

/* ---- benchmark.json -------------------------------------------------------------------------- */

static struct record_metric *metric_of(struct record_benchmark *b, const char *name)
{
	for (size_t i = 0; i < b->nr; i++) {
		if (!strcmp(b->metrics[i].name, name))
			return &b->metrics[i];
	}
	return NULL;
}

static int no_replay(struct reading *r, const char *path, const char *name)
{
	return reading_fail(r, CLI_USAGE, "%s: '%.200s' has a repetition without seed, success_rate or migrated_pages",
	                    path, name);
}

/* Seeds are the keys, rates are k of n, and what Google Benchmark calls a time is the modelled mean. */
static int reshape(struct reading *r, struct record_benchmark *b, const char *path)
{
	const struct record_metric *seed = metric_of(b, "seed");
	struct record_metric *time = metric_of(b, "real_time"), *rate = metric_of(b, "success_rate");
	char *name = strdup("modelled_mean_ns"), *success = strdup("success");

	if (!name || !success) {
		free(name);
		free(success);
		return reading_no_memory(r);
	}
	if (!seed || !time || !rate || seed->nr != time->nr || rate->nr != time->nr) {
		free(name);
		free(success);
		return no_replay(r, path, b->name);
	}
	free(time->name);
	free(rate->name);
	time->name = name;
	rate->name = success;
	for (size_t i = 0; i < rate->nr; i++) {
		rate->values[i].n = time->values[i].n;
		rate->values[i].k = (uint64_t)llround(rate->values[i].value * (double)rate->values[i].n);
		time->values[i].n = 0;
	}
	for (size_t m = 0; m < b->nr; m++) {
		if (b->metrics[m].nr != seed->nr)
			return no_replay(r, path, b->name);
		for (size_t i = 0; i < seed->nr; i++) {
			double value = seed->values[i].value;

			if (!(value >= 0))
				return no_replay(r, path, b->name);
			if (&b->metrics[m] != seed)
				b->metrics[m].values[i].key = value < 0x1p64 ? (uint64_t)value : UINT64_MAX;
		}
	}
	build_remove_metric(b, "seed");
	build_remove_metric(b, "cpu_time");
	return CLI_OK;
}

int reading_reshape(struct reading *r, const char *path)
{
	for (size_t i = 0; i < r->runs.nr && r->status == CLI_OK; i++)
		reshape(r, &r->runs.benchmarks[i], path);
	return r->status;
}

/* ---- replays.csv ----------------------------------------------------------------------------- */

/* Where we are among the replays: they are in the same order in all files. */
struct replay {
	size_t benchmark;
	size_t seed; /* index of its value */
};

static const struct record_value *replay_seed(const struct reading *r, const struct replay *at)
{
	return at->benchmark < r->runs.nr ? &r->runs.benchmarks[at->benchmark].metrics[0].values[at->seed] : NULL;
}

static void replay_next(const struct reading *r, struct replay *at)
{
	if (++at->seed < r->runs.benchmarks[at->benchmark].metrics[0].nr)
		return;
	at->seed = 0;
	at->benchmark++;
}

static bool number(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return *text && !*end && isfinite(*out);
}

/* Columns behind the seed's are counts; those of benchmark.json must be the same there. */
static bool take_row(struct reading *r, const struct csv *names, const struct csv *c, size_t seed,
                     const struct replay *at)
{
	struct record_benchmark *b = &r->runs.benchmarks[at->benchmark];
	uint64_t key;

	/* large ones are exact only here: in JSON they were read as decimals */
	if (!cli_u64(c->fields[seed], 0, UINT64_MAX, &key) || (double)key != (double)replay_seed(r, at)->key)
		return false;
	for (size_t i = 0; i < b->nr; i++) {
		if (at->seed < b->metrics[i].nr)
			b->metrics[i].values[at->seed].key = key;
	}
	for (size_t i = seed + 1; i < c->nr; i++) {
		struct record_metric *m = metric_of(b, names->fields[i]);
		double value;

		if (!strcmp(names->fields[i], "geometry"))
			return true;
		if (!number(c->fields[i], &value))
			return false;
		if (!strcmp(names->fields[i], "successes")) {
			if ((double)metric_of(b, "success")->values[at->seed].k != value)
				return false;
		} else if (!m || m->nr == at->seed) {
			m = build_metric(b, names->fields[i], i);
			if (!m || !build_value(m, (struct record_value){ .key = key, .value = value }))
				return reading_no_memory(r), false;
		} else if (m->nr <= at->seed || m->values[at->seed].value != value) {
			return false;
		}
	}
	return true;
}

static int rows(struct reading *r, FILE *f, const char *path)
{
	struct csv names = { .f = f, .lines_read = 1 }, c = { .f = f };
	const char *what = NULL;
	size_t seed = 0;
	struct replay at = { 0, 0 };

	if (csv_next(&names, &what)) {
		while (seed < names.nr && strcmp(names.fields[seed], "seed"))
			seed++;
	}
	c.lines_read = names.lines_read;
	while (!what && r->status == CLI_OK && csv_next(&c, &what)) {
		if (c.nr == names.nr && seed < c.nr && replay_seed(r, &at) && take_row(r, &names, &c, seed, &at)) {
			replay_next(r, &at);
			continue;
		}
		what = "this row is not of the replays in benchmark.json";
	}
	if (!what && replay_seed(r, &at))
		what = "it has fewer rows than benchmark.json has replays";
	if (what)
		reading_fail(r, CLI_USAGE, "%s: line %zu: %s: make the run again", path, c.line ? c.line : names.line,
		             what);
	csv_free(&names);
	csv_free(&c);
	return r->status;
}

static int read_csv(struct reading *r)
{
	char path[4096];
	FILE *f = reading_open(r, "replays.csv", path);

	if (f && first_line(r, f, path, 2) == CLI_OK)
		rows(r, f, path);
	if (f)
		fclose(f);
	return r->status;
}

/* ---- requests.jsonl -------------------------------------------------------------------------- */

enum request_field {
	REQ_SEED,
	REQ_NUMBER,
	REQ_BEGIN,
	REQ_END,
	REQ_START,
	REQ_RC,
	REQ_SUMS, /* from here on summed up over the requests of a replay */
	REQ_SCANNED = REQ_SUMS,
	REQ_MOVED,
	REQ_DRAINS,
	REQ_NOT_MIGRATED,
	REQ_GOT,
	REQ_CALLS,
	REQ_WAITS,
	REQ_WAITED,
	REQ_NR,
};

static const struct {
	const char *key, *metric;
	bool in_work;
	bool by_user; /* only where somebody else than the runner asks */
} request_fields[REQ_NR] = {
	[REQ_SEED] = { "seed", NULL, false, false },
	[REQ_NUMBER] = { "request", NULL, false, false },
	[REQ_BEGIN] = { "begin_ns", NULL, false, false },
	[REQ_END] = { "end_ns", NULL, false, false },
	[REQ_START] = { "start_pfn", NULL, false, false },
	[REQ_RC] = { "rc", NULL, false, false },
	[REQ_SCANNED] = { "scanned", "scanned_pfns", true, false },
	[REQ_MOVED] = { "moved", "moved_pages", true, false },
	[REQ_DRAINS] = { "drains", "drains", true, false },
	[REQ_NOT_MIGRATED] = { "not_migrated", "not_migrated_pages", true, false },
	[REQ_GOT] = { "got_pages", "got_pages", false, true },
	[REQ_CALLS] = { "calls", "calls", false, true },
	[REQ_WAITS] = { "waits", "waits", false, true },
	[REQ_WAITED] = { "waited_ns", "modelled_waited_ns", false, true },
};

struct requests {
	struct reading *r;
	struct replay at;
	uint64_t number; /* of the next request in the replay */
	unsigned int depth;
	bool in_work;
	enum request_field field; /* REQ_NR: none of ours */
	double line[REQ_NR];      /* NAN: not there */
	double sums[REQ_NR];
	bool by_user;
	uint64_t *got_ns; /* latencies of those that succeeded */
	size_t nr_got, most_got;
	size_t most_requests; /* room in the benchmark's list */
	bool wrong;
};

static bool one_value(struct requests *q, const char *name, double value)
{
	struct record_benchmark *b = &q->r->runs.benchmarks[q->at.benchmark];
	struct record_metric *m = build_metric(b, name, b->nr);
	uint64_t key = replay_seed(q->r, &q->at)->key;

	if (m && build_value(m, (struct record_value){ .key = key, .value = value }))
		return true;
	reading_no_memory(q->r);
	return false;
}

static uint64_t requests_of(const struct requests *q)
{
	return metric_of(&q->r->runs.benchmarks[q->at.benchmark], "success")->values[q->at.seed].n;
}

/* Replays that are complete; those of no request at all are, too. */
static bool finish_replays(struct requests *q)
{
	while (replay_seed(q->r, &q->at) && q->number == requests_of(q)) {
		stats_sort(q->got_ns, q->nr_got);
		if (q->nr_got && (!one_value(q, "modelled_p50_ns", (double)stats_quantile(q->got_ns, q->nr_got, 500)) ||
		                  !one_value(q, "modelled_p99_ns", (double)stats_quantile(q->got_ns, q->nr_got, 990))))
			return false;
		for (unsigned int i = REQ_SUMS; i < REQ_NR; i++) {
			if ((q->by_user || !request_fields[i].by_user) &&
			    !one_value(q, request_fields[i].metric, q->sums[i]))
				return false;
		}
		memset(q->sums, 0, sizeof(q->sums));
		q->nr_got = 0;
		q->number = 0;
		size_t benchmark = q->at.benchmark;

		replay_next(q->r, &q->at);
		if (q->at.benchmark != benchmark)
			q->most_requests = 0;
	}
	return true;
}

static bool keep(struct requests *q)
{
	struct record_benchmark *b = &q->r->runs.benchmarks[q->at.benchmark];
	const double *l = q->line;

	if (b->nr_requests == q->most_requests) {
		size_t most = q->most_requests ? q->most_requests * 2 : 64;
		struct record_request *more = reallocarray(b->requests, most, sizeof(*more));

		if (!more)
			return reading_no_memory(q->r), false;
		b->requests = more;
		q->most_requests = most;
	}
	b->requests[b->nr_requests++] = (struct record_request){
		.seed = replay_seed(q->r, &q->at)->key,
		.number = (uint32_t)l[REQ_NUMBER],
		.start = isnan(l[REQ_START]) ? UINT32_MAX : (uint32_t)l[REQ_START],
		.rc = (int32_t)l[REQ_RC],
	};
	if (l[REQ_RC] != 0)
		return true;
	if (q->nr_got == q->most_got) {
		size_t most = q->most_got ? q->most_got * 2 : 64;
		uint64_t *more = reallocarray(q->got_ns, most, sizeof(*more));

		if (!more)
			return reading_no_memory(q->r), false;
		q->got_ns = more;
		q->most_got = most;
	}
	q->got_ns[q->nr_got++] = (uint64_t)(l[REQ_END] - l[REQ_BEGIN]);
	return true;
}

static bool request_done(struct requests *q)
{
	const double *l = q->line;
	const struct record_value *seed = finish_replays(q) ? replay_seed(q->r, &q->at) : NULL;

	if (q->r->status != CLI_OK)
		return false;
	q->wrong = !seed || (double)seed->key != l[REQ_SEED] || l[REQ_NUMBER] != (double)q->number ||
	           !(l[REQ_END] >= l[REQ_BEGIN]) || isnan(l[REQ_RC]) || isnan(l[REQ_SCANNED]);
	if (q->wrong || !keep(q))
		return false;
	for (unsigned int i = REQ_SUMS; i < REQ_NR; i++)
		q->sums[i] += isnan(l[i]) ? 0 : l[i];
	q->by_user = !isnan(l[REQ_CALLS]);
	q->number++;
	return finish_replays(q);
}

static bool request_item(void *ctx, enum sax_kind kind, const char *text, size_t len)
{
	struct requests *q = ctx;

	switch (kind) {
	case SAX_OBJECT:
		if (!q->depth++) {
			for (unsigned int i = 0; i < REQ_NR; i++)
				q->line[i] = NAN;
		}
		return true;
	case SAX_OBJECT_END:
		q->in_work = false;
		return --q->depth ? true : request_done(q);
	case SAX_KEY:
		if (q->depth == 1)
			q->in_work = !strcmp(text, "work");
		q->field = 0;
		while (q->field < REQ_NR && (strcmp(request_fields[q->field].key, text) ||
		                             request_fields[q->field].in_work != (q->depth == 2 && q->in_work)))
			q->field++;
		return true;
	case SAX_NUMBER:
		if (q->field < REQ_NR && q->depth == 1u + request_fields[q->field].in_work)
			q->line[q->field] = sax_number(text, len);
		return true;
	default:
		return true;
	}
}

static int read_requests(struct reading *r)
{
	struct requests q = { .r = r };
	struct sax_where where;
	char path[4096];
	FILE *f = reading_open(r, "requests.jsonl", path);
	int c = EOF;

	if (f && first_line(r, f, path, 0) == CLI_OK && (c = getc(f)) != EOF) {
		ungetc(c, f);
		int rc = sax_read(f, true, request_item, &q, &where);

		if (rc == -EBADMSG || (rc == -ECANCELED && q.wrong))
			reading_fail(r, CLI_USAGE, "%s: line %llu: %s: make the run again", path,
			             (unsigned long long)where.line + 1,
			             q.wrong ? "this request is not of the replays in benchmark.json" : where.what);
		else if (rc && rc != -ECANCELED)
			reading_fail(r, cli_status_of(rc), "%s: %s", path, strerror(-rc));
	}
	if (r->status == CLI_OK && finish_replays(&q) && replay_seed(r, &q.at))
		reading_fail(r, CLI_USAGE, "%s has fewer requests than benchmark.json: make the run again", path);
	if (f)
		fclose(f);
	free(q.got_ns);
	return r->status;
}

/* When it was made is in the only file that differs from run to run. */
static int read_date(struct reading *r)
{
	char path[4096];
	FILE *f = reading_open(r, "context.json", path);
	json_t *context = f ? json_loadf(f, 0, NULL) : NULL;
	const char *date = json_string_value(json_object_get(context, "date"));
	char *copy = date ? strdup(date) : NULL;

	if (f && !date)
		reading_fail(r, CLI_USAGE, "%s has no date, or is cut short: make the run again", path);
	if (copy) {
		free(r->set->date);
		r->set->date = copy;
	}
	json_decref(context);
	if (f)
		fclose(f);
	return r->status;
}

int read_replays(struct reading *r)
{
	char path[4096];

	if (check_sums(r) != CLI_OK)
		return r->status;
	FILE *f = reading_open(r, "benchmark.json", path);

	if (f && read_benchmark_json(r, f, path) == CLI_OK && read_about(r, path) == CLI_OK && !r->replays)
		reading_fail(r, CLI_USAGE, "%s is not of virtual time: do not mix runs", path);
	if (f)
		fclose(f);
	if (r->status == CLI_OK && reading_reshape(r, path) == CLI_OK && read_csv(r) == CLI_OK &&
	    read_requests(r) == CLI_OK)
		read_date(r);
	return r->status;
}
