// SPDX-License-Identifier: MIT
/* perf_replay.c - events a second of a replay in virtual time, on one core, with one stream of requests laid over it.
 */
#include <errno.h>
#include <stdlib.h>

#include "perf.h"
#include "../virtual/plan.h"

#define MAX_ROUNDS 9

/* Events a second of CPU time, as `contigbench run` reports them. */
static int measure(const struct run_plan *plan, double *per_second)
{
	const struct replay_params params = plan_params(plan, 0);
	struct replay_result result;
	struct contig_diag diag;
	int rc = replay_run(&params, &result, &diag);

	if (rc) {
		cli_error(CLI_MACHINE, "%s", diag.text);
		return rc;
	}
	*per_second = (double)result.events / (double)result.cpu_ns * 1e9;
	replay_result_free(&result);
	return 0;
}

static int median_of_repeats(struct perf *p, const char *backend, const struct run_plan *plan)
{
	struct perf_figure f = { "replay", backend, 0, "million events/s", 10, true };
	size_t rounds = p->quick ? 1 : MAX_ROUNDS;
	double million[MAX_ROUNDS];

	for (size_t i = 0; i < rounds; i++) {
		int rc = measure(plan, &million[i]);

		if (rc)
			return rc;
		million[i] *= 1e-6;
	}
	f.value = sort_median(million, rounds);
	perf_report(p, &f, "%s, 70 %% occupied, requests of 1 pageblock; worst %.1f, best %.1f of %zu",
	            plan->workloads[0].name, million[0], million[rounds - 1], rounds);
	return 0;
}

int perf_on_trace(struct perf *p, const char *figure, const char *backend, char **argv,
                  int (*measured)(struct perf *p, const char *backend, const struct run_plan *plan))
{
	struct run_options options = { 0 };
	struct run_plan plan = { 0 };
	char *path = workload_find(p->trace);
	int argc = 0, rc = -EINVAL;

	if (!path) {
		perf_missing(p, figure, backend, "no trace in workloads/corpus: name one with --trace FILE");
		return 0;
	}
	while (argv[argc])
		argc++;
	if (run_options_parse(argc, argv, &options) == CLI_OK && plan_make(&plan, &options) == CLI_OK)
		rc = measured(p, backend, &plan);
	plan_free(&plan);
	run_options_free(&options);
	free(path);
	return rc;
}

int perf_replay(struct perf *p, const char *backend)
{
	char *argv[] = { "run",     "-b", (char *)(uintptr_t)backend,  "--occupancy", "70", "--seeds", "1",
		         "--sizes", "1b", (char *)(uintptr_t)p->trace, NULL };

	return perf_on_trace(p, "replay", backend, argv, median_of_repeats);
}
