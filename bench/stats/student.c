// SPDX-License-Identifier: MIT
#include <math.h>

#include "student.h"

#define TINY 1e-300

/*
 * The continued fraction of the incomplete beta function (Abramowitz, Stegun 26.5.8), from the front by Lentz' method as in
 * Thompson, Barnett, J. Comput. Phys. 64 (1986). Converges quickly for x < (a + 1) / (a + b + 2).
 */
static double fraction(double x, double a, double b)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1), value;

	d = 1 / (fabs(d) < TINY ? TINY : d);
	value = d;
	for (int m = 1; m < 500; m++) {
		const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double step = 1;

		for (int k = 0; k < 2; k++) {
			const double term = k ? odd : even;

			d = 1 + term * d;
			d = 1 / (fabs(d) < TINY ? TINY : d);
			c = 1 + term / c;
			c = fabs(c) < TINY ? TINY : c;
			step = c * d;
			value *= step;
		}
		if (fabs(step - 1) < 1e-14)
			break;
	}
	return value;
}

/* I_x(a, b); y is 1 - x, given apart because it may be too small for that difference. */
static double beta(double x, double y, double a, double b)
{
	if (x <= 0)
		return 0;
	if (y <= 0)
		return 1;
	const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));

	if (x < (a + 1) / (a + b + 2))
		return front * fraction(x, a, b) / a;
	return 1 - front * fraction(y, b, a) / b;
}

double student_tail(double t, double freedom)
{
	if (isinf(t))
		return 0;
	return 0.5 * beta(freedom / (freedom + t * t), t * t / (freedom + t * t), freedom / 2, 0.5);
}

double student_quantile(double p, double freedom)
{
	double low = 0, high = 1;

	while (student_tail(high, freedom) > p && high < 1e9)
		high *= 2;
	for (int i = 0; i < 60; i++) {
		const double middle = (low + high) / 2;

		if (student_tail(middle, freedom) > p)
			low = middle;
		else
			high = middle;
	}
	return high;
}

double binomial_tail(size_t n, double p, size_t k)
{
	if (!k)
		return 1;
	if (k > n)
		return 0;
	return beta(p, 1 - p, (double)k, (double)(n - k + 1));
}
