/* SPDX-License-Identifier: MIT */
/* commands.h - the actions of `contigbench guest`; argv[0] is the action's name, and each returns enum cli_status. */
#ifndef GUEST_COMMANDS_H
#define GUEST_COMMANDS_H

#include "../help/help.h"

int guest_boot_main(int argc, char **argv);
int guest_exec_main(int argc, char **argv);

/* Their options for the help table of guest: groups "Options of boot" and "Options of exec". */
extern const struct help_option guest_boot_options[];
extern const struct help_option guest_exec_options[];

#endif
