/* SPDX-License-Identifier: MIT */
/* run_options.h - what guest boot and guest exec have in common: how the guest is to be. */
#ifndef GUEST_RUN_OPTIONS_H
#define GUEST_RUN_OPTIONS_H

#include "guest.h"

enum run_option {
	RUN_PROGRAM = 512,
	RUN_APPEND,
	RUN_BOOT_TIMEOUT,
	RUN_EMULATE,
	RUN_THREADS
};

/* Rows for getopt_long(). */
/* clang-format off */
#define RUN_OPTIONS                                                                                                    \
	{ "program", no_argument, NULL, RUN_PROGRAM },                                                                 \
	{ "append", required_argument, NULL, RUN_APPEND },                                                             \
	{ "boot-timeout", required_argument, NULL, RUN_BOOT_TIMEOUT },                                                 \
	{ "emulate", no_argument, NULL, RUN_EMULATE },                                                                 \
	{ "threads", no_argument, NULL, RUN_THREADS }
/* clang-format on */

/* One of them, with its word in optarg. CLI_OK, or CLI_USAGE after a message. */
int run_option(enum run_option option, struct guest_options *o);
/* The seconds in optarg: as run_option(). */
int run_seconds(const char *flag, unsigned int *out);

#endif
