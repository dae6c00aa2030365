// SPDX-License-Identifier: MIT
/* words.c - numbers and verdicts as text, the same in every format. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "inside.h"

#define SEEDS_SHOWN 3

/* As many digits as are worth reading: whole numbers whole, times in the unit that fits. */
static void quantity(char out[32], double value, const char *unit)
{
	static const struct {
		double from;
		const char *name;
	} times[] = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" }, { 0, "ns" } };
	double by = 1;

	if (!strcmp(unit, "ns")) {
		size_t i = 0;

		while (times[i].from > 0 && fabs(value) < times[i].from)
			i++;
		by = times[i].from > 0 ? times[i].from : 1;
		unit = times[i].name;
	}
	value /= by;
	/* from 1000 on what is behind the point says nothing */
	bool whole = fabs(value) < 1e12 && (fabs(value) >= 1000 || !(fabs(value - round(value)) > 0));

	snprintf(out, 32, whole ? "%.0f%s%.12s" : "%.4g%s%.12s", value, *unit ? " " : "", unit);
}

static void append(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void append(char *out, size_t size, const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + len, size - len, fmt, ap);
	va_end(ap);
}

static void verdict_words(const struct compare *c, const struct comparison *one, char out[64])
{
	const char *unit = one->kind == RECORD_RATE ? one->threshold <= 1 ? "point" : "points" : "%";
	const char *runs = c->old.deterministic ? "seed" : "run";

	snprintf(out, 64, "%s", verdict_name(one->verdict));
	if (one->verdict == VERDICT_SAME && (one->differ || !one->pairs))
		append(out, 64, " within %.3g %s", one->threshold, unit);
	if (one->verdict == VERDICT_CANNOT_TELL && one->more > COMPARE_MOST)
		append(out, 64, ": needs more than %u more %ss", COMPARE_MOST, runs);
	else if (one->verdict == VERDICT_CANNOT_TELL)
		append(out, 64, ": needs %" PRIu64 " more %s%s", one->more, runs, one->more == 1 ? "" : "s");
}

/* How far the seeds are from what they were, the first few. */
static void count_detail(const struct comparison *one, char out[192])
{
	struct compare_pair at = { 0 };
	int shown = 0;

	if (!one->differ) {
		snprintf(out, 192, "%zu seed%s", one->pairs, one->pairs == 1 ? "" : "s");
		return;
	}
	snprintf(out, 192, "%zu of %zu seed%s:", one->differ, one->pairs, one->pairs == 1 ? "" : "s");
	while (shown <= SEEDS_SHOWN && compare_next_pair(one, &at)) {
		double by = compare_value(one, at.new) - compare_value(one, at.old);

		if (!(fabs(by) > 0))
			continue;
		if (shown++ < SEEDS_SHOWN)
			append(out, 192, fabs(by) < 1000 ? "%s seed %" PRIu64 " %+.4g" : "%s seed %" PRIu64 " %+.0f",
			       shown > 1 ? "," : "", at.old->key, by);
		else
			append(out, 192, " ...");
	}
}

static void p_words(char out[24], double p)
{
	if (p < 1e-6)
		snprintf(out, 24, "below 1e-6");
	else
		snprintf(out, 24, p < 0.001 ? "%.1e" : "%.2g", p);
}

static void tested_detail(const struct comparison *one, char out[192])
{
	char p[24];

	out[0] = '\0';
	if (one->test) {
		p_words(p, one->corrected);
		append(out, 192, "p %s, %s", p, one->test);
	}
	if (one->old->mean_of || one->new->mean_of)
		append(out, 192, "%sonly means in the file, no repetitions", *out ? ", " : "");
	else if (one->kind == RECORD_RATE && one->pairs)
		append(out, 192, ", %zu requests: %zu lost, %zu gained", one->pairs, one->lost, one->gained);
	else
		append(out, 192, "%s%zu and %zu runs", *out ? ", " : "", one->old->nr, one->new->nr);
	if (one->noise > one->threshold)
		append(out, 192, ", noise %.3g %s", one->noise, one->kind == RECORD_RATE ? "points" : "%");
	if (one->drift > one->threshold)
		append(out, 192, ", halves differ by %.3g %%", one->drift);
}

void compare_words(const struct compare *c, const struct comparison *one, struct compare_words *w)
{
	const char *unit = one->successes ? "" : one->old->unit;

	*w = (struct compare_words){ 0 };
	verdict_words(c, one, w->verdict);
	if (one->kind == RECORD_RATE) {
		snprintf(w->from, sizeof(w->from), "%.1f %%", 100 * one->from);
		snprintf(w->to, sizeof(w->to), "%.1f %%", 100 * one->to);
		snprintf(w->change, sizeof(w->change), "%+.1f points", one->change);
	} else {
		quantity(w->from, one->from, unit);
		quantity(w->to, one->to, unit);
		if (isnan(one->change))
			snprintf(w->change, sizeof(w->change), "from 0");
		else if (fabs(one->change) < 0.05 && fabs(one->change) > 0)
			snprintf(w->change, sizeof(w->change), "%+.2g %%", one->change);
		else
			snprintf(w->change, sizeof(w->change), fabs(one->change) < 1000 ? "%+.1f %%" : "%+.6g %%",
			         one->change);
	}
	if (!isnan(one->low))
		snprintf(w->interval, sizeof(w->interval), "[%+.1f, %+.1f]", one->low, one->high);
	if (one->kind == RECORD_COUNT)
		count_detail(one, w->detail);
	else
		tested_detail(one, w->detail);
}

const char *compare_title(enum record_kind kind)
{
	static const char *const titles[RECORD_KIND_NR] = {
		[RECORD_COUNT] = "counts, exactly, seed by seed",
		[RECORD_RATE] = "success rates, by exact tests",
		[RECORD_TIME] = "times, by ranks; intervals are of the ratio of medians",
	};

	return titles[kind];
}
