// SPDX-License-Identifier: MIT
/*
 * test_placement.c - trace cpus on cpus and trace nodes on nodes. Machines of several nodes are descriptions that hwloc reads
 * instead of this machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/measure/cgroup.h"
#include "../bench/wall/placement.h"
#include "lib/capture.h"
#include "lib/placements.h"

#define TWO_NODES  "node:2 core:2 pu:2" /* cpus 0-3 and 4-7, cores of two */
#define FOUR_NODES "node:4 core:1 pu:1"
#define MIB        (1u << 20)

static const uint8_t in_turn[] = { 0, 1, 0, 1, 0, 1, 0, 1 };
static const uint8_t all_on_0[8];
static const uint8_t four[] = { 0, 1, 2, 3 };

static struct capture said;

static void refused(const struct placement_wish *wish, int rc, const char *says)
{
	struct contig_diag diag = { "" };
	struct placement p;

	assert_int_equal(placement_open(&p, wish, &diag), rc);
	if (!strstr(diag.text, says))
		fail_msg("'%s' does not say '%s'", diag.text, says);
	assert_null(p.topology);
}

static void cpus_are(const struct placement *p, const uint32_t *cpus)
{
	for (uint32_t i = 0; i < p->nr_threads; i++)
		assert_int_equal(p->threads[i].cpu, cpus[i]);
}

/* ---- nodes ------------------------------------------------------------------------------------ */

/* Without a map nodes go in ascending order, and threads take one cpu of each core before its sibling. */
static void nodes_in_ascending_order(void **state)
{
	struct placement_wish wish = wish_of(in_turn, 8, 2, NULL);

	(void)state;
	on_machine(TWO_NODES, false);
	struct placement p = open_placement(&wish);

	assert_int_equal(p.nr_threads, 8);
	assert_int_equal(p.node_of[0], 0);
	assert_int_equal(p.node_of[1], 1);
	cpus_are(&p, (const uint32_t[]){ 0, 4, 2, 6, 1, 5, 3, 7 });
	for (uint32_t cpu = 0; cpu < 8; cpu++)
		assert_int_equal(p.thread_of[cpu], cpu);
	assert_false(p.oversubscribed);
	assert_string_equal(p.sharing, "");
	placement_close(&p);
}

/* --map 0=1,1=0: crosswise, and printed so. */
static void map_chooses_nodes(void **state)
{
	struct placement_wish wish = wish_of(in_turn, 2, 2, "0=1,1=0");

	(void)state;
	on_machine(TWO_NODES, false);
	struct placement p = open_placement(&wish);
	char *text = printed(&p);

	cpus_are(&p, (const uint32_t[]){ 4, 0 });
	assert_string_equal(text, "trace node 0 -> node 1\n"
	                          "trace node 1 -> node 0\n"
	                          "trace cpu 0 (node 0) -> thread 0 on cpu 4 (node 1)\n"
	                          "trace cpu 1 (node 1) -> thread 1 on cpu 0 (node 0)\n");
	free(text);
	placement_close(&p);
}

static void four_nodes_in_any_order(void **state)
{
	struct placement_wish wish = wish_of(four, 4, 4, "3=0,2=1,1=2,0=3");

	(void)state;
	on_machine(FOUR_NODES, false);
	struct placement p = open_placement(&wish);

	cpus_are(&p, (const uint32_t[]){ 3, 2, 1, 0 });
	placement_close(&p);
}

static void wrong_maps_are_refused(void **state)
{
	static const struct {
		const char *map, *says;
	} cases[] = {
		{ "", "'' is no TRACE_NODE=NODE" },
		{ "0=1,", "'' is no TRACE_NODE=NODE" },
		{ "0", "'0' is no TRACE_NODE=NODE" },
		{ "0=", "'0=' is no TRACE_NODE=NODE" },
		{ "=1", "'=1' is no TRACE_NODE=NODE" },
		{ "0=1;1=0", "'0=1;1=0' is no TRACE_NODE=NODE" },
		{ "0= 1", "'0= 1' is no TRACE_NODE=NODE" },
		{ "0=-1", "'0=-1' is no TRACE_NODE=NODE" },
		{ "0=4294967295", "is no TRACE_NODE=NODE" },
		{ "0=18446744073709551617", "is no TRACE_NODE=NODE" }, /* 2^64 + 1 */
		{ "0=0,2=1", "the trace has no node 2; its 2 nodes count from 0" },
		{ "0=0,0=1", "trace node 0 is mapped twice" },
		{ "0=0,1=7", "this machine has no node 7; its nodes: 0, 1" },
		{ "0=0", "trace cpu 1 has no place in the mapping: it is on trace node 1, so add 1=NODE" },
		{ "0=1,1=1", "trace nodes 0 and 1 would share node 1: --oversubscribe" },
	};

	(void)state;
	on_machine(TWO_NODES, false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct placement_wish wish = wish_of(in_turn, 2, 2, cases[i].map);

		refused(&wish, -EINVAL, cases[i].says);
	}
}

/* A node of zones without trace cpus needs a place, too. */
static void memory_needs_a_place(void **state)
{
	struct placement_wish wish = wish_of(all_on_0, 2, 2, "0=1");

	(void)state;
	on_machine(TWO_NODES, false);
	refused(&wish, -EINVAL, "trace node 1 has no place in the mapping: add 1=NODE");
}

static void wrong_wishes_are_refused(void **state)
{
	static const uint8_t outside[] = { 0, 2 };
	struct placement_wish none = wish_of(all_on_0, 0, 1, NULL), nowhere = wish_of(all_on_0, 1, 0, NULL);
	struct placement_wish beyond = wish_of(outside, 2, 2, NULL), threads = wish_of(all_on_0, 2, 1, NULL);

	(void)state;
	threads.nr_threads = 3;
	refused(&none, -EINVAL, "the trace has 0 cpus");
	refused(&nowhere, -EINVAL, "the trace has 0 nodes");
	refused(&beyond, -EINVAL, "trace cpu 1 is on node 2, and the trace has 2 nodes");
	refused(&threads, -EINVAL, "--threads 3: the trace has 2 cpus");
}

/* ---- sharing ---------------------------------------------------------------------------------- */

static void fewer_nodes_must_be_asked_for(void **state)
{
	struct placement_wish wish = wish_of(four, 4, 4, NULL);

	(void)state;
	on_machine("node:1 core:2 pu:1", false);
	refused(&wish, -ENODEV, "the trace has 4 nodes, and this machine 1 that can be used: 0; --oversubscribe");
	wish.oversubscribe = true;
	struct placement p = open_placement(&wish);
	char *text = printed(&p);

	assert_true(p.oversubscribed);
	assert_string_equal(p.sharing, "4 trace nodes on 1 node, 4 threads on 2 cpus");
	assert_non_null(strstr(text, "shared: 4 trace nodes on 1 node, 4 threads on 2 cpus\n"));
	cpus_are(&p, (const uint32_t[]){ 0, 1, 0, 1 });
	free(text);
	placement_close(&p);
}

static void shared_by_map(void **state)
{
	struct placement_wish wish = wish_of(in_turn, 2, 2, "0=1,1=1");

	(void)state;
	on_machine(TWO_NODES, false);
	wish.oversubscribe = true;
	struct placement p = open_placement(&wish);

	assert_string_equal(p.sharing, "2 trace nodes on 1 node");
	cpus_are(&p, (const uint32_t[]){ 4, 6 });
	placement_close(&p);
}

static void fewer_cpus_must_be_asked_for(void **state)
{
	struct placement_wish wish = wish_of(all_on_0, 8, 1, NULL);

	(void)state;
	on_machine(TWO_NODES, false);
	refused(&wish, -ENODEV, "8 threads belong on node 0, and this process may use 4 of its cpus");
	wish.oversubscribe = true;
	struct placement p = open_placement(&wish);

	assert_string_equal(p.sharing, "8 threads on 4 cpus");
	cpus_are(&p, (const uint32_t[]){ 0, 2, 1, 3, 0, 2, 1, 3 });
	placement_close(&p);
}

/* Five trace cpus on node 0, three on node 1; node 0 has as many cpus as it gets threads. */
static void threads_are_shared_node_by_node(void **state)
{
	static const uint8_t cpu_node[] = { 0, 0, 0, 0, 0, 1, 1, 1 };
	static const uint16_t of_3[] = { 0, 1, 0, 1, 0, 2, 2, 2 }, of_6[] = { 0, 1, 2, 3, 0, 4, 5, 4 };
	struct placement_wish wish = wish_of(cpu_node, 8, 2, NULL);

	(void)state;
	on_machine(TWO_NODES, false);
	wish.nr_threads = 3;
	struct placement p = open_placement(&wish);

	assert_memory_equal(p.thread_of, of_3, sizeof(of_3));
	cpus_are(&p, (const uint32_t[]){ 0, 2, 4 });
	placement_close(&p);

	wish.nr_threads = 6;
	p = open_placement(&wish);
	assert_memory_equal(p.thread_of, of_6, sizeof(of_6));
	assert_false(p.oversubscribed);
	placement_close(&p);
}

/* Seven of eight trace cpus are on a node with one cpu: threads go where cpus are free. */
static void threads_go_where_cpus_are(void **state)
{
	static const uint8_t cpu_node[] = { 0, 0, 0, 0, 1, 1, 1, 1 };
	struct placement_wish wish = wish_of(cpu_node, 8, 2, NULL);
	uint32_t on_0 = 0;

	(void)state;
	on_machine("node:2 core:2 pu:1", false);
	wish.nr_threads = 4;
	struct placement p = open_placement(&wish);

	for (uint32_t i = 0; i < 4; i++)
		on_0 += p.threads[i].node == 0;
	assert_int_equal(on_0, 2);
	placement_close(&p);
	wish.nr_threads = 5;
	refused(&wish, -ENODEV, "3 threads belong on node");
}

static void one_thread_for_several_nodes(void **state)
{
	static const uint16_t of[] = { 0, 0, 1, 1 };
	struct placement_wish wish = wish_of(four, 4, 4, "0=3,1=2,2=1,3=0");

	(void)state;
	on_machine(FOUR_NODES, false);
	wish.nr_threads = 2;
	struct placement p = open_placement(&wish);

	assert_memory_equal(p.thread_of, of, sizeof(of));
	cpus_are(&p, (const uint32_t[]){ 3, 1 });
	assert_int_equal(p.threads[1].trace_node, 2);
	assert_false(p.oversubscribed);
	assert_string_equal(p.sharing, "2 threads for the cpus of 4 trace nodes");
	placement_close(&p);
}

/* ---- limits ------------------------------------------------------------------------------------ */

/* A cgroup's limit of 1000 bytes, of which 300 are left, is what there is. */
static void cgroup_counts(void **state)
{
	static const char *const files[][2] = {
		{ "cgroup", "0::/a\n" },
		{ "mountinfo", "29 22 0:26 / /cg rw - cgroup2 cgroup2 rw\n" },
		{ "memory.max", "1000\n" },
		{ "memory.current", "700\n" },
	};
	char root[] = "/tmp/contigbench-test-XXXXXX", command[256];

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(command, sizeof(command), "mkdir -p %s/proc/self %s/cg/a", root, root);
	assert_false(system(command));
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(command, sizeof(command), "%s/%s/%s", root, i < 2 ? "proc/self" : "cg/a", files[i][0]);
		FILE *f = fopen(command, "w");

		assert_non_null(f);
		fputs(files[i][1], f);
		fclose(f);
	}
	cgroup_root = root;
	uint64_t left = placement_available_bytes();

	cgroup_root = "";
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_false(system(command));
	assert_int_equal(left, 300);
}

static void memory_is_there(void **state)
{
	(void)state;
	assert_true(placement_available_bytes() > 0);
	assert_true(placement_free_bytes(0) > 0);
	assert_true(placement_free_bytes(12345) == 0 || access("/sys/devices/system/node", F_OK));
}

/* argv[1]: MiB that `ulimit -d` allows. */
static int available_with_limit(int argc, char **argv)
{
	rlim_t most = (rlim_t)atoi(argv[argc - 1]) * MIB;

	setrlimit(RLIMIT_DATA, &(struct rlimit){ most, most });
	uint64_t left = placement_available_bytes();

	printf("%d\n", left > most / 2 && left < most);
	return 0;
}

static void ulimit_counts(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip(); /* these map terabytes themselves */
#endif
	if (placement_available_bytes() < 256 * MIB)
		skip();
	capture_command(&said, available_with_limit, "available 128");
	assert_string_equal(said.text, "1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nodes_in_ascending_order, on_this_machine),
		cmocka_unit_test_teardown(map_chooses_nodes, on_this_machine),
		cmocka_unit_test_teardown(four_nodes_in_any_order, on_this_machine),
		cmocka_unit_test_teardown(wrong_maps_are_refused, on_this_machine),
		cmocka_unit_test_teardown(memory_needs_a_place, on_this_machine),
		cmocka_unit_test(wrong_wishes_are_refused),
		cmocka_unit_test_teardown(fewer_nodes_must_be_asked_for, on_this_machine),
		cmocka_unit_test_teardown(shared_by_map, on_this_machine),
		cmocka_unit_test_teardown(fewer_cpus_must_be_asked_for, on_this_machine),
		cmocka_unit_test_teardown(threads_are_shared_node_by_node, on_this_machine),
		cmocka_unit_test_teardown(threads_go_where_cpus_are, on_this_machine),
		cmocka_unit_test_teardown(one_thread_for_several_nodes, on_this_machine),
		cmocka_unit_test(cgroup_counts),
		cmocka_unit_test(memory_is_there),
		cmocka_unit_test(ulimit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
