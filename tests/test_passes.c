// SPDX-License-Identifier: MIT
/*
 * test_passes.c - several passes that count, in one stretch of virtual time; where the time of a request goes; what
 * memory looks like at the end.
 *
 *	age 1            passes 3
 *	|--- ageing ---|--- 0 ---|--- 1 ---|--- 2 ---|
 *	               0 ns      D         2 D       3 D
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/virtual/replay.h"
#include "lib/house.h"
#include "lib/synthetic.h"

#define MS UINT64_C(1000000)

struct setup {
	struct contig_geometry geometry;
	struct trace trace;
	struct program program;
	struct replay_params params;
	struct replay_result result;
	struct contig_diag diag;
};

/* One zone of `pages`, requests of a pageblock, one every `interval_ns` and given back at once. */
static void set_up(struct setup *s, uint32_t pages, uint64_t interval_ns)
{
	contig_geometry_x86_64(&s->geometry, pages);
	s->geometry.nr_cpus = s->trace.info.nr_cpus;
	assert_int_equal(program_compile(&s->trace, &s->program, &s->diag), 0);
	s->params = (struct replay_params){
		.program = &s->program,
		.geometry = &s->geometry,
		.cost = &cost_linux_6_18,
		.backend = "linux-6.1",
		.seed = 1,
		.request_pages = 512,
		.interval_ns = interval_ns,
		.max_requests = UINT32_MAX,
		.verify_every = 997,
		.maps = true,
	};
}

static void set_up_events(struct setup *s, const struct trace_event *events, uint64_t interval_ns)
{
	*s = (struct setup){ .diag = { "" } };
	trace_of(events, &s->trace);
	set_up(s, 512, interval_ns);
}

static void set_up_small(struct setup *s)
{
	*s = (struct setup){ .diag = { "" } };
	synthetic_trace(&synthetic_small, &s->trace);
	set_up(s, 8192, MS);
}

static const struct replay_result *run(struct setup *s, uint32_t age, uint32_t passes)
{
	replay_result_free(&s->result);
	s->params.age = age;
	s->params.passes = passes;
	if (replay_run(&s->params, &s->result, &s->diag))
		fail_msg("replay: %s", s->diag.text);
	return &s->result;
}

static void tear_down(struct setup *s)
{
	replay_result_free(&s->result);
	program_free(&s->program);
	trace_close(&s->trace);
}

/* ---- what a pass is -------------------------------------------------------------------------- */

/* Whether a pass counts or not, memory goes through the same: the same at the end, page by page. */
static void counting_changes_nothing_in_memory(void **state)
{
	static const char *const backends[] = { "linux-5.10", "linux-7.2" };
	struct setup s;

	(void)state;
	set_up_small(&s);
	s.params.max_requests = 0;
	s.params.request_pages = 0;
	for (size_t i = 0; i < 2; i++) {
		s.params.backend = backends[i];
		const struct replay_result *r = run(&s, 3, 1);
		char *map = strdup(r->maps[0].text);
		uint64_t failed = r->failed_allocs + r->aging_failed_allocs, events = r->events;
		const struct sample_record end = r->end;

		r = run(&s, 1, 3);
		assert_int_equal(r->nr_maps, 1);
		assert_string_equal(r->maps[0].text, map);
		assert_int_equal(r->events, events);
		assert_int_equal(r->failed_allocs + r->aging_failed_allocs, failed);
		assert_int_equal(r->allocs, 3 * s.program.nr_allocs);
		assert_int_equal(r->end.ns, 3 * s.program.duration_ns);
		assert_int_equal(r->end.free, end.free);
		assert_memory_equal(r->end.blocks, end.blocks, sizeof(end.blocks));
		free(map);
	}
	tear_down(&s);
}

/* Requests go on through all passes, and those of the first are what one pass has. */
static void requests_go_on(void **state)
{
	struct setup s;

	(void)state;
	set_up_small(&s);
	s.params.samples = 6;
	uint32_t nr = run(&s, 1, 1)->nr_requests;
	struct request_record *first = s.result.requests;

	s.result.requests = NULL;
	assert_int_equal(nr, s.program.duration_ns / MS);
	const struct replay_result *r = run(&s, 1, 3);

	assert_int_equal(r->nr_requests, 3 * s.program.duration_ns / MS);
	for (uint32_t k = 0; k < r->nr_requests; k++) {
		assert_int_equal(r->requests[k].begin_ns, (k + 1) * MS);
		assert_in_range(r->requests[k].pass, r->requests[k].begin_ns / (s.program.duration_ns + 1), 2);
	}
	/* the last ones of the first pass may end in the second */
	for (uint32_t k = 0; k < nr; k++) {
		if (first[k].end_ns < s.program.duration_ns)
			assert_memory_equal(&r->requests[k], &first[k], sizeof(*first));
	}
	assert_true(first[nr / 2].end_ns < s.program.duration_ns);
	assert_int_equal(r->nr_samples, 6);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(r->samples[i].ns, 3 * s.program.duration_ns / 6 * (i + 1));
	free(first);
	tear_down(&s);
}

#define DURATION (8 * MS)

/*
 *	0        1 ms                      8 ms
 *	K alloc  K free                    | K alloc ...
 *	                                   ^ request
 *
 * At the border the next pass comes first: its page is in the way. Behind the last pass there is none.
 */
static void a_border_belongs_to_the_next_pass(void **state)
{
	static const struct trace_event events[] = {
		{ .ns = 0, .id = 1, .op = TRACE_ALLOC, .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE },
		{ .ns = MS, .id = 1, .op = TRACE_FREE },
		{ .ns = DURATION, .op = TRACE_MARK },
		{ .op = TRACE_OP_NR },
	};
	struct setup s;

	(void)state;
	set_up_events(&s, events, DURATION);
	const struct replay_result *r = run(&s, 0, 2);

	assert_int_equal(r->nr_requests, 2);
	assert_int_equal(r->requests[0].begin_ns, DURATION);
	assert_int_equal(r->requests[0].rc, -EBUSY);
	assert_int_equal(r->requests[0].event, 0);
	assert_int_equal(r->requests[0].since_ns, 0);
	assert_int_equal(r->requests[0].pass, 1);
	assert_int_equal(r->requests[0].passes, 0);
	assert_int_equal(r->requests[1].begin_ns, 2 * DURATION);
	assert_int_equal(r->requests[1].rc, 0);
	assert_int_equal(r->requests[1].pass, 1);
	tear_down(&s);
}

/*
 *	0        2 ms      3 ms                8 ms
 *	         K alloc   L alloc, L free     |
 *
 * K is never freed: it outlives its pass, as long as both passes need no more than two pages: up to L, that is from K's
 * successor on. Before 2 ms of a pass a request meets the old one, and is told of a pass ago.
 */
static void survivors_are_of_a_pass_before(void **state)
{
	static const struct trace_event events[] = {
		{ .ns = 2 * MS, .id = 1, .op = TRACE_ALLOC, .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE },
		{ .ns = 3 * MS, .id = 2, .op = TRACE_ALLOC, .kind = PAGE_LRU, .migratetype = MT_MOVABLE },
		{ .ns = 3 * MS, .id = 2, .op = TRACE_FREE },
		{ .ns = DURATION, .op = TRACE_MARK },
		{ .op = TRACE_OP_NR },
	};
	struct setup s;

	(void)state;
	set_up_events(&s, events, MS);
	const struct request_record *q = run(&s, 0, 3)->requests;

	assert_int_equal(s.result.nr_requests, 24);
	for (uint32_t k = 0; k < 24; k++) {
		bool end = q[k].begin_ns == 3 * DURATION; /* there is no pass behind it */

		assert_int_equal(q[k].rc, q[k].begin_ns < 2 * MS ? 0 : -EBUSY);
		if (!q[k].rc)
			continue;
		assert_int_equal(q[k].since_ns, 2 * MS);
		assert_int_equal(q[k].passes, q[k].begin_ns % DURATION < 2 * MS && !end);
		assert_int_equal(q[k].pass, end ? 2 : q[k].begin_ns / DURATION);
	}
	tear_down(&s);
}

/* ---- where time goes, and types --------------------------------------------------------------- */

static uint64_t phases(const struct request_record *q)
{
	uint64_t ns = 0;

	for (int i = 0; i < PHASE_NR; i++)
		ns += q->phase_ns[i];
	return ns;
}

static void all_time_is_of_a_phase(void **state)
{
	static const uint8_t callers[] = { RUN_PLAIN, RUN_CMA, RUN_GIGANTIC };
	struct setup s;
	uint64_t waited = 0, isolating = 0, migrating = 0, searching = 0;

	(void)state;
	set_up_small(&s);
	s.params.interval_ns = MS / 100;
	s.params.hold_ns = MS;
	for (size_t i = 0; i < 3; i++) {
		s.params.caller = (struct caller_params){ .who = callers[i], .cma_align = CALLER_MAX_ALIGN };
		s.params.backend = callers[i] == RUN_PLAIN ? "linux-5.10" : "linux-6.1";
		const struct replay_result *r = run(&s, 0, 2);

		for (uint32_t k = 0; k < r->nr_requests; k++) {
			const struct request_record *q = &r->requests[k];

			assert_int_equal(phases(q), q->end_ns - q->begin_ns - q->waited_ns);
			waited += q->waited_ns;
			isolating += q->phase_ns[PHASE_ISOLATE];
			migrating += q->phase_ns[PHASE_MIGRATE];
			searching += q->phase_ns[PHASE_SEARCH];
		}
	}
	/* there was something to tell apart */
	assert_true(waited && isolating && migrating && searching);
	tear_down(&s);
}

/* Samples count from the first counted pass on, and never back. */
static void types_drift_forwards(void **state)
{
	struct setup s;
	uint64_t all = 0;

	(void)state;
	set_up_small(&s);
	s.geometry.zones[0].pages = (uint32_t)(s.program.peak_pages * 10 / 9 + 1023) & ~1023u;
	s.params.backend = "linux-5.10";
	s.params.samples = 12;
	const struct replay_result *r = run(&s, 1, 3);

	for (uint32_t i = 0; i < r->nr_samples; i++) {
		const struct sample_record *b = i + 1 < r->nr_samples ? &r->samples[i + 1] : &r->end;

		for (int k = 0; k < RETYPE_NR; k++)
			assert_true(r->samples[i].retyped[k] <= b->retyped[k]);
		all += b->retyped[RETYPE_FALLBACK];
	}
	assert_true(all);
	tear_down(&s);
}

/* ---- maps ------------------------------------------------------------------------------------ */

/* Pages in the items of a map, and pageblocks in its brackets. */
static uint64_t pages_of(const char *text, uint64_t *blocks)
{
	uint64_t pages = 0;
	char *at;

	assert_int_equal(text[0], '[');
	*blocks = strcspn(text + 1, "]");
	for (text += *blocks + 2; *text; text = at) {
		uint64_t order = 0, times = 1;

		while (*text == ' ' || *text == '|')
			text++;
		at = (char *)text + 1;
		if (*at >= '0' && *at <= '9')
			order = strtoul(at, &at, 10);
		if (*at == '*')
			times = strtoul(at + 1, &at, 10);
		assert_true(!*at || *at == ' ');
		pages += times << order;
	}
	return pages;
}

/* Zones that begin and end anywhere: the whole pageblocks of each, none of a zone that has none. */
static void zones_are_drawn_whole(void **state)
{
	struct setup s;

	(void)state;
	set_up_small(&s);
	s.geometry.nr_zones = 3;
	s.geometry.zones[0] = (struct contig_zone){ .start = 100, .pages = 8192, .type = ZONE_NORMAL };
	s.geometry.zones[1] = (struct contig_zone){ .start = 8300, .pages = 300, .type = ZONE_NORMAL };
	s.geometry.zones[2] = (struct contig_zone){ .start = 8704, .pages = 4096, .type = ZONE_MOVABLE };
	const struct replay_result *r = run(&s, 0, 1);

	assert_int_equal(r->nr_maps, 2);
	assert_int_equal(r->maps[0].zone, 0);
	assert_int_equal(r->maps[0].start, 512);
	assert_int_equal(r->maps[0].pages, 7680);
	assert_int_equal(r->maps[1].zone, 2);
	assert_int_equal(r->maps[1].start, 8704);
	assert_int_equal(r->maps[1].pages, 4096);
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t blocks;

		assert_int_equal(pages_of(r->maps[i].text, &blocks), r->maps[i].pages);
		assert_int_equal(blocks, r->maps[i].pages / 512);
	}
	s.params.backend = "first-fit";
	s.params.verify_every = 0;
	assert_int_equal(run(&s, 0, 1)->nr_maps, 0);
	tear_down(&s);
}

/* 16 GiB, page by page: some letters a pageblock, and no time that grows faster than the zone. */
static void a_large_zone_is_drawn(void **state)
{
	const struct contig_hooks none = { 0 };
	struct contig_geometry g;
	struct contig_diag diag;
	struct zone_map *maps;
	uint64_t blocks;
	uint32_t nr;

	(void)state;
	contig_geometry_x86_64(&g, 1u << 22);
	g.init = CONTIG_INIT_RESERVED;
	struct contig *c = contig_open("linux-7.2", &g, &none, &diag);

	assert_non_null(c);
	assert_int_equal(zone_maps_take(c, &g, &maps, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(pages_of(maps[0].text, &blocks), 1u << 22);
	assert_int_equal(blocks, 8192);
	assert_true(strlen(maps[0].text) < 16 * 8192);
	zone_maps_free(maps, nr);
	contig_close(c);
}

/* ---- the command ----------------------------------------------------------------------------- */

#define RUN                                                                                                            \
	"run small.ctr -b linux-5.10,first-fit --sizes 1b --occupancy 90 --interval-ms 2 --seeds 2-4 --age 1 --passes 3"

static json_t *lines_of(const char *name)
{
	size_t len;
	char *text = house_contents(name, &len), *at = text;
	json_t *all = json_array();

	for (char *line; (line = strsep(&at, "\n")) && *line;) {
		json_t *json = json_loads(line, 0, NULL);

		assert_non_null(json);
		json_array_append_new(all, json);
	}
	free(text);
	return all;
}

static void files_have_it(void **state)
{
	json_t *line, *all;
	size_t i;

	(void)state;
	house_run(cmd_run, CLI_OK, RUN " -o new");
	all = lines_of("new/requests.jsonl");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json_array_get(all, 0), "parameters"), "passes")),
		3);
	json_array_foreach(all, i, line)
	{
		json_t *phases = json_object_get(line, "phase_ns"), *ns;
		const char *name;
		int64_t sum = 0;

		if (!i)
			continue;
		json_object_foreach(phases, name, ns) sum += json_integer_value(ns);
		assert_int_equal(sum, json_integer_value(json_object_get(line, "end_ns")) -
		                              json_integer_value(json_object_get(line, "begin_ns")));
		assert_true(json_is_integer(json_object_get(line, "pass")));
	}
	assert_int_equal(json_array_size(all), 1 + 2 * 3 * 30);
	json_decref(all);
	all = lines_of("new/series.jsonl");
	assert_int_equal(json_object_size(json_object_get(json_array_get(all, 1), "retyped")), 5);
	json_decref(all);
	/* one zone, first seed, the backend that can be looked at */
	all = lines_of("new/maps.jsonl");
	assert_int_equal(json_array_size(all), 2);
	line = json_array_get(all, 1);
	assert_string_equal(json_string_value(json_object_get(line, "backend")), "linux-5.10");
	assert_int_equal(json_integer_value(json_object_get(line, "seed")), 2);
	assert_int_equal(json_integer_value(json_object_get(line, "start_pfn")), 0);
	json_decref(all);
	house_run(cmd_run, CLI_OK, RUN " -o other -j 3");
	size_t na, nb;
	char *a = house_contents("new/SHA256SUMS", &na), *b = house_contents("other/SHA256SUMS", &nb);

	assert_non_null(strstr(a, "  maps.jsonl\n"));
	assert_string_equal(a, b);
	free(a);
	free(b);
}

/* Every failure is explained: its replay ends as it is stored, in whichever pass. */
static void every_failure_is_explained(void **state)
{
	size_t i, later = 0, failures = 0;
	json_t *line;

	(void)state;
	house_run(cmd_run, CLI_OK, RUN " -o new");
	json_t *all = lines_of("new/requests.jsonl");

	json_array_foreach(all, i, line)
	{
		char command[64];
		uint64_t n = (uint64_t)json_integer_value(json_object_get(line, "failure"));

		if (!n || n % 5)
			continue;
		snprintf(command, sizeof(command), "explain new --failure %llu --json", (unsigned long long)n);
		json_t *why = house_json(cmd_explain, CLI_OK, command);
		const json_t *age = json_object_get(json_object_get(why, "owner"), "age_ns");

		/* no page is older than two passes of 20 ms; some come while the request runs */
		if (age)
			assert_in_range(json_integer_value(age) + 1000000, 0, 2 * 20000000 + 1000000);
		later += json_integer_value(json_object_get(line, "pass")) > 0;
		failures++;
		json_decref(why);
	}
	assert_true(later && failures > later);
	json_decref(all);
}

static void other_numbers_are_refused(void **state)
{
	(void)state;
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --passes 0 -o new",
	              "--passes 0: a whole number from 1 to 1000");
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --passes 1001 -o new", "--passes 1001: a whole number");
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --passes x -o new", "--passes x: a whole number");
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --clock wall --passes 2 -o new", "--passes");
	house_refused(cmd_diverge, CLI_USAGE, "diverge small.ctr -b linux-5.10,linux-6.1 --passes 2",
	              "unknown option --passes");
	/* a request may come after more than one pass */
	house_refused(cmd_run, CLI_USAGE, "run small.ctr --passes 2 --interval-ms 41 -o new",
	              "shorter than the interval");
	house_run(cmd_run, CLI_OK,
	          "run small.ctr -b linux-6.1 --sizes 1b --occupancy 50 --seeds 1 --passes 3 --interval-ms 41 -o new");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counting_changes_nothing_in_memory),
		cmocka_unit_test(requests_go_on),
		cmocka_unit_test(a_border_belongs_to_the_next_pass),
		cmocka_unit_test(survivors_are_of_a_pass_before),
		cmocka_unit_test(all_time_is_of_a_phase),
		cmocka_unit_test(types_drift_forwards),
		cmocka_unit_test(zones_are_drawn_whole),
		cmocka_unit_test(a_large_zone_is_drawn),
		cmocka_unit_test_teardown(files_have_it, house_tidy),
		cmocka_unit_test_teardown(every_failure_is_explained, house_tidy),
		cmocka_unit_test_teardown(other_numbers_are_refused, house_tidy),
	};

	return cmocka_run_group_tests(tests, house_set_up, house_tear_down);
}
