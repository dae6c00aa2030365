/* SPDX-License-Identifier: MIT */
/*
 * cgroup.h - what the control groups of this process leave it, version 1 or 2. A limit may be set on any level above, so
 * the tightest one counts. CGROUP_NONE: no limit; false: the kernel does not say.
 */
#ifndef MEASURE_CGROUP_H
#define MEASURE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#define CGROUP_NONE UINT64_MAX

/* In front of /proc/self and of mount points: "", but for tests, which have trees of their own. */
extern const char *cgroup_root;

/* Cpu time per time in thousandths: 1500 is one and a half cpus. */
bool cgroup_cpu_quota(uint64_t *thousandths);
/* Bytes; of them not in use yet, or in use for clean file pages that can be dropped. */
bool cgroup_memory(uint64_t *limit, uint64_t *left);
/* Since the groups were made: how often, and for how many ns of cpu time, a quota stopped any of their processes. */
bool cgroup_throttled(uint64_t *times, uint64_t *ns);

#endif
