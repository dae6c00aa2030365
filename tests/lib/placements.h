/* SPDX-License-Identifier: MIT */
/* placements.h - placements for tests: on this machine, and on described ones that hwloc reads instead (HWLOC_SYNTHETIC). */
#ifndef TESTS_PLACEMENTS_H
#define TESTS_PLACEMENTS_H

#include "../../bench/wall/placement.h"

/* From here on hwloc sees this: "node:2 core:2 pu:2". With `here` the description is said to be of this machine. */
void on_machine(const char *description, bool here);
/* ... and this machine itself again: a teardown of cmocka's. */
int on_this_machine(void **state);

/* A trace of cpus on these nodes, with memory bound. */
struct placement_wish wish_of(const uint8_t *cpu_node, uint32_t nr_cpus, uint32_t nr_nodes, const char *map);
/* It must open. */
struct placement open_placement(const struct placement_wish *wish);
/* What placement_print() says; free it. */
char *printed(const struct placement *p);
/* Print an error, for those who look at a child's output: 1, or 0 if it is none. */
int tell(int rc, const struct contig_diag *diag);

/* One trace cpu on this machine: fixtures of a group. Memory is not bound where that is forbidden. */
extern struct placement placed_here;
int place_here(void **state);
int unplace_here(void **state);

#endif
