// SPDX-License-Identifier: MIT
/*
 * test_random.c - random commands on every generation and geometry, all invariants checked after each one, and no page
 * lost: what was allocated is where its owner was told, and freeing everything leaves a whole zone.
 *
 * A failure prints the seed; CONTIG_SEED=N and CONTIG_STEPS=N in the environment repeat or extend a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/generations.h"
#include "lib/random_run.h"
#include "lib/world.h"

/* Mixtures that no release had. */
static const char *const mixtures[] = {
	"linux-6.1+merge_rule=iso_only",
	"linux-7.2+contig_free=pages+pcp_drain=credit_round_robin+pcp_overflow=batch",
	"linux-5.10+merge_rule=always+iso_double=accept",
	"linux-6.1+iso_store=separate_bit+undo_type=preserved",
	"linux-7.2+unmovable_scope=range_of_interest+migrate_targets=per_page",
	"linux-7.2+fallback=old",
};

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void all_generations(const struct contig_geometry *g, uint64_t steps)
{
	uint64_t seed = from_environment("CONTIG_SEED", 1);

	steps = from_environment("CONTIG_STEPS", steps);
	for (uint64_t s = seed; s < seed + 3; s++) {
		FOR_EACH_GENERATION(b)
		random_run(b->name, g, s, steps);
		for (size_t i = 0; i < COUNT(mixtures); i++)
			random_run(mixtures[i], g, s, steps);
	}
}

static void test_m_above_p(void **state)
{
	struct contig_geometry g;

	(void)state;
	random_geometry(&g, 3, 4);
	all_generations(&g, 4000);
}

static void test_m_far_above_p(void **state)
{
	struct contig_geometry g;

	(void)state;
	random_geometry(&g, 2, 6);
	all_generations(&g, 4000);
}

static void test_m_is_p(void **state)
{
	struct contig_geometry g;

	(void)state;
	random_geometry(&g, 4, 4);
	all_generations(&g, 4000);
}

/* Two zones on two nodes, the second one begins and ends inside a pageblock. */
static void test_zones(void **state)
{
	struct contig_geometry g;

	(void)state;
	random_geometry(&g, 3, 5);
	g.nr_zones = 2;
	g.zones[1] = (struct contig_zone){
		.start = 24u * 8 + 4, .pages = 93, .node = 1, .type = ZONE_NORMAL, .wmark_min = 1
	};
	all_generations(&g, 4000);
}

static void test_real_geometry(void **state)
{
	struct contig_geometry g;

	(void)state;
	random_geometry(&g, 9, 10);
	all_generations(&g, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_m_above_p), cmocka_unit_test(test_m_far_above_p), cmocka_unit_test(test_m_is_p),
		cmocka_unit_test(test_zones),     cmocka_unit_test(test_real_geometry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
