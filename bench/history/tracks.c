// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/resample.h"
#include "tracks.h"

/* An exact series' different answers, the latest last. */
struct answer {
	struct answer *before;
	uint32_t number;
	size_t nr;        /* words */
	uint64_t words[]; /* keys, and the bits of values or trials */
};

struct loading {
	const struct history_index *x;
	struct tracks *tracks;
	size_t *track;         /* by series; SIZE_MAX: not wanted */
	struct answer **known; /* by track */
	size_t position;       /* of the run that is read */
	double *scratch;
	size_t room;
};

static double sum_of_trials(const struct history_sample *s)
{
	double k = 0, n = 0;

	for (size_t i = 0; i < s->nr; i++) {
		k += (double)s->trials[2 * i];
		n += (double)s->trials[2 * i + 1];
	}
	return n > 0 ? k / n : NAN;
}

static double mean(const struct history_sample *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->nr; i++)
		sum += s->values[i];
	return sum / (double)s->nr;
}

static double center(struct loading *l, const struct history_sample *s, bool exact)
{
	if (s->trials)
		return sum_of_trials(s);
	if (exact)
		return mean(s);
	if (s->nr > l->room) {
		double *more = reallocarray(l->scratch, s->nr, sizeof(*more));

		if (!more)
			return NAN;
		l->scratch = more;
		l->room = s->nr;
	}
	memcpy(l->scratch, s->values, s->nr * sizeof(*s->values));
	return sort_median(l->scratch, s->nr);
}

/* The number of this answer among those that the track has had; 0: no memory. */
static uint32_t answer(struct loading *l, size_t track, const struct history_sample *s)
{
	const size_t words = s->nr * (s->trials ? 3 : 2);
	struct answer *a = malloc(sizeof(*a) + words * sizeof(*a->words)), *old = l->known[track];

	if (!a)
		return 0;
	memcpy(a->words, s->keys, s->nr * sizeof(*s->keys));
	memcpy(a->words + s->nr, s->trials ? (const void *)s->trials : s->values, (words - s->nr) * sizeof(*a->words));
	while (old && (old->nr != words || memcmp(old->words, a->words, words * sizeof(*a->words))))
		old = old->before;
	if (old) {
		free(a);
		return old->number;
	}
	a->nr = words;
	a->before = l->known[track];
	a->number = a->before ? a->before->number + 1 : 1;
	l->known[track] = a;
	return a->number;
}

static int take(void *ctx, const struct history_sample *s)
{
	struct loading *l = ctx;
	const size_t at = l->track[s->series];

	if (at == SIZE_MAX)
		return CLI_OK;
	struct track *t = &l->tracks->list[at];

	l->tracks->nr_samples++;
	t->centers[l->position] = center(l, s, t->answers);
	if (!t->answers)
		return CLI_OK;
	t->answers[l->position] = answer(l, at, s);
	return t->answers[l->position] ? CLI_OK : cli_error(CLI_MACHINE, "no memory");
}

static bool add_track(struct loading *l, size_t series)
{
	const struct history_series *s = &l->x->series[series];
	struct track *t = &l->tracks->list[l->tracks->nr];

	*t = (struct track){ .series = series, .runs = l->x->experiments[s->experiment].runs };
	t->centers = calloc(t->runs + 1, sizeof(*t->centers));
	t->answers = s->exact ? calloc(t->runs + 1, sizeof(*t->answers)) : NULL;
	for (size_t i = 0; t->centers && i < t->runs; i++)
		t->centers[i] = NAN;
	l->track[series] = l->tracks->nr++;
	return t->centers && (t->answers || !s->exact);
}

static bool prepare(struct loading *l, bool (*wanted)(const void *ctx, const struct history_series *s), const void *ctx)
{
	const struct history_index *x = l->x;
	bool room = true;

	l->tracks->list = calloc(x->nr_series + 1, sizeof(*l->tracks->list));
	l->tracks->first_run = calloc(x->nr_experiments + 1, sizeof(*l->tracks->first_run));
	l->track = calloc(x->nr_series + 1, sizeof(*l->track));
	l->known = calloc(x->nr_series + 1, sizeof(struct answer *));
	room = l->tracks->list && l->tracks->first_run && l->track && l->known;
	for (size_t i = x->nr_runs; room && i-- > 0;)
		l->tracks->first_run[x->runs[i].experiment] = i;
	for (size_t i = 0; room && i < x->nr_series; i++) {
		l->track[i] = SIZE_MAX;
		if (wanted(ctx, &x->series[i]))
			room = add_track(l, i);
	}
	return room;
}

int tracks_load(struct tracks *t, struct history *h, const struct history_index *x,
                bool (*wanted)(const void *ctx, const struct history_series *s), const void *ctx)
{
	struct loading l = { .x = x, .tracks = t };

	*t = (struct tracks){ 0 };
	int status = prepare(&l, wanted, ctx) ? CLI_OK : cli_error(CLI_MACHINE, "no memory");

	for (size_t i = 0; status == CLI_OK && i < x->nr_runs; i++) {
		l.position = x->runs[i].position;
		status = history_samples(h, x, &x->runs[i], take, &l);
		cli_progress("reading", i + 1, x->nr_runs);
	}
	for (size_t i = 0; l.known && i < t->nr; i++) {
		for (struct answer *a; (a = l.known[i]);) {
			l.known[i] = a->before;
			free(a);
		}
	}
	free(l.known);
	free(l.track);
	free(l.scratch);
	return status;
}

void tracks_free(struct tracks *t)
{
	for (size_t i = 0; i < t->nr; i++) {
		free(t->list[i].centers);
		free(t->list[i].answers);
	}
	free(t->list);
	free(t->first_run);
	*t = (struct tracks){ 0 };
}
