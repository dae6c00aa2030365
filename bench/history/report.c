// SPDX-License-Identifier: MIT
/* report.c - names of runs and experiments, for people and for programs. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/trace/sha256.h"
#include "../stats/resample.h"
#include "../text/escape.h"
#include "date.h"
#include "report.h"

void report_revision(FILE *f, const struct history_run *run)
{
	if (run->revision[0])
		escape_terminal(f, run->revision);
	else
		fprintf(f, "run %" PRId64, run->id);
}

void report_day(const struct history_run *run, char out[16])
{
	char text[32];

	date_text(run->commit ? run->committed : run->measured, text);
	snprintf(out, 16, "%.10s", text);
}

void report_experiment(FILE *f, const struct history_index *x, size_t experiment)
{
	const struct history_experiment *e = &x->experiments[experiment];
	struct sha256 sum;
	char hex[65];

	sha256_init(&sum);
	sha256_add(&sum, e->parameters, strlen(e->parameters) + 1);
	sha256_add(&sum, e->inputs, strlen(e->inputs) + 1);
	sha256_hex(&sum, hex);
	fprintf(f, "experiment %" PRId64 ": machine ", e->id);
	escape_terminal(f, e->machine[0] ? e->machine : "unknown");
	fprintf(f, ", parameters %.8s, %zu run%s", hex, e->runs, e->runs == 1 ? "" : "s");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

json_t *report_text_json(const char *text)
{
	char *copy = NULL;
	size_t len;
	FILE *f = open_memstream(&copy, &len);
	json_t *json;

	if (!f)
		return json_null();
	escape_json(f, text);
	fclose(f);
	json = json_loads(copy, JSON_DECODE_ANY, NULL);
	free(copy);
	return json ? json : json_null();
}

json_t *report_real_json(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

json_t *report_run_json(const struct history_index *x, const struct history_run *run)
{
	char measured[32], committed[32];
	json_t *json = json_pack("{s:I, s:o}", "run", (json_int_t)run->id, "revision", report_text_json(run->revision));

	date_text(run->measured, measured);
	json_object_set_new(json, "measured", json_string(measured));
	if (run->commit) {
		date_text(run->committed, committed);
		json_object_set_new(json, "committed", json_string(committed));
	}
	json_object_set_new(json, "experiment", json_integer(x->experiments[run->experiment].id));
	return json;
}

/* ---- bars ------------------------------------------------------------------------------------ */

static bool terminal_has_bars(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);

		if (value && value[0])
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

/* The median of those of values[n] that are there. */
static double middle(const double *values, size_t n, double *scratch)
{
	size_t nr = 0;

	for (size_t i = 0; i < n; i++) {
		if (isfinite(values[i]))
			scratch[nr++] = values[i];
	}
	return nr ? sort_median(scratch, nr) : NAN;
}

void report_spark(FILE *f, const double *values, size_t n, size_t width)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char plain[] = "_.-=+*%#";
	const size_t cells = n < width ? n : width;
	double *cell = calloc(cells + n + 1, sizeof(*cell)), least = INFINITY, most = -INFINITY;
	const bool fine = terminal_has_bars();

	for (size_t i = 0; cell && i < cells; i++) {
		const size_t first = i * n / cells, end = (i + 1) * n / cells;

		cell[i] = middle(values + first, end - first, cell + cells);
		least = fmin(least, cell[i]);
		most = fmax(most, cell[i]);
	}
	for (size_t i = 0; cell && i < cells; i++) {
		const int at = isnan(cell[i]) ? -1
		               : most > least ? (int)((cell[i] - least) / (most - least) * 7.999)
		                              : 0;

		if (at < 0)
			fputc(' ', f);
		else if (fine)
			fputs(bars[at], f);
		else
			fputc(plain[at], f);
	}
	free(cell);
}
