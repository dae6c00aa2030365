// SPDX-License-Identifier: MIT
/*
 * Requests that may not spill: what they migrate wants targets from the span's node first, along its list of fallback zones.
 * While that list ends behind the node's own zones, the machine is one without other nodes to them. (A cpuset does the same
 * up to v6.12 only: later targets are not hardwalled.)
 */
#include "contigbench.h"

void cb_stay_begin(const struct contigbench_request *r, struct cb_stay *stay)
{
	struct zoneref *z;
	int node;

	stay->ref = NULL;
	if (r->op != CONTIGBENCH_OP_RANGE || !r->stay)
		return;
	node = page_to_nid(pfn_to_page(r->start));
	for (z = NODE_DATA(node)->node_zonelists[ZONELIST_FALLBACK]._zonerefs; z->zone; z++) {
		if (zone_to_nid(z->zone) != node) {
			stay->ref = z;
			stay->zone = z->zone;
			WRITE_ONCE(z->zone, NULL);
			return;
		}
	}
}

void cb_stay_end(const struct cb_stay *stay)
{
	if (stay->ref)
		WRITE_ONCE(stay->ref->zone, stay->zone);
}
