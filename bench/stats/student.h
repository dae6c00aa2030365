/* SPDX-License-Identifier: MIT */
/* student.h - tails of two distributions, by the incomplete beta function. */
#ifndef STUDENT_H
#define STUDENT_H

#include <stddef.h>

/* P(T > t) of Student's t with `freedom` degrees of freedom, t >= 0. */
double student_tail(double t, double freedom);
/* The t of which student_tail() is p, 0 < p < 0.5. */
double student_quantile(double p, double freedom);
/* P(X >= k) of n trials that succeed with probability p each. */
double binomial_tail(size_t n, double p, size_t k);

#endif
