// SPDX-License-Identifier: MIT
/* results_sweep.c - success over the geometries of a run: a row each backend, a column each geometry. */
#include <string.h>

#include "../text/escape.h"
#include "results.h"

#define NARROWEST 18 /* "53.9 [49.5, 59.2]" and a blank */

static int name_width(const struct run_options *o)
{
	size_t width = strlen("backend");

	for (uint32_t b = 0; b < o->nr_backends; b++) {
		if (strlen(o->backends[b]) > width)
			width = strlen(o->backends[b]);
	}
	return (int)width;
}

/* "arm64-64k/M:13": the label without what all columns have in common */
static int column(const struct run_options *o, uint32_t n, char out[64])
{
	static const char key[] = "/geometry:";
	char label[64];

	run_geometry_label(o, n, label);
	snprintf(out, 64, "%s", label + (strncmp(label, key, strlen(key)) ? 1 : strlen(key)));
	return strlen(out) > NARROWEST ? (int)strlen(out) : NARROWEST;
}

static const struct result_row *row_of(const struct results *r, const struct run_place *at)
{
	const struct run_options *o = r->plan->options;
	uint32_t i = at->workload * o->nr_geometries + at->geometry;

	i = (i * r->plan->nr_occupancies + at->occupancy) * o->nr_sizes + at->size;
	return &r->rows[i * o->nr_backends + at->backend];
}

static void print_row(FILE *f, const struct results *r, struct run_place at, int names)
{
	const struct run_options *o = r->plan->options;
	char occupancy[16] = "-", size[16], rate[48], head[64];

	if (!o->nr_zones)
		occupancy_label(plan_occupancy(r->plan, &at), occupancy);
	run_size_label(&o->sizes[at.size], size);
	fprintf(f, "%-9s  %-4s  %-*s", at.backend ? "" : occupancy, at.backend ? "" : size, names,
	        o->backends[at.backend]);
	for (at.geometry = 0; at.geometry < o->nr_geometries; at.geometry++) {
		int width = column(o, at.geometry, head);

		text_interval(rate, &row_of(r, &at)->rate, 10000, false);
		fprintf(f, "  %*s", width, rate);
	}
	fputc('\n', f);
}

static void print_workload(FILE *f, const struct results *r, uint32_t w)
{
	const struct run_options *o = r->plan->options;
	struct run_place at = { .workload = w };
	int names = name_width(o);
	char head[64];

	fputc('\n', f);
	escape_terminal(f, r->plan->workloads[w].name);
	fprintf(f, ": success over geometries [95 %%], %%\n%-9s  %-4s  %-*s", "occupancy", "size", names, "backend");
	for (uint32_t n = 0; n < o->nr_geometries; n++) {
		int width = column(o, n, head);

		fprintf(f, "  %*s", width, head);
	}
	fputc('\n', f);
	for (at.occupancy = 0; at.occupancy < r->plan->nr_occupancies; at.occupancy++) {
		for (at.size = 0; at.size < o->nr_sizes; at.size++) {
			for (at.backend = 0; at.backend < o->nr_backends; at.backend++)
				print_row(f, r, at, names);
		}
	}
}

void results_sweep_table(FILE *f, const struct results *r)
{
	for (uint32_t w = 0; results_sweep(r->plan) && w < r->plan->nr_workloads; w++)
		print_workload(f, r, w);
}
