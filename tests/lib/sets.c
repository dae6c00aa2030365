// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../bench/text/escape.h"
#include "sets.h"

static char *copy(const char *text)
{
	char *s = strdup(text);

	assert_non_null(s);
	return s;
}

void set_make(struct record_set *s, const char *revision, const char *date)
{
	*s = (struct record_set){
		.path = copy("made up"),
		.schema = copy("google-benchmark"),
		.revision = copy(revision),
		.machine = copy("m"),
		.date = copy(date),
		.parameters = copy("{}"),
		.inputs = copy(""),
	};
}

static struct record_benchmark *benchmark(struct record_set *s, const char *name)
{
	if (s->nr && !strcmp(s->benchmarks[s->nr - 1].name, name))
		return &s->benchmarks[s->nr - 1];
	/* room for twice as many whenever there is none */
	if (!(s->nr & (s->nr - 1)))
		s->benchmarks = reallocarray(s->benchmarks, s->nr ? 2 * s->nr : 1, sizeof(*s->benchmarks));
	assert_non_null(s->benchmarks);
	s->benchmarks[s->nr] = (struct record_benchmark){ .name = copy(name) };
	return &s->benchmarks[s->nr++];
}

struct record_metric *set_add(struct record_set *s, const char *name, const char *metric, enum record_kind kind,
                              enum record_better better, const double *values, size_t nr)
{
	struct record_benchmark *b = benchmark(s, name);

	b->metrics = reallocarray(b->metrics, b->nr + 1, sizeof(*b->metrics));
	assert_non_null(b->metrics);
	struct record_metric *m = &b->metrics[b->nr++];

	*m = (struct record_metric){
		.name = copy(metric),
		.unit = copy(kind == RECORD_TIME ? "ns" : ""),
		.kind = kind,
		.better = better,
		.values = calloc(nr, sizeof(*m->values)),
		.nr = nr,
		.stddev = NAN,
	};
	assert_non_null(m->values);
	for (size_t i = 0; i < nr; i++)
		m->values[i] = (struct record_value){ .key = i + 1, .value = values[i] };
	return m;
}

void set_write_google(const struct record_set *s, const char *path)
{
	FILE *f = fopen(path, "w");
	const char *comma = "";

	assert_non_null(f);
	fprintf(f,
	        "{\"context\":{\"date\":\"%s\",\"host_name\":\"%s\",\"num_cpus\":2,\"executable\":\"x\"},\n\"benchmarks\":[",
	        s->date, s->machine);
	for (size_t b = 0; b < s->nr; b++) {
		const struct record_metric *m = &s->benchmarks[b].metrics[0];

		for (size_t i = 0; i < m->nr; i++) {
			fprintf(f, "%s\n{\"name\":", comma);
			escape_json(f, s->benchmarks[b].name);
			fprintf(f,
			        ",\"run_type\":\"iteration\",\"repetitions\":%zu,\"repetition_index\":%zu,\"iterations\":1,"
			        "\"real_time\":%.17g,\"cpu_time\":%.17g,\"time_unit\":\"ns\"}",
			        m->nr, i, m->values[i].value, m->values[i].value);
			comma = ",";
		}
	}
	fputs("\n]}\n", f);
	assert_int_equal(fclose(f), 0);
}
