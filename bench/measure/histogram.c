// SPDX-License-Identifier: MIT
#include "histogram.h"

uint64_t histogram_low(unsigned int cell)
{
	if (cell < 2 * HISTOGRAM_STEPS)
		return cell;
	unsigned int shift = (cell >> HISTOGRAM_BITS) - 1;

	return (uint64_t)(cell - (shift << HISTOGRAM_BITS)) << shift;
}

uint64_t histogram_count(const struct histogram *h)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++)
		count += h->cells[i];
	return count;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	if (from->max > to->max)
		to->max = from->max;
	to->sum += from->sum;
	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++)
		to->cells[i] += from->cells[i];
}

/* How many of `count` values are the given share, rounded up, at least one; without overflow. */
static uint64_t rank_of(uint64_t count, uint32_t millionths)
{
	const uint32_t all = 1000000;
	uint64_t share = millionths < all ? millionths : all;
	uint64_t rank = count / all * share + (count % all * share + all - 1) / all;

	return rank ? rank : 1;
}

uint64_t histogram_percentile(const struct histogram *h, uint32_t millionths)
{
	uint64_t count = histogram_count(h), seen = 0;

	if (!count)
		return 0;
	uint64_t rank = rank_of(count, millionths);

	for (unsigned int i = 0; i < HISTOGRAM_CELLS; i++) {
		seen += h->cells[i];
		if (seen >= rank) {
			uint64_t high = histogram_low(i + 1) - 1;

			return high < h->max ? high : h->max;
		}
	}
	return h->max;
}

double histogram_trimmed_mean(const struct histogram *h, uint32_t millionths)
{
	uint64_t count = histogram_count(h), left = count ? rank_of(count, millionths) : 0, kept = left;
	double sum = 0;

	for (unsigned int i = 0; i < HISTOGRAM_CELLS && left; i++) {
		uint64_t here = h->cells[i] < left ? h->cells[i] : left;
		double middle = ((double)histogram_low(i) + (double)(histogram_low(i + 1) - 1)) / 2;

		sum += (double)here * middle;
		left -= here;
	}
	return kept ? sum / (double)kept : -1;
}
