// SPDX-License-Identifier: MIT
#include <math.h>

#include "series.h"

const char *noise_name(enum noise kind)
{
	static const char *const names[NOISE_NR] = {
		[NOISE_NORMAL] = "normal",
		[NOISE_HEAVY] = "heavy tails (t, 3 degrees)",
		[NOISE_SKEWED] = "skewed (exponential)",
		[NOISE_SPIKES] = "normal, 1 run in 30 a spike",
		[NOISE_WANDERS] = "correlated (0.3)",
		[NOISE_WANDERS2] = "correlated (0.6)",
		[NOISE_COARSE] = "rounded to 2 sigma",
		[NOISE_COUNTS] = "whole numbers (Poisson, 50)",
	};

	return names[kind];
}

double series_uniform(struct rng *rng)
{
	return ((double)(rng_next(rng) >> 12) + 0.5) / (double)(UINT64_C(1) << 52);
}

static double normal(struct rng *rng)
{
	const double radius = sqrt(-2 * log(series_uniform(rng)));

	return radius * cos(2 * M_PI * series_uniform(rng));
}

static double correlated(double rho, struct rng *rng, double *last)
{
	return *last = rho * *last + sqrt(1 - rho * rho) * normal(rng);
}

static double heavy(struct rng *rng)
{
	double squares = 0;

	for (int i = 0; i < 3; i++) {
		const double z = normal(rng);

		squares += z * z;
	}
	/* of variance 3 */
	return normal(rng) / sqrt(squares / 3) / sqrt(3);
}

static double poisson(double mean, struct rng *rng)
{
	double sum = 0;
	int k = -1;

	while (sum < mean) {
		sum -= log(series_uniform(rng));
		k++;
	}
	return k;
}

double noise_draw(enum noise kind, struct rng *rng, double *last)
{
	switch (kind) {
	case NOISE_HEAVY:
		return heavy(rng);
	case NOISE_SKEWED:
		return -log(series_uniform(rng)) - 1;
	case NOISE_SPIKES:
		return normal(rng) + (series_uniform(rng) < 1.0 / 30 ? 10 + 20 * series_uniform(rng) : 0);
	case NOISE_WANDERS:
		return correlated(0.3, rng, last);
	case NOISE_WANDERS2:
		return correlated(0.6, rng, last);
	case NOISE_COARSE:
		return 2 * round(normal(rng) / 2);
	case NOISE_COUNTS:
		return (poisson(50, rng) - 50) / sqrt(50);
	default:
		return normal(rng);
	}
}

void series_draw(double *out, size_t n, enum noise kind, double sigma, struct rng *rng)
{
	double last = 0;

	for (int i = 0; i < 20; i++)
		noise_draw(kind, rng, &last);
	for (size_t i = 0; i < n; i++)
		out[i] = 100 + sigma * noise_draw(kind, rng, &last);
}
