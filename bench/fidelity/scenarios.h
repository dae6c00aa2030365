/* SPDX-License-Identifier: MIT */
/* scenarios.h - the scenario set in a guest: what it answers, recorded; what is not possible there, with the reason. */
#ifndef FIDELITY_SCENARIOS_H
#define FIDELITY_SCENARIOS_H

#include "recording.h"

#define FIDELITY_CASES                                                                                                 \
	"cases.txt" /* the recorded cases, with their answers in answers.jsonl; all others in scenarios.jsonl */

struct scenario_set {
	uint32_t nr;
	struct scenario_file *file;
	uint32_t nr_scenarios;
};

/* Read one more file. 0 or -errno with *diag. */
int scenario_set_add(struct scenario_set *set, const char *path, struct contig_diag *diag);
void scenario_set_free(struct scenario_set *set);

/* All of them on a backend, which is called `kernel` in the recording. 0 or -errno with *diag: what was recorded stays. */
int scenario_set_run(const struct scenario_set *set, const char *backend, const char *kernel, struct fidelity_record *r,
                     struct contig_diag *diag);

#endif
