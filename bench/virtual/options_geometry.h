/* SPDX-License-Identifier: MIT */
/* options_geometry.h - the options that say what memory is like: for options.c alone. Each CLI_OK, or a message printed. */
#ifndef OPTIONS_GEOMETRY_H
#define OPTIONS_GEOMETRY_H

#include "options.h"

/* --pageblock-order and its like: log2 of something */
int run_options_order(const char *flag, const char *arg, int *out);
/* --zone START+PAGES[@NODE[:TYPE]] */
int run_options_zone(struct run_options *o, const char *arg);

#endif
