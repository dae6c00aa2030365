// SPDX-License-Identifier: MIT
/* test_machine.c - facts of the machine, under taskset too, and control groups read from trees of the test's own. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/measure/cgroup.h"
#include "../bench/measure/files.h"
#include "../bench/measure/machine.h"

static struct machine m;

static int forget(void **state)
{
	(void)state;
	machine_free(&m);
	return 0;
}

static const char *value_of(const char *key)
{
	for (size_t i = 0; i < m.nr; i++)
		if (!strcmp(m.facts[i].key, key))
			return m.facts[i].value;
	fail_msg("no fact %s", key);
	return NULL;
}

static unsigned int times_in(const char *text, const char *word)
{
	unsigned int n = 0;

	for (const char *p = text; (p = strstr(p, word)); p += strlen(word))
		n++;
	return n;
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* Each is there once, and says something; what this machine does not have is "unknown". */
static void facts_are_there(void **state)
{
	static const char *const keys[] = {
		"kernel",
		"architecture",
		"cpu",
		"virtualisation",
		"container",
		"governor",
		"clock_source",
		"mitigations",
		"transparent_huge_pages",
		"numa_balancing",
		"swappiness",
		"smt",
		"load_average",
		"cpus_online",
		"cpus_allowed",
		"nodes_online",
		"nodes_allowed",
		"cpus_isolated",
		"kernel_command_line",
		"cgroup_cpu_quota",
		"cgroup_memory_limit",
		"steal_since_boot",
		"hwloc",
		"topology",
	};
	struct utsname u;

	(void)state;
	assert_int_equal(machine_describe(&m), 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		value_of(keys[i]);
	for (size_t i = 0; i < m.nr; i++) {
		assert_true(*m.facts[i].value);
		assert_ptr_equal(value_of(m.facts[i].key), m.facts[i].value);
		assert_null(strchr(m.facts[i].value, '['));
	}
	assert_true(m.nr < MACHINE_MAX_FACTS);
	assert_int_equal(uname(&u), 0);
	assert_string_equal(value_of("kernel"), u.release);
	assert_non_null(strstr(m.hwloc_xml, "<topology"));
}

/* On one cpu: both the kernel's list and hwloc's topology are of that one, the machine is still the machine. */
static void taskset_is_respected(void **state)
{
	cpu_set_t before, one;
	char online[208], number[16];
	size_t cpu = CPU_SETSIZE - 1;

	(void)state;
	assert_int_equal(machine_describe(&m), 0);
	snprintf(online, sizeof(online), "%s", value_of("cpus_online"));
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(times_in(m.hwloc_xml, "type=\"PU\""), CPU_COUNT(&before));
	machine_free(&m);
	while (!CPU_ISSET(cpu, &before))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	snprintf(number, sizeof(number), "%zu", cpu);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	int rc = machine_describe(&m);

	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(rc, 0);
	assert_string_equal(value_of("cpus_allowed"), number);
	assert_string_equal(value_of("cpus_online"), online);
	assert_int_equal(times_in(m.hwloc_xml, "type=\"PU\""), 1);
	assert_non_null(strstr(value_of("topology"), "1 threads"));
}

/* ---- trees of the test's own ----------------------------------------------------------------- */

static char root[64];

static int plant(void **state)
{
	(void)state;
	strcpy(root, "/tmp/machine-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	cgroup_root = root;
	return 0;
}

static int uproot(void **state)
{
	char command[128];

	cgroup_root = "";
	forget(state);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static void put(const char *path, const char *text)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = strchr(full + strlen(root) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	FILE *f = fopen(full, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/*
 * Version 2, limits on two levels: the tighter one counts, wherever it is.
 *
 *	/            no files
 *	  a          1.5 cpus, 900 MB of which 100 are left and 50 more are clean file pages
 *	    b        2 cpus, 800 MB, used 100
 */
static void version_2(void **state)
{
	uint64_t quota, limit, left, times, ns;

	(void)state;
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/proc/self/mountinfo", "29 22 0:26 / /cg rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
	put("/cg/a/cpu.max", "150000 100000\n");
	put("/cg/a/cpu.stat", "usage_usec 12\nnr_periods 9\nnr_throttled 4\nthrottled_usec 70\n");
	put("/cg/a/memory.max", "900000000\n");
	put("/cg/a/memory.current", "800000000\n");
	put("/cg/a/memory.stat", "anon 1\ninactive_anon 7\ninactive_file 50000000\n");
	put("/cg/a/b/cpu.max", "200000 100000\n");
	put("/cg/a/b/cpu.stat", "nr_throttled 1\nthrottled_usec 5\n");
	put("/cg/a/b/memory.max", "800000000\n");
	put("/cg/a/b/memory.current", "100000000\n");
	assert_true(cgroup_cpu_quota(&quota));
	assert_int_equal(quota, 1500);
	assert_true(cgroup_memory(&limit, &left));
	assert_int_equal(limit, 800000000);
	assert_int_equal(left, 150000000);
	assert_true(cgroup_throttled(&times, &ns));
	assert_int_equal(times, 5);
	assert_int_equal(ns, 75000);
	put("/cg/a/cpu.max", "max 100000\n");
	put("/cg/a/b/cpu.max", "max 100000\n");
	put("/cg/a/memory.max", "max\n");
	put("/cg/a/b/memory.max", "max\n");
	put("/cg/a/b/memory.high", "700000000\n");
	assert_true(cgroup_memory(&limit, &left));
	assert_int_equal(limit, 700000000);
	assert_int_equal(left, 600000000);
	put("/cg/a/b/memory.high", "max\n");
	assert_true(cgroup_cpu_quota(&quota));
	assert_true(quota == CGROUP_NONE);
	assert_true(cgroup_memory(&limit, &left));
	assert_true(limit == CGROUP_NONE && left == CGROUP_NONE);
	assert_false(machine_throttled(&times, &ns));
}

/* Version 1 in a container: the mount shows the tree from the container's group on. Version 2 is mounted, too, and empty. */
static void version_1(void **state)
{
	uint64_t quota, limit, left, times, ns;

	(void)state;
	put("/proc/self/cgroup", "4:memory:/docker/12/in\n3:cpuset:/\n2:cpu,cpuacct:/docker/12\n0::/\n");
	put("/proc/self/mountinfo", "30 1 0:1 / /cg/unified rw - cgroup2 none rw\n"
	                            "31 1 0:2 /docker/12 /cg/cpuset rw - cgroup none rw,cpuset\n"
	                            "32 1 0:3 /docker/12 /cg/cpu rw master:1 - cgroup none rw,cpuacct,cpu\n"
	                            "33 1 0:4 /docker/12 /cg/memory rw - cgroup none rw,memory\n");
	put("/cg/cpu/cpu.cfs_quota_us", "50000\n");
	put("/cg/cpu/cpu.cfs_period_us", "100000\n");
	put("/cg/cpu/cpu.stat", "nr_periods 3\nnr_throttled 2\nthrottled_time 40\n");
	put("/cg/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put("/cg/memory/in/memory.limit_in_bytes", "300000000\n");
	put("/cg/memory/in/memory.usage_in_bytes", "290000000\n");
	put("/cg/memory/in/memory.stat", "inactive_file 1\ntotal_inactive_file 20000000\n");
	assert_true(cgroup_cpu_quota(&quota));
	assert_int_equal(quota, 500);
	assert_true(cgroup_memory(&limit, &left));
	assert_int_equal(limit, 300000000);
	assert_int_equal(left, 30000000);
	assert_true(machine_throttled(&times, &ns));
	assert_int_equal(times, 2);
	assert_int_equal(ns, 40);
	put("/cg/cpu/cpu.cfs_quota_us", "-1\n");
	assert_true(cgroup_cpu_quota(&quota));
	assert_true(quota == CGROUP_NONE);
}

/* A group outside of what the container sees: limits of the top of what it sees still hold. */
static void a_group_out_of_sight(void **state)
{
	uint64_t quota;

	(void)state;
	put("/proc/self/cgroup", "0::/../other\n");
	put("/proc/self/mountinfo", "29 22 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
	put("/cg/cpu.max", "25000 100000\n");
	put("/other/cpu.max", "1000 100000\n");
	assert_true(cgroup_cpu_quota(&quota));
	assert_int_equal(quota, 250);
}

static void no_groups_is_unknown(void **state)
{
	uint64_t quota, limit, left, times, ns;

	(void)state;
	assert_false(cgroup_cpu_quota(&quota));
	assert_false(cgroup_memory(&limit, &left));
	assert_false(cgroup_throttled(&times, &ns));
	assert_int_equal(machine_describe(&m), 0);
	assert_string_equal(value_of("cgroup_cpu_quota"), "unknown");
	assert_string_equal(value_of("cgroup_memory_limit"), "unknown");
}

/* A topology in which hwloc has noted serial numbers, as it does for root on real machines. */
static void serial_numbers_are_left_out(void **state)
{
	static const char secret[] = "<info name=\"DMIProductName\" value=\"Shed\"/>\n"
				     "    <info name=\"DMIProductSerial\" value=\"secret1\"/>\n"
				     "    <info name=\"DMIProductUUID\" value=\"secret2\"/>\n    ";
	char path[128], *text;

	(void)state;
	assert_int_equal(machine_describe(&m), 0);
	char *at = strstr(m.hwloc_xml, "<info ");

	assert_non_null(at);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - m.hwloc_xml), m.hwloc_xml, secret, at) > 0);
	put("/topology.xml", text);
	free(text);
	machine_free(&m);
	snprintf(path, sizeof(path), "%s/topology.xml", root);
	setenv("HWLOC_XMLFILE", path, 1);
	int rc = machine_describe(&m);

	unsetenv("HWLOC_XMLFILE");
	assert_int_equal(rc, 0);
	assert_non_null(strstr(m.hwloc_xml, "Shed"));
	assert_null(strstr(m.hwloc_xml, "secret"));
	assert_non_null(strstr(m.hwloc_xml, "</topology>"));
}

/* ---- files and time -------------------------------------------------------------------------- */

static void lines_numbers_and_words(void **state)
{
	char path[128], out[32];
	uint64_t n;

	(void)state;
	put("/f", "count 12\ncounted\t: a b  \nlast: 7");
	snprintf(path, sizeof(path), "%s/f", root);
	assert_true(file_line(out, sizeof(out), path, NULL));
	assert_string_equal(out, "count 12");
	assert_true(file_line(out, sizeof(out), path, "counted"));
	assert_string_equal(out, "a b  ");
	assert_true(file_line(out, sizeof(out), path, "last"));
	assert_string_equal(out, "7");
	assert_false(file_line(out, sizeof(out), path, "las"));
	assert_string_equal(out, "unknown");
	assert_false(file_number(&n, path));
	assert_true(file_keyed_number(&n, path, "count"));
	assert_int_equal(n, 12);
	assert_true(list_has_word("tsc kvm-clock", "tsc"));
	assert_true(list_has_word("constant_tsc tsc\n", "tsc"));
	assert_false(list_has_word("constant_tsc tsc_known_freq", "tsc"));
}

static void steal_does_not_go_back(void **state)
{
	uint64_t before = machine_steal_ns();

	(void)state;
	assert_true(before != UINT64_MAX);
	assert_true(machine_steal_ns() >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(facts_are_there, forget),
		cmocka_unit_test_teardown(taskset_is_respected, forget),
		cmocka_unit_test_setup_teardown(version_2, plant, uproot),
		cmocka_unit_test_setup_teardown(version_1, plant, uproot),
		cmocka_unit_test_setup_teardown(a_group_out_of_sight, plant, uproot),
		cmocka_unit_test_setup_teardown(no_groups_is_unknown, plant, uproot),
		cmocka_unit_test_setup_teardown(serial_numbers_are_left_out, plant, uproot),
		cmocka_unit_test_setup_teardown(lines_numbers_and_words, plant, uproot),
		cmocka_unit_test(steal_does_not_go_back),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, forget);
}
