// SPDX-License-Identifier: MIT
/* machine.c - facts, from the kernel's own files. What a fact means: docs/measuring.md. */
#include <dirent.h>
#include <errno.h>
#include <hwloc.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroup.h"
#include "files.h"
#include "machine.h"
#include "machine_virtual.h"

#define CPU "/sys/devices/system/cpu/"

__attribute__((format(printf, 3, 4))) static void fact(struct machine *m, const char *key, const char *fmt, ...)
{
	va_list ap;

	if (m->nr == MACHINE_MAX_FACTS)
		return;
	struct machine_fact *f = &m->facts[m->nr++];

	snprintf(f->key, sizeof(f->key), "%s", key);
	va_start(ap, fmt);
	vsnprintf(f->value, sizeof(f->value), fmt, ap);
	va_end(ap);
	if (!*f->value)
		snprintf(f->value, sizeof(f->value), "unknown");
}

/* ---- facts that are a line of a file --------------------------------------------------------- */

struct line_fact {
	const char *key;
	const char *path;
	const char *line; /* key of a line, or NULL: the first one */
	bool chosen;      /* "always [madvise] never": the word in brackets */
};

static const struct line_fact line_facts[] = {
	{ "cpu", "/proc/cpuinfo", "model name", false },
	{ "microcode", "/proc/cpuinfo", "microcode", false },
	{ "cpu_mhz", "/proc/cpuinfo", "cpu MHz", false },
	{ "cpus_online", CPU "online", NULL, false },
	{ "cpus_allowed", "/proc/thread-self/status", "Cpus_allowed_list", false },
	{ "nodes_online", "/sys/devices/system/node/online", NULL, false },
	{ "nodes_allowed", "/proc/thread-self/status", "Mems_allowed_list", false },
	{ "smt", CPU "smt/control", NULL, false },
	{ "cpus_isolated", CPU "isolated", NULL, false },
	{ "cpus_nohz_full", CPU "nohz_full", NULL, false },
	{ "frequency_driver", CPU "cpu0/cpufreq/scaling_driver", NULL, false },
	{ "frequency_max_khz", CPU "cpu0/cpufreq/scaling_max_freq", NULL, false },
	{ "frequency_boost", CPU "cpufreq/boost", NULL, false },
	{ "intel_no_turbo", CPU "intel_pstate/no_turbo", NULL, false },
	{ "idle_driver", CPU "cpuidle/current_driver", NULL, false },
	{ "clock_source", "/sys/devices/system/clocksource/clocksource0/current_clocksource", NULL, false },
	{ "transparent_huge_pages", "/sys/kernel/mm/transparent_hugepage/enabled", NULL, true },
	{ "transparent_huge_pages_defrag", "/sys/kernel/mm/transparent_hugepage/defrag", NULL, true },
	{ "huge_pages_reserved", "/proc/meminfo", "HugePages_Total", false },
	{ "numa_balancing", "/proc/sys/kernel/numa_balancing", NULL, false },
	{ "zone_reclaim_mode", "/proc/sys/vm/zone_reclaim_mode", NULL, false },
	{ "swappiness", "/proc/sys/vm/swappiness", NULL, false },
	{ "same_page_merging", "/sys/kernel/mm/ksm/run", NULL, false },
	{ "randomize_va_space", "/proc/sys/kernel/randomize_va_space", NULL, false },
	{ "perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid", NULL, false },
	{ "memory_total", "/proc/meminfo", "MemTotal", false },
	{ "memory_available", "/proc/meminfo", "MemAvailable", false },
	{ "load_average", "/proc/loadavg", NULL, false },
};

static void keep_chosen(char *text)
{
	char *begin = strchr(text, '['), *end = begin ? strchr(begin, ']') : NULL;

	if (!end)
		return;
	*end = '\0';
	memmove(text, begin + 1, strlen(begin + 1) + 1);
}

static void add_lines(struct machine *m)
{
	for (size_t i = 0; i < sizeof(line_facts) / sizeof(*line_facts); i++) {
		const struct line_fact *l = &line_facts[i];
		char text[sizeof(m->facts->value)];
		bool found = file_line(text, sizeof(text), l->path, l->line);

		if (l->chosen)
			keep_chosen(text);
		/* a list that is there and empty */
		fact(m, l->key, "%s", found && !*text ? "none" : text);
	}
}

/* ---- facts that take more -------------------------------------------------------------------- */

static void add_kernel(struct machine *m)
{
	struct utsname u;
	int err = uname(&u);

	fact(m, "kernel", "%s", err ? "unknown" : u.release);
	fact(m, "kernel_build", "%s", err ? "unknown" : u.version);
	fact(m, "architecture", "%s", err ? "unknown" : u.machine);
	fact(m, "page_size", "%ld", sysconf(_SC_PAGESIZE));
}

/* Of all cpus: one that lags behind is what nobody looks for. */
static void add_governor(struct machine *m)
{
	char first[64], path[96], other[64];

	file_line(first, sizeof(first), CPU "cpu0/cpufreq/scaling_governor", NULL);
	for (long cpu = 1; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
		snprintf(path, sizeof(path), CPU "cpu%ld/cpufreq/scaling_governor", cpu);
		if (file_line(other, sizeof(other), path, NULL) && strcmp(first, other)) {
			fact(m, "governor", "%s, but %s on cpu %ld", first, other, cpu);
			return;
		}
	}
	fact(m, "governor", "%s", first);
}

/* Words of a list that becomes a fact. */
struct words {
	char text[sizeof(((struct machine_fact *)0)->value)];
};

static void words_add(struct words *w, const char *word)
{
	size_t used = strlen(w->text);

	snprintf(w->text + used, sizeof(w->text) - used, "%s%.100s", used ? " " : "", word);
}

static int no_dots(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

/* Each kernel knows of other holes in other cpus: those that it closes here. */
static void add_mitigations(struct machine *m)
{
	struct dirent **names;
	struct words closed = { "" };
	int nr = scandir(CPU "vulnerabilities", &names, no_dots, alphasort);

	for (int i = 0; i < nr; i++) {
		char path[sizeof(names[i]->d_name) + 64], line[64];

		snprintf(path, sizeof(path), CPU "vulnerabilities/%s", names[i]->d_name);
		file_line(line, sizeof(line), path, NULL);
		if (!strncmp(line, "Mitigation", strlen("Mitigation")))
			words_add(&closed, names[i]->d_name);
		free(names[i]);
	}
	if (nr >= 0)
		free(names);
	fact(m, "mitigations", "%s", *closed.text ? closed.text : nr > 0 ? "none" : "unknown");
}

/* Options that move work between cpus, or change what memory, system calls and idle cpus cost. */
static const char *const kernel_options[] = {
	"isolcpus=",
	"nohz_full=",
	"rcu_nocbs=",
	"mitigations=",
	"numa_balancing=",
	"transparent_hugepage=",
	"idle=",
	"processor.max_cstate=",
	"intel_idle.max_cstate=",
};

static bool is_kernel_option(const char *word)
{
	for (size_t i = 0; i < sizeof(kernel_options) / sizeof(*kernel_options); i++)
		if (!strncmp(word, kernel_options[i], strlen(kernel_options[i])))
			return true;
	return false;
}

/* The rest of the command line is nobody's business. */
static void add_command_line(struct machine *m)
{
	struct words found = { "" };
	char line[4096], *rest = line;
	bool known = file_line(line, sizeof(line), "/proc/cmdline", NULL);

	for (char *word; (word = strsep(&rest, " "));)
		if (is_kernel_option(word))
			words_add(&found, word);
	fact(m, "kernel_command_line", "%s",
	     *found.text ? found.text
	     : known     ? "nothing that matters here"
	                 : "unknown");
}

static void add_cgroup(struct machine *m)
{
	uint64_t quota, limit, left;

	if (!cgroup_cpu_quota(&quota))
		fact(m, "cgroup_cpu_quota", "unknown");
	else if (quota == CGROUP_NONE)
		fact(m, "cgroup_cpu_quota", "none");
	else
		fact(m, "cgroup_cpu_quota", "%" PRIu64 ".%03" PRIu64 " cpus", quota / 1000, quota % 1000);
	if (!cgroup_memory(&limit, &left))
		fact(m, "cgroup_memory_limit", "unknown");
	else if (limit == CGROUP_NONE)
		fact(m, "cgroup_memory_limit", "none");
	else
		fact(m, "cgroup_memory_limit", "%" PRIu64 " bytes", limit);
}

/* ---- time taken away ------------------------------------------------------------------------- */

/* The times of all cpus in the first line of /proc/stat, in ticks; of them the stolen ones. */
static bool cpu_times(uint64_t *all, uint64_t *stolen)
{
	uint64_t t[8];
	char line[256];

	if (!file_line(line, sizeof(line), "/proc/stat", NULL) ||
	    sscanf(line,
	           "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
	           &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 8)
		return false;
	*all = 0;
	for (int i = 0; i < 8; i++)
		*all += t[i];
	*stolen = t[7];
	return true;
}

uint64_t machine_steal_ns(void)
{
	uint64_t all, stolen;

	return cpu_times(&all, &stolen) ? stolen * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK)) : UINT64_MAX;
}

bool machine_throttled(uint64_t *times, uint64_t *ns)
{
	return cgroup_throttled(times, ns);
}

static void add_steal(struct machine *m)
{
	uint64_t all, stolen;

	if (cpu_times(&all, &stolen) && all)
		fact(m, "steal_since_boot", "%.2f %% of cpu time", (double)stolen * 100 / (double)all);
	else
		fact(m, "steal_since_boot", "unknown");
}

/* ---- topology -------------------------------------------------------------------------------- */

/* hwloc notes serial numbers where it may read them: results are passed on, and nobody needs those. */
static void drop_serials(char *xml)
{
	char *to = xml;

	for (char *line = xml, *next; *line; line = next) {
		size_t length = strcspn(line, "\n");

		next = line + length + (line[length] == '\n');
		char *name = memmem(line, length, "<info name=\"DMI", strlen("<info name=\"DMI"));

		if (name && (memmem(line, length, "Serial\"", 7) || memmem(line, length, "UUID\"", 5)))
			continue;
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	*to = '\0';
}

/* What taskset and cpusets leave of the machine, as XML and in numbers. */
static int add_topology(struct machine *m)
{
	const unsigned long flags = HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING;
	hwloc_topology_t t;
	char *xml = NULL;
	int length;

	if (hwloc_topology_init(&t))
		return -ENOMEM;
	if (hwloc_topology_set_flags(t, flags) || hwloc_topology_load(t) ||
	    hwloc_topology_export_xmlbuffer(t, &xml, &length, 0)) {
		fact(m, "hwloc", "unknown");
		fact(m, "topology", "unknown");
		hwloc_topology_destroy(t);
		return 0;
	}
	const char *version = hwloc_obj_get_info_by_name(hwloc_get_root_obj(t), "hwlocVersion");

	fact(m, "hwloc", "%s", version ? version : "unknown");
	fact(m, "topology", "%d packages, %d nodes, %d cores, %d threads; as allowed",
	     hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PACKAGE), hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_NUMANODE),
	     hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_CORE), hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PU));
	m->hwloc_xml = strdup(xml);
	hwloc_free_xmlbuffer(t, xml);
	hwloc_topology_destroy(t);
	if (!m->hwloc_xml)
		return -ENOMEM;
	drop_serials(m->hwloc_xml);
	return 0;
}

int machine_describe(struct machine *m)
{
	char text[sizeof(m->facts->value)];

	memset(m, 0, sizeof(*m));
	add_kernel(m);
	machine_hypervisor(text, sizeof(text));
	fact(m, "virtualisation", "%s", text);
	machine_container(text, sizeof(text));
	fact(m, "container", "%s", text);
	add_lines(m);
	add_governor(m);
	add_mitigations(m);
	add_command_line(m);
	add_cgroup(m);
	add_steal(m);
	return add_topology(m);
}

void machine_free(struct machine *m)
{
	free(m->hwloc_xml);
	m->hwloc_xml = NULL;
}
