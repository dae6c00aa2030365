// SPDX-License-Identifier: MIT
/* test_micro.c - `contigbench micro`: every benchmark runs on every backend, and every wrong call ends as it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "../allocators/contig.h"
#include "../bench/cli.h"
#include "../bench/micro/gbench.h"
#include "lib/capture.h"

static struct capture said;

static void wrong_calls(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *message;
	} calls[] = {
		{ "micro --help", CLI_OK, "Flags of the library" },
		{ "micro --benchmark_list_tests", CLI_OK, "hot_pair/first-fit\n" },
		{ "micro --benchmark_list_tests -b first-fit --gib 8", CLI_OK, "aged_pair/first-fit/gib:8" },
		{ "micro --benchmark_filter=nothing", CLI_USAGE, "--benchmark_filter=nothing matches no benchmark" },
		{ "micro --benchmark_filter=[", CLI_USAGE, "matches no benchmark" },
		{ "micro --benchmark_bogus=1", CLI_USAGE, "--benchmark_bogus=1" },
		{ "micro --bogus", CLI_USAGE, "--bogus" },
		{ "micro bogus", CLI_USAGE, "bogus" },
		{ "micro --benchmark_min_time=abc", CLI_USAGE, "--benchmark_min_time=abc" },
		{ "micro --benchmark_min_time=-1", CLI_USAGE, "--benchmark_min_time=-1" },
		{ "micro --benchmark_repetitions=0", CLI_USAGE, "--benchmark_repetitions=0" },
		{ "micro --benchmark_format=xml", CLI_USAGE, "contigbench micro --help" },
		{ "micro --benchmark_out=/nonexistent/file", CLI_USAGE, "/nonexistent/file: No such file" },
		{ "micro -b", CLI_USAGE, "-b wants a value" },
		{ "micro -b linux-0.1", CLI_USAGE, "unknown backend 'linux-0.1'" },
		{ "micro -b first-fit+colour=blue", CLI_USAGE, "no knobs" },
		{ "micro -b first-fit,", CLI_USAGE, "unknown backend ''" },
		{ "micro --gib 0", CLI_USAGE, "--gib 0" },
		{ "micro --gib 1,many", CLI_USAGE, "--gib 1,many" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		capture_command(&said, cmd_micro, calls[i].line);
		if (said.status != calls[i].status || !strstr(said.text, calls[i].message))
			fail_msg("%s: exit %d, said: %s", calls[i].line, said.status, said.text);
	}
}

/* Debian's library has no libpfm and would print a notice and go on. */
static void perf_counters(void **state)
{
	(void)state;
	if (gbench_library_has_libpfm())
		skip();
	capture_command(&said, cmd_micro, "micro --benchmark_perf_counters=CYCLES");
	assert_int_equal(said.status, CLI_MACHINE);
	assert_non_null(strstr(said.text, "without libpfm"));
	setenv("BENCHMARK_PERF_COUNTERS", "CYCLES", 1);
	capture_command(&said, cmd_micro, "micro");
	unsetenv("BENCHMARK_PERF_COUNTERS");
	assert_int_equal(said.status, CLI_MACHINE);
}

static void debug_is_explained_once_and_not_in_lists(void **state)
{
	(void)state;
	if (!gbench_library_is_debug())
		skip();
	capture_command(&said, cmd_micro, "micro --benchmark_filter=hot.*first --benchmark_min_time=0.0001");
	assert_int_equal(said.status, CLI_OK);
	assert_non_null(strstr(said.text, "***WARNING*** Library was built as DEBUG"));
	assert_non_null(strstr(said.text, "contigbench is not meant"));
	capture_command(&said, cmd_micro, "micro --benchmark_list_tests");
	assert_null(strstr(said.text, "DEBUG"));
}

/* "NAME/BACKEND", alone or with something after a slash: linux-6.1 is not linux-6.12 */
static bool is_run_of(const json_t *one, const char *start)
{
	const char *name = json_string_value(json_object_get(one, "run_name"));
	size_t len = strlen(start);

	return name && !strncmp(name, start, len) && (!name[len] || name[len] == '/');
}

static bool succeeded(const json_t *results, const char *name, const char *backend)
{
	char start[256];
	json_t *one;
	size_t i;

	snprintf(start, sizeof(start), "%s/%s", name, backend);
	json_array_foreach(results, i, one)
	{
		if (is_run_of(one, start))
			return !json_object_get(one, "error_occurred") &&
			       json_number_value(json_object_get(one, "real_time")) > 0;
	}
	return false;
}

static void every_benchmark_on_every_backend(void **state)
{
	static const char *const names[] = { "hot_pair", "aged_pair", "order9_pair", "contig_free_block",
		                             "contig_half_full_block" };
	char path[] = "/tmp/micro-XXXXXX", line[256];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	snprintf(line, sizeof(line), "micro --benchmark_min_time=0.0001 --benchmark_out=%s", path);
	capture_command(&said, cmd_micro, line);
	assert_int_equal(said.status, CLI_OK);

	json_t *report = json_load_file(path, 0, NULL);
	remove(path);
	assert_non_null(json_object_get(json_object_get(report, "context"), "contigbench_revision"));
	for (size_t b = 0; contig_backend_at(b); b++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (!succeeded(json_object_get(report, "benchmarks"), names[i], contig_backend_at(b)->name))
				fail_msg("%s/%s: no result in: %s", names[i], contig_backend_at(b)->name, said.text);
		}
	}
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_calls),
		cmocka_unit_test(perf_counters),
		cmocka_unit_test(debug_is_explained_once_and_not_in_lists),
		cmocka_unit_test(every_benchmark_on_every_backend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
