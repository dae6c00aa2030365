/* SPDX-License-Identifier: MIT */
/*
 * report.h - how far model and kernels agree, from a folder of recorded answers: what `contigbench fidelity` prints behind a run,
 * and the same from the same folder at any time.
 */
#ifndef FIDELITY_REPORT_H
#define FIDELITY_REPORT_H

#include "../exact/conformance.h"

struct disagreement {
	uint32_t kernel;
	char *where, *what, *recorded, *model;
};

struct fidelity_report {
	const char *dir;
	struct conformance *c;
	uint32_t nr;
	struct disagreement *d;
	bool no_memory;
};

/* backends NULL: the model of each kernel. 0 or -errno, as conformance_run(); free it in either case. */
int fidelity_report_read(struct fidelity_report *r, const char *dir, const char *const *backends, size_t nr_backends,
                         struct contig_diag *diag);
void fidelity_report_free(struct fidelity_report *r);

/* Do all answers agree in return code and stage of failure? */
bool fidelity_agrees(const struct fidelity_report *r);
/* Was anything of that kernel compared? Where nothing was, nothing disagrees. */
bool fidelity_compared(const struct fidelity_report *r, uint32_t kernel);
/* Was everything got that was asked for? */
bool fidelity_complete(const struct fidelity_report *r);

void fidelity_print_text(const struct fidelity_report *r);
void fidelity_print_json(const struct fidelity_report *r);
void fidelity_print_markdown(const struct fidelity_report *r);

/* ---- for the three of them ------------------------------------------------------------------- */

/* A kind of comparison, and how the set did in it. */
struct fidelity_set {
	char name[80];        /* "recorded cases", "scenarios", "grown natural-90" (pageblocks), "random natural-90" */
	uint32_t asked, both; /* answered by both sides */
	struct agreement rc, stage, types, map, migrated;
	const struct conformance_random_row *row; /* NULL: not random requests */
};

/* The i-th set of a kernel; false behind the last. */
bool fidelity_set_at(const struct fidelity_report *r, uint32_t kernel, uint32_t i, struct fidelity_set *out);

/* The next reason, from *at on, why a kernel or its model was not asked; NULL: there is none left. */
const struct conformance_reason *fidelity_reason_next(const struct fidelity_report *r, uint32_t kernel, bool model,
                                                      uint32_t *at);

/* What of two long texts differs, with a little around it. Free both. */
void fidelity_difference(const char *a, const char *b, char **short_a, char **short_b);

#endif
