// SPDX-License-Identifier: MIT
/* init.c - process 1: mounts, settings, the module, and where the agent itself lives. */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define MODULE "/contigbench.ko"

static const struct {
	const char *type, *on;
	const char *data;
} mounts[] = {
	{ "devtmpfs", "/dev", "mode=0755" },
	{ "proc", "/proc", NULL },
	{ "sysfs", "/sys", NULL },
	{ "tracefs", "/sys/kernel/tracing", NULL },
	{ "debugfs", "/sys/kernel/debug", NULL },
	{ "cgroup2", "/sys/fs/cgroup", NULL },
	{ "tmpfs", "/tmp", "mode=1777" },
	{ "tmpfs", "/run", "mode=0755" },
	{ "tmpfs", "/dev/shm", "mode=1777" },
	{ "devpts", "/dev/pts", "mode=0620" },
};

#define THP "/sys/kernel/mm/transparent_hugepage/"

/* What would move or split pages by itself goes off; a kernel without the setting has nothing to set. */
static const struct {
	const char *path, *value;
} settings[] = {
	{ THP "enabled", "madvise" },
	{ THP "defrag", "never" }, /* a THP where there is a free run, else none: faults do not compact */
	{ THP "khugepaged/defrag", "0" },
	{ THP "khugepaged/scan_sleep_millisecs", "4000000000" },
	{ "/sys/kernel/mm/ksm/run", "0" },
	{ "/proc/sys/vm/compaction_proactiveness", "0" },
	{ "/proc/sys/vm/watermark_boost_factor",
	  "0" }, /* else a fallback wakes kswapd, and that kcompactd, at some later time */
	{ "/proc/sys/vm/zone_reclaim_mode", "0" },
	{ "/proc/sys/vm/stat_interval",
	  "1000000" }, /* else per-cpu lists of idle nodes empty, and their limits decay */
	{ "/proc/sys/vm/swappiness", "0" },
	{ "/proc/sys/kernel/numa_balancing", "0" },
	{ "/proc/sys/kernel/hung_task_timeout_secs", "0" },
	{ "/proc/irq/3/smp_affinity", "1" }, /* ttyS1: cpu 1 is for requests */
	{ "/proc/irq/4/smp_affinity", "1" },
	{ "/sys/devices/virtual/workqueue/cpumask", "1" },
};

int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len + 1 < size && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	int err = n < 0 ? -errno : (int)len;

	close(fd);
	text[len] = '\0';
	return err;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int err = write(fd, text, strlen(text)) < 0 ? -errno : 0;

	close(fd);
	return err;
}

void pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set); /* a guest of one cpu has only cpu 0 */
}

void init_child(void)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	sched_setaffinity(0, sizeof(set), &set);
	syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
}

/*
 * The kernel's own words about the module: the last line of its log that names it, without the prefix "LEVEL,SEQ,TIME,FLAGS;".
 */
static void last_words(int kmsg, char *text, size_t size)
{
	char record[2048];
	ssize_t n;

	*text = '\0';
	while (kmsg >= 0 && (n = read(kmsg, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		const char *said = strchr(record, ';');

		if (said && strstr(said, "contigbench"))
			snprintf(text, size, "%.*s", (int)strcspn(said + 1, "\n"), said + 1);
	}
}

static const char *load_module(void)
{
	static char failed[1024];
	char said[512];
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC), kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (kmsg >= 0)
		lseek(kmsg, 0, SEEK_END);
	if (fd < 0) {
		snprintf(failed, sizeof(failed), "%s: %s", MODULE, strerror(errno));
	} else if (syscall(SYS_finit_module, fd, "", 0)) {
		int err = errno;

		last_words(kmsg, said, sizeof(said));
		snprintf(failed, sizeof(failed), "%s: %s%s%s", MODULE, strerror(err), *said ? ": " : "", said);
	} else {
		int rc = device_open();

		if (rc) {
			last_words(kmsg, said, sizeof(said));
			snprintf(failed, sizeof(failed), "%s: %s%s%s", CONTIGBENCH_DEVICE, strerror(-rc),
			         *said ? ": " : "", said);
		}
	}
	if (fd >= 0)
		close(fd);
	if (kmsg >= 0)
		close(kmsg);
	return *failed ? failed : NULL;
}

const char *init_guest(void)
{
	unsigned long node0 = 1;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].on, 0755);
		mount(mounts[i].type, mounts[i].on, mounts[i].type, 0, mounts[i].data);
	}
	/* an initramfs without /dev/console leaves these closed: nothing else may get their numbers */
	for (int null = open("/dev/null", O_RDWR); null >= 0 && null <= 2;)
		null = open("/dev/null", O_RDWR);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		write_file(settings[i].path, settings[i].value);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "dumb", 1);
	pin_to_cpu(AGENT_CPU);
	syscall(SYS_set_mempolicy, MPOL_BIND, &node0, sizeof(node0) * 8);
	/* before there are regions of user pages, which must not be locked: that is another list of the LRU */
	mlockall(MCL_CURRENT);
	return load_module();
}
