/* SPDX-License-Identifier: MIT */
/*
 * rank.h - do two samples come from one distribution? The test of Mann and Whitney (1947): nothing is assumed of its shape.
 */
#ifndef RANK_H
#define RANK_H

#include <stdbool.h>
#include <stddef.h>

#define RANK_TABLES 51u /* up to 50 values a side without ties the p is counted out, once for each pair of sizes */

/* What has been counted out already. Zero it first; not for two threads. */
struct rank_tables {
	double *p[RANK_TABLES][RANK_TABLES]; /* by U; of min, max of the sizes */
};

struct rank_test {
	double p; /* two-sided */
	double z; /* of the normal approximation, without continuity correction: how far, in standard deviations; > 0: b is larger */
	double larger; /* share of pairs of which b's is larger, halves for ties: 0.5 is no difference */
	bool exact;    /* p was counted out; else the normal approximation, corrected for ties and continuity */
};

/* Both are sorted, and neither is empty. */
struct rank_test rank_test(const double *a, size_t na, const double *b, size_t nb, struct rank_tables *tables);
void rank_tables_free(struct rank_tables *tables);

/* The smallest p that na and nb values without ties can have: 2 / C(na + nb, na). */
double rank_smallest_p(size_t na, size_t nb);

/*
 * Holm (1979): p corrected for so many tests, in place. If none of the differences is real, the chance that any corrected p is
 * below 0.05 is at most 5 %, however the tests depend on each other. False: no memory.
 */
bool holm(double *p, size_t nr);

#endif
