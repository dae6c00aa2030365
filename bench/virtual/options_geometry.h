/* SPDX-License-Identifier: MIT */
/* options_geometry.h - the options that say what memory is like: for options.c alone. Each CLI_OK, or a message printed. */
#ifndef OPTIONS_GEOMETRY_H
#define OPTIONS_GEOMETRY_H

#include "options.h"

/* --pageblock-order and its like: log2 of something */
int run_options_order(const char *flag, const char *arg, int *out);
/* One item of --geometry, --max-order and --zones. */
int run_options_geometry(struct run_options *o, const char *item);
int run_options_max_order(struct run_options *o, const char *item);
int run_options_zone_kind(struct run_options *o, const char *item);
/* --orders bytes|keep */
int run_options_orders(struct run_options *o, const char *arg);
/* Once all is said: fills in o->geometries. */
int run_options_check_geometry(struct run_options *o);
/* --zone START+PAGES[@NODE[:TYPE]] */
int run_options_zone(struct run_options *o, const char *arg);

#endif
