/* SPDX-License-Identifier: MIT */
/* commands.h - the actions of `contigbench guest` that run a guest; argv[0] is the action's name. */
#ifndef GUEST_COMMANDS_H
#define GUEST_COMMANDS_H

/* Each returns enum cli_status, exec also what the command in the guest ended with. */
int guest_boot_main(int argc, char **argv);
int guest_exec_main(int argc, char **argv);

#endif
