/* SPDX-License-Identifier: MIT */
/* observe.h - requests that were measured and counted, phase by phase, and the prices that come of them. */
#ifndef CALIBRATE_OBSERVE_H
#define CALIBRATE_OBSERVE_H

#include "../virtual/cost_file.h"
#include "count.h"
#include "fit.h"
#include "spans.h"

struct observations {
	struct fit_row *rows[PHASE_NR];
	uint32_t nr[PHASE_NR];
	uint32_t requests;
	uint32_t skipped;      /* answered otherwise than by the model: they are not of the same work */
	bool one_drain;        /* per-cpu lists were drained once a request, never more often */
	double *lru;           /* units a request: draining LRU batches */
	struct fit_row *other; /* what is in no phase: for a request, a step of migration, a page got */
	uint32_t nr_once;
	bool has[TRACED_NR]; /* what was traced; the rest is not measured */
};

void observations_init(struct observations *o);
void observations_free(struct observations *o);

/*
 * One request: what its parts took, in the unit that prices shall have, and what work it was. `drained` is of pages on per-cpu
 * lists when it began, which the layout does not show. 0 or -ENOMEM.
 */
int observe(struct observations *o, const struct parts *parts, const struct counted *work, uint32_t drained);

/* One call of migrate_pages() alone, whoever made it. */
int observe_migration(struct observations *o, double units, uint32_t migrated, uint32_t not_migrated);

/*
 * Prices of all phases that were measured, and of the others and of columns that no request had anything of, those of the built-in
 * table: `ps_per_unit` makes its ps a number of our units. 0, or -errno with *diag.
 */
int observe_prices(const struct observations *o, struct cost_file *out, double units_per_ps, struct contig_diag *diag);

/* What a file has of the built-in table's, whose prices are times, for another length of a unit. */
void observe_borrow_again(struct cost_file *out, double units_per_ps);

/* Every duration with the work it is held against, in the unit of the prices: a CSV. */
void observe_csv(const struct observations *o, FILE *f);

/* How well a phase's durations are told by its prices: median of relative deviations, and outliers. */
struct fit_quality {
	uint32_t rows, outliers;
	double residual;
};
int observe_quality(const struct observations *o, struct fit_quality out[PHASE_NR]);

#endif
