// SPDX-License-Identifier: MIT
/*
 * test_binding.c - threads and memory are where the placement says, and what taskset, sandboxes and containers take away is
 * respected and named. What a child process is told is what it prints.
 */
#include <dirent.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/wall/placement.h"
#include "lib/capture.h"
#include "lib/forbid.h"
#include "lib/placements.h"

#define TWO_CPUS "node:2 core:1 pu:1" /* cpu 0 and cpu 1, each on a node of its own */
#define MIB      (1u << 20)

static const uint8_t in_turn[] = { 0, 1 };
static const uint8_t all_on_0[2];

static struct capture said;

/* ---- what taskset and sandboxes take away ------------------------------------------------------ */

/* As taskset does before a program begins: all threads, for ThreadSanitizer has one of its own. */
static void only_cpu(size_t cpu)
{
	DIR *tasks = opendir("/proc/self/task");
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	for (struct dirent *e; tasks && (e = readdir(tasks));)
		if (e->d_name[0] != '.' && sched_setaffinity(atoi(e->d_name), sizeof(set), &set))
			_exit(98);
	closedir(tasks);
}

/* On a machine of two nodes with one cpu each, of which taskset leaves cpu 1. argv[1]: map or "-", argv[2]: nodes. */
static int open_on_cpu_1(int argc, char **argv)
{
	uint32_t nodes = (uint32_t)atoi(argv[argc - 1]);
	struct placement_wish wish = wish_of(in_turn, nodes, nodes, strcmp(argv[1], "-") ? argv[1] : NULL);
	struct contig_diag diag = { "" };
	struct placement p;

	only_cpu(1);
	on_machine(TWO_CPUS, true);
	int rc = placement_open(&p, &wish, &diag);

	if (!rc)
		placement_print(&p, stdout);
	placement_close(&p);
	return tell(rc, &diag);
}

static bool one_cpu_only(void)
{
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set) && CPU_ISSET(0, &set) && CPU_ISSET(1, &set))
		return false;
	print_message("not tested: this process may not use both cpu 0 and cpu 1\n");
	return true;
}

static void taskset_takes_nodes_away(void **state)
{
	(void)state;
	if (one_cpu_only())
		skip();
	capture_command(&said, open_on_cpu_1, "open - 1");
	assert_string_equal(said.text, "trace node 0 -> node 1\ntrace cpu 0 (node 0) -> thread 0 on cpu 1 (node 1)\n");
	capture_command(&said, open_on_cpu_1, "open 0=0 1");
	assert_non_null(strstr(said.text, "-22: --map 0=0: node 0 exists, but taskset or a cpuset (cgroup) left this "
	                                  "process none of its cpus"));
	capture_command(&said, open_on_cpu_1, "open 0=2 1");
	assert_non_null(strstr(said.text, "this machine has no node 2; its nodes: 0, 1"));
	capture_command(&said, open_on_cpu_1, "open - 2");
	assert_non_null(strstr(said.text,
	                       "-19: the trace has 2 nodes, and this machine 1 that can be used: 1 (taskset, "
	                       "a cgroup or a memory policy took others away: it has 0, 1); --oversubscribe"));
}

/* Memory alone may lie on a node none of whose cpus is left. */
static int memory_without_cpus(int argc, char **argv)
{
	struct placement_wish wish = wish_of(all_on_0, 1, 2, "0=1,1=0");
	struct contig_diag diag = { "" };
	struct placement p;

	(void)argc, (void)argv;
	only_cpu(1);
	on_machine(TWO_CPUS, true);
	int rc = placement_open(&p, &wish, &diag);

	placement_close(&p);
	return tell(rc, &diag);
}

static void memory_may_lie_where_no_cpu_is_left(void **state)
{
	(void)state;
	if (one_cpu_only())
		skip();
	capture_command(&said, memory_without_cpus, "open");
	assert_string_equal(said.text, "");
	assert_int_equal(said.status, 0);
}

static struct placement open_here(bool bind)
{
	struct placement_wish wish = wish_of(all_on_0, 1, 1, NULL);

	wish.bind = bind;
	return open_placement(&wish);
}

static int pin(int argc, char **argv)
{
	struct placement p = open_here(true);
	struct contig_diag diag = { "" };

	if (argc > 1 && !strcmp(argv[1], "forbidden"))
		forbid_call(SYS_sched_setaffinity, EPERM);
	if (argc > 1 && !strcmp(argv[1], "ignored")) /* a sandbox that says yes to everything */
		forbid_call(SYS_sched_setaffinity, 0);
	int rc = placement_pin(&p, 0, &diag);

	if (!rc)
		printf("%d\n", sched_getcpu() == (int)p.threads[0].cpu);
	placement_close(&p);
	return tell(rc, &diag);
}

/* Two threads where taskset leaves this machine's cpu 1: refused, or both there. */
static int two_on_cpu_1(int argc, char **argv)
{
	struct placement_wish wish = wish_of(all_on_0, 2, 1, NULL);
	struct contig_diag diag = { "" };
	struct placement p;

	(void)argv;
	only_cpu(1);
	wish.oversubscribe = argc > 1;
	int rc = placement_open(&p, &wish, &diag);

	if (!rc)
		printf("%u %u %s\n", p.threads[0].cpu, p.threads[1].cpu, p.sharing);
	if (!rc)
		rc = placement_pin(&p, 1, &diag);
	placement_close(&p);
	return tell(rc, &diag);
}

static void taskset_is_respected_here(void **state)
{
	(void)state;
	if (one_cpu_only())
		skip();
	capture_command(&said, two_on_cpu_1, "open");
	assert_non_null(strstr(said.text, "-19: 2 threads belong on node"));
	assert_non_null(strstr(said.text, "this process may use 1 of its cpus"));
	capture_command(&said, two_on_cpu_1, "open --oversubscribe");
	assert_string_equal(said.text, "1 1 2 threads on 1 cpu\n");
}

static void pinned_and_asked_for(void **state)
{
	(void)state;
	capture_command(&said, pin, "pin");
	assert_string_equal(said.text, "1\n");
	capture_command(&said, pin, "pin forbidden");
	assert_non_null(strstr(said.text, "-1: thread 0 can not be pinned to cpu"));
	assert_non_null(strstr(said.text, "a container or sandbox forbids sched_setaffinity()"));
	if (!one_cpu_only()) {
		capture_command(&said, pin, "pin ignored");
		assert_non_null(strstr(said.text, "the kernel does not say that it is"));
	}
}

/* hwloc pretends to bind on a machine that it only knows from a file. */
static void not_pinned_elsewhere(void **state)
{
	struct placement_wish wish = wish_of(all_on_0, 1, 1, NULL);
	struct contig_diag diag = { "" };

	(void)state;
	on_machine("node:2 core:2 pu:2", false);
	struct placement p = open_placement(&wish);

	assert_int_equal(placement_pin(&p, 0, &diag), -ENODEV);
	assert_non_null(strstr(diag.text, "read from HWLOC_SYNTHETIC"));
	assert_int_equal(placement_bind(&p, (void *)(uintptr_t)4096, 4096, 0, &diag), -ENODEV);
	placement_close(&p);
}

/* The description puts cpu 1 on a node that it is not on. */
static int pin_to_wrong_node(int argc, char **argv)
{
	struct placement_wish wish = wish_of(in_turn, 2, 2, NULL);
	struct contig_diag diag = { "" };

	(void)argc, (void)argv;
	on_machine(TWO_CPUS, true);
	struct placement p = open_placement(&wish);
	int rc = placement_pin(&p, 0, &diag);

	if (!rc)
		rc = placement_pin(&p, 1, &diag);
	placement_close(&p);
	return tell(rc, &diag);
}

static void node_is_the_kernels(void **state)
{
	(void)state;
	if (one_cpu_only() || !access("/sys/devices/system/node/node1", F_OK))
		skip();
	capture_command(&said, pin_to_wrong_node, "pin");
	assert_non_null(strstr(said.text, "cpu 1 is on node 0 by the kernel's account, and on node 1 by hwloc's, read "
	                                  "from HWLOC_SYNTHETIC"));
}

/* ---- memory ----------------------------------------------------------------------------------- */

static char *map_mib(void)
{
	char *at = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

/* Bound, half of it touched: the kernel says so for each page. */
static void bound_and_verified(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct placement p = open_here(true);
	struct placement_found found = { 0 };
	struct contig_diag diag = { "" };
	char *at = map_mib();

	(void)state;
	int rc = placement_bind(&p, at, MIB, 0, &diag);

	if (rc == -EPERM) {
		print_message("not tested: %s\n", diag.text);
		skip();
	}
	assert_int_equal(rc, 0);
	int policy = -1;

	/* bound, not only preferred */
	assert_false(syscall(SYS_get_mempolicy, &policy, NULL, 0ul, at, MPOL_F_ADDR));
	assert_int_equal(policy, MPOL_BIND);
	memset(at, 1, MIB / 2);
	assert_int_equal(placement_verify(&p, at, MIB, 0, &found, &diag), 0);
	assert_int_equal(found.right, MIB / 2 / page);
	assert_int_equal(found.untouched, MIB / 2 / page);
	assert_int_equal(found.wrong, 0);

	/* the same pages held against another node: wrong, every one */
	p.node_of[0]++;
	assert_int_equal(placement_verify(&p, at, MIB, 0, &found, &diag), 0);
	assert_int_equal(found.wrong, MIB / 2 / page);
	munmap(at, MIB);
	placement_close(&p);
}

static void not_bound_not_counted(void **state)
{
	struct placement p = open_here(false);
	struct placement_found found = { 0 };
	char *at = map_mib(), *text = printed(&p);

	(void)state;
	assert_non_null(strstr(text, ", memory not bound\n"));
	assert_int_equal(placement_bind(&p, at, MIB, 0, NULL), 0);
	*at = 1;
	assert_int_equal(placement_verify(&p, at, MIB, 0, &found, NULL), 0);
	assert_int_equal(found.right + found.wrong + found.untouched, 0);
	free(text);
	munmap(at, MIB);
	placement_close(&p);
}

static void no_such_node(void **state)
{
	struct placement p = open_here(true);
	struct contig_diag diag = { "" };
	char *at = map_mib();

	(void)state;
	p.node_of[0] = 1000;
	assert_int_equal(placement_bind(&p, at, MIB, 0, &diag), -ENODEV);
	assert_non_null(strstr(diag.text, "can not be bound to node 1000"));
	munmap(at, MIB);
	placement_close(&p);
}

static int bind_forbidden(int argc, char **argv)
{
	struct placement p = open_here(true);
	struct placement_found found = { 0 };
	struct contig_diag diag = { "" };
	char *at = map_mib();

	forbid_call(SYS_mbind, argc > 1 && !strcmp(argv[1], "ENOSYS") ? ENOSYS : EPERM);
	forbid_call(SYS_move_pages, EPERM);
	tell(placement_bind(&p, at, MIB, 0, &diag), &diag);
	tell(placement_verify(&p, at, MIB, 0, &found, &diag), &diag);
	placement_close(&p);
	return 0;
}

static void no_right_to_bind(void **state)
{
	(void)state;
	capture_command(&said, bind_forbidden, "bind");
	assert_non_null(strstr(said.text, "-1: memory can not be bound to its node (mbind): Operation not permitted, a "
	                                  "container or sandbox forbids it (Docker: --cap-add SYS_NICE); --bind no"));
	assert_non_null(strstr(said.text, "-1: where memory lies can not be verified (move_pages): Operation not "));
	capture_command(&said, bind_forbidden, "bind ENOSYS");
	assert_non_null(strstr(said.text, "this kernel has no NUMA; --bind no"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taskset_takes_nodes_away),
		cmocka_unit_test(memory_may_lie_where_no_cpu_is_left),
		cmocka_unit_test(taskset_is_respected_here),
		cmocka_unit_test(pinned_and_asked_for),
		cmocka_unit_test_teardown(not_pinned_elsewhere, on_this_machine),
		cmocka_unit_test(node_is_the_kernels),
		cmocka_unit_test(bound_and_verified),
		cmocka_unit_test(not_bound_not_counted),
		cmocka_unit_test(no_such_node),
		cmocka_unit_test(no_right_to_bind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
