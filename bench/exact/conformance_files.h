/* SPDX-License-Identifier: MIT */
/* conformance_files.h - shared by the two halves of conformance: scripted cases and random requests. */
#ifndef CONFORMANCE_FILES_H
#define CONFORMANCE_FILES_H

#include "conformance.h"

/*
 * Call fn with each line of dir/name (gunzipped if it is compressed) that is not empty and no comment. An error of fn gets
 * file and line put in front.
 */
int conformance_each_line(const char *dir, const char *name,
                          int (*fn)(void *ctx, const char *line, struct contig_diag *diag), void *ctx,
                          struct contig_diag *diag);

/* Is it there, or can that not be told? */
bool conformance_has_file(const char *dir, const char *name);

/* All random-*.jsonl of the folder, each with its layout. */
int conformance_random(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                       struct contig_diag *diag);

/* All grown-*.jsonl, each with the layout before; what came of it is the layout of the random requests of that name. */
int conformance_grown(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                      struct contig_diag *diag);

/* scenarios.jsonl, if there is one, with the .scn files that it names. */
int conformance_scenarios(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                          struct contig_diag *diag);

/* kernels.json, if there is one: who answered. It comes first, as it says whose model a kernel's is. */
int conformance_kernels(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                        struct contig_diag *diag);

struct conformance_kernel *conformance_kernel(struct conformance *c, const char *name, const char *const *backends,
                                              size_t nr_backends);
void conformance_compare(struct conformance *c, const struct conformance_kernel *k, struct agreement *a, bool decides,
                         const char *where, const char *what, const char *recorded, const char *model);
void conformance_compare_number(struct conformance *c, const struct conformance_kernel *k, struct agreement *a,
                                bool decides, const char *where, const char *what, int64_t recorded, int64_t model);

#endif
