// SPDX-License-Identifier: MIT
/* options_usage.c - what --help prints of the options of a replay, and how its parameters are written. */
#include "options.h"

#define GEOMETRY                                                                                                         \
	"Geometry (that of the machine the trace was recorded on):\n"                                                    \
	"      --geometry NAME      of `contigbench list geometries`; the next four go before what it says\n"            \
	"      --page-shift N       log2 of a page in bytes      --pageblock-order P, --big-blocks: P > M is meant\n"    \
	"      --section-order N    log2 of pages; 0: none       --max-order M, --big-buddies: M > section is meant\n"   \
	"      --orders bytes|keep  where pages have another size than the trace's: allocations keep their bytes, and\n" \
	"                           small ones share pages; or keep their order (bytes)\n"                               \
	"      --zones KINDS        dma32: the low part of node 0; movable=PERCENT: the end of each node\n"              \
	"      --zone START+PAGES[@NODE[:dma32|normal|movable]]   instead of --occupancy; repeatable\n"                  \
	"      --nodes N            deal the cpus of a trace of one node out to N nodes\n"

void run_options_usage(FILE *to)
{
	fputs("usage: contigbench run [OPTION...] [WORKLOAD...]\n"
	      "Replay traces on several backends, with contiguous requests laid over them: in virtual time, or by the wall clock.\n"
	      "A WORKLOAD is a .ctr file or a name of `contigbench list workloads`; without one, the first of those.\n\n"
	      "  -b, --backends A,B,...   what to compare, the first being the reference; KNOB=VALUE chained with +\n"
	      "                           (all of `contigbench list backends`)\n"
	      "      --occupancy LIST     the trace's peak use as percent of the zone (50,70,90)\n"
	      "      --seeds LIST         numbers and ranges; each seed is one replay (1-10)\n"
	      "      --sizes LIST         of a request: 64p is 64 pages, 2b two pageblocks (64p,1b,2b,4b,8b), 1m a memory\n"
	      "                           block (--caller virtio-mem: 1m)\n"
	      "      --caller WHO         who asks: plain, for given ranges; or cma, gigantic, virtio-mem, offline, by the\n"
	      "                           rules of each release (plain)\n"
	      "      --cma SIZE           of the CMA area at the start of the zone (cma: an eighth of it; gigantic: none)\n"
	      "      --cma-align ORDER    CMA requests are aligned to no more than 2^ORDER pages (to their size)\n"
	      "      --memory-block SIZE  what goes offline at a time, and virtio-mem's memory comes in (128M)\n"
	      "      --requests N         at most N requests in a replay (as many as the trace has time for)\n"
	      "      --interval-ms I      one request every I ms of virtual time (250)\n"
	      "      --hold-ms H          a range got is given back after H ms (100)\n"
	      "      --age N              replay the trace N times before the pass that counts (0)\n"
	      "      --passes N           N passes count, in one stretch of virtual time: requests and samples over all (1)\n"
	      "      --samples N          of fragmentation over the passes that count (20)\n"
	      "      --verify=N           check every invariant after each N events; exit 1 if one is broken\n"
	      "      --ablate A..B        instead of -b: from backend A to backend B, a knob at a time in the order of the\n"
	      "                           releases that brought it; gain and cost of each (70 %, 1b)\n" GEOMETRY
	      "                           --geometry and --max-order take lists: the run is made for each of them\n"
	      "Results:\n"
	      "  -j, --jobs N             replays at a time (number of cpus); changes no byte of the results\n"
	      "  -o, --output DIR         (results/DATE-REVISION)      --force: replace a results folder that exists\n"
	      "      --resume DIR         finish an interrupted run\n"
	      "      --json               print benchmark.json (ablation.json) instead of the table\n",
	      to);
	wall_options_usage(to);
}

void diverge_options_usage(FILE *to)
{
	fputs("usage: contigbench diverge -b A,B [OPTION...] [WORKLOAD]\n"
	      "Replay a trace on two backends in lockstep, and show the first event that they answer differently or\n"
	      "place elsewhere, and which knob makes the difference. Exit status: 0 no difference, 1 they part.\n\n"
	      "  -b, --backends A,B       KNOB=VALUE chained with + behind a name\n"
	      "      --answers            look at answers only: who gets pages, not which ones\n"
	      "      --count              to the end of the trace: how much differs, for each knob switched alone in A\n"
	      "      --occupancy PERCENT  the trace's peak use as percent of the zone (70)\n"
	      "      --seeds SEED         which ranges are asked for, and the order of ageing (1)\n"
	      "      --sizes SIZE         of a request: 64p is 64 pages, 2b two pageblocks (1b)\n"
	      "      --requests N, --interval-ms I, --hold-ms H, --age N, --verify=N,\n"
	      "      --caller WHO, --cma SIZE, --cma-align ORDER, --memory-block SIZE   as for `contigbench run`\n" GEOMETRY
	      "      --json               one JSON object instead of text\n",
	      to);
}

void run_size_label(const struct run_size *s, char out[16])
{
	snprintf(out, 16, "%u%c", s->count, s->memory_blocks ? 'm' : s->blocks ? 'b' : 'p');
}

void occupancy_label(uint32_t t, char out[16])
{
	int n = snprintf(out, 16, "%u", t / 1000);

	if (t % 1000) {
		n += snprintf(out + n, 16 - (size_t)n, ".%03u", t % 1000);
		while (out[n - 1] == '0')
			out[--n] = '\0';
	}
}
