/* SPDX-License-Identifier: MIT */
/* random_run.h - random commands on a backend with a lab, all invariants checked after each one. */
#ifndef TESTS_RANDOM_RUN_H
#define TESTS_RANDOM_RUN_H

#include "../../allocators/contig.h"

/*
 * Open the backend, run so many commands, free everything and look for pages that are missing. Fails the test with backend,
 * geometry, seed and step named.
 */
void random_run(const char *backend, const struct contig_geometry *g, uint64_t seed, uint64_t steps);

/* A zone of 24 pageblocks for two cpus, watermarks out of the way. */
void random_geometry(struct contig_geometry *g, uint8_t P, uint8_t M);

#endif
