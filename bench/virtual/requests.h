/* SPDX-License-Identifier: MIT */
/*
 * requests.h - the stream of contiguous requests that is laid over a trace.
 *
 * Drawn from the seed, the geometry and the timing alone: every backend is asked for the same ranges at the same times,
 * whatever it did with the ones before.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "../../allocators/contig.h"

struct request {
	uint64_t ns; /* when it is made */
	pfn_t start;
	uint32_t cpu;
};

struct request_stream {
	uint32_t nr_pages; /* of each request; a power of two, and its alignment */
	size_t nr;
	struct request *requests;
};

struct request_timing {
	uint64_t duration_ns; /* of the trace */
	uint64_t interval_ns; /* the first request is made after one interval */
	uint64_t hold_ns;     /* from success to contig_range_free */
	uint64_t max_requests;
};

/* Naturally aligned ranges of nr_pages that the zones hold. */
uint64_t requests_candidates(const struct contig_geometry *g, uint32_t nr_pages);

/* 0, -EINVAL (no candidate or no time for a request) or -ENOMEM. Free with requests_free(). */
int requests_draw(struct request_stream *s, const struct contig_geometry *g, const struct request_timing *timing,
                  uint32_t nr_pages, uint64_t seed);
void requests_free(struct request_stream *s);

#endif
