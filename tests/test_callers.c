// SPDX-License-Identifier: MIT
/*
 * test_callers.c - `run --caller`: requests by users of contiguous memory in the virtual clock, and what the results
 * say of them.
 */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "../bench/cli.h"
#include "../bench/virtual/replay.h"
#include "lib/capture.h"
#include "lib/synthetic.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MS       UINT64_C(1000000)
#define MIB      UINT64_C(1048576)
#define SMALL    "small.ctr --interval-ms 1 --hold-ms 2 --seeds 1-2 --occupancy 60 "

static char scratch[] = "/tmp/contigbench-callers-XXXXXX";
static char home[4096];
static struct capture said;

/* ---- one replay ------------------------------------------------------------------------------ */

struct setup {
	struct contig_geometry geometry;
	struct program program;
	struct replay_params params;
	struct replay_result result;
	struct contig_diag diag;
	struct trace trace;
};

/* 64 pageblocks, memory sections of 1024 pages; the trace uses about a third of it, unmovable pages among it. */
static void set_up(struct setup *s, enum run_caller who, uint32_t pages)
{
	const struct synthetic how = { .seed = 7,
		                       .nr_events = 30000,
		                       .live = 9000,
		                       .cpus = 2,
		                       .unmovable = 10,
		                       .high_order = 20,
		                       .interval_ns = 2000 };

	memset(s, 0, sizeof(*s));
	synthetic_trace(&how, &s->trace);
	assert_int_equal(program_compile(&s->trace, &s->program, &s->diag), 0);
	contig_geometry_x86_64(&s->geometry, 64 * 512);
	s->geometry.nr_cpus = 2;
	s->geometry.section_order = 10;
	s->params = (struct replay_params){
		.program = &s->program,
		.geometry = &s->geometry,
		.cost = &cost_linux_6_18,
		.backend = "linux-6.1",
		.seed = 1,
		.caller = { .who = (uint8_t)who, .cma_align = CALLER_MAX_ALIGN, .block_bytes = 4 * MIB },
		.request_pages = pages,
		.interval_ns = MS,
		.hold_ns = 3 * MS,
		.max_requests = UINT32_MAX,
		.verify_every = 1000,
	};
}

static void run(struct setup *s)
{
	replay_result_free(&s->result);
	if (replay_run(&s->params, &s->result, &s->diag))
		fail_msg("%s, %s: %s", s->params.backend, caller_name(s->params.caller.who), s->diag.text);
}

static void tear_down(struct setup *s)
{
	replay_result_free(&s->result);
	program_free(&s->program);
	trace_close(&s->trace);
}

static struct request_record sum(const struct replay_result *p, uint32_t *ok)
{
	struct request_record all = { 0 };

	*ok = 0;
	for (uint32_t k = 0; k < p->nr_requests; k++) {
		*ok += !p->requests[k].rc;
		all.calls += p->requests[k].calls;
		all.got += p->requests[k].got;
		all.waits += p->requests[k].waits;
		all.waited_ns += p->requests[k].waited_ns;
	}
	return all;
}

/*
 * Every caller on every generation, all invariants checked on the way: some requests succeed, and at the end all of it
 * has been given back - as many pages are free as without any request.
 */
static void everything_comes_back(void **state)
{
	static const struct {
		enum run_caller who;
		uint32_t pages;
	} callers[] = { { RUN_CMA, 64 }, { RUN_VIRTIO_MEM, 1024 }, { RUN_GIGANTIC, 2048 }, { RUN_OFFLINE, 1024 } };
	const struct contig_backend *b;

	(void)state;
	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		for (size_t k = 0; k < COUNT(callers) && user_supported(b); k++) {
			struct setup s;
			uint32_t ok;

			set_up(&s, callers[k].who, 0);
			s.params.backend = b->name;
			run(&s);
			uint64_t free = s.result.end.free + s.result.end.pcp;

			assert_int_equal(s.result.failed_allocs, 0);
			s.params.request_pages = callers[k].pages;
			run(&s);
			struct request_record all = sum(&s.result, &ok);

			assert_int_equal(s.result.failed_allocs, 0);
			/* v3.7-v3.17 let isolated blocks merge with others, and NR_FREE_PAGES drifts */
			bool drifts = !strcmp(b->name, "linux-3.16");

			if (!ok || (!drifts && s.result.end.free + s.result.end.pcp != free))
				fail_msg("%s, %s: %u of %u requests succeeded, %lu pages free at the end, not %lu",
				         b->name, caller_name(callers[k].who), ok, s.result.nr_requests,
				         (unsigned long)(s.result.end.free + s.result.end.pcp), (unsigned long)free);
			assert_int_equal(s.result.end.isolated, 0);
			assert_true(all.calls >= ok);
			assert_true(all.got >= ok * callers[k].pages);
			tear_down(&s);
		}
	}
}

/* All of a device's memory can not be had; what was got of it comes back as well. */
static void parts_come_back(void **state)
{
	uint32_t parts = 0;
	struct setup s;

	(void)state;
	set_up(&s, RUN_VIRTIO_MEM, 0);
	run(&s);
	uint64_t free = s.result.end.free + s.result.end.pcp;

	s.params.request_pages = 32 * 1024;
	s.params.interval_ns = 10 * MS;
	run(&s);
	for (uint32_t k = 0; k < s.result.nr_requests; k++) {
		assert_true(s.result.requests[k].rc != 0);
		parts += s.result.requests[k].got > 0;
	}
	assert_true(parts > 0);
	/* meanwhile allocations may have failed, so there may be more */
	assert_true(s.result.end.free + s.result.end.pcp >= free);
	tear_down(&s);
}

/*
 * A request every 20 us, each of which takes more than that:
 *
 *	one mutex (5.10)	they wait for each other; every call is a good one
 *	none (5.18)		nobody waits; neighbours are refused, and try again a page further on
 */
static void mutex_or_retries(void **state)
{
	struct request_record with, without;
	uint32_t ok_with, ok_without;
	struct setup s;

	(void)state;
	set_up(&s, RUN_CMA, 64);
	s.params.caller.cma_align = 0;
	s.params.interval_ns = MS / 50;
	s.params.hold_ns = MS / 10;
	s.params.max_requests = 50;
	s.params.backend = "linux-5.10";
	run(&s);
	with = sum(&s.result, &ok_with);
	s.params.backend = "linux-5.10+cma_mutex=none";
	run(&s);
	without = sum(&s.result, &ok_without);
	assert_int_equal(ok_with, 50);
	assert_int_equal(with.calls, 50);
	assert_true(with.waits > 40);
	assert_true(with.waited_ns > with.waits);
	assert_int_equal(without.waits, 0);
	assert_int_equal(without.waited_ns, 0);
	assert_true(without.calls > 10 * with.calls);
	/* which a request that must be aligned to its size would step over */
	bool unaligned = false;

	for (uint32_t k = 0; k < s.result.nr_requests; k++)
		unaligned |= s.result.requests[k].start % 64 != 0;
	assert_true(unaligned);
	/* isolation by blocks needs no mutex as badly */
	s.params.backend = "linux-6.1+cma_mutex=none";
	run(&s);
	assert_true(sum(&s.result, &ok_with).calls < without.calls / 2);
	tear_down(&s);
}

/* Waiting is a part of a request's latency, and nobody is forgotten: the order is that of arrival. */
static void waiting_takes_time(void **state)
{
	uint64_t last = 0;
	struct setup s;

	(void)state;
	set_up(&s, RUN_OFFLINE, 1024);
	s.params.interval_ns = MS / 100;
	s.params.hold_ns = MS / 100;
	s.params.max_requests = 20;
	run(&s);
	for (uint32_t k = 0; k < s.result.nr_requests; k++) {
		const struct request_record *q = &s.result.requests[k];

		assert_true(q->end_ns - q->begin_ns >= q->waited_ns);
		if (!q->calls) /* its block was offline when it was made */
			continue;
		assert_true(q->end_ns > last);
		last = q->end_ns;
	}
	tear_down(&s);
}

/* Stopped in the middle, requests and all that they hold are dropped without a trace. */
static void stopped_in_the_middle(void **state)
{
	for (int who = RUN_PLAIN; who < RUN_CALLER_NR; who++) {
		atomic_bool stop = true;
		struct setup s;

		(void)state;
		set_up(&s, (enum run_caller)who, who == RUN_CMA ? 64 : 1024);
		s.params.stop = &stop;
		assert_int_equal(replay_run(&s.params, &s.result, &s.diag), -EINTR);
		tear_down(&s);
	}
}

/* ---- the command ----------------------------------------------------------------------------- */

static void accepted(const char *line)
{
	capture_command(&said, cmd_run, line);
	if (said.status)
		fail_msg("`%s`: %d, %s", line, said.status, said.text);
}

static void refused(const char *arguments, const char *says)
{
	char line[1024];
	struct stat st;

	snprintf(line, sizeof(line), "run " SMALL "-o new %s", arguments);
	capture_command(&said, cmd_run, line);
	if (said.status != CLI_USAGE || !strstr(said.text, says))
		fail_msg("`%s`: %d, %s", line, said.status, said.text);
	assert_ptr_equal(strchr(said.text, '\n'), said.text + strlen(said.text) - 1);
	assert_int_equal(stat("new", &st), -1);
	assert_int_equal(stat("new.partial", &st), -1);
}

static void bad_calls(void **state)
{
	static const struct {
		const char *arguments, *says;
	} cases[] = {
		{ "--caller nobody", "--caller nobody: nobody of that name" },
		{ "--caller", "--caller wants a value" },
		{ "--caller cma --cma 64X", "--cma 64X: a size" },
		{ "--caller cma --cma 0", "--cma 0: a size" },
		{ "--caller cma --cma", "--cma wants a value" },
		{ "--caller cma --cma 99999999999G", "a size" },
		{ "--caller cma --cma 5M", "multiple of 1024 pages (4096 KiB)" },
		{ "--caller cma --cma 1T", "a size" },
		{ "--caller cma --cma 64G", "does not fit the zone" },
		{ "--caller cma --cma 4M --sizes 4b", "does not fit the CMA area of 1024 pages" },
		{ "--caller cma --cma-align 32", "--cma-align 32" },
		{ "--caller gigantic --cma-align 3", "--cma-align means nothing to --caller gigantic" },
		{ "--cma 4M", "--cma means nothing to --caller plain" },
		{ "--caller offline --cma 4M", "--cma means nothing to --caller offline" },
		{ "--caller cma --memory-block 4M", "--memory-block means nothing to --caller cma" },
		{ "--caller offline --memory-block 4M --sizes 1b", "--sizes means nothing to --caller offline" },
		{ "--sizes 1m", "memory blocks are for --caller virtio-mem" },
		{ "--caller offline --memory-block 64G", "no zone holds a whole aligned block" },
		{ "--caller offline --memory-block 3M", "must be a power of two" },
		{ "--caller offline --memory-block 6000", "must be a power of two" },
		{ "--caller offline --memory-block 4M", "at least a section, 32768 pages" },
		{ "--caller offline --memory-block 2M --section-order 10", "at least 1024" },
		{ "--caller virtio-mem --memory-block 4M --section-order 10 --sizes 64m", "more than the" },
		{ "--caller virtio-mem --memory-block 4M --section-order 10 --sizes 1073741824m", "32-bit pfn" },
		{ "--caller cma --sizes 64p -b linux-6.1,first-fit",
		  "--caller cma on first-fit: first-fit has no pageblock types" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		refused(cases[i].arguments, cases[i].says);
}

/* The lines of requests.jsonl; the first one holds the parameters. */
static size_t read_lines(const char *path, json_t *lines[], size_t max)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;

	assert_non_null(f);
	while (n < max && (lines[n] = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL)))
		n++;
	fclose(f);
	return n;
}

static void results_name_the_caller(void **state)
{
	static json_t *lines[4096];
	size_t n;

	(void)state;
	accepted("run " SMALL "-b linux-5.10,linux-7.2 --caller cma --cma 8M --sizes 64p -o cma");
	assert_non_null(strstr(said.text, "requests are made by cma"));
	assert_non_null(strstr(said.text, "calls"));
	assert_non_null(strstr(said.text, "waited"));
	n = read_lines("cma/requests.jsonl", lines, COUNT(lines));
	assert_true(n > 10);
	json_t *p = json_object_get(lines[0], "parameters");

	assert_string_equal(json_string_value(json_object_get(p, "caller")), "cma");
	assert_int_equal(json_integer_value(json_object_get(p, "cma_bytes")), 8 * MIB);
	for (size_t i = 1; i < n; i++) {
		assert_string_equal(json_string_value(json_object_get(lines[i], "caller")), "cma");
		assert_true(json_integer_value(json_object_get(lines[i], "calls")) >= 1);
		assert_non_null(json_object_get(lines[i], "waits"));
		assert_non_null(json_object_get(lines[i], "waited_ns"));
		if (!json_integer_value(json_object_get(lines[i], "rc")))
			assert_int_equal(json_integer_value(json_object_get(lines[i], "got_pages")), 64);
	}
	for (size_t i = 0; i < n; i++)
		json_decref(lines[i]);
	/* a plain run says nothing of callers */
	accepted("run " SMALL "-b linux-5.10 --sizes 64p -o plain");
	assert_null(strstr(said.text, "requests are made by"));
	assert_null(strstr(said.text, "waited"));
	n = read_lines("plain/requests.jsonl", lines, COUNT(lines));
	assert_null(json_object_get(json_object_get(lines[0], "parameters"), "caller"));
	for (size_t i = 0; i < n; i++) {
		assert_null(json_object_get(lines[i], "caller"));
		json_decref(lines[i]);
	}
}

static void same_files(const char *a, const char *b)
{
	char line[1200];

	snprintf(line, sizeof(line), "cmp -s %s/SHA256SUMS %s/SHA256SUMS", a, b);
	assert_int_equal(system(line), 0);
}

/* Whoever asks, and however many replays are made at a time: the same bytes. By default, all backends that can. */
static void same_bytes(void **state)
{
	static const char *const callers[] = { "cma --sizes 64p,1b", "virtio-mem --memory-block 4M --section-order 10",
		                               "gigantic", "gigantic --cma 8M",
		                               "offline --memory-block 4M --section-order 10" };
	char line[512], name[64];

	(void)state;
	for (size_t i = 0; i < COUNT(callers); i++) {
		for (int j = 1; j <= 2; j++) {
			snprintf(line, sizeof(line), "run " SMALL "--verify=5000 --caller %s -j %d -o c%zu-%d",
			         callers[i], j, i, j);
			accepted(line);
			assert_null(strstr(said.text, "first-fit"));
			assert_non_null(strstr(said.text, "linux-3.5"));
		}
		snprintf(line, sizeof(line), "c%zu-1", i);
		snprintf(name, sizeof(name), "c%zu-2", i);
		same_files(line, name);
	}
}

/* A failed request of each caller can be replayed and explained. */
static void failures_are_explained(void **state)
{
	static const struct {
		const char *options, *says;
	} rows[] = {
		{ "cma --cma 4M --sizes 512p --hold-ms 50", "cma: " },
		{ "gigantic --sizes 4b", "gigantic: " },
		{ "virtio-mem --memory-block 4M --section-order 10 --sizes 8m", "virtio-mem: " },
		{ "offline --memory-block 4M --section-order 10", "offline: 1 calls, 0 pages got" },
	};
	char line[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(line, sizeof(line),
		         "run small.ctr --interval-ms 1 --hold-ms 2 --seeds 1 --occupancy 90 -b linux-5.10 -o x%zu "
		         "--caller %s",
		         i, rows[i].options);
		accepted(line);
		snprintf(line, sizeof(line), "explain x%zu --failure 1", i);
		capture_command(&said, cmd_explain, line);
		if (said.status || !strstr(said.text, rows[i].says) || strstr(said.text, "(null)"))
			fail_msg("%s: %d, %s", rows[i].options, said.status, said.text);
	}
}

static int set_up_folder(void **state)
{
	const struct synthetic how = { .seed = 3,
		                       .nr_events = 40000,
		                       .live = 9000,
		                       .cpus = 2,
		                       .unmovable = 20,
		                       .high_order = 20,
		                       .interval_ns = 1000 };

	(void)state;
	assert_non_null(getcwd(home, sizeof(home)));
	assert_non_null(mkdtemp(scratch));
	assert_int_equal(chdir(scratch), 0);
	synthetic_file(&how, "small.ctr");
	return 0;
}

static int drop(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

static int tear_down_folder(void **state)
{
	(void)state;
	assert_int_equal(chdir(home), 0);
	return nftw(scratch, drop, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back),   cmocka_unit_test(parts_come_back),
		cmocka_unit_test(mutex_or_retries),        cmocka_unit_test(waiting_takes_time),
		cmocka_unit_test(stopped_in_the_middle),   cmocka_unit_test(bad_calls),
		cmocka_unit_test(results_name_the_caller), cmocka_unit_test(same_bytes),
		cmocka_unit_test(failures_are_explained),
	};

	return cmocka_run_group_tests(tests, set_up_folder, tear_down_folder);
}
