// SPDX-License-Identifier: MIT
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/resample.h"
#include "check.h"

struct checking {
	const struct history_index *x;
	const struct tracks *t;
	const struct check_options *o;
	double *correlations;      /* by track */
	double *expected;          /* by experiment */
	struct finding **findings; /* by track */
	size_t *nr_findings;       /* the same */
	struct changes *changes;   /* the same; their lists have become findings */
	atomic_size_t next;
	atomic_bool no_memory;
	void (*step)(struct checking *c, size_t track);
};

static const struct history_series *about(const struct history_index *x, const struct tracks *t, size_t track)
{
	return &x->series[t->list[track].series];
}

const struct history_run *check_run(const struct history_index *x, const struct tracks *t, size_t track,
                                    size_t position)
{
	return &x->runs[t->first_run[about(x, t, track)->experiment] + position];
}

/* ---- one series ------------------------------------------------------------------------------ */

static struct changes_series series_of(const struct checking *c, size_t track)
{
	const struct track *t = &c->t->list[track];

	return (struct changes_series){ .values = t->centers,
		                        .n = t->runs,
		                        .ratio = about(c->x, c->t, track)->kind == RECORD_TIME };
}

static void correlate(struct checking *c, size_t track)
{
	const struct changes_series s = series_of(c, track);

	c->correlations[track] = c->t->list[track].answers ? NAN : changes_correlation(&s);
}

struct neighbours {
	const struct checking *c;
	size_t track;
};

/* Runs of a revision that nobody knows are of any. */
static bool same_revision(const void *ctx, size_t a, size_t b)
{
	const struct neighbours *n = ctx;
	const char *x = check_run(n->c->x, n->c->t, n->track, a)->revision;

	return a == b || (*x && !strcmp(x, check_run(n->c->x, n->c->t, n->track, b)->revision));
}

static bool find(struct checking *c, size_t track)
{
	const struct neighbours n = { c, track };
	const struct track *t = &c->t->list[track];
	const struct changes_series s = series_of(c, track);
	struct changes *changes = &c->changes[track];

	if (t->answers)
		return !check_exact(t, same_revision, &n, &c->findings[track], &c->nr_findings[track]);
	if (changes_find(changes, &s, c->expected[about(c->x, c->t, track)->experiment]))
		return false;
	c->findings[track] = calloc(changes->nr + 1, sizeof(struct finding));
	for (size_t i = 0; c->findings[track] && i < changes->nr; i++)
		c->findings[track][c->nr_findings[track]++] =
			(struct finding){ .kind = FINDING_STEP, .change = changes->list[i] };
	free(changes->list);
	changes->list = NULL;
	return c->findings[track];
}

static void find_changes(struct checking *c, size_t track)
{
	if (!find(c, track))
		atomic_store(&c->no_memory, true);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void *work(void *ctx)
{
	struct checking *c = ctx;

	for (size_t first; (first = atomic_fetch_add(&c->next, 64)) < c->t->nr;) {
		for (size_t i = first; i < first + 64 && i < c->t->nr; i++)
			c->step(c, i);
	}
	return NULL;
}

/* step() for every track, by as many threads as can be had. */
static void each_track(struct checking *c, void (*step)(struct checking *c, size_t track))
{
	pthread_t threads[64];
	unsigned int nr = 0;

	c->step = step;
	atomic_store(&c->next, 0);
	while (nr + 1 < c->o->jobs && nr < 64 && nr < c->t->nr / 256 && !pthread_create(&threads[nr], NULL, work, c))
		nr++;
	work(c);
	while (nr)
		pthread_join(threads[--nr], NULL);
}

/* What one machine's noise is like, all of its series together say better than each. */
static void pool_correlations(struct checking *c)
{
	size_t first = 0;

	for (size_t e = 0; e < c->x->nr_experiments; e++) {
		size_t end = first, numbers = 0;

		for (; end < c->t->nr && about(c->x, c->t, end)->experiment == e; end++)
			numbers += isnan(c->correlations[end]) ? 0 : c->t->list[end].runs;
		c->expected[e] = changes_expected(c->correlations + first, end - first, numbers);
		first = end;
	}
}

/* Is the run after the last one of the revision that --since names? */
static bool is_newer(const struct history_run *run, const struct history_run *since)
{
	const int64_t a = run->commit ? run->committed : run->measured;
	const int64_t b = since->commit ? since->committed : since->measured;

	if (run->experiment == since->experiment)
		return run->position > since->position;
	return a > b || (a == b && run->rank > since->rank);
}

static int find_since(const struct history_index *x, const char *since, const struct history_run **run)
{
	*run = NULL;
	for (size_t i = 0; since && i < x->nr_runs; i++) {
		if (!strcmp(x->runs[i].revision, since) && (!*run || is_newer(&x->runs[i], *run)))
			*run = &x->runs[i];
	}
	if (since && !*run)
		return cli_error(CLI_USAGE,
		                 "--since %s: no run is of that revision; `contigbench history list runs` has them",
		                 since);
	return CLI_OK;
}

static enum finding_verdict judge(const struct finding *f, enum record_better better)
{
	if (better == BETTER_NEITHER || f->change.new == f->change.old)
		return FINDING_CHANGED;
	return (f->change.new > f->change.old) == (better == BETTER_HIGHER) ? FINDING_BETTER : FINDING_WORSE;
}

static bool is_small(const struct finding *f, double threshold)
{
	const struct change *c = &f->change;

	if (!c->relative && c->old != 0)
		return fabs(c->size) < threshold * fabs(c->old);
	return fabs(c->size) < threshold;
}

/*
 * The largest probability that stands among so many series: of what is then reported no more than CHANGES_ALPHA is chance, on
 * average (Benjamini, Hochberg, J. R. Statist. Soc. B, 1995).
 */
static double cutoff(const struct checking *c, size_t series)
{
	double *p = NULL, most = -1;
	size_t nr = 0, all = 0;

	for (size_t i = 0; i < c->t->nr; i++)
		all += c->t->list[i].answers ? 0 : c->nr_findings[i];
	p = calloc(all + 1, sizeof(*p));
	for (size_t i = 0; p && i < c->t->nr; i++) {
		for (size_t k = 0; !c->t->list[i].answers && k < c->nr_findings[i]; k++)
			p[nr++] = c->findings[i][k].change.p;
	}
	if (!p)
		return NAN;
	sort_values(p, nr);
	/* a series with several candidates was asked several times */
	series = series > nr ? series : nr;
	for (size_t i = 0; i < nr; i++)
		most = p[i] <= CHANGES_ALPHA * (double)(i + 1) / (double)series ? p[i] : most;
	free(p);
	return most;
}

static bool is_constant(const struct track *t)
{
	double first = NAN;

	for (size_t i = 0; i < t->runs; i++) {
		if (isnan(t->centers[i]))
			continue;
		if (!isnan(first) && t->centers[i] != first)
			return false;
		first = t->centers[i];
	}
	return true;
}

static void count_series(struct check *out, const struct checking *c)
{
	for (size_t i = 0; i < c->t->nr; i++) {
		const size_t missing = c->changes[i].missing;

		out->exact += !!c->t->list[i].answers;
		out->measured += !c->t->list[i].answers;
		if (c->t->list[i].answers)
			continue;
		out->constant += !missing && is_constant(&c->t->list[i]);
		out->too_short += !!missing;
		if (missing && (!out->missing || missing < out->missing))
			out->missing = missing;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->change.at != y->change.at)
		return x->change.at < y->change.at ? 1 : -1;
	if (x->change.before != y->change.before)
		return x->change.before < y->change.before ? 1 : -1;
	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	const double p = fabs(x->change.size), q = fabs(y->change.size);

	return p != q ? (p < q) - (p > q) : (x->track > y->track) - (x->track < y->track);
}

/* Findings of all tracks in one list, without those that chance, or too little, has made. */
static bool collect(struct check *out, const struct checking *c, const struct history_run *since)
{
	const double most = cutoff(c, out->measured - out->too_short);
	size_t all = 0, first = 0;

	for (size_t i = 0; i < c->t->nr; i++)
		all += c->nr_findings[i];
	out->list = calloc(all + 1, sizeof(*out->list));
	if (!out->list || isnan(most))
		return false;
	for (size_t i = 0; i < c->t->nr; i++) {
		const struct history_series *s = about(c->x, c->t, i);
		const bool exact = c->t->list[i].answers;

		if (i && about(c->x, c->t, i - 1)->experiment != s->experiment) {
			qsort(out->list + first, out->nr - first, sizeof(*out->list), by_place);
			first = out->nr;
		}
		for (size_t k = 0; k < c->nr_findings[i]; k++) {
			struct finding f = c->findings[i][k];

			f.track = i;
			f.verdict = judge(&f, s->better);
			f.newer = !since || is_newer(check_run(c->x, c->t, i, f.change.at), since);
			if (!exact && f.change.p > most) {
				out->doubtful++;
			} else if (!exact && is_small(&f, c->o->threshold)) {
				out->small++;
			} else {
				out->list[out->nr++] = f;
				out->steps += f.kind == FINDING_STEP;
				out->worse += f.kind == FINDING_STEP && f.verdict == FINDING_WORSE && f.newer;
			}
		}
	}
	qsort(out->list + first, out->nr - first, sizeof(*out->list), by_place);
	return true;
}

int check_make(struct check *out, const struct history_index *x, const struct tracks *t, const struct check_options *o)
{
	struct checking c = { .x = x, .t = t, .o = o };
	const struct history_run *since;
	int status = find_since(x, o->since, &since);

	*out = (struct check){ 0 };
	if (status != CLI_OK)
		return status;
	c.correlations = calloc(t->nr + 1, sizeof(*c.correlations));
	c.expected = calloc(x->nr_experiments + 1, sizeof(*c.expected));
	c.findings = calloc(t->nr + 1, sizeof(struct finding *));
	c.nr_findings = calloc(t->nr + 1, sizeof(*c.nr_findings));
	c.changes = calloc(t->nr + 1, sizeof(*c.changes));
	bool room = c.correlations && c.expected && c.findings && c.nr_findings && c.changes;

	if (room) {
		each_track(&c, correlate);
		pool_correlations(&c);
		each_track(&c, find_changes);
		count_series(out, &c);
		room = !atomic_load(&c.no_memory) && collect(out, &c, since);
	}
	for (size_t i = 0; c.findings && i < t->nr; i++)
		free(c.findings[i]);
	free(c.correlations);
	free(c.expected);
	free(c.findings);
	free(c.nr_findings);
	free(c.changes);
	return room ? CLI_OK : cli_error(CLI_MACHINE, "no memory");
}

void check_free(struct check *c)
{
	free(c->list);
	*c = (struct check){ 0 };
}
