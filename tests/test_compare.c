// SPDX-License-Identifier: MIT
/*
 * test_compare.c - `contigbench compare OLD NEW`: what is the same, what is worse, and what can not be told.
 *
 * Times are made up here: a benchmark has so many runs around a median, spread evenly by so many percent, in an order that has no
 * drift in it unless it is asked for.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/virtual/rng.h"
#include "lib/house.h"

#define SMALL "run small.ctr --interval-ms 1 --hold-ms 1 --sizes 64p,1b --occupancy 70 "

struct made {
	const char *name;
	unsigned int runs;
	double ns;     /* median */
	double spread; /* percent, up and down */
	double drift;  /* percent, from the first run to the last */
};

/* A value for run `i` of n: evenly spread, and in an order that is neither up nor down. */
static double value(const struct made *m, unsigned int i)
{
	unsigned int n = m->runs, place = n > 1 ? (i * 7 + 3) % n : 0;
	double at = n > 1 ? 2.0 * place / (n - 1) - 1 : 0, when = n > 1 ? (double)i / (n - 1) - 0.5 : 0;

	return m->ns * (1 + m->spread / 100 * at) * (1 + m->drift / 100 * when);
}

/* Made up benchmarks, name NULL ends them; `more` are further entries. */
static void write_times(const char *path, const struct made *all, const char *more)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "{\"context\":{\"host_name\":\"h\",\"num_cpus\":2,\"executable\":\"x\"},\"benchmarks\":[%s\n", more);
	for (const struct made *m = all; m->name; m++) {
		for (unsigned int i = 0; i < m->runs; i++)
			fprintf(f,
			        "%s{\"name\":\"%s\",\"run_type\":\"iteration\",\"repetition_index\":%u,\"real_time\":%.17g,"
			        "\"time_unit\":\"ns\"}\n",
			        m == all && !i && !*more ? "" : ",", m->name, i, value(m, i));
	}
	fputs("]}\n", f);
	assert_int_equal(fclose(f), 0);
}

#define TIMES(path, ...) write_times(path, (const struct made[]){ __VA_ARGS__, { 0 } }, "")

/* The one comparison of this benchmark and metric. */
static const json_t *comparison(const json_t *all, const char *benchmark, const char *metric)
{
	const json_t *found = NULL;
	size_t i;
	json_t *one;

	json_array_foreach(json_object_get(all, "comparisons"), i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "benchmark")), benchmark) ||
		    strcmp(json_string_value(json_object_get(one, "metric")), metric))
			continue;
		assert_null(found);
		found = one;
	}
	if (!found)
		fail_msg("no comparison of %s: %s", benchmark, metric);
	return found;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static double number_of(const json_t *object, const char *key)
{
	const json_t *number = json_object_get(object, key);

	if (!json_is_number(number))
		fail_msg("no %s", key);
	return json_number_value(number);
}

static void says(const json_t *all, const char *benchmark, const char *words)
{
	const char *is = text_of(comparison(all, benchmark, "real_time"), "says");

	if (strcmp(is, words))
		fail_msg("%s: '%s' instead of '%s'", benchmark, is, words);
}

/* ---- times ----------------------------------------------------------------------------------- */

/*
 * ten runs a side, 1 % around:     100 -> 101 same      100 -> 120 worse     100 -> 80 better
 * ten runs a side, 20 % around:    100 -> 103 can not be told
 */
static void times(void **state)
{
	(void)state;
	TIMES("new", { "same", 10, 100, 1, 0 }, { "slow", 10, 100, 1, 0 }, { "fast", 10, 100, 1, 0 },
	      { "wide", 10, 100, 20, 0 });
	TIMES("other", { "same", 10, 101, 1, 0 }, { "slow", 10, 120, 1, 0 }, { "fast", 10, 80, 1, 0 },
	      { "wide", 10, 103, 20, 0 });
	json_t *all = house_json(cmd_compare, CLI_NO, "compare new other --json");
	const json_t *slow = comparison(all, "slow", "real_time"), *wide = comparison(all, "wide", "real_time");

	says(all, "same", "same within 5 %");
	says(all, "slow", "worse");
	says(all, "fast", "better");
	assert_string_equal(text_of(wide, "verdict"), "cannot tell");
	assert_true(json_is_true(json_object_get(slow, "regression")));
	assert_true(fabs(number_of(slow, "change_percent") - 20) < 0.1);
	assert_true(number_of(slow, "low") > 18 && number_of(slow, "high") < 22);
	/* 2 / C(20, 10), the smallest there is, is one of four tests */
	assert_true(fabs(number_of(slow, "p") - 2.0 / 184756) < 1e-9);
	assert_true(fabs(number_of(slow, "p_corrected") - 4 * 2.0 / 184756) < 1e-9);
	assert_string_equal(text_of(slow, "test"), "Mann-Whitney, exact");
	assert_int_equal(number_of(all, "regressions"), 1);
	json_decref(all);
	/* the other way round what was worse is better */
	all = house_json(cmd_compare, CLI_NO, "compare other new --json");
	says(all, "slow", "better");
	says(all, "fast", "worse");
	json_decref(all);
	house_run(cmd_compare, CLI_OK, "compare new new");
	house_run(cmd_compare, CLI_OK, "compare new other --threshold 30");
	house_run(cmd_compare, CLI_OK, "compare new other --filter ^(same|fast|wide)$");
	house_run(cmd_compare, CLI_NO, "compare new other --filter slow");
}

/*
 * needed = n (half / gap)^2: told enough runs, the verdict comes. The number is of the spread that was seen: it may be off by a
 * little, so half as many again must do, and a third of it must not.
 */
static void runs_needed(void **state)
{
	char name[] = "wide";

	(void)state;
	for (unsigned int to = 100; to <= 112; to += 12) {
		TIMES("new", { name, 10, 100, 20, 0 });
		TIMES("other", { name, 10, to, 20, 0 });
		json_t *all = house_json(cmd_compare, CLI_OK, "compare new other --json");
		unsigned int more = (unsigned int)number_of(comparison(all, name, "real_time"), "more_runs");

		json_decref(all);
		assert_in_range(more, 5, 2000);
		TIMES("new", { name, 10 + more / 3, 100, 20, 0 });
		TIMES("other", { name, 10 + more / 3, to, 20, 0 });
		all = house_json(cmd_compare, CLI_OK, "compare new other --json");
		assert_string_equal(text_of(comparison(all, name, "real_time"), "verdict"), "cannot tell");
		json_decref(all);
		TIMES("new", { name, 10 + more * 3 / 2, 100, 20, 0 });
		TIMES("other", { name, 10 + more * 3 / 2, to, 20, 0 });
		all = house_json(cmd_compare, to > 100 ? CLI_NO : CLI_OK, "compare new other --json");
		assert_string_equal(text_of(comparison(all, name, "real_time"), "verdict"),
		                    to > 100 ? "worse" : "same");
		json_decref(all);
	}
}

/* One run, three, only means: nothing to be tested, whatever the difference. */
static void too_few(void **state)
{
	static const char means[] =
		"{\"name\":\"M_mean\",\"run_name\":\"M\",\"run_type\":\"aggregate\",\"aggregate_name\":\"mean\",\"repetitions\":10,"
		"\"real_time\":1,\"time_unit\":\"ns\"}";

	(void)state;
	write_times("new", (const struct made[]){ { "one", 1, 100, 0, 0 }, { "three", 3, 100, 1, 0 }, { 0 } }, means);
	write_times("other", (const struct made[]){ { "one", 1, 900, 0, 0 }, { "three", 3, 900, 1, 0 }, { 0 } }, means);
	json_t *all = house_json(cmd_compare, CLI_OK, "compare new other --json");

	/* three tests: 2 / C(10, 5) = 0.0079 is below 0.05 / 3, 2 / C(8, 4) is not */
	says(all, "one", "cannot tell: needs 4 more runs");
	says(all, "three", "cannot tell: needs 2 more runs");
	says(all, "M", "cannot tell: needs 4 more runs");
	json_decref(all);
	const char *text = house_run(cmd_compare, CLI_OK, "compare new other");

	assert_non_null(strstr(text, "only means in the file, no repetitions"));
	assert_non_null(strstr(text, "what was run once can not be told from chance"));
	assert_non_null(strstr(text, "no regression; 3 of 3 can not be told."));
}

/* A machine that drifts by 30 % within a run is not believed to be the same from one run to the next. */
static void drifting(void **state)
{
	(void)state;
	TIMES("new", { "a", 20, 100, 1, 0 });
	TIMES("other", { "a", 20, 140, 1, 30 });
	json_t *all = house_json(cmd_compare, CLI_NO, "compare new other --json");

	assert_true(number_of(comparison(all, "a", "real_time"), "drift") > 10);
	json_decref(all);
	TIMES("other", { "a", 20, 115, 1, 30 });
	all = house_json(cmd_compare, CLI_OK, "compare new other --json");
	assert_string_equal(text_of(comparison(all, "a", "real_time"), "verdict"), "cannot tell");
	json_decref(all);
	assert_non_null(strstr(house_run(cmd_compare, CLI_OK, "compare new other"), ", halves differ by "));
}

/* --aa: runs of the same are apart by 20 %, so 15 % are no regression, and 40 % are one. */
static void noise_floor(void **state)
{
	(void)state;
	TIMES("new", { "a", 10, 100, 1, 0 }, { "b", 10, 100, 1, 0 });
	TIMES("again", { "a", 10, 120, 1, 0 }, { "b", 10, 100, 1, 0 });
	TIMES("other", { "a", 10, 100, 1, 0 }, { "b", 10, 115, 1, 0 });
	house_run(cmd_compare, CLI_NO, "compare new other");
	house_run(cmd_compare, CLI_OK, "compare new other --aa again");
	house_run(cmd_compare, CLI_OK, "compare new other --aa new --aa again");
	TIMES("other", { "a", 10, 100, 1, 0 }, { "b", 10, 140, 1, 0 });
	house_run(cmd_compare, CLI_NO, "compare new other --aa again");
	house_refused(cmd_compare, CLI_USAGE, "compare new other --aa nowhere", "nowhere: No such file");
	unlink("again");
}

/* micro says how long it waited for a cpu: of a machine that took as much again for others nothing is believed below that. */
static void busy_machine(void **state)
{
	(void)state;
	for (int busy = 0; busy < 2; busy++) {
		for (int side = 0; side < 2; side++) {
			FILE *f = fopen(side ? "other" : "new", "w");

			assert_non_null(f);
			fputs("{\"context\":{\"contigbench_revision\":\"x\"},\"benchmarks\":[", f);
			for (int i = 0; i < 10; i++) {
				double cpu = (side ? 140 : 100) + (i * 7 + 3) % 10 * 0.1;

				fprintf(f, "%s{\"name\":\"a\",\"cpu_time\":%g,\"real_time\":%g,\"time_unit\":\"ns\"}",
				        i ? "," : "", cpu, cpu * (busy ? 2 : 1));
			}
			fputs("]}", f);
			assert_int_equal(fclose(f), 0);
		}
		const char *text = house_run(cmd_compare, busy ? CLI_OK : CLI_NO, "compare new other");

		assert_true(busy == (strstr(text, "the machine was busy: benchmarks took 100 % longer") != NULL));
		/* judged by cpu time alone */
		assert_null(strstr(text, "a: real_time"));
		house_run(cmd_compare, CLI_OK, "compare new other --threshold 50");
	}
}

/*
 * 100 comparisons of equals, 20 benchmarks each: the promise is that at most one comparison in twenty has any regression. 15 % are
 * found nearly always.
 */
static void promise(void **state)
{
	struct rng rng = rng_seed(7, 0);
	unsigned int alarms = 0, found = 0;

	(void)state;
	for (unsigned int round = 0; round < 100; round++) {
		for (unsigned int side = 0; side < 2; side++) {
			FILE *f = fopen(side ? "other" : "new", "w");

			assert_non_null(f);
			fputs("{\"benchmarks\":[", f);
			for (unsigned int i = 0; i < 21 * 10; i++) {
				double noise = (double)rng_below(&rng, 1000) + (double)rng_below(&rng, 1000) +
				               (double)rng_below(&rng, 1000) - 1500;

				/* around 1, standard deviation 2.5 %; the last benchmark is slower */
				fprintf(f, "%s{\"name\":\"%u\",\"real_time\":%.3f,\"time_unit\":\"ns\"}", i ? "," : "",
				        i / 10, (1e6 + 50 * noise) * (i / 10 == 20 && side ? 1.15 : 1));
			}
			fputs("]}", f);
			assert_int_equal(fclose(f), 0);
		}
		json_t *all = house_json(cmd_compare, CLI_NO, "compare new other --json --threshold 0 --filter ^20$");

		found += json_integer_value(json_object_get(all, "regressions")) == 1;
		json_decref(all);
		all = house_json(cmd_compare, CLI_OK, "compare new other --json --threshold 5 --filter ^1?[0-9]$");
		alarms += json_integer_value(json_object_get(all, "regressions")) > 0;
		json_decref(all);
	}
	assert_int_equal(alarms, 0);
	assert_in_range(found, 95, 100);
}

/* A throughput is worse when it is less; a counter of the user's is only ever changed; 0 has no percentages. */
static void directions(void **state)
{
	(void)state;
	for (int side = 0; side < 2; side++) {
		FILE *f = fopen(side ? "other" : "new", "w");

		assert_non_null(f);
		fputs("{\"benchmarks\":[", f);
		for (int i = 0; i < 10; i++)
			fprintf(f,
			        "%s{\"name\":\"a\",\"real_time\":100,\"bytes_per_second\":%d,\"mine\":%d,\"none\":%d,\"zero\":0,"
			        "\"time_unit\":\"ns\"}",
			        i ? "," : "", side ? 800 + i : 1000 + i, side ? 7 : 5, side ? i + 1 : 0);
		fputs("]}", f);
		assert_int_equal(fclose(f), 0);
	}
	json_t *all = house_json(cmd_compare, CLI_NO, "compare new other --json --metric all");

	says(all, "a", "same within 5 %");
	assert_string_equal(text_of(comparison(all, "a", "bytes_per_second"), "verdict"), "worse");
	assert_string_equal(text_of(comparison(all, "a", "mine"), "verdict"), "changed");
	assert_string_equal(text_of(comparison(all, "a", "none"), "verdict"), "changed");
	assert_string_equal(text_of(comparison(all, "a", "zero"), "says"), "same within 5 %");
	json_decref(all);
	/* throughput says the same as the time: it is aside */
	house_run(cmd_compare, CLI_OK, "compare new other");
	house_run(cmd_compare, CLI_NO, "compare new other --metric bytes_per_second");
	house_run(cmd_compare, CLI_OK, "compare new other --metric real_time,mine");
	house_refused(cmd_compare, CLI_USAGE, "compare new other --metric yours",
	              "none of the benchmarks has such a metric");
	assert_non_null(strstr(house_run(cmd_compare, CLI_OK, "compare new other -v"), "from 0"));
}

/* ---- counts ---------------------------------------------------------------------------------- */

static void exactly_the_same(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, SMALL "-b linux-5.10,linux-7.2 --seeds 1-3 -o new");
	house_run(cmd_run, CLI_OK, SMALL "-b linux-7.2,linux-5.10 --seeds 2-4 -o other");
	json_t *all = house_json(cmd_compare, CLI_OK, "compare new other --json");
	const json_t *one = comparison(all, "small/occupancy:70/size:1b/backend:linux-7.2", "migrated_pages");

	/* seeds 2 and 3 are on both sides */
	assert_int_equal(number_of(one, "pairs"), 2);
	assert_string_equal(text_of(one, "says"), "same");
	assert_int_equal(json_array_size(json_object_get(all, "differences")), 2);
	assert_false(json_is_true(json_object_get(all, "one_experiment")));
	assert_string_equal(text_of(comparison(all, "small/occupancy:70/size:1b/backend:linux-7.2", "success"), "says"),
	                    "same");
	json_decref(all);
	const char *text = house_run(cmd_compare, CLI_OK, "compare new other");

	assert_non_null(strstr(text, "seeds: [1,2,3] -> [2,3,4]"));
	assert_non_null(strstr(text, "no regression"));
	all = house_json(cmd_compare, CLI_OK, "compare new new --json");
	assert_string_equal(text_of(comparison(all, "small/occupancy:70/size:1b/backend:linux-7.2", "success"), "says"),
	                    "same");
	assert_true(json_is_true(json_object_get(all, "one_experiment")));
	json_decref(all);
	house_run(cmd_compare, CLI_OK, "compare new new/benchmark.json");
}

/* Results as another revision would have made them: a backend that is called what the other was. */
static void rename_backend(const char *from, const char *to, const char *revision)
{
	static const char *const files[] = { "benchmark.json", "replays.csv", "requests.jsonl" };
	char command[512];

	for (size_t i = 0; i < 3; i++) {
		snprintf(command, sizeof(command),
		         "cd other && sed -i 's/%s/%s/g; s/\"revision\":\"[^\"]*\"/\"revision\":\"%s\"/' %s && "
		         "grep -v ' %s$' SHA256SUMS >sums; sha256sum %s >>sums && mv sums SHA256SUMS",
		         from, to, revision, files[i], files[i], files[i]);
		assert_int_equal(system(command), 0);
	}
}

/*
 * linux-5.10 under the name of linux-7.2 is another program: it migrates more and isolates more. Counts say so exactly, whatever
 * the thresholds of times; the rate is tested.
 */
static void another_program(void **state)
{
	static const char name[] = "small/occupancy:70/size:1b/backend:linux-7.2";

	(void)state;
	house_run(cmd_run, CLI_OK, SMALL "-b linux-7.2 --seeds 1-3 -o new");
	house_run(cmd_run, CLI_OK, SMALL "-b linux-5.10 --seeds 1-3 -o other");
	rename_backend("linux-5.10", "linux-7.2", "older");
	json_t *all = house_json(cmd_compare, CLI_NO, "compare new other --json");
	const json_t *pages = comparison(all, name, "scanned_pfns"), *successes = comparison(all, name, "successes");
	const json_t *rate = comparison(all, name, "success");

	assert_true(number_of(pages, "pairs") == 3);
	assert_int_equal(json_array_size(json_object_get(pages, "seeds")), 3);
	assert_string_equal(text_of(pages, "kind"), "count");
	assert_string_equal(text_of(pages, "verdict"),
	                    number_of(pages, "new") > number_of(pages, "old") ? "worse" : "better");
	assert_string_equal(text_of(successes, "kind"), "count");
	assert_string_equal(text_of(rate, "test"), "McNemar, exact");
	/* what seeds lost and gained is what requests lost and gained */
	assert_true(fabs(number_of(rate, "gained") - number_of(rate, "lost") -
	                 3 * (number_of(successes, "new") - number_of(successes, "old"))) < 1e-6);
	assert_false(json_is_true(json_object_get(all, "nondeterministic")));
	json_decref(all);
	house_run(cmd_compare, CLI_OK, "compare new other --count-threshold 10000 --rate-threshold 100");
	house_run(cmd_compare, CLI_NO, "compare new other --count-threshold 10000 --rate-threshold 100 --strict");
}

/* One revision that answers twice otherwise: loud, and status 1. */
static void not_deterministic(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, SMALL "-b linux-7.2 --seeds 1-3 -o new");
	house_run(cmd_run, CLI_OK, SMALL "-b linux-5.10 --seeds 1-3 -o other");
	rename_backend("linux-5.10", "linux-7.2", cli_revision());
	assert_non_null(
		strstr(house_run(cmd_compare, CLI_NO, "compare new other --count-threshold 10000 --rate-threshold 100"),
	               "NOT DETERMINISTIC: one revision, one experiment, and other counts."));
	assert_non_null(strstr(house_run(cmd_compare, CLI_NO, "compare new other --markdown"), "## NOT DETERMINISTIC"));
	assert_non_null(strstr(house_run(cmd_compare, CLI_NO, "compare new other --junit"), "type=\"nondeterminism\""));
}

/* What was asked for otherwise is named; counts of other inputs are no counts of the same. */
static void other_experiments(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK, SMALL "-b linux-7.2 --seeds 1 -o new");
	house_run(cmd_run, CLI_OK, SMALL "-b linux-7.2 --seeds 1 --age 1 -o other");
	house_refused(cmd_compare, CLI_USAGE, "compare new other",
	              "OLD and NEW are not of one experiment, nothing can be compared: age is 0 and 1");
	house_run(
		cmd_run, CLI_OK,
		"run small.ctr --interval-ms 1 --hold-ms 1 --sizes 64p,1b --zone 0+65536 -b linux-7.2 --seeds 1 -o other --force");
	house_refused(cmd_compare, CLI_USAGE, "compare new other",
	              "no benchmark is in both: OLD has 'small/occupancy:70/");
	house_run(cmd_run, CLI_OK, SMALL "-b linux-7.2 --seeds 1 --max-order 9 -o other --force");
	house_refused(cmd_compare, CLI_USAGE, "compare new other", "nothing can be compared: geometry of small");
	house_run(cmd_run, CLI_OK, SMALL "-b linux-6.1 --seeds 1 -o other --force");
	house_refused(cmd_compare, CLI_USAGE, "compare new other",
	              "no benchmark is in both: OLD has 'small/occupancy:70/size:1b/backend:linux-7.2' and others");
	house_run(
		cmd_run, CLI_OK,
		"run one.ctr small.ctr -b linux-7.2 --seeds 1 --sizes 64p --interval-ms 1 --hold-ms 1 -o other --force");
	assert_int_equal(rename("one.ctr", "kept.ctr"), 0);
	assert_int_equal(link("small.ctr", "one.ctr"), 0);
	house_run(
		cmd_run, CLI_OK,
		"run one.ctr small.ctr -b linux-7.2 --seeds 1 --sizes 64p --interval-ms 1 --hold-ms 1 -o new --force");
	unlink("one.ctr");
	assert_int_equal(rename("kept.ctr", "one.ctr"), 0);
	const char *text = house_run(cmd_compare, CLI_OK, "compare new other");

	assert_non_null(strstr(text, "input one: "));
	assert_non_null(strstr(text, "(not compared)"));
	assert_non_null(strstr(text, "benchmarks are of another input and were not compared."));
	TIMES("again", { "a", 3, 100, 1, 0 });
	house_refused(cmd_compare, CLI_USAGE, "compare new again",
	              "OLD is contigbench-run/2 and NEW is google-benchmark");
	unlink("again");
}

/* Repetitions of the wall clock: successes are permuted, times ranked. */
static void wall_clock(void **state)
{
	(void)state;
	house_run(cmd_run, CLI_OK,
	          SMALL "--clock wall -b linux-6.1 --seeds 1 --oversubscribe --benchmark_repetitions=4 -o new");
	json_t *all = house_json(cmd_compare, CLI_OK, "compare new new --json");
	const json_t *rate = comparison(
		all, "small/occupancy:70/size:64p/backend:linux-6.1/threads:2/iterations:1/manual_time", "success");

	assert_string_equal(text_of(rate, "test"), "permutation of repetitions, exact");
	assert_true(number_of(rate, "p") == 1);
	json_decref(all);
	house_run(cmd_compare, CLI_OK, "compare new new --metric all");
	/* the file alone, which knows less */
	house_run(cmd_compare, CLI_OK, "compare new new/benchmark.json");
	house_run(
		cmd_run, CLI_OK,
		SMALL
		"--clock wall -b linux-6.1 --seeds 1 --oversubscribe --timing every --benchmark_repetitions=1 -o other");
	house_refused(cmd_compare, CLI_USAGE, "compare new other",
	              "nothing can be compared: timing is sampled and every");
}

/* ---- what is on one side only ---------------------------------------------------------------- */

static void one_side(void **state)
{
	(void)state;
	TIMES("new", { "a", 5, 100, 1, 0 }, { "gone", 5, 100, 1, 0 }, { "breaks", 5, 100, 1, 0 });
	write_times("other", (const struct made[]){ { "a", 5, 100, 1, 0 }, { "added", 5, 100, 1, 0 }, { 0 } },
	            "{\"name\":\"breaks\",\"error_occurred\":true,\"error_message\":\"no <memory>\"}");
	const char *text = house_run(cmd_compare, CLI_NO, "compare new other");

	assert_non_null(strstr(text, "  OLD  gone\n"));
	assert_non_null(strstr(text, "  NEW  added\n"));
	assert_non_null(strstr(text, "  OLD  breaks: fails in NEW: no <memory>\n"));
	assert_non_null(strstr(text, "1 regression"));
	assert_non_null(strstr(house_run(cmd_compare, CLI_NO, "compare new other --junit"),
	                       "<failure message=\"fails in NEW\" type=\"failed\">no &#60;memory&#62;</failure>"));
	json_t *all = house_json(cmd_compare, CLI_OK, "compare other new --json");

	assert_int_equal(json_array_size(json_object_get(all, "only_on_one_side")), 3);
	json_decref(all);
}

/* Some repetitions fail in NEW, and none did in OLD: what is left may be the same, and it is a regression. Not the other way. */
static void half_of_it_fails(void **state)
{
	static const char failed[] =
		"{\"name\":\"a\",\"repetition_index\":8,\"error_occurred\":true,\"error_message\":\"odd\"},"
		"{\"name\":\"a\",\"repetition_index\":9,\"error_occurred\":true,\"error_message\":\"odd\"}";

	(void)state;
	TIMES("new", { "a", 10, 100, 1, 0 });
	write_times("other", (const struct made[]){ { "a", 8, 100, 1, 0 }, { 0 } }, failed);
	const char *text = house_run(cmd_compare, CLI_NO, "compare new other");

	assert_non_null(strstr(text, "  both  a: fails in NEW: odd\n"));
	assert_non_null(strstr(text, "NEW left out, it failed 2 times: a: odd\n"));
	assert_non_null(strstr(text, "1 regression"));
	house_run(cmd_compare, CLI_OK, "compare other new");
	house_run(cmd_compare, CLI_OK, "compare other other");
	house_refused(cmd_compare, CLI_USAGE, "compare new other --metric odd", "has such a metric");
	json_t *all = house_json(cmd_compare, CLI_NO, "compare new other --json");
	const json_t *one = json_array_get(json_object_get(all, "only_on_one_side"), 0);

	assert_string_equal(json_string_value(json_object_get(one, "in")), "both");
	json_decref(all);
}

/* ---- formats --------------------------------------------------------------------------------- */

#define HOSTILE "-a\\\"<>&%$#_\\\\^~{}|;'`*[x](y)\\n\\u001b[31m \xc3\xa4 \xff"

static void hostile_names(void **state)
{
	(void)state;
	TIMES("new", { HOSTILE, 10, 100, 1, 0 });
	TIMES("other", { HOSTILE, 10, 150, 1, 0 });
	const char *text = house_run(cmd_compare, CLI_NO, "compare new other");

	assert_null(strchr(text, 0x1b));
	assert_non_null(strstr(text, "-a\"<>&%$#_\\^~{}|;'`*[x](y)\\x0a\\x1b[31m \xc3\xa4 \xef\xbf\xbd: real_time\n"));
	text = house_run(cmd_compare, CLI_NO, "compare new other --markdown");
	assert_null(strchr(text, 0x1b));
	assert_non_null(strstr(
		text,
		"| **worse** | \\-a\"&#60;&#62;&#38;%\\$\\#\\_\\\\\\^\\~\\{\\}&#124;;'\\`\\*\\[x\\]\\(y\\)\\\\x0a\\\\x1b"));
	text = house_run(cmd_compare, CLI_NO, "compare new other --junit");
	assert_null(strchr(text, 0x1b));
	assert_non_null(strstr(
		text,
		"classname=\"-a&#34;&#60;&#62;&#38;%$#_\\^~{}|;&#39;`*[x](y)&#10;\xef\xbf\xbd[31m \xc3\xa4 \xef\xbf\xbd\""));
	json_t *all = house_json(cmd_compare, CLI_NO, "compare new other --json");

	assert_int_equal(json_array_size(json_object_get(all, "comparisons")), 1);
	json_decref(all);
	/* our own message has none of it either */
	TIMES("other", { "b", 10, 150, 1, 0 });
	house_refused(cmd_compare, CLI_USAGE, "compare new other",
	              "OLD has '-a\"<>&%$#_\\^~{}|;'`*[x](y)\\x0a\\x1b[31m");
}

/* Counts of JUnit's suite are of what is in it; each case is closed. */
static unsigned int occurrences(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void junit(void **state)
{
	size_t len;

	(void)state;
	TIMES("new", { "same", 10, 100, 1, 0 }, { "slow", 10, 100, 1, 0 }, { "one", 1, 100, 0, 0 });
	TIMES("other", { "same", 10, 100, 1, 0 }, { "slow", 10, 200, 1, 0 }, { "one", 1, 100, 0, 0 });
	house_run(cmd_compare, CLI_NO, "compare new other --junit -o again");
	char *text = house_contents("again", &len);

	assert_non_null(strstr(text, "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
	assert_int_equal(occurrences(text, "<testcase "), 3);
	assert_int_equal(occurrences(text, "</testcase>") + occurrences(text, "\" time=\"0\"/>"), 3);
	assert_int_equal(occurrences(text, "<failure "), 1);
	assert_int_equal(occurrences(text, "</failure>"), 1);
	assert_int_equal(occurrences(text, "<skipped "), 1);
	assert_int_equal(system("! command -v xmllint >/dev/null || xmllint --noout again"), 0);
	free(text);
	unlink("again");
}

/* A verdict a line, the worst first, what is the same in one line. */
static void table(void **state)
{
	(void)state;
	TIMES("new", { "a", 10, 100, 1, 0 }, { "b", 10, 100, 1, 0 }, { "c", 10, 100, 1, 0 }, { "d", 10, 100, 1, 0 });
	TIMES("other", { "a", 10, 120, 1, 0 }, { "b", 10, 140, 1, 0 }, { "c", 10, 100, 1, 0 }, { "d", 10, 50, 1, 0 });
	char *text = strdup(house_run(cmd_compare, CLI_NO, "compare new other"));
	const char *a = strstr(text, "a: real_time\n"), *b = strstr(text, "b: real_time\n"),
		   *d = strstr(text, "d: real_time\n");

	assert_true(b && a && d && b < a && a < d);
	assert_null(strstr(text, "c: real_time\n"));
	assert_non_null(strstr(text, ": 2 worse, 1 better, 1 same\n"));
	free(text);
	assert_non_null(strstr(house_run(cmd_compare, CLI_NO, "compare new other -v"), "c: real_time\n"));
}

static void output_files(void **state)
{
	size_t len;

	(void)state;
	TIMES("new", { "a", 10, 100, 1, 0 });
	TIMES("other", { "a", 10, 120, 1, 0 });
	assert_string_equal(house_run(cmd_compare, CLI_NO, "compare new other --json -o again"), "");
	char *text = house_contents("again", &len);
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	json_decref(json);
	free(text);
	unlink("again");
	house_refused(cmd_compare, CLI_MACHINE, "compare new other -o no/where",
	              "no/where can not be written: No such file");
	house_refused(cmd_compare, CLI_MACHINE, "compare new other -o .", ". can not be written: ");
	house_refused(cmd_compare, CLI_MACHINE, "compare new other --json -o /dev/full",
	              "/dev/full can not be written: No space");
	/* nothing is left of what was not finished */
	assert_int_equal(system("ls -A | grep -q tmp"), 256);
}

static void wrong_calls(void **state)
{
	(void)state;
	TIMES("new", { "a", 10, 100, 1, 0 });
	house_refused(cmd_compare, CLI_USAGE, "compare", "which OLD and which NEW?");
	house_refused(cmd_compare, CLI_USAGE, "compare new", "which OLD and which NEW?");
	house_refused(cmd_compare, CLI_USAGE, "compare new new new", "two at a time, OLD and NEW");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --threshold", "--threshold wants a value");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --threshold -1",
	              "--threshold -1: percent from 0 to 10000, please");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --threshold nan", "--threshold nan: percent");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --rate-threshold 101",
	              "percentage points from 0 to 100");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --count-threshold x", "--count-threshold x: percent");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --filter [", "--filter [: ");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --filter zzz",
	              "--filter matches none of the benchmarks");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --metric a,,b", "--metric: an empty name");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --json --junit",
	              "one of --json, --markdown and --junit at a time");
	house_refused(cmd_compare, CLI_USAGE, "compare new new --fast", "unknown option --fast");
	house_refused(cmd_compare, CLI_USAGE, "compare nowhere new", "nowhere: No such file or directory");
	house_refused(cmd_compare, CLI_USAGE, "compare new nowhere", "nowhere: No such file or directory");
	house_refused(cmd_compare, CLI_USAGE, "compare nowhere elsewhere", "nowhere: No such file or directory");
	house_write("other", "{\"benchmarks\":[", 15);
	house_refused(cmd_compare, CLI_USAGE, "compare new other", "other: line 1: it ends in the middle: cut short");
	assert_non_null(strstr(house_run(cmd_compare, CLI_OK, "compare --help"), "usage: contigbench compare OLD NEW"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(times, house_tidy),
		cmocka_unit_test_teardown(runs_needed, house_tidy),
		cmocka_unit_test_teardown(too_few, house_tidy),
		cmocka_unit_test_teardown(drifting, house_tidy),
		cmocka_unit_test_teardown(noise_floor, house_tidy),
		cmocka_unit_test_teardown(busy_machine, house_tidy),
		cmocka_unit_test_teardown(promise, house_tidy),
		cmocka_unit_test_teardown(directions, house_tidy),
		cmocka_unit_test_teardown(exactly_the_same, house_tidy),
		cmocka_unit_test_teardown(another_program, house_tidy),
		cmocka_unit_test_teardown(not_deterministic, house_tidy),
		cmocka_unit_test_teardown(other_experiments, house_tidy),
		cmocka_unit_test_teardown(wall_clock, house_tidy),
		cmocka_unit_test_teardown(one_side, house_tidy),
		cmocka_unit_test_teardown(half_of_it_fails, house_tidy),
		cmocka_unit_test_teardown(hostile_names, house_tidy),
		cmocka_unit_test_teardown(junit, house_tidy),
		cmocka_unit_test_teardown(table, house_tidy),
		cmocka_unit_test_teardown(output_files, house_tidy),
		cmocka_unit_test_teardown(wrong_calls, house_tidy),
	};

	return cmocka_run_group_tests_name("compare", tests, house_set_up, house_tear_down);
}
