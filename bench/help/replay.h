/* SPDX-License-Identifier: MIT */
/* replay.h - rows of options that several commands take. */
#ifndef HELP_REPLAY_H
#define HELP_REPLAY_H

#include "help.h"

/* What is replayed and who asks, of `run` and `diverge`. */
extern const struct help_option help_replay_options[], help_caller_options[], help_geometry_options[];
/* Google Benchmark's flags that `run --clock wall` and `micro` take. */
extern const struct help_option help_benchmark_flags[];

#endif
