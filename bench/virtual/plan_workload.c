// SPDX-License-Identifier: MIT
/* plan_workload.c - workloads of a run: found, read, and compiled for each page size. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../text/escape.h"
#include "plan_inside.h"
#include "reshape.h"

uint8_t workload_page_shift(const struct trace_info *info)
{
	return info->page_shift ? info->page_shift : 12;
}

static void name_it(struct run_workload *w)
{
	const char *base = strrchr(w->path, '/');
	char name[NAME_MAX + 1];

	snprintf(name, sizeof(name), "%s", base ? base + 1 : w->path);
	size_t len = strlen(name);

	if (len > 4 && !strcmp(name + len - 4, ".ctr"))
		name[len - 4] = '\0';
	escape_utf8(w->name, sizeof(w->name), name);
}

/* Of a copy: the next page size needs the trace as it was. */
static int compile_pages(const struct trace *t, uint8_t page_shift, struct program *p, struct contig_diag *diag)
{
	struct trace copy = *t;

	if (page_shift == workload_page_shift(&t->info))
		return program_compile(t, p, diag);
	copy.events = calloc(t->info.nr_events + 1, sizeof(*copy.events));
	if (!copy.events)
		return contig_diag_set(diag, -ENOMEM, "no memory for %llu events",
		                       (unsigned long long)t->info.nr_events);
	memcpy(copy.events, t->events, t->info.nr_events * sizeof(*copy.events));
	int rc = reshape_pages(&copy, page_shift, diag);

	if (!rc)
		rc = program_compile(&copy, p, diag);
	free(copy.events);
	return rc;
}

/* A program for each page size that geometries have, in the order of these. */
static int compile(struct run_workload *w, const struct trace *t, const struct run_options *o)
{
	uint8_t shifts[RUN_MAX_LIST];

	w->programs = calloc(o->nr_geometries, sizeof(*w->programs));
	if (!w->programs)
		return cli_error(CLI_MACHINE, "no memory");
	for (uint32_t n = 0; n < o->nr_geometries; n++) {
		struct contig_diag diag = { "" };
		struct contig_geometry g;
		uint8_t k = 0;
		int status = plan_orders(&g, o, &w->info, n);

		if (status != CLI_OK)
			return status;
		if (o->keep_orders)
			g.page_shift = workload_page_shift(&w->info);
		while (k < w->nr_programs && shifts[k] != g.page_shift)
			k++;
		w->program_of[n] = k;
		if (k < w->nr_programs)
			continue;
		shifts[w->nr_programs++] = g.page_shift;
		int rc = compile_pages(t, g.page_shift, &w->programs[k], &diag);

		if (rc)
			return cli_error(cli_status_of(rc), "%s: %s", w->path, diag.text);
	}
	return CLI_OK;
}

int plan_load(struct run_workload *w, const char *name, const struct run_options *o)
{
	struct contig_diag diag = { "" };
	struct trace t;

	w->path = workload_find(name);
	if (!w->path && name)
		return cli_error(CLI_USAGE,
		                 "unknown workload '%s': `contigbench list workloads` shows them; a file of "
		                 "yours needs a slash or .ctr in its name",
		                 name);
	if (!w->path)
		return cli_error(CLI_USAGE, "no trace was given and none is in workloads/corpus: name a .ctr file, or "
		                            "record one with `contigbench record`");
	name_it(w);
	int rc = trace_open(w->path, &t, &diag);

	if (rc)
		return cli_error(cli_status_of(rc), "%s", diag.text);
	w->info = t.info;
	memcpy(w->sha256, t.sha256, sizeof(w->sha256));
	rc = o->nodes ? reshape_nodes(&t, o->nodes, &diag) : 0;
	int status = rc ? cli_error(cli_status_of(rc), "%s: %s", w->path, diag.text) : compile(w, &t, o);

	trace_close(&t);
	return status;
}
