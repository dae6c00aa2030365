/* SPDX-License-Identifier: MIT */
/* run.h - a run from its options to its results folder, for who has them from elsewhere than from the command line. */
#ifndef RUN_H
#define RUN_H

#include "virtual/options.h"

/* The command is for the record: context.json. The status of `contigbench run`; the options are still to be freed. */
int run_with(struct run_options *options, int argc, char **argv);

#endif
