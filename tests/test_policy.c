// SPDX-License-Identifier: MIT
/*
 * test_policy.c - knobs by name: what can be said and what it sets, what is refused and why, and that whatever is not
 * refused can be run.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../allocators/contig.h"
#include "../allocators/policy.h"
#include "../bench/virtual/rng.h"
#include "lib/generations.h"
#include "lib/random_run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t get(const struct contig_policy *p, const struct contig_knob *k)
{
	return ((const uint8_t *)p)[k->offset];
}

static struct contig_policy policy_of(const struct contig_backend *b)
{
	return *b->preset;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Each knob is a byte of its own, and each of its values says which release it is from. */
static void every_knob_is_listed(void **state)
{
	bool taken[sizeof(struct contig_policy)] = { false };
	struct contig_knob k, other;
	size_t n = 0;

	(void)state;
	for (; contig_knob_at(n, &k); n++) {
		assert_true(k.offset < sizeof(struct contig_policy));
		assert_false(taken[k.offset]);
		taken[k.offset] = true;
		assert_true(strlen(k.doc) > 10);
		assert_true(k.nr_values >= 2);
		for (size_t i = 0; i < n && contig_knob_at(i, &other); i++)
			assert_string_not_equal(k.name, other.name);
		for (unsigned int v = 0; v < k.nr_values; v++) {
			assert_true(strlen(k.values[v].where) >= 4);
			for (unsigned int w = 0; w < v; w++)
				assert_string_not_equal(k.values[v].name, k.values[w].name);
		}
	}
	assert_int_equal(n, sizeof(struct contig_policy));
	assert_false(contig_knob_at(SIZE_MAX, &k));
}

/* A value given by name is the value set, and nothing else changes; or the combination is refused with a reason. */
static void every_value_can_be_set(void **state)
{
	const struct contig_backend *b;
	unsigned int set = 0, refused = 0;

	(void)state;
	for (size_t at = 0; (b = next_generation(&at));) {
		struct contig_knob k, other;

		for (size_t i = 0; contig_knob_at(i, &k); i++) {
			for (unsigned int v = 0; v < k.nr_values; v++) {
				struct contig_policy p = policy_of(b), was = p;
				struct contig_diag diag = { "" };
				char words[128];

				snprintf(words, sizeof(words), "%s=%s", k.name, k.values[v].name);
				int rc = contig_policy_compose(&p, words, &diag);

				assert_int_equal(get(&p, &k), v);
				for (size_t j = 0; contig_knob_at(j, &other); j++) {
					if (j != i)
						assert_int_equal(get(&p, &other), get(&was, &other));
				}
				if (rc) {
					assert_int_equal(rc, -EINVAL);
					assert_non_null(strstr(diag.text, "needs"));
					refused++;
				} else {
					assert_string_equal(diag.text, "");
					set++;
				}
				/* what a preset is cannot be a contradiction */
				if (get(&was, &k) == v)
					assert_int_equal(rc, 0);
			}
		}
	}
	assert_true(set > 5 * refused);
}

/* All of a preset written out by name on top of any other preset gives that preset: nothing is kept outside the knobs. */
static void presets_survive(void **state)
{
	const struct contig_backend *b, *on;

	(void)state;
	for (size_t i = 0; (b = next_generation(&i));) {
		struct contig_policy want = policy_of(b);
		char words[2048] = "";
		struct contig_knob k;

		for (size_t n = 0; contig_knob_at(n, &k); n++) {
			size_t at = strlen(words);

			assert_true(get(&want, &k) < k.nr_values);
			snprintf(words + at, sizeof(words) - at, "%s%s=%s", n ? "+" : "", k.name,
			         k.values[get(&want, &k)].name);
		}
		for (size_t j = 0; (on = next_generation(&j));) {
			struct contig_policy p = policy_of(on);
			struct contig_diag diag = { "" };

			if (contig_policy_compose(&p, words, &diag))
				fail_msg("%s on %s: %s", b->name, on->name, diag.text);
			assert_memory_equal(&p, &want, sizeof(p));
		}
		assert_int_equal(contig_spec_check(b->name, NULL), 0);
		struct contig_policy same = want;

		assert_int_equal(contig_policy_compose(&same, NULL, NULL), 0);
		assert_memory_equal(&same, &want, sizeof(same));
	}
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void refused_with_a_reason(void **state)
{
	static const struct {
		const char *spec, *says;
	} cases[] = {
		{ "", "unknown backend ''" },
		{ "linux", "unknown backend 'linux': `contigbench list backends` shows them" },
		{ "linux-6.1x", "unknown backend 'linux-6.1x'" },
		{ "Linux-6.1", "unknown backend 'Linux-6.1'" },
		{ "+merge_rule=iso_only", "unknown backend ''" },
		{ "linux-6.1+", "nothing behind '+'" },
		{ "linux-6.1+merge_rule=iso_only+", "nothing behind '+'" },
		{ "linux-6.1++merge_rule=iso_only", "nothing behind '+'" },
		{ "linux-6.1+merge_rule", "'merge_rule' is not knob=value" },
		{ "linux-6.1+merge_rule=iso_only+x", "'x' is not knob=value" },
		{ "linux-6.1+=iso_only", "unknown knob ''" },
		{ "linux-6.1+merge=iso_only", "unknown knob 'merge': `contigbench list knobs` shows them" },
		{ "linux-6.1+merge_rules=iso_only", "unknown knob 'merge_rules'" },
		{ "linux-6.1+merge_rule=", "no value ''" },
		{ "linux-6.1+merge_rule=iso",
		  "no value 'iso': it takes always, iso_cap_p, iso_only, mergeable, mergeable_retype" },
		{ "linux-6.1+merge_rule=iso_only=x", "no value 'iso_only=x'" },
		{ "linux-6.1+merge_rule=ISO_ONLY", "no value 'ISO_ONLY'" },
		{ "linux-6.1+pcp_high=low", "it takes six_batches, low_wmark, tuned" },
		{ "linux-6.1+merge_rule=iso_only+merge_rule=iso_only", "knob 'merge_rule' is given twice" },
		{ "linux-6.1+merge_rule=iso_only+pcp_type=reread+merge_rule=always",
		  "knob 'merge_rule' is given twice" },
		{ "first-fit+merge_rule=iso_only", "first-fit has no knobs" },
		{ "first-fit+", "first-fit has no knobs" },
		/* combinations that no code could follow */
		{ "linux-6.1+undo_type=preserved", "undo_type=preserved needs iso_store=separate_bit" },
		{ "linux-7.2+iso_store=type_overwrite", "undo_type=preserved needs iso_store=separate_bit" },
		{ "linux-6.1+iso_straddle=split_in_isolate",
		  "iso_straddle=split_in_isolate needs free_large=per_block" },
		{ "linux-7.2+free_large=head_type", "needs free_large=per_block" },
		{ "linux-6.12+iso_straddle=split_and_migrate+free_large=head_type",
		  "merge_rule=mergeable_retype needs free_large=per_block" },
		{ "linux-6.1+iso_align=maxpage", "iso_order=ends_first needs iso_align=block" },
		{ "linux-5.10+iso_order=ends_first", "iso_order=ends_first needs iso_align=block" },
		{ "linux-6.1+iso_order=ascending", "iso_straddle=split_and_migrate needs iso_order=ends_first" },
		{ "linux-7.2+iso_order=ascending", "iso_straddle=split_in_isolate needs iso_order=ends_first" },
		{ "linux-6.12+pcp_drain=credit_round_robin", "pcp_overflow=free_count" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct contig_diag diag = { "" };

		assert_int_equal(contig_spec_check(cases[i].spec, NULL), -EINVAL);
		if (contig_spec_check(cases[i].spec, &diag) != -EINVAL || !strstr(diag.text, cases[i].says))
			fail_msg("%s: '%s', not '%s'", cases[i].spec, diag.text, cases[i].says);
		assert_null(strchr(diag.text, '\n'));
	}
}

/* A name as long as a line of a terminal is not cut where it would mean something else, and harms nothing. */
static void long_names(void **state)
{
	struct contig_diag diag = { "" };
	char spec[4096] = "linux-6.1+";

	(void)state;
	memset(spec + 10, 'x', sizeof(spec) - 11);
	assert_int_equal(contig_spec_check(spec, &diag), -EINVAL);
	memcpy(spec + 10, "merge_rule=", 11);
	assert_int_equal(contig_spec_check(spec, &diag), -EINVAL);
	memset(spec, 'x', 20);
	assert_int_equal(contig_spec_check(spec, &diag), -EINVAL);
	assert_true(strlen(diag.text) < sizeof(diag.text));
}

/* ---- what is not refused runs ---------------------------------------------------------------- */

static void run_spec(const char *spec, uint64_t steps)
{
	static const uint8_t orders[][2] = { { 3, 4 }, { 2, 5 }, { 3, 3 } };
	struct contig_geometry g;

	for (size_t i = 0; i < COUNT(orders); i++) {
		random_geometry(&g, orders[i][0], orders[i][1]);
		random_run(spec, &g, 1 + i + steps, steps);
	}
	/* a zone that begins and ends inside a block */
	random_geometry(&g, 3, 4);
	g.zones[0].start = 4;
	g.zones[0].pages -= 9;
	random_run(spec, &g, 9, steps);
}

/* The bug of 2011 is there to be caught: it breaks an invariant, which test_grab_busy asserts. */
static bool is_the_bug(const struct contig_knob *k, unsigned int v)
{
	return !strcmp(k->name, "grab_busy") && v == grab_busy_free_wrong;
}

/* Every preset with every single knob turned: it runs with all invariants in place, or is refused with a reason. */
static void every_turned_knob_runs(void **state)
{
	const struct contig_backend *b;
	unsigned int nr = 0;
	struct contig_knob k;
	char spec[128];

	(void)state;
	for (size_t at = 0; (b = next_generation(&at));) {
		for (size_t i = 0; contig_knob_at(i, &k); i++) {
			for (unsigned int v = 0; v < k.nr_values; v++) {
				struct contig_diag diag = { "" };

				if (is_the_bug(&k, v))
					continue;
				snprintf(spec, sizeof(spec), "%s+%s=%s", b->name, k.name, k.values[v].name);
				if (contig_spec_check(spec, &diag)) {
					assert_non_null(strstr(diag.text, "needs"));
					continue;
				}
				run_spec(spec, 200);
				nr++;
			}
		}
	}
	assert_true(nr > 1000);
}

/* Several knobs at once, whatever they are: "NAME+knob=value+..." or nothing if that was refused. */
static bool random_spec(struct rng *rng, char *spec, size_t size)
{
	size_t at = 0, len, turned = 1 + rng_next(rng) % 12;
	struct contig_diag diag;
	struct contig_knob k;

	for (uint64_t n = rng_next(rng) % 12; n; n--)
		next_generation(&at);
	len = (size_t)snprintf(spec, size, "%s", next_generation(&at)->name);
	for (size_t i = rng_next(rng) % 4; turned && contig_knob_at(i, &k); i += 1 + rng_next(rng) % 6, turned--) {
		unsigned int v = (unsigned int)(rng_next(rng) % k.nr_values);

		if (!is_the_bug(&k, v))
			len += (size_t)snprintf(spec + len, size - len, "+%s=%s", k.name, k.values[v].name);
	}
	return !contig_spec_check(spec, &diag);
}

static void many_knobs_run(void **state)
{
	struct rng rng = rng_seed(2026, RNG_REQUESTS);
	char spec[1024];

	(void)state;
	for (unsigned int nr = 0; nr < 300;) {
		if (!random_spec(&rng, spec, sizeof(spec)))
			continue;
		run_spec(spec, 600);
		nr++;
	}
}

/*
 * Free pages on a per-cpu list leave it when their block is isolated, in whatever order blocks are isolated:
 *
 *	[MM] P F0 F1 F2 F3 F4 F5 F6 F7 F8 | ...
 *	   ^^^ request
 */
static void drains_in_either_order(void **state)
{
	static const char *const specs[] = {
		"linux-5.10",
		"linux-5.10+iso_align=block+iso_order=ends_first",
		"linux-6.1+pcp_iso=per_block_drain",
		"linux-7.2+pcp_iso=per_block_drain",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(specs); i++) {
		const struct contig_what page = { .kind = PAGE_LRU, .migratetype = MT_MOVABLE };
		const struct contig_hooks none = { 0 };
		struct contig_geometry g;
		struct contig_outcome out;
		struct contig_diag diag;

		contig_geometry_x86_64(&g, 8192);
		struct contig *c = contig_open(specs[i], &g, &none, &diag);

		if (!c)
			fail_msg("%s: %s", specs[i], diag.text);
		int64_t pfn = contig_alloc(c, 0, page, 1);

		assert_true(pfn >= 0);
		assert_int_equal(contig_free(c, 0, (pfn_t)pfn, 1), 0);
		const struct contig_range_args args = { .start = (pfn_t)pfn & ~511u, .nr = 1024 };

		if (contig_range_alloc(c, &args, &out))
			fail_msg("%s: %s at pfn %u", specs[i], contig_reason_name(out.autopsy.reason), out.autopsy.pfn);
		/* once for each of at least two blocks */
		assert_true(out.total.drains >= 2);
		assert_true(out.total.drained > 0);
		contig_close(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knob_is_listed), cmocka_unit_test(every_value_can_be_set),
		cmocka_unit_test(presets_survive),      cmocka_unit_test(refused_with_a_reason),
		cmocka_unit_test(long_names),           cmocka_unit_test(every_turned_knob_runs),
		cmocka_unit_test(many_knobs_run),       cmocka_unit_test(drains_in_either_order),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
