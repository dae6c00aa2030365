/* SPDX-License-Identifier: MIT */
/* plan_inside.h - the parts of laying out a run: for the files of plan.h alone. */
#ifndef PLAN_INSIDE_H
#define PLAN_INSIDE_H

#include "plan.h"

uint8_t workload_page_shift(const struct trace_info *info);

/* Read a workload and compile it for all page sizes of the run. CLI_OK, or a message was printed. */
int plan_load(struct run_workload *w, const char *name, const struct run_options *o);

/* The n-th geometry's page size and orders, checked; no cpus and zones yet. CLI_OK, or a message was printed. */
int plan_orders(struct contig_geometry *g, const struct run_options *o, const struct trace_info *info, uint32_t n);
/* All of the geometry of a place, once its workload is loaded. CLI_OK, or a message was printed. */
int plan_make_geometry(struct run_plan *plan, const struct run_place *at);
struct contig_geometry *plan_geometry_of(const struct run_plan *plan, const struct run_place *at);
/* "build/geometry:arm64-64k": the workload, and the geometry if there are several */
void plan_where(const struct run_plan *plan, const struct run_place *at, char out[192]);

#endif
