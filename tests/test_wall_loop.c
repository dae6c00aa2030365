// SPDX-License-Identifier: MIT
/* test_wall_loop.c - threads on their way: the window, pins by others, contents that are checked, counters, the shipped trace. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/wall/wall_state.h"
#include "lib/wall_house.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

/* ---- the window ------------------------------------------------------------------------------ */

/* Two threads' worth of a replay, of which the test moves one by hand. */
struct half {
	struct wall_house h;
	struct wall wall;
	struct survivors survivors;
	struct request_stream requests;
	struct worker *w; /* of thread 0 */
};

static void half_open(struct half *f)
{
	struct trace t;

	memset(f, 0, sizeof(*f));
	synthetic_trace(&synthetic_busy, &t);
	wall_house_open(&f->h, &t, 0, 2);
	const struct stream_plan plan = { .program = &f->h.program,
		                          .thread_of = f->h.placement.thread_of,
		                          .nr_threads = 2,
		                          .nr_cpus = 2,
		                          .survivors = &f->survivors,
		                          .requests = &f->requests };

	f->wall = (struct wall){ .params = &f->h.params, .program = &f->h.program, .diag = &f->h.diag };
	assert_int_equal(survivors_init(&f->survivors, &f->h.program), 0);
	assert_int_equal(streams_compile(&f->wall.streams, &plan), 0);
	assert_int_equal(places_init(&f->wall.places, plan.program, plan.thread_of, 2, 0, f->wall.streams.nr_slots), 0);
	assert_int_equal(crew_init(&f->wall.crew, 2, 20 * US, false, NULL, &f->h.diag), 0);
	f->w = worker_new(&f->wall, 0);
	assert_non_null(f->w);
}

static void half_close(struct half *f)
{
	worker_free(f->w);
	crew_free(&f->wall.crew);
	places_free(&f->wall.places);
	streams_free(&f->wall.streams);
	survivors_free(&f->survivors);
	wall_house_close(&f->h);
}

static void *publish_later(void *half)
{
	usleep(10000);
	crew_publish(&((struct half *)half)->wall.crew, 1, 100 * US);
	return NULL;
}

static void *fail_later(void *half)
{
	usleep(10000);
	crew_fail(&((struct half *)half)->wall.crew, -EUCLEAN, "seen");
	return NULL;
}

/* The other one is at 30 us: 50 us is as far as one may go, exactly; then it waits; then it gives up with the other. */
static void nobody_is_ahead_of_the_window(void **state)
{
	struct half f;
	pthread_t id;

	(void)state;
	half_open(&f);
	const struct stream *s = f.w->stream;

	crew_publish(&f.wall.crew, 1, 30 * US);
	size_t end = 0;

	for (size_t next; (next = worker_checkpoint(f.w, end + 4)) > end && stream_ns(s, next) <= 50 * US;)
		f.w->at = end = next;
	f.w->at = end = worker_checkpoint(f.w, end + 200);
	assert_true(stream_ns(s, end - 1) <= 50 * US);
	assert_true(stream_ns(s, end) > 50 * US);
	assert_int_equal(f.w->waited, 0);

	assert_int_equal(pthread_create(&id, NULL, publish_later, &f), 0);
	end = worker_checkpoint(f.w, s->nr);
	pthread_join(id, NULL);
	assert_true(wall_clock_ns(&f.h.clock, f.w->waited) > 5 * MS);
	assert_true(end > f.w->at);
	assert_true(stream_ns(s, end - 1) <= 120 * US);
	assert_true(stream_ns(s, end) > 120 * US);

	f.w->at = end;
	assert_int_equal(pthread_create(&id, NULL, fail_later, &f), 0);
	assert_int_equal(worker_checkpoint(f.w, s->nr), end);
	pthread_join(id, NULL);
	assert_string_equal(f.h.diag.text, "seen");
	half_close(&f);
}

/* With next to no window threads go in step, and nothing else changes. */
static void a_narrow_window_only_costs_time(void **state)
{
	struct wall_house h;
	struct trace t;

	(void)state;
	synthetic_trace(&synthetic_busy, &t);
	wall_house_open(&h, &t, 0, 0);
	h.params.window_ns = 20 * US;
	h.params.replay.age = 1;
	wall_house_run(&h);
	assert_true(h.result.threads[0].waited_ns + h.result.threads[1].waited_ns > 0);
	assert_int_equal(h.result.events, h.program.nr_ops + h.program.nr_survivors);
	wall_house_close(&h);
}

/* ---- pins ------------------------------------------------------------------------------------ */

#define NR_PINNED 5000u

/*
 * Each page is allocated by one cpu, pinned by the other, unpinned by the first and freed by the second: in that order, or a
 * page would be unpinned before it is pinned, and stay, or freed while it is pinned, and go late.
 */
static void pins_of_others_come_in_order(void **state)
{
	static struct trace_event events[4 * NR_PINNED + 1];
	struct wall_house h;
	struct trace t;

	(void)state;
	for (uint32_t i = 0; i < NR_PINNED; i++) {
		uint64_t ns = i * 4 * US;

		events[4 * i] = (struct trace_event){
			.ns = ns, .id = i + 1, .op = TRACE_ALLOC, .kind = PAGE_LRU, .migratetype = MT_MOVABLE
		};
		events[4 * i + 1] = (struct trace_event){ .ns = ns + US, .id = i + 1, .op = TRACE_PIN, .cpu = 1 };
		events[4 * i + 2] = (struct trace_event){ .ns = ns + 2 * US, .id = i + 1, .op = TRACE_UNPIN };
		events[4 * i + 3] = (struct trace_event){ .ns = ns + 3 * US, .id = i + 1, .op = TRACE_FREE, .cpu = 1 };
	}
	events[4 * NR_PINNED].op = TRACE_OP_NR;
	trace_of(events, &t);
	t.info.nr_cpus = 2;
	wall_house_open(&h, &t, 4096, 0);
	h.params.replay.request_pages = 512;
	wall_house_run(&h);
	assert_int_equal(h.result.skipped_pins, 0);
	assert_int_equal(h.result.end.free + h.result.end.pcp, 4096);
	wall_house_close(&h);
}

/* ---- contents -------------------------------------------------------------------------------- */

static void contents_are_checked_at_barriers(void **state)
{
	struct wall_house h;
	struct trace t;

	(void)state;
	synthetic_trace(&synthetic_busy, &t);
	wall_house_open(&h, &t, 0, 0);
	h.params.backing = true;
	h.params.replay.age = 1;
	h.params.replay.request_pages = 512;
	h.params.replay.hold_ns = MS;
	h.params.replay.verify_every = 9000;
	wall_house_run(&h);
	assert_int_equal(h.result.verifications, 6 + 1);
	assert_int_equal(h.result.backing_bytes, backing_bytes(&h.geometry));
	wall_house_close(&h);
}

/* A place that the books have wrong is found, and the sentence says after which event. */
static void a_lost_page_is_found(void **state)
{
	struct contig_hooks hooks = { .threads = true };
	struct half f;

	(void)state;
	half_open(&f);
	f.wall.result = &f.h.result;
	assert_int_equal(backing_open(&f.wall.backing, &f.h.geometry, &f.h.placement, &f.h.diag), 0);
	f.wall.backend = contig_open("linux-6.1", &f.h.geometry, &hooks, &f.h.diag);
	assert_non_null(f.wall.backend);
	backing_filled(f.wall.backing, executor_owner(0, 5), 77, 0);
	atomic_store(&f.wall.places.map[5], place_of(0, 77));
	assert_int_equal(wall_verify(&f.wall, 123), 0);
	assert_int_equal(f.h.result.verifications, 1);
	atomic_store(&f.wall.places.map[5], place_of(0, 78));
	assert_int_equal(wall_verify(&f.wall, 123), -EUCLEAN);
	assert_int_equal(atomic_load(&f.wall.crew.error), -EUCLEAN);
	assert_non_null(strstr(f.h.diag.text, "after event 123: "));
	assert_int_equal(f.h.result.verifications, 1);
	contig_close(f.wall.backend);
	backing_close(f.wall.backing);
	half_close(&f);
}

/* What the kernel says of metadata and of backing memory, where it lets them be bound. */
static void memory_lies_where_it_is_bound(void **state)
{
	struct wall_house h;
	struct trace t;

	(void)state;
	synthetic_trace(&synthetic_busy, &t);
	wall_house_open(&h, &t, 0, 0);
	h.placement.bind = true;
	h.params.backing = true;
	h.params.replay.request_pages = 512;
	int rc = wall_run(&h.params, &h.result, &h.diag);

	if (rc == -EPERM) {
		print_message("%s: not tested\n", h.diag.text);
		wall_house_close(&h);
		skip();
	}
	if (rc)
		fail_msg("%s", h.diag.text);
	assert_true(h.result.metadata.right > 0);
	assert_int_equal(h.result.metadata.wrong, 0);
	/* no fault of a page that nobody had before is in a measurement */
	assert_int_equal(h.result.metadata.untouched, 0);
	assert_true(h.result.backing.right > 0);
	assert_int_equal(h.result.backing.wrong, 0);
	wall_house_close(&h);
}

/* ---- counters -------------------------------------------------------------------------------- */

/* What the machine has is counted, of threads and of phases; what it has not is absent. */
static void counters_are_of_threads_and_phases(void **state)
{
	struct wall_house h;
	struct trace t;

	(void)state;
	synthetic_trace(&synthetic_busy, &t);
	wall_house_open(&h, &t, 0, 0);
	h.params.replay.request_pages = 512;
	h.params.counters = true;
	h.params.phase_counters = true;
	wall_house_run(&h);
	for (int c = 0; c < COUNTER_NR; c++) {
		uint64_t isolate = 0, run = 0;
		uint32_t share;

		if (!h.result.run.has[c]) {
			assert_false(h.result.by_phase[PHASE_ISOLATE].has[c]);
			continue;
		}
		if (counter_scaled(&h.result.run, (enum counter)c, &run, &share) &&
		    counter_scaled(&h.result.by_phase[PHASE_ISOLATE], (enum counter)c, &isolate, &share))
			assert_true(isolate <= run);
		if (c == COUNTER_INSTRUCTIONS)
			assert_true(isolate > 0);
	}
	assert_int_equal(histogram_count(&h.result.phase[PHASE_ISOLATE]), h.result.nr_requests);
	wall_house_close(&h);
}

/* ---- the shipped trace ----------------------------------------------------------------------- */

static void the_shipped_trace_is_replayed(void **state)
{
	struct contig_diag diag = { "" };
	struct wall_house h;
	struct trace t;

	(void)state;
	if (trace_open("workloads/corpus/nginx-build.ctr", &t, &diag))
		skip(); /* not run from the top of the tree */
	wall_house_open(&h, &t, 0, 0);
	h.params.timing = TIMING_SAMPLED;
	h.params.replay.age = 1;
	h.params.replay.request_pages = 512;
	h.params.replay.interval_ns = 50 * MS;
	h.params.replay.hold_ns = 20 * MS;
	h.params.replay.verify_every = 300000;
	wall_house_run(&h);
	assert_int_equal(h.result.verifications, h.program.nr_ops / 300000 + 1);
	assert_true(h.result.nr_requests > 10);
	assert_int_equal(h.result.end.isolated, 0);
	wall_house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_ahead_of_the_window),
		cmocka_unit_test(a_narrow_window_only_costs_time),
		cmocka_unit_test(pins_of_others_come_in_order),
		cmocka_unit_test(contents_are_checked_at_barriers),
		cmocka_unit_test(a_lost_page_is_found),
		cmocka_unit_test(memory_lies_where_it_is_bound),
		cmocka_unit_test(counters_are_of_threads_and_phases),
		cmocka_unit_test(the_shipped_trace_is_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
