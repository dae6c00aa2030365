// SPDX-License-Identifier: MIT
/*
 * test_oracle.c - the model against a second implementation of the same rules (tests/oracle), command by command: return
 * codes, phases, every run with its list and owner, block types, counters, drift, pages moved and where to.
 *
 * A difference is shown as the shortest sequence of commands that tells the two apart. CONTIG_SEED=N is the first seed,
 * CONTIG_STEPS=N how many commands each generation gets, CONTIG_DRAW=1 draws both before every command. `make soak` goes
 * on with fresh seeds until a failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "lib/world.h"
#include "oracle/oracle.h"
#include "oracle/walk.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STEPS      20000u
#define REAL_STEPS 500u
#define MUTATED    1u /* generations whose knobs are turned */
#else
#define STEPS      1000000u
#define REAL_STEPS 20000u
#define MUTATED    100u
#endif
#define MUTANT_STEPS 400000u

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* Most walks are short, so that there are many beginnings; some are long, so that what adds up shows. */
static uint32_t length_of(uint64_t seed)
{
	return seed % 16 ? 500 : 5000;
}

/* One walk; steps done. A difference is shrunk and printed, and *same is false. */
static uint32_t walk(const char *model, const char *oracle, uint64_t seed, uint32_t steps, bool real, bool *same)
{
	struct walk w = { .model = model, .oracle = oracle, .seed = seed, .steps = steps };

	walk_geometry(&w.g, seed, real);
	*same = walk_random(&w);
	if (!*same) {
		walk_shrink(&w);
		walk_report(&w, stderr);
	}
	walk_free(&w);
	return w.steps;
}

static void all_generations(uint64_t steps, bool real)
{
	uint64_t first = from_environment("CONTIG_SEED", 1);
	bool same = true;

	steps = from_environment("CONTIG_STEPS", steps);
	for (size_t i = 0; oracle_generation(i); i++) {
		const char *gen = oracle_generation(i);
		uint64_t done = 0;

		for (uint64_t seed = first; done < steps; seed++) {
			done += walk(gen, gen, seed, real ? 200 : length_of(seed), real, &same);
			if (!same)
				fail_msg("%s: CONTIG_SEED=%llu", gen, (unsigned long long)seed);
		}
	}
}

/* Every generation the backend table has is known to the oracle. */
static void test_complete(void **state)
{
	const struct contig_backend *b;

	(void)state;
	for (size_t i = 0, n = 0; (b = contig_backend_at(i)); i++) {
		if (b->baseline)
			continue;
		assert_non_null(oracle_generation(n));
		assert_string_equal(b->name, oracle_generation(n++));
	}
}

static void test_small_geometries(void **state)
{
	(void)state;
	all_generations(STEPS, false);
}

static void test_real_geometry(void **state)
{
	(void)state;
	all_generations(REAL_STEPS, true);
}

/* The next difference from this seed on, within so many steps, if there is one. */
static bool finds(struct walk *w, uint64_t seed, uint64_t steps)
{
	for (uint64_t done = 0; done < steps; done += w->steps, seed++) {
		w->seed = seed;
		w->steps = length_of(seed);
		walk_geometry(&w->g, seed, false);
		if (!walk_random(w))
			return true;
		walk_free(w);
	}
	return false;
}

/* No command of it can go. */
static void assert_shortest(const struct walk *w)
{
	for (uint32_t i = 0; i < w->nr; i++) {
		struct walk less = *w;

		less.commands = malloc(w->nr * sizeof(*less.commands));
		memcpy(less.commands, w->commands, i * sizeof(*less.commands));
		memcpy(less.commands + i, w->commands + i + 1, (w->nr - i - 1) * sizeof(*less.commands));
		less.nr = w->nr - 1;
		assert_false(walk_differs(&less));
		walk_free(&less);
	}
}

/*
 * CMA and other blocks that are free merge under v5.17's rule and not under v6.1's: what tells them apart is found,
 * shrunk so far that no command can go, and among the first few there is one of a handful of commands.
 */
static void test_shrinks(void **state)
{
	uint32_t shortest = UINT32_MAX;
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct walk w = { .model = "linux-6.1+merge_rule=iso_only", .oracle = "linux-6.1" };

		assert_true(finds(&w, seed, MUTANT_STEPS));
		uint32_t found = w.nr;

		walk_shrink(&w);
		assert_true(w.nr < found);
		assert_string_not_equal(w.difference, "");
		assert_shortest(&w);
		shortest = w.nr < shortest ? w.nr : shortest;
		seed = w.seed + 1;
		walk_free(&w);
	}
	assert_in_range(shortest, 1, 8);
}

#define TAKEN    "for users above alloc_contig_range"
#define NO_ZONES "there is one zone, and no DMA32 below it"
#define NO_CMA   "nothing counts CMA pages apart until v3.6"
#define NO_KEEP  "no reserve until v4.3"
#define RARE                                                                                                           \
	"needs a page taken between the test and the grab, or a list of pages that all fail; seen in other generations"

/* Knobs that no walk sees, with the reason. NULL: all values, or all generations. */
static const struct {
	const char *knob, *value, *generation, *why;
} blind[] = {
	{ "user_align", NULL, NULL, TAKEN },
	{ "cma_mutex", NULL, NULL, TAKEN },
	{ "virtio_mode", NULL, NULL, TAKEN },
	{ "virtio_tries", NULL, NULL, TAKEN },
	{ "virtio_unplug", NULL, NULL, TAKEN },
	{ "gigantic_test", NULL, NULL, TAKEN },
	{ "lru_drain", NULL, NULL, TAKEN },
	{ "fadump_round", NULL, NULL, TAKEN },
	{ "pcp_lock", NULL, NULL, "one thread: nobody else holds a lock" },
	{ "iso_notifier", NULL, NULL, "no driver registers" },
	{ "iso_store", "separate_bit", NULL,
	  "undo writes the caller's type all the same; only what nobody asks for differs" },
	{ "iso_remerge", "any_buddy", "linux-6.10", "isolation has split what is larger than the block" },
	{ "iso_remerge", "any_buddy", "linux-6.12", "isolation has split what is larger than the block" },
	{ "iso_remerge", "any_buddy", "linux-7.2", "isolation has split what is larger than the block" },
	{ "unmovable_scope", "block", "linux-6.1", "a block between the ends lies wholly in the range" },
	{ "unmovable_scope", "block", "linux-6.10", "a block between the ends lies wholly in the range" },
	{ "unmovable_scope", "block", "linux-6.12", "a block between the ends lies wholly in the range" },
	{ "unmovable_scope", "block", "linux-7.2", "a block between the ends lies wholly in the range" },
	{ "unmovable_scope", "block_at_edges", NULL, "a block between the ends lies wholly in the range" },
	{ "unmovable_compound_tail", NULL, "linux-3.5", "references are counted, and tails have none" },
	{ "unmovable_compound_tail", NULL, "linux-3.6", "references are counted, and tails have none" },
	{ "unmovable_compound_tail", NULL, "linux-3.16", "references are counted, and tails have none" },
	{ "unmovable_compound_tail", NULL, "linux-4.4", "references are counted, and tails have none" },
	{ "nofragment", "never", NULL, NO_ZONES },
	{ "nofragment", "above_dma32", NULL, NO_ZONES },
	{ "nofragment", "always", "linux-3.5", "the fallback of v3.x has no order below which to stop" },
	{ "nofragment", "always", "linux-3.6", "the fallback of v3.x has no order below which to stop" },
	{ "nofragment", "always", "linux-3.16", "the fallback of v3.x has no order below which to stop" },
	{ "cma_balance", NULL, "linux-3.5", NO_CMA },
	{ "cma_balance", NULL, "linux-3.6", NO_CMA },
	{ "highatomic_count", NULL, "linux-3.5", NO_KEEP },
	{ "highatomic_count", NULL, "linux-3.6", NO_KEEP },
	{ "highatomic_count", NULL, "linux-3.16", NO_KEEP },
	{ "highatomic_trigger", NULL, "linux-3.5", NO_KEEP },
	{ "highatomic_trigger", NULL, "linux-3.6", NO_KEEP },
	{ "highatomic_trigger", NULL, "linux-3.16", NO_KEEP },
	{ "highatomic_trigger", NULL, "linux-4.4", "lists of order 0 only: none serves what could reserve" },
	{ "highatomic_trigger", NULL, "linux-5.10", "lists of order 0 only: none serves what could reserve" },
	{ "watermark_highatomic", NULL, "linux-3.5", NO_KEEP },
	{ "watermark_highatomic", NULL, "linux-3.6", NO_KEEP },
	{ "watermark_highatomic", NULL, "linux-3.16", NO_KEEP },
	{ "pcp_offline", NULL, NULL, "no memory goes offline in a walk" },
	{ "offline_hugetlb", NULL, NULL, "no memory goes offline in a walk" },
	{ "pcp_thp_lists", "two", "linux-3.5", "one order only" },
	{ "pcp_thp_lists", "two", "linux-3.6", "one order only" },
	{ "pcp_thp_lists", "two", "linux-3.16", "one order only" },
	{ "pcp_thp_lists", "two", "linux-4.4", "one order only" },
	{ "pcp_thp_lists", "two", "linux-5.10", "one order only" },
	{ "pcp_high", "tuned", NULL, "grows with a count of frees that only v6.7's overflow keeps" },
	{ "outer_start", NULL, NULL, "fails at the test either way; another page is named" },
	{ "grab_busy", NULL, NULL, RARE },
	{ "contig_ebusy_soft", NULL, NULL, RARE },
	{ "contig_tries", NULL, NULL, RARE },
	{ "migrate_targets", NULL, "linux-5.18", RARE },
};

static const char *why_blind(const char *knob, const char *value, const char *generation)
{
	for (size_t i = 0; i < COUNT(blind); i++) {
		if (!strcmp(blind[i].knob, knob) && (!blind[i].value || !strcmp(blind[i].value, value)) &&
		    (!blind[i].generation || !strcmp(blind[i].generation, generation)))
			return blind[i].why;
	}
	return NULL;
}

/* A model with one knob turned is not the generation: the walk must notice each of them. */
static void mutants(const struct contig_backend *b, uint32_t *missed)
{
	struct contig_knob k;
	char model[128];

	for (size_t i = 0; contig_knob_at(i, &k); i++) {
		for (unsigned int v = 0; v < k.nr_values; v++) {
			struct walk w = { .model = model, .oracle = b->name };

			snprintf(model, sizeof(model), "%s+%s=%s", b->name, k.name, k.values[v].name);
			if ((int)v == contig_knob_value(b, &k) || why_blind(k.name, k.values[v].name, b->name) ||
			    contig_spec_check(model, NULL))
				continue;
			/* what a walk does not meet a longer one may */
			if (finds(&w, 1, MUTANT_STEPS) || finds(&w, 1001, 10 * MUTANT_STEPS)) {
				walk_free(&w);
				continue;
			}
			print_error("nobody noticed %s\n", model);
			++*missed;
		}
	}
}

static void test_notices_every_knob(void **state)
{
	const struct contig_backend *b;
	uint32_t missed = 0;

	(void)state;
	for (size_t i = 0; i < MUTATED && (b = contig_backend_at(i)); i++) {
		if (!b->baseline)
			mutants(b, &missed);
	}
	assert_int_equal(missed, 0);
}

static int soak(void)
{
	uint64_t seed = from_environment("CONTIG_SEED", (uint64_t)time(NULL) << 20), steps = 0;
	bool same = true;

	for (;; seed++) {
		for (size_t i = 0; oracle_generation(i); i++) {
			const char *gen = oracle_generation(i);

			steps += walk(gen, gen, seed, length_of(seed), false, &same);
			if (same && !(seed % 64))
				steps += walk(gen, gen, seed, 200, true, &same);
			if (!same)
				return 1;
		}
		if (!(seed % 256))
			printf("seed %llu, %llu steps\n", (unsigned long long)seed, (unsigned long long)steps);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),           cmocka_unit_test(test_small_geometries),
		cmocka_unit_test(test_real_geometry),      cmocka_unit_test(test_shrinks),
		cmocka_unit_test(test_notices_every_knob),
	};

	if (argc > 1 && !strcmp(argv[1], "soak"))
		return soak();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
