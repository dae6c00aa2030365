// SPDX-License-Identifier: MIT
/* perf_wall.c - what measuring costs: the share of a replay's time on the wall clock that is not the allocator's. */
#include <errno.h>

#include "perf.h"
#include "../virtual/plan.h"
#include "../wall/wall.h"

#define MAX_ROUNDS 7

static const struct {
	const char *name;
	enum wall_timing timing;
	double limit; /* percent */
} modes[] = {
	{ "harness-every", TIMING_EVERY, 40 },
	{ "harness-sampled", TIMING_SAMPLED, 5 },
};
#define NR_MODES (sizeof(modes) / sizeof(modes[0]))

struct shares {
	double percent[MAX_ROUNDS];
	double ns[MAX_ROUNDS];
	size_t nr; /* rounds in which it could be told */
};

static int replay(const struct wall_params *params, struct shares *to)
{
	struct contig_diag diag;
	struct wall_result result;
	int rc = wall_run(params, &result, &diag);

	if (rc) {
		cli_error(CLI_MACHINE, "%s", diag.text);
		return rc;
	}
	if (result.harness_ns > 0) {
		to->percent[to->nr] = result.harness_share / 10.0;
		to->ns[to->nr++] = result.harness_ns;
	}
	wall_result_free(&result);
	return 0;
}

static void report(struct perf *p, const char *backend, size_t mode, struct shares *s)
{
	struct perf_figure f = { modes[mode].name, backend, 0, "% of replay", modes[mode].limit, false };

	if (!s->nr) {
		perf_missing(p, f.name, backend, "the loop costs less than the machine's noise");
		return;
	}
	f.value = sort_median(s->percent, s->nr);
	perf_report(p, &f, "%.1f ns an event; one thread, without requests' time; worst %.1f, best %.1f of %zu",
	            sort_median(s->ns, s->nr), s->percent[s->nr - 1], s->percent[0], s->nr);
}

/* One thread, where nobody waits and nothing is shared: the least time an event, of which a share is largest. */
static int measure(struct perf *p, const char *backend, const struct run_plan *plan, const struct placement *placement)
{
	struct shares shares[NR_MODES] = { 0 };
	size_t rounds = p->quick ? 1 : MAX_ROUNDS;
	struct wall_clock clock;
	int rc = 0;

	wall_clock_calibrate(&clock);
	for (size_t i = 0; i < rounds && !rc; i++) {
		for (size_t m = 0; m < NR_MODES && !rc; m++) {
			const struct wall_params params = { .replay = plan_params(plan, 0),
				                            .placement = placement,
				                            .clock = &clock,
				                            .timing = modes[m].timing };

			rc = replay(&params, &shares[m]);
		}
	}
	for (size_t m = 0; m < NR_MODES && !rc; m++)
		report(p, backend, m, &shares[m]);
	return rc;
}

static int place_and_measure(struct perf *p, const char *backend, const struct run_plan *plan)
{
	const struct replay_params first = plan_params(plan, 0);
	const struct placement_wish wish = { .cpu_node = first.geometry->cpu_node,
		                             .nr_cpus = first.geometry->nr_cpus,
		                             .nr_nodes = first.program->nr_nodes,
		                             .nr_threads = 1,
		                             .oversubscribe = true };
	struct contig_diag diag = { "" };
	struct placement placement;
	int rc = placement_open(&placement, &wish, &diag);

	if (rc) {
		cli_error(CLI_MACHINE, "%s", diag.text);
		return rc;
	}
	rc = measure(p, backend, plan, &placement);
	placement_close(&placement);
	return rc;
}

int perf_wall(struct perf *p, const char *backend)
{
	char *argv[] = {
		"run",     "-b", (char *)(uintptr_t)backend,  "--occupancy", "70", "--seeds", "1", "--age", "1",
		"--sizes", "1b", (char *)(uintptr_t)p->trace, NULL
	};

	return perf_on_trace(p, "harness", backend, argv, place_and_measure);
}
