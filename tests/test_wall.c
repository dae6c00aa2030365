// SPDX-License-Identifier: MIT
/*
 * test_wall.c - the wall clock: what threads do together is what the trace says, whoever is faster; what is measured adds up;
 * what is wrong is found and said.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/wall/wall_state.h"
#include "lib/wall_house.h"

#define MS UINT64_C(1000000)

static void house_of(struct wall_house *h, const struct synthetic *how, uint32_t threads)
{
	struct trace t;

	synthetic_trace(how, &t);
	wall_house_open(h, &t, 0, threads);
}

static uint64_t survivors(const struct program *p)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < p->nr_survivors; i++)
		pages += UINT64_C(1) << p->survivors[i].order;
	return pages;
}

static uint64_t timed(const struct wall_result *r)
{
	uint64_t n = 0;

	for (int i = 0; i < WALL_OP_NR; i++)
		n += histogram_count(&r->op[i]);
	return n;
}

/* ---- what is done ---------------------------------------------------------------------------- */

/* All that is left in the end is what the trace leaves, on one thread and on two, aged or not, and verify is content. */
static void what_is_left_is_what_the_trace_leaves(void **state)
{
	struct wall_house h;

	(void)state;
	house_of(&h, &synthetic_busy, 0);
	h.params.replay.verify_every = 7001;
	for (uint32_t age = 0; age < 3; age++) {
		h.params.replay.age = age;
		wall_house_run(&h);
		assert_int_equal(h.result.nr_threads, 2);
		assert_int_equal(h.result.events, h.program.nr_ops + (age ? h.program.nr_survivors : 0));
		assert_int_equal(h.result.failed_allocs, 0);
		assert_int_equal(h.result.verifications, 8 + 1);
		assert_int_equal(h.result.end.free + h.result.end.pcp + survivors(&h.program),
		                 h.geometry.zones[0].pages);
		assert_int_equal(timed(&h.result), h.result.events);
		assert_int_equal(h.result.retried_frees, 0);
	}
	wall_house_close(&h);
}

/* Page by page, as the lab sees it: kind, order and list of what is there, and the event that allocated it. */
#define MAX_PAGES 16384u

static uint64_t pages[MAX_PAGES];

static uint64_t page_of(struct contig *c, pfn_t pfn)
{
	struct contig_run run;

	c->ops->lab->run(c, pfn, &run);
	return (uint64_t)owner_event(run.owner) << 32 | (uint64_t)run.kind << 24 | (uint64_t)run.order << 16 |
	       (uint64_t)run.list << 8 | run.pinned;
}

static void look_at_pages(const struct worker *w, bool inside)
{
	if (inside)
		return;
	for (pfn_t pfn = 0; pfn < w->wall->params->replay.geometry->zones[0].pages; pfn++)
		pages[pfn] = page_of(w->backend, pfn);
}

static void pages_are_those_of(const struct replay_params *params)
{
	struct contig_diag diag;
	struct replay *r;

	assert_int_equal(replay_open(params, &r, &diag), 0);
	assert_int_equal(replay_advance(r, replay_events(r)), 0);
	for (pfn_t pfn = 0; pfn < params->geometry->zones[0].pages; pfn++)
		assert_true(pages[pfn] == page_of(replay_backend(r), pfn));
	replay_close(r);
}

static bool same_state(const struct sample_record *a, const struct sample_record *b)
{
	return a->free == b->free && a->pcp == b->pcp && a->mixed_blocks == b->mixed_blocks &&
	       !memcmp(a->blocks, b->blocks, sizeof(a->blocks)) && a->unusable == b->unusable &&
	       a->fragmentation == b->fragmentation;
}

/*
 * One thread does what the virtual clock does, in the same order: the same pages are free in the end. On every generation
 * that can, after no, one and two passes.
 */
static void one_thread_ends_where_the_virtual_clock_does(void **state)
{
	static const char *const backends[] = { "linux-4.4", "linux-6.1", "linux-7.2" };
	struct replay_result virtual;
	struct wall_house h;

	(void)state;
	house_of(&h, &synthetic_busy, 1);
	assert_true(h.geometry.zones[0].pages <= MAX_PAGES);
	for (uint32_t age = 0; age < 3; age++) {
		h.params.replay.age = age;
		h.params.replay.backend = backends[age];
		wall_inside = look_at_pages;
		wall_house_run(&h);
		wall_inside = NULL;
		pages_are_those_of(&h.params.replay);
		assert_int_equal(replay_run(&h.params.replay, &virtual, &h.diag), 0);
		assert_true(same_state(&h.result.end, &virtual.end));
		assert_memory_equal(h.result.retyped, virtual.end.retyped, sizeof(virtual.end.retyped));
		assert_int_equal(h.result.failed_allocs, virtual.failed_allocs);
		replay_result_free(&virtual);
	}
	wall_house_close(&h);
}

/* A zone too small: what could not be allocated is counted, and neither freed, nor split, nor waited for in vain. */
static void failed_allocations_are_counted(void **state)
{
	struct synthetic how = synthetic_busy;
	struct wall_house h;
	struct trace t;

	(void)state;
	how.splits = 200;
	how.high_order = 300;
	synthetic_trace(&how, &t);
	wall_house_open(&h, &t, 2048, 0);
	h.params.replay.age = 1;
	h.params.replay.verify_every = 20000;
	wall_house_run(&h);
	assert_true(h.result.failed_allocs > 100);
	assert_true(h.result.failed_allocs < h.result.allocs);
	assert_true(timed(&h.result) < h.result.events);
	wall_house_close(&h);
}

/* ---- contiguous requests --------------------------------------------------------------------- */

/* Requests race with all the rest: all are made, all that was got is given back, and their phases are their time. */
static void requests_race(void **state)
{
	struct wall_house h;
	struct trace t;
	uint32_t got = 0;

	(void)state;
	synthetic_trace(&synthetic_busy, &t);
	/* room for what is held */
	wall_house_open(&h, &t, 16384, 0);
	h.params.replay.request_pages = 512;
	h.params.replay.age = 1;
	h.params.replay.interval_ns = MS / 4;
	h.params.replay.hold_ns = MS;
	h.params.replay.verify_every = 10000;
	wall_house_run(&h);
	assert_int_equal(h.result.nr_requests, 240);
	for (uint32_t k = 0; k < h.result.nr_requests; k++) {
		const struct wall_request *q = &h.result.requests[k];
		uint64_t phases = 0;

		for (int i = 0; i < PHASE_NR; i++)
			phases += q->phase_ns[i];
		assert_true(q->end_ns > q->begin_ns);
		assert_true(q->intended_ns == q->begin_ns);
		assert_in_range(phases, q->end_ns - q->begin_ns - PHASE_NR, q->end_ns - q->begin_ns + PHASE_NR);
		assert_true(q->rc == 0 || q->rc == -EBUSY || q->rc == -ENOMEM);
		if (q->rc && q->reason == WHY_UNMOVABLE)
			assert_true(h.program.ops[q->event].kind == PAGE_KERNEL);
		got += !q->rc;
	}
	assert_true(got > 0 && got < h.result.nr_requests);
	assert_int_equal(histogram_count(&h.result.request), h.result.nr_requests);
	assert_int_equal(histogram_count(&h.result.phase[PHASE_ISOLATE]), h.result.nr_requests);
	assert_int_equal(h.result.end.isolated, 0);
	assert_int_equal(h.result.failed_allocs, 0);
	assert_int_equal(h.result.end.free + h.result.end.pcp + survivors(&h.program), h.geometry.zones[0].pages);
	assert_true(h.result.threads[0].request_ns + h.result.threads[1].request_ns > 0);
	wall_house_close(&h);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* In trace time: 60 ms of trace take 60 ms, and half of that at twice the pace; what came late is recorded. */
static void pace_is_kept(void **state)
{
	struct synthetic how = synthetic_busy;
	struct wall_house h;

	(void)state;
	how.nr_events = 3000;
	how.interval_ns = 20000;
	house_of(&h, &how, 0);
	for (int timing = TIMING_BATCH; timing <= TIMING_EVERY; timing++) {
		h.params.timing = (enum wall_timing)timing;
		h.params.pace = 1;
		h.params.replay.request_pages = 512;
		wall_house_run(&h);
		assert_true(h.result.wall_ns > 59 * MS);
		assert_true(histogram_count(&h.result.lag) > 0);
		assert_true(h.result.threads[0].paced_ns > 0);
		for (uint32_t k = 0; k < h.result.nr_requests; k++)
			assert_in_range(h.result.requests[k].intended_ns, (k + 1) * MS - 2, (k + 1) * MS + 2);
		h.params.pace = 2;
		wall_house_run(&h);
		assert_true(h.result.wall_ns > 29 * MS);
	}
	wall_house_close(&h);
}

/* Batch reads no clock, sampled times one in 64 or so, every all of them. */
static void modes_time_what_they_say(void **state)
{
	struct wall_house h;

	(void)state;
	house_of(&h, &synthetic_busy, 0);
	h.params.timing = TIMING_BATCH;
	wall_house_run(&h);
	assert_int_equal(timed(&h.result), 0);
	h.params.timing = TIMING_SAMPLED;
	wall_house_run(&h);
	assert_in_range(timed(&h.result), h.result.events / 80, h.result.events / 50);
	h.params.timing = TIMING_EVERY;
	wall_house_run(&h);
	assert_int_equal(timed(&h.result), h.result.events);
	assert_true(h.result.harness_ns > 0 && h.result.harness_share > 0);
	assert_int_equal(histogram_count(&h.result.lag), 0);
	wall_house_close(&h);
}

/* ---- giving up ------------------------------------------------------------------------------- */

static void *stop_soon(void *flag)
{
	usleep(20000);
	atomic_store((atomic_bool *)flag, true);
	return NULL;
}

/* A second of trace in its own time: stopped after 20 ms it ends at once, wherever its threads wait. */
static void a_stopped_replay_says_so(void **state)
{
	struct synthetic how = synthetic_busy;
	struct wall_house h;
	atomic_bool stop = false;
	pthread_t id;

	(void)state;
	how.nr_events = 10000;
	how.interval_ns = 100 * MS;
	house_of(&h, &how, 0);
	h.params.pace = 1;
	h.params.replay.stop = &stop;
	h.params.replay.verify_every = 5000;
	assert_int_equal(pthread_create(&id, NULL, stop_soon, &stop), 0);
	assert_int_equal(wall_run(&h.params, &h.result, &h.diag), -EINTR);
	pthread_join(id, NULL);
	assert_null(h.result.threads);
	wall_house_close(&h);
}

static void a_backend_for_one_thread_is_refused(void **state)
{
	struct wall_house h;

	(void)state;
	house_of(&h, &synthetic_busy, 0);
	h.params.replay.backend = "first-fit";
	assert_int_equal(wall_run(&h.params, &h.result, &h.diag), -EOPNOTSUPP);
	assert_non_null(strstr(h.diag.text, "first-fit"));
	h.params.replay.backend = "linux-9.9";
	assert_int_equal(wall_run(&h.params, &h.result, &h.diag), -EINVAL);
	assert_non_null(strstr(h.diag.text, "linux-9.9"));
	wall_house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_is_what_the_trace_leaves),
		cmocka_unit_test(one_thread_ends_where_the_virtual_clock_does),
		cmocka_unit_test(failed_allocations_are_counted),
		cmocka_unit_test(requests_race),
		cmocka_unit_test(pace_is_kept),
		cmocka_unit_test(modes_time_what_they_say),
		cmocka_unit_test(a_stopped_replay_says_so),
		cmocka_unit_test(a_backend_for_one_thread_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
