/* SPDX-License-Identifier: MIT */
/* commands.h - the tables of help that lie in this folder. */
#ifndef HELP_COMMANDS_H
#define HELP_COMMANDS_H

#include "help.h"

extern const struct help help_plot;
extern const struct help help_verify;

#endif
