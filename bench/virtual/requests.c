// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "requests.h"
#include "rng.h"

/* Draws before a range that overlaps a recent one is taken anyway: the zone has little else to offer. */
#define DRAWS 64

static uint64_t first_in(const struct contig_zone *z, uint32_t nr_pages)
{
	return ((uint64_t)z->start + nr_pages - 1) / nr_pages;
}

static uint64_t candidates_in(const struct contig_zone *z, uint32_t nr_pages)
{
	uint64_t first = first_in(z, nr_pages);
	uint64_t end = ((uint64_t)z->start + z->pages) / nr_pages;

	return end > first ? end - first : 0;
}

uint64_t requests_candidates(const struct contig_geometry *g, uint32_t nr_pages)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < g->nr_zones; i++)
		n += candidates_in(&g->zones[i], nr_pages);
	return n;
}

static pfn_t candidate(const struct contig_geometry *g, uint32_t nr_pages, uint64_t n)
{
	for (uint32_t i = 0; i < g->nr_zones; i++) {
		uint64_t here = candidates_in(&g->zones[i], nr_pages);

		if (n < here)
			return (pfn_t)((first_in(&g->zones[i], nr_pages) + n) * nr_pages);
		n -= here;
	}
	return PFN_NONE;
}

/*
 * A request should not fail because an earlier one of the stream still holds its range: that would charge a backend for
 * its own successes. When a request ends is not known here, so one interval is allowed for it.
 */
static bool recently_drawn(const struct request_stream *s, const struct request_timing *timing, size_t k, pfn_t start)
{
	for (size_t j = k; j-- > 0;) {
		if (s->requests[k].ns - s->requests[j].ns > timing->hold_ns + timing->interval_ns)
			return false;
		if (s->requests[j].start == start)
			return true;
	}
	return false;
}

int requests_draw(struct request_stream *s, const struct contig_geometry *g, const struct request_timing *timing,
                  uint32_t nr_pages, uint64_t seed)
{
	struct rng rng = rng_seed(seed, RNG_REQUESTS);
	uint64_t ranges = requests_candidates(g, nr_pages);
	uint64_t nr = timing->duration_ns / timing->interval_ns;

	if (nr > timing->max_requests)
		nr = timing->max_requests;
	if (!ranges || !nr)
		return -EINVAL;
	*s = (struct request_stream){ .nr_pages = nr_pages, .nr = nr };
	s->requests = calloc(nr, sizeof(*s->requests));
	if (!s->requests)
		return -ENOMEM;
	for (size_t k = 0; k < nr; k++) {
		struct request *q = &s->requests[k];

		q->ns = (k + 1) * timing->interval_ns;
		q->cpu = (uint32_t)rng_below(&rng, g->nr_cpus);
		for (int draw = 0; draw < DRAWS; draw++) {
			q->start = candidate(g, nr_pages, rng_below(&rng, ranges));
			if (!recently_drawn(s, timing, k, q->start))
				break;
		}
	}
	return 0;
}

void requests_free(struct request_stream *s)
{
	free(s->requests);
	s->requests = NULL;
	s->nr = 0;
}
