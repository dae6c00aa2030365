// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <string.h>

#include "figures.h"

#define ALL                                                                                                            \
	{                                                                                                              \
		.occupancies = SELECT_ALL, .sizes = SELECT_ALL, .geometries = SELECT_ONE, .backends = FIGURE_MAX_LINES \
	}
#define ONE_SIZE                                                                                                       \
	{                                                                                                              \
		.occupancies = SELECT_ALL, .sizes = SELECT_ONE, .geometries = SELECT_ONE, .backends = FIGURE_MAX_LINES \
	}
#define ONE_CELL                                                                                                       \
	{                                                                                                              \
		.occupancies = SELECT_ONE, .sizes = SELECT_ONE, .geometries = SELECT_ONE, .backends = FIGURE_MAX_LINES \
	}

const struct figure figures[] = {
	{
		.name = "success-by-size",
		.title = "Success rate against the size of a request",
		.shows = "share of requests that got their range, by size; a panel an occupancy, a line a backend",
		.wants = ALL,
		.file = "summary.csv",
		.make = "contigbench run",
		.columns = "category\tcategory_label\tcategory_label_tex\trequests\tsuccess_percent\tsuccess_low\t"
			   "success_high",
		.scripts = { "categories.gp" },
		.extract = figure_success_by_size,
	},
	{
		.name = "success-by-max-order",
		.title = "Success rate against MAX_PAGE_ORDER",
		.shows =
			"share of requests that got their range, by M or geometry; a panel an occupancy, a line a backend",
		.wants = { .occupancies = SELECT_ALL,
	                   .sizes = SELECT_ONE,
	                   .geometries = SELECT_ALL,
	                   .backends = FIGURE_MAX_LINES },
		.file = "summary.csv",
		.make = "contigbench run --max-order 9,10,11,13",
		.columns = "category\tcategory_label\tcategory_label_tex\trequests\tsuccess_percent\tsuccess_low\t"
			   "success_high",
		.scripts = { "categories.gp" },
		.extract = figure_success_by_max_order,
	},
	{
		.name = "success-by-occupancy",
		.title = "Success rate as memory fills",
		.shows = "share of requests that got their range, by occupancy; a panel a size, a line a backend",
		.wants = { .occupancies = SELECT_ALL,
	                   .sizes = SELECT_ONE,
	                   .geometries = SELECT_ONE,
	                   .backends = FIGURE_MAX_LINES },
		.file = "summary.csv",
		.make = "contigbench run --occupancy 50,60,70,80,90",
		.columns = "category\tcategory_label\tcategory_label_tex\trequests\tsuccess_percent\tsuccess_low\t"
			   "success_high",
		.scripts = { "categories.gp" },
		.extract = figure_success_by_occupancy,
	},
	{
		.name = "latency",
		.title = "Latency of requests",
		.shows =
			"share of requests that took longer, with p50 and p99, of those that succeeded; of the wall clock of all, and of allocations and frees",
		.wants = ONE_SIZE,
		.file = "requests.jsonl",
		.wall = true,
		.make = "contigbench run",
		.columns = "operation\tcount\tmark\tlatency_ns\tshare_above",
		.extract = figure_latency,
	},
	{
		.name = "phases",
		.title = "Time of a request by phase",
		.shows = "mean time by phase, of requests that succeeded and of those that failed; a bar a backend",
		.wants = ONE_CELL,
		.file = "requests.jsonl",
		.wall = true,
		.make = "contigbench run",
		.columns = "outcome\trequests\tpart\tpart_label\tpart_label_tex\tfrom_ns\tto_ns\tlow\thigh\tunits",
		.scripts = { "stacks.gp" },
		.extract = figure_phases,
	},
	{
		.name = "migrated",
		.title = "Pages migrated by successful request",
		.shows =
			"pages migrated, by all requests, for each that got its range; a panel an occupancy, a line a backend",
		.wants = ALL,
		.file = "replays.csv",
		.make = "contigbench run",
		.columns = "category\tcategory_label\tcategory_label_tex\tsuccesses\tmigrated_pages\t"
			   "migrated_per_success\tmigrated_low\tmigrated_high",
		.scripts = { "categories.gp" },
		.extract = figure_migrated,
	},
	{
		.name = "failures",
		.title = "Failed requests by phase and reason",
		.shows = "share of requests that failed, by phase and reason; a panel an occupancy, a bar a backend",
		.wants = ONE_SIZE,
		.file = "failures.csv",
		.make = "contigbench run",
		.columns = "part\tpart_label\tpart_label_tex\trequests\tfailures\tfrom_percent\tto_percent\tlow\thigh",
		.scripts = { "stacks.gp" },
		.extract = figure_failures,
	},
	{
		.name = "fragmentation",
		.title = "Fragmentation over time",
		.shows =
			"unusable free space and fragmentation index over time, median and quartiles over seeds; a line a backend",
		.wants = ONE_CELL,
		.file = "series.jsonl",
		.make = "contigbench run",
		.columns = "measure\tsample\ttime_s\tmedian\tlow\thigh",
		.scripts = { "series.gp" },
		.extract = figure_fragmentation,
	},
	{
		.name = "ablation",
		.title = "What each step from one release to another brought",
		.shows =
			"success rate and pages migrated, from one release to another, a step a knob; knobs without effect left out",
		.wants = { .occupancies = SELECT_ONE, .sizes = SELECT_ONE, .geometries = SELECT_ONE },
		.file = "ablation.json",
		.make = "contigbench run --ablate linux-3.6..linux-7.2",
		.columns = "quantity\tkind\trelease\tlabel\tlabel_tex\tfrom\tto\tlow\thigh",
		.extract = figure_ablation,
	},
	{
		.name = "type-drift",
		.title = "Pageblocks that changed their type, over time",
		.shows =
			"pageblocks retyped, by cause, and mixed ones, over time, median and quartiles over seeds; a line a backend",
		.wants = ONE_CELL,
		.file = "series.jsonl",
		.make = "contigbench run --passes 5",
		.columns = "measure\tsample\ttime_s\tmedian\tlow\thigh",
		.scripts = { "series.gp" },
		.extract = figure_type_drift,
	},
	{
		.name = "memory-map",
		.title = "Physical memory under two policies",
		.shows = "what each part of each pageblock holds in the end, under two policies side by side",
		.wants = { .occupancies = SELECT_ONE, .sizes = SELECT_ONE, .geometries = SELECT_ONE, .backends = 2 },
		.file = "maps.jsonl",
		.make = "contigbench run",
		.columns = "what\tx\ty\twidth\theight\tkind\tkind_name",
		.extract = figure_memory_map,
	},
	{ .name = NULL },
};

const struct figure *figure_named(const char *name)
{
	const struct figure *f = figures;

	while (f->name && strcmp(f->name, name))
		f++;
	return f->name ? f : NULL;
}

int figure_nothing(struct figure_job *job, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(job->why, sizeof(job->why), fmt, ap);
	va_end(ap);
	return FIGURE_NO_DATA;
}
