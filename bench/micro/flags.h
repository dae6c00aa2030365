/* SPDX-License-Identifier: MIT */
/* flags.h - Google Benchmark's own flags on our command lines. Before gbench_initialize(), which takes them out of argv. */
#ifndef MICRO_FLAGS_H
#define MICRO_FLAGS_H

#include <stdbool.h>

/*
 * CLI_OK, or a message was printed: numbers that the library takes and that make no sense, and counters that it was built
 * without.
 */
int flags_check(int argc, char **argv);
/* As the library reads the value of a switch. */
bool flag_is_on(const char *value);

#endif
