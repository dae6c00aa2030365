// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "replay.h"

const struct help_option help_replay_options[] = {
	{ "--requests", "N", "at most N requests in a replay (as many as the trace has time for)", NULL, NULL },
	{ "--interval-ms", "MS", "one request every MS milliseconds of virtual time (250)", NULL, NULL },
	{ "--hold-ms", "MS", "a range got is given back after MS milliseconds (100)", NULL, NULL },
	{ "--age", "N", "replay the trace N times before the pass that counts (0)", NULL, NULL },
	{ "--costs", "FILE|NAME",
	  "prices that make latencies of the work that requests do: a file of `contigbench calibrate`, or a name of `contigbench "
	  "list costs` (linux-6.18-epyc)",
	  NULL, "costs" },
	{ "--verify", "N", "check every invariant of the model after each N events; exit 1 if one is broken", NULL,
	  NULL },
	{ 0 },
};

const struct help_option help_caller_options[] = {
	{ "--caller", "WHO",
	  "who asks for contiguous memory: plain, one call for a range that is drawn; or cma, gigantic, virtio-mem or offline, a "
	  "user that looks for one by the rules of each release (plain)",
	  NULL, "plain|cma|gigantic|virtio-mem|offline" },
	{ "--cma", "SIZE",
	  "of the CMA area at the start of the first zone, in bytes or with K, M or G behind it; for cma and gigantic (cma: an "
	  "eighth of the zone; gigantic: none)",
	  NULL, NULL },
	{ "--cma-align", "ORDER", "CMA requests are aligned to no more than 2^ORDER pages (to their size)", NULL,
	  NULL },
	{ "--memory-block", "SIZE",
	  "what goes offline at a time, and the blocks in which virtio-mem has its memory (128M)", NULL, NULL },
	{ 0 },
};

const struct help_option help_geometry_options[] = {
	{ "--geometry", "NAME,...", "page size, orders and sections of a machine of `contigbench list geometries`",
	  "Several are a sweep of `contigbench run`: it is made for each of them. The next six go before what it says.",
	  ",geometry" },
	{ "--page-shift", "N", "log2 of a page in bytes", NULL, NULL },
	{ "--pageblock-order", "P", "log2 of a pageblock in pages", NULL, NULL },
	{ "--big-blocks", NULL, "P > M is meant: pageblock_order above MAX_PAGE_ORDER", NULL, NULL },
	{ "--max-order", "M,...", "MAX_PAGE_ORDER, inclusive",
	  "Several are a sweep of `contigbench run`, all in the same memory: zones are whole blocks of the largest order, and the "
	  "occupancy reached is printed where that misses the one asked for.",
	  NULL },
	{ "--big-buddies", NULL, "M > section is meant: MAX_PAGE_ORDER above the section order", NULL, NULL },
	{ "--section-order", "N", "log2 of a memory section in pages; 0: none", NULL, NULL },
	{ "--orders", "bytes|keep",
	  "where pages have another size than the trace's: allocations keep their bytes, and those smaller than a page share "
	  "pages; or they keep their order (bytes)",
	  NULL, "bytes|keep" },
	{ "--zones", "KIND,...",
	  "dma32: the low part of node 0 is ZONE_DMA32, up to 4 GiB or a quarter of it; movable=PERCENT: the end of each node is "
	  "ZONE_MOVABLE (one ZONE_NORMAL a node)",
	  NULL, ",dma32|movable=" },
	{ "--zone", "START+PAGES[@NODE[:TYPE]]",
	  "a zone, in pages, instead of --occupancy; TYPE is dma32, normal or movable; repeatable", NULL, NULL },
	{ "--nodes", "N", "deal the cpus of a trace of one node out to N nodes, in turn; allocations follow their cpu",
	  NULL, NULL },
	{ 0 },
};
