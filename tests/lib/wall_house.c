// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "wall_house.h"

static void must(int rc, const struct contig_diag *diag)
{
	if (rc)
		fail_msg("%d: %s", rc, diag->text);
}

void wall_house_open(struct wall_house *h, struct trace *t, uint32_t pages, uint32_t threads)
{
	static struct wall_clock clock; /* calibrated once */

	memset(h, 0, sizeof(*h));
	if (!clock.name)
		wall_clock_calibrate(&clock);
	h->clock = clock;
	h->trace = *t;
	must(program_compile(&h->trace, &h->program, &h->diag), &h->diag);
	if (!pages)
		pages = (uint32_t)((h->program.peak_pages * 11 / 10 + 1024) / 1024 * 1024 + 1024);
	contig_geometry_x86_64(&h->geometry, pages);
	h->geometry.nr_cpus = t->info.nr_cpus;
	const struct placement_wish wish = { .cpu_node = h->geometry.cpu_node,
		                             .nr_cpus = h->program.nr_cpus,
		                             .nr_nodes = 1,
		                             .nr_threads = threads,
		                             .oversubscribe = true };

	must(placement_open(&h->placement, &wish, &h->diag), &h->diag);
	h->params = (struct wall_params){
		.replay = { .program = &h->program,
		            .geometry = &h->geometry,
		            .cost = &cost_linux_6_18,
		            .backend = "linux-6.1",
		            .seed = 1,
		            .interval_ns = 1000000,
		            .max_requests = UINT32_MAX },
		.placement = &h->placement,
		.clock = &h->clock,
		.timing = TIMING_EVERY,
	};
}

void wall_house_run(struct wall_house *h)
{
	wall_result_free(&h->result);
	must(wall_run(&h->params, &h->result, &h->diag), &h->diag);
}

void wall_house_close(struct wall_house *h)
{
	wall_result_free(&h->result);
	placement_close(&h->placement);
	program_free(&h->program);
	trace_close(&h->trace);
}
