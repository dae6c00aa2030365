// SPDX-License-Identifier: MIT
#include "observe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/resample.h"

#define BIT(c)   (1u << (c))
#define BUILT_IN "not measured: of the built-in table linux-6.18-epyc"

/* What the duration of a phase may depend on. Of a phase with a step a block, a step is a block: it has no price of its own. */
static const unsigned int columns[PHASE_NR] = {
	[PHASE_ISOLATE] = BIT(COST_BLOCKS) | BIT(COST_SCANNED),
	[PHASE_DRAIN] = BIT(COST_DRAINS) | BIT(COST_DRAINED),
	[PHASE_MIGRATE] = BIT(COST_FIXED) | BIT(COST_SCANNED) | BIT(COST_MIGRATED) | BIT(COST_NOT_MIGRATED),
	[PHASE_TEST] = BIT(COST_FIXED) | BIT(COST_SCANNED),
	[PHASE_GRAB] = BIT(COST_BLOCKS) | BIT(COST_SCANNED) | BIT(COST_GRABBED),
	[PHASE_UNDO] = BIT(COST_BLOCKS) | BIT(COST_MOVED),
};

void observations_init(struct observations *o)
{
	*o = (struct observations){ .one_drain = true };
}

void observations_free(struct observations *o)
{
	for (unsigned int p = 0; p < PHASE_NR; p++)
		free(o->rows[p]);
	free(o->lru);
	free(o->other);
	observations_init(o);
}

static int add(struct observations *o, enum contig_phase phase, double units, uint32_t steps,
               const struct contig_work *w)
{
	struct fit_row row = { .y = units };

	/* the kernel did it so fast that being traced was all of it, or did not do it */
	if (!(units > 0) || !steps)
		return 0;
	for (unsigned int c = 0; c < COST_COLUMN_NR; c++)
		row.x[c] = columns[phase] & BIT(c)
		                   ? (double)(c == COST_FIXED ? steps : cost_count(w, (enum cost_column)c))
		                   : 0;
	struct fit_row *more = reallocarray(o->rows[phase], o->nr[phase] + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	o->rows[phase] = more;
	more[o->nr[phase]++] = row;
	return 0;
}

/* What a request does beside its phases, and what that may depend on; each has its column in a phase. */
static const struct {
	uint8_t phase, column;
} others[] = { { PHASE_TEST, COST_FIXED }, { PHASE_MIGRATE, COST_FIXED }, { PHASE_GRAB, COST_GRABBED } };
#define NR_OTHERS (sizeof(others) / sizeof(others[0]))

static int add_once(struct observations *o, double lru, double other, const struct counted *w)
{
	double *lrus = reallocarray(o->lru, o->nr_once + 1, sizeof(*lrus));

	if (lrus)
		o->lru = lrus;
	struct fit_row *rows = reallocarray(o->other, o->nr_once + 1, sizeof(*rows));

	if (rows)
		o->other = rows;
	if (!lrus || !rows)
		return -ENOMEM;
	lrus[o->nr_once] = lru;
	rows[o->nr_once++] = (struct fit_row){
		.y = other > 1 ? other : 1,
		.x = { 1, w->steps[PHASE_MIGRATE], w->work[PHASE_GRAB].grabbed },
	};
	return 0;
}

int observe(struct observations *o, const struct parts *parts, const struct counted *w, uint32_t drained)
{
	static const struct {
		enum contig_phase phase;
		enum traced what;
	} whole[] = {
		{ PHASE_ISOLATE, TRACED_ISOLATE }, { PHASE_DRAIN, TRACED_DRAIN }, { PHASE_TEST, TRACED_TEST },
		{ PHASE_GRAB, TRACED_GRAB },       { PHASE_UNDO, TRACED_UNDO },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]) && !rc; i++) {
		struct contig_work work = w->work[whole[i].phase];

		if (whole[i].phase == PHASE_DRAIN)
			work.drained += drained;
		if (parts->calls[whole[i].what])
			rc = add(o, whole[i].phase, parts->ticks[whole[i].what], w->steps[whole[i].phase], &work);
	}
	/* collecting and migrating are one: what it costs to take a page off the LRU is of a page that is migrated then */
	if (!rc && parts->calls[TRACED_COLLECT] && (parts->calls[TRACED_MIGRATE] || !w->migrates))
		rc = add(o, PHASE_MIGRATE,
		         parts->ticks[TRACED_COLLECT] + (w->migrates ? parts->ticks[TRACED_MIGRATE] : 0),
		         w->steps[PHASE_MIGRATE], &w->work[PHASE_MIGRATE]);
	/* requests that got so far that they tested */
	if (!rc && w->steps[PHASE_TEST] && parts->other > 0)
		rc = add_once(o, parts->ticks[TRACED_LRU], parts->other, w);
	o->one_drain &= w->work[PHASE_DRAIN].drains <= 1;
	o->requests += !rc;
	return rc;
}

int observe_migration(struct observations *o, double units, uint32_t migrated, uint32_t not_migrated)
{
	const struct contig_work work = { .migrated = migrated, .not_migrated = not_migrated };

	return add(o, PHASE_MIGRATE, units, 1, &work);
}

/* ---- prices ---------------------------------------------------------------------------------- */

static int fit_phase(const struct observations *o, unsigned int p, struct fit *f)
{
	int rc = o->nr[p] ? fit_prices(f, o->rows[p], o->nr[p], columns[p]) : -ENODATA;

	return rc == -EINVAL ? -ENODATA : rc;
}

/* Median of what came once a request, and the standard error of a median of so many. */
static double once(const struct observations *o, double *error)
{
	double *sorted = calloc((size_t)o->nr_once + 1, sizeof(*sorted)), median = 0;

	*error = 0;
	if (sorted && o->nr_once) {
		memcpy(sorted, o->lru, o->nr_once * sizeof(*sorted));
		median = sort_median(sorted, o->nr_once);
		/* half of what lies between the quartiles is 0.67 deviations of a normal sample; 1.25 is a median's */
		*error = 1.25 *
		         (sorted_quantile(sorted, o->nr_once, 0.75) - sorted_quantile(sorted, o->nr_once, 0.25)) /
		         1.35 / sqrt(o->nr_once);
	}
	free(sorted);
	return median;
}

static void set(struct cost_measured *m, double price, double error, uint32_t nr, const char *note)
{
	m->given = true;
	m->price = (uint64_t)llround(price > 0 ? price : 0);
	m->error = (uint64_t)llround(error > 0 ? error : 0);
	m->nr = nr;
	snprintf(m->note, sizeof(m->note), "%s", note);
}

static void borrow(struct cost_file *out, unsigned int p, unsigned int c, double units_per_ps)
{
	struct cost_row row = cost_linux_6_18.phase[p];
	uint64_t ps = *cost_price(&row, (enum cost_column)c);

	if (ps)
		set(&out->measured[p][c], (double)ps * units_per_ps, 0, 0, BUILT_IN);
}

void observe_borrow_again(struct cost_file *out, double units_per_ps)
{
	for (unsigned int p = 0; p < PHASE_NR; p++) {
		for (unsigned int c = 0; c < COST_COLUMN_NR; c++) {
			if (out->measured[p][c].given && !out->measured[p][c].nr &&
			    !strcmp(out->measured[p][c].note, BUILT_IN))
				borrow(out, p, c, units_per_ps);
		}
	}
}

static void one_phase(const struct observations *o, struct cost_file *out, unsigned int p, const struct fit *f, int rc,
                      double units_per_ps)
{
	for (unsigned int c = 0; c < COST_COLUMN_NR; c++) {
		const struct fit_price *price = &f->price[c];

		if (!rc && price->fitted)
			set(&out->measured[p][c], price->value, price->error, o->nr[p],
			    price->value > 0 ? "" : "no price above nothing explains the durations better");
		/* a phase that was not measured, or a column that nothing was in */
		else if (rc || (columns[p] & BIT(c) && !price->rows))
			borrow(out, p, c, units_per_ps);
	}
}

/* More of a price, and what it is of. */
static void add_to(struct cost_measured *m, double units, double error, uint32_t nr, const char *of)
{
	size_t len = strlen(m->note);

	if (!(units >= 0.5))
		return;
	m->given = true;
	m->price += (uint64_t)llround(units);
	m->error = (uint64_t)llround(hypot((double)m->error, error));
	m->nr = m->nr ? m->nr : nr;
	snprintf(m->note + len, sizeof(m->note) - len, "%swith %.0f of %s", len ? ", " : "", units, of);
}

/* Draining the LRU's batches, once a request, is of the drain where that is once, too. What is in no phase goes to the nearest. */
static int add_fixed(const struct observations *o, struct cost_file *out)
{
	double lru_error, lru = once(o, &lru_error);
	struct cost_measured *drain = &out->measured[PHASE_DRAIN][COST_DRAINS];
	struct cost_measured *test = &out->measured[PHASE_TEST][COST_FIXED];
	bool by_drain = o->one_drain && o->has[TRACED_DRAIN] && drain->nr;
	struct fit f;
	int rc = 0;

	if (o->has[TRACED_LRU])
		add_to(by_drain ? drain : test, lru, lru_error, o->nr_once, "draining LRU batches, once a request");
	if (o->has[TRACED_ISOLATE] && o->nr_once)
		rc = fit_prices(&f, o->other, o->nr_once, (1u << NR_OTHERS) - 1);
	for (unsigned int i = 0; i < NR_OTHERS && o->has[TRACED_ISOLATE] && o->nr_once && !rc; i++) {
		/* a price that was not measured has no part that was */
		if (f.price[i].fitted &&
		    (out->measured[others[i].phase][others[i].column].nr || others[i].column == COST_FIXED))
			add_to(&out->measured[others[i].phase][others[i].column], f.price[i].value, f.price[i].error,
			       o->nr_once, "what is in no phase");
	}
	return rc == -EINVAL ? 0 : rc;
}

int observe_prices(const struct observations *o, struct cost_file *out, double units_per_ps, struct contig_diag *diag)
{
	bool any = false;

	memset(out->measured, 0, sizeof(out->measured));
	for (unsigned int p = 0; p < PHASE_NR; p++) {
		struct fit f = { .residual = 0 };
		int rc = fit_phase(o, p, &f);

		if (rc == -ENOMEM)
			return contig_diag_set(diag, rc, "no memory");
		any |= !rc;
		one_phase(o, out, p, &f, rc, units_per_ps);
	}
	if (add_fixed(o, out))
		return contig_diag_set(diag, -ENOMEM, "no memory");
	return any ? 0
	           : contig_diag_set(diag, -ENODATA, "none of %u requests had a phase that could be measured",
	                             o->requests);
}

void observe_csv(const struct observations *o, FILE *f)
{
	fputs("phase,duration", f);
	for (unsigned int c = 0; c < COST_COLUMN_NR; c++)
		fprintf(f, ",%s", cost_column_name((enum cost_column)c));
	fputc('\n', f);
	for (unsigned int p = 0; p < PHASE_NR; p++) {
		for (uint32_t i = 0; i < o->nr[p]; i++) {
			fprintf(f, "%s,%.0f", contig_phase_name((enum contig_phase)p), o->rows[p][i].y);
			for (unsigned int c = 0; c < COST_COLUMN_NR; c++)
				fprintf(f, ",%.0f", o->rows[p][i].x[c]);
			fputc('\n', f);
		}
	}
}

int observe_quality(const struct observations *o, struct fit_quality out[PHASE_NR])
{
	for (unsigned int p = 0; p < PHASE_NR; p++) {
		struct fit f;
		int rc = fit_phase(o, p, &f);

		out[p] = (struct fit_quality){ .rows = o->nr[p] };
		if (rc == -ENOMEM)
			return rc;
		if (!rc) {
			out[p].outliers = f.outliers;
			out[p].residual = f.residual;
		}
	}
	return 0;
}
