// SPDX-License-Identifier: MIT
/* read_benchmark.c - Google Benchmark's JSON, of any program and any version since 1.0: an entry is a repetition or an aggregate. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../text/escape.h"
#include "reading.h"
#include "sax.h"

/* Where in the file we are. */
enum place {
	OUTSIDE,
	TOP,
	CONTEXT,
	ENTRIES,
	ENTRY,
};

/* What an entry has. All other numbers are counters of the user's. */
enum field {
	FIELD_NAME,
	FIELD_RUN_NAME,
	FIELD_RUN_TYPE,
	FIELD_AGGREGATE,
	FIELD_TIME_UNIT,
	FIELD_ERROR_MESSAGE,
	FIELD_SKIP_MESSAGE,
	FIELD_TEXTS, /* up to here they are texts */
	FIELD_REAL_TIME = FIELD_TEXTS,
	FIELD_CPU_TIME,
	FIELD_REPETITION,
	FIELD_REPETITIONS,
	FIELD_ITERATIONS,
	FIELD_NUMBERS, /* up to here numbers, which are read */
	FIELD_FAILED = FIELD_NUMBERS,
	FIELD_SKIPPED,
	FIELD_IGNORED,
	FIELD_COUNTER,
};

static const struct {
	const char *key;
	enum field field;
} keys[] = {
	{ "name", FIELD_NAME },
	{ "family_index", FIELD_IGNORED },
	{ "per_family_instance_index", FIELD_IGNORED },
	{ "run_name", FIELD_RUN_NAME },
	{ "run_type", FIELD_RUN_TYPE },
	{ "repetitions", FIELD_REPETITIONS },
	{ "repetition_index", FIELD_REPETITION },
	{ "threads", FIELD_IGNORED },
	{ "aggregate_name", FIELD_AGGREGATE },
	{ "aggregate_unit", FIELD_IGNORED },
	{ "error_occurred", FIELD_FAILED },
	{ "skipped", FIELD_SKIPPED },
	{ "error_message", FIELD_ERROR_MESSAGE },
	{ "skip_message", FIELD_SKIP_MESSAGE },
	{ "iterations", FIELD_ITERATIONS },
	{ "real_time", FIELD_REAL_TIME },
	{ "cpu_time", FIELD_CPU_TIME },
	{ "time_unit", FIELD_TIME_UNIT },
	{ "cpu_coefficient", FIELD_IGNORED },
	{ "real_coefficient", FIELD_IGNORED },
	{ "big_o", FIELD_IGNORED },
	{ "rms", FIELD_IGNORED },
	{ "complexity_n", FIELD_IGNORED },
	{ "label", FIELD_IGNORED },
};
#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

struct text {
	char *s; /* "" or what is there */
	size_t room;
};

struct counter {
	struct text name;
	double value;
};

struct entry {
	struct text texts[FIELD_TEXTS];
	double numbers[FIELD_NUMBERS]; /* NAN: not there */
	bool failed;
	struct counter *counters;
	size_t nr_counters, most_counters;
};

struct reader {
	struct reading *r;
	const char *path;
	enum place place;
	unsigned int depth;     /* of containers that are open */
	unsigned int elsewhere; /* depth below which nothing is looked at; 0: none */
	bool in_context, in_entries;
	size_t key;           /* index of the last one in keys[] */
	size_t next[NR_KEYS]; /* what came behind each of them */
	enum field field;
	struct entry e;
	FILE *context;
	char *context_text;
	size_t context_len;
	char before; /* the last character of the context */
	char problem[640];
	FILE *f;
	uint64_t size; /* of the file; 0: unknown, or nobody is to be told how far we are */
	uint64_t nr;   /* entries read */
};

static bool problem(struct reader *g, const char *what)
{
	char name[256];

	snprintf(g->problem, sizeof(g->problem), "benchmark '%s' %s",
	         escape_short(name, sizeof(name), g->e.texts[FIELD_NAME].s), what);
	return false;
}

static bool no_memory(struct reader *g)
{
	reading_no_memory(g->r);
	return false;
}

static bool text_set(struct text *t, const char *s, size_t len)
{
	if (t->room <= len) {
		char *more = realloc(t->s, len + 64);

		if (!more)
			return false;
		t->s = more;
		t->room = len + 64;
	}
	memcpy(t->s, s, len + 1);
	return true;
}

static bool entry_clear(struct reader *g)
{
	for (size_t i = 0; i < FIELD_TEXTS; i++) {
		if (!text_set(&g->e.texts[i], "", 0))
			return no_memory(g);
	}
	for (size_t i = 0; i < FIELD_NUMBERS; i++)
		g->e.numbers[i] = NAN;
	g->e.failed = false;
	g->e.nr_counters = 0;
	return true;
}

/* ---- an entry that is complete --------------------------------------------------------------- */

/* What a time has to be multiplied by to be in ns; 0: unknown. */
static double unit(const char *name)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(units[i].name, name))
			return units[i].ns;
	}
	return 0;
}

static const char *ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && !strcmp(name + n - s, suffix) ? name + n - s : NULL;
}

/*
 * Which aggregate the entry is; NULL: it is a repetition. Before 1.5 only the name tells, and only beside repetitions of the
 * same benchmark.
 */
static const char *aggregate_of(struct reader *g)
{
	static const char *const suffixes[] = { "_mean", "_median", "_stddev", "_cv", "_BigO", "_RMS" };
	const char *name = g->e.texts[FIELD_NAME].s;

	if (*g->e.texts[FIELD_RUN_TYPE].s)
		return strcmp(g->e.texts[FIELD_RUN_TYPE].s, "aggregate") ? NULL : g->e.texts[FIELD_AGGREGATE].s;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const char *suffix = ends_in(name, suffixes[i]);
		char *base = suffix ? strndup(name, (size_t)(suffix - name)) : NULL;
		bool known = base && build_find(&g->r->runs, base);

		free(base);
		if (known)
			return suffix + 1;
	}
	return NULL;
}

static bool add_left_out(struct reader *g)
{
	struct record_set *s = g->r->set;
	const char *why = g->e.texts[FIELD_ERROR_MESSAGE].s;
	const char *name = g->e.texts[*g->e.texts[FIELD_RUN_NAME].s ? FIELD_RUN_NAME : FIELD_NAME].s;
	const struct record_benchmark *b = build_benchmark(&g->r->failed, name);

	if (b && g->r->failed.nr == s->nr_left_out) {
		s->left_out[b - g->r->failed.benchmarks].times++;
		return true;
	}
	struct record_left_out *more = reallocarray(s->left_out, s->nr_left_out + 1, sizeof(*more));

	if (more)
		s->left_out = more;
	if (!b || !more)
		return no_memory(g);
	if (!*why)
		why = g->e.texts[FIELD_SKIP_MESSAGE].s;
	more[s->nr_left_out] = (struct record_left_out){
		.name = strdup(name),
		.why = strdup(*why ? why : "no reason is given"),
		.times = 1,
	};
	s->nr_left_out++;
	return more[s->nr_left_out - 1].name && more[s->nr_left_out - 1].why ? true : no_memory(g);
}

/* A whole number that the file has, or else `otherwise`. */
static uint64_t whole(double d, uint64_t otherwise)
{
	return d >= 0 && d < 1e15 ? (uint64_t)d : otherwise;
}

static bool add_values(struct reader *g, struct build *to, double ns, bool repetition)
{
	static const char *const names[] = { "real_time", "cpu_time" };
	const char *name = g->e.texts[*g->e.texts[FIELD_RUN_NAME].s ? FIELD_RUN_NAME : FIELD_NAME].s;
	struct record_benchmark *b = build_benchmark(to, name);
	size_t nr = 0;

	for (size_t i = 0; b && i < 2; i++) {
		double time = g->e.numbers[FIELD_REAL_TIME + i];
		struct record_metric *m = isnan(time) ? NULL : build_metric(b, names[i], nr++);
		uint64_t key = m && repetition ? whole(g->e.numbers[FIELD_REPETITION], m->nr) : 0;

		if (!isnan(time) &&
		    (!m || !build_value(m, (struct record_value){ .key = key,
		                                                  .value = time * ns,
		                                                  .n = whole(g->e.numbers[FIELD_ITERATIONS], 0) })))
			return no_memory(g);
		if (m && !repetition)
			m->mean_of = whole(g->e.numbers[FIELD_REPETITIONS], 0);
	}
	for (size_t i = 0; b && i < g->e.nr_counters; i++) {
		struct record_metric *m = build_metric(b, g->e.counters[i].name.s, nr++);
		uint64_t key = m && repetition ? whole(g->e.numbers[FIELD_REPETITION], m->nr) : 0;

		if (!m || !build_value(m, (struct record_value){ .key = key, .value = g->e.counters[i].value }))
			return no_memory(g);
		if (!repetition)
			m->mean_of = whole(g->e.numbers[FIELD_REPETITIONS], 0);
	}
	return b ? true : no_memory(g);
}

static bool check_time(struct reader *g, enum field field, const char *name)
{
	double time = g->e.numbers[field];
	char what[96];

	if (isfinite(time) && time >= 0)
		return true;
	snprintf(what, sizeof(what), "has a %s of %g: a time is 0 or more", name, time);
	return problem(g, what);
}

static bool entry_done(struct reader *g)
{
	double ns = unit(g->e.texts[FIELD_TIME_UNIT].s);

	if (!*g->e.texts[FIELD_NAME].s)
		return problem(g, "has no name");
	if (g->e.failed)
		return add_left_out(g);
	const char *aggregate = aggregate_of(g);

	/* those of old files are beside their repetitions */
	if (aggregate && ((strcmp(aggregate, "mean") && strcmp(aggregate, "stddev")) || !*g->e.texts[FIELD_RUN_TYPE].s))
		return true;
	if (ns <= 0)
		return problem(g, "has a time_unit that is none of ns, us, ms, s");
	if (aggregate)
		return add_values(g, *aggregate == 'm' ? &g->r->means : &g->r->deviations, ns, false);
	if (isnan(g->e.numbers[FIELD_REAL_TIME]) && isnan(g->e.numbers[FIELD_CPU_TIME]))
		return problem(g, "has no real_time, or one that is no number");
	for (int i = 0; i < 2; i++) {
		if (!isnan(g->e.numbers[FIELD_REAL_TIME + i]) &&
		    !check_time(g, (enum field)(FIELD_REAL_TIME + i), i ? "cpu_time" : "real_time"))
			return false;
	}
	return add_values(g, &g->r->runs, ns, true);
}

/* ---- what the reader says -------------------------------------------------------------------- */

/* Most files have the same keys in the same order in every entry: what followed the last one is tried first. */
static enum field find_field(struct reader *g, const char *key)
{
	size_t guess = g->next[g->key];

	if (strcmp(keys[guess].key, key) != 0) {
		for (guess = 0; guess < NR_KEYS && strcmp(keys[guess].key, key) != 0;)
			guess++;
		if (guess == NR_KEYS)
			return FIELD_COUNTER;
		g->next[g->key] = guess;
	}
	g->key = guess;
	return keys[guess].field;
}

/* Its value follows; if that is no number it is dropped again. */
static bool name_counter(struct reader *g, const char *name, size_t len)
{
	struct entry *e = &g->e;

	if (e->nr_counters == e->most_counters) {
		size_t most = e->most_counters ? e->most_counters * 2 : 16;
		struct counter *more = reallocarray(e->counters, most, sizeof(*more));

		if (!more)
			return no_memory(g);
		memset(more + e->most_counters, 0, (most - e->most_counters) * sizeof(*more));
		e->counters = more;
		e->most_counters = most;
	}
	struct text *t = &e->counters[e->nr_counters].name;

	return (t->s && !strcmp(t->s, name)) || text_set(t, name, len) ? true : no_memory(g);
}

static bool entry_number(struct reader *g, const char *text, size_t len)
{
	if (g->field == FIELD_COUNTER) {
		struct counter *c = &g->e.counters[g->e.nr_counters];

		/* a counter that could not be computed is not there: Google Benchmark divides by a time of 0 */
		c->value = sax_number(text, len);
		g->e.nr_counters += isfinite(c->value) ? 1 : 0;
	} else if (g->field >= FIELD_TEXTS && g->field < FIELD_NUMBERS) {
		g->e.numbers[g->field] = sax_number(text, len);
		if (isnan(g->e.numbers[g->field]) && g->field <= FIELD_CPU_TIME && !aggregate_of(g))
			return problem(g, "has a time that is no number (NaN)");
	} else if (g->field < FIELD_TEXTS) {
		return problem(g, "has a number where a text belongs");
	}
	return true;
}

static bool entry_item(struct reader *g, enum sax_kind kind, const char *text, size_t len)
{
	switch (kind) {
	case SAX_KEY:
		g->field = find_field(g, text);
		return g->field != FIELD_COUNTER || name_counter(g, text, len);
	case SAX_TEXT:
		if (g->field >= FIELD_TEXTS && g->field < FIELD_NUMBERS)
			return problem(g, "has a text where a number belongs");
		if (g->field == FIELD_SKIPPED)
			g->e.failed = true;
		if (g->field >= FIELD_TEXTS)
			return true;
		if (strlen(text) != len)
			return problem(g, "has a text with a NUL in it");
		return text_set(&g->e.texts[g->field], text, len) ? true : no_memory(g);
	case SAX_NUMBER:
		return entry_number(g, text, len);
	case SAX_TRUE:
		g->e.failed |= g->field == FIELD_FAILED || g->field == FIELD_SKIPPED;
		return true;
	default:
		return true;
	}
}

/* The context is small, and jansson's from here on: it is written down again as it comes. */
static bool context_item(struct reader *g, enum sax_kind kind, const char *text, size_t len)
{
	static const char *const marks[] = {
		[SAX_OBJECT] = "{",  [SAX_OBJECT_END] = "}", [SAX_ARRAY] = "[",   [SAX_ARRAY_END] = "]",
		[SAX_TRUE] = "true", [SAX_FALSE] = "false",  [SAX_NULL] = "null",
	};
	bool ends = kind == SAX_OBJECT_END || kind == SAX_ARRAY_END;

	if (!ends && g->before && !strchr("{[:", g->before))
		fputc(',', g->context);
	if (kind == SAX_KEY || kind == SAX_TEXT) {
		escape_json(g->context, text);
		if (kind == SAX_KEY)
			fputc(':', g->context);
	} else if (kind == SAX_NUMBER) {
		fputs(isfinite(sax_number(text, len)) ? text : "null", g->context);
	} else {
		fputs(marks[kind], g->context);
	}
	g->before = kind == SAX_KEY ? ':' : kind == SAX_OBJECT ? '{' : kind == SAX_ARRAY ? '[' : 'x';
	return true;
}

static bool opens(enum sax_kind kind)
{
	return kind == SAX_OBJECT || kind == SAX_ARRAY;
}

static bool closes(enum sax_kind kind)
{
	return kind == SAX_OBJECT_END || kind == SAX_ARRAY_END;
}

static bool top_item(struct reader *g, enum sax_kind kind, const char *text)
{
	if (kind == SAX_KEY) {
		g->in_context = !strcmp(text, "context") && !g->before;
		g->in_entries = !strcmp(text, "benchmarks");
	} else if (kind == SAX_OBJECT && g->in_context) {
		g->place = CONTEXT;
	} else if (kind == SAX_ARRAY && g->in_entries) {
		g->place = ENTRIES;
	} else if (opens(kind)) {
		g->elsewhere = g->depth;
	}
	return true;
}

static bool item(void *ctx, enum sax_kind kind, const char *text, size_t len)
{
	struct reader *g = ctx;
	bool fine = true;

	g->depth += opens(kind);
	if (g->elsewhere) {
		/* somebody else's */
	} else if (g->place == OUTSIDE) {
		g->place = TOP;
		if (kind != SAX_OBJECT) {
			snprintf(g->problem, sizeof(g->problem), "it is no JSON object");
			fine = false;
		}
	} else if (g->place == TOP) {
		fine = top_item(g, kind, text);
	} else if (g->place == ENTRIES) {
		if (kind == SAX_OBJECT) {
			g->place = ENTRY;
			fine = entry_clear(g);
		} else if (kind == SAX_ARRAY_END) {
			g->place = TOP;
		} else {
			snprintf(g->problem, sizeof(g->problem), "something among the benchmarks is no object");
			fine = false;
		}
	} else if (g->place == ENTRY) {
		if (kind == SAX_OBJECT_END) {
			g->place = ENTRIES;
			fine = entry_done(g);
			if (g->size && !(++g->nr % 4096))
				cli_progress("reading", (uint64_t)ftello(g->f), g->size);
		} else if (opens(kind)) {
			g->elsewhere = g->depth;
		} else {
			fine = entry_item(g, kind, text, len);
		}
	}
	if (g->place == CONTEXT)
		fine = context_item(g, kind, text, len);
	g->depth -= closes(kind);
	if (g->place == CONTEXT && kind == SAX_OBJECT_END && g->depth == 1)
		g->place = TOP;
	if (g->elsewhere && closes(kind) && g->depth < g->elsewhere)
		g->elsewhere = 0;
	return fine;
}

static void reader_free(struct reader *g)
{
	for (size_t i = 0; i < FIELD_TEXTS; i++)
		free(g->e.texts[i].s);
	for (size_t i = 0; i < g->e.most_counters; i++)
		free(g->e.counters[i].name.s);
	free(g->e.counters);
	free(g->context_text);
}

int read_benchmark_json(struct reading *r, FILE *f, const char *path)
{
	struct reader g = { .r = r, .path = path, .f = f };
	struct sax_where where;
	struct stat st;

	g.context = open_memstream(&g.context_text, &g.context_len);
	if (!g.context || !entry_clear(&g)) {
		if (g.context)
			fclose(g.context);
		reader_free(&g);
		return reading_no_memory(r);
	}
	if (r->shows && !fstat(fileno(f), &st) && S_ISREG(st.st_mode))
		g.size = (uint64_t)st.st_size;
	int rc = sax_read(f, false, item, &g, &where);

	if (fclose(g.context))
		rc = -ENOMEM;
	if (rc == -EBADMSG)
		reading_fail(r, CLI_USAGE, "%s: line %llu: %s", path, (unsigned long long)where.line, where.what);
	else if (rc == -ECANCELED && r->status == CLI_OK)
		reading_fail(r, CLI_USAGE, "%s: line %llu: %s", path, (unsigned long long)where.line, g.problem);
	else if (rc && rc != -ECANCELED)
		reading_fail(r, cli_status_of(rc), "%s: %s", path, strerror(-rc));
	else if (!rc && g.context_len)
		r->context = reading_json(g.context_text);
	reader_free(&g);
	if (g.size)
		cli_progress(NULL, 0, 0);
	return r->status;
}
