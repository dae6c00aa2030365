/* SPDX-License-Identifier: MIT */
/* conformance_record.h - the scripted cases asked of real kernels, and what they answered written down as others were. */
#ifndef CONFORMANCE_RECORD_H
#define CONFORMANCE_RECORD_H

#include "../../allocators/contig.h"

struct recording {
	const char *dir;             /* cases.txt and what was answered before */
	const char *out;             /* where both are written to */
	const char *const *backends; /* "NAME@guest" */
	size_t nr_backends;
	/* filled in */
	uint32_t cases;   /* asked, all kernels together */
	uint32_t skipped; /* could not be asked: what was answered before stays */
	uint32_t changed; /* answers that differ from those before */
	uint32_t new;     /* answers of kernels or to cases that there were none of */
	/* Called for each answer that changed, and as cases go by; may be NULL. */
	void (*report)(void *ctx, const char *kernel, const char *where, const char *what, const char *before,
	               const char *now);
	void (*progress)(void *ctx, uint32_t done, uint32_t of);
	void *ctx;
};

/*
 * 0; -EINVAL for a backend that is no real kernel or a damaged folder; -EIO if a guest died, and nothing is written; or another
 * -errno, with *diag.
 */
int conformance_record(struct recording *r, struct contig_diag *diag);

#endif
