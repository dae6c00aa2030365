/* SPDX-License-Identifier: MIT */
/*
 * exact.h - tests whose p is counted out, not approximated. All are two-sided.
 */
#ifndef EXACT_H
#define EXACT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Permutation test: `nr` values, of which `m` belong to one side and add up to `sum`. How likely is a sum that is at least as
 * far from what is expected, if every choice of m of them is as likely as any other? NAN: no memory.
 *
 * With ranks for values it is the Wilcoxon-Mann-Whitney test with ties; with successes of repetitions that of Fisher and Pitman.
 * Takes time and memory of about nr * m * sum.
 */
double exact_permutation(const uint32_t *values, size_t nr, size_t m, uint64_t sum);

/* Work of the above, in additions. */
double exact_permutation_work(const uint32_t *values, size_t nr, size_t m);

/* Fisher: k1 of n1 and k2 of n2 succeeded. Tables at most as likely as this one, margins fixed. */
double exact_fisher(uint64_t k1, uint64_t n1, uint64_t k2, uint64_t n2);

/* McNemar: of pairs, `b` were lost and `c` were gained; those that stayed as they were say nothing. */
double exact_mcnemar(uint64_t b, uint64_t c);

/* The normal distribution: two-sided p of |z|, and the z of a two-sided p. */
double normal_p(double z);
double normal_z(double p);

#endif
