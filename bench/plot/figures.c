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
		.title = "Latency of requests that succeeded",
		.shows =
			"share of requests that took longer, with p50 and p99; of the wall clock also of allocations and frees",
		.wants = ONE_SIZE,
		.file = "requests.jsonl",
		.wall = true,
		.make = "contigbench run",
		.columns = "operation\tcount\tmark\tlatency_ns\tshare_above",
		.extract = figure_latency,
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
