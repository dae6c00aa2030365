// SPDX-License-Identifier: MIT
/* test_replay.c - the virtual clock: what happens before what, and that nothing depends on anything else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/virtual/replay.h"
#include "../bench/virtual/rng.h"
#include "../bench/results/stats.h"
#include "../bench/virtual/timeline.h"
#include "lib/synthetic.h"

#define MS UINT64_C(1000000)

/* An allocation of order 0 and its free, as trace events. */
#define ALLOC(t, i, k, mt)                                                                                             \
	{                                                                                                              \
		.ns = (t), .id = (i), .op = TRACE_ALLOC, .kind = (k), .migratetype = (mt)                              \
	}
#define FREE(t, i)                                                                                                     \
	{                                                                                                              \
		.ns = (t), .id = (i), .op = TRACE_FREE                                                                 \
	}
#define MARK(t)                                                                                                        \
	{                                                                                                              \
		.ns = (t), .op = TRACE_MARK                                                                            \
	}
#define END                                                                                                            \
	{                                                                                                              \
		.op = TRACE_OP_NR                                                                                      \
	}

struct setup {
	struct contig_geometry geometry;
	struct program program;
	struct replay_params params;
	struct replay_result result;
	struct contig_diag diag;
};

/* One zone of `pages`, requests of `request` pages, one every millisecond and given back at once. */
static void set_up(struct setup *s, struct trace *t, uint32_t pages, uint32_t request)
{
	memset(s, 0, sizeof(*s));
	contig_geometry_x86_64(&s->geometry, pages);
	s->geometry.nr_cpus = t->info.nr_cpus;
	assert_int_equal(program_compile(t, &s->program, &s->diag), 0);
	s->params = (struct replay_params){
		.program = &s->program,
		.geometry = &s->geometry,
		.cost = &cost_linux_6_18,
		.backend = "linux-6.1",
		.seed = 1,
		.request_pages = request,
		.interval_ns = MS,
		.max_requests = UINT32_MAX,
		.verify_every = 1,
	};
}

static void run(struct setup *s)
{
	replay_result_free(&s->result);
	int rc = replay_run(&s->params, &s->result, &s->diag);

	if (rc)
		fail_msg("replay: %s", s->diag.text);
}

static void tear_down(struct setup *s, struct trace *t)
{
	replay_result_free(&s->result);
	program_free(&s->program);
	trace_close(t);
}

/* One page of `kind` in the only block; freed `after` ns later than the request begins. How the request ends. */
static struct request_record request_against(enum page_kind kind, enum migratetype mt, bool pinned, uint64_t after)
{
	const struct trace_event events[] = { ALLOC(0, 1, (uint8_t)kind, (uint8_t)mt),
		                              { .ns = 0, .id = 1, .op = pinned ? TRACE_PIN : TRACE_MARK },
		                              { .ns = MS + after, .id = 1, .op = pinned ? TRACE_UNPIN : TRACE_MARK },
		                              FREE(MS + after, 1),
		                              MARK(MS + 500 * MS),
		                              END };
	struct trace t;
	struct setup s;

	trace_of(events, &t);
	set_up(&s, &t, 512, 512);
	s.params.max_requests = 1;
	run(&s);
	assert_int_equal(s.result.nr_requests, 1);
	struct request_record q = s.result.requests[0];

	tear_down(&s, &t);
	return q;
}

/*
 *   [M] K ...      request of the whole block
 *
 * A free dated when the request begins comes before its first step; one dated a nanosecond later comes after it.
 */
static void ties_go_to_the_trace(void **state)
{
	(void)state;
	struct request_record q = request_against(PAGE_KERNEL, MT_UNMOVABLE, false, 0);

	assert_int_equal(q.rc, 0);
	q = request_against(PAGE_KERNEL, MT_UNMOVABLE, false, 1);
	assert_int_equal(q.rc, -EBUSY);
	assert_int_equal(q.phase, PHASE_ISOLATE);
	assert_int_equal(q.reason, WHY_UNMOVABLE);
	assert_int_equal(q.kind, PAGE_KERNEL);
}

/*
 *   [M] L ...      a pinned page on the LRU: isolation does not mind, migration can not take it
 *
 * When the trace frees it while the request isolates, the test that ends the request finds only free pages.
 */
static void trace_goes_on_between_steps(void **state)
{
	(void)state;
	struct request_record q = request_against(PAGE_LRU, MT_MOVABLE, true, 1);

	assert_int_equal(q.rc, 0);
	uint64_t lasted = q.end_ns - q.begin_ns;

	q = request_against(PAGE_LRU, MT_MOVABLE, true, 10 * lasted);
	assert_int_equal(q.rc, -EBUSY);
	assert_int_equal(q.reason, WHY_PINNED);
	/* the autopsy leads to the event that is to blame */
	assert_int_equal(q.event, 0);
	assert_int_equal(q.since_ns, 0);
	assert_int_equal(q.passes, 0);
}

/* A held range is in the way of the next requests until the hold is over; each ends when its last step does. */
static void ranges_are_held(void **state)
{
	const struct trace_event events[] = { ALLOC(0, 1, PAGE_LRU, MT_MOVABLE), FREE(1, 1), MARK(6 * MS), END };
	struct trace t;
	struct setup s;

	(void)state;
	trace_of(events, &t);
	set_up(&s, &t, 512, 512);
	s.params.hold_ns = 5 * MS / 2;
	run(&s);
	static const bool succeeds[] = { true, false, false, true, false, false };

	assert_int_equal(s.result.nr_requests, 6);
	for (int k = 0; k < 6; k++) {
		const struct request_record *q = &s.result.requests[k];

		assert_int_equal(q->begin_ns, (uint64_t)(k + 1) * MS);
		assert_int_equal(!q->rc, succeeds[k]);
		assert_true(q->end_ns > q->begin_ns && q->end_ns < q->begin_ns + MS);
	}
	assert_int_equal(s.result.end.isolated, 0);
	assert_int_equal(s.result.end.free + s.result.end.pcp, 512);
	tear_down(&s, &t);
}

/* Allocations that fail are counted; what they would have become is skipped, splits included. */
static void failed_allocations_are_counted(void **state)
{
	struct trace_event events[4 * 700];
	struct trace t;
	struct setup s;
	size_t n = 0;

	(void)state;
	for (uint32_t i = 1; i <= 600; i++)
		events[n++] = (struct trace_event)ALLOC(i, i, PAGE_LRU, MT_MOVABLE);
	events[n++] = (struct trace_event){ .ns = 601,
		                            .id = 601,
		                            .op = TRACE_ALLOC,
		                            .order = 1,
		                            .kind = PAGE_LRU_COMPOUND,
		                            .migratetype = MT_MOVABLE };
	events[n++] = (struct trace_event){ .ns = 602, .id = 601, .aux = 602, .op = TRACE_SPLIT, .order = 0 };
	for (uint32_t i = 1; i <= 603; i++) {
		if (i != 601)
			events[n++] = (struct trace_event)FREE(MS, i);
	}
	events[n++] = (struct trace_event)MARK(2 * MS);
	events[n] = (struct trace_event)END;
	trace_of(events, &t);
	set_up(&s, &t, 512, 64);
	run(&s);
	assert_int_equal(s.program.peak_pages, 602);
	assert_in_range(s.result.failed_allocs, 89, 200); /* 600 - 512 and the pair, and what watermarks keep back */
	assert_int_equal(s.result.end.free + s.result.end.pcp, 512);
	tear_down(&s, &t);
}

static const struct synthetic busy = {
	.seed = 7,
	.nr_events = 20000,
	.live = 3000,
	.cpus = 3,
	.unmovable = 30,
	.high_order = 50,
	.splits = 10,
	.interval_ns = 1000,
};

/*
 * Aged passes leave survivors that go in the course of the next pass; never do both passes together need more pages
 * than the trace's peak, which is all that this zone has beyond its watermarks.
 */
static void aging_stays_within_the_peak(void **state)
{
	static const char *const backends[] = { "linux-5.10", "linux-7.2", "first-fit" };
	struct trace t;
	struct setup s;

	(void)state;
	synthetic_trace(&busy, &t);
	set_up(&s, &t, 1024, 64);
	s.geometry.zones[0].pages = (uint32_t)((s.program.peak_pages * 10 / 9 + 1023) & ~1023ull);
	for (size_t i = 0; i < 3; i++) {
		s.params.backend = backends[i];
		s.params.age = 3;
		s.params.verify_every = 997;
		s.params.hold_ns = MS / 2;
		s.params.samples = 7;
		run(&s);
		assert_int_equal(s.result.events, 4 * s.program.nr_ops);
		assert_int_equal(s.result.aging_failed_allocs, 0);
		assert_int_equal(s.result.nr_samples, 7);
		assert_int_equal(s.result.samples[6].ns, s.program.duration_ns / 7 * 7);
		uint64_t pages = 0;

		for (size_t k = 0; k < s.program.nr_survivors; k++)
			pages += UINT64_C(1) << s.program.survivors[k].order;
		/* all that is left is this pass's own survivors */
		assert_int_equal(s.result.end.free + s.result.end.pcp + pages, s.geometry.zones[0].pages);
	}
	tear_down(&s, &t);
}

static bool same(const struct replay_result *a, const struct replay_result *b)
{
	return a->nr_requests == b->nr_requests && a->nr_samples == b->nr_samples &&
	       !memcmp(a->requests, b->requests, a->nr_requests * sizeof(*a->requests)) &&
	       !memcmp(a->samples, b->samples, a->nr_samples * sizeof(*a->samples)) &&
	       !memcmp(&a->end, &b->end, sizeof(a->end));
}

/* Same input and seed, same result; looking at it (verify) changes nothing; another seed asks for other ranges. */
static void replays_repeat(void **state)
{
	struct replay_result first;
	struct trace t;
	struct setup s;

	(void)state;
	synthetic_trace(&busy, &t);
	set_up(&s, &t, 4096, 512);
	s.params.verify_every = 0;
	s.params.samples = 5;
	s.params.age = 1;
	run(&s);
	first = s.result;
	memset(&s.result, 0, sizeof(s.result));
	s.params.verify_every = 500;
	run(&s);
	assert_true(same(&first, &s.result));
	s.params.seed = 2;
	run(&s);
	assert_false(same(&first, &s.result));
	replay_result_free(&first);
	tear_down(&s, &t);
}

static void every_backend_gets_the_same_requests(void **state)
{
	const struct contig_backend *b;
	struct replay_result first;
	struct trace t;
	struct setup s;

	(void)state;
	synthetic_trace(&busy, &t);
	set_up(&s, &t, 8192, 512);
	run(&s);
	first = s.result;
	memset(&s.result, 0, sizeof(s.result));
	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		s.params.backend = b->name;
		run(&s);
		assert_int_equal(s.result.nr_requests, first.nr_requests);
		for (uint32_t k = 0; k < first.nr_requests; k++) {
			assert_int_equal(s.result.requests[k].start, first.requests[k].start);
			assert_int_equal(s.result.requests[k].cpu, first.requests[k].cpu);
			assert_int_equal(s.result.requests[k].begin_ns, first.requests[k].begin_ns);
		}
	}
	replay_result_free(&first);
	tear_down(&s, &t);
}

static void a_stopped_replay_says_so(void **state)
{
	atomic_bool stop = true;
	struct trace t;
	struct setup s;

	(void)state;
	synthetic_trace(&busy, &t);
	set_up(&s, &t, 8192, 512);
	s.params.stop = &stop;
	assert_int_equal(replay_run(&s.params, &s.result, &s.diag), -EINTR);
	assert_null(s.result.requests);
	tear_down(&s, &t);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void requests_are_aligned_and_spread(void **state)
{
	const struct request_timing timing = {
		.duration_ns = 1000 * MS, .interval_ns = MS, .hold_ns = 3 * MS, .max_requests = UINT32_MAX
	};
	struct contig_geometry g;
	struct request_stream s;
	uint32_t seen[16] = { 0 };

	(void)state;
	contig_geometry_x86_64(&g, 0);
	/* two zones that begin and end anywhere: [100, 5000) holds ranges 1..8 of 512, [8191, 12288) holds 16..23 */
	g.nr_zones = 2;
	g.zones[0] = (struct contig_zone){ .start = 100, .pages = 4900, .type = ZONE_NORMAL };
	g.zones[1] = (struct contig_zone){ .start = 8191, .pages = 4097, .type = ZONE_NORMAL };
	assert_int_equal(requests_candidates(&g, 512), 16);
	assert_int_equal(requests_draw(&s, &g, &timing, 512, 3), 0);
	assert_int_equal(s.nr, 1000);
	for (size_t k = 0; k < s.nr; k++) {
		uint32_t block = s.requests[k].start / 512;

		assert_int_equal(s.requests[k].start % 512, 0);
		assert_true((block >= 1 && block <= 8) || (block >= 16 && block <= 23));
		seen[block < 16 ? block - 1 : block - 8]++;
		/* what may still be held is not asked for again */
		for (size_t j = k < 4 ? 0 : k - 4; j < k; j++)
			assert_int_not_equal(s.requests[j].start, s.requests[k].start);
	}
	for (int i = 0; i < 16; i++)
		assert_in_range(seen[i], 30, 100);
	requests_free(&s);
	assert_int_equal(requests_draw(&s, &g, &timing, 8192, 3), -EINVAL);
}

static void timeline_orders(void **state)
{
	struct timeline t = { 0 };
	struct rng rng = rng_seed(1, 1);
	uint64_t last_ns = 0, last_order = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(timeline_add(&t, rng_below(&rng, 50), (enum action)rng_below(&rng, 4), i), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		struct timeline_entry e = timeline_take(&t);

		assert_true(e.ns > last_ns || (e.ns == last_ns && e.order >= last_order));
		last_ns = e.ns;
		last_order = e.order;
	}
	assert_null(timeline_peek(&t));
	timeline_free(&t);
}

/* ---- traces that contradict themselves ------------------------------------------------------- */

static void compile_refuses(const struct trace_event *events, int want, const char *says)
{
	struct contig_diag diag = { "" };
	struct program p;
	struct trace t;

	trace_of(events, &t);
	assert_int_equal(program_compile(&t, &p, &diag), want);
	if (!strstr(diag.text, says))
		fail_msg("'%s' does not say '%s'", diag.text, says);
	trace_close(&t);
}

static void contradictions_are_refused(void **state)
{
	(void)state;
	const struct trace_event twice[] = { ALLOC(0, 1, PAGE_LRU, MT_MOVABLE), FREE(1, 1), FREE(2, 1), END };
	const struct trace_event backwards[] = { ALLOC(5, 1, PAGE_LRU, MT_MOVABLE), FREE(4, 1), END };
	const struct trace_event reborn[] = { ALLOC(0, 1, PAGE_LRU, MT_MOVABLE), ALLOC(1, 1, PAGE_LRU, MT_MOVABLE),
		                              END };
	const struct trace_event kind[] = { ALLOC(0, 1, PAGE_RESERVED, MT_MOVABLE), END };
	const struct trace_event split[] = { ALLOC(0, 1, PAGE_LRU, MT_MOVABLE),
		                             { .id = 1, .aux = 2, .op = TRACE_SPLIT },
		                             END };
	const struct trace_event cpu[] = {
		{ .id = 1, .op = TRACE_ALLOC, .kind = PAGE_LRU, .migratetype = MT_MOVABLE, .cpu = 9 }, END
	};
	const struct trace_event late[] = { ALLOC(UINT64_C(1) << 60, 1, PAGE_LRU, MT_MOVABLE), END };
	const struct trace_event nothing[] = { MARK(0), END };

	compile_refuses(twice, -EBADMSG, "event 2: identity 1 is not allocated");
	compile_refuses(backwards, -EBADMSG, "event 1: time runs backwards");
	compile_refuses(reborn, -EBADMSG, "event 1: identity 1 begins a second time");
	compile_refuses(kind, -EBADMSG, "event 0: allocation of kind");
	compile_refuses(split, -EBADMSG, "event 1: split of order 0");
	compile_refuses(cpu, -EBADMSG, "event 0: cpu 9");
	compile_refuses(late, -ERANGE, "days");
	compile_refuses(nothing, -EBADMSG, "allocates nothing");
}

/* ---- statistics ------------------------------------------------------------------------------ */

static void quantiles_are_nearest_rank(void **state)
{
	uint64_t v[100];

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		v[i] = 100 - i;
	stats_sort(v, 100);
	assert_int_equal(stats_quantile(v, 100, 500), 50);
	assert_int_equal(stats_quantile(v, 100, 990), 99);
	assert_int_equal(stats_quantile(v, 100, 1000), 100);
	assert_int_equal(stats_quantile(v, 1, 990), 1);
	assert_int_equal(stats_quantile(v, 0, 990), 0);
	assert_int_equal(stats_ratio(2, 3, 1000), 667);
	assert_int_equal(stats_ratio(-2, 3, 1000), -667);
	assert_int_equal(stats_ratio(1, 0, 1000), 0);
}

static void bootstrap_has_known_answers(void **state)
{
	(void)state;
	/*
	 * Seeds with 0, 5 and 10 of 10: the 27 resamples of three give 0, 1/6 ... 1 with weights 1 3 6 7 6 3 1, so
	 * that 2.5 % lies inside the 1/27 at either end.
	 */
	const struct stats_count three[] = { { 0, 10 }, { 5, 10 }, { 10, 10 } };
	struct stats_interval i = stats_rate(three, 3);

	assert_true(i.bounded);
	assert_int_equal(i.value, 500000);
	assert_int_equal(i.low, 0);
	assert_int_equal(i.high, 1000000);
	/*
	 * Ten seeds, half of them 0 and half 1: binomial(10, 1/2) / 10. P(<= 1) = 1.07 %, P(<= 2) = 5.47 %, so 2.5 % is
	 * at 2 and 97.5 % at 8.
	 */
	struct stats_count ten[10], shifted[10];

	for (uint32_t k = 0; k < 10; k++)
		ten[k] = (struct stats_count){ k % 2 * 100, 100 };
	i = stats_rate(ten, 10);
	assert_int_equal(i.low, 200000);
	assert_int_equal(i.high, 800000);
	/* paired: whatever the seeds do, b is one request in a hundred better; unpaired, the interval would hold 0 */
	for (uint32_t k = 0; k < 10; k++) {
		ten[k].successes = 10 + k;
		shifted[k] = (struct stats_count){ ten[k].successes + 1, 100 };
	}
	i = stats_difference(shifted, ten, 10);
	assert_int_equal(i.value, 10000);
	assert_int_equal(i.low, 10000);
	assert_int_equal(i.high, 10000);
	/* of one seed there is no interval */
	i = stats_rate(three + 1, 1);
	assert_false(i.bounded);
	assert_int_equal(i.value, 500000);
}

static void costs_add_up(void **state)
{
	const struct contig_work work = { .phase = PHASE_MIGRATE, .scanned = 10, .migrated = 3 };
	const struct contig_work none = { .phase = PHASE_TEST };
	const struct cost_row *row = &cost_linux_6_18.phase[PHASE_MIGRATE];

	(void)state;
	uint64_t ps = row->fixed + 10 * row->scanned + 3 * row->migrated;

	assert_int_equal(cost_of(&cost_linux_6_18, &work), (ps + 999) / 1000);
	assert_int_equal(cost_of(&cost_linux_6_18, &none), 1); /* time never stands still */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ties_go_to_the_trace),
		cmocka_unit_test(trace_goes_on_between_steps),
		cmocka_unit_test(ranges_are_held),
		cmocka_unit_test(failed_allocations_are_counted),
		cmocka_unit_test(aging_stays_within_the_peak),
		cmocka_unit_test(replays_repeat),
		cmocka_unit_test(every_backend_gets_the_same_requests),
		cmocka_unit_test(a_stopped_replay_says_so),
		cmocka_unit_test(requests_are_aligned_and_spread),
		cmocka_unit_test(timeline_orders),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(quantiles_are_nearest_rank),
		cmocka_unit_test(bootstrap_has_known_answers),
		cmocka_unit_test(costs_add_up),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
