// SPDX-License-Identifier: MIT
/*
 * test_perf.c - what `contigbench perf` measures with: the textbook buddy allocator it compares to, the aged zone, and
 * its exits. Whether the figures keep their limits is not tested here: that is a benchmark, `make perf`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../bench/micro/churn.h"
#include "../bench/cli.h"
#include "../bench/micro/perf.h"
#include "../bench/micro/reference.h"
#include "lib/capture.h"

/* ---- the reference --------------------------------------------------------------------------- */

/*
 *	F4 F3 F1	27 pages with max_order 4 is 16 + 8 + 2 + 1:
 *	F4 F3 F1 F0
 */
static void largest_aligned_runs_at_first(void **state)
{
	static const uint32_t runs[] = { 1, 1, 0, 1, 1 };
	struct reference *r = reference_open(27, 4, false);

	(void)state;
	assert_non_null(r);
	for (unsigned int k = 0; k <= 4; k++)
		assert_int_equal(reference_runs(r, k), runs[k]);
	assert_int_equal(reference_nr_free(r), 27);
	reference_close(r);
}

/*
 *	F4		allocate order 0:
 *	A F0 F1 F2 F3	free it: all buddies merge again
 *	F4
 */
static void splits_and_merges(void **state)
{
	struct reference *r = reference_open(16, 4, false);
	uint32_t pfn = reference_alloc(r, 0);

	(void)state;
	assert_int_equal(pfn, 0);
	for (unsigned int k = 0; k < 4; k++)
		assert_int_equal(reference_runs(r, k), 1);
	assert_int_equal(reference_runs(r, 4), 0);
	reference_free(r, pfn, 0);
	assert_int_equal(reference_runs(r, 4), 1);
	assert_int_equal(reference_runs(r, 0), 0);
	assert_int_equal(reference_alloc(r, 4), 0);
	assert_int_equal(reference_alloc(r, 0), REFERENCE_NONE);
	reference_close(r);
}

/* Random orders against a shadow: aligned, never twice, nothing lost, everything merges in the end. */
static void random_orders(bool pcp)
{
	enum {
		PAGES = 4096,
		MAX = 10,
		SLOTS = 600
	};
	static uint8_t used[PAGES];
	uint32_t pfn[SLOTS], live = 0;
	unsigned int order[SLOTS];
	bool taken[SLOTS] = { false };
	struct reference *r = reference_open(PAGES, MAX, pcp);

	memset(used, 0, sizeof(used));
	srand(7);
	for (int i = 0; i < 100000; i++) {
		int s = rand() % SLOTS;

		if (taken[s]) {
			reference_free(r, pfn[s], order[s]);
		} else {
			order[s] = rand() % 4 ? 0 : (unsigned int)rand() % (MAX + 1);
			pfn[s] = reference_alloc(r, order[s]);
			if (pfn[s] == REFERENCE_NONE)
				continue;
			assert_int_equal(pfn[s] % (1u << order[s]), 0);
		}
		taken[s] = !taken[s];
		for (uint32_t p = pfn[s]; p < pfn[s] + (1u << order[s]); p++) {
			assert_int_equal(used[p], !taken[s]);
			used[p] = taken[s];
		}
		live += taken[s] ? 1u << order[s] : -(1u << order[s]);
		assert_int_equal(reference_nr_free(r), PAGES - live);
	}
	for (int s = 0; s < SLOTS; s++) {
		if (taken[s])
			reference_free(r, pfn[s], order[s]);
	}
	assert_int_equal(reference_nr_free(r), PAGES);
	if (!pcp)
		assert_int_equal(reference_runs(r, MAX), PAGES >> MAX);
	reference_close(r);
}

static void random_orders_without_pcp(void **state)
{
	(void)state;
	random_orders(false);
}

static void random_orders_with_pcp(void **state)
{
	(void)state;
	random_orders(true);
}

/* ---- the aged zone --------------------------------------------------------------------------- */

static int by_pfn(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Half of 64 MiB is in use, every page once, and stays so through batches of distinct victims. */
static void check_churn(struct churn *ch)
{
	uint32_t *pfns = calloc(ch->nr_live, sizeof(*pfns)), all = 0;

	assert_non_null(pfns);
	assert_int_equal(ch->nr_live, 64 * 256 / 2);
	for (int batch = 0; batch < 3; batch++) {
		assert_true(churn_batch(ch, 1000));
		for (uint32_t i = 0; i < ch->nr_live; i++)
			pfns[i] = ch->at[ch->deck[i]];
		qsort(pfns, ch->nr_live, sizeof(*pfns), by_pfn);
		for (uint32_t i = 1; i < ch->nr_live; i++)
			assert_true(pfns[i - 1] < pfns[i]);
	}
	assert_true(churn_hot_pairs(ch, 1000));
	uint32_t *used = churn_occupancy(ch, 9);
	for (uint32_t b = 0; b < ch->pages >> 9; b++)
		all += used[b];
	assert_int_equal(all, ch->nr_live);
	free(used);
	free(pfns);
}

static void half_full_and_aged(void **state)
{
	struct contig_diag diag;

	(void)state;
	for (size_t b = 0; contig_backend_at(b); b++) {
		struct churn *ch = churn_open(contig_backend_at(b)->name, 64, CHURN_HALF_FULL, &diag);
		struct contig_stats s;

		assert_non_null(ch);
		check_churn(ch);
		contig_stats(ch->c, CONTIG_ALL_ZONES, &s);
		assert_int_equal(s.free + s.pcp, ch->pages - ch->nr_live);
		churn_close(ch);
	}
	for (int pcp = 0; pcp < 2; pcp++) {
		struct churn *ch = churn_open_reference(64, pcp, CHURN_HALF_FULL);

		assert_non_null(ch);
		check_churn(ch);
		assert_int_equal(reference_nr_free(ch->ref), ch->pages - ch->nr_live);
		churn_close(ch);
	}
}

/* ---- the command ----------------------------------------------------------------------------- */

static void median(void **state)
{
	double odd[] = { 9, 1, 5 }, even[] = { 4, 1, 3, 2 };

	(void)state;
	assert_true(sort_median(odd, 3) > 4.9 && sort_median(odd, 3) < 5.1);
	assert_true(sort_median(even, 4) > 2.4 && sort_median(even, 4) < 2.6);
}

static void verdicts(void **state)
{
	struct perf p = { .json = false };
	struct perf_figure at_most = { "a", "b", 10, "ns", 10, false }, at_least = { "a", "b", 9.9, "M/s", 10, true };

	(void)state;
	capture_mute();
	perf_report(&p, &at_most, "at its limit");
	assert_int_equal(p.nr_short, 0);
	perf_report(&p, &at_least, "below its floor");
	assert_int_equal(p.nr_short, 1);
	perf_missing(&p, "a", "b", "why");
	capture_unmute();
	assert_int_equal(p.nr_short, 1);
	assert_int_equal(p.nr_missing, 1);
}

static void exits(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *message;
	} calls[] = {
		{ "perf --help", CLI_OK, "callgrind" },
		{ "perf -b first-fit -f metadata", CLI_OK, "bytes/page" },
		{ "perf -b first-fit -f metadata --json", CLI_OK, "\"verdict\": \"ok\"" },
		{ "perf -b first-fit -f nonsense", CLI_USAGE, "no figure is called 'nonsense'" },
		{ "perf -b nonsense", CLI_USAGE, "unknown backend 'nonsense'" },
		{ "perf nonsense", CLI_USAGE, "'nonsense'" },
		{ "perf --nonsense", CLI_USAGE, "unknown option --nonsense: see" },
		{ "perf -f", CLI_USAGE, "-f wants a value" },
		{ "perf --counted hot=5 -b first-fit", CLI_OK, "" },
		{ "perf -f replay -b first-fit --trace /nonexistent/x.ctr", CLI_USAGE, "/nonexistent/x.ctr" },
	};
	static struct capture said;

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		capture_command(&said, cmd_perf, calls[i].line);
		if (said.status != calls[i].status || !strstr(said.text, calls[i].message))
			fail_msg("%s: exit %d, said: %s", calls[i].line, said.status, said.text);
	}
}

/* Without valgrind in the PATH there are no instruction counts, and that is said. */
static void needs_valgrind(void **state)
{
	static struct capture said;
	char *path = strdup(getenv("PATH"));

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	capture_command(&said, cmd_perf, "perf -b first-fit -f instructions");
	setenv("PATH", path, 1);
	free(path);
	assert_int_equal(said.status, CLI_MACHINE);
	assert_non_null(strstr(said.text, "needs valgrind"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(largest_aligned_runs_at_first),
		cmocka_unit_test(splits_and_merges),
		cmocka_unit_test(random_orders_without_pcp),
		cmocka_unit_test(random_orders_with_pcp),
		cmocka_unit_test(half_full_and_aged),
		cmocka_unit_test(median),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(exits),
		cmocka_unit_test(needs_valgrind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
