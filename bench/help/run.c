// SPDX-License-Identifier: MIT
#include "commands.h"
#include "replay.h"

static const struct help_option options[] = {
	{ "WORKLOAD", NULL, "a .ctr file or a name of `contigbench list workloads`; without one, the first of those",
	  NULL, "workload" },
	{ "-b, --backends", "BACKEND,...",
	  "what to compare, the first being the reference of the differences; KNOB=VALUE chained with + (all of `contigbench list "
	  "backends`)",
	  NULL, ",backend" },
	{ "--occupancy", "LIST", "the trace's peak use in percent of the zone, above 0 and up to 100 (50,70,90)", NULL,
	  NULL },
	{ "--seeds", "LIST", "numbers from 1 on, and ranges of them; each seed is one replay of each row (1-10)", NULL,
	  NULL },
	{ "--sizes", "LIST",
	  "of a request, powers of two: 64p is 64 pages, 2b two pageblocks, 1m a memory block, for virtio-mem "
	  "(64p,1b,2b,4b,8b; virtio-mem: 1m)",
	  NULL, NULL },
	{ "--passes", "N", "N passes count, in one stretch of virtual time: requests and samples over all (1)", NULL,
	  NULL },
	{ "--samples", "N", "of fragmentation over the passes that count (20)", NULL, NULL },
	{ "--ablate", "A..B",
	  "instead of -b: from backend A to backend B, a knob at a time in the order of the releases that brought it; gain and "
	  "cost of each (70 %, 1b)",
	  "The gain in success rate and the cost in migrated pages of each step through the releases between them, of each knob "
	  "alone in A, of each knob taken out of B, and what these leave over. Knobs that can not stand apart move together.",
	  "backend" },
	{ "--clock", "virtual|wall", "virtual time, or threads and the wall clock: see below (virtual)", NULL,
	  "virtual|wall" },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

static const struct help_option results[] = {
	{ "-j, --jobs", "N", "replays at a time; changes no byte of the results (the number of cpus)", NULL, NULL },
	{ "-o, --output", "DIR", "the results folder (results/DATE-REVISION)", NULL, "dir" },
	{ "--force", NULL, "replace a results folder that exists", NULL, NULL },
	{ "--resume", "DIR", "finish an interrupted run",
	  "Ctrl-C keeps the finished replays in `DIR.partial` and says how to go on.", "dir" },
	{ "--json", NULL, "print benchmark.json, or ablation.json, instead of the table", NULL, NULL },
	{ 0 },
};

static const struct help_option wall[] = {
	{ "--threads", "LIST", "numbers of threads; fewer than trace cpus share them (one a trace cpu)", NULL, NULL },
	{ "--map", "NODE=NODE,...", "trace node = node of this machine, for example 0=1,1=0 (in ascending order)",
	  "Threads are pinned to cpus of that node, and memory is bound there.", NULL },
	{ "--oversubscribe", NULL,
	  "nodes may share nodes, and threads cpus, which is refused otherwise; said in every result", NULL, NULL },
	{ "--bind", "yes|no", "bind memory to the node of its zone, and ask the kernel whether it lies there (yes)",
	  NULL, "yes|no" },
	{ "--backing", "none|memory",
	  "memory: pages are real memory, migration copies them, contents are checked (none)", NULL, "none|memory" },
	{ "--pace", "fast|trace|X",
	  "as fast as possible, in the trace's own time, or X trace seconds a second, with the lag reported (fast)",
	  NULL, "fast|trace" },
	{ "--window-ms", "MS", "trace time that the fastest thread may be ahead of the slowest (10)", NULL, NULL },
	{ "--timing", "every|sampled|batch", "operations that are timed: all, one in 64, none (sampled)", NULL,
	  "every|sampled|batch" },
	{ "--counters", "none|run|phases", "perf events of the counted pass, or also of each phase of requests (run)",
	  NULL, "none|run|phases" },
	{ 0 },
};

const struct help help_run = {
	.name = "run",
	.summary = "replay a trace in virtual time with contiguous requests laid over it",
	.usage = (const char *const[]){ "contigbench run [OPTION...] [WORKLOAD...]", NULL },
	.text = "Replay traces on several backends, with contiguous requests laid over them: in virtual time, or by the wall clock.",
	.more = "In virtual time latencies are modelled: work counted, and priced by a table (--costs).",
	.groups =
		(const struct help_group[]){
			{ NULL, NULL, options },
			{ "Who asks", NULL, help_caller_options },
			{ "The replay", NULL, help_replay_options },
			{ "Geometry (that of the machine the trace was recorded on)",
	                  "--geometry and --max-order take lists: the run is made for each of them.",
	                  help_geometry_options },
			{ "Results", NULL, results },
			{ "The wall clock (--clock wall)",
	                  "Each repetition of a row is one replay, by threads, one a trace cpu, pinned to cpus of the node that "
	                  "its node is mapped to, under real locks, and a benchmark of Google Benchmark. Latencies are "
	                  "measured. Occupancy 70, seed 1, size 1b, all backends made for threads, 5 repetitions in random "
	                  "order by default. Other callers than plain, --ablate, --resume, --passes, --samples and -j are refused; an "
	                  "interrupted run keeps the replays that were finished.",
	                  wall },
			{ "Google Benchmark's own flags, of the wall clock",
	                  "5 repetitions, and random interleaving, unless they say otherwise.", help_benchmark_flags },
			{ 0 } },
	.examples =
		(const struct help_example[]){
			{ "contigbench run -b linux-5.10,linux-5.10+iso_align=block --age 1 --sizes 1b",
	                  "what isolating whole MAX_ORDER ranges costs against pageblocks, on the shipped trace" },
			{ "contigbench run --ablate linux-5.10..linux-7.2 --age 1",
	                  "what each change of the rules between two releases brought" },
			{ "contigbench run --clock wall -b linux-6.1,linux-7.2,linux-7.2 --age 1",
	                  "what the code of two releases costs, and how far apart two equal backends are" },
			{ "contigbench run build.ctr -b linux-5.10,linux-7.2 --occupancy 80 --age 1",
	                  "a trace of one's own" },
			{ 0 } },
	.status =
		"Exit status: 0 done; 1 --verify found a broken invariant, or the run was interrupted; 2 the call or its input was "
		"wrong; 3 the machine can not do it (space, memory, rights).",
};
