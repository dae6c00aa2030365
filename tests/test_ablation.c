// SPDX-License-Identifier: MIT
/* test_ablation.c - `contigbench run --ablate`: the walk, what goes together, and that the sums are right. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/results/stats.h"
#include "../bench/virtual/knobs.h"
#include "lib/house.h"

#define SMALL                                                                                                          \
	"run small.ctr --ablate linux-5.10..linux-7.2 --sizes 64p,1b --occupancy 80 --interval-ms 1 --hold-ms 2 "      \
	"--seeds 1-3 --age 1"

/* ---- policies taken apart -------------------------------------------------------------------- */

static void a_spec_and_back(void **state)
{
	static const char *const specs[] = {
		"linux-5.10",
		"linux-7.2",
		"linux-6.1+iso_align=maxpage+iso_order=ascending+iso_straddle=none",
		"linux-5.10+contig_free=chunks",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct knob_values a, b;
		struct knob_list list;

		assert_true(knobs_of(specs[i], &a));
		char *spec = knobs_spec(&a);

		assert_true(knobs_of(spec, &b));
		knobs_differing(&a, &b, &list);
		assert_int_equal(list.nr, 0);
		assert_int_equal(contig_spec_check(spec, NULL), 0);
		free(spec);
	}
	assert_false(knobs_of("first-fit", &(struct knob_values){ { 0 } }));
}

static bool on_path(const char *const *path, uint32_t nr, const char *name)
{
	for (uint32_t i = 0; i < nr; i++) {
		if (!strcmp(path[i], name))
			return true;
	}
	return false;
}

/* Releases between the ends by age; a proposal only where it is an end. */
static void paths(void **state)
{
	const char *path[KNOBS_MAX_PATH], *back[KNOBS_MAX_PATH];
	uint32_t nr = knobs_path("linux-5.10", "linux-7.2", path);

	(void)state;
	assert_string_equal(path[0], "linux-5.10");
	assert_string_equal(path[nr - 1], "linux-7.2");
	assert_true(on_path(path, nr, "linux-6.1"));
	assert_true(on_path(path, nr, "linux-6.12"));
	assert_false(on_path(path, nr, "rfc-2021"));
	assert_int_equal(knobs_path("linux-7.2", "linux-5.10", back), nr);
	for (uint32_t i = 0; i < nr; i++)
		assert_string_equal(back[i], path[nr - 1 - i]);
	nr = knobs_path("rfc-2021", "linux-6.1+merge_rule=iso_only", path);
	assert_string_equal(path[0], "rfc-2021");
	assert_string_equal(path[nr - 1], "linux-6.1+merge_rule=iso_only");
	assert_false(on_path(path, nr, "linux-6.1"));
}

/* Groups hold each knob of the list once; what moves together has a reason, and could not have gone alone. */
static void check_groups(const struct knob_groups *groups, const struct knob_list *list)
{
	bool seen[KNOBS_MAX] = { false };
	uint32_t nr = 0;

	for (uint32_t i = 0; i < groups->nr; i++) {
		const struct knob_group *g = &groups->group[i];

		assert_int_equal(g->list.nr > 1, g->why[0] != '\0');
		for (uint32_t k = 0; k < g->list.nr; k++, nr++) {
			assert_false(seen[g->list.knob[k]]);
			seen[g->list.knob[k]] = true;
		}
	}
	assert_int_equal(nr, list->nr);
	for (uint32_t i = 0; i < list->nr; i++)
		assert_true(seen[list->knob[i]]);
}

static void check_apart(const struct knob_values *a, const struct knob_values *b, const struct knob_list *list)
{
	struct knob_groups groups;

	assert_int_equal(knobs_apart(a, b, list, &groups), 0);
	check_groups(&groups, list);
	for (uint32_t i = 0; i < groups.nr; i++) {
		const struct knob_list *g = &groups.group[i].list;
		struct knob_values v = knobs_switched(a, b, g);
		bool refused = false;

		assert_int_equal(knobs_check(&v, NULL), 0);
		for (uint32_t k = 0; k < g->nr; k++) {
			v = knobs_switched(a, b, &(struct knob_list){ .nr = 1, .knob = { g->knob[k] } });
			refused |= knobs_check(&v, NULL) != 0;
		}
		assert_int_equal(refused, g->nr > 1);
	}
	knobs_free(&groups);
}

static void check_in_turn(const struct knob_values *a, const struct knob_values *b, const struct knob_list *list)
{
	struct knob_values now = *a;
	struct knob_groups groups;
	struct knob_list left;

	assert_int_equal(knobs_in_turn(a, b, list, &groups), 0);
	check_groups(&groups, list);
	for (uint32_t i = 0; i < groups.nr; i++) {
		now = knobs_switched(&now, b, &groups.group[i].list);
		assert_int_equal(knobs_check(&now, NULL), 0);
	}
	knobs_differing(&now, b, &left);
	assert_int_equal(left.nr, 0);
	knobs_free(&groups);
}

/* All pairs of backends that have knobs, both ways. */
static void every_pair(void **state)
{
	const struct contig_backend *x, *y;
	uint32_t pairs = 0;

	(void)state;
	for (size_t i = 0; (x = contig_backend_at(i)); i++) {
		for (size_t k = 0; (y = contig_backend_at(k)); k++) {
			struct knob_values a, b;
			struct knob_list list;

			if (i == k || !knobs_of(x->name, &a) || !knobs_of(y->name, &b))
				continue;
			knobs_differing(&a, &b, &list);
			check_apart(&a, &b, &list);
			check_in_turn(&a, &b, &list);
			pairs++;
		}
	}
	assert_true(pairs >= 20);
}

/* undo_type=preserved waits for iso_store=separate_bit: alone they go together, in turn one after the other. */
static void what_can_not_stand_apart(void **state)
{
	struct knob_values a, b;
	struct knob_list list;
	struct knob_groups groups;

	(void)state;
	assert_true(knobs_of("linux-6.1", &a));
	assert_true(knobs_of("linux-6.1+iso_store=separate_bit+undo_type=preserved", &b));
	knobs_differing(&a, &b, &list);
	assert_int_equal(list.nr, 2);
	assert_int_equal(knobs_apart(&a, &b, &list, &groups), 0);
	assert_int_equal(groups.nr, 1);
	assert_non_null(strstr(groups.group[0].why, "undo_type=preserved needs iso_store=separate_bit"));
	char *text = knobs_text(&b, &groups.group[0].list);

	assert_string_equal(text, "iso_store=separate_bit and undo_type=preserved");
	free(text);
	knobs_free(&groups);
	assert_int_equal(knobs_in_turn(&a, &b, &list, &groups), 0);
	assert_int_equal(groups.nr, 2);
	assert_string_equal(knob_name(groups.group[0].list.knob[0]), "iso_store");
	knobs_free(&groups);
	/* and backwards it has to go first */
	assert_int_equal(knobs_in_turn(&b, &a, &list, &groups), 0);
	assert_int_equal(groups.nr, 2);
	assert_string_equal(knob_name(groups.group[0].list.knob[0]), "undo_type");
	knobs_free(&groups);
}

/* ---- statistics ------------------------------------------------------------------------------ */

/* A sum of rates has the value and the bounds of its parts where those are all the same thing. */
static void sums_of_rates(void **state)
{
	const struct stats_count a[] = { { 1, 10 }, { 5, 10 }, { 9, 10 }, { 3, 10 } };
	const struct stats_count b[] = { { 2, 10 }, { 2, 10 }, { 4, 10 }, { 4, 10 } };
	const struct stats_term nothing[] = { { a, 1 }, { b, -1 }, { a, -1 }, { b, 1 } };
	const struct stats_term twice[] = { { a, 1 }, { a, 1 } };
	struct stats_interval rate = stats_rate(a, 4), sum = stats_sum(nothing, 4, 4);

	(void)state;
	assert_true(sum.bounded);
	assert_int_equal(sum.value, 0);
	assert_int_equal(sum.low, 0);
	assert_int_equal(sum.high, 0);
	sum = stats_sum(twice, 2, 4);
	assert_int_equal(sum.value, 2 * rate.value);
	assert_int_equal(sum.low, 2 * rate.low);
	assert_int_equal(sum.high, 2 * rate.high);
	assert_true(rate.low < rate.value && rate.value < rate.high);
	assert_false(stats_sum(twice, 2, 1).bounded);
}

/* ---- the command ----------------------------------------------------------------------------- */

static double value(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(json_object_get(o, key), "value");

	assert_true(json_is_number(v));
	return json_number_value(v);
}

static double sum_of_steps(const json_t *way, const char *key)
{
	const json_t *steps = json_object_get(way, "steps");
	double sum = 0;

	for (size_t i = 0; i < json_array_size(steps); i++)
		sum += value(json_array_get(steps, i), key);
	return sum;
}

/* What json has printed is what lies in the folder; steps and what is left over make up the total, each way. */
static void it_adds_up(void **state)
{
	static const char *const ways[] = { "walk", "forward", "backward" };
	static const char *const keys[] = { "gain_points", "cost_pages_per_request" };
	bool left = false, gain = false;
	size_t len;

	(void)state;
	json_t *all = house_json(cmd_run, CLI_OK, SMALL " -o new --json");
	char *text = house_contents("new/ablation.json", &len);
	json_t *stored = json_loads(text, 0, NULL);

	assert_true(json_equal(all, stored));
	json_decref(stored);
	free(text);
	const json_t *groups = json_object_get(all, "groups");

	assert_int_equal(json_array_size(groups), 2);
	for (size_t g = 0; g < 2; g++) {
		const json_t *group = json_array_get(groups, g), *total = json_object_get(group, "total");

		for (size_t w = 0; w < 3; w++) {
			const json_t *way = json_object_get(group, ways[w]), *rest = json_object_get(way, "left_over");

			for (size_t k = 0; k < 2; k++) {
				double sum = sum_of_steps(way, keys[k]) + value(rest, keys[k]);

				assert_true(fabs(sum - value(total, keys[k])) < 0.01);
				if (!w)
					assert_true(fabs(value(rest, keys[k])) < 0.01);
				left |= w && fabs(value(rest, keys[k])) > 0.01;
				gain |= fabs(sum_of_steps(way, keys[k])) > 0.01;
			}
		}
	}
	/* something must have come of it, or nothing was shown */
	assert_true(gain && left);
	json_decref(all);
}

/* Each step of the walk begins where the one before ended, and the ends are those asked for. */
static void the_walk_is_a_walk(void **state)
{
	(void)state;
	json_t *all = house_json(cmd_run, CLI_OK, SMALL " -o new --json");
	const json_t *group = json_array_get(json_object_get(all, "groups"), 0);
	const json_t *steps = json_object_get(json_object_get(group, "walk"), "steps");
	const char *at = "linux-5.10", *release = "linux-5.10";
	struct knob_values first, last;
	struct knob_list list;

	knobs_of("linux-5.10", &first);
	knobs_of("linux-7.2", &last);
	knobs_differing(&first, &last, &list);
	assert_true(json_array_size(steps) >= list.nr);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *s = json_array_get(steps, i);
		const char *brought = json_string_value(json_object_get(s, "release"));

		assert_string_equal(json_string_value(json_object_get(s, "from_backend")), at);
		at = json_string_value(json_object_get(s, "to_backend"));
		assert_int_equal(contig_spec_check(at, NULL), 0);
		/* releases come in the order of the table */
		size_t before = 0, now = 0;

		while (strcmp(contig_backend_at(before)->name, release))
			before++;
		while (strcmp(contig_backend_at(now)->name, brought))
			now++;
		assert_true(now >= before);
		release = brought;
	}
	assert_string_equal(at, "linux-7.2");
	/* the other two ways begin where the walk begins, or end where it ends */
	steps = json_object_get(json_object_get(group, "forward"), "steps");
	for (size_t i = 0; i < json_array_size(steps); i++)
		assert_string_equal(json_string_value(json_object_get(json_array_get(steps, i), "from_backend")),
		                    "linux-5.10");
	steps = json_object_get(json_object_get(group, "backward"), "steps");
	for (size_t i = 0; i < json_array_size(steps); i++)
		assert_string_equal(json_string_value(json_object_get(json_array_get(steps, i), "to_backend")),
		                    "linux-7.2");
	json_decref(all);
}

/* The same bytes for any number of threads; files that only an ablation has; a table that says what it is. */
static void files(void **state)
{
	size_t na, nb;

	(void)state;
	const char *text = house_run(cmd_run, CLI_OK, SMALL " -o new -j 1");

	assert_non_null(strstr(text, "walk: from linux-5.10 to linux-7.2"));
	assert_non_null(strstr(text, "forward: each alone in linux-5.10"));
	assert_non_null(strstr(text, "backward: linux-7.2 less linux-7.2 without it"));
	assert_non_null(strstr(text, "left over: what they do together"));
	assert_non_null(strstr(text, "together, since "));
	house_run(cmd_run, CLI_OK, SMALL " -o other -j 3");
	char *a = house_contents("new/SHA256SUMS", &na), *b = house_contents("other/SHA256SUMS", &nb);

	assert_string_equal(a, b);
	assert_non_null(strstr(a, "  ablation.csv\n"));
	assert_non_null(strstr(a, "  ablation.json\n"));
	free(a);
	free(b);
	house_tidy(NULL);
	house_run(cmd_run, CLI_OK, "run small.ctr -b linux-6.1 --interval-ms 1 --sizes 1b --seeds 1 -o new");
	assert_true(house_has("new/summary.csv"));
	assert_false(house_has("new/ablation.csv"));
}

static void wrong_calls(void **state)
{
	static const struct {
		const char *arguments;
		const char *says;
	} cases[] = {
		{ "--ablate linux-5.10", "say from where to where, for example linux-5.10..linux-7.2" },
		{ "--ablate ..linux-5.10", "say from where to where" },
		{ "--ablate linux-5.10..", "say from where to where" },
		{ "--ablate linux-5.10..linux-6.1..linux-7.2", "say from where to where" },
		{ "--ablate linux-5.10..linux-9.9", "unknown backend 'linux-9.9'" },
		{ "--ablate linux-5.10..linux-6.1+no_such_knob=1", "no_such_knob" },
		{ "--ablate linux-5.10..first-fit", "first-fit has no knobs to switch" },
		{ "--ablate first-fit..linux-5.10", "first-fit has no knobs to switch" },
		{ "--ablate linux-5.10..linux-5.10", "the two differ in no knob" },
		{ "--ablate linux-5.10..linux-6.1 -b linux-6.1", "--ablate makes the list of backends itself" },
		{ "--ablate", "--ablate wants a value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[256];

		snprintf(line, sizeof(line), "run small.ctr -o new %s", cases[i].arguments);
		house_refused(cmd_run, CLI_USAGE, line, cases[i].says);
		assert_false(house_has("new"));
		assert_false(house_has("new.partial"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spec_and_back),
		cmocka_unit_test(paths),
		cmocka_unit_test(every_pair),
		cmocka_unit_test(what_can_not_stand_apart),
		cmocka_unit_test(sums_of_rates),
		cmocka_unit_test_teardown(it_adds_up, house_tidy),
		cmocka_unit_test_teardown(the_walk_is_a_walk, house_tidy),
		cmocka_unit_test_teardown(files, house_tidy),
		cmocka_unit_test_teardown(wrong_calls, house_tidy),
	};

	return cmocka_run_group_tests_name("ablation", tests, house_set_up, house_tear_down);
}
