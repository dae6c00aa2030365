/* SPDX-License-Identifier: MIT */
/* commands.h - the tables of help.h, one for each command. */
#ifndef HELP_COMMANDS_H
#define HELP_COMMANDS_H

#include "help.h"

extern const struct help help_compare;
extern const struct help help_history;

#endif
