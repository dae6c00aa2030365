/* SPDX-License-Identifier: MIT */
/* conformance.h - recorded answers of real kernels against the model. */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include "../../allocators/contig.h"

#define CONFORMANCE_MAX_KERNELS 16u
#define CONFORMANCE_MAX_ROWS    512u
#define CONFORMANCE_MAX_REASONS 256u
#define CONFORMANCE_KERNEL      40u
#define CONFORMANCE_NAME        64u

/* How many of `of` comparisons agree. */
struct agreement {
	uint32_t agree;
	uint32_t of;
};

struct conformance_kernel {
	char kernel[CONFORMANCE_KERNEL];
	char backend[128]; /* empty: none */
	/* scripted cases; one comparison an operation, types and map also of the state before */
	uint32_t cases;
	uint32_t not_modelled; /* cases with a page kind that the model lacks */
	struct agreement rc, stage, types, map, migrated, moved;
	uint32_t
		moved_away; /* pages that the model migrated out of the arena, where the recorded map does not see them */
	/* scenarios */
	uint32_t scenarios;       /* that were asked */
	uint32_t scenarios_equal; /* of those that both sides answered, without any disagreement */
	uint32_t scenarios_both;
	struct agreement s_rc, s_stage, s_types, s_map, s_migrated;
	/* from kernels.json; empty if it does not say */
	char release[96], version[192], date[40];
	char missing[256]; /* what was not got, and why */
};

/* Why a scenario was not possible. */
struct conformance_reason {
	uint32_t kernel;
	bool model; /* in the model: the kernel has answered */
	uint32_t times;
	char text[200];
};

/* An experiment: random requests of one kernel on layouts of one kind. */
struct conformance_random_row {
	uint32_t kernel; /* index */
	char name[CONFORMANCE_NAME];
	uint32_t requests, granted_kernel, granted_model;
	uint32_t again;       /* how often the model was given the kernel's memory anew */
	bool exact;           /* the order of free lists was known: map and pages migrated decide, too */
	uint32_t disagreeing; /* requests with a disagreement that decides */
	struct agreement rc, stage, types, map, migrated;
	uint64_t pages_model, pages_kernel; /* migrated, over requests that both grant */
};

/* Memory that has grown in the kernel and in the model: pageblocks that are alike. */
struct conformance_grown_row {
	uint32_t kernel;
	char name[CONFORMANCE_NAME];
	struct agreement types, map;
};

struct conformance {
	uint32_t nr_kernels;
	struct conformance_kernel kernel[CONFORMANCE_MAX_KERNELS];
	uint32_t nr_reasons;
	struct conformance_reason reason[CONFORMANCE_MAX_REASONS];
	uint32_t nr_random;
	struct conformance_random_row random[CONFORMANCE_MAX_ROWS];
	uint32_t nr_grown;
	struct conformance_grown_row grown[CONFORMANCE_MAX_ROWS];
	uint32_t disagreements; /* in return code, stage or types; in scripted cases also in map and pages migrated */
	char beyond[128];       /* what cases that are not modelled ask for: "htlb= x:" */
	/* Called with each disagreement: where, what, and both sides. May be NULL. */
	void (*report)(void *ctx, const char *kernel, const char *where, const char *what, const char *recorded,
	               const char *model);
	void *ctx;
};

/* All experiments of a kernel in one, without a name. */
struct conformance_random_row conformance_random_sum(const struct conformance *c, uint32_t kernel);

/*
 * Run everything in the folder. backends: which to use (each stands for the kernel of its base name), or NULL for those of
 * the kernels recorded. 0; or -errno with file and line named: -EINVAL or -EBADMSG for what is in the files, -EUCLEAN if
 * verify found the model broken. A folder may hold scripted cases, scenarios, random requests, or several of these; none is -EINVAL.
 */
int conformance_run(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                    struct contig_diag *diag);

#endif
