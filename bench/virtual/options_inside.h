/* SPDX-License-Identifier: MIT */
/* options_inside.h - reading values of options: for the files of options.h alone. */
#ifndef OPTIONS_INSIDE_H
#define OPTIONS_INSIDE_H

#include "options.h"

/* Call one() with each piece of a comma-separated list. */
int options_each_item(const char *flag, const char *text, struct run_options *o,
                      int (*one)(struct run_options *o, const char *item));
int options_too_many(const char *what, unsigned int limit);
/* A whole number in [min, max] for the flag. */
int options_number(const char *flag, const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* The same for a field of 32 bits. */
int options_number32(const char *flag, const char *text, uint32_t min, uint32_t max, uint32_t *out);

#endif
