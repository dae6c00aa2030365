// SPDX-License-Identifier: MIT
/*
 * test_calibrate.c - prices from durations, and durations from a trace of the kernel.
 *
 *	isolate            alloc_contig_range  |-------------------------------------------|
 *	  2 blocks  ----\    start_isolate       |-------|
 *	  ...            >     drain_all           |--|    ^ not the time of isolating, but of draining
 *	  8 blocks  ----/    isolate_migratepages           |---|    |--|
 *	     |               migrate_pages                       |--|
 *	     v
 *	prices, each with its standard error
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/calibrate/convert.h"
#include "../bench/calibrate/count.h"
#include "../bench/calibrate/fit.h"
#include "../bench/calibrate/observe.h"
#include "../bench/calibrate/spans.h"
#include "../bench/cli.h"
#include "lib/house.h"

/* ---- the fit --------------------------------------------------------------------------------- */

#define ROWS 400u

/* Evenly in (0, 1): the same in every run. */
static double uniform(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state)
{
	return sqrt(-2 * log(uniform(state))) * cos(2 * 3.14159265358979 * uniform(state));
}

static const double truth[FIT_MAX_COLUMNS] = { 250, 1300, 90, 0, 28, 90000, 5300, 0, 0.46 };

/* Requests of 1 to 8 blocks with all kinds of layouts; `noise` is the standard deviation as a share of the duration. */
static void make_up(struct fit_row *rows, size_t nr, double noise, double outliers, uint64_t seed)
{
	for (size_t i = 0; i < nr; i++) {
		struct fit_row *r = &rows[i];

		*r = (struct fit_row){ .y = 0 };
		r->x[0] = 1 + floor(uniform(&seed) * 5);
		r->x[1] = 1 + floor(uniform(&seed) * 8);
		r->x[2] = floor(r->x[1] * 400 * uniform(&seed));
		r->x[3] = floor(r->x[1] * 512 * uniform(&seed));
		r->x[4] = floor(60 * uniform(&seed));
		r->x[5] = floor(2 * uniform(&seed));
		r->x[6] = floor(r->x[2] * uniform(&seed));
		r->x[8] = floor(r->x[1] * 512 * uniform(&seed));
		for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++)
			r->y += r->x[c] * truth[c];
		r->y *= 1 + noise * normal(&seed);
		/* an interrupt: never shorter */
		if (uniform(&seed) < outliers)
			r->y *= 3 + 10 * uniform(&seed);
	}
}

#define ALL ((1u << FIT_MAX_COLUMNS) - 1)

static void exact_data_give_exact_prices(void **state)
{
	struct fit_row rows[ROWS];
	struct fit f;

	(void)state;
	make_up(rows, 40, 0, 0, 1);
	assert_int_equal(fit_prices(&f, rows, 40, ALL), 0);
	for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
		/* column 7 is empty: nothing can be said of it */
		assert_int_equal(f.price[c].fitted, c != 7);
		assert_true(fabs(f.price[c].value - truth[c]) <= 1e-4 * (truth[c] + 0.1));
	}
	assert_true(f.residual < 1e-6);
}

/* Within 4 of its own standard errors, for ten sets of made-up data: the error is believable, and not merely large. */
static void noise_gives_prices_within_their_errors(void **state)
{
	struct fit_row rows[ROWS];
	double far = 0;
	size_t nr = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct fit f;

		make_up(rows, ROWS, 0.03, 0.02, seed);
		assert_int_equal(fit_prices(&f, rows, ROWS, ALL), 0);
		for (unsigned int c = 0; c < FIT_MAX_COLUMNS; c++) {
			const struct fit_price *p = &f.price[c];

			if (!p->fitted)
				continue;
			assert_true(p->error > 0);
			assert_true(p->value >= 0);
			assert_true(fabs(p->value - truth[c]) < 4.5 * p->error);
			far += truth[c] > 0 ? fabs(p->value - truth[c]) / p->error : 0;
			nr += truth[c] > 0;
		}
		/* the dear ones are known well */
		assert_true(f.price[6].error < 0.02 * truth[6]);
		assert_true(f.outliers > 0);
	}
	/* of a normal deviate 0.8 on average */
	assert_true(far / (double)nr > 0.4 && far / (double)nr < 1.3);
}

/* One duration in ten is several times too long: least squares alone would be off by half and more. */
static void interrupts_do_not_move_prices(void **state)
{
	struct fit_row rows[ROWS];
	struct fit f;

	(void)state;
	make_up(rows, ROWS, 0.02, 0.1, 7);
	assert_int_equal(fit_prices(&f, rows, ROWS, ALL), 0);
	assert_true(fabs(f.price[6].value - truth[6]) < 0.03 * truth[6]);
	assert_true(fabs(f.price[2].value - truth[2]) < 0.15 * truth[2]);
	assert_true(f.outliers >= ROWS / 20);
}

/* Most rows have nothing of a column and fit exactly; of those that have, one was nothing at all. The others are right. */
static void few_rows_speak_for_a_column(void **state)
{
	static const double pages[] = { 40, 40, 40, 60, 60, 60, 60, 80, 80, 20, 20, 40 };
	struct fit_row rows[63];
	struct fit f;
	size_t nr = 0;

	(void)state;
	for (; nr < 51; nr++)
		rows[nr] = (struct fit_row){ .y = 115000, .x = { 1 } };
	for (unsigned int i = 0; i < 12; i++)
		rows[nr++] =
			(struct fit_row){ .y = i == 11 ? 115000 : 295000 + 252750 * pages[i], .x = { 1, pages[i] } };
	assert_int_equal(fit_prices(&f, rows, nr, ALL), 0);
	assert_true(fabs(f.price[0].value - 115000) < 5000);
	assert_true(fabs(f.price[1].value - 255500) < 3000);
}

/* y = 10 a - b: the best price of b is none, and that of a follows. */
static void no_price_is_negative(void **state)
{
	struct fit_row rows[20];
	struct fit f;

	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		rows[i] = (struct fit_row){ .y = 10.0 * (i + 1) - i % 3, .x = { i + 1, i % 3 } };
	assert_int_equal(fit_prices(&f, rows, 20, ALL), 0);
	assert_true(f.price[1].fitted);
	assert_true(f.price[1].value == 0);
	assert_true(f.price[1].error > 0);
	assert_true(fabs(f.price[0].value - 9.9) < 0.2);
}

/* Two columns that go together can not be told apart: one of them has all, and the other one is not fitted. */
static void what_can_not_be_told_apart(void **state)
{
	struct fit_row rows[10];
	struct fit f;

	(void)state;
	for (unsigned int i = 0; i < 10; i++)
		rows[i] = (struct fit_row){ .y = 5.0 * (i + 1), .x = { i + 1, 2 * (i + 1) } };
	assert_int_equal(fit_prices(&f, rows, 10, ALL), 0);
	assert_true(f.price[0].fitted);
	assert_false(f.price[1].fitted);
	assert_true(fabs(f.price[0].value - 5) < 1e-6);
	/* columns that were not asked for are left alone */
	assert_int_equal(fit_prices(&f, rows, 10, 2), 0);
	assert_false(f.price[0].fitted);
	assert_true(fabs(f.price[1].value - 2.5) < 1e-6);
	/* one row is enough for one price */
	rows[0].x[2] = 7;
	assert_int_equal(fit_prices(&f, rows, 1, ALL), 0);
	rows[1].y = 0;
	assert_int_equal(fit_prices(&f, rows, 2, ALL), -EINVAL);
	assert_int_equal(fit_prices(&f, rows, 0, ALL), -EINVAL);
}

/* ---- the trace ------------------------------------------------------------------------------- */

#define HEAD               "# tracer: nop\n#\n# entries-in-buffer/entries-written: 8/8   #P:2\n#\n"
#define AT(t, event, rest) "     a b]-2-71      [001] .....  " #t ": ctgb_" event ": " rest "\n"
#define ENTER(t, what)     AT(t, what, "(f+0x0/0x1b0) a=0x1000 b=0x1200")
#define LEAVE(t, what)     AT(t, what "r", "(g+0x8/0x20 <- f) ret=0x0")
/* drawn at the top of this file: 100 ticks apart, and 7 for what is the shortest */
#define REQUEST                                                                                                        \
	ENTER(1000, "range0")                                                                                          \
	ENTER(1100, "isolate0")                                                                                        \
	ENTER(1200, "drain0")                                                                                          \
	LEAVE(1300, "drain0")                                                                                          \
	LEAVE(1400, "isolate0")                                                                                        \
	ENTER(1500, "collect0")                                                                                        \
	LEAVE(1507, "collect0")                                                                                        \
	ENTER(1600, "migrate0")                                                                                        \
	LEAVE(1750, "migrate0") ENTER(1800, "collect0") LEAVE(1900, "collect0") LEAVE(2000, "range0")

static struct spans parsed(const char *text)
{
	struct spans s;

	assert_int_equal(spans_parse(&s, text), 0);
	return s;
}

static const struct overhead nothing;

static void calls_nest(void **state)
{
	struct spans s = parsed(HEAD REQUEST);
	struct parts p;

	(void)state;
	assert_int_equal(s.nr, 6);
	assert_int_equal(s.unfinished + s.orphans + s.lost + s.strange, 0);
	assert_false(s.ns);
	uint32_t top = spans_request(&s, 0);

	assert_int_equal(top, 0);
	assert_int_equal(spans_request(&s, 1), NO_SPAN);
	assert_int_equal(s.at[top].task, 71);
	assert_int_equal(s.at[top].arg[0], 0x1000);
	assert_int_equal(s.at[top].arg[1], 0x1200);
	/* the drain is inside of isolating */
	assert_int_equal(s.at[2].parent, 1);
	spans_parts(&s, top, &nothing, &p);
	assert_true(p.ticks[TRACED_ISOLATE] == 200);
	assert_true(p.ticks[TRACED_DRAIN] == 100);
	assert_true(p.ticks[TRACED_COLLECT] == 107);
	assert_true(p.ticks[TRACED_MIGRATE] == 150);
	assert_int_equal(p.calls[TRACED_COLLECT], 2);
	/* 1000 less isolating (300), both collections and the migration */
	assert_true(p.other == 1000 - 300 - 107 - 150);
	/* each has 5 of the tracing in it, and adds 20 to what is around it */
	const struct overhead o = { 5, 20 };

	spans_parts(&s, top, &o, &p);
	assert_true(p.ticks[TRACED_DRAIN] == 95);
	assert_true(p.ticks[TRACED_ISOLATE] == 300 - 5 - (95 + 20));
	assert_true(p.ticks[TRACED_COLLECT] == 2 + 95);
	assert_true(p.other == 1000 - 5 - (295 + 20) - (2 + 20) - (145 + 20) - (95 + 20));
	spans_free(&s);
}

/* Two tasks at once, and one function that calls its like: lru_cache_disable() and lru_add_drain_all(). */
static void tasks_are_told_apart(void **state)
{
	struct spans s = parsed(
		ENTER(100, "range0") "   kcompactd0-33      [000] .....  110: ctgb_migrate0: (f+0x0/0x1) a=0x1 b=0x2\n" ENTER(
			120, "lru0") ENTER(130, "lru1") LEAVE(150, "lru1")
			LEAVE(170, "lru0") "   kcompactd0-33      [000] .....  180: ctgb_migrate0r: (g+0x8/0x20 <- f) ret=0x0\n" LEAVE(
				200, "range0"));
	struct parts p;

	(void)state;
	assert_int_equal(s.nr, 4);
	spans_parts(&s, 0, &nothing, &p);
	assert_true(p.ticks[TRACED_MIGRATE] == 0);
	assert_int_equal(p.calls[TRACED_MIGRATE], 0);
	assert_true(p.ticks[TRACED_LRU] == 50);
	assert_int_equal(p.calls[TRACED_LRU], 1);
	assert_true(p.other == 50);
	spans_free(&s);
}

/* alloc_contig_range() of 7.x calls alloc_contig_frozen_range(): both are the request, and what is in neither of their parts is other. */
static void a_request_inside_a_request(void **state)
{
	struct spans s = parsed(ENTER(100, "range1") ENTER(110, "range2") ENTER(120, "isolate0") LEAVE(150, "isolate0")
	                                LEAVE(190, "range2") LEAVE(200, "range1"));
	struct parts p;

	(void)state;
	assert_int_equal(spans_request(&s, 0), 0);
	spans_parts(&s, 0, &nothing, &p);
	assert_true(p.ticks[TRACED_ISOLATE] == 30);
	assert_true(p.other == 70);
	spans_free(&s);
}

/* An entry without a return, and the return of another one, are no spans; nor is what they are in, for it is too long or short. */
static void what_has_no_return_is_left_out(void **state)
{
	struct spans s = parsed(ENTER(100, "range0") ENTER(110, "isolate0") ENTER(120, "drain0") LEAVE(
		140, "isolate0") LEAVE(150, "undo0") ENTER(160, "test0") LEAVE(165, "test0") LEAVE(200, "range0"));

	(void)state;
	assert_int_equal(s.orphans, 1);
	assert_int_equal(s.unfinished, 2); /* the drain, and isolating, which had it in it */
	assert_int_equal(s.nr, 2);
	assert_int_equal(s.at[0].what, TRACED_RANGE);
	assert_int_equal(s.at[1].what, TRACED_TEST);
	assert_int_equal(s.at[1].parent, 0);
	spans_free(&s);
	/* a trace that begins and ends in the middle */
	s = parsed(LEAVE(10, "drain0") ENTER(20, "range0") ENTER(30, "isolate0"));
	assert_int_equal(s.nr, 0);
	assert_int_equal(s.orphans, 1);
	assert_int_equal(s.unfinished, 2);
	spans_free(&s);
}

/* What was open when events were lost is not known; what comes whole behind it is. */
static void lost_events_are_not_guessed(void **state)
{
	struct spans s = parsed("# entries-in-buffer/entries-written: 10/17   #P:2\n" ENTER(100, "range0") ENTER(
		110, "isolate0") "CPU:1 [LOST 23 EVENTS]\n" LEAVE(140, "isolate0") LEAVE(200, "range0") REQUEST);

	(void)state;
	assert_int_equal(s.lost, 30);
	assert_int_equal(s.unfinished, 2);
	assert_int_equal(s.orphans, 2);
	assert_int_equal(s.nr, 6);
	assert_int_equal(s.at[spans_request(&s, 0)].begin, 1000);
	spans_free(&s);
}

/* Lines of other events, of other formats, and none at all. */
static void other_lines_are_nothing(void **state)
{
	struct spans s = parsed("");

	(void)state;
	assert_int_equal(s.nr, 0);
	assert_int_equal(spans_request(&s, 0), NO_SPAN);
	spans_free(&s);
	s = parsed(
		"   sh-71 [001] .....  1: sys_write(fd: 1)\n"
		"   sh-71 [001] .....  2: ctgb_nobody0: (f+0x0/0x1)\n"
		"garbage: ctgb_range0: (f)\n"
		"   sh-71   (     71) [001] d..1.  12.000345: ctgb_range0: (f+0x0/0x1)\n"
		"   sh-71   (     71) [001] d..1.  12.000347: ctgb_range0r: (g+0x0/0x1 <- f) ret=0xfffffffffffffff0\n");
	assert_int_equal(s.strange, 2);
	assert_int_equal(s.nr, 1);
	/* a clock that shows microseconds */
	assert_true(s.ns);
	assert_int_equal(s.at[0].end - s.at[0].begin, 2000);
	assert_true((int64_t)s.at[0].ret == -EBUSY);
	spans_free(&s);
}

static void tracing_is_measured_by_itself(void **state)
{
	struct spans once = parsed(ENTER(100, "empty0") LEAVE(140, "empty0") ENTER(200, "empty0") LEAVE(238, "empty0")
	                                   ENTER(300, "empty0") LEAVE(900, "empty0"));
	struct spans twice =
		parsed(ENTER(100, "empty0") ENTER(110, "twice0") LEAVE(150, "twice0") LEAVE(195, "empty0"));
	struct overhead o;

	(void)state;
	assert_true(spans_overhead(&once, &twice, &o));
	/* the median, which an interrupt does not move */
	assert_true(o.inside == 40);
	assert_true(o.outside == 55);
	assert_false(spans_overhead(&twice, &once, &o) && o.outside > 0);
	spans_free(&once);
	once = parsed(REQUEST);
	assert_false(spans_overhead(&once, &twice, &o));
	spans_free(&once);
	spans_free(&twice);
}

/* As a kernel without kprobe events shows it: only what lies between two of its tracepoints is known. */
static void tracepoints_bound_phases(void **state)
{
#define POINT(t, rest) "            bash-22      [001] ..... " #t ": " rest "\n"
#define LOOKED(t, from, to)                                                                                            \
	POINT(t, "mm_compaction_isolate_migratepages: range=(" from " ~ " to ") nr_scanned=512 nr_taken=32")
#define TOOK(t, from, to)                                                                                              \
	POINT(t, "mm_compaction_isolate_freepages: range=(" from " ~ " to ") nr_scanned=512 nr_taken=512")
	static const char request[] = HEAD POINT(50, "sys_write(fd: 1, buf: 0x1, count: 1)")
		POINT(60, "sys_write -> 0x1") /* somebody's else */
		POINT(100, "sys_write(fd: 3, buf: 0x1, count: 2)") LOOKED(1000, "0x40000",
	                                                                  "0x40200") LOOKED(1070, "0x40200", "0x40400")
			POINT(1100, "mm_migrate_pages_start: mode=MIGRATE_SYNC reason=contig_range") POINT(
				1900,
				"mm_migrate_pages: nr_succeeded=31 nr_failed=1 nr_thp_succeeded=0 mode=MIGRATE_SYNC")
				LOOKED(1950, "0x40200", "0x40400") POINT(
					2500,
					"test_pages_isolated: start_pfn=0x40000 end_pfn=0x40400 fin_pfn=0x40400 ret=success")
					TOOK(2510, "0x40000", "0x40200") TOOK(2530, "0x40200", "0x40400")
						POINT(3000, "sys_write -> 0x2");
	struct spans s;
	struct parts p;

	(void)state;
	assert_int_equal(points_parse(&s, request), 0);
	uint32_t top = spans_request(&s, 0);

	assert_int_equal(top, 0);
	assert_int_equal(s.at[top].begin, 100);
	assert_int_equal(s.at[top].end, 3000);
	assert_int_equal(s.at[top].arg[0], 0x40000);
	assert_int_equal(s.at[top].arg[1], 0x40400);
	spans_parts(&s, top, &nothing, &p);
	assert_true(p.ticks[TRACED_COLLECT] == 70 + 30 + 50); /* the first pageblock has no beginning */
	assert_true(p.ticks[TRACED_MIGRATE] == 800);
	assert_true(p.ticks[TRACED_GRAB] == 30);
	assert_int_equal(p.calls[TRACED_TEST], 0);
	for (uint32_t i = 0; i < s.nr; i++) {
		if (s.at[i].what == TRACED_MIGRATE) {
			assert_int_equal(s.at[i].arg[0], 31);
			assert_int_equal(s.at[i].arg[1], 1);
		}
	}
	spans_free(&s);
	/* a loss in the middle, and a request that has not ended */
	assert_int_equal(points_parse(&s, POINT(100, "sys_write(fd: 3, buf: 0x1, count: 2)")
	                                          LOOKED(1000, "0x0", "0x200") "CPU:1 [LOST 5 EVENTS]\n" LOOKED(
							  1070, "0x200", "0x400") POINT(3000, "sys_write -> 0x2")
	                                                  POINT(4000, "sys_write(fd: 3, buf: 0x1, count: 2)")
	                                                          LOOKED(5000, "0x0", "0x200")),
	                 0);
	assert_int_equal(s.nr, 0);
	assert_int_equal(s.lost, 5);
	assert_int_equal(s.unfinished, 2);
	spans_free(&s);
}

/* ---- the work -------------------------------------------------------------------------------- */

/* A pageblock in use at its first page, free in its second half: F0 F1 ... F7 and F8 are what is left of the first one. */
static void free_pages_are_the_largest_runs(void **state)
{
	uint8_t kinds[1024];
	struct count_layout l = { .geometry = { .pageblock_order = 9, .max_order = 10 } };

	(void)state;
	memset(kinds, PAGE_FREE, sizeof(kinds));
	kinds[0] = PAGE_LRU;
	assert_int_equal(count_layout_of(&l, kinds, 1024, 10), 0);
	assert_int_equal(l.nr, 11); /* the page, F0 to F8, F9 */
	assert_int_equal(l.runs[1].order, 0);
	assert_int_equal(l.runs[9].order, 8);
	assert_int_equal(l.runs[10].order, 9);
	assert_int_equal(l.runs[10].at, 512);
	free(l.runs);
	kinds[0] = PAGE_FREE;
	assert_int_equal(count_layout_of(&l, kinds, 1024, 10), 0);
	assert_int_equal(l.nr, 1);
	assert_int_equal(l.runs[0].order, 10);
	free(l.runs);
}

static void work_is_counted_by_the_model(void **state)
{
	uint8_t kinds[1024];
	struct count_layout l = { .geometry = { .pageblock_order = 9, .max_order = 10 } };
	struct contig_range_args args = { .nr = 512, .caller = CALLER_MOVABLE, .op = RANGE_ALLOC };
	struct contig_diag diag = { "" };
	struct counted w;

	(void)state;
	for (unsigned int i = 0; i < 1024; i++)
		kinds[i] = i % 8 ? PAGE_FREE : PAGE_LRU;
	assert_int_equal(count_layout_of(&l, kinds, 1024, 10), 0);
	assert_int_equal(count_work(&w, "linux-6.1", &l, &args, &diag), 0);
	assert_int_equal(w.rc, 0);
	assert_int_equal(w.migrate.migrated, 64);
	assert_int_equal(w.migrates, 2); /* lists of 32 pages */
	assert_int_equal(w.collects + w.migrates, w.steps[PHASE_MIGRATE]);
	assert_int_equal(w.work[PHASE_ISOLATE].blocks, 1);
	assert_int_equal(w.work[PHASE_DRAIN].drains, 1);
	assert_int_equal(w.work[PHASE_GRAB].grabbed, 512);
	/* 5.10 isolates and drains both pageblocks of its hull */
	assert_int_equal(count_work(&w, "linux-5.10", &l, &args, &diag), 0);
	assert_int_equal(w.work[PHASE_ISOLATE].blocks, 2);
	assert_int_equal(w.work[PHASE_DRAIN].drains, 2);
	/* a page of the kernel's */
	l.runs[0].kind = PAGE_KERNEL;
	assert_int_equal(count_work(&w, "linux-6.1", &l, &args, &diag), 0);
	assert_int_equal(w.rc, -EBUSY);
	assert_int_equal(w.steps[PHASE_TEST], 0);
	free(l.runs);
	assert_string_equal(count_backend("6.18.44-x"), "linux-6.12");
	assert_string_equal(count_backend("5.10.0-46-amd64"), "linux-5.10");
	assert_string_equal(count_backend("9.1"), "linux-7.2");
	assert_null(count_backend("unknown"));
}

/* Durations made up from prices, for what the model counts on real layouts: these prices come out, in the columns they belong to. */
static void prices_of_requests(void **state)
{
	static const double per_block = 5000, per_page = 9000, once = 3e5;
	struct observations o;
	struct cost_file *c = calloc(1, sizeof(*c));
	struct contig_diag diag = { "" };
	uint64_t random = 3;

	(void)state;
	observations_init(&o);
	memset(o.has, true, sizeof(o.has));
	for (unsigned int i = 0; i < 60; i++) {
		struct counted w = { .rc = 0 };
		struct parts p = { .other = 0 };
		uint32_t blocks = 1 + i % 8, pages = (uint32_t)(uniform(&random) * 400) + 1, lists = (pages + 31) / 32;

		w.work[PHASE_ISOLATE].blocks = blocks;
		w.steps[PHASE_ISOLATE] = blocks;
		w.work[PHASE_DRAIN].drains = w.steps[PHASE_DRAIN] = 1;
		w.migrate.migrated = pages;
		w.migrates = lists;
		w.collect.scanned = pages + (uint32_t)(uniform(&random) * 500);
		w.collects = lists + 1;
		w.work[PHASE_MIGRATE].migrated = pages;
		w.work[PHASE_MIGRATE].scanned = w.collect.scanned;
		w.steps[PHASE_MIGRATE] = w.collects + w.migrates;
		w.steps[PHASE_TEST] = 1;
		w.work[PHASE_TEST].scanned = blocks;
		p.ticks[TRACED_ISOLATE] = per_block * blocks * (1 + 0.01 * normal(&random));
		p.ticks[TRACED_DRAIN] = 1e5;
		p.ticks[TRACED_LRU] = once;
		p.ticks[TRACED_COLLECT] = 700.0 * w.collects + 40.0 * w.collect.scanned;
		p.ticks[TRACED_MIGRATE] = 700.0 * w.migrates + per_page * pages;
		p.ticks[TRACED_TEST] = 200 + 15.0 * blocks;
		p.other = 1000;
		for (unsigned int t = 0; t < TRACED_NR; t++)
			p.calls[t] = p.ticks[t] > 0;
		assert_int_equal(observe(&o, &p, &w, i % 3), 0);
	}
	assert_int_equal(observe_prices(&o, c, 1, &diag), 0);
	const struct cost_measured *isolate = &c->measured[PHASE_ISOLATE][COST_BLOCKS];

	assert_true(fabs((double)isolate->price - per_block) < 30);
	assert_true(isolate->error > 0 && isolate->error < 30);
	assert_int_equal(isolate->nr, 60);
	assert_int_equal(c->measured[PHASE_MIGRATE][COST_MIGRATED].price, per_page);
	assert_int_equal(c->measured[PHASE_MIGRATE][COST_FIXED].price, 700);
	assert_int_equal(c->measured[PHASE_MIGRATE][COST_SCANNED].price, 40);
	/* the batches of the LRU are drained once a request, as these are */
	assert_int_equal(c->measured[PHASE_DRAIN][COST_DRAINS].price, 1e5 + once);
	assert_non_null(strstr(c->measured[PHASE_DRAIN][COST_DRAINS].note, "draining LRU batches"));
	assert_int_equal(c->measured[PHASE_TEST][COST_FIXED].price, 200 + 1000);
	/* nothing was grabbed or undone: the built-in prices, and they say so */
	assert_int_equal(c->measured[PHASE_GRAB][COST_GRABBED].price, cost_linux_6_18.phase[PHASE_GRAB].grabbed);
	assert_int_equal(c->measured[PHASE_GRAB][COST_GRABBED].nr, 0);
	assert_non_null(strstr(c->measured[PHASE_GRAB][COST_GRABBED].note, "not measured"));
	observations_free(&o);
	/* nothing at all */
	assert_int_equal(observe_prices(&o, c, 1, &diag), -ENODATA);
	free(c);
}

/* ---- instructions and time ------------------------------------------------------------------- */

static void conversion_from_prices_that_both_have(void **state)
{
	struct cost_file *here = calloc(1, sizeof(*here)), *guest = calloc(1, sizeof(*guest));
	struct contig_diag diag = { "" };
	struct conversion k;

	(void)state;
	here->unit = COST_UNIT_PS;
	guest->unit = COST_UNIT_MILLI_INSTRUCTIONS;
	assert_int_equal(convert_by_prices(&k, here, guest, &diag), -ENODATA);
	/* 10,000 instructions in 4 us; what was not measured does not count */
	here->measured[PHASE_MIGRATE][COST_MIGRATED] = (struct cost_measured){ .given = true, .price = 4000000 };
	guest->measured[PHASE_MIGRATE][COST_MIGRATED] =
		(struct cost_measured){ .given = true, .price = 10000000, .nr = 9 };
	assert_int_equal(convert_by_prices(&k, here, guest, &diag), -ENODATA);
	here->measured[PHASE_MIGRATE][COST_MIGRATED].nr = 9;
	here->measured[PHASE_MIGRATE][COST_MIGRATED].error = 200000;
	assert_int_equal(convert_by_prices(&k, here, guest, &diag), 0);
	assert_int_equal(k.ps, 400);
	assert_int_equal(k.low, 360);
	assert_int_equal(k.high, 530); /* the built-in table's 5.3 us */
	assert_non_null(strstr(k.how, "takes 4000 ns on kernel "));
	/* the wrong way round */
	assert_int_equal(convert_by_prices(&k, guest, here, &diag), -EINVAL);
	free(here);
	free(guest);
}

static void conversion_by_a_loop(void **state)
{
	struct contig_diag diag = { "" };
	struct conversion k;

	(void)state;
	assert_int_equal(convert_by_loop(&k, &diag), 0);
	/* between ten instructions a cycle of 10 GHz and one in a microsecond */
	assert_in_range(k.low, 10, k.ps);
	assert_in_range(k.high, k.ps, 1000000);
}

/* Prices of a guest with the conversion of another file: what was not measured stays the time that it is. */
static void another_conversion(void **state)
{
#define FILE_OF(unit, conversion, prices)                                                                              \
	"contigbench-costs 1\nname n\ncpu c\nkernel k\ndate 2026-11-30\nhow h\nunit " unit "\n" conversion prices
	static const char here[] = FILE_OF("ps", "", "price migrate migrated 2000000 1 5\nend 1\n");
	static const char guest[] = FILE_OF(
		"milli-instructions", "conversion 100 90 110 x\n",
		"price migrate migrated 5000000 1 5\nprice search scanned 40000 - 0 not measured: of the built-in table "
		"linux-6.18-epyc\nend 2\n");

	(void)state;
	house_write("here.cost", here, strlen(here));
	house_write("guest.cost", guest, strlen(guest));
	json_t *o = house_json(cmd_calibrate, CLI_OK,
	                       "calibrate --from guest.cost --conversion here.cost --json -o new.cost");

	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "conversion"), "ps_per_instruction")),
	                 400);
	json_decref(o);
	size_t len;
	char *text = house_contents("new.cost", &len);

	assert_non_null(strstr(text, "\nprice migrate migrated 5000000 1 5\n"));
	/* 4 ns are 10 instructions of 400 ps */
	assert_non_null(strstr(text, "\nprice search scanned 10000 - 0 not measured"));
	free(text);
}

/* ---- the command ----------------------------------------------------------------------------- */

static void what_the_command_refuses(void **state)
{
	(void)state;
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate",
	              "which kernel? --guest NAME is one in a guest; --running is");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --running --guest linux-6.1", "two kernels: one at a time");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --running --conversion x.cost",
	              "--conversion is for --guest");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --guest linux-6.1 --repeat 0", "--repeat 0: a whole number");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --guest linux-6.1 --name A/B", "--name A/B: letters a-z");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --guest linux-6.1 more", "'more' is too much");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --from x.cost --running",
	              "--from measures no kernel: leave out --running");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --from linux-6.18-epyc",
	              "its prices are times, and no instructions");
	house_write("there.cost", "", 0);
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --guest linux-6.1 -o there.cost", "there.cost exists");
	/* before anything is measured, or anybody asked */
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --guest nobody-1.0 --observations there.cost",
	              "--observations there.cost exists");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --guest nobody-1.0 -o x --observations x",
	              "x can not be both");
	house_refused(cmd_calibrate, CLI_MACHINE, "calibrate --guest nobody-1.0 -o nowhere/x.cost",
	              "nowhere/x.cost can not be written: No such file or directory");
	house_refused(cmd_calibrate, CLI_MACHINE, "calibrate --running -o nowhere/x.cost",
	              "nowhere/x.cost can not be written: No such file or directory");
	house_refused(cmd_calibrate, CLI_MACHINE, "calibrate --guest nobody-1.0 -o there.cost/x",
	              "there.cost/x can not be written: Not a directory");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --guest nobody-1.0 -o /dev/null", "nobody-1.0 ");
	house_refused(cmd_calibrate, CLI_USAGE, "calibrate --guest nobody-1.0", "nobody-1.0 ");
	assert_false(house_has("nobody-1.0.cost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_data_give_exact_prices),
		cmocka_unit_test(noise_gives_prices_within_their_errors),
		cmocka_unit_test(interrupts_do_not_move_prices),
		cmocka_unit_test(few_rows_speak_for_a_column),
		cmocka_unit_test(no_price_is_negative),
		cmocka_unit_test(what_can_not_be_told_apart),
		cmocka_unit_test(calls_nest),
		cmocka_unit_test(tasks_are_told_apart),
		cmocka_unit_test(a_request_inside_a_request),
		cmocka_unit_test(what_has_no_return_is_left_out),
		cmocka_unit_test(lost_events_are_not_guessed),
		cmocka_unit_test(other_lines_are_nothing),
		cmocka_unit_test(tracing_is_measured_by_itself),
		cmocka_unit_test(tracepoints_bound_phases),
		cmocka_unit_test(free_pages_are_the_largest_runs),
		cmocka_unit_test(work_is_counted_by_the_model),
		cmocka_unit_test(prices_of_requests),
		cmocka_unit_test(conversion_from_prices_that_both_have),
		cmocka_unit_test(conversion_by_a_loop),
		cmocka_unit_test_teardown(another_conversion, house_tidy),
		cmocka_unit_test_teardown(what_the_command_refuses, house_tidy),
	};

	return cmocka_run_group_tests_name("calibrate", tests, house_set_up, house_tear_down);
}
