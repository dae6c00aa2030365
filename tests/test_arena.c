// SPDX-License-Identifier: MIT
/*
 * test_arena.c - cases on the exact clock whose answers follow from how they were recorded, beyond those that ship with
 * their answers: LRU batches, single frozen pages, pins, and what a case line may leave out.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../bench/exact/arena.h"
#include "../workloads/cases.h"

static const char *const kernels[] = { "5.10", "6.1", "6.12", "7.2" };

struct step {
	int rc;
	const char *stage;
	const char *map;
};

struct expected {
	const char *kernel, *line;
	const struct scripted_case *sc;
	const struct step *steps;
};

static void check(void *ctx, const struct arena_answer *ans)
{
	const struct expected *e = ctx;
	const struct step *s = &e->steps[ans->op];

	if (ans->rc != s->rc || strcmp(ans->stage, s->stage) || (s->map && strcmp(ans->map, s->map)))
		fail_msg("%s: %s %s: %d %s [%s] %s", e->kernel, e->line, e->sc->op[ans->op].text, ans->rc, ans->stage,
		         ans->types, ans->map);
}

/* Run the case; each operation must answer so on these kernels (bit by bit). */
static void expect(unsigned int on, const char *line, const char *before, const struct step *steps)
{
	for (size_t i = 0; i < 4; i++) {
		const struct recorded_kernel *k = recorded_kernel_find(kernels[i]);
		struct scripted_case *sc = malloc(sizeof(*sc));
		struct contig_diag diag = { "" };
		struct expected e = { kernels[i], line, sc, steps };
		struct arena a;

		if (!(on & 1u << i)) {
			free(sc);
			continue;
		}
		if (case_parse(line, 512, sc, &diag) || arena_open(&a, k->backend, k, sc, &diag))
			fail_msg("%s: %s: %s", kernels[i], line, diag.text);
		char *map = arena_map(&a);

		if (before)
			assert_string_equal(map, before);
		free(map);
		for (uint32_t op = 0; op < sc->nr_ops; op++) {
			if (arena_run(&a, op, check, &e, &diag) < 0)
				fail_msg("%s: %s", kernels[i], diag.text);
		}
		arena_close(&a);
		free(sc);
	}
}

#define ALL      0xfu
#define FROM_6_1 0xeu

/* A request that gets past isolation has the LRU batches flushed, so that the fresh page next door is on the LRU then. */
static void lru_batches_are_flushed(void **state)
{
	(void)state;
	expect(FROM_6_1, "case=T npb=2 mt=MM user=700 nolru=1 ops=a:0+512;a:512+512",
	       "F9 | F7 F5 F4 F3 F2 X F0 F1 F6 F8",
	       (struct step[]){ { 0, "ok", "A*512 | F7 F5 F4 F3 F2 L F0 F1 F6 F8" }, { 0, "ok", "A*512 | A*512" } });
	expect(ALL, "case=T npb=4 mt=MMMM user=1100 nolru=1 ops=a:0+512;a:1024+512", NULL,
	       (struct step[]){ { 0, "ok", "A*512 | F9 | F6 F3 F2 L F0 F1 F4 F5 F7 F8 | F9" }, { 0, "ok", NULL } });
	/* a batch that is full flushes itself: 15 pages on 6.1, 31 on 6.12 */
	expect(0x2, "case=T npb=2 user=0+16 nolru=1 ops=a:512+16", "L*15 X F4 F5 F6 F7 F8 | F9",
	       (struct step[]){ { 0, "ok", NULL } });
	expect(0xc, "case=T npb=2 user=0+32 nolru=1 ops=a:512+16", "L*31 X F5 F6 F7 F8 | F9",
	       (struct step[]){ { 0, "ok", NULL } });
	/* isolation itself flushes nothing */
	expect(ALL, "case=T npb=2 mt=MM user=100 nolru=1 ops=a:0+512;a:0+512", NULL,
	       (struct step[]){ { -EBUSY, "isolate", "F6 F5 F2 X F0 F1 F3 F4 F7 F8 | F9" },
	                        { -EBUSY, "isolate", NULL } });
}

static void one_page_is_frozen(void **state)
{
	(void)state;
	expect(ALL, "case=T npb=2 mt=UM kern=300+8 frozen=302 ops=a:0+512", "F8 F5 F3 F2 K*2 P K*5 F2 F3 F6 F7 | F9",
	       (struct step[]){ { -EBUSY, "isolate", NULL } });
	expect(FROM_6_1, "case=T npb=2 mt=UM kern=300+2 frozen=300,301 ops=a:0+512;k:301+1", NULL,
	       (struct step[]){ { -EBUSY, "test", NULL }, { 0, "done", NULL } });
}

static void a_pin_outlives_its_mapping(void **state)
{
	(void)state;
	expect(FROM_6_1, "case=T npb=2 mt=MM user=0+8 pin=5 ops=u:5+1;a:0+512", "L*8 F3 F4 F5 F6 F7 F8 | F9",
	       (struct step[]){ { 0, "done", "L*8 F3 F4 F5 F6 F7 F8 | F9" }, { -EBUSY, "test", NULL } });
}

/* Types left out are MOVABLE; a list may be as long as the arena. */
static void case_lines(void **state)
{
	char line[16384] = "case=T npb=2 user=0";
	size_t at = strlen(line);

	(void)state;
	for (unsigned int page = 2; page < 1024; page += 2)
		at += (size_t)snprintf(line + at, sizeof(line) - at, ",%u", page);
	snprintf(line + at, sizeof(line) - at, " ops=a:0+512");
	expect(FROM_6_1, line, NULL, (struct step[]){ { 0, "ok", NULL } });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lru_batches_are_flushed),
		cmocka_unit_test(one_page_is_frozen),
		cmocka_unit_test(a_pin_outlives_its_mapping),
		cmocka_unit_test(case_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
