/* SPDX-License-Identifier: MIT */
/* host.h - the memory of the running machine as /proc shows it: zones, geometry, and what its pages are used for. */
#ifndef HOST_H
#define HOST_H

#include "identity.h"

struct host_zone {
	struct identity_zone span;
	uint64_t managed; /* pages */
	uint64_t on_pcp;  /* pages on per-cpu lists when it was read */
};

struct host {
	struct host_zone zones[CONTIG_MAX_ZONES];
	size_t nr_zones;
	uint32_t nr_nodes;
	uint8_t page_shift;
	uint8_t pageblock_order;
	uint8_t max_order;
};

/* Zones from /proc/zoneinfo, P from /proc/pagetypeinfo, M from /proc/buddyinfo. -errno with *diag filled in. */
int host_read(struct host *h, struct contig_diag *diag);

/*
 * Give the free pages on per-cpu lists back to the buddy, and keep the lists at a few hundred pages a cpu and zone
 * until host_release_pcp(). What is on them may be a quarter of what seems to be in use, and /proc/kpageflags can not
 * tell it from kernel memory. Best effort: it takes some ten milliseconds and changes vm.percpu_pagelist_high_fraction.
 */
struct host_pcp {
	char fraction[32]; /* to be restored; empty: nothing was changed */
};
void host_drain_pcp(struct host_pcp *pcp);
void host_release_pcp(struct host_pcp *pcp);

/*
 * Tell `idn` about every page that /proc/kpageflags shows in use, except for the memory of this process itself. The
 * machine goes on meanwhile: what happens to a page after it was looked at must be told to `idn` afterwards.
 */
int host_snapshot(const struct host *h, struct identity *idn, struct contig_diag *diag);

#endif
