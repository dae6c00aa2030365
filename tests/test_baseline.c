// SPDX-License-Identifier: MIT
/*
 * test_baseline.c - the counts of a run on the shipped trace against those checked in, tests/baseline.txt: nothing that
 * decides a result changes unnoticed, whatever compiled it.
 *
 * Where a change is meant: CONTIG_RENEW_BASELINE=1 build/tests/test_baseline, and commit what `git diff` then shows.
 */
#include <getopt.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../bench/virtual/matrix.h"

#define BASELINE "tests/baseline.txt" /* tests run from the top of the tree */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What became of the requests: "ok 27 isolate/unmovable 8 test/straddles 3" */
static void print_requests(FILE *f, const struct replay_result *p)
{
	uint32_t ended[PHASE_NR][WHY_NR] = { { 0 } }, ok = 0;
	uint64_t migrated = 0, in_vain = 0, scanned = 0, moved = 0;

	for (uint32_t i = 0; i < p->nr_requests; i++) {
		const struct request_record *q = &p->requests[i];

		ok += !q->rc;
		ended[q->phase][q->reason] += !!q->rc;
		migrated += q->total.migrated;
		in_vain += q->rc ? q->total.migrated : 0;
		scanned += q->total.scanned;
		moved += q->total.moved;
	}
	fprintf(f, " requests %u ok %u", p->nr_requests, ok);
	for (int phase = 0; phase < PHASE_NR; phase++) {
		for (int why = 0; why < WHY_NR; why++) {
			if (ended[phase][why])
				fprintf(f, " %s/%s %u", contig_phase_name((enum contig_phase)phase),
				        contig_reason_name((enum contig_reason)why), ended[phase][why]);
		}
	}
	fprintf(f, "; scanned %" PRIu64 " moved %" PRIu64 " migrated %" PRIu64 " in-vain %" PRIu64, scanned, moved,
	        migrated, in_vain);
}

static void print_end(FILE *f, const struct replay_result *p)
{
	const struct sample_record *e = &p->end;

	fprintf(f, "; retyped fallback %" PRIu64 " merge %" PRIu64 " undo %" PRIu64 " grab %" PRIu64,
	        p->end.retyped[RETYPE_FALLBACK], p->end.retyped[RETYPE_MERGE], p->end.retyped[RETYPE_UNDO],
	        p->end.retyped[RETYPE_GRAB]);
	fprintf(f, "; allocs %" PRIu64 " failed %" PRIu64 " aging-failed %" PRIu64 " late-frees %" PRIu64, p->allocs,
	        p->failed_allocs, p->aging_failed_allocs, p->late_frees);
	fprintf(f, "; free %" PRIu64 " pcp %" PRIu64 " mixed %" PRIu64 " unusable %d frag %d blocks", e->free, e->pcp,
	        e->mixed_blocks, e->unusable, e->fragmentation);
	for (int mt = 0; mt < MT_NR; mt++)
		fprintf(f, " %" PRIu64, e->blocks[mt]);
	fputc('\n', f);
}

static char *all_backends(void)
{
	static char list[512];
	const struct contig_backend *b;
	size_t len = 0;

	for (size_t i = 0; (b = contig_backend_at(i)); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? "," : "", b->name);
	assert_true(len < sizeof(list));
	return list;
}

/* One age: all backends, occupancies, sizes and seeds, a line a replay. */
static void run_age(FILE *f, const char *age)
{
	char *argv[] = { "run",         "workloads/corpus/nginx-build.ctr",
		         "-b",          all_backends(),
		         "--occupancy", "70,90",
		         "--sizes",     "64p,1b,4b",
		         "--seeds",     "1-2",
		         "--age",       (char *)age,
		         NULL };
	struct run_options o = { 0 };
	struct run_plan plan;
	struct matrix m;
	atomic_bool stop = false;

	optind = 0;
	assert_int_equal(run_options_parse(COUNT(argv) - 1, argv, &o), CLI_OK);
	assert_int_equal(plan_make(&plan, &o), CLI_OK);
	assert_int_equal(matrix_open(&m, &plan, NULL, &stop), CLI_OK);
	assert_int_equal(matrix_run(&m, 2), CLI_OK);
	for (uint32_t i = 0; i < plan.nr_replays; i++) {
		const struct run_place at = plan_place(&plan, i);
		char size[16], occupancy[16];

		run_size_label(&o.sizes[at.size], size);
		occupancy_label(plan_occupancy(&plan, &at), occupancy);
		fprintf(f, "age:%s/occupancy:%s/size:%s/%s/seed:%" PRIu64 ":", age, occupancy, size,
		        o.backends[at.backend], o.seeds[at.seed]);
		print_requests(f, &m.results[i]);
		print_end(f, &m.results[i]);
	}
	matrix_free(&m);
	plan_free(&plan);
	run_options_free(&o);
}

static char *measure(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fputs("# Deterministic counts of the shipped trace, a line a replay: renewed by CONTIG_RENEW_BASELINE=1 "
	      "build/tests/test_baseline\n"
	      "# Pages, but for requests and blocks (U M R H C isolated); unusable and frag in thousandths at "
	      "pageblock order\n",
	      f);
	run_age(f, "0");
	run_age(f, "1");
	assert_int_equal(fclose(f), 0);
	return text;
}

static char *stored(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = fopen(BASELINE, "r");

	if (!f)
		return NULL;
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

/* Lines that differ, the first few in full. */
static unsigned int print_difference(char *was, char *is)
{
	unsigned int differ = 0;

	while (was || is) {
		char *old = strsep(&was, "\n"), *new = strsep(&is, "\n");

		if (old && new && !strcmp(old, new))
			continue;
		if (++differ <= 10)
			print_error("- %s\n+ %s\n", old ? old : "(no such line)", new ? new : "(no such line)");
	}
	return differ;
}

static void counts_are_the_same(void **state)
{
	char *is = measure(), *was;

	(void)state;
	if (getenv("CONTIG_RENEW_BASELINE")) {
		FILE *f = fopen(BASELINE, "w");

		assert_non_null(f);
		fputs(is, f);
		assert_int_equal(fclose(f), 0);
	}
	was = stored();
	if (!was)
		fail_msg(BASELINE " is missing: run from the top of the tree");
	unsigned int differ = strcmp(was, is) ? print_difference(was, is) : 0;

	free(was);
	free(is);
	if (differ)
		fail_msg("%u lines differ from " BASELINE
		         "; if that is meant: CONTIG_RENEW_BASELINE=1 build/tests/test_baseline, and "
		         "commit it with the reason",
		         differ);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(counts_are_the_same) };

	return cmocka_run_group_tests_name("baseline", tests, NULL, NULL);
}
