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
 * Tell `idn` about every page that /proc/kpageflags shows in use, except for the memory of this process itself. The
 * machine goes on meanwhile: what happens to a page after it was looked at must be told to `idn` afterwards.
 */
int host_snapshot(const struct host *h, struct identity *idn, struct contig_diag *diag);

#endif
