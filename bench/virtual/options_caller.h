/* SPDX-License-Identifier: MIT */
/*
 * options_caller.h - for options.c: each takes the value of one option. CLI_OK, or CLI_USAGE and a message was
 * printed.
 */
#ifndef OPTIONS_CALLER_H
#define OPTIONS_CALLER_H

#include "options.h"

int run_options_caller(struct run_options *o, const char *arg);
int run_options_cma(struct run_options *o, const char *arg);
int run_options_cma_align(struct run_options *o, const char *arg);
int run_options_memory_block(struct run_options *o, const char *arg);
/* All of them together: options that mean nothing to who asks. */
int run_options_check_caller(const struct run_options *o);

#endif
