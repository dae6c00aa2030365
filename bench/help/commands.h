/* SPDX-License-Identifier: MIT */
/* commands.h - the tables of help.h, one for each command in a file of its name; bench/commands.c puts them in order. */
#ifndef HELP_COMMANDS_H
#define HELP_COMMANDS_H

#include "help.h"

extern const struct help help_contigbench; /* what stands in front of a command */

extern const struct help help_calibrate;
extern const struct help help_compare;
extern const struct help help_conformance;
extern const struct help help_diverge;
extern const struct help help_explain;
extern const struct help help_fidelity;
extern const struct help help_guest;
extern const struct help help_help;
extern const struct help help_hidden;
extern const struct help help_history;
extern const struct help help_list;
extern const struct help help_micro;
extern const struct help help_perf;
extern const struct help help_plot;
extern const struct help help_record;
extern const struct help help_run;
extern const struct help help_scenario;
extern const struct help help_trace;
extern const struct help help_verify;

#endif
