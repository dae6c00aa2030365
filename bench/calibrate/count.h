/* SPDX-License-Identifier: MIT */
/*
 * count.h - the work of a request on a given layout, by the model's own rules: what its durations are held against. A price is
 * then right for what a run multiplies it with, whatever the kernel counts.
 */
#ifndef CALIBRATE_COUNT_H
#define CALIBRATE_COUNT_H

#include "../../allocators/contig.h"

/* Pages of one kind; runs are ascending and fill the layout. */
struct count_run {
	uint32_t at; /* from the layout's beginning, which is aligned to the largest order */
	uint8_t order;
	uint8_t kind; /* enum page_kind */
	bool pinned;
};

struct count_layout {
	struct contig_geometry geometry; /* orders; zones are made here */
	uint32_t pages;
	struct count_run *runs;
	uint32_t nr;
};

struct counted {
	int rc;
	struct contig_work work[PHASE_NR];
	uint32_t steps[PHASE_NR];
	/* of PHASE_MIGRATE: steps that collect pages, and that migrate them */
	struct contig_work collect, migrate;
	uint32_t collects, migrates;
};

/*
 * The request on that layout, with as much free memory again to migrate to. 0 whatever it answers, or -errno with *diag: the
 * layout can not be put down.
 */
int count_work(struct counted *out, const char *backend, const struct count_layout *l,
               const struct contig_range_args *args, struct contig_diag *diag);

/* The generation whose rules are those of a release, "6.18.44-x": the youngest that is not younger, or the oldest. */
const char *count_backend(const char *release);

/* Pages as single runs of their kind; free ones as the largest aligned runs that they make up to 2^max_order. 0 or -ENOMEM. */
int count_layout_of(struct count_layout *l, const uint8_t *kinds, uint32_t pages, unsigned int max_order);

#endif
