// SPDX-License-Identifier: MIT
/*
 * test_guest_agent.c - the pure parts of the agent in a guest: lines, runs, layouts, and what populate draws.
 *
 *	look:    K | L L L! L | F0 F0      ->  + 8 1 0 K, + 9 2 0 L, + 11 1 0 L !, + 12 1 0 L, + 13 1 0 F, + 14 1 0 F
 *	layout:                            ->  + 8 K L*2 L! L F0*2 ...
 *	populate: counts are met exactly, one seed is one memory, clusters are as long as they should be
 *	features: "error: unknown type name 'acr_flags_t'"  ->  HAVE_ACR_FLAGS 0
 *	          "error: no such file"                     ->  no module at all, instead of one that believes it
 *
 * and one part of the module: what it finds out about a kernel, with a compiler that is a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../allocators/linux/agent/dump.h"
#include "../allocators/linux/agent/fill.h"
#include "../allocators/linux/agent/line.h"
#include "../allocators/linux/agent/runs.h"

/* ---- lines ------------------------------------------------------------------------------------ */

static void words_are_cut(void **state)
{
	char line[] = "  range 17  512 movable ", rest[] = "sh 5 echo  a b ", empty[] = "   ";
	char *word[8];

	(void)state;
	assert_int_equal(line_words(line, word, 8), 4);
	assert_string_equal(word[0], "range");
	assert_string_equal(word[2], "512");
	assert_string_equal(word[3], "movable");
	assert_int_equal(line_words(rest, word, 3), 3);
	assert_string_equal(word[2], "echo  a b"); /* the last is all the rest, blanks and all */
	assert_int_equal(line_words(empty, word, 8), 0);
}

static void numbers_are_decimal(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", "0x10", "1 ", "18446744073709551616", "101" };
	uint64_t n;

	(void)state;
	assert_true(line_number("18446744073709551615", UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	assert_true(line_number("0100", 100, &n));
	assert_int_equal(n, 100);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(line_number(bad[i], i == 6 ? 100 : UINT64_MAX, &n));
}

/* What is not printable ASCII, and the backslash, becomes \xHH; an escape is whole or not there. */
static void text_is_escaped(void **state)
{
	char out[32];

	(void)state;
	assert_int_equal(line_escape(out, sizeof(out), "a\tb\\\xc3\n", 6), 6);
	assert_string_equal(out, "a\\x09b\\x5c\\xc3\\x0a");
	assert_int_equal(line_escape(out, 8, "ab\t\t", 4), 3);
	assert_string_equal(out, "ab\\x09");
	assert_int_equal(line_escape(out, 6, "ab\t", 3), 2);
	assert_string_equal(out, "ab");
}

/* ---- runs and layouts ------------------------------------------------------------------------- */

static char drawn[4096];
static struct dump dump;

static void draw_run(const struct contigbench_run *r)
{
	size_t len = strlen(drawn);

	snprintf(drawn + len, sizeof(drawn) - len, "%llu+%u:%c%u%s ", (unsigned long long)r->pfn, r->nr, r->kind,
	         r->order, r->marks ? "!" : "");
}

static void draw_line(const char *text)
{
	size_t len = strlen(drawn);

	snprintf(drawn + len, sizeof(drawn) - len, "%s\n", text);
}

static void dump_run(const struct contigbench_run *r)
{
	dump_add(&dump, r);
}

static const struct contigbench_run some[] = {
	{ .pfn = 8, .nr = 1, .kind = 'K', .marks = CONTIGBENCH_OWNED },
	{ .pfn = 9, .nr = 1, .kind = 'L', .marks = CONTIGBENCH_ANON },
	{ .pfn = 10, .nr = 1, .kind = 'L' },
	{ .pfn = 11, .nr = 1, .kind = 'L', .marks = CONTIGBENCH_PINNED },
	{ .pfn = 12, .nr = 1, .kind = 'L' },
	{ .pfn = 13, .nr = 1, .kind = 'F', .list = 'M' },
	{ .pfn = 14, .nr = 1, .kind = 'F', .list = 'M' },
	{ .pfn = 15, .nr = 2, .kind = 'A' },
	{ .pfn = 15, .nr = 4, .kind = 'A' }, /* a look that went on in the middle of it */
	{ .pfn = 20, .nr = 4, .order = 2, .kind = 'F', .list = 'U' },
	{ .pfn = 24, .nr = 8, .order = 3, .kind = 'F', .list = 'M' },
	{ .pfn = 32, .nr = 8, .order = 3, .kind = 'T', .marks = CONTIGBENCH_PINNED },
	{ .pfn = 40, .nr = 1, .kind = 'K', .marks = CONTIGBENCH_FROZEN },
	{ .pfn = 41, .nr = 9, .kind = 'L' },
};

static void runs_are_joined(void **state)
{
	struct runs runs = { .emit = draw_run, .visible = CONTIGBENCH_PINNED | CONTIGBENCH_FROZEN };

	(void)state;
	drawn[0] = '\0';
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		runs_add(&runs, &some[i]);
	runs_end(&runs);
	assert_string_equal(drawn,
	                    "8+1:K0 9+2:L0 11+1:L0! 12+1:L0 13+1:F0 14+1:F0 15+4:A0 20+4:F2 24+8:F3 32+8:T3! 40+1:K0! "
	                    "41+9:L0 ");
	assert_int_equal(runs.nr, 12);
}

/*
 *	[MmMCMM], blocks of 8 from 8 on: a row ends with its pageblock, a list that is not the block's shows.
 */
static void layouts_are_drawn(void **state)
{
	struct runs runs = { .emit = dump_run, .visible = CONTIGBENCH_PINNED | CONTIGBENCH_FROZEN };

	(void)state;
	drawn[0] = '\0';
	dump = (struct dump){ .line = draw_line, .block_order = 3, .first_block = 1, .types = "MmMCMM" };
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		runs_add(&runs, &some[i]);
	runs_end(&runs);
	dump_end(&dump);
	assert_string_equal(drawn, "8 K L*2 L! L F0*2 A\n"
	                           "16 A*3 F2@U\n"
	                           "24 F3\n"
	                           "32 T3!\n"
	                           "40 P L*7\n"
	                           "48 L*2\n");
	assert_int_equal(dump.lines, 6);
}

/* A pageblock of 2^13 pages that alternate does not fit into a line: it goes on in the next, nothing is lost. */
static void long_layouts_go_on(void **state)
{
	uint32_t pages = 0;

	(void)state;
	static char all[1 << 16];

	drawn[0] = '\0';
	all[0] = '\0';
	dump = (struct dump){ .line = draw_line, .block_order = 13, .types = "M" };
	for (uint32_t i = 0; i < 8192; i++) {
		dump_add(&dump, &(struct contigbench_run){ .pfn = i, .nr = 1, .kind = i & 1 ? 'L' : 'K' });
		strcat(all, drawn);
		drawn[0] = '\0';
	}
	dump_end(&dump);
	strcat(all, drawn);
	for (char *line = strtok(all, "\n"); line; line = strtok(NULL, "\n")) {
		char *item = line;

		assert_true(strlen(line) < WIRE_LINE - 2);
		assert_int_equal(strtoul(line, &item, 10), pages);
		for (; *item; item++)
			pages += *item == 'K' || *item == 'L';
	}
	assert_int_equal(pages, 8192);
	assert_true(dump.lines > 1);
}

/* ---- what populate draws ---------------------------------------------------------------------- */

#define NR 65536u

static uint32_t scratch[NR];
static uint8_t fate[NR], again[NR];

static void (*const draws[])(uint8_t *fate, const struct fill *f, struct splitmix *r) = { fill_scattered,
	                                                                                  fill_clustered };

static uint32_t count(enum fate what)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < NR; i++)
		n += fate[i] == what;
	return n;
}

/* Published values of the generator, seed 1234567 (Vigna's splitmix64.c). */
static void generator_is_splitmix64(void **state)
{
	struct splitmix r = { 1234567 };

	(void)state;
	assert_true(splitmix_next(&r) == UINT64_C(6457827717110365317));
	assert_true(splitmix_next(&r) == UINT64_C(3203168211198807973));
	assert_true(splitmix_next(&r) == UINT64_C(9817491932198370423));
}

static void counts_are_met(void **state)
{
	static const struct fill fills[] = {
		{ NR, 0, 0, scratch },
		{ NR, 655, 32768, scratch },
		{ NR, NR / 2, NR / 2, scratch },
		{ NR, 1, 0, scratch },
	};

	(void)state;
	for (size_t d = 0; d < 2; d++) {
		for (size_t i = 0; i < sizeof(fills) / sizeof(*fills); i++) {
			draws[d](fate, &fills[i], &(struct splitmix){ 7 });
			assert_int_equal(count(FATE_KERNEL), fills[i].nr_kernel);
			assert_int_equal(count(FATE_FREE), fills[i].nr_free);
		}
	}
}

static void a_seed_is_a_memory(void **state)
{
	const struct fill f = { NR, 655, 20000, scratch };

	(void)state;
	for (size_t d = 0; d < 2; d++) {
		draws[d](fate, &f, &(struct splitmix){ 42 });
		draws[d](again, &f, &(struct splitmix){ 42 });
		assert_memory_equal(fate, again, NR);
		draws[d](again, &f, &(struct splitmix){ 43 });
		assert_memory_not_equal(fate, again, NR);
	}
}

/* How many rows there are of `what`. */
static uint32_t rows(enum fate what)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < NR; i++)
		n += fate[i] == what && (!i || fate[i - 1] != what);
	return n;
}

/*
 * Of 1 % kernel pages scattered ones hardly ever touch; in clusters of 32 on average there is a row for 32 of them, give or
 * take what chance does with 40 clusters (a standard deviation is 5 of them). Each half of memory gets its part.
 */
static void scattered_is_not_clustered(void **state)
{
	const struct fill f = { NR, 1310, 0, scratch };

	(void)state;
	fill_scattered(fate, &f, &(struct splitmix){ 1 });
	assert_in_range(rows(FATE_KERNEL), 1240, 1310);

	uint32_t low = 0;

	for (uint32_t i = 0; i < NR / 2; i++)
		low += fate[i] == FATE_KERNEL;
	assert_in_range(low, 655 - 4 * 18, 655 + 4 * 18);

	uint32_t sum = 0;

	for (uint64_t seed = 0; seed < 16; seed++) {
		fill_clustered(fate, &f, &(struct splitmix){ seed });
		sum += rows(FATE_KERNEL);
	}
	assert_in_range(sum / 16, 41 - 7, 41 + 7);
}

static void lengths_are_geometric(void **state)
{
	struct splitmix r = { 3 };
	uint32_t ones = 0;
	uint64_t sum = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint32_t len = splitmix_geometric(&r, 32);

		sum += len;
		ones += len == 1;
	}
	assert_in_range(sum, 3200000 - 4 * 10000,
	                3200000 + 4 * 10000); /* a standard deviation is 31.5 * sqrt(100000) */
	assert_in_range(ones, 3125 - 4 * 55, 3125 + 4 * 55);
}

/* ---- features of a kernel ----------------------------------------------------------------------- */

static char folder[] = "/tmp/test_guest_agent.XXXXXX";

/* The exit status of features with a compiler that says so of the lines about ACR_FLAGS; its files are in folder. */
static int features(const char *compiler_says)
{
	char path[128], command[512];

	snprintf(path, sizeof(path), "%s/cc", folder);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ncase \"$*\" in\n*/ACR_FLAGS.c) echo \"%s\" >&2; exit 1 ;;\nesac\n", compiler_says);
	assert_int_equal(fclose(f), 0);
	snprintf(command, sizeof(command),
	         "chmod +x %s/cc; rm -f %s/out; sh allocators/linux/module/features %s/out %s/cc -O2 2>%s/said", folder,
	         folder, folder, folder, folder);
	return system(command);
}

static bool has(const char *file, const char *text)
{
	char command[512];

	snprintf(command, sizeof(command), "grep -q \"%s\" %s/%s 2>/dev/null", text, folder, file);
	return !system(command);
}

static void absent_is_not_broken(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(features("a.c:2:15: error: unknown type name 'acr_flags_t'"), 0);
	assert_true(has("out", "^#define HAVE_ACR_FLAGS 0"));
	assert_true(has("out", "^#define HAVE_CMA 1"));
	static const char *const broken[] = {
		"linux/gfp.h:1:10: fatal error: asm/x.h: No such file or directory",
		"a.c:2:15: error: unknown type name 'acr_flags_t'\na.c:9:1: error: expected ';' before 'x'",
		"cc: out of memory",
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		assert_int_not_equal(features(broken[i]), 0);
		assert_false(has("out", "HAVE"));
		assert_true(has("said", "features: ACR_FLAGS can not be told"));
	}

	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_cut),           cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(text_is_escaped),         cmocka_unit_test(runs_are_joined),
		cmocka_unit_test(layouts_are_drawn),       cmocka_unit_test(long_layouts_go_on),
		cmocka_unit_test(generator_is_splitmix64), cmocka_unit_test(counts_are_met),
		cmocka_unit_test(a_seed_is_a_memory),      cmocka_unit_test(scattered_is_not_clustered),
		cmocka_unit_test(lengths_are_geometric),   cmocka_unit_test(absent_is_not_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
