// SPDX-License-Identifier: MIT
/*
 * test_plugin.c - backends in shared objects: the example of docs/plugin, built out of tree with what is installed, in every
 * command; and what results say of it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../workloads/trace/sha256.h"
#include "lib/plugin_house.h"

#define RUN "run small.ctr -b linux-7.2,retry+tries=1 --sizes 1b --occupancy 90 --interval-ms 1 --seeds 1-3 --age 1 -o "

/* ---- the example ------------------------------------------------------------------------------ */

static void sum_of(const char *path, char hex[65])
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_int_equal(sha256_stream(f, hex), 0);
	fclose(f);
}

/* Parameters of a folder. */
static json_t *parameters_of(const char *dir)
{
	char path[64];
	size_t len;

	snprintf(path, sizeof(path), "%s/requests.jsonl", dir);
	char *text = house_contents(path, &len);

	text[strcspn(text, "\n")] = '\0';
	json_t *line = json_loads(text, 0, NULL), *parameters = json_incref(json_object_get(line, "parameters"));

	free(text);
	json_decref(line);
	assert_non_null(parameters);
	return parameters;
}

static void the_scenario_agrees(void **state)
{
	static const char wrong[] = "contigbench-scenario 1\ngeometry P=3 M=3\ncase=T map=\"[M] F3\" ops=a:0+8\n"
				    "expect all a:0+8 rc=-EBUSY [D wrong]\n";

	(void)state;
	const char *text =
		plugin_with(RETRY, CLI_OK, "scenario mine/retry.scn -b linux-6.1,linux-7.2,retry,retry+tries=1");

	assert_non_null(strstr(text, "reference-dropped  ok       ok       ok       ok"));
	assert_non_null(strstr(text, "reference-kept     .        ok       ok       ."));
	assert_null(strstr(text, "DIFFERS"));
	/* what holds for all generations was not said of anybody's plugin */
	house_write("all.scn", wrong, strlen(wrong));
	plugin_with(RETRY, CLI_OK, "scenario all.scn -b retry");
	plugin_with(RETRY, CLI_NO, "scenario all.scn -b linux-7.2");
	plugin_refused(NULL, "scenario mine/retry.scn", "unknown backend 'retry'");
	plugin_refused(RETRY, "run small.ctr -b retry+tries=0", "retry: tries=0: a number from 1 to 100, please");
	plugin_refused(RETRY, "run small.ctr -b retry+of=first-fit", "retry: of=first-fit: a release of Linux, please");
	plugin_refused(RETRY, "run small.ctr -b retry+of=linux-9", "unknown backend 'linux-9'");
	plugin_refused(RETRY, "run small.ctr -b retry+nothing=1", "unknown knob 'nothing'");
}

/* One attempt is the release itself, request by request. */
static void one_attempt_changes_nothing(void **state)
{
	char hex[65];

	(void)state;
	plugin_with(RETRY, CLI_OK, RUN "new -j 2");
	json_t *p = parameters_of("new"), *plugin = json_array_get(json_object_get(p, "plugins"), 0);

	sum_of(RETRY, hex);
	assert_string_equal(json_string_value(json_object_get(plugin, "name")), "retry");
	assert_string_equal(json_string_value(json_object_get(plugin, "sha256")), hex);
	assert_int_equal(json_array_size(json_object_get(p, "plugins")), 1);
	json_decref(p);
	assert_int_equal(
		plugin_shell("grep '\"backend\":\"retry' new/requests.jsonl | sed 's/retry+tries=1/linux-7.2/; "
	                     "s/\"failure\":[0-9]*/\"failure\":0/' >a; grep '\"backend\":\"linux' new/requests.jsonl | "
	                     "sed 's/\"failure\":[0-9]*/\"failure\":0/' >b; test -s a && cmp a b"),
		0);
	plugin_with(RETRY, CLI_OK, RUN "other -j 1");
	assert_int_equal(plugin_shell("cmp new/SHA256SUMS other/SHA256SUMS"), 0);
	plugin_with(RETRY, CLI_OK,
	            "diverge small.ctr -b linux-7.2,retry+tries=1 --occupancy 90 --interval-ms 1 --age 1");
	plugin_with(RETRY, CLI_OK,
	            "run small.ctr -b retry --caller cma --cma 4M --sizes 1b --occupancy 50 --seeds 1 "
	            "--interval-ms 5 --verify=1000 -o other --force");
}

/* A plugin that is loaded and not used decides nothing. */
static void what_is_not_used_is_not_named(void **state)
{
	static const char run[] = "run small.ctr -b linux-7.2 --sizes 1b --occupancy 90 --interval-ms 1 --seeds 1 -o ";
	char line[256];

	(void)state;
	snprintf(line, sizeof(line), "%snew", run);
	plugin_with(RETRY, CLI_OK, line);
	snprintf(line, sizeof(line), "%sother", run);
	plugin_with(NULL, CLI_OK, line);
	assert_int_equal(plugin_shell("cmp new/SHA256SUMS other/SHA256SUMS"), 0);
}

/* The first failure of a backend. */
static unsigned long failure_of(const char *backend)
{
	char pattern[64];
	size_t len;
	char *text = house_contents("new/requests.jsonl", &len), *at = text;
	unsigned long n = 0;

	snprintf(pattern, sizeof(pattern), "\"backend\":\"%s\"", backend);
	for (char *line; !n && (line = strsep(&at, "\n"));) {
		const char *failure = strstr(line, ",\"failure\":");

		if (strstr(line, pattern) && failure)
			n = strtoul(failure + 11, NULL, 10);
	}
	free(text);
	assert_true(n);
	return n;
}

static void explain_wants_the_plugin(void **state)
{
	char line[128], says[256], hex[65];

	(void)state;
	plugin_with(RETRY, CLI_OK, RUN "new");
	sum_of(RETRY, hex);
	snprintf(line, sizeof(line), "explain new --failure %lu", failure_of("retry+tries=1"));
	snprintf(
		says, sizeof(says),
		"contigbench explain: new was made with plugin 'retry' (SHA-256 %.16s...), which is not loaded: contigbench "
		"--plugin FILE explain new",
		hex);
	plugin_refused(NULL, line, says);
	assert_non_null(strstr(plugin_with(RETRY, CLI_OK, line), "on retry+tries=1, seed"));
	/* another file of that name: it is said, and the replay shows what it is worth */
	assert_int_equal(plugin_shell("cc -O0 -w -std=gnu11 -fPIC -shared -Iinst/include -o again.so mine/retry.c"), 0);
	assert_non_null(strstr(plugin_with("again.so", CLI_OK, line),
	                       "warning: new was made with another file of plugin 'retry'"));
	/* the others of the folder need none */
	snprintf(line, sizeof(line), "explain new --failure %lu", failure_of("linux-7.2"));
	plugin_with(NULL, CLI_OK, line);
	plugin_with(NULL, CLI_OK, "explain new");
}

static bool has_a_replay(void)
{
	return house_has("new.partial/replay-0000000") && house_has("new.partial/run.json");
}

/* Killed half-way, and gone on with: with the very plugins that it had. */
static void resume_wants_the_same_plugins(void **state)
{
	(void)state;
	pid_t pid =
		plugin_start(RETRY, "run small.ctr -b retry --sizes 1b --occupancy 90 --interval-ms 1 --seeds 1-400 "
	                            "--age 2 -j 1 -o new");

	for (int i = 0; i < 3000 && !has_a_replay(); i++)
		usleep(2000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!house_has("new.partial"))
		fail_msg("it was over before it could be killed");
	plugin_refused(NULL, "run --resume new.partial",
	               "--resume new.partial: was begun with plugin 'retry' (SHA-256 ");
	plugin_refused(NULL, "run --resume new.partial",
	               "which is not loaded: contigbench --plugin FILE run --resume new.partial");
	assert_int_equal(plugin_shell("cc -O0 -w -std=gnu11 -fPIC -shared -Iinst/include -o again.so mine/retry.c"), 0);
	plugin_refused("again.so", "run --resume new.partial", "and another file of that name is loaded");
	assert_int_equal(plugin_shell("sed 's/\"retry\"/\"one-more\"/' mine/retry.c >more.c && "
	                              "cc -O0 -w -std=gnu11 -fPIC -shared -Iinst/include -o more.so more.c"),
	                 0);
	assert_int_equal(setenv("CONTIGBENCH_PLUGINS", "more.so", 1), 0);
	plugin_refused(RETRY, "run --resume new.partial", "was begun with fewer plugins");
	unsetenv("CONTIGBENCH_PLUGINS");
	plugin_with(RETRY, CLI_OK, "run --resume new.partial");
	assert_true(house_has("new/SHA256SUMS"));
}

/* The program as `make install` leaves it, where it has been built. */
static void the_installed_program_does_it(void **state)
{
	(void)state;
	if (!house_has("inst/bin/contigbench"))
		skip();
	assert_int_equal(
		plugin_shell("inst/bin/contigbench --plugin=" RETRY " scenario mine/retry.scn -b linux-6.1,retry >out"),
		0);
	assert_int_equal(
		plugin_shell("CONTIGBENCH_PLUGINS=" RETRY " inst/bin/contigbench list backends | grep -q '^retry '"),
		0);
	/* nothing but the functions of contig.h, policy.h and plugin.h is offered to plugins */
	assert_int_equal(
		plugin_shell(
			"nm -D --defined-only inst/bin/contigbench | awk '$2 == \"T\" && $3 !~ /^contig_/' | grep .") !=
			0,
		1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_scenario_agrees),
		cmocka_unit_test_teardown(one_attempt_changes_nothing, house_tidy),
		cmocka_unit_test_teardown(what_is_not_used_is_not_named, house_tidy),
		cmocka_unit_test_teardown(explain_wants_the_plugin, house_tidy),
		cmocka_unit_test_teardown(resume_wants_the_same_plugins, house_tidy),
		cmocka_unit_test(the_installed_program_does_it),
	};

	return cmocka_run_group_tests(tests, plugin_set_up, house_tear_down);
}
